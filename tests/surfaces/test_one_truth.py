"""One order, two surfaces: whatever is done through either of them, by however many at once, both tell the same order,
and the event log tells how it came to be.

Random acts through the Status API and the Orders API on several orders; what must hold is checked after each round.
"""

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from milepost.kit.ids import parse_id, ulid
from milepost.model.lifecycle import derive
from tests.surfaces.orders_api.hooks import body_of, hook, waiting
from tests.surfaces.orders_api.talk import kg
from tests.surfaces.orders_api.test_event_payloads import comparable, in_event_form, replay
from tests.surfaces.world import Reply, Stop, Team, World, item, served

WORKSPACE: dict[str, Any] = {
    "settings": {"workflows_enabled": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "Accepted", "workflow": "Build"},
        {"name": "Varnish", "workflow": "Build", "sub_status_group": "Coats"},
        {"name": "Sent", "workflow": "Build"},
        {"name": "There", "workflow": "Build"},
        {"name": "Looked at", "workflow": "Repair"},
        {"name": "Waiting", "independent": True},
        {"name": "Gift", "addon": True},
        {"name": "Lacquer", "addon": True, "sub_status_group": "Coats"},
    ],
    "workflows": [
        {
            "name": "Build",
            "default": True,
            "milestones": [
                {"name": "Order accepted", "type": "acceptance", "status": "Accepted"},
                {"name": "Shipped", "type": "shipment", "status": "Sent"},
                {"name": "Delivered", "type": "delivery", "status": "There"},
            ],
        },
        {"name": "Repair"},
    ],
}
EVERY_EVENT = [
    *("order.created", "order.updated", "order.item.created", "order.item.updated", "order.item.deleted"),
    *("order.status.changed", "order.item.status.changed", "order.milestone.confirmed"),
]
TOLD_WITH_OBJECT = ("order.updated", "order.item.updated")


class Yard:
    """A team, its orders, and all that was ever seen of them."""

    def __init__(self, doors: Sequence[Team], other: Team, seed: int) -> None:
        self.doors = doors
        """The team as each of several servers of one database knows it."""
        self.other = other
        self.dice = random.Random(seed)
        self.orders: list[str] = []
        self.webhook = ""
        self.numbers = 0
        self.versions: dict[str, dict[str, str]] = {}
        """ETag and `updated_at` that belong together, by order."""
        self.latest: dict[str, tuple[str, int]] = {}
        """ETag and number of events at the last look, by order."""

    @property
    def team(self) -> Team:
        """Through any of the servers."""
        return self.dice.choice(self.doors)

    async def build(self) -> "Yard":
        for door in self.doors:
            await door.apply(WORKSPACE)
        self.webhook = (await hook(self.team, enabled_events=EVERY_EVENT, include_updated_object=True))["id"]
        for name in ("Summer shelf", "Rush"):
            await self.team.orders_api("POST", "/tags", body={"name": name})
        for _ in range(3):
            await create(self)
        stop = Stop(company_name="Yard", line_1="Rua do Cais 7", locality="Faro", country="PT")
        for number in range(2):
            lines = (item("Boat", "2"), item("Oar", "1.5"))
            self.orders.append(ulid(await self.doors[0].order(f"#{number}", items=lines, ship_to=stop)))
        return self

    def number(self) -> str:
        self.numbers += 1
        return f"Y-{self.numbers}"

    async def read(self, order_id: str) -> tuple[dict[str, Any], str]:
        """The order as the Orders API shows it, and its ETag."""
        reply = await self.team.orders_api("GET", f"/orders/{order_id}")
        order: dict[str, Any] = reply.ok()
        self.saw(reply)
        return order, reply.headers["ETag"]

    def saw(self, reply: Reply) -> None:
        """Notes the version that an answer with a whole order shows."""
        if reply.status < 300 and reply.raw and "updated_at" in reply.json and "ETag" in reply.headers:
            order, tag = reply.json, reply.headers["ETag"]
            assert (
                self.versions.setdefault(order["id"], {}).setdefault(tag, order["updated_at"])
                == (order["updated_at"])
            )

    def status(self) -> dict[str, str]:
        """A status to enter, as the Status API is told."""
        names = ("Accepted", "Sent", "There", "Varnish", "Looked at", "Waiting", "Gift", "Lacquer")
        (name,) = self.dice.choices(names, (6, 4, 2, 1, 1, 1, 1, 1))
        option = {"sub_status_option_id": self.team.known[f"Coats/{self.dice.choice(['First', 'Second'])}"]}
        return {"status_id": self.team.known[name], **(option if name in ("Varnish", "Lacquer") else {})}


# What is done


async def create(yard: Yard) -> Reply:
    dice = yard.dice
    body = {
        "order_number": yard.number(),
        "ship_to": dice.choice([{}, {"line_1": "77 Commercial St", "region": "ME", "country": "US"}]),
        "order_type": dice.choice(["PURCHASE_ORDER", "PURCHASE_ORDER", "SALES_ORDER"]),
        "supplier": dice.choice([None, None, {"supplier_id": "SUP-31"}]),
        "items": [{"description": name, "amount": kg("40.5")} for name in "AB"],
    }
    reply = await yard.team.orders_api("POST", "/orders", body=body)
    assert reply.status == 201, reply
    yard.orders.append(reply.json["id"])
    return reply


async def patch(yard: Yard, order_id: str) -> Reply:
    dice = yard.dice
    parts: list[dict[str, Any]] = [
        {"name": dice.choice(["June", "July", None])},
        {"order_number": yard.number()},
        {
            "ship_to": {
                "line_2": dice.choice(["Dock door 6", None]),
                "postal_code": dice.choice(["04101", "04102"]),
            }
        },
        {"ship_to": {"geolocation": dice.choice([None, {"latitude": 43.65, "longitude": -70}])}},
        {"tags": dice.sample(["summer-shelf", "rush"], dice.randrange(3))},
        {"custom_data": {"n": dice.randrange(3), "share": 1.5}},
        {"supplier": dice.choice([None, {"supplier_id": "SUP-31", "name": dice.choice("AB")}])},
        {"archived": dice.random() < 0.5, "start_date": dice.choice([None, "2026-06-20"])},
        {"references": [{"qualifier": "A", "value": dice.choice("XY")}]},
        {},
    ]
    body = dice.choice(parts) | dice.choice(parts)
    return await yard.team.orders_api("PATCH", f"/orders/{order_id}", body=body)


async def put(yard: Yard, order_id: str) -> Reply:
    """What was read with a change of items and name; at times only if nobody came between."""
    dice = yard.dice
    order, tag = await yard.read(order_id)
    kept = [{**one, "description": dice.choice("ABC")} for one in order["items"] if dice.random() < 0.8]
    body = dice.choice([order, {**order, "name": "Put", "items": [*kept, {"amount": kg("3.50")}]}])
    headers = dice.choice([{}, {"If-Match": tag}])
    return await yard.team.orders_api("PUT", f"/orders/{order_id}", body=body, headers=headers)


async def cancel(yard: Yard, order_id: str) -> Reply:
    if yard.dice.random() < 0.6:
        return await yard.team.orders_api("PATCH", f"/orders/{order_id}", body={})
    return await yard.team.orders_api("POST", f"/orders/{order_id}/cancel")


async def add_item(yard: Yard, order_id: str) -> Reply:
    body = {"description": "Joist hanger", "amount": kg(yard.dice.choice(["88", "0", "7.25"]))}
    return await yard.team.orders_api("POST", f"/orders/{order_id}/items", body=body)


async def change_item(yard: Yard, order_id: str) -> Reply:
    dice = yard.dice
    order, _ = await yard.read(order_id)
    if not order["items"]:
        return await add_item(yard, order_id)
    path = f"/orders/{order_id}/items/{dice.choice(order['items'])['id']}"
    if dice.random() < 0.2:
        return await yard.team.orders_api("DELETE", path)
    requirements = dice.choice([None, {}, {"quantity": dice.randrange(4)}, {"gross_weight": kg("1.0")}])
    body = {
        "amount": {"value": dice.choice(["50", "60.0", "60.00", "40.0"])},
        "shipping_requirements": requirements,
    }
    return await yard.team.orders_api("PATCH", path, body=body)


async def release(yard: Yard, order_id: str) -> Reply:
    dice = yard.dice
    order, _ = await yard.read(order_id)
    if not order["items"]:
        return await add_item(yard, order_id)
    taken: dict[str, Any] = {"order_item_id": dice.choice(order["items"])["id"]}
    if dice.random() < 0.6:
        taken["amount"] = {"unit": dice.choice(order["items"])["amount"]["unit"], "value": "0.5"}
    kind = dice.choice(["TRANSPORTATION", "TRANSPORTATION", "PURCHASE_ORDER"])
    body = {"release_type": kind, "items": [taken], "transit_status": dice.choice([None, "DISPATCHED"])}
    reply = await yard.team.orders_api("POST", f"/orders/{order_id}/releases", body=body)
    if reply.status == 201 and kind == "PURCHASE_ORDER":
        yard.orders.append(reply.json["released_to_order_id"])
    return reply


async def move_leg(yard: Yard, order_id: str) -> Reply:
    dice = yard.dice
    order, _ = await yard.read(order_id)
    if not order["releases"]:
        return await release(yard, order_id)
    path = f"/orders/{order_id}/releases/{dice.choice(order['releases'])['id']}"
    moves: list[dict[str, Any]] = [
        *({"transit_status": leg} for leg in ("DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")),
        *({"unassigned_at": "2026-01-05"}, {"released_to_shipment_id": dice.choice("XY")}),
    ]
    return await yard.team.orders_api("PATCH", path, body=dice.choice(moves))


async def move(yard: Yard, order_id: str) -> Reply:
    return await yard.team.post(f"/orders/{parse_id(order_id)}/status", yard.status())


async def move_many(yard: Yard, order_id: str) -> Reply:
    chosen = {order_id, *yard.dice.sample(yard.orders, 2)}
    body = {"order_ids": [parse_id(one) for one in chosen], **yard.status()}
    reply = await yard.team.post("/orders/status-bulk", body)
    assert (reply.ok()["failed"], len(reply.json["results"])) == (0, len(chosen))
    return reply


async def move_lines(yard: Yard, order_id: str) -> Reply:
    lines = await yard.team.line_items(parse_id(order_id) or "")
    if not lines:
        return await add_item(yard, order_id)
    way, chosen = yard.dice.randrange(4), yard.dice.sample(lines, min(2, len(lines)))
    if way == 0:
        return await yard.team.post("/line-items/clear-status", {"line_item_ids": chosen})
    if way == 1:
        return await yard.team.post("/line-items/status-bulk", {"line_item_ids": chosen, **yard.status()})
    return await yard.team.post(f"/line-items/{chosen[0]}/status", yard.status())


Act = Callable[[Yard, str], Awaitable[Reply]]

ACTS: list[Act] = [
    *(
        patch,
        patch,
        put,
        put,
        cancel,
        add_item,
        change_item,
        change_item,
        release,
        release,
        move_leg,
        move_leg,
    ),
    *(move, move, move, move_many, move_lines, move_lines),
    lambda yard, _: create(yard),
]


async def act(yard: Yard) -> Reply:
    reply = await yard.dice.choice(ACTS)(yard, yard.dice.choice(yard.orders))
    assert reply.status in (200, 201, 204, 400, 404, 409, 412), reply
    yard.saw(reply)
    return reply


# What must hold


async def check(yard: Yard) -> None:
    """After a round, when nobody is at work."""
    shown = {order_id: await yard.read(order_id) for order_id in yard.orders}
    for order_id, (order, tag) in shown.items():
        seen = await yard.team.read(parse_id(order_id) or "", "1.5", include="line_item_statuses")
        same_order(order, seen)
        await belongs_to_its_workflow(yard, seen)
        assert order["status"] == await derived(yard, order), order
        amounts_add_up(order)
        for made in order["releases"]:
            if made["release_type"] == "PURCHASE_ORDER":
                child, _ = shown[made["released_to_order_id"]]
                assert child["released_from_release_id"] == made["id"]
                assert (child["status"] == "CANCELED") == (made["unassigned_at"] is not None)
        events = await all_events(yard.team, f"/events?limit=50&order_id={order_id}")
        told = [event["sequence"] for event in reversed(events)]
        assert told == list(range(1, len(told) + 1))
        before = yard.latest.get(order_id)
        assert before is None or tag != before[0] or len(told) == before[1], "no event without a change"
        yard.latest[order_id] = (tag, len(told))
    for versions in yard.versions.values():
        assert len(set(versions.values())) == len(versions), "ETag and updated_at move together (section 20)"
    await sees_nothing(yard)


def same_order(order: dict[str, Any], seen: dict[str, Any]) -> None:
    """Section 22, for the Status API."""
    assert seen["id"] == parse_id(order["id"])
    assert seen["name"] == order["order_number"]
    assert seen["cancelled"] == (order["status"] == "CANCELED") == (order["cancelled_at"] is not None)
    if seen["cancelled"]:
        told = datetime.fromisoformat(order["cancelled_at"]).replace(microsecond=0)
        assert datetime.fromisoformat(seen["cancelled_at"]) == told
    assert [(line["id"], line["name"], line["quantity"]) for line in seen["line_items"]] == [
        (parse_id(one["id"]), one["description"], float(one["amount"]["value"])) for one in order["items"]
    ]
    stop, names = (
        order["ship_to"],
        ("company_name", "line_1", "line_2", "locality", "region", "postal_code", "country"),
    )
    place = stop["geolocation"] or {"latitude": None, "longitude": None}
    expected = [stop[name] for name in names] + [place["latitude"], place["longitude"]]
    address = list((seen["shipping_address"] or dict.fromkeys(range(9))).values())
    assert address[:7] + [None if text is None else float(text) for text in address[7:]] == expected


def amounts_add_up(order: dict[str, Any]) -> None:
    """Section 7.4: what is available is the amount minus what active releases took."""
    active = [one for one in order["releases"] if one["unassigned_at"] is None]
    for line in order["items"]:
        parts = [part for one in active for part in one["items"] if part["order_item_id"] == line["id"]]
        taken = sum(Decimal(part["amount"]["value"]) for part in parts)
        left = Decimal(line["available_amount"]["value"])
        assert left == Decimal(line["amount"]["value"]) - taken >= 0


async def belongs_to_its_workflow(yard: Yard, seen: dict[str, Any]) -> None:
    """An order in a status of a workflow is in that workflow."""
    held = seen["custom_status"]
    if held is not None:
        workflow = _WORKFLOW_OF[next(name for name, one in yard.team.known.items() if one == held["id"])]
        assert workflow is None or seen["workflow_id"] == yard.team.known[f"workflow:{workflow}"]
        assert (seen["custom_sub_status"] is not None) == (held["name"] == "Varnish")


_WORKFLOW_OF = {status["name"]: status.get("workflow") for status in WORKSPACE["statuses"]}


async def derived(yard: Yard, order: dict[str, Any]) -> str:
    """Section 8, from what the order shows and its milestones."""
    active = [one for one in order["releases"] if one["unassigned_at"] is None]
    milestones = await yard.team.milestones(parse_id(order["id"]) or "")
    return derive(
        cancelled=order["cancelled_at"] is not None,
        draft=False,
        legs=[one["transit_status"] for one in active if one["release_type"] == "TRANSPORTATION"],
        confirmed_types=[one["type"] for one in milestones if one["status"] == "confirmed"],
        from_release=order["released_from_release_id"] is not None,
        supplier_blocks=order["supplier"] is not None,
        has_order_release=any(one["release_type"] == "PURCHASE_ORDER" for one in active),
        all_taken=bool(order["items"])
        and all(Decimal(one["available_amount"]["value"]) == 0 for one in order["items"]),
    )


async def all_events(team: Team, path: str | None) -> list[dict[str, Any]]:
    """Newest first, all pages."""
    events: list[dict[str, Any]] = []
    while path is not None:
        page = (await team.orders_api("GET", path)).ok()
        events += page["data"]
        path = page["next"]
    return events


async def sees_nothing(yard: Yard) -> None:
    """The other team, on both surfaces."""
    for path in ("/orders", "/events", "/tags", "/webhooks"):
        assert (await yard.other.orders_api("GET", path)).ok()["data"] == []
    assert (await yard.other.get("/orders")).ok()["orders"] == []
    order_id = yard.dice.choice(yard.orders)
    assert (await yard.other.orders_api("GET", f"/orders/{order_id}")).status == 404
    assert (await yard.other.get(f"/orders/{parse_id(order_id)}")).status == 404


async def check_lists(yard: Yard) -> None:
    """Lists of both surfaces have every order, each as it is read by itself."""
    shown = await all_events(yard.team, "/orders?limit=100")
    assert [order["id"] for order in shown] == sorted(yard.orders, reverse=True)
    for order in shown:
        assert order == (await yard.read(order["id"]))[0]
    listed = (await yard.team.get("/orders", "1.5", limit="250", include="line_item_statuses")).ok()["orders"]
    assert sorted(ulid(seen["id"]) for seen in listed) == sorted(yard.orders)
    by_id = {order["id"]: order for order in shown}
    for seen in listed:
        same_order(by_id[ulid(seen["id"])], seen)


async def check_history(yard: Yard) -> None:
    """D8 and section 17.1: the events of an order make it, and each delivery tells its event, with the object as it
    was then."""
    sent = {body["id"]: body for body in map(body_of, await waiting(yard.team, yard.webhook))}
    for order_id in yard.orders:
        events = await all_events(yard.team, f"/events?limit=50&order_id={order_id}")
        document: dict[str, Any] = {}
        for event in reversed(events):
            delivered = dict(sent.pop(event["id"])["details"])
            then = delivered.pop("new_object", None)
            assert delivered == event["details"]
            assert (then is not None) == (event["event_name"] in TOLD_WITH_OBJECT)
            document = advanced(document, event)
            if event["event_name"] == "order.updated":
                now = in_event_form(then)
                if document["order_type"] != "PURCHASE_ORDER":  # its items may leave it unsaid
                    now["items"] = document["items"]
                assert comparable(now) == comparable(document), event
            elif event["event_name"] == "order.item.updated":
                (line,) = [one for one in document["items"] if one["id"] == event["details"]["id"]]
                assert {**then, "available_amount": None} == {**line, "available_amount": None}
        order, _ = await yard.read(order_id)
        if order["order_type"] == "PURCHASE_ORDER":
            assert comparable(document) == comparable(in_event_form(order))
    assert sent == {}


def advanced(document: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The order after the event."""
    if event["event_name"] == "order.created":
        created: dict[str, Any] = copy.deepcopy(event["details"])
        del created["resource_type"], created["self_link"]
        return created
    if event["event_name"] in (
        "order.updated",
        "order.item.created",
        "order.item.updated",
        "order.item.deleted",
    ):
        replay(document, event, "old_data", "new_data")
    return document


# Lives


@pytest.fixture(scope="module")
async def beside(pool: Any) -> AsyncIterator[World]:
    """A second server of the same database: it shares nothing else with the first."""
    async with served(pool) as made:
        yield made


async def a_yard(world: World, beside: World, seed: int) -> Yard:
    here = await world.team()
    there = Team(beside, here.id, here.name)
    there.key = await here.new_key()
    return await Yard([here, there], await world.team(), seed).build()


@pytest.mark.parametrize(("seed", "workers", "acts"), [(1, 6, 6), (3, 12, 3)])
async def test_many_at_once(world: World, beside: World, seed: int, workers: int, acts: int) -> None:
    """O-44, O-45, O-66, section 22: several tasks on the same orders through both surfaces of two servers."""
    yard = await a_yard(world, beside, seed)

    async def work() -> None:
        for _ in range(acts):
            await act(yard)

    async with yard.other.unchanged():
        for _ in range(3):
            await asyncio.gather(*(work() for _ in range(workers)))
            await check(yard)
        await check_lists(yard)
        await check_history(yard)
    assert len(yard.orders) >= 5


async def test_one_after_another(world: World, beside: World) -> None:
    """O-46, O-45: what is refused changes nothing at all, no ETag, no event; and an act on one order leaves the
    others alone."""
    yard = await a_yard(world, beside, 11)
    refused = 0
    for number in range(1, 61):
        before = await yard.team._fingerprint()
        reply = await act(yard)
        if reply.status >= 300:
            refused += 1
            assert await yard.team._fingerprint() == before, reply
        if number % 20 == 0:
            await check(yard)
    await check_history(yard)
    assert refused > 3
