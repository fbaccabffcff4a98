"""What events tell of each change, in the feed and in deliveries (sections 14, 15 and 17.1)."""

import copy
import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from milepost.kit.ids import parse_id
from tests.surfaces.orders_api.talk import create, kg, leg, patch, put, read, release
from tests.surfaces.orders_api.test_documents import EXAMPLE
from tests.surfaces.world import Team, World, served

EXAMPLE_BODY = json.loads(json.dumps(EXAMPLE, default=float))
TAG = {"slug": "summer-shelf", "name": "Summer shelf"}
CREATED = {
    *("order_type", "resource_type", "custom_data", "order_number", "ship_to", "name", "ship_from"),
    *("description", "source", "source_system_id", "start_date", "expiration_date", "id", "status", "items"),
    *("archived", "references", "supplier", "supplier_created_releases_allowed", "created_from_order_id"),
    *("released_from_release_id", "releases", "cancelled_at"),
}
CREATED_OURS = {"self_link", "tags", "shipping_requirements", "created_at", "updated_at"}


@pytest.fixture
async def order(team: Team) -> dict[str, Any]:
    """The order of section 9.1."""
    return await example(team)


async def example(team: Team) -> dict[str, Any]:
    reply = await team.orders_api("POST", "/tags", body={"name": "Summer shelf"})
    team.by = {"tag": reply.json["id"]}
    reply = await team.orders_api("POST", "/orders", body=EXAMPLE_BODY)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def events(team: Team, order_id: str) -> list[dict[str, Any]]:
    """The order's events in their sequence, as the feed shows them."""
    page = (await team.orders_api("GET", f"/events?limit=50&order_id={order_id}")).ok()
    assert not page["has_more"]
    return list(reversed(page["data"]))


async def details(team: Team, order_id: str, name: str | None = None) -> dict[str, Any]:
    """Those of the newest event of the order, which has that name."""
    newest = (await events(team, order_id))[-1]
    assert name is None or newest["event_name"] == name
    told: dict[str, Any] = newest["details"]
    return told


# Exact keys


async def test_a_new_order_with_two_items_is_one_event(team: Team) -> None:
    """O-39, O-13."""
    items = [{"amount": kg("1.50"), "shipping_requirements": {"quantity": "3"}}, {"amount": kg("2")}]
    made = await create(team, "A", items=items, start_date="2026-06-20", ship_to={})
    [event] = await events(team, made["id"])
    told = event["details"]
    assert event["event_name"] == "order.created"
    assert set(told) == CREATED | CREATED_OURS and len(told) == 28
    assert [(item["id"], item["amount"]["value"]) for item in told["items"]] == [
        (made["items"][0]["id"], "1.50"),
        (made["items"][1]["id"], "2"),
    ]
    assert told["items"][0]["shipping_requirements"]["quantity"] == 3
    assert told["start_date"] == "2026-06-20T00:00:00+00:00"
    assert told["self_link"] == f"/orders/{made['id']}"
    assert told["resource_type"] == "order"


async def test_strict_payloads(pool: Any) -> None:
    """O-39: only the 23 published keys; numbers of packages are strings in item events (section 14)."""
    async with served(pool, strict_event_payloads=True, environment="pier") as world:
        team = await world.team()
        made = await create(team, "A", items=[{"amount": kg("1"), "shipping_requirements": {"quantity": 3}}])
        [event] = await events(team, made["id"])
        assert set(event["details"]) == CREATED
        assert event["source"]["environment"] == "pier"
        path = f"/orders/{made['id']}/items/{made['items'][0]['id']}"
        assert (await team.orders_api("DELETE", path)).status == 204
        told = await details(team, made["id"], "order.item.deleted")
        assert told["shipping_requirements"]["quantity"] == "3"


async def test_each_kind_of_event_has_its_keys(team: Team) -> None:
    """O-40."""
    made = await create(team, "A", items=[{"amount": kg("1")}])
    path = f"/orders/{made['id']}/items"
    six = {"id", "order_type", "resource_type", "self_link", "old_data", "new_data"}
    item = {"custom_data", "description", "references", "amount", "available_amount", "shipping_requirements"}
    eleven = {"id", "order_type", "resource_type", "self_link", "order_id"} | item
    (await patch(team, made["id"], {"name": "X"})).ok()
    assert set(await details(team, made["id"], "order.updated")) == six
    added = await team.orders_api("POST", path, body={"amount": kg("3")})
    told = await details(team, made["id"], "order.item.created")
    assert set(told) == eleven and len(told) == 11
    link = f"{path}/{added.json['id']}"
    assert (told["id"], told["self_link"], told["order_id"]) == (added.json["id"], link, made["id"])
    (await team.orders_api("PATCH", link, body={"amount": {"value": "4"}})).ok()
    told = await details(team, made["id"], "order.item.updated")
    assert set(told) == six | {"order_id"}
    assert (told["self_link"], told["resource_type"]) == (link, "order_item")
    assert (await team.orders_api("DELETE", link)).status == 204
    told = await details(team, made["id"], "order.item.deleted")
    assert set(told) == eleven
    assert told["self_link"] is None


# The examples of section 15


def diff(old: Any, new: Any) -> tuple[Any, Any]:
    return old, new


async def told_of(team: Team, order_id: str) -> tuple[Any, Any]:
    told = await details(team, order_id)
    return told["old_data"], told["new_data"]


async def test_e1_name_and_start_date(team: Team, order: dict[str, Any]) -> None:
    """O-41, E1."""
    (await patch(team, order["id"], {"name": "Deck screws, July", "start_date": "2026-07-01"})).ok()
    assert await told_of(team, order["id"]) == diff(
        {"name": "Deck screws, June", "start_date": "2026-06-20T00:00:00+00:00"},
        {"name": "Deck screws, July", "start_date": "2026-07-01T00:00:00+00:00"},
    )


async def test_e2_custom_data_is_told_whole(team: Team, order: dict[str, Any]) -> None:
    """O-41, E2."""
    (await patch(team, order["id"], {"custom_data": {"cost_center": None, "buyer": "ines"}})).ok()
    assert await told_of(team, order["id"]) == diff(
        {"custom_data": {"cost_center": "114"}}, {"custom_data": {"buyer": "ines"}}
    )


async def test_e3_e4_arrays_are_told_whole(team: Team, order: dict[str, Any]) -> None:
    """O-41, E3, E4."""
    one = {"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}
    two = {"qualifier": "EXTERNAL_INVOICE_ID", "value": "INV-88"}
    (await patch(team, order["id"], {"references": [one, two]})).ok()
    assert await told_of(team, order["id"]) == diff({"references": [one]}, {"references": [one, two]})
    (await patch(team, order["id"], {"tags": []})).ok()
    assert await told_of(team, order["id"]) == diff({"tags": [{"id": team.by["tag"], **TAG}]}, {"tags": []})


async def test_e5_cancel(team: Team, order: dict[str, Any]) -> None:
    """O-41, O-22, E5: one event, exactly these keys."""
    with team.world.clock.at(datetime(2026, 6, 17, 15, 4, 5, 310877, UTC)):
        (await team.orders_api("POST", f"/orders/{order['id']}/cancel")).ok()
    assert await told_of(team, order["id"]) == diff(
        {"status": "READY", "cancelled_at": None},
        {"status": "CANCELED", "cancelled_at": "2026-06-17T15:04:05.310877+00:00"},
    )
    assert len(await events(team, order["id"])) == 2


async def test_e6_a_supplier(team: Team, order: dict[str, Any]) -> None:
    """O-41, E6."""
    supplier = {"name": "Birchline Mill", "supplier_id": "SUP-31", "email": "orders@birchline.example"}
    (await patch(team, order["id"], {"supplier": supplier})).ok()
    whole: dict[str, Any] = {**supplier, "address": None, "identification_codes": [], "phone_number": None}
    assert await told_of(team, order["id"]) == diff(
        {"supplier": None, "status": "READY"}, {"supplier": whole, "status": "NOT_READY"}
    )


async def test_e7_a_milestone_confirmed_elsewhere(team: Team) -> None:
    """O-41, O-27, O-66, E7: then one `order.updated` with just the status, last."""
    await team.apply(
        {
            "statuses": [{"name": "Accepted"}, {"name": "Sent"}],
            "workflows": [
                {
                    "name": "Flow",
                    "default": True,
                    "milestones": [
                        {"name": "Order accepted", "type": "acceptance", "status": "Accepted"},
                        {"name": "Shipped", "type": "shipment", "status": "Sent"},
                    ],
                }
            ],
        }
    )
    made = await example(team)
    for status in ("Accepted", "Sent"):
        assert (await team.move(parse_id(made["id"]) or "", team.known[status])).status == 200
    *_, changed, confirmed, updated = await events(team, made["id"])
    assert (changed["event_name"], confirmed["event_name"]) == (
        "order.status.changed",
        "order.milestone.confirmed",
    )
    assert changed["details"]["new_data"]["custom_status"]["name"] == "Sent"
    told = confirmed["details"]
    assert set(told) == {
        *("id", "order_type", "resource_type", "self_link", "order_id", "type", "name", "position"),
        *("workflow_milestone_id", "old_data", "new_data"),
    }
    uuids = f"/v1/teams/{team.id}/purchase_orders/{parse_id(made['id'])}/milestones/{parse_id(told['id'])}"
    assert (told["self_link"], told["type"], told["position"]) == (uuids, "shipment", 2)
    assert parse_id(told["workflow_milestone_id"]) is not None
    assert (updated["event_name"], updated["details"]["old_data"], updated["details"]["new_data"]) == (
        "order.updated",
        {"status": "READY"},
        {"status": "IN_TRANSIT"},
    )
    assert (await read(team, made["id"]))["status"] == "IN_TRANSIT"


async def test_e8_e9_only_what_differs_of_an_items_requirements(team: Team, order: dict[str, Any]) -> None:
    """O-41, E8, E9."""
    path = f"/orders/{order['id']}/items/{order['items'][0]['id']}"
    body = {"amount": {"value": "700"}, "shipping_requirements": {"quantity": 3, "packaging_type": "BIN"}}
    (await team.orders_api("PATCH", path, body=body)).ok()
    assert await told_of(team, order["id"]) == diff(
        {"amount": kg("640.50"), "shipping_requirements": {"quantity": 2, "packaging_type": "PALLET"}},
        {"amount": kg("700"), "shipping_requirements": {"quantity": 3, "packaging_type": "BIN"}},
    )
    body = {"shipping_requirements": {"gross_weight": {"value": 671.5}}}
    (await team.orders_api("PATCH", path, body=body)).ok()
    assert await told_of(team, order["id"]) == diff(
        {"shipping_requirements": {"gross_weight": kg("662")}},
        {"shipping_requirements": {"gross_weight": kg("671.5")}},
    )


async def test_e10_nothing(team: Team, order: dict[str, Any]) -> None:
    """O-41, O-17, O-20, E10."""
    (await put(team, order["id"], await read(team, order["id"]))).ok()
    (await patch(team, order["id"], {})).ok()
    assert len(await events(team, order["id"])) == 1


async def test_e11_a_put_of_everything(team: Team) -> None:
    """O-41, E11, in section 14's order within a transaction."""
    items = [{"description": "A", "amount": kg("1")}, {"description": "B", "amount": kg("2")}]
    made = await create(team, "A", name="Deck screws, June", items=items)
    a, b = made["items"]
    body = {**made, "name": "Deck screws, July", "items": [{**a, "amount": kg("5")}, {"amount": kg("9")}]}
    answer = (await put(team, made["id"], body)).ok()
    told = (await events(team, made["id"]))[1:]
    assert [event["sequence"] for event in told] == [2, 3, 4, 5]
    assert [(event["event_name"], event["details"]["id"]) for event in told] == [
        ("order.item.deleted", b["id"]),
        ("order.item.updated", a["id"]),
        ("order.item.created", answer["items"][1]["id"]),
        ("order.updated", made["id"]),
    ]
    assert (told[3]["details"]["old_data"], told[3]["details"]["new_data"]) == (
        {"name": "Deck screws, June"},
        {"name": "Deck screws, July"},
    )


async def test_e12_ship_from(team: Team, order: dict[str, Any]) -> None:
    """O-41, E12."""
    stop = {
        "country": "CA",
        "line_1": "12 rue du Moulin",
        "locality": "Sherbrooke",
        "postal_code": "J1H 4Z7",
        "region": "QC",
        "timezone": "America/Toronto",
        "company_name": "Birchline Mill",
        "shipping_requirements": {
            "plan_window": {"start": "2026-06-24T06:15:00Z", "end": "2026-06-24T16:45:00-04:00"}
        },
    }
    (await patch(team, order["id"], {"ship_from": stop})).ok()
    assert await details(team, order["id"]) == {
        "id": order["id"],
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order",
        "self_link": f"/orders/{order['id']}",
        "old_data": {"ship_from": None},
        "new_data": {
            "ship_from": {
                "country": "CA",
                "line_1": "12 rue du Moulin",
                "line_2": None,
                "line_3": None,
                "locality": "Sherbrooke",
                "postal_code": "J1H 4Z7",
                "region": "QC",
                "urbanization": None,
                "residential": False,
                "geolocation": None,
                "custom_data": None,
                "timezone": "America/Toronto",
                "location_number": None,
                "company_name": "Birchline Mill",
                "references": [],
                "shipping_requirements": {
                    "plan_window": {"start": "2026-06-24T06:15:00+00:00", "end": "2026-06-24T20:45:00+00:00"}
                },
            }
        },
    }


async def test_e13_a_deleted_item(team: Team, order: dict[str, Any]) -> None:
    """O-41, E13."""
    body = {"description": "Joist hanger 47 mm", "amount": kg("88"), "custom_data": {"line": "20"}}
    item = (await team.orders_api("POST", f"/orders/{order['id']}/items", body=body)).json
    assert (await team.orders_api("DELETE", f"/orders/{order['id']}/items/{item['id']}")).status == 204
    assert await details(team, order["id"], "order.item.deleted") == {
        "id": item["id"],
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order_item",
        "self_link": None,
        "order_id": order["id"],
        "custom_data": {"line": "20"},
        "description": "Joist hanger 47 mm",
        "references": [],
        "amount": kg("88"),
        "available_amount": kg("88"),
        "shipping_requirements": None,
    }


# Replay (O-45)


@pytest.mark.parametrize("seed", range(6))
async def test_replaying_the_events_gives_the_order(team: Team, seed: int) -> None:
    """O-45, O-44, D8: also `old_data` gives the way back."""
    chance = random.Random(seed)
    for name in ("Summer shelf", "Rush"):
        await team.orders_api("POST", "/tags", body={"name": name})
    made = await create(team, "A", items=[{"amount": kg("40")}, {"amount": kg("7.50")}], tags=["rush"])
    for _ in range(25):
        act = chance.choice(ACTS)
        reply = await act(team, await read(team, made["id"]), chance)
        assert reply.status < 500, reply
    shown = await read(team, made["id"])
    told = await events(team, made["id"])
    assert [event["sequence"] for event in told] == list(range(1, len(told) + 1))
    assert len(told) > 8
    document = told[0]["details"]
    for event in told[1:]:
        before = copy.deepcopy(document)
        replay(document, event, "old_data", "new_data")
        back = copy.deepcopy(document)
        replay(back, event, "new_data", "old_data")
        assert comparable(back) == comparable(before), event
    document.pop("resource_type"), document.pop("self_link")
    assert comparable(document) == comparable(in_event_form(shown))


def replay(document: dict[str, Any], event: dict[str, Any], old: str, new: str) -> None:
    """D8, forward; with the sides exchanged, the way back."""
    name, told = event["event_name"], event["details"]
    items = {item["id"]: item for item in document["items"]}
    if name == "order.updated":
        assert {key: document[key] for key in told[old]} == told[old]
        assert told[old].keys() == told[new].keys()
        document.update(copy.deepcopy(told[new]))
    elif name == "order.item.updated":
        item = items[told["id"]]
        for key, value in copy.deepcopy(told[new]).items():
            nested = key == "shipping_requirements" and None not in (value, told[old][key])
            held = item[key] if nested else item
            part, was = (value, told[old][key]) if nested else ({key: value}, {key: told[old][key]})
            assert {name: held[name] for name in was} == was
            held.update(part)
    elif (name == "order.item.created") == (new == "new_data"):
        document["items"].append({key: told[key] for key in ITEM_KEYS} | {"id": told["id"]})
    else:
        document["items"].remove(items[told["id"]])


ITEM_KEYS = (
    "description",
    "references",
    "amount",
    "available_amount",
    "shipping_requirements",
    "custom_data",
)


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    """Without `updated_at` and `available_amount`; items by id."""
    items = [
        {key: value for key, value in item.items() if key != "available_amount"} for item in document["items"]
    ]
    kept = {key: value for key, value in document.items() if key != "updated_at"}
    return {**kept, "items": sorted(items, key=lambda item: item["id"])}


def in_event_form(shown: dict[str, Any]) -> dict[str, Any]:
    """A REST document with its moments and days as events write them."""
    document = copy.deepcopy(shown)
    for holder in (document, *document["releases"]):
        for key in ("created_at", "updated_at", "cancelled_at", "unassigned_at"):
            if holder.get(key) is not None:
                holder[key] = holder[key].replace("Z", "+00:00")
    for key in ("start_date", "expiration_date"):
        if document[key] is not None:
            document[key] += "T00:00:00+00:00"
    for stop in (document["ship_to"], document["ship_from"]):
        if stop and (window := stop["shipping_requirements"]["plan_window"]):
            for key in ("start", "end"):
                window[key] = window[key] and window[key].replace("Z", "+00:00")
    return document


Act = Callable[[Team, dict[str, Any], random.Random], Any]


def _patch(body: Callable[[random.Random], dict[str, Any]]) -> Act:
    return lambda team, order, chance: patch(team, order["id"], body(chance))


async def _add_item(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    body = {
        "amount": kg(f"{chance.randrange(50)}.{chance.randrange(10)}"),
        "description": chance.choice("XYZ"),
    }
    return await team.orders_api("POST", f"/orders/{order['id']}/items", body=body)


async def _patch_item(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    if not order["items"]:
        return await _add_item(team, order, chance)
    item = chance.choice(order["items"])
    requirements = chance.choice([None, {"quantity": chance.randrange(4), "gross_weight": kg("1.0")}, {}])
    body = {"amount": {"value": str(chance.randrange(60))}, "shipping_requirements": requirements}
    return await team.orders_api("PATCH", f"/orders/{order['id']}/items/{item['id']}", body=body)


async def _drop_item(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    if not order["items"]:
        return await _add_item(team, order, chance)
    path = f"/orders/{order['id']}/items/{chance.choice(order['items'])['id']}"
    return await team.orders_api("DELETE", path)


async def _put(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    items = [
        {**item, "description": chance.choice("XYZ")} for item in order["items"] if chance.random() < 0.8
    ]
    body = {**order, "name": chance.choice(["Put", None]), "items": [*items, {"amount": kg("3")}]}
    return await put(team, order["id"], body)


async def _release(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    if not order["items"]:
        return await _add_item(team, order, chance)
    taken = [{"order_item_id": chance.choice(order["items"])["id"], "amount": kg("0.5")}]
    kind = chance.choice(["TRANSPORTATION", "PURCHASE_ORDER"])
    body = {"release_type": kind, "items": taken}
    return await team.orders_api("POST", f"/orders/{order['id']}/releases", body=body)


async def _move_leg(team: Team, order: dict[str, Any], chance: random.Random) -> Any:
    if not order["releases"]:
        return await _release(team, order, chance)
    path = f"/orders/{order['id']}/releases/{chance.choice(order['releases'])['id']}"
    body = chance.choice(
        [{"transit_status": "DISPATCHED"}, {"transit_status": "DELIVERED"}, {"unassigned_at": "2026-01-05"}]
    )
    return await team.orders_api("PATCH", path, body=body)


ACTS: list[Act] = [
    _patch(lambda chance: {"name": f"Name {chance.randrange(3)}", "archived": chance.random() < 0.5}),
    _patch(
        lambda chance: {"custom_data": chance.choice([None, {"a": chance.randrange(3), "b": {"c": 1.5}}])}
    ),
    _patch(lambda chance: {"tags": chance.sample(["summer-shelf", "rush"], chance.randrange(3))}),
    _patch(
        lambda chance: {
            "start_date": date(2026, 6, chance.randrange(1, 9)).isoformat(),
            "expiration_date": chance.choice([None, "2026-07-01"]),
        }
    ),
    _patch(lambda chance: {"supplier": chance.choice([None, {"supplier_id": f"S-{chance.randrange(3)}"}])}),
    _patch(
        lambda chance: {
            "ship_from": chance.choice(
                [
                    None,
                    {"line_1": "12 rue du Moulin", "geolocation": {"latitude": 43.65, "longitude": -70}},
                    {"shipping_requirements": {"plan_window": {"start": "2026-06-24T06:15:00.5Z"}}},
                ]
            )
        }
    ),
    _patch(lambda chance: {"references": [{"qualifier": "A", "value": chance.choice("XY")}]}),
    _add_item,
    _patch_item,
    _drop_item,
    _put,
    _release,
    _move_leg,
]


# Deliveries


async def hook(team: Team, *names: str, **options: Any) -> str:
    """The webhook's id."""
    body = {
        "url": "https://hooks.birchline.example/milepost",
        "enabled_events": list(names),
        "error_contact_email": "edi@birchline.example",
        **options,
    }
    reply = await team.orders_api("POST", "/webhooks", body=body)
    assert reply.status == 201, reply
    return str(reply.json["id"])


async def bodies(team: Team, webhook_id: str) -> list[dict[str, Any]]:
    """What goes to the webhook, oldest first."""
    rows = await team.world.pool.fetch(
        "select body from deliveries where team_id = $1 and webhook_id = $2 order by id",
        team.id,
        parse_id(webhook_id),
    )
    return [json.loads(row["body"]) for row in rows]


async def test_a_delivery_says_what_the_feed_says(team: Team) -> None:
    """O-49: exactly 8 keys; `details` as in GET /events/{id}, apart from `new_object`."""
    custom = {"bridge": {"tenant": "north"}}
    every = (
        "order.created",
        "order.updated",
        "order.item.created",
        "order.item.updated",
        "order.item.deleted",
    )
    webhook_id = await hook(team, *every, custom_data=custom)
    made = await example(team)
    path = f"/orders/{made['id']}/items"
    item = (await team.orders_api("POST", path, body={"amount": kg("88"), "custom_data": {"n": 1}})).json
    (await team.orders_api("PATCH", f"{path}/{item['id']}", body={"amount": {"value": "92.5"}})).ok()
    assert (await team.orders_api("DELETE", f"{path}/{item['id']}")).status == 204
    await leg(team, made)
    told = await events(team, made["id"])
    sent = await bodies(team, webhook_id)
    assert [body["id"] for body in sent] == [event["id"] for event in told]
    for body, event in zip(sent, told, strict=True):
        assert body == {
            **{key: event[key] for key in ("id", "event_name", "event_version", "occurred_at", "sequence")},
            "source": event["source"],
            "details": event["details"],
            "custom_data": custom,
        }
        assert len(body) == 8
        one = (await team.orders_api("GET", f"/events/{body['id']}")).ok()
        assert one["details"] == body["details"]


async def test_the_object_after_an_update_is_the_get_of_that_moment(team: Team) -> None:
    """O-50: for an item's update the item, for an order's the order; never for `order.created`."""
    names = ("order.created", "order.updated", "order.item.created", "order.item.updated")
    webhook_id = await hook(team, *names, include_updated_object=True)
    made = await example(team)
    item = f"/orders/{made['id']}/items/{made['items'][0]['id']}"
    expected: list[dict[str, Any] | None] = [None]
    (await patch(team, made["id"], {"name": "X", "custom_data": {"share": 1.5}})).ok()
    expected.append(await read(team, made["id"]))
    (await team.orders_api("PATCH", item, body={"amount": {"value": "700"}})).ok()
    expected.append((await team.orders_api("GET", item)).ok())
    await release(team, made["id"], items=[{"order_item_id": made["items"][0]["id"], "amount": kg("0.5")}])
    expected.append(await read(team, made["id"]))
    added = await team.orders_api("POST", f"/orders/{made['id']}/items", body={"amount": kg("1")})
    assert added.status == 201, added
    expected.append(None)
    (await team.orders_api("POST", f"/orders/{made['id']}/cancel")).ok()
    expected.append(await read(team, made["id"]))
    sent = await bodies(team, webhook_id)
    assert [body["details"].get("new_object") for body in sent] == expected
    for event in await events(team, made["id"]):
        assert "new_object" not in event["details"]


async def test_another_team_is_not_told(world: World, team: Team) -> None:
    """O-8."""
    other = await world.team()
    webhook_id = await hook(other, "order.created")
    await create(team, "A")
    assert await bodies(other, webhook_id) == []
