"""The sample workshop: believable, the same for the same seed, and made by the verbs of everybody."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, get_args

import pytest

from milepost.core import workspace
from milepost.intake import demo
from milepost.intake.workspace_file import parse
from milepost.kit.ids import new_id
from milepost.model.urgency import PurchaseOrderStatus
from milepost.reads import workspace as workspaces
from milepost.reads.plan_details import plan_detail
from milepost.store.order_loads import load_planned_orders

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
    assert workflows == ["Build", "Restoration", "Chandlery", "Purchasing"]
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
    assert len({row["milestone_workflow_id"] for row in orders}) == 5
    assert await rows(pool, team, "order_addons")
    assert any(row["status_id"] for row in await rows(pool, team, "order_items"))
    milestones = Counter((row["type"], row["status"]) for row in await rows(pool, team, "order_milestones"))
    for kind in ("acceptance", "production_start", "custom", "delivery"):
        assert milestones[kind, "confirmed"] > 0 < milestones[kind, "pending"]
    assert await rows(pool, team, "messages") == []


async def purchases(pool, team_id: str, now: datetime = NOW) -> dict[str, Any]:
    """What is bought, by name, as `milepost orders show` tells of it."""
    workspace = await workspaces.load(pool, team_id)
    found = await pool.fetch(
        "select id from orders where team_id = $1 and order_number like 'PO-%' order by id", team_id
    )
    _, orders = await load_planned_orders(pool, team_id, [row["id"] for row in found])
    return {order.content.name or "": plan_detail(workspace, order, now) for order in orders}


STAGES = {
    "Spruce and ash for the spring hulls": ("in_production", False, False, "Inspected"),
    "Bronze cleats and oarlocks": ("delivered", False, False, None),
    "Mainsails for twelve dinghies": ("in_production", True, False, "Shipped"),
    "Masts, hollow spruce": ("issued", False, True, "Order accepted"),
    "Kayak covers": ("shipped", False, False, "Received"),
    "Varnish, 200 tins": ("rejected", False, False, None),
    "Survey of the old slipway": ("completed", False, False, None),
    "Hemp rope": ("canceled", False, False, None),
    "Keel bands": ("accepted", False, False, "Production started"),
    "Larch planking": ("issued", False, False, "Order accepted"),
    "Oar blanks": ("issued", True, False, "Order accepted"),
    "Deck compasses": ("issued", False, False, "Order accepted"),
    "Sailcloth for next season": ("draft", False, False, None),
}


@pytest.mark.parametrize("hour", [0, 9, 23])
async def test_purchases_are_at_every_stage(pool, hour):
    """Whatever time of the day it is: nine statuses, late, overdue; and what was said on the way."""
    now = NOW.replace(hour=hour)
    team_id = await new_team(pool)
    await demo.load(pool, team_id, orders=4 * len(STAGES), seed=7, now=now)
    found = await purchases(pool, team_id, now)
    stages = {
        name: (
            plan.status,
            plan.late,
            plan.overdue,
            next((one.name for one in plan.milestones if one.current), None),
        )
        for name, plan in found.items()
    }
    assert stages == STAGES
    assert {status for status, *_ in stages.values()} == set(get_args(PurchaseOrderStatus))


async def test_what_was_said_of_purchases(pool, team):
    found = await purchases(pool, team)
    shipment = found["Spruce and ash for the spring hulls"].milestones[3]
    assert (shipment.status, shipment.rejected_by) == ("rejected", "Madeiras do Vouga")
    assert [(one.source, one.reason, one.recorded_by) for one in shipment.delays] == [
        ("reject", "the kiln broke down", "Madeiras do Vouga")
    ]
    assert [(task.title, task.assignee, task.required, task.status) for task in shipment.tasks] == [
        ("On track to ship", None, False, "open"),
        ("Packing list", None, True, "open"),
        ("Photographs of the grain", "studio@saltwood.example", True, "open"),
    ]
    again = found["Larch planking"].milestones[0]
    assert (again.status, again.rejected_at) == ("pending", None)
    arrival = found["Kayak covers"].milestones[4]
    assert [(one.source, one.reason) for one in arrival.delays] == [
        ("edit", "the store is full until Monday")
    ]
    back = await pool.fetch("select from order_milestones where team_id = $1 and undone_at is not null", team)
    assert len(back) == 1


async def test_confirmations_moved_purchases_through_statuses(pool, team):
    """One truth: what a supplier confirms is seen on the Status API, and undone with it."""
    held = await pool.fetch(
        """select o.name, s.name as status from orders o
           left join statuses s on s.team_id = o.team_id and s.id = o.status_id
           where o.team_id = $1 and o.order_number like 'PO-%'""",
        team,
    )
    assert {row["name"]: row["status"] for row in held} == {
        **dict.fromkeys(STAGES),
        "Spruce and ash for the spring hulls": "At the supplier",
        "Bronze cleats and oarlocks": "In our store",
        "Mainsails for twelve dinghies": "At the supplier",
        "Kayak covers": "On the water",
        "Hemp rope": "Ordered",
        "Keel bands": "Ordered",
    }


async def test_what_turned_late_or_overdue_was_told_then(pool, team):
    """So that nothing but what is new is told when the demo begins to serve."""
    told = await pool.fetch(
        "select recorded_at from events where team_id = $1 and type = 'order.overdue'", team
    )
    assert len({row["recorded_at"].date() for row in told}) > 20
    due = await pool.fetch("select from orders where team_id = $1 and attention_at <= $2", team, NOW)
    assert due == []


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
