"""The benchmarks still work: a tiny run of each, whose figures mean nothing."""

import os

import asyncpg
import pytest

from bench import (
    compare,
    crowd,
    gate,
    ground,
    large,
    milestone_ground,
    milestones,
    orders,
    pgbench,
    processes,
    rls,
)

ORDERS, SECONDS = 320, 0.1


@pytest.fixture
async def url(server_url: str):
    async with ground.database(server_url, f"milepost_bench_test_{os.getpid()}") as made:
        yield made


async def test_milepost_and_the_floor_answer_alike_and_are_compared(url: str) -> None:
    team = await ground.seed(url, ORDERS)
    with processes.floor(url, team.id) as floor, processes.milepost(url) as ours:
        compare.same_answers(floor, ours, team)
        lines = []
        for workload in compare.workloads(team):
            rounds = [compare.one_round(server, team, workload, 0, SECONDS) for server in (floor, ours)]
            lines += compare.compared(compare.Comparison(workload, rounds[:1], rounds[1:]))
        at_once = compare.one_round(ours, team, compare.bulk_workload(team, 20), 1, SECONDS)
    assert at_once.rate > 0
    assert len(lines) == 6
    assert all(line.value > 0 for line in lines)
    assert await gate.microseconds(url, team, repeats=1) > 0


async def test_orders_are_read_created_and_told_of(url: str) -> None:
    team = await orders.seed(url, 32)
    with processes.floor(url, team.id) as floor, processes.milepost(url) as ours:
        orders.same_answers(floor, ours, team)
        read = compare.one_round(floor, team, orders.reading(team), 0, SECONDS)
        orders.fill_feed(ours, team, 120, 1)
        assert orders.walk_feed(ours, team, 120) > 0
    assert read.rate > 0
    if pgbench.program():
        before = await _orders(url)
        rate = pgbench.run(await orders.create_script(url, team), url, 1, options={"step": 1})
        assert await _orders(url) - before > rate / 2


async def test_milestones_are_listed_confirmed_and_dated(url: str) -> None:
    bought = await milestone_ground.seed(url, ORDERS, 20)
    with processes.floor(url, bought.team.id) as floor, processes.milepost(url) as ours:
        milestones.same_answers(floor, ours, bought.team)
        assert compare.one_round(floor, bought.team, milestones.listing(bought.team), 0, SECONDS).rate > 0
        effort = compare.Effort(ORDERS, rounds=1, seconds=SECONDS)
        lines = await milestones.beside_changes(ours, bought, url, effort)
    assert all(line.value > 0 for line in lines)
    assert await _kinds(url) == {"order.milestone.confirmed", "order.status.changed", "order.updated"}
    assert (await milestones.written(url, bought)).value == 1


async def _kinds(url: str) -> set[str]:
    """What was told of one shipment that was confirmed."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """
            select e.type from events e join (
              select order_id, effective_at from events e
              where type = 'order.milestone.confirmed' and facts ->> 'type' = 'shipment' limit 1
            ) one using (order_id, effective_at)"""
        )
        return {row["type"] for row in rows}
    finally:
        await connection.close()


async def _orders(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select count(*) from orders")
    finally:
        await connection.close()


async def test_pgbench_runs_the_same_statements(url: str) -> None:
    team = await ground.seed(url, ORDERS)
    scripts = await pgbench.scripts(url, team)
    assert set(scripts) == {workload.name for workload in compare.workloads(team)}
    if pgbench.program():
        assert pgbench.run(scripts["status change"], url, 1) > 0


async def test_a_crowd_is_loaded_and_listed(url: str) -> None:
    team, _ = await crowd.load(url, 1_000)
    with processes.milepost(url) as served:
        for kind in large.kinds(team):
            compare.ask(served, team.key, f"/api/v1/orders?{kind.queries[0]}")
        listed = compare.ask(served, team.key, "/api/v1/orders")
    assert listed["pagination"]["total"] == 1_000
    assert all(part >= 0 for part in await large.halves(url, team, large.kinds(team)[4]))


async def test_policies_bind_and_change_no_answer(url: str) -> None:
    team = await ground.seed(url, 64)
    await rls.bind(url, team)
    line = await rls.search(url, team)
    assert line.name
