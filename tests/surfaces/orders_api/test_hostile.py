"""Whatever is sent: no answer is a 5xx, none tells of the server's inside, and what is refused changed nothing.

Bodies for every route that takes one: what is no JSON object, and wrong values at every place of the whole body that
the schema describes. Queries and paths for every route that has them; headers as raw bytes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from milepost.kit.ids import new_id
from tests.openapi_check import ORDERS, document
from tests.surfaces.orders_api.filled import Place, filled, places, schemas_of, spoilt
from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.talk import kg
from tests.surfaces.orders_api.things import PARAMETER, ROUTES, Things, address, body_for, reaching, things
from tests.surfaces.world import Reply, Team, World

WRITING = [route for route, each in ROUTES.items() if each.body != "none"]
READING = [route for route, each in ROUTES.items() if each.method == "GET"]
BODILESS = [route for route, each in ROUTES.items() if each.body == "none"]


class Ground(Struct):
    """A team with its things, on a server whose webhooks reach a receiver."""

    team: Team
    things: Things
    received: Received

    async def pulse(self) -> tuple[Any, ...]:
        """Moves with every change of the team; cheaper than `unchanged`."""
        (row,) = await self.team.world.pool.fetch(_PULSE, self.team.id)
        return tuple(row)


_PULSE = """
select (select count(*) from events where team_id = $1), (select sum(version) from orders where team_id = $1),
       (select count(*) from releases where team_id = $1), (select count(*) from tags where team_id = $1),
       (select count(*) from deliveries where team_id = $1), (select count(*) from webhooks where team_id = $1),
       (select max(updated_at) from webhooks where team_id = $1)"""


@pytest.fixture(scope="module")
async def reached(pool: Any) -> AsyncIterator[tuple[World, Received]]:
    async with reaching(pool) as both:
        yield both


@pytest.fixture
async def ground(reached: tuple[World, Received]) -> Ground:
    world, received = reached
    team = await world.team()
    return Ground(team, await things(team, url=received.url), received)


def decent(reply: Reply) -> None:
    """Asserts that the server did not fail, and says nothing of itself; and O-5."""
    assert reply.status < 500, reply
    assert b"Traceback" not in reply.raw
    assert b"asyncpg" not in reply.raw
    codes = {409: "idempotency_in_progress", 422: "idempotency_key_reused"}
    if reply.status in codes:
        assert [each["code"] for each in reply.json["errors"]] == [codes[reply.status]]


# Bodies that are no JSON object

NO_OBJECTS = {
    "no UTF-8": b"\xff\xfe{}",
    "broken UTF-8": b'{"name": "\xc3\x28"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep in a member": b'{"custom_data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "NUL escaped": b'{"name": "\\u0000"}',
    "NUL escaped in a key": b'{"a\\u0000b": 1}',
    "NUL deep inside": b'{"x": [{"y": ["\\u0000"]}]}',
    "NUL": b'{"name": "\x00"}',
    "a control character": b'{"name": "a\x01b"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "surrogates in the wrong order": b'{"name": "\\udc00\\ud800"}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "endless exponent": b'{"name": 1e99999999999999999999999}',
    "5000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
    "100000 digits": b'{"name": 0.' + b"9" * 100_000 + b"}",
    "leading zero": b'{"name": 01}',
    "over the bound": b'{"name": "' + b"x" * 1_048_576 + b'"}',
    "a text": b'"text"',
    "a number": b"1",
    "a list": b"[{}]",
    "null": b"null",
    "just NaN": b"NaN",
    "half": b'{"name": "x"',
    "something behind": b"{} {}",
    "a comment": b'{"name": "x" /* y */}',
    "single quotes": b"{'name': 'x'}",
    "zeros": b"\x00" * 1000,
    "a form": b"order_number=1&ship_to=",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "zipped": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00",
}
REFUSED = {"invalid_json", "wrong_type", "invalid_characters", "too_large", "out_of_range"}


@pytest.mark.parametrize("route", WRITING)
async def test_what_is_no_json_object(ground: Ground, route: str) -> None:
    """Sections 2, 4 and 6, for every route that takes a body; also with an Idempotency-Key."""
    team, known = ground.team, ground.things
    method, path = route.split()[0], address(route, known)
    async with team.unchanged():
        for number, (what, body) in enumerate(NO_OBJECTS.items()):
            headers = {"Idempotency-Key": new_id()} if (number + len(route)) % 2 else {}
            reply = await team.orders_api(method, path, body=body, headers=headers)
            assert reply.status == (413 if what == "over the bound" else 400), (what, reply)
            assert {each["code"] for each in reply.json["errors"]} <= REFUSED, (what, reply)


@pytest.mark.parametrize("route", BODILESS)
async def test_bodies_where_none_is_taken(ground: Ground, route: str) -> None:
    """Section 1: they are ignored, whatever they are; only one that is too large is refused."""
    team, known = ground.team, ground.things
    method, path = route.split()[0], address(route, known)
    for what in ("over the bound", "no UTF-8", "deep list", "NUL", "zipped"):
        reply = await team.orders_api(method, path, body=NO_OBJECTS[what], headers={"Content-Type": "text/x"})
        gone = method == "DELETE" and what not in ("over the bound", "no UTF-8")
        expected = 413 if what == "over the bound" else 404 if gone else ROUTES[route].success
        assert reply.status == expected, (what, reply)


# Wrong values everywhere


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


WRONG: list[Any] = [
    *(None, True, 0, -1, 10**30, 0.1, 1e300, 2**31, 2**63, -0.0),
    *(
        "",
        " ",
        "x" * 70_000,
        "\u00a0",
        "\u202e\ufeff",
        "\U0001f600" * 300,
        "null",
        "NaN",
        "1e5",
        "-0",
        "٣",
        "２",
    ),
    *("9999-12-31T23:59:59.999999-14:00", "0000-01-01", "2026-02-30", "0001-01-01T00:00:00+14:00"),
    *("2026-06-20T25:00:00Z", "2026-06-20T00:00:00+99:99", "../../etc/passwd", "' or 1=1 --", "%00"),
    *("01KV2G3X0PFPH9FMHV6P6ZP42C", "019ecf01-f416-7d93-97d2-9b7d8967d9a6", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
    *([], {}, [[]], [None], {"id": None}, {"a": {"b": 1}}, ["x"] * 1001, _deep(6), _deep(200)),
    *({"unit": None, "value": {}}, {str(number): number for number in range(60)}, {"": ""}, "{}", "[1]"),
]
ROUNDS = 2
"""How many wrong values each place gets; which ones, differs from place to place."""


def cases() -> Iterator[Any]:
    for route in WRITING:
        schemas = schemas_of(route)
        for number, _ in enumerate(schemas):
            yield pytest.param(route, number, id=route if len(schemas) == 1 else f"{route} {number}")


def whole(route: str, number: int, of: Things, received: Received) -> dict[str, Any]:
    """A body that says everything and is granted."""
    named = {
        "order_number": new_id(),
        "slug": new_id(),
        "tags": [of["tag"], {"id": of["tag_id"]}],
        "id": of["leg_item_id"],
        "order_item_id": of["order_item_id"],
        "amount": kg("0" if "releases" in route and not number else "1.5"),
        "event_id": of["event_id"],
        "unassigned_at": None,
        "url": received.url,
    }
    body: dict[str, Any] = filled(schemas_of(route)[number], named)
    return body


@pytest.mark.parametrize(("route", "number"), list(cases()))
async def test_wrong_values_at_every_place(ground: Ground, route: str, number: int) -> None:
    """What is refused leaves no trace (O-46); what is taken can be read as it was answered."""
    team, of = ground.team, ground.things
    method, path = route.split()[0], address(route, of)
    body = whole(route, number, of, ground.received)
    granted = await team.orders_api(method, path, body=body)
    assert granted.status == ROUTES[route].success, granted
    before = await ground.pulse()
    for at, wrong in _wrong(body):
        sent = spoilt(_anew(body, at), at, wrong)
        reply = await team.orders_api(method, path, body=sent)
        decent(reply)
        after = await ground.pulse()
        if reply.status >= 300:
            assert reply.status == 400, (at, wrong, reply)
            assert after == before, (at, wrong, reply)
        else:
            await _read_back(team, path, reply)
        before = after
    for listed in ("/orders?limit=100", "/events?limit=50", "/webhooks?limit=100", "/tags?limit=100"):
        assert (await team.orders_api("GET", listed)).status == 200


def _wrong(body: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    for number, at in enumerate(places(body)):
        for turn in range(ROUNDS):
            yield at, WRONG[(number * 7 + turn * 17) % len(WRONG)]


def _anew(body: dict[str, Any], at: Place) -> dict[str, Any]:
    """The body with names that nothing has yet, but for the one that is about to be spoilt."""
    fresh = {name: new_id() for name in ("order_number", "slug") if name in body and at[:1] != (name,)}
    return {**body, **fresh}


async def _read_back(team: Team, path: str, reply: Reply) -> None:
    """An order, item or release is read as it was answered."""
    if path.startswith("/orders") and reply.status < 300:
        place = reply.headers.get("Location") or path.removesuffix("/cancel")
        shown = await team.orders_api("GET", place)
        assert shown.status == 200, shown
        assert _decode(shown.raw) == _decode(reply.raw)


def _decode(raw: bytes) -> Any:
    """With numbers by value, all digits of them."""
    return json.loads(raw, parse_float=Decimal, parse_int=Decimal)


# Queries and paths

TEXTS = [
    *(
        "",
        "%00",
        "%ff",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "%",
        "%zz",
        "x" * 20_000,
        "1" * 4_000,
        "," * 20_000,
        "-1",
    ),
    *(
        "1e9",
        "2147483648",
        "9223372036854775808",
        "0x10",
        "%D9%A3",
        "null",
        "true",
        "*",
        "a,b,,c",
        "%27%3B--",
    ),
    *(
        "9999-12-31T23:59:59.999999-14:00",
        "0001-01-01T00:00:00%2B14:00",
        "2026-02-30",
        "2026-06-20T00:00:00+01:00",
    ),
    *("01KV2G3X0PFPH9FMHV6P6ZP42C", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "..%2F..%2Fetc%2Fpasswd"),
]
TURNS = 10
"""How many of them each parameter gets."""


def parameters(route: str) -> list[str]:
    told = document(ORDERS)["paths"][route.partition(" ")[2]]["get"].get("parameters", [])
    return [each["name"] for each in told if each.get("in") == "query"]


@pytest.mark.parametrize("route", READING)
async def test_hostile_queries(ground: Ground, route: str) -> None:
    """Section 5: taken or refused at that parameter, also twice; an unknown one is ignored."""
    team, of = ground.team, ground.things
    path = address(route, of)
    for number, name in enumerate([*parameters(route), "nonsense", "limit%5B%5D", "%00", "a.b.in"]):
        # with an order the feed does not wait until other transactions end
        only = f"order_id={of['order_id']}&" if route == "GET /events" and name != "order_id" else ""
        texts = [TEXTS[(number * 5 + turn * 3) % len(TEXTS)] for turn in range(TURNS)]
        for text in (*texts, f"2026-06-20&{name}=2026-06-20"):
            reply = await team.orders_api("GET", f"{path}?{only}{name}={text}")
            decent(reply)
            assert reply.status in (200, 400), (name, text, reply)
            if reply.status == 400:
                assert {each["field"] for each in reply.json["errors"]} <= {name}, (name, text, reply)
                assert name in parameters(route)


NO_IDS = [
    *(
        "%00",
        "%ff",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "%2e%2e",
        "%2F",
        "%20",
        "x" * 5_000,
        "-1",
        "0",
        "null",
        "%25%30",
    ),
    *("01KV2G3X0PFPH9FMHV6P6ZP42C%00", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "019df1ae-0000-7000-8000-00000000000g"),
]


@pytest.mark.parametrize("route", [route for route in ROUTES if PARAMETER.search(route)])
async def test_hostile_paths(ground: Ground, route: str) -> None:
    """Section 3: what is no id is 404, at every place of a path; nothing happens."""
    team, of = ground.team, ground.things
    async with team.unchanged():
        for name in PARAMETER.findall(route):
            for text in NO_IDS:
                path = address(route, {**of, name: text})
                reply = await team.orders_api(route.split()[0], path, body=body_for(route, of))
                decent(reply)
                assert reply.status == 404, (name, text, reply)


# Headers


async def raw(ground: Ground, method: str, path: str, headers: list[tuple[bytes, bytes]], body: Any) -> Reply:
    """A request whose headers are sent byte for byte."""
    place = urlsplit(ground.team.world.base)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    content = json.dumps(body).encode() if body is not None else b""
    fixed = [(b"Host", b"localhost"), (b"Connection", b"close"), (b"Content-Length", b"%d" % len(content))]
    lines = [name + b": " + value for name, value in (*fixed, *headers)]
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\n".encode() + b"\r\n".join(lines) + b"\r\n\r\n" + content)
        await writer.drain()
        answer = await reader.read()
    except ConnectionError:  # it hung up on what it would not read
        answer = b"HTTP/1.1 431 \r\n\r\n"
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    return Reply(int(head.split()[1]), {}, rest)


HEADER_TEXTS = [
    *(
        b"",
        b" ",
        b"\x00",
        b"a\x00b",
        b"\xff\xfe",
        "ü".encode(),
        b'"',
        b'""',
        b"'",
        b"\\",
        b"\t",
        b"a\tb",
        b"x" * 300,
    ),
    *(
        b"x" * 200_000,
        b"*, *",
        b'"*"',
        b"W/*",
        b'"1',
        b"1",
        b'W/"1"',
        b'W/"' + b"9" * 400 + b'"',
        b'"a"' * 2_000,
    ),
    *(
        b",,,,",
        b'"\\"1\\""',
        b"null",
        b"Token",
        b"Token ",
        b"Bearer  ",
        b"Basic " + b"=" * 50,
        b"Token \xff",
        b"{}",
    ),
]


@pytest.mark.parametrize(
    "name", [b"If-Match", b"Idempotency-Key", b"Authorization", b"X-API-Key", b"Content-Type"]
)
async def test_hostile_headers(ground: Ground, name: bytes) -> None:
    """Sections 2, 19 and 20: refused, by this surface or by the server that reads requests; nothing changes."""
    usual = {b"Authorization": b"Token " + ground.team.key.encode(), b"Content-Type": b"application/json"}
    sent = [(key, value) for key, value in usual.items() if key != name]
    path, before = f"/orders/{ground.things['order_id']}", await ground.pulse()
    for text in HEADER_TEXTS:
        if name == b"X-API-Key" and not text.strip():
            continue  # an empty one was not sent, and beside it there is a right key
        allowed = ALLOWED[name] | UNREAD
        reply = await raw(
            ground, "PATCH", path, [*sent, (name, text)], {} if 200 in allowed else {"name": "Hostile"}
        )
        assert reply.status in allowed, (text, reply)
        assert b"Traceback" not in reply.raw
        assert await ground.pulse() == before


UNREAD = {400, 431}
ALLOWED = {
    b"If-Match": {412},
    b"Idempotency-Key": {200, 422},
    b"Authorization": {401},
    b"X-API-Key": {401},
    b"Content-Type": {415},
}


@pytest.mark.parametrize(
    "name", [b"If-None-Match", b"X-Request-Id", b"X-API-Version", b"Accept", b"Cookie", b"Range"]
)
async def test_hostile_headers_of_reads(ground: Ground, name: bytes) -> None:
    """What means nothing is ignored."""
    for text in HEADER_TEXTS:
        sent = [(b"Authorization", b"Token " + ground.team.key.encode()), (name, text)]
        reply = await raw(ground, "GET", f"/orders/{ground.things['order_id']}", sent, None)
        assert reply.status in (200, 304, 400, 431), (text, reply)
        assert reply.status != 304 or name == b"If-None-Match"
        assert b"Traceback" not in reply.raw
