"""Whatever query, path or header is sent: no answer is a 5xx, none tells of the server's inside, and what is refused
changed nothing. For every route that has them; headers as raw bytes."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.openapi_check import ORDERS
from tests.openapi_check import document as openapi
from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.hostile import Ground, decent
from tests.surfaces.orders_api.things import PARAMETER, ROUTES, address, body_for
from tests.surfaces.world import Reply, Team, World

READING = [route for route, each in ROUTES.items() if each.method == "GET"]


@pytest.fixture
async def ground(reached: tuple[World, Received]) -> Ground:
    return await Ground.make(reached)


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
    told = openapi(ORDERS)["paths"][route.partition(" ")[2]]["get"].get("parameters", [])
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


async def raw(team: Team, method: str, path: str, headers: list[tuple[bytes, bytes]], body: Any) -> Reply:
    """A request whose headers are sent byte for byte."""
    place = urlsplit(team.world.base)
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
            ground.team, "PATCH", path, [*sent, (name, text)], {} if 200 in allowed else {"name": "Hostile"}
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


@pytest.mark.parametrize("name", [b"If-None-Match", b"X-Request-Id", b"Accept"])
async def test_hostile_headers_of_reads(ground: Ground, name: bytes) -> None:
    """What means nothing is ignored."""
    for text in HEADER_TEXTS:
        sent = [(b"Authorization", b"Token " + ground.team.key.encode()), (name, text)]
        reply = await raw(ground.team, "GET", f"/orders/{ground.things['order_id']}", sent, None)
        assert reply.status in (200, 304, 400, 431), (text, reply)
        assert reply.status != 304 or name == b"If-None-Match"
        assert b"Traceback" not in reply.raw
