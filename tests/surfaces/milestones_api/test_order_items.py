"""The lines of an order, those of other surfaces too (sections 6.3 and 7.6)."""

import json
from typing import Any

import pytest

from tests.surfaces.milestones_api.followed import Followed, missing, place
from tests.surfaces.milestones_api.talk import answered
from tests.surfaces.world import NO_ID, Reply, Team, World

MEMBERS = (
    *("id", "part_id", "name", "quantity", "unit_of_measure", "unit_price_micros"),
    *("created_at", "updated_at"),
)


async def listed(order: Followed, query: str = "") -> Reply:
    return await order.call("GET", f"/order_items{query}")


async def added(team: Team, order: Followed, value: str, **content: Any) -> None:
    """A line that the Orders API adds."""
    body = {"amount": {"unit": "KG", "value": value}, **content}
    assert (await team.orders_api("POST", f"/orders/{order.id}/items", body=body)).status == 201


async def test_pages_of_lines(team: Team):
    """Oldest first, also those that other surfaces added; each has its eight members."""
    order = await place(team, order_items=[{"part_id": f"P{number}", "quantity": 1} for number in range(4)])
    await added(
        team, order, "2.50", description="Theirs", references=[{"qualifier": "PRODUCT_REF", "value": "T"}]
    )
    await added(team, order, "1")
    rows = (await listed(order)).ok()["order_items"]
    assert [row["part_id"] for row in rows] == ["P0", "P1", "P2", "P3", "T", None]
    assert all(tuple(row) == MEMBERS for row in rows)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    found = []
    for page in (1, 2, 3):
        reply = await listed(order, f"?per_page=4&page={page}")
        assert (reply.headers["X-Total"], reply.headers["X-Total-Pages"]) == ("6", "2")
        found += reply.ok()["order_items"]
    assert found == rows
    for query, name in (("?page=0", "page"), ("?per_page=x", "per_page")):
        answered(await listed(order, query), "invalid_parameter", parameter=name)


async def test_lines_that_leave(team: Team):
    """Lines are removed on the Orders API."""
    order = await place(team, order_items=[{"part_id": "A", "quantity": 1}, {"part_id": "B", "quantity": 2}])
    first, second = (await listed(order)).ok()["order_items"]
    reply = await team.orders_api("DELETE", f"/orders/{order.id}/items/{first['id']}")
    assert reply.status == 204
    assert (await listed(order)).ok()["order_items"] == [second]
    await team.orders_api("DELETE", f"/orders/{order.id}/items/{second['id']}")
    reply = await listed(order)
    assert (reply.ok(), reply.headers["X-Total"]) == ({"order_items": []}, "0")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2.50", "2.5"),
        ("88", "88"),
        ("88.000", "88"),
        ("0.1000000000", "0.1"),
        ("0.1234564999", "0.123456"),
        ("12345678901234567890.123456", "12345678901234567890.123456"),
        ("0", "0"),
        ("100000", "100000"),
    ],
)
async def test_quantities_of_other_surfaces(team: Team, value: str, shown: str):
    """All digits up to the sixth decimal, a whole number without a fraction, never an exponent."""
    order = await place(team)
    await added(team, order, value)
    reply = await listed(order, "?per_page=1&page=2")
    assert f'"quantity":{shown},' in reply.raw.decode()
    json.loads(reply.raw)


async def test_orders_without_lines_to_show(team: Team, world: World):
    draft = await place(team, draft=True)
    assert len((await listed(draft)).ok()["order_items"]) == 1
    other = await place(await world.team())
    for order_id in (NO_ID, "nonsense", other.id):
        missing(
            await team.milestones_api("GET", f"/purchase_orders/{order_id}/order_items"), "Purchase order"
        )
        reply = await team.milestones_api("GET", f"/purchase_orders/{order_id}/order_items?page=0")
        answered(reply, "invalid_parameter", parameter="page")
    assert (
        await team.milestones_api("POST", f"/purchase_orders/{draft.id}/order_items", body={})
    ).status == 405


async def test_a_line_without_a_unit(team: Team):
    """Null here is `EA` on the Orders API, whose edits of anything else leave it so (its section 7.4)."""
    order = await place(team, order_items=[{"part_id": "A", "quantity": 5}])
    (line,) = (await listed(order)).ok()["order_items"]
    path = f"/orders/{order.id}/items/{line['id']}"
    assert (await team.orders_api("GET", path)).ok()["amount"] == {"unit": "EA", "value": "5"}
    for amount in ({"value": "6"}, {"unit": "EA", "value": "6"}):
        (await team.orders_api("PATCH", path, body={"amount": amount})).ok()
        (shown,) = (await listed(order)).ok()["order_items"]
        assert (shown["quantity"], shown["unit_of_measure"]) == (6, None)
    (await team.orders_api("PATCH", path, body={"amount": {"unit": "KG"}})).ok()
    assert (await listed(order)).ok()["order_items"][0]["unit_of_measure"] == "KG"
    (await order.call("PATCH", "", {"order_items": [{"id": line["id"], "unit_of_measure": None}]})).ok()
    assert (await team.orders_api("GET", path)).ok()["amount"] == {"unit": "EA", "value": "6"}
    assert await order.told() == ["order.item.updated"] * 3
