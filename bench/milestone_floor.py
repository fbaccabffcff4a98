"""The floor of a list of purchase orders: each row made of the database's JSON text with plain dicts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_NOTHING: Mapping[str, Any] = {}
_STATUSES = (
    ("delivery", "delivered"),
    ("shipment", "shipped"),
    ("production_start", "in_production"),
    ("acceptance", "accepted"),
)


def row(team: Mapping[str, str], text: str) -> dict[str, Any]:
    """What a list shows of the order. Only of orders like those that are asked for here: issued today, neither
    refused nor canceled, without legs of transport and tasks that block."""
    order = _decode(text)
    content, milestones = order["content"], order["plan"]["milestones"]
    supplier, stop = content["supplier"], content["ship_to"]
    address = supplier["address"] or _NOTHING
    confirmed = {one["type"] for one in milestones if one["status"] == "confirmed"}
    pending = [one for one in milestones if one["status"] != "confirmed"]
    today = datetime.now(UTC).date().isoformat()
    return {
        "id": order["id"],
        "status": next((status for kind, status in _STATUSES if kind in confirmed), "issued"),
        "order_number": content["order_number"],
        "name": content["name"],
        "currency": content["currency"],
        "incoterms": content["incoterms"],
        "payment_terms": content["payment_terms"],
        "shipping_method": content["shipping_method"],
        "note": content["note"],
        "team": team,
        "supplier": {"id": supplier["supplier_id"], "name": supplier["name"]},
        "ships_to": stop and {name: stop.get(name) for name in _SHIPS_TO},
        "issued_at": order["issued_on"],
        "last_issued_at": order["last_issued_on"],
        "ships_on": _target(milestones, "shipment", content["ships_on"]),
        "delivered_on": _target(milestones, "delivery", content["delivered_on"]),
        **{name: address.get(member) for name, member in _SELLER},
        "tags": [tag["name"] for tag in order["tags"]],
        "workflow_id": order["milestone_workflow_id"],
        "current_milestone_id": pending[0]["id"] if pending else None,
        "late": any(one["key_date"] is not None and one["key_date"] < today for one in pending),
        "overdue": False,
        "canceled_at": None,
        "created_at": _instant(order["created_at"]),
        "updated_at": _instant(order["updated_at"]),
    }


def _target(milestones: Sequence[Mapping[str, Any]], kind: str, kept: str | None) -> str | None:
    return next((one["key_date"] for one in milestones if one["type"] == kind), kept)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(microsecond=0)


_SHIPS_TO = (
    *("company_name", "location_number", "line_1", "line_2", "line_3"),
    *("locality", "region", "postal_code", "country", "timezone"),
)
_SELLER = (
    ("seller_address_line1", "line_1"),
    ("seller_address_line2", "line_2"),
    ("seller_city", "locality"),
    ("seller_state", "region"),
    ("seller_postal_code", "postal_code"),
    ("seller_country", "country"),
)
