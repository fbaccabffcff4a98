"""Issuing an order: the milestones and tasks it takes over from its workflow (Milestones API, section
8.4)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from milepost.model.workflow import DateAnchor, KeyDateRule, MilestoneType, TaskTemplate, WorkflowMilestone


class IssuedTask(Struct, frozen=True):
    """An open task made from a template."""

    title: str
    required: bool
    due_date: date | None


class IssuedMilestone(Struct, frozen=True):
    """A pending milestone of an order: what it was copied from, its planned date and its tasks."""

    template: WorkflowMilestone
    key_date: date | None
    tasks: tuple[IssuedTask, ...]


def issue(
    milestones: Sequence[WorkflowMilestone],
    issued_on: date,
    ships_on: date | None = None,
    delivered_on: date | None = None,
) -> list[IssuedMilestone]:
    """The milestones of an order issued on that day, by position.

    Shipment and delivery take the order's own dates as they are; the others are reckoned by their rule, in
    sequence, and stay without a date where the reckoned one would break the order of dates (section 8.5).
    """
    anchors: dict[DateAnchor, date | None] = {
        "issued_at": issued_on,
        "ships_on": ships_on,
        "delivered_on": delivered_on,
    }
    ordered = sorted(milestones, key=lambda milestone: milestone.position)
    given: dict[MilestoneType, date | None] = {"shipment": ships_on, "delivery": delivered_on}
    dates = [given.get(milestone.type) for milestone in ordered]
    for place, milestone in enumerate(ordered):
        if milestone.type not in given:
            dates[place] = _fitting(_reckoned(milestone.key_date_rule, anchors), dates, place)
    return [
        IssuedMilestone(
            milestone, key_date, tuple(_task(template, key_date) for template in milestone.task_templates)
        )
        for milestone, key_date in zip(ordered, dates, strict=True)
    ]


def _reckoned(rule: KeyDateRule | None, anchors: Mapping[DateAnchor, date | None]) -> date | None:
    anchor = anchors[rule.relative_to] if rule else None
    return _days_from(anchor, rule.offset_days) if rule and anchor else None


def _fitting(wished: date | None, dates: Sequence[date | None], place: int) -> date | None:
    """The wished date, unless it is before a date at a lower position or after one at a higher."""
    if wished is None:
        return None
    earlier = any(other is not None and wished < other for other in dates[:place])
    later = any(other is not None and wished > other for other in dates[place + 1 :])
    return None if earlier or later else wished


def _task(template: TaskTemplate, key_date: date | None) -> IssuedTask:
    due = None
    if key_date is not None and template.days_before is not None:
        due = _days_from(key_date, -template.days_before)
    return IssuedTask(template.title, template.required, due)


def _days_from(day: date, days: int) -> date | None:
    """None when the day lies beyond what a date can say."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
