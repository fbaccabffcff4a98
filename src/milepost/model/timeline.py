"""When time runs out in a status: the arithmetic of deadlines (Status API, section 22.10)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from milepost.model.calendar import Calendar
from milepost.model.workflow import MaxDuration

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_LONGEST_GAP = timedelta(days=3653)
"""Ten years: without a counted date for so long there is no deadline."""
_LONGEST_WALK = timedelta(days=36525)
"""A bound on the work of one call, not a rule: a century of dates, which takes some 30 ms."""
_SATURDAY = 5


def deadline(entered_at: datetime, duration: MaxDuration, calendar: Calendar) -> datetime | None:
    """The earliest instant at which `duration.seconds` counted seconds have passed since `entered_at`.

    Both instants are aware; the answer is in UTC. A second counts unless its local date in the calendar's
    zone is skipped. Elapsed time is real: a local date has 23 or 25 hours when its clocks change. None when
    the duration is not enabled, when ten years go by without a counted date, or when the instant lies beyond
    what can be written down (year 9999). Entry counts as the whole second that the API shows of it (S-56):
    a part of a second before a skipped date must not become days.
    """
    if not duration.enabled:
        return None
    start = entered_at.astimezone(UTC).replace(microsecond=0)
    weekends = duration.skip_weekends
    holidays = duration.skip_holidays and bool(calendar.country or calendar.extra_holidays)
    try:
        left = timedelta(seconds=duration.seconds)
        if not (weekends or holidays):
            return start + left
        return _walk(start, left, calendar, weekends, holidays)
    except OverflowError:
        return None


def is_overdue(deadline_at: datetime | None, cancelled: bool, now: datetime) -> bool:
    """Whether `now` is after the deadline; never without one, never on a cancelled order."""
    return deadline_at is not None and not cancelled and now > deadline_at


@lru_cache(maxsize=256)  # a bulk change enters hundreds of orders at one instant: one walk for all
def _walk(
    start: datetime, left: timedelta, calendar: Calendar, weekends: bool, holidays: bool
) -> datetime | None:
    """Uses up `left` on counted dates, stretch by stretch of one date under one UTC offset."""
    zone = calendar.zone
    at = counted_until = start
    local = at.astimezone(zone)
    while at - start <= _LONGEST_WALK:
        end, local_end = _end_of_stretch(at, local, zone)
        day = local.date()
        if (weekends and day.weekday() >= _SATURDAY) or (holidays and calendar.is_holiday(day)):
            if end - counted_until > _LONGEST_GAP:
                return None
        elif left <= end - at:
            return at + left
        else:
            left -= end - at
            counted_until = end
        at, local = end, local_end
    return None


def _end_of_stretch(at: datetime, local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where the local date or the UTC offset next changes after `at`: the instant in UTC and its local time.

    A change of offset ends a stretch because it can do anything to the date: leave out midnight (Beirut),
    leave out the whole next date (Apia 2011), or return to the date before (St. John's until 2011).
    """
    spent = timedelta(seconds=(local.hour * 60 + local.minute) * 60 + local.second)
    midnight = at + (_DAY - spent)
    local_midnight = midnight.astimezone(zone)
    if local_midnight.utcoffset() == local.utcoffset():
        return midnight, local_midnight
    change = _change_of_offset(at, midnight, zone)
    return change, change.astimezone(zone)


def _change_of_offset(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `before` and up to `after` with the later offset; both are whole seconds."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, (after - before) // _SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + high * _SECOND
