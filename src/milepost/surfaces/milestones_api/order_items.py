"""The endpoint of an order's lines (section 7.6)."""

from milepost.kit.errors import NotFound
from milepost.reads.purchase_order_items import list_items
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.paging import paged, read_page
from milepost.surfaces.milestones_api.shaping import shape_item


async def list_order_items(call: Call) -> Reply:
    """GET O/order_items."""
    page = read_page(call)
    found, version = await list_items(
        call.db, call.team_id, call.order_id, limit=page.size, offset=page.offset
    )
    call.saw(version)
    if found is None:
        raise NotFound("Order")
    return paged(call, page, found.total, "order_items", [shape_item(item) for item in found.items])


ENDPOINTS = (
    Endpoint(
        operation="listOrderItems",
        method="GET",
        path="teams/{team_id}/purchase_orders/{order_id}/order_items",
        permission="canViewOrders",
        summary="List the lines of an order, oldest first",
        handler=list_order_items,
    ),
)
