"""model.working_time: deadlines and elapsed time on a calendar (Status API, section 22.10).

MILEPOST_WORKING_TIME_CASES is how many random cases are walked by the quarter of an hour; 10,000 take a minute.
"""

import os
from datetime import UTC, date, datetime, time, timedelta, timezone
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.model.calendar import Calendar, Hours
from milepost.model.timeline import deadline
from milepost.model.workflow import MaxDuration
from milepost.model.working_time import WorkingTime, working_time
from tests.model.walker import (
    COUNTRIES,
    MINUTE,
    QUARTER,
    SECOND,
    ZONES,
    some_entry,
    some_rules,
    walked_deadline,
    walked_elapsed,
)

CASES = int(os.environ.get("MILEPOST_WORKING_TIME_CASES", "1000"))
DAY = 86_400


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def office(opens: str, closes: str) -> tuple[Hours | None, ...]:
    """The same hours from Monday to Friday."""
    return (Hours(time.fromisoformat(opens), time.fromisoformat(closes)),) * 5 + (None, None)


@st.composite
def cases(draw) -> tuple[WorkingTime, datetime]:
    """Rules, and an entry that they have something to do with."""
    random = Random(draw(st.integers(0, 10**9)))
    zone = draw(st.sampled_from(ZONES))
    entered = some_entry(random, zone)
    return some_rules(random, entered.date(), zone), entered


def seconds(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(1, most // 3_600).map(lambda hours: hours * 3_600)


@pytest.mark.parametrize("part", range(4))
def test_random_cases_agree_with_the_walker(part) -> None:
    for number in range(part, CASES, 4):
        random = Random(number)
        zone = ZONES[number % len(ZONES)]
        entered = some_entry(random, zone)
        rules = some_rules(random, entered.date(), zone)
        limit = random.choice([1, 3_600, DAY, random.randrange(1, 3 * DAY)])
        found = rules.deadline(entered, limit)
        assert found == walked_deadline(entered, limit, rules, QUARTER), (number, rules)
        until = entered + timedelta(seconds=random.randrange(4 * DAY))
        assert rules.elapsed(entered, until) == walked_elapsed(entered, until, rules, QUARTER), (
            number,
            rules,
        )


@settings(max_examples=60, deadline=None)
@given(cases(), seconds(2 * DAY))
def test_it_agrees_with_a_walk_by_minutes(case, limit) -> None:
    rules, entered = case
    assert rules.deadline(entered, limit) == walked_deadline(entered, limit, rules, MINUTE)


@settings(max_examples=100, deadline=None)
@given(cases(), seconds(400 * DAY))
def test_elapsed_until_the_deadline_is_the_limit(case, limit) -> None:
    """And the deadline is the earliest such instant: a second earlier one second is left."""
    rules, entered = case
    end = rules.deadline(entered, limit)
    assert end is not None
    assert rules.elapsed(entered, end) == limit
    assert rules.elapsed(entered, end - SECOND) == limit - 1
    assert rules.elapsed(end, entered) == -limit


@settings(max_examples=100, deadline=None)
@given(cases(), st.lists(st.integers(-500 * DAY, 500 * DAY), min_size=2, max_size=2))
def test_elapsed_time_is_additive_and_monotone(case, offsets) -> None:
    rules, start = case
    middle, end = (start + timedelta(seconds=offset) for offset in offsets)
    whole = rules.elapsed(start, end)
    assert whole == rules.elapsed(start, middle) + rules.elapsed(middle, end)
    real = (end - middle) // SECOND
    assert min(real, 0) <= rules.elapsed(middle, end) <= max(real, 0)


@settings(max_examples=100, deadline=None)
@given(cases(), seconds(200 * DAY), seconds(200 * DAY))
def test_deadlines_are_additive_and_monotone(case, first, second) -> None:
    rules, entered = case
    stop, whole = rules.deadline(entered, first), rules.deadline(entered, first + second)
    assert stop is not None
    assert whole is not None
    assert rules.deadline(stop, second) == whole
    assert entered + first * SECOND <= stop < whole
    later = rules.deadline(entered + second * SECOND, first)
    assert later is not None
    assert stop <= later


@settings(max_examples=60, deadline=None)
@given(cases(), seconds(100 * DAY), st.integers(0, 999_999), st.integers(-14, 14))
def test_parts_of_a_second_and_the_zone_of_an_instant_do_not_matter(case, limit, part, hours) -> None:
    rules, entered = case
    written = (entered + timedelta(microseconds=part)).astimezone(timezone(timedelta(hours=hours)))
    found = rules.deadline(written, limit)
    assert found == rules.deadline(entered, limit)
    assert found is not None
    assert (found.tzinfo, found.microsecond) == (UTC, 0)
    assert rules.elapsed(written, found + timedelta(microseconds=part)) == limit


@settings(max_examples=25, deadline=None)
@given(cases(), seconds(3_000 * DAY))
def test_what_is_remembered_changes_nothing(case, limit) -> None:
    """Equal rules that have added up other years before give the same."""
    rules, entered = case
    same = WorkingTime(rules.calendar, rules.skip_weekends, rules.skip_holidays, rules.within_hours)
    same.elapsed(entered - timedelta(days=3_000), entered + timedelta(days=3_000))
    assert same.deadline(entered, limit) == rules.deadline(entered, limit)


def test_not_all_years_of_centuries_are_remembered() -> None:
    rules, start = WorkingTime(Calendar("Asia/Tokyo"), skip_weekends=True), at("1926-11-26T00:00Z")
    assert rules.elapsed(start, start + timedelta(weeks=10_000)) == 10_000 * 5 * DAY
    assert len(rules._years) <= 128


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_years_of_a_country_may_be_asked_in_any_order(country) -> None:
    """The `holidays` library makes a year when it is first asked for; the neighbours must not matter."""
    entered = [datetime(year, 12, 20, 9, tzinfo=UTC) for year in range(2015, 2031)]
    rules = [WorkingTime(Calendar("UTC", country), skip_holidays=True) for _ in range(2)]
    forwards = [rules[0].deadline(moment, 20 * DAY) for moment in entered]
    assert [rules[1].deadline(moment, 20 * DAY) for moment in reversed(entered)] == forwards[::-1]


@pytest.mark.parametrize(
    ("calendar", "entered", "limit", "expected"),
    [
        # Friday and Saturday off, Sunday a working day.
        (
            Calendar("Africa/Cairo", weekend_days=frozenset({4, 5})),
            "2026-05-07T12:00Z",
            DAY,
            "2026-05-10T12:00Z",
        ),
        (Calendar("UTC", weekend_days=frozenset()), "2026-05-08T12:00Z", DAY, "2026-05-09T12:00Z"),
        # 10 June is Portugal's day; this team works on it, and a removed date that is extra is a holiday.
        (Calendar("UTC", "PT"), "2026-06-09T12:00Z", DAY, "2026-06-11T12:00Z"),
        (
            Calendar("UTC", "PT", removed_holidays=frozenset({date(2026, 6, 10)})),
            "2026-06-09T12:00Z",
            DAY,
            "2026-06-10T12:00Z",
        ),
        (
            Calendar(
                "UTC",
                None,
                None,
                frozenset({date(2026, 6, 10)}),
                removed_holidays=frozenset({date(2026, 6, 10)}),
            ),
            "2026-06-09T12:00Z",
            DAY,
            "2026-06-11T12:00Z",
        ),
        # From nine to five: eight hours a day; Friday's last hour ends at five, not on Monday.
        (
            Calendar("UTC", daily_hours=office("09:00", "17:00")),
            "2026-05-08T16:00Z",
            3_600,
            "2026-05-08T17:00Z",
        ),
        (
            Calendar("UTC", daily_hours=office("09:00", "17:00")),
            "2026-05-08T16:00Z",
            3_601,
            "2026-05-11T09:00:01Z",
        ),
        (
            Calendar("UTC", daily_hours=office("09:00", "17:00")),
            "2026-05-08T16:00Z",
            5 * 28_800,
            "2026-05-15T16:00Z",
        ),
        # Until midnight.
        (
            Calendar("UTC", daily_hours=office("20:00", "00:00")),
            "2026-05-07T12:00Z",
            14_401,
            "2026-05-08T20:00:01Z",
        ),
        # Without any rule that skips.
        (Calendar("UTC", daily_hours=(None,) * 7), "2026-05-07T12:00Z", 0, "2026-05-07T12:00Z"),
    ],
)
def test_the_rules_of_a_calendar(calendar, entered, limit, expected) -> None:
    assert WorkingTime(calendar, True, True, True).deadline(at(entered), limit) == at(expected)


def test_rules_that_are_not_asked_for_skip_nothing() -> None:
    calendar = Calendar("UTC", "PT", weekend_days=frozenset(range(7)), daily_hours=(None,) * 7)
    assert WorkingTime(calendar).deadline(at("2026-05-08T12:00Z"), DAY) == at("2026-05-09T12:00Z")
    assert WorkingTime(calendar).elapsed(at("2026-05-08T12:00Z"), at("2026-05-09T11:59:59.5Z")) == DAY - 1
    # The contract's deadline has no daily hours.
    limit = MaxDuration(enabled=True, seconds=DAY)
    assert deadline(at("2026-05-08T12:00Z"), limit, calendar) == at("2026-05-09T12:00Z")


@pytest.mark.parametrize(
    "rules",
    [
        WorkingTime(Calendar(weekend_days=frozenset(range(7))), skip_weekends=True),
        WorkingTime(Calendar("Pacific/Apia", daily_hours=(None,) * 7), within_hours=True),
        WorkingTime(
            Calendar(daily_hours=(None,) * 5 + office("09:00", "17:00")[:2]), True, within_hours=True
        ),
    ],
)
def test_without_a_counted_second_in_ten_years_there_is_no_deadline(rules) -> None:
    """The third has hours at weekends only, and skips weekends."""
    assert rules.deadline(at("2026-05-09T12:00Z"), 60) is None
    assert rules.elapsed(at("2026-05-09T12:00Z"), at("2046-05-09T12:00Z")) == 0


@pytest.mark.parametrize("entered", ["9999-12-31T12:00Z", "9999-12-20T12:00Z", "9950-01-01T00:00Z"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_the_end_of_the_calendar_is_no_error(entered, zone) -> None:
    rules = WorkingTime(Calendar(zone), skip_weekends=True)
    assert rules.deadline(at(entered), 100 * 366 * DAY) is None
    assert WorkingTime(Calendar(zone)).deadline(at(entered), 100 * 366 * DAY) is None


def test_a_limit_on_skipped_dates_ends_within_a_century() -> None:
    rules, entered = WorkingTime(Calendar(), skip_weekends=True), at("2026-05-08T00:00Z")
    assert rules.deadline(entered, 5_217 * 5 * DAY) == entered + timedelta(weeks=5_217)
    assert rules.deadline(entered, 5_218 * 5 * DAY) is None


def test_a_limit_that_ends_with_a_later_year_ends_there() -> None:
    """2027 ends with a Friday; the next second that counts is two days after its last one."""
    rules, entered = WorkingTime(Calendar(), skip_weekends=True), at("2026-05-08T00:00Z")
    limit = rules.elapsed(entered, at("2028-01-01T00:00Z"))
    assert rules.deadline(entered, limit) == at("2028-01-01T00:00Z")
    assert rules.deadline(entered, limit + 1) == at("2028-01-03T00:00:01Z")


def test_dates_that_follow_each_other_are_one_entry_of_a_year() -> None:
    """Clocks that change do not part them either: a year without weekends is its weeks."""
    rules = WorkingTime(Calendar("Europe/Lisbon", weekend_days=frozenset({5})), skip_weekends=True)
    assert len(rules._year(2026).starts) == 53
    assert len(WorkingTime(Calendar("Europe/Lisbon"), within_hours=True)._year(2026).starts) == 1


def test_equal_calendars_share_what_was_added_up() -> None:
    one, other = (Calendar("Europe/Lisbon", "PT", extra_holidays=frozenset({date(2026, 5, 8)})) for _ in "ab")
    assert working_time(one, True, True) is working_time(other, True, True)
    assert working_time(one, True, True) is not working_time(one, True, False)


@pytest.mark.parametrize(
    ("opens", "closes"),
    [("09:00", "09:00"), ("17:00", "09:00"), ("00:00:00.5", "09:00"), ("09:00+01:00", "17:00")],
)
def test_hours_that_are_none(opens, closes) -> None:
    with pytest.raises(ValueError, match="hours"):
        Hours(time.fromisoformat(opens), time.fromisoformat(closes))


def test_calendars_that_are_none() -> None:
    with pytest.raises(ValueError, match="weekend days"):
        Calendar(weekend_days=frozenset({7}))
    with pytest.raises(ValueError, match="daily hours"):
        Calendar(daily_hours=(None,) * 6)
