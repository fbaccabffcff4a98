"""What bodies of this surface hold (sections 7 and 9 to 12), declared once: read by these kinds, and described by
their schemas.

A nested document is read as plain values by name; `wishes.py` completes them.
"""

from typing import Any, get_args

from milepost.http.scalars import choice, flag, text
from milepost.http.values import Kind, kind, list_of, members, optional, required, wrong
from milepost.model.order import OrderType
from milepost.model.releases import ReleaseType, TransitStatus
from milepost.surfaces.orders_api.open_values import custom_data, open_array, open_object
from milepost.surfaces.orders_api.scalars import (
    day,
    decimal,
    email,
    identifier,
    instant,
    integer,
    matching,
    number,
)

MOST_REFERENCES = 50
MOST_ITEMS = 1000
MOST_TAGS = 50

SLUG = r"[a-z0-9-]{1,64}"


def _window(said: dict[str, Any]) -> dict[str, Any] | None:
    """Both null is no window (section 7.2)."""
    start, end = said.get("start"), said.get("end")
    if start is not None and end is not None and end < start:
        raise wrong("end_before_start", "is before start", "end")
    return said or None


REFERENCE = members(*required(text(64, filled=True), "qualifier"), *required(text(filled=True), "value"))
REFERENCES = list_of(REFERENCE, at_most=MOST_REFERENCES)

GEOLOCATION = members(*required(number(-90, 90), "latitude"), *required(number(-180, 180), "longitude"))

_ADDRESS = (
    *optional(text(), "country", "line_1", "line_2", "line_3", "locality", "postal_code", "region"),
    *optional(text(), "urbanization"),
    *optional(flag(), "residential"),
    *optional(GEOLOCATION, "geolocation"),
)
ADDRESS = members(*_ADDRESS)

PLAN_WINDOW = members(*optional(instant(), "start", "end"), build=_window)

STOP = members(
    *_ADDRESS,
    *optional(custom_data(), "custom_data"),
    *optional(text(), "timezone", "location_number", "company_name"),
    *optional(REFERENCES, "references"),
    *optional(members(*optional(PLAN_WINDOW, "plan_window")), "shipping_requirements"),
)

CONTACT = members(*optional(email(), "email"), *optional(text(), "phone_number"))

BILL_TO = members(
    *optional(text(), "account_number", "billing_id", "payment_term", "billing_company_name"),
    *optional(ADDRESS, "billing_address"),
    *optional(CONTACT, "contact"),
)

SUPPLIER = members(
    *optional(text(), "name"),
    *optional(ADDRESS, "address"),
    *optional(open_array(), "identification_codes"),
    *optional(text(), "phone_number"),
    *optional(email(), "email"),
    *optional(text(64), "supplier_id"),
)

AMOUNT = members(*required(text(32, filled=True), "unit"), *required(decimal(), "value"))

DIMENSIONS = members(
    *required(text(32, filled=True), "unit"), *required(decimal(), "length", "width", "height")
)

HAZMAT_CONTACT = members(
    *optional(text(), "system_id", "contact_type", "company_name", "person_name", "email", "phone", "fax")
)

HAZMAT = members(
    *optional(text(), "identification_number", "hazard_class", "packing_group", "proper_shipping_name"),
    *optional(text(), "packing_instructions", "technical_name", "hazard_subsidiary_class"),
    *optional(HAZMAT_CONTACT, "emergency_contact", "signatory"),
)

ITEM_REQUIREMENTS = members(
    *optional(text(), "description", "customer_reference_number", "product_id", "freight_class"),
    *optional(text(), "nmfc_item_code", "nmfc_sub_code", "country_of_manufacture", "piece_type"),
    *optional(open_array(), "identifying_marks"),
    *optional(REFERENCES, "references"),
    *optional(AMOUNT, "tare_weight", "gross_weight", "volume"),
    *optional(DIMENSIONS, "dimensions"),
    *optional(HAZMAT, "hazmat"),
    *optional(open_object(), "temperature", "value_per_piece", "combined_handling_unit_info"),
    *optional(flag(), "stackable"),
    *optional(integer(), "total_pieces", "quantity"),
    *optional(text(), "packaging_type"),
    *optional(text(48), "handling_unit_id"),
)

ITEM_MEMBERS = (
    *optional(text(128), "description"),
    *optional(REFERENCES, "references"),
    *required(AMOUNT, "amount"),
    *optional(ITEM_REQUIREMENTS, "shipping_requirements"),
    *optional(custom_data(), "custom_data"),
)
ITEM = members(*ITEM_MEMBERS)
_LISTED_ITEM = members(*optional(identifier(), "id"), *ITEM_MEMBERS)
"""An element of `items` in a PUT or PATCH of an order: a stored item by its id, or a new one."""


_SLUG_OR_ID = text(filled=True)
_TAG = members(*required(identifier(), "id"))


def _tag_name(value: Any) -> str:
    """The id or slug by which an order names a tag; of a Tag object its id counts."""
    if isinstance(value, dict):
        return str(_TAG.read(value)["id"])
    return str(_SLUG_OR_ID.read(value))


TAG_NAME = kind(_tag_name, {"anyOf": [_SLUG_OR_ID.schema, _TAG.schema]})

_SHARED_MEMBERS = (
    *optional(choice(*get_args(OrderType)), "order_type"),
    *required(text(64, filled=True), "order_number"),
    *optional(text(255), "name"),
    *optional(text(10_000), "description"),
    *required(STOP, "ship_to"),
    *optional(STOP, "ship_from"),
    *optional(day(), "start_date", "expiration_date"),
    *optional(REFERENCES, "references"),
    *optional(members(*optional(BILL_TO, "bill_to")), "shipping_requirements"),
    *optional(list_of(TAG_NAME, at_most=MOST_TAGS), "tags"),
    *optional(flag(), "archived", "supplier_created_releases_allowed"),
    *optional(SUPPLIER, "supplier"),
    *optional(custom_data(), "custom_data"),
)
NEW_ORDER = members(
    *_SHARED_MEMBERS,
    *optional(text(64), "source_system_id"),
    *optional(list_of(ITEM, at_most=MOST_ITEMS), "items"),
)
"""The body of a POST."""
ORDER_MEMBERS = (*_SHARED_MEMBERS, *optional(list_of(_LISTED_ITEM, at_most=MOST_ITEMS), "items"))
ORDER = members(*ORDER_MEMBERS)
"""The body of a PUT; its `patch` is that of a PATCH."""


_TAKEN = members(*required(identifier(), "order_item_id"), *optional(AMOUNT, "amount"))
_TAKEN_BY_ID = members(*required(identifier(), "id"), *optional(AMOUNT, "amount"))


def _taken(value: Any) -> dict[str, Any]:
    """An item and how much of it; `id` is another name of `order_item_id`."""
    if not isinstance(value, dict) or value.get("order_item_id") is not None or value.get("id") is None:
        return dict(_TAKEN.read(value))
    said = _TAKEN_BY_ID.read(value)
    return {"order_item_id": said["id"], "amount": said.get("amount")}


def _release_type(word: ReleaseType) -> Kind:
    """The word by which this kind of release is known; another one is read elsewhere, or refused."""
    return kind(choice(*get_args(ReleaseType)).read, {"type": "string", "enum": [word]})


_RELEASED = required(
    list_of(kind(_taken, {"anyOf": [_TAKEN.schema, _TAKEN_BY_ID.schema]}), at_least=1, at_most=MOST_ITEMS),
    "items",
)
_LEG = (
    *optional(text(), "released_to_shipping_plan_id"),
    *optional(text(48), "released_to_shipment_id"),
    *optional(text(6), "released_to_shipment_reference_id"),
    *optional(text(48), "released_to_shipment_origin_stop_id", "released_to_shipment_destination_stop_id"),
    *optional(choice(*get_args(TransitStatus)), "transit_status"),
)
NEW_LEG = members(*optional(_release_type("TRANSPORTATION"), "release_type"), *_RELEASED, *_LEG)
"""A TRANSPORTATION release."""
CHILD_MEMBERS = (
    *optional(text(64, filled=True), "order_number"),
    *optional(text(255), "name"),
    *optional(day(), "start_date", "expiration_date"),
    *optional(STOP, "ship_to", "ship_from"),
)
NEW_CHILD = members(*required(_release_type("PURCHASE_ORDER"), "release_type"), *_RELEASED, *CHILD_MEMBERS)
"""A PURCHASE_ORDER release: what its child order has of its own."""


def _release(value: Any) -> dict[str, Any]:
    is_child = isinstance(value, dict) and value.get("release_type") == "PURCHASE_ORDER"
    said: dict[str, Any] = (NEW_CHILD if is_child else NEW_LEG).read(value)
    return said


NEW_RELEASE = kind(_release, {"anyOf": [NEW_LEG.schema, NEW_CHILD.schema]})

LEG_CHANGE = members(*_LEG, *optional(instant(), "unassigned_at"))
"""What a PATCH may change of a TRANSPORTATION release."""

_TOLD = members(*optional(text(), "document_type", "description"))
RELEASE_FORM = members(
    *optional(members(*optional(list_of(_TOLD, at_most=MOST_ITEMS), "documents")), "documents_metadata")
)
"""Besides `data`, what a form tells of its files, by their position (section 11.1)."""

NEW_TAG = members(
    *required(text(64, filled=True), "name"),
    *optional(matching(SLUG, 64, "has only the letters a to z, digits and -"), "slug"),
)
