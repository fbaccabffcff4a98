"""Every refusal that needs no particular order, of every endpoint in every version, is as documented; and the
checker that says so (tests/openapi_check.py) sees what is wrong."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.openapi.test_documents import PATHS
from tests.openapi_check import VERSIONS, check_answer, check_body, template_of
from tests.surfaces.world import Reply, Team, World

NO_ID = "019df1ae-0000-7000-8000-000000000000"
ENDPOINTS = [(method.upper(), path) for method, path in PATHS]
every_version = pytest.mark.parametrize("version", VERSIONS)


async def each(team: Team, version: str, asked: str | None = None, **options: Any) -> set[tuple[int, str]]:
    """Calls every endpoint (each answer is checked by the world): the statuses and codes that came. `asked`:
    the version to send instead."""
    found = set()
    for method, path in ENDPOINTS:
        filled = (
            path.replace("{order_id}", NO_ID).replace("{status_id}", NO_ID).replace("{lineItemId}", NO_ID)
        )
        reply: Reply = await team.call(method, filled, asked or version, **options)
        if version in PATHS[method.lower(), path] or reply.status in (400, 401, 429):
            found.add((reply.status, reply.code if reply.status != 200 else ""))
        else:
            assert (reply.status, reply.code) == (404, "requires_version")
    return found


@every_version
async def test_refusals_of_every_endpoint(team: Team, version: str):
    assert await each(team, version, key="mp_live_nobody") == {(401, "invalid_api_key")}
    pinned = await team.new_key(pin_version=version)
    assert await each(team, version, "9.9", key=pinned) == {(400, "unsupported_version")}
    idle = await team.new_key("canManageWebhooks")
    assert await each(team, version, key=idle) == {(403, "insufficient_permissions")}
    spent = await team.new_key("canViewOrders", rate_minute=1)
    await team.get("/orders", version, key=spent)
    assert await each(team, version, key=spent) == {(429, "rate_limited")}


@every_version
async def test_answers_to_ids_that_name_nothing(team: Team, version: str):
    found = await each(team, version, body={"status_id": NO_ID, "order_ids": [NO_ID], "channels": ["email"]})
    wanted = {(200, ""), (404, "order_not_found"), (404, "status_not_found"), (400, "unknown_status")}
    newer = {(404, "line_item_not_found"), (400, "invalid_request")}
    assert found == (wanted | newer if version >= "1.4" else wanted)


@every_version
async def test_bodies_that_cannot_be_read(team: Team, version: str):
    assert await each(team, version, body=b"{") >= {(400, "invalid_json")}
    assert await each(team, version, body=[1]) >= {(400, "invalid_request")}
    assert await each(team, version, body=b" " * (1024 * 1024 + 1)) >= {(413, "body_too_large")}


@every_version
@pytest.mark.parametrize("mode", ["order", "line_item"])
async def test_specificity(world: World, version: str, mode: str):
    team = await world.team(status_specificity=mode)
    told = await each(team, version, body={})
    assert ((409, "status_specificity") in told) == (mode == "line_item" or version >= "1.4")


@every_version
async def test_what_is_no_operation(team: Team, version: str):
    for path in ("/orders/x/y/z", "/settings/x", "/line-items"):
        assert (await team.get(path, version)).code == "not_found"
    assert (await team.call("PUT", "/orders", version)).code == "method_not_allowed"
    assert (await team.call("DELETE", "/line-items/clear-status", version)).code == "method_not_allowed"
    assert (await team.call("HEAD", "/orders", version)).status == 200


# The checker


def answer(status: int, body: Any, **headers: str) -> Any:
    return SimpleNamespace(
        status=status, headers={"X-API-Version": "1.4", **headers}, raw=json.dumps(body).encode()
    )


ORDERS = {"orders": [], "pagination": {"page": 1, "limit": 25, "total": 0, "total_pages": 0}}
UNKNOWN = {"error": "Not found", "details": {"code": "not_found"}}


@pytest.mark.parametrize(
    ("method", "template", "version", "status", "body"),
    [
        ("GET", "/orders", "1.4", 200, {**ORDERS, "more": 1}),
        ("GET", "/orders", "1.4", 200, {"orders": []}),
        ("GET", "/orders", "1.4", 200, []),
        ("GET", "/orders", "1.4", 404, UNKNOWN),
        ("GET", "/orders", "1.4", 418, UNKNOWN),
        ("GET", "/orders/{order_id}", "1.4", 404, UNKNOWN),
        ("GET", "/settings", "1.3", 200, {"settings": {}}),
        (
            "GET",
            "/statuses",
            "1.2",
            200,
            {"statuses": [], "summary": {"total": 0, "workflows_enabled": True}},
        ),
        ("GET", "/orders", "1.4", 401, {"error": "No", "details": {"code": "invalid_api_key"}}),
        ("GET", "/nowhere", "1.4", 404, {"error": "Not found", "details": {"code": "nothing"}}),
        ("POST", "/line-items/clear-status", "1.3", 404, UNKNOWN),
    ],
)
def test_a_wrong_answer_is_seen(method, template, version, status, body):
    with pytest.raises((AssertionError, KeyError)):
        check_body(method, template, version, status, body)


def test_right_answers_are_let_through():
    check_body("GET", "/orders", "1.4", 200, ORDERS)
    check_body("GET", "/nowhere", "1.4", 404, UNKNOWN)
    check_body("POST", "/line-items/x", "1.0", 404, {"success": False, **UNKNOWN})
    check_answer("GET", "/healthz", answer(200, {"status": "ok"}))


def test_missing_headers_are_seen():
    with pytest.raises(AssertionError, match="lacks Vary"):
        check_answer("GET", "/v1/orders?limit=3", answer(200, ORDERS))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/orders", "/orders"),
        ("/orders/", "/orders"),
        ("/orders/%2F", "/orders/{order_id}"),
        ("/orders//", "/orders/{order_id}"),
        ("/orders/status-bulk", "/orders/{order_id}"),
        ("/orders/a/b/c", "/orders/a/b/c"),
    ],
)
def test_templates(path, template):
    assert template_of("1.4", "GET", path) == template
    assert template_of("1.4", "POST", "/orders/status-bulk") == "/orders/status-bulk"
