"""Orders with their milestones, and items, as answers (sections 6.2, 6.3, 6.6 and 6.7).

What is urgent is derived at each call, of one moment for all that the answer holds.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct

from milepost.model.order import NewOrder, Stop, StoredOrder
from milepost.model.plan import Delay, OrderMilestone, Plan, Who
from milepost.model.shapes import Document
from milepost.model.urgency import (
    INACTIVE,
    PurchaseOrderStatus,
    is_late,
    is_overdue,
    plan_of,
    prompted_at,
    purchase_order_status,
)
from milepost.model.workflow import MilestoneType, Workspace
from milepost.reads.purchase_order_items import ShownItem


class _Standing(Struct):
    """What is derived of an order at one moment."""

    status: PurchaseOrderStatus
    is_active: bool
    today: date
    current: OrderMilestone | None
    prompted_at: datetime | None
    """Of the current milestone."""
    is_overdue: bool

    def is_late(self, milestone: OrderMilestone) -> bool:
        return self.is_active and is_late(milestone, self.today)


def shape_order(
    workspace: Workspace, order: StoredOrder, now: datetime, *, milestones: bool = True
) -> Document:
    """The order, which must have been read with its plan; `milestones`: as every answer with one order has them.
    Of the plan's milestones and tasks only what urgency depends on is looked at otherwise."""
    standing = _standing(order, workspace.calendar.zone, now)
    content, plan = order.content, plan_of(order)
    document = {
        "id": order.id,
        "status": standing.status,
        "order_number": content.order_number,
        "name": content.name,
        "currency": content.currency,
        "incoterms": content.incoterms,
        "payment_terms": content.payment_terms,
        "shipping_method": content.shipping_method,
        "note": content.note,
        "team": {"id": workspace.team.id, "name": workspace.team.name},
        "supplier": _supplier(content),
        "ships_to": None if content.ship_to is None else _ships_to(content.ship_to),
        "issued_at": order.issued_on,
        "last_issued_at": order.last_issued_on,
        "ships_on": _target(plan, "shipment", content.ships_on),
        "delivered_on": _target(plan, "delivery", content.delivered_on),
        **_seller(content),
        "tags": [tag.name for tag in order.tags],
        "workflow_id": order.milestone_workflow_id,
        "current_milestone_id": None if standing.current is None else standing.current.id,
        "late": any(map(standing.is_late, plan.milestones)),
        "overdue": standing.is_overdue,
        "canceled_at": shown_instant(content.cancelled_at),
        "created_at": shown_instant(order.created_at),
        "updated_at": shown_instant(order.updated_at),
    }
    if milestones:
        document["milestones"] = [_milestone(workspace, plan, one, standing) for one in plan.milestones]
    return document


def shape_milestones(workspace: Workspace, order: StoredOrder, now: datetime) -> list[Document]:
    """The milestones of an order that was read with its plan, by position."""
    plan, standing = plan_of(order), _standing(order, workspace.calendar.zone, now)
    return [_milestone(workspace, plan, one, standing) for one in plan.milestones]


def shape_milestone(
    workspace: Workspace, order: StoredOrder, milestone: OrderMilestone, now: datetime
) -> Document:
    """One of its milestones."""
    return _milestone(workspace, plan_of(order), milestone, _standing(order, workspace.calendar.zone, now))


def shape_item(item: ShownItem) -> Document:
    """A line of an order."""
    return {
        "id": item.id,
        "part_id": item.part_id,
        "name": item.name,
        "quantity": _number(item.quantity),
        "unit_of_measure": item.unit,
        "unit_price_micros": None if item.unit_price is None else _micros(item.unit_price),
        "created_at": shown_instant(item.created_at),
        "updated_at": shown_instant(item.updated_at),
    }


def _number(quantity: Decimal) -> Raw:
    """A JSON number of at most six decimals, all its digits, a whole one without a fraction."""
    rounded = quantity.quantize(_SIX_DECIMALS, context=_EXACT)
    return Raw(f"{rounded.normalize(_EXACT):f}".encode())


def _micros(price: Decimal) -> int:
    """The price in millionths of the currency unit."""
    return int(price.scaleb(6, _EXACT).to_integral_value(context=_EXACT))


def shape_actor(by: Who | None) -> Document | None:
    return None if by is None else {"type": by.type, "id": by.id, "name": by.name}


def shown_instant(at: datetime | None) -> datetime | None:
    """The instant as this surface shows all of them: in UTC, in whole seconds."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0)


def _standing(order: StoredOrder, zone: ZoneInfo, now: datetime) -> _Standing:
    status = purchase_order_status(order)
    is_active = status not in INACTIVE
    current = plan_of(order).first_unconfirmed if is_active else None
    prompted = None if current is None else prompted_at(order, current, zone, now)
    today = now.astimezone(zone).date()
    return _Standing(status, is_active, today, current, prompted, is_overdue(prompted, now))


def _milestone(workspace: Workspace, plan: Plan, milestone: OrderMilestone, standing: _Standing) -> Document:
    is_current = standing.current is not None and milestone.id == standing.current.id
    blocking = [] if milestone.is_confirmed else plan.blocking(milestone.id)
    return {
        "id": milestone.id,
        "type": milestone.type,
        "status": milestone.status,
        "name": milestone.name,
        "position": milestone.position,
        "workflow_milestone_id": milestone.workflow_milestone_id,
        "owner": milestone.owner,
        "linked_status": shape_linked_status(
            workspace, milestone.linked_status_id, milestone.linked_sub_status_id
        ),
        "key_date": milestone.key_date,
        "confirmed_on": milestone.confirmed_on,
        "confirmed_at": shown_instant(milestone.confirmed_at),
        "confirmed_by": shape_actor(milestone.confirmed_by),
        "rejected_at": shown_instant(milestone.rejected_at),
        "rejected_by": shape_actor(milestone.rejected_by),
        "rejection_reason": milestone.rejection_reason,
        "note": milestone.note,
        "current": is_current,
        "late": standing.is_late(milestone),
        "prompted_at": shown_instant(standing.prompted_at) if is_current else None,
        "overdue": is_current and standing.is_overdue,
        "blocking_task_ids": [task.id for task in blocking],
        "delays": [_delay(delay) for delay in milestone.delays],
        "created_at": shown_instant(milestone.created_at),
        "updated_at": shown_instant(milestone.updated_at),
    }


def shape_linked_status(
    workspace: Workspace, status_id: str | None, sub_status_id: str | None
) -> Document | None:
    """The status that a milestone names, with its sub-status; null also when it was removed since."""
    status = workspace.status.get(status_id) if status_id else None
    if status is None:
        return None
    option = workspace.option.get(sub_status_id) if sub_status_id else None
    sub_status = None if option is None else {"id": option.id, "name": option.name}
    return {"id": status.id, "name": status.name, "sub_status": sub_status}


def _delay(delay: Delay) -> Document:
    return {
        "id": delay.id,
        "old_date": delay.old_date,
        "new_date": delay.new_date,
        "reason": delay.reason,
        "note": delay.note,
        "source": delay.source,
        "recorded_by": shape_actor(delay.recorded_by),
        "recorded_at": shown_instant(delay.recorded_at),
    }


def _target(plan: Plan, kind: MilestoneType, kept: date | None) -> date | None:
    """The key date of the milestone of that type; the date that the order itself keeps, if it has none."""
    milestone = plan.of_type(kind)
    return kept if milestone is None else milestone.key_date


def _supplier(content: NewOrder) -> Document | None:
    """Null also where another surface gave a supplier without an id."""
    supplier = content.supplier or _NOTHING
    identifier = supplier.get("supplier_id")
    return None if identifier is None else {"id": identifier, "name": supplier.get("name")}


def _ships_to(stop: Stop) -> Document | None:
    """The ten members that this surface knows of a stop; null when none of them says anything."""
    document = {name: getattr(stop, name) for name in SHIPS_TO}
    return None if document == _NOWHERE else document


def _seller(content: NewOrder) -> Document:
    address = (content.supplier or _NOTHING).get("address") or _NOTHING
    return {name: address.get(member) for name, member in SELLER.items()}


SHIPS_TO = (
    *("company_name", "location_number", "line_1", "line_2", "line_3"),
    *("locality", "region", "postal_code", "country", "timezone"),
)
"""The members of `ships_to`; a stop has them by the same names."""

SELLER: Mapping[str, str] = {
    "seller_address_line1": "line_1",
    "seller_address_line2": "line_2",
    "seller_city": "locality",
    "seller_state": "region",
    "seller_postal_code": "postal_code",
    "seller_country": "country",
}
"""What the members of the supplier's address are called here (section 8.9)."""

_SIX_DECIMALS = Decimal("0.000001")
_EXACT = Context(prec=400)
"""Digits enough for any amount that a door lets in."""
_NOTHING: Mapping[str, Any] = {}
_NOWHERE = dict.fromkeys(SHIPS_TO)
