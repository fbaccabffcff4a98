"""The endpoints of orders (section 9)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import get_args

from milepost.core import purchase_orders as verbs
from milepost.model.document import shown_order
from milepost.model.lifecycle import Lifecycle
from milepost.model.order import OrderType
from milepost.reads import purchase_orders as reads
from milepost.reads.purchase_orders import SORT_KEYS, Comparison, Cursor, Filter, Ranged, Sort
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.conditions import matches, not_modified
from milepost.surfaces.orders_api.parameters import Page, Query, Span, unknown_cursor
from milepost.surfaces.orders_api.shaping import list_reply, order_reply, stored_order
from milepost.surfaces.orders_api.values import read_patch
from milepost.surfaces.orders_api.wishes import new_order, patched_order, replaced_order

ORDER_TYPES: tuple[str, ...] = get_args(OrderType)
STATUSES: tuple[str, ...] = get_args(Lifecycle)
_SORTS = {f"{sign}{key}": Sort(key, bool(sign)) for sign in ("", "-") for key in SORT_KEYS}


async def create_order(call: Call) -> Reply:
    """POST /orders."""
    wish = new_order(call.body)
    call.agree()
    order = await verbs.create_order(call.db, call.actor, call.workspace, wish, clock=call.clock)
    return order_reply(order, 201)


async def get_order(call: Call) -> Reply:
    """GET /orders/{order_id}."""
    order = await stored_order(call)
    return not_modified(call, order.version) or order_reply(order)


async def list_orders(call: Call) -> Reply:
    """GET /orders."""
    query = Query(call.query)
    page, sort, wanted = wanted_orders(query)
    query.finish()
    found = await reads.list_orders(
        call.db,
        call.actor.team_id,
        wanted,
        sort=sort,
        limit=page.limit,
        offset=((page.number or 1) - 1) * page.limit,
        cursor=await _cursor(call, page, sort),
    )
    call.saw(found.version)
    return list_reply(call, page, [shown_order(order) for order in found.orders], found.has_more)


async def replace_order(call: Call) -> Reply:
    """PUT /orders/{order_id}."""
    wish = replaced_order(call.body)
    call.agree()
    order = await verbs.replace_order(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        lambda _: wish,
        clock=call.clock,
        matches=matches(call),
    )
    return order_reply(order)


async def patch_order(call: Call) -> Reply:
    """PATCH /orders/{order_id}."""
    read_patch(documents.ORDER, call.body)
    call.agree()
    order = await verbs.replace_order(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        lambda stored: patched_order(stored, call.body),
        clock=call.clock,
        matches=matches(call),
    )
    return order_reply(order)


async def cancel_order(call: Call) -> Reply:
    """POST /orders/{order_id}/cancel."""
    call.agree()
    order = await verbs.cancel_order(
        call.db, call.actor, call.workspace, call.id(0, "Order"), clock=call.clock, matches=matches(call)
    )
    return order_reply(order)


async def _cursor(call: Call, page: Page, sort: Sort) -> Cursor | None:
    identifier = page.ending_before or page.starting_after
    if identifier is None:
        return None
    cursor = await reads.find_cursor(
        call.db, call.actor.team_id, identifier, sort, backward=page.ending_before is not None
    )
    if cursor is None:
        raise unknown_cursor(page)
    return cursor


def wanted_orders(query: Query) -> tuple[Page, Sort, Filter]:
    """All that the list can be asked for (section 5)."""
    page = query.page(numbered=True)
    sort = _SORTS[query.choice("order_by", tuple(_SORTS)) or "-id"]
    ranges = [
        *_ranges("created_at", query.instants("created_at")),
        *_ranges("updated_at", query.instants("updated_at")),
        *_ranges("start_date", query.dates("start_date")),
        *_ranges("expiration_date", query.dates("expiration_date")),
    ]
    wanted = Filter(
        ids=query.ids("id"),
        order_numbers=query.many("order_number"),
        parent_ids=query.ids("created_from_order_id"),
        supplier_ids=query.many("supplier_id"),
        statuses=query.choices("status", STATUSES),
        order_types=query.choices("order_type", ORDER_TYPES),
        tags=query.many("tag"),
        archived=query.flag("archived"),
        ranges=ranges,
    )
    return page, sort, wanted


def _ranges(
    name: Ranged, span: Span[datetime] | Span[date] | None
) -> Iterator[tuple[Ranged, Comparison, datetime | date]]:
    if span is None:
        return
    comparisons: tuple[tuple[Comparison, datetime | date | None], ...] = (
        ("=", span.eq),
        (">", span.gt),
        (">=", span.gte),
        ("<", span.lt),
        ("<=", span.lte),
    )
    for comparison, value in comparisons:
        if value is not None:
            yield name, comparison, value


_ONE = "orders/{order_id}"
_REPLACING = (
    "not_unique",
    "duplicate",
    "immutable",
    "end_before_start",
    "below_released",
    "unit_locked",
    "item_released",
    "order_canceled",
    "precondition_failed",
    "precondition_required",
    "not_found",
)

ENDPOINTS = (
    Endpoint(
        operation="createOrder",
        method="POST",
        path="orders",
        permission="canUpdateOrders",
        summary="Create an order with its items",
        handler=create_order,
        body="json",
        success=201,
        refusals=("not_unique", "duplicate", "not_found", "end_before_start"),
    ),
    Endpoint(
        operation="listOrders",
        method="GET",
        path="orders",
        permission="canViewOrders",
        summary="List orders that match all filters",
        handler=list_orders,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="getOrder",
        method="GET",
        path=_ONE,
        permission="canViewOrders",
        summary="Read one order",
        handler=get_order,
    ),
    Endpoint(
        operation="replaceOrder",
        method="PUT",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Replace an order with its items",
        handler=replace_order,
        body="json",
        conditional=True,
        refusals=_REPLACING,
    ),
    Endpoint(
        operation="updateOrder",
        method="PATCH",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Change an order by a merge patch",
        handler=patch_order,
        body="merge",
        conditional=True,
        refusals=_REPLACING,
    ),
    Endpoint(
        operation="cancelOrder",
        method="POST",
        path="orders/{order_id}/cancel",
        permission="canUpdateOrders",
        summary="Cancel an order",
        handler=cancel_order,
        body="optional",
        refusals=("not_cancellable", "precondition_failed"),
    ),
)
