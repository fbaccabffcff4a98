"""The verbs of tasks (Milestones API, section 7.17)."""

from collections.abc import Callable
from datetime import datetime

from milepost.core.order_changes import Writing, change_order, occasion
from milepost.kit.clock import Clock
from milepost.model.actor import Actor
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import TaskWish, changed_task, completed_task, reopened_task, with_task
from milepost.model.plan import Occasion, Task
from milepost.model.workflow import Workspace
from milepost.store.db import Database

Act = Callable[[StoredOrder, Occasion], StoredOrder]


async def add_task(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, wish: TaskWish, *, clock: Clock
) -> tuple[StoredOrder, str]:
    """The order with its plan, and the id of the new task. Raises what `change_order` and
    model.order_tasks.with_task raise."""
    task_id = ""

    def act(order: StoredOrder, on: Occasion) -> StoredOrder:
        nonlocal task_id
        after, task_id = with_task(order, wish, on)
        return after

    return await _act(db, actor, workspace, order_id, act, clock), task_id


async def change_task(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    task_id: str,
    wish: Callable[[Task], TaskWish],
    *,
    clock: Clock,
) -> StoredOrder:
    """The task becomes what `wish` makes of the stored one. Raises what `change_order` and
    model.order_tasks.changed_task raise."""

    def act(order: StoredOrder, on: Occasion) -> StoredOrder:
        return changed_task(order, task_id, wish, on)

    return await _act(db, actor, workspace, order_id, act, clock)


async def complete_task(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, task_id: str, *, clock: Clock
) -> StoredOrder:
    """The task is done; a repeat changes nothing. Raises what `change_order` and model.order_tasks.completed_task
    raise."""

    def act(order: StoredOrder, on: Occasion) -> StoredOrder:
        return completed_task(order, task_id, on)

    return await _act(db, actor, workspace, order_id, act, clock)


async def reopen_task(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, task_id: str, *, clock: Clock
) -> StoredOrder:
    """The task is open again; a repeat changes nothing. Raises what `change_order` and model.order_tasks.reopened_task
    raise."""

    def act(order: StoredOrder, on: Occasion) -> StoredOrder:
        return reopened_task(order, task_id, on)

    return await _act(db, actor, workspace, order_id, act, clock)


async def _act(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, act: Act, clock: Clock
) -> StoredOrder:
    async def decide(_: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        return act(order, occasion(actor, workspace, now))

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, planned=True)
