"""Orders, shaped for showing: lists by filter and page, and one order.

Statements are composed from constant pieces, once for each combination that is asked for; every variant begins
at the team's row, so that it also tells the workspace version (what remembered names are checked against) and a
page past the end still has its totals. Names of statuses and workflows are joined in Python, from the remembered
workspace: half the database's work (docs/decisions/0009-reading-lists.md).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any, Literal

import msgspec
from msgspec import Struct

from milepost.store.db import Database
from milepost.store.tallies import NOWHERE

Sort = Literal["created_at", "name"]
Direction = Literal["asc", "desc"]
Kind = Literal["REGULAR", "DRAFT", "ALL"]

DEEP = 1000
"""From this offset on, a page is found by walking ids in the index before any row is fetched."""
DEEP_TRIES = 3
"""How often a page is looked for from the end while the total keeps changing, before it is walked to."""


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


class Filter(Struct, frozen=True, kw_only=True):
    """All conditions of a list, joined by AND. None: not asked."""

    kind: Kind = "ALL"
    status_id: str | None = None
    workflow_id: str | None = None
    search: str | None = None
    """A LIKE pattern over the folded search text (model/order.py)."""
    ids: Sequence[str] | None = None
    shopify_ids: Sequence[int] | None = None
    """Digits of Shopify ids, in the forms that `shopify_kinds` names; the regular order wins."""
    shopify_kinds: Sequence[str] = ("Order", "DraftOrder")


class Page(Struct, frozen=True):
    """The orders of a page, how many match in all, and the workspace version of that moment."""

    orders: list[OrderView]
    total: int
    version: int | None


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

_REGULAR_WINS = """o.shopify_id = any({n}::bigint[]) and o.shopify_kind = any({m}::text[])
    and (o.shopify_kind = 'Order' or not 'Order' = any({m}::text[]) or not exists (
      select from orders r where r.team_id = o.team_id and r.shopify_id = o.shopify_id and r.shopify_kind = 'Order'))"""

_SORT_COLUMN: dict[Sort, str] = {"created_at": "placed_at", "name": "order_number_key"}
_OPPOSITE: dict[Direction, Direction] = {"asc": "desc", "desc": "asc"}
_KIND_CONDITION: dict[Kind, str] = {"REGULAR": "not {0}.is_draft", "DRAFT": "{0}.is_draft", "ALL": ""}


Walk = Literal["rows", "ids", "ids from the end"]
"""How a page is found: near ones by their rows, deep ones by ids in the index alone, from the nearer end."""


class _Shape(Struct, frozen=True):
    """Which pieces a list statement is made of."""

    kind: Kind
    status: bool
    workflow: bool
    search: bool
    ids: Literal["", "ids", "shopify"]
    sort: Sort
    direction: Direction
    walk: Walk
    extras: Extras


@cache
def list_statement(shape: _Shape) -> str:
    """The SQL of one kind of list. Parameters: team, limit, offset, then those of the filter in its order."""
    places = ["{0}.team_id = $1"]
    if condition := _KIND_CONDITION[shape.kind]:
        places.append(condition)
    number = 4
    for wanted, column in ((shape.status, "status_id"), (shape.workflow, "workflow_id")):
        if wanted:
            places.append(f"{{0}}.{column} = ${number}")
            number += 1
    where = " and ".join(places).format("o")
    if shape.search:
        where += f" and o.search_text like ${number}"
        number += 1
    if shape.ids == "ids":
        where += f" and o.id = any(${number}::uuid[])"
    elif shape.ids == "shopify":
        where += " and " + _REGULAR_WINS.format(n=f"${number}", m=f"${number + 1}")
    counted = f"select count(*) from orders o where {where}"
    return _compose(shape, where, counted if shape.search or shape.ids else _tallied(places, shape))


def _tallied(places: Sequence[str], shape: _Shape) -> str:
    """The total by the tallies. What stands there for "none" is also an id that somebody may ask for, and names
    nothing then."""
    asked = [
        column for column, wanted in (("status_id", shape.status), ("workflow_id", shape.workflow)) if wanted
    ]
    conditions = [*places, *(f"{{0}}.{column} <> '{NOWHERE}'" for column in asked)]
    return "select coalesce(sum(c.orders), 0)::bigint from order_tallies c where " + " and ".join(
        conditions
    ).format("c")


def _compose(shape: _Shape, where: str, total: str) -> str:
    column, direction = _SORT_COLUMN[shape.sort], shape.direction
    walked = _OPPOSITE[direction] if shape.walk == "ids from the end" else direction
    page = f"from orders o where {where} order by o.{column} {walked}, o.id {walked} limit $2 offset $3"
    picked = (
        f"select o.* {page}"
        if shape.walk == "rows"
        else f"select o.* from (select o.id {page}) p join orders o on o.team_id = $1 and o.id = p.id"
    )
    return f"""
with o as ({picked}),
page as (select {_columns(shape.extras)}, o.{column} as sorted_by from o{_joins(shape.extras)})
select t.version, ({total}) as total, page.*
from teams t left join page on true where t.team_id = $1
order by page.sorted_by {direction}, page.id {direction}
"""


def _columns(extras: Extras) -> str:
    return (
        _COLUMNS
        + (_STATUS_COLUMNS if extras.line_statuses else "")
        + (_METAFIELD_COLUMN if extras.metafield else "")
    )


def _joins(extras: Extras) -> str:
    return _LINES.format(more=_LINE_STATUSES if extras.line_statuses else "") + _ADDONS


async def list_orders(
    db: Database,
    team_id: str,
    wanted: Filter,
    *,
    sort: Sort,
    direction: Direction,
    limit: int,
    offset: int,
    extras: Extras = NO_EXTRAS,
) -> Page:
    """One page of the orders that match, in the sort's order, then by id in the same direction."""
    shape = _Shape(
        wanted.kind,
        wanted.status_id is not None,
        wanted.workflow_id is not None,
        wanted.search is not None,
        "ids" if wanted.ids is not None else "shopify" if wanted.shopify_ids is not None else "",
        sort,
        direction,
        "rows" if offset < DEEP else "ids",
        extras,
    )
    if offset >= DEEP and not (shape.search or shape.ids):
        return await _deep_page(db, team_id, shape, wanted, limit, offset)
    return await _page(db, team_id, shape, wanted, limit, offset)


async def _deep_page(
    db: Database, team_id: str, shape: _Shape, wanted: Filter, limit: int, offset: int
) -> Page:
    """A page behind the middle, found from the end of the list: the last page costs what the first does, one
    past the end nothing. Where it begins follows from the total, which is read first and must still hold."""
    from_end = msgspec.structs.replace(shape, walk="ids from the end")
    total = (await _page(db, team_id, shape, wanted, 0, 0)).total
    for _ in range(DEEP_TRIES):
        if offset <= total // 2:
            break
        fitting = max(0, min(limit, total - offset))
        page = await _page(db, team_id, from_end, wanted, fitting, max(0, total - offset - limit))
        if page.total == total:
            return page
        total = page.total
    return await _page(db, team_id, shape, wanted, limit, offset)


async def _page(db: Database, team_id: str, shape: _Shape, wanted: Filter, limit: int, offset: int) -> Page:
    arguments: list[Any] = [
        value for value in (wanted.status_id, wanted.workflow_id, wanted.search) if value is not None
    ]
    if wanted.ids is not None:
        arguments.append(wanted.ids)
    elif wanted.shopify_ids is not None:
        arguments += [wanted.shopify_ids, wanted.shopify_kinds]
    rows = await db.fetch(list_statement(shape), team_id, limit, offset, *arguments)
    if not rows:
        return Page([], 0, None)
    orders = [] if rows[0][2] is None else [_view(tuple(row)[2:-1], shape.extras) for row in rows]
    return Page(orders, rows[0][1], rows[0][0])


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
found as (select {_columns(extras)} from o{_joins(extras)})
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
    return (None if row[1] is None else _view(tuple(row)[1:], extras)), row[0]


_PLAIN = 25
"""How many columns an order has without extras."""


def _view(columns: tuple[Any, ...], extras: Extras) -> OrderView:
    view = OrderView(*columns[:_PLAIN])
    rest = columns[_PLAIN:]
    if extras.line_statuses:
        view.line_statuses = list(zip(*rest[:4], strict=True)) if rest[0] else None
        rest = rest[4:]
    if extras.metafield:
        view.metafield = rest[0]
    return view


def all_list_statements() -> Iterator[str]:
    """Every list statement there can be: what the test prepares against the real schema."""
    kinds: tuple[Kind, ...] = ("REGULAR", "DRAFT", "ALL")
    ids: tuple[Literal["", "ids", "shopify"], ...] = ("", "ids", "shopify")
    flags = (False, True)
    sorts: tuple[Sort, ...] = ("created_at", "name")
    directions: tuple[Direction, ...] = ("asc", "desc")
    extras = [Extras(*pair) for pair in product(flags, flags)]
    walks: tuple[Walk, ...] = ("rows", "ids", "ids from the end")
    for shape in product(kinds, flags, flags, flags, ids, sorts, directions, walks, extras):
        yield list_statement(_Shape(*shape))


LINE_ITEM_EXISTS = """
select t.version, exists (select from order_items i where i.team_id = $1 and i.id = $2)
from teams t where t.team_id = $1
"""


async def line_item_exists(db: Database, team_id: str, line_id: str) -> tuple[bool, int | None]:
    """Whether the team has the line item; and the workspace version of that moment."""
    row = await db.fetchrow(LINE_ITEM_EXISTS, team_id, line_id)
    return (False, None) if row is None else (row[1], row[0])
