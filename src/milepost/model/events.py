"""What happened: one immutable row each. History, webhooks, messages and the /events feed read the same
row."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

EventType = Literal[
    "order.created",
    "order.updated",
    "order.item.created",
    "order.item.updated",
    "order.item.deleted",
    "order.status.changed",
    "order.item.status.changed",
    "order.milestone.confirmed",
    "order.milestone.rejected",
    "order.timeline.updated",
    "order.task.created",
    "order.task.completed",
    "order.overdue",
    "webhook.disabled",
]
"""The catalogue (Orders API, section 14); `order.deleted` may be subscribed to and never happens."""


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened. Who did it and when Milepost was told belong to the change, and are written
    once for all its events.

    `sequence` counts the events of an order 1, 2, 3, ... in commit order; it is None exactly when
    `order_id` is. `subject_id` names the item, milestone or task the event is about; None means the order
    itself. `effective_at` is when it happened; aware, in UTC. `old_data` and `new_data` hold what changed
    in event form (Orders API, section 15). The events of a thing that came into being have its whole
    document as `new_data`, those of one that went have it as `old_data`. `facts` is what history and
    messages need to know of that moment: at least `order_number` and `order_type` where there is an order.
    """

    id: str
    order_id: str | None
    sequence: int | None
    type: EventType
    subject_id: str | None = None
    effective_at: datetime
    old_data: Mapping[str, Any]
    new_data: Mapping[str, Any]
    facts: Mapping[str, Any]
    new_object: Mapping[str, Any] | None = None
    """For `*.updated` events, where a webhook asks for it: the order or item after the change, as its GET shows
    it."""


def event_instant(at: datetime) -> str:
    """The instant as events write it: `2026-06-14T07:21:40.118203+00:00`, with six digits of fraction only
    when it is not zero."""
    return at.astimezone(UTC).isoformat()
