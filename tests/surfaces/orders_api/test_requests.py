"""What holds for every request of this surface: keys, paths, methods, media types, JSON, request ids, faults of
the server (contract, sections 1, 2, 4 and 6)."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from milepost.core import accounts
from milepost.kit.ids import new_id, parse_id
from milepost.model.actor import system_actor
from milepost.reads import accounts as keys
from milepost.reads import purchase_orders
from tests.surfaces.orders_api.shell import LIMITS, answered
from tests.surfaces.orders_api.talk import create, read
from tests.surfaces.world import NO_ID, Team, World, served

MAX_BODY = 1024 * 1024
NOON = datetime(2026, 5, 8, 12, 0, 15, tzinfo=UTC)
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    return await world.team()


@pytest.fixture(scope="module")
async def order(shop: Team) -> dict[str, Any]:
    return await create(
        shop, "requests", items=[{"description": "x", "amount": {"unit": "KG", "value": "1"}}]
    )


# Refusals -------------------------------------------------------------------------------------------------


async def test_o2_all_faults_come_together(shop):
    """O-2."""
    async with shop.unchanged():
        reply = await shop.orders_api("POST", "/orders", body={})
    assert reply.status == 400
    body = reply.json
    assert [(error["field"], error["code"]) for error in body["errors"]] == [
        ("order_number", "required"),
        ("ship_to", "required"),
    ]
    assert body["detail"] == [
        {"loc": ["body", error["field"]], "msg": error["message"], "type": "value_error.required"}
        for error in body["errors"]
    ]
    assert body["error_description"] == body["errors"][0]["message"]


async def test_at_most_a_hundred_faults(shop):
    references = [{"qualifier": 1, "value": 1, "description": 1}] * 50
    reply = await shop.orders_api("POST", "/orders", body={"references": references})
    assert (len(reply.json["errors"]), len(reply.json["detail"])) == (100, 100)


async def test_indices_are_numbers_in_loc(shop):
    body = {
        "order_number": "x",
        "ship_to": {},
        "items": [{"description": "x", "amount": {"unit": "KG", "value": "abc"}}],
    }
    answered(
        await shop.orders_api("POST", "/orders", body=body),
        "invalid_value",
        ["body", "items", 0, "amount", "value"],
    )


# Keys and permissions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Token {key}"},
        {"Authorization": "Bearer {key}"},
        {"Authorization": "{key}"},
        {"Authorization": "tOKEN {key}"},
        {"X-API-Key": "{key}"},
        {"X-API-Key": "{key}", "Authorization": "Token wrong"},
    ],
)
async def test_o6_ways_to_send_the_key(world, shop, headers):
    """O-6."""
    sent = {name: value.format(key=shop.key) for name, value in headers.items()}
    reply = await world.call("GET", "/orders?limit=1", headers=sent)
    assert reply.status == 200
    assert all(name in reply.headers for name in LIMITS)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Token "},
        {"Authorization": "Basic {key}"},
        {"Authorization": "Token wrong"},
        {"Authorization": "Token {key}", "X-API-Key": "wrong"},
        {"X-API-Key": "Token {key}"},
    ],
)
async def test_o6_no_such_key(world, shop, headers):
    """O-6: a wrong X-API-Key beside a right Authorization is 401."""
    sent = {name: value.format(key=shop.key) for name, value in headers.items()}
    for path in ("/orders", "/tags", f"/webhooks/{NO_ID}", "/events/x/y/z"):
        answered(await world.call("GET", path, headers=sent), "unauthorized", ["header", "authorization"])


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "/orders", "canUpdateOrders"),
        ("GET", "/orders", "canViewOrders"),
        ("GET", f"/orders/{NO_ID}", "canViewOrders"),
        ("PUT", f"/purchase-orders/{NO_ID}", "canUpdateOrders"),
        ("PATCH", f"/orders/{NO_ID}", "canUpdateOrders"),
        ("POST", f"/orders/{NO_ID}/cancel", "canUpdateOrders"),
        ("POST", f"/orders/{NO_ID}/items", "canUpdateOrders"),
        ("GET", f"/orders/{NO_ID}/items", "canViewOrders"),
        ("GET", f"/orders/{NO_ID}/items/{NO_ID}", "canViewOrders"),
        ("PATCH", f"/orders/{NO_ID}/items/{NO_ID}", "canUpdateOrders"),
        ("PUT", f"/orders/{NO_ID}/items/{NO_ID}", "canUpdateOrders"),
        ("DELETE", f"/orders/{NO_ID}/items/{NO_ID}", "canUpdateOrders"),
        ("POST", f"/orders/{NO_ID}/releases", "canUpdateOrders"),
        ("GET", f"/orders/{NO_ID}/releases", "canViewOrders"),
        ("GET", f"/orders/{NO_ID}/releases/{NO_ID}", "canViewOrders"),
        ("PATCH", f"/orders/{NO_ID}/releases/{NO_ID}", "canUpdateOrders"),
        ("GET", f"/orders/{NO_ID}/releases/{NO_ID}/documents/{NO_ID}", "canViewOrders"),
        ("POST", "/tags", "canUpdateOrders"),
        ("GET", "/tags", "canViewOrders"),
        ("GET", "/events", "canViewOrders"),
        ("GET", "/events/event-names-by-version", "canViewOrders"),
        ("GET", f"/events/{NO_ID}", "canViewOrders"),
        ("POST", "/webhooks", "canManageWebhooks"),
        ("GET", "/webhooks", "canManageWebhooks"),
        ("GET", f"/webhooks/{NO_ID}", "canManageWebhooks"),
        ("PUT", f"/webhooks/{NO_ID}", "canManageWebhooks"),
        ("PATCH", f"/webhooks/{NO_ID}", "canManageWebhooks"),
        ("DELETE", f"/webhooks/{NO_ID}", "canManageWebhooks"),
        ("POST", f"/webhooks/{NO_ID}/test", "canManageWebhooks"),
        ("POST", f"/webhooks/{NO_ID}/rotate-secret", "canManageWebhooks"),
        ("POST", f"/webhooks/{NO_ID}/redeliver", "canManageWebhooks"),
        ("GET", f"/webhooks/{NO_ID}/deliveries", "canManageWebhooks"),
        ("GET", f"/webhooks/{NO_ID}/deliveries/{NO_ID}", "canManageWebhooks"),
        ("POST", f"/webhooks/{NO_ID}/deliveries/{NO_ID}/redeliver", "canManageWebhooks"),
    ],
)
async def test_o7_each_endpoint_needs_its_permission(shop, method, path, permission):
    """O-7, section 1: 403 names the permission, also where the object does not exist."""
    others = {"canViewOrders", "canUpdateOrders", "canManageWebhooks", "canViewStatuses"} - {permission}
    reply = await shop.orders_api(method, path, key=await shop.new_key(*others))
    answered(reply, "forbidden", ["request"])
    assert permission in reply.json["error_description"]
    reply = await shop.orders_api(method, path, key=await shop.new_key(permission))
    assert reply.status not in (401, 403, 405), reply


async def test_a_revoked_key_is_known_no_more(world, shop):
    """Also where the answer is made without the database, and where a refusal is."""
    for method, path in (
        ("GET", "/events/event-names-by-version"),
        ("POST", "/orders"),
        ("GET", "/orders?limit=0"),
    ):
        key = await shop.new_key()
        assert (await shop.orders_api("GET", "/tags", key=key)).status == 200
        known = await keys.list_keys(world.pool, shop.id)
        await accounts.revoke_key(world.pool, system_actor(shop.id), world.clock(), known[-1].id)
        answered(
            await shop.orders_api(method, path, key=key, body={} if method == "POST" else None),
            "unauthorized",
        )


async def test_rate_limits(world, shop):
    """Section 2: 429 with Retry-After consumes nothing; every answer tells the budget."""
    key = await shop.new_key(rate_minute=4, rate_day=100)
    with world.clock.at(NOON):
        replies = [
            await shop.orders_api("GET", "/orders?limit=0", key=key),
            await shop.orders_api("DELETE", f"/orders/{NO_ID}", key=key),
            await shop.orders_api("POST", "/orders", key=key, body=b"{"),
            await shop.orders_api("HEAD", "/tags", key=key),
            await shop.orders_api("GET", "/tags", key=key),
            await shop.orders_api("POST", "/tags", key=key, body={"name": "x"}),
        ]
    assert [reply.status for reply in replies] == [400, 405, 400, 200, 429, 429]
    assert [int(reply.headers["X-RateLimit-Remaining-Minute"]) for reply in replies] == [3, 2, 1, 0, 0, 0]
    assert [int(reply.headers["X-RateLimit-Remaining-Day"]) for reply in replies] == [99, 98, 97, 96, 96, 96]
    for reply in replies[4:]:
        answered(reply, "rate_limited", ["request"])
        assert reply.headers["Retry-After"] == "45"
    unlimited = await shop.orders_api("GET", "/tags")
    assert unlimited.headers["X-RateLimit-Limit-Minute"] == "2147483647"
    assert unlimited.headers["X-RateLimit-Remaining-Day"] == "2147483647"


async def test_a_call_that_is_decided_anew_costs_one_unit(world):
    team = await world.team()
    key = await team.new_key(rate_minute=10)
    await team.orders_api("GET", "/tags", key=key)
    await team.new_key()  # what the server remembers of the team is old now
    reply = await team.orders_api("POST", "/orders", key=key, body={"order_number": "1", "ship_to": {}})
    assert (reply.status, reply.headers["X-RateLimit-Remaining-Minute"]) == (201, "8")
    assert len((await team.orders_api("GET", "/orders", key=key)).json["data"]) == 1


# Paths and methods ----------------------------------------------------------------------------------------


async def test_o9_alias_and_trailing_slash(shop, order):
    """O-9: equal bodies, 200, no redirect."""
    replies = [
        await shop.orders_api("GET", f"/{root}/{order['id']}{end}")
        for root in ("orders", "purchase-orders")
        for end in ("", "/")
    ]
    assert [reply.status for reply in replies] == [200] * 4
    assert {reply.raw for reply in replies} == {replies[0].raw}
    assert {reply.headers["ETag"] for reply in replies} == {replies[0].headers["ETag"]}
    for path in (
        "/purchase-orders/",
        "/tags/",
        "/events/",
        "/webhooks/",
        f"/purchase-orders/{order['id']}/items/",
    ):
        assert (await shop.orders_api("GET", path)).status == 200


async def test_the_alias_says_orders(shop):
    """Section 1: Location, self_link and next are in the spelling of /orders."""
    reply = await shop.orders_api("POST", "/purchase-orders/", body={"order_number": "alias", "ship_to": {}})
    assert (reply.status, reply.headers["Location"]) == (201, f"/orders/{reply.json['id']}")
    item = {"description": "x", "amount": {"unit": "KG", "value": "1"}}
    for _ in range(2):
        added = await shop.orders_api("POST", f"/purchase-orders/{reply.json['id']}/items", body=item)
        assert added.headers["Location"] == f"/orders/{reply.json['id']}/items/{added.json['id']}"
    uuid = parse_id(reply.json["id"])
    listed = (await shop.orders_api("GET", f"/purchase-orders/{uuid}/items/?limit=1")).json
    assert (
        listed["next"] == f"/orders/{reply.json['id']}/items?limit=1&starting_after={listed['data'][0]['id']}"
    )
    assert (await shop.orders_api("GET", listed["next"])).json["data"] == [added.json]


async def test_o10_spellings_of_ids(shop, order):
    """O-10."""
    uuid = parse_id(order["id"])
    assert uuid is not None
    for spelling in (order["id"], order["id"].lower(), uuid, uuid.upper()):
        assert (await shop.orders_api("GET", f"/orders/{spelling}")).json == order
    for spelling in (
        order["id"][:-1],
        f"{{{uuid}}}",
        uuid.replace("-", ""),
        "x",
        "%00",
        "8" + order["id"][1:],
    ):
        answered(await shop.orders_api("GET", f"/orders/{spelling}"), "not_found", ["path"])
    ids = re.findall(r'"(?:\w+_)?id": ?"([^"]+)"', json.dumps(order))
    assert len(ids) >= 2
    assert all(re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", one) for one in ids)


async def test_o11_orders_are_not_deleted(shop, order):
    """O-11, section 9.6: the exact body, also for an unknown order and for a key that may do nothing."""
    weak = await shop.new_key("canViewStatuses")
    async with shop.unchanged():
        for path in (f"/orders/{order['id']}", f"/purchase-orders/{NO_ID}/", "/orders/x"):
            reply = await shop.orders_api("DELETE", path, key=weak)
            answered(reply, "method_not_allowed", ["request", "method"])
            assert reply.headers["Allow"] == "GET, HEAD, PATCH, PUT"
            assert reply.json["error_description"] == "Orders are canceled, not deleted"
    assert await read(shop, order["id"]) == order


METHODS = {
    "orders": "GET, HEAD, POST",
    "orders/{}": "GET, HEAD, PATCH, PUT",
    "orders/{}/cancel": "POST",
    "orders/{}/items": "GET, HEAD, POST",
    "orders/{}/items/{}": "DELETE, GET, HEAD, PATCH, PUT",
    "orders/{}/releases": "GET, HEAD, POST",
    "orders/{}/releases/{}": "GET, HEAD, PATCH",
    "orders/{}/releases/{}/documents/{}": "GET, HEAD",
    "tags": "GET, HEAD, POST",
    "events": "GET, HEAD",
    "events/{}": "GET, HEAD",
    "events/event-names-by-version": "GET, HEAD",
    "webhooks": "GET, HEAD, POST",
    "webhooks/{}": "DELETE, GET, HEAD, PATCH, PUT",
    "webhooks/{}/test": "POST",
    "webhooks/{}/rotate-secret": "POST",
    "webhooks/{}/redeliver": "POST",
    "webhooks/{}/deliveries": "GET, HEAD",
    "webhooks/{}/deliveries/{}": "GET, HEAD",
    "webhooks/{}/deliveries/{}/redeliver": "POST",
}


@pytest.mark.parametrize(("path", "allowed"), METHODS.items())
async def test_methods_of_each_path(shop, path, allowed):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - set(allowed.split(", ")):
        reply = await shop.orders_api(method, "/" + path.replace("{}", NO_ID))
        answered(reply, "method_not_allowed", ["request", "method"])
        assert reply.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/orders/x/y",
        "/orders/x/items/y/z",
        "/purchase-orders/x/cancel/y",
        "/orders/x/releases/y/documents",
        "/orders%2Fx",
        "/tags/x",
        "/events/x/y",
        "/webhooks/x/y",
    ],
)
async def test_unknown_paths_below_the_roots(shop, path):
    for method in ("GET", "POST", "DELETE"):
        answered(await shop.orders_api(method, path), "not_found", ["path"])


@pytest.mark.parametrize("path", ["/sales-orders", "/Orders", "/v1/tags", "/v1/events", "/api/orders"])
async def test_paths_that_this_surface_does_not_have(shop, path):
    assert (await shop.orders_api("GET", path)).status == 404


async def test_the_status_api_is_where_it_was(shop, order):
    named = (await shop.get(f"/orders/{parse_id(order['id'])}")).ok()["order"]["name"]
    assert named == order["order_number"]


async def test_head_is_get_without_a_body(shop, order):
    paths = (
        "/orders",
        f"/orders/{order['id']}",
        f"/orders/{order['id']}/items",
        f"/orders/{order['id']}/items/{order['items'][0]['id']}",
        f"/orders/{order['id']}/releases",
        "/tags",
        "/events/event-names-by-version",
        "/webhooks",
        f"/orders/{NO_ID}",
        "/orders?limit=0",
    )
    for path in paths:
        got, head = await shop.orders_api("GET", path), await shop.orders_api("HEAD", path)
        assert (head.status, head.raw) == (got.status, b"")
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.headers.get(name) == got.headers.get(name)
        assert len(got.raw) == int(got.headers["Content-Length"])


# Request ids ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["a", "A-z_0.9", "0" * 128])
async def test_a_good_request_id_is_kept(shop, sent):
    for key in (shop.key, "wrong"):
        reply = await shop.orders_api("GET", "/tags", key=key, headers={"X-Request-Id": sent})
        assert reply.headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "0" * 129, "é"])
async def test_another_request_id_is_replaced(shop, sent):
    told = [
        (await shop.orders_api("GET", "/tags", headers={"X-Request-Id": sent})).headers["X-Request-Id"]
        for _ in range(2)
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,128}", one) for one in told)
    assert told[0] != told[1]


# Bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "accepted"),
    [
        ("POST", "/orders", {JSON}),
        ("PUT", "/orders/{}", {JSON}),
        ("PATCH", "/orders/{}", {JSON, MERGE_PATCH}),
        ("POST", "/orders/{}/cancel", {JSON}),
        ("POST", "/orders/{}/items", {JSON}),
        ("PUT", "/orders/{}/items/{}", {JSON}),
        ("PATCH", "/orders/{}/items/{}", {JSON, MERGE_PATCH}),
        ("POST", "/orders/{}/releases", {JSON, "multipart/form-data; boundary=b7"}),
        ("PATCH", "/orders/{}/releases/{}", {JSON, MERGE_PATCH}),
        ("POST", "/tags", {JSON}),
        ("POST", "/webhooks", {JSON}),
        ("PUT", "/webhooks/{}", {JSON}),
        ("PATCH", "/webhooks/{}", {JSON, MERGE_PATCH}),
        ("POST", "/webhooks/{}/test", {JSON}),
        ("POST", "/webhooks/{}/rotate-secret", {JSON}),
        ("POST", "/webhooks/{}/redeliver", {JSON}),
    ],
)
async def test_media_types(shop, method, path, accepted):
    """Section 1: anything else is 415. Parameters and letter case do not count."""
    path = path.replace("{}", NO_ID)
    kinds = (JSON, MERGE_PATCH, "multipart/form-data; boundary=b7", "text/plain", "application/jsonx", "")
    for kind in kinds:
        reply = await shop.orders_api(method, path, body=b"[]", headers={"Content-Type": kind})
        if kind in accepted:
            assert reply.status == 400, reply
        else:
            answered(reply, "unsupported_media_type", ["header", "content-type"])
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answered(await shop.orders_api(method, path, body=b"[]", headers=headers), "wrong_type", ["body"])


async def test_a_body_without_a_content_type_is_415(world, shop):
    headers = {"Authorization": shop.key}
    reply = await world.call("POST", "/orders", headers=headers, body={"order_number": "y", "ship_to": {}})
    answered(reply, "unsupported_media_type")


async def test_bodies_where_none_is_taken_are_ignored(shop, order):
    for method, path in (
        ("GET", f"/orders/{order['id']}"),
        ("DELETE", f"/orders/{order['id']}/items/{NO_ID}"),
    ):
        reply = await shop.orders_api(method, path, body=b"\x00 nonsense", headers={"Content-Type": "text/x"})
        assert reply.status == (200 if method == "GET" else 404)


async def test_the_largest_body(shop):
    """Section 4: 1 MiB; also when it comes in chunks."""
    order = json.dumps({"order_number": "large", "ship_to": {}}).encode()
    full = order[:-1] + b" " * (MAX_BODY - len(order)) + b"}"
    assert (await shop.orders_api("POST", "/orders", body=full)).status == 201

    async def chunks():
        for _ in range(17):
            yield b" " * 65_536

    for body in (full + b" ", chunks()):
        answered(await shop.orders_api("POST", "/orders", body=body), "too_large", ["request"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\x00"}',
        b'{"a": NaN}',
        b'{"a": 1e99999999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({"a": 1}).encode("utf-16"),
    ],
)
@pytest.mark.parametrize("keyed", [False, True])
async def test_what_is_no_json(shop, body, keyed):
    headers = {"Idempotency-Key": new_id()} if keyed else {}
    answered(await shop.orders_api("POST", "/orders", body=body, headers=headers), "invalid_json", ["body"])


@pytest.mark.parametrize("keyed", [False, True])
async def test_what_is_no_form(shop, keyed):
    headers = {"Idempotency-Key": new_id()} if keyed else {}
    for kind, body in (
        ("multipart/form-data; boundary=b7", b""),
        ("multipart/form-data; boundary=b7", b"{}"),
        ("multipart/form-data; boundary=b7", b"--b7\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b7--"),
        ("multipart/form-data", b"--b7--"),
        ("Multipart/Form-Data; boundary=" + "b" * 71, b"--b7--"),
    ):
        headers["Content-Type"] = kind
        reply = await shop.orders_api("POST", f"/orders/{NO_ID}/releases", body=body, headers=headers)
        answered(reply, "invalid_value", ["body"])


async def test_the_largest_parts_of_a_form(shop):
    """The JSON of a form is bound as JSON is, also when it is sent as a file; a file by 10 MiB."""
    headers = {"Content-Type": "multipart/form-data; boundary=b7"}
    for name, size in (
        ('"data"', MAX_BODY),
        ('"data"; filename="d"', MAX_BODY),
        ('"x"; filename="x"', 10 * MAX_BODY),
    ):
        for extra, code in ((0, "required" if "x" in name else "invalid_json"), (1, "too_large")):
            body = f"--b7\r\nContent-Disposition: form-data; name={name}\r\n\r\n".encode()
            body += b" " * (size + extra) + b"\r\n--b7--\r\n"
            reply = await shop.orders_api("POST", f"/orders/{NO_ID}/releases", body=body, headers=headers)
            answered(reply, code)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"x"', b"true"])
async def test_json_that_is_no_object(shop, body):
    for method, path in (
        ("POST", "/orders"),
        ("PATCH", f"/orders/{NO_ID}"),
        ("POST", f"/orders/{NO_ID}/cancel"),
    ):
        answered(await shop.orders_api(method, path, body=body), "wrong_type", ["body"])


async def test_a_body_that_may_be_left_out(shop):
    """Cancel takes none, and any object."""
    made = await create(shop, "left-out")
    for body in (None, b"", b"{}", {"status": "READY", "x": [1, {"y": None}]}):
        reply = await shop.orders_api("POST", f"/orders/{made['id']}/cancel", body=body)
        assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ('{"order_number": "a\\u0000", "ship_to": {}}', ["body", "order_number"]),
        ('{"order_number": "a", "ship_to": {"line_1": "\\u0000"}}', ["body", "ship_to", "line_1"]),
        ('{"order_number": "a", "ship_to": {}, "unknown": [1, ["\\u0000"]]}', ["body", "unknown", 1, 0]),
        ('{"order_number": "a", "ship_to": {}, "custom_data": {"a\\u0000": 1}}', ["body", "custom_data"]),
    ],
)
async def test_u0000_is_named_wherever_it_is(shop, body, loc):
    """Section 4."""
    answered(await shop.orders_api("POST", "/orders", body=body.encode()), "invalid_characters", loc)


async def test_a_backslash_before_u0000_is_text(shop):
    made = await shop.orders_api("POST", "/orders", body=b'{"order_number": "\\\\u0000", "ship_to": {}}')
    assert made.json["order_number"] == "\\u0000"


@pytest.mark.parametrize(
    "number",
    ["1e400", "1E-401", "-1e+999999999", "0e999999999", "1" * 401, "1." + "1" * 401, "0." + "0" * 400 + "1"],
)
async def test_numbers_without_end(shop, number):
    """No number can make the server fail, and none is kept that the database might not hold."""
    body = f'{{"order_number": "a", "ship_to": {{}}, "custom_data": {{"a": [{number}]}}}}'.encode()
    answered(
        await shop.orders_api("POST", "/orders", body=body), "out_of_range", ["body", "custom_data", "a", 0]
    )


@pytest.mark.parametrize("number", ["1e399", "-1E-400", "1" * 400, "1.10", "18446744073709551616", "-0.0"])
async def test_numbers_that_are_kept(shop, number):
    body = f'{{"order_number": "{number[:40]}", "ship_to": {{}}, "custom_data": {{"a": {number}}}}}'
    made = await shop.orders_api("POST", "/orders", body=body.encode())
    assert made.status == 201, made
    (kept,) = re.findall(
        r'"custom_data":\{"a":([^}]*)\}',
        (await shop.orders_api("GET", made.headers["Location"])).raw.decode(),
    )
    assert Decimal(kept) == Decimal(number)


async def test_deep_documents_that_are_ignored(shop):
    """Unknown keys may hold what they want, as far as JSON is read at all."""
    deep = b'{"a":' * 800 + b"1" + b"}" * 800
    body = b'{"order_number": "deep", "ship_to": {}, "groups": ' + deep + b', "x": "\\u0041"}'
    assert (await shop.orders_api("POST", "/orders", body=body)).status == 201
    for field in (b"custom_data", b"references", b"items", b"name"):
        body = b'{"order_number": "deeper", "ship_to": {}, "' + field + b'": ' + deep + b"}"
        assert (await shop.orders_api("POST", "/orders", body=body)).status == 400


@pytest.mark.parametrize(
    "query", ["?tag=%00", "?order_number=%00", "?id=%00", "?%00=1", "?tag=%ff", "?tag=%ED%A0%80"]
)
async def test_queries_that_the_database_could_not_hold(shop, query):
    assert (await shop.orders_api("GET", f"/orders{query}")).status in (200, 400)


# Faults of the server -------------------------------------------------------------------------------------


async def test_a_fault_of_the_server(shop, order, monkeypatch):
    async def broken(*args: Any, **named: Any) -> Any:
        raise ValueError("secret words of an exception")

    monkeypatch.setattr(purchase_orders, "get_order", broken)
    reply = await shop.orders_api("GET", f"/orders/{order['id']}", headers={"X-Request-Id": "my-request"})
    answered(reply, "internal_error", ["request"])
    assert reply.json["error_description"] == "Unexpected error. Request id: my-request"


# Deliveries -----------------------------------------------------------------------------------------------


async def test_who_delivers_is_woken_after_a_write(pool):
    """Only when it was done, and only where the team has webhooks."""
    woken: list[int] = []
    async with served(pool, outside={"wake": lambda: woken.append(1)}) as world:
        team = await world.team()
        await create(team, "1")
        assert woken == []
        webhook = {
            "url": "https://hooks.example.com/x",
            "enabled_events": ["order.created"],
            "error_contact_email": "ops@example.com",
        }
        assert (await team.orders_api("POST", "/webhooks", body=webhook)).status == 201
        woken.clear()
        await create(team, "2")
        assert len(woken) == 1
        for method, path, body in (
            ("GET", "/orders", None),
            ("POST", "/orders", {}),
            ("POST", "/orders", {"order_number": "2", "ship_to": {}}),
            ("PUT", f"/orders/{NO_ID}", {"order_number": "2", "ship_to": {}}),
        ):
            await team.orders_api(method, path, body=body)
        assert len(woken) == 1
