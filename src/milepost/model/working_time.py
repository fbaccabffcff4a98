"""Time that counts: the arithmetic of deadlines on a team's calendar (Status API, section 22.10).

A second counts unless its local date in the calendar's zone is skipped, or the clock on the wall is outside of
the date's hours. Elapsed time is real: a local date has 23 or 25 hours when its clocks change.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

from msgspec import Struct

from milepost.model.calendar import DAY_SECONDS, Calendar
from milepost.model.counted_year import EPOCH, LAST_YEAR, CountedYear, count_year

_LONGEST_GAP = 3_653 * DAY_SECONDS
"""Ten years: without a counted date for so long there is no deadline."""
_LONGEST_SEARCH = 36_525 * DAY_SECONDS
"""A bound on the work of one call, not a rule: a century, which takes some 0.1 s the first time."""
_MOST_YEARS = 128
"""So many years of one working time are remembered, 1 to 6 KB each."""
_ALL_DAY = (0, DAY_SECONDS)


class WorkingTime(Struct, frozen=True, dict=True):
    """A calendar and which of its rules apply: whether weekend days and holidays are skipped, and whether only
    the daily hours count. Remembers the years that it added up; get it from `working_time`."""

    calendar: Calendar
    skip_weekends: bool = False
    skip_holidays: bool = False
    within_hours: bool = False

    def deadline(self, entered_at: datetime, seconds: int) -> datetime | None:
        """The earliest instant at which so many counted seconds have passed since `entered_at`.

        Both instants are aware; the answer is in UTC and whole seconds, and so counts the entry: as the API
        shows it (S-56), since a part of a second before a skipped date must not become days. Without seconds
        to pass it is the entry. None when ten years go by without a counted second, or when the instant lies
        beyond what can be written down (year 9999) or, where seconds are skipped, a century after the entry.
        """
        entered = entered_at.astimezone(UTC)
        at = _instant(entered)
        if self._counts_all or seconds <= 0:
            return _moment(at + max(seconds, 0))
        year = self._year(entered.year)
        left = seconds - year.total + year.before_instant(at)
        if left > 0:
            return self._in_a_later_year(entered.year, at, year, left)
        return _moment(year.instant(year.total + left))

    def elapsed(self, start: datetime, end: datetime) -> int:
        """The counted seconds from one aware instant until another, both cut to whole seconds; negative if the
        other comes first. Undoes `deadline`: `elapsed(entered, deadline(entered, n))` is `n`."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if self._counts_all:
            return _instant(end) - _instant(start)
        if end < start:
            return -self.elapsed(end, start)
        whole = sum(self._year(number).total for number in range(start.year, end.year))
        return whole + self._before(end) - self._before(start)

    @cached_property
    def _counts_all(self) -> bool:
        """Whether no rule can skip a second."""
        weekends = self.skip_weekends and self.calendar.weekend_days
        holidays = self.skip_holidays and (self.calendar.country or self.calendar.extra_holidays)
        hours = self.within_hours and self.calendar.daily_hours is not None
        return not (weekends or holidays or hours)

    @cached_property
    def _years(self) -> dict[int, CountedYear]:
        return {}

    def _year(self, number: int) -> CountedYear:
        year = self._years.get(number)
        if year is None:
            if len(self._years) >= _MOST_YEARS:
                self._years.clear()
            year = self._years[number] = count_year(number, self.calendar.zone, self._hours_of)
        return year

    def _hours_of(self, day: date) -> tuple[int, int] | None:
        """The counted part of a local date, in seconds of the clock since midnight."""
        weekday = day.weekday()
        if self.skip_weekends and weekday in self.calendar.weekend_days:
            return None
        if self.skip_holidays and self.calendar.is_holiday(day):
            return None
        if not self.within_hours or self.calendar.daily_hours is None:
            return _ALL_DAY
        hours = self.calendar.daily_hours[weekday]
        return None if hours is None else hours.seconds

    def _before(self, instant: datetime) -> int:
        return self._year(instant.year).before_instant(_instant(instant))

    def _in_a_later_year(self, number: int, entered: int, year: CountedYear, left: int) -> datetime | None:
        """The deadline of an entry in the year of that number, when so many seconds are left after that year."""
        counted_until = max(entered, year.counted_until) if year.total else entered
        while year.end - entered <= _LONGEST_SEARCH and number < LAST_YEAR:
            number += 1
            year = self._year(number)
            resumes = year.starts[0] if year.total else year.end
            if resumes - counted_until > _LONGEST_GAP:
                return None
            if left <= year.total:
                found = year.instant(left)
                return _moment(found) if found - entered <= _LONGEST_SEARCH else None
            left -= year.total
            counted_until = year.counted_until if year.total else counted_until
        return None


@lru_cache(maxsize=128)
def working_time(
    calendar: Calendar, skip_weekends: bool = False, skip_holidays: bool = False, within_hours: bool = False
) -> WorkingTime:
    """The working time of these rules, the same one for equal calendars while it is remembered: adding up a
    year takes some hundred times longer than looking something up in it."""
    return WorkingTime(calendar, skip_weekends, skip_holidays, within_hours)


def _instant(moment: datetime) -> int:
    """Whole seconds since 1970, a part of one cut off."""
    passed = moment - EPOCH
    return passed.days * DAY_SECONDS + passed.seconds


def _moment(instant: int) -> datetime | None:
    """The instant in UTC; None beyond what can be written down."""
    try:
        return EPOCH + timedelta(0, instant)
    except OverflowError:
        return None
