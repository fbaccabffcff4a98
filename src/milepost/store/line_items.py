"""Line items and where they stand, read for a decision and written by compare-and-set on their orders.

The same pattern as store/progress.py: one statement reads the orders that hold the wished line items, with all
their line items (the metafield shows them all); one statement writes those orders that are still at the version
read, with their line items, metafields, events and messages.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec import Struct

from milepost.model.actor import Actor
from milepost.model.events import Event
from milepost.model.standing import HeldStatus
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.event_log import event_columns, event_piece
from milepost.store.outbox import MESSAGES_OF_CHANGED, NewMessage, message_columns, message_piece


class LineItem(Struct, frozen=True):
    """One line item of an order."""

    id: str
    shopify_line_item_id: int | None
    description: str | None
    quantity: Decimal
    sku: str | None
    product_id: str | None
    held: HeldStatus


class OrderLines(Struct, frozen=True, kw_only=True):
    """An order with all its line items, in its own sequence."""

    id: str
    version: int
    event_seq: int
    order_number: str
    order_type: str
    workflow_id: str | None
    customer_email: str | None
    customer_phone: str | None
    lines: tuple[LineItem, ...]


class LinesMove(Struct, frozen=True, kw_only=True):
    """What line items of one order become, and what is recorded of it."""

    order: OrderLines
    metafield: str
    held: dict[str, HeldStatus]
    """By line item: only those that change."""
    events: tuple[Event, ...]
    messages: tuple[NewMessage, ...] = ()


LOAD_BY_LINE_ITEMS = """
with wished as (
  select distinct i.order_id from order_items i where i.team_id = $1 and i.id = any($2::uuid[])
)
select t.version, o.id, o.version, o.event_seq, o.order_number, o.order_type, o.workflow_id, o.customer_email,
       o.customer_phone, l.*
from teams t
left join wished w on true
left join orders o on o.team_id = t.team_id and o.id = w.order_id
left join lateral (
  select array_agg(i.id order by i.position), array_agg(i.shopify_line_item_id order by i.position),
         array_agg(i.description order by i.position), array_agg(i.quantity order by i.position),
         array_agg(i.sku order by i.position), array_agg(i.product_id order by i.position),
         array_agg(i.status_id order by i.position), array_agg(i.sub_status_id order by i.position),
         array_agg(i.workflow_id order by i.position), array_agg(i.anchor_status_id order by i.position),
         array_agg(i.status_entered_at order by i.position), array_agg(i.deadline_at order by i.position)
  from order_items i where i.team_id = o.team_id and i.order_id = o.id
) l on true
where t.team_id = $1
"""


async def load_by_line_items(
    db: Database, team_id: str, ids: Sequence[str]
) -> tuple[int | None, list[OrderLines]]:
    """The workspace version, and the orders that hold these line items."""
    rows = await db.fetch(LOAD_BY_LINE_ITEMS, team_id, ids)
    version = rows[0][0] if rows else None
    return version, [_order_lines(tuple(row)[1:]) for row in rows if row[1] is not None]


def _order_lines(row: tuple[Any, ...]) -> OrderLines:
    lines = tuple(_line_item(line) for line in zip(*row[8:20], strict=True))
    return OrderLines(
        id=row[0],
        version=row[1],
        event_seq=row[2],
        order_number=row[3],
        order_type=row[4],
        workflow_id=row[5],
        customer_email=row[6],
        customer_phone=row[7],
        lines=lines,
    )


def _line_item(line: tuple[Any, ...]) -> LineItem:
    line_id, shopify_id, description, quantity, sku, product_id, *held = line
    return LineItem(line_id, shopify_id, description, quantity, sku, product_id, HeldStatus(*held))


_MOVE = f"""
with wish as (
  select * from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::json[]) as w (id, version, event_seq, metafield)
),
changed as (
  update orders o
  set version = o.version + 1, event_seq = w.event_seq, metafield = w.metafield, updated_at = $6
  from wish w
  where o.team_id = $1 and o.id = w.id and o.version = w.version
  returning o.id
),
moved as (
  update order_items i
  set status_id = h.status_id, sub_status_id = h.sub_status_id, workflow_id = h.workflow_id,
      anchor_status_id = h.anchor_status_id, status_entered_at = h.entered_at, deadline_at = h.deadline_at,
      updated_at = $6
  from unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::timestamptz[],
              $14::timestamptz[])
    as h (id, order_id, status_id, sub_status_id, workflow_id, anchor_status_id, entered_at, deadline_at)
  join changed c on c.id = h.order_id
  where i.team_id = $1 and i.id = h.id
),
logged as ({event_piece(at=6, actor=15, events=18)}
)"""

_PARAMETERS = 26


@cache
def move_lines_statement(messages: bool, deliveries: bool) -> str:
    """The SQL that moves line items; with or without messages to customers, with or without deliveries."""
    parts, number = [_MOVE], _PARAMETERS + 1
    if deliveries:
        parts.append(f",\nto_deliver as ({delivery_piece(number, 'changed')}\n)")
        number += 1
    if messages:
        told = message_piece(at=6, messages=number, of=MESSAGES_OF_CHANGED)
        parts.append(f",\ntold as ({told}\n)")
    return "".join(parts) + "\nselect id from changed\n"


async def move_lines(
    db: Database,
    actor: Actor,
    moves: Sequence[LinesMove],
    now: datetime,
    deliveries: Sequence[DeliveryRow] = (),
) -> frozenset[str]:
    """Writes all moves whose orders are still at the version read; returns the ids of those orders."""
    held = [
        (line_id, move.order.id, *_held_columns(status))
        for move in moves
        for line_id, status in move.held.items()
    ]
    messages = [message for move in moves for message in move.messages]
    rows = await db.fetch(
        move_lines_statement(bool(messages), bool(deliveries)),
        actor.team_id,
        [move.order.id for move in moves],
        [move.order.version for move in moves],
        [move.order.event_seq + len(move.events) for move in moves],
        [move.metafield for move in moves],
        now,
        *zip(*held, strict=True),
        actor.kind,
        actor.id,
        actor.name,
        *event_columns([event for move in moves for event in move.events]),
        *((json_rows(deliveries),) if deliveries else ()),
        *(message_columns(messages) if messages else ()),
    )
    return frozenset(row[0] for row in rows)


def _held_columns(held: HeldStatus) -> tuple[Any, ...]:
    return (
        held.status_id,
        held.sub_status_id,
        held.workflow_id,
        held.anchor_status_id,
        held.entered_at,
        held.deadline_at,
    )
