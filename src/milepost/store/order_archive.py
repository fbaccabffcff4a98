"""Orders with everything, written as they once were: no event is made, nothing is delivered, nobody gets a message.

Rows travel as in store/orders.py; all of a batch is one statement.
"""

from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from milepost.model.order import Tag
from milepost.store.archive_rows import (
    AddonRow,
    PastEventRow,
    Restorations,
    StandingItemRow,
)
from milepost.store.db import Database
from milepost.store.deliveries import json_rows
from milepost.store.order_rows import (
    DelayRow,
    DocumentRow,
    MilestoneRow,
    OrderRow,
    OrderTagRow,
    ReleaseRow,
    TaskRow,
)
from milepost.store.orders import DOCUMENT_PART_BYTES
from milepost.store.tallies import tally_piece


class Unfit(Exception):
    """Something of the orders cannot be stored; nothing was written. The text says what."""


def _columns(row: type[Struct], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__)


def _insert(table: str, row: type[Struct], parameter: int) -> str:
    """Adds those rows of a JSON array that belong to an order that came back."""
    return f"""insert into {table} (team_id, {_columns(row)})
  select $1, {_columns(row, "r.")} from json_populate_recordset(null::{table}, ${parameter}) r
  where r.order_id in (select id from restored)"""


_RESTORED = """
    select r.id, r.is_draft, r.status_id, r.workflow_id, 1 as step from restored r"""

# An order whose id, number, external id or Shopify id somebody has is left out of the answer, with all its rows;
# nothing is written either when the workspace is not of the version by which names were resolved.
RESTORE_ORDERS = f"""
with restored as (
  insert into orders (team_id, {_columns(OrderRow)})
  select $1, {_columns(OrderRow, "r.")} from json_populate_recordset(null::orders, $2) r
  where exists (select from teams t where t.team_id = $1 and t.version = $14)
  on conflict do nothing
  returning id, is_draft, status_id, workflow_id
),
tallied as ({tally_piece(_RESTORED)}
),
items as (
  {_insert("order_items", StandingItemRow, 3)}
),
addons as (
  {_insert("order_addons", AddonRow, 4)}
),
milestones as (
  {_insert("order_milestones", MilestoneRow, 5)}
),
tasks as (
  {_insert("order_tasks", TaskRow, 6)}
),
tagged as (
  {_insert("order_tags", OrderTagRow, 7)}
),
released as (
  {_insert("releases", ReleaseRow, 8)}
  returning id
),
described as (
  insert into release_documents (team_id, {_columns(DocumentRow)})
  select $1, {_columns(DocumentRow, "r.")} from json_populate_recordset(null::release_documents, $9) r
  where r.release_id in (select id from released)
  returning id
),
filled as (
  insert into document_parts (team_id, document_id, number, bytes)
  select $1, p.* from unnest($10::uuid[], $11::integer[], $12::bytea[]) as p (document_id, number, bytes)
  where p.document_id in (select id from described)
),
remembered as (
  {_insert("events", PastEventRow, 13)}
),
delayed as (
  {_insert("milestone_delays", DelayRow, 15)}
)
select t.version, r.id from teams t left join restored r on true where t.team_id = $1
"""

NAMES_TAKEN = """
select 'number' as kind, o.order_number as name, o.id
from unnest($2::text[]) k (name)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.order_number = k.name offset 0
) o
union all
select 'external', o.external_id, o.id
from unnest($3::text[]) k (name)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.external_id = k.name offset 0
) o
union all
select o.shopify_kind, o.shopify_id::text, o.id
from unnest($4::text[], $5::bigint[]) k (kind, number)
cross join lateral (
  select * from orders o where o.team_id = $1 and o.shopify_id = k.number and o.shopify_kind = k.kind offset 0
) o
"""

ADD_TAGS = """
insert into tags (team_id, id, slug, name, created_at)
select $1, r.id, r.slug, r.name, now() from json_populate_recordset(null::tags, $2) r
on conflict do nothing
"""

Name = tuple[str, str]
"""What must be unique in a team: a kind (`number`, `external`, or that of a Shopify id) and what it is."""


async def names_taken(db: Database, team_id: str, names: Sequence[Name]) -> dict[Name, str]:
    """The orders that bear these names, by name."""
    shopify = [(kind, int(name)) for kind, name in names if kind not in ("number", "external")]
    rows = await db.fetch(
        NAMES_TAKEN,
        team_id,
        [name for kind, name in names if kind == "number"],
        [name for kind, name in names if kind == "external"],
        [kind for kind, _ in shopify],
        [number for _, number in shopify],
    )
    return {(row["kind"], row["name"]): row["id"] for row in rows}


async def add_tags(db: Database, team_id: str, tags: Sequence[Tag]) -> None:
    """Adds the tags whose id and slug are free."""
    await db.execute(ADD_TAGS, team_id, json_rows(tags))


async def restore_orders(
    db: Database, team_id: str, rows: Restorations, version: int
) -> tuple[int | None, frozenset[str]]:
    """Adds the orders whose id and names are still free, if the team's workspace is still of this version; the
    version it is of, and the ids of the orders that were added.

    Raises db.Orphan when something that they refer to was removed meanwhile, and Unfit.
    """
    parts = [
        (document_id, number, content[start : start + DOCUMENT_PART_BYTES])
        for document_id, content in rows.contents.items()
        for number, start in enumerate(range(0, len(content), DOCUMENT_PART_BYTES))
    ]
    before = (rows.orders, rows.items, rows.addons, rows.milestones, rows.tasks, rows.tags, rows.releases)
    try:
        added = await db.fetch(
            RESTORE_ORDERS,
            team_id,
            *(json_rows(some) for some in before),
            json_rows(rows.documents),
            *(zip(*parts, strict=True) if parts else ((), (), ())),
            json_rows(rows.events),
            version,
            json_rows(rows.delays),
        )
    except asyncpg.ForeignKeyViolationError:
        raise
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, ValueError) as error:
        raise Unfit(str(error)) from error
    return (added[0]["version"] if added else None), frozenset(row["id"] for row in added if row["id"])
