"""What the contracts derive, written down a second time: from what the surfaces show, not from what is stored.

`order` is an order as the Orders API shows it, `purchase` the same as the Milestones API does.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Shown = dict[str, Any]

LADDER = ("ASSIGNED", "DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")


def is_draft(purchase: Shown) -> bool:
    """Only a draft was never issued (Milestones API, section 6.2)."""
    return purchase["issued_at"] is None


def purchase_status(order: Shown, purchase: Shown) -> str:
    """Milestones API, section 8.1, line by line."""
    if order["cancelled_at"] is not None:
        return "canceled"
    if is_draft(purchase):
        return "draft"
    milestones = purchase["milestones"]
    confirmed = [one["type"] for one in milestones if one["status"] == "confirmed"]
    if any(one["type"] == "acceptance" and one["status"] == "rejected" for one in milestones):
        return "rejected"
    transport = _leg_view(order)
    if "delivery" in confirmed or transport == "DELIVERED":
        return "delivered"
    if "shipment" in confirmed or transport in ("IN_TRANSIT", "OUT_FOR_DELIVERY"):
        return "shipped"
    types = {one["type"] for one in milestones}
    if milestones and len(confirmed) == len(milestones) and not types & {"shipment", "delivery"}:
        return "completed"
    for kind, status in (("production_start", "in_production"), ("acceptance", "accepted")):
        if kind in confirmed:
            return status
    return "issued"


def order_status(order: Shown, purchase: Shown) -> str:
    """Orders API, section 8, rule by rule."""
    if order["cancelled_at"] is not None:
        return "CANCELED"
    if is_draft(purchase):
        return "NOT_READY"
    confirmed = {one["type"] for one in purchase["milestones"] if one["status"] == "confirmed"}
    views = [_leg_view(order), "DELIVERED" if "delivery" in confirmed else None]
    views.append("IN_TRANSIT" if "shipment" in confirmed else None)
    seen = [view for view in views if view is not None]
    if seen:
        return max(seen, key=LADDER.index)
    if order["released_from_release_id"] is not None:
        return "READY"
    active = [one for one in order["releases"] if one["unassigned_at"] is None]
    to_order = any(one["release_type"] == "PURCHASE_ORDER" for one in active)
    if order["supplier"] is not None or to_order:
        left = [float(one["available_amount"]["value"]) for one in order["items"]]
        return "FILLED" if left and not any(left) else "NOT_READY"
    return "READY"


def _leg_view(order: Shown) -> str | None:
    legs = [
        one["transit_status"]
        for one in order["releases"]
        if one["unassigned_at"] is None and one["release_type"] == "TRANSPORTATION"
    ]
    if not legs:
        return None
    left = [leg for leg in legs if leg != "DELIVERED"]
    if not left:
        return "DELIVERED"
    if left == ["OUT_FOR_DELIVERY"]:
        return "OUT_FOR_DELIVERY"
    if len(left) < len(legs) or any(leg in ("IN_TRANSIT", "OUT_FOR_DELIVERY") for leg in left):
        return "IN_TRANSIT"
    return "DISPATCHED" if "DISPATCHED" in left else "ASSIGNED"


class Moments:
    """What urgency depends on and no surface shows: when the order was last issued, when confirmations were undone."""

    def __init__(self, issued_at: datetime | None) -> None:
        self.issued_at = issued_at
        self.undone_at: dict[str, datetime] = {}


def urgency(
    purchase: Shown,
    tasks: Sequence[Shown],
    moments: Moments,
    offsets: Mapping[str, int],
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, tuple[bool, bool, str | None, bool, list[str]]]:
    """Milestones API, section 8.7: `current`, `late`, `prompted_at`, `overdue` and `blocking_task_ids`, by milestone.
    `offsets`: days from key date to prompt, by workflow milestone id."""
    is_active = purchase["status"] not in ("draft", "rejected", "canceled")
    today = now.astimezone(zone).date()
    found = {}
    before: Shown | None = None
    current: str | None = None
    for one in purchase["milestones"]:
        is_open = one["status"] != "confirmed"
        own = [task for task in tasks if task["milestone_id"] == one["id"] and task["required"]]
        blocking = sorted(task["id"] for task in own if task["status"] == "open") if is_open else []
        prompted = None
        is_current = is_active and is_open and current is None
        if is_current:
            current = one["id"]
            if not blocking:
                prompted = _prompted(one, before, own, moments, offsets, zone)
        if prompted is not None and prompted > now:
            prompted = None
        late = is_active and is_open and one["key_date"] is not None and _day(one["key_date"]) < today
        overdue = prompted is not None and now - prompted > timedelta(hours=48)
        found[one["id"]] = (is_current, late, _shown(prompted), overdue, blocking)
        before = one
    return found


def _prompted(
    milestone: Shown,
    before: Shown | None,
    required: Sequence[Shown],
    moments: Moments,
    offsets: Mapping[str, int],
    zone: ZoneInfo,
) -> datetime:
    candidates = [
        moments.issued_at if before is None else _moment(before["confirmed_at"]),
        moments.undone_at.get(milestone["id"]),
        _moment(milestone["rejected_at"]),
        *(_moment(task["completed_at"]) for task in required),
    ]
    if milestone["key_date"] is not None and milestone["type"] != "acceptance":
        day = _day(milestone["key_date"]) + timedelta(days=offsets[milestone["workflow_milestone_id"]])
        candidates.append(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
    return max(one for one in candidates if one is not None)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _shown(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
