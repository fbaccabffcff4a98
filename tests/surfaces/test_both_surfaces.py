"""What is done on one surface is seen on the other at once (Orders API, section 22)."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from milepost.kit.ids import parse_id, ulid
from tests.surfaces.orders_api import talk
from tests.surfaces.orders_api.talk import kg
from tests.surfaces.test_one_truth import WORKSPACE, all_events, same_order
from tests.surfaces.world import Reply, Team, World

# Fifty at once


async def test_fifty_writers_of_both_surfaces(world: World) -> None:
    """O-44: patches, items, releases, moves, addons, line items and bulk moves, all at once on three orders: nothing
    is lost, and every sequence is 1..n."""
    team = await world.team()
    await team.apply(WORKSPACE)
    orders = [await talk.create(team, f"F-{number}", items=[{"amount": kg("1000")}]) for number in range(3)]
    uuids = [parse_id(order["id"]) or "" for order in orders]

    async def write(number: int) -> Reply:
        order, uuid = orders[number % 3], uuids[number % 3]
        path, line = f"/orders/{order['id']}", parse_id(order["items"][0]["id"])
        known, turn = team.known, number // 8
        body: dict[str, Any]
        match number % 8:
            case 0:
                return await talk.patch(team, order["id"], {"custom_data": {f"writer {number}": number}})
            case 1:
                return await team.orders_api("POST", f"{path}/items", body={"amount": kg(str(number))})
            case 2:
                body = {"items": [{"order_item_id": order["items"][0]["id"], "amount": kg("1")}]}
                return await team.orders_api("POST", f"{path}/releases", body=body)
            case 3:
                return await team.move(uuid, known[("Accepted", "Sent", "Waiting", "There")[turn % 4]])
            case 4:
                return await team.move(
                    uuid, known["Lacquer"], known[f"Coats/{('First', 'Second')[turn % 2]}"]
                )
            case 5:
                body = {"status_id": known["Waiting" if turn % 2 else "There"]}
                return await team.post(f"/line-items/{line}/status", body)
            case 6:
                body = {"order_ids": uuids, "status_id": known["Sent" if turn % 2 else "Looked at"]}
                return await team.post("/orders/status-bulk", body)
        return await talk.patch(team, order["id"], {"references": [{"qualifier": "A", "value": str(number)}]})

    replies = await asyncio.gather(*(write(number) for number in range(50)))
    assert {reply.status for reply in replies} == {200, 201}
    assert {reply.json.get("failed", 0) for reply in replies} == {0}
    for order in orders:
        after = await talk.read(team, order["id"])
        events = await all_events(team, f"/events?limit=50&order_id={order['id']}")
        names = [event["event_name"] for event in events]
        assert [event["sequence"] for event in events] == list(range(len(events), 0, -1))
        assert names[-1] == "order.created"
        mine = [number for number in range(50) if orders[number % 3] is order]
        assert (
            len(after["items"])
            == 1 + sum(number % 8 == 1 for number in mine)
            == 1 + names.count("order.item.created")
        )
        assert len(after["releases"]) == sum(number % 8 == 2 for number in mine)
        assert set(after["custom_data"]) == {f"writer {number}" for number in mine if number % 8 == 0}
        taken = Decimal(1000) - len(after["releases"])
        assert Decimal(after["items"][0]["available_amount"]["value"]) == taken


# What one surface does is seen on the other (O-66)


@pytest.fixture
async def shop(team: Team) -> Team:
    await team.apply(WORKSPACE)
    return team


async def test_a_cancel_shows_at_once(shop: Team) -> None:
    """O-66: `cancelled: true` in the Status API, in its lists too. The Milestones API is not there yet; what it reads
    `canceled` from is the same row."""
    order = await talk.create(shop, "A", items=[{"amount": kg("2")}])
    uuid = parse_id(order["id"]) or ""
    assert (await shop.read(uuid))["cancelled"] is False
    canceled = (await shop.orders_api("POST", f"/orders/{order['id']}/cancel")).ok()
    seen = await shop.read(uuid)
    same_order(canceled, seen)
    assert seen["cancelled"] is True
    (listed,) = (await shop.get("/orders")).ok()["orders"]
    assert listed == seen
    assert (await shop.row(uuid))["lifecycle"] == "CANCELED"


async def test_a_status_change_there_is_an_event_here(shop: Team) -> None:
    """O-66: `order.status.changed` with the next `sequence`; `updated_at` and ETag move; who did it is named."""
    order = await talk.create(shop, "A")
    uuid, path = parse_id(order["id"]) or "", f"/orders/{order['id']}"
    (await talk.patch(shop, order["id"], {"name": "June"})).ok()
    before = await shop.orders_api("GET", path)
    key = await shop.new_key("canChangeOrderStatus")
    await shop.moved(uuid, shop.known["Waiting"], key=key)
    after = await shop.orders_api("GET", path)
    assert after.json == {**before.json, "updated_at": after.json["updated_at"]}
    assert after.json["updated_at"] > before.json["updated_at"]
    assert after.headers["ETag"] != before.headers["ETag"]
    (event,) = (await shop.orders_api("GET", f"/events?order_id={order['id']}&sequence.gt=2")).ok()["data"]
    [row] = await shop.world.pool.fetch(
        "select id from api_keys where team_id = $1 order by id desc limit 1", shop.id
    )
    status = (await shop.get(f"/statuses/{shop.known['Waiting']}")).ok()["status"]
    held = {"id": ulid(status["id"]), "name": "Waiting", "color": status["color"]}
    assert (event["event_name"], event["sequence"]) == ("order.status.changed", 3)
    assert event["source"]["user_id"] == ulid(str(row["id"]))
    assert event["occurred_at"] == after.json["updated_at"].replace("Z", "+00:00")
    assert event["details"] == {
        "id": order["id"],
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order",
        "self_link": path,
        "old_data": {"custom_status": None},
        "new_data": {"custom_status": held},
    }
    assert (await shop.move(uuid, shop.known["Waiting"])).status == 200
    again = await shop.orders_api("GET", path)
    assert (again.raw, again.headers["ETag"]) == (after.raw, after.headers["ETag"])


async def test_what_is_changed_here_is_read_there(shop: Team) -> None:
    """Section 22: number, address, items, quantities and names; after each of the ways to change them."""
    order = await talk.create(shop, "A", items=[{"amount": kg("2.50"), "description": "Screw"}])
    path, uuid = f"/orders/{order['id']}", parse_id(order["id"]) or ""
    line = f"{path}/items/{order['items'][0]['id']}"
    stop = {
        "company_name": "Harbor Row",
        "line_1": "77 Commercial St",
        "region": "ME",
        "postal_code": "04101",
    }
    for method, where, body in (
        (
            "PATCH",
            path,
            {"order_number": "B", "ship_to": stop},
        ),
        ("POST", f"{path}/items", {"amount": kg("7"), "description": "Hanger"}),
        ("PATCH", line, {"amount": {"value": "3"}, "description": None}),
        ("PUT", line, {"amount": kg("4.125"), "description": "Bolt"}),
        ("DELETE", line, None),
        (
            "PUT",
            path,
            {"order_number": "C", "ship_to": {}, "items": [{"amount": kg("1"), "description": "Nut"}]},
        ),
    ):
        reply = await shop.orders_api(method, where, body=body)
        assert reply.status < 300, reply
        same_order(await talk.read(shop, order["id"]), await shop.read(uuid))
    assert (await shop.read(uuid))["name"] == "C"
    assert (await shop.get("/orders", search="C")).ok()["pagination"]["total"] == 1
    assert (await shop.get("/orders", search="B")).ok()["pagination"]["total"] == 0
