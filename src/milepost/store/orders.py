"""Orders with their lines, as rows: taken over in batches, read back for a decision, changed by
compare-and-set.

Rows travel as one JSON array a table, which PostgreSQL turns into records by the tables' own columns: a
constant number of statements a batch, and no list of parameters to keep in step with a list of columns.
"""

from collections.abc import Mapping, Sequence

import asyncpg
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
    ReleaseRow,
    TaskRow,
)
from milepost.store.tallies import tally_piece


class Taken(Exception):
    """Another order has the number (or, by `is_external_id`, the external id); nothing was written."""

    def __init__(self, is_external_id: bool) -> None:
        super().__init__("external id" if is_external_id else "order number")
        self.is_external_id = is_external_id


class Arrivals(Struct):
    """New orders and all that comes into being with them."""

    orders: list[OrderRow] = []
    items: list[ItemRow] = []
    milestones: list[MilestoneRow] = []
    tasks: list[TaskRow] = []
    tags: list[OrderTagRow] = []
    events: list[EventRow] = []
    deliveries: list[DeliveryRow] = []


class Amendments(Struct):
    """Stored orders as they shall be. `orders` carry the version they were read at and their last sequence
    after the change; `kept_items` are the lines that change, `gone_items` the ids of those that leave;
    `releases` are the new and the changed ones; `retagged` are the orders whose tags are those of `tags` and no
    others from now on."""

    orders: list[OrderRow] = []
    new_items: list[ItemRow] = []
    kept_items: list[ItemRow] = []
    gone_items: list[str] = []
    releases: list[ReleaseRow] = []
    documents: list[DocumentRow] = []
    retagged: list[str] = []
    tags: list[OrderTagRow] = []
    events: list[EventRow] = []
    deliveries: list[DeliveryRow] = []


def _columns(row: type[Struct], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__)


def _insert(table: str, row: type[Struct], parameter: int, orders: str) -> str:
    """Adds those rows of a JSON array that belong to one of the `orders`."""
    return f"""insert into {table} (team_id, {_columns(row)})
  select $1, {_columns(row, "r.")} from json_populate_recordset(null::{table}, ${parameter}) r
  where r.order_id in (select id from {orders})"""


_ARRIVED = """
    select a.id, a.is_draft, null::uuid as status_id, null::uuid as workflow_id, 1 as step from added a"""

# An order whose number, external id or Shopify id somebody else took meanwhile is left out of the answer, with all
# its rows; nothing is written either when the workspace is not of the version it was decided on.
ADD_ORDERS = f"""
with added as (
  insert into orders (team_id, {_columns(OrderRow)})
  select $1, {_columns(OrderRow, "r.")} from json_populate_recordset(null::orders, $2) r
  where exists (select from teams t where t.team_id = $1 and t.version = $9)
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
tagged as (
  {_insert("order_tags", OrderTagRow, 6, "added")}
),
told as (
  {_insert("events", EventRow, 7, "added")}
),
to_deliver as (
  {delivery_piece(8, "added")}
)
select t.version, a.id from teams t left join added a on true where t.team_id = $1
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
    order_number_key = w.order_number_key, external_id = w.external_id, name = w.name,
    description = w.description, note = w.note, currency = w.currency, total_price = w.total_price,
    customer_first_name = w.customer_first_name, customer_last_name = w.customer_last_name,
    customer_email = w.customer_email, customer_phone = w.customer_phone, ship_to = w.ship_to,
    ship_from = w.ship_from, doc_references = w.doc_references, shipping_requirements = w.shipping_requirements,
    custom_data = w.custom_data, supplier = w.supplier,
    supplier_created_releases_allowed = w.supplier_created_releases_allowed, start_date = w.start_date,
    expiration_date = w.expiration_date, archived = w.archived, search_text = w.search_text,
    lifecycle = w.lifecycle, cancelled_at = w.cancelled_at, metafield = coalesce(w.metafield, o.metafield),
    updated_at = w.updated_at
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
    quantity = r.quantity, unit = r.unit, unit_price = r.unit_price, doc_references = r.doc_references,
    shipping_requirements = r.shipping_requirements, custom_data = r.custom_data, updated_at = r.updated_at
  from json_populate_recordset(null::order_items, $4) r
  where i.team_id = $1 and i.id = r.id and i.order_id in (select id from amended)
),
added as (
  {_insert("order_items", ItemRow, 5, "amended")}
),
released as (
  {_insert("releases", ReleaseRow, 6, "amended")}
  on conflict (team_id, id) do update set unassigned_at = excluded.unassigned_at,
    transit_status = excluded.transit_status, shipping_plan_id = excluded.shipping_plan_id,
    shipment_id = excluded.shipment_id, shipment_reference_id = excluded.shipment_reference_id,
    origin_stop_id = excluded.origin_stop_id, destination_stop_id = excluded.destination_stop_id
),
untagged as (
  delete from order_tags t where t.team_id = $1 and t.order_id = any($7::uuid[])
    and t.order_id in (select id from amended)
    and not exists (select from json_populate_recordset(null::order_tags, $8) r
                    where r.order_id = t.order_id and r.tag_id = t.tag_id)
),
tagged as (
  {_insert("order_tags", OrderTagRow, 8, "amended")}
  on conflict do nothing
),
told as (
  {_insert("events", EventRow, 9, "amended")}
),
to_deliver as (
  {delivery_piece(10, "amended")}
)
select id from amended
"""

_FILES = _columns(DocumentRow)
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


async def amend_orders(db: Database, team_id: str, rows: Amendments) -> frozenset[str]:
    """Changes the orders that are still at the version read; returns the ids of those that were.

    Raises Taken when a new order number or external id was taken by another order meanwhile; then nothing is
    written. Documents are added apart (`add_documents`).
    """
    try:
        amended = await db.fetch(
            AMEND_ORDERS,
            team_id,
            json_rows(rows.orders),
            rows.gone_items,
            *(json_rows(part) for part in (rows.kept_items, rows.new_items, rows.releases)),
            rows.retagged,
            *(json_rows(part) for part in (rows.tags, rows.events, rows.deliveries)),
        )
    except asyncpg.UniqueViolationError as error:
        raise Taken(error.constraint_name == "orders_by_external_id") from error
    return frozenset(row["id"] for row in amended)


async def add_documents(
    db: Database, team_id: str, rows: Sequence[DocumentRow], contents: Mapping[str, bytes]
) -> None:
    """Stores documents of releases with their bytes, by document id; inside the caller's transaction."""
    await db.execute(ADD_DOCUMENTS, team_id, json_rows(rows))
    for document_id, content in contents.items():
        for number, start in enumerate(range(0, len(content), DOCUMENT_PART_BYTES)):
            part = content[start : start + DOCUMENT_PART_BYTES]
            await db.execute(ADD_DOCUMENT_PART, team_id, document_id, number, part)
