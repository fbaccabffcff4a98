"""Where orders stand, read for a decision and written by compare-and-set.

A verb reads with LOAD_*, decides in memory and writes with ONE statement made of the pieces below: it moves each
order whose version is still the one read and stores events, addons, milestones and messages of just those
orders. Orders whose version moved meanwhile are left out of the returned ids (docs/decisions/0005-compare-and-set.md).
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from itertools import product
from typing import Any

from msgspec import Struct

from milepost.model.actor import Actor
from milepost.model.events import Event
from milepost.model.lifecycle import Lifecycle
from milepost.model.standing import HeldStatus
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.event_log import event_columns, event_objects, event_piece
from milepost.store.outbox import MESSAGES_OF_CHANGED, NewMessage, message_columns, message_piece
from milepost.store.tallies import tally_piece


class CurrentMilestone(Struct, frozen=True, gc=False):
    """The first unconfirmed milestone of an active order, when the status to be entered is linked to it."""

    id: str
    type: str
    name: str
    position: int
    workflow_milestone_id: str
    linked_sub_status_id: str | None
    status: str
    blocked: bool
    """A required task of it is open."""


class Standing(Struct, frozen=True, kw_only=True):
    """An order as a status decision sees it."""

    id: str
    version: int
    event_seq: int
    order_number: str
    order_type: str
    is_draft: bool
    shopify_kind: str | None
    shopify_id: int | None
    lifecycle: Lifecycle
    cancelled: bool
    held: HeldStatus
    customer_email: str | None
    customer_phone: str | None
    addons: dict[str, tuple[str | None, datetime]]
    """Sub-status and entry by addon status."""
    products: tuple[tuple[str | None, str | None], ...]
    """(SKU, product id) of each line; empty unless asked for."""
    milestone: CurrentMilestone | None


class StatusMove(Struct, frozen=True, kw_only=True):
    """What one order becomes, and what is recorded of it."""

    order: Standing
    held: HeldStatus
    lifecycle: Lifecycle
    events: tuple[Event, ...]
    addon: tuple[str, str | None, datetime] | None = None
    """Status, sub-status, entry of the addon set."""
    confirmed_milestone: tuple[str, date] | None = None
    messages: tuple[NewMessage, ...] = ()


_STANDING = """
  o.id, o.version, o.event_seq, o.order_number, o.order_type, o.is_draft, o.shopify_kind, o.shopify_id,
  o.lifecycle, o.cancelled_at is not null, o.status_id, o.sub_status_id, o.workflow_id, o.anchor_status_id,
  o.status_entered_at, o.deadline_at, o.customer_email, o.customer_phone,
  (select jsonb_object_agg(a.status_id, jsonb_build_array(a.sub_status_id, a.entered_at))
   from order_addons a where a.team_id = o.team_id and a.order_id = o.id),
  case when $4 then (
    select jsonb_agg(jsonb_build_array(i.sku, i.product_id) order by i.position)
    from order_items i where i.team_id = o.team_id and i.order_id = o.id
  ) end,
  m.id, m.type, m.name, m.position, m.workflow_milestone_id, m.linked_sub_status_id, m.status,
  exists (
    select from order_tasks k
    where k.team_id = o.team_id and k.milestone_id = m.id and k.required and k.completed_at is null
  )"""

# The first unconfirmed milestone, when it names the status to be entered ($3). A refused order (its acceptance
# rejected), a draft and a cancelled order have no current milestone (Milestones API 8.1).
_MILESTONE = """
  left join lateral (
    select * from (
      select f.* from order_milestones f
      where f.team_id = o.team_id and f.order_id = o.id and f.status <> 'confirmed'
      order by f.position limit 1
    ) f
    where f.linked_status_id = $3 and not (f.type = 'acceptance' and f.status = 'rejected')
      and not o.is_draft and o.cancelled_at is null
  ) m on true"""

LOAD_BY_IDS = f"""
select t.version, {_STANDING}
from teams t
left join orders o on o.team_id = t.team_id and o.id = any($2::uuid[]){_MILESTONE}
where t.team_id = $1
"""

LOAD_BY_SHOPIFY_IDS = f"""
select t.version, {_STANDING}
from teams t
left join orders o on o.team_id = t.team_id and o.shopify_id = any($2::bigint[])
  and o.shopify_kind = any($5::text[]){_MILESTONE}
where t.team_id = $1
"""

LOCK_ORDERS = "select id from orders where team_id = $1 and id = any($2::uuid[]) order by id for update"


async def load_by_ids(
    db: Database, team_id: str, ids: Sequence[str], status_id: str, *, with_products: bool
) -> tuple[int | None, list[Standing]]:
    """The workspace version, and the orders that exist. `status_id`: the status about to be entered."""
    rows = await db.fetch(LOAD_BY_IDS, team_id, ids, status_id, with_products)
    return _standings(rows)


async def load_by_shopify_ids(
    db: Database,
    team_id: str,
    digits: Sequence[int],
    kinds: Sequence[str],
    status_id: str,
    *,
    with_products: bool,
) -> tuple[int | None, list[Standing]]:
    """Like `load_by_ids`, by the digits of Shopify ids; both forms of one number may come."""
    rows = await db.fetch(LOAD_BY_SHOPIFY_IDS, team_id, digits, status_id, with_products, kinds)
    return _standings(rows)


async def lock_orders(db: Database, team_id: str, ids: Sequence[str]) -> None:
    """Holds the orders until the transaction ends: the last resort against losing race after race."""
    await db.execute(LOCK_ORDERS, team_id, ids)


def _standings(rows: Sequence[Any]) -> tuple[int | None, list[Standing]]:
    if not rows:
        return None, []
    return rows[0][0], [_standing(tuple(row)[1:]) for row in rows if row[1] is not None]


def _standing(row: tuple[Any, ...]) -> Standing:
    addons, products, *milestone = row[18:]
    return Standing(
        id=row[0],
        version=row[1],
        event_seq=row[2],
        order_number=row[3],
        order_type=row[4],
        is_draft=row[5],
        shopify_kind=row[6],
        shopify_id=row[7],
        lifecycle=row[8],
        cancelled=row[9],
        held=HeldStatus(*row[10:16]),
        customer_email=row[16],
        customer_phone=row[17],
        addons={
            status_id: (sub_status_id, datetime.fromisoformat(entered_at))
            for status_id, (sub_status_id, entered_at) in (addons or {}).items()
        },
        products=tuple((sku, product_id) for sku, product_id in products or ()),
        milestone=None if milestone[0] is None else CurrentMilestone(*milestone),
    )


class _Pieces(Struct, frozen=True):
    """Which optional pieces a write has."""

    addons: bool
    milestones: bool
    messages: bool
    webhooks: bool
    """Deliveries, and what events carry for them."""


_STEPS = """
    select c.id, c.is_draft, v.status_id, v.workflow_id, v.step from changed c cross join lateral (
      values (c.old_status_id, c.old_workflow_id, -1), (c.status_id, c.workflow_id, 1)
    ) as v (status_id, workflow_id, step)"""

_MOVE = f"""
with wish as (
  select * from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                       $9::timestamptz[], $10::timestamptz[], $11::text[], $12::uuid[], $13::uuid[])
    as w (id, version, event_seq, status_id, sub_status_id, workflow_id, anchor_status_id, entered_at, deadline_at,
          lifecycle, old_status_id, old_workflow_id)
),
changed as (
  update orders o
  set version = o.version + 1, event_seq = w.event_seq, status_id = w.status_id, sub_status_id = w.sub_status_id,
      workflow_id = w.workflow_id, anchor_status_id = w.anchor_status_id, status_entered_at = w.entered_at,
      deadline_at = w.deadline_at, lifecycle = w.lifecycle, updated_at = $14,
      status_seq = case when (w.status_id, w.sub_status_id) is distinct from (o.status_id, o.sub_status_id)
                        then o.event_seq + 1 else o.status_seq end{{attention}}
  from wish w
  where o.team_id = $1 and o.id = w.id and o.version = w.version
  returning o.id, o.is_draft, o.status_id, o.workflow_id, w.old_status_id, w.old_workflow_id
),
tallied as ({tally_piece(_STEPS)}
)"""

_ADDON = """,
held as (
  insert into order_addons (team_id, order_id, status_id, sub_status_id, entered_at)
  select $1, a.order_id, a.status_id, a.sub_status_id, a.entered_at
  from unnest({0}::uuid[], {1}::uuid[], {2}::uuid[], {3}::timestamptz[])
    as a (order_id, status_id, sub_status_id, entered_at)
  join changed c on c.id = a.order_id
  on conflict (team_id, order_id, status_id) do update set sub_status_id = excluded.sub_status_id
)"""

_CONFIRM = """,
confirmed as (
  update order_milestones m
  set status = 'confirmed', confirmed_on = k.day, confirmed_at = $14, updated_at = $14,
      confirmed_by = jsonb_build_object('type', $15::text, 'id', $16::uuid, 'name', $17::text)
  from unnest({0}::uuid[], {1}::uuid[], {2}::date[]) as k (id, order_id, day)
  join changed c on c.id = k.order_id
  where m.team_id = $1 and m.id = k.id
)"""

# Which milestone is next, and what presses of it, is for the sweep to reckon: the order is due at once.
_ATTENTION = """,
      attention_at = case when o.id = any(${}::uuid[]) then $14 else o.attention_at end"""

_PARAMETERS = 26


@cache
def move_statement(pieces: _Pieces) -> str:
    """The SQL that moves orders, with the optional pieces that are needed."""
    number = _PARAMETERS + 1
    logged = event_piece(at=14, actor=15, events=18, objects=number if pieces.webhooks else None)
    parts = [f",\nlogged as ({logged}\n)"]
    attention = ""
    if pieces.webhooks:
        parts.append(f",\nto_deliver as ({delivery_piece(number + 1, 'changed')}\n)")
        number += 2
    for wanted, piece, size in ((pieces.addons, _ADDON, 4), (pieces.milestones, _CONFIRM, 3)):
        if wanted:
            attention = _ATTENTION.format(number + 1) if piece is _CONFIRM else ""
            parts.append(piece.format(*(f"${number + index}" for index in range(size))))
            number += size
    if pieces.messages:
        told = message_piece(at=14, messages=number, of=MESSAGES_OF_CHANGED)
        parts.append(f",\ntold as ({told}\n)")
    return "".join((_MOVE.format(attention=attention), *parts)) + "\nselect id from changed\n"


def all_move_statements() -> list[str]:
    """Every variant: what the test prepares against the real schema."""
    flags = (False, True)
    return [move_statement(_Pieces(*chosen)) for chosen in product(flags, repeat=4)]


async def move_orders(
    db: Database,
    actor: Actor,
    moves: Sequence[StatusMove],
    now: datetime,
    deliveries: Sequence[DeliveryRow] = (),
) -> frozenset[str]:
    """Writes all moves whose orders are still at the version read; returns the ids of those that were."""
    events = [event for move in moves for event in move.events]
    pieces = _Pieces(
        addons=any(move.addon for move in moves),
        milestones=any(move.confirmed_milestone for move in moves),
        messages=any(move.messages for move in moves),
        webhooks=bool(deliveries) or any(event.new_object is not None for event in events),
    )
    rows = await db.fetch(
        move_statement(pieces),
        actor.team_id,
        *_columns([_wish(move) for move in moves], 12),
        now,
        actor.kind,
        actor.id,
        actor.name,
        *event_columns(events),
        *((event_objects(events), json_rows(deliveries)) if pieces.webhooks else ()),
        *_optional_columns(moves, pieces),
    )
    return frozenset(row[0] for row in rows)


def _wish(move: StatusMove) -> tuple[Any, ...]:
    order, held = move.order, move.held
    return (
        order.id,
        order.version,
        order.event_seq + len(move.events),
        held.status_id,
        held.sub_status_id,
        held.workflow_id,
        held.anchor_status_id,
        held.entered_at,
        held.deadline_at,
        move.lifecycle,
        order.held.status_id,
        order.held.workflow_id,
    )


def _optional_columns(moves: Sequence[StatusMove], pieces: _Pieces) -> list[Sequence[Any]]:
    columns: list[Sequence[Any]] = []
    if pieces.addons:
        columns += _columns([(move.order.id, *move.addon) for move in moves if move.addon], 4)
    if pieces.milestones:
        columns += _columns(
            [
                (move.confirmed_milestone[0], move.order.id, move.confirmed_milestone[1])
                for move in moves
                if move.confirmed_milestone
            ],
            3,
        )
    if pieces.messages:
        columns += message_columns([message for move in moves for message in move.messages])
    return columns


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    """Rows turned into columns; `width` of them even without rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * width
