"""Milestones, delays and tasks of an order, as lines of text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from milepost.reads.plan_details import DelayDetail, MilestoneDetail, PlanDetail, TaskDetail


def standing_text(plan: "PlanDetail") -> str:
    """How far the order is, and whether something presses: `in_production, late, overdue`."""
    pressing = [word for word, holds in (("late", plan.late), ("overdue", plan.overdue)) if holds]
    return ", ".join([plan.status, *pressing])


def milestone_lines(milestone: "MilestoneDetail") -> Iterator[str]:
    """A milestone, and indented below it what is said of it, its delays and its tasks."""
    words: list[str] = [milestone.status]
    flags = (("current", milestone.current), ("late", milestone.late), ("overdue", milestone.overdue))
    words += [word for word, holds in flags if holds]
    dates = (("planned", milestone.key_date), ("confirmed", milestone.confirmed_on))
    told = ", ".join(f"{word} {day}" for word, day in dates if day is not None)
    status = "/".join(name for name in (milestone.linked_status, milestone.linked_sub_status) if name)
    entered = f"  -> {status}" if status else ""
    yield f"{milestone.position}. {milestone.name}  {', '.join(words)}{f' ({told})' if told else ''}{entered}"
    for line in _below(milestone):
        yield f"   {line}"


def task_line(task: "TaskDetail") -> str:
    """A task: what, whether it is done, and what it waits for."""
    words: list[str] = [task.status]
    if task.status == "open":
        words += [word for word, holds in (("required", task.required), ("late", task.late)) if holds]
        words += [f"due {task.due_date}"] if task.due_date is not None else []
    words += [f"for {task.assignee}"] if task.assignee is not None else []
    return f"task: {task.title}  {', '.join(words)}"


def _below(milestone: "MilestoneDetail") -> Iterator[str]:
    if milestone.confirmed_at is not None:
        yield f"confirmed by {milestone.confirmed_by}, {_when(milestone.confirmed_at)}"
    if milestone.rejected_at is not None:
        reason = f": {milestone.rejection_reason}" if milestone.rejection_reason else ""
        yield f"rejected by {milestone.rejected_by}, {_when(milestone.rejected_at)}{reason}"
    if milestone.note is not None:
        yield f"note: {milestone.note}"
    if milestone.prompted_at is not None:
        yield f"waits for the {milestone.owner} since {_when(milestone.prompted_at)}"
    yield from map(_delay_line, milestone.delays)
    yield from map(task_line, milestone.tasks)


def _delay_line(delay: "DelayDetail") -> str:
    before = delay.old_date or "no date"
    reason = f": {delay.reason}" if delay.reason else ""
    return f"delayed {before} -> {delay.new_date} by {delay.recorded_by}, {_when(delay.recorded_at)}{reason}"


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
