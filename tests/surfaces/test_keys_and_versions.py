"""Who is let in and by which version it is answered (contract, sections 2 and 3; S-1 to S-10)."""

import json
from datetime import timedelta

import pytest

from milepost.core import accounts
from milepost.kit.tokens import new_key
from milepost.model.actor import PERMISSIONS, system_actor
from tests.surfaces.world import ALL_BUT_OVERRIDE, BASICS, NO_ID, Team, World, item, served

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
ENDPOINTS = (
    ("GET", "/orders", "canViewOrders"),
    ("GET", f"/orders/{NO_ID}", "canViewOrders"),
    ("POST", f"/orders/{NO_ID}/status", "canChangeOrderStatus"),
    ("POST", "/orders/status-bulk", "canChangeOrderStatus"),
    ("POST", f"/orders/{NO_ID}/notify", "canSendNotifications"),
    ("POST", "/orders/notify-bulk", "canSendNotifications"),
    ("GET", "/statuses", "canViewStatuses"),
    ("GET", f"/statuses/{NO_ID}", "canViewStatuses"),
    ("GET", "/workflows", "canViewStatuses"),
    ("POST", f"/line-items/{NO_ID}/status", "canChangeOrderStatus"),
    ("POST", "/line-items/status-bulk", "canChangeOrderStatus"),
    ("POST", "/line-items/clear-status", "canChangeOrderStatus"),
    ("GET", "/settings", "canViewStatuses"),
)
ROOT_PATHS = (
    "/v1/orders",
    "/api/v1/orders/x",
    "/v1/orders/x/y/z",
    "/v1/statuses",
    "/v1/statuses/x/y",
    "/api/v1/workflows",
    "/v1/workflows/x",
    "/v1/line-items",
    "/v1/line-items/x/status",
    "/v1/settings",
    "/api/v1/settings/x",
)


def is_line_items(path: str) -> bool:
    return "line-items" in path


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(BASICS)
    return team


def assert_unauthorized(reply, path="/v1/orders"):
    reply.refused("invalid_api_key", line_item=is_line_items(path))
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert not [name for name in reply.headers if name.lower().startswith("x-ratelimit")]
    assert reply.headers["Vary"] == "X-API-Version"
    assert reply.headers["X-Request-Id"]


# Keys -----------------------------------------------------------------------------------------------------


async def test_s1_no_key_and_a_wrong_key(world):
    """S-1: the same 401 without a key and with a wrong one, and no limits are told."""
    for headers in ({}, {"X-API-Key": "wrong"}, {"X-API-Key": new_key()}):
        assert_unauthorized(await world.call("GET", "/api/v1/orders", headers=headers))


@pytest.mark.parametrize("path", ROOT_PATHS)
async def test_without_a_key_every_path_under_the_roots_is_401(world, path):
    for method in ("GET", "POST", "PUT"):
        assert_unauthorized(await world.call(method, path), path)


async def test_s2_four_ways_to_send_a_key(world, shop):
    """S-2: X-API-Key, Bearer, Token and bare; scheme words in any letter case."""
    for headers in (
        {"X-API-Key": shop.key},
        {"X-API-Key": f"  {shop.key} "},
        *(
            {"Authorization": text + shop.key}
            for text in ("Bearer ", "bearer ", "BEARER ", "Token ", "tOKEN ", "")
        ),
    ):
        assert (await world.call("GET", "/api/v1/statuses", headers=headers)).status == 200, headers


async def test_other_schemes_open_nothing(world, shop):
    for text in ("Basic ", "ApiKey ", "Bearer Bearer ", "Bearer", "Token:"):
        assert_unauthorized(
            await world.call("GET", "/api/v1/statuses", headers={"Authorization": text + shop.key})
        )


async def test_s3_x_api_key_decides(world, shop):
    """S-3: with both headers X-API-Key decides, also when it is the wrong one."""
    wrong = new_key()
    reply = await world.call(
        "GET", "/v1/orders", headers={"X-API-Key": wrong, "Authorization": f"Bearer {shop.key}"}
    )
    assert_unauthorized(reply)
    reply = await world.call(
        "GET", "/v1/orders", headers={"X-API-Key": shop.key, "Authorization": f"Bearer {wrong}"}
    )
    assert reply.status == 200


async def test_a_blank_header_counts_as_not_sent(world, shop):
    reply = await world.call("GET", "/v1/orders", headers={"X-API-Key": " ", "Authorization": shop.key})
    assert reply.status == 200
    assert_unauthorized(await world.call("GET", "/v1/orders", headers={"X-API-Key": "", "Authorization": ""}))


async def test_malformed_keys(world, shop):
    for text in (
        shop.key[:-1],
        shop.key + "0",
        shop.key.swapcase(),
        shop.key.replace("mp_live_", "mp_demo_"),
        shop.key[:-1] + ("0" if shop.key[-1] != "0" else "1"),
        "mp_live_",
    ):
        assert_unauthorized(await world.call("GET", "/v1/orders", headers={"X-API-Key": text}))


async def test_a_test_key_behaves_like_a_live_one(shop):
    key = await shop.new_key(test=True)
    assert key.startswith("mp_test_")
    assert shop.key.startswith("mp_live_")
    assert (await shop.get("/statuses", key=key)).json == (await shop.get("/statuses")).json


async def issue(team: Team, **options):
    return await accounts.create_key(
        team.world.pool,
        system_actor(team.id),
        team.world.clock(),
        name="short-lived",
        permissions=ALL_BUT_OVERRIDE,
        **options,
    )


async def revoke(team: Team, key_id: str) -> None:
    assert await accounts.revoke_key(team.world.pool, system_actor(team.id), team.world.clock(), key_id)


async def test_a_revoked_key_is_refused_at_once(world, shop):
    issued = await issue(shop)
    assert (await shop.get("/orders", key=issued.key)).status == 200
    await revoke(shop, issued.id)
    assert_unauthorized(await shop.get("/orders", key=issued.key))


async def test_a_revoked_key_is_401_also_where_other_checks_fail(shop):
    """The key is checked before limits and version, and no answer is given on an old key."""
    exhausted, misled = await issue(shop, rate_minute=1), await issue(shop)
    assert (await shop.get("/orders", key=exhausted.key)).status == 200
    assert (await shop.get("/orders", key=exhausted.key)).status == 429
    assert (await shop.get("/orders", "9.9", key=misled.key)).status == 400
    await revoke(shop, exhausted.id)
    await revoke(shop, misled.id)
    assert_unauthorized(await shop.get("/orders", key=exhausted.key))
    assert_unauthorized(await shop.get("/orders", "9.9", key=misled.key))


async def test_a_key_expires(world, shop):
    now = world.clock()
    with world.clock.at(now):
        issued = await issue(shop, expires_at=now + timedelta(minutes=1))
        assert (await shop.get("/orders", key=issued.key)).status == 200
    with world.clock.at(now + timedelta(minutes=1)):
        assert_unauthorized(await shop.get("/orders", key=issued.key))


async def test_a_team_sees_nothing_of_another(world):
    """Things of another team do not exist: as paths, in bodies, in filters."""
    mine, theirs = await world.team(), await world.team()
    for team in (mine, theirs):
        await team.apply({**BASICS, "workflows": [{"name": "W"}]})
    ids, foreign = await mine.ids(), await theirs.ids()
    order = await mine.order()
    line_order = await theirs.order(items=())
    stranger = await theirs.order(shopify_kind="Order", shopify_id=77, items=())
    with_lines = await theirs.order(items=(item(),))
    line = (await theirs.line_items(with_lines))[0]
    async with theirs.unchanged(), mine.unchanged():
        (await mine.get(f"/orders/{stranger}")).refused("order_not_found")
        (await mine.get("/orders/77", use_shopify_order_id="true")).refused("order_not_found")
        (await mine.get(f"/statuses/{foreign['A']}")).refused("status_not_found")
        (await mine.move(stranger, ids["A"])).refused("order_not_found")
        (await mine.move(order, foreign["A"])).refused("unknown_status", fields=["status_id"])
        (await mine.move(order, ids["Coated"], foreign["Coats/First"])).refused(
            "unknown_sub_status", fields=["sub_status_option_id"]
        )
        (await mine.post(f"/orders/{stranger}/notify", {"channels": ["email"]})).refused("order_not_found")
        (await mine.post(f"/line-items/{line}/status", {"status_id": ids["A"]})).refused(
            "line_item_not_found", line_item=True
        )
        bulk = (
            await mine.post("/orders/status-bulk", {"order_ids": [line_order], "status_id": ids["A"]})
        ).ok()
        assert bulk["failed_entries"] == [
            {"order_id": line_order, "error": "Order not found", "code": "order_not_found"}
        ]
        bulk = (await mine.post("/orders/notify-bulk", {"order_ids": [stranger], "channels": ["sms"]})).ok()
        assert (bulk["sent"], bulk["failed"]) == (0, 1)
        for path in ("status-bulk", "clear-status"):
            body = {"line_item_ids": [line], "status_id": ids["A"]}
            data = (await mine.post(f"/line-items/{path}", body)).ok()["data"]
            assert data["results"] == [
                {"line_item_id": line, "success": False, "error": "Line item not found"}
            ]
    for filters in (
        {"order_ids": stranger},
        {"order_ids": "77", "use_shopify_order_id": "true"},
        {"status": foreign["A"]},
        {"workflow_id": foreign["workflow:W"]},
    ):
        assert (await mine.get("/orders", **filters)).ok()["orders"] == []
    assert [one["id"] for one in (await mine.get("/orders")).ok()["orders"]] == [order]
    assert {one["id"] for one in (await mine.get("/statuses")).ok()["statuses"]}.isdisjoint(foreign.values())
    assert {one["id"] for one in (await mine.get("/workflows")).ok()["workflows"]}.isdisjoint(
        foreign.values()
    )


# Permissions ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def lacking(shop: Team) -> dict[str, str]:
    """By permission: a key that has all others."""
    return {
        missing: await shop.new_key(*(name for name in PERMISSIONS if name != missing))
        for missing in PERMISSIONS
    }


@pytest.mark.parametrize(("method", "path", "permission"), ENDPOINTS)
async def test_s4_each_endpoint_needs_its_permission(shop, lacking, method, path, permission):
    """S-4: without the permission 403, which names it; without any other one the endpoint opens."""
    for missing, key in lacking.items():
        reply = await shop.call(method, path, key=key)
        if missing == permission:
            reply.refused("insufficient_permissions", permission=permission, line_item=is_line_items(path))
        else:
            assert reply.status != 403, reply


@pytest.mark.parametrize(("method", "path", "permission"), ENDPOINTS)
async def test_the_one_permission_is_enough(shop, method, path, permission):
    key = await shop.new_key(permission)
    assert (await shop.call(method, path, key=key)).status in (200, 400, 404)


async def test_management_permissions_open_nothing(shop):
    rest = ("canUpdateOrders", "canManageStatuses", "canManageWebhooks", "canManageTeam")
    key = await shop.new_key(*rest, "canOverrideProductChainEnforcement")
    for method, path, permission in ENDPOINTS:
        (await shop.call(method, path, key=key)).refused(
            "insufficient_permissions", permission=permission, line_item=is_line_items(path)
        )


# Paths ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/statuses", "/orders", "/workflows", "/settings"])
async def test_s5_both_roots_and_a_trailing_slash(world, shop, path):
    """S-5: /v1 and /api/v1, with and without one trailing slash, answer alike and do not redirect."""
    headers = {"X-API-Key": shop.key}
    bodies = []
    for url in (f"/v1{path}", f"/v1{path}/", f"/api/v1{path}", f"/api/v1{path}/"):
        reply = await world.call("GET", url, headers=headers)
        assert reply.status == 200
        bodies.append(reply.raw)
    assert len(set(bodies)) == 1


async def test_a_trailing_slash_of_a_write(shop):
    ids = await shop.ids()
    order = await shop.order()
    reply = await shop.post(f"/orders/{order}/status/", {"status_id": ids["A"]})
    assert reply.ok()["order"]["id"] == order


async def test_two_trailing_slashes_are_another_path(shop):
    (await shop.get("/statuses//")).refused("status_not_found")  # the status named by an empty text
    (await shop.get("/settings//")).refused("not_found")


# Versions -------------------------------------------------------------------------------------------------


async def test_s6_the_version_is_echoed(shop, world):
    """S-6: the answer names its version, 1.4 by default, and varies by the header."""
    for version in VERSIONS:
        reply = await shop.get("/statuses", version)
        assert (reply.status, reply.headers["X-API-Version"]) == (200, version)
        assert reply.headers["Vary"] == "X-API-Version"
    reply = await shop.get("/statuses")
    assert (reply.headers["X-API-Version"], reply.headers["Vary"]) == ("1.4", "X-API-Version")
    for reply in (
        await shop.get("/orders/x"),
        await shop.get("/orders", page="0"),
        await shop.call("PUT", "/orders"),
        await shop.get("/nope/x"),
        await world.call("GET", "/v1/orders"),
    ):
        if reply.status != 404 or "X-API-Version" in reply.headers:
            assert (reply.headers["X-API-Version"], reply.headers["Vary"]) == ("1.4", "X-API-Version")


@pytest.mark.parametrize(
    "asked", ["9.9", "1", "v1.4", "2.0", "1.4,1.3", "", "1.6", "1.40", "01.4", "1.4.0", "latest"]
)
async def test_s7_unknown_versions(shop, asked):
    """S-7: anything but the six known texts is 400 and lists them."""
    reply = await shop.get("/statuses", asked)
    reply.refused("unsupported_version", supported=list(VERSIONS))
    assert (reply.headers["X-API-Version"], reply.headers["Vary"]) == ("1.4", "X-API-Version")
    assert "X-RateLimit-Limit-Minute" in reply.headers


async def test_s7_spaces_around_a_version(shop):
    """S-7: spaces around the version are trimmed."""
    reply = await shop.get("/statuses", " 1.2 ")
    assert (reply.status, reply.headers["X-API-Version"]) == (200, "1.2")


async def test_s8_a_pinned_key(shop):
    """S-8: a key pinned to 1.0 answers 1.0 unless the header asks for another version."""
    key = await shop.new_key(pin_version="1.0")
    plain, newer = await shop.get("/statuses", key=key), await shop.get("/statuses", "1.4", key=key)
    assert plain.headers["X-API-Version"] == "1.0"
    assert newer.headers["X-API-Version"] == "1.4"
    assert plain.json == (await shop.get("/statuses", "1.0")).json
    assert newer.json == (await shop.get("/statuses", "1.4")).json
    assert plain.json != newer.json
    (await shop.get("/workflows", key=key)).refused("requires_version", minimum_version="1.3")
    assert (await shop.get("/workflows", "1.3", key=key)).status == 200


async def test_the_version_that_a_refusal_names(world, shop):
    """On a 401 or unsupported_version: the header's if known, else the pin if the key is known, else the
    default."""
    pinned = await shop.new_key(pin_version="1.1")
    refused = await shop.get("/statuses", "8.0", key=pinned)
    assert (refused.status, refused.headers["X-API-Version"]) == (400, "1.1")
    for asked, told in (("1.2", "1.2"), ("8.0", "1.4"), (None, "1.4")):
        headers = {"X-API-Key": "wrong", **({"X-API-Version": asked} if asked else {})}
        reply = await world.call("GET", "/v1/orders", headers=headers)
        assert (reply.status, reply.headers["X-API-Version"]) == (401, told)


async def test_the_default_version_is_a_setting(pool):
    async with served(pool, default_api_version="1.2") as other:
        team = await other.team()
        reply = await team.get("/statuses")
        assert reply.headers["X-API-Version"] == "1.2"
        assert "workflows_enabled" not in reply.json["summary"]
        pinned = await team.new_key(pin_version="1.5")
        assert (await team.get("/statuses", key=pinned)).headers["X-API-Version"] == "1.5"
        assert (await team.get("/statuses", "9.9")).headers["X-API-Version"] == "1.2"
        assert (await other.call("GET", "/v1/orders")).headers["X-API-Version"] == "1.2"


@pytest.mark.parametrize(
    ("method", "path", "minimum"),
    [(method, path, "1.3") for method, path, _ in ENDPOINTS if path == "/workflows"]
    + [(method, path, "1.4") for method, path, _ in ENDPOINTS if is_line_items(path) or path == "/settings"],
)
async def test_s9_newer_endpoints(shop, method, path, minimum):
    """S-9: an endpoint newer than the version is 404 and names the least version that has it."""
    for version in VERSIONS:
        reply = await shop.call(method, path, version)
        assert reply.headers["X-API-Version"] == version
        if version < minimum:
            reply.refused("requires_version", minimum_version=minimum, line_item=is_line_items(path))
        elif method == "GET":
            assert reply.status == 200
        else:
            reply.refused(
                "invalid_request",
                fields=["line_item_ids"]
                if "clear" in path
                else ["line_item_ids", "status_id"]
                if "bulk" in path
                else ["status_id"],
                line_item=True,
            )


def keys_of(value, path="$"):
    """All keys of a document, with their places."""
    if isinstance(value, dict):
        found = {f"{path}.{name}" for name in value}
        return found.union(*(keys_of(member, f"{path}.{name}") for name, member in value.items()))
    if isinstance(value, list):
        return set().union(*(keys_of(member, f"{path}[]") for member in value))
    return set()


async def test_s10_version_1_5_has_all_of_1_4(shop):
    """S-10: 1.5 answers 200 with every key that 1.4 has."""
    ids = await shop.ids()
    order = await shop.order("#S10", items=(item(),))
    await shop.moved(order, ids["Coated"], ids["Coats/First"])
    for path in (
        "/orders",
        f"/orders/{order}",
        "/statuses",
        f"/statuses/{ids['A']}",
        "/workflows",
        "/settings",
    ):
        old, new = await shop.get(path, "1.4"), await shop.get(path, "1.5")
        assert new.headers["X-API-Version"] == "1.5"
        assert keys_of(old.ok()) <= keys_of(new.ok())
    include = "line_item_statuses,deadline,metafield"
    old = (await shop.get(f"/orders/{order}", "1.4", include=include)).ok()
    assert keys_of(old) <= keys_of((await shop.get(f"/orders/{order}", "1.5", include=include)).ok())
    bodies = {
        f"/orders/{order}/status": {"status_id": ids["A"]},
        "/orders/status-bulk": {"order_ids": [order, "x"], "status_id": ids["A"]},
        f"/orders/{order}/notify": {"channels": ["sms"]},
        "/orders/notify-bulk": {"order_ids": [order, "x"], "channels": ["sms"]},
    }
    for path, body in bodies.items():
        old, new = await shop.post(path, body, "1.4"), await shop.post(path, body, "1.5")
        assert json.loads(old.raw).keys() <= json.loads(new.raw).keys()
        assert keys_of(old.ok()) <= keys_of(new.ok())
