"""PATCH O/edit_timeline (section 7.13): dates of several milestones at once."""

from milepost.core import milestones as verbs
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.milestone_bodies import TIMELINE, key_dates
from milepost.surfaces.milestones_api.shaping import shape_order


async def edit_timeline(call: Call) -> Reply:
    """PATCH O/edit_timeline."""
    call.agree()
    order = await verbs.edit_timeline(
        call.db, call.actor, call.workspace, call.order_id, key_dates(call.body), clock=call.clock
    )
    return Reply(body={"purchase_order": shape_order(call.workspace, order, call.clock())})


ENDPOINTS = (
    Endpoint(
        operation="editTimeline",
        method="PATCH",
        path="teams/{team_id}/purchase_orders/{order_id}/edit_timeline",
        permission="canUpdateOrders",
        summary="Move the dates of milestones",
        handler=edit_timeline,
        body=TIMELINE,
        refusals=(
            "validation_failed",
            "order_not_active",
            "milestone_not_in_workflow",
            "conflicting_dates",
            "already_confirmed",
            "date_in_future",
            "dates_out_of_order",
        ),
    ),
)
