"""The floor of a whole order: its document, made of the database's JSON text with plain dicts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from milepost.kit.ids import ulid

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_STOP: dict[str, Any] = {
    "country": None,
    "line_1": None,
    "line_2": None,
    "line_3": None,
    "locality": None,
    "postal_code": None,
    "region": None,
    "urbanization": None,
    "residential": False,
    "geolocation": None,
    "custom_data": None,
    "timezone": None,
    "location_number": None,
    "company_name": None,
    "references": [],
}


def document(text: str) -> dict[str, Any]:
    """What a GET of the order shows. Only of orders like those that are asked for here: never released nor
    canceled, without plans, with the requirements of their items written out."""
    whole = _decode(text)
    order = whole["order"]
    return {
        "id": ulid(order["id"]),
        "order_type": order["order_type"],
        "order_number": order["order_number"],
        "status": order["lifecycle"],
        "name": order["name"],
        "description": order["description"],
        "ship_to": _stop(order["ship_to"]),
        "ship_from": order["ship_from"] and _stop(order["ship_from"]),
        "source": order["source"],
        "source_system_id": order["source_system_id"],
        "start_date": order["start_date"],
        "expiration_date": order["expiration_date"],
        "references": order["doc_references"],
        "shipping_requirements": order["shipping_requirements"],
        "items": [_item(item) for item in whole["items"]],
        "tags": [{**tag, "id": ulid(tag["id"])} for tag in whole["tags"] or ()],
        "archived": order["archived"],
        "supplier_created_releases_allowed": order["supplier_created_releases_allowed"],
        "supplier": order["supplier"],
        "custom_data": order["custom_data"],
        "releases": [],
        "released_from_release_id": order["released_from_release_id"],
        "created_from_order_id": order["created_from_order_id"],
        "cancelled_at": order["cancelled_at"],
        "created_at": _instant(order["created_at"]),
        "updated_at": _instant(order["updated_at"]),
    }


def _stop(stop: dict[str, Any]) -> dict[str, Any]:
    return {**_STOP, **stop, "shipping_requirements": {"plan_window": None}}


def _item(item: dict[str, Any]) -> dict[str, Any]:
    amount = {"unit": item["unit"], "value": str(item["quantity"])}
    return {
        "id": ulid(item["id"]),
        "description": item["description"],
        "references": item["doc_references"],
        "amount": amount,
        "available_amount": amount,
        "shipping_requirements": item["shipping_requirements"],
        "custom_data": item["custom_data"],
    }


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).isoformat().replace("+00:00", "Z")
