"""Rate windows that several processes share: the sum of all leases never passes the limit."""

import asyncio

from milepost.http.limits import Exhausted, Limits
from milepost.kit.clock import system_clock
from milepost.kit.ids import new_id
from milepost.store.limits import lease_units


async def _team(pool) -> tuple[str, str]:
    return new_id(), new_id()


async def test_leases_are_cut_to_what_is_left(pool):
    team, key = await _team(pool)
    granted = [await lease_units(pool, team, key, "minute", 60, 25, 10) for _ in range(4)]
    assert granted == [10, 10, 5, 0]


async def test_an_older_window_is_forgotten_with_the_next(pool):
    team, key = await _team(pool)
    await lease_units(pool, team, key, "minute", 60, 5, 5)
    assert await lease_units(pool, team, key, "minute", 120, 5, 5) == 5
    rows = await pool.fetch("select used from rate_leases where team_id = $1", team)
    assert [row["used"] for row in rows] == [5]


async def test_many_processes_give_out_exactly_the_limit(pool):
    """Eight processes, 400 calls, a limit of 250: exactly 250 get in."""
    team, key = await _team(pool)
    now = system_clock()()

    async def lease(*args):
        return await lease_units(pool, *args)

    processes = [Limits(lease) for _ in range(8)]

    async def call(number: int) -> bool:
        try:
            await processes[number % 8].take(team, key, 0, 250, now)
        except Exhausted as exhausted:
            assert exhausted.window == "day"
            return False
        return True

    admitted = 0
    for start in range(0, 400, 16):
        admitted += sum(await asyncio.gather(*(call(number) for number in range(start, start + 16))))
    assert admitted == 250


async def test_one_process_counts_exactly_without_the_database():
    limits, now = Limits(), system_clock()()
    budgets = [await limits.take("t", "k", 3, 0, now) for _ in range(3)]
    assert [budget.minute_left for budget in budgets] == [2, 1, 0]
    assert {budget.day_left for budget in budgets} == {2147483647}
    try:
        await limits.take("t", "k", 3, 0, now)
    except Exhausted as exhausted:
        assert (exhausted.window, exhausted.budget.minute_left) == ("minute", 0)
        assert 1 <= exhausted.retry_after <= 60
    else:
        raise AssertionError("the fourth call of three got in")
