"""An event on its way to a webhook (Orders API, sections 16.4 and 16.6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from milepost.model.receiver import AttemptError

DeliveryStatus = Literal["PENDING", "SUCCEEDED", "FAILED", "CANCELED"]
DELIVERY_STATUSES: tuple[DeliveryStatus, ...] = ("PENDING", "SUCCEEDED", "FAILED", "CANCELED")


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt of a delivery, numbered 1, 2, 3, ... over all its retry schedules."""

    number: int
    started_at: datetime
    duration_ms: int
    response_status: int | None
    error: AttemptError | None
    response_excerpt: str | None
    request_headers: Mapping[str, str]


class Delivery(Struct, frozen=True, kw_only=True):
    """A row of the queue, with what was tried so far."""

    id: str
    webhook_id: str
    event_id: str | None
    """None: a test send, which no event caused."""
    event_name: str
    order_id: str | None
    sequence: int | None
    status: DeliveryStatus
    attempt_count: int
    next_attempt_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    attempts: tuple[Attempt, ...] = ()
    """By number."""
