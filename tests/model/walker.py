"""Working time counted out step by step: the definition itself, slow, and sharing nothing with `milepost.model`
but the calendar it is told of. For the tests of `model.working_time`."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

import holidays

from milepost.model.calendar import Calendar, Hours
from milepost.model.working_time import WorkingTime

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1990, 2031

ZONES = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # midnight is left out in spring
    "Asia/Beirut",  # the same
    "Africa/Cairo",  # the same, and 24:00 falls back to 23:00
    "Africa/Casablanca",  # an hour back for Ramadan, which moves
    "Africa/El_Aaiun",  # the same
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # no 30 December 2011
    "Pacific/Kwajalein",  # no 21 August 1993
    "Pacific/Chatham",  # 12:45 ahead of UTC
)
COUNTRIES = ("PT", "DE", "US", "CU", "LB", "EG", "MA", "AU", "WS", "NZ")


@lru_cache
def public_holidays(country: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=range(FIRST_YEAR - 1, LAST_YEAR + 2)))


@lru_cache
def changes_of_clock(name: str) -> tuple[datetime, ...]:
    """The noons (UTC) in the days before which the zone's clocks changed, in all years of the tests."""
    zone, found = ZoneInfo(name), []
    noon = datetime(FIRST_YEAR, 1, 1, 12, tzinfo=UTC)
    offset = noon.astimezone(zone).utcoffset()
    while noon.year < LAST_YEAR:
        noon += DAY
        before, offset = offset, noon.astimezone(zone).utcoffset()
        if before != offset:
            found.append(noon)
    return tuple(found)


def counts(local: datetime, rules: WorkingTime) -> bool:
    """Whether the second that begins at this local time counts."""
    day, calendar = local.date(), rules.calendar
    if rules.skip_weekends and day.weekday() in calendar.weekend_days:
        return False
    if rules.skip_holidays:
        public = public_holidays(calendar.country) if calendar.country else ()
        if day in calendar.extra_holidays or (day in public and day not in calendar.removed_holidays):
            return False
    if not rules.within_hours or calendar.daily_hours is None:
        return True
    hours, clock = calendar.daily_hours[day.weekday()], local.time()
    if hours is None or clock < hours.opens:
        return False
    return clock < hours.closes or not hours.closes.hour + hours.closes.minute


def walk(start: datetime, rules: WorkingTime, step: timedelta) -> Iterator[tuple[datetime, datetime, bool]]:
    """From `start` on: begin and end of each step, whole ones of UTC but for the first, and whether it counts.
    Only for times whose clock changes, offsets and hours are whole steps."""
    zone = ZoneInfo(rules.calendar.time_zone)
    now = start
    while True:
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
        end = midnight + ((now - midnight) // step + 1) * step
        yield now, end, counts(now.astimezone(zone), rules)
        now = end


def walked_deadline(entered: datetime, seconds: int, rules: WorkingTime, step: timedelta) -> datetime:
    left = timedelta(seconds=seconds)
    for now, end, counted in walk(entered, rules, step):
        if counted and left <= end - now:
            return now + left
        if counted:
            left -= end - now
    raise AssertionError("a walk does not end")


def walked_elapsed(start: datetime, end: datetime, rules: WorkingTime, step: timedelta) -> int:
    passed = timedelta()
    for now, stop, counted in walk(start, rules, step):
        if now >= end:
            break
        if counted:
            passed += min(stop, end) - now
    return passed // SECOND


def some_hours(random: Random) -> Hours | None:
    """Hours of whole quarters, or none on this weekday."""
    if random.random() < 0.15:
        return None
    opens = random.randrange(95)
    closes = random.randrange(opens + 1, 97)
    midnight = datetime(2000, 1, 1)  # noqa: DTZ001 - a clock on a wall
    return Hours((midnight + opens * QUARTER).time(), (midnight + closes * QUARTER).time())


def some_rules(random: Random, near: date, zone: str | None = None) -> WorkingTime:
    """Rules over any zone and country; extra and removed holidays are around a date."""

    def days(most: int, where: list[date]) -> frozenset[date]:
        return frozenset(random.sample(where, min(len(where), random.randint(0, most))))

    around = [near + n * DAY for n in range(-3, 15)]
    country = random.choice((*COUNTRIES, None))
    public = sorted(public_holidays(country) & set(around)) if country else []
    calendar = Calendar(
        time_zone=zone or random.choice(ZONES),
        country=country,
        extra_holidays=days(4, around),
        weekend_days=random.choice([frozenset({5, 6}), frozenset({4, 5}), frozenset({6}), frozenset()]),
        removed_holidays=days(3, public) | days(2, around),
        daily_hours=random.choice([None, tuple(some_hours(random) for _ in range(7))]),
    )
    within_hours = calendar.daily_hours is not None and any(calendar.daily_hours) and random.random() < 0.7
    return WorkingTime(calendar, random.random() < 0.6, random.random() < 0.6, within_hours)


def some_entry(random: Random, zone: str) -> datetime:
    """A whole second, more often than not within days of a change of the zone's clocks."""
    if random.random() < 0.7:
        start = random.choice(changes_of_clock(zone)) - 4 * DAY
    else:
        start = datetime(random.randrange(FIRST_YEAR, LAST_YEAR - 1), 1, 1, tzinfo=UTC)
        start += random.randrange(365) * DAY
    return start + random.randrange(5 * 86_400) * SECOND
