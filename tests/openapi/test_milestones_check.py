"""Every refusal of the Milestones API that needs no particular order is as documented, of every endpoint; and what
compares answers with the document (tests/openapi_check.py, tests/milestones_check.py) sees what is wrong."""

import json
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from milepost.surfaces.milestones_api.endpoints import ENDPOINTS
from milepost.surfaces.milestones_api.openapi.examples import ANSWERS
from tests.openapi_check import MILESTONES, check_answer, template_of
from tests.surfaces.world import Reply, Team

NO_ID = "019df1ae-0000-7000-8000-000000000000"
HERE = {"listTeams", "listPurchaseOrders", "listWorkflows", "listOrderMilestoneConfigs"}
"""What needs no order to answer 200."""


async def each(team: Team, *, only: str = "GET POST PATCH", **options: Any) -> dict[str, tuple[int, str]]:
    """Calls every endpoint (each answer is checked by the world): the status and code that came, by operation.
    `only`: the methods to call."""
    found = {}
    for endpoint in ENDPOINTS:
        if endpoint.method in only.split():
            path = endpoint.path.replace("{team_id}", team.id)
            parts = [NO_ID if part.startswith("{") else part for part in path.split("/")]
            headers = {"X-API-Key": options.get("key", team.key)}
            sent = {name: value for name, value in options.items() if name != "key"}
            reply: Reply = await team.world.call(
                endpoint.method, "/v1/" + "/".join(parts), headers=headers, **sent
            )
            found[endpoint.operation] = (reply.status, reply.json.get("code", ""))
    return found


async def test_refusals_of_every_endpoint(team: Team) -> None:
    assert set((await each(team, key="mp_live_nobody")).values()) == {(401, "unauthorized")}
    idle = await team.new_key("canManageWebhooks")
    assert set((await each(team, key=idle)).values()) == {(403, "forbidden")}
    spent = await team.new_key("canViewOrders", rate_minute=1)
    await team.milestones_api("GET", "/purchase_orders", key=spent)
    assert set((await each(team, key=spent)).values()) == {(429, "rate_limited")}


async def test_ids_that_name_nothing(team: Team) -> None:
    found = await each(team, only="GET")
    assert {name for name, answer in found.items() if answer == (200, "")} == HERE
    assert {answer for name, answer in found.items() if name not in HERE} == {(404, "not_found")}


async def test_another_team(team: Team) -> None:
    for endpoint in ENDPOINTS:
        if "{team_id}" in endpoint.path:
            parts = [NO_ID if part.startswith("{") else part for part in endpoint.path.split("/")]
            reply = await team.world.call(
                endpoint.method, "/v1/" + "/".join(parts), headers={"X-API-Key": team.key}
            )
            assert (reply.status, reply.json["error"]) == (404, "Team not found")


async def test_bodies_that_cannot_be_read(team: Team) -> None:
    for body in (b"{", [1]):
        assert set((await each(team, only="POST PATCH", body=body)).values()) == {(400, "invalid_json")}
    large = await each(team, body=b" " * (1024 * 1024 + 1))
    assert set(large.values()) == {(413, "body_too_large")}


async def test_what_is_no_operation(team: Team) -> None:
    for path in ("/x", "/purchase_orders/x/y/z", f"/purchase_orders/{NO_ID}/accept_purchase_order"):
        assert (await team.milestones_api("GET", path)).json["code"] == "not_found"
    for method, path in (
        ("PUT", "/purchase_orders"),
        ("DELETE", f"/purchase_orders/{NO_ID}/tasks/{NO_ID}"),
        ("GET", f"/purchase_orders/{NO_ID}/confirm_shipment"),
        ("POST", "/order_milestone_configs"),
    ):
        reply = await team.milestones_api(method, path)
        assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
    for method in ("GET", "PUT", "DELETE"):
        reply = await team.milestones_api(method, f"/purchase_orders/{NO_ID}/delay_ship_date")
        assert (reply.status, reply.json["code"]) == (410, "removed")
    assert (await team.milestones_api("HEAD", "/purchase_orders/")).status == 200


# What compares answers

LIMITS = {
    f"X-RateLimit-{fact}-{window}": str(value)
    for fact, value in (("Limit", 60), ("Remaining", 0), ("Reset", 86400))
    for window in ("Minute", "Day")
}
HEADERS = {"X-Request-Id": "r", **LIMITS}
O = "/v1/teams/t/purchase_orders/o"  # noqa: E741
PAGES = {
    "X-Page": "1",
    "X-Per-Page": "25",
    "X-Total": "3",
    "X-Total-Pages": "1",
    "Link": f'<{O}/milestones?page=1&per_page=25>; rel="first", <{O}/milestones?page=1&per_page=25>; rel="last"',
}
SUCCESSOR = {
    "Deprecation": "@1701129600",
    "Link": f'<{O}/milestones/m/confirm>; rel="successor-version"',
}
ORDER: dict[str, Any] = ANSWERS["getPurchaseOrder"]["order"]["purchase_order"]
MILESTONE: dict[str, Any] = ANSWERS["confirmMilestone"]["confirmed"]["milestone"]
TASK: dict[str, Any] = ANSWERS["getTask"]["task"]["task"]
CANCELED = {"error": "No", "code": "order_not_active", "status": "canceled"}


def answer(status: int, body: Any, headers: dict[str, str] = HEADERS) -> Any:
    return SimpleNamespace(status=status, headers=headers, raw=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", O, 200, {"purchase_order": {**ORDER, "more": 1}}),
        ("GET", O, 200, {"purchase_order": {name: ORDER[name] for name in ORDER if name != "tags"}}),
        ("GET", O, 200, {"purchase_order": {**ORDER, "created_at": "2027-02-01T09:30:12.000001Z"}}),
        ("GET", O, 200, {"purchase_order": {**ORDER, "id": ORDER["id"].upper()}}),
        ("GET", O, 200, {"order": ORDER}),
        ("GET", O, 200, ORDER),
        ("GET", f"{O}/milestones", 200, {"milestones": ORDER["milestones"]}),
        ("POST", f"{O}/milestones/m/confirm", 200, {"milestone": {**MILESTONE, "status": "done"}}),
        ("POST", f"{O}/milestones/m/confirm", 422, {**CANCELED, "errors": {"date": ["no"]}}),
        ("POST", f"{O}/milestones/m/confirm", 422, {"error": "No", "code": "order_not_active"}),
        ("POST", f"{O}/milestones/m/confirm", 422, {"error": "No", "code": "not_confirmed"}),
        ("POST", f"{O}/milestones/m/confirm", 404, {"error": "Task not found", "code": "not_found"}),
        ("POST", f"{O}/tasks/t/complete", 422, {"error": "No", "code": "validation_failed", "errors": {}}),
        ("GET", O, 422, CANCELED),
        ("GET", O, 418, CANCELED),
        (
            "GET",
            O,
            403,
            {"error": "Insufficient permissions", "code": "forbidden", "permission": "canUpdateOrders"},
        ),
        ("GET", "/api/v1/teams/t/nothing", 404, {"error": "Not found", "code": "nothing"}),
        ("PUT", f"{O}/delay_ship_date", 410, {"error": "Gone", "code": "removed", "successor": "/tasks"}),
        ("POST", f"{O}/delay_ship_date", 200, {"milestone": MILESTONE}),
    ],
)
def test_a_wrong_answer_is_seen(method: str, path: str, status: int, body: Any) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check_answer(method, path, answer(status, body))


def test_right_answers_are_let_through() -> None:
    check_answer("GET", O, answer(200, {"purchase_order": ORDER}))
    check_answer("GET", f"/api{O}/", answer(200, {"purchase_order": ORDER}))
    listed = {"milestones": ORDER["milestones"]}
    check_answer("GET", f"{O}/milestones?page=1", answer(200, listed, {**HEADERS, **PAGES}))
    check_answer("POST", f"{O}/milestones/m/confirm", answer(422, CANCELED))
    superseded = {**HEADERS, **SUCCESSOR}
    check_answer("POST", f"{O}/confirm_shipment", answer(200, {"milestone": MILESTONE}, superseded))
    check_answer("POST", f"{O}/confirm_shipment", answer(422, CANCELED, superseded))
    gone = {"error": "Gone", "code": "removed", "successor": f"{O}/tasks"}
    check_answer("DELETE", f"{O}/delay_ship_date", answer(410, gone))
    check_answer("GET", "/v1/teams", answer(503, {"error": "Service unavailable"}, {}))
    check_answer("GET", "/v1/teamsters", answer(200, {}))


@pytest.mark.parametrize("missing", ["X-Request-Id", "X-RateLimit-Reset-Day", "X-Total", "Link"])
def test_missing_headers_are_seen(missing: str) -> None:
    headers = {name: value for name, value in {**HEADERS, **PAGES}.items() if name != missing}
    with pytest.raises(AssertionError, match=f"lacks {missing}"):
        check_answer("GET", f"{O}/milestones", answer(200, {"milestones": ORDER["milestones"]}, headers))


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Total": "4"},
        {"X-Total-Pages": "2"},
        {"X-Page": "2"},
        {"Link": PAGES["Link"].replace("last", "next")},
        {"Link": PAGES["Link"].partition(",")[0]},
    ],
)
def test_pages_that_do_not_add_up_are_seen(wrong: dict[str, str]) -> None:
    """Section 4."""
    with pytest.raises(AssertionError):
        check_answer(
            "GET",
            f"{O}/milestones",
            answer(200, {"milestones": ORDER["milestones"]}, {**HEADERS, **PAGES, **wrong}),
        )


@pytest.mark.parametrize("missing", SUCCESSOR)
@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("POST", 200, {"milestone": MILESTONE}),
        ("POST", 422, CANCELED),
        ("GET", 405, {"error": "Method not allowed", "code": "method_not_allowed"}),
    ],
)
def test_a_successor_that_is_not_told_is_seen(missing: str, method: str, status: int, body: Any) -> None:
    """Section 7.14: every answer past the key and rate checks tells it."""
    headers = {name: value for name, value in {**HEADERS, **SUCCESSOR}.items() if name != missing}
    with pytest.raises(AssertionError):
        check_answer(method, f"{O}/confirm_shipment", answer(status, body, headers))


def test_a_successor_of_what_is_not_deprecated_is_seen() -> None:
    with pytest.raises(AssertionError):
        check_answer("GET", O, answer(200, {"purchase_order": ORDER}, {**HEADERS, **SUCCESSOR}))


UNTRUE: list[dict[str, Any]] = [
    {"status": "canceled"},
    {"status": "draft"},
    {"status": "rejected"},
    {"late": True},
    {"overdue": True},
    {"current_milestone_id": None},
    {"ships_on": "2027-04-10"},
    {"last_issued_at": "2027-01-31"},
    {"issued_at": None},
    {"tags": ["spring", "spring"]},
    {"milestones": ORDER["milestones"][::-1]},
    {"milestones": ORDER["milestones"][1:]},
]
"""What an order may not say beside the rest of the sample."""
UNTRUE_MILESTONES: list[tuple[int, dict[str, Any]]] = [
    (0, {"confirmed_on": None}),
    (0, {"status": "pending"}),
    (0, {"current": True}),
    (0, {"type": "custom"}),
    (0, {"blocking_task_ids": [TASK["id"]]}),
    (1, {"current": False}),
    (1, {"status": "rejected"}),
    (1, {"rejected_at": "2027-02-10T10:00:00Z"}),
    (1, {"prompted_at": "2027-02-10T10:00:00Z"}),
    (1, {"overdue": True}),
    (2, {"late": True}),
    (2, {"prompted_at": "2027-02-10T10:00:00Z"}),
    (2, {"key_date": "2027-04-10"}),
    (
        2,
        {
            **{name: MILESTONE[name] for name in MILESTONE if name.startswith("confirmed")},
            "status": "confirmed",
        },
    ),
]
"""What a milestone of it may not say, by its place."""


@pytest.mark.parametrize("wrong", UNTRUE)
def test_an_order_that_contradicts_itself_is_seen(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_answer("GET", O, answer(200, {"purchase_order": {**ORDER, **wrong}}))


@pytest.mark.parametrize(("place", "wrong"), UNTRUE_MILESTONES)
def test_a_milestone_that_contradicts_its_order_is_seen(place: int, wrong: dict[str, Any]) -> None:
    order = deepcopy(ORDER)
    order["milestones"][place] |= wrong
    with pytest.raises(AssertionError):
        check_answer("GET", O, answer(200, {"purchase_order": order}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "completed"},
        {"completed_at": "2027-02-10T10:00:00Z"},
        {"late": True, "due_date": None},
        {"milestone_id": None},
    ],
)
def test_a_task_that_contradicts_itself_is_seen(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_answer("GET", f"{O}/tasks/t", answer(200, {"task": {**TASK, **wrong}}))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/teams", "/v1/teams"),
        ("/v1/teams/", "/v1/teams"),
        (O, "/v1/teams/{team_id}/purchase_orders/{order_id}"),
        (f"{O}/tasks/", "/v1/teams/{team_id}/purchase_orders/{order_id}/tasks"),
        (f"{O}/a/b", f"{O}/a/b"),
    ],
)
def test_templates(path: str, template: str) -> None:
    assert template_of(MILESTONES, "GET", path) == template
