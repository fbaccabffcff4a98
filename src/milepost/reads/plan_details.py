"""What a person sees of an order's milestones, delays and tasks, with what presses of it at one moment (Milestones
API, sections 6.6 to 6.8 and 8.7)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from milepost.model.order import StoredOrder
from milepost.model.plan import Delay, DelaySource, MilestoneState, OrderMilestone, Plan, Task, Who
from milepost.model.urgency import (
    PurchaseOrderStatus,
    current_milestone,
    is_active,
    is_late,
    is_overdue,
    plan_of,
    prompted_at,
    purchase_order_status,
)
from milepost.model.workflow import MilestoneType, Owner, Workspace


class DelayDetail(Struct, kw_only=True):
    old_date: date | None
    new_date: date
    reason: str | None
    note: str | None
    source: DelaySource
    recorded_by: str
    recorded_at: datetime


class TaskDetail(Struct, kw_only=True):
    id: str
    title: str
    assignee: str | None
    due_date: date | None
    required: bool
    status: Literal["open", "completed"]
    late: bool
    completed_at: datetime | None
    completed_by: str | None


class MilestoneDetail(Struct, kw_only=True):
    """A milestone; statuses and people by name. Days are the team's, moments in UTC."""

    id: str
    position: int
    type: MilestoneType
    name: str
    owner: Owner
    status: MilestoneState
    linked_status: str | None
    linked_sub_status: str | None
    key_date: date | None
    confirmed_on: date | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    rejected_at: datetime | None
    rejected_by: str | None
    rejection_reason: str | None
    note: str | None
    current: bool
    late: bool
    prompted_at: datetime | None
    overdue: bool
    delays: list[DelayDetail]
    tasks: list[TaskDetail]


class PlanDetail(Struct, kw_only=True):
    """How far an order is, its milestones by position, and the tasks that belong to none of them, oldest first."""

    status: PurchaseOrderStatus
    late: bool
    overdue: bool
    milestones: list[MilestoneDetail]
    tasks: list[TaskDetail]


class _Moment(Struct):
    """What presses of an order at one moment."""

    today: date
    is_active: bool
    current: OrderMilestone | None
    prompted_at: datetime | None
    """Of the current milestone."""
    is_overdue: bool


def plan_detail(workspace: Workspace, order: StoredOrder, now: datetime) -> PlanDetail:
    """Of an order that was read with its plan, as it is at `now`."""
    zone, plan, current = workspace.calendar.zone, plan_of(order), current_milestone(order)
    prompted = None if current is None else prompted_at(order, current, zone, now)
    moment = _Moment(
        now.astimezone(zone).date(), is_active(order), current, prompted, is_overdue(prompted, now)
    )
    milestones = [_milestone(workspace, plan, one, moment) for one in plan.milestones]
    return PlanDetail(
        status=purchase_order_status(order),
        late=any(one.late for one in milestones),
        overdue=moment.is_overdue,
        milestones=milestones,
        tasks=_tasks((task for task in plan.tasks if task.milestone_id is None), moment.today),
    )


def _milestone(
    workspace: Workspace, plan: Plan, milestone: OrderMilestone, moment: _Moment
) -> MilestoneDetail:
    is_current = milestone is moment.current
    return MilestoneDetail(
        id=milestone.id,
        position=milestone.position,
        type=milestone.type,
        name=milestone.name,
        owner=milestone.owner,
        status=milestone.status,
        linked_status=_status(workspace, milestone.linked_status_id),
        linked_sub_status=_option(workspace, milestone.linked_sub_status_id),
        key_date=milestone.key_date,
        confirmed_on=milestone.confirmed_on,
        confirmed_at=milestone.confirmed_at,
        confirmed_by=_name(milestone.confirmed_by),
        rejected_at=milestone.rejected_at,
        rejected_by=_name(milestone.rejected_by),
        rejection_reason=milestone.rejection_reason,
        note=milestone.note,
        current=is_current,
        late=moment.is_active and is_late(milestone, moment.today),
        prompted_at=moment.prompted_at if is_current else None,
        overdue=is_current and moment.is_overdue,
        delays=[_delay(delay) for delay in milestone.delays],
        tasks=_tasks(plan.tasks_of(milestone.id), moment.today),
    )


def _tasks(tasks: Iterable[Task], today: date) -> list[TaskDetail]:
    return [
        TaskDetail(
            id=task.id,
            title=task.title,
            assignee=task.assignee,
            due_date=task.due_date,
            required=task.required,
            status="open" if task.is_open else "completed",
            late=task.is_open and task.due_date is not None and task.due_date < today,
            completed_at=task.completed_at,
            completed_by=_name(task.completed_by),
        )
        for task in tasks
    ]


def _delay(delay: Delay) -> DelayDetail:
    return DelayDetail(
        old_date=delay.old_date,
        new_date=delay.new_date,
        reason=delay.reason,
        note=delay.note,
        source=delay.source,
        recorded_by=delay.recorded_by.name,
        recorded_at=delay.recorded_at,
    )


def _name(who: Who | None) -> str | None:
    return None if who is None else who.name


def _status(workspace: Workspace, status_id: str | None) -> str | None:
    status = workspace.status.get(status_id or "")
    return None if status is None else status.name


def _option(workspace: Workspace, option_id: str | None) -> str | None:
    option = workspace.option.get(option_id or "")
    return None if option is None else option.name
