"""Issuing an order, and issuing it again (Milestones API, sections 7.19 and 8.4)."""

import msgspec

from milepost.kit.errors import Conflict
from milepost.model.milestones import issued_plan
from milepost.model.order import StoredOrder
from milepost.model.plan import Occasion, OrderMilestone, Plan
from milepost.model.plan_rules import not_active, with_milestone
from milepost.model.urgency import plan_of, purchase_order_status
from milepost.model.workflow import Workflow, Workspace


def issued(workspace: Workspace, order: StoredOrder, on: Occasion) -> StoredOrder:
    """The order issued today, or again; itself when its newest issue was today and nothing is refused.

    A draft takes over the milestones of its workflow and keeps the tasks it has; a refused order waits for its
    acceptance once more. Raises Conflict `order_not_active` (canceled) with `status`, `already_accepted`.
    """
    match purchase_order_status(order):
        case "canceled" as status:
            raise not_active(status)
        case "draft":
            return _first_issued(workspace, order, on)
        case "issued":
            return order if order.last_issued_on == on.today else _issued_again(order, on)
        case "rejected":
            return _issued_again(_unrefused(order), on)
    raise Conflict("already_accepted", "The order is accepted: undo the acceptance first")


def workflow_of(workspace: Workspace, order: StoredOrder) -> Workflow | None:
    """The workflow that a draft takes its milestones from: the one chosen, or, if that is gone, the team's default."""
    chosen = workspace.workflow.get(order.milestone_workflow_id or "")
    return chosen or workspace.default_workflow


def _first_issued(workspace: Workspace, order: StoredOrder, on: Occasion) -> StoredOrder:
    workflow, content = workflow_of(workspace, order), order.content
    plan = issued_plan(
        workflow.milestones if workflow is not None else (),
        on.today,
        on.now,
        ships_on=content.ships_on,
        delivered_on=content.delivered_on,
    )
    return msgspec.structs.replace(
        order,
        content=msgspec.structs.replace(content, is_draft=False),
        milestone_workflow_id=workflow.id if workflow is not None else None,
        issued_on=on.today,
        last_issued_on=on.today,
        last_issued_at=on.now,
        plan=Plan(plan.milestones, (*plan_of(order).tasks, *plan.tasks)),
    )


def _issued_again(order: StoredOrder, on: Occasion) -> StoredOrder:
    return msgspec.structs.replace(order, last_issued_on=on.today, last_issued_at=on.now)


def _unrefused(order: StoredOrder) -> StoredOrder:
    """The order with its refusal taken back; the note that came with it stays."""
    acceptance = plan_of(order).of_type("acceptance")
    if acceptance is None:
        raise LookupError(f"order {order.id} is refused without an acceptance milestone")
    return with_milestone(order, _asked_anew(acceptance))


def _asked_anew(acceptance: OrderMilestone) -> OrderMilestone:
    return msgspec.structs.replace(
        acceptance, status="pending", rejected_at=None, rejected_by=None, rejection_reason=None
    )
