"""Which dates count: a team's time zone and its holidays."""

from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays
from msgspec import Struct


class Calendar(Struct, frozen=True, dict=True):
    """A team's local dates. Holidays are those of a country (and subdivision) of the `holidays` library
    plus the team's own extra dates."""

    time_zone: str = "UTC"
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: frozenset[date] = frozenset()

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
        return day in self.extra_holidays or day in self._public_holidays
