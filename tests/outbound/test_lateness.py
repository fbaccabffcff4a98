"""The worker that tells what turned late or overdue: of every team, within a minute, whatever else goes on (Milestones
API, section 8.8)."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from milepost.core.accounts import create_team
from milepost.core.orders import put_orders
from milepost.core.overdue import tell_overdue
from milepost.kit.ids import new_id
from milepost.model.actor import system_actor
from milepost.model.order import NewOrder
from milepost.model.workflow import House
from milepost.outbound import lateness, pace, worker
from milepost.outbound.lateness import Lateness
from milepost.reads import workspace
from milepost.store import attention, dispatch
from milepost.store.db import Pool
from tests.outbound.receivers import Receiver
from tests.outbound.test_workers import Switch
from tests.outbound.yard import Yard, until

ISSUED = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
LATER = ISSUED + timedelta(days=3)
"""When an order issued then is overdue."""


async def issue(pool: Pool, team_id: str, count: int, at: datetime = ISSUED, **content: Any) -> list[str]:
    """New orders that nobody accepts."""
    known = await workspace.load(pool, team_id)
    orders = [NewOrder(order_number=f"L-{new_id()}", **content) for _ in range(count)]
    puts = await put_orders(pool, system_actor(team_id), known, orders, at)
    return [str(put.order_id) for put in puts]


async def told(pool: Pool, team_id: str) -> dict[str, int]:
    """How often `order.overdue` was told, by order."""
    rows = await pool.fetch(
        "select order_id, count(*) from events where team_id = $1 and type = 'order.overdue' group by order_id",
        team_id,
    )
    return {row["order_id"]: row["count"] for row in rows}


async def is_told(yard: Yard, orders: Sequence[str]) -> bool:
    return await told(yard.pool, yard.team_id) == dict.fromkeys(orders, 1)


def looking(yard: Yard, db: Any = None, on_told: Any = lambda: None) -> Lateness:
    return Lateness(db or yard.pool, yard.clock, House(), on_told)


@pytest.fixture
async def yard(yard: Yard):
    """It is later."""
    with yard.clock.at(LATER):
        yield yard
    await yard.pool.execute("update orders set attention_at = null where team_id = $1", yard.team_id)


@pytest.fixture
def restless(monkeypatch):
    """Workers look all the time."""
    monkeypatch.setattr(lateness, "EVERY_SECONDS", 0.05)


async def test_every_order_of_every_team(yard: Yard, monkeypatch):
    """Part by part, the teams in turn; who has nothing is not looked into."""
    monkeypatch.setattr(lateness, "PART", 7)
    other = await create_team(yard.pool, ISSUED, name=f"Other {new_id()}")
    quiet = await create_team(yard.pool, ISSUED, name=f"Quiet {new_id()}")
    many = await issue(yard.pool, yard.team_id, 30)
    few = await issue(yard.pool, other, 2)
    await issue(yard.pool, quiet, 3, LATER)
    calls: list[tuple[str, int]] = []
    plain = attention.read_needy

    async def noted(db: Any, team_id: str, *rest: Any) -> Any:
        found = await plain(db, team_id, *rest)
        calls.append((team_id, len(found)))
        return found

    monkeypatch.setattr(attention, "read_needy", noted)
    assert await looking(yard).once() == 32
    assert await told(yard.pool, yard.team_id) == dict.fromkeys(many, 1)
    assert await told(yard.pool, other) == dict.fromkeys(few, 1)
    assert sorted(calls[:2]) == sorted([(yard.team_id, 7), (other, 2)])
    assert calls[2:] == [(yard.team_id, 7)] * 3 + [(yard.team_id, 2)]
    assert await looking(yard).once() == 0


async def test_one_that_cannot_be_told_does_not_hold_up_the_others(yard: Yard):
    """It stays due, and is told once it can be read again."""
    orders = await issue(yard.pool, yard.team_id, 9)
    broken = orders[4]
    await yard.pool.execute(
        "update orders set doc_references = '7' where team_id = $1 and id = $2", yard.team_id, broken
    )
    assert await looking(yard).once() == 8
    assert await looking(yard).once() == 0
    await yard.pool.execute(
        "update orders set doc_references = '[]' where team_id = $1 and id = $2", yard.team_id, broken
    )
    assert await looking(yard).once() == 1
    assert await is_told(yard, orders)


async def test_a_workspace_that_changes_meanwhile_is_read_again(yard: Yard, monkeypatch):
    orders = await issue(yard.pool, yard.team_id, 3)
    changes = 2

    async def changed(db: Any, known: Any, *rest: Any) -> int:
        nonlocal changes
        if changes:
            changes -= 1
            await db.execute("update teams set version = version + 1 where team_id = $1", known.team.id)
        return await tell_overdue(db, known, *rest)

    monkeypatch.setattr("milepost.outbound.lateness.tell_overdue", changed)
    assert await looking(yard).once() == 3
    changes = 99
    later = await issue(yard.pool, yard.team_id, 1)
    assert await looking(yard).once() == 0  # the next look may have more luck
    changes = 0
    assert await looking(yard).once() == 1
    assert await is_told(yard, orders + later)


async def test_two_looks_at_once(yard: Yard):
    """Each order is told by one of them."""
    orders = await issue(yard.pool, yard.team_id, 150)
    counts = await asyncio.gather(*(looking(yard).once() for _ in range(2)))
    assert sum(counts) == 150
    assert await is_told(yard, orders)


# At work --------------------------------------------------------------------------------------------------------


async def test_what_is_told_is_delivered_at_once(yard: Yard, receiver: Receiver, restless: None, monkeypatch):
    """The delivery worker is woken: it need not find out by itself."""
    for module, name in ((pace, "IDLE_MOST"), (worker, "LOOK_BACK_LEAST"), (worker, "LOOK_BACK_MOST")):
        monkeypatch.setattr(module, name, 60.0)
    webhook_id = await yard.webhook(receiver.url, enabled_events=("order.overdue",))
    async with yard.working():
        await asyncio.sleep(0.5)
        (order_id,) = await issue(yard.pool, yard.team_id, 1)
        (got,) = await receiver.count(1, 5)
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    assert (got.json["event_name"], got.json["sequence"]) == ("order.overdue", 2)
    details = got.json["details"]
    assert set(details) == {
        *("id", "order_type", "resource_type", "self_link", "cause", "subject", "due_at"),
    }
    assert (details["cause"], details["due_at"]) == ("milestone_overdue", "2027-03-03T09:30:00+00:00")
    assert set(details["subject"]) == {"id", "name"}
    assert details["subject"]["name"] == "Order accepted"
    assert await told(yard.pool, yard.team_id) == {order_id: 1}


async def test_several_workers_at_work(yard: Yard, receiver: Receiver, restless: None):
    """Two processes' worth of workers: every order is told, and heard of, once."""
    webhook_id = await yard.webhook(receiver.url, enabled_events=("order.overdue",))
    async with yard.working(), yard.working():
        orders = await issue(yard.pool, yard.team_id, 120)
        await until(lambda: is_told(yard, orders), 20)
        await receiver.count(120)
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 120}
    assert len(receiver.received) == 120


async def test_a_database_that_is_away(yard: Yard, restless: None):
    """The worker goes on when it is back."""
    database = Switch(yard.pool)
    work = asyncio.create_task(looking(yard, database).run())
    database.is_away = True
    orders = await issue(yard.pool, yard.team_id, 3)
    await asyncio.sleep(0.3)
    assert await told(yard.pool, yard.team_id) == {}
    assert not work.done()
    database.is_away = False
    await until(lambda: is_told(yard, orders), 5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_connections_that_break(yard: Yard, restless: None):
    """The server ends the workers' connections again and again: event and mark are one statement, so nothing is told
    twice and nothing is lost."""
    killer = await asyncpg.connect(yard.url)
    orders = await issue(yard.pool, yard.team_id, 1_000)
    try:
        async with yard.working():
            ended = 0
            for _ in range(15):
                await asyncio.sleep(0.05)
                ended += await killer.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where datname = current_database() and application_name = 'milepost' "
                    "and query ~ 'attention_at|late_told_for'"
                )
            assert ended > 0
            await until(lambda: is_told(yard, orders), 30)
    finally:
        await killer.close()
    rows = await yard.pool.fetch(
        "select order_id from events where team_id = $1 group by order_id "
        "having array_agg(sequence order by sequence) <> '{1,2}'",
        yard.team_id,
    )
    assert rows == []


async def test_stopping_while_much_is_to_be_told(yard: Yard, restless: None):
    """A worker that is stopped leaves the rest to the next one; nothing is half told."""
    orders = await issue(yard.pool, yard.team_id, 600)
    async with yard.working():
        await until(lambda: told(yard.pool, yard.team_id), 10)
    some = await told(yard.pool, yard.team_id)
    assert 0 < len(some) < 600
    assert await looking(yard).once() == 600 - len(some)
    assert await is_told(yard, orders)


# How it is found --------------------------------------------------------------------------------------------------

_SCAN = re.compile(r"Index(?: Only)? Scan using (\w+) on (\w+)(?: \w+)?\n(?:\s+Index Cond: (.*)\n?)?")


async def plan(connection: asyncpg.Connection, statement: str, types: str, *values: str) -> str:
    await connection.execute(f"prepare seen ({types}) as {statement}")
    try:
        rows = await connection.fetch(f"explain (costs off) execute seen ({', '.join(values)})")
    finally:
        await connection.execute("deallocate seen")
    return "\n".join(row[0] for row in rows)


def scanned(found: str, *tables: str, by: str) -> list[str]:
    """The indexes by which the tables are read: each scan is bounded by the team and by what says which rows."""
    assert "Seq Scan" not in found, found
    assert "Bitmap" not in found, found
    made = []
    for index, table, condition in _SCAN.findall(found):
        if table in tables:
            assert re.search(rf"\bteam_id = .*\b{by} [<=]", condition), found
            made.append(index)
    return made


@pytest.fixture
async def connection(yard: Yard):
    opened = await asyncpg.connect(yard.url, server_settings=dispatch.PLANNER, statement_cache_size=0)
    yield opened
    await opened.close()


@pytest.mark.parametrize("state", ["never analysed", "analysed", "analysed when there were few"])
async def test_every_row_is_found_by_its_index(yard: Yard, connection: asyncpg.Connection, state: str):
    """At thousands of orders nothing is read from end to end, whatever the planner believes, and nothing sorted but
    what is about to be written."""
    tables = "orders, order_milestones, events, teams"
    await connection.execute("delete from pg_statistic where starelid = 'orders'::regclass")
    if state == "analysed when there were few":
        await connection.execute(f"vacuum analyze {tables}")
    await issue(yard.pool, yard.team_id, 3_000, LATER, ships_on=date(2027, 6, 1))
    await issue(yard.pool, yard.team_id, 20)
    if state == "analysed":
        await connection.execute(f"vacuum analyze {tables}")
    teams = await plan(connection, attention.NEEDY_TEAMS, "timestamptz", "now()")
    assert scanned(teams, "orders", by="attention_at") == ["orders_by_attention"]
    assert "Sort" not in teams
    some_id = f"'{new_id()}'"
    needy = await plan(
        connection,
        attention.READ_NEEDY,
        "uuid, timestamptz, timestamptz, uuid, int",
        *(some_id, "now()", "'-infinity'", some_id, "50"),
    )
    assert scanned(needy, "orders", by="attention_at") == ["orders_by_attention"]
    assert "Sort" not in needy
    told_before = await plan(
        connection, attention.READ_TOLD, "uuid, uuid[]", some_id, f"array[{some_id}]::uuid[]"
    )
    assert "Seq Scan" not in told_before
    assert re.search(r"events_by_order.*\n.*team_id = .*order_id = ", told_before), told_before
    written = await plan(
        connection,
        attention.WRITE_TOLD,
        "uuid, json, json, json, json, timestamptz",
        *(some_id, "'[]'", "'[]'", "'[]'", "'[]'", "now()"),
    )
    found = scanned(written, "orders", "order_milestones", by="id")
    assert len(found) == 3
    if state == "analysed":
        assert found == ["orders_pkey", "orders_pkey", "order_milestones_pkey"]
