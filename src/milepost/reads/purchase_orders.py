"""Whole orders for showing: one by its id, lists with filters and cursors, documents of releases, tags.

List order is total: by the sorted property, then by id in the same direction, nulls last. A page behind a cursor is
found by comparing with what the cursor's order holds now, so that it costs the same at any depth and no order that
was there from the start is skipped or repeated while others arrive (Orders API, section 5).
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from milepost.kit.ids import parse_id
from milepost.model.order import StoredOrder, Tag
from milepost.store.db import Database
from milepost.store.order_loads import WHOLE, decode_whole, load_orders

SortKey = Literal["id", "order_number", "name", "created_at", "updated_at", "start_date", "expiration_date"]
SORT_KEYS: tuple[SortKey, ...] = (
    "id",
    "order_number",
    "name",
    "created_at",
    "updated_at",
    "start_date",
    "expiration_date",
)
_NULLABLE = frozenset(("name", "start_date", "expiration_date"))
_TYPES: dict[SortKey, str] = {
    "id": "uuid",
    "order_number": "text",
    "name": "text",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "start_date": "date",
    "expiration_date": "date",
}

Ranged = Literal["created_at", "updated_at", "start_date", "expiration_date"]
Comparison = Literal["=", ">", ">=", "<", "<="]


class Filter(Struct, frozen=True, kw_only=True):
    """All conditions of a list, joined by AND. None: not asked."""

    ids: Sequence[str] | None = None
    order_numbers: Sequence[str] | None = None
    parent_ids: Sequence[str] | None = None
    supplier_ids: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    order_types: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    """Ids or slugs; an order with any of them matches."""
    archived: bool | None = None
    ranges: Sequence[tuple[Ranged, Comparison, datetime | date]] = ()


class Sort(Struct, frozen=True):
    key: SortKey = "id"
    descending: bool = True


class Cursor(Struct, frozen=True):
    """Where a page begins: behind (or, `backward`, before) the order that held this value when it was looked up."""

    id: str
    value: Any
    backward: bool


class Listed(Struct, frozen=True):
    """A page in list order; whether more lie in the direction that was read; the workspace version."""

    orders: list[StoredOrder]
    has_more: bool
    version: int | None


_CONDITIONS = {
    "ids": "o.id = any({}::uuid[])",
    "order_numbers": "o.order_number = any({}::text[])",
    "parent_ids": "o.created_from_order_id = any({}::uuid[])",
    "supplier_ids": "o.supplier ->> 'supplier_id' = any({}::text[])",
    "statuses": "o.lifecycle = any({}::text[])",
    "order_types": "o.order_type = any({}::text[])",
    "archived": "o.archived = {}",
    "tags": """exists (select from order_tags link join tags g on g.team_id = link.team_id and g.id = link.tag_id
      where link.team_id = o.team_id and link.order_id = o.id
        and (g.id = any({}::uuid[]) or g.slug = any({}::text[])))""",
}


class _Shape(Struct, frozen=True):
    """Which pieces a list statement is made of."""

    conditions: tuple[str, ...]
    ranges: tuple[tuple[Ranged, Comparison], ...]
    key: SortKey
    descending: bool
    """The direction of the walk, not of the list."""
    nulls_first: bool
    at: Literal["start", "value", "null"]
    """Where the walk begins: at its start, behind a value, or behind a null."""


async def get_order(db: Database, team_id: str, order_id: str) -> tuple[StoredOrder | None, int | None]:
    """The order, or None; and the workspace version of that moment."""
    version, found = await load_orders(db, team_id, [order_id])
    return (found[0] if found else None), version


async def find_cursor(
    db: Database, team_id: str, order_id: str, sort: Sort, *, backward: bool
) -> Cursor | None:
    """The cursor at an order of the team; None when there is no such order."""
    row = await db.fetchrow(cursor_statement(sort.key), team_id, order_id)
    return None if row is None else Cursor(order_id, row["value"], backward)


async def list_orders(
    db: Database,
    team_id: str,
    wanted: Filter,
    *,
    sort: Sort,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> Listed:
    """One page of the orders that match."""
    backward = cursor is not None and cursor.backward
    shape = _Shape(
        tuple(name for name in _CONDITIONS if getattr(wanted, name) is not None),
        tuple((column, comparison) for column, comparison, _ in wanted.ranges),
        sort.key,
        sort.descending != backward,
        backward,
        "start" if cursor is None else "null" if cursor.value is None else "value",
    )
    arguments: list[Any] = []
    for name in shape.conditions:
        value = getattr(wanted, name)
        if name == "tags":
            arguments.append([identifier for tag in value if (identifier := parse_id(tag)) is not None])
        arguments.append(value)
    arguments += [value for _, _, value in wanted.ranges]
    if cursor is not None:
        arguments += [cursor.id] if cursor.value is None or sort.key == "id" else [cursor.id, cursor.value]
    rows = await db.fetch(list_statement(shape), team_id, limit + 1, offset, *arguments)
    orders = [decode_whole(row["whole"]) for row in rows[:limit] if row["whole"] is not None]
    if backward:
        orders.reverse()
    return Listed(orders, len(rows) > limit, rows[0]["version"] if rows else None)


@cache
def cursor_statement(key: SortKey) -> str:
    return f"select o.{key} as value from orders o where o.team_id = $1 and o.id = $2"


@cache
def list_statement(shape: _Shape) -> str:
    """The SQL of one kind of list. Parameters: team, limit, offset, those of the conditions, those of the ranges,
    the cursor's id and value."""
    where, number = ["o.team_id = $1"], 4
    for name in shape.conditions:
        text = _CONDITIONS[name]
        places = text.count("{}")
        where.append(text.format(*(f"${number + index}" for index in range(places))))
        number += places
    for column, comparison in shape.ranges:
        where.append(f"o.{column} {comparison} ${number}")
        number += 1
    direction = "desc" if shape.descending else "asc"
    walked = [
        _piece(shape.key, place, [*where, *stretch], direction)
        for place, stretch in enumerate(_stretches(shape, f"${number}", f"${number + 1}"))
    ]
    names = [f"stretch_{place}" for place in range(len(walked))]
    return f"""
with {",".join(walked)},
page as (
  select * from ({" union all ".join(f"select * from {name}" for name in names)}) s
  order by part, {_order("", "value" if shape.key != "id" else "id", direction)}
  limit $2::bigint offset $3::bigint
)
select t.version, w.whole from teams t left join lateral (
  select p.part, p.value, p.id, (select {WHOLE} from orders o where o.team_id = $1 and o.id = p.id) as whole
  from page p
) w on true
where t.team_id = $1
order by w.part, w.value {direction}, w.id {direction}
"""


def _piece(key: SortKey, place: int, conditions: list[str], direction: str) -> str:
    """The CTE of one stretch of the walk. The second is only looked at when the first does not fill the page.

    Orders without a value are walked by id, which needs no index of its own: each would be written with every
    change of an order. The price: where hardly any order lacks the value, the last page looks at all of them."""
    if place:
        conditions = [*conditions, f"(select count(*) from stretch_{place - 1}) < $2::bigint + $3::bigint"]
    sort = "id" if _is_null(key) in conditions else key
    return f"""
stretch_{place} as (
  select {place} as part, o.id, o.{key} as value from orders o
  where {" and ".join(conditions)}
  order by {_order("o.", sort, direction)} limit $2::bigint + $3::bigint
)"""


def _order(prefix: str, key: str, direction: str) -> str:
    return f"{prefix}id {direction}" if key == "id" else f"{prefix}{key} {direction}, {prefix}id {direction}"


def _is_null(key: SortKey) -> str:
    return f"o.{key} is null"


def _stretches(shape: _Shape, cursor_id: str, cursor_value: str) -> list[list[str]]:
    """The conditions of the stretches that the walk goes through: those with a value and those without, each
    from the cursor on where that lies in it."""
    beyond = "<" if shape.descending else ">"
    key = shape.key
    if key == "id":
        return [[] if shape.at == "start" else [f"o.id {beyond} {cursor_id}::uuid"]]
    behind_value = f"(o.{key}, o.id) {beyond} ({cursor_value}::{_TYPES[key]}, {cursor_id}::uuid)"
    if key not in _NULLABLE:
        return [[] if shape.at == "start" else [behind_value]]
    is_null, not_null = _is_null(key), f"o.{key} is not null"
    values = [not_null] if shape.at != "value" else [not_null, behind_value]
    nulls = [is_null] if shape.at != "null" else [is_null, f"o.id {beyond} {cursor_id}::uuid"]
    stretches = [nulls, values] if shape.nulls_first else [values, nulls]
    passed = (shape.at == "null" and not shape.nulls_first) or (shape.at == "value" and shape.nulls_first)
    return stretches[1:] if passed else stretches


def all_list_statements() -> list[str]:
    """Every way to sort and walk, without conditions and with all of them: what the test prepares."""
    ranges: tuple[tuple[Ranged, Comparison], ...] = (("created_at", ">="), ("start_date", "="))
    directions = (False, True)
    places: tuple[Literal["start", "value", "null"], ...] = ("start", "value", "null")
    return [
        list_statement(_Shape(conditions, ranges if conditions else (), key, descending, backward, at))
        for conditions in ((), tuple(_CONDITIONS))
        for key in SORT_KEYS
        for descending in directions
        for backward in directions
        for at in places
    ]


LIST_TAGS = """
select id, slug, name from tags
where team_id = $1 and ($3::uuid is null or id < $3) order by id desc limit $2
"""

LIST_TAGS_BEFORE = """
select id, slug, name from tags where team_id = $1 and id > $3 order by id limit $2
"""


async def list_tags(
    db: Database, team_id: str, *, limit: int, after: str | None = None, before: str | None = None
) -> tuple[list[Tag], bool]:
    """Tags, newest first, behind (or before) the tag with that id; and whether more lie in that direction."""
    statement = LIST_TAGS if before is None else LIST_TAGS_BEFORE
    rows = await db.fetch(statement, team_id, limit + 1, after if before is None else before)
    tags = [Tag(*tuple(row)) for row in rows[:limit]]
    return (tags if before is None else tags[::-1]), len(rows) > limit


DOCUMENT_PART = """
select bytes from document_parts where team_id = $1 and document_id = $2 and number = $3
"""


async def document_parts(db: Database, team_id: str, document_id: str) -> AsyncIterator[bytes]:
    """The bytes of a document, part by part."""
    number = 0
    while (row := await db.fetchrow(DOCUMENT_PART, team_id, document_id, number)) is not None:
        yield row["bytes"]
        number += 1
