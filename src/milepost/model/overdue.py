"""What `order.overdue` tells, and how it is remembered that it was told (Milestones API, section 8.8)."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from milepost.model.events import event_instant
from milepost.model.order import StoredOrder
from milepost.model.plan import OrderMilestone, Plan
from milepost.model.plan_changes import Change
from milepost.model.urgency import Pressing, plan_of, pressing


def passed(order: StoredOrder, zone: ZoneInfo, now: datetime) -> list[Pressing]:
    """What of the order turned late or overdue by `now` and is not marked as told, by the moment it did so; of one
    moment by position. Empty for drafts, refused and canceled orders."""
    due = (one for one in pressing(order, zone) if _has_passed(one, now))
    return sorted(due, key=lambda one: (one.due_at, one.milestone.position, one.cause))


def was_told_before(one: Pressing) -> bool:
    """Whether the milestone was ever told of for the same cause. The mark keeps the newest moment only: whether it
    was told for this very one as well, the event log knows."""
    milestone = one.milestone
    mark = milestone.late_told_for if one.cause == "milestone_late" else milestone.overdue_told_at
    return mark is not None


def as_told(order: StoredOrder, told: Iterable[Pressing]) -> StoredOrder:
    """The order whose milestones are marked as told of."""
    marks: dict[str, dict[str, object]] = {}
    for one in told:
        mark = marks.setdefault(one.milestone.id, {})
        if one.cause == "milestone_late":
            mark["late_told_for"] = one.milestone.key_date
        else:
            mark["overdue_told_at"] = one.due_at
    plan = plan_of(order)
    milestones = tuple(_marked(milestone, marks) for milestone in plan.milestones)
    return msgspec.structs.replace(order, plan=Plan(milestones, plan.tasks))


def overdue_change(one: Pressing) -> Change:
    """The event that tells of it."""
    subject = {"id": one.milestone.id, "name": one.milestone.name}
    facts = {"cause": one.cause, "subject": subject, "due_at": event_instant(one.due_at)}
    return "order.overdue", one.milestone.id, ({}, {}), facts


def _has_passed(one: Pressing, now: datetime) -> bool:
    """A day is over at the first moment of the next; a milestone is overdue only after its 48 hours (section 8.7)."""
    return one.due_at <= now if one.cause == "milestone_late" else one.due_at < now


def _marked(milestone: OrderMilestone, marks: dict[str, dict[str, object]]) -> OrderMilestone:
    mark = marks.get(milestone.id)
    return milestone if mark is None else msgspec.structs.replace(milestone, **mark)
