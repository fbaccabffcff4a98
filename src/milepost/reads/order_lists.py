"""Lists of orders by filter, sort and page.

Statements are composed from constant pieces, once for each combination that is asked for; every variant begins
at the team's row, so that it also tells the workspace version and a page past the end still has its totals
(docs/decisions/0009-reading-lists.md).
"""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product
from typing import Any, Literal

import msgspec
from msgspec import Struct

from milepost.reads.deep_pages import DEEP, deep_page
from milepost.reads.orders import NO_EXTRAS, Extras, OrderView, columns, joins, view_of
from milepost.store.db import Database
from milepost.store.tallies import NOWHERE

Sort = Literal["created_at", "name"]
Direction = Literal["asc", "desc"]
Kind = Literal["REGULAR", "DRAFT", "ALL"]


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
page as (select {columns(shape.extras)}, o.{column} as sorted_by from o{joins(shape.extras)})
select t.version, ({total}) as total, page.*
from teams t left join page on true where t.team_id = $1
order by page.sorted_by {direction}, page.id {direction}
"""


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
    if offset < DEEP or shape.search or shape.ids:
        return await _page(db, team_id, shape, wanted, limit, offset)
    from_end = msgspec.structs.replace(shape, walk="ids from the end")
    return await deep_page(
        partial(_page, db, team_id, shape, wanted),
        partial(_page, db, team_id, from_end, wanted),
        limit=limit,
        offset=offset,
    )


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
    orders = [] if rows[0][2] is None else [view_of(tuple(row)[2:-1], shape.extras) for row in rows]
    return Page(orders, rows[0][1], rows[0][0])


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
