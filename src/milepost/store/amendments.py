"""Stored orders and all that belongs to them, changed by compare-and-set: one statement for whatever changes.

The statement is made of the pieces that have something to write. Rows travel as one JSON array a table, as in
store/orders.py.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cache

import asyncpg
from msgspec import Raw, Struct

from milepost.model.order import StoredOrder
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.order_rows import (
    NULL,
    DelayRow,
    DocumentRow,
    EventRow,
    ItemRow,
    MilestoneRow,
    OrderProgressRow,
    OrderRow,
    OrderTagRow,
    ReleaseRow,
    TaskRow,
)
from milepost.store.order_translation import order_row, progress_row
from milepost.store.outbox import NewMessage
from milepost.store.row_pieces import assigned, columns, insert_piece
from milepost.store.tallies import tally_piece


class Taken(Exception):
    """Another order has the number (or, by `is_external_id`, the external id); nothing was written."""

    def __init__(self, is_external_id: bool) -> None:
        super().__init__("external id" if is_external_id else "order number")
        self.is_external_id = is_external_id


class AmendedOrder(Struct):
    """A stored order as it shall be."""

    order: StoredOrder
    read_version: int
    """It is changed only if it still is at this one."""
    has_new_content: bool
    """Whether anything else changes than how far it is."""
    metafield: Raw = NULL
    """Its new summary of line item statuses; null: it keeps the one it has."""


class TallyStep(Struct):
    """An order counts at a place no more (-1), or from now on (+1)."""

    id: str
    is_draft: bool
    status_id: str | None
    workflow_id: str | None
    step: int


class Amendments(Struct):
    """Stored orders as they shall be, and their parts: new lines, those that change and the ids of those that leave;
    releases, milestones and tasks, the new and the changed ones; new delays, events, deliveries and messages.
    `retagged` are the orders whose tags are those of `tags` and no others from now on. `documents` are added apart
    (store.orders.add_documents)."""

    orders: list[AmendedOrder] = []
    gone_items: list[str] = []
    kept_items: list[ItemRow] = []
    new_items: list[ItemRow] = []
    releases: list[ReleaseRow] = []
    documents: list[DocumentRow] = []
    retagged: list[str] = []
    tags: list[OrderTagRow] = []
    steps: list[TallyStep] = []
    milestones: list[MilestoneRow] = []
    tasks: list[TaskRow] = []
    delays: list[DelayRow] = []
    events: list[EventRow] = []
    deliveries: list[DeliveryRow] = []
    messages: list[NewMessage] = []


# The statement --------------------------------------------------------------------------------------------

# What never changes of a thing, so that no change of it writes it.
_OF_AN_ORDER = (
    *("id", "order_type", "source", "source_system_id", "shopify_kind", "shopify_id"),
    *("created_from_order_id", "released_from_release_id", "placed_at", "created_at"),
)
_OF_A_LINE = ("id", "order_id", "position", "shopify_line_item_id", "created_at")
_OF_A_RELEASE = ("id", "order_id", "release_type", "items", "released_to_order_id", "created_at")
_OF_A_MILESTONE = (
    *("id", "order_id", "workflow_milestone_id", "position", "type", "name", "owner"),
    *("linked_status_id", "linked_sub_status_id", "prompt_offset_days", "created_at"),
)
_OF_A_TASK = ("id", "order_id", "created_at")

Piece = Callable[[int], str]
"""SQL whose parameters begin with that number."""


def _stored(name: str, table: str, row: type[Struct], *, kept: Collection[str] | None = None) -> Piece:
    """New rows; with `kept` also changed ones, of which these columns stay."""
    changed = ""
    if kept is not None:
        changed = f"\n  on conflict (team_id, id) do update set {assigned(row, 'excluded', kept=kept)}"
    return lambda n: f"{name} as (\n  {insert_piece(table, row, n, 'amended')}{changed}\n)"


def _kept_items(n: int) -> str:
    return f"""kept as (
  update order_items i set {assigned(ItemRow, "r", kept=_OF_A_LINE)}
  from json_populate_recordset(null::order_items, ${n}) r
  where i.team_id = $1 and i.id = r.id and i.order_id in (select id from amended)
)"""


def _gone_items(n: int) -> str:
    return f"""gone as (
  delete from order_items i where i.team_id = $1 and i.order_id in (select id from amended)
    and i.id = any(${n}::uuid[])
)"""


def _retagged(n: int) -> str:
    return f"""untagged as (
  delete from order_tags t where t.team_id = $1 and t.order_id = any(${n}::uuid[])
    and t.order_id in (select id from amended)
    and not exists (select from json_populate_recordset(null::order_tags, ${n + 1}) r
                    where r.order_id = t.order_id and r.tag_id = t.tag_id)
),
tagged as (
  {insert_piece("order_tags", OrderTagRow, n + 1, "amended")}
  on conflict do nothing
)"""


def _tallied(n: int) -> str:
    steps = f"""
    select a.id, s.is_draft, s.status_id, s.workflow_id, s.step
    from json_to_recordset(${n}) s (id uuid, is_draft boolean, status_id uuid, workflow_id uuid, step integer)
    join amended a on a.id = s.id"""
    return f"tallied as ({tally_piece(steps)}\n)"


def _asked(n: int) -> str:
    return f"""asked as (
  insert into messages (team_id, id, order_id, event_id, status_id, sub_status_id, channel, recipient, created_at)
  select $1, n.id, n.order_id, n.event_id, n.status_id, n.sub_status_id, n.channel, n.recipient, w.updated_at
  from json_populate_recordset(null::messages, ${n}) n
  join amended a on a.id = n.order_id join wished w on w.id = n.order_id
)"""


_PIECES: Mapping[tuple[str, ...], Piece] = {
    ("gone_items",): _gone_items,
    ("kept_items",): _kept_items,
    ("new_items",): _stored("added", "order_items", ItemRow),
    ("releases",): _stored("released", "releases", ReleaseRow, kept=_OF_A_RELEASE),
    ("retagged", "tags"): _retagged,
    ("steps",): _tallied,
    ("milestones",): _stored("scheduled", "order_milestones", MilestoneRow, kept=_OF_A_MILESTONE),
    ("tasks",): _stored("assigned", "order_tasks", TaskRow, kept=_OF_A_TASK),
    ("delays",): _stored("delayed", "milestone_delays", DelayRow),
    ("events",): _stored("told", "events", EventRow),
    ("deliveries",): lambda n: f"to_deliver as ({delivery_piece(n, 'amended')}\n)",
    ("messages",): _asked,
}
"""What may be written besides the orders, by the lists of `Amendments` that it takes as parameters."""


# Several orders are locked by id first, so that writers of the same orders wait for one another instead of deadlocking.
_LOCKED = """,
current as materialized (
  select o.id from orders o join wished w on w.id = o.id where o.team_id = $1 order by o.id for update of o
)"""


@cache
def amend_statement(pieces: frozenset[tuple[str, ...]], *, with_content: bool, several: bool) -> str:
    """The SQL that changes orders with these pieces of _PIECES; `with_content`: with all that they consist of, not only
    how far they are."""
    row = OrderRow if with_content else OrderProgressRow
    parts = [
        f"""with wished as materialized (
  select {columns(row, "r.")} from json_populate_recordset(null::orders, $2) r
){_LOCKED if several else ""},
amended as (
  update orders o set version = o.version + 1, metafield = coalesce(w.metafield, o.metafield),
    {assigned(row, "w", kept=(*_OF_AN_ORDER, "version", "metafield"))}
  from wished w{" join current c on c.id = w.id" if several else ""}
  where o.team_id = $1 and o.id = w.id and o.version = w.version
  returning o.id
)"""
    ]
    number = 3
    for takes, piece in _PIECES.items():
        if takes in pieces:
            parts.append(piece(number))
            number += len(takes)
    return ",\n".join(parts) + "\nselect id from amended\n"


def all_amend_statements() -> list[str]:
    """Each piece by itself and all together: what the test prepares against the real schema. Pieces know nothing of one
    another."""
    chosen = [frozenset(), *(frozenset([takes]) for takes in _PIECES), frozenset(_PIECES)]
    return [
        amend_statement(pieces, with_content=with_content, several=several)
        for pieces in chosen
        for with_content in (False, True)
        for several in (False, True)
    ]


async def amend_orders(db: Database, team_id: str, rows: Amendments) -> frozenset[str]:
    """Changes the orders that are still at the version read; returns the ids of those that were.

    Raises Taken when a new order number or external id was taken by another order meanwhile; then nothing is
    written.
    """
    pieces = frozenset(takes for takes in _PIECES if any(getattr(rows, name) for name in takes))
    with_content = any(one.has_new_content for one in rows.orders)
    statement = amend_statement(pieces, with_content=with_content, several=len(rows.orders) > 1)
    orders = json_rows([_row(one, with_content=with_content) for one in rows.orders])
    try:
        amended = await db.fetch(statement, team_id, orders, *_parameters(rows, pieces))
    except asyncpg.UniqueViolationError as error:
        raise Taken(error.constraint_name == "orders_by_external_id") from error
    return frozenset(row["id"] for row in amended)


def _row(one: AmendedOrder, *, with_content: bool) -> OrderProgressRow:
    row = (order_row if with_content else progress_row)(one.order)
    row.version = one.read_version
    row.metafield = one.metafield
    return row


def _parameters(rows: Amendments, pieces: frozenset[tuple[str, ...]]) -> list[str | list[str]]:
    """The lists of the pieces, in their order: ids as they are, rows as JSON."""
    names = (name for takes in _PIECES if takes in pieces for name in takes)
    return [getattr(rows, name) if name in _IDS else json_rows(getattr(rows, name)) for name in names]


_IDS = ("gone_items", "retagged")
