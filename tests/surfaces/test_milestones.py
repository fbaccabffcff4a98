"""A status change confirms the milestone that names it (contract, rule 22.11; S-57).

The Milestones API is not there yet, so what it will show is read from its table and from the events.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.world import BASICS, Team, World, item

NOON = datetime(2026, 5, 8, 12, 0, 0, 250_000, tzinfo=UTC)

WORKSPACE: dict[str, Any] = {
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "Accepted"},
        {"name": "Building", "sub_status_group": "Coats"},
        {"name": "On its way"},
        {"name": "There"},
        {"name": "Waiting", "independent": True},
        {"name": "Gift", "addon": True},
    ],
    "workflows": [
        {
            "name": "Flow",
            "default": True,
            "milestones": [
                {"name": "Order accepted", "type": "acceptance", "status": "Accepted"},
                {"name": "First coat", "type": "custom", "status": "Building", "sub_status": "First"},
                {"name": "Shipped", "type": "shipment", "status": "On its way"},
                {"name": "Delivered", "type": "delivery", "status": "There"},
            ],
        }
    ],
}


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


async def confirmed(team: Team, order: str) -> list[str]:
    return [one["name"] for one in await team.milestones(order) if one["status"] == "confirmed"]


async def new_events(team: Team, order: str, after: int) -> list[tuple[str, int]]:
    return [
        (event["type"], event["sequence"]) for event in await team.events(order) if event["sequence"] > after
    ]


async def enter(team: Team, order: str, *statuses: str) -> None:
    for status in statuses:
        name, _, option = status.partition("/")
        await team.moved(order, team.known[name], team.known[f"Coats/{option}"] if option else None)


async def test_s57_a_status_confirms_the_milestone_that_names_it(shop):
    """S-57: the next unconfirmed milestone is confirmed with the change, dated today, by the same caller."""
    order = await shop.order()
    with shop.world.clock.at(NOON):
        await shop.moved(order, shop.known["Accepted"])
    accepted, *others = await shop.milestones(order)
    assert (accepted["name"], accepted["status"]) == ("Order accepted", "confirmed")
    assert (accepted["confirmed_on"], accepted["confirmed_at"]) == (date(2026, 5, 8), NOON)
    assert accepted["confirmed_by"]["type"] == "api_key"
    assert [one["status"] for one in others] == ["pending"] * 3
    row = await shop.row(order)
    assert (row["version"], row["event_seq"]) == (2, 3)
    _, changed, confirmation = await shop.events(order)
    assert (changed["type"], confirmation["type"]) == ("order.status.changed", "order.milestone.confirmed")
    assert confirmation["subject_id"] == accepted["id"]
    assert confirmation["effective_at"] == confirmation["recorded_at"] == NOON
    assert confirmation["new_data"] == {
        "status": "confirmed",
        "confirmed_on": "2026-05-08",
        "confirmed_at": "2026-05-08T12:00:00.250000+00:00",
        "confirmed_by": {
            "type": "api_key",
            "id": ulid(str(changed["actor_id"])),
            "name": changed["actor_name"],
        },
    }
    assert confirmation["old_data"] == {
        "status": "pending",
        "confirmed_on": None,
        "confirmed_at": None,
        "confirmed_by": None,
    }
    assert confirmation["facts"]["name"] == "Order accepted"
    assert confirmation["facts"]["position"] == 1


async def test_s57_a_draft_confirms_nothing(shop):
    """S-57: on a draft the status changes and the milestone stays open."""
    bare, draft, issued = await shop.order(is_draft=True), await shop.order(is_draft=True), await shop.order()
    await shop.world.pool.execute(
        "insert into order_milestones select (jsonb_populate_record(m, jsonb_build_object("
        "'id', gen_random_uuid(), 'order_id', $3::uuid))).* from order_milestones m "
        "where m.team_id = $1 and m.order_id = $2",
        shop.id,
        issued,
        draft,
    )
    milestones = await shop.milestones(draft)
    assert [one["status"] for one in milestones] == ["pending"] * 4
    for order in (bare, draft):
        await shop.moved(order, shop.known["Accepted"])
        assert (await shop.read(order))["custom_status"]["name"] == "Accepted"
        assert await new_events(shop, order, 1) == [("order.status.changed", 2)]
        assert (await shop.row(order))["lifecycle"] == "NOT_READY"
    assert await shop.milestones(draft) == milestones


async def test_only_the_next_milestone_is_confirmed(shop):
    """A status of a later milestone confirms nothing before its turn."""
    order = await shop.order()
    await enter(shop, order, "Building/First", "On its way", "There", "Waiting")
    assert await confirmed(shop, order) == []
    assert [kind for kind, _ in await new_events(shop, order, 1)] == ["order.status.changed"] * 4
    await enter(shop, order, "Accepted")
    assert await confirmed(shop, order) == ["Order accepted"]
    await enter(shop, order, "On its way")
    assert await confirmed(shop, order) == ["Order accepted"]


async def test_a_named_sub_status_must_be_entered_too(shop):
    order = await shop.order()
    await enter(shop, order, "Accepted", "Building/Second")
    assert await confirmed(shop, order) == ["Order accepted"]
    await enter(shop, order, "Building/First")
    assert await confirmed(shop, order) == ["Order accepted", "First coat"]
    direct = await shop.order()
    await enter(shop, direct, "Accepted", "Building/First")
    assert await confirmed(shop, direct) == ["Order accepted", "First coat"]


async def test_shipment_and_delivery_move_the_derived_status(shop):
    """`order.updated` tells IN_TRANSIT with the shipment, DELIVERED with the delivery."""
    order = await shop.order()
    await enter(shop, order, "Accepted", "Building/First")
    assert (await shop.row(order))["lifecycle"] == "READY"
    before = (await shop.row(order))["event_seq"]
    await enter(shop, order, "On its way")
    assert await new_events(shop, order, before) == [
        ("order.status.changed", before + 1),
        ("order.milestone.confirmed", before + 2),
        ("order.updated", before + 3),
    ]
    updated = (await shop.events(order))[-1]
    assert (updated["old_data"], updated["new_data"]) == ({"status": "READY"}, {"status": "IN_TRANSIT"})
    assert (await shop.row(order))["lifecycle"] == "IN_TRANSIT"
    await enter(shop, order, "There")
    updated = (await shop.events(order))[-1]
    assert (updated["old_data"], updated["new_data"]) == ({"status": "IN_TRANSIT"}, {"status": "DELIVERED"})
    assert await confirmed(shop, order) == ["Order accepted", "First coat", "Shipped", "Delivered"]
    row = await shop.row(order)
    assert (row["lifecycle"], row["version"], row["event_seq"]) == (
        "DELIVERED",
        5,
        len(await shop.events(order)),
    )


async def test_entering_again_confirms_what_has_become_the_next(world):
    """Two milestones of one status: each entering confirms one; doing it again does nothing."""
    team = await world.team()
    milestones = [
        {"name": "M1", "type": "acceptance", "status": "S"},
        {"name": "M2", "type": "custom", "status": "S"},
    ]
    await team.apply(
        {
            "statuses": [{"name": "S"}, {"name": "T"}],
            "workflows": [{"name": "Flow", "default": True, "milestones": milestones}],
        }
    )
    order = await team.order()
    await enter(team, order, "S")
    assert await confirmed(team, order) == ["M1"]
    async with team.unchanged():
        await enter(team, order, "S")
    await enter(team, order, "T", "S")
    assert await confirmed(team, order) == ["M1", "M2"]


async def test_a_required_open_task_leaves_the_milestone_alone(world):
    team = await world.team()
    must, may = {"title": "must", "required": True}, {"title": "may"}
    milestones = [
        {"name": "L", "type": "acceptance", "status": "R"},
        {"name": "M", "type": "custom", "status": "S", "tasks": [must, may]},
        {"name": "N", "type": "custom", "status": "T", "tasks": [may]},
    ]
    await team.apply(
        {
            "statuses": [{"name": "R"}, {"name": "S"}, {"name": "T"}],
            "workflows": [{"name": "Flow", "default": True, "milestones": milestones}],
        }
    )
    order = await team.order()
    await enter(team, order, "R", "S")
    assert (await team.read(order))["custom_status"]["name"] == "S"
    assert await confirmed(team, order) == ["L"]
    assert await new_events(team, order, 3) == [("order.status.changed", 4)]
    await team.world.pool.execute(
        "update order_tasks set completed_at = now() where team_id = $1 and order_id = $2 and required",
        team.id,
        order,
    )
    await enter(team, order, "T", "S")
    assert await confirmed(team, order) == ["L", "M"]
    await enter(team, order, "T")
    assert await confirmed(team, order) == ["L", "M", "N"]  # an open task that is not required blocks nothing


async def test_a_cancelled_order_confirms_nothing(shop):
    order = await shop.order(cancelled_at=datetime(2026, 5, 1, tzinfo=UTC))
    await enter(shop, order, "Accepted")
    assert (await shop.read(order))["custom_status"]["name"] == "Accepted"
    assert await confirmed(shop, order) == []
    assert await new_events(shop, order, 1) == [("order.status.changed", 2)]


async def test_a_rejected_acceptance_confirms_nothing(shop):
    order = await shop.order()
    await shop.world.pool.execute(
        "update order_milestones set status = 'rejected', rejected_at = now() "
        "where team_id = $1 and order_id = $2 and type = 'acceptance'",
        shop.id,
        order,
    )
    await enter(shop, order, "Accepted", "Building/First")
    assert [one["status"] for one in await shop.milestones(order)] == [
        "rejected",
        "pending",
        "pending",
        "pending",
    ]


async def test_bulk_confirms_too(shop):
    ready, draft, late = await shop.order(), await shop.order(is_draft=True), await shop.order()
    await enter(shop, late, "Accepted")
    body = {"order_ids": [ready, draft, late], "status_id": shop.known["Accepted"]}
    with shop.world.clock.at(NOON):
        assert (await shop.post("/orders/status-bulk", body)).ok()["updated"] == 3
    assert await confirmed(shop, ready) == await confirmed(shop, late) == ["Order accepted"]
    assert (await shop.milestones(ready))[0]["confirmed_on"] == date(2026, 5, 8)
    assert await shop.milestones(draft) == []
    assert await new_events(shop, ready, 1) == [("order.status.changed", 2), ("order.milestone.confirmed", 3)]
    assert await new_events(shop, late, 3) == []


async def test_addons_line_items_and_clearing_confirm_nothing(world):
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "workflows": [
                {
                    "name": "F",
                    "default": True,
                    "milestones": [{"name": "M", "type": "acceptance", "status": "A"}],
                }
            ],
        }
    )
    order = await team.order(items=(item(),))
    lines = await team.line_items(order)
    await enter(team, order, "Gift")
    await team.post(f"/line-items/{lines[0]}/status", {"status_id": team.known["A"]})
    await team.post("/line-items/status-bulk", {"line_item_ids": lines, "status_id": team.known["A"]})
    await team.post("/line-items/clear-status", {"line_item_ids": lines})
    assert await confirmed(team, order) == []
    await enter(team, order, "A")
    assert await confirmed(team, order) == ["M"]


async def test_today_is_the_teams_date(world):
    team = await world.team()
    await team.apply({**WORKSPACE, "team": {"time_zone": "Asia/Tokyo"}})
    order = await team.order()
    late = datetime(2026, 5, 8, 20, 0, tzinfo=UTC)
    with world.clock.at(late):
        await enter(team, order, "Accepted")
    assert (await team.milestones(order))[0]["confirmed_on"] == date(2026, 5, 9)


async def test_a_milestone_without_a_status_is_not_confirmed_by_any(world):
    team = await world.team()
    await team.apply({"statuses": [{"name": "A"}]})
    order = await team.order()
    await enter(team, order, "A")
    assert len(await team.milestones(order)) == 4  # those of Standard
    assert await confirmed(team, order) == []


async def test_a_confirmation_is_not_taken_back_by_moving_on(shop):
    order = await shop.order()
    with shop.world.clock.at(NOON):
        await enter(shop, order, "Accepted")
    before = (await shop.milestones(order))[0]
    with shop.world.clock.at(NOON + timedelta(days=3)):
        await enter(shop, order, "Waiting", "Accepted")
    assert (await shop.milestones(order))[0] == before


async def test_a_refused_change_confirms_nothing(world):
    team = await world.team()
    await team.apply({**WORKSPACE, "settings": {"enforce_product_chain": True}})
    order = await team.order()
    await enter(team, order, "Accepted")
    async with team.unchanged():
        assert (await team.move(order, team.known["On its way"])).code == "status_chain"
