"""Every refusal of the Orders API that needs no particular order is as documented, of every endpoint; and what compares
answers and webhooks' bodies with the document (tests/openapi_check.py) sees what is wrong."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, get_args

import msgspec
import pytest

from milepost.kit.ids import new_id
from milepost.model.events import EventType
from milepost.model.payload_samples import sample_event
from milepost.model.payloads import Told, body_text, feed_document
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import House
from milepost.surfaces.orders_api.endpoints import ENDPOINTS
from milepost.surfaces.orders_api.openapi.examples import ANSWERS
from tests.openapi_check import ORDERS, check_answer, check_body, check_webhook_body, template_of
from tests.surfaces.world import Reply, Team

NO_ID = "019df1ae-0000-7000-8000-000000000000"


async def each(team: Team, *, only: str = "", **options: Any) -> set[tuple[int, str]]:
    """Calls every endpoint (each answer is checked by the world): the statuses and codes that came. `only`: the
    methods to leave to themselves."""
    found = set()
    for endpoint in ENDPOINTS:
        parts = [NO_ID if part.startswith("{") else part for part in endpoint.path.split("/")]
        if endpoint.method not in only.split():
            reply: Reply = await team.orders_api(endpoint.method, "/" + "/".join(parts), **options)
            code = reply.json["errors"][0]["code"] if reply.status >= 400 else ""
            found.add((reply.status, code))
    return found


async def test_refusals_of_every_endpoint(team: Team) -> None:
    assert await each(team, key="mp_live_nobody") == {(401, "unauthorized")}
    idle = await team.new_key("canChangeOrderStatus")
    assert await each(team, key=idle) == {(403, "forbidden")}
    spent = await team.new_key("canViewOrders", rate_minute=1)
    await team.orders_api("GET", "/orders", key=spent)
    assert await each(team, key=spent) == {(429, "rate_limited")}


async def test_ids_that_name_nothing(team: Team) -> None:
    found = await each(team, only="POST PUT PATCH")
    assert found == {(200, ""), (404, "not_found")}


async def test_bodies_that_cannot_be_read(team: Team) -> None:
    assert await each(team, body=b"{") == {
        (200, ""),
        (400, "invalid_json"),
        (404, "not_found"),
    }
    assert (400, "wrong_type") in await each(team, body=[1])
    assert await each(team, body=b" " * (1024 * 1024 + 1)) == {(413, "too_large")}
    text = await each(team, body=b"x", headers={"Content-Type": "text/plain"})
    assert text == {(200, ""), (404, "not_found"), (415, "unsupported_media_type")}
    assert (400, "invalid_idempotency_key") in await each(team, body={}, headers={"Idempotency-Key": ""})


async def test_what_is_no_operation(team: Team) -> None:
    for path in ("/orders/x/y/z", "/webhooks/x/y", "/tags/x", "/events/x/y", "/purchase-orders/x/y/z"):
        reply = await team.orders_api("GET", path)
        assert reply.json["errors"][0]["code"] == "not_found"
    for method, path in (("PUT", "/orders"), ("DELETE", "/purchase-orders/x"), ("POST", "/events")):
        reply = await team.orders_api(method, path)
        assert (reply.status, reply.json["errors"][0]["code"]) == (405, "method_not_allowed")
    assert (await team.orders_api("HEAD", "/orders/")).status == 200
    assert (await team.orders_api("GET", "/sales-orders")).status == 404


# What compares answers


def answer(status: int, body: Any, **headers: str) -> Any:
    return SimpleNamespace(
        status=status, headers=headers, raw=b"" if body is None else json.dumps(body).encode()
    )


LIMITS = {
    f"X-RateLimit-{fact}-{window}": str(value)
    for fact, value in (("Limit", 60), ("Remaining", 0), ("Reset", 86400))
    for window in ("Minute", "Day")
}
HEADERS = {"X-Request-Id": "r", **LIMITS}
ORDER = ANSWERS["getOrder"]["order"]
REFUSED: dict[str, Any] = {
    "error_description": "No",
    "errors": [{"field": "limit", "code": "out_of_range", "message": "No"}],
    "detail": [{"loc": ["query", "limit"], "msg": "No", "type": "value_error.out_of_range"}],
}


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/orders/x", 200, {**ORDER, "more": 1}),
        ("GET", "/orders/x", 200, {name: value for name, value in ORDER.items() if name != "tags"}),
        ("GET", "/orders/x", 200, {**ORDER, "created_at": "2026-06-14T07:21:40.118203+00:00"}),
        ("GET", "/orders/x", 200, {**ORDER, "start_date": "2026-06-20T00:00:00+00:00"}),
        ("GET", "/purchase-orders/x/", 200, {**ORDER, "id": "019df1ae-0000-7000-8000-000000000000"}),
        ("GET", "/orders", 200, [ORDER]),
        ("GET", "/orders", 200, {"data": [ORDER], "has_more": False}),
        ("GET", "/orders/x", 400, REFUSED),
        ("GET", "/orders", 400, {**REFUSED, "error_description": "Another"}),
        ("GET", "/orders", 400, {**REFUSED, "detail": REFUSED["detail"] * 2}),
        ("GET", "/orders", 404, REFUSED),
        ("GET", "/orders", 418, REFUSED),
        ("GET", "/events/event-names-by-version", 200, {"1": ["order.born"]}),
        ("DELETE", "/orders/x", 204, None),
        ("DELETE", "/orders/x/items/y", 204, {}),
        ("GET", "/orders/x", 304, ORDER),
        ("PUT", "/tags", 422, REFUSED),
    ],
)
def test_a_wrong_answer_is_seen(method: str, path: str, status: int, body: Any) -> None:
    with pytest.raises(AssertionError):
        check_answer(method, path, answer(status, body, ETag='"1"', **HEADERS))


def test_right_answers_are_let_through() -> None:
    check_answer("GET", "/orders/x", answer(200, ORDER, ETag='"1"', **HEADERS))
    check_answer("GET", "/purchase-orders?limit=0", answer(400, REFUSED, **HEADERS))
    check_answer("DELETE", "/orders/x/items/y", answer(204, None, ETag='"1"', **HEADERS))
    check_answer("GET", "/orders/x", answer(304, None, ETag='"1"', **HEADERS))
    check_answer("GET", "/orders", answer(503, {"error": "Service unavailable"}))
    check_answer("GET", "/docs", answer(200, {}))


@pytest.mark.parametrize("missing", ["ETag", "X-Request-Id", "X-RateLimit-Reset-Day"])
def test_missing_headers_are_seen(missing: str) -> None:
    headers = {name: value for name, value in {**HEADERS, "ETag": '"1"'}.items() if name != missing}
    with pytest.raises(AssertionError, match=f"lacks {missing}"):
        check_answer("GET", "/orders/x", answer(200, ORDER, **headers))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/orders", "/orders"),
        ("/orders/", "/orders"),
        ("/orders/x", "/orders/{order_id}"),
        ("/orders/x/items/y/", "/orders/{order_id}/items/{order_item_id}"),
        ("/events/x", "/events/{event_id}"),
        ("/events/event-names-by-version", "/events/event-names-by-version"),
        ("/orders/a/b", "/orders/a/b"),
    ],
)
def test_templates(path: str, template: str) -> None:
    assert template_of(ORDERS, "GET", path) == template


# Events and bodies of webhooks

EVENTS: tuple[EventType, ...] = get_args(EventType)


def told(name: EventType) -> Told:
    now = datetime(2026, 6, 15, 10, 2, 12, tzinfo=UTC)
    return Told(event=sample_event(name, new_id(), now), team_id=NO_ID, user_id=None, recorded_at=now)


def body(name: EventType, *, is_strict: bool = False) -> dict[str, Any]:
    """What a webhook with everything switched on gets."""
    subscription = Subscription(
        id=new_id(),
        is_enabled=True,
        events=frozenset((name,)),
        include_updated_object=True,
        custom_data={"a": 1},
    )
    found: dict[str, Any] = msgspec.json.decode(
        body_text(told(name), House(strict_event_payloads=is_strict), subscription)
    )
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_as_documented(name: EventType) -> None:
    sent = body(name)
    check_webhook_body(name, sent)
    check_webhook_body(name, json.dumps(sent))
    check_webhook_body(name, json.dumps(body(name, is_strict=True)).encode())
    check_body("GET", "/events/{event_id}", ORDERS, 200, feed_document(told(name), House(), None))


@pytest.mark.parametrize("name", EVENTS)
def test_a_wrong_body_is_seen(name: EventType) -> None:
    sent = body(name)
    other = "order.created" if name != "order.created" else "order.updated"
    without = {member: value for member, value in sent["details"].items() if member != "resource_type"}
    wrong = [
        {**sent, "more": 1},
        {member: value for member, value in sent.items() if member != "sequence"},
        {**sent, "event_name": other},
        {**sent, "occurred_at": "2026-06-15T10:02:12Z"},
        {**sent, "details": {**sent["details"], "more": 1}},
        {**sent, "details": without},
    ]
    for each_ in wrong:
        with pytest.raises(AssertionError):
            check_webhook_body(name, each_)
    with pytest.raises(AssertionError):
        check_webhook_body(other, sent)


def test_an_unknown_event_is_seen() -> None:
    with pytest.raises(AssertionError, match="not documented"):
        check_webhook_body("order.deleted", body("order.updated"))


def test_different_members_of_old_and_new_are_seen() -> None:
    """O-40, also inside the requirements of an item."""
    sent = body("order.item.updated")
    requirements = [
        ({"quantity": 1}, {"quantity": 2, "stackable": True}),
        ({"quantity": 1}, {}),
    ]
    for old, new in requirements:
        wrong = deepcopy(sent)
        wrong["details"]["old_data"]["shipping_requirements"] = old
        wrong["details"]["new_data"]["shipping_requirements"] = new
        with pytest.raises(AssertionError):
            check_webhook_body("order.item.updated", wrong)
    del sent["details"]["old_data"]["amount"]
    sent["details"]["old_data"]["description"] = "Another"
    with pytest.raises(AssertionError, match="different members"):
        check_webhook_body("order.item.updated", sent)
