"""Orders made, shown and canceled over HTTP (sections 7, 9.1, 9.3 and 9.7)."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.kit.ids import parse_id
from tests.surfaces.orders_api.talk import create, etag, kg, leg, patch, put, read, refused, told
from tests.surfaces.orders_api.test_documents import EXAMPLE
from tests.surfaces.world import NO_ID, NewOrder, Team, World

STOP: dict[str, Any] = {
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
    "shipping_requirements": {"plan_window": None},
}
ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


async def test_the_least_order(team: Team) -> None:
    """O-1."""
    reply = await team.orders_api("POST", "/orders", body={"order_number": "MP-1", "ship_to": {}})
    assert reply.status == 201
    order = reply.json
    assert ULID.fullmatch(order["id"])
    assert INSTANT.fullmatch(order["created_at"])
    assert reply.headers["Location"] == f"/orders/{order['id']}"
    assert reply.headers["ETag"] == '"1"'
    assert order == {
        "id": order["id"],
        "order_type": "PURCHASE_ORDER",
        "order_number": "MP-1",
        "status": "READY",
        "name": None,
        "description": None,
        "ship_to": STOP,
        "ship_from": None,
        "source": "OTHER",
        "source_system_id": None,
        "start_date": None,
        "expiration_date": None,
        "references": [],
        "shipping_requirements": None,
        "items": [],
        "tags": [],
        "archived": False,
        "supplier_created_releases_allowed": False,
        "supplier": None,
        "custom_data": None,
        "releases": [],
        "released_from_release_id": None,
        "created_from_order_id": None,
        "cancelled_at": None,
        "created_at": order["created_at"],
        "updated_at": order["created_at"],
    }
    assert len(order) == 26
    assert len(order["ship_to"]) == 16
    assert await read(team, order["id"]) == order


async def test_the_order_of_section_9_1(world: World, team: Team) -> None:
    tag = (await team.orders_api("POST", "/tags", body={"name": "Summer shelf"})).json
    with world.clock.at(datetime(2026, 6, 14, 7, 21, 40, 118203, UTC)):
        reply = await team.orders_api("POST", "/orders", body=json.loads(json.dumps(EXAMPLE, default=float)))
    assert reply.status == 201, reply
    order = reply.json
    item = order["items"][0]
    contact = {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"}
    assert order == {
        "id": order["id"],
        "order_type": "PURCHASE_ORDER",
        "order_number": "MP-24017",
        "status": "READY",
        "name": "Deck screws, June",
        "description": "Two pallets for the summer shelf",
        "ship_to": {
            **STOP,
            "country": "US",
            "line_1": "77 Commercial St",
            "locality": "Portland",
            "postal_code": "04101",
            "region": "ME",
            "geolocation": {"latitude": 43.6568, "longitude": -70.2497},
            "timezone": "America/New_York",
            "location_number": "HRW-2",
            "company_name": "Harbor Row Warehouse",
            "references": [{"qualifier": "ADDRESS_BOOK_ENTRY_ID", "value": "ab-4410"}],
            "shipping_requirements": {
                "plan_window": {"start": "2026-06-29T12:00:00Z", "end": "2026-06-29T17:30:00Z"}
            },
        },
        "ship_from": None,
        "source": "OTHER",
        "source_system_id": None,
        "start_date": "2026-06-20",
        "expiration_date": "2026-08-15",
        "references": [{"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}],
        "shipping_requirements": {
            "bill_to": {
                "account_number": "70-118",
                "billing_id": None,
                "payment_term": "PREPAID",
                "billing_company_name": "Birchline Hardware",
                "billing_address": None,
                "contact": contact,
            }
        },
        "items": [
            {
                "id": item["id"],
                "description": "Deck screw 5x80, box of 200",
                "references": [{"qualifier": "PRODUCT_REF", "value": "DS-580"}],
                "amount": {"unit": "KG", "value": "640.50"},
                "available_amount": {"unit": "KG", "value": "640.50"},
                "shipping_requirements": {
                    "description": None,
                    "identifying_marks": [],
                    "references": [],
                    "tare_weight": None,
                    "gross_weight": {"unit": "KG", "value": "662"},
                    "dimensions": None,
                    "volume": None,
                    "customer_reference_number": None,
                    "hazmat": None,
                    "temperature": None,
                    "product_id": None,
                    "freight_class": None,
                    "nmfc_item_code": None,
                    "nmfc_sub_code": None,
                    "country_of_manufacture": None,
                    "stackable": False,
                    "piece_type": None,
                    "total_pieces": None,
                    "value_per_piece": None,
                    "quantity": 2,
                    "packaging_type": "PALLET",
                    "handling_unit_id": "HU-0091",
                    "combined_handling_unit_info": None,
                },
                "custom_data": None,
            }
        ],
        "tags": [{"id": tag["id"], "slug": "summer-shelf", "name": "Summer shelf"}],
        "archived": False,
        "supplier_created_releases_allowed": False,
        "supplier": None,
        "custom_data": {"cost_center": "114"},
        "releases": [],
        "released_from_release_id": None,
        "created_from_order_id": None,
        "cancelled_at": None,
        "created_at": "2026-06-14T07:21:40.118203Z",
        "updated_at": "2026-06-14T07:21:40.118203Z",
    }
    assert await read(team, order["id"]) == order
    assert [name for name, _, _ in await told(team, order["id"])] == ["order.created"]


async def test_an_empty_body_lacks_two_members(team: Team) -> None:
    """O-2."""
    async with team.unchanged():
        reply = await team.orders_api("POST", "/orders", body={})
    refused(reply, ("order_number", "required"), ("ship_to", "required"))
    assert len(reply.json["errors"]) == len(reply.json["detail"]) == 2
    assert [one["loc"] for one in reply.json["detail"]] == [["body", "order_number"], ["body", "ship_to"]]


async def test_the_length_of_order_numbers(team: Team) -> None:
    """O-3."""
    assert (await create(team, "x" * 64))["order_number"] == "x" * 64
    assert (await create(team, " a "))["order_number"] == " a "
    async with team.unchanged():
        for number, code in (("x" * 65, "too_long"), ("   ", "too_short"), ("", "too_short")):
            reply = await team.orders_api("POST", "/orders", body={"order_number": number, "ship_to": {}})
            refused(reply, ("order_number", code))


async def test_order_numbers_are_unique_in_the_team(world: World, team: Team) -> None:
    """O-4."""
    first = await create(team, "MP-1")
    archived = await create(team, "MP-2", archived=True)
    (await team.orders_api("POST", f"/orders/{first['id']}/cancel")).ok()
    other = await create(team, "MP-3")
    async with team.unchanged():
        for number in ("MP-1", "MP-2", "MP-3"):
            reply = await team.orders_api("POST", "/orders", body={"order_number": number, "ship_to": {}})
            refused(reply, ("order_number", "not_unique"))
        for number in ("MP-1", "MP-2"):
            refused(await patch(team, other["id"], {"order_number": number}), ("order_number", "not_unique"))
            refused(
                await put(team, other["id"], {"order_number": number, "ship_to": {}}),
                ("order_number", "not_unique"),
            )
    assert archived["archived"] is True
    assert (await create(team, "mp-1"))["order_number"] == "mp-1"
    assert (await create(await world.team(), "MP-1"))["order_number"] == "MP-1"


async def test_external_ids_are_unique_in_the_team(team: Team) -> None:
    """Section 7.3."""
    external = [{"qualifier": "PO", "value": "1"}, {"qualifier": "EXTERNAL_ID", "value": "E-1"}]
    await create(team, "MP-1", references=external)
    body: dict[str, Any] = {"order_number": "MP-2", "ship_to": {}, "references": external}
    async with team.unchanged():
        refused(await team.orders_api("POST", "/orders", body=body), ("references.1.value", "not_unique"))
        twice = {**body, "references": [{"qualifier": "EXTERNAL_ID", "value": v} for v in ("a", "b")]}
        refused(await team.orders_api("POST", "/orders", body=twice), ("references.1", "duplicate"))


async def test_custom_data(team: Team) -> None:
    """O-12."""
    text = '{"cost_center": "114", "price": 1.10, "none": null, "deep": {"a": [1, {"b": true}]}}'
    order = await create(team, "MP-1", custom_data=text)
    reply = await team.orders_api("GET", f"/orders/{order['id']}")
    assert reply.json["custom_data"] == json.loads(text)
    assert b'"price":1.10' in reply.raw
    bad: list[Any] = ["[1]", "3", json.dumps({f"k{n}": n for n in range(51)}), {"k" * 41: 1}, 7]
    async with team.unchanged():
        for value in bad:
            body = {"order_number": "MP-2", "ship_to": {}, "custom_data": value}
            reply = await team.orders_api("POST", "/orders", body=body)
            refused(reply, ("custom_data", "invalid_custom_data"))
    fifty = {"k" * 38 + f"{n:02}": n for n in range(50)}
    assert (await create(team, "MP-2", custom_data=fifty))["custom_data"] == fifty


async def test_numbers_that_the_database_cannot_hold_are_refused(team: Team) -> None:
    """Bad input is never a 500."""
    async with team.unchanged():
        for number in ("1e400", "-1e99999", "1e-20000", "1e99999999", "1" * 500, "0." + "0" * 500 + "1"):
            for data in (f'{{"a": {number}}}', json.dumps(f'{{"a": {number}}}')):
                raw = f'{{"order_number": "MP-1", "ship_to": {{}}, "custom_data": {data}}}'.encode()
                reply = await team.orders_api("POST", "/orders", body=raw)
                assert reply.status == 400, (number, reply)
        raw = rb'{"order_number": "MP-1", "ship_to": {}, "custom_data": "{\"a\": \"\\u0000\"}"}'
        refused(await team.orders_api("POST", "/orders", body=raw), ("custom_data", "invalid_characters"))
    raw = b'{"order_number": "MP-1", "ship_to": {}, "custom_data": {"a": [1e300, 1e-300, 123e-2]}}'
    reply = await team.orders_api("POST", "/orders", body=raw)
    assert reply.status == 201
    assert reply.json["custom_data"] == {"a": [1e300, 1e-300, 1.23]}


async def test_dates(team: Team) -> None:
    """O-13."""
    order = await create(team, "MP-1", start_date="2026-06-20", expiration_date="2026-06-20T00:00:00Z")
    assert (order["start_date"], order["expiration_date"]) == ("2026-06-20", "2026-06-20")
    ((name, _, document),) = await told(team, order["id"])
    assert name == "order.created"
    assert document["start_date"] == document["expiration_date"] == "2026-06-20T00:00:00+00:00"
    base = {"order_number": "MP-2", "ship_to": {}}
    async with team.unchanged():
        for field, value, code in (
            ("start_date", "2026-06-20T05:00:00Z", "invalid_date"),
            ("expiration_date", "2026-13-01", "invalid_date"),
            ("start_date", 20260620, "wrong_type"),
        ):
            refused(await team.orders_api("POST", "/orders", body={**base, field: value}), (field, code))
        reversed_ = {**base, "start_date": "2026-06-21", "expiration_date": "2026-06-20"}
        refused(
            await team.orders_api("POST", "/orders", body=reversed_), ("expiration_date", "end_before_start")
        )


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", None])
async def test_plan_windows_are_never_shifted(team: Team, zone: str | None) -> None:
    """O-14."""
    window = {"start": "2026-06-29T00:10:00Z", "end": "2026-06-29T23:50:00Z"}
    stop = {"timezone": zone, "shipping_requirements": {"plan_window": window}}
    order = await create(team, "MP-1", ship_to=stop)
    assert order["ship_to"]["shipping_requirements"] == {"plan_window": window}
    for half in ({"start": window["start"], "end": None}, {"start": None, "end": window["end"]}):
        changed = (
            await patch(team, order["id"], {"ship_to": {"shipping_requirements": {"plan_window": half}}})
        ).ok()
        assert changed["ship_to"]["shipping_requirements"] == {"plan_window": half}
    nothing = {"ship_to": {"shipping_requirements": {"plan_window": {"start": None, "end": None}}}}
    changed = (await patch(team, order["id"], nothing)).ok()
    assert changed["ship_to"]["shipping_requirements"] == {"plan_window": None}
    back = {"plan_window": {"start": window["end"], "end": window["start"]}}
    body = {"order_number": "MP-2", "ship_to": {**stop, "shipping_requirements": back}}
    async with team.unchanged():
        refused(
            await team.orders_api("POST", "/orders", body=body),
            ("ship_to.shipping_requirements.plan_window.end", "end_before_start"),
        )


async def test_instants_with_offsets_and_fractions(team: Team) -> None:
    """Section 4."""
    window = {"start": "2026-06-29T14:00:00.120000+02:00", "end": "2026-06-29T18:00:00"}
    order = await create(team, "MP-1", ship_to={"shipping_requirements": {"plan_window": window}})
    assert order["ship_to"]["shipping_requirements"]["plan_window"] == {
        "start": "2026-06-29T12:00:00.120000Z",
        "end": "2026-06-29T18:00:00Z",
    }


async def test_amounts_and_integers(team: Team) -> None:
    """O-15."""
    raw = b"""{"order_number": "MP-1", "ship_to": {}, "items": [
      {"amount": {"unit": "KG", "value": "640.50"}, "shipping_requirements": {"quantity": 3}},
      {"amount": {"unit": "KG", "value": 640.50}, "shipping_requirements": {"quantity": "3"}}]}"""
    reply = await team.orders_api("POST", "/orders", body=raw)
    assert reply.status == 201
    ((_, _, document),) = await told(team, reply.json["id"])
    for items in (reply.json["items"], document["items"]):
        assert [item["amount"]["value"] for item in items] == ["640.50", "640.50"]
        quantities = [item["shipping_requirements"]["quantity"] for item in items]
        assert quantities == [3, 3]
        assert all(type(quantity) is int for quantity in quantities)
    async with team.unchanged():
        for value, code in (("-1", "out_of_range"), ("abc", "invalid_value"), (-0.5, "out_of_range")):
            body = {
                "order_number": "MP-2",
                "ship_to": {},
                "items": [{"amount": {"unit": "KG", "value": value}}],
            }
            reply = await team.orders_api("POST", "/orders", body=body)
            refused(reply, ("items.0.amount.value", code))


async def test_largest_amounts_are_exact(team: Team) -> None:
    """Section 25: 20 + 10 digits."""
    largest = "99999999999999999999.9999999999"
    order = await create(team, "MP-1", items=[{"amount": kg(largest)}])
    assert order["items"][0]["amount"]["value"] == largest
    taken = {"order_item_id": order["items"][0]["id"], "amount": kg("0.0000000001")}
    body = {"items": [taken]}
    assert (await team.orders_api("POST", f"/orders/{order['id']}/releases", body=body)).status == 201
    left = (await read(team, order["id"]))["items"][0]["available_amount"]["value"]
    assert left == "99999999999999999999.9999999998"


async def test_tags_of_an_order(team: Team) -> None:
    """O-16."""
    made = [
        (await team.orders_api("POST", "/tags", body={"name": name})).json
        for name in ("Zebra", "Ant", "Mole")
    ]
    zebra, ant, mole = made
    order = await create(team, "MP-1", tags=[zebra["id"], "ant", {**mole, "slug": "ant"}, "ant", zebra])
    assert order["tags"] == [ant, mole, zebra]
    async with team.unchanged():
        for unknown in ("nothing", NO_ID, {"id": NO_ID, "slug": "ant", "name": "Ant"}):
            body = {"order_number": "MP-2", "ship_to": {}, "tags": ["ant", unknown]}
            refused(await team.orders_api("POST", "/orders", body=body), ("tags.1", "not_found"))
            refused(await patch(team, order["id"], {"tags": [unknown]}), ("tags.0", "not_found"))


async def test_what_only_the_server_sets_is_ignored(team: Team) -> None:
    """O-21."""
    mine: dict[str, Any] = {
        "status": "DELIVERED",
        "id": NO_ID,
        "created_at": "2020-01-01T00:00:00Z",
        "source": "IMPORT",
        "groups": [{"a": 1}],
        "releases": 5,
        "cancelled_at": "2020-01-01T00:00:00Z",
    }
    order = await create(team, "MP-1", **mine)
    assert (order["status"], order["source"], order["cancelled_at"]) == ("READY", "OTHER", None)
    assert parse_id(order["id"]) != NO_ID
    assert order["created_at"] > "2024"
    tag = await etag(team, order["id"])
    for answer in (
        await put(team, order["id"], {"order_number": "MP-1", "ship_to": {}, **mine}),
        await patch(team, order["id"], mine),
    ):
        assert answer.ok() == order
        assert answer.headers["ETag"] == tag
    item = await team.orders_api("POST", f"/orders/{order['id']}/items", body={"amount": kg("1"), **mine})
    assert item.status == 201
    assert parse_id(item.json["id"]) != NO_ID


async def test_a_read_order_makes_another_order(team: Team) -> None:
    """Section 1: a document that was read can be sent back."""
    await team.orders_api("POST", "/tags", body={"name": "Summer shelf"})
    example = json.loads(json.dumps(EXAMPLE, default=float))
    first = (await team.orders_api("POST", "/orders", body=example)).json
    second = (await team.orders_api("POST", "/orders", body={**first, "order_number": "MP-2"})).json
    own = ("id", "order_number", "created_at", "updated_at", "items")
    assert {name: first[name] for name in first if name not in own} == {
        name: second[name] for name in second if name not in own
    }
    assert first["items"][0]["id"] != second["items"][0]["id"]


async def test_an_order_of_another_surface_shows_a_stop_of_nulls(team: Team) -> None:
    """Section 7.1."""
    order_id = await team.order("#1", ship_to=None, customer=None)
    shown = await read(team, order_id)
    assert shown["ship_to"] == STOP
    assert (await put(team, order_id, shown)).ok() == shown


async def test_a_draft_is_not_ready(team: Team) -> None:
    (order_id,) = await team.orders([NewOrder(order_number="#1", is_draft=True)])
    assert (await read(team, order_id))["status"] == "NOT_READY"


async def test_unknown_orders(world: World, team: Team) -> None:
    """404 for ids that name nothing, or nothing of the team; faults of the body speak first (section 2)."""
    foreign = await create(await world.team(), "MP-1")
    for order_id in (NO_ID, "01KV2G3X0PFPH9FMHV6P6ZP42C", "nonsense", foreign["id"]):
        refused(await team.orders_api("GET", f"/orders/{order_id}"), (None, "not_found"))
        refused(await put(team, order_id, {"order_number": "1", "ship_to": {}}), (None, "not_found"))
        refused(await patch(team, order_id, {}), (None, "not_found"))
        refused(await patch(team, order_id, {}, headers={"If-Match": "*"}), (None, "not_found"))
        refused(await team.orders_api("POST", f"/orders/{order_id}/cancel"), (None, "not_found"))
        refused(await patch(team, order_id, {"name": 5}), ("name", "wrong_type"))
        refused(await put(team, order_id, {"ship_to": {}}), ("order_number", "required"))


async def test_cancel(world: World, team: Team) -> None:
    """O-22."""
    order = await create(team, "MP-1")
    at = datetime.now(UTC).replace(microsecond=310877) + timedelta(seconds=5)
    with world.clock.at(at):
        reply = await team.orders_api("POST", f"/orders/{order['id']}/cancel", body={"ignored": [1]})
    moment = at.isoformat().replace("+00:00", "Z")
    assert reply.ok() == {**order, "status": "CANCELED", "cancelled_at": moment, "updated_at": moment}
    assert (await told(team, order["id"]))[1:] == [
        (
            "order.updated",
            {"status": "READY", "cancelled_at": None},
            {"status": "CANCELED", "cancelled_at": at.isoformat()},
        )
    ]
    async with team.unchanged():
        again = await team.orders_api("POST", f"/orders/{order['id']}/cancel")
    assert again.ok() == reply.json
    assert again.headers["ETag"] == reply.headers["ETag"] == await etag(team, order["id"])


@pytest.mark.parametrize("transit", ["DISPATCHED", "IN_TRANSIT", "DELIVERED"])
async def test_what_is_under_way_is_not_canceled(team: Team, transit: str) -> None:
    """O-23."""
    order = await create(team, "MP-1", items=[{"amount": kg("5")}])
    await leg(team, order, transit)
    assert (await read(team, order["id"]))["status"] == transit
    async with team.unchanged():
        refused(await team.orders_api("POST", f"/orders/{order['id']}/cancel"), (None, "not_cancellable"))


async def test_what_is_out_for_delivery_is_not_canceled_and_what_is_assigned_is(team: Team) -> None:
    """O-23."""
    order = await create(team, "MP-1", items=[{"amount": kg("5")}])
    made = await leg(team, order)
    assert (await read(team, order["id"]))["status"] == "ASSIGNED"
    path = f"/orders/{order['id']}/releases/{made['id']}"
    (await team.orders_api("PATCH", path, body={"transit_status": "OUT_FOR_DELIVERY"})).ok()
    assert (await read(team, order["id"]))["status"] == "OUT_FOR_DELIVERY"
    async with team.unchanged():
        refused(await team.orders_api("POST", f"/orders/{order['id']}/cancel"), (None, "not_cancellable"))
    second = await create(team, "MP-2", items=[{"amount": kg("5")}])
    await leg(team, second)
    canceled = (await team.orders_api("POST", f"/orders/{second['id']}/cancel")).ok()
    assert canceled["status"] == "CANCELED"
    assert [release["unassigned_at"] for release in canceled["releases"]] == [None]


async def test_if_none_match(team: Team) -> None:
    """O-65, last half."""
    order = await create(team, "MP-1", items=[{"amount": kg("5")}])
    made = await leg(team, order)
    tag = await etag(team, order["id"])
    paths = (
        f"/orders/{order['id']}",
        f"/orders/{order['id']}/items/{order['items'][0]['id']}",
        f"/orders/{order['id']}/releases/{made['id']}",
    )
    for path in paths:
        for known in (tag, f'"x", {tag}', "*", f"W/{tag}"):
            reply = await team.orders_api("GET", path, headers={"If-None-Match": known})
            assert (reply.status, reply.raw, reply.headers["ETag"]) == (304, b"", tag)
        reply = await team.orders_api("GET", path, headers={"If-None-Match": '"other"'})
        assert (reply.status, reply.headers["ETag"]) == (200, tag)
    missing = await team.orders_api("GET", f"/orders/{NO_ID}", headers={"If-None-Match": "*"})
    refused(missing, (None, "not_found"))
