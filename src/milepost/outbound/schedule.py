"""When a delivery is tried again, and when a webhook is given up (Orders API, sections 17.3, 17.4 and 17.7).

Pure: from the outcome of an attempt follow the delivery's new status and the moments before which nothing may be
sent.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from msgspec import Struct

from milepost.model.receiver import AttemptError

Status = Literal["PENDING", "SUCCEEDED", "FAILED"]

GONE: Final = 410
_PAUSING: Final = (429, 503)
"""With these a `Retry-After` speaks for the whole webhook."""
LEAST_FAILURES: Final = 5
"""So many attempts must have failed before a webhook is disabled for failing."""


class Schedule(Struct, frozen=True):
    """How often a delivery is tried: the settings of these names, in seconds."""

    waits: tuple[float, ...] = (0.0, 10.0, 60.0, 300.0, 1800.0)
    """Before each attempt; there are as many attempts as waits."""
    jitter: float = 0.2
    retry_after_max: float = 86_400


class Outcome(Struct, frozen=True, kw_only=True):
    """What a receiver, or the net, answered to one attempt."""

    response_status: int | None
    error: AttemptError | None
    retry_after: str | None = None
    """The response header of that name."""
    aborted: bool = False
    """The receiver said that it wants this message never again (`webhook-delivery: abort-message`)."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What follows for the delivery and its webhook."""

    status: Status
    next_attempt_at: datetime | None = None
    """None unless the delivery stays PENDING."""
    webhook_paused_until: datetime | None = None
    """Until then no attempt of the webhook at all."""
    is_gone: bool = False
    """The receiver does not exist any more: the webhook is to be disabled."""


def judge(
    outcome: Outcome, tries: int, ended_at: datetime, schedule: Schedule, chance: Callable[[], float]
) -> Verdict:
    """The verdict on an attempt. `tries`: attempts of the present schedule, this one included. `chance` gives a
    random number from 0 to 1."""
    if outcome.error is None:
        return Verdict(status="SUCCEEDED")
    asked = _asked_for(outcome.retry_after, ended_at, schedule.retry_after_max)
    paused = asked if outcome.response_status in _PAUSING else None
    is_gone = outcome.response_status == GONE
    if is_gone or outcome.aborted or tries >= len(schedule.waits):
        return Verdict(status="FAILED", webhook_paused_until=paused, is_gone=is_gone)
    planned = ended_at + timedelta(seconds=wait(schedule, tries, chance))
    return Verdict(
        status="PENDING",
        next_attempt_at=max(planned, asked) if asked else planned,
        webhook_paused_until=paused,
    )


def wait(schedule: Schedule, tries: int, chance: Callable[[], float]) -> float:
    """Seconds to wait after so many attempts, varied at random."""
    return schedule.waits[tries] * (1 + schedule.jitter * (2 * chance() - 1))


def _asked_for(retry_after: str | None, now: datetime, most: float) -> datetime | None:
    """The moment before which the receiver wants nothing: `Retry-After` is seconds or an HTTP date."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return now + timedelta(seconds=min(seconds, most)) if seconds > 0 else None
