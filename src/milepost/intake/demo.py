"""A believable workshop to look at: some weeks of a boatyard's orders and purchases, moved by the same verbs as all
others.

Time is played back from the first order to `now`: orders come in day by day, on some weekdays the yard goes round and
notes how far things are, purchases take their course, and every evening it is told what turned late or overdue. So all
that follows (history, confirmed milestones, delays, deadlines, metafields) is what it would be had it happened.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from milepost.core.line_items import change_line_items
from milepost.core.orders import put_orders
from milepost.core.overdue import tell_all_overdue
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.intake.demo_buying import Buying
from milepost.intake.demo_orders import WEEKS, DemoOrder, demo_orders
from milepost.intake.demo_purchases import PURCHASES
from milepost.model.actor import Actor, system_actor
from milepost.model.order import NewOrder
from milepost.model.transitions import Target
from milepost.model.workflow import Status, Workspace
from milepost.reads import order_lists
from milepost.reads import workspace as workspaces
from milepost.store.db import Pool

T = TypeVar("T")

WORKSPACE: str = Path(__file__).with_name("demo_workspace.yaml").read_text("utf-8")
"""The workspace file (operator contract, section 3)."""

ROUND_DAYS = (1, 4)
"""Tuesday and Friday: when statuses are noted."""
BATCH = 1000
PACE = {"Build": 0.45, "Restoration": 0.4, "Chandlery": 0.8}
"""How likely an order gets one status further in a round."""
BOUGHT = 0.25
"""The share of purchases among few orders; among many there are as many as there are stories to tell."""
DETOUR, CANCEL, ADDON, LINE_STATUS = 0.07, 0.015, 0.03, 0.2
"""How likely an open order is set aside, cancelled or given an addon in a round; or has line statuses."""


async def load(db: Pool, team_id: str, *, orders: int, seed: int, now: datetime) -> None:
    """Fills the team, which has just got WORKSPACE, with that many orders placed before `now`, a few of them
    purchases of its own. The same seed and `now` give the same orders in the same places."""
    workspace = await workspaces.load(db, team_id)
    yard = _Yard(db, system_actor(team_id, "Saltwood demo"), workspace, Random(seed))  # noqa: S311
    bought = min(len(PURCHASES), int(orders * BOUGHT))
    buying = Buying(db, workspace, now, bought)
    waiting = demo_orders(yard.chance, orders - bought, now)
    evenings = list(_evenings(now))
    for evening in evenings:
        await buying.until(evening)
        if evening.weekday() in ROUND_DAYS:
            await yard.go_round(evening)  # from the morning on, so without those that arrive this evening
        arrived = [one for one in waiting if one.placed_at <= evening]
        waiting = waiting[len(arrived) :]
        await yard.take_in(arrived, evening)
        await tell_all_overdue(db, workspace, evening)
    await buying.until(now)
    await yard.take_in(waiting, now)
    await yard.note_lines(max(evenings[-1], now - timedelta(hours=2)))
    await tell_all_overdue(db, workspace, now)


def _evenings(now: datetime) -> Iterator[datetime]:
    day = (now - timedelta(weeks=WEEKS)).replace(hour=17, minute=0, second=0, microsecond=0)
    while day < now:
        yield day
        day += timedelta(days=1)


class _Job(Struct):
    """An order in the yard. `steps` are the statuses it goes through, `at_step` how many it has behind it."""

    id: str
    order: NewOrder
    pace: float
    steps: Sequence[Status]
    at_step: int = 0
    over: bool = False


class _Yard:
    def __init__(self, db: Pool, actor: Actor, workspace: Workspace, chance: Random) -> None:
        self.db = db
        self.actor = actor
        self.workspace = workspace
        self.chance = chance
        self.jobs: list[_Job] = []
        self.workflows = {workflow.name: workflow for workflow in workspace.workflows}
        self.detours = [status for status in workspace.statuses if status.is_independent]
        self.addons = [status for status in workspace.statuses if status.is_addon]

    async def take_in(self, arrived: Sequence[DemoOrder], at: datetime) -> None:
        for batch in _batches(arrived):
            told = [
                replace(one.order, milestone_workflow_id=self.workflows[one.workflow].id) for one in batch
            ]
            puts = await put_orders(self.db, self.actor, self.workspace, told, at)
            for one, put in zip(batch, puts, strict=True):
                if put.order_id is not None:
                    self.jobs.append(self._job(put.order_id, one))

    def _job(self, order_id: str, one: DemoOrder) -> _Job:
        statuses = self.workspace.statuses_of[self.workflows[one.workflow].id]
        # Three in four drafts are only talked about; nobody works on them.
        talk = one.order.is_draft and self.chance.random() < 0.75
        pace = PACE[one.workflow] * self.chance.uniform(0.5, 1.4)
        return _Job(order_id, one.order, pace, [status for status in statuses if status.is_chain], over=talk)

    async def go_round(self, at: datetime) -> None:
        """Each open order may get further, wait for something, or be cancelled by the shop; statuses are
        noted one after the other, some minutes apart."""
        wishes: dict[str, list[str]] = defaultdict(list)
        cancelled: list[_Job] = []
        for job in self.jobs:
            if job.over:
                continue
            if job.order.shopify_kind == "Order" and self.chance.random() < CANCEL:
                job.over = True
                cancelled.append(job)
            elif (status := self._next(job)) is not None:
                wishes[status.id].append(job.id)
            if not job.over and self.chance.random() < ADDON:
                addon = self.chance.choice(self.addons)
                wishes[addon.id].append(job.id)
        morning = at - timedelta(hours=8)
        statuses = [status for status in self.workspace.statuses if status.id in wishes]
        for number, status in enumerate(statuses):
            await self._enter(status, wishes[status.id], morning + timedelta(minutes=7 * number))
        told = [replace(job.order, cancelled_at=at - timedelta(minutes=30)) for job in cancelled]
        for batch in _batches(told):
            await put_orders(self.db, self.actor, self.workspace, batch, at)

    def _next(self, job: _Job) -> Status | None:
        luck = self.chance.random()
        if job.at_step and luck < DETOUR:
            return self.chance.choice(self.detours)
        if luck > job.pace:
            return None
        status = job.steps[job.at_step]
        job.at_step += 1
        job.over = job.at_step == len(job.steps)
        return status

    async def _enter(self, status: Status, ids: list[str], at: datetime) -> None:
        """A round has one sub-status for all that enter a status: the coat or the carrier of the day."""
        option = self.chance.choice(list(status.options.values())) if status.options else None
        for batch in _batches(ids):
            await change_statuses(
                self.db,
                self.actor,
                self.workspace,
                OrderKeys(batch),
                Target(status, option),
                clock=lambda: at,
            )

    async def note_lines(self, at: datetime) -> None:
        """In some orders that are under way the lines have statuses of their own."""
        open_jobs = [job for job in self.jobs if job.at_step and not job.over and len(job.order.items) > 1]
        chosen = [job for job in open_jobs if self.chance.random() < LINE_STATUS]
        wishes: dict[str, list[str]] = defaultdict(list)
        for batch in _batches(chosen):
            by_id = {job.id: job for job in batch}
            page = await order_lists.list_orders(
                self.db,
                self.actor.team_id,
                order_lists.Filter(ids=list(by_id)),
                sort="created_at",
                direction="asc",
                limit=len(batch),
                offset=0,
            )
            for view in page.orders:
                status = by_id[view.id].steps[0]
                wishes[status.id] += (view.line_ids or [])[: self.chance.randint(1, 2)]
        for status_id, lines in wishes.items():
            target = Target(self.workspace.status[status_id], None)
            for ids in _batches(lines):
                await change_line_items(self.db, self.actor, self.workspace, ids, target, clock=lambda: at)


def _batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(things), BATCH):
        yield things[first : first + BATCH]
