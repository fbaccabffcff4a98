"""Connections at hand (store/spare.py): bounded, given back after any end, and replaced when they broke."""

import asyncio

import asyncpg
import pytest

from milepost.store import db, spare

SIZE = 3
_KILL_OTHERS = """select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()"""


@pytest.fixture(scope="module")
def own_url(databases):
    """Nobody else's connections in it: they get killed here."""
    return databases.make(empty=True)


@pytest.fixture
async def pool(own_url: str):
    opened = await db.open_pool(own_url, size=SIZE)
    yield opened
    await asyncio.wait_for(opened.close(), 10)


async def _pids(pool: db.Pool, count: int = 1) -> list[int]:
    """The connections that so many statements at once run on."""
    sql = "select pg_backend_pid(), pg_sleep(0.01)"
    rows = await asyncio.gather(*(pool.fetch(sql) for _ in range(count)))
    return [row[0][0] for row in rows]


async def test_the_connection_used_last_is_used_next(pool: db.Pool) -> None:
    assert len({(await _pids(pool))[0] for _ in range(5)}) == 1


async def test_no_more_connections_than_the_pool_has(pool: db.Pool) -> None:
    assert len(set(await _pids(pool, 20))) == SIZE


async def test_a_failed_statement_costs_no_place(pool: db.Pool) -> None:
    for _ in range(2 * SIZE):
        with pytest.raises(asyncpg.PostgresError):
            await pool.fetch("select 1 / 0")
    assert len(set(await _pids(pool, 20))) == SIZE


async def test_a_cancelled_statement_costs_no_place(pool: db.Pool) -> None:
    for _ in range(2 * SIZE):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.fetch("select pg_sleep(30)"), 0.02)
    assert len(set(await asyncio.wait_for(_pids(pool, 20), 5))) == SIZE


async def test_a_cancelled_wait_for_a_connection_costs_no_place(pool: db.Pool) -> None:
    busy = [asyncio.create_task(pool.fetch("select pg_sleep(0.2)")) for _ in range(SIZE)]
    await asyncio.sleep(0.05)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_pids(pool), 0.01)
    await asyncio.gather(*busy)
    assert len(set(await _pids(pool, 20))) == SIZE


async def test_broken_connections_are_replaced(pool: db.Pool) -> None:
    before = set(await _pids(pool, SIZE))
    survivor = await _pids(pool)
    await pool.fetch(_KILL_OTHERS)
    await asyncio.sleep(0.1)
    after = set(await _pids(pool, SIZE))
    assert after & before == set(survivor)
    assert len(after) == SIZE


async def test_a_long_unused_connection_is_not_trusted(
    pool: db.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await _pids(pool)
    monkeypatch.setattr(spare, "IDLE_SECONDS", 0)
    assert await _pids(pool) != before


async def test_closing_waits_for_what_is_running(own_url: str) -> None:
    opened = await db.open_pool(own_url, size=SIZE)
    running = asyncio.create_task(opened.fetch("select pg_sleep(0.2)"))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(opened.close(), 10)
    assert len(await running) == 1
