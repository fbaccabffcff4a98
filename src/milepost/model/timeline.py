"""When time runs out in a status (Status API, section 22.10)."""

from datetime import datetime

from milepost.model.calendar import Calendar
from milepost.model.workflow import MaxDuration
from milepost.model.working_time import working_time


def deadline(entered_at: datetime, duration: MaxDuration, calendar: Calendar) -> datetime | None:
    """The earliest instant at which `duration.seconds` counted seconds have passed since `entered_at`.

    Both instants are aware; the answer is in UTC. A second counts unless its local date in the calendar's
    zone is skipped; the contract knows no daily hours, so all hours of a date count. None when the duration is
    not enabled, and where `WorkingTime.deadline` has none: ten years without a counted date, year 9999.
    """
    if not duration.enabled:
        return None
    counted = working_time(calendar, duration.skip_weekends, duration.skip_holidays)
    return counted.deadline(entered_at, duration.seconds)


def is_overdue(deadline_at: datetime | None, cancelled: bool, now: datetime) -> bool:
    """Whether `now` is after the deadline; never without one, never on a cancelled order."""
    return deadline_at is not None and not cancelled and now > deadline_at
