"""The endpoints of orders (sections 7.2 to 7.5 and 7.19)."""

from typing import get_args

from milepost.core import milestones as milestone_verbs
from milepost.core import purchase_order_entry as verbs
from milepost.kit.errors import NotFound
from milepost.model.order import StoredOrder
from milepost.model.urgency import PurchaseOrderStatus
from milepost.reads import purchase_order_pages as reads
from milepost.reads.purchase_order_pages import Filter
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.order_bodies import EDITED_ORDER, NEW_ORDER
from milepost.surfaces.milestones_api.order_wishes import edit_of, entry_of
from milepost.surfaces.milestones_api.paging import paged, read_page
from milepost.surfaces.milestones_api.parameters import choices, earliest, latest, one
from milepost.surfaces.milestones_api.shaping import shape_order

STATUSES: tuple[PurchaseOrderStatus, ...] = get_args(PurchaseOrderStatus)


async def list_orders(call: Call) -> Reply:
    """GET T/purchase_orders."""
    page, wanted = read_page(call), _filter(call)
    found = await reads.list_purchase_orders(
        call.db, call.team_id, wanted, limit=page.size, offset=page.offset
    )
    call.saw(found.version)
    now = call.clock()
    rows = [shape_order(call.workspace, order, now, milestones=False) for order in found.orders]
    return paged(call, page, found.total, "purchase_orders", rows)


def _filter(call: Call) -> Filter:
    statuses = choices(call, "filter[status]", STATUSES)
    return Filter(
        created_from=earliest(call, "filter[created_from]"),
        created_to=latest(call, "filter[created_to]"),
        updated_from=earliest(call, "filter[updated_from]"),
        updated_to=latest(call, "filter[updated_to]"),
        statuses=None if statuses is None else [status for status in STATUSES if status in statuses],
        order_number=one(call, "filter[order_number]"),
    )


async def create_order(call: Call) -> Reply:
    """POST T/purchase_orders."""
    call.agree()
    order = await verbs.enter_order(
        call.db, call.actor, call.workspace, entry_of(call.body), clock=call.clock
    )
    reply = _order_reply(call, order)
    reply.status = 201
    reply.headers = [(b"location", f"/v1/teams/{call.team_id}/purchase_orders/{order.id}".encode())]
    return reply


async def get_order(call: Call) -> Reply:
    """GET O."""
    return _order_reply(call, await shown_order(call))


async def edit_order(call: Call) -> Reply:
    """PATCH O."""
    call.agree()
    order = await verbs.edit_order(
        call.db, call.actor, call.workspace, call.order_id, edit_of(call.body), clock=call.clock
    )
    return _order_reply(call, order)


async def issue_order(call: Call) -> Reply:
    """POST O/issue."""
    call.agree()
    order = await milestone_verbs.issue_order(
        call.db, call.actor, call.workspace, call.order_id, clock=call.clock
    )
    return _order_reply(call, order)


async def shown_order(call: Call) -> StoredOrder:
    """The order that the path names, with its plan. Raises NotFound, Stale."""
    order, version = await reads.get_purchase_order(call.db, call.team_id, call.order_id)
    call.saw(version)
    if order is None:
        raise NotFound("Order")
    return order


def _order_reply(call: Call, order: StoredOrder) -> Reply:
    return Reply(body={"purchase_order": shape_order(call.workspace, order, call.clock())})


_MANY = "teams/{team_id}/purchase_orders"
_ONE = "teams/{team_id}/purchase_orders/{order_id}"

ENDPOINTS = (
    Endpoint(
        operation="listPurchaseOrders",
        method="GET",
        path=_MANY,
        permission="canViewOrders",
        summary="List orders, oldest first",
        handler=list_orders,
    ),
    Endpoint(
        operation="createPurchaseOrder",
        method="POST",
        path=_MANY,
        permission="canUpdateOrders",
        summary="Create an order and issue it, or keep it as a draft",
        handler=create_order,
        body=NEW_ORDER,
        success=201,
        refusals=("validation_failed",),
    ),
    Endpoint(
        operation="getPurchaseOrder",
        method="GET",
        path=_ONE,
        permission="canViewOrders",
        summary="Read one order with its milestones",
        handler=get_order,
    ),
    Endpoint(
        operation="updatePurchaseOrder",
        method="PATCH",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Change what is named of an order",
        handler=edit_order,
        body=EDITED_ORDER,
        refusals=(
            "validation_failed",
            "order_not_active",
            "field_frozen",
            "already_confirmed",
            "dates_out_of_order",
        ),
    ),
    Endpoint(
        operation="issuePurchaseOrder",
        method="POST",
        path=f"{_ONE}/issue",
        permission="canUpdateOrders",
        summary="Issue a draft, or issue an order again",
        handler=issue_order,
        refusals=("already_accepted", "order_not_active"),
    ),
)
