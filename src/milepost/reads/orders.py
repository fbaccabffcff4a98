"""Orders, shaped for showing: what a reader sees of one, and one order by its id.

Every statement begins at the team's row, so that it also tells the workspace version (what remembered names are
checked against). Names of statuses and workflows are joined in Python, from the remembered workspace: half the
database's work (docs/decisions/0009-reading-lists.md).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from milepost.store.db import Database


class LineView(Struct, gc=False):
    """One line of an order. The members from `status_id` on are filled only when asked for."""

    id: str
    shopify_line_item_id: int | None
    description: str | None
    quantity: float
    status_id: str | None = None
    sub_status_id: str | None = None
    entered_at: datetime | None = None
    deadline_at: datetime | None = None


class OrderView(Struct):
    """One order as lists and readers show it."""

    id: str
    shopify_kind: str | None
    shopify_id: int | None
    order_number: str
    placed_at: datetime
    workflow_id: str | None
    status_id: str | None
    sub_status_id: str | None
    status_entered_at: datetime | None
    deadline_at: datetime | None
    customer_first_name: str | None
    customer_last_name: str | None
    customer_email: str | None
    customer_phone: str | None
    ship_to: dict[str, Any] | None
    total_price: str
    """Two decimals: the order's own total, else the sum of its lines."""
    currency: str | None
    note: str | None
    cancelled_at: datetime | None
    addon_ids: list[str] | None
    addon_sub_status_ids: list[str | None] | None
    line_ids: list[str] | None
    line_shopify_ids: list[int | None] | None
    line_descriptions: list[str | None] | None
    line_quantities: list[float] | None
    line_statuses: list[tuple[str | None, str | None, datetime | None, datetime | None]] | None = None
    metafield: str | None = None

    def lines(self) -> Iterator[LineView]:
        held = self.line_statuses or ((None, None, None, None),) * len(self.line_ids or ())
        return (
            LineView(line_id, shopify_id, description, quantity, *status)
            for line_id, shopify_id, description, quantity, status in zip(
                self.line_ids or (),
                self.line_shopify_ids or (),
                self.line_descriptions or (),
                self.line_quantities or (),
                held,
                strict=True,
            )
        )


class Extras(Struct, frozen=True):
    """What is read only when asked for."""

    line_statuses: bool = False
    metafield: bool = False


NO_EXTRAS = Extras()


_LINES = """
  left join lateral (
    select array_agg(i.id order by i.position) as ids,
           array_agg(i.shopify_line_item_id order by i.position) as shopify_ids,
           array_agg(i.description order by i.position) as descriptions,
           array_agg(i.quantity::float8 order by i.position) as quantities,
           sum(i.quantity * i.unit_price) as total{more}
    from order_items i where i.team_id = o.team_id and i.order_id = o.id
  ) l on true"""
_LINE_STATUSES = """,
           array_agg(i.status_id order by i.position) as status_ids,
           array_agg(i.sub_status_id order by i.position) as sub_status_ids,
           array_agg(i.status_entered_at order by i.position) as entered,
           array_agg(i.deadline_at order by i.position) as deadlines"""

_ADDONS = """
  left join lateral (
    select array_agg(a.status_id) as ids, array_agg(a.sub_status_id) as subs
    from order_addons a where a.team_id = o.team_id and a.order_id = o.id
  ) a on true"""

_COLUMNS = """
  o.id, o.shopify_kind, o.shopify_id, o.order_number, o.placed_at, o.workflow_id, o.status_id, o.sub_status_id,
  o.status_entered_at, o.deadline_at, o.customer_first_name, o.customer_last_name, o.customer_email,
  o.customer_phone, o.ship_to, round(coalesce(o.total_price, l.total, 0), 2)::text as total_price, o.currency,
  o.note, o.cancelled_at, a.ids as addon_ids, a.subs, l.ids as line_ids, l.shopify_ids, l.descriptions,
  l.quantities"""
_STATUS_COLUMNS = ", l.status_ids, l.sub_status_ids, l.entered, l.deadlines"
_METAFIELD_COLUMN = ", o.metafield"


def columns(extras: Extras) -> str:
    return (
        _COLUMNS
        + (_STATUS_COLUMNS if extras.line_statuses else "")
        + (_METAFIELD_COLUMN if extras.metafield else "")
    )


def joins(extras: Extras) -> str:
    return _LINES.format(more=_LINE_STATUSES if extras.line_statuses else "") + _ADDONS


@cache
def get_statement(by: Literal["id", "shopify"], extras: Extras) -> str:
    """The SQL that reads one order. Parameters: team, id; or team, Shopify digits, kinds."""
    found = (
        "o.id = $2"
        if by == "id"
        else "o.shopify_id = $2 and o.shopify_kind = any($3::text[]) order by o.shopify_kind desc limit 1"
    )
    return f"""
with o as (select o.* from orders o where o.team_id = $1 and {found}),
found as (select {columns(extras)} from o{joins(extras)})
select t.version, found.* from teams t left join found on true where t.team_id = $1
"""


async def get_order(
    db: Database, team_id: str, order_id: str, extras: Extras = NO_EXTRAS
) -> tuple[OrderView | None, int | None]:
    """The order, or None; and the workspace version of that moment."""
    row = await db.fetchrow(get_statement("id", extras), team_id, order_id)
    return _one(row, extras)


async def get_order_by_shopify_id(
    db: Database, team_id: str, digits: int, kinds: Sequence[str], extras: Extras = NO_EXTRAS
) -> tuple[OrderView | None, int | None]:
    """The order with these Shopify digits in one of the kinds, the regular order first."""
    row = await db.fetchrow(get_statement("shopify", extras), team_id, digits, list(kinds))
    return _one(row, extras)


def _one(row: Any, extras: Extras) -> tuple[OrderView | None, int | None]:
    if row is None:
        return None, None
    return (None if row[1] is None else view_of(tuple(row)[1:], extras)), row[0]


_PLAIN = 25
"""How many columns an order has without extras."""


def view_of(columns: tuple[Any, ...], extras: Extras) -> OrderView:
    view = OrderView(*columns[:_PLAIN])
    rest = columns[_PLAIN:]
    if extras.line_statuses:
        view.line_statuses = list(zip(*rest[:4], strict=True)) if rest[0] else None
        rest = rest[4:]
    if extras.metafield:
        view.metafield = rest[0]
    return view


LINE_ITEM_EXISTS = """
select t.version, exists (select from order_items i where i.team_id = $1 and i.id = $2)
from teams t where t.team_id = $1
"""


async def line_item_exists(db: Database, team_id: str, line_id: str) -> tuple[bool, int | None]:
    """Whether the team has the line item; and the workspace version of that moment."""
    row = await db.fetchrow(LINE_ITEM_EXISTS, team_id, line_id)
    return (False, None) if row is None else (row[1], row[0])
