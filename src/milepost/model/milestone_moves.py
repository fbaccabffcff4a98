"""Confirming and rejecting a milestone, and taking a confirmation back: pure rules (Milestones API, sections 7.9 to
7.14, 8.3 and 8.9).

Each takes a stored order with its plan and gives the order as it will be: the very same one when nothing changes. Or
it raises, and nothing has happened. The checks come in the sequence in which the contract lists them.
"""

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from milepost.kit.errors import Conflict, Faulty, NotFound
from milepost.kit.ids import parse_id
from milepost.model.issuing import workflow_of
from milepost.model.key_dates import KeyDates, check_spellings, resolved, with_dates
from milepost.model.linked_status import entered, restored
from milepost.model.order import StoredOrder
from milepost.model.plan import Occasion, OrderMilestone
from milepost.model.plan_rules import not_active, refuse_while, with_milestone
from milepost.model.urgency import INACTIVE, plan_of, purchase_order_status
from milepost.model.workflow import Workspace

_NO_DATES = KeyDates()
_Day = date
"""Where a member is called `date`, its type needs another name."""


class Confirmation(Struct, frozen=True, kw_only=True):
    """That a milestone happened."""

    date: _Day | None = None
    """The day; None: today, in the team's zone."""
    note: str | None = None
    dates: KeyDates = _NO_DATES
    """New dates of other milestones."""


class Rejection(Struct, frozen=True, kw_only=True):
    """That a milestone will not happen as planned; of the acceptance milestone, that the order is refused."""

    reason: str
    date: _Day | None = None
    """The new key date."""
    note: str | None = None
    dates: KeyDates = _NO_DATES
    """New dates of other milestones."""


class Named(Struct, frozen=True):
    """How a caller names the milestone it means."""

    kind: Literal["milestone", "workflow_milestone", "type"]
    value: str
    """An id as it was sent, or the type."""


# Which one ------------------------------------------------------------------------------------------------


def find_milestone(workspace: Workspace, order: StoredOrder, named: Named) -> OrderMilestone:
    """The milestone of this order that is meant.

    Raises NotFound `Milestone` or `Workflow milestone`; Conflict `order_not_active` with `status`, for what a draft
    will have once it is issued, and for a type that an inactive order lacks; Conflict `milestone_not_in_workflow`
    with `milestone_type`, for a type that an active order lacks.
    """
    plan = plan_of(order)
    if named.kind == "type":
        return _of_type(order, named.value)
    wanted = parse_id(named.value)
    if named.kind == "milestone":
        found = plan.milestone(wanted or "")
        if found is None:
            raise NotFound("Milestone")
        return found
    found = next((one for one in plan.milestones if one.workflow_milestone_id == wanted), None)
    if found is None:
        workflow = workflow_of(workspace, order) if order.content.is_draft else None
        if workflow is not None and any(one.id == wanted for one in workflow.milestones):
            raise not_active(purchase_order_status(order))
        raise NotFound("Workflow milestone")
    return found


def _of_type(order: StoredOrder, kind: str) -> OrderMilestone:
    found = next((one for one in plan_of(order).milestones if one.type == kind), None)
    if found is None:
        status = purchase_order_status(order)
        if status in INACTIVE:
            raise not_active(status)
        sentence = f"The order has no {kind} milestone"
        raise Conflict("milestone_not_in_workflow", sentence, milestone_type=kind)
    return found


def _milestone(order: StoredOrder, milestone_id: str) -> OrderMilestone:
    milestone = plan_of(order).milestone(milestone_id)
    if milestone is None:
        raise NotFound("Milestone")
    return milestone


# It happened ----------------------------------------------------------------------------------------------


def confirm(
    workspace: Workspace,
    order: StoredOrder,
    milestone_id: str,
    wish: Confirmation,
    on: Occasion,
    *,
    override_chain: bool,
) -> StoredOrder:
    """The order with its next milestone confirmed, in the status that the milestone names, and with the new dates of
    others; itself when the milestone is confirmed already, for no other day.

    `override_chain`: the actor has the permission canOverrideProductChainEnforcement. Raises NotFound `Milestone`;
    Conflict `order_not_active`, `conflicting_dates` (the day is spelt in two ways), `already_confirmed` with
    `milestone_ids`, `out_of_sequence` with `next_milestone_id`, `blocked_by_tasks` with `task_ids`, `date_in_future`
    and `dates_out_of_order` with `milestone_ids`, `status_chain` and `workflow_order` with `status_id`, and then what
    `resolved` and `with_dates` raise (model/key_dates.py).
    """
    milestone = _milestone(order, milestone_id)
    _check_active(order, milestone)
    check_spellings(order, wish.dates, milestone)
    if milestone.is_confirmed:
        if wish.date is None or wish.date == milestone.confirmed_on:
            return order
        raise Conflict("already_confirmed", "The milestone is confirmed", milestone_ids=[milestone.id])
    day = on.today if wish.date is None else wish.date
    _check_turn(order, milestone)
    _check_day(order, milestone, day, on.today)
    held, left = entered(workspace, order, milestone, day, on, override_chain=override_chain)
    confirmed = msgspec.structs.replace(
        milestone,
        status="confirmed",
        confirmed_on=day,
        confirmed_at=on.now,
        confirmed_by=on.by,
        note=milestone.note if wish.note is None else wish.note,
        left_status=left,
    )
    after = with_milestone(msgspec.structs.replace(order, held=held), confirmed)
    dates = resolved(after, wish.dates, {milestone.id: day})
    return with_dates(after, dates, on, reason=wish.dates.reason, note=wish.dates.note)


def _check_active(order: StoredOrder, milestone: OrderMilestone) -> None:
    """A refused order can still be accepted."""
    if milestone.type == "acceptance":
        refuse_while(order, "draft", "canceled")
    else:
        refuse_while(order, "draft", "canceled", "rejected")


def _check_turn(order: StoredOrder, milestone: OrderMilestone) -> None:
    plan = plan_of(order)
    first = plan.first_unconfirmed
    if first is not None and first.id != milestone.id:
        sentence = "An earlier milestone is unconfirmed"
        raise Conflict("out_of_sequence", sentence, next_milestone_id=first.id)
    blocking = sorted(task.id for task in plan.blocking(milestone.id))
    if blocking:
        raise Conflict("blocked_by_tasks", "Required tasks of the milestone are open", task_ids=blocking)


def _check_day(order: StoredOrder, milestone: OrderMilestone, day: date, today: date) -> None:
    """Only the confirmation before counts: planned dates may be missed either way."""
    if day > today:
        sentence = "A milestone cannot have happened after today"
        raise Conflict("date_in_future", sentence, milestone_ids=[milestone.id])
    milestones = plan_of(order).milestones
    place = milestones.index(milestone)
    before = milestones[place - 1].confirmed_on if place else None
    if before is not None and day < before:
        sentence = f"The milestone before was confirmed for {before.isoformat()}"
        raise Conflict("dates_out_of_order", sentence, milestone_ids=[milestone.id])


# It will not, as planned ----------------------------------------------------------------------------------


def reject(order: StoredOrder, milestone_id: str, wish: Rejection, on: Occasion) -> StoredOrder:
    """The order with the milestone rejected, on its new key date, and with the new dates of others; itself when its
    newest rejection said exactly this. Rejecting the acceptance milestone refuses the order, and moves no date.

    Raises NotFound `Milestone`; Faulty (see `rejection_faults`); Conflict `order_not_active`, `conflicting_dates` (the
    day is spelt in two ways), `already_confirmed` with `milestone_ids`, `date_in_past`, `date_unchanged`, and then what
    `resolved` and `with_dates` raise (model/key_dates.py).
    """
    milestone = _milestone(order, milestone_id)
    faults = rejection_faults(milestone, wish.date)
    if faults:
        raise Faulty("The rejection lacks its date", faults)
    refuse_while(order, "draft", "canceled", "rejected")
    check_spellings(order, wish.dates, milestone)
    if milestone.is_confirmed:
        raise Conflict("already_confirmed", "The milestone is confirmed", milestone_ids=[milestone.id])
    after = with_milestone(order, _rejected(milestone, wish, on))
    if milestone.type == "acceptance":
        return after
    if _is_repeat(milestone, wish):
        return order
    if wish.date is not None and wish.date < on.today:
        raise Conflict("date_in_past", "The new date lies before today")
    if wish.date is not None and wish.date == milestone.key_date:
        raise Conflict("date_unchanged", "The new date is the key date already")
    dates = resolved(after, wish.dates, {milestone.id: wish.date})
    return with_dates(after, dates, on, reason=wish.reason, note=wish.note, rejected=milestone.id)


def rejection_faults(milestone: OrderMilestone, day: date | None) -> list[tuple[str, str]]:
    """What a rejection of this milestone lacks, as (path in the body, text): a milestone that has a key date needs a
    new one. The acceptance milestone needs none."""
    needed = milestone.type != "acceptance" and milestone.key_date is not None
    return [("date", "is required")] if needed and day is None else []


def _rejected(milestone: OrderMilestone, wish: Rejection, on: Occasion) -> OrderMilestone:
    return msgspec.structs.replace(
        milestone,
        status="rejected",
        rejected_at=on.now,
        rejected_by=on.by,
        rejection_reason=wish.reason,
        note=milestone.note if wish.note is None else wish.note,
    )


def _is_repeat(milestone: OrderMilestone, wish: Rejection) -> bool:
    """Of a milestone that is not the acceptance."""
    return (
        milestone.status == "rejected"
        and milestone.rejection_reason == wish.reason
        and milestone.key_date == wish.date
    )


# It did not happen, after all -----------------------------------------------------------------------------


def undo(workspace: Workspace, order: StoredOrder, milestone_id: str, on: Occasion) -> StoredOrder:
    """The order with its newest confirmation taken back: the milestone is pending or rejected as it was before, and
    the order back in the status that the confirmation took it out of, unless its status changed since.

    Raises NotFound `Milestone`; Conflict `order_not_active` with `status`, `not_confirmed`,
    `not_newest_confirmation` with `newest_milestone_id`.
    """
    milestone = _milestone(order, milestone_id)
    refuse_while(order, "draft", "canceled")
    if not milestone.is_confirmed:
        raise Conflict("not_confirmed", "The milestone is not confirmed")
    newest = [one for one in plan_of(order).milestones if one.is_confirmed][-1]
    if newest is not milestone:
        sentence = "A later milestone is confirmed"
        raise Conflict("not_newest_confirmation", sentence, newest_milestone_id=newest.id)
    back = restored(workspace, order, milestone.left_status)
    return with_milestone(back, _unconfirmed(milestone, on.now))


def _unconfirmed(milestone: OrderMilestone, now: datetime) -> OrderMilestone:
    return msgspec.structs.replace(
        milestone,
        status="pending" if milestone.rejected_at is None else "rejected",
        confirmed_on=None,
        confirmed_at=None,
        confirmed_by=None,
        undone_at=now,
        left_status=None,
    )
