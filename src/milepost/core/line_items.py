"""The verbs that give line items statuses of their own, and take them away again.

Each order is written once, with all its wished line items, its metafield and its events: the compare-and-set of
core/statuses.py, one level down.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from milepost.core.races import until_settled
from milepost.core.record import deliveries_of
from milepost.core.status_messages import status_messages
from milepost.core.statuses import PERMISSION
from milepost.kit.errors import NotFound, Refused, Stale
from milepost.model import metafield, status_events
from milepost.model.actor import OVERRIDE_CHAIN, Actor
from milepost.model.metafield import MetafieldItem
from milepost.model.standing import HeldStatus
from milepost.model.transitions import Target, enter, product_chain_of
from milepost.model.workflow import Channel, Workspace
from milepost.store import line_items as store
from milepost.store.db import Database, Pool
from milepost.store.line_items import LineItem, LinesMove, OrderLines
from milepost.store.outbox import NewMessage

CLEARED = HeldStatus()
"""As if it never had a status: no workflow and no anchor either (Status API, section 19)."""


class Done(Struct, frozen=True):
    """A line item that now is as wished; it may have been so before."""

    told: tuple[str, ...] = ()
    """The channels by which a message goes out."""


LineOutcome = Done | Refused
Decide = Callable[[OrderLines, LineItem, datetime], HeldStatus | None]
"""What a line item becomes; None when it is so already. Raises Refused."""


async def change_line_items(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    ids: Sequence[str],
    target: Target,
    *,
    clock: Callable[[], datetime],
    channels: frozenset[Channel] = frozenset(),
) -> dict[str, LineOutcome]:
    """Moves each line item into the status; every id gets its own outcome, in their order.

    `channels` is empty for callers that never notify. Raises Forbidden, and Stale when `workspace` is no longer
    the team's; single line items are refused inside the result: NotFound, Conflict `workflow_order` or
    `status_chain`.
    """
    override = actor.may(OVERRIDE_CHAIN)

    def decide(order: OrderLines, line: LineItem, now: datetime) -> HeldStatus | None:
        return enter(
            workspace,
            line.held,
            target,
            now=now,
            override_chain=override,
            product_chain=product_chain_of(workspace, [(line.sku, line.product_id)]),
            order_workflow_id=order.workflow_id,
            for_line_item=True,
        )

    def tell(order: OrderLines, event_id: str) -> Sequence[NewMessage]:
        return status_messages(
            target,
            order.id,
            event_id,
            email=order.customer_email,
            phone=order.customer_phone,
            channels=channels,
        )

    return await _change(db, actor, workspace, ids, decide, tell, clock)


async def clear_line_items(
    db: Pool, actor: Actor, workspace: Workspace, ids: Sequence[str], *, clock: Callable[[], datetime]
) -> dict[str, LineOutcome]:
    """Takes status and sub-status from each line item. No rule applies, nobody is told; a line item without a
    status stays as it is, without an event. Raises Forbidden, Stale."""

    def decide(order: OrderLines, line: LineItem, now: datetime) -> HeldStatus | None:
        return None if line.held == CLEARED else CLEARED

    return await _change(db, actor, workspace, ids, decide, lambda order, event_id: [], clock)


async def _change(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    ids: Sequence[str],
    decide: Decide,
    tell: Callable[[OrderLines, str], Sequence[NewMessage]],
    clock: Callable[[], datetime],
) -> dict[str, LineOutcome]:
    actor.require(PERMISSION)
    outcomes: dict[str, LineOutcome] = {}

    async def one_round(tx: Database, pending: Sequence[str]) -> dict[str, str]:
        version, orders = await store.load_by_line_items(tx, actor.team_id, pending)
        if version != workspace.version:
            raise Stale
        now = clock()
        round_ = _Round(workspace, decide, tell, now)
        moves = round_.moves(pending, orders)
        outcomes.update(round_.settled)
        won = await _write(tx, actor, workspace, moves, now)
        lost: dict[str, str] = {}
        for move in moves:
            told = tuple(message.channel for message in move.messages)
            for line_id in move.held:
                if move.order.id in won:
                    outcomes[line_id] = Done(told)
                else:
                    lost[line_id] = move.order.id
        return lost

    wanted = list(dict.fromkeys(ids))
    await until_settled(db, actor.team_id, wanted, one_round)
    return {line_id: outcomes[line_id] for line_id in wanted}


async def _write(
    db: Database, actor: Actor, workspace: Workspace, moves: Sequence[LinesMove], now: datetime
) -> frozenset[str]:
    """The ids of the orders whose line items were moved."""
    if not moves:
        return frozenset()
    ordered = sorted(moves, key=lambda move: move.order.id)
    deliveries = deliveries_of(workspace, actor, [event for move in ordered for event in move.events], now)
    return await store.move_lines(db, actor, ordered, now, deliveries)


class _Round:
    """Decides the wished line items of one read, order by order."""

    def __init__(
        self,
        workspace: Workspace,
        decide: Decide,
        tell: Callable[[OrderLines, str], Sequence[NewMessage]],
        now: datetime,
    ) -> None:
        self._workspace = workspace
        self._decide = decide
        self._tell = tell
        self._now = now
        self.settled: dict[str, LineOutcome] = {}
        """Outcomes that need no write."""

    def moves(self, wanted: Sequence[str], orders: Sequence[OrderLines]) -> list[LinesMove]:
        holder = {line.id: (order, line) for order in orders for line in order.lines}
        changes: dict[str, dict[str, HeldStatus]] = {}
        for line_id in wanted:
            if line_id not in holder:
                self.settled[line_id] = NotFound("Line item")
                continue
            order, line = holder[line_id]
            try:
                held = self._decide(order, line, self._now)
            except Refused as refused:
                self.settled[line_id] = refused
                continue
            if held is None:
                self.settled[line_id] = Done()
            else:
                changes.setdefault(order.id, {})[line_id] = held
        return [self._move(order, changes[order.id]) for order in orders if order.id in changes]

    def _move(self, order: OrderLines, held: dict[str, HeldStatus]) -> LinesMove:
        before = {line.id: line.held for line in order.lines}
        facts = {"order_number": order.order_number, "order_type": order.order_type}
        events = status_events.numbered(
            order.id,
            order.event_seq,
            facts,
            self._now,
            [
                (
                    "order.item.status.changed",
                    line_id,
                    status_events.status_diff(self._workspace, before[line_id], after),
                    {},
                )
                for line_id, after in held.items()
            ],
        )
        return LinesMove(
            order=order,
            metafield=self._metafield(order, held),
            held=held,
            events=events,
            messages=tuple(message for event in events for message in self._tell(order, event.id)),
        )

    def _metafield(self, order: OrderLines, held: dict[str, HeldStatus]) -> str:
        return metafield.build(
            self._workspace,
            order.id,
            [_summarised(line, held.get(line.id, line.held)) for line in order.lines],
        )


def _summarised(line: LineItem, held: HeldStatus) -> MetafieldItem:
    return MetafieldItem(
        line.id,
        line.shopify_line_item_id,
        line.description,
        line.quantity,
        held.status_id,
        held.sub_status_id,
    )
