"""What holds for every request: paths, methods, bodies, parameters, request ids, faults of the server
(contract, sections 1 and 6; S-16)."""

import json
import re

import pytest

from milepost.reads import order_lists
from milepost.store import line_items
from tests.surfaces.world import BASICS, NO_ID, Team, World, item

MAX_BODY = 1024 * 1024


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(BASICS)
    return team


# Paths and methods ----------------------------------------------------------------------------------------


async def test_s16_unknown_methods_and_paths(shop):
    """S-16: a known path with another method is 405 and names the methods; an unknown path is 404."""
    reply = await shop.call("PUT", "/orders")
    reply.refused("method_not_allowed")
    assert {name.strip() for name in reply.headers["Allow"].split(",")} == {"GET", "HEAD"}
    (await shop.get("/orders/x/y/z")).refused("not_found")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/orders", {"GET", "HEAD"}),
        (f"/orders/{NO_ID}", {"GET", "HEAD"}),
        (f"/orders/{NO_ID}/status", {"POST"}),
        (f"/orders/{NO_ID}/notify", {"POST"}),
        ("/orders/status-bulk", {"GET", "HEAD", "POST"}),
        ("/orders/notify-bulk", {"GET", "HEAD", "POST"}),
        ("/statuses", {"GET", "HEAD"}),
        (f"/statuses/{NO_ID}", {"GET", "HEAD"}),
        ("/workflows", {"GET", "HEAD"}),
        ("/line-items/status-bulk", {"POST"}),
        ("/line-items/clear-status", {"POST"}),
        (f"/line-items/{NO_ID}/status", {"POST"}),
        ("/settings", {"GET", "HEAD"}),
    ],
)
async def test_methods_of_each_path(shop, path, allowed):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        reply = await shop.call(method, path)
        reply.refused("method_not_allowed", line_item="line-items" in path)
        assert {name.strip() for name in reply.headers["Allow"].split(",")} == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/orders/x/y",
        "/orders/x/status/y",
        "/statuses/x/y",
        "/workflows/x",
        "/settings/x",
        "/line-items",
        "/line-items/x",
        "/line-items/x/status/y",
        "/Orders/x/y",
    ],
)
async def test_unknown_paths_under_the_roots(shop, path):
    for method in ("GET", "POST", "DELETE"):
        reply = await shop.call(method, path)
        if path.startswith("/O"):
            assert reply.status == 404
        else:
            reply.refused("not_found", line_item="line-items" in path)


async def test_paths_with_encoded_slashes_name_nothing(world, shop):
    for path in (
        "/v1%2Forders",
        "/api%2Fv1/orders",
        "/api/v1%2Forders",
        "/v1/orders%2Fx",
        "/api%2Fv1/orders/v1",
    ):
        reply = await world.call("GET", path, headers={"X-API-Key": shop.key})
        reply.refused("not_found")


async def test_literal_paths_win_for_their_method_only(shop):
    (await shop.post("/orders/status-bulk", {})).refused("invalid_request", fields=["order_ids", "status_id"])
    (await shop.get("/orders/status-bulk")).refused("order_not_found")


async def test_every_get_answers_head(shop):
    ids = await shop.ids()
    order = await shop.order()
    for path in (
        "/orders",
        f"/orders/{order}",
        "/statuses",
        f"/statuses/{ids['A']}",
        "/workflows",
        "/settings",
    ):
        get, head = await shop.call("GET", path), await shop.call("HEAD", path)
        assert (head.status, head.raw) == (200, b"")
        for name in ("Content-Length", "Content-Type", "X-API-Version", "Vary"):
            assert head.headers[name] == get.headers[name]
    head = await shop.call("HEAD", "/orders/x")
    assert (head.status, head.raw) == (404, b"")


async def test_answers_are_json_objects(shop):
    for path in ("/orders", "/statuses", "/workflows", "/settings", "/orders/x", "/line-items/x"):
        reply = await shop.get(path)
        assert reply.headers["Content-Type"] == "application/json"
        assert isinstance(reply.json, dict)


# Bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "image/png", "x"]
)
async def test_bodies_are_json_whatever_the_content_type_says(shop, content_type):
    ids = await shop.ids()
    order = await shop.order()
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = json.dumps({"status_id": ids["A"]}).encode()
    reply = await shop.call("POST", f"/orders/{order}/status", headers=headers, body=body)
    assert reply.ok()["order"]["status"]["id"] == ids["A"]


async def test_an_empty_body_counts_as_an_empty_object(shop):
    order = await shop.order()
    for body in (None, b"", b"{}"):
        (await shop.post(f"/orders/{order}/status", body)).refused("invalid_request", fields=["status_id"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"status_id": }',
        b"{} {}",
        b"'a'",
        b"\xff\xfe",
        b'{"status_id": "\xff"}',
        b"\x00",
        b"[" * 100_000,
    ],
)
async def test_what_is_not_json(shop, body):
    order = await shop.order()
    async with shop.unchanged():
        (await shop.post(f"/orders/{order}/status", body)).refused("invalid_json")


@pytest.mark.parametrize("body", [b"[1]", b"[]", b'"text"', b"1", b"true", b"null"])
async def test_what_is_json_and_no_object(shop, body):
    order = await shop.order()
    for path in (
        f"/orders/{order}/status",
        "/orders/status-bulk",
        f"/orders/{order}/notify",
        "/orders/notify-bulk",
    ):
        (await shop.post(path, body)).refused("invalid_request", fields=["body"])
    for path in ("/line-items/x/status", "/line-items/status-bulk", "/line-items/clear-status"):
        (await shop.post(path, body)).refused("invalid_request", fields=["body"], line_item=True)


async def test_unknown_body_fields_are_ignored_and_null_is_not_sent(shop):
    ids = await shop.ids()
    order = await shop.order()
    body = {
        "status_id": ids["A"],
        "sub_status_option_id": None,
        "use_shopify_order_id": None,
        "colour": [1],
        "": {},
    }
    assert (await shop.post(f"/orders/{order}/status", body)).ok()["order"]["status"]["id"] == ids["A"]
    (await shop.post(f"/orders/{order}/status", {"status_id": None})).refused(
        "invalid_request", fields=["status_id"]
    )
    nulls = {"order_ids": None, "channels": None}
    (await shop.post("/orders/notify-bulk", nulls)).refused(
        "invalid_request", fields=["channels", "order_ids"]
    )


async def test_the_largest_body(shop):
    ids = await shop.ids()
    order = await shop.order()
    body = json.dumps({"status_id": ids["A"]}).encode()
    largest = body.ljust(MAX_BODY)
    assert (await shop.post(f"/orders/{order}/status", largest)).status == 200
    async with shop.unchanged():
        (await shop.post(f"/orders/{order}/status", largest + b" ")).refused("body_too_large")
        (await shop.post("/line-items/status-bulk", largest + b" ")).refused("body_too_large", line_item=True)


async def test_the_largest_body_without_an_announced_length(shop):
    order = await shop.order()

    async def chunks():
        for _ in range(17):
            yield b" " * 65536

    (await shop.post(f"/orders/{order}/status", chunks())).refused("body_too_large")


async def test_all_faults_at_once(shop):
    body = {"order_ids": [], "status_id": 5, "sub_status_option_id": [], "use_shopify_order_id": "yes"}
    (await shop.post("/orders/status-bulk", body)).refused(
        "invalid_request", fields=["order_ids", "status_id", "sub_status_option_id", "use_shopify_order_id"]
    )
    (
        await shop.get(
            "/orders",
            page="x",
            limit="0",
            sort_by="total",
            sort_order="up",
            order_type="X",
            use_shopify_order_id="1",
            include="x",
        )
    ).refused(
        "invalid_request",
        fields=["include", "limit", "order_type", "page", "sort_by", "sort_order", "use_shopify_order_id"],
    )


@pytest.mark.parametrize("value", ["", 1, 0, "yes", "True", "FALSE", " true", 1.0, [], {}])
async def test_other_body_booleans_are_refused(shop, value):
    """Section 24: a body boolean of another kind is 400."""
    ids = await shop.ids()
    order = await shop.order()
    async with shop.unchanged():
        for path, rest in (
            (f"/orders/{order}/status", {"status_id": ids["A"]}),
            ("/orders/status-bulk", {"status_id": ids["A"], "order_ids": [order]}),
            (f"/orders/{order}/notify", {"channels": ["sms"]}),
            ("/orders/notify-bulk", {"channels": ["sms"], "order_ids": [order]}),
        ):
            reply = await shop.post(path, {**rest, "use_shopify_order_id": value})
            reply.refused("invalid_request", fields=["use_shopify_order_id"])


# Query ----------------------------------------------------------------------------------------------------


async def test_query_parameters_are_trimmed_and_the_last_counts(shop):
    async def limit(query: str) -> int:
        return (await shop.world.call("GET", f"/v1/orders?{query}", headers={"X-API-Key": shop.key})).ok()[
            "pagination"
        ]["limit"]

    assert await limit("limit=%205%20") == 5
    assert await limit("limit=+7+") == 7
    assert await limit("limit=") == 25
    assert await limit("limit=%20%20") == 25
    assert await limit("limit=3&limit=4") == 4
    assert await limit("limit=x&limit=4") == 4
    assert await limit("limit=4&limit=") == 25
    assert await limit("foo=bar&limit=9&foo") == 9


@pytest.mark.parametrize("value", ["true", "TRUE", "True", "tRuE", "false", "FALSE", "%20false%20", ""])
async def test_query_booleans_in_any_letter_case(shop, value):
    reply = await shop.world.call(
        "GET", f"/v1/orders?use_shopify_order_id={value}", headers={"X-API-Key": shop.key}
    )
    assert reply.status == 200


@pytest.mark.parametrize("value", ["1", "0", "yes", "no", "t", "truе", "null"])
async def test_other_query_booleans_are_refused(shop, value):
    for path in ("/orders", f"/orders/{NO_ID}"):
        reply = await shop.get(path, use_shopify_order_id=value)
        reply.refused("invalid_request", fields=["use_shopify_order_id"])


async def test_endpoints_without_parameters_ignore_all(shop):
    for path in ("/statuses", "/workflows", "/settings"):
        plain = await shop.get(path)
        assert (await shop.get(path, page="x", include="x", use_shopify_order_id="maybe")).raw == plain.raw


# Request ids and faults of the server ---------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["a", "A-z_0.9", "0" * 128])
async def test_a_good_request_id_is_kept(world, shop, sent):
    for key in (shop.key, "wrong"):
        reply = await world.call("GET", "/v1/orders", headers={"X-API-Key": key, "X-Request-Id": sent})
        assert reply.headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "0" * 129, "é", "a/b", "a,b", None])
async def test_another_request_id_is_replaced(world, shop, sent):
    headers = {"X-API-Key": shop.key, **({} if sent is None else {"X-Request-Id": sent})}
    told = [
        (await world.call("GET", "/v1/orders", headers=headers)).headers["X-Request-Id"] for _ in range(2)
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,128}", one) and one != sent for one in told)
    assert told[0] != told[1]


async def test_a_fault_of_the_server(world, shop, monkeypatch):
    async def broken(*args, **named):
        raise ValueError("secret words of an exception")

    key = await shop.new_key(rate_minute=5)
    monkeypatch.setattr(order_lists, "list_orders", broken)
    headers = {"X-API-Key": key, "X-Request-Id": "my-request", "X-API-Version": "1.2"}
    reply = await world.call("GET", "/v1/orders", headers=headers)
    reply.refused("internal_error", message="Unexpected error. Request id: my-request")
    assert reply.headers["X-Request-Id"] == "my-request"
    assert (reply.headers["X-API-Version"], reply.headers["Vary"]) == ("1.2", "X-API-Version")
    assert reply.headers["X-RateLimit-Remaining-Minute"] == "4"
    assert b"secret" not in reply.raw


async def test_a_fault_on_line_items_is_marked_as_failure(shop, monkeypatch):
    async def broken(*args, **named):
        raise RuntimeError("secret")

    ids = await shop.ids()
    line = (await shop.line_items(await shop.order(items=(item(),))))[0]
    monkeypatch.setattr(line_items, "load_by_line_items", broken)
    reply = await shop.call(
        "POST", f"/line-items/{line}/status", headers={"X-Request-Id": "r"}, body={"status_id": ids["A"]}
    )
    reply.refused("internal_error", message="Unexpected error. Request id: r", line_item=True)
