"""How far an order is, and what of it presses: status, current milestone, late, prompted, overdue (Milestones API,
sections 8.1 and 8.7).

All of it is derived when it is asked for, from a stored order with its plan; nothing here is written.
"""

from collections.abc import Iterator
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from milepost.model import lifecycle
from milepost.model.order import StoredOrder
from milepost.model.plan import OrderMilestone, Plan

PurchaseOrderStatus = Literal[
    "draft",
    "issued",
    "accepted",
    "in_production",
    "shipped",
    "delivered",
    "completed",
    "rejected",
    "canceled",
]
INACTIVE: Final = frozenset(("draft", "rejected", "canceled"))
PATIENCE: Final = timedelta(hours=48)
"""So long after its prompt a milestone is overdue."""

_FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
_LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)

Cause = Literal["milestone_late", "milestone_overdue"]


class Pressing(Struct, frozen=True):
    """Why a milestone presses, and the moment that passed."""

    cause: Cause
    milestone: OrderMilestone
    due_at: datetime


def plan_of(order: StoredOrder) -> Plan:
    """The order's plan, which must have been read."""
    if order.plan is None:
        raise LookupError(f"order {order.id} was read without its plan")
    return order.plan


def purchase_order_status(order: StoredOrder) -> PurchaseOrderStatus:
    """The first line of section 8.1 that holds."""
    standstill = _standstill(order)
    if standstill is not None:
        return standstill
    plan = plan_of(order)
    confirmed = plan.confirmed_types
    transport = _transport(order) if order.releases else None
    if "delivery" in confirmed or transport == "DELIVERED":
        return "delivered"
    if "shipment" in confirmed or transport in ("IN_TRANSIT", "OUT_FOR_DELIVERY"):
        return "shipped"
    if plan.milestones and plan.first_unconfirmed is None:  # none of them is a shipment or a delivery
        return "completed"
    if "production_start" in confirmed:
        return "in_production"
    return "accepted" if "acceptance" in confirmed else "issued"


def _standstill(order: StoredOrder) -> PurchaseOrderStatus | None:
    """The status of an order whose milestones may not move."""
    if order.content.cancelled_at is not None:
        return "canceled"
    if order.content.is_draft:
        return "draft"
    acceptance = plan_of(order).of_type("acceptance")
    return "rejected" if acceptance is not None and acceptance.status == "rejected" else None


def is_active(order: StoredOrder) -> bool:
    """Neither draft nor refused nor canceled: milestones may move."""
    return _standstill(order) is None


def current_milestone(order: StoredOrder) -> OrderMilestone | None:
    """The first unconfirmed milestone of an active order."""
    return plan_of(order).first_unconfirmed if is_active(order) else None


def is_late(milestone: OrderMilestone, today: date) -> bool:
    """Of a milestone of an active order: not confirmed, and planned for a day before today."""
    return milestone.key_date is not None and milestone.key_date < today and not milestone.is_confirmed


def prompt_moment(order: StoredOrder, milestone: OrderMilestone, zone: ZoneInfo) -> datetime | None:
    """When the owner of the order's current milestone is asked for an answer; it may lie ahead. None while a required
    task is open, and where the day never comes.

    `milestone` must be the current one of an active order.
    """
    plan = plan_of(order)
    required = [task for task in plan.tasks if task.required and task.milestone_id == milestone.id]
    if any(task.is_open for task in required):
        return None
    before = [one.confirmed_at for one in plan.milestones if one.position < milestone.position]
    moments = [
        before[-1] if before else order.last_issued_at,
        milestone.undone_at,
        milestone.rejected_at,
        *[task.completed_at for task in required],
    ]
    if milestone.key_date is not None and milestone.type != "acceptance":
        begins = day_begins(milestone.key_date, milestone.prompt_offset_days, zone)
        if begins is None:
            return None
        moments.append(begins)
    return max([moment for moment in moments if moment is not None], default=None)


def prompted_at(
    order: StoredOrder, milestone: OrderMilestone, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """`prompt_moment`, once it is there."""
    moment = prompt_moment(order, milestone, zone)
    return moment if moment is not None and moment <= now else None


def is_overdue(prompted: datetime | None, now: datetime) -> bool:
    """Whether the prompt went out more than 48 hours ago."""
    return prompted is not None and now > prompted + PATIENCE


def pressing(order: StoredOrder, zone: ZoneInfo) -> Iterator[Pressing]:
    """What of an order turns late or overdue if nothing happens, with the moment at which it does, and was not told
    yet (`order.overdue`, section 8.8): for each unconfirmed milestone once per key date, for the current one once
    per prompt."""
    if not is_active(order):
        return
    plan = plan_of(order)
    for milestone in plan.milestones:
        if milestone.is_confirmed or milestone.key_date is None:
            continue
        ends = day_begins(milestone.key_date, 1, zone)
        if ends is not None and milestone.late_told_for != milestone.key_date:
            yield Pressing("milestone_late", milestone, ends)
    current = plan.first_unconfirmed
    due_at = None if current is None else _overdue_after(prompt_moment(order, current, zone))
    if current is not None and due_at is not None and current.overdue_told_at != due_at:
        yield Pressing("milestone_overdue", current, due_at)


def next_attention(order: StoredOrder, zone: ZoneInfo) -> datetime | None:
    """The earliest moment at which something of the order turns late or overdue and was not told yet; it may have
    passed. None: nothing can."""
    return min((one.due_at for one in pressing(order, zone)), default=None)


def _transport(order: StoredOrder) -> lifecycle.Lifecycle | None:
    active = (one for one in order.releases if one.is_active and one.release_type == "TRANSPORTATION")
    return lifecycle.leg_view([one.transit_status for one in active])


def _overdue_after(prompt: datetime | None) -> datetime | None:
    """None without a prompt, and where the 48 hours end beyond what can be said."""
    return None if prompt is None or prompt > _LAST_MOMENT - PATIENCE else prompt + PATIENCE


def day_begins(day: date, days_later: int, zone: ZoneInfo) -> datetime | None:
    """00:00 of the day so many days later, in the zone; None where it lies beyond what can be said, and so never
    comes. A midnight that clocks leave out is the moment at which they do; a day before all others began with the
    first moment of all."""
    try:
        return datetime.combine(day + timedelta(days=days_later), time.min, zone).astimezone(UTC)
    except OverflowError:
        return _FIRST_MOMENT if day.year < MAXYEAR // 2 else None
