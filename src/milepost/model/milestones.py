"""Issuing an order: the milestones and tasks it takes over from its workflow (Milestones API, section
8.4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from milepost.kit.ids import new_id
from milepost.model.plan import OrderMilestone, Plan, Task
from milepost.model.workflow import DateAnchor, KeyDateRule, MilestoneType, TaskTemplate, WorkflowMilestone


def issued_plan(
    milestones: Sequence[WorkflowMilestone],
    issued_on: date,
    now: datetime,
    *,
    ships_on: date | None = None,
    delivered_on: date | None = None,
) -> Plan:
    """The plan of an order issued on that day: a pending copy of each milestone by position, and the open tasks of
    their templates.

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
        if milestone.key_date_rule is not None and milestone.type not in given:
            dates[place] = _fitting(_reckoned(milestone.key_date_rule, anchors), dates, place)
    copies, tasks = list[OrderMilestone](), list[Task]()
    for template, key_date in zip(ordered, dates, strict=True):
        copies.append(_copy(template, key_date, now))
        tasks += [_task(one, copies[-1].id, key_date, now) for one in template.task_templates]
    return Plan(tuple(copies), tuple(tasks))


def _copy(template: WorkflowMilestone, key_date: date | None, now: datetime) -> OrderMilestone:
    return OrderMilestone(
        id=new_id(),
        workflow_milestone_id=template.id,
        position=template.position,
        type=template.type,
        name=template.name,
        owner=template.owner,
        linked_status_id=template.status_id,
        linked_sub_status_id=template.sub_status_id,
        prompt_offset_days=template.prompt_offset_days,
        key_date=key_date,
        created_at=now,
        updated_at=now,
    )


def _reckoned(rule: KeyDateRule, anchors: Mapping[DateAnchor, date | None]) -> date | None:
    anchor = anchors[rule.relative_to]
    return None if anchor is None else _days_from(anchor, rule.offset_days)


def _fitting(wished: date | None, dates: Sequence[date | None], place: int) -> date | None:
    """The wished date, unless it is before a date at a lower position or after one at a higher."""
    if wished is None:
        return None
    earlier = any(other is not None and wished < other for other in dates[:place])
    later = any(other is not None and wished > other for other in dates[place + 1 :])
    return None if earlier or later else wished


def _task(template: TaskTemplate, milestone_id: str, key_date: date | None, now: datetime) -> Task:
    due = None
    if key_date is not None and template.days_before is not None:
        due = _days_from(key_date, -template.days_before)
    return Task(
        id=new_id(),
        milestone_id=milestone_id,
        title=template.title,
        due_date=due,
        required=template.required,
        created_at=now,
        updated_at=now,
    )


def _days_from(day: date, days: int) -> date | None:
    """None when the day lies beyond what a date can say."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
