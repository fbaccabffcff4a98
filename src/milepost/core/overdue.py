"""The verb by which the workers tell that milestones turned late or overdue: `order.overdue` (Milestones API, sections
8.7 and 8.8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from milepost.core.record import recorded
from milepost.kit.errors import Stale
from milepost.model.actor import system_actor
from milepost.model.events import event_instant
from milepost.model.order import StoredOrder
from milepost.model.overdue import as_told, overdue_change, passed, was_told_before
from milepost.model.status_events import numbered
from milepost.model.urgency import Pressing, next_attention, plan_of
from milepost.model.workflow import Workspace
from milepost.store import attention as store
from milepost.store.attention import AttentionRow, MarkRow, Tellings, Told
from milepost.store.db import Database
from milepost.store.order_loads import load_planned_orders

PART = 500
"""Orders that are read at a time."""


async def tell_overdue(db: Database, workspace: Workspace, order_ids: Sequence[str], now: datetime) -> int:
    """Tells of all that turned late or overdue by `now` of these orders, and notes when to look at them again;
    returns the number of events.

    Each cause, milestone and moment is told once, also when dates were moved away and back meanwhile. Event, mark,
    deliveries and the next moment of an order are written by one statement, if nobody else changed the order since it
    was read; an order that somebody did change stays due. What is told moves the order's `updated_at`. Orders that do
    not exist are passed over. Raises Stale when `workspace` is no longer the team's.
    """
    team_id, zone = workspace.team.id, workspace.calendar.zone
    version, orders = await load_planned_orders(db, team_id, order_ids)
    if version != workspace.version:
        raise Stale
    due = {order.id: passed(order, zone, now) for order in orders}
    told_before = await _told_before(db, team_id, due)
    rows = Tellings()
    for order in orders:
        _look_at(rows, workspace, order, due[order.id], told_before, now)
    if not rows.orders:
        return 0
    written = await store.write_told(db, team_id, rows, now)
    return sum(event.order_id in written for event in rows.events)


async def tell_all_overdue(db: Database, workspace: Workspace, now: datetime) -> int:
    """`tell_overdue` of all orders of the team that want attention by `now`; the number of events."""
    told, place = 0, store.FIRST
    while found := await store.read_needy(db, workspace.team.id, now, place, PART):
        told += await tell_overdue(db, workspace, [order_id for _, order_id in found], now)
        place = found[-1]
    return told


async def _told_before(db: Database, team_id: str, due: Mapping[str, Sequence[Pressing]]) -> frozenset[Told]:
    """What was told already of orders that may be about to tell it again."""
    suspects = [order_id for order_id, found in due.items() if any(map(was_told_before, found))]
    return await store.read_told(db, team_id, suspects) if suspects else frozenset()


def _look_at(
    rows: Tellings,
    workspace: Workspace,
    order: StoredOrder,
    due: Sequence[Pressing],
    told_before: frozenset[Told],
    now: datetime,
) -> None:
    """Adds the rows of one order; none when nothing of it changes."""
    after = as_told(order, due) if due else order
    attention_at = next_attention(after, workspace.calendar.zone)
    if not due and attention_at == order.attention_at:
        return
    fresh = [one for one in due if _as_told_once(one) not in told_before]
    facts = {"order_number": order.content.order_number, "order_type": order.content.order_type}
    changes = [overdue_change(one) for one in fresh]
    events = [
        # It turned late when the moment passed, or when the change came that let it have passed.
        msgspec.structs.replace(event, effective_at=min(now, max(one.due_at, order.updated_at)))
        for one, event in zip(fresh, numbered(order.id, order.event_seq, facts, now, changes), strict=True)
    ]
    event_rows, deliveries = recorded(workspace, system_actor(workspace.team.id), events, now)
    rows.events += event_rows
    rows.deliveries += deliveries
    rows.marks += _marks(order, after)
    rows.orders.append(
        AttentionRow(
            id=order.id,
            version=order.version,
            event_seq=order.event_seq + len(events),
            attention_at=attention_at,
        )
    )


def _as_told_once(one: Pressing) -> Told:
    return Told(one.cause, one.milestone.id, event_instant(one.due_at))


def _marks(before: StoredOrder, after: StoredOrder) -> list[MarkRow]:
    pairs = zip(plan_of(before).milestones, plan_of(after).milestones, strict=True)
    return [
        MarkRow(
            id=new.id,
            order_id=after.id,
            late_told_for=new.late_told_for,
            overdue_told_at=new.overdue_told_at,
        )
        for old, new in pairs
        if old is not new
    ]
