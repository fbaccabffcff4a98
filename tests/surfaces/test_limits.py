"""Rate windows of a key (contract, section 4; S-11 to S-13)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from milepost.core import accounts
from milepost.model.actor import system_actor
from tests.surfaces.world import BASICS, Reply, Team, World, item

NOON = datetime(2026, 5, 8, 12, 0, 15, tzinfo=UTC)
UNLIMITED = 2147483647
NAMES = tuple(
    f"X-RateLimit-{what}-{window}" for what in ("Limit", "Remaining", "Reset") for window in ("Minute", "Day")
)


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(BASICS)
    return team


def left(reply: Reply) -> tuple[int, int]:
    """What is left of the minute and of the day."""
    minute, day = (reply.headers[f"X-RateLimit-Remaining-{window}"] for window in ("Minute", "Day"))
    return int(minute), int(day)


async def test_s11_every_authenticated_answer_tells_the_limits(world, shop):
    """S-11: all six headers on answers of every kind; the remaining units fall by one a request."""
    key = await shop.new_key(rate_minute=60, rate_day=10_000)
    big = b" " * (1024 * 1024 + 1)
    with world.clock.at(NOON):
        replies = [
            await shop.get("/orders", key=key),
            await shop.get("/orders/x", key=key),
            await shop.get("/orders/x/y/z", key=key),
            await shop.get("/orders", key=key, page="0"),
            await shop.get("/statuses", "9.9", key=key),
            await shop.get("/workflows", "1.0", key=key),
            await shop.call("PUT", "/orders", key=key),
            await shop.post("/orders/status-bulk", b"{", key=key),
            await shop.post("/orders/status-bulk", big, key=key),
            await shop.call("HEAD", "/statuses", key=key),
        ]
    assert [reply.status for reply in replies] == [200, 404, 404, 400, 400, 404, 405, 400, 413, 200]
    for spent, reply in enumerate(replies, 1):
        assert {name for name in NAMES if name in reply.headers} == set(NAMES), reply
        assert left(reply) == (60 - spent, 10_000 - spent)
        assert (reply.headers["X-RateLimit-Limit-Minute"], reply.headers["X-RateLimit-Limit-Day"]) == (
            "60",
            "10000",
        )
        assert "Retry-After" not in reply.headers


async def test_a_403_costs_a_unit_as_well(world, shop):
    key = await shop.new_key("canViewOrders", rate_minute=5)
    with world.clock.at(NOON):
        refused = await shop.get("/statuses", key=key)
    refused.refused("insufficient_permissions", permission="canViewStatuses")
    assert left(refused)[0] == 4


async def test_s12_windows_end_with_the_utc_minute_and_day(world, shop):
    """S-12: resets are the end of the clock minute and the next UTC midnight."""
    before = int(time.time())
    reply = await shop.get("/statuses")
    minute, day = (int(reply.headers[f"X-RateLimit-Reset-{name}"]) for name in ("Minute", "Day"))
    assert minute % 60 == 0
    assert before < minute <= int(time.time()) + 60
    assert day % 86400 == 0
    assert before < day <= int(time.time()) + 86400
    for instant, ends in (
        (NOON, datetime(2026, 5, 8, 12, 1, tzinfo=UTC)),
        (datetime(2026, 5, 8, 12, 1, tzinfo=UTC), datetime(2026, 5, 8, 12, 2, tzinfo=UTC)),
        (datetime(2026, 5, 8, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 5, 9, tzinfo=UTC)),
    ):
        with world.clock.at(instant):
            reply = await shop.get("/statuses")
        assert int(reply.headers["X-RateLimit-Reset-Minute"]) == ends.timestamp()
        assert int(reply.headers["X-RateLimit-Reset-Day"]) == datetime(2026, 5, 9, tzinfo=UTC).timestamp()


async def test_s13_the_third_of_two_calls(world, shop):
    """S-13: past the minute's limit 429 with Retry-After, which takes nothing from the day."""
    key = await shop.new_key(rate_minute=2, rate_day=100)
    with world.clock.at(NOON):
        assert left(await shop.get("/orders", key=key)) == (1, 99)
        assert left(await shop.get("/orders", key=key)) == (0, 98)
        for path, line_item in (("/orders", False), ("/orders/x/y/z", False), ("/line-items/x", True)):
            refused = await shop.get(path, key=key)
            refused.refused("rate_limited", window="minute", retry_after=45, line_item=line_item)
            assert refused.headers["Retry-After"] == "45"
            assert left(refused) == (0, 98)
            assert {name for name in NAMES if name in refused.headers} == set(NAMES)
            assert refused.headers["Vary"] == "X-API-Version"
    with world.clock.at(NOON + timedelta(seconds=45)):
        assert left(await shop.get("/orders", key=key)) == (1, 97)


async def test_s13_a_bulk_call_costs_one_unit(world, shop):
    """S-13: a bulk call with 50 orders costs one unit."""
    ids = await shop.ids()
    orders = await shop.orders([shop.new_order() for _ in range(50)])
    key = await shop.new_key(rate_minute=10, rate_day=100)
    with world.clock.at(NOON):
        reply = await shop.post("/orders/status-bulk", {"order_ids": orders, "status_id": ids["A"]}, key=key)
        assert reply.ok()["updated"] == 50
        assert left(reply) == (9, 99)
        reply = await shop.post("/orders/notify-bulk", {"order_ids": orders, "channels": ["sms"]}, key=key)
        assert left(reply) == (8, 98)
        order = await shop.order(items=tuple(item() for _ in range(20)))
        lines = {"line_item_ids": await shop.line_items(order), "status_id": ids["A"]}
        assert left(await shop.post("/line-items/status-bulk", lines, key=key)) == (7, 97)
        assert left(await shop.post("/line-items/clear-status", lines, key=key)) == (6, 96)


async def test_retry_after_is_rounded_up_and_at_least_one(world, shop):
    key = await shop.new_key(rate_minute=1)
    minute = NOON.replace(second=0)
    with world.clock.at(minute):
        assert (await shop.get("/orders", key=key)).status == 200
    for part, wait in ((0.0, 60), (0.4, 60), (1.0, 59), (58.2, 2), (59.0, 1), (59.999, 1)):
        with world.clock.at(minute + timedelta(seconds=part)):
            reply = await shop.get("/orders", key=key)
        reply.refused("rate_limited", window="minute", retry_after=wait)
        assert reply.headers["Retry-After"] == str(wait)


async def test_the_day_is_told_when_both_are_exhausted(world, shop):
    key = await shop.new_key(rate_minute=1, rate_day=1)
    with world.clock.at(NOON):
        assert left(await shop.get("/orders", key=key)) == (0, 0)
        until_midnight = 86400 - (12 * 3600 + 15)
        for _ in range(2):
            refused = await shop.get("/orders", key=key)
            refused.refused("rate_limited", window="day", retry_after=until_midnight)
            assert refused.headers["Retry-After"] == str(until_midnight)
            assert left(refused) == (0, 0)


async def test_an_exhausted_day_leaves_the_minute_alone(world, shop):
    key = await shop.new_key(rate_minute=5, rate_day=2)
    with world.clock.at(NOON):
        for _ in range(2):
            await shop.get("/orders", key=key)
        refused = await shop.get("/orders", key=key)
        assert (refused.status, refused.json["details"]["window"], left(refused)) == (429, "day", (3, 0))
    with world.clock.at(datetime(2026, 5, 9, tzinfo=UTC)):
        assert left(await shop.get("/orders", key=key)) == (4, 1)


async def test_zero_is_unlimited(world, shop):
    for rates in ({"rate_minute": 0, "rate_day": 5}, {"rate_minute": 5, "rate_day": 0}):
        key = await shop.new_key(**rates)
        with world.clock.at(NOON):
            replies = [await shop.get("/orders", key=key) for _ in range(6)]
        for window, rate in (("Minute", rates["rate_minute"]), ("Day", rates["rate_day"])):
            told = {int(reply.headers[f"X-RateLimit-Limit-{window}"]) for reply in replies}
            assert told == {rate or UNLIMITED}
            rest = [int(reply.headers[f"X-RateLimit-Remaining-{window}"]) for reply in replies]
            assert rest == ([4, 3, 2, 1, 0, 0] if rate else [UNLIMITED] * 6)
        assert replies[5].status == 429


async def test_default_limits_of_a_key(world, shop):
    issued = await accounts.create_key(
        world.pool, system_actor(shop.id), world.clock(), name="plain", permissions=("canViewOrders",)
    )
    with world.clock.at(NOON):
        reply = await shop.get("/orders", key=issued.key)
    assert left(reply) == (59, 9_999)


async def test_windows_belong_to_a_key(world, shop):
    first, second = await shop.new_key(rate_minute=1), await shop.new_key(rate_minute=1)
    with world.clock.at(NOON):
        assert (await shop.get("/orders", key=first)).status == 200
        assert (await shop.get("/orders", key=first)).status == 429
        assert (await shop.get("/orders", key=second)).status == 200


async def test_a_401_counts_nowhere(world, shop):
    key = await shop.new_key(rate_minute=3)
    with world.clock.at(NOON):
        assert left(await shop.get("/orders", key=key))[0] == 2
        for _ in range(3):
            wrong = {"X-API-Key": "wrong", "Authorization": key}
            assert (await world.call("GET", "/v1/orders", headers=wrong)).status == 401
        assert left(await shop.get("/orders", key=key))[0] == 1


async def test_a_change_of_the_workspace_costs_no_second_unit(world, shop):
    """A call that is decided anew because the workspace changed under it is charged once."""
    key = await shop.new_key(rate_minute=10)
    with world.clock.at(NOON):
        assert left(await shop.get("/orders", key=key))[0] == 9
        await shop.apply({"statuses": [*BASICS["statuses"], {"name": "Late"}], **_without_statuses()})
        assert left(await shop.get("/orders", key=key))[0] == 8
        await shop.apply({"statuses": [*BASICS["statuses"], {"name": "Later"}], **_without_statuses()})
        assert left(await shop.get("/orders", "9.9", key=key))[0] == 7


def _without_statuses():
    return {name: part for name, part in BASICS.items() if name != "statuses"}


async def test_concurrent_calls_are_counted_exactly(world, shop):
    key = await shop.new_key(rate_minute=25)
    with world.clock.at(NOON):
        replies = await asyncio.gather(*(shop.get("/statuses", key=key) for _ in range(40)))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [200] * 25 + [429] * 15
    assert sorted(left(reply)[0] for reply in replies if reply.status == 200) == list(range(25))
