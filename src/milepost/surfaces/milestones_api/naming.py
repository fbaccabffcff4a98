"""Whether what a path names is there (check 8 of section 2)."""

from contextlib import suppress
from typing import Literal

from milepost.kit.errors import Conflict, NotFound
from milepost.model.milestone_moves import Named, find_milestone
from milepost.model.order import StoredOrder
from milepost.model.urgency import plan_of
from milepost.store.order_loads import load_planned_orders
from milepost.surfaces.milestones_api.call import Call, Endpoint


async def named_order(call: Call, endpoint: Endpoint) -> StoredOrder | None:
    """The order of the path, with its plan; None when the path names none. Raises NotFound when the order, or the
    milestone or task of it that the path names, does not exist; Stale."""
    if not call.path:
        return None
    version, found = await load_planned_orders(call.db, call.team_id, [call.order_id])
    call.saw(version)
    if not found:
        raise NotFound("Order")
    order = found[0]
    match endpoint.path.split("/"):
        case [*_, "milestones", "{milestone_id}", _]:
            _find(call, order, "milestone")
        case [*_, "workflow_milestones", "{workflow_milestone_id}", _]:
            _find(call, order, "workflow_milestone")
        case [*_, "tasks", "{task_id}"]:
            task_id = call.id(1, "Task")
            if all(task.id != task_id for task in plan_of(order).tasks):
                raise NotFound("Task")
    return order


def _find(call: Call, order: StoredOrder, kind: Literal["milestone", "workflow_milestone"]) -> None:
    """Raises NotFound. What a draft will have is no milestone yet, but it is known: that is told later."""
    with suppress(Conflict):
        find_milestone(call.workspace, order, Named(kind, call.path[1]))
