"""The statements of the queue have one plan each, whatever the planner believes: of a queue its numbers are never
true (docs/decisions/0015-delivery-engine.md)."""

import asyncpg
import pytest

from milepost.kit.ids import new_id
from milepost.store import dispatch
from tests.outbound.yard import Yard

READ = "uuid[], uuid[], timestamptz[], uuid[], int[], timestamptz, uuid[]"
SETTLE = (
    "uuid[], uuid[], int[], int[], text[], timestamptz[], timestamptz[], timestamptz[], int[], int[], text[], "
    "text[], text[], uuid[], uuid[], bool[], int[], timestamptz[], text[], timestamptz[], timestamptz"
)


async def plan(connection: asyncpg.Connection, statement: str, types: str) -> str:
    await connection.execute(f"prepare seen ({types}) as {statement}")
    values = ", ".join(f"array[]::{kind}" if "[]" in kind else "now()" for kind in types.split(", "))
    try:
        rows = await connection.fetch(f"explain (costs off) execute seen ({values})")
    finally:
        await connection.execute("deallocate seen")
    return "\n".join(row[0] for row in rows)


@pytest.fixture
async def connection(yard: Yard):
    opened = await asyncpg.connect(yard.url, server_settings=dispatch.PLANNER, statement_cache_size=0)
    yield opened
    await opened.close()


@pytest.mark.parametrize("state", ["empty", "full", "full and analyzed", "analyzed when it was empty"])
async def test_every_row_is_found_by_its_index(yard: Yard, connection: asyncpg.Connection, state: str):
    webhook_id = await yard.webhook("https://hooks.example.com/")
    if "when" in state:
        await connection.execute("vacuum analyze deliveries, webhooks, attempts")
    if state != "empty":
        orders = [new_id() for _ in range(100)]
        await yard.queue_all([(webhook_id, order, number) for number in range(50) for order in orders])
    if state == "full and analyzed":
        await connection.execute("vacuum analyze deliveries, webhooks, attempts")

    reading = await plan(connection, dispatch.READ_DUE, READ)
    due, _, in_line = reading.partition("SubPlan")
    assert "using deliveries_due on deliveries d" in due
    condition = next(line for line in due.splitlines() if "Index Cond" in line and "next_attempt_at" in line)
    for part in ("team_id", "webhook_id", "ROW(next_attempt_at, id) >=", "next_attempt_at <="):
        assert part in condition
    assert "using deliveries_in_line on deliveries e" in in_line
    assert "(order_id = d.order_id)" in next(line for line in in_line.splitlines() if "Index Cond" in line)
    assert "Sort" not in reading

    settling = await plan(connection, dispatch.SETTLE, SETTLE)
    assert "using deliveries_pkey on deliveries" in settling
    assert "using deliveries_in_line on deliveries e" in settling
    for found in (reading, settling):
        assert "Seq Scan" not in found
        assert "Hash" not in found
        assert "JIT" not in found
