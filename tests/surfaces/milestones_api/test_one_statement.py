"""However much an act changes, it is decided on one read and written by one statement (architecture: decide on a read,
commit by compare-and-set)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from bench.statements import is_write

from tests.surfaces.milestones_api.followed import ISSUED, SHIPS_ON, Followed, place
from tests.surfaces.world import Team, World

STAGES = 10
FIRST_DAY = date(2027, 3, 1)
CHECK = {"title": "Ask for photographs", "days_before": 2}
LONG: dict[str, Any] = {
    "statuses": [{"name": "Waiting", "color": "#336699"}, {"name": "On the water", "color": "#113355"}],
    "workflows": [
        {
            "name": "Long",
            "default": True,
            "milestones": [
                {"name": "Order accepted", "type": "acceptance"},
                {"name": "Production started", "type": "production_start", "tasks": [CHECK]},
                *({"name": f"Stage {stage}", "type": "custom", "tasks": [CHECK]} for stage in range(3, 9)),
                {"name": "Shipped", "type": "shipment", "status": "On the water", "tasks": [CHECK]},
                {"name": "Delivered", "type": "delivery", "tasks": [CHECK]},
            ],
        }
    ],
}

WRITERS = """
select 'orders' as part, xmin::text, cmin::text from orders where team_id = $1 and id = $2
union all select 'milestones', xmin::text, cmin::text from order_milestones where team_id = $1 and order_id = $2
union all select 'tasks', xmin::text, cmin::text from order_tasks where team_id = $1 and order_id = $2
union all select 'delays', xmin::text, cmin::text from milestone_delays where team_id = $1 and order_id = $2
union all select 'events', xmin::text, cmin::text from events where team_id = $1 and order_id = $2
"""
"""Each row of an order, with the transaction that wrote it, and the command within that."""


@pytest.fixture(scope="module")
async def yard(world: World) -> Team:
    team = await world.team()
    await team.apply(LONG)
    return team


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    with world.clock.at(ISSUED):
        yield


@pytest.fixture
def sent(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are sent from now on."""
    statements: list[str] = []
    for name in ("fetch", "fetchrow", "execute"):
        monkeypatch.setattr(world.pool, name, _noting(statements, getattr(world.pool, name)))
    yield statements


def _noting(statements: list[str], send: Any) -> Any:
    async def noted(query: str, *args: Any) -> Any:
        statements.append(query)
        return await send(query, *args)

    return noted


def week_by_week(order: Followed, first: date) -> dict[str, str]:
    return {one: (first + timedelta(weeks=number)).isoformat() for number, one in enumerate(order.ids)}


async def written(order: Followed) -> dict[str, int]:
    """How many rows of each part the newest change of the order wrote, which one command must have done."""
    rows = await order.team.world.pool.fetch(WRITERS, order.team.id, order.id)
    (transaction,) = {row["xmin"] for row in rows if row["part"] == "orders"}
    own = [row for row in rows if row["xmin"] == transaction]
    assert len({row["cmin"] for row in own}) == 1
    parts = [row["part"] for row in own]
    return {part: parts.count(part) for part in dict.fromkeys(parts)}


def one_of_two(statements: list[str]) -> None:
    """Asserts that these are a read and a write."""
    assert [is_write(statement) for statement in statements] == [False, True], statements


async def test_ten_milestones_move_later(yard: Team, sent: list[str]) -> None:
    """Order, milestones, delay records and the event."""
    order = await place(yard, delivered_on=None)
    (await order.edit(order_milestone_key_dates=week_by_week(order, FIRST_DAY))).ok()
    sent.clear()
    (await order.edit(order_milestone_key_dates=week_by_week(order, FIRST_DAY + timedelta(days=1)))).ok()
    one_of_two(sent)
    assert await written(order) == {"orders": 1, "milestones": STAGES, "delays": STAGES, "events": 1}


async def test_ten_milestones_move_earlier(yard: Team, sent: list[str]) -> None:
    """The open tasks of nine of them follow."""
    order = await place(yard, ships_on="2027-04-26", delivered_on="2027-05-03")
    (await order.edit(order_milestone_key_dates=week_by_week(order, FIRST_DAY))).ok()
    for task in await order.tasks():
        due = (await order.milestone(order.ids.index(task["milestone_id"]) + 1))["key_date"]
        (await order.call("PATCH", f"/tasks/{task['id']}", {"due_date": due})).ok()
    sent.clear()
    (await order.edit(order_milestone_key_dates=week_by_week(order, FIRST_DAY - timedelta(days=1)))).ok()
    one_of_two(sent)
    assert await written(order) == {"orders": 1, "milestones": STAGES, "tasks": STAGES - 1, "events": 1}


async def test_a_shipment_enters_a_status(yard: Team, sent: list[str]) -> None:
    """Three events, the new place in the counts, and the dates of another milestone."""
    order = await (await place(yard, ships_on=SHIPS_ON)).confirmed(*range(1, STAGES - 1))
    before = await order.told()
    sent.clear()
    later = {order.id_of(STAGES): "2027-06-01"}
    (await order.confirm(STAGES - 1, order_milestone_key_dates=later)).ok()
    one_of_two(sent)
    told = (await order.told())[len(before) :]
    assert told == [
        "order.milestone.confirmed",
        "order.status.changed",
        "order.timeline.updated",
        "order.updated",
    ]
    assert await written(order) == {"orders": 1, "milestones": 2, "delays": 1, "events": 4}
