"""From bodies of orders to what the verbs are asked for: the house's terms for this surface's (section 8.9)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from milepost.core.purchase_order_entry import Entry
from milepost.kit.ids import parse_id
from milepost.model import shapes
from milepost.model.key_dates import TargetDate
from milepost.model.order import NewItem, NewOrder, Stop
from milepost.model.purchase_order_edit import OrderEdit, SupplierWish
from milepost.model.purchase_order_lines import LineWish, with_part
from milepost.surfaces.milestones_api.order_bodies import DELIVERY
from milepost.surfaces.milestones_api.shaping import SELLER

_MEMBERS = ("order_number", "name", "currency", "incoterms", "payment_terms", "shipping_method", "note")
"""Members of orders that have the same name here."""
_ITEM_MEMBERS = {
    "name": "description",
    "quantity": "quantity",
    "unit_of_measure": "unit",
    "unit_price_micros": "unit_price",
}
"""What the house calls the members of a line."""


def entry_of(said: Mapping[str, Any]) -> Entry:
    """The order of a POST."""
    stop = Stop(**said.get("ships_to", {}))
    supplier = {
        "supplier_id": said["supplier"]["id"],
        "name": said["supplier"].get("name"),
        "address": _seller(said) or None,
    }
    workflow_id = said.get("workflow_id")
    content = NewOrder(
        **{"order_number": "", **{name: said[name] for name in _MEMBERS if name in said}},
        is_draft=said.get("draft", False),
        supplier=shapes.complete(supplier, shapes.SUPPLIER),
        ship_to=None if stop == Stop() else stop,
        ships_on=said["ships_on"],
        delivered_on=_delivered_on(said),
        milestone_workflow_id=None if workflow_id is None else parse_id(workflow_id) or workflow_id,
    )
    return Entry(
        content=content,
        items=tuple(_new_item(line) for line in said["order_items"]),
        tags=tuple(said.get("tags", ())),
    )


def edit_of(said: Mapping[str, Any]) -> OrderEdit:
    """What a PATCH says; a member that is None was sent as null."""
    dates: dict[TargetDate, date | None] = {}
    if "ships_on" in said:
        dates["ships_on"] = said["ships_on"]
    if any(name in said for name in DELIVERY):
        dates["delivered_on"] = _delivered_on(said)
    return OrderEdit(
        members={name: said[name] for name in _MEMBERS if name in said},
        supplier=_supplier_wish(said["supplier"]) if "supplier" in said else UNSET,
        seller=_seller(said),
        ships_to=said.get("ships_to", UNSET),
        items=tuple(_line_wish(line) for line in said.get("order_items", ())),
        workflow_id=said.get("workflow_id", UNSET),
        tags=tuple(said["tags"]) if "tags" in said else None,
        dates=dates,
    )


def _delivered_on(said: Mapping[str, Any]) -> date | None:
    """The two spellings agree by now."""
    sent: list[date | None] = [said[name] for name in DELIVERY if name in said]
    return sent[0] if sent else None


def _seller(said: Mapping[str, Any]) -> dict[str, str | None]:
    return {member: said[name] for name, member in SELLER.items() if name in said}


def _supplier_wish(said: Mapping[str, Any] | None) -> SupplierWish | None:
    return None if said is None else SupplierWish(id=said["id"], name=said.get("name", UNSET))


def _new_item(said: Mapping[str, Any]) -> NewItem:
    return NewItem(**_item_members(said), references=with_part((), said.get("part_id")))


def _line_wish(said: Mapping[str, Any]) -> LineWish:
    return LineWish(id=said.get("id"), members=_item_members(said), part_id=said.get("part_id", UNSET))


def _item_members(said: Mapping[str, Any]) -> dict[str, Any]:
    members = {ours: said[name] for name, ours in _ITEM_MEMBERS.items() if name in said}
    price = members.get("unit_price")
    return members if price is None else {**members, "unit_price": Decimal(price).scaleb(-6)}
