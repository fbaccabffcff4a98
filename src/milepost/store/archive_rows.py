"""The rows of an order with everything, as `store.order_archive` writes and `reads.order_archive` reads them. JSON
that nobody looks into stays the text that it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar

from msgspec import Raw, Struct

from milepost.model.order import Tag
from milepost.store.order_rows import (
    DelayRow,
    DocumentRow,
    EventRow,
    HeldItemRow,
    MilestoneRow,
    OrderRow,
    OrderTagRow,
    ReleaseRow,
    TaskRow,
)

S = TypeVar("S", bound=Struct)


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


class PastEventRow(EventRow, kw_only=True):
    """A row of `events`, but for the transaction that wrote it."""

    event_version: int
    old_data: Raw
    new_data: Raw
    facts: Raw
    new_object: Raw


class ArchiveRows(Struct, kw_only=True):
    """An order with everything but the bytes of its documents, as one statement reads it."""

    order: OrderRow
    items: list[StandingItemRow]
    addons: list[AddonRow] | None
    milestones: list[MilestoneRow] | None
    tasks: list[TaskRow] | None
    delays: list[DelayRow] | None
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
        parts = (
            self.items,
            self.addons,
            self.milestones,
            self.tasks,
            self.delays,
            self.releases,
            self.events,
        )
        return chain([self.order], *(part for part in parts if part))


class Restorations(Struct):
    """Orders that come back with everything, as the rows to write. `contents` are the bytes of documents by id."""

    orders: list[OrderRow] = []
    items: list[StandingItemRow] = []
    addons: list[AddonRow] = []
    milestones: list[MilestoneRow] = []
    tasks: list[TaskRow] = []
    delays: list[DelayRow] = []
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
