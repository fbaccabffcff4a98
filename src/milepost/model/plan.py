"""The plan of one order: its milestones with their delays, and its tasks (Milestones API, sections 6.6 to 6.8)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from milepost.model.actor import Actor
from milepost.model.standing import HeldStatus
from milepost.model.workflow import MilestoneType, Owner

MilestoneState = Literal["pending", "confirmed", "rejected"]
DelaySource = Literal["reject", "edit"]


class Who(Struct, frozen=True):
    """Who did something, as it is remembered with what was done."""

    type: Literal["api_key", "user", "system"]
    id: str | None
    name: str


def who(actor: Actor) -> Who:
    return Who(actor.kind, actor.id, actor.name)


class Occasion(Struct, frozen=True):
    """On which something is said of an order: who says it, and when."""

    by: Who
    now: datetime
    zone: ZoneInfo
    """The team's."""

    @property
    def today(self) -> date:
        """The current day for the team (section 3)."""
        return self.now.astimezone(self.zone).date()


class Delay(Struct, frozen=True, kw_only=True):
    """A planned date that moved to a later one, and why. Never changed or removed."""

    id: str
    old_date: date | None
    new_date: date
    reason: str | None
    note: str | None
    source: DelaySource
    recorded_by: Who
    recorded_at: datetime


class LeftStatus(Struct, frozen=True):
    """The primary status that a confirmation moved the order out of: what undoing it restores (section 8.9)."""

    held: HeldStatus
    status_seq: int
    """The order's `status_seq` after the move: while it is still that, no status change came after."""
    former_seq: int = 0
    """What it was before, and is again once the move is undone: an earlier confirmation can be undone in its turn."""


class OrderMilestone(Struct, frozen=True, kw_only=True):
    """A milestone of one order: a copy of a workflow's, and what became of it.

    `key_date` is the planned day, `confirmed_on` the day it happened, both in the team's zone; moments are in UTC.
    Whether it is current, late, prompted or overdue is derived (model/urgency.py).
    """

    id: str
    workflow_milestone_id: str
    position: int
    type: MilestoneType
    name: str
    owner: Owner
    linked_status_id: str | None = None
    linked_sub_status_id: str | None = None
    prompt_offset_days: int = 0
    key_date: date | None = None
    status: MilestoneState = "pending"
    confirmed_on: date | None = None
    confirmed_at: datetime | None = None
    confirmed_by: Who | None = None
    rejected_at: datetime | None = None
    rejected_by: Who | None = None
    rejection_reason: str | None = None
    note: str | None = None
    undone_at: datetime | None = None
    """When its confirmation was last taken back."""
    left_status: LeftStatus | None = None
    """Set while it is confirmed and its confirmation moved the order into a status."""
    late_told_for: date | None = None
    """The key date for which `order.overdue` told that it is late."""
    overdue_told_at: datetime | None = None
    """The moment of being overdue for which `order.overdue` told so."""
    delays: tuple[Delay, ...] = ()
    """Oldest first."""
    created_at: datetime
    updated_at: datetime

    @property
    def is_confirmed(self) -> bool:
        return self.status == "confirmed"

    @property
    def effective_date(self) -> date | None:
        """The day it happened, or else the planned one (section 8.5)."""
        return self.confirmed_on if self.is_confirmed else self.key_date


class Task(Struct, frozen=True, kw_only=True):
    """Something to do for an order, perhaps before a milestone of it may be confirmed (`required`)."""

    id: str
    milestone_id: str | None = None
    title: str
    assignee: str | None = None
    due_date: date | None = None
    required: bool = False
    completed_at: datetime | None = None
    completed_by: Who | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        return self.completed_at is None


class Plan(Struct, frozen=True):
    """Milestones by position, tasks by id. Pages of orders ask for the same few over and over: by plain loops."""

    milestones: tuple[OrderMilestone, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def first_unconfirmed(self) -> OrderMilestone | None:
        for one in self.milestones:
            if one.status != "confirmed":
                return one
        return None

    @property
    def confirmed_types(self) -> frozenset[str]:
        return frozenset([one.type for one in self.milestones if one.status == "confirmed"])

    def milestone(self, milestone_id: str) -> OrderMilestone | None:
        return next((one for one in self.milestones if one.id == milestone_id), None)

    def of_type(self, kind: MilestoneType) -> OrderMilestone | None:
        """The milestone of that type; of `custom`, of which there may be several, the first."""
        for one in self.milestones:
            if one.type == kind:
                return one
        return None

    def tasks_of(self, milestone_id: str) -> Iterator[Task]:
        return (task for task in self.tasks if task.milestone_id == milestone_id)

    def blocking(self, milestone_id: str) -> list[Task]:
        """The open required tasks of a milestone, by id. Once it is confirmed they block nothing."""
        return [task for task in self.tasks_of(milestone_id) if task.required and task.is_open]
