"""An order and its lines as documents, and what differs between two of them.

Two forms: what a GET of the Orders API shows (REST), and what events tell (EVENT; sections 4 and 14). In both,
ids are ULIDs and decimals strings that keep their scale; date-times end in `Z` in the one and in `+00:00` in the
other, dates are plain days in the one and midnights in the other. The diffs follow rules D1 to D8 of section 15:
both sides always have the same keys, those of what changed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from milepost.kit.ids import ulid
from milepost.model.events import event_instant
from milepost.model.order import Customer, NewItem, NewOrder, Reference, Stop, StoredOrder, Tag
from milepost.model.releases import Release, ReleaseDocument, available
from milepost.model.shapes import ORDER_REQUIREMENTS, SUPPLIER, Document, complete, item_requirements

Diff = tuple[Document, Document]
"""old_data and new_data; both empty when nothing differs."""

ORDER_COMPARED = (
    "custom_data",
    "order_number",
    "name",
    "description",
    "ship_to",
    "ship_from",
    "start_date",
    "expiration_date",
    "references",
    "shipping_requirements",
    "tags",
    "archived",
    "supplier",
    "supplier_created_releases_allowed",
    "releases",
    "status",
    "cancelled_at",
)
"""What `order.updated` compares of the order document (D2)."""

SHOWN_ELSEWHERE = (
    "currency",
    "incoterms",
    "payment_terms",
    "shipping_method",
    "note",
    "issued_at",
    "last_issued_at",
    "ships_on",
    "delivered_on",
    "workflow_id",
    "customer",
    "total_price",
)
"""Properties that only other surfaces show; compared where they stand beside the documents (D2, last
sentence)."""

ITEM_COMPARED = ("custom_data", "description", "references", "amount", "shipping_requirements")
"""What `order.item.updated` compares of the item document (D3)."""


class Form(Struct, frozen=True):
    """How a document writes moments and days."""

    instant: Callable[[datetime | None], str | None]
    day: Callable[[date | None], str | None]


def _rest_instant(at: datetime | None) -> str | None:
    return None if at is None else event_instant(at).replace("+00:00", "Z")


def _rest_day(date_: date | None) -> str | None:
    return None if date_ is None else date_.isoformat()


def _event_instant(at: datetime | None) -> str | None:
    return None if at is None else event_instant(at)


def _event_day(date_: date | None) -> str | None:
    return None if date_ is None else f"{date_.isoformat()}T00:00:00+00:00"


REST = Form(_rest_instant, _rest_day)
EVENT = Form(_event_instant, _event_day)


def order_document(order: StoredOrder) -> Document:
    """The 28 members of `order.created` (section 14)."""
    identifier = ulid(order.id)
    own = {"resource_type": "order", "self_link": f"/orders/{identifier}"}
    return own | _order_members(order, identifier, EVENT)


def shown_order(order: StoredOrder) -> Document:
    """The 26 members that a GET of the order shows (section 7.1)."""
    return _order_members(order, ulid(order.id), REST)


def _order_members(order: StoredOrder, identifier: str, form: Form) -> Document:
    content = order.content
    left = available(order)
    return {
        "id": identifier,
        "order_type": content.order_type,
        "order_number": content.order_number,
        "status": order.lifecycle,
        "name": content.name,
        "description": content.description,
        "ship_to": stop_document(content.ship_to or _NOWHERE, form),
        "ship_from": None if content.ship_from is None else stop_document(content.ship_from, form),
        "source": content.source,
        "source_system_id": content.source_system_id,
        "start_date": form.day(content.start_date),
        "expiration_date": form.day(content.expiration_date),
        "references": reference_documents(content.references),
        "shipping_requirements": complete(content.shipping_requirements, ORDER_REQUIREMENTS),
        "items": [item_document(item.id, item.content, left.get(item.id)) for item in order.items],
        "tags": [tag_document(tag) for tag in order.tags],
        "archived": content.archived,
        "supplier_created_releases_allowed": content.supplier_created_releases_allowed,
        "supplier": complete(content.supplier, SUPPLIER),
        "custom_data": content.custom_data,
        "releases": [release_document(identifier, release, form) for release in order.releases],
        "released_from_release_id": _ulid(order.released_from_release_id),
        "created_from_order_id": _ulid(order.created_from_order_id),
        "cancelled_at": form.instant(content.cancelled_at),
        "created_at": form.instant(order.created_at),
        "updated_at": form.instant(order.updated_at),
    }


def release_document(order_ulid: str, release: Release, form: Form) -> Document:
    """The 13 members of a TRANSPORTATION release, the 8 of a PURCHASE_ORDER one (section 7.5)."""
    document: Document = {
        "release_type": release.release_type,
        "id": ulid(release.id),
        "created_from_product_order_id": order_ulid,
    }
    if release.released_to_order_id is not None:
        document["released_to_order_id"] = ulid(release.released_to_order_id)
    else:
        document |= {
            "released_to_shipping_plan_id": release.shipping_plan_id,
            "released_to_shipment_id": release.shipment_id,
            "released_to_shipment_reference_id": release.shipment_reference_id,
            "released_to_shipment_origin_stop_id": release.origin_stop_id,
            "released_to_shipment_destination_stop_id": release.destination_stop_id,
            "transit_status": release.transit_status,
        }
    items = [
        {"order_item_id": ulid(item.item_id), "amount": {"unit": item.unit, "value": decimal(item.quantity)}}
        for item in release.items
    ]
    return document | {
        "unassigned_at": form.instant(release.unassigned_at),
        "items": items,
        "documents": [_file_document(file) for file in release.documents],
        "created_at": form.instant(release.created_at),
    }


def tag_document(tag: Tag) -> Document:
    return {"id": ulid(tag.id), "slug": tag.slug, "name": tag.name}


def _file_document(file: ReleaseDocument) -> Document:
    return {
        "id": ulid(file.id),
        "file_name": file.file_name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "document_type": file.document_type,
        "description": file.description,
    }


def elsewhere(content: NewOrder) -> Document:
    """What the shop or another surface sets and only other surfaces show, to stand beside an order document
    when it is compared. Each has the name it bears there."""
    return {
        "currency": content.currency,
        "incoterms": content.incoterms,
        "payment_terms": content.payment_terms,
        "shipping_method": content.shipping_method,
        "note": content.note,
        "customer": _customer(content.customer),
        "total_price": None if content.total_price is None else decimal(content.total_price),
        "ships_on": None if content.ships_on is None else content.ships_on.isoformat(),
        "delivered_on": None if content.delivered_on is None else content.delivered_on.isoformat(),
    }


def item_document(item_id: str, item: NewItem, available: Decimal | None = None) -> Document:
    """The 7 members of an item. `available` is what releases left of the amount; None means all of it."""
    amount = {"unit": item.counted_in, "value": decimal(item.quantity)}
    return {
        "id": ulid(item_id),
        "description": item.description,
        "references": reference_documents(item.references),
        "amount": amount,
        "available_amount": dict(amount)
        if available is None
        else {"unit": item.counted_in, "value": decimal(available)},
        "shipping_requirements": item_requirements(item.shipping_requirements),
        "custom_data": item.custom_data,
    }


def stop_document(stop: Stop, form: Form = EVENT) -> Document:
    """The 16 members of a stop."""
    place, window = stop.geolocation, stop.shipping_requirements.plan_window
    return {
        "country": stop.country,
        "line_1": stop.line_1,
        "line_2": stop.line_2,
        "line_3": stop.line_3,
        "locality": stop.locality,
        "postal_code": stop.postal_code,
        "region": stop.region,
        "urbanization": stop.urbanization,
        "residential": stop.residential,
        "geolocation": None if place is None else {"latitude": place.latitude, "longitude": place.longitude},
        "custom_data": stop.custom_data,
        "timezone": stop.timezone,
        "location_number": stop.location_number,
        "company_name": stop.company_name,
        "references": reference_documents(stop.references),
        "shipping_requirements": {
            "plan_window": None
            if window is None
            else {"start": form.instant(window.start), "end": form.instant(window.end)}
        },
    }


def reference_documents(references: Iterable[Reference]) -> list[Document]:
    return [{"qualifier": reference.qualifier, "value": reference.value} for reference in references]


def decimal(value: Decimal) -> str:
    """All digits, scale kept, never an exponent."""
    return format(value, "f")


def diff_order(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """What `order.updated` tells of two order documents. Properties of `elsewhere` count when both carry them
    beside the documents' own."""
    return _differing(old, new, (*ORDER_COMPARED, *SHOWN_ELSEWHERE))


def diff_item(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """What `order.item.updated` tells of two item documents. Inside `shipping_requirements`, when both
    sides have them, only the differing members appear (D6)."""
    old_data, new_data = _differing(old, new, ITEM_COMPARED)
    before, after = old_data.get("shipping_requirements"), new_data.get("shipping_requirements")
    if before is not None and after is not None:
        members = sorted({*before, *after})
        old_data["shipping_requirements"], new_data["shipping_requirements"] = _differing(
            before, after, members
        )
    return old_data, new_data


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values (D4): numbers by value, strings exactly, arrays in sequence, objects by key.
    Unlike in Python, `true` is no number, and a float is the number it is written as: 0.1 is Decimal("0.1")."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(_exact(one) == _exact(other))


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], keys: Iterable[str]) -> Diff:
    changed = [
        key
        for key in keys
        if (was := old.get(key)) is not (becomes := new.get(key)) and not same_json(was, becomes)
    ]
    return {key: old.get(key) for key in changed}, {key: new.get(key) for key in changed}


def _customer(customer: Customer | None) -> Document | None:
    if customer is None:
        return None
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
    }


def _ulid(identifier: str | None) -> str | None:
    return None if identifier is None else ulid(identifier)


_NOWHERE = Stop()
