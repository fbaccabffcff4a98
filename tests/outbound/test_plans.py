"""The statements of the queue have one plan each, whatever the planner believes: of a queue its numbers are never
true (docs/decisions/0015-delivery-engine.md)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from milepost.kit.ids import new_id
from milepost.store import db, dispatch
from tests.outbound.yard import Yard, yard_in

READ = "json, timestamptz, text, int"
SETTLE = "json, json, timestamptz"
INDEXES = {
    "deliveries_due": ("team_id", "webhook_id", "next_attempt_at", "id"),
    "deliveries_in_line": ("team_id", "webhook_id", "order_id", "sequence"),
    "deliveries_pkey": ("team_id", "id"),
    "deliveries_by_webhook": ("team_id", "webhook_id", "id"),
    "deliveries_team_id_event_id_webhook_id_key": ("team_id", "event_id", "webhook_id"),
    "webhooks_pkey": ("team_id", "id"),
}
_SCAN = re.compile(r"Index(?: Only)? Scan using (\w+) on \w+ (\w+)\n\s+Index Cond: (.*)")


async def plan(connection: asyncpg.Connection, statement: str, types: str) -> str:
    await connection.execute(f"prepare seen ({types}) as {statement}")
    values = ", ".join(
        {"json": "'[]'", "text": "''", "timestamptz": "now()", "int": "9"}[kind] for kind in types.split(", ")
    )
    try:
        rows = await connection.fetch(f"explain (costs off) execute seen ({values})")
    finally:
        await connection.execute("deallocate seen")
    return "\n".join(row[0] for row in rows)


def scans(found: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(table's name in the statement, index, those of its columns that the scan is bounded by), of each scan."""
    assert "Seq Scan" not in found, found
    assert "JIT" not in found, found
    made = []
    for index, name, condition in _SCAN.findall(found):
        columns = INDEXES[index]
        bound = tuple(
            column for column in columns if re.search(rf"[( ]{column} [=<>]|ROW\({column}, ", condition)
        )
        made.append((name.rstrip("_0123456789"), index, bound))
    return made


@pytest.fixture
async def yard(databases: Any) -> AsyncIterator[Yard]:
    """In a database of its own, in which nobody else analyses tables."""
    url = await asyncio.to_thread(databases.make)
    owner = await asyncpg.connect(url)
    for table in ("deliveries", "webhooks", "attempts"):
        await owner.execute(f"alter table {table} set (autovacuum_enabled = off)")
    await owner.close()
    pool = await db.open_pool(url)
    async with yard_in(pool, url) as made:
        yield made
    await pool.close()


@pytest.fixture
async def connection(yard: Yard):
    opened = await asyncpg.connect(yard.url, server_settings=dispatch.PLANNER, statement_cache_size=0)
    yield opened
    await opened.close()


@pytest.mark.parametrize("state", ["empty", "full", "full and analyzed", "analyzed when it was empty"])
async def test_every_row_is_found_by_its_index(yard: Yard, connection: asyncpg.Connection, state: str):
    """Each scan is bounded by columns that lead to just the rows that are wanted."""
    webhook_id = await yard.webhook("https://hooks.example.com/")
    if "when" in state:
        await connection.execute("vacuum analyze deliveries, webhooks, attempts")
    if state != "empty":
        orders = [new_id() for _ in range(100)]
        await yard.queue_all([(webhook_id, order, number) for number in range(50) for order in orders])
    if state == "full and analyzed":
        await connection.execute("vacuum analyze deliveries, webhooks, attempts")

    webhooks = ("w", "webhooks_pkey", ("team_id", "id"))
    in_line = ("e", "deliveries_in_line", ("team_id", "webhook_id", "order_id"))
    reading = await plan(connection, dispatch.READ_DUE, READ)
    assert scans(reading) == [
        webhooks,
        ("d", "deliveries_due", ("team_id", "webhook_id", "next_attempt_at")),
        in_line,
    ]
    assert "Sort" not in reading

    settling = await plan(connection, dispatch.SETTLE, SETTLE)
    written, *others = scans(settling)
    assert written[0] == "d"
    assert written[2] == INDEXES[written[1]]  # bounded by all columns of a unique or unique enough index
    assert others[-2:] == [in_line, webhooks]
    assert "Sort" not in settling
