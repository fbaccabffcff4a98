"""What a changed plan brings: its events and its rows."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from milepost.model.events import Event
from milepost.model.order import StoredOrder
from milepost.model.plan import OrderMilestone, Plan
from milepost.model.plan_changes import Change, milestone_changes, task_changes, timeline_change
from milepost.model.status_events import status_diff
from milepost.model.urgency import day_begins
from milepost.model.workflow import Workspace
from milepost.store.amendments import Amendments, TallyStep
from milepost.store.plan_translation import delay_row, milestone_row, task_row


def plan_changes(
    workspace: Workspace, before: StoredOrder, after: StoredOrder, reason: str | None
) -> list[Change]:
    """What is told of milestones, status, timeline and tasks, in the order of Milestones API, section 8.8: a status is
    entered with the confirmation that moved the order, and left after the timeline tells that one was undone.

    Nothing when the plan was not read. `reason` is that of the timeline's change.
    """
    old, new = before.plan, after.plan
    if old is None or new is None or (old is new and before.held is after.held):
        return []
    moved = status_diff(workspace, before.held, after.held)
    status: list[Change] = [] if moved == ({}, {}) else [("order.status.changed", None, moved, {})]
    milestones, timeline = list(milestone_changes(old, new)), list(timeline_change(old, new, reason))
    told = [*milestones, *status, *timeline] if milestones else [*timeline, *status]
    return [*told, *task_changes(old, new)]


def dated(after: StoredOrder, events: Sequence[Event], zone: ZoneInfo, now: datetime) -> list[Event]:
    """The events; a confirmation for an earlier day, and the status entered with it, as old as that day, though no
    older than the status that was left."""
    told = next((event.subject_id for event in events if event.type == "order.milestone.confirmed"), None)
    milestone = None if told is None or after.plan is None else after.plan.milestone(told)
    day = None if milestone is None else milestone.confirmed_on
    if day is None or day == now.astimezone(zone).date():
        return list(events)
    begins = day_begins(day, 0, zone) or now
    entered_at = begins if after.held.entered_at is None else max(begins, after.held.entered_at)
    moments = {"order.milestone.confirmed": begins, "order.status.changed": entered_at}
    return [
        msgspec.structs.replace(event, effective_at=moments.get(event.type, event.effective_at))
        for event in events
    ]


def plan_as_written(before: Plan, after: Plan, status_seq: int, now: datetime) -> Plan:
    """The plan whose changed milestones and tasks say when they changed, and a new confirmation after which status
    change its own came."""
    if after is before:
        return after
    milestones = {one.id: one for one in before.milestones}
    tasks = {one.id: one for one in before.tasks}
    return Plan(
        tuple(_touched(one, milestones.get(one.id), status_seq, now) for one in after.milestones),
        tuple(
            one if tasks.get(one.id) in (None, one) else msgspec.structs.replace(one, updated_at=now)
            for one in after.tasks
        ),
    )


def _touched(
    milestone: OrderMilestone, before: OrderMilestone | None, status_seq: int, now: datetime
) -> OrderMilestone:
    if before is None or before is milestone or before == milestone:
        return milestone
    left = milestone.left_status
    if left is not None and before.left_status is None:
        left = msgspec.structs.replace(left, status_seq=status_seq)
    return msgspec.structs.replace(milestone, left_status=left, updated_at=now)


def add_plan_rows(rows: Amendments, before: StoredOrder, after: StoredOrder) -> None:
    """Adds the rows of milestones, delays and tasks that are new or change, and where the order counts."""
    old_place, new_place = _place(before), _place(after)
    if old_place != new_place:
        rows.steps += (TallyStep(after.id, *old_place, -1), TallyStep(after.id, *new_place, 1))
    old, new = before.plan, after.plan
    if old is None or new is None or old is new:
        return
    milestones = {one.id: one for one in old.milestones}
    for milestone in new.milestones:
        known = milestones.get(milestone.id)
        if known is milestone or known == milestone:
            continue
        rows.milestones.append(milestone_row(after.id, milestone))
        told = 0 if known is None else len(known.delays)
        rows.delays += [delay_row(after.id, milestone.id, delay) for delay in milestone.delays[told:]]
    tasks = {one.id: one for one in old.tasks}
    rows.tasks += [task_row(after.id, task) for task in new.tasks if tasks.get(task.id) != task]


def _place(order: StoredOrder) -> tuple[bool, str | None, str | None]:
    """Where lists count the order."""
    return order.content.is_draft, order.held.status_id, order.held.workflow_id
