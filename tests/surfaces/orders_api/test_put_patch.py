"""PUT and PATCH of an order over HTTP (sections 9.4, 9.5 and 20)."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from milepost.kit.ids import parse_id, ulid
from milepost.surfaces.orders_api import documents
from tests.surfaces.orders_api.bodies_from_schemas import sent
from tests.surfaces.orders_api.talk import create, etag, kg, leg, patch, put, read, refused, release, told
from tests.surfaces.orders_api.test_documents import EXAMPLE
from tests.surfaces.orders_api.test_orders import STOP
from tests.surfaces.world import NO_ID, Team, World, item, served


@pytest.fixture
async def order(team: Team) -> dict[str, Any]:
    """The order of section 9.1."""
    await team.orders_api("POST", "/tags", body={"name": "Summer shelf"})
    reply = await team.orders_api("POST", "/orders", body=json.loads(json.dumps(EXAMPLE, default=float)))
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def names(team: Team, order_id: str) -> list[str]:
    """The names of the order's events behind `order.created`."""
    return [name for name, _, _ in (await told(team, order_id))[1:]]


async def test_a_put_of_what_was_read_changes_nothing(team: Team, order: dict[str, Any]) -> None:
    """O-17, E10."""
    await leg(team, order)
    reply = await team.orders_api("GET", f"/orders/{order['id']}")
    async with team.unchanged():
        again = await put(team, order["id"], reply.json)
    assert again.ok() == reply.json
    assert again.headers["ETag"] == reply.headers["ETag"]
    assert again.raw == reply.raw


async def test_a_put_of_an_imported_order_changes_nothing(team: Team) -> None:
    """O-17, for an order that another surface made; what only that one knows stays."""
    order_id = await team.order("#1", note="fragile", items=(item("Chair", "2", price="9.90", sku="C-1"),))
    before = await team.row(order_id)
    shown = await read(team, order_id)
    async with team.unchanged():
        assert (await put(team, order_id, shown)).ok() == shown
    changed = {**shown, "name": "Mine", "items": [{**shown["items"][0], "description": "Stool"}]}
    (await put(team, order_id, changed)).ok()
    assert (await team.row(order_id))["note"] == before["note"] == "fragile"
    (line,) = await team.world.pool.fetch(
        "select description, sku, unit_price from order_items where team_id = $1", team.id
    )
    assert tuple(line) == ("Stool", "C-1", Decimal("9.90"))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=sent(documents.NEW_ORDER.schema))
async def test_a_put_of_any_order_that_was_read_changes_nothing(world: World, body: dict[str, Any]) -> None:
    """O-17, for whatever the schema allows."""
    team = await world.team()
    listed = [one for one in body.get("references") or [] if one["qualifier"] != "EXTERNAL_ID"]
    made = await team.orders_api("POST", "/orders", body=_encode({**body, "references": listed, "tags": []}))
    if made.status == 400:  # the schema does not say that a window ends after its start
        assert {fault["code"] for fault in made.json["errors"]} == {"end_before_start"}
        return
    path = made.headers["Location"]
    shown = await team.orders_api("GET", path)
    assert shown.json == made.json
    async with team.unchanged():
        again = await team.orders_api("PUT", path, body=shown.raw)
    assert again.ok() == shown.json
    assert again.headers["ETag"] == shown.headers["ETag"] == '"1"'


_encode = msgspec.json.Encoder(decimal_format="number").encode


async def test_a_put_resets_what_it_leaves_out(team: Team, order: dict[str, Any]) -> None:
    """O-18."""
    full = {"archived": True, "supplier": {"name": "Mill"}, "ship_from": {"line_1": "x"}}
    (await patch(team, order["id"], full)).ok()
    reply = await put(team, order["id"], {"order_number": "MP-24017", "ship_to": {}})
    assert reply.ok() == {
        **order,
        "name": None,
        "description": None,
        "ship_to": STOP,
        "start_date": None,
        "expiration_date": None,
        "references": [],
        "shipping_requirements": None,
        "items": [],
        "tags": [],
        "archived": True,
        "custom_data": None,
        "updated_at": reply.json["updated_at"],
    }


async def test_what_a_put_keeps(team: Team) -> None:
    """O-18: `order_type`, `archived`, `source_system_id`."""
    order = await create(team, "S-1", order_type="SALES_ORDER", source_system_id="erp-9", archived=True)
    body = {"order_number": "S-1", "ship_to": {}, "name": "N", "source_system_id": "other"}
    after = (await put(team, order["id"], body)).ok()
    assert after == {**order, "name": "N", "updated_at": after["updated_at"]}
    after = (await put(team, order["id"], {**body, "order_type": "SALES_ORDER", "archived": False})).ok()
    assert after["archived"] is False
    async with team.unchanged():
        refused(await put(team, order["id"], {"ship_to": {}}), ("order_number", "required"))
        nowhere = {"ship_to": None, "order_number": "S-1"}
        refused(await put(team, order["id"], nowhere), ("ship_to", "required"))
        wrong = {"order_number": "S-1", "ship_to": {}, "order_type": "PURCHASE_ORDER"}
        refused(await put(team, order["id"], wrong), ("order_type", "immutable"))
        refused(await patch(team, order["id"], {"order_type": "TRANSFER_ORDER"}), ("order_type", "immutable"))


async def test_the_put_of_section_9_4(team: Team, order: dict[str, Any]) -> None:
    """The contract's example, its events too (O-19, O-25)."""
    screw = order["items"][0]
    body: dict[str, Any] = {
        "order_number": "MP-24017",
        "name": "Deck screws, July",
        "description": "Two pallets for the summer shelf",
        "ship_to": {
            "company_name": "Harbor Row Warehouse",
            "line_1": "77 Commercial St",
            "locality": "Portland",
            "region": "ME",
            "postal_code": "04101",
            "country": "US",
        },
        "start_date": "2026-07-01",
        "expiration_date": "2026-08-15",
        "tags": ["summer-shelf"],
        "supplier": {"name": "Birchline Mill", "supplier_id": "SUP-31", "email": "orders@birchline.example"},
        "items": [
            {"id": screw["id"], "description": "Deck screw 5x80, box of 200", "amount": kg("700")},
            {"description": "Joist hanger 47 mm", "amount": kg("88")},
        ],
    }
    after = (await put(team, order["id"], body)).ok()
    hanger = after["items"][1]
    bare: dict[str, Any] = {"references": [], "shipping_requirements": None, "custom_data": None}
    assert after == {
        **order,
        **body,
        "ship_to": {**STOP, **body["ship_to"]},
        "references": [],
        "shipping_requirements": None,
        "custom_data": None,
        "tags": order["tags"],
        "status": "NOT_READY",
        "supplier": {
            "name": "Birchline Mill",
            "address": None,
            "identification_codes": [],
            "phone_number": None,
            "email": "orders@birchline.example",
            "supplier_id": "SUP-31",
        },
        "items": [
            {**screw, **bare, "amount": kg("700"), "available_amount": kg("700")},
            {
                "id": hanger["id"],
                "description": "Joist hanger 47 mm",
                **bare,
                "amount": kg("88"),
                "available_amount": kg("88"),
            },
        ],
        "updated_at": after["updated_at"],
    }
    assert await names(team, order["id"]) == ["order.item.updated", "order.item.created", "order.updated"]


async def test_a_put_renames_changes_drops_and_adds(team: Team) -> None:
    """O-19, E11; the sequence of items in the list does not matter."""
    order = await create(
        team, "MP-1", name="June", items=[{"description": name, "amount": kg("1")} for name in "AB"]
    )
    first, second = order["items"]
    body = {
        "order_number": "MP-1",
        "name": "July",
        "ship_to": {},
        "items": [{"description": "C", "amount": kg("3")}, {"id": first["id"].lower(), "amount": kg("2")}],
    }
    after = (await put(team, order["id"], body)).ok()
    assert [
        (one["id"] == first["id"], one["description"], one["amount"]["value"]) for one in after["items"]
    ] == [
        (True, None, "2"),
        (False, "C", "3"),
    ]
    events = (await told(team, order["id"]))[1:]
    assert [
        (name, old, new) for name, old, new in events if name in ("order.updated", "order.item.updated")
    ] == [
        (
            "order.item.updated",
            {"description": "A", "amount": kg("1")},
            {"description": None, "amount": kg("2")},
        ),
        ("order.updated", {"name": "June"}, {"name": "July"}),
    ]
    assert [name for name, _, _ in events] == [
        "order.item.deleted",
        "order.item.updated",
        "order.item.created",
        "order.updated",
    ]
    assert events[0][1]["id"] == second["id"]
    assert events[2][2]["id"] == after["items"][1]["id"]
    emptied = (await put(team, order["id"], {"order_number": "MP-1", "name": "July", "ship_to": {}})).ok()
    assert emptied["items"] == []


async def test_wrong_items_of_a_put(world: World, team: Team, order: dict[str, Any]) -> None:
    """O-19: an unknown id is `not_found`, the same twice `duplicate`; one fault fails the whole."""
    stranger = await create(team, "MP-2", items=[{"amount": kg("1")}])
    foreign = await create(await world.team(), "MP-3", items=[{"amount": kg("1")}])
    own = {**order, "name": "Changed"}
    mine = order["items"][0]["id"]
    async with team.unchanged():
        for unknown in (NO_ID, ulid(NO_ID), stranger["items"][0]["id"], foreign["items"][0]["id"]):
            items = [{"amount": kg("1")}, {"id": unknown, "amount": kg("1")}]
            refused(await put(team, order["id"], {**own, "items": items}), ("items.1.id", "not_found"))
            refused(await patch(team, order["id"], {"items": items}), ("items.1.id", "not_found"))
        twice = [{"id": mine, "amount": kg("1")}, {"id": mine.lower(), "amount": kg("2")}]
        refused(await put(team, order["id"], {**own, "items": twice}), ("items.1.id", "duplicate"))
        refused(
            await put(team, order["id"], {**own, "items": [{"id": mine}]}), ("items.0.amount", "required")
        )
        refused(
            await put(team, order["id"], {**own, "items": [{"id": "x", "amount": kg("1")}]}),
            ("items.0.id", "invalid_id"),
        )


async def test_items_of_a_put_obey_their_releases(team: Team, order: dict[str, Any]) -> None:
    """Sections 9.4 and 10: below what was taken, another unit, without the item."""
    mine = order["items"][0]["id"]
    await release(team, order["id"], items=[{"order_item_id": mine, "amount": kg("300")}])
    shown = await read(team, order["id"])

    async def with_items(*items: dict[str, Any]) -> Any:
        return await put(team, order["id"], {**shown, "items": list(items)})

    async with team.unchanged():
        new = {"amount": kg("1")}
        refused(
            await with_items(new, {"id": mine, "amount": kg("299.9")}),
            ("items.1.amount.value", "below_released"),
        )
        refused(
            await with_items({"id": mine, "amount": {"unit": "LB", "value": "999"}}),
            ("items.0.amount.unit", "unit_locked"),
        )
        refused(await with_items(new), (None, "item_released"))
        refused(await patch(team, order["id"], {"items": None}), (None, "item_released"))
    after = (await with_items({"id": mine, "amount": kg("300.0")})).ok()
    assert after["items"][0]["available_amount"] == kg("0.0")


async def test_a_line_that_the_shop_lowered_binds_no_further(team: Team, order: dict[str, Any]) -> None:
    """A shop's word counts also below what was released: what was read can be put back, the line can rise, not sink."""
    mine = order["items"][0]["id"]
    await release(team, order["id"], items=[{"order_item_id": mine, "amount": kg("300")}])
    await team.world.pool.execute("update order_items set quantity = 100 where id = $1", parse_id(mine))
    shown = await read(team, order["id"])
    assert (await put(team, order["id"], shown)).ok() == shown
    async with team.unchanged():
        below = {**shown, "items": [{"id": mine, "amount": kg("99")}]}
        refused(await put(team, order["id"], below), ("items.0.amount.value", "below_released"))
    risen = await put(team, order["id"], {**shown, "items": [{"id": mine, "amount": kg("120")}]})
    assert risen.ok()["items"][0]["amount"] == kg("120")


async def test_a_patch_changes_one_member(team: Team, order: dict[str, Any]) -> None:
    """O-20."""
    after = (await patch(team, order["id"], {"ship_to": {"line_2": "X"}})).ok()
    assert after == {
        **order,
        "ship_to": {**order["ship_to"], "line_2": "X"},
        "updated_at": after["updated_at"],
    }
    assert (await told(team, order["id"]))[1:] == [
        (
            "order.updated",
            {"ship_to": {**_event_stop(order), "line_2": None}},
            {"ship_to": {**_event_stop(order), "line_2": "X"}},
        )
    ]


def _event_stop(order: dict[str, Any]) -> dict[str, Any]:
    window = {"start": "2026-06-29T12:00:00+00:00", "end": "2026-06-29T17:30:00+00:00"}
    return {**order["ship_to"], "shipping_requirements": {"plan_window": window}}


async def test_what_a_patch_must_not_reset(team: Team, order: dict[str, Any]) -> None:
    """O-20."""
    async with team.unchanged():
        refused(await patch(team, order["id"], {"order_number": None}), ("order_number", "required"))
        refused(await patch(team, order["id"], {"ship_to": None}), ("ship_to", "required"))
        refused(
            await patch(team, order["id"], {"order_number": None, "ship_to": None, "name": 1}),
            ("order_number", "required"),
            ("ship_to", "required"),
            ("name", "wrong_type"),
        )
        refused(
            await patch(team, order["id"], {"ship_to": {"geolocation": {"latitude": None}}}),
            ("ship_to.geolocation.latitude", "required"),
        )
        refused(
            await patch(team, order["id"], {"ship_from": {"geolocation": {"latitude": 5}}}),
            ("ship_from.geolocation.longitude", "required"),
        )
        refused(
            await patch(team, order["id"], {"expiration_date": "2026-06-19"}),
            ("expiration_date", "end_before_start"),
        )
        window = {"plan_window": {"end": "2026-06-29T11:59:59Z"}}
        refused(
            await patch(team, order["id"], {"ship_to": {"shipping_requirements": window}}),
            ("ship_to.shipping_requirements.plan_window.end", "end_before_start"),
        )
        for nothing in ({}, {"unknown": {"a": 1}}, {"name": order["name"]}, {"ship_to": {"line_3": None}}):
            reply = await patch(team, order["id"], nothing)
            assert reply.ok() == order
            assert reply.headers["ETag"] == '"1"'


async def test_the_patch_of_section_9_5(team: Team, order: dict[str, Any]) -> None:
    """The contract's example; with E2."""
    body = {
        "name": "Deck screws, July",
        "ship_to": {"line_2": "Dock door 6"},
        "custom_data": {"cost_center": None, "buyer": "ines"},
    }
    headers = {"Content-Type": "application/merge-patch+json"}
    after = (await patch(team, order["id"], body, headers=headers)).ok()
    assert after == {
        **order,
        "name": "Deck screws, July",
        "ship_to": {**order["ship_to"], "line_2": "Dock door 6"},
        "custom_data": {"buyer": "ines"},
        "updated_at": after["updated_at"],
    }
    ((name, old, new),) = (await told(team, order["id"]))[1:]
    assert name == "order.updated"
    assert old.keys() == new.keys() == {"name", "ship_to", "custom_data"}
    assert (old["custom_data"], new["custom_data"]) == ({"cost_center": "114"}, {"buyer": "ines"})


async def test_null_resets_to_the_default(team: Team, order: dict[str, Any]) -> None:
    """Section 9.5."""
    (await patch(team, order["id"], {"archived": True, "ship_from": {"line_1": "x"}})).ok()
    optional = {name: None for name in order if name not in ("order_number", "ship_to")}
    after = (await patch(team, order["id"], optional)).ok()
    assert after == {
        **order,
        "name": None,
        "description": None,
        "start_date": None,
        "expiration_date": None,
        "references": [],
        "shipping_requirements": None,
        "items": [],
        "tags": [],
        "custom_data": None,
        "updated_at": after["updated_at"],
    }


async def test_arrays_are_replaced_whole(team: Team, order: dict[str, Any]) -> None:
    """Section 9.5; E3."""
    more = [*order["references"], {"qualifier": "EXTERNAL_INVOICE_ID", "value": "INV-88"}]
    after = (await patch(team, order["id"], {"references": more, "tags": [], "items": []})).ok()
    assert (after["references"], after["tags"], after["items"]) == (more, [], [])
    await patch(team, order["id"], {"references": []})
    events = (await told(team, order["id"]))[1:]
    assert [name for name, _, _ in events] == ["order.item.deleted", "order.updated", "order.updated"]
    assert events[1][1:] == (
        {"references": order["references"], "tags": order["tags"]},
        {"references": more, "tags": []},
    )
    assert events[2][1:] == ({"references": more}, {"references": []})


async def test_a_patch_of_custom_data_as_text_replaces_it(team: Team, order: dict[str, Any]) -> None:
    assert (await patch(team, order["id"], {"custom_data": '{"a": 1}'})).ok()["custom_data"] == {"a": 1}
    fifty = {f"k{n}": n for n in range(50)}
    async with team.unchanged():
        refused(
            await patch(team, order["id"], {"custom_data": fifty}), ("custom_data", "invalid_custom_data")
        )
    assert (await patch(team, order["id"], {"custom_data": {**fifty, "a": None}})).ok()[
        "custom_data"
    ] == fifty


async def test_what_may_change_on_a_canceled_order(team: Team, order: dict[str, Any]) -> None:
    """O-24."""
    made = await leg(team, order)
    (await team.orders_api("POST", f"/orders/{order['id']}/cancel")).ok()
    shown = await read(team, order["id"])
    path, mine = f"/orders/{order['id']}", shown["items"][0]["id"]
    async with team.unchanged():
        changes: list[dict[str, Any]] = [{"name": "x"}, {"order_number": "MP-9"}, {"items": []}]
        for change in (*changes, {"ship_to": {"line_1": "x"}}):
            refused(await patch(team, order["id"], change), (None, "order_canceled"))
            merged = {**shown, **change, "ship_to": {**shown["ship_to"], **change.get("ship_to", {})}}
            refused(await put(team, order["id"], merged), (None, "order_canceled"))
        items = [{"id": mine, "amount": kg("1000")}]
        refused(await patch(team, order["id"], {"items": items}), (None, "order_canceled"))
        for method, below, body in (
            ("POST", "/items", {"amount": kg("1")}),
            ("PATCH", f"/items/{mine}", {"description": "x"}),
            ("PUT", f"/items/{mine}", {"amount": kg("1000")}),
            ("DELETE", f"/items/{mine}", None),
            ("PATCH", f"/releases/{made['id']}", {"transit_status": "DISPATCHED"}),
            ("POST", "/releases", {"items": [{"order_item_id": mine, "amount": kg("0")}]}),
        ):
            reply = await team.orders_api(method, path + below, body=body)
            refused(reply, (None, "order_canceled"))
        assert (await put(team, order["id"], shown)).ok() == shown
    allowed = {
        "archived": True,
        "tags": [],
        "custom_data": {"a": 1},
        "references": [{"qualifier": "A", "value": "b"}],
    }
    after = (await patch(team, order["id"], {**allowed, "custom_data": {"cost_center": None, "a": 1}})).ok()
    assert after == {**shown, **allowed, "updated_at": after["updated_at"]}
    put_back = {**after, "archived": False}
    assert (await put(team, order["id"], put_back)).ok()["archived"] is False


async def test_if_match(team: Team, order: dict[str, Any]) -> None:
    """O-65: one of two writers with the same tag is told 412."""
    path, mine = f"/orders/{order['id']}", order["items"][0]["id"]
    tag = await etag(team, order["id"])
    replies = await asyncio.gather(
        *(put(team, order["id"], {**order, "name": name}, headers={"If-Match": tag}) for name in ("A", "B"))
    )
    assert sorted(reply.status for reply in replies) == [200, 412]
    won, lost = sorted(replies, key=lambda reply: reply.status)
    refused(lost, (None, "precondition_failed"))
    assert won.headers["ETag"] == '"2"'
    assert await read(team, order["id"]) == won.json
    stale = {"If-Match": tag}
    async with team.unchanged():
        for method, below, body in (
            ("PUT", "", {**order, "name": "C"}),
            ("PATCH", "", {"name": "C"}),
            ("PATCH", "", {}),
            ("POST", "/cancel", None),
            ("POST", "/items", {"amount": kg("1")}),
            ("PATCH", f"/items/{mine}", {"description": "x"}),
            ("PUT", f"/items/{mine}", {"amount": kg("1")}),
            ("DELETE", f"/items/{mine}", None),
            ("POST", "/releases", {"items": [{"order_item_id": mine}]}),
        ):
            reply = await team.orders_api(method, path + below, body=body, headers=stale)
            refused(reply, (None, "precondition_failed"))
    for listed in ('"x", "2"', "*"):
        reply = await patch(team, order["id"], {"name": listed}, headers={"If-Match": listed})
        assert reply.ok()["name"] == listed


async def test_a_refused_write_leaves_no_trace(team: Team, order: dict[str, Any]) -> None:
    """O-46."""
    mine = order["items"][0]["id"]
    tag = await etag(team, order["id"])
    async with team.unchanged():
        for method, below, body, status in (
            ("PUT", "", {"ship_to": {}}, 400),
            ("PATCH", "", {"name": 5}, 400),
            ("PATCH", "", {"tags": ["unknown"]}, 400),
            ("DELETE", "", None, 405),
            ("POST", "/items", {}, 400),
            ("PATCH", f"/items/{mine}", {"amount": {"value": "-1"}}, 400),
            ("PUT", f"/items/{NO_ID}", {"amount": kg("1")}, 404),
            ("DELETE", f"/items/{NO_ID}", None, 404),
            ("POST", "/releases", {"items": [{"order_item_id": mine, "amount": kg("641")}]}, 400),
            ("PATCH", f"/releases/{NO_ID}", {"transit_status": "DISPATCHED"}, 404),
        ):
            reply = await team.orders_api(method, f"/orders/{order['id']}{below}", body=body)
            assert reply.status == status, reply
    assert await etag(team, order["id"]) == tag


async def test_a_server_may_require_if_match(pool: Any) -> None:
    """Section 20: 428 for PUT and PATCH of an order, once it is known to exist."""
    async with served(pool, require_if_match=True) as world:
        team = await world.team()
        order = await create(team, "MP-1")
        async with team.unchanged():
            for reply in (await put(team, order["id"], order), await patch(team, order["id"], {"name": "x"})):
                assert (reply.status, reply.json["errors"][0]["code"]) == (428, "precondition_required")
            refused(await patch(team, NO_ID, {"name": "x"}), (None, "not_found"))
        headers = {"If-Match": await etag(team, order["id"])}
        assert (await patch(team, order["id"], {"name": "x"}, headers=headers)).ok()["name"] == "x"
        assert (
            await team.orders_api("POST", f"/orders/{order['id']}/items", body={"amount": kg("1")})
        ).status == 201
