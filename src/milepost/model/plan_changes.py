"""What is told of a plan that changed: the events of milestones and tasks, found by comparing (Milestones API,
section 8.8; Orders API, section 14)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from milepost.kit.ids import ulid
from milepost.model.document import Diff
from milepost.model.events import EventType, event_instant
from milepost.model.plan import OrderMilestone, Plan, Task, Who
from milepost.model.shapes import Document

Change = tuple[EventType, str | None, Diff, Document]
"""Type, subject, old and new data, facts."""


def milestone_changes(before: Plan, after: Plan) -> Iterator[Change]:
    """The confirmation or rejection of each milestone that has a new one, by position."""
    for old, new in _pairs(before, after):
        kind = _own_event(old, new)
        if kind is not None:
            yield kind, new.id, milestone_diff(old, new), milestone_facts(new)


def timeline_change(before: Plan, after: Plan, reason: str | None) -> Iterator[Change]:
    """One event for all milestones that changed otherwise: dates moved, confirmations corrected or taken back, a
    refusal reset. None when there is no such."""
    changed = [
        {"id": new.id, "type": new.type, "name": new.name, "old_data": diff[0], "new_data": diff[1]}
        for old, new in _pairs(before, after)
        if _own_event(old, new) is None and (diff := milestone_diff(old, new)) != ({}, {})
    ]
    if changed:
        yield "order.timeline.updated", None, ({}, {}), {"reason": reason, "milestones": changed}


def task_changes(before: Plan, after: Plan) -> Iterator[Change]:
    """Tasks that came into being or were completed, by id. What issuing made of templates tells nobody, as little as
    other edits and reopening do."""
    old_tasks = {task.id: task for task in before.tasks}
    old_milestones = {milestone.id for milestone in before.milestones}
    for task in after.tasks:
        old = old_tasks.get(task.id)
        if old is None:
            if task.milestone_id is None or task.milestone_id in old_milestones:
                yield "order.task.created", task.id, ({}, {}), _task_facts(task)
        elif old.is_open and not task.is_open:
            yield (
                "order.task.completed",
                task.id,
                _diff(_task_document(old), _task_document(task)),
                _task_facts(task),
            )


def _own_event(old: OrderMilestone, new: OrderMilestone) -> EventType | None:
    """What tells of this milestone alone; None: at most the timeline tells of it."""
    if new.is_confirmed and not old.is_confirmed:
        return "order.milestone.confirmed"
    return "order.milestone.rejected" if _is_rejected_anew(old, new) else None


def _is_rejected_anew(old: OrderMilestone, new: OrderMilestone) -> bool:
    """Also where the clock says the same of two rejections."""
    if new.rejected_at is None:
        return False
    if (new.rejected_at, new.rejection_reason) != (old.rejected_at, old.rejection_reason):
        return True
    return any(delay.source == "reject" for delay in new.delays[len(old.delays) :])


def milestone_diff(old: OrderMilestone, new: OrderMilestone) -> Diff:
    """What changed of a milestone, in event form."""
    return _diff(_document(old), _document(new))


def milestone_facts(milestone: OrderMilestone) -> Document:
    return {
        "type": milestone.type,
        "name": milestone.name,
        "position": milestone.position,
        "workflow_milestone_id": milestone.workflow_milestone_id,
    }


def _pairs(before: Plan, after: Plan) -> Iterator[tuple[OrderMilestone, OrderMilestone]]:
    """Milestones that were there before, as they were and are."""
    if before is after:
        return
    known = {milestone.id: milestone for milestone in before.milestones}
    for new in after.milestones:
        old = known.get(new.id)
        if old is not None and old is not new:
            yield old, new


def _document(milestone: OrderMilestone) -> Document:
    return {
        "status": milestone.status,
        "key_date": _day(milestone.key_date),
        "confirmed_on": _day(milestone.confirmed_on),
        "confirmed_at": _moment(milestone.confirmed_at),
        "confirmed_by": _who(milestone.confirmed_by),
        "rejected_at": _moment(milestone.rejected_at),
        "rejected_by": _who(milestone.rejected_by),
        "rejection_reason": milestone.rejection_reason,
        "note": milestone.note,
    }


def _task_document(task: Task) -> Document:
    return {
        "status": "open" if task.is_open else "completed",
        "completed_at": _moment(task.completed_at),
        "completed_by": _who(task.completed_by),
    }


def _task_facts(task: Task) -> Document:
    return {
        "milestone_id": task.milestone_id,
        "title": task.title,
        "assignee": task.assignee,
        "due_date": _day(task.due_date),
        "required": task.required,
        "status": "open" if task.is_open else "completed",
        "completed_at": _moment(task.completed_at),
    }


def _diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    changed = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _who(who: Who | None) -> Document | None:
    if who is None:
        return None
    return {"type": who.type, "id": None if who.id is None else ulid(who.id), "name": who.name}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(at: datetime | None) -> str | None:
    return None if at is None else event_instant(at)
