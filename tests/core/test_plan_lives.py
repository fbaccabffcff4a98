"""Random lives of orders through all that milestones, tasks, statuses and edits allow: what events tell is what
happened.

After each act: a refusal or a no-op wrote nothing; the events of a change lead from what the order was to what it is;
what is derived is right; what the verb gave is what is stored.
"""

import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.core.purchase_orders import cancel_order, replace_order
from milepost.core.releases import move_leg, release
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.kit.errors import Refused
from milepost.kit.ids import ulid
from milepost.model.document import elsewhere, order_document, same_json
from milepost.model.events import event_instant
from milepost.model.key_dates import KeyDates
from milepost.model.order import ItemWish, OrderWish, StoredOrder
from milepost.model.plan import OrderMilestone, Plan, Task, Who
from milepost.model.purchase_order import settled
from milepost.model.purchase_order_lines import LineWish
from milepost.model.releases import TransitStatus
from milepost.model.releasing import LegWish, ReleaseWish, TakenWish
from milepost.model.transitions import Target
from milepost.model.urgency import next_attention, plan_of
from milepost.model.workflow import MilestoneType
from tests.core.works import SETUP, Works

LIVES, STEPS = 12, 40
CHAINED = {**SETUP, "settings": {"enforce_product_chain": True, "workflows_enabled": True}}


class NothingThere(Exception):
    """The order has nothing of the kind to do something with."""


class Life:
    """One order, moved at random by every verb."""

    def __init__(self, works: Works, seed: int) -> None:
        self.works = works
        self.dice = random.Random(seed)
        self.order_id = ""

    async def begin(self) -> None:
        dice = self.dice
        order = await self.works.make(
            is_draft=dice.random() < 0.3,
            supplier=dice.choice([None, {"supplier_id": "sup-118"}]),
            ships_on=dice.choice([None, date(2027, 4, 9)]),
        )
        self.order_id = order.id

    async def step(self) -> None:
        works = self.works
        works.turn(timedelta(minutes=self.dice.choice([1, 90, 60 * 24 * 3])))
        before, rows = await works.planned(self.order_id), await works.snapshot()
        act, self.plan = self.dice.choice(ACTS), plan_of(before)
        try:
            given = await act(self)
        except Refused:
            assert await works.snapshot() == rows, "a refusal writes nothing"
            return
        after = await works.planned(self.order_id)
        if isinstance(given, StoredOrder):
            assert given == after
        if after == before:
            assert await works.snapshot() == rows, "a no-op writes nothing"
            return
        events = [one for one in await works.events(self.order_id) if one["sequence"] > before.event_seq]
        await self.check(before, after, events)

    async def check(self, before: StoredOrder, after: StoredOrder, events: list[dict[str, Any]]) -> None:
        known = await self.works.workspace()
        assert (after.version, after.updated_at) == (before.version + 1, self.works.now)
        assert [one["sequence"] for one in events] == list(range(before.event_seq + 1, after.event_seq + 1))
        assert settled(after, known.house) is after, "the stored status is the derived one"
        reckoned = next_attention(after, known.calendar.zone)
        if reckoned is not None:
            assert after.attention_at is not None and after.attention_at <= max(reckoned, self.works.now)
        days: tuple[tuple[MilestoneType, str], ...] = (
            ("shipment", "ships_on"),
            ("delivery", "delivered_on"),
        )
        for kind, member in days:
            milestone = plan_of(after).of_type(kind)
            if milestone is not None:
                assert getattr(after.content, member) == milestone.key_date, "M-17"
        confirmed = [one.is_confirmed for one in plan_of(after).milestones]
        assert confirmed == sorted(confirmed, reverse=True), "confirmed in sequence"
        assert sum(one["type"] == "order.updated" for one in events) <= 1
        if after.lifecycle != before.lifecycle:
            assert "order.updated" in [one["type"] for one in events]
        carried = {one.type for one in plan_of(after).milestones}
        told = replayed(with_the_untold(shown(before, carried), before, after), events)
        now = shown(after, carried)
        differing = {part: (told[part], now[part]) for part in now if told[part] != now[part]}
        assert differing == {}
        created = {one["subject_id"] for one in events if one["type"] == "order.task.created"}
        known_milestones = {None, *(one.id for one in plan_of(before).milestones)}
        old_tasks = {one.id for one in plan_of(before).tasks}
        new_tasks = [one for one in plan_of(after).tasks if one.id not in old_tasks]
        assert created == {one.id for one in new_tasks if one.milestone_id in known_milestones}

    # Acts

    def some(self) -> OrderMilestone:
        return self.several(1)[0]

    def several(self, number: int) -> list[OrderMilestone]:
        if not self.plan.milestones:
            raise NothingThere
        return self.dice.sample(self.plan.milestones, number)

    def day(self) -> date | None:
        today = self.works.now.date()
        return self.dice.choice([None, today, *(today + timedelta(days=n) for n in (-40, -1, 1, 3, 20, 60))])

    def dates(self) -> KeyDates:
        chosen = self.several(self.dice.choice([0, 0, 1, 2]))
        return KeyDates(by_milestone={one.id: self.day() for one in chosen})

    plan: Plan
    """As it was before the act."""

    async def confirm(self) -> StoredOrder:
        first = self.plan.first_unconfirmed
        milestone = first if first is not None and self.dice.random() < 0.8 else self.some()
        return await self.works.confirm(
            self.order_id,
            milestone.name,
            date=self.day(),
            dates=self.dates(),
            note=self.dice.choice([None, "x"]),
        )

    async def reject(self) -> StoredOrder:
        milestone = self.some()
        if milestone.type == "acceptance" and self.dice.random() < 0.6:
            milestone = self.some()
        reason = self.dice.choice(["no", "later"])
        return await self.works.reject(
            self.order_id, milestone.name, reason=reason, date=self.day(), dates=self.dates()
        )

    async def undo(self) -> StoredOrder:
        confirmed = [one for one in self.plan.milestones if one.is_confirmed]
        return await self.works.undo(self.order_id, (confirmed or [self.some()])[-1].name, "oops")

    async def edit(self) -> StoredOrder:
        chosen = self.several(self.dice.randint(1, 3))
        return await self.works.edit(self.order_id, {one.name: self.day() for one in chosen})

    async def issue(self) -> StoredOrder:
        return await self.works.issue(self.order_id)

    async def patch(self) -> StoredOrder:
        dice = self.dice
        order = await self.works.planned(self.order_id)
        edit: dict[str, Any] = {"members": {"name": dice.choice(["Aprons", "Bags", None])}}
        if dice.random() < 0.5:
            edit["dates"] = {dice.choice(["ships_on", "delivered_on"]): self.day()}
        if dice.random() < 0.5:
            line = LineWish(id=order.items[0].id, members={"quantity": Decimal(dice.randint(1, 3))})
            edit["items"] = dice.choice(
                [(line,), (LineWish(members={"quantity": Decimal(2), "description": "B"}),)]
            )
        if dice.random() < 0.3:
            edit["tags"] = tuple(dice.sample(["spring", "rush", "wool"], dice.randint(0, 2)))
        return await self.works.patch(self.order_id, **edit)

    async def add_task(self) -> None:
        milestone = self.dice.choice([None, *self.plan.milestones])
        await self.works.add_task(
            self.order_id,
            milestone_id=milestone and milestone.id,
            required=milestone is not None and self.dice.random() < 0.4,
            due_date=self.day(),
        )

    async def task(self) -> StoredOrder:
        if not self.plan.tasks:
            raise NothingThere
        task = self.dice.choice(self.plan.tasks)
        verb = self.dice.choice([self.works.complete, self.works.complete, self.works.reopen])
        return await verb(self.order_id, task.id)

    async def enter(self) -> None:
        known = await self.works.workspace()
        status = self.dice.choice(known.statuses)
        target = Target(status, self.dice.choice(list(status.options.values()) or [None]))
        await change_statuses(
            self.works.pool,
            self.works.actor,
            known,
            OrderKeys([self.order_id]),
            target,
            clock=self.works.clock,
        )

    async def put(self) -> None:
        """On the Orders API, which has no plan to give back."""
        name = self.dice.choice(["June", "July"])

        def wish(order: StoredOrder) -> OrderWish:
            content = msgspec.structs.replace(order.content, name=name)
            items = tuple(ItemWish(one.content, one.id) for one in order.items)
            return OrderWish(content=content, items=items, tags=tuple(tag.slug for tag in order.tags))

        await self.works.do(replace_order, self.order_id, wish)

    async def ship(self) -> None:
        order = await self.works.planned(self.order_id)
        if not order.releases:
            await self.works.do(release, order.id, ReleaseWish(items=(TakenWish(order.items[1].id),)))
            return
        choices: list[TransitStatus] = ["IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"]
        status = self.dice.choice(choices)
        wish = LegWish(said=frozenset(["transit_status"]), transit_status=status)
        await self.works.do(move_leg, order.id, order.releases[0].id, wish)

    async def cancel(self) -> None:
        if self.dice.random() < 0.1:
            await self.works.do(cancel_order, self.order_id)


Act = Callable[[Life], Awaitable[StoredOrder | None]]
MANY: tuple[Act, ...] = (Life.confirm, Life.confirm, Life.confirm, Life.undo, Life.task, Life.enter)
ACTS: tuple[Act, ...] = (
    *MANY,
    Life.reject,
    Life.edit,
    Life.issue,
    Life.patch,
    Life.add_task,
    Life.put,
    Life.ship,
    Life.cancel,
)


@pytest.mark.parametrize("seed", range(LIVES))
async def test_events_lead_from_what_was_to_what_is(pool, seed):
    works = await Works.begin(pool, SETUP if seed % 3 else CHAINED)
    life = Life(works, seed)
    await life.begin()
    for _ in range(STEPS):
        with suppress(NothingThere):
            await life.step()


# What is told of ------------------------------------------------------------------------------------------


def shown(order: StoredOrder, carried: Collection[str]) -> dict[str, Any]:
    """The order as its events speak of it, as JSON values. `carried`: the types of milestones that carry its target
    dates."""
    document = order_document(order)
    own = document | elsewhere(order.content)
    own |= {"issued_at": _day(order.issued_on), "last_issued_at": _day(order.last_issued_on)}
    own |= {"workflow_id": order.milestone_workflow_id and ulid(order.milestone_workflow_id)}
    for kind, member in (("shipment", "ships_on"), ("delivery", "delivered_on")):
        if kind in carried:
            own.pop(member)
    items = {one["id"]: {k: v for k, v in one.items() if k != "available_amount"} for one in own.pop("items")}
    own.pop("updated_at")
    return {
        "order": own,
        "items": items,
        "held": (
            order.held.status_id and ulid(order.held.status_id),
            order.held.sub_status_id and ulid(order.held.sub_status_id),
        ),
        "milestones": {one.id: _milestone(one) for one in plan_of(order).milestones},
        "tasks": {one.id: _task(one) for one in plan_of(order).tasks},
    }


def _milestone(one: OrderMilestone) -> dict[str, Any]:
    return {
        "status": one.status,
        "key_date": _day(one.key_date),
        "confirmed_on": _day(one.confirmed_on),
        "confirmed_at": one.confirmed_at and event_instant(one.confirmed_at),
        "confirmed_by": _who(one.confirmed_by),
        "rejected_at": one.rejected_at and event_instant(one.rejected_at),
        "rejected_by": _who(one.rejected_by),
        "rejection_reason": one.rejection_reason,
        "note": one.note,
    }


def _task(one: Task) -> dict[str, Any]:
    return {
        "status": "open" if one.is_open else "completed",
        "completed_at": one.completed_at and event_instant(one.completed_at),
        "completed_by": _who(one.completed_by),
    }


def _who(who: Who | None) -> dict[str, Any] | None:
    return None if who is None else {"type": who.type, "id": who.id and ulid(who.id), "name": who.name}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def with_the_untold(state: dict[str, Any], before: StoredOrder, after: StoredOrder) -> dict[str, Any]:
    """With what comes without a word of it: milestones at issue, new tasks, tasks that are open again."""
    known = {one.id for one in plan_of(before).milestones}
    state["milestones"] |= {
        one.id: _milestone(one) for one in plan_of(after).milestones if one.id not in known
    }
    old = {one.id: one for one in plan_of(before).tasks}
    for one in plan_of(after).tasks:
        if one.id not in old or (one.is_open and not old[one.id].is_open):
            state["tasks"][one.id] = _task(one)
    return state


def replayed(state: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    """What the events make of it; what they say was, must have been."""
    for event in events:
        kind, old, new, subject = (event[name] for name in ("type", "old_data", "new_data", "subject_id"))
        if kind == "order.updated":
            apply(state["order"], old, new)
        elif kind == "order.status.changed" and "addon_statuses" not in old:
            was = {"custom_status": state["held"][0], "custom_sub_status": state["held"][1]}
            assert {name: was[name] for name in old} == {name: one and one["id"] for name, one in old.items()}
            now = was | {name: one and one["id"] for name, one in new.items()}
            state["held"] = (now["custom_status"], now["custom_sub_status"])
        elif kind.startswith("order.milestone."):
            apply(state["milestones"][subject], old, new)
        elif kind == "order.timeline.updated":
            for one in event["facts"]["milestones"]:
                apply(state["milestones"][one["id"]], one["old_data"], one["new_data"])
        elif kind == "order.task.completed":
            apply(state["tasks"][subject], old, new)
        elif kind == "order.item.updated":
            apply(state["items"][ulid(subject)], old, new)
        elif kind == "order.item.created":
            state["items"][ulid(subject)] = {k: v for k, v in new.items() if k != "available_amount"}
        else:
            assert kind in ("order.task.created", "order.status.changed"), kind
    return state


def apply(state: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
    assert old.keys() == new.keys() != set()
    assert all(same_json(state[name], old[name]) for name in old), (state, old)
    assert not any(same_json(old[name], new[name]) for name in old), (old, new)
    state |= new
