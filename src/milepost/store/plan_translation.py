"""How milestones, delays and tasks become rows and back."""

from collections.abc import Iterable

from milepost.model.plan import Delay, OrderMilestone, Plan, Task
from milepost.store.order_rows import DelayRow, MilestoneRow, TaskRow, WholeOrder


def plan_of(whole: WholeOrder) -> Plan:
    """The plan of an order that was read with it."""
    return plan_of_rows(whole.milestones or (), whole.tasks or (), whole.delays or ())


def plan_of_rows(
    milestones: Iterable[MilestoneRow], tasks: Iterable[TaskRow], delays: Iterable[DelayRow]
) -> Plan:
    """The plan that these rows of one order are: milestones by position, tasks and delays by id."""
    delays_of: dict[str, list[Delay]] = {}
    for row in delays:
        delays_of.setdefault(row.milestone_id, []).append(_delay(row))
    return Plan(
        tuple(_milestone(row, tuple(delays_of.get(row.id, ()))) for row in milestones),
        tuple(_task(row) for row in tasks),
    )


def milestone_row(order_id: str, milestone: OrderMilestone) -> MilestoneRow:
    return MilestoneRow(
        id=milestone.id,
        order_id=order_id,
        workflow_milestone_id=milestone.workflow_milestone_id,
        position=milestone.position,
        type=milestone.type,
        name=milestone.name,
        owner=milestone.owner,
        linked_status_id=milestone.linked_status_id,
        linked_sub_status_id=milestone.linked_sub_status_id,
        prompt_offset_days=milestone.prompt_offset_days,
        key_date=milestone.key_date,
        status=milestone.status,
        confirmed_on=milestone.confirmed_on,
        confirmed_at=milestone.confirmed_at,
        confirmed_by=milestone.confirmed_by,
        rejected_at=milestone.rejected_at,
        rejected_by=milestone.rejected_by,
        rejection_reason=milestone.rejection_reason,
        note=milestone.note,
        undone_at=milestone.undone_at,
        left_status=milestone.left_status,
        late_told_for=milestone.late_told_for,
        overdue_told_at=milestone.overdue_told_at,
        created_at=milestone.created_at,
        updated_at=milestone.updated_at,
    )


def _milestone(row: MilestoneRow, delays: tuple[Delay, ...]) -> OrderMilestone:
    return OrderMilestone(
        id=row.id,
        workflow_milestone_id=row.workflow_milestone_id,
        position=row.position,
        type=row.type,
        name=row.name,
        owner=row.owner,
        linked_status_id=row.linked_status_id,
        linked_sub_status_id=row.linked_sub_status_id,
        prompt_offset_days=row.prompt_offset_days,
        key_date=row.key_date,
        status=row.status,
        confirmed_on=row.confirmed_on,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
        rejected_at=row.rejected_at,
        rejected_by=row.rejected_by,
        rejection_reason=row.rejection_reason,
        note=row.note,
        undone_at=row.undone_at,
        left_status=row.left_status,
        late_told_for=row.late_told_for,
        overdue_told_at=row.overdue_told_at,
        delays=delays,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def task_row(order_id: str, task: Task) -> TaskRow:
    return TaskRow(
        id=task.id,
        order_id=order_id,
        milestone_id=task.milestone_id,
        title=task.title,
        assignee=task.assignee,
        due_date=task.due_date,
        required=task.required,
        completed_at=task.completed_at,
        completed_by=task.completed_by,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def _task(row: TaskRow) -> Task:
    return Task(
        id=row.id,
        milestone_id=row.milestone_id,
        title=row.title,
        assignee=row.assignee,
        due_date=row.due_date,
        required=row.required,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def delay_row(order_id: str, milestone_id: str, delay: Delay) -> DelayRow:
    return DelayRow(
        id=delay.id,
        order_id=order_id,
        milestone_id=milestone_id,
        old_date=delay.old_date,
        new_date=delay.new_date,
        reason=delay.reason,
        note=delay.note,
        source=delay.source,
        recorded_by=delay.recorded_by,
        recorded_at=delay.recorded_at,
    )


def _delay(row: DelayRow) -> Delay:
    return Delay(
        id=row.id,
        old_date=row.old_date,
        new_date=row.new_date,
        reason=row.reason,
        note=row.note,
        source=row.source,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
