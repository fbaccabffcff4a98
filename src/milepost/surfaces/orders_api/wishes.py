"""From bodies to what the verbs are asked for.

Nested documents are completed here, with all their members, so that nothing needs completing when they are shown.
A PATCH is judged twice: its own shape at once, and the merged members when the stored order is known (section
9.5); members that it does not speak of stay as they are and are not judged again.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from milepost.http.values import Member, Wrong, read_members
from milepost.model import shapes
from milepost.model.document import item_document, shown_order
from milepost.model.order import (
    Geolocation,
    ItemWish,
    NewItem,
    NewOrder,
    OrderWish,
    PlanWindow,
    Reference,
    Stop,
    StopRequirements,
    StoredItem,
    StoredOrder,
)
from milepost.model.releasing import ChildWish, LegWish, ReleaseWish, TakenWish
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.merging import merged
from milepost.surfaces.orders_api.values import read_body, read_patch, refusal

KEPT_BY_PUT = frozenset(("order_type", "archived", "source_system_id"))
"""Members that a PUT leaves as they are when it does not speak of them (section 9.4)."""


def new_order(body: Any) -> OrderWish:
    """The order of a POST. Raises Refusal."""
    return _order_wish(read_body(documents.NEW_ORDER, body), frozenset())


def replaced_order(body: Any) -> OrderWish:
    """The order of a PUT. Raises Refusal."""
    said = read_body(documents.ORDER, body)
    return _order_wish(said, KEPT_BY_PUT - said.keys())


def patched_order(stored: StoredOrder, patch: Mapping[str, Any]) -> OrderWish:
    """The order that a merge patch of good shape makes of the stored one. Raises Refusal."""
    touched = [member for member in documents.ORDER_MEMBERS if member.name in patch]
    said = _merged_members(touched, shown_order(stored), patch)
    unsaid = {member.name for member in documents.ORDER_MEMBERS if member.name not in patch}
    if "order_type" not in said:
        unsaid.add("order_type")  # it is fixed, so there is no default to go back to
    said.setdefault("order_number", stored.content.order_number)
    wish = _order_wish(said, frozenset((*unsaid, "source_system_id")))
    if "items" in unsaid:
        items = tuple(ItemWish(item.content, item.id) for item in stored.items)
        wish = msgspec.structs.replace(wish, items=items)
    if "tags" in unsaid:
        wish = msgspec.structs.replace(wish, tags=tuple(tag.id for tag in stored.tags))
    return wish


def new_item(body: Any) -> NewItem:
    """The item of a POST or PUT. Raises Refusal."""
    return _item(read_body(documents.ITEM, body))


def patched_item(stored: StoredItem, patch: Mapping[str, Any]) -> NewItem:
    """The item that a merge patch of good shape makes of the stored one. Raises Refusal."""
    touched = [member for member in documents.ITEM_MEMBERS if member.name in patch]
    shown = item_document(stored.id, stored.content)
    said = {"amount": shown["amount"], **_merged_members(touched, shown, patch)}
    wished = _item(said)
    names = {"quantity", "unit"} if "amount" in patch else set[str]()
    names.update(member.name for member in touched if member.name != "amount")
    return msgspec.structs.replace(stored.content, **{name: getattr(wished, name) for name in names})


def new_release(body: Any) -> ReleaseWish:
    """The release of a POST. Raises Refusal."""
    said = read_body(documents.NEW_RELEASE, body)
    release_type = said.get("release_type", "TRANSPORTATION")
    leg = {member: said.get(name) for name, member in LEG_MEMBERS.items()}
    return ReleaseWish(
        items=tuple(_taken(item) for item in said["items"]),
        release_type=release_type,
        child=_child(said) if release_type == "PURCHASE_ORDER" else ChildWish(),
        **leg,
    )


def patched_leg(patch: Any) -> LegWish:
    """What a merge patch of a leg says. Raises Refusal."""
    said = read_patch(documents.LEG_CHANGE, patch)
    named = {LEG_MEMBERS.get(name, name): value for name, value in said.items()}
    return LegWish(said=frozenset(named), **named)


LEG_MEMBERS = {
    "released_to_shipping_plan_id": "shipping_plan_id",
    "released_to_shipment_id": "shipment_id",
    "released_to_shipment_reference_id": "shipment_reference_id",
    "released_to_shipment_origin_stop_id": "origin_stop_id",
    "released_to_shipment_destination_stop_id": "destination_stop_id",
    "transit_status": "transit_status",
}
"""What the house calls the members of a leg, by their names here."""


def stop(said: Mapping[str, Any]) -> Stop:
    """A stop of what was said of it."""
    window = said.get("shipping_requirements", {}).get("plan_window")
    place = said.get("geolocation")
    return Stop(
        **{
            **said,
            "references": references(said.get("references", ())),
            "geolocation": None if place is None else Geolocation(**place),
            "shipping_requirements": StopRequirements(None if window is None else PlanWindow(**window)),
        }
    )


def ship_from(said: Mapping[str, Any] | None) -> Stop | None:
    """A stop without any value is none (section 25)."""
    return None if said is None or shapes.is_blank(said) else stop(said)


def references(said: Iterable[Mapping[str, str]]) -> tuple[Reference, ...]:
    return tuple(Reference(reference["qualifier"], reference["value"]) for reference in said)


def _merged_members(
    touched: Iterable[Member], shown: dict[str, Any], patch: Mapping[str, Any]
) -> dict[str, Any]:
    """What the touched members say after the merge."""
    said_by_patch = {member.name: patch[member.name] for member in touched}
    try:
        return read_members(touched, merged(shown, said_by_patch))
    except Wrong as found:
        raise refusal(found) from None


def _order_wish(said: dict[str, Any], unsaid: frozenset[str]) -> OrderWish:
    supplier = said.get("supplier")
    plain = {name: said[name] for name in _PLAIN if name in said}
    content = NewOrder(
        **plain,
        ship_to=stop(said["ship_to"]) if "ship_to" in said else None,
        ship_from=ship_from(said.get("ship_from")),
        references=references(said.get("references", ())),
        shipping_requirements=shapes.complete(said.get("shipping_requirements"), shapes.ORDER_REQUIREMENTS),
        supplier=None if shapes.is_blank(supplier) else shapes.complete(supplier, shapes.SUPPLIER),
        unsaid=unsaid,
    )
    items = tuple(ItemWish(_item(item), item.get("id")) for item in said.get("items", ()))
    return OrderWish(content=content, items=items, tags=tuple(said.get("tags", ())))


_PLAIN = (
    "order_type",
    "order_number",
    "name",
    "description",
    "source_system_id",
    "start_date",
    "expiration_date",
    "archived",
    "supplier_created_releases_allowed",
    "custom_data",
)
"""Members that a wish holds as they are read."""


def _item(said: Mapping[str, Any]) -> NewItem:
    requirements = shapes.complete(said.get("shipping_requirements"), shapes.ITEM_REQUIREMENTS)
    return NewItem(
        quantity=Decimal(said["amount"]["value"]),
        unit=said["amount"]["unit"],
        description=said.get("description"),
        references=references(said.get("references", ())),
        shipping_requirements=requirements,
        custom_data=said.get("custom_data"),
    )


def _taken(said: Mapping[str, Any]) -> TakenWish:
    amount = said.get("amount")
    if amount is None:
        return TakenWish(said["order_item_id"])
    return TakenWish(said["order_item_id"], Decimal(amount["value"]), amount["unit"])


def _child(said: Mapping[str, Any]) -> ChildWish:
    ship_to, ship_from_ = said.get("ship_to"), said.get("ship_from")
    return ChildWish(
        order_number=said.get("order_number"),
        name=said.get("name"),
        start_date=said.get("start_date"),
        expiration_date=said.get("expiration_date"),
        ship_to=None if ship_to is None else stop(ship_to),
        ship_from=None if ship_from_ is None else stop(ship_from_),
    )
