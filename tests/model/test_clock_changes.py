"""model.working_time where clocks change: every change of 2020 to 2027, and dates that never were."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from milepost.model.calendar import Calendar, Hours
from milepost.model.counted_year import change_of_offset
from milepost.model.working_time import WorkingTime
from tests.model.walker import DAY, MINUTE, SECOND, ZONES, changes_of_clock, walk

DAY_SECONDS = 86_400
HOUR = timedelta(hours=1)
NIGHT = (Hours(time(0, 30), time(3, 15)),) * 7


def of_these_years(zone: str) -> list[datetime]:
    return [noon for noon in changes_of_clock(zone) if 2020 <= noon.year <= 2027]


def rules_around(zone: str, day: date) -> list[WorkingTime]:
    """Skip the date, skip its neighbours, count some hours of its night and of theirs."""
    beside = frozenset({day - DAY, day + DAY})
    return [
        WorkingTime(Calendar(zone, extra_holidays=frozenset({day})), skip_holidays=True),
        WorkingTime(Calendar(zone, extra_holidays=beside), skip_holidays=True),
        WorkingTime(Calendar(zone, daily_hours=NIGHT), within_hours=True),
    ]


def check_by_minutes(start: datetime, days: int, rules: WorkingTime) -> None:
    """Elapsed time at every half hour, and every deadline of half hours, against the walk from `start` on."""
    counted = 0
    for number, (_, end, counts) in enumerate(islice(walk(start, rules, MINUTE), days * 1_440), 1):
        counted += counts
        if counts and counted % 30 == 0:
            assert rules.deadline(start, counted * 60) == end, (rules, end)
        if number % 30 == 0:
            assert rules.elapsed(start, end) == counted * 60, (rules, end)


def test_there_are_changes() -> None:
    """Morocco's are the most telling: its clocks go back for Ramadan, eleven days earlier each year."""
    assert len(of_these_years("Africa/Casablanca")) == len(of_these_years("Africa/El_Aaiun")) == 16
    assert len(of_these_years("Australia/Lord_Howe")) == 16
    assert sum(len(of_these_years(zone)) for zone in ZONES) > 120


@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_2020_to_2027(zone) -> None:
    for noon in of_these_years(zone):
        day = noon.astimezone(ZoneInfo(zone)).date()
        for rules in rules_around(zone, day):
            check_by_minutes(noon - 1.5 * DAY, 3, rules)


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Pacific/Apia", date(2011, 12, 29), date(2011, 12, 31)),
        ("Pacific/Fakaofo", date(2011, 12, 29), date(2011, 12, 31)),
        ("Pacific/Kwajalein", date(1993, 8, 20), date(1993, 8, 22)),
        ("Pacific/Kiritimati", date(1994, 12, 30), date(1995, 1, 1)),
    ],
)
def test_a_date_that_never_was_takes_no_time(zone, before, after) -> None:
    """One date is followed by the next but one; what is between them is in no list that matters."""
    local = ZoneInfo(zone)
    start = datetime(before.year, before.month, before.day, tzinfo=local).astimezone(UTC)
    end = start + 2 * DAY
    assert (end - SECOND).astimezone(local).date() == after
    between = WorkingTime(Calendar(zone, extra_holidays=frozenset({before + DAY})), skip_holidays=True)
    assert between.elapsed(start, end) == 2 * DAY_SECONDS
    first = WorkingTime(Calendar(zone, extra_holidays=frozenset({before})), skip_holidays=True)
    assert first.deadline(start, 1) == start + DAY + SECOND
    for rules in (between, first, *rules_around(zone, after)):
        check_by_minutes(start - DAY, 4, rules)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Lisbon", date(2026, 3, 29), 23),
        ("Europe/Lisbon", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Beirut", date(2026, 3, 29), 23),  # begins at 01:00
        ("Asia/Beirut", date(2026, 10, 24), 25),  # its 23:00 returns
        ("Africa/Casablanca", date(2026, 2, 15), 25),  # Ramadan begins
        ("Africa/El_Aaiun", date(2026, 3, 22), 23),  # and ends
        ("America/New_York", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Antarctica/Troll", date(2026, 3, 29), 22),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Pacific/Kwajalein", date(1993, 8, 21), 0),
    ],
)
def test_the_length_of_a_date(zone, day, hours) -> None:
    """What skipping just this date takes away from the days around it."""
    rules = WorkingTime(Calendar(zone, extra_holidays=frozenset({day})), skip_holidays=True)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert 6 * DAY_SECONDS - rules.elapsed(noon - 3 * DAY, noon + 3 * DAY) == hours * 3_600


def test_the_hours_of_a_night_in_which_clocks_change() -> None:
    """In Berlin 02:00 to 03:00 is left out on 29 March 2026 and comes twice on 25 October."""
    night = (Hours(time(1), time(4)),) * 7
    rules = WorkingTime(Calendar("Europe/Berlin", daily_hours=night), within_hours=True)
    spring, autumn = (datetime(2026, *day, tzinfo=UTC) for day in ((3, 28, 12), (10, 24, 12)))
    assert rules.elapsed(spring, spring + DAY) == 2 * 3_600
    assert rules.elapsed(autumn, autumn + DAY) == 4 * 3_600
    assert rules.deadline(spring, 3_601) == datetime(2026, 3, 29, 1, 0, 1, tzinfo=UTC)
    assert rules.deadline(autumn, 7_201) == datetime(2026, 10, 25, 1, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone", [*ZONES, "Asia/Gaza", "America/Caracas", "Asia/Pyongyang", "Antarctica/Casey"]
)
def test_no_zone_changes_twice_within_a_day(zone) -> None:
    """What adding up a year relies on, when it looks once a day; and it finds the change to the second."""
    local = ZoneInfo(zone)
    for noon in changes_of_clock(zone):
        after = int(noon.timestamp())
        change = datetime.fromtimestamp(change_of_offset(after - DAY_SECONDS, after, local), UTC)
        offsets = {hour: (change + hour * HOUR).astimezone(local).utcoffset() for hour in range(-23, 24)}
        assert (
            len({offsets[hour] for hour in range(-23, 0)}) == len({offsets[hour] for hour in range(24)}) == 1
        )
        assert (change - SECOND).astimezone(local).utcoffset() == offsets[-1] != offsets[0]
