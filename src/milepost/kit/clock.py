"""Time is a value: a verb takes it once, from a clock it is given."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present instant, aware and in UTC."""


def system_clock(offset_seconds: float = 0) -> Clock:
    """The machine's clock, shifted by `offset_seconds` (setting `clock_offset_seconds`, for rehearsals)."""
    if not offset_seconds:
        return lambda: datetime.now(UTC)
    offset = timedelta(seconds=offset_seconds)
    return lambda: datetime.now(UTC) + offset


def whole_seconds(instant: datetime) -> str:
    """The instant in UTC as `2026-05-04T06:31:09Z`: whole seconds, cut off (Status API, section 1)."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
