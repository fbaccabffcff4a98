"""Short ways to speak of orders over HTTP, and what every refusal looks like (section 6)."""

import json
from typing import Any

import msgspec

from milepost.kit.ids import parse_id
from tests.surfaces.world import Reply, Team

STATUSES = {"not_found": 404, "precondition_failed": 412, "too_large": 413, "unsupported_media_type": 415}
"""Statuses of codes that answer something else than 400 when they blame no field."""

KG = {"unit": "KG", "value": "100"}


def kg(value: str) -> dict[str, str]:
    return {"unit": "KG", "value": value}


def refused(reply: Reply, *faults: tuple[str | None, str]) -> None:
    """Asserts a refusal with exactly these (field, code) faults, told alike in all three members."""
    body = reply.json
    status = 400 if faults[0][0] is not None else STATUSES.get(faults[0][1], 400)
    assert reply.status == status, reply
    assert [(error["field"], error["code"]) for error in body["errors"]] == list(faults), reply
    assert set(body) == {"error_description", "errors", "detail"}
    assert body["error_description"] == body["errors"][0]["message"] != ""
    prefix = "value_error." if status == 400 else ""
    assert [(one["msg"], one["type"]) for one in body["detail"]] == [
        (error["message"], prefix + error["code"]) for error in body["errors"]
    ]
    for one, (field, _) in zip(body["detail"], faults, strict=True):
        if field is not None:
            assert ".".join(map(str, one["loc"][1:])) == field
    assert reply.headers["Content-Type"] == "application/json"


async def create(team: Team, number: str, **body: Any) -> dict[str, Any]:
    """A new order that must be taken; as it is answered."""
    reply = await team.orders_api("POST", "/orders", body={"order_number": number, "ship_to": {}, **body})
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def read(team: Team, order_id: str) -> dict[str, Any]:
    """The order as GET shows it."""
    made: dict[str, Any] = (await team.orders_api("GET", f"/orders/{order_id}")).ok()
    return made


async def etag(team: Team, order_id: str) -> str:
    return str((await team.orders_api("GET", f"/orders/{order_id}")).headers["ETag"])


async def put(team: Team, order_id: str, body: dict[str, Any], **options: Any) -> Reply:
    return await team.orders_api("PUT", f"/orders/{order_id}", body=body, **options)


async def patch(team: Team, order_id: str, body: dict[str, Any], **options: Any) -> Reply:
    return await team.orders_api("PATCH", f"/orders/{order_id}", body=body, **options)


async def release(team: Team, order_id: str, **body: Any) -> dict[str, Any]:
    """A release that must be taken; as it is answered."""
    reply = await team.orders_api("POST", f"/orders/{order_id}/releases", body=body)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def leg(team: Team, order: dict[str, Any], transit_status: str | None = None) -> dict[str, Any]:
    """A leg with all that is available of the order's first item."""
    items = [{"order_item_id": order["items"][0]["id"]}]
    return await release(team, order["id"], items=items, transit_status=transit_status)


async def told(team: Team, order_id: str) -> list[tuple[str, Any, Any]]:
    """(name, old_data, new_data) of the order's events, in sequence."""
    events = await team.events(parse_id(order_id) or "")
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    return [(event["type"], _plain(event["old_data"]), _plain(event["new_data"])) for event in events]


def _plain(stored: Any) -> Any:
    """A stored document as a client would decode it."""
    return json.loads(_encode(stored))


_encode = msgspec.json.Encoder(decimal_format="number").encode
