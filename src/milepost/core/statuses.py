"""The verb that moves orders into a status: one order or a thousand, the same way.

Read all orders in one statement, decide each in memory, write the moves in one statement that takes only orders
still at the version read; then read and decide again for those that lost the race.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from milepost.core.races import until_settled
from milepost.core.record import deliveries_of, wants_object
from milepost.core.status_messages import status_messages
from milepost.kit.errors import NotFound, Refused, Stale
from milepost.model import lifecycle, status_events
from milepost.model.actor import OVERRIDE_CHAIN, Actor
from milepost.model.document import shown_order
from milepost.model.events import EventType
from milepost.model.order import StoredOrder
from milepost.model.standing import HeldStatus
from milepost.model.transitions import Target, enter, enter_addon, product_chain_of
from milepost.model.workflow import Channel, Workspace
from milepost.store import order_loads, progress
from milepost.store.db import Database, Pool
from milepost.store.outbox import NewMessage
from milepost.store.progress import Standing, StatusMove

PERMISSION = "canChangeOrderStatus"


class OrderKeys(Struct, frozen=True):
    """Which orders are meant: by ids, or by Shopify digits tried in `shopify_kinds`, the regular order first."""

    keys: Sequence[str | int]
    shopify_kinds: Sequence[str] | None = None


class Changed(Struct, frozen=True):
    """An order that now is in the wished status; it may have been there before."""

    order: Standing
    told: tuple[str, ...] = ()
    """The channels by which a message goes out."""


class Denied(Struct, frozen=True):
    """An order that was refused: unknown (`order_id` None), or forbidden to move."""

    refused: Refused
    order_id: str | None = None


Outcome = Changed | Denied


async def change_statuses(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    wanted: OrderKeys,
    target: Target,
    *,
    clock: Callable[[], datetime],
    channels: frozenset[Channel] = frozenset(),
) -> dict[str | int, Outcome]:
    """Moves each order into the status; every key gets its own outcome, in the order of the keys.

    `channels`: the message channels that this server has. Raises Forbidden, and Stale when `workspace` is no
    longer the team's; single orders are refused inside the result: NotFound, Conflict `workflow_order` or
    `status_chain`.
    """
    actor.require(PERMISSION)
    decide = _Decision(workspace, actor, target, clock, channels)
    outcomes: dict[str | int, Outcome] = {}

    async def one_round(tx: Database, keys: Sequence[str | int]) -> dict[str | int, str]:
        found = await _load(tx, decide, keys, wanted.shopify_kinds)
        now = clock()
        moves: dict[str | int, StatusMove] = {}
        for key in keys:
            order = found.get(key)
            decided = Denied(NotFound("Order")) if order is None else decide(order, now)
            if isinstance(decided, StatusMove):
                moves[key] = decided
            else:
                outcomes[key] = decided
        won = await _write(tx, actor, workspace, moves.values(), now)
        for key, move in moves.items():
            if move.order.id in won:
                outcomes[key] = Changed(move.order, tuple(message.channel for message in move.messages))
        return {key: move.order.id for key, move in moves.items() if move.order.id not in won}

    keys = list(dict.fromkeys(wanted.keys))
    await until_settled(db, actor.team_id, keys, one_round)
    return {key: outcomes[key] for key in keys}


async def _write(
    db: Database, actor: Actor, workspace: Workspace, moves: Collection[StatusMove], now: datetime
) -> frozenset[str]:
    """The ids of the orders that were moved. Orders are written in one sequence by all writers, so that they
    seldom deadlock."""
    if not moves:
        return frozenset()
    ordered = sorted(moves, key=lambda move: move.order.id)
    if wants_object(workspace, "order.updated"):
        ordered = await _with_objects(db, actor.team_id, ordered, now)
    events = [event for move in ordered for event in move.events]
    deliveries = deliveries_of(workspace, actor, events, now)
    return await progress.move_orders(db, actor, ordered, now, deliveries)


async def _with_objects(
    db: Database, team_id: str, moves: Sequence[StatusMove], now: datetime
) -> list[StatusMove]:
    """The moves, their `order.updated` with the order as it becomes. One that is no longer at the version it was
    decided on goes without: it will not be written."""
    ids = [move.order.id for move in moves if any(event.type == "order.updated" for event in move.events)]
    _, found = await order_loads.load_orders(db, team_id, ids) if ids else (None, [])
    orders = {order.id: order for order in found}
    return [_with_object(move, orders.get(move.order.id), now) for move in moves]


def _with_object(move: StatusMove, order: StoredOrder | None, now: datetime) -> StatusMove:
    if order is None or order.version != move.order.version:
        return move
    shown = shown_order(replace(order, lifecycle=move.lifecycle, updated_at=now))
    events = (
        replace(event, new_object=shown) if event.type == "order.updated" else event for event in move.events
    )
    return replace(move, events=tuple(events))


async def _load(
    db: Database, decide: "_Decision", keys: Sequence[str | int], shopify_kinds: Sequence[str] | None
) -> dict[str | int, Standing]:
    team_id, status_id = decide.actor.team_id, decide.target.status.id
    with_products = decide.needs_products
    if shopify_kinds is None:
        ids = [key for key in keys if isinstance(key, str)]
        version, orders = await progress.load_by_ids(db, team_id, ids, status_id, with_products=with_products)
        found: dict[str | int, Standing] = {order.id: order for order in orders}
    else:
        digits = [key for key in keys if isinstance(key, int)]
        version, orders = await progress.load_by_shopify_ids(
            db, team_id, digits, shopify_kinds, status_id, with_products=with_products
        )
        orders.sort(key=lambda order: order.shopify_kind or "")  # "Order" comes last and wins
        found = {order.shopify_id: order for order in orders if order.shopify_id is not None}
    if version != decide.workspace.version:
        raise Stale
    return found


class _Decision(Struct, frozen=True):
    """What becomes of one order: a move, nothing to do, or a refusal."""

    workspace: Workspace
    actor: Actor
    target: Target
    clock: Callable[[], datetime]
    channels: frozenset[Channel]

    @property
    def needs_products(self) -> bool:
        """Product chains are looked at only where they can forbid something."""
        return (
            self.workspace.team.enforce_product_chain
            and bool(self.workspace.product_chains)
            and not self.actor.may(OVERRIDE_CHAIN)
        )

    def __call__(self, order: Standing, now: datetime) -> StatusMove | Outcome:
        try:
            if self.target.status.is_addon:
                return self._addon(order, now) or Changed(order)
            return self._primary(order, now) or Changed(order)
        except Refused as refused:
            return Denied(refused, order.id)

    def _addon(self, order: Standing, now: datetime) -> StatusMove | None:
        status_id = self.target.status.id
        present = order.addons.get(status_id)
        held = HeldStatus(status_id, present[0], entered_at=present[1]) if present else None
        entry = enter_addon(held, self.target, now=now)
        if entry is None:
            return None
        before = {addon: sub_status_id for addon, (sub_status_id, _) in order.addons.items()}
        diff = status_events.addon_diff(self.workspace, before, {**before, status_id: entry.sub_status_id})
        events = status_events.numbered(
            order.id, order.event_seq, _facts(order), now, [("order.status.changed", None, diff, {})]
        )
        return StatusMove(
            order=order,
            held=order.held,
            lifecycle=order.lifecycle,
            events=events,
            addon=(status_id, entry.sub_status_id, entry.entered_at or now),
            messages=self._messages(order, events[0].id),
        )

    def _primary(self, order: Standing, now: datetime) -> StatusMove | None:
        held = enter(
            self.workspace,
            order.held,
            self.target,
            now=now,
            override_chain=self.actor.may(OVERRIDE_CHAIN),
            product_chain=product_chain_of(self.workspace, order.products),
        )
        if held is None:
            return None
        changes: list[tuple[EventType, str | None, status_events.Diff, dict[str, object]]] = [
            ("order.status.changed", None, status_events.status_diff(self.workspace, order.held, held), {})
        ]
        confirmed = self._confirmed(order)
        after, day = order.lifecycle, now.astimezone(self.workspace.calendar.zone).date()
        if confirmed is not None:
            diff = status_events.confirmation_diff(confirmed.status, day, now, self.actor)
            changes.append(("order.milestone.confirmed", confirmed.id, diff, _milestone_facts(confirmed)))
            after = lifecycle.further(order.lifecycle, confirmed.type)
            if after != order.lifecycle:
                changes.append(("order.updated", None, ({"status": order.lifecycle}, {"status": after}), {}))
        events = status_events.numbered(order.id, order.event_seq, _facts(order), now, changes)
        return StatusMove(
            order=order,
            held=held,
            lifecycle=after,
            events=events,
            confirmed_milestone=None if confirmed is None else (confirmed.id, day),
            messages=self._messages(order, events[0].id),
        )

    def _confirmed(self, order: Standing) -> progress.CurrentMilestone | None:
        """The milestone that entering this status confirms (section 22.11): the next unconfirmed one, if it
        names this status (and, if it names a sub-status, this one) and no required task of it is open."""
        milestone = order.milestone
        if milestone is None or milestone.blocked:
            return None
        if self.workspace.team.status_specificity == "line_item":  # links do nothing (Milestones API, 8.9)
            return None
        if milestone.linked_sub_status_id is not None:
            entered = milestone.linked_sub_status_id == self.target.option_id
        else:
            entered = order.held.status_id != self.target.status.id
        return milestone if entered else None

    def _messages(self, order: Standing, event_id: str) -> tuple[NewMessage, ...]:
        return status_messages(
            self.target,
            order.id,
            event_id,
            email=order.customer_email,
            phone=order.customer_phone,
            channels=self.channels,
        )


def _facts(order: Standing) -> dict[str, object]:
    return {"order_number": order.order_number, "order_type": order.order_type}


def _milestone_facts(milestone: progress.CurrentMilestone) -> dict[str, object]:
    return {
        "type": milestone.type,
        "name": milestone.name,
        "position": milestone.position,
        "workflow_milestone_id": milestone.workflow_milestone_id,
    }
