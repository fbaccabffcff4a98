"""Which dates count: a team's time zone, its weekend, its holidays and the hours of its days."""

from datetime import date, time
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays
from msgspec import Struct

DAY_SECONDS = 86_400
WEEKEND = frozenset({5, 6})
"""Saturday and Sunday, as `date.weekday()` numbers them: Monday is 0."""


class Hours(Struct, frozen=True, dict=True):
    """The hours of a date by the clock on the wall: from `opens` until just before `closes`.

    Whole seconds without a zone, the calendar's being meant. `closes` at midnight is the end of the date.
    Hours do not pass midnight: ValueError unless `closes` comes after `opens`.
    """

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if any(one.tzinfo or one.microsecond for one in (self.opens, self.closes)):
            raise ValueError("hours are whole seconds without a zone")
        opens, closes = self.seconds
        if closes <= opens:
            raise ValueError(f"hours close at {self.closes}, not after they open at {self.opens}")

    @cached_property
    def seconds(self) -> tuple[int, int]:
        """Both ends as seconds of the clock since midnight, the second one 86,400 at most."""
        return _of_day(self.opens), _of_day(self.closes) or DAY_SECONDS


class Calendar(Struct, frozen=True, dict=True):
    """A team's local dates. Holidays are those of a country (and subdivision) of the `holidays` library
    without `removed_holidays`, plus the team's own extra dates; a date in both is a holiday.

    `weekend_days` are numbered as by `date.weekday()`. `daily_hours` are seven, Monday's first, None for a
    weekday without any; None instead of the seven: every date has all its hours. Which of these rules apply
    to a limit is not the calendar's to say (`model/working_time.py`). ValueError for anything but seven
    hours or for a weekend day that is none of 0 to 6.
    """

    time_zone: str = "UTC"
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: frozenset[date] = frozenset()
    weekend_days: frozenset[int] = WEEKEND
    removed_holidays: frozenset[date] = frozenset()
    daily_hours: tuple[Hours | None, ...] | None = None

    def __post_init__(self) -> None:
        if not self.weekend_days <= frozenset(range(7)):
            raise ValueError(f"weekend days are 0 (Monday) to 6, not {sorted(self.weekend_days)}")
        if self.daily_hours is not None and len(self.daily_hours) != 7:
            raise ValueError(f"daily hours are seven, Monday's first, not {len(self.daily_hours)}")

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _public_holidays(self) -> "holidays.HolidayBase | frozenset[date]":
        if self.country is None:
            return frozenset()
        return holidays.country_holidays(self.country, subdiv=self.subdivision)

    def is_holiday(self, day: date) -> bool:
        """Whether the local date is in the team's holiday list."""
        if day in self.extra_holidays:
            return True
        return day in self._public_holidays and day not in self.removed_holidays


def _of_day(clock: time) -> int:
    return (clock.hour * 60 + clock.minute) * 60 + clock.second
