"""A team whose orders are made along a workflow: short ways to every verb of the Milestones API, at moments that a test
chooses, and to what was written."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from milepost.core import milestones as verbs
from milepost.core import order_tasks
from milepost.core.purchase_order_entry import Entry, edit_order, enter_order
from milepost.kit.errors import Refused
from milepost.kit.ids import new_id
from milepost.model.actor import ALL_PERMISSIONS, OVERRIDE_CHAIN, Actor
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Named, Rejection
from milepost.model.order import Customer, NewItem, NewOrder, StoredOrder
from milepost.model.order_tasks import TaskWish
from milepost.model.plan import OrderMilestone, Plan, Task
from milepost.model.purchase_order_edit import OrderEdit
from milepost.model.urgency import plan_of
from milepost.model.workflow import Channel
from milepost.store.db import Pool
from milepost.store.order_loads import load_planned_orders
from tests.core.orders_in import Shop

NOW = datetime(2027, 2, 1, 1, 0, 0, 118203, UTC)
"""In Tokyo it is ten in the morning of the same day."""
TODAY = date(2027, 2, 1)
DAY = timedelta(days=1)

SHIPS_ON, DELIVERED_ON = date(2027, 4, 9), date(2027, 5, 14)

SETUP: dict[str, Any] = {
    "team": {"time_zone": "Asia/Tokyo", "currency": "EUR"},
    "sub_status_groups": [{"name": "Fit", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "Cutting", "workflow": "Made to order"},
        {"name": "Sewing", "sub_status_group": "Fit", "workflow": "Made to order"},
        {"name": "On its way", "workflow": "Made to order", "notifications": {"email": True}},
        {"name": "There", "workflow": "Made to order"},
        {"name": "Waiting", "independent": True},
        {"name": "Gift", "addon": True},
    ],
    "workflows": [
        {
            "name": "Made to order",
            "default": True,
            "milestones": [
                {
                    "name": "Accepted",
                    "type": "acceptance",
                    "key_date": {"relative_to": "issued_at", "offset_days": 3},
                },
                {
                    "name": "Sample",
                    "type": "custom",
                    "owner": "brand",
                    "status": "Sewing",
                    "sub_status": "First",
                    "key_date": {"relative_to": "ships_on", "offset_days": -56},
                    "tasks": [{"title": "Swatches", "days_before": 1}],
                },
                {"name": "Started", "type": "production_start"},
                {"name": "Shipped", "type": "shipment", "status": "On its way"},
                {"name": "Delivered", "type": "delivery"},
            ],
        },
        {"name": "Short", "milestones": [{"name": "Yes", "type": "acceptance", "status": "Cutting"}]},
    ],
}
"""Key dates of an order issued TODAY: Accepted 02-04, Sample 02-12, Started none, Shipped 04-09, Delivered 05-14."""

Told = tuple[str, str | None, dict[str, Any], dict[str, Any]]
"""Type, subject, old and new data."""


class Works(Shop):
    """The team, and a clock that stands still until a test turns it."""

    now: datetime
    channels: frozenset[Channel]

    @classmethod
    async def begin(cls, pool: Pool, setup: dict[str, Any] | None = None) -> "Works":
        works = await cls.open(pool, SETUP if setup is None else setup)
        assert isinstance(works, cls)
        works.now, works.channels = NOW, frozenset()
        works.actor = Actor(
            works.team_id, "api_key", new_id(), "ERP bridge", ALL_PERMISSIONS - {OVERRIDE_CHAIN}
        )
        return works

    def clock(self) -> datetime:
        return self.now

    def turn(self, by: timedelta = timedelta(minutes=1)) -> datetime:
        self.now += by
        return self.now

    # Verbs

    async def make(self, *, tags: tuple[str, ...] = (), **content: Any) -> StoredOrder:
        """A new order with two lines, issued unless it is a draft."""
        members = {
            "order_number": "",
            "ships_on": SHIPS_ON,
            "delivered_on": DELIVERED_ON,
            "customer": Customer("Ines", "Falcao", "ines@mail.example"),
            **content,
        }
        items = (
            NewItem(quantity=Decimal(1200), description="Apron"),
            NewItem(quantity=Decimal(1), unit="lot"),
        )
        return await enter_order(
            self.pool,
            self.actor,
            await self.workspace(),
            Entry(content=NewOrder(**members), items=items, tags=tags),
            clock=self.clock,
        )

    async def confirm(self, order: StoredOrder | str, name: str, **wish: Any) -> StoredOrder:
        return await self._at(
            verbs.confirm_milestone, order, name, Confirmation(**wish), channels=self.channels
        )

    async def reject(self, order: StoredOrder | str, name: str, **wish: Any) -> StoredOrder:
        return await self._at(verbs.reject_milestone, order, name, Rejection(**{"reason": "no", **wish}))

    async def undo(self, order: StoredOrder | str, name: str, reason: str | None = None) -> StoredOrder:
        return await self._at(verbs.undo_confirmation, order, name, reason=reason)

    async def _at(
        self, verb: Any, order: StoredOrder | str, name: str, *wish: Any, **options: Any
    ) -> StoredOrder:
        known = order if isinstance(order, StoredOrder) else await self.planned(order)
        milestone = find(known, name)
        after, milestone_id = await self.do(
            verb, known.id, Named("milestone", milestone.id), *wish, **options
        )
        assert milestone_id == milestone.id
        assert isinstance(after, StoredOrder)
        return after

    async def edit(self, order_id: str, dates: Mapping[str, date | None], **said: Any) -> StoredOrder:
        """New dates by the names of milestones."""
        named = {find(await self.planned(order_id), name).id: value for name, value in dates.items()}
        return await self.order_after(verbs.edit_timeline, order_id, KeyDates(by_milestone=named, **said))

    async def issue(self, order_id: str) -> StoredOrder:
        return await self.order_after(verbs.issue_order, order_id)

    async def patch(self, order_id: str, **edit: Any) -> StoredOrder:
        return await self.order_after(edit_order, order_id, OrderEdit(**edit))

    async def add_task(self, order_id: str, **wish: Any) -> str:
        _, task_id = await self.do(order_tasks.add_task, order_id, TaskWish(**{"title": "Call", **wish}))
        return str(task_id)

    async def complete(self, order_id: str, task_id: str) -> StoredOrder:
        return await self.order_after(order_tasks.complete_task, order_id, task_id)

    async def reopen(self, order_id: str, task_id: str) -> StoredOrder:
        return await self.order_after(order_tasks.reopen_task, order_id, task_id)

    async def retitle(self, order_id: str, task_id: str, title: str) -> StoredOrder:
        def wish(task: Task) -> TaskWish:
            return TaskWish(
                title=title,
                assignee=task.assignee,
                due_date=task.due_date,
                required=task.required,
                milestone_id=task.milestone_id,
            )

        return await self.order_after(order_tasks.change_task, order_id, task_id, wish)

    async def do(self, verb: Any, *given: Any, **options: Any) -> Any:
        return await verb(self.pool, self.actor, await self.workspace(), *given, clock=self.clock, **options)

    async def order_after(self, verb: Any, *given: Any) -> StoredOrder:
        after = await self.do(verb, *given)
        assert isinstance(after, StoredOrder)
        return after

    async def enter_now(self, order_id: str, status: str) -> None:
        """Moves the order by the Status API's own verb."""
        await self.enter(order_id, status, self.now)

    # What there is

    async def planned(self, order_id: str) -> StoredOrder:
        _, (order,) = await load_planned_orders(self.pool, self.team_id, [order_id])
        return order

    async def status_of(self, order_id: str) -> tuple[str | None, str | None]:
        """The names of status and sub-status."""
        known, held = await self.workspace(), (await self.planned(order_id)).held
        status = known.status.get(held.status_id or "")
        option = known.option.get(held.sub_status_id or "")
        return None if status is None else status.name, None if option is None else option.name

    async def snapshot(self, *but: str) -> list[tuple[str, str]]:
        """Every row of the team that a verb may write, as text."""
        tables = (
            *("orders", "order_items", "order_milestones", "milestone_delays", "order_tasks", "order_tags"),
            *("tags", "events", "messages", "deliveries", "order_numbers", "order_tallies", "releases"),
        )
        texts = [
            f"select '{table}' as t, r::text from {table} r where team_id = $1"
            for table in tables
            if table not in but
        ]
        return sorted(tuple(row) for row in await self.pool.fetch(" union all ".join(texts), self.team_id))

    @asynccontextmanager
    async def telling(self, order_id: str) -> AsyncIterator[list[Told]]:
        """The events that what happens inside tells of the order, once it is over; their sequences have no gap."""
        before = (await self.planned(order_id)).event_seq
        told: list[Told] = []
        yield told
        events = [event for event in await self.events(order_id) if event["sequence"] > before]
        assert [event["sequence"] for event in events] == list(range(before + 1, before + 1 + len(events)))
        assert (await self.planned(order_id)).event_seq == before + len(events)
        told += [
            (event["type"], event["subject_id"], event["old_data"], event["new_data"]) for event in events
        ]

    async def refused(self, code: str, act: Callable[[], Awaitable[Any]], **facts: Any) -> Refused:
        """The act is refused with this code, and nothing whatever was written."""
        before = await self.snapshot()
        with pytest.raises(Refused) as refusal:
            await act()
        assert await self.snapshot() == before
        assert refusal.value.code == code, refusal.value
        assert {name: refusal.value.facts[name] for name in facts} == facts
        return refusal.value

    async def unchanged(self, act: Callable[[], Awaitable[Any]]) -> None:
        """The act is granted, and nothing whatever was written."""
        before = await self.snapshot()
        await act()
        assert await self.snapshot() == before


def find(order: StoredOrder | Plan, name: str) -> OrderMilestone:
    plan = order if isinstance(order, Plan) else plan_of(order)
    return next(one for one in plan.milestones if one.name == name)


def days(order: StoredOrder) -> dict[str, str | None]:
    """The key dates by the names of milestones."""
    return {
        one.name: None if one.key_date is None else one.key_date.isoformat()
        for one in plan_of(order).milestones
    }


def states(order: StoredOrder) -> dict[str, str]:
    return {one.name: one.status for one in plan_of(order).milestones}
