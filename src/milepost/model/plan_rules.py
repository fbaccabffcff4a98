"""What the rules about plans share: whether anything may move at all, and putting a changed milestone in its
place."""

import msgspec

from milepost.kit.errors import Conflict
from milepost.model.order import StoredOrder
from milepost.model.plan import OrderMilestone, Plan
from milepost.model.urgency import PurchaseOrderStatus, plan_of, purchase_order_status


def refuse_while(order: StoredOrder, *statuses: PurchaseOrderStatus) -> None:
    """Raises Conflict `order_not_active`, naming the order's status, while it is one of these."""
    status = purchase_order_status(order)
    if status in statuses:
        raise not_active(status)


def not_active(status: PurchaseOrderStatus) -> Conflict:
    return Conflict("order_not_active", f"The order is {status}", status=status)


def with_milestone(order: StoredOrder, milestone: OrderMilestone) -> StoredOrder:
    """The order with this milestone in the place of the one with its id."""
    plan = plan_of(order)
    milestones = tuple(milestone if one.id == milestone.id else one for one in plan.milestones)
    return msgspec.structs.replace(order, plan=Plan(milestones, plan.tasks))
