"""The endpoints of an order's milestones: read, confirm, reject, undo (sections 7.7 to 7.12)."""

from milepost.core import milestones as verbs
from milepost.http.values import Wrong
from milepost.kit.errors import Conflict, NotFound
from milepost.model.milestone_moves import Named, Rejection, find_milestone
from milepost.model.order import StoredOrder
from milepost.model.plan import OrderMilestone
from milepost.model.urgency import plan_of
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.milestone_bodies import UNDO, Acts, confirmation, rejection
from milepost.surfaces.milestones_api.orders import shown_order
from milepost.surfaces.milestones_api.paging import paged, part_of, read_page
from milepost.surfaces.milestones_api.shaping import shape_milestone, shape_milestones
from milepost.surfaces.milestones_api.values import refusal

ACTS = Acts()
"""The bodies of the acts on a milestone that is named by an id."""


async def list_milestones(call: Call) -> Reply:
    """GET O/milestones."""
    page = read_page(call)
    rows = shape_milestones(call.workspace, await shown_order(call), call.clock())
    return paged(call, page, len(rows), "milestones", part_of(page, rows))


async def get_milestone(call: Call) -> Reply:
    """GET O/milestones/{milestone_id}."""
    order = await shown_order(call)
    return milestone_reply(call, order, call.id(1, "Milestone"))


async def confirm_milestone(call: Call) -> Reply:
    """POST O/milestones/{milestone_id}/confirm."""
    return await confirm(call, Named("milestone", call.path[1]), ACTS)


async def reject_milestone(call: Call) -> Reply:
    """POST O/milestones/{milestone_id}/reject."""
    return await reject(call, Named("milestone", call.path[1]), ACTS)


async def confirm_workflow_milestone(call: Call) -> Reply:
    """POST O/workflow_milestones/{workflow_milestone_id}/confirm."""
    return await confirm(call, Named("workflow_milestone", call.path[1]), ACTS)


async def reject_workflow_milestone(call: Call) -> Reply:
    """POST O/workflow_milestones/{workflow_milestone_id}/reject."""
    return await reject(call, Named("workflow_milestone", call.path[1]), ACTS)


async def undo_confirmation(call: Call) -> Reply:
    """POST O/milestones/{milestone_id}/undo."""
    call.agree()
    order, milestone_id = await verbs.undo_confirmation(
        call.db,
        call.actor,
        call.workspace,
        call.order_id,
        Named("milestone", call.path[1]),
        clock=call.clock,
        reason=call.body.get("reason"),
    )
    return milestone_reply(call, order, milestone_id)


async def confirm(call: Call, named: Named, acts: Acts) -> Reply:
    """Confirms the milestone as the body, read by `acts.confirm`, says. Raises Refused, Stale."""
    call.agree()
    order, milestone_id = await verbs.confirm_milestone(
        call.db,
        call.actor,
        call.workspace,
        call.order_id,
        named,
        confirmation(acts, call.body),
        clock=call.clock,
        channels=call.channels,
    )
    return milestone_reply(call, order, milestone_id)


async def reject(call: Call, named: Named, acts: Acts) -> Reply:
    """Rejects the milestone as the body says. Raises Refusal, Refused, Stale."""
    wish = await _rejection(call, named, acts)
    call.agree()
    order, milestone_id = await verbs.reject_milestone(
        call.db, call.actor, call.workspace, call.order_id, named, wish, clock=call.clock
    )
    return milestone_reply(call, order, milestone_id)


async def _rejection(call: Call, named: Named, acts: Acts) -> Rejection:
    """What the body wishes. The milestone is asked for what it needs only when there is a fault: the verb does it
    otherwise. Raises Refusal, NotFound, Stale."""
    try:
        return rejection(acts, call.body)
    except Wrong:
        milestone = await _meant(call, named)
    try:
        return rejection(acts, call.body, milestone)
    except Wrong as found:
        raise refusal(found) from None


async def _meant(call: Call, named: Named) -> OrderMilestone | None:
    """The milestone, None where the state of the order forbids to name it: that is told after faults of the body.
    Raises NotFound."""
    order = await shown_order(call)
    try:
        return find_milestone(call.workspace, order, named)
    except Conflict:
        return None


def milestone_reply(call: Call, order: StoredOrder, milestone_id: str) -> Reply:
    """One milestone as the answer. Raises NotFound when the order has no such milestone."""
    milestone = plan_of(order).milestone(milestone_id)
    if milestone is None:
        raise NotFound("Milestone")
    call.milestone_id = milestone.id
    return Reply(body={"milestone": shape_milestone(call.workspace, order, milestone, call.clock())})


CONFIRM_REFUSALS = (
    "validation_failed",
    "order_not_active",
    "already_confirmed",
    "out_of_sequence",
    "blocked_by_tasks",
    "date_in_future",
    "dates_out_of_order",
    "status_chain",
    "workflow_order",
    "milestone_not_in_workflow",
    "conflicting_dates",
)
REJECT_REFUSALS = (
    "validation_failed",
    "order_not_active",
    "already_confirmed",
    "date_in_past",
    "date_unchanged",
    "milestone_not_in_workflow",
    "conflicting_dates",
    "date_in_future",
    "dates_out_of_order",
)
_ONE = "teams/{team_id}/purchase_orders/{order_id}/milestones/{milestone_id}"
_COPIED = "teams/{team_id}/purchase_orders/{order_id}/workflow_milestones/{workflow_milestone_id}"

ENDPOINTS = (
    Endpoint(
        operation="listMilestones",
        method="GET",
        path="teams/{team_id}/purchase_orders/{order_id}/milestones",
        permission="canViewOrders",
        summary="List the milestones of an order by position",
        handler=list_milestones,
    ),
    Endpoint(
        operation="getMilestone",
        method="GET",
        path=_ONE,
        permission="canViewOrders",
        summary="Read one milestone",
        handler=get_milestone,
    ),
    Endpoint(
        operation="confirmMilestone",
        method="POST",
        path=f"{_ONE}/confirm",
        permission="canUpdateOrders",
        summary="Say that a milestone happened",
        handler=confirm_milestone,
        body=ACTS.confirm,
        refusals=CONFIRM_REFUSALS,
    ),
    Endpoint(
        operation="rejectMilestone",
        method="POST",
        path=f"{_ONE}/reject",
        permission="canUpdateOrders",
        summary="Refuse the order, or say that a milestone will not happen as planned",
        handler=reject_milestone,
        body=ACTS.reject,
        refusals=REJECT_REFUSALS,
    ),
    Endpoint(
        operation="undoMilestoneConfirmation",
        method="POST",
        path=f"{_ONE}/undo",
        permission="canUpdateOrders",
        summary="Take back the newest confirmation of an order",
        handler=undo_confirmation,
        body=UNDO,
        refusals=("validation_failed", "order_not_active", "not_confirmed", "not_newest_confirmation"),
    ),
    Endpoint(
        operation="confirmWorkflowMilestone",
        method="POST",
        path=f"{_COPIED}/confirm",
        permission="canUpdateOrders",
        summary="Confirm the milestone that was copied from a workflow's",
        handler=confirm_workflow_milestone,
        body=ACTS.confirm,
        refusals=CONFIRM_REFUSALS,
    ),
    Endpoint(
        operation="rejectWorkflowMilestone",
        method="POST",
        path=f"{_COPIED}/reject",
        permission="canUpdateOrders",
        summary="Reject the milestone that was copied from a workflow's",
        handler=reject_workflow_milestone,
        body=ACTS.reject,
        refusals=REJECT_REFUSALS,
    ),
)
