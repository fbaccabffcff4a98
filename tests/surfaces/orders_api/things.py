"""One thing of each kind that the Orders API shows, and for every route a call of them that is granted."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from milepost.kit.ids import new_id, ulid
from milepost.surfaces.orders_api.call import Endpoint
from milepost.surfaces.orders_api.endpoints import ENDPOINTS
from tests.surfaces.orders_api.hooks import URL, Received, receiver, wish
from tests.surfaces.orders_api.talk import create, kg
from tests.surfaces.orders_api.test_releases import BOUNDARY, data, form
from tests.surfaces.world import NO_ID, Team, World, served

Things = dict[str, str]
"""What a team has: ids by the names that paths have for them, and besides `tag_id`, `tag` (a slug), `number` (of
the order), `child_id` (an order released from it), `supplier_id` and `leg_item_id` (an item that a release holds)."""

ROUTES: dict[str, Endpoint] = {f"{each.method} /{each.path}": each for each in ENDPOINTS}
"""The endpoints by method and path template."""

PARAMETER = re.compile(r"\{(\w+)\}")

EVENTS = ["order.created", "order.updated"]


async def things(team: Team, prefix: str = "", *, url: str = URL) -> Things:
    """New ones, all words of them with the prefix."""
    hook = await _made(team, "/webhooks", wish(url=url, enabled_events=EVENTS, custom_data={"is": prefix}))
    tag = await _made(team, "/tags", {"name": f"{prefix}Shelf"})
    items = [{"description": f"{prefix}{text}", "amount": kg("10")} for text in ("Screw", "Hanger")]
    number, supplier = f"{prefix}{new_id()[-20:]}", {"name": f"{prefix}Mill", "supplier_id": f"{prefix}S-31"}
    order = await create(
        team, number, name=f"{prefix}June", items=items, tags=[tag["slug"]], supplier=supplier
    )
    leg = await _released(team, order, "TRANSPORTATION", kg("0"), prefix)
    parted = await _released(team, order, "PURCHASE_ORDER", kg("1"), prefix)
    (event,) = (await team.orders_api("GET", f"/events?sequence=1&order_id={order['id']}")).ok()["data"]
    path = f"/webhooks/{hook['id']}/deliveries?event_id={event['id']}"
    (delivery,) = (await team.orders_api("GET", path)).ok()["data"]
    return {
        "order_id": order["id"],
        "order_item_id": order["items"][1]["id"],
        "leg_item_id": order["items"][0]["id"],
        "release_id": leg["id"],
        "document_id": leg["documents"][0]["id"],
        "child_id": parted["released_to_order_id"],
        "tag_id": tag["id"],
        "tag": tag["slug"],
        "number": order["order_number"],
        "supplier_id": order["supplier"]["supplier_id"],
        "event_id": event["id"],
        "webhook_id": hook["id"],
        "delivery_id": delivery["id"],
    }


@asynccontextmanager
async def reaching(pool: Any) -> AsyncIterator[tuple[World, Received]]:
    """A server whose webhooks may reach the loopback interface, and a receiver there."""
    async with (
        receiver() as received,
        served(pool, webhook_allow_cidrs="127.0.0.0/8", webhook_allow_http=True) as world,
    ):
        yield world, received


def nobodys() -> Things:
    """Ids that name nothing, and words that stand nowhere."""
    words = {"tag": "no-tag", "number": "no number", "supplier_id": "no supplier"}
    ids = {name for route in ROUTES for name in PARAMETER.findall(route)} | {
        "leg_item_id",
        "child_id",
        "tag_id",
    }
    return {name: ulid(NO_ID) for name in ids} | words


def address(route: str, of: Things) -> str:
    """The route's path to these things."""
    return PARAMETER.sub(lambda name: of[name[1]], route.partition(" ")[2])


BODIES: dict[str, Callable[[Things], dict[str, Any] | None]] = {
    "POST /orders": lambda of: {
        "order_number": new_id(),
        "ship_to": {},
        "tags": [of["tag"], of["tag_id"]],
        "items": [{"amount": kg("1")}],
    },
    "PUT /orders/{order_id}": lambda of: {
        "order_number": new_id(),
        "ship_to": {},
        "tags": [of["tag"], {"id": of["tag_id"]}],
        "items": [{"id": of[item], "amount": kg("20")} for item in ("order_item_id", "leg_item_id")],
    },
    "PATCH /orders/{order_id}": lambda of: {
        "name": "Changed",
        "tags": [of["tag_id"]],
        "items": [{"id": of[item], "amount": kg("30")} for item in ("leg_item_id", "order_item_id")],
    },
    "POST /orders/{order_id}/cancel": lambda of: {},
    "POST /orders/{order_id}/items": lambda of: {"amount": kg("1")},
    "PUT /orders/{order_id}/items/{order_item_id}": lambda of: {"amount": kg("40")},
    "PATCH /orders/{order_id}/items/{order_item_id}": lambda of: {"description": "Changed"},
    "POST /orders/{order_id}/releases": lambda of: {
        "items": [{"order_item_id": of["order_item_id"], "amount": kg("1")}]
    },
    "PATCH /orders/{order_id}/releases/{release_id}": lambda of: {"transit_status": "DISPATCHED"},
    "POST /tags": lambda of: {"name": "New"},
    "POST /webhooks": lambda of: wish(),
    "PUT /webhooks/{webhook_id}": lambda of: wish(enabled_events=["order.overdue"]),
    "PATCH /webhooks/{webhook_id}": lambda of: {"enabled_events": ["order.overdue"]},
    "POST /webhooks/{webhook_id}/test": lambda of: {"event_name": "order.updated"},
    "POST /webhooks/{webhook_id}/rotate-secret": lambda of: {"overlap_seconds": 60},
    "POST /webhooks/{webhook_id}/redeliver": lambda of: {"event_id": of["event_id"]},
}
"""For every route that takes one, a body that is granted and changes something."""


def body_for(route: str, of: Things) -> dict[str, Any] | None:
    return BODIES[route](of) if ROUTES[route].body != "none" else None


async def _made(team: Team, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await team.orders_api("POST", path, body=body)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def _released(
    team: Team, order: dict[str, Any], kind: str, amount: dict[str, str], prefix: str
) -> dict[str, Any]:
    """A release of the order's first item, with a document."""
    taken = [{"order_item_id": order["items"][0]["id"], "amount": amount}]
    file = ("documents", f"{prefix}packing.txt", "text/plain", prefix.encode() + b"on paper")
    content = form(data({"release_type": kind, "items": taken}), file)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/orders/{order['id']}/releases"
    reply = await team.orders_api("POST", path, body=content, headers=headers)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made
