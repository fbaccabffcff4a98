"""New orders with all that comes into being with them, as rows: taken over in batches.

Rows travel as one JSON array a table, which PostgreSQL turns into records by the tables' own columns: a
constant number of statements a batch, and no list of parameters to keep in step with a list of columns.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.order_rows import (
    DocumentRow,
    EventRow,
    ItemRow,
    MilestoneRow,
    OrderRow,
    OrderTagRow,
    TaskRow,
)
from milepost.store.row_pieces import columns, insert_piece
from milepost.store.tallies import tally_piece


class Arrivals(Struct):
    """New orders and all that comes into being with them."""

    orders: list[OrderRow] = []
    items: list[ItemRow] = []
    milestones: list[MilestoneRow] = []
    tasks: list[TaskRow] = []
    tags: list[OrderTagRow] = []
    events: list[EventRow] = []
    deliveries: list[DeliveryRow] = []


_ARRIVED = """
    select a.id, a.is_draft, null::uuid as status_id, null::uuid as workflow_id, 1 as step from added a"""

# An order whose number, external id or Shopify id somebody else took meanwhile is left out of the answer, with all
# its rows; nothing is written either when the workspace is not of the version it was decided on.
ADD_ORDERS = f"""
with added as (
  insert into orders (team_id, {columns(OrderRow)})
  select $1, {columns(OrderRow, "r.")} from json_populate_recordset(null::orders, $2) r
  where exists (select from teams t where t.team_id = $1 and t.version = $9)
  on conflict do nothing
  returning id, is_draft
),
tallied as ({tally_piece(_ARRIVED)}
),
items as (
  {insert_piece("order_items", ItemRow, 3, "added")}
),
milestones as (
  {insert_piece("order_milestones", MilestoneRow, 4, "added")}
),
tasks as (
  {insert_piece("order_tasks", TaskRow, 5, "added")}
),
tagged as (
  {insert_piece("order_tags", OrderTagRow, 6, "added")}
),
told as (
  {insert_piece("events", EventRow, 7, "added")}
),
to_deliver as (
  {delivery_piece(8, "added")}
)
select t.version, a.id from teams t left join added a on true where t.team_id = $1
"""

_FILES = columns(DocumentRow)
ADD_DOCUMENTS = f"""
insert into release_documents (team_id, {_FILES})
select $1, {_FILES} from json_populate_recordset(null::release_documents, $2)
"""

ADD_DOCUMENT_PART = """
insert into document_parts (team_id, document_id, number, bytes) values ($1, $2, $3, $4)
"""

NUMBERS_TAKEN = """
select o.order_number, o.id, o.shopify_kind, o.shopify_id
from unnest($2::text[]) k (number)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.order_number = k.number offset 0
) o
"""

TEAM_VERSION = "select version from teams where team_id = $1"

DOCUMENT_PART_BYTES = 256 * 1024


async def team_version(db: Database, team_id: str) -> int | None:
    """The version of the team's workspace; None when there is no such team."""
    row = await db.fetchrow(TEAM_VERSION, team_id)
    return None if row is None else int(row["version"])


class Owner(Struct, frozen=True):
    """The order that bears a number."""

    id: str
    shopify_kind: str | None
    shopify_id: int | None


async def numbers_taken(db: Database, team_id: str, numbers: Sequence[str]) -> dict[str, Owner]:
    """The orders that bear these numbers, by number."""
    rows = await db.fetch(NUMBERS_TAKEN, team_id, numbers)
    return {row["order_number"]: Owner(row["id"], row["shopify_kind"], row["shopify_id"]) for row in rows}


async def add_orders(
    db: Database, team_id: str, rows: Arrivals, version: int
) -> tuple[int | None, frozenset[str]]:
    """Adds the orders whose number and other names are still free, if the team's workspace is still of this
    version; the version it is of, and the ids of the orders that were added.

    Raises db.Orphan when something that they refer to was removed meanwhile.
    """
    parts = (rows.orders, rows.items, rows.milestones, rows.tasks, rows.tags, rows.events, rows.deliveries)
    added = await db.fetch(ADD_ORDERS, team_id, *(json_rows(part) for part in parts), version)
    ids = frozenset(row["id"] for row in added if row["id"] is not None)
    return (added[0]["version"] if added else None), ids


async def add_documents(
    db: Database, team_id: str, rows: Sequence[DocumentRow], contents: Mapping[str, bytes]
) -> None:
    """Stores documents of releases with their bytes, by document id; inside the caller's transaction."""
    await db.execute(ADD_DOCUMENTS, team_id, json_rows(rows))
    for document_id, content in contents.items():
        for number, start in enumerate(range(0, len(content), DOCUMENT_PART_BYTES)):
            part = content[start : start + DOCUMENT_PART_BYTES]
            await db.execute(ADD_DOCUMENT_PART, team_id, document_id, number, part)
