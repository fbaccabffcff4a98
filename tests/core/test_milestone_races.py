"""Many callers of one order's milestones: one legal history, sequences without gaps, no answer lost (Milestones API,
section 3)."""

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from milepost.core.milestones import edit_timeline
from milepost.core.statuses import Changed, OrderKeys, change_statuses
from milepost.kit.errors import Conflict
from milepost.model.key_dates import KeyDates
from milepost.model.order import StoredOrder
from milepost.model.transitions import Target
from milepost.model.urgency import plan_of, purchase_order_status
from tests.core.works import NOW, SHIPS_ON, TODAY, Works, find

ROUNDS = 40
"""Of each race; five races make 200."""
CALLERS = 20

MOVED = date(2027, 4, 12)


class Busy(Works):
    """Every look at the clock shows another moment."""

    ticks: Any

    def clock(self) -> datetime:
        return NOW + timedelta(milliseconds=next(self.ticks))


@pytest.fixture
async def works(pool) -> Busy:
    works = await Busy.begin(pool)
    assert isinstance(works, Busy)
    works.ticks = count()
    return works


async def together(*acts: Awaitable[Any]) -> list[Any]:
    """What each of them came to: an answer, or the code of its refusal."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Conflict):
            raise outcome
    return [outcome.code if isinstance(outcome, Conflict) else outcome for outcome in outcomes]


async def kinds(works: Works, order: StoredOrder) -> list[str]:
    """The types of the order's events since it was made. Their sequences must have no gap, and each change of status
    must begin where the one before ended."""
    now = await works.planned(order.id)
    events = await works.events(order.id)
    assert [event["sequence"] for event in events] == list(range(1, now.event_seq + 1))
    status = None
    for event in events:
        if event["type"] == "order.status.changed" and "custom_status" in event["new_data"]:
            assert event["old_data"]["custom_status"] == status
            status = event["new_data"]["custom_status"]
    return [event["type"] for event in events if event["sequence"] > order.event_seq]


async def enter(works: Works, order_id: str, name: str) -> None:
    known = await works.workspace()
    status = next(one for one in known.statuses if one.name == name)
    target = Target(status, next(iter(status.options.values()), None))
    outcomes = await change_statuses(
        works.pool, works.actor, known, OrderKeys([order_id]), target, clock=works.clock
    )
    assert isinstance(outcomes[order_id], Changed), outcomes


async def test_m48_twenty_equal_confirms(works):
    """M-48: all are granted, with one event and one `confirmed_at`; the status is entered once."""
    for _ in range(ROUNDS):
        order = await works.confirm(await works.make(), "Accepted")
        outcomes = await together(*(works.confirm(order, "Sample") for _ in range(CALLERS)))
        stored = await works.planned(order.id)
        assert {find(one, "Sample").confirmed_at for one in outcomes} == {find(stored, "Sample").confirmed_at}
        assert all(one == stored for one in outcomes)
        assert await kinds(works, order) == ["order.milestone.confirmed", "order.status.changed"]
        assert stored.version == order.version + 1


async def test_confirming_against_a_change_of_status(works):
    """Whoever is first: the milestone is confirmed once, and the status is one that somebody asked for."""
    for _ in range(ROUNDS):
        order = await works.confirm(await works.make(), "Accepted")
        await together(
            works.confirm(order, "Sample"),
            enter(works, order.id, "Sewing"),
            enter(works, order.id, "Waiting"),
            works.confirm(order, "Sample"),
        )
        told = await kinds(works, order)
        assert told.count("order.milestone.confirmed") == 1
        assert await works.status_of(order.id) in (("Sewing", "First"), ("Waiting", None))
        stored = await works.planned(order.id)
        changes = [one for one in await works.events(order.id) if one["type"] == "order.status.changed"]
        assert stored.status_seq == changes[-1]["sequence"]
        left = find(stored, "Sample").left_status
        assert left is None or left.status_seq in [one["sequence"] for one in changes]


async def test_undoing_against_moving_dates(works):
    """Both are granted; what the date means depends on who came first, and the log says who did."""
    key_date = date(2027, 2, 4)
    for _ in range(ROUNDS):
        order = await works.confirm(await works.make(), "Accepted")
        dates = KeyDates(by_milestone={find(order, "Accepted").id: TODAY - timedelta(days=1)})
        undone, edited = await together(
            works.undo(order, "Accepted"), works.do(edit_timeline, order.id, dates)
        )
        assert await kinds(works, order) == ["order.timeline.updated"] * 2
        accepted = find(await works.planned(order.id), "Accepted")
        assert (accepted.status, accepted.confirmed_on) == ("pending", None)
        first_undone = undone.version < edited.version
        assert accepted.key_date == (TODAY - timedelta(days=1) if first_undone else key_date)


async def test_issuing_against_an_edit(works):
    """The milestone's date always is the order's; the number of an issued order can no longer change."""
    for number in range(ROUNDS):
        draft = await works.make(is_draft=True)
        outcomes = await together(
            works.issue(draft.id),
            works.patch(draft.id, dates={"ships_on": MOVED}),
            works.patch(draft.id, members={"order_number": f"R-{number}"}),
            works.issue(draft.id),
        )
        stored = await works.planned(draft.id)
        assert (purchase_order_status(stored), len(plan_of(stored).milestones)) == ("issued", 5)
        assert stored.content.ships_on == find(stored, "Shipped").key_date == MOVED
        renamed = outcomes[2] != "field_frozen"
        assert stored.content.order_number == (f"R-{number}" if renamed else draft.content.order_number)
        told = await kinds(works, draft)
        late = find(stored, "Shipped").delays
        assert told == ["order.updated"] * told.count("order.updated") + ["order.timeline.updated"] * len(
            late
        )
        assert [delay.old_date for delay in late] in ([], [SHIPS_ON])


async def test_bulk_changes_against_single_confirms(works):
    """Orders of one bulk call and their own callers never wait for one another in a circle."""
    known = await works.workspace()
    status = next(one for one in known.statuses if one.name == "Sewing")
    target = Target(status, status.group.options[0] if status.group else None)
    for _ in range(ROUNDS):
        orders = [await works.confirm(await works.make(), "Accepted") for _ in range(4)]
        ids = [order.id for order in orders]
        await together(
            *(works.confirm(order, "Sample") for order in orders),
            *(
                change_statuses(works.pool, works.actor, known, OrderKeys(some), target, clock=works.clock)
                for some in (ids, ids[::-1])
            ),
            *(works.edit(order.id, {"Shipped": MOVED}) for order in orders),
        )
        for order in orders:
            told = await kinds(works, order)
            assert sorted(told) == [
                "order.milestone.confirmed",
                "order.status.changed",
                "order.timeline.updated",
            ]
            assert await works.status_of(order.id) == ("Sewing", "First")
