"""The endpoints of an order's items (section 10)."""

from collections.abc import Callable

from milepost.core import purchase_orders as verbs
from milepost.model.document import item_document
from milepost.model.order import NewItem, StoredItem
from milepost.model.releases import available
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.conditions import etag, matches, not_modified
from milepost.surfaces.orders_api.shaping import (
    find_item,
    item_reply,
    list_reply,
    page_of,
    stored_order,
    wanted_page,
)
from milepost.surfaces.orders_api.values import read_patch
from milepost.surfaces.orders_api.wishes import new_item, patched_item


async def create_item(call: Call) -> Reply:
    """POST /orders/{order_id}/items."""
    item = new_item(call.body)
    call.agree()
    order, item_id = await verbs.add_item(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        item,
        clock=call.clock,
        matches=matches(call),
    )
    return item_reply(order, find_item(order, item_id), 201)


async def list_items(call: Call) -> Reply:
    """GET /orders/{order_id}/items."""
    page = wanted_page(call)
    order = await stored_order(call)
    items, has_more = page_of(order.items, page)
    left = available(order)
    data = [item_document(item.id, item.content, left.get(item.id)) for item in items]
    return list_reply(call, page, data, has_more)


async def get_item(call: Call) -> Reply:
    """GET /orders/{order_id}/items/{order_item_id}."""
    order = await stored_order(call)
    item = find_item(order, call.id(1, "Item"))
    return not_modified(call, order.version) or item_reply(order, item)


async def replace_item(call: Call) -> Reply:
    """PUT /orders/{order_id}/items/{order_item_id}."""
    item = new_item(call.body)
    return await _replace(call, lambda _: item)


async def patch_item(call: Call) -> Reply:
    """PATCH /orders/{order_id}/items/{order_item_id}."""
    read_patch(documents.ITEM, call.body)
    return await _replace(call, lambda stored: patched_item(stored, call.body))


async def _replace(call: Call, wish: Callable[[StoredItem], NewItem]) -> Reply:
    order_id, item_id = call.id(0, "Order"), call.id(1, "Item")
    call.agree()
    order = await verbs.replace_item(
        call.db,
        call.actor,
        call.workspace,
        order_id,
        item_id,
        wish,
        clock=call.clock,
        matches=matches(call),
    )
    return item_reply(order, find_item(order, item_id))


async def delete_item(call: Call) -> Reply:
    """DELETE /orders/{order_id}/items/{order_item_id}."""
    call.agree()
    order = await verbs.remove_item(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        call.id(1, "Item"),
        clock=call.clock,
        matches=matches(call),
    )
    return Reply(status=204, headers=[etag(order.version)])


_ORDER_FORBIDS = ("order_canceled", "precondition_failed")
_ONE = "orders/{order_id}/items/{order_item_id}"

ENDPOINTS = (
    Endpoint(
        operation="createOrderItem",
        method="POST",
        path="orders/{order_id}/items",
        permission="canUpdateOrders",
        summary="Add an item to an order",
        handler=create_item,
        body="json",
        success=201,
        refusals=("too_many", *_ORDER_FORBIDS),
    ),
    Endpoint(
        operation="listOrderItems",
        method="GET",
        path="orders/{order_id}/items",
        permission="canViewOrders",
        summary="List the items of an order, oldest first",
        handler=list_items,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="getOrderItem",
        method="GET",
        path=_ONE,
        permission="canViewOrders",
        summary="Read one item",
        handler=get_item,
    ),
    Endpoint(
        operation="replaceOrderItem",
        method="PUT",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Replace an item",
        handler=replace_item,
        body="json",
        refusals=("below_released", "unit_locked", *_ORDER_FORBIDS),
    ),
    Endpoint(
        operation="updateOrderItem",
        method="PATCH",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Change an item by a merge patch",
        handler=patch_item,
        body="merge",
        refusals=("below_released", "unit_locked", *_ORDER_FORBIDS),
    ),
    Endpoint(
        operation="deleteOrderItem",
        method="DELETE",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Take an item out of its order",
        handler=delete_item,
        success=204,
        refusals=("item_released", *_ORDER_FORBIDS),
    ),
)
