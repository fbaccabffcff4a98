"""Nothing of another team is ever visible, over every route: what the other team has answers exactly like what
nobody has; and the table of permissions, endpoint by endpoint."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.kit.ids import new_id, ulid
from milepost.model.actor import PERMISSIONS
from milepost.surfaces.status_api.endpoints import endpoints
from tests.surfaces.world import Customer, Stop, Team, World, item

ENDPOINTS = {endpoint.operation: endpoint for endpoint in endpoints(1000)}
SECRET = "Sorgenfri"
"""Stands in every name that the other team has."""

WORKSPACE = {
    "settings": {"workflows_enabled": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First"]}],
    "statuses": [
        {"name": "A", "color": "#111111", "workflow": "W"},
        {"name": "B", "color": "#222222", "sub_status_group": "Coats"},
        {"name": "Gift", "color": "#333333", "addon": True},
    ],
    "workflows": [{"name": "W", "color": "#444444"}],
}


class Pair:
    """Two teams with the same set-up; `theirs` has secrets in it."""

    mine: Team
    theirs: Team
    own: dict[str, str]
    foreign: dict[str, str]


def _secretive(wish: Any) -> Any:
    """The same workspace with the secret in every name."""
    text = json.dumps(wish)
    for name in ("A", "B", "Gift", "W", "Coats", "First"):
        text = text.replace(f'"{name}"', f'"{SECRET} {name}"')
    return json.loads(text)


@pytest.fixture(scope="module")
async def pair(world: World) -> Pair:
    made = Pair()
    made.mine, made.theirs = await world.team(), await world.team()
    await made.mine.apply(WORKSPACE)
    await made.theirs.apply(_secretive(WORKSPACE))
    made.own = await _things(made.mine, "", 1)
    made.foreign = await _things(made.theirs, f"{SECRET} ", 2)
    return made


async def _things(team: Team, prefix: str, number: int) -> dict[str, str]:
    """One id of each kind of thing of a team."""
    ids = await team.ids()
    order = await team.order(
        f"{prefix}#1",
        shopify_kind="Order",
        shopify_id=1000 + number,
        customer=Customer(f"{prefix}Ana", "Reis", f"{prefix.strip() or 'a'}@x.example", "+351"),
        ship_to=Stop(company_name=f"{prefix}Yard"),
        items=(item(f"{prefix}boat"),),
    )
    status = ids[f"{prefix}A"]
    await team.move(order, status)
    return {
        "order": order,
        "digits": str(1000 + number),
        "line": (await team.line_items(order))[0],
        "status": status,
        "option": ids[f"{prefix}Coats/{prefix}First"],
        "workflow": ids[f"workflow:{prefix}W"],
    }


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str | None, dict[str, str], dict[str, str], dict[str, Any]]:
    """A call of any endpoint, with a place for an id wherever one fits: `{order}`, `{status}`, ..."""
    endpoint = ENDPOINTS[draw(st.sampled_from(sorted(ENDPOINTS)))]
    spot = st.sampled_from(["{order}", "{digits}", "{line}", "{status}", "{option}", "{workflow}"])
    path = re.sub(r"\{\w+\}", lambda _: draw(spot), endpoint.path)
    query = {
        name: draw(value)
        for name, value in {
            "status": spot,
            "workflow_id": spot,
            "order_ids": st.lists(spot, min_size=1, max_size=3).map(",".join),
            "search": st.sampled_from([SECRET, SECRET.lower(), "Yard", "#1"]),
            "use_shopify_order_id": st.sampled_from(["true", "false"]),
            "include": st.just("line_item_statuses,deadline,metafield"),
            "sort_by": st.sampled_from(["name", "created_at"]),
        }.items()
        if draw(st.booleans())
    }
    body = {
        "order_ids": draw(st.lists(spot, min_size=1, max_size=4)),
        "line_item_ids": draw(st.lists(spot, min_size=1, max_size=4)),
        "status_id": draw(spot),
        **({"sub_status_option_id": draw(spot)} if draw(st.booleans()) else {}),
        "channels": ["email"],
        "use_shopify_order_id": draw(st.booleans()),
    }
    version = draw(st.sampled_from([None, "1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]))
    spelling = draw(st.sampled_from(["uuid", "ulid", "upper"]))
    return endpoint.method, version, {"path": path, "spelling": spelling}, query, body


def _filled(template: Any, things: dict[str, str], spelling: str) -> Any:
    def spell(match: re.Match[str]) -> str:
        value = things[match[1]]
        if match[1] == "digits" or spelling == "uuid":
            return value
        return ulid(value) if spelling == "ulid" else value.upper()

    return json.loads(re.sub(r"\{(\w+)\}", spell, json.dumps(template)))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(call=calls())
async def test_what_another_team_has_answers_like_what_nobody_has(pair: Pair, call):
    method, version, place, query, body = call
    nobody = {name: new_id() for name in pair.foreign} | {"digits": "999999"}
    answers = []
    for things in (pair.foreign, nobody):
        options: dict[str, Any] = {"params": _filled(query, things, place["spelling"])}
        if method == "POST":
            options["body"] = _filled(body, things, place["spelling"])
        path = "/" + _filled(place["path"], things, place["spelling"])
        async with pair.theirs.unchanged():
            reply = await pair.mine.call(method, path, version, **options)
        text = reply.raw.decode()
        assert SECRET not in text and reply.status < 500
        for name, value in things.items():  # ids are echoed as they were sent; compare the rest
            for spelled in (value, value.upper(), ulid(value) if name != "digits" else value):
                text = text.replace(spelled, f"<{name}>")
        answers.append((reply.status, text))
    assert answers[0] == answers[1]


PATHS = {
    operation: "/" + re.sub(r"\{(\w+)\}", "{order}", endpoint.path)
    for operation, endpoint in ENDPOINTS.items()
}


@pytest.mark.parametrize("operation", sorted(ENDPOINTS))
@pytest.mark.parametrize("permission", PERMISSIONS)
async def test_each_permission_opens_just_its_endpoints(pair: Pair, operation: str, permission: str):
    """S-4, as a table: every permission alone against every endpoint."""
    endpoint = ENDPOINTS[operation]
    key = await _key(pair.mine, permission)
    path = PATHS[operation].format(order=pair.own["order"])
    reply = await pair.mine.call(endpoint.method, path, key=key)
    if permission == endpoint.permission:
        assert reply.status != 403
    else:
        assert (reply.status, reply.json["details"]["permission"]) == (403, endpoint.permission)


_keys: dict[tuple[str, str], str] = {}


async def _key(team: Team, permission: str) -> str:
    if (team.id, permission) not in _keys:
        _keys[team.id, permission] = await team.new_key(permission)
    return _keys[team.id, permission]


HOSTILE = [
    pytest.param(b"\xff\xfe{}", id="not UTF-8"),
    pytest.param(b'{"status_id": "\xc3\x28"}', id="broken UTF-8 in a string"),
    pytest.param(b"[" * 100_000, id="deep list"),
    pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="deep object"),
    pytest.param(b'{"status_id": "' + b"x" * 900_000 + b'"}', id="long string"),
    pytest.param(b'{"status_id": "\\u0000"}', id="NUL"),
    pytest.param(b'{"status_id": "\\ud800"}', id="lone surrogate"),
    pytest.param(b'{"status_id": 1e999}', id="number without end"),
    pytest.param(b'{"order_ids": [' + b"9" * 5000 + b'], "use_shopify_order_id": true}', id="5000 digits"),
    pytest.param(b'{"status_id": "a", "status_id": ["b"]}', id="duplicate key"),
    pytest.param(b'{"order_ids": [null, {}, [], true, 1.5]}', id="mixed list"),
    pytest.param(b"{" * 1_100_000, id="over the bound"),
    pytest.param(b'"just text"', id="a string"),
    pytest.param(b"null", id="null"),
    pytest.param(b"NaN", id="NaN"),
    pytest.param(b"{} trailing", id="something behind"),
    pytest.param(b"\x00" * 1000, id="zeros"),
    pytest.param(b"status_id=abc&order_ids=1", id="a form"),
]


@pytest.mark.parametrize(
    "operation", sorted(name for name, each in ENDPOINTS.items() if each.method == "POST")
)
@pytest.mark.parametrize("body", HOSTILE)
async def test_a_hostile_body_is_refused_in_the_contracts_words(pair: Pair, operation: str, body: bytes):
    path = PATHS[operation].format(order=pair.own["order" if "orders/" in PATHS[operation] else "line"])
    async with pair.mine.unchanged():
        reply = await pair.mine.call("POST", path, body=body)
    assert reply.status in (400, 413), reply
    assert reply.code in ("invalid_json", "invalid_request", "body_too_large", "unknown_status")


@pytest.mark.parametrize("name", ["search", "order_ids", "status", "page", "limit", "include", "nonsense"])
@pytest.mark.parametrize(
    "text", ["x" * 100_000, "%00", "%ff", "%ED%A0%80", "1" * 4_000, "," * 50_000, "%F0%9F%98%80"]
)
async def test_a_hostile_query_is_answered(pair: Pair, name: str, text: str):
    reply = await pair.mine.call("GET", f"/orders?{name}={text}")
    assert reply.status in (200, 400), reply
    if reply.status == 400:
        assert [field["field"] for field in reply.json["details"]["fields"]] == [name]
