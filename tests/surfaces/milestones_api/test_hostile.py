"""Whatever body, query, path or header is sent: no answer is a 5xx, none tells of the server's inside, and what is
refused changed nothing. For every route; headers as raw bytes."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.openapi_check import MILESTONES
from tests.openapi_check import document as openapi
from tests.surfaces.milestones_api.talk import bearing
from tests.surfaces.milestones_api.things import (
    BODIES,
    PARAMETER,
    ROUTES,
    Things,
    address,
    body_for,
    method_of,
    things,
)
from tests.surfaces.orders_api.test_hostile_requests import HEADER_TEXTS, NO_IDS, TEXTS, raw
from tests.surfaces.world import Reply, Team

READING = [route for route, each in ROUTES.items() if each.method == "GET"]
WRITING = [route for route, each in ROUTES.items() if each.body is not None]

_PULSE = """
select (select count(*) from events where team_id = $1), (select sum(version) from orders where team_id = $1),
       (select count(*) from order_tasks where team_id = $1), (select count(*) from tags where team_id = $1),
       (select count(*) from milestone_delays where team_id = $1),
       (select count(*) from order_items where team_id = $1),
       (select max(updated_at) from order_tasks where team_id = $1)"""


async def pulse(team: Team) -> tuple[Any, ...]:
    """Moves with every change of the team; cheaper than `unchanged`."""
    (row,) = await team.world.pool.fetch(_PULSE, team.id)
    return tuple(row)


def decent(reply: Reply) -> None:
    """Asserts that the server did not fail, and says nothing of itself."""
    assert reply.status < 500, reply
    assert b"Traceback" not in reply.raw
    assert b"asyncpg" not in reply.raw


# Bodies

FULL: dict[str, dict[str, Any]] = {
    "createPurchaseOrder": {
        "name": "x",
        "currency": "EUR",
        "incoterms": "FOB",
        "payment_terms": "net 45",
        "shipping_method": "sea",
        "note": "x",
        "tags": ["spring"],
        "order_number": "PO",
        "delivered_on": "2027-05-14",
        "delivery_date": "2027-05-14",
        "seller_city": "Lyon",
        "ships_to": {"company_name": "Loom", "line_1": "1 Mill Lane", "timezone": "UTC"},
        "draft": True,
    },
    "updatePurchaseOrder": {
        "tags": ["x"],
        "ships_on": "2027-04-10",
        "supplier": {"id": "sup-118", "name": "N"},
    },
    "editTimeline": {
        "production_start_date": "2027-03-01",
        "ship_date": "2027-04-12",
        "delivered_on": None,
        "reason": "x",
        "note": "y",
    },
    "createTask": {"assignee": "a", "due_date": "2027-02-01", "required": True},
    "updateTask": {"assignee": "a", "due_date": "2027-02-01", "required": False},
}
"""What else bodies of these operations may say."""
_ACTS = {"date": "2027-02-03", "note": "x", "reason": "y", "ship_date": "2027-02-03"}

WRONG: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, 1e-308),
    *("", " ", "x", "a\x00b", "\x00", "x" * 5_000, "é" * 300, "２", "0", "-1", "1e9", "null", "\U0001f600"),
    *("2027-02-30", "9999-12-31", "0001-01-01", "2027-02-03T00:00:00Z", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
    *([], {}, [None], [[]], [{}], {"": None}, {"\x00": "\x00"}, {"x": "2027-02-03"}, ["a"] * 1_001),
]


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """All places in it that can be spoilt, but the whole."""
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, part in inner:
        yield (*at, name)
        yield from places(part, (*at, name))


def spoilt(body: Any, at: tuple[str | int, ...], wrong: Any) -> Any:
    """The body with another value at that place."""
    changed = copy.deepcopy(body)
    holder = changed
    for part in at[:-1]:
        holder = holder[part]
    holder[at[-1]] = wrong
    return changed


def full(route: str, of: Things) -> dict[str, Any]:
    more = FULL.get(ROUTES[route].operation, _ACTS)
    return {**(BODIES[route](of) if route in BODIES else {}), **more}


@pytest.mark.parametrize("route", WRITING)
async def test_hostile_bodies(settled: tuple[Team, Things], route: str) -> None:
    """Sections 3 and 5: each place of a full body with each odd value: taken, or refused and nothing happened."""
    team, _ = settled
    of = await things(team, route)
    body, path, headers = full(route, of), address(route, of), bearing(team.key)
    before = await pulse(team)
    for number, at in enumerate(places(body)):
        for turn in range(12):
            wrong = WRONG[(number * 7 + turn * 3) % len(WRONG)]
            reply = await team.world.call(
                method_of(route), path, headers=headers, body=spoilt(body, at, wrong)
            )
            decent(reply)
            after = await pulse(team)
            if reply.status >= 400:
                assert reply.status == 422, (at, wrong, reply)
                assert after == before, (at, wrong, reply)
            before = after


@pytest.mark.parametrize("route", WRITING)
async def test_bodies_full_of_keys(settled: tuple[Team, Things], route: str) -> None:
    """Section 3: thousands of keys, deep values, numbers beyond all use."""
    team, of = settled
    path, headers = address(route, of), bearing(team.key)
    hashes = ("order_milestone_key_dates", "workflow_order_milestone_key_dates")
    texts = [
        json.dumps({f"k{n}": n for n in range(20_000)}),
        json.dumps({name: {f"{n}.\x00": "2027-02-03" for n in range(3_000)} for name in hashes}),
        json.dumps({name: {f"{n}": n for n in range(3_000)} for name in hashes}),
        '{"note": ' + "[" * 400 + "]" * 400 + "}",
        '{"quantity": 1e999999999, "order_items": [{"name": "x", "quantity": 1e-999999999}]}',
        '{"order_items": [{"part_id": %s, "quantity": 1}]}' % ("9" * 300),
        json.dumps({"order_items": [{}] * 1_000, "tags": [1] * 50}),
        '{"title": "a", "title": 1}',
    ]
    for body in texts:
        reply = await team.world.call(method_of(route), path, headers=headers, body=body.encode())
        decent(reply)


# Queries and paths


def parameters(route: str) -> list[str]:
    told = openapi(MILESTONES)["paths"][f"/v1{route.partition(' ')[2]}"]["get"].get("parameters", [])
    return [each["name"] for each in told if each.get("in") == "query"]


@pytest.mark.parametrize("route", READING)
async def test_hostile_queries(settled: tuple[Team, Things], route: str) -> None:
    """Sections 4 and 7: taken, or refused at that parameter, also twice; an unknown one is ignored."""
    team, of = settled
    path, headers = address(route, of), bearing(team.key)
    for number, name in enumerate([*parameters(route), "nonsense", "filter%5B%5D", "%00", "page[]"]):
        texts = [TEXTS[(number * 5 + turn * 3) % len(TEXTS)] for turn in range(15)]
        for text in (*texts, f"2026-06-20&{name}=2026-06-20"):
            query = f"{path}?{name}={text}"
            if len(query) > 2_000:  # links repeat it four times, and aiohttp reads no headers of that size
                sent = [(key.encode(), value.encode()) for key, value in headers.items()]
                reply = await raw(team, "GET", query, sent, None)
            else:
                reply = await team.world.call("GET", query, headers=headers)
            decent(reply)
            assert reply.status in (200, 400, 431), (name, text, reply)
            if reply.status == 400:
                assert (reply.json["code"], reply.json["parameter"]) == ("invalid_parameter", name)
                assert name in parameters(route)


async def test_links_hold_nothing_that_was_not_a_query(settled: tuple[Team, Things]) -> None:
    """Section 4: what a link keeps cannot leave its brackets or its header."""
    team, _ = settled
    for text in ("%3E%0d%0aX: y", "a>b", 'a"b', "a%0d%0ab", "ü", "a b", "<x>;rel=next", "%ff", "a\\b"):
        sent = [(b"Authorization", b"Bearer " + team.key.encode())]
        path = f"/v1/teams?x={text}".replace(" ", "%20")
        reply = await raw(team, "GET", path, sent, None)
        assert reply.status in (200, 400), (text, reply)
        if reply.status == 200:
            again = await team.world.call("GET", path, headers=bearing(team.key))
            assert again.headers["Link"].count("<") == again.headers["Link"].count(">") == 2


@pytest.mark.parametrize("route", [route for route in ROUTES if PARAMETER.search(route)])
async def test_hostile_paths(settled: tuple[Team, Things], route: str) -> None:
    """Section 3: what is no id is unknown, at every place of a path; nothing happens."""
    team, of = settled
    before = await pulse(team)
    for name in PARAMETER.findall(route):
        for text in NO_IDS:
            path = address(route, {**of, name: text})
            reply = await team.world.call(
                method_of(route), path, headers=bearing(team.key), body=body_for(route, of)
            )
            decent(reply)
            assert reply.status == 404, (name, text, reply)
    assert await pulse(team) == before


# Headers


@pytest.mark.parametrize(
    ("name", "allowed"),
    [(b"Authorization", {401}), (b"X-API-Key", {401}), (b"X-Request-Id", {200}), (b"Content-Type", {200})],
)
async def test_hostile_headers(settled: tuple[Team, Things], name: bytes, allowed: set[int]) -> None:
    """Sections 2, 3 and 5: refused by this surface or by the server that reads requests, or ignored."""
    team, of = settled
    sent = [] if name == b"Authorization" else [(b"Authorization", b"Bearer " + team.key.encode())]
    path, before = f"/v1/teams/{team.id}/purchase_orders/{of['order_id']}", await pulse(team)
    for text in HEADER_TEXTS:
        if name == b"X-API-Key" and not text.strip():
            continue  # an empty one was not sent, and beside it there is a right key
        reply = await raw(team, "PATCH", path, [*sent, (name, text)], {})
        assert reply.status in {*allowed, 400, 431}, (text, reply)
        assert b"Traceback" not in reply.raw
        assert await pulse(team) == before
