"""Items of an order over HTTP (section 10)."""

from typing import Any

import pytest

from milepost.model.shapes import ITEM_REQUIREMENTS, complete
from tests.surfaces.orders_api.talk import create, etag, kg, read, refused, release, told
from tests.surfaces.world import NO_ID, Reply, Team, World

HANGER = {"description": "Joist hanger 47 mm", "amount": kg("88"), "custom_data": {"line": "20"}}
"""The body of section 10.1."""


@pytest.fixture
async def order(team: Team) -> dict[str, Any]:
    return await create(team, "MP-1")


async def add(team: Team, order: dict[str, Any], body: Any = HANGER, **options: Any) -> Reply:
    return await team.orders_api("POST", f"/orders/{order['id']}/items", body=body, **options)


async def test_the_item_of_section_10_1(team: Team, order: dict[str, Any]) -> None:
    """O-34, O-42."""
    reply = await add(team, order)
    made = reply.json
    assert reply.status == 201
    assert made == {
        "id": made["id"],
        "description": "Joist hanger 47 mm",
        "references": [],
        "amount": kg("88"),
        "available_amount": kg("88"),
        "shipping_requirements": None,
        "custom_data": {"line": "20"},
    }
    path = f"/orders/{order['id']}/items/{made['id']}"
    assert reply.headers["Location"] == path
    assert reply.headers["ETag"] == '"2"' == await etag(team, order["id"])
    assert (await team.orders_api("GET", path)).ok() == made
    listed = (await team.orders_api("GET", f"/orders/{order['id']}/items")).ok()
    assert listed == {"data": [made], "has_more": False, "next": None}
    after = await read(team, order["id"])
    assert after == {**order, "items": [made], "updated_at": after["updated_at"]}
    assert after["updated_at"] > order["updated_at"]
    event = (await told(team, order["id"]))[1:]
    assert event == [("order.item.created", {}, made)]


async def test_an_item_needs_an_amount(team: Team, order: dict[str, Any]) -> None:
    """O-34."""
    async with team.unchanged():
        refused(await add(team, order, {"description": "x"}), ("amount", "required"))
        refused(await add(team, order, {"amount": None}), ("amount", "required"))
        refused(await add(team, order, {"amount": {"unit": "KG"}}), ("amount.value", "required"))
        long = {**HANGER, "description": "x" * 129}
        refused(await add(team, order, long), ("description", "too_long"))
    made = (await add(team, order, {**HANGER, "description": "x" * 128})).json
    assert made["description"] == "x" * 128


async def test_deleting_an_item(team: Team, order: dict[str, Any]) -> None:
    """O-34, O-43, E13."""
    made = (await add(team, order)).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    reply = await team.orders_api("DELETE", path)
    assert (reply.status, reply.raw) == (204, b"")
    assert await etag(team, order["id"]) == '"3"'
    async with team.unchanged():
        refused(await team.orders_api("DELETE", path), (None, "not_found"))
        refused(await team.orders_api("GET", path), (None, "not_found"))
    assert (await told(team, order["id"]))[2:] == [("order.item.deleted", made, {})]


@pytest.mark.parametrize("order_type", ["SALES_ORDER", "TRANSFER_ORDER"])
async def test_an_item_that_leaves_another_type_of_order_tells_nobody(team: Team, order_type: str) -> None:
    """O-43; the change still moves ETag and `updated_at` (section 25)."""
    order = await create(team, "S-1", order_type=order_type, items=[{"amount": kg("1")}])
    reply = await team.orders_api("DELETE", f"/orders/{order['id']}/items/{order['items'][0]['id']}")
    assert reply.status == 204
    assert [name for name, _, _ in await told(team, order["id"])] == ["order.created"]
    assert await etag(team, order["id"]) == '"2"'
    after = await read(team, order["id"])
    assert after["items"] == []
    assert after["updated_at"] > order["updated_at"]
    made = (await add(team, order)).json
    assert [name for name, _, _ in await told(team, order["id"])] == ["order.created", "order.item.created"]
    assert made["amount"] == kg("88")


async def test_the_patch_of_section_10_3(team: Team, order: dict[str, Any]) -> None:
    made = (await add(team, order)).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    body = {"amount": {"value": "92.5"}, "shipping_requirements": {"quantity": "4", "packaging_type": "BIN"}}
    reply = await team.orders_api("PATCH", path, body=body)
    requirements = complete({"quantity": 4, "packaging_type": "BIN"}, ITEM_REQUIREMENTS)
    assert reply.ok() == {
        **made,
        "amount": kg("92.5"),
        "available_amount": kg("92.5"),
        "shipping_requirements": requirements,
    }
    assert len(reply.json["shipping_requirements"]) == 23
    assert reply.headers["ETag"] == '"3"'
    assert (await told(team, order["id"]))[2:] == [
        (
            "order.item.updated",
            {"amount": kg("88"), "shipping_requirements": None},
            {"amount": kg("92.5"), "shipping_requirements": requirements},
        )
    ]


async def test_only_members_that_differ_are_told(team: Team, order: dict[str, Any]) -> None:
    """O-42, E8, E9: no `order.updated`, since the derived status stays."""
    requirements = {"quantity": 2, "packaging_type": "PALLET", "gross_weight": kg("662")}
    made = (
        await add(team, order, {**HANGER, "amount": kg("640.50"), "shipping_requirements": requirements})
    ).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    change = {"amount": kg("700"), "shipping_requirements": {"quantity": 3, "packaging_type": "BIN"}}
    (await team.orders_api("PATCH", path, body=change)).ok()
    weight = {"shipping_requirements": {"gross_weight": {"value": 671.5}}}
    (await team.orders_api("PATCH", path, body=weight)).ok()
    assert (await told(team, order["id"]))[2:] == [
        (
            "order.item.updated",
            {"amount": kg("640.50"), "shipping_requirements": {"quantity": 2, "packaging_type": "PALLET"}},
            {"amount": kg("700"), "shipping_requirements": {"quantity": 3, "packaging_type": "BIN"}},
        ),
        (
            "order.item.updated",
            {"shipping_requirements": {"gross_weight": kg("662")}},
            {"shipping_requirements": {"gross_weight": kg("671.5")}},
        ),
    ]
    assert await etag(team, order["id"]) == '"4"'


async def test_scale_is_a_difference(team: Team, order: dict[str, Any]) -> None:
    """D4: "88" and "88.0" differ."""
    made = (await add(team, order)).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    reply = await team.orders_api("PATCH", path, body={"amount": {"value": "88.0"}})
    assert reply.ok()["amount"] == kg("88.0")
    assert (await told(team, order["id"]))[2:] == [
        ("order.item.updated", {"amount": kg("88")}, {"amount": kg("88.0")})
    ]
    assert (await team.orders_api("GET", path)).ok() == reply.json


async def test_a_patch_of_an_item_without_effect(team: Team, order: dict[str, Any]) -> None:
    made = (await add(team, order)).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    async with team.unchanged():
        without: list[dict[str, Any]] = [{}, {"status": 1}, {"amount": {}}, {"amount": kg("88")}, made]
        for nothing in (*without, {"references": None}):
            reply = await team.orders_api("PATCH", path, body=nothing)
            assert reply.ok() == made
            assert reply.headers["ETag"] == '"2"'
        refused(await team.orders_api("PATCH", path, body={"amount": None}), ("amount", "required"))
        refused(
            await team.orders_api("PATCH", path, body={"amount": {"value": None}, "description": 5}),
            ("amount.value", "required"),
            ("description", "wrong_type"),
        )
        assert (await team.orders_api("PUT", path, body=made)).ok() == made


async def test_a_put_of_an_item_resets_what_it_leaves_out(team: Team, order: dict[str, Any]) -> None:
    body = {**HANGER, "shipping_requirements": {}, "references": [{"qualifier": "A", "value": "b"}]}
    made = (await add(team, order, body)).json
    assert made["shipping_requirements"] == complete({}, ITEM_REQUIREMENTS)
    path = f"/orders/{order['id']}/items/{made['id']}"
    async with team.unchanged():
        refused(await team.orders_api("PUT", path, body={"description": "x"}), ("amount", "required"))
    after = (await team.orders_api("PUT", path, body={"amount": {"unit": "LB", "value": 1.50}})).ok()
    assert after == {
        "id": made["id"],
        "description": None,
        "references": [],
        "amount": {"unit": "LB", "value": "1.5"},
        "available_amount": {"unit": "LB", "value": "1.5"},
        "shipping_requirements": None,
        "custom_data": None,
    }


async def test_releases_bind_their_items(team: Team, order: dict[str, Any]) -> None:
    """O-33."""
    made = (await add(team, order)).json
    path = f"/orders/{order['id']}/items/{made['id']}"
    leg = await release(team, order["id"], items=[{"order_item_id": made["id"], "amount": kg("50")}])
    async with team.unchanged():
        for method, body in (("PATCH", {"amount": {"value": "49.99"}}), ("PUT", {"amount": kg("0")})):
            refused(await team.orders_api(method, path, body=body), ("amount.value", "below_released"))
        body = {"amount": {"unit": "LB", "value": "88"}}
        refused(await team.orders_api("PATCH", path, body=body), ("amount.unit", "unit_locked"))
        refused(await team.orders_api("DELETE", path), (None, "item_released"))
    after = (await team.orders_api("PATCH", path, body={"amount": {"value": "50"}, "description": "x"})).ok()
    assert (after["amount"], after["available_amount"]) == (kg("50"), kg("0"))
    off = {"unassigned_at": order["created_at"]}
    (await team.orders_api("PATCH", f"/orders/{order['id']}/releases/{leg['id']}", body=off)).ok()
    assert (await team.orders_api("GET", path)).ok()["available_amount"] == kg("50")
    after = (await team.orders_api("PATCH", path, body={"amount": {"unit": "LB", "value": "1"}})).ok()
    assert after["available_amount"] == {"unit": "LB", "value": "1"}
    assert (await team.orders_api("DELETE", path)).status == 204


async def test_items_of_another_order_are_unknown(world: World, team: Team, order: dict[str, Any]) -> None:
    """Section 10; faults of the body speak first."""
    other = await create(team, "MP-2", items=[{"amount": kg("1")}])
    foreign = await create(await world.team(), "MP-3", items=[{"amount": kg("1")}])
    async with team.unchanged():
        for item_id in (other["items"][0]["id"], foreign["items"][0]["id"], NO_ID, "nonsense"):
            path = f"/orders/{order['id']}/items/{item_id}"
            for method, body in (
                ("GET", None),
                ("PATCH", {}),
                ("PUT", {"amount": kg("1")}),
                ("DELETE", None),
            ):
                refused(await team.orders_api(method, path, body=body), (None, "not_found"))
            refused(await team.orders_api("PATCH", path, body={"amount": 5}), ("amount", "wrong_type"))
        refused(await add(team, foreign), (None, "not_found"))
        refused(await team.orders_api("GET", f"/orders/{foreign['id']}/items"), (None, "not_found"))


async def test_an_order_has_at_most_1000_items(team: Team) -> None:
    order = await create(team, "MP-1", items=[{"amount": kg("1")}] * 1000)
    async with team.unchanged():
        reply = await add(team, order)
    assert (reply.status, reply.json["errors"][0]["code"]) == (400, "too_many")
