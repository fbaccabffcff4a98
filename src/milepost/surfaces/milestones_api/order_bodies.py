"""Bodies of orders: what may be said of a new one and in an edit (sections 7.3 and 7.5).

One declaration reads a body and is described in the OpenAPI document. Faults of single fields and of fields that
contradict each other are told together; whether an order number is free, or a workflow there, the verbs know.
"""

import re
from collections.abc import Iterator
from typing import Any

from milepost.http.scalars import flag, text
from milepost.http.values import (
    Flaw,
    Kind,
    Schema,
    Wrong,
    checked,
    kind,
    list_of,
    members,
    optional,
    required,
    wrong,
)
from milepost.surfaces.milestones_api.shaping import SELLER, SHIPS_TO
from milepost.surfaces.milestones_api.values import day, micros, own_id, quantity

MOST_ITEMS = 1000
MOST_TAGS = 50

_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)


def _currency() -> Kind:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        if not _CURRENCY.fullmatch(value):
            raise wrong("invalid_value", "must be three letters")
        return value.upper()

    return kind(read, {"type": "string", "pattern": "^[A-Za-z]{3}$"})


def _tags() -> Kind:
    several = list_of(text(64, filled=True), at_most=MOST_TAGS)

    def read(value: Any) -> list[str]:
        names: list[str] = several.read(value)
        repeated = [place for place, name in enumerate(names) if name in names[:place]]
        if repeated:
            raise Wrong([((place,), "duplicate", "is there already") for place in repeated])
        return names

    return kind(read, {**several.schema, "uniqueItems": True})


def _without_part(said: dict[str, Any], sent: dict[str, Any]) -> Iterator[Flaw]:
    """A line says what it is of (section 6.3)."""
    if sent.get("part_id") is None and not sent.get("name"):
        yield ("part_id",), "required", "or name is required"


_ITEM = (
    *optional(own_id(), "part_id"),
    *optional(text(128), "name"),
    *required(quantity(), "quantity"),
    *optional(text(32, at_least=1), "unit_of_measure"),
    *optional(micros(), "unit_price_micros"),
)
_PART: Schema = {
    "anyOf": [
        {"required": ["part_id"], "properties": {"part_id": {"type": ["string", "integer"]}}},
        {"required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}},
    ]
}
NEW_ITEM = checked(_ITEM, _without_part, _PART)
_STORED_ITEM = members(*required(text(), "id"), *_ITEM)


def _edited_item(value: Any) -> dict[str, Any]:
    """A line of an edit: of one with an `id` what is said, null included; one without is new."""
    is_stored = isinstance(value, dict) and value.get("id") is not None
    said: dict[str, Any] = _STORED_ITEM.patch(value) if is_stored else NEW_ITEM.read(value)
    return said


EDITED_ITEM = kind(
    _edited_item, {"anyOf": [{**_STORED_ITEM.patch_schema, "required": ["id"]}, NEW_ITEM.schema]}
)


def _two_spellings(said: dict[str, Any], sent: dict[str, Any]) -> Iterator[Flaw]:
    one, other = DELIVERY
    if one in said and other in said and said[one] != said[other]:
        yield (other,), "invalid_value", f"differs from {one}, which says the same"


def _contradictions(said: dict[str, Any], sent: dict[str, Any]) -> Iterator[Flaw]:
    yield from _two_spellings(said, sent)
    ships_on = said.get("ships_on")
    if any(ships_on is not None and name in said and ships_on >= said[name] for name in DELIVERY):
        yield ("ships_on",), "out_of_range", "must be earlier than the delivery date"


DELIVERY = ("delivered_on", "delivery_date")
"""The target delivery date has two spellings."""

_SUPPLIER = members(*required(own_id(), "id"), *optional(text(), "name"))


def _edited_supplier(value: Any) -> dict[str, Any]:
    """A supplier is always named by its id; a name that is left out stays."""
    said: dict[str, Any] = _SUPPLIER.patch(value)
    if "id" not in said:
        raise wrong("required", "is required", "id")
    return said


_NAMED = text(64, filled=True)
_PLAIN = (
    *optional(text(255), "name"),
    *optional(_currency(), "currency"),
    *optional(text(255), "incoterms", "payment_terms", "shipping_method"),
    *optional(text(10_000), "note"),
    *optional(members(*optional(text(), *SHIPS_TO)), "ships_to"),
    *optional(text(255), *SELLER),
    *optional(text(), "workflow_id"),
    *optional(day(), *DELIVERY),
)
_NEW = checked(
    (
        *required(_SUPPLIER, "supplier"),
        *required(list_of(NEW_ITEM, at_least=1, at_most=MOST_ITEMS), "order_items"),
        *required(day(), "ships_on"),
        *optional(_NAMED, "order_number"),
        *optional(_tags(), "tags"),
        *_PLAIN,
        *optional(flag(), "draft"),
    ),
    _contradictions,
)


def _new_order(value: Any) -> dict[str, Any]:
    """A missing supplier is a missing supplier id (section 11)."""
    try:
        said: dict[str, Any] = _NEW.read(value)
    except Wrong as found:
        raise Wrong([_at_supplier_id(flaw) for flaw in found.faults]) from None
    return said


def _at_supplier_id(flaw: Flaw) -> Flaw:
    where, code, message = flaw
    return (("supplier", "id"), code, message) if (where, code) == (("supplier",), "required") else flaw


NEW_ORDER = kind(_new_order, _NEW.schema)
"""The body of a POST."""

EDITED_ORDER = checked(
    (
        *optional(kind(_edited_supplier, _SUPPLIER.schema), "supplier"),
        *required(list_of(EDITED_ITEM, at_most=MOST_ITEMS), "order_items"),
        *optional(day(), "ships_on"),
        *required(_NAMED, "order_number"),
        *required(_tags(), "tags"),
        *_PLAIN,
    ),
    _two_spellings,
)
"""The body of a PATCH. What is required cannot be emptied."""
