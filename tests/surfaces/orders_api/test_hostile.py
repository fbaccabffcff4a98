"""Whatever body is sent: no answer is a 5xx, none tells of the server's inside, and what is refused changed nothing.

For every route that takes a body: what is no JSON object, and wrong values at every place of the whole body that the
schema describes; forms and documents; and calls of any kind at once.
"""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.kit.ids import new_id
from tests.surfaces.orders_api.filled import Place, filled, places, schemas_of, spoilt
from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.hostile import Ground, decent
from tests.surfaces.orders_api.talk import kg
from tests.surfaces.orders_api.test_releases import BOUNDARY, data, form
from tests.surfaces.orders_api.things import ROUTES, Things, address
from tests.surfaces.world import Reply, Team, World

WRITING = [route for route, each in ROUTES.items() if each.body != "none"]
BODILESS = [route for route, each in ROUTES.items() if each.body == "none"]


@pytest.fixture
async def ground(reached: tuple[World, Received]) -> Ground:
    return await Ground.make(reached)


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


def rounds(body: Any) -> int:
    """How many wrong values each place of the body gets; which ones, differs from place to place."""
    return min(12, max(1, 160 // len(list(places(body)))))


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
    """O-46: what is refused leaves no trace. What is taken can be read as it was answered."""
    team, of = ground.team, ground.things
    method, path = route.split()[0], address(route, of)
    body = whole(route, number, of, ground.received)
    granted = await team.orders_api(method, path, body=body)
    assert granted.status == ROUTES[route].success, granted
    before = await ground.pulse()
    for at, wrong in _wrong(body, WRITING.index(route)):
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


def _wrong(body: dict[str, Any], beginning: int) -> Iterator[tuple[Place, Any]]:
    for number, at in enumerate(places(body), beginning):
        for turn in range(rounds(body)):
            yield at, WRONG[(number * 7 + turn * 17) % len(WRONG)]


def _anew(body: dict[str, Any], at: Place) -> dict[str, Any]:
    """The body with names that nothing has yet, but for the one that is about to be spoilt."""
    fresh: dict[str, Any] = {
        name: new_id() for name in ("order_number", "slug") if name in body and at[:1] != (name,)
    }
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


FORMS: list[bytes] = [
    b"",
    b"--b7--",
    b"--b7\r\n\r\n{}\r\n--b7--\r\n",
    b"--b7\r\nContent-Disposition: form-data; name=\r\n\r\n{}\r\n--b7--\r\n",
    b"--b7\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n{}\r\n--b7--\r\n",
    b'--b7\r\nContent-Disposition: form-data; name="' + b"x" * 70_000 + b'"\r\n\r\n{}\r\n--b7--\r\n',
    b'--b7\r\nContent-Disposition: form-data; name="data"\r\n\r\n{}',
    form(("data", None, None, b"\xff")),
    form(("data", None, None, b"[" * 100_000)),
    form(("data", None, None, b"{}"), ("data", None, None, b"{}")),
    form(("documents", "a", None, b"x")),
    form(*((f"a{number}", None, None, b"") for number in range(2_000))),
]


async def test_hostile_forms(ground: Ground) -> None:
    """Section 11.1: 400 or 413, and nothing is kept of it."""
    team, of = ground.team, ground.things
    async with team.unchanged():
        for content in FORMS:
            decent(reply := await _form(team, of, content))
            assert reply.status in (400, 413), (content[:200], reply)


NAMES = [
    *(
        "",
        ".",
        "..",
        "../../etc/passwd",
        "C:\\x",
        "a;b",
        "a, b",
        "%00",
        "%0d%0aX-A: b",
        "\u202egpj.exe",
        "x" * 2_000,
    ),
    *("\U0001f600" * 100, "=?utf-8?q?x?=", "a'b", "<script>", " ", "\x7f", 'a\\"b'),
]
TYPES = [
    *(
        None,
        "text/html",
        "x",
        "text/plain; charset=\xff",
        "a" * 500,
        "text/html, text/plain",
        "multipart/mixed",
    ),
    *("application/json", "image/svg+xml", "text/plain;" * 50, "/", "\x00"),
]


async def test_hostile_documents(ground: Ground) -> None:
    """Section 11.2: what a document is called and said to be never leads out of its headers."""
    team, of = ground.team, ground.things
    taken = {"items": [{"order_item_id": of["order_item_id"], "amount": kg("0")}]}
    said = [(name, "text/plain") for name in NAMES] + [("a.txt", kind) for kind in TYPES]
    kept = 0
    for name, kind in said:
        reply = await _form(team, of, form(data(taken), ("documents", name, kind, b"<b>on paper</b>")))
        decent(reply)
        assert reply.status in (201, 400), (name, kind, reply)
        if reply.status == 201:
            kept += 1
            (document,) = reply.json["documents"]
            place = f"{reply.headers['Location']}/documents/{document['id']}"
            shown = await team.orders_api("GET", place)
            assert (shown.status, shown.raw) == (200, b"<b>on paper</b>")
            assert shown.headers["Content-Disposition"].startswith("attachment")
            assert shown.headers["X-Content-Type-Options"] == "nosniff"
            assert "X-A" not in shown.headers
    assert kept > len(said) / 2


async def _form(team: Team, of: Things, content: bytes) -> Reply:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/orders/{of['order_id']}/releases"
    return await team.orders_api("POST", path, body=content, headers=headers)


# Anything at all


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, int, int | None, int, dict[str, str]]:
    """(route, alternative, what is spoilt, with what, headers)."""
    route, number = draw(st.sampled_from([tuple(each.values) for each in cases()]))
    headers = {
        "Idempotency-Key": draw(st.sampled_from([None, "A", "B"])),
        "If-Match": draw(st.sampled_from([None, None, "*", '"x"', '"1", "2"'])),
        "Content-Type": draw(st.sampled_from(["application/json"] * 5 + ["text/plain"])),
    }
    spoils = draw(st.none() | st.integers(0, 300))
    sent = {name: text for name, text in headers.items() if text is not None}
    return str(route), int(number), spoils, draw(st.integers(0, len(WRONG) - 1)), sent


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chosen=st.lists(calls(), min_size=1, max_size=5))
async def test_409_and_422_are_of_idempotency_keys_alone(ground: Ground, chosen: list[Any]) -> None:
    """O-5: calls of any kind, right and wrong, some at the same moment, with few Idempotency-Keys among them."""
    replies = await asyncio.gather(*(_call(ground, *each) for each in chosen))
    for (*_, headers), reply in zip(chosen, replies, strict=True):
        decent(reply)
        assert reply.status in (200, 201, 202, 400, 404, 409, 412, 415, 422), reply
        if reply.status in (409, 422):
            assert "Idempotency-Key" in headers


async def _call(
    ground: Ground, route: str, number: int, spoils: int | None, wrong: int, headers: dict[str, str]
) -> Reply:
    body = whole(route, number, ground.things, ground.received)
    if spoils is not None:
        there = list(places(body))
        body = spoilt(body, there[spoils % len(there)], WRONG[wrong])
    path = address(route, ground.things)
    return await ground.team.orders_api(route.split()[0], path, body=body, headers=headers)
