"""Whole orders, read for a decision or for showing: each with its lines, releases, tags and what its milestones
say, as one JSON text that decodes into rows.

Every key is looked up by itself ("offset 0" keeps it so): as a join, a database without statistics on the team
reads all its orders. The keys come by way of a subquery, so that their number says nothing to the planner: it would
plan the statement anew each time, which takes longer than to run it.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from milepost.model.order import StoredOrder, Tag
from milepost.store.db import Database
from milepost.store.order_rows import (
    DelayRow,
    DocumentRow,
    HeldItemRow,
    MilestoneRow,
    OrderRow,
    ReleaseRow,
    TaskRow,
    WholeOrder,
)
from milepost.store.order_translation import stored_order
from milepost.store.row_pieces import columns

_WHOLE = f"""json_build_object(
  'order', (select row_to_json(x) from (select {columns(OrderRow, "o.")}) x),
  'items', (select coalesce(json_agg(x order by x.position), '[]') from (
     select {columns(HeldItemRow, "i.")} from order_items i where i.team_id = o.team_id and i.order_id = o.id) x),
  'releases', (select json_agg(x order by x.id) from (
     select {columns(ReleaseRow, "r.")} from releases r where r.team_id = o.team_id and r.order_id = o.id) x),
  'documents', (select json_agg(x order by x.release_id, x.position) from (
     select {columns(DocumentRow, "d.")} from releases r
     join release_documents d on d.team_id = r.team_id and d.release_id = r.id
     where r.team_id = o.team_id and r.order_id = o.id) x),
  'tags', (select json_agg(x order by x.slug) from (
     select t.id, t.slug, t.name from order_tags link join tags t on t.team_id = link.team_id and t.id = link.tag_id
     where link.team_id = o.team_id and link.order_id = o.id) x)"""


def _parts(table: str, row: type[Struct], order: str) -> str:
    """The rows that belong to order `o`, as an array; null when there are none."""
    return f"""(select json_agg(x order by {order}) from (
     select {columns(row, "p.")} from {table} p where p.team_id = o.team_id and p.order_id = o.id) x)"""


WHOLE = f"""{_WHOLE},
  'confirmed', (select json_agg(m.type) from order_milestones m
     where m.team_id = o.team_id and m.order_id = o.id and m.status = 'confirmed')
)::text"""
"""The SQL expression of one whole order, for a row `o` of orders."""

PLANNED = f"""{_WHOLE},
  'has_plan', true,
  'milestones', {_parts("order_milestones", MilestoneRow, "x.position")},
  'tasks', {_parts("order_tasks", TaskRow, "x.id")},
  'delays', {_parts("milestone_delays", DelayRow, "x.id")}
)::text"""
"""The same with all of its milestones, their delays, and tasks."""

_LOAD = """
select t.version, w.whole
from teams t left join lateral (
  select {} as whole
  from unnest((select $2::uuid[])) with ordinality k (id, place)
  cross join lateral (select * from orders o where o.team_id = $1 and o.id = k.id offset 0) o
  order by k.place
) w on true
where t.team_id = $1
"""
LOAD_ORDERS = _LOAD.format(WHOLE)
LOAD_PLANNED_ORDERS = _LOAD.format(PLANNED)

LOAD_SHOPIFY_ORDERS = f"""
select {WHOLE} as whole
from unnest($2::text[], $3::bigint[]) k (kind, number)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.shopify_id = k.number and o.shopify_kind = k.kind offset 0
) o
"""

FIND_TAGS = """
select id, slug, name from tags where team_id = $1 and (id = any($2::uuid[]) or slug = any($3::text[]))
"""

NUMBERS_FROM = "select order_number from orders where team_id = $1 and order_number = any($2::text[])"

ORDER_BY_EXTERNAL_ID = "select id from orders where team_id = $1 and external_id = $2"

_decode = msgspec.json.Decoder(WholeOrder, float_hook=Decimal).decode


def decode_whole(text: str) -> StoredOrder:
    """The order that `WHOLE` made a text of."""
    return stored_order(_decode(text))


async def load_orders(db: Database, team_id: str, ids: Sequence[str]) -> tuple[int | None, list[StoredOrder]]:
    """The workspace version of that moment, and the orders that exist, in the order of the ids."""
    rows = await db.fetch(LOAD_ORDERS, team_id, ids)
    version = rows[0]["version"] if rows else None
    return version, [decode_whole(row["whole"]) for row in rows if row["whole"] is not None]


async def load_planned_orders(
    db: Database, team_id: str, ids: Sequence[str]
) -> tuple[int | None, list[StoredOrder]]:
    """Like `load_orders`, with the plan of each order."""
    rows = await db.fetch(LOAD_PLANNED_ORDERS, team_id, ids)
    version = rows[0]["version"] if rows else None
    return version, [decode_whole(row["whole"]) for row in rows if row["whole"] is not None]


async def load_shopify_orders(
    db: Database, team_id: str, keys: Sequence[tuple[str, int]]
) -> list[StoredOrder]:
    """The orders that the team has of these (kind, number) pairs."""
    rows = await db.fetch(
        LOAD_SHOPIFY_ORDERS, team_id, [kind for kind, _ in keys], [number for _, number in keys]
    )
    return [decode_whole(row["whole"]) for row in rows]


async def find_tags(db: Database, team_id: str, ids: Sequence[str], slugs: Sequence[str]) -> list[Tag]:
    """The tags that the team has of these ids and slugs."""
    return [Tag(*tuple(row)) for row in await db.fetch(FIND_TAGS, team_id, ids, slugs)]


async def numbers_from(db: Database, team_id: str, candidates: Sequence[str]) -> frozenset[str]:
    """Which of these order numbers are taken."""
    return frozenset(row["order_number"] for row in await db.fetch(NUMBERS_FROM, team_id, candidates))


async def order_by_external_id(db: Database, team_id: str, external_id: str) -> str | None:
    """The id of the order that bears the external id."""
    row = await db.fetchrow(ORDER_BY_EXTERNAL_ID, team_id, external_id)
    return None if row is None else str(row["id"])
