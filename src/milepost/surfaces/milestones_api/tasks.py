"""The endpoints of an order's tasks (section 7.17). There is no way to delete one."""

from datetime import date
from typing import Any

from milepost.core import order_tasks as verbs
from milepost.http.values import Wrong
from milepost.kit.errors import NotFound
from milepost.kit.ids import parse_id
from milepost.model.order import StoredOrder
from milepost.model.plan import Task
from milepost.model.shapes import Document
from milepost.model.urgency import plan_of
from milepost.reads import order_tasks as reads
from milepost.reads.order_tasks import TaskFilter
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.orders import shown_order
from milepost.surfaces.milestones_api.paging import paged, read_page
from milepost.surfaces.milestones_api.parameters import choices, one
from milepost.surfaces.milestones_api.shaping import shape_actor, shown_instant
from milepost.surfaces.milestones_api.task_bodies import EDITED_TASK, NEW_TASK, judging, task_wish
from milepost.surfaces.milestones_api.values import as_sent, read_wish


async def list_tasks(call: Call) -> Reply:
    """GET O/tasks."""
    page, wanted = read_page(call), _filter(call)
    found, version = await reads.list_tasks(
        call.db, call.team_id, call.order_id, wanted, limit=page.size, offset=page.offset
    )
    call.saw(version)
    if found is None:
        raise NotFound("Order")
    today = _today(call)
    return paged(call, page, found.total, "tasks", [shape_task(task, today) for task in found.tasks])


def _filter(call: Call) -> TaskFilter:
    states = choices(call, "filter[status]", ("open", "completed"))
    milestone = one(call, "filter[milestone_id]")
    return TaskFilter(
        is_open="open" in states if states is not None and len(states) == 1 else None,
        milestone_id=None if milestone is None else parse_id(milestone) or milestone,
    )


async def create_task(call: Call) -> Reply:
    """POST O/tasks."""
    try:
        said: dict[str, Any] = NEW_TASK.read(call.body)
    except Wrong:
        said = read_wish(judging(await shown_order(call)).read, call.body)
    call.agree()
    order, task_id = await verbs.add_task(
        call.db, call.actor, call.workspace, call.order_id, task_wish(said), clock=call.clock
    )
    reply = _reply(call, order, task_id)
    reply.status = 201
    return reply


async def get_task(call: Call) -> Reply:
    """GET O/tasks/{task_id}."""
    task_id = parse_id(call.path[1])
    found, version = await reads.get_task(call.db, call.team_id, call.order_id, task_id)
    call.saw(version)
    if not found.is_known:
        raise NotFound("Order")
    if found.task is None:
        raise NotFound("Task")
    return Reply(body={"task": shape_task(found.task, _today(call))})


async def edit_task(call: Call) -> Reply:
    """PATCH O/tasks/{task_id}."""
    task_id = _task_id(call)
    try:
        said: dict[str, Any] = EDITED_TASK.patch(call.body)
    except Wrong:
        order = await shown_order(call)
        said = read_wish(judging(order, _task(order, task_id)).patch, call.body)
    call.agree()
    order = await verbs.change_task(
        call.db,
        call.actor,
        call.workspace,
        call.order_id,
        task_id,
        lambda task: task_wish(said, task),
        clock=call.clock,
    )
    return _reply(call, order, task_id)


async def complete_task(call: Call) -> Reply:
    """POST O/tasks/{task_id}/complete."""
    call.agree()
    task_id = _task_id(call)
    order = await verbs.complete_task(
        call.db, call.actor, call.workspace, call.order_id, task_id, clock=call.clock
    )
    return _reply(call, order, task_id)


async def reopen_task(call: Call) -> Reply:
    """POST O/tasks/{task_id}/reopen."""
    call.agree()
    task_id = _task_id(call)
    order = await verbs.reopen_task(
        call.db, call.actor, call.workspace, call.order_id, task_id, clock=call.clock
    )
    return _reply(call, order, task_id)


def shape_task(task: Task, today: date) -> Document:
    """A task as it is shown on that day of the team (section 6.8)."""
    return {
        "id": task.id,
        "title": task.title,
        "assignee": task.assignee,
        "due_date": task.due_date,
        "required": task.required,
        "status": "open" if task.is_open else "completed",
        "milestone_id": task.milestone_id,
        "late": task.is_open and task.due_date is not None and task.due_date < today,
        "completed_at": shown_instant(task.completed_at),
        "completed_by": shape_actor(task.completed_by),
        "created_at": shown_instant(task.created_at),
        "updated_at": shown_instant(task.updated_at),
    }


def _reply(call: Call, order: StoredOrder, task_id: str) -> Reply:
    return Reply(body={"task": shape_task(_task(order, task_id), _today(call))})


def _task(order: StoredOrder, task_id: str) -> Task:
    """Raises NotFound."""
    task = next((task for task in plan_of(order).tasks if task.id == task_id), None)
    if task is None:
        raise NotFound("Task")
    return task


def _task_id(call: Call) -> str:
    """Of a text that is no id in either spelling the text itself: it names no task, which is told after an unknown
    order."""
    return parse_id(call.path[1]) or call.path[1]


def _today(call: Call) -> date:
    return call.clock().astimezone(call.workspace.calendar.zone).date()


_MANY = "teams/{team_id}/purchase_orders/{order_id}/tasks"
_ONE = "teams/{team_id}/purchase_orders/{order_id}/tasks/{task_id}"

ENDPOINTS = (
    Endpoint(
        operation="listTasks",
        method="GET",
        path=_MANY,
        permission="canViewOrders",
        summary="List the tasks of an order, oldest first",
        handler=list_tasks,
    ),
    Endpoint(
        operation="createTask",
        method="POST",
        path=_MANY,
        permission="canUpdateOrders",
        summary="Add a task to an order",
        handler=create_task,
        body=as_sent(NEW_TASK),
        wrapper="task",
        success=201,
        refusals=("validation_failed", "order_not_active"),
    ),
    Endpoint(
        operation="getTask",
        method="GET",
        path=_ONE,
        permission="canViewOrders",
        summary="Read one task",
        handler=get_task,
    ),
    Endpoint(
        operation="updateTask",
        method="PATCH",
        path=_ONE,
        permission="canUpdateOrders",
        summary="Change a task",
        handler=edit_task,
        body=as_sent(EDITED_TASK),
        wrapper="task",
        refusals=("validation_failed", "order_not_active"),
    ),
    Endpoint(
        operation="completeTask",
        method="POST",
        path=f"{_ONE}/complete",
        permission="canUpdateOrders",
        summary="Say that a task is done",
        handler=complete_task,
        wrapper="task",
        refusals=("order_not_active",),
    ),
    Endpoint(
        operation="reopenTask",
        method="POST",
        path=f"{_ONE}/reopen",
        permission="canUpdateOrders",
        summary="Say that a task is not done after all",
        handler=reopen_task,
        wrapper="task",
        refusals=("order_not_active",),
    ),
)
