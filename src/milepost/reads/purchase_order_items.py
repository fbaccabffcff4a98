"""Lines of one order as the Milestones API shows them (sections 6.3 and 7.6)."""

from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from milepost.store.db import Database


class ShownItem(Struct, frozen=True, kw_only=True):
    """A line of an order; `part_id` is its first PRODUCT_REF reference."""

    id: str
    part_id: str | None
    name: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal | None
    created_at: datetime
    updated_at: datetime


class ItemPage(Struct, frozen=True):
    """The lines of a page, oldest first, and how many the order has."""

    items: list[ShownItem]
    total: int


LIST_ITEMS = """
select t.version, o.id is not null as is_known,
  (select count(*) from order_items i where i.team_id = o.team_id and i.order_id = o.id) as total,
  (select coalesce(json_agg(x order by x.id), '[]')::text from (
     select i.id, i.description as name, i.quantity, i.unit, i.unit_price, i.created_at, i.updated_at,
       jsonb_path_query_first(i.doc_references, '$[*] ? (@.qualifier == "PRODUCT_REF").value') as part_id
     from order_items i where i.team_id = o.team_id and i.order_id = o.id
     order by i.id limit $3 offset $4) x) as items
from teams t left join orders o on o.team_id = t.team_id and o.id = $2
where t.team_id = $1
"""

_decode = msgspec.json.Decoder(list[ShownItem]).decode


async def list_items(
    db: Database, team_id: str, order_id: str, *, limit: int, offset: int
) -> tuple[ItemPage | None, int | None]:
    """The page of the order's lines, None when the team has no such order; and the workspace version of that
    moment."""
    row = await db.fetchrow(LIST_ITEMS, team_id, order_id, limit, offset)
    if row is None:
        return None, None
    page = ItemPage(_decode(row["items"]), row["total"]) if row["is_known"] else None
    return page, row["version"]
