"""model.timeline: deadlines (Status API, section 22.10; S-56)."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from milepost.model.calendar import Calendar
from milepost.model.counted_year import change_of_offset
from milepost.model.timeline import deadline, is_overdue
from milepost.model.workflow import MaxDuration
from milepost.model.working_time import working_time

DAY = 86_400
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

ZONES = (
    "UTC",
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # midnight is left out in spring
    "America/Sao_Paulo",  # the same, until 2018
    "Asia/Beirut",  # the same
    "Africa/Cairo",  # the same, and 24:00 falls back to 23:00
    "America/Scoresbysund",
    "America/St_Johns",  # until 2011 clocks changed at 00:01: a date returns
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour
    "Antarctica/Troll",  # two hours
    "Pacific/Apia",  # no 30 December 2011
    "Pacific/Kiritimati",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Asia/Tehran",
    "America/Asuncion",
)


def limit(seconds: int, *skipped: str) -> MaxDuration:
    return MaxDuration(
        enabled=True,
        seconds=seconds,
        skip_weekends="weekends" in skipped,
        skip_holidays="holidays" in skipped,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def dates(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def counts(day: date, duration: MaxDuration, holidays: frozenset[date]) -> bool:
    if duration.skip_weekends and day.isoweekday() in (6, 7):
        return False
    return not (duration.skip_holidays and day in holidays)


def shown(instant: datetime) -> datetime:
    """The instant as the API shows it: whole seconds, cut off."""
    return instant.replace(microsecond=0)


def by_minutes(
    entered: datetime, duration: MaxDuration, zone: ZoneInfo, holidays: frozenset[date]
) -> datetime:
    """The definition, counted out by minutes of UTC: no zone since 1975 changes its date within one."""
    left = timedelta(seconds=duration.seconds)
    now, minute_end = entered, entered.replace(second=0, microsecond=0) + MINUTE
    while True:
        if counts(now.astimezone(zone).date(), duration, holidays):
            if left <= minute_end - now:
                return now + left
            left -= minute_end - now
        now, minute_end = minute_end, minute_end + MINUTE


def by_dates(entered: datetime, duration: MaxDuration, zone: ZoneInfo, holidays: frozenset[date]) -> datetime:
    """The definition by whole local dates, each as long as from its first instant to the next one's: where
    dates do not return."""

    def first_instant(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

    left, now, day = timedelta(seconds=duration.seconds), entered, entered.astimezone(zone).date()
    while True:
        end = first_instant(day + timedelta(days=1))
        if counts(day, duration, holidays):
            if left <= end - now:
                return now + left
            left -= end - now
        now, day = end, day + timedelta(days=1)


def changes_of_clock(zone: ZoneInfo, first_year: int, last_year: int) -> list[datetime]:
    """The dates (noon UTC) before which the zone's clocks have just changed."""
    days = [
        datetime(first_year, 1, 1, 12, tzinfo=UTC) + timedelta(days=n)
        for n in range((last_year - first_year) * 365)
    ]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [
        day for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False) if before != after
    ]


CHANGES = {name: changes_of_clock(ZoneInfo(name), 2004, 2030) for name in ZONES}


@st.composite
def entries(draw) -> tuple[str, datetime]:
    """A zone and an instant of entry, more often than not within days of a change of its clocks."""
    name = draw(st.sampled_from(ZONES))
    if CHANGES[name] and draw(st.integers(0, 3)):
        start = draw(st.sampled_from(CHANGES[name])) - timedelta(days=5)
    else:
        start = datetime(2004, 1, 1, tzinfo=UTC) + timedelta(days=draw(st.integers(0, 9_000)))
    quarters = timedelta(minutes=15) * draw(st.integers(0, 5 * 96))
    fraction = draw(st.just(timedelta(0)) | st.timedeltas(timedelta(0), timedelta(hours=1)))
    return name, start + quarters + fraction


seconds = (
    st.integers(1, 6 * DAY)
    | st.integers(1, 24 * 6).map(lambda hours: hours * 3_600)
    | st.sampled_from([1, DAY])
)
skips = st.sampled_from([("weekends",), ("holidays",), ("weekends", "holidays"), ()])


@settings(max_examples=400, deadline=None)
@given(entries(), seconds, skips, st.sets(st.integers(-2, 12), max_size=6))
def test_the_deadline_is_the_one_counted_out_by_minutes(entry, seconds, skips, holiday_offsets) -> None:
    name, entered = entry
    holidays = frozenset(entered.date() + timedelta(days=offset) for offset in holiday_offsets)
    duration = limit(seconds, *skips)
    expected = by_minutes(shown(entered), duration, ZoneInfo(name), holidays)
    assert deadline(entered, duration, Calendar(name, extra_holidays=holidays)) == expected


@settings(max_examples=150, deadline=None)
@given(entries(), st.integers(1, 1_500 * DAY), skips, st.sets(st.integers(0, 1_500), max_size=40))
def test_long_deadlines_are_those_counted_out_by_dates(entry, seconds, skips, holiday_offsets) -> None:
    name, entered = entry
    assume(name != "America/St_Johns" and entered.year >= 2012)
    holidays = frozenset(entered.date() + timedelta(days=offset) for offset in holiday_offsets)
    duration = limit(seconds, *skips)
    expected = by_dates(shown(entered), duration, ZoneInfo(name), holidays)
    assert deadline(entered, duration, Calendar(name, extra_holidays=holidays)) == expected


@settings(max_examples=150, deadline=None)
@given(entries(), seconds, seconds, skips, st.sets(st.integers(-2, 12), max_size=6))
def test_time_adds_up(entry, first, second, skips, holiday_offsets) -> None:
    """Stopping on the way and going on from there arrives at the same instant; more time arrives later."""
    name, entered = entry
    calendar = Calendar(
        name, extra_holidays=frozenset(entered.date() + timedelta(days=offset) for offset in holiday_offsets)
    )
    stop = deadline(entered, limit(first, *skips), calendar)
    assert stop is not None
    whole = deadline(entered, limit(first + second, *skips), calendar)
    assert whole == deadline(stop, limit(second, *skips), calendar)
    assert whole is not None
    assert shown(entered) + timedelta(seconds=first) <= stop < whole


@settings(max_examples=100, deadline=None)
@given(entries(), st.integers(1, 10**9))
def test_with_nothing_skipped_it_is_plain_elapsed_time(entry, seconds) -> None:
    name, entered = entry
    expected = shown(entered) + timedelta(seconds=seconds)
    assert deadline(entered, limit(seconds), Calendar(name, country="PT")) == expected
    assert deadline(entered, limit(seconds, "holidays"), Calendar(name)) == expected


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 80_000))
def test_a_change_of_clock_is_found_to_the_second(data, seconds) -> None:
    name = data.draw(st.sampled_from([name for name in ZONES if CHANGES[name]]))
    zone, after = ZoneInfo(name), data.draw(st.sampled_from(CHANGES[name]))
    before = after - timedelta(days=1, seconds=seconds)
    change = datetime.fromtimestamp(
        change_of_offset(int(before.timestamp()), int(after.timestamp()), zone), UTC
    )
    offsets = [instant.astimezone(zone).utcoffset() for instant in (before, change - SECOND, change, after)]
    assert offsets[0] == offsets[1] != offsets[2] == offsets[3]


MONDAY_OFF = Calendar("UTC", extra_holidays=frozenset({date(2026, 5, 11)}))


@pytest.mark.parametrize(
    ("duration", "calendar", "expected"),
    [
        (limit(172_800, "weekends"), Calendar("UTC"), "2026-05-12T14:00:00Z"),
        (limit(172_800, "weekends", "holidays"), MONDAY_OFF, "2026-05-13T14:00:00Z"),
        (limit(172_800, "weekends"), MONDAY_OFF, "2026-05-12T14:00:00Z"),
        (limit(172_800, "holidays"), MONDAY_OFF, "2026-05-10T14:00:00Z"),
        (limit(172_800), MONDAY_OFF, "2026-05-10T14:00:00Z"),
    ],
)
def test_s56_two_days_from_friday_afternoon(duration, calendar, expected) -> None:
    """The contract's example (22.10) and both of S-56: entered Friday 2026-05-08 14:00 UTC."""
    assert deadline(at("2026-05-08T14:00:00Z"), duration, calendar) == at(expected)


def test_disabled_is_no_deadline() -> None:
    assert deadline(at("2026-05-08T14:00:00Z"), MaxDuration(enabled=False, seconds=60), Calendar()) is None
    assert deadline(at("2026-05-08T14:00:00Z"), MaxDuration(), Calendar()) is None


@pytest.mark.parametrize(
    ("zone", "holidays", "entered", "seconds", "skipped", "expected"),
    [
        # Entry on a skipped date counts from the next counted midnight of the zone.
        ("UTC", "", "2026-05-09T10:30Z", 3_600, "weekends", "2026-05-11T01:00Z"),
        ("America/New_York", "", "2026-05-09T10:30Z", 3_600, "weekends", "2026-05-11T05:00Z"),
        # Friday in UTC, Saturday already in Kiritimati (+14).
        ("Pacific/Kiritimati", "", "2026-05-08T14:00Z", 1, "weekends", "2026-05-10T10:00:01Z"),
        # Seconds used up at the end of a counted date end at that midnight, not after the weekend.
        ("UTC", "", "2026-05-08T14:00Z", 36_000, "weekends", "2026-05-09T00:00Z"),
        ("UTC", "", "2026-05-08T14:00Z", 36_001, "weekends", "2026-05-11T00:00:01Z"),
        # Entry is the whole second that the API shows: a quarter of one does not put the end off to Monday.
        ("UTC", "", "2026-05-08T23:59:59.250000Z", 1, "weekends", "2026-05-09T00:00Z"),
        ("UTC", "", "2026-05-08T14:00:00.999999Z", DAY, "weekends", "2026-05-11T14:00Z"),
        # Sunday 2026-03-29 has 23 hours in Lisbon.
        ("Europe/Lisbon", "2026-03-28", "2026-03-28T09:00Z", 82_800, "holidays", "2026-03-29T23:00Z"),
        ("Europe/Lisbon", "2026-03-28", "2026-03-28T09:00Z", DAY, "holidays", "2026-03-30T00:00Z"),
        ("Europe/Lisbon", "", "2026-03-27T12:00Z", DAY, "weekends", "2026-03-30T11:00Z"),
        # Sunday 2026-10-25 has 25.
        ("Europe/Lisbon", "2026-10-24", "2026-10-24T12:00Z", 90_000, "holidays", "2026-10-26T00:00Z"),
        ("Europe/Lisbon", "2026-10-24", "2026-10-24T12:00Z", DAY, "holidays", "2026-10-25T23:00Z"),
        # No midnight: 2026-03-29 begins at 01:00 in Beirut, 2018-11-04 in São Paulo.
        ("Asia/Beirut", "2026-03-28", "2026-03-28T09:00Z", 3_600, "holidays", "2026-03-28T23:00Z"),
        ("America/Sao_Paulo", "2018-11-03", "2018-11-03T12:00Z", 60, "holidays", "2018-11-04T03:01Z"),
        # The second 23:00 of 2026-10-29 in Cairo is still that date: it has 25 hours.
        ("Africa/Cairo", "2026-10-28", "2026-10-28T12:00Z", 90_000, "holidays", "2026-10-29T22:00Z"),
        # In Apia Thursday 2011-12-29 was followed by Saturday the 31st.
        ("Pacific/Apia", "", "2011-12-29T22:00Z", DAY, "weekends", "2012-01-01T22:00Z"),
        # In St. John's 2010-11-07 began, and a minute later it was the 6th again, for 59 minutes.
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:00Z", 3_600, "holidays", "2010-11-07T03:01Z"),
        ("America/St_Johns", "2010-11-06", "2010-11-07T02:00Z", 120, "holidays", "2010-11-07T03:31Z"),
    ],
)
def test_examples(zone, holidays, entered, seconds, skipped, expected) -> None:
    calendar = Calendar(zone, extra_holidays=frozenset(map(date.fromisoformat, holidays.split())))
    found = deadline(at(entered), limit(seconds, skipped), calendar)
    assert found == at(expected)
    assert found is not None
    assert found.tzinfo is UTC


def test_public_holidays_of_the_country_and_subdivision_are_skipped() -> None:
    """2026-06-10 is Portugal's day; Corpus Christi, 2026-06-04, is a holiday in Bavaria, not in Berlin."""
    duration = limit(DAY, "holidays")
    noon = at("2026-06-09T12:00:00Z")
    assert deadline(noon, duration, Calendar("UTC", country="PT")) == at("2026-06-11T12:00:00Z")
    assert deadline(noon, duration, Calendar("UTC", country="DE")) == at("2026-06-10T12:00:00Z")
    eve = at("2026-06-03T12:00:00Z")
    assert deadline(eve, duration, Calendar("UTC", "DE", "BY")) == at("2026-06-05T12:00:00Z")
    assert deadline(eve, duration, Calendar("UTC", "DE", "BE")) == at("2026-06-04T12:00:00Z")


def test_entry_in_another_zone_is_the_same_instant() -> None:
    lisbon = datetime(2026, 5, 8, 19, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert deadline(lisbon, limit(172_800, "weekends"), Calendar()) == at("2026-05-12T14:00:00Z")
    # Arithmetic in a zone with summer time would be by the clock on the wall.
    eve = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Lisbon"))
    assert deadline(eve, limit(DAY), Calendar("Europe/Lisbon")) == at("2026-03-29T12:00:00Z")


def test_ten_years_without_a_counted_date_are_no_deadline() -> None:
    entered = at("2026-05-08T14:00:00Z")
    nearly = Calendar("UTC", extra_holidays=dates(date(2026, 5, 8), date(2036, 5, 6)))
    assert deadline(entered, limit(60, "holidays"), nearly) == at("2036-05-07T00:01:00Z")
    over = Calendar("UTC", extra_holidays=dates(date(2026, 5, 8), date(2036, 5, 9)))
    assert deadline(entered, limit(60, "holidays"), over) is None
    assert deadline(entered, limit(60), over) == at("2026-05-08T14:01:00Z")


def test_counted_dates_may_be_more_than_ten_years_in_all() -> None:
    """Only a gap of ten years ends the search: 4,000 counted days are 800 weeks."""
    entered = at("2026-05-08T14:00:00Z")
    found = deadline(entered, limit(4_000 * DAY, "weekends"), Calendar())
    assert found == entered + timedelta(weeks=800)


@pytest.mark.parametrize("seconds", [10**12, 10**15, 2**63 - 1])
@pytest.mark.parametrize("skips", [(), ("weekends",), ("weekends", "holidays")])
def test_beyond_the_calendar_is_no_deadline(seconds, skips) -> None:
    calendar = Calendar("Europe/Lisbon", country="PT")
    assert deadline(at("2026-05-08T14:00:00Z"), limit(seconds, *skips), calendar) is None


def test_equal_calendars_are_added_up_once() -> None:
    """A bulk change enters a thousand orders; a year must not be added up a thousand times."""
    working_time.cache_clear()
    for _ in range(1_000):
        # Equal, not identical: what each verb builds anew.
        deadline(at("2026-05-08T14:00:00Z"), limit(365 * DAY, "weekends"), Calendar("Europe/Lisbon"))
    assert working_time.cache_info().misses == 1


def test_is_overdue() -> None:
    """22.10: now is after `deadline_at`; never on a cancelled order."""
    end = at("2026-05-12T14:00:00Z")
    assert not is_overdue(end, False, end)
    assert is_overdue(end, False, end + timedelta(microseconds=1))
    assert not is_overdue(end, True, end + timedelta(days=1))
    assert not is_overdue(None, False, end)
