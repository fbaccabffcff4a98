"""Keys, limits and request ids (section 2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.core import accounts
from milepost.model.actor import system_actor
from tests.surfaces.milestones_api.talk import LIMITS, answered, bearing, nowhere
from tests.surfaces.milestones_api.things import Things
from tests.surfaces.world import NO_ID, Team, World

UNKNOWN_PATHS = (
    "/v1/teams/x/y",
    "/api/v1/teams//",
    f"/v1/teams/{NO_ID}",
    f"/v1/teams/{NO_ID}/purchase_orders/x/confirm",
    f"/v1/teams/{NO_ID}/purchase_orders/{NO_ID}/accept_purchase_order",
    f"/v1/teams/{NO_ID}/purchase_orders/{NO_ID}/milestones/{NO_ID}/complete",
    f"/v1/teams/{NO_ID}/parts",
)


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"X-API-Key": ""}, bearing("nonsense")])
async def test_m1_without_a_right_key(world: World, team: Team, headers: dict[str, str]) -> None:
    """M-1: 401 with one body, for known and unknown paths."""
    paths = (
        "/v1/teams",
        f"/v1/teams/{team.id}/purchase_orders",
        f"/v1/teams/{NO_ID}/workflows",
        *UNKNOWN_PATHS,
    )
    for path in paths:
        for method in ("GET", "POST", "DELETE"):
            reply = await world.call(method, path, headers=headers)
            answered(reply, "unauthorized")
            assert reply.headers["WWW-Authenticate"] == "Bearer"
            assert not any(name in reply.headers for name in LIMITS)


async def test_m1_keys_that_open_nothing_any_more(world: World, team: Team) -> None:
    """M-1: revoked and expired ones, and those of no team, are told as unknown ones are."""
    clock, actor = world.clock, system_actor(team.id)
    made: dict[str, Any] = {
        "name": "test",
        "permissions": ("canViewOrders",),
        "rate_minute": 0,
        "rate_day": 0,
    }
    revoked: Any = await accounts.create_key(world.pool, actor, clock(), **made)
    ends = datetime.now(UTC) + timedelta(days=1)
    expired: Any = await accounts.create_key(world.pool, actor, clock(), expires_at=ends, **made)
    for issued in (revoked, expired):
        assert (await world.call("GET", "/v1/teams", headers=bearing(issued.key))).status == 200
    await accounts.revoke_key(world.pool, actor, clock(), revoked.id)
    with clock.at(ends):
        for key in (revoked.key, expired.key, revoked.key[:-1], revoked.key + "x", revoked.key.swapcase()):
            answered(await world.call("GET", "/v1/teams", headers=bearing(key)), "unauthorized")


async def test_m2_one_key_in_four_ways(world: World, team: Team) -> None:
    """M-2: bare, Bearer, Token in any letter case, and X-API-Key, which wins even when it is wrong."""
    key = team.key
    ways = [key, f"Bearer {key}", f"bearer  {key}", f"Token {key}", f"TOKEN {key}"]
    for headers in (*({"Authorization": way} for way in ways), {"X-API-Key": key}):
        (shown,) = (await world.call("GET", "/v1/teams", headers=headers)).ok()["teams"]
        assert shown["id"] == team.id
    wrong_beside_right = {"Authorization": f"Bearer {key}", "X-API-Key": "wrong"}
    answered(await world.call("GET", "/v1/teams", headers=wrong_beside_right), "unauthorized")
    right_beside_wrong = {"Authorization": "Bearer wrong", "X-API-Key": key}
    assert (await world.call("GET", "/v1/teams", headers=right_beside_wrong)).status == 200


@pytest.mark.parametrize(
    "tail", ["", "/{id}/workflows", "/{id}/purchase_orders", "/{id}/nothing", "/other/workflows"]
)
async def test_m2_two_prefixes_and_a_trailing_slash(world: World, team: Team, tail: str) -> None:
    """M-2: they answer alike, never with a redirect, and links name the first prefix."""
    tail = tail.format(id=team.id)
    replies = [
        await world.call("GET", f"{prefix}{tail}{slash}", headers=bearing(team.key))
        for prefix in ("/v1/teams", "/api/v1/teams")
        for slash in ("", "/")
    ]
    assert len({(reply.status, reply.raw, reply.headers.get("Link")) for reply in replies}) == 1
    assert replies[0].status in (200, 404)
    twice = await world.call("GET", f"/v1/teams{tail}//", headers=bearing(team.key))
    assert twice.status == 404  # one slash is ignored, not two


async def test_unknown_paths_with_a_key(world: World, team: Team) -> None:
    """Section 1: 404 `Not found`, by whatever method."""
    for path in UNKNOWN_PATHS:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            nowhere(await world.call(method, path.replace(NO_ID, team.id), headers=bearing(team.key)))


async def test_a_path_whose_slashes_are_percent_encoded(world: World, team: Team) -> None:
    for path in ("/v1%2Fteams", "/api%2Fv1/teams", "/v1/teams%2F", f"/v1/teams%2F{team.id}/workflows"):
        nowhere(await world.call("GET", path, headers=bearing(team.key)))


async def test_m5_limits_are_told_with_every_answer(settled: tuple[Team, Things]) -> None:
    """M-5: on 200, 404, 410 and 422, each lowering both windows by one; on 429, which lowers none and says how long
    to wait. Windows are the UTC minute and the UTC day."""
    team, of = settled
    order = f"/purchase_orders/{of['order_id']}"
    now = datetime(2027, 3, 1, 10, 0, 20, tzinfo=UTC)
    with team.world.clock.at(now):
        key = await team.new_key(rate_minute=4, rate_day=100)
        calls: list[tuple[str, str, Any, int]] = [
            ("GET", order, None, 200),
            ("GET", "/nothing", None, 404),
            ("GET", f"{order}/delay_ship_date", None, 410),
            ("POST", f"{order}/tasks", {}, 422),
            ("GET", order, None, 429),
            ("POST", f"{order}/delay_ship_date", None, 429),
        ]
        for number, (method, path, body, status) in enumerate(calls):
            reply = await team.milestones_api(method, path, body=body, key=key)
            left = max(0, 3 - number)
            assert reply.status == status, reply
            assert {name: reply.headers[name] for name in LIMITS} == {
                "X-RateLimit-Limit-Minute": "4",
                "X-RateLimit-Limit-Day": "100",
                "X-RateLimit-Remaining-Minute": str(left),
                "X-RateLimit-Remaining-Day": str(96 + left),
                "X-RateLimit-Reset-Minute": str(int(now.timestamp()) + 40),
                "X-RateLimit-Reset-Day": str(int(datetime(2027, 3, 2, tzinfo=UTC).timestamp())),
            }
            if status == 429:
                answered(reply, "rate_limited")
                assert reply.headers["Retry-After"] == "40"
    with team.world.clock.at(now + timedelta(seconds=40)):
        reply = await team.milestones_api("GET", order, key=key)
        assert (reply.status, reply.headers["X-RateLimit-Remaining-Day"]) == (200, "95")


async def test_m5_both_windows_spent(team: Team) -> None:
    """M-5, section 2: the longer wait counts."""
    with team.world.clock.at(datetime(2027, 3, 1, 23, 58, 59, 500_000, tzinfo=UTC)):
        key = await team.new_key(rate_minute=1, rate_day=1)
        assert (await team.milestones_api("GET", "/workflows", key=key)).status == 200
        reply = await team.milestones_api("GET", "/workflows", key=key)
        answered(reply, "rate_limited")
        assert reply.headers["Retry-After"] == "61"


async def test_a_budget_is_one_over_all_surfaces(team: Team) -> None:
    """Section 2: what one surface spends another lacks."""
    key = await team.new_key(rate_day=3)
    assert (await team.call("GET", "/orders", key=key)).status == 200
    assert (await team.orders_api("GET", "/orders", key=key)).status == 200
    reply = await team.milestones_api("GET", "/purchase_orders", key=key)
    assert (reply.status, reply.headers["X-RateLimit-Remaining-Day"]) == (200, "0")
    answered(await team.milestones_api("GET", "/purchase_orders", key=key), "rate_limited")


async def test_unlimited_windows(team: Team) -> None:
    """Section 2: 0 is no limit, shown as 2147483647."""
    reply = await team.milestones_api("GET", "/workflows")
    shown = {reply.headers[name] for name in LIMITS if "Reset" not in name}
    assert shown == {"2147483647"}


async def test_request_ids(team: Team) -> None:
    """Section 5: the request's own if it is a good one, on every answer."""
    for given in ("a", "A-b_c.9", "x" * 128):
        for path, key in (("/workflows", None), ("/nothing", None), ("/workflows", "wrong")):
            reply = await team.milestones_api("GET", path, key=key, headers={"X-Request-Id": given})
            assert reply.headers["X-Request-Id"] == given
    for bad in ("", "a b", "x" * 129, "ü", "a/b"):
        reply = await team.milestones_api("GET", "/workflows", headers={"X-Request-Id": bad})
        assert reply.headers["X-Request-Id"] not in ("", bad)
