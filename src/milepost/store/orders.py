"""Orders with their lines, as rows: taken over in batches, read back for a decision, changed by
compare-and-set.

Rows travel as one JSON array a table, which PostgreSQL turns into records by the tables' own columns: a
constant number of statements a batch, and no list of parameters to keep in step with a list of columns.
"""

from collections.abc import Sequence

import asyncpg
import msgspec
from msgspec import Struct

from milepost.store.db import Database
from milepost.store.order_rows import EventRow, HeldItemRow, ItemRow, MilestoneRow, OrderRow, TaskRow
from milepost.store.tallies import tally_piece


class NumberTaken(Exception):
    """Another order took a number between the look and the write; nothing was written."""


class Arrivals(Struct):
    """New orders and all that comes into being with them."""

    orders: list[OrderRow] = []
    items: list[ItemRow] = []
    milestones: list[MilestoneRow] = []
    tasks: list[TaskRow] = []
    events: list[EventRow] = []


class Amendments(Struct):
    """Stored orders as they shall be. `orders` carry the version they were read at and their last sequence
    after the change; `kept_items` are the lines that change, `gone_items` the ids of those that leave."""

    orders: list[OrderRow] = []
    new_items: list[ItemRow] = []
    kept_items: list[ItemRow] = []
    gone_items: list[str] = []
    events: list[EventRow] = []


def _columns(row: type[Struct], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__)


def _insert(table: str, row: type[Struct], parameter: int, orders: str) -> str:
    """Adds those rows of a JSON array that belong to one of the `orders`."""
    return f"""insert into {table} (team_id, {_columns(row)})
  select $1, {_columns(row, "r.")} from json_populate_recordset(null::{table}, ${parameter}) r
  where r.order_id in (select id from {orders})"""


_ARRIVED = """
    select a.id, a.is_draft, null::uuid as status_id, null::uuid as workflow_id, 1 as step from added a"""

# An order whose number or Shopify id somebody else took meanwhile is left out of the answer, with all its
# rows.
ADD_ORDERS = f"""
with added as (
  insert into orders (team_id, {_columns(OrderRow)})
  select $1, {_columns(OrderRow, "r.")} from json_populate_recordset(null::orders, $2) r
  on conflict do nothing
  returning id, is_draft
),
tallied as ({tally_piece(_ARRIVED)}
),
items as (
  {_insert("order_items", ItemRow, 3, "added")}
),
milestones as (
  {_insert("order_milestones", MilestoneRow, 4, "added")}
),
tasks as (
  {_insert("order_tasks", TaskRow, 5, "added")}
),
told as (
  {_insert("events", EventRow, 6, "added")}
)
select id from added
"""

# Rows are locked by id, so that writers of the same orders wait for one another instead of deadlocking.
AMEND_ORDERS = f"""
with wished as materialized (
  select r.* from json_populate_recordset(null::orders, $2) r
),
current as (
  select o.id from orders o join wished w on w.id = o.id and w.version = o.version
  where o.team_id = $1 order by o.id for update of o
),
amended as (
  update orders o set version = o.version + 1, event_seq = w.event_seq, order_number = w.order_number,
    order_number_key = w.order_number_key, note = w.note, currency = w.currency, total_price = w.total_price,
    customer_first_name = w.customer_first_name, customer_last_name = w.customer_last_name,
    customer_email = w.customer_email, customer_phone = w.customer_phone, ship_to = w.ship_to,
    search_text = w.search_text, lifecycle = w.lifecycle, cancelled_at = w.cancelled_at,
    metafield = coalesce(w.metafield, o.metafield), updated_at = w.updated_at
  from wished w join current c on c.id = w.id
  where o.team_id = $1 and o.id = w.id
  returning o.id
),
gone as (
  delete from order_items i where i.team_id = $1 and i.order_id in (select id from amended)
    and i.id = any($3::uuid[])
),
kept as (
  update order_items i set sku = r.sku, product_id = r.product_id, description = r.description,
    quantity = r.quantity, unit_price = r.unit_price, updated_at = r.updated_at
  from json_populate_recordset(null::order_items, $4) r
  where i.team_id = $1 and i.id = r.id and i.order_id in (select id from amended)
),
added as (
  {_insert("order_items", ItemRow, 5, "amended")}
),
told as (
  {_insert("events", EventRow, 6, "amended")}
)
select id from amended
"""

# Each key is looked up by itself ("offset 0" keeps it so): as a join, a database without statistics on the
# team reads all its orders.
LOAD_SHOPIFY_ORDERS = f"""
select coalesce(json_agg(o), '[]')::text as rows
from unnest($2::text[], $3::bigint[]) k (kind, number)
cross join lateral (
  select {_columns(OrderRow, "o.")} from orders o
  where o.team_id = $1 and o.shopify_id = k.number and o.shopify_kind = k.kind offset 0
) o
"""

LOAD_ITEMS = f"""
select coalesce(json_agg(i order by i.order_id, i.position), '[]')::text as rows
from unnest($2::uuid[]) k (id)
cross join lateral (
  select {_columns(HeldItemRow, "i.")} from order_items i
  where i.team_id = $1 and i.order_id = k.id offset 0
) i
"""

NUMBERS_TAKEN = """
select o.order_number, o.id, o.shopify_kind, o.shopify_id
from unnest($2::text[]) k (number)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.order_number = k.number offset 0
) o
"""

TEAM_VERSION = "select version from teams where team_id = $1"

_encode = msgspec.json.Encoder().encode
_decode_orders = msgspec.json.Decoder(list[OrderRow]).decode
_decode_items = msgspec.json.Decoder(list[HeldItemRow]).decode


async def team_version(db: Database, team_id: str) -> int | None:
    """The version of the team's workspace; None when there is no such team."""
    row = await db.fetchrow(TEAM_VERSION, team_id)
    return None if row is None else int(row["version"])


async def load_shopify_orders(
    db: Database, team_id: str, keys: Sequence[tuple[str, int]]
) -> tuple[list[OrderRow], list[HeldItemRow]]:
    """The orders that the team has of these (kind, number) pairs, and their lines by position."""
    row = await db.fetchrow(LOAD_SHOPIFY_ORDERS, team_id, [kind for kind, _ in keys], [n for _, n in keys])
    orders = _decode_orders(row["rows"]) if row else []
    if not orders:
        return [], []
    row = await db.fetchrow(LOAD_ITEMS, team_id, [order.id for order in orders])
    return orders, _decode_items(row["rows"]) if row else []


class Owner(Struct, frozen=True):
    """The order that bears a number."""

    id: str
    shopify_kind: str | None
    shopify_id: int | None


async def numbers_taken(db: Database, team_id: str, numbers: Sequence[str]) -> dict[str, Owner]:
    """The orders that bear these numbers, by number."""
    rows = await db.fetch(NUMBERS_TAKEN, team_id, numbers)
    return {row["order_number"]: Owner(row["id"], row["shopify_kind"], row["shopify_id"]) for row in rows}


async def add_orders(db: Database, team_id: str, rows: Arrivals) -> frozenset[str]:
    """Adds the orders whose number and Shopify id are still free; returns the ids of those that were."""
    parts = (rows.orders, rows.items, rows.milestones, rows.tasks, rows.events)
    added = await db.fetch(ADD_ORDERS, team_id, *(_json(part) for part in parts))
    return frozenset(row["id"] for row in added)


async def amend_orders(db: Database, team_id: str, rows: Amendments) -> frozenset[str]:
    """Changes the orders that are still at the version read; returns the ids of those that were.

    Raises NumberTaken when a new order number was taken by another order meanwhile; then nothing is written.
    """
    parts = (rows.kept_items, rows.new_items, rows.events)
    try:
        amended = await db.fetch(
            AMEND_ORDERS, team_id, _json(rows.orders), rows.gone_items, *(_json(part) for part in parts)
        )
    except asyncpg.UniqueViolationError as error:
        raise NumberTaken from error
    return frozenset(row["id"] for row in amended)


def _json(rows: Sequence[Struct]) -> str:
    return _encode(rows).decode()
