"""What may become of a purchase order, and what follows from it: pure rules of the Orders API (sections 7 to 10).

Each rule takes an order and a wish and gives the order as it will be; or it raises Invalid (naming the field) or
Conflict, and nothing has happened. The derived status is settled last.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from milepost.kit.errors import Conflict, Invalid
from milepost.model import lifecycle
from milepost.model.document import item_document, order_document, same_json
from milepost.model.order import (
    EXTERNAL_ID,
    ItemWish,
    NewItem,
    NewOrder,
    OrderWish,
    StoredItem,
    StoredOrder,
    Tag,
)
from milepost.model.releases import available, taken
from milepost.model.workflow import House

ALTERABLE_WHEN_CANCELED = frozenset(("archived", "tags", "custom_data", "references"))
"""What may still differ on a CANCELED order (section 9.4)."""

Place = Callable[[Sequence[NewItem], int], tuple[StoredItem, ...]]
"""Gives new lines their ids and positions, behind the last position given out."""

CANCELLABLE = frozenset(("NOT_READY", "READY", "FILLED", "ASSIGNED"))

MEMBERS = (
    "order_number",
    "name",
    "description",
    "ship_to",
    "ship_from",
    "references",
    "shipping_requirements",
    "custom_data",
    "supplier",
    "supplier_created_releases_allowed",
    "start_date",
    "expiration_date",
    "archived",
)
"""What the Orders API sets of an order, besides lines and tags; all else belongs to other surfaces."""

ITEM_MEMBERS = ("description", "references", "quantity", "unit", "shipping_requirements", "custom_data")


def settled(order: StoredOrder, house: House) -> StoredOrder:
    """The order with the status that follows from all the rest (section 8)."""
    if order.plan is not None and order.plan.confirmed_types != order.confirmed_types:
        order = msgspec.structs.replace(order, confirmed_types=order.plan.confirmed_types)
    active = [release for release in order.releases if release.is_active]
    content = order.content
    left = available(order)
    status = lifecycle.derive(
        cancelled=content.cancelled_at is not None,
        draft=content.is_draft,
        legs=[one.transit_status for one in active if one.release_type == "TRANSPORTATION"],
        confirmed_types=order.confirmed_types,
        from_release=order.released_from_release_id is not None,
        supplier_blocks=content.supplier is not None and house.supplier_blocks_ready,
        has_order_release=any(one.release_type == "PURCHASE_ORDER" for one in active),
        all_taken=bool(order.items)
        and all(left.get(item.id, item.content.quantity) == 0 for item in order.items),
    )
    return order if status == order.lifecycle else msgspec.structs.replace(order, lifecycle=status)


def check_content(content: NewOrder) -> None:
    """What must hold of any order's own members. Raises Invalid."""
    check_dates(content.start_date, content.expiration_date)
    external = [
        place for place, reference in enumerate(content.references) if reference.qualifier == EXTERNAL_ID
    ]
    if len(external) > 1:
        raise Invalid(
            "duplicate", f"references.{external[1]}", "An order has at most one EXTERNAL_ID reference"
        )


def check_dates(start: date | None, expiration: date | None) -> None:
    """Raises Invalid when the order would expire before it starts."""
    if start is not None and expiration is not None and expiration < start:
        raise Invalid("end_before_start", "expiration_date", "expiration_date is before start_date")


def replaced(order: StoredOrder, wish: OrderWish, tags: Sequence[Tag], place: Place) -> StoredOrder:
    """The order as wished: every member that this surface sets takes the wished value, all others stay.

    Where the wished document equals the stored one the stored value stays, with what only other surfaces know of
    it. Raises Invalid `immutable`, `end_before_start`, `not_found`, `duplicate`, `below_released`,
    `unit_locked`, Conflict `item_released`, `order_canceled`.
    """
    unsaid = wish.content.unsaid
    if "order_type" not in unsaid and wish.content.order_type != order.content.order_type:
        raise Invalid("immutable", "order_type", "The type of an order is fixed at its creation")
    after = msgspec.structs.replace(
        order,
        content=_merged(order, wish.content),
        items=_lines(order, wish.items, place),
        tags=order.tags if {tag.id for tag in tags} == {tag.id for tag in order.tags} else tuple(tags),
    )
    check_content(after.content)
    check_canceled(order, after)
    check_lines(order, after, {wish.id: f"items.{n}." for n, wish in enumerate(wish.items) if wish.id})
    return after


def _merged(order: StoredOrder, wished: NewOrder) -> NewOrder:
    """The stored content with the wished members, except where both show the same."""
    members = {name: getattr(wished, name) for name in MEMBERS if name not in wished.unsaid}
    content = msgspec.structs.replace(order.content, **members)
    bare = msgspec.structs.replace(order, items=(), releases=(), tags=())
    old = order_document(bare)
    new = order_document(msgspec.structs.replace(bare, content=content))
    same = [name for name in members if same_json(old[name], new[name])]
    return msgspec.structs.replace(content, **{name: getattr(order.content, name) for name in same})


def _lines(order: StoredOrder, wished: Sequence[ItemWish], place: Place) -> tuple[StoredItem, ...]:
    """The lines as wished, stored ones first, in their own sequence."""
    stored = {item.id: item for item in order.items}
    kept: dict[str, StoredItem] = {}
    for index, wish in enumerate(wished):
        if wish.id is None:
            continue
        if wish.id in kept:
            raise Invalid("duplicate", f"items.{index}.id", "The item is named twice")
        if wish.id not in stored:
            raise Invalid("not_found", f"items.{index}.id", "The order has no such item")
        kept[wish.id] = with_content(stored[wish.id], wish.content)
    last = max((item.position for item in order.items), default=0)
    added = place([wish.content for wish in wished if wish.id is None], last)
    return (*(kept[item.id] for item in order.items if item.id in kept), *added)


def with_content(item: StoredItem, wished: NewItem) -> StoredItem:
    """The line with the members that the Orders API sets; the stored one when both show the same."""
    members = {name: getattr(wished, name) for name in ITEM_MEMBERS}
    if wished.counted_in == item.content.counted_in:
        members["unit"] = item.content.unit
    content = msgspec.structs.replace(item.content, **members)
    if same_json(item_document(item.id, item.content), item_document(item.id, content)):
        return item
    return msgspec.structs.replace(item, content=content)


def check_lines(before: StoredOrder, after: StoredOrder, named: Mapping[str, str]) -> None:
    """What releases took binds the lines (section 10). `named`: how the caller's fields call a line, by id.

    Raises Invalid `below_released`, `unit_locked`, Conflict `item_released`.
    """
    sums = taken(before.releases)
    if not sums:
        return
    old = {item.id: item.content for item in before.items}
    remaining = {item.id: item.content for item in after.items}
    for item_id, amount in sums.items():
        if item_id not in old:
            continue  # it left with a shop's word; nothing binds it any more
        content, field = remaining.get(item_id), named.get(item_id, "")
        if content is None:
            raise Conflict("item_released", "An item in an active release cannot be deleted", item_id=item_id)
        if amount and content.counted_in != old[item_id].counted_in:
            raise Invalid(
                "unit_locked", f"{field}amount.unit", "The unit is fixed while anything is released"
            )
        # A shop may have lowered it further: what is so already does not hinder other changes.
        if content.quantity < min(amount, old[item_id].quantity):
            text = f"The amount is below what active releases took, {amount:f} {content.counted_in}"
            raise Invalid("below_released", f"{field}amount.value", text)


def check_canceled(before: StoredOrder, after: StoredOrder) -> None:
    """On a CANCELED order little may still differ (section 9.4). Raises Conflict `order_canceled`."""
    if before.content.cancelled_at is None:
        return
    if before.items != after.items or before.releases != after.releases:
        raise canceled()
    members = [name for name in MEMBERS if name not in ALTERABLE_WHEN_CANCELED]
    if any(getattr(before.content, name) != getattr(after.content, name) for name in members):
        raise canceled()


def canceled() -> Conflict:
    return Conflict("order_canceled", "The order is canceled")


def cancelled(order: StoredOrder, now: datetime) -> StoredOrder:
    """The order canceled at `now`; itself when it is already. Raises Conflict `not_cancellable`."""
    if order.content.cancelled_at is not None:
        return order
    if order.lifecycle not in CANCELLABLE:
        raise Conflict("not_cancellable", f"An order that is {order.lifecycle} cannot be canceled")
    return msgspec.structs.replace(order, content=msgspec.structs.replace(order.content, cancelled_at=now))
