"""What is to be done for an order: pure rules of tasks (Milestones API, sections 7.17 and 8.6)."""

from collections.abc import Callable
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from milepost.kit.errors import Faulty, NotFound
from milepost.kit.ids import new_id, parse_id
from milepost.model.order import StoredOrder
from milepost.model.plan import Occasion, OrderMilestone, Plan, Task
from milepost.model.plan_rules import refuse_while
from milepost.model.urgency import plan_of

MOST_TASKS: Final = 1000


class TaskWish(Struct, frozen=True, kw_only=True):
    """A task as a caller wants it, whole."""

    title: str
    assignee: str | None = None
    due_date: date | None = None
    required: bool = False
    milestone_id: str | None = None
    """An order milestone id, as it was sent."""


def with_task(order: StoredOrder, wish: TaskWish, on: Occasion) -> tuple[StoredOrder, str]:
    """The order with one task more, and the task's id. Raises Faulty (`milestone_id`, `required`, `due_date`,
    `tasks`), then Conflict `order_not_active` with `status` (canceled)."""
    plan = plan_of(order)
    milestone, faults = _judged(plan, wish)
    if len(plan.tasks) >= MOST_TASKS:
        faults.append(("tasks", f"an order has at most {MOST_TASKS:,} tasks"))
    _check(order, faults)
    task = Task(
        id=new_id(),
        milestone_id=None if milestone is None else milestone.id,
        title=wish.title,
        assignee=wish.assignee,
        due_date=wish.due_date,
        required=wish.required,
        created_at=on.now,
        updated_at=on.now,
    )
    return _with_tasks(order, (*plan.tasks, task)), task.id


def changed_task(
    order: StoredOrder, task_id: str, wish: Callable[[Task], TaskWish], on: Occasion
) -> StoredOrder:
    """The order with the task as `wish` makes it of the stored one; itself when that is the same. The due date is
    held against the key date of the milestone only when one of the two is new.

    Raises NotFound `Task`, Faulty (`milestone_id`, `required`, `due_date`), then Conflict `order_not_active` with
    `status` (canceled).
    """
    plan, old = plan_of(order), _task(order, task_id)
    wished = wish(old)
    milestone, faults = _judged(plan, wished, old)
    _check(order, faults)
    new = msgspec.structs.replace(
        old,
        milestone_id=None if milestone is None else milestone.id,
        title=wished.title,
        assignee=wished.assignee,
        due_date=wished.due_date,
        required=wished.required,
    )
    return _with_task(order, old, new)


def completed_task(order: StoredOrder, task_id: str, on: Occasion) -> StoredOrder:
    """The order with the task done; itself when it is already. Raises NotFound `Task`, Conflict `order_not_active`
    with `status` (canceled)."""
    old = _task(order, task_id)
    _check(order, [])
    if not old.is_open:
        return order
    return _with_task(order, old, msgspec.structs.replace(old, completed_at=on.now, completed_by=on.by))


def reopened_task(order: StoredOrder, task_id: str, on: Occasion) -> StoredOrder:
    """The order with the task open again; itself when it is. Of a confirmed milestone it blocks nothing. Raises
    NotFound `Task`, Conflict `order_not_active` with `status` (canceled)."""
    old = _task(order, task_id)
    _check(order, [])
    return _with_task(order, old, msgspec.structs.replace(old, completed_at=None, completed_by=None))


def wish_faults(order: StoredOrder, wish: TaskWish, old: Task | None = None) -> list[tuple[str, str]]:
    """What is wrong with the wish in this order, as (path in the body, text); `old`: the task that shall become it."""
    return _judged(plan_of(order), wish, old)[1]


def _judged(
    plan: Plan, wish: TaskWish, old: Task | None = None
) -> tuple[OrderMilestone | None, list[tuple[str, str]]]:
    """The milestone that is meant, and what is wrong with the wish, as (path in the body, text)."""
    faults = list[tuple[str, str]]()
    milestone = None
    if wish.milestone_id is not None:
        milestone = plan.milestone(parse_id(wish.milestone_id) or "")
        if milestone is None:
            faults.append(("milestone_id", "is no milestone of this order"))
    elif wish.required:
        faults.append(("required", "needs a milestone_id"))
    if milestone is not None and _is_late_for(milestone, wish.due_date):
        known = old is not None and (old.milestone_id, old.due_date) == (milestone.id, wish.due_date)
        if not known:
            faults.append(("due_date", f"must not be after the milestone's key date, {milestone.key_date}"))
    return milestone, faults


def _is_late_for(milestone: OrderMilestone, due: date | None) -> bool:
    return due is not None and milestone.key_date is not None and due > milestone.key_date


def _check(order: StoredOrder, faults: list[tuple[str, str]]) -> None:
    """Field faults come before those of the state (section 2, checks 9 and 10)."""
    if faults:
        raise Faulty("The task cannot be as wished", faults)
    refuse_while(order, "canceled")


def _task(order: StoredOrder, task_id: str) -> Task:
    task = next((one for one in plan_of(order).tasks if one.id == task_id), None)
    if task is None:
        raise NotFound("Task")
    return task


def _with_task(order: StoredOrder, old: Task, new: Task) -> StoredOrder:
    if new == old:
        return order
    return _with_tasks(order, tuple(new if one is old else one for one in plan_of(order).tasks))


def _with_tasks(order: StoredOrder, tasks: tuple[Task, ...]) -> StoredOrder:
    return msgspec.structs.replace(order, plan=Plan(plan_of(order).milestones, tasks))
