"""Orders as the Milestones API shows them: pages by id, and one with its plan.

Each is one JSON text that the database makes in the shape of `StoredOrder` and that decodes into one, with as much
of it as is shown: a list row has no lines, of its milestones and tasks what urgency depends on. What urgency is,
`model/urgency.py` says; only the status is also said in SQL (`STATUS`), for the filter.

A list begins at the team's row, so that it also tells the workspace version and a page past the end still has its
total (docs/decisions/0009-reading-lists.md).
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from itertools import product
from typing import Any

import msgspec
from msgspec import Struct

from milepost.model.lifecycle import Lifecycle
from milepost.model.order import StoredOrder
from milepost.model.plan import Delay, OrderMilestone, Task
from milepost.model.urgency import PurchaseOrderStatus
from milepost.reads.deep_pages import DEEP, deep_page
from milepost.store.db import Database


class Filter(Struct, frozen=True, kw_only=True):
    """All conditions of a list, joined by AND. None: not asked. Both ends of a span belong to it."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    order_number: str | None = None
    statuses: Collection[PurchaseOrderStatus] | None = None


EVERY = Filter()


class Page(Struct, frozen=True):
    """The orders of a page, how many match in all, and the workspace version of that moment."""

    orders: list[StoredOrder]
    total: int
    version: int | None


STATUS = """
case
  when o.cancelled_at is not null then 'canceled'
  when o.is_draft then 'draft'
  else (
    select case
      when acceptance.status = 'rejected' then 'rejected'
      when o.lifecycle = 'DELIVERED' then 'delivered'
      when o.lifecycle in ('IN_TRANSIT', 'OUT_FOR_DELIVERY') then 'shipped'
      when acceptance.status = 'pending' then 'issued'
      else (
        select case
          when bool_and(m.status = 'confirmed' and m.type not in ('shipment', 'delivery')) then 'completed'
          when bool_or(m.status = 'confirmed' and m.type = 'production_start') then 'in_production'
          when bool_or(m.status = 'confirmed' and m.type = 'acceptance') then 'accepted'
          else 'issued'
        end
        from order_milestones m where m.team_id = o.team_id and m.order_id = o.id
      )
    end
    from (select (
      select m.status from order_milestones m
      where m.team_id = o.team_id and m.order_id = o.id and m.position = 1 and m.type = 'acceptance'
    ) as status offset 0) acceptance
  )
end"""
"""`model.urgency.purchase_order_status` of a row `o` of orders. Its `lifecycle` holds what milestones of shipment and
delivery and the legs of transport say (model/lifecycle.py). Acceptance is the first milestone and confirmed before any
other (sections 8.2 and 8.5), so that of most orders one milestone is looked at, and once ("offset 0")."""

_BEFORE_TRANSPORT: tuple[Lifecycle, ...] = ("NOT_READY", "READY", "FILLED", "ASSIGNED", "DISPATCHED")
_MOVING: tuple[Lifecycle, ...] = ("IN_TRANSIT", "OUT_FOR_DELIVERY")
_LIFECYCLES: dict[PurchaseOrderStatus, tuple[Lifecycle, ...]] = {
    "canceled": ("CANCELED",),
    "draft": ("NOT_READY",),
    "rejected": (*_BEFORE_TRANSPORT, *_MOVING, "DELIVERED"),
    "delivered": ("DELIVERED",),
    "shipped": _MOVING,
    "completed": _BEFORE_TRANSPORT,
    "in_production": _BEFORE_TRANSPORT,
    "accepted": _BEFORE_TRANSPORT,
    "issued": _BEFORE_TRANSPORT,
}
"""Which lifecycles an order of that status may have: they are looked at before its milestones."""
_DRAFTS: dict[PurchaseOrderStatus, tuple[bool, ...]] = {"canceled": (True, False), "draft": (True,)}
"""Whether it may be a draft; any other status: it may not."""

_CONDITIONS = {
    "created_from": "o.created_at >= {}",
    "created_to": "o.created_at <= {}",
    "updated_from": "o.updated_at >= {}",
    "updated_to": "o.updated_at <= {}",
    "order_number": "o.order_number = {}",
    "statuses": f"""o.lifecycle = any({{}}::text[]) and o.is_draft = any({{}}::boolean[])
  and {STATUS} = any({{}}::text[])""",
}

_CONTENT = """
  o.order_number, o.is_draft, o.name, o.note, o.currency, o.incoterms, o.payment_terms, o.shipping_method, o.ship_to,
  o.supplier, o.ships_on, o.delivered_on, o.cancelled_at"""
_OWN = """
  o.id, o.version, o.event_seq, o.lifecycle, o.milestone_workflow_id, o.issued_on, o.last_issued_on, o.last_issued_at,
  o.created_at, o.updated_at"""


def _rows(columns: str, of: str, order: str) -> str:
    """The rows that belong to order `o`, as an array."""
    return f"""(select coalesce(json_agg(x order by {order}), '[]') from (select {columns} from {of}) x)"""


def _columns(row: type[Struct], prefix: str, *others: str) -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__ if name not in others)


def _whole(milestones: str, tasks: str) -> str:
    """The SQL expression of what is shown of an order, for a row `o` of orders."""
    tags = _rows(
        "g.id, g.slug, g.name",
        "order_tags l join tags g on g.team_id = l.team_id and g.id = l.tag_id "
        "where l.team_id = o.team_id and l.order_id = o.id",
        "x.slug",
    )
    legs = _rows(
        "r.id, r.release_type, '[]'::json as items, r.transit_status, r.created_at",
        "releases r where r.team_id = o.team_id and r.order_id = o.id and r.release_type = 'TRANSPORTATION' "
        "and r.unassigned_at is null",
        "x.id",
    )
    return f"""(select row_to_json(w)::text from (select {_OWN}, '[]'::json as items,
  (select row_to_json(c) from (select {_CONTENT}) c) as content,
  {tags} as tags,
  {legs} as releases,
  (select row_to_json(p) from (select {milestones} as milestones, {tasks} as tasks) p) as plan) w)"""


_MILESTONES = "order_milestones m where m.team_id = o.team_id and m.order_id = o.id"
_TASKS = "order_tasks k where k.team_id = o.team_id and k.order_id = o.id"
_LISTED = _whole(
    _rows(
        "m.id, m.workflow_milestone_id, m.position, m.type, m.name, m.owner, m.prompt_offset_days, m.key_date, "
        "m.status, m.confirmed_at, m.rejected_at, m.undone_at, m.created_at, m.updated_at",
        _MILESTONES,
        "x.position",
    ),
    _rows(
        "k.id, k.milestone_id, k.title, k.required, k.completed_at, k.created_at, k.updated_at",
        f"{_TASKS} and k.required",
        "x.id",
    ),
)
_DELAYS = _rows(
    _columns(Delay, "d."),
    "milestone_delays d where d.team_id = o.team_id and d.order_id = o.id and d.milestone_id = m.id",
    "x.id",
)
_SHOWN = _whole(
    _rows(f"{_columns(OrderMilestone, 'm.', 'delays')}, {_DELAYS} as delays", _MILESTONES, "x.position"),
    _rows(_columns(Task, "k."), _TASKS, "x.id"),
)

GET_PURCHASE_ORDER = f"""
select t.version, (select {_SHOWN} from orders o where o.team_id = $1 and o.id = $2) as shown
from teams t where t.team_id = $1
"""

_PAGE = f"""
select t.version, ({{total}}) as total, w.shown
from teams t left join lateral (
  select p.id, (select {_LISTED} from orders o where o.team_id = $1 and o.id = p.id) as shown from page p
) w on true
where t.team_id = $1
order by w.id
"""
_EVERY = f"""
with page as materialized (
  select o.id from orders o where o.team_id = $1 order by o.id {{}} limit $2 offset $3
){
    _PAGE.format(total="select coalesce(sum(c.orders), 0)::bigint from order_tallies c where c.team_id = $1")
}"""
EVERY_PURCHASE_ORDER = _EVERY.format("asc")
EVERY_PURCHASE_ORDER_FROM_END = _EVERY.format("desc")


@cache
def list_statement(asked: tuple[str, ...]) -> str:
    """The SQL of a list with these conditions, of which each order is looked at once. Parameters: team, limit, offset,
    then those of the conditions."""
    where, number = ["o.team_id = $1"], 4
    for name in asked:
        text = _CONDITIONS[name]
        places = text.count("{}")
        where.append(text.format(*(f"${number + index}" for index in range(places))))
        number += places
    return f"""
with hits as materialized (
  select o.id from orders o where {" and ".join(where)}
),
page as materialized (
  select h.id from hits h order by h.id limit $2 offset $3
){_PAGE.format(total="select count(*) from hits")}"""


def all_list_statements() -> Iterator[str]:
    """Every list with conditions there can be: what the test prepares against the real schema."""
    for wanted in product((False, True), repeat=len(_CONDITIONS)):
        if any(wanted):
            yield list_statement(
                tuple(name for name, is_asked in zip(_CONDITIONS, wanted, strict=True) if is_asked)
            )


_decode = msgspec.json.Decoder(StoredOrder, float_hook=Decimal).decode


async def list_purchase_orders(
    db: Database, team_id: str, wanted: Filter, *, limit: int, offset: int
) -> Page:
    """One page of the orders that match, by id."""
    if wanted != EVERY:
        asked = tuple(name for name in _CONDITIONS if getattr(wanted, name) is not None)
        return await _page(db, list_statement(asked), team_id, _arguments(wanted, asked), limit, offset)
    from_start = partial(_page, db, EVERY_PURCHASE_ORDER, team_id, [])
    if offset < DEEP:
        return await from_start(limit, offset)
    from_end = partial(_page, db, EVERY_PURCHASE_ORDER_FROM_END, team_id, [])
    return await deep_page(from_start, from_end, limit=limit, offset=offset)


def _arguments(wanted: Filter, asked: Collection[str]) -> list[Any]:
    arguments: list[Any] = [getattr(wanted, name) for name in asked if name != "statuses"]
    if wanted.statuses is not None:
        lifecycles = {one for status in wanted.statuses for one in _LIFECYCLES[status]}
        drafts = {one for status in wanted.statuses for one in _DRAFTS.get(status, (False,))}
        arguments += [sorted(lifecycles), sorted(drafts), list(wanted.statuses)]
    return arguments


async def _page(
    db: Database, statement: str, team_id: str, arguments: list[Any], limit: int, offset: int
) -> Page:
    rows = await db.fetch(statement, team_id, limit, offset, *arguments)
    if not rows:
        return Page([], 0, None)
    return Page([_decode(row[2]) for row in rows if row[2] is not None], rows[0][1], rows[0][0])


async def get_purchase_order(
    db: Database, team_id: str, order_id: str
) -> tuple[StoredOrder | None, int | None]:
    """The order with its plan, without lines and inactive releases, or None; and the workspace version of that
    moment."""
    row = await db.fetchrow(GET_PURCHASE_ORDER, team_id, order_id)
    if row is None:
        return None, None
    return (None if row[1] is None else _decode(row[1])), row[0]
