"""Orders with everything that is known of them and happened to them, read whole: for export, and to tell whether an
order that comes in is the one that is here.

Every order is one JSON text, as in store/order_loads.py; the bytes of documents are read apart, part by part
(`reads.purchase_orders.document_parts`).
"""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from milepost.model.archive_names import Names
from milepost.model.order import StoredOrder
from milepost.model.order_archive import ArchivedOrder
from milepost.store.archive_rows import (
    AddonRow,
    ArchiveRows,
    PastEventRow,
    StandingItemRow,
)
from milepost.store.archive_translation import archived
from milepost.store.db import Database
from milepost.store.order_loads import WHOLE, decode_whole
from milepost.store.order_rows import DelayRow, DocumentRow, MilestoneRow, OrderRow, ReleaseRow, TaskRow

BATCH, BATCH_EVENTS = 200, 2000
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def _columns(row: type[Struct], prefix: str) -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__)


def _parts(table: str, row: type[Struct], order: str) -> str:
    """The rows that belong to order `o`, as an array; null when there are none."""
    return f"""(select json_agg(x order by {order}) from (
     select {_columns(row, "p.")} from {table} p where p.team_id = o.team_id and p.order_id = o.id) x)"""


_ARCHIVE = f"""json_build_object(
  'order', (select row_to_json(x) from (select {_columns(OrderRow, "o.")}) x),
  'items', coalesce({_parts("order_items", StandingItemRow, "x.position")}, '[]'),
  'addons', {_parts("order_addons", AddonRow, "x.status_id")},
  'milestones', {_parts("order_milestones", MilestoneRow, "x.position")},
  'tasks', {_parts("order_tasks", TaskRow, "x.id")},
  'delays', {_parts("milestone_delays", DelayRow, "x.id")},
  'releases', {_parts("releases", ReleaseRow, "x.id")},
  'documents', (select json_agg(x order by x.release_id, x.position) from (
     select {_columns(DocumentRow, "d.")} from releases r
     join release_documents d on d.team_id = r.team_id and d.release_id = r.id
     where r.team_id = o.team_id and r.order_id = o.id) x),
  'tags', (select json_agg(x order by x.slug) from (
     select t.id, t.slug, t.name from order_tags link join tags t on t.team_id = link.team_id and t.id = link.tag_id
     where link.team_id = o.team_id and link.order_id = o.id) x),
  'events', {_parts("events", PastEventRow, "x.sequence")}
)::text"""

# No more than so many orders, and no further order once so many events are reached: histories differ in length.
ARCHIVES_AFTER = f"""
select o.id, {_ARCHIVE} as whole
from (
  select o.*, sum(o.event_seq) over (order by o.id) - o.event_seq as events_before
  from orders o where o.team_id = $1 and o.id > $2 order by o.id limit $3
) o
where o.events_before < $4
order by o.id
"""

ORDERS_AFTER = f"""
select o.id, {WHOLE} as whole
from (select * from orders o where o.team_id = $1 and o.id > $2 order by o.id limit $3) o
order by o.id
"""

ARCHIVES_OF = f"""
select {_ARCHIVE} as whole
from unnest($2::uuid[]) k (id)
cross join lateral (select * from orders o where o.team_id = $1 and o.id = k.id offset 0) o
"""

COUNT_ORDERS = "select coalesce(sum(orders), 0)::bigint as orders from order_tallies where team_id = $1"

_decode = msgspec.json.Decoder(ArchiveRows, float_hook=Decimal).decode


async def count_orders(db: Database, team_id: str) -> int:
    """How many orders the team has."""
    row = await db.fetchrow(COUNT_ORDERS, team_id)
    return 0 if row is None else int(row["orders"])


async def all_archives(db: Database, team_id: str, names: Names) -> AsyncIterator[ArchivedOrder]:
    """All orders of the team by id, without the bytes of their documents. `db` is a snapshot, and `names` are of the
    workspace as it is in it."""
    async for text in _all(db, ARCHIVES_AFTER, team_id, BATCH, BATCH_EVENTS):
        yield archived(_decode(text).in_utc(), names)


async def all_orders(db: Database, team_id: str) -> AsyncIterator[StoredOrder]:
    """All orders of the team by id, without their history. `db` is a snapshot."""
    async for text in _all(db, ORDERS_AFTER, team_id, BATCH):
        yield decode_whole(text)


async def _all(db: Database, statement: str, team_id: str, *bounds: int) -> AsyncIterator[str]:
    last = _BEFORE_ALL
    while rows := await db.fetch(statement, team_id, last, *bounds):
        for row in rows:
            yield row["whole"]
        last = rows[-1]["id"]


async def archives_of(
    db: Database, team_id: str, ids: Sequence[str], names: Names
) -> dict[str, ArchivedOrder]:
    """Those of the orders that exist, by id, without the bytes of their documents. Raises Stale when they hold
    something that the workspace, as `names` knows it, does not have."""
    rows = await db.fetch(ARCHIVES_OF, team_id, ids)
    found = (archived(_decode(row["whole"]).in_utc(), names) for row in rows)
    return {order.milepost.id: order for order in found}
