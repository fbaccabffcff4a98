"""The sample workshop: believable, the same for the same seed, and made by the verbs of everybody."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from milepost.core import workspace
from milepost.intake import demo
from milepost.intake.workspace_file import parse
from milepost.kit.ids import new_id
from milepost.reads import workspace as workspaces

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


async def new_team(pool) -> str:
    given = parse(demo.WORKSPACE.encode())
    assert given.faults == ()
    applied = await workspace.apply(pool, NOW, given.wish, team_name=f"Demo {new_id()}", faults=given.faults)
    return applied.setup.workspace.team.id


async def rows(pool, team_id: str, table: str):
    return await pool.fetch(f"select * from {table} where team_id = $1", team_id)


@pytest.fixture(scope="module")
async def team(pool) -> str:
    team_id = await new_team(pool)
    await demo.load(pool, team_id, orders=300, seed=7, now=NOW)
    return team_id


async def test_the_workspace(pool, team):
    known = await workspaces.load(pool, team)
    workflows = [workflow.name for workflow in known.workflows if known.statuses_of.get(workflow.id)]
    assert workflows == ["Build", "Restoration", "Chandlery"]
    assert any(status.is_addon for status in known.statuses)
    assert any(status.is_independent for status in known.statuses)
    assert any(status.max_duration.enabled for status in known.statuses)
    assert any(status.options for status in known.statuses)


async def test_orders_in_all_states(pool, team):
    orders = await rows(pool, team, "orders")
    assert len(orders) == 300
    assert len({row["status_id"] for row in orders}) > 12
    assert {row["lifecycle"] for row in orders} >= {"NOT_READY", "READY", "DELIVERED", "CANCELED"}
    assert {row["shopify_kind"] for row in orders} == {None, "Order", "DraftOrder"}
    assert any(row["sub_status_id"] for row in orders)
    assert any(row["deadline_at"] and row["deadline_at"] < NOW for row in orders)
    assert any(row["metafield"] for row in orders)
    assert len({row["milestone_workflow_id"] for row in orders}) == 3
    assert await rows(pool, team, "order_addons")
    assert any(row["status_id"] for row in await rows(pool, team, "order_items"))
    milestones = Counter((row["type"], row["status"]) for row in await rows(pool, team, "order_milestones"))
    for kind in ("acceptance", "production_start", "custom", "delivery"):
        assert milestones[kind, "confirmed"] > 0 < milestones[kind, "pending"]
    assert await rows(pool, team, "messages") == []


async def test_time_runs_forward(pool, team):
    events = await pool.fetch(
        "select order_id, recorded_at from events where team_id = $1 order by order_id, sequence", team
    )
    assert (NOW - min(event["recorded_at"] for event in events)).days > 40
    assert max(event["recorded_at"] for event in events) <= NOW
    for before, after in pairwise(events):
        if before["order_id"] == after["order_id"]:
            assert before["recorded_at"] <= after["recorded_at"]
    for row in await rows(pool, team, "orders"):
        assert row["placed_at"] <= row["created_at"] <= row["updated_at"] <= NOW


async def test_the_same_seed_gives_the_same_yard(pool):
    async def told(seed: int) -> list[tuple[object, ...]]:
        team_id = await new_team(pool)
        await demo.load(pool, team_id, orders=40, seed=seed, now=NOW)
        found = await pool.fetch(
            """select o.order_number, s.name, o.deadline_at, o.event_seq from orders o
               left join statuses s on s.team_id = o.team_id and s.id = o.status_id
               where o.team_id = $1 order by o.placed_at""",
            team_id,
        )
        return [tuple(row) for row in found]

    assert await told(3) == await told(3) != await told(4)


@pytest.mark.parametrize("count", [0, 1])
async def test_few_orders(pool, count):
    team_id = await new_team(pool)
    await demo.load(pool, team_id, orders=count, seed=1, now=NOW)
    assert len(await rows(pool, team_id, "orders")) == count
