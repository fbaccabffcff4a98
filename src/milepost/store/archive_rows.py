"""The rows of an order with everything, as `store.order_archive` writes and `reads.order_archive` reads them. JSON
that nobody looks into stays the text that it is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, TypeVar

from msgspec import Raw, Struct

from milepost.model.order import Tag
from milepost.store.order_rows import (
    DocumentRow,
    EventRow,
    HeldItemRow,
    MilestoneRow,
    OrderRow,
    OrderTagRow,
    ReleaseRow,
)

S = TypeVar("S", bound=Struct)


class StandingOrderRow(OrderRow, kw_only=True):
    """A row of `orders`, all of it."""

    workflow_id: str | None
    status_id: str | None
    sub_status_id: str | None
    anchor_status_id: str | None
    status_entered_at: datetime | None
    deadline_at: datetime | None


class StandingItemRow(HeldItemRow, kw_only=True):
    """A row of `order_items`, all of it."""

    workflow_id: str | None
    anchor_status_id: str | None
    status_entered_at: datetime | None
    deadline_at: datetime | None


class AddonRow(Struct, kw_only=True):
    """A row of `order_addons`."""

    order_id: str
    status_id: str
    sub_status_id: str | None
    entered_at: datetime


class StandingMilestoneRow(MilestoneRow, kw_only=True):
    """A row of `order_milestones`, all of it."""

    status: str
    confirmed_on: date | None
    confirmed_at: datetime | None
    confirmed_by: Raw
    rejected_at: datetime | None
    rejected_by: Raw
    rejection_reason: str | None
    note: str | None


class WholeTaskRow(Struct, kw_only=True):
    """A row of `order_tasks`, all of it."""

    id: str
    order_id: str
    milestone_id: str | None
    title: str
    assignee: str | None
    due_date: date | None
    required: bool
    completed_at: datetime | None
    completed_by: Raw
    created_at: datetime
    updated_at: datetime


class PastEventRow(EventRow, kw_only=True):
    """A row of `events`, but for the transaction that wrote it."""

    event_version: int
    old_data: Raw
    new_data: Raw
    facts: Raw
    new_object: Raw


class ArchiveRows(Struct, kw_only=True):
    """An order with everything but the bytes of its documents, as one statement reads it."""

    order: StandingOrderRow
    items: list[StandingItemRow]
    addons: list[AddonRow] | None
    milestones: list[StandingMilestoneRow] | None
    tasks: list[WholeTaskRow] | None
    tags: list[Tag] | None
    releases: list[ReleaseRow] | None
    documents: list[DocumentRow] | None
    events: list[PastEventRow] | None

    def in_utc(self) -> "ArchiveRows":
        """Itself, with all moments in UTC: the database tells them in the time zone that it was set up with."""
        for row in self._rows():
            for name in row.__struct_fields__:
                if isinstance(value := getattr(row, name), datetime):
                    setattr(row, name, value.astimezone(UTC))
        return self

    def _rows(self) -> Iterator[Struct]:
        parts = (self.items, self.addons, self.milestones, self.tasks, self.releases, self.events)
        return chain([self.order], *(part for part in parts if part))


class Restorations(Struct):
    """Orders that come back with everything, as the rows to write. `contents` are the bytes of documents by id."""

    orders: list[StandingOrderRow] = []
    items: list[StandingItemRow] = []
    addons: list[AddonRow] = []
    milestones: list[StandingMilestoneRow] = []
    tasks: list[WholeTaskRow] = []
    tags: list[OrderTagRow] = []
    releases: list[ReleaseRow] = []
    documents: list[DocumentRow] = []
    events: list[PastEventRow] = []
    contents: dict[str, bytes] = {}

    def add(self, more: "Restorations") -> None:
        for name in self.__struct_fields__:
            mine, others = getattr(self, name), getattr(more, name)
            if name == "contents":
                mine.update(others)
            else:
                mine += others


def shared(kind: type[S], source: Struct, **others: Any) -> S:
    """A struct of that kind: its members are those of `others`, and for the rest the members of `source` of the same
    name."""
    names = [name for name in kind.__struct_fields__ if name not in others]
    return kind(**{name: getattr(source, name) for name in names}, **others)
