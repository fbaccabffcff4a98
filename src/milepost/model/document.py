"""An order and its lines as documents in event form, and what differs between two of them.

The documents are those of `order.created` and the item events (Orders API, section 14): ids as ULIDs,
decimals as strings that keep their scale, dates as midnight UTC, date-times with `+00:00`. The diffs follow
rules D1 to D8 of section 15: both sides always have the same keys, those of what changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from milepost.kit.ids import ulid
from milepost.model.events import event_instant
from milepost.model.lifecycle import Lifecycle
from milepost.model.order import Customer, NewItem, NewOrder, Reference, Stop
from milepost.model.shapes import ITEM_REQUIREMENTS, ORDER_REQUIREMENTS, SUPPLIER, Document, complete

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


class Described(Struct, frozen=True, kw_only=True):
    """All that the documents tell of an order. `items` are its lines in their own sequence, with their
    ids."""

    id: str
    content: NewOrder
    items: Sequence[tuple[str, NewItem]]
    status: Lifecycle
    created_at: datetime
    updated_at: datetime
    source_system_id: str | None = None
    tags: Sequence[Document] = ()
    """Tag documents."""
    releases: Sequence[Document] = ()
    """Release documents, in event form."""
    created_from_order_id: str | None = None
    released_from_release_id: str | None = None


def order_document(order: Described) -> Document:
    """The 28 members of `order.created`."""
    content = order.content
    identifier = ulid(order.id)
    return {
        "id": identifier,
        "resource_type": "order",
        "self_link": f"/orders/{identifier}",
        "order_type": content.order_type,
        "order_number": content.order_number,
        "status": order.status,
        "name": content.name,
        "description": content.description,
        "ship_to": stop_document(content.ship_to or _NOWHERE),
        "ship_from": None if content.ship_from is None else stop_document(content.ship_from),
        "source": content.source,
        "source_system_id": order.source_system_id,
        "start_date": day(content.start_date),
        "expiration_date": day(content.expiration_date),
        "references": reference_documents(content.references),
        "shipping_requirements": complete(content.shipping_requirements, ORDER_REQUIREMENTS),
        "items": [item_document(item_id, item) for item_id, item in order.items],
        "tags": list(order.tags),
        "archived": content.archived,
        "supplier_created_releases_allowed": content.supplier_created_releases_allowed,
        "supplier": complete(content.supplier, SUPPLIER),
        "custom_data": content.custom_data,
        "releases": list(order.releases),
        "released_from_release_id": _ulid(order.released_from_release_id),
        "created_from_order_id": _ulid(order.created_from_order_id),
        "cancelled_at": instant(content.cancelled_at),
        "created_at": instant(order.created_at),
        "updated_at": instant(order.updated_at),
    }


def elsewhere(content: NewOrder) -> Document:
    """What the shop or another surface sets and only other surfaces show, to stand beside an order document
    when it is compared. Each has the name it bears there."""
    return {
        "currency": content.currency,
        "note": content.note,
        "customer": _customer(content.customer),
        "total_price": None if content.total_price is None else decimal(content.total_price),
        "ships_on": None if content.ships_on is None else content.ships_on.isoformat(),
        "delivered_on": None if content.delivered_on is None else content.delivered_on.isoformat(),
    }


def item_document(item_id: str, item: NewItem, available: Decimal | None = None) -> Document:
    """The 7 members of an item. `available` is what releases left of the amount; None means all of it."""
    amount = {"unit": item.unit, "value": decimal(item.quantity)}
    return {
        "id": ulid(item_id),
        "description": item.description,
        "references": reference_documents(item.references),
        "amount": amount,
        "available_amount": dict(amount)
        if available is None
        else {"unit": item.unit, "value": decimal(available)},
        "shipping_requirements": complete(item.shipping_requirements, ITEM_REQUIREMENTS),
        "custom_data": item.custom_data,
    }


def stop_document(stop: Stop) -> Document:
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
            else {"start": instant(window.start), "end": instant(window.end)}
        },
    }


def reference_documents(references: Iterable[Reference]) -> list[Document]:
    return [{"qualifier": reference.qualifier, "value": reference.value} for reference in references]


def instant(at: datetime | None) -> str | None:
    return None if at is None else event_instant(at)


def day(date_: date | None) -> str | None:
    """A date as its midnight in UTC."""
    return None if date_ is None else f"{date_.isoformat()}T00:00:00+00:00"


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
    Unlike in Python, `true` is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], keys: Iterable[str]) -> Diff:
    changed = [key for key in keys if not same_json(old.get(key), new.get(key))]
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
