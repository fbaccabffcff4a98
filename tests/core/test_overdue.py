"""`order.overdue`: told once for each cause, milestone and moment, whatever becomes of the order (Milestones API,
sections 8.7 and 8.8)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.core.milestones import (
    confirm_milestone,
    edit_timeline,
    issue_order,
    reject_milestone,
    undo_confirmation,
)
from milepost.core.order_tasks import add_task, complete_task, reopen_task
from milepost.core.overdue import tell_overdue
from milepost.core.purchase_orders import cancel_order
from milepost.kit.errors import Stale
from milepost.kit.ids import new_id, ulid
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Named, Rejection
from milepost.model.order import NewOrder, StoredOrder
from milepost.model.order_tasks import TaskWish
from milepost.model.overdue import passed
from milepost.model.plan import OrderMilestone, Plan
from milepost.model.workflow import MilestoneType
from milepost.store import attention
from milepost.store.order_loads import load_planned_orders
from tests.core.orders_in import Shop
from tests.core.whole_orders import SETUP as WHOLE_SETUP
from tests.core.whole_orders import Yard

ISSUED = datetime(2027, 3, 1, 9, 30, 12, 250000, UTC)
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
PATIENCE = 48 * HOUR

WORKFLOW: dict[str, Any] = {
    "name": "Made to order",
    "default": True,
    "milestones": [
        {"name": "Order accepted", "type": "acceptance"},
        {"name": "Sample approved", "type": "custom", "owner": "brand", "status": "Sewing"},
        {"name": "Goods shipped", "type": "shipment"},
        {"name": "Delivered", "type": "delivery"},
    ],
}

Told = tuple[str, str, datetime]
"""Cause, name of the milestone, and the moment that passed."""


class Desk(Shop):
    """A team whose orders are looked at as the worker does, at moments that a test chooses."""

    @classmethod
    async def in_zone(cls, pool: Any, zone: str = "UTC") -> "Desk":
        setup = {
            "team": {"time_zone": zone},
            "statuses": [{"name": "Sewing", "workflow": "Made to order"}],
            "workflows": [WORKFLOW],
        }
        desk = await cls.open(pool, setup)
        assert isinstance(desk, cls)
        return desk

    async def order(  # type: ignore[override]
        self, at: datetime = ISSUED, *, ships_on: date | None = None, **content: Any
    ) -> str:
        """A new order, issued at that moment."""
        number = content.pop("order_number", f"HX-{new_id()[-6:]}")
        return await self.put_one(NewOrder(order_number=number, ships_on=ships_on, **content), at)

    async def look(self, at: datetime) -> list[Told]:
        """One look at that moment: what it told."""
        before = {row["id"] for row in await self._tellings()}
        needy = await attention.read_needy(self.pool, self.team_id, at, attention.FIRST, 1_000)
        count = await tell_overdue(self.pool, await self.workspace(), [order for _, order in needy], at)
        told = [row for row in await self._tellings() if row["id"] not in before]
        assert count == len(told)
        return [_told(row["facts"]) for row in told]

    async def _tellings(self) -> list[dict[str, Any]]:
        rows = await self.rows("events")
        return [row for row in rows if row["type"] == "order.overdue"]

    async def do(self, at: datetime, verb: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        return await verb(self.pool, self.actor, await self.workspace(), *given, clock=lambda: at)

    async def confirm(self, order_id: str, kind: MilestoneType, at: datetime) -> None:
        await self.do(at, confirm_milestone, order_id, Named("type", kind), Confirmation())

    async def undo(self, order_id: str, kind: MilestoneType, at: datetime) -> None:
        await self.do(at, undo_confirmation, order_id, Named("type", kind))

    async def reject(self, order_id: str, kind: MilestoneType, at: datetime, day: date | None = None) -> None:
        await self.do(at, reject_milestone, order_id, Named("type", kind), Rejection(reason="loom", date=day))

    async def move(self, order_id: str, at: datetime, *, shipment: date | None) -> None:
        """Moves the key date of the shipment."""
        await self.do(at, edit_timeline, order_id, KeyDates(named={"shipment": shipment}))

    async def planned(self, order_id: str) -> StoredOrder:
        _, (order,) = await load_planned_orders(self.pool, self.team_id, [order_id])
        return order

    async def milestone(self, order_id: str, kind: MilestoneType) -> OrderMilestone:
        plan = (await self.planned(order_id)).plan
        assert plan is not None
        found = plan.of_type(kind)
        assert found is not None
        return found

    async def webhook(self) -> str:
        """One that wants what is overdue."""
        webhook_id = new_id()
        await self.pool.execute(
            """insert into webhooks (team_id, id, url, enabled_events, error_contact_email, include_updated_object,
                 sealed_secret, created_at, updated_at)
               values ($1, $2, 'https://receiver.example/', '{order.overdue}', 'a@b.example', true, '', $3, $3)""",
            self.team_id,
            webhook_id,
            ISSUED,
        )
        await self.pool.execute("update teams set version = version + 1 where team_id = $1", self.team_id)
        return webhook_id


def _told(facts: dict[str, Any]) -> Told:
    return facts["cause"], facts["subject"]["name"], datetime.fromisoformat(facts["due_at"])


def late(name: str, due_at: datetime) -> Told:
    return "milestone_late", name, due_at


def too_long(name: str, due_at: datetime) -> Told:
    return "milestone_overdue", name, due_at


@pytest.fixture
async def desk(pool) -> Desk:
    return await Desk.in_zone(pool)


# When -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "key_date", "passes"),
    [
        ("UTC", date(2027, 3, 10), datetime(2027, 3, 11, tzinfo=UTC)),
        ("Pacific/Kiritimati", date(2027, 3, 10), datetime(2027, 3, 10, 10, tzinfo=UTC)),
        ("Pacific/Niue", date(2027, 3, 10), datetime(2027, 3, 11, 11, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2027, 3, 10), datetime(2027, 3, 10, 18, 15, tzinfo=UTC)),
        # The day before clocks go forward, that day of 23 hours, and a day of 25.
        ("America/New_York", date(2027, 3, 13), datetime(2027, 3, 14, 5, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), datetime(2027, 3, 15, 4, tzinfo=UTC)),
        ("America/New_York", date(2027, 11, 7), datetime(2027, 11, 8, 5, tzinfo=UTC)),
        # Midnight is left out, comes twice, and a whole date is left out.
        ("America/Santiago", date(2027, 9, 4), datetime(2027, 9, 5, 4, tzinfo=UTC)),
        ("America/Havana", date(2027, 11, 6), datetime(2027, 11, 7, 4, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        # Leap days.
        ("UTC", date(2028, 2, 28), datetime(2028, 2, 29, tzinfo=UTC)),
        ("Asia/Tokyo", date(2028, 2, 29), datetime(2028, 2, 29, 15, tzinfo=UTC)),
    ],
)
async def test_a_milestone_is_late_from_the_next_midnight_of_its_team(
    pool, zone: str, key_date: date, passes: datetime
):
    """8.7: a key date of today is not late; at the first moment of the next day it is, and that is told."""
    desk = await Desk.in_zone(pool, zone)
    order_id = await desk.order(passes - 20 * HOUR, ships_on=key_date)
    assert (await desk.planned(order_id)).attention_at == passes
    assert await desk.look(passes - TICK) == []
    assert await desk.look(passes) == [late("Goods shipped", passes)]
    assert (await desk.milestone(order_id, "shipment")).late_told_for == key_date
    assert await desk.look(passes + 20 * HOUR) == []


@given(
    zone=st.timezones(no_cache=False),
    day=st.dates(date(1975, 1, 1), date(2037, 12, 31)),
    offset=st.integers(-3, 3),
)
def test_in_every_zone_the_moment_is_the_first_of_another_day(zone: Any, day: date, offset: int):
    """Late and prompted are the same on both sides of the moment that is waited for."""
    order = _order(day, offset)
    (found,) = [
        one for one in passed(order, zone, datetime.max.replace(tzinfo=UTC)) if one.cause == "milestone_late"
    ]
    assert found.due_at.astimezone(zone).date() > day
    assert (found.due_at - TICK).astimezone(zone).date() <= day
    assert found not in passed(order, zone, found.due_at - TICK)
    assert found in passed(order, zone, found.due_at)


def _order(key_date: date, prompt_offset_days: int) -> StoredOrder:
    milestone = OrderMilestone(
        id=new_id(),
        workflow_milestone_id=new_id(),
        position=1,
        type="shipment",
        name="Goods shipped",
        owner="supplier",
        prompt_offset_days=prompt_offset_days,
        key_date=key_date,
        created_at=ISSUED,
        updated_at=ISSUED,
    )
    return StoredOrder(
        id=new_id(),
        version=1,
        event_seq=1,
        content=NewOrder(order_number="HX-1"),
        items=(),
        lifecycle="READY",
        plan=Plan((milestone,)),
        created_at=ISSUED,
        updated_at=ISSUED,
    )


async def test_overdue_after_more_than_48_hours(desk: Desk):
    """8.7: the acceptance milestone is prompted when the order is issued; 48 hours are not yet too long."""
    order_id = await desk.order()
    due_at = ISSUED + PATIENCE
    assert (await desk.planned(order_id)).attention_at == due_at
    assert await desk.look(due_at) == []
    assert await desk.look(due_at + TICK) == [too_long("Order accepted", due_at)]
    after = await desk.planned(order_id)
    assert (after.attention_at, after.event_seq) == (None, 2)
    assert (await desk.milestone(order_id, "acceptance")).overdue_told_at == due_at


@pytest.mark.parametrize(
    ("zone", "passes"),
    [
        ("America/New_York", datetime(2027, 3, 17, 4, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2027, 3, 16, 13, tzinfo=UTC)),
    ],
)
async def test_a_dated_milestone_is_prompted_at_its_midnight(pool, zone: str, passes: datetime):
    """8.7: shipment is prompted at 00:00 of the day after its key date, in the team's zone; 48 hours are real hours."""
    desk = await Desk.in_zone(pool, zone)
    begun = datetime(2027, 3, 9, tzinfo=UTC)
    order_id = await desk.order(begun, ships_on=date(2027, 3, 14))
    for kind in ("acceptance", "custom"):
        await desk.confirm(order_id, kind, begun + HOUR)
    due = [too_long("Goods shipped", passes)]
    assert await desk.look(passes) == [late("Goods shipped", passes - PATIENCE)]
    assert await desk.look(passes + TICK) == due


# What ----------------------------------------------------------------------------------------------------------


async def test_the_event(desk: Desk):
    """Orders API 14: `order.overdue` with cause, subject and moment; the system did it, and it happened when the moment
    passed. `updated_at` and version move together (Orders API 20), and nothing else of the order does."""
    webhook_id = await desk.webhook()
    order_id = await desk.order(ships_on=date(2027, 3, 2), order_number="HX-4410")
    before, milestone = await desk.planned(order_id), await desk.milestone(order_id, "shipment")
    due_at, now = datetime(2027, 3, 3, tzinfo=UTC), datetime(2027, 3, 3, 0, 0, 11, tzinfo=UTC)
    assert await desk.look(now) == [late("Goods shipped", due_at)]
    _, event = await desk.events(order_id)
    assert {
        name: event[name] for name in ("sequence", "type", "subject_id", "effective_at", "recorded_at")
    } == {
        "sequence": 2,
        "type": "order.overdue",
        "subject_id": milestone.id,
        "effective_at": due_at,
        "recorded_at": now,
    }
    assert (event["actor_kind"], event["actor_id"], event["old_data"], event["new_data"]) == (
        "system",
        None,
        {},
        {},
    )
    facts = {
        "cause": "milestone_late",
        "subject": {"id": milestone.id, "name": "Goods shipped"},
        "due_at": "2027-03-03T00:00:00+00:00",
    }
    assert event["facts"] == {"order_number": "HX-4410", "order_type": "PURCHASE_ORDER", **facts}
    (delivery,) = await desk.rows("deliveries")
    assert (delivery["webhook_id"], delivery["order_id"], delivery["sequence"]) == (webhook_id, order_id, 2)
    assert f'"subject":{{"id":"{ulid(milestone.id)}","name":"Goods shipped"}}' in delivery["body"]
    assert '"user_id":null' in delivery["body"]
    after = await desk.planned(order_id)
    assert (after.version, after.event_seq, after.updated_at) == (before.version + 1, 2, now)
    assert after.attention_at == ISSUED + PATIENCE
    assert after.plan is not None
    shipment = after.plan.of_type("shipment")
    assert shipment is not None
    assert (shipment.late_told_for, shipment.updated_at) == (date(2027, 3, 2), milestone.updated_at)


async def test_all_that_passed_is_told_by_its_moment(desk: Desk):
    """After a long silence one look tells everything, in sequence."""
    order_id = await desk.order(ships_on=date(2027, 3, 2), delivered_on=date(2027, 3, 4))
    other = await desk.order(ISSUED + DAY, ships_on=date(2027, 3, 4))
    told = await desk.look(datetime(2027, 5, 1, tzinfo=UTC))
    assert sorted(told, key=lambda one: one[2]) == [
        late("Goods shipped", datetime(2027, 3, 3, tzinfo=UTC)),
        too_long("Order accepted", ISSUED + PATIENCE),
        too_long("Order accepted", ISSUED + DAY + PATIENCE),
        late("Delivered", datetime(2027, 3, 5, tzinfo=UTC)),
        late("Goods shipped", datetime(2027, 3, 5, tzinfo=UTC)),
    ]
    mine = [_told(event["facts"]) for event in await desk.events(order_id) if event["sequence"] > 1]
    assert [name for _, name, _ in mine] == ["Goods shipped", "Order accepted", "Delivered"]
    for one in (order_id, other):
        assert (await desk.planned(one)).attention_at is None
    assert await desk.look(datetime(2029, 5, 1, tzinfo=UTC)) == []


async def test_a_date_set_into_the_past_is_told_as_of_the_change(desk: Desk):
    """M-33: late at once; the event happened when the change came, not before there was anything to be late with."""
    order_id = await desk.order(ships_on=date(2027, 3, 20))
    changed_at = ISSUED + HOUR
    await desk.move(order_id, changed_at, shipment=date(1999, 1, 1))
    assert await desk.look(changed_at + HOUR) == [late("Goods shipped", datetime(1999, 1, 2, tzinfo=UTC))]
    assert (await desk.events(order_id))[-1]["effective_at"] == changed_at


async def test_dates_at_the_ends_of_what_a_date_can_say(desk: Desk):
    first = await desk.order(ships_on=date(1, 1, 1))
    last = await desk.order(ships_on=date(9999, 12, 31))
    assert await desk.look(ISSUED) == [late("Goods shipped", datetime(1, 1, 2, tzinfo=UTC))]
    assert (
        await desk.look(datetime(9999, 12, 31, tzinfo=UTC))
        == [too_long("Order accepted", ISSUED + PATIENCE)] * 2
    )
    for order_id in (first, last):
        assert (await desk.planned(order_id)).attention_at is None


# Once ----------------------------------------------------------------------------------------------------------


async def test_late_once_a_key_date(desk: Desk):
    """8.8: again for another key date; not for one that was told, also when it comes back, or after an undo."""
    order_id = await desk.order(ships_on=date(2027, 3, 2))
    first, second = datetime(2027, 3, 3, tzinfo=UTC), datetime(2027, 3, 8, tzinfo=UTC)
    await desk.confirm(order_id, "acceptance", ISSUED + HOUR)
    await desk.confirm(order_id, "custom", ISSUED + HOUR)
    assert await desk.look(first) == [late("Goods shipped", first)]
    await desk.reject(order_id, "shipment", first + HOUR, date(2027, 3, 7))
    assert await desk.look(second - TICK) == []
    assert await desk.look(second) == [late("Goods shipped", second)]
    await desk.move(order_id, second + HOUR, shipment=date(2027, 3, 2))
    assert await desk.look(second + 2 * HOUR) == [too_long("Goods shipped", first + HOUR + PATIENCE)]
    assert (await desk.milestone(order_id, "shipment")).late_told_for == date(2027, 3, 2)
    await desk.confirm(order_id, "shipment", second + 3 * HOUR)
    await desk.undo(order_id, "shipment", second + 4 * HOUR)
    assert await desk.look(second + 5 * HOUR) == []


async def test_overdue_once_a_prompt(desk: Desk):
    """8.7: a rejection, a later key date, an undo and a completed task are new prompts; each may be told once."""
    at = ISSUED
    order_id = await desk.order(at)
    await desk.confirm(order_id, "acceptance", at)
    assert await desk.look(at + PATIENCE + TICK) == [too_long("Sample approved", at + PATIENCE)]
    at += PATIENCE + HOUR
    await desk.reject(order_id, "custom", at)
    assert await desk.look(at + PATIENCE) == []
    assert await desk.look(at + PATIENCE + TICK) == [too_long("Sample approved", at + PATIENCE)]
    at += PATIENCE + HOUR
    await desk.confirm(order_id, "custom", at)
    await desk.undo(order_id, "custom", at + HOUR)
    assert await desk.look(at + HOUR + PATIENCE) == []
    assert await desk.look(at + HOUR + PATIENCE + TICK) == [too_long("Sample approved", at + HOUR + PATIENCE)]
    assert await desk.look(at + 365 * DAY) == []


async def test_a_prompt_that_comes_back_is_not_told_again(desk: Desk):
    """Orders API 14: once per cause, subject and `due_at`, when a key date goes away and comes back."""
    order_id = await desk.order(ships_on=date(2027, 3, 2))
    for kind in ("acceptance", "custom"):
        await desk.confirm(order_id, kind, ISSUED)
    first, second = datetime(2027, 3, 5, tzinfo=UTC), datetime(2027, 3, 7, tzinfo=UTC)
    assert await desk.look(first + TICK) == [
        late("Goods shipped", first - PATIENCE),
        too_long("Goods shipped", first),
    ]
    await desk.move(order_id, first + HOUR, shipment=date(2027, 3, 4))
    assert await desk.look(second + TICK) == [
        late("Goods shipped", second - PATIENCE),
        too_long("Goods shipped", second),
    ]
    await desk.move(order_id, second + HOUR, shipment=date(2027, 3, 2))
    version = (await desk.planned(order_id)).version
    assert await desk.look(second + DAY) == []
    after = await desk.planned(order_id)
    assert (after.attention_at, after.version) == (None, version), "nothing was told: nothing changed"


async def test_an_open_required_task_holds_the_prompt_back(desk: Desk):
    """8.6, M-22: nobody is asked while it is open; its completion is the prompt."""
    order_id = await desk.order()
    await desk.confirm(order_id, "acceptance", ISSUED)
    custom = await desk.milestone(order_id, "custom")
    wish = TaskWish(title="Send swatches", required=True, milestone_id=custom.id)
    _, task_id = await desk.do(ISSUED + HOUR, add_task, order_id, wish)
    assert await desk.look(ISSUED + 30 * DAY) == []
    at = ISSUED + 31 * DAY
    await desk.do(at, complete_task, order_id, task_id)
    assert await desk.look(at + PATIENCE + TICK) == [too_long("Sample approved", at + PATIENCE)]
    await desk.do(at + PATIENCE + HOUR, reopen_task, order_id, task_id)
    assert await desk.look(at + 30 * DAY) == []


async def test_issued_anew_it_is_prompted_anew(desk: Desk):
    """7.19: the acceptance milestone of an order that is issued again."""
    order_id = await desk.order()
    assert len(await desk.look(ISSUED + 3 * DAY)) == 1
    again = ISSUED + 4 * DAY
    await desk.do(again, issue_order, order_id)
    assert await desk.look(again + PATIENCE) == []
    assert await desk.look(again + PATIENCE + TICK) == [too_long("Order accepted", again + PATIENCE)]


# Never -----------------------------------------------------------------------------------------------------------


async def test_drafts_refused_and_canceled_orders_are_never_told(desk: Desk):
    """8.7: all is false or null unless the order is active. Refused, it is told again once it is issued anew."""
    draft = await desk.order(is_draft=True, ships_on=date(2027, 3, 2))
    canceled = await desk.order(ships_on=date(2027, 3, 2))
    refused = await desk.order(ships_on=date(2027, 3, 2))
    await desk.do(ISSUED + HOUR, cancel_order, canceled)
    await desk.reject(refused, "acceptance", ISSUED + HOUR)
    assert await desk.look(ISSUED + 99 * DAY) == []
    for order_id in (draft, canceled, refused):
        assert (await desk.planned(order_id)).attention_at is None
    again = ISSUED + 100 * DAY
    await desk.do(again, issue_order, refused)
    assert await desk.look(again) == [late("Goods shipped", datetime(2027, 3, 3, tzinfo=UTC))]
    assert await desk.look(again + PATIENCE + TICK) == [too_long("Order accepted", again + PATIENCE)]


async def test_confirmed_in_time_nothing_is_told(desk: Desk):
    order_id = await desk.order(ships_on=date(2027, 3, 2), delivered_on=date(2027, 3, 3))
    for kind in ("acceptance", "custom", "shipment", "delivery"):
        await desk.confirm(order_id, kind, ISSUED + HOUR)
    assert (await desk.planned(order_id)).attention_at is None
    assert await desk.look(ISSUED + 99 * DAY) == []


async def test_a_look_too_early_writes_down_when_to_look_again(desk: Desk):
    """A status that confirms a milestone leaves it to the look to reckon what presses now: nothing is told, and the
    order is not changed by it."""
    order_id = await desk.order()
    await desk.confirm(order_id, "acceptance", ISSUED)
    await desk.enter(order_id, "Sewing", ISSUED + HOUR)
    before = await desk.planned(order_id)
    assert before.attention_at == ISSUED + HOUR
    assert await desk.look(ISSUED + HOUR) == []
    after = await desk.planned(order_id)
    assert (after.version, after.updated_at, after.event_seq) == (
        before.version,
        before.updated_at,
        before.event_seq,
    )
    assert after.attention_at == ISSUED + HOUR + PATIENCE
    again = await desk.look(ISSUED + HOUR + PATIENCE + TICK)
    assert again == [too_long("Goods shipped", ISSUED + HOUR + PATIENCE)]


# Others meanwhile --------------------------------------------------------------------------------------------------


class Meddled:
    """A database in which something happens just before what is told is written."""

    def __init__(self, db: Any, meddle: Callable[[], Awaitable[Any]]) -> None:
        self._db = db
        self._meddle = meddle

    async def fetch(self, query: str, *args: Any) -> Any:
        if query == attention.WRITE_TOLD:
            await self._meddle()
        return await self._db.fetch(query, *args)


@pytest.mark.parametrize("act", ["cancel", "confirm"])
async def test_what_changed_between_look_and_telling_is_not_told(desk: Desk, act: str):
    """Event and mark are written with the order as it was read, or not at all; the other orders are told."""
    await desk.webhook()
    changed, other = await desk.order(), await desk.order()
    now = ISSUED + 3 * DAY

    async def meddle() -> None:
        if act == "cancel":
            await desk.do(now, cancel_order, changed)
        else:
            await desk.confirm(changed, "acceptance", now)

    db: Any = Meddled(desk.pool, meddle)
    assert await tell_overdue(db, await desk.workspace(), [changed, other], now) == 1
    names = [event["type"] for event in await desk.events(changed)]
    assert "order.overdue" not in names
    assert (await desk.milestone(changed, "acceptance")).overdue_told_at is None
    assert [row["order_id"] for row in await desk.rows("deliveries")] == [other]
    assert await desk.look(now) == []


async def test_many_workers_tell_once(desk: Desk):
    """Several at once do no harm: one of them tells, the others find that it was told."""
    orders = [await desk.order(ships_on=date(2027, 3, 2)) for _ in range(40)]
    known, now = await desk.workspace(), ISSUED + 3 * DAY
    counts = await asyncio.gather(*(tell_overdue(desk.pool, known, orders, now) for _ in range(6)))
    assert sum(counts) == 80
    for order_id in orders:
        events = await desk.events(order_id)
        assert [event["sequence"] for event in events] == [1, 2, 3]
        assert [event["type"] for event in events] == ["order.created", "order.overdue", "order.overdue"]
    assert await desk.look(now) == []


async def test_writers_and_workers_at_once(desk: Desk):
    """Nothing is lost of either: sequences have no gap, and what can be told is told in the end."""
    orders = [await desk.order(ships_on=date(2027, 3, 2)) for _ in range(12)]
    known, now = await desk.workspace(), ISSUED + 3 * DAY

    async def write(order_id: str) -> None:
        for day in (3, 4, 5):
            await desk.move(order_id, now, shipment=date(2027, 4, day))

    await asyncio.gather(
        *(write(order_id) for order_id in orders),
        *(tell_overdue(desk.pool, known, orders, now) for _ in range(4)),
    )
    await desk.look(now)
    for order_id in orders:
        events = await desk.events(order_id)
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        told = [_told(event["facts"]) for event in events if event["type"] == "order.overdue"]
        assert told.count(too_long("Order accepted", ISSUED + PATIENCE)) == 1
        assert len(told) == len(set(told))


async def test_a_workspace_that_is_no_longer_the_team_s(desk: Desk):
    order_id, known = await desk.order(), await desk.workspace()
    await desk.webhook()
    with pytest.raises(Stale):
        await tell_overdue(desk.pool, known, [order_id], ISSUED + 3 * DAY)
    assert len(await desk.events(order_id)) == 1


async def test_orders_of_others_are_not_told(desk: Desk, pool):
    other = await Desk.in_zone(pool)
    order_id = await other.order()
    assert await tell_overdue(pool, await desk.workspace(), [order_id, new_id()], ISSUED + 3 * DAY) == 0
    assert len(await other.events(order_id)) == 1


async def test_another_zone_is_another_midnight(desk: Desk):
    """When the team's zone changes all open orders are looked at again; a key date that was told stays told."""
    told = await desk.order(ships_on=date(2027, 3, 1))
    order_id = await desk.order(ships_on=date(2027, 3, 9))
    assert await desk.look(datetime(2027, 3, 2, tzinfo=UTC)) == [
        late("Goods shipped", datetime(2027, 3, 2, tzinfo=UTC))
    ]
    await desk.look(datetime(2027, 3, 4, tzinfo=UTC))
    await desk.apply({"team": {"time_zone": "Pacific/Kiritimati"}})
    due_at = datetime(2027, 3, 9, 10, tzinfo=UTC)
    assert await desk.look(due_at - TICK) == []
    assert (await desk.planned(order_id)).attention_at == due_at
    assert await desk.look(due_at) == [late("Goods shipped", due_at)]
    await desk.apply({"team": {"time_zone": "Pacific/Niue"}})
    assert await desk.look(datetime(2027, 4, 1, tzinfo=UTC)) == []
    assert len([event for event in await desk.events(told) if event["type"] == "order.overdue"]) == 2


# Archives ----------------------------------------------------------------------------------------------------------


async def test_an_order_that_moved_house_is_told_of_what_comes_new(pool, tmp_path):
    """What was told before the export is not told again; what passes afterwards is told where the order lives now."""
    yard = await Yard.open(pool, WHOLE_SETUP)
    assert isinstance(yard, Yard)
    yard.clock = lambda: ISSUED
    order = NewOrder(order_number="HX-1", ships_on=date(2027, 3, 2))
    order_id = await yard.put_one(order, ISSUED)
    here = Desk(pool, yard.team_id, yard.name)
    first = datetime(2027, 3, 3, tzinfo=UTC)  # 00:00 in Lisbon
    assert await here.look(first) == [late("Shipped", first)]
    text, twin = await yard.export(), await yard.twin()
    report = await twin.bring(tmp_path / "orders", text)
    assert (report.created, report.failures) == (1, [])
    there = Desk(pool, twin.team_id, twin.name)
    assert (await there.planned(order_id)).attention_at == ISSUED + PATIENCE
    assert await there.look(first + HOUR) == []
    assert await there.look(datetime(2027, 4, 1, tzinfo=UTC)) == [
        too_long("Order accepted", ISSUED + PATIENCE)
    ]
    assert [event["sequence"] for event in await there.events(order_id)] == [1, 2, 3]
