"""When milestones shall happen, or did: moving their dates (Milestones API, sections 7.13, 8.5 and 8.6).

A request names milestones in three families, which become one set of wished dates; all of them are checked together,
against the order as it will be, and nothing shifts by itself.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import msgspec
from msgspec import Struct

from milepost.kit.errors import Conflict
from milepost.kit.ids import new_id, parse_id
from milepost.model.order import StoredOrder
from milepost.model.plan import Delay, DelaySource, Occasion, OrderMilestone, Plan, Task
from milepost.model.plan_rules import refuse_while
from milepost.model.urgency import plan_of
from milepost.model.workflow import MilestoneType

DATE_FIELDS: Final[Mapping[MilestoneType, str]] = {
    "production_start": "production_start_date",
    "shipment": "ship_date",
    "delivery": "delivery_date",
}
"""How a body names the date of the milestone of a type, unless `KeyDates.spelt` says otherwise."""

TargetDate = Literal["ships_on", "delivered_on"]
TARGET_DATES: Final[Mapping[MilestoneType, TargetDate]] = {"shipment": "ships_on", "delivery": "delivered_on"}
"""The member of the order that always is the key date of its milestone of that type, if it has one."""

_MISSING = "no such milestone on this order"

Wished = Mapping[str, date | None]
"""Dates by order milestone id; None empties."""


class KeyDates(Struct, frozen=True, kw_only=True):
    """What a caller says of dates: the three families of section 7.13, and why."""

    named: Mapping[MilestoneType, date | None] = {}
    """Family 1, by the type that its field means."""
    spelt: Mapping[MilestoneType, str] = {}
    """The body field that said so, for faults, where it is not that of DATE_FIELDS."""
    contradicted: Collection[MilestoneType] = ()
    """Types of `named` of which another spelling of the same field said another value."""
    by_milestone: Mapping[str, date | None] = {}
    """Family 2: by order milestone id, exactly as sent."""
    by_workflow_milestone: Mapping[str, date | None] = {}
    """Family 3: by workflow milestone id, exactly as sent."""
    reason: str | None = None
    note: str | None = None


def edit_timeline(order: StoredOrder, dates: KeyDates, on: Occasion) -> StoredOrder:
    """The order with these dates; itself when none of them is new.

    An unconfirmed milestone gets another key date, which draws its open tasks along and, if it is later, is recorded
    as a delay; of a confirmed one the day is corrected.

    Raises Conflict, in this order: `order_not_active` with `status` (draft, rejected, canceled),
    `milestone_not_in_workflow` with `errors`, then `conflicting_dates`, `already_confirmed`, `date_in_future`,
    `dates_out_of_order`, each with `milestone_ids` by position.
    """
    refuse_while(order, "draft", "rejected", "canceled")
    return with_dates(order, resolved(order, dates), on, reason=dates.reason, note=dates.note)


def resolved(order: StoredOrder, dates: KeyDates, given: Wished | None = None) -> dict[str, date | None]:
    """The dates of all families by order milestone id, with those `given` otherwise in the same request.

    Raises Conflict `milestone_not_in_workflow` with `errors`, keyed by what was sent; `conflicting_dates` with
    `milestone_ids` when a milestone is given different values.
    """
    found, errors = dict[str, date | None](given or {}), dict[str, list[str]]()
    disputed = set[str]()
    for path, milestone, value in _families(plan_of(order), dates):
        if milestone is None:
            errors[path] = [_MISSING]
        elif found.setdefault(milestone.id, value) != value:
            disputed.add(milestone.id)
    if errors:
        raise Conflict("milestone_not_in_workflow", _missing_sentence(order, dates), errors=errors)
    for kind in dates.contradicted:
        disputed |= {one.id for one in (plan_of(order).of_type(kind),) if one is not None}
    if disputed:
        raise _refused(order, "conflicting_dates", "A milestone is given different dates", disputed)
    return found


def check_spellings(order: StoredOrder, dates: KeyDates, milestone: OrderMilestone) -> None:
    """Raises Conflict `conflicting_dates` when the day of this milestone was spelt in two ways with different values
    (section 7.14): which of them the rules of dates would judge is open."""
    if milestone.type in dates.contradicted:
        raise _refused(order, "conflicting_dates", "A milestone is given different dates", {milestone.id})


def _families(plan: Plan, dates: KeyDates) -> Iterator[tuple[str, OrderMilestone | None, date | None]]:
    """(path in the body, milestone, value) of everything said."""
    for kind, value in dates.named.items():
        yield dates.spelt.get(kind, DATE_FIELDS[kind]), plan.of_type(kind), value
    for sent, value in dates.by_milestone.items():
        yield f"order_milestone_key_dates.{sent}", plan.milestone(parse_id(sent) or ""), value
    templates = {one.workflow_milestone_id: one for one in plan.milestones}
    for sent, value in dates.by_workflow_milestone.items():
        yield f"workflow_order_milestone_key_dates.{sent}", templates.get(parse_id(sent) or ""), value


def _missing_sentence(order: StoredOrder, dates: KeyDates) -> str:
    kind = next((one for one in dates.named if plan_of(order).of_type(one) is None), None)
    return "The order has no such milestone" if kind is None else f"The order has no {kind} milestone"


# The change -----------------------------------------------------------------------------------------------


def with_dates(
    order: StoredOrder,
    wished: Wished,
    on: Occasion,
    *,
    reason: str | None = None,
    note: str | None = None,
    rejected: str | None = None,
) -> StoredOrder:
    """The order with the wished dates; itself when it has them all. A value equal to the present one is no change and
    is not checked.

    `reason` and `note` go into the delay records. `rejected`: the id of the milestone that this request rejects, whose
    new date is recorded whichever way it moves. Raises Conflict `already_confirmed`, `date_in_future`,
    `dates_out_of_order`, each with `milestone_ids`.
    """
    plan = plan_of(order)
    present = {one.id: one.effective_date for one in plan.milestones}
    changes = {one: value for one, value in wished.items() if value != present[one]}
    if not changes:
        return order
    after = tuple(_dated(one, changes[one.id]) if one.id in changes else one for one in plan.milestones)
    _check(order, after, changes, on.today)

    def recorded(old: OrderMilestone, new: OrderMilestone) -> OrderMilestone:
        source: DelaySource | None = None
        if old.id == rejected and new.key_date is not None:
            source = "reject"
        elif old.key_date is not None and new.key_date is not None and new.key_date > old.key_date:
            source = "edit"
        return new if source is None else _delayed(old, new, source, reason, note, on)

    milestones = tuple(
        old if old is new else recorded(old, new) for old, new in zip(plan.milestones, after, strict=True)
    )
    moved = {one.id: one.key_date for one in milestones if one.id in changes and not one.is_confirmed}
    tasks = tuple(_following(task, moved.get(task.milestone_id or "")) for task in plan.tasks)
    return _with_target_dates(msgspec.structs.replace(order, plan=Plan(milestones, tasks)))


def _dated(milestone: OrderMilestone, value: date | None) -> OrderMilestone:
    if milestone.is_confirmed:
        return msgspec.structs.replace(milestone, confirmed_on=value)
    return msgspec.structs.replace(milestone, key_date=value)


def _delayed(
    old: OrderMilestone,
    new: OrderMilestone,
    source: DelaySource,
    reason: str | None,
    note: str | None,
    on: Occasion,
) -> OrderMilestone:
    if new.key_date is None:
        raise ValueError("a delay leads to a date")
    delay = Delay(
        id=new_id(),
        old_date=old.key_date,
        new_date=new.key_date,
        reason=reason,
        note=note,
        source=source,
        recorded_by=on.by,
        recorded_at=on.now,
    )
    return msgspec.structs.replace(new, delays=(*old.delays, delay))


def _following(task: Task, key_date: date | None) -> Task:
    """An open task is due by the key date of its milestone (section 8.6)."""
    if key_date is None or not task.is_open or task.due_date is None or task.due_date <= key_date:
        return task
    return msgspec.structs.replace(task, due_date=key_date)


def _with_target_dates(order: StoredOrder) -> StoredOrder:
    plan, content = plan_of(order), order.content
    carried = {
        member: milestone.key_date
        for kind, member in TARGET_DATES.items()
        if (milestone := plan.of_type(kind)) is not None
    }
    if all(getattr(content, member) == value for member, value in carried.items()):
        return order
    return msgspec.structs.replace(order, content=msgspec.structs.replace(content, **carried))


# The rules ------------------------------------------------------------------------------------------------


def _check(
    order: StoredOrder, after: Sequence[OrderMilestone], changes: Collection[str], today: date
) -> None:
    """What must hold of the milestones that change, among all as they will be (section 8.5)."""
    changed = [(place, one) for place, one in enumerate(after) if one.id in changes]
    confirmed = [one for _, one in changed if one.is_confirmed]
    emptied = [one.id for one in confirmed if one.confirmed_on is None]
    if emptied:
        raise _refused(order, "already_confirmed", "A confirmed milestone keeps its date", emptied)
    future = [one.id for one in confirmed if one.confirmed_on is not None and one.confirmed_on > today]
    if future:
        raise _refused(order, "date_in_future", "A milestone cannot have happened after today", future)
    misplaced = [one.id for place, one in changed if _is_misplaced(after, place)]
    if misplaced:
        raise _refused(order, "dates_out_of_order", "The dates of milestones must be in sequence", misplaced)


def _is_misplaced(milestones: Sequence[OrderMilestone], place: int) -> bool:
    """Whether the date of the milestone at this place is before one at a lower place or after one at a higher; a
    confirmed one is held against its confirmed neighbours only."""
    milestone = milestones[place]
    day = milestone.effective_date
    if day is None:
        return False
    lower, higher = milestones[:place], milestones[place + 1 :]
    if milestone.is_confirmed:
        lower, higher = lower[-1:], [one for one in higher[:1] if one.is_confirmed]
    earlier = any(one.effective_date is not None and day < one.effective_date for one in lower)
    return earlier or any(one.effective_date is not None and day > one.effective_date for one in higher)


def _refused(order: StoredOrder, code: str, sentence: str, ids: Iterable[str]) -> Conflict:
    meant = frozenset(ids)
    named = [one.id for one in plan_of(order).milestones if one.id in meant]
    return Conflict(code, sentence, milestone_ids=named)
