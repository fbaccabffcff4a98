"""model.urgency: status, current milestone, late, prompted, overdue (Milestones API, sections 8.1 and 8.7)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milepost.model.order import StoredOrder
from milepost.model.releases import Release
from milepost.model.urgency import (
    PATIENCE,
    current_milestone,
    day_begins,
    is_active,
    is_late,
    is_overdue,
    next_attention,
    plan_of,
    pressing,
    prompt_moment,
    prompted_at,
    purchase_order_status,
)
from tests.model.plans import (
    CREATED,
    NOW,
    TODAY,
    UTC_ZONE,
    amended,
    day,
    draft,
    made_to_order,
    milestone,
    milestones_of,
    order,
    task,
    uid,
)


def release(transit: str | None, *, kind: str = "TRANSPORTATION", unassigned: bool = False) -> Release:
    return msgspec.convert(
        {
            "id": uid(1, 10),
            "release_type": kind,
            "items": [],
            "transit_status": transit,
            "unassigned_at": CREATED if unassigned else None,
            "created_at": CREATED,
        },
        Release,
    )


STANDARD = ("acceptance", "production_start", "shipment", "delivery")


def standard(confirmed: int, kinds: tuple[str, ...] = STANDARD, **members: Any) -> StoredOrder:
    done = {"confirmed_on": "02-03"}
    return order(
        *(milestone(n, kind, **(done if n <= confirmed else {})) for n, kind in enumerate(kinds, 1)),
        **members,
    )


# Status -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "status"),
    [
        (standard(0), "issued"),
        (standard(1), "accepted"),
        (standard(2), "in_production"),
        (standard(3), "shipped"),
        (standard(4), "delivered"),
        (order(), "issued"),
        (draft(), "draft"),
        (draft(cancelled_at=NOW), "canceled"),
        (standard(4, cancelled_at=NOW), "canceled"),
        (order(milestone(1, "acceptance", rejection_reason="no")), "rejected"),
        (order(milestone(1, "acceptance", rejection_reason="no"), cancelled_at=NOW), "canceled"),
        # A rejection of another milestone does not change the status.
        (order(milestone(1, "acceptance"), milestone(2, "shipment", rejection_reason="no")), "issued"),
        (standard(3, ("acceptance", "custom", "custom")), "completed"),
        (standard(2, ("acceptance", "custom", "custom")), "accepted"),
        (standard(2, ("acceptance", "production_start")), "completed"),
        (standard(1, ("acceptance",)), "completed"),
        (standard(2, ("acceptance", "shipment")), "shipped"),
        (standard(2, ("acceptance", "delivery")), "delivered"),
        (standard(2, ("acceptance", "production_start", "custom")), "in_production"),
    ],
)
def test_m43_the_first_line_that_holds(stored: StoredOrder, status: str):
    assert purchase_order_status(stored) == status
    assert is_active(stored) == (status not in ("canceled", "draft", "rejected"))


@pytest.mark.parametrize(
    ("confirmed", "legs", "status"),
    [
        (1, [release("IN_TRANSIT")], "shipped"),
        (1, [release("OUT_FOR_DELIVERY")], "shipped"),
        (1, [release("DELIVERED")], "delivered"),
        (1, [release("DELIVERED"), release("DISPATCHED")], "shipped"),
        (1, [release("DISPATCHED")], "accepted"),
        (1, [release(None)], "accepted"),
        (0, [release("IN_TRANSIT")], "shipped"),
        (3, [release("DELIVERED")], "delivered"),
        (4, [release("DISPATCHED")], "delivered"),
        (1, [release("DELIVERED", unassigned=True)], "accepted"),
        (1, [release("DELIVERED", unassigned=True), release("IN_TRANSIT")], "shipped"),
        (1, [release(None, kind="PURCHASE_ORDER")], "accepted"),
    ],
)
def test_transport_releases_count(confirmed: int, legs: list[Release], status: str):
    assert purchase_order_status(standard(confirmed, releases=tuple(legs))) == status


def test_an_order_read_without_its_plan_is_an_accident():
    with pytest.raises(LookupError):
        plan_of(msgspec.structs.replace(order(), plan=None))


def test_m19_the_current_milestone():
    found = [current_milestone(standard(n)) for n in range(5)]
    assert [one and one.position for one in found] == [1, 2, 3, 4, None]
    assert current_milestone(draft()) is None
    assert current_milestone(standard(1, cancelled_at=NOW)) is None
    assert current_milestone(order(milestone(1, "acceptance", rejection_reason="no"), milestone(2))) is None


# Late ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key_date", "late"), [("02-09", True), ("02-10", False), ("02-11", False), (None, False)]
)
def test_m33_late(key_date: str | None, late: bool):
    assert is_late(milestone(1, "custom", key_date), TODAY) == late
    assert not is_late(milestone(1, "custom", key_date, confirmed_on="02-10"), TODAY)
    assert is_late(milestone(1, "custom", key_date, rejection_reason="no"), TODAY) == late


# Prompted -----------------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)


def second(**members: Any) -> StoredOrder:
    """Its second milestone is current: undated, its turn since an hour before NOW."""
    tasks = members.pop("tasks", ())
    before = milestone(1, "acceptance", confirmed_on="02-10", confirmed_at=NOW - HOUR)
    return order(before, milestone(2, **members), tasks=tasks)


def prompt(stored: StoredOrder, zone: str = "UTC") -> datetime | None:
    current = current_milestone(stored)
    assert current is not None
    return prompt_moment(stored, current, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("stored", "moment"),
    [
        (order(milestone(1, "acceptance")), CREATED),
        (order(milestone(1, "acceptance"), last_issued_at=NOW), NOW),  # issued again
        (order(milestone(1, "acceptance", "12-31")), CREATED),  # its date does not delay the first prompt
        (order(milestone(1, "acceptance", undone_at=NOW)), NOW),
        (second(), NOW - HOUR),
        (second(undone_at=NOW), NOW),
        (second(undone_at=CREATED), NOW - HOUR),
        (second(rejection_reason="no", rejected_at=NOW), NOW),
        (second(rejection_reason="no"), NOW - HOUR),  # it was rejected before its turn
        (second(key_date="02-10"), NOW - HOUR),
        (second(key_date="02-11"), datetime(2027, 2, 11, tzinfo=UTC)),
        (second(key_date="02-10", prompt_offset_days=1), datetime(2027, 2, 11, tzinfo=UTC)),
        (second(key_date="02-20", prompt_offset_days=-30), NOW - HOUR),
        (second(key_date="2027-02-28", prompt_offset_days=1), datetime(2027, 3, 1, tzinfo=UTC)),
        (second(key_date="2028-02-28", prompt_offset_days=1), datetime(2028, 2, 29, tzinfo=UTC)),
        (second(tasks=(task(1, 2, required=True),)), None),
        (second(tasks=(task(1, 2), task(2, 1, required=True), task(3))), NOW - HOUR),
        (second(tasks=(task(1, 2, required=True, completed_at=NOW),)), NOW),
        (second(tasks=(task(1, 2, completed_at=NOW),)), NOW - HOUR),
        (
            second(tasks=(task(1, 2, required=True, completed_at=NOW), task(2, 2, required=True))),
            None,
        ),
        (
            second(
                tasks=(
                    task(1, 2, required=True, completed_at=NOW),
                    task(2, 2, required=True, completed_at=NOW + HOUR),
                )
            ),
            NOW + HOUR,
        ),
        (second(key_date="9999-12-31", prompt_offset_days=1), None),  # no such day will come
        (second(key_date="0001-01-01", prompt_offset_days=-1), NOW - HOUR),
    ],
)
def test_the_prompt_is_at_the_latest_of_what_it_waits_for(stored: StoredOrder, moment: datetime | None):
    assert prompt(stored) == moment


@pytest.mark.parametrize(
    ("zone", "key_date", "moment"),
    [
        ("Pacific/Kiritimati", "2027-02-12", "2027-02-11T10:00:00Z"),
        ("Pacific/Pago_Pago", "2027-02-12", "2027-02-12T11:00:00Z"),
        ("Australia/Lord_Howe", "2027-07-12", "2027-07-11T13:30:00Z"),
        ("Australia/Lord_Howe", "2027-12-12", "2027-12-11T13:00:00Z"),
        ("Asia/Kathmandu", "2027-02-12", "2027-02-11T18:15:00Z"),
        ("America/New_York", "2027-03-14", "2027-03-14T05:00:00Z"),  # a day of 23 hours
        ("America/New_York", "2027-03-15", "2027-03-15T04:00:00Z"),
        ("Asia/Beirut", "2021-03-28", "2021-03-27T22:00:00Z"),  # no midnight
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),  # no such day
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Africa/Monrovia", "1972-01-07", "1972-01-07T00:44:30Z"),  # clocks jumped by 44 and a half minutes
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),  # two midnights: the first
    ],
)
def test_a_prompt_waits_for_the_day_of_the_team(zone: str, key_date: str, moment: str):
    before = milestone(
        1, "acceptance", confirmed_on="1970-01-01", confirmed_at=datetime(1970, 1, 1, tzinfo=UTC)
    )
    assert prompt(order(before, milestone(2, "custom", key_date)), zone) == datetime.fromisoformat(moment)


ZONES = [
    "UTC",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Europe/Berlin",
]


@given(st.dates(date(1990, 1, 1), date(2037, 12, 31)), st.sampled_from(ZONES))
@example(date(2011, 12, 30), "Pacific/Apia")
@example(date(2021, 3, 28), "Asia/Beirut")
@example(date(2010, 11, 7), "America/St_Johns")
@example(date(2027, 4, 4), "Australia/Lord_Howe")
@example(date(2018, 11, 4), "America/Sao_Paulo")
def test_a_day_begins_with_the_first_moment_that_is_not_before_it(day: date, name: str):
    zone = ZoneInfo(name)
    begins = day_begins(day, 0, zone)
    assert begins is not None
    assert begins.astimezone(zone).date() >= day
    assert (begins - timedelta(microseconds=1)).astimezone(zone).date() < day


def test_days_beyond_the_calendar():
    first = datetime.min.replace(tzinfo=UTC)
    assert day_begins(date.max, 1, UTC_ZONE) is None
    assert day_begins(date.min, -1, UTC_ZONE) == first
    assert day_begins(date.min, 0, ZoneInfo("Asia/Tokyo")) == first
    assert day_begins(date.max, 0, UTC_ZONE) == datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("key_date", ["0001-01-01", "0001-01-02", "9999-12-29", "9999-12-30", "9999-12-31"])
def test_the_first_and_the_last_days_press_without_accident(zone: str, offset: int, key_date: str):
    stored = second(key_date=key_date, prompt_offset_days=offset)
    found = {one.cause: one.due_at for one in pressing(stored, ZoneInfo(zone))}
    if key_date.startswith("0001"):
        assert found["milestone_overdue"] == NOW - HOUR + PATIENCE
        assert found["milestone_late"] < datetime(1, 1, 4, tzinfo=UTC)
    else:
        assert all(due_at > datetime(9999, 12, 28, tzinfo=UTC) for due_at in found.values())


def test_prompted_at_is_null_while_the_moment_lies_ahead():
    stored = second(key_date="02-11")
    current = milestones_of(stored)[1]
    midnight = datetime(2027, 2, 11, tzinfo=UTC)
    assert prompted_at(stored, current, UTC_ZONE, midnight - timedelta(microseconds=1)) is None
    assert prompted_at(stored, current, UTC_ZONE, midnight) == midnight


def test_overdue_is_more_than_48_hours_after_the_prompt():
    assert timedelta(hours=48) == PATIENCE
    assert not is_overdue(None, NOW)
    assert not is_overdue(NOW - timedelta(hours=48), NOW)
    assert is_overdue(NOW - timedelta(hours=48, microseconds=1), NOW)


@given(st.integers(-200, 200), st.integers(0, 200), st.sampled_from(ZONES))
def test_a_prompt_once_out_stays_out(first: int, later: int, zone: str):
    stored = second(key_date="02-11")
    current = milestones_of(stored)[1]
    sooner = NOW + timedelta(hours=first)
    before = prompted_at(stored, current, ZoneInfo(zone), sooner)
    after = prompted_at(stored, current, ZoneInfo(zone), sooner + timedelta(hours=later))
    assert before is None or before == after
    assert is_overdue(after, sooner + timedelta(hours=later)) or not is_overdue(before, sooner)


# What presses -------------------------------------------------------------------------------------------


def test_what_turns_late_or_overdue():
    stored = made_to_order(1)
    assert [(one.cause, one.milestone.position, one.due_at) for one in pressing(stored, UTC_ZONE)] == [
        ("milestone_late", 2, datetime(2027, 2, 13, tzinfo=UTC)),
        ("milestone_late", 3, datetime(2027, 4, 10, tzinfo=UTC)),
        ("milestone_late", 4, datetime(2027, 5, 15, tzinfo=UTC)),
        ("milestone_overdue", 2, datetime(2027, 2, 14, tzinfo=UTC)),
    ]
    assert next_attention(stored, UTC_ZONE) == datetime(2027, 2, 13, tzinfo=UTC)


def test_what_was_told_presses_no_more():
    told = amended(
        made_to_order(1), 2, late_told_for=day("02-12"), overdue_told_at=datetime(2027, 2, 14, tzinfo=UTC)
    )
    assert [(one.cause, one.milestone.position) for one in pressing(told, UTC_ZONE)] == [
        ("milestone_late", 3),
        ("milestone_late", 4),
    ]
    # Another key date is another delay, and another prompt.
    again = amended(told, 2, key_date=day("02-20"))
    assert [(one.cause, one.due_at) for one in pressing(again, UTC_ZONE) if one.milestone.position == 2] == [
        ("milestone_late", datetime(2027, 2, 21, tzinfo=UTC)),
        ("milestone_overdue", datetime(2027, 2, 22, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    "stored",
    [
        made_to_order(4),
        made_to_order(1, cancelled_at=NOW),
        made_to_order(acceptance={"rejection_reason": "no"}),
        draft(),
        order(),
    ],
)
def test_nothing_presses(stored: StoredOrder):
    assert list(pressing(stored, UTC_ZONE)) == []
    assert next_attention(stored, UTC_ZONE) is None


def test_a_blocked_milestone_is_not_overdue_but_may_be_late():
    stored = made_to_order(1, tasks=(task(1, 2, required=True),))
    assert [one.cause for one in pressing(stored, UTC_ZONE) if one.milestone.position == 2] == [
        "milestone_late"
    ]


def test_what_is_late_is_so_from_the_moment_that_presses():
    for zone in map(ZoneInfo, ZONES):
        for one in pressing(made_to_order(1), zone):
            if one.cause == "milestone_late":
                assert is_late(one.milestone, one.due_at.astimezone(zone).date())
                just_before = one.due_at - timedelta(microseconds=1)
                assert not is_late(one.milestone, just_before.astimezone(zone).date())
