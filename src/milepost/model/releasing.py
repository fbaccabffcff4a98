"""What an order may hand on, and how a leg moves: pure rules of the Orders API (section 11)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from milepost.kit.errors import Conflict, Invalid
from milepost.model.order import NewOrder, Stop, StoredOrder
from milepost.model.purchase_order import canceled, check_dates
from milepost.model.releases import Release, ReleasedItem, ReleaseType, TransitStatus, available

_TRANSIT: tuple[TransitStatus | None, ...] = (
    None,
    "DISPATCHED",
    "IN_TRANSIT",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
)

LEG_MEMBERS = (
    "shipping_plan_id",
    "shipment_id",
    "shipment_reference_id",
    "origin_stop_id",
    "destination_stop_id",
)


class TakenWish(Struct, frozen=True):
    """How much of a line is wished; without a quantity all that is available, in the line's unit."""

    item_id: str
    quantity: Decimal | None = None
    unit: str | None = None


class ChildWish(Struct, frozen=True, kw_only=True):
    """What the child order of a PURCHASE_ORDER release does not copy from its parent; None: copied."""

    order_number: str | None = None
    name: str | None = None
    start_date: date | None = None
    expiration_date: date | None = None
    ship_to: Stop | None = None
    ship_from: Stop | None = None


class ReleaseWish(Struct, frozen=True, kw_only=True):
    """A release as it is asked for (section 11.1)."""

    items: tuple[TakenWish, ...]
    release_type: ReleaseType = "TRANSPORTATION"
    transit_status: TransitStatus | None = None
    shipping_plan_id: str | None = None
    shipment_id: str | None = None
    shipment_reference_id: str | None = None
    origin_stop_id: str | None = None
    destination_stop_id: str | None = None
    child: ChildWish = ChildWish()


class LegWish(Struct, frozen=True, kw_only=True):
    """A merge patch of a leg; only the members in `said` were sent (section 11.3)."""

    said: frozenset[str]
    transit_status: TransitStatus | None = None
    unassigned_at: datetime | None = None
    shipping_plan_id: str | None = None
    shipment_id: str | None = None
    shipment_reference_id: str | None = None
    origin_stop_id: str | None = None
    destination_stop_id: str | None = None


def taken_items(order: StoredOrder, wish: ReleaseWish) -> tuple[ReleasedItem, ...]:
    """What the release would take. Raises Conflict `order_canceled`, `order_draft`, `supplier_required`,
    `not_releasable`, Invalid `not_found`, `duplicate`, `unit_mismatch`, `exceeds_available`, `out_of_range`."""
    _check_releasable(order, wish.release_type)
    lines = {item.id: item.content for item in order.items}
    left = available(order)
    taken: dict[str, ReleasedItem] = {}
    for place, wished in enumerate(wish.items):
        field = f"items.{place}"
        line = lines.get(wished.item_id)
        if line is None:
            raise Invalid("not_found", f"{field}.order_item_id", "The order has no such item")
        if wished.item_id in taken:
            raise Invalid("duplicate", f"{field}.order_item_id", "The item is named twice")
        if wished.unit is not None and wished.unit != line.counted_in:
            raise Invalid(
                "unit_mismatch", f"{field}.amount.unit", f"The item is counted in {line.counted_in}"
            )
        remaining = left.get(wished.item_id, line.quantity)
        quantity = remaining if wished.quantity is None else wished.quantity
        if quantity > remaining:
            text = f"Only {remaining:f} {line.counted_in} are available"
            raise Invalid("exceeds_available", f"{field}.amount.value", text)
        if not quantity and wish.release_type == "PURCHASE_ORDER":
            raise Invalid("out_of_range", f"{field}.amount.value", "A new order needs more than 0 of an item")
        taken[wished.item_id] = ReleasedItem(wished.item_id, quantity, line.counted_in)
    return tuple(taken.values())


def _check_releasable(order: StoredOrder, release_type: ReleaseType) -> None:
    content = order.content
    if content.cancelled_at is not None:
        raise canceled()
    if content.is_draft:
        raise Conflict("order_draft", "A draft cannot be released")
    if release_type == "PURCHASE_ORDER":
        if order.released_from_release_id is not None:
            raise Conflict("not_releasable", "An order that came from a release cannot be released again")
        if content.supplier is None:
            raise Conflict("supplier_required", "Releasing to a new order needs a supplier on this one")


def child_content(
    order: StoredOrder, wish: ChildWish, number: str, taken: Sequence[ReleasedItem]
) -> NewOrder:
    """The child order of a release: what was not given is the parent's, the lines have the amounts released.
    Raises Invalid `end_before_start`."""
    parent = order.content
    lines = {item.id: item.content for item in order.items}
    content = NewOrder(
        order_number=number,
        order_type=parent.order_type,
        name=parent.name if wish.name is None else wish.name,
        description=parent.description,
        ship_to=wish.ship_to or parent.ship_to,
        ship_from=_ship_from(parent.ship_from if wish.ship_from is None else wish.ship_from),
        supplier=parent.supplier,
        currency=parent.currency,
        start_date=wish.start_date or parent.start_date,
        expiration_date=wish.expiration_date or parent.expiration_date,
        items=tuple(
            msgspec.structs.replace(lines[item.item_id], quantity=item.quantity, shopify_line_item_id=None)
            for item in taken
        ),
    )
    check_dates(content.start_date, content.expiration_date)
    return content


def _ship_from(stop: Stop | None) -> Stop | None:
    """A stop without any value is none (section 25)."""
    return None if stop == Stop() else stop


def moved(order: StoredOrder, release: Release, wish: LegWish, now: datetime) -> Release:
    """The leg after the patch; itself when nothing differs.

    Raises Conflict `order_canceled`, Invalid `immutable` (a release to an order), `already_unassigned`,
    `illegal_transit_move`, `out_of_range`.
    """
    if order.content.cancelled_at is not None:
        raise canceled()
    if release.release_type != "TRANSPORTATION":
        raise Invalid("immutable", "release_type", "A release to an order does not change")
    members = ("transit_status", "unassigned_at", *LEG_MEMBERS)
    after = msgspec.structs.replace(
        release, **{name: getattr(wish, name) for name in members if name in wish.said}
    )
    if after == release:
        return release
    if not release.is_active:
        raise Conflict("already_unassigned", "The release is unassigned and does not change any more")
    if _TRANSIT.index(after.transit_status) < _TRANSIT.index(release.transit_status):
        raise Invalid(
            "illegal_transit_move",
            "transit_status",
            f"A leg that is {release.transit_status} does not go back to {after.transit_status or 'null'}",
        )
    if after.unassigned_at is not None and after.unassigned_at > now:
        raise Invalid("out_of_range", "unassigned_at", "unassigned_at is in the future")
    return after
