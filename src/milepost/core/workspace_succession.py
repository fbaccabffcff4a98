"""Orders leave a status or workflow that is taken away, for the one that takes its place.

It is a change of status like any other, with its event, but by the operator's word: no rule of sequence is
asked, no milestone is confirmed, no customer is told. All of it belongs to the transaction of the caller.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from milepost.core.record import deliveries_of, wants_object
from milepost.kit.errors import Conflict
from milepost.kit.ids import ulid
from milepost.model import metafield, status_events
from milepost.model.actor import Actor
from milepost.model.document import shown_order
from milepost.model.metafield import MetafieldItem
from milepost.model.standing import HeldStatus
from milepost.model.status_events import Diff
from milepost.model.transitions import Target, enter
from milepost.model.workflow import Status, Workflow, Workspace
from milepost.model.workspace_wish import WorkspaceWish
from milepost.reads import workspace_use as use
from milepost.store import line_items, progress, succession
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow
from milepost.store.line_items import LinesMove, OrderLines
from milepost.store.order_loads import load_orders
from milepost.store.progress import Standing, StatusMove

BATCH = 500
ROUNDS_LOST = 8
"""Batches in a row that lost every race before the change is given up."""

Named = TypeVar("Named", Status, Workflow)


class Successors(Struct, frozen=True):
    """Who takes the place of what goes: (what goes, what comes) pairs."""

    statuses: tuple[tuple[Status, Status], ...]
    workflows: tuple[tuple[Workflow, Workflow], ...]

    @property
    def leaving(self) -> frozenset[str]:
        """The ids of what goes and has a successor."""
        statuses = frozenset(old.id for old, _ in self.statuses)
        return statuses | {old.id for old, _ in self.workflows}


def successors(before: Workspace, after: Workspace, wish: WorkspaceWish) -> Successors:
    """Of what goes, that which the wish names a successor for."""
    gone_statuses = [one for one in before.statuses if one.id not in after.status]
    gone_workflows = [one for one in before.workflows if one.id not in after.workflow]
    return Successors(
        _pairs(gone_statuses, wish.replace_statuses, after.statuses),
        _pairs(gone_workflows, wish.replace_workflows, after.workflows),
    )


def _pairs(
    gone: Sequence[Named], names: Mapping[str, str], staying: Sequence[Named]
) -> tuple[tuple[Named, Named], ...]:
    known = {thing.name: thing for thing in staying}
    return tuple((old, known[names[old.name]]) for old in gone if old.name in names)


async def succeed(
    tx: Database, actor: Actor, before: Workspace, after: Workspace, pairs: Successors, now: datetime
) -> None:
    """Moves everything that orders hold from what goes to what comes. A draft whose workflow goes without a successor
    takes the default one (Milestones API, section 8.4).

    Raises Conflict `busy` when other changes of the same orders keep coming between.
    """
    for old, new in pairs.statuses:
        move = _StatusSuccession(tx, actor, before, _unruled(before, after), old, new, now)
        if old.is_addon:
            await _until_none(move.addons)
        else:
            await _until_none(move.orders)
            await _until_none(move.line_items)
            await succession.move_left_status(tx, actor.team_id, old.id, new.id)
        await succession.move_links(tx, actor.team_id, old.id, new.id, now)
        await succession.move_anchors(tx, actor.team_id, old.id, new.id if new.is_chain else None)
    for leaving, coming in pairs.workflows:
        await succession.move_workflow(tx, actor.team_id, leaving.id, coming.id, now)
        await _move_carriers(tx, actor, before, leaving.id, coming.id, now)
    default_id = after.default_workflow.id if after.default_workflow else None
    for workflow in before.workflows:
        if workflow.id not in after.workflow and workflow.id not in pairs.leaving:
            await _move_carriers(tx, actor, before, workflow.id, default_id, now, drafts_only=True)


def _unruled(before: Workspace, after: Workspace) -> Workspace:
    """A workspace to move orders in: it knows what goes and what comes, and forbids nothing."""
    gone = tuple(status for status in before.statuses if status.id not in after.status)
    return replace(
        after,
        team=replace(after.team, enforce_workflow_order=False, enforce_product_chain=False),
        statuses=(*after.statuses, *gone),
        groups=(*before.groups, *after.groups),
    )


async def _until_none(batch: Callable[[], Awaitable[tuple[int, int]]]) -> None:
    """Repeats a batch, which answers how many it found and how many it moved, until it finds none."""
    lost = 0
    while lost < ROUNDS_LOST:
        found, moved = await batch()
        if not found:
            return
        lost = 0 if moved else lost + 1
    raise Conflict("busy", "Orders that should move are being changed by others all the time; try again")


class _StatusSuccession:
    """Moves batch after batch of orders from one status to another."""

    def __init__(
        self,
        tx: Database,
        actor: Actor,
        before: Workspace,
        workspace: Workspace,
        old: Status,
        new: Status,
        now: datetime,
    ) -> None:
        self._tx = tx
        self._actor = actor
        self._before = before
        self._workspace = workspace
        self._old = old
        self._new = new
        self._now = now

    async def orders(self) -> tuple[int, int]:
        return await self._move(use.ORDERS_IN_STATUS, self._primary)

    async def addons(self) -> tuple[int, int]:
        return await self._move(use.ORDERS_WITH_ADDON, self._addon)

    async def line_items(self) -> tuple[int, int]:
        ids = await self._holders(use.LINE_ITEMS_IN_STATUS)
        if not ids:
            return 0, 0
        _, orders = await line_items.load_by_line_items(self._tx, self._actor.team_id, ids)
        moves = [self._lines(order) for order in sorted(orders, key=lambda order: order.id)]
        deliveries = self._deliveries(moves)
        won = await line_items.move_lines(self._tx, self._actor, moves, self._now, deliveries)
        return len(ids), len(won)

    async def _move(self, statement: str, plan: Callable[[Standing], StatusMove]) -> tuple[int, int]:
        ids = await self._holders(statement)
        if not ids:
            return 0, 0
        team_id = self._actor.team_id
        _, found = await progress.load_by_ids(self._tx, team_id, ids, self._new.id, with_products=False)
        moves = [plan(order) for order in sorted(found, key=lambda order: order.id)]
        won = await progress.move_orders(self._tx, self._actor, moves, self._now, self._deliveries(moves))
        if self._old.is_addon:
            await succession.drop_addon(self._tx, team_id, self._old.id, sorted(won))
        return len(ids), len(won)

    def _deliveries(self, moves: Sequence[StatusMove] | Sequence[LinesMove]) -> list[DeliveryRow]:
        events = [event for move in moves for event in move.events]
        return deliveries_of(self._before, self._actor, events, self._now)

    async def _holders(self, statement: str) -> list[str]:
        return await use.holders(self._tx, statement, self._actor.team_id, self._old.id, BATCH)

    def _entered(self, held: HeldStatus) -> HeldStatus:
        after = enter(
            self._workspace, held, Target(self._new), now=self._now, override_chain=True, product_chain=None
        )
        return held if after is None else after

    def _primary(self, order: Standing) -> StatusMove:
        held = self._entered(order.held)
        diff = status_events.status_diff(self._workspace, order.held, held)
        return self._status_move(order, held, diff, None)

    def _addon(self, order: Standing) -> StatusMove:
        before = {addon: sub_status_id for addon, (sub_status_id, _) in order.addons.items()}
        after = {addon: sub for addon, sub in before.items() if addon != self._old.id}
        addon = None
        if self._new.id not in before:
            after[self._new.id] = None
            addon = (self._new.id, None, order.addons[self._old.id][1])
        # Each side in the order that addons have, or had, among themselves.
        was, _ = status_events.addon_diff(self._before, before, before)
        _, now = status_events.addon_diff(self._workspace, after, after)
        return self._status_move(order, order.held, (was, now), addon)

    def _status_move(
        self, order: Standing, held: HeldStatus, diff: Diff, addon: tuple[str, str | None, datetime] | None
    ) -> StatusMove:
        facts: dict[str, object] = {"order_number": order.order_number, "order_type": order.order_type}
        events = status_events.numbered(
            order.id, order.event_seq, facts, self._now, [("order.status.changed", None, diff, {})]
        )
        return StatusMove(order=order, held=held, lifecycle=order.lifecycle, events=events, addon=addon)

    def _lines(self, order: OrderLines) -> LinesMove:
        held = {
            line.id: self._entered(line.held) for line in order.lines if line.held.status_id == self._old.id
        }
        changes = [
            (line.id, status_events.status_diff(self._workspace, line.held, held[line.id]))
            for line in order.lines
            if line.id in held
        ]
        facts: dict[str, object] = {"order_number": order.order_number, "order_type": order.order_type}
        events = status_events.numbered(
            order.id,
            order.event_seq,
            facts,
            self._now,
            [("order.item.status.changed", line_id, diff, {}) for line_id, diff in changes],
        )
        return LinesMove(order=order, metafield=self._metafield(order, held), held=held, events=events)

    def _metafield(self, order: OrderLines, moved: Mapping[str, HeldStatus]) -> str:
        items = []
        for line in order.lines:
            held = moved.get(line.id, line.held)
            items.append(
                MetafieldItem(
                    line.id,
                    line.shopify_line_item_id,
                    line.description,
                    line.quantity,
                    held.status_id,
                    held.sub_status_id,
                )
            )
        return metafield.build(self._workspace, order.id, items)


async def _move_carriers(
    tx: Database,
    actor: Actor,
    workspace: Workspace,
    old: str,
    new: str | None,
    now: datetime,
    *,
    drafts_only: bool = False,
) -> None:
    """Orders that carry the milestones of workflow `old` count as carrying those of `new`. Their milestones,
    copied at issue, stay as they are (Milestones API, section 8.4)."""
    diff = {"workflow_id": ulid(old)}, {"workflow_id": None if new is None else ulid(new)}
    while carriers := await succession.lock_carriers(tx, actor.team_id, old, BATCH, drafts_only=drafts_only):
        shown = {}
        if wants_object(workspace, "order.updated"):
            _, orders = await load_orders(tx, actor.team_id, [order.id for order in carriers])
            shown = {order.id: shown_order(replace(order, updated_at=now)) for order in orders}
        events = [
            replace(event, new_object=shown.get(order.id))
            for order in carriers
            for event in status_events.numbered(
                order.id,
                order.event_seq,
                {"order_number": order.order_number, "order_type": order.order_type},
                now,
                [("order.updated", None, diff, {})],
            )
        ]
        deliveries = deliveries_of(workspace, actor, events, now)
        await succession.move_carriers(tx, actor, new, events, deliveries, now)
