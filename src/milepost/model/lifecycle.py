"""The derived status of an order, as the Orders API shows it: computed, never written (Orders API, section 8)."""

from collections.abc import Collection
from typing import Literal

Lifecycle = Literal[
    "NOT_READY",
    "READY",
    "FILLED",
    "ASSIGNED",
    "DISPATCHED",
    "IN_TRANSIT",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
    "CANCELED",
]

_PROGRESS: tuple[Lifecycle, ...] = ("ASSIGNED", "DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")


def derive(
    *,
    cancelled: bool,
    draft: bool,
    legs: Collection[str | None] = (),
    confirmed_types: Collection[str] = (),
    from_release: bool = False,
    supplier_blocks: bool = False,
    has_order_release: bool = False,
    all_taken: bool = False,
) -> Lifecycle:
    """The first rule of section 8 that fits.

    `legs`: the transit status of each active TRANSPORTATION release. `confirmed_types`: the types of the
    confirmed milestones. `supplier_blocks`: there is a supplier and the setting lets it block.
    `all_taken`: there is an item and every available amount is 0.
    """
    if cancelled:
        return "CANCELED"
    if draft:
        return "NOT_READY"
    views = [view for view in (leg_view(legs), _milestone_view(confirmed_types)) if view is not None]
    if views:
        return max(views, key=_PROGRESS.index)
    if from_release:
        return "READY"
    if supplier_blocks or has_order_release:
        return "FILLED" if all_taken else "NOT_READY"
    return "READY"


def further(current: Lifecycle, milestone_type: str) -> Lifecycle:
    """What the status of an order that is neither cancelled nor a draft becomes when one more of its milestones is
    confirmed, one of this type."""
    view = _milestone_view((milestone_type,))
    if view is None or current not in _PROGRESS:
        return view or current
    return max(current, view, key=_PROGRESS.index)


def leg_view(legs: Collection[str | None]) -> Lifecycle | None:
    """What the transit statuses of the active TRANSPORTATION releases say; None without any."""
    if not legs:
        return None
    open_legs = [leg for leg in legs if leg != "DELIVERED"]
    if not open_legs:
        return "DELIVERED"
    if open_legs == ["OUT_FOR_DELIVERY"]:
        return "OUT_FOR_DELIVERY"
    if len(open_legs) < len(legs) or {"IN_TRANSIT", "OUT_FOR_DELIVERY"} & set(open_legs):
        return "IN_TRANSIT"
    return "DISPATCHED" if "DISPATCHED" in open_legs else "ASSIGNED"


def _milestone_view(confirmed_types: Collection[str]) -> Lifecycle | None:
    if "delivery" in confirmed_types:
        return "DELIVERED"
    return "IN_TRANSIT" if "shipment" in confirmed_types else None
