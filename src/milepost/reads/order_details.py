"""One order with all that hangs on it, for a person to look at: lines, statuses, milestones, tasks, history."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from milepost.model.workflow import Workspace
from milepost.reads.plan_details import PlanDetail, plan_detail
from milepost.store.db import Database
from milepost.store.order_loads import load_planned_orders

ORDER_EXISTS = "select from orders where team_id = $1 and id = $2"

FIND_BY_NUMBER = "select id from orders where team_id = $1 and order_number = $2"

# An order and a draft may have the same digits; the order wins (Status API, section 5).
FIND_BY_SHOPIFY_ID = """
select id from orders where team_id = $1 and shopify_id = $2 and shopify_kind = any($3::text[])
order by shopify_kind desc limit 1
"""

ORDER_DETAIL = """
select o.id, o.order_number, o.order_type, o.is_draft, o.shopify_kind, o.shopify_id, o.source, o.version,
  o.lifecycle, s.name as status, u.name as sub_status, o.status_entered_at, o.deadline_at, w.name as
  workflow, o.customer_first_name, o.customer_last_name, o.customer_email, o.customer_phone, o.ship_to,
  o.total_price, coalesce(o.currency, t.currency) as currency, o.incoterms, o.payment_terms,
  o.shipping_method, o.note, o.supplier ->> 'name' as supplier, o.issued_on, o.last_issued_on, o.ships_on,
  o.delivered_on, o.placed_at, o.cancelled_at, o.created_at, o.updated_at
from orders o
join teams t on t.team_id = o.team_id
left join statuses s on s.team_id = o.team_id and s.id = o.status_id
left join sub_status_options u on u.team_id = o.team_id and u.id = o.sub_status_id
left join workflows w on w.team_id = o.team_id and w.id = o.workflow_id
where o.team_id = $1 and o.id = $2
"""

ORDER_LINES = """
select i.id, i.shopify_line_item_id, i.sku, i.description, i.quantity, i.unit, i.unit_price,
  s.name as status, u.name as sub_status, i.deadline_at
from order_items i
left join statuses s on s.team_id = i.team_id and s.id = i.status_id
left join sub_status_options u on u.team_id = i.team_id and u.id = i.sub_status_id
where i.team_id = $1 and i.order_id = $2
order by i.position
"""

ORDER_ADDONS = """
select s.name as status, u.name as sub_status, a.entered_at
from order_addons a
join statuses s on s.team_id = a.team_id and s.id = a.status_id
left join sub_status_options u on u.team_id = a.team_id and u.id = a.sub_status_id
where a.team_id = $1 and a.order_id = $2
order by s.position, s.id
"""

ORDER_HISTORY = """
select e.sequence, e.id, e.type, e.subject_id, e.actor_name, e.effective_at, e.recorded_at, e.old_data,
e.new_data from events e where e.team_id = $1 and e.order_id = $2 order by e.sequence desc limit $3
"""


class OrderDetail(Struct, kw_only=True):
    """The order itself; statuses and workflow by name. Instants are in UTC."""

    id: str
    order_number: str
    order_type: str
    is_draft: bool
    shopify_kind: str | None
    shopify_id: int | None
    source: str
    version: int
    lifecycle: str
    status: str | None
    sub_status: str | None
    status_entered_at: datetime | None
    deadline_at: datetime | None
    workflow: str | None
    customer_first_name: str | None
    customer_last_name: str | None
    customer_email: str | None
    customer_phone: str | None
    ship_to: dict[str, Any] | None
    total_price: Decimal | None
    currency: str
    incoterms: str | None
    payment_terms: str | None
    shipping_method: str | None
    note: str | None
    supplier: str | None
    issued_on: date | None
    last_issued_on: date | None
    ships_on: date | None
    delivered_on: date | None
    placed_at: datetime
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime


class LineDetail(Struct, kw_only=True):
    id: str
    shopify_line_item_id: int | None
    sku: str | None
    description: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal | None
    status: str | None
    sub_status: str | None
    deadline_at: datetime | None


class AddonDetail(Struct, kw_only=True):
    status: str
    sub_status: str | None
    entered_at: datetime


class HistoryEntry(Struct, kw_only=True):
    sequence: int
    id: str
    type: str
    subject_id: str | None
    actor_name: str
    effective_at: datetime
    recorded_at: datetime
    old_data: dict[str, Any]
    new_data: dict[str, Any]


class Details(Struct):
    """All of it; `history` is its newest part, oldest entry first."""

    order: OrderDetail
    lines: list[LineDetail]
    addons: list[AddonDetail]
    plan: PlanDetail
    history: list[HistoryEntry]


async def find_by_number(db: Database, team_id: str, number: str) -> str | None:
    """The id of the order with exactly that number."""
    row = await db.fetchrow(FIND_BY_NUMBER, team_id, number)
    return None if row is None else str(row["id"])


async def find_by_shopify_id(
    db: Database, team_id: str, digits: int, kinds: tuple[str, ...] = ("Order", "DraftOrder")
) -> str | None:
    """The id of the order with these Shopify digits in one of the kinds, the regular order first."""
    row = await db.fetchrow(FIND_BY_SHOPIFY_ID, team_id, digits, list(kinds))
    return None if row is None else str(row["id"])


async def exists(db: Database, team_id: str, order_id: str) -> bool:
    """Whether the team has an order of that id."""
    return await db.fetchrow(ORDER_EXISTS, team_id, order_id) is not None


async def load(
    db: Database, workspace: Workspace, order_id: str, *, events: int, now: datetime
) -> Details | None:
    """The order with at most that many of its newest events, and what presses of it at `now`; None when the team of
    the workspace has no such order. `db` is a snapshot, so that all of it belongs together."""
    team_id = workspace.team.id
    row = await db.fetchrow(ORDER_DETAIL, team_id, order_id)
    if row is None:
        return None
    _, (planned,) = await load_planned_orders(db, team_id, [order_id])
    history = await db.fetch(ORDER_HISTORY, team_id, order_id, events)
    return Details(
        order=OrderDetail(**row),
        lines=[LineDetail(**line) for line in await db.fetch(ORDER_LINES, team_id, order_id)],
        addons=[AddonDetail(**addon) for addon in await db.fetch(ORDER_ADDONS, team_id, order_id)],
        plan=plan_detail(workspace, planned, now),
        history=[HistoryEntry(**entry) for entry in reversed(history)],
    )
