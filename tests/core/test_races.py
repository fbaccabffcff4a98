"""Many callers, one order: the history is one legal path, its sequence has no gaps, and totals stay exact."""

import asyncio
import random

import pytest

from tests.surfaces.world import Team, World, item, served

CHAIN = {
    "settings": {"enforce_product_chain": True},
    "statuses": [{"name": f"S{number}", "color": "#123456"} for number in range(1, 6)]
    + [
        {"name": "Hold", "color": "#999999", "independent": True},
        {"name": "Gift", "color": "#00AA00", "addon": True},
    ],
}


@pytest.fixture(scope="module")
async def world(pool):
    async with served(pool) as made:
        yield made


@pytest.fixture
async def team(world: World) -> Team:
    made = await world.team()
    await made.apply(CHAIN)
    return made


async def _row(team: Team, order_id: str):
    return await team.world.pool.fetchrow(
        "select * from orders where team_id = $1 and id = $2", team.id, order_id
    )


def _path(events) -> list[str | None]:
    """The statuses entered, checked to be one chain: each event starts where the one before ended."""
    path: list[str | None] = [None]
    for event in events:
        if event["type"] == "order.status.changed" and "custom_status" in event["new_data"]:
            old = event["old_data"]["custom_status"]
            assert (old["name"] if old else None) == path[-1]
            path.append(event["new_data"]["custom_status"]["name"])
    return path


async def test_fifty_callers_on_one_order_leave_a_legal_history(team):
    ids = await team.ids()
    order = await team.order()
    chain = [ids[f"S{number}"] for number in range(1, 6)]
    wishes = [random.choice([*chain, ids["Hold"]]) for _ in range(50)]
    replies = await asyncio.gather(*(team.move(order, status) for status in wishes))
    assert {reply.status for reply in replies} <= {200, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"status_chain"}
    events, row = await team.events(order), await _row(team, order)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert row["event_seq"] == len(events)
    assert row["version"] == len(events)
    anchor = None
    for before, after in zip(path := _path(events), path[1:], strict=False):
        allowed = {"Hold"} | ({"S1"} if anchor is None else {f"S{anchor}", f"S{anchor + 1}"})
        assert after in allowed - {before}, (before, after)
        anchor = int(after[1:]) if after.startswith("S") else anchor
    assert row["status_id"] == ids[path[-1]]


async def test_fifty_equal_callers_change_once(team):
    ids = await team.ids()
    order = await team.order()
    replies = await asyncio.gather(*(team.move(order, ids["S1"]) for _ in range(50)))
    assert {reply.status for reply in replies} == {200}
    assert [event["type"] for event in await team.events(order)] == ["order.created", "order.status.changed"]


async def test_single_bulk_and_line_item_callers_meet_on_the_same_orders(team):
    """Order and line item statuses share one version and one sequence."""
    ids = await team.ids()
    orders = [await team.order(items=(item("a"), item("b"))) for _ in range(8)]
    lines = {order: await team.line_items(order) for order in orders}
    flat = [line for order in orders for line in lines[order]]
    acts = [team.move(order, ids["S1"]) for order in orders]
    acts += [
        team.post("/orders/status-bulk", {"order_ids": random.sample(orders, 8), "status_id": ids["Hold"]})
        for _ in range(10)
    ]
    acts += [
        team.post(
            "/line-items/status-bulk", {"line_item_ids": random.sample(flat, 16), "status_id": ids["S1"]}
        )
        for _ in range(5)
    ]
    acts += [team.move(order, ids["Gift"]) for order in orders]
    random.shuffle(acts)
    replies = await asyncio.gather(*acts)
    assert [reply for reply in replies if reply.status != 200] == []
    for order in orders:
        events, row = await team.events(order), await _row(team, order)
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1)), order
        assert (row["event_seq"], row["version"] <= len(events)) == (len(events), True)
        kinds = [event["type"] for event in events]
        assert kinds.count("order.item.status.changed") == 2
        assert row["metafield"] is not None
        _path(events)


async def test_totals_are_exact_after_any_acts(team):
    ids = await team.ids()
    orders = [await team.order(is_draft=number % 4 == 0) for number in range(30)]
    for _ in range(6):
        await asyncio.gather(
            *(team.move(random.choice(orders), random.choice([ids["S1"], ids["Hold"]])) for _ in range(10)),
            team.post("/orders/status-bulk", {"order_ids": orders[:15], "status_id": ids["S2"]}),
        )
    counted = await team.world.pool.fetch(
        "select status_id, workflow_id, is_draft, count(*) as orders from orders where team_id = $1"
        " group by 1, 2, 3 order by 1, 2, 3",
        team.id,
    )
    nil = "00000000-0000-0000-0000-000000000000"
    tallied = await team.world.pool.fetch(
        "select nullif(status_id, $2) as status_id, nullif(workflow_id, $2) as workflow_id, is_draft,"
        " sum(orders)::bigint as orders from order_tallies where team_id = $1"
        " group by 1, 2, 3 having sum(orders) <> 0 order by 1, 2, 3",
        team.id,
        nil,
    )
    assert [tuple(row) for row in tallied] == [tuple(row) for row in counted]
    total = (await team.get("/orders", order_type="REGULAR")).json["pagination"]["total"]
    assert total == sum(row["orders"] for row in counted if not row["is_draft"])


async def test_a_change_of_settings_binds_the_very_next_call(team):
    """Whatever processes remember: `apply` elsewhere is obeyed at once, and so is revoking a key."""
    ids = await team.ids()
    order = await team.order()
    assert (await team.move(order, ids["S3"])).code == "status_chain"
    await team.apply({"settings": {"enforce_product_chain": False}})
    assert (await team.move(order, ids["S3"])).status == 200
    await team.apply({"settings": {"status_specificity": "line_item"}})
    assert (await team.move(order, ids["S4"])).code == "status_specificity"
    await team.apply({"settings": {"status_specificity": "combined"}})
    assert (await team.move(order, ids["S4"])).status == 200
    await team.world.pool.execute("update api_keys set revoked_at = now() where team_id = $1", team.id)
    await team.world.pool.execute("update teams set version = version + 1 where team_id = $1", team.id)
    for path in ("/orders", f"/orders/{order}", "/statuses", "/settings", "/orders/a/b/c"):
        assert (await team.get(path)).status == 401, path
