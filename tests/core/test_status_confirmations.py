"""Statuses that confirm milestones, and what undoing makes of them; other acts of other surfaces (Milestones API,
section 8.9)."""

import pytest
from msgspec.structs import replace

from milepost.core.purchase_orders import cancel_order
from milepost.core.statuses import Changed, OrderKeys, change_statuses
from milepost.model.plan import who
from milepost.model.transitions import Target
from milepost.model.urgency import plan_of
from tests.core.orders_in import kayak, shop_order
from tests.core.told import confirmation, enter_first, statuses
from tests.core.works import DAY, SETUP, SHIPS_ON, TODAY, Works, find, states


@pytest.fixture
async def works(pool) -> Works:
    return await Works.begin(pool)


async def test_m46_a_status_confirms(works):
    """M-46: `order.status.changed`, then `order.milestone.confirmed`; undone, the status stays."""
    order = await works.confirm(await works.make(), "Accepted")
    async with works.telling(order.id) as told:
        await enter_first(works, order.id, "Sewing")
    assert [one[0] for one in told] == ["order.status.changed", "order.milestone.confirmed"]
    assert told[1][1:] == (find(order, "Sample").id, *confirmation(works))
    order = await works.planned(order.id)
    assert order.status_seq == order.event_seq - 1
    assert find(order, "Sample").left_status is None
    async with works.telling(order.id) as told:
        await works.undo(order.id, "Sample")
    assert [one[0] for one in told] == ["order.timeline.updated"]
    assert await works.status_of(order.id) == ("Sewing", "First")


async def test_m47_cancelling_stops_every_move(works):
    """M-47: milestones stay as they are, nothing presses any more, every move is refused and tells nothing."""
    order = await works.confirm(await works.make(), "Accepted")
    works.turn()
    async with works.telling(order.id) as told:
        await works.do(cancel_order, order.id)
    assert [one[0] for one in told] == ["order.updated"]
    after = await works.planned(order.id)
    assert (after.plan, after.attention_at) == (order.plan, None)
    acts = (
        lambda: works.confirm(order, "Sample"),
        lambda: works.reject(order, "Sample", date=TODAY),
        lambda: works.undo(order, "Accepted"),
        lambda: works.edit(order.id, {"Sample": TODAY}),
        lambda: works.issue(order.id),
        lambda: works.patch(order.id, members={"name": "x"}),
        lambda: works.add_task(order.id),
        lambda: works.complete(order.id, plan_of(order).tasks[0].id),
    )
    for act in acts:
        await works.refused("order_not_active", act, status="canceled")


async def bulk(works: Works, ids: list[str], name: str) -> None:
    known = await works.workspace()
    status = next(one for one in known.statuses if one.name == name)
    target = Target(status, next(iter(status.options.values()), None))
    outcomes = await change_statuses(
        works.pool, works.actor, known, OrderKeys(ids), target, clock=works.clock
    )
    assert all(isinstance(outcome, Changed) for outcome in outcomes.values()), outcomes


async def test_m46_a_bulk_change_confirms_where_the_milestone_is_next(works):
    """M-46: the status change succeeds for all of them; only active orders whose current milestone names it and is not
    blocked have it confirmed, each after its own status change."""
    orders = {
        name: await works.make(is_draft=name == "draft")
        for name in ("ready", "early", "draft", "refused", "blocked", "canceled", "there")
    }
    for name in ("ready", "blocked", "canceled", "there"):
        orders[name] = await works.confirm(orders[name], "Accepted")
    sample = find(orders["blocked"], "Sample")
    await works.add_task(orders["blocked"].id, milestone_id=sample.id, required=True)
    await works.reject(orders["refused"], "Accepted")
    await works.do(cancel_order, orders["canceled"].id)
    await enter_first(works, orders["there"].id, "Sewing")
    before = {name: await works.planned(order.id) for name, order in orders.items()}
    works.turn()
    await bulk(works, [order.id for order in orders.values()], "Sewing")
    for name, was in before.items():
        now = await works.planned(was.id)
        told = [one["type"] for one in await works.events(was.id) if one["sequence"] > was.event_seq]
        assert (await works.status_of(was.id))[0] == "Sewing"
        if name == "ready":
            assert told == ["order.status.changed", "order.milestone.confirmed"]
            milestone = find(now, "Sample")
            assert (milestone.confirmed_on, milestone.confirmed_at, milestone.left_status) == (
                TODAY,
                works.now,
                None,
            )
            assert (milestone.confirmed_by, now.attention_at) == (who(works.actor), works.now)
        else:
            assert told == ([] if name == "there" else ["order.status.changed"])
            assert (now.plan, now.attention_at) == (was.plan, was.attention_at)
        assert now.status_seq == (was.status_seq if name == "there" else was.event_seq + 1)


async def test_what_counts_as_a_change_of_status(works):
    """Another sub-status does, an addon does not (section 11)."""
    order = await works.confirm(await works.make(), "Accepted")
    order = await works.confirm(order, "Sample")
    await works.enter_now(order.id, "Gift")
    assert (await works.planned(order.id)).status_seq == order.status_seq
    undone = await works.undo(order.id, "Sample")
    assert await works.status_of(undone.id) == (None, None)
    order = await works.confirm(undone, "Sample")
    known = await works.workspace()
    sewing = (await statuses(works))["Sewing"]
    second = list(sewing.options.values())[1]
    await change_statuses(
        works.pool, works.actor, known, OrderKeys([order.id]), Target(sewing, second), clock=works.clock
    )
    now = await works.planned(order.id)
    assert now.status_seq == now.event_seq == order.event_seq + 1
    await works.undo(order.id, "Sample")
    assert await works.status_of(order.id) == ("Sewing", "Second")


async def test_where_lines_have_statuses_nothing_is_linked(pool):
    """Section 8.9: links do nothing in either direction."""
    works = await Works.begin(pool)
    order = await works.confirm(await works.make(), "Accepted")
    await works.apply({**SETUP, "settings": {"status_specificity": "line_item"}})
    async with works.telling(order.id) as told:
        await enter_first(works, order.id, "Sewing")
    assert [one[0] for one in told] == ["order.status.changed"]
    assert states(await works.planned(order.id))["Sample"] == "pending"
    async with works.telling(order.id) as told:
        await works.confirm(order.id, "Sample")
    assert [one[0] for one in told] == ["order.milestone.confirmed"]


async def test_an_action_confirms_one_milestone_at_most(pool):
    """One flat plan: what a status confirmed enters nothing, and the status that a confirmation enters confirms
    nothing, whatever else is linked."""
    milestones = [
        {"name": "One", "type": "acceptance", "status": "Cutting"},
        {"name": "Two", "type": "custom", "status": "Cutting"},
    ]
    flow = {"name": "Made to order", "default": True, "milestones": milestones}
    works = await Works.begin(pool, {**SETUP, "workflows": [flow]})
    order = await works.make()
    order = await works.confirm(order, "One")
    assert states(order) == {"One": "confirmed", "Two": "pending"}
    other = await works.make()
    await works.enter_now(other.id, "Cutting")
    assert states(await works.planned(other.id)) == {"One": "confirmed", "Two": "pending"}
    assert len(await works.events(other.id)) == 3


async def test_lists_count_orders_where_they_are(works):
    """Issue, confirmation and undo keep the totals of lists exact."""

    async def counted() -> dict[tuple[str | None, bool], int]:
        rows = await works.pool.fetch(
            """select s.name, t.is_draft, sum(t.orders)::int as orders from order_tallies t
               left join statuses s on s.team_id = t.team_id and s.id = t.status_id
               where t.team_id = $1 group by 1, 2 having sum(t.orders) <> 0""",
            works.team_id,
        )
        return {(row["name"], row["is_draft"]): row["orders"] for row in rows}

    order, draft = await works.make(), await works.make(is_draft=True)
    assert await counted() == {(None, False): 1, (None, True): 1}
    await works.issue(draft.id)
    assert await counted() == {(None, False): 2}
    for name in ("Accepted", "Sample"):
        order = await works.confirm(order, name)
    assert await counted() == {(None, False): 1, ("Sewing", False): 1}
    await works.undo(order, "Sample")
    assert await counted() == {(None, False): 2}


async def test_the_shops_word_leaves_the_plan_alone(works):
    """What an import changes of an order touches no milestone, and what it cancels presses no more."""
    told = shop_order(7, ships_on=SHIPS_ON)
    order_id = await works.put_one(told, works.now)
    order = await works.confirm(order_id, "Accepted")
    order = await works.edit(order_id, {"Shipped": TODAY + 90 * DAY})
    works.turn()
    await works.put_one(replace(told, note="hurry", items=(kayak(1),)), works.now)
    after = await works.planned(order_id)
    assert (after.plan, after.attention_at, after.content.ships_on) == (
        order.plan,
        order.attention_at,
        order.content.ships_on,
    )
    assert (after.content.note, after.version) == ("hurry", order.version + 1)
    await works.put_one(replace(told, note="hurry", items=(kayak(1),), cancelled_at=works.now), works.now)
    gone = await works.planned(order_id)
    assert (gone.plan, gone.attention_at) == (order.plan, None)
