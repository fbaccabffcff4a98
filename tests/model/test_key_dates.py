"""model.key_dates: moving the dates of milestones (Milestones API, sections 7.13, 8.5 and 8.6)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.kit.errors import Conflict
from milepost.kit.ids import ulid
from milepost.model.key_dates import KeyDates, edit_timeline, resolved
from milepost.model.order import StoredOrder
from milepost.model.plan import Delay
from tests.model.plans import (
    BRIDGE,
    NOW,
    ON,
    TODAY,
    at,
    day,
    draft,
    made_to_order,
    mid,
    milestone,
    milestones_of,
    order,
    refusal,
    task,
    tasks_of,
    uid,
    wid,
)


def by_id(**dates: str | None) -> KeyDates:
    """`m3="04-12"`: the order milestone at position 3."""
    return KeyDates(
        by_milestone={
            mid(int(name[1:])): None if value is None else day(value) for name, value in dates.items()
        }
    )


def refused(stored: StoredOrder, dates: KeyDates, on: Any = ON) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Conflict) as caught:
        edit_timeline(stored, dates, on)
    return refusal(caught.value)


# Families -------------------------------------------------------------------------------------------------


FAMILIES = [
    KeyDates(named={"shipment": day("04-12")}),
    KeyDates(by_milestone={mid(3): day("04-12")}),
    KeyDates(by_milestone={ulid(mid(3)).lower(): day("04-12")}),
    KeyDates(by_workflow_milestone={wid(3): day("04-12")}),
    KeyDates(by_workflow_milestone={wid(3).upper(): day("04-12")}),
    KeyDates(
        named={"shipment": day("04-12")},
        by_milestone={mid(3): day("04-12"), ulid(mid(3)): day("04-12")},
        by_workflow_milestone={ulid(wid(3)): day("04-12")},
    ),
]


def without_new_ids(stored: StoredOrder) -> StoredOrder:
    plan = stored.plan
    assert plan is not None
    bare = tuple(
        msgspec.structs.replace(
            one, delays=tuple(msgspec.structs.replace(delay, id="") for delay in one.delays)
        )
        for one in plan.milestones
    )
    return msgspec.structs.replace(stored, plan=type(plan)(bare, plan.tasks))


@pytest.mark.parametrize("dates", FAMILIES)
def test_m30_m31_each_family_and_all_at_once_set_the_same_date(dates: KeyDates):
    after = edit_timeline(made_to_order(), dates, ON)
    assert milestones_of(after)[2].key_date == day("04-12")
    assert without_new_ids(after) == without_new_ids(edit_timeline(made_to_order(), FAMILIES[0], ON))


def test_m31_the_families_mix():
    dates = KeyDates(
        named={"delivery": day("05-20")},
        by_milestone={mid(2): day("02-19")},
        by_workflow_milestone={wid(3): None},
    )
    after = edit_timeline(made_to_order(), dates, ON)
    assert [one.key_date for one in milestones_of(after)] == [day("02-04"), day("02-19"), None, day("05-20")]


@pytest.mark.parametrize(
    "dates",
    [
        KeyDates(named={"shipment": day("04-12")}, by_milestone={mid(3): day("04-13")}),
        KeyDates(named={"shipment": day("04-12")}, by_workflow_milestone={wid(3): None}),
        KeyDates(by_milestone={mid(3): None, ulid(mid(3)): day("04-12")}),
        # One of the two is the present date: that is a different value all the same.
        KeyDates(by_milestone={mid(3): day("04-09")}, by_workflow_milestone={wid(3): day("04-10")}),
        KeyDates(named={"shipment": day("04-12")}, contradicted={"shipment"}),
    ],
)
def test_m31_different_values_conflict(dates: KeyDates):
    assert refused(made_to_order(), dates) == ("conflicting_dates", {"milestone_ids": [mid(3)]})


def test_conflicting_milestones_are_named_by_position():
    dates = KeyDates(
        by_milestone={mid(4): day("05-15"), mid(2): day("02-13"), mid(3): day("04-10")},
        by_workflow_milestone={wid(4): day("05-16"), wid(2): day("02-14"), wid(3): day("04-10")},
    )
    assert refused(made_to_order(), dates) == ("conflicting_dates", {"milestone_ids": [mid(2), mid(4)]})


def test_m34_what_names_no_milestone_of_the_order_is_told_all_at_once():
    short = order(milestone(1, "acceptance"), milestone(2, "custom"))
    other = ulid(uid(99)).lower()
    dates = KeyDates(
        named={"delivery": day("05-20"), "shipment": None, "production_start": day("03-01")},
        spelt={"shipment": "ships_on"},
        by_milestone={other: day("03-01"), "nonsense": None, mid(2): day("03-01"), wid(2): None},
        by_workflow_milestone={mid(2): day("03-01"), "": None},
    )
    text = ["no such milestone on this order"]
    assert refused(short, dates) == (
        "milestone_not_in_workflow",
        {
            "errors": {
                "delivery_date": text,
                "ships_on": text,
                "production_start_date": text,
                f"order_milestone_key_dates.{other}": text,
                "order_milestone_key_dates.nonsense": text,
                f"order_milestone_key_dates.{wid(2)}": text,
                f"workflow_order_milestone_key_dates.{mid(2)}": text,
                "workflow_order_milestone_key_dates.": text,
            }
        },
    )


def test_m34_the_sentence_names_the_type():
    short = order(milestone(1, "acceptance"))
    with pytest.raises(Conflict) as caught:
        edit_timeline(short, KeyDates(named={"delivery": day("05-20")}), ON)
    assert caught.value.sentence == "The order has no delivery milestone"
    with pytest.raises(Conflict) as caught:
        edit_timeline(short, KeyDates(named={"production_start": None}), ON)
    assert caught.value.sentence == "The order has no production_start milestone"


def test_the_checks_come_in_sequence():
    stored = made_to_order(1)
    wrong = KeyDates(
        named={"production_start": day("03-01"), "delivery": day("01-01")},
        by_milestone={mid(1): None, mid(3): day("04-10")},
        by_workflow_milestone={wid(3): day("04-11")},
    )
    canceled = msgspec.structs.replace(
        stored, content=msgspec.structs.replace(stored.content, cancelled_at=NOW)
    )
    assert refused(canceled, wrong)[0] == "order_not_active"
    assert refused(stored, wrong)[0] == "milestone_not_in_workflow"
    wrong = msgspec.structs.replace(wrong, named={"delivery": day("01-01")})
    assert refused(stored, wrong) == ("conflicting_dates", {"milestone_ids": [mid(3)]})
    wrong = msgspec.structs.replace(wrong, by_workflow_milestone={})
    assert refused(stored, wrong) == ("already_confirmed", {"milestone_ids": [mid(1)]})
    wrong = msgspec.structs.replace(wrong, by_milestone={mid(1): day("02-11"), mid(3): day("04-10")})
    assert refused(stored, wrong) == ("date_in_future", {"milestone_ids": [mid(1)]})
    wrong = msgspec.structs.replace(wrong, by_milestone={mid(3): day("04-10")})
    # Both new dates are out of order with each other.
    assert refused(stored, wrong) == ("dates_out_of_order", {"milestone_ids": [mid(3), mid(4)]})


@pytest.mark.parametrize(
    ("stored", "status"),
    [
        (draft(), "draft"),
        (made_to_order(acceptance={"rejection_reason": "no"}), "rejected"),
        (made_to_order(cancelled_at=NOW), "canceled"),
        (draft(cancelled_at=NOW), "canceled"),
    ],
)
def test_m12_m47_an_inactive_order_has_no_timeline(stored: StoredOrder, status: str):
    assert refused(stored, by_id(m2="02-13")) == ("order_not_active", {"status": status})


# Unconfirmed milestones ---------------------------------------------------------------------------------


def test_m33_a_past_date_in_sequence_is_taken():
    after = edit_timeline(made_to_order(1), by_id(m2="02-04"), ON)
    assert milestones_of(after)[1].key_date == day("02-04")
    assert milestones_of(after)[1].status == "pending"


def test_null_empties_a_key_date_and_tells_no_delay():
    after = edit_timeline(made_to_order(), by_id(m3=None), ON)
    assert milestones_of(after)[2].key_date is None
    assert milestones_of(after)[2].delays == ()
    assert after.content.ships_on is None


def test_m17_the_target_dates_follow_their_milestones():
    after = edit_timeline(made_to_order(), by_id(m3="04-12", m4="05-20"), ON)
    assert (after.content.ships_on, after.content.delivered_on) == (day("04-12"), day("05-20"))
    without = order(milestone(1, "acceptance", "02-04"), delivered_on=day("05-14"), ships_on=day("04-09"))
    after = edit_timeline(without, by_id(m1="02-05"), ON)
    assert after.content is without.content


@pytest.mark.parametrize(
    ("dates", "refused_ids"),
    [
        (by_id(m2="02-02"), [mid(2)]),  # before the confirmed day of the first
        (by_id(m2="02-03"), []),  # equal is fine
        (by_id(m2="04-09"), []),
        (by_id(m2="04-10"), [mid(2)]),
        (by_id(m2="04-10", m3=None), []),  # judged by what will be
        (by_id(m2="04-10", m3="04-10"), []),
        (by_id(m2="05-15", m3=None), [mid(2)]),  # undated ones are skipped, what lies behind is not
        (by_id(m3="05-15"), [mid(3)]),
        (by_id(m3="05-15", m4="05-16"), []),
        (by_id(m4="04-08"), [mid(4)]),
        (by_id(m4="04-08", m3="04-08"), []),
        (by_id(m2="06-01", m3="04-20", m4="05-20"), [mid(2), mid(3), mid(4)]),
        (by_id(m1="02-06", m2="02-05"), [mid(2)]),  # the confirmed day is held against no planned one
    ],
)
def test_key_dates_are_in_sequence(dates: KeyDates, refused_ids: list[str]):
    stored = made_to_order(1)
    if refused_ids:
        assert refused(stored, dates) == ("dates_out_of_order", {"milestone_ids": refused_ids})
    else:
        edit_timeline(stored, dates, ON)


def test_only_what_changes_is_checked():
    """Milestones that are out of order already may stay so."""
    stored = order(
        milestone(1, "acceptance", "02-20"),
        milestone(2, "custom", "02-10"),
        milestone(3, "shipment", "04-09"),
    )
    after = edit_timeline(stored, by_id(m1="02-20", m2="02-10", m3="04-10"), ON)
    assert [one.key_date for one in milestones_of(after)] == [day("02-20"), day("02-10"), day("04-10")]
    assert refused(stored, by_id(m2="02-11")) == ("dates_out_of_order", {"milestone_ids": [mid(2)]})


def test_a_late_confirmation_limits_later_key_dates():
    stored = order(
        milestone(1, "acceptance", "02-04", confirmed_on="02-09"), milestone(2, "shipment", "04-09")
    )
    assert refused(stored, by_id(m2="02-08")) == ("dates_out_of_order", {"milestone_ids": [mid(2)]})
    edit_timeline(stored, by_id(m2="02-09"), ON)


# Confirmed milestones -----------------------------------------------------------------------------------


def test_m32_a_confirmed_milestone_gets_another_day():
    after = edit_timeline(made_to_order(2), by_id(m2="02-07"), ON)
    changed = milestones_of(after)[1]
    assert (changed.status, changed.confirmed_on, changed.key_date) == (
        "confirmed",
        day("02-07"),
        day("02-12"),
    )
    assert changed.delays == ()
    assert changed.confirmed_at == milestones_of(made_to_order(2))[1].confirmed_at


def test_m32_a_confirmed_milestone_is_not_emptied():
    assert refused(made_to_order(2), by_id(m2=None)) == ("already_confirmed", {"milestone_ids": [mid(2)]})


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        (by_id(m2="02-02"), "dates_out_of_order"),  # the one before was on 02-03
        (by_id(m2="02-03"), None),
        (by_id(m2="02-07"), None),  # the one behind was on 02-07
        (by_id(m2="02-08"), "dates_out_of_order"),
        (by_id(m2="02-08", m3="02-08"), None),
        (by_id(m1="02-08", m2="02-08", m3="02-08"), None),
        (by_id(m3="02-10"), None),  # today
        (by_id(m3="02-11"), "date_in_future"),
        (by_id(m1="01-01"), None),  # nothing before it
    ],
)
def test_a_confirmed_day_stays_within_its_neighbours(dates: KeyDates, code: str | None):
    stored = made_to_order(3)
    if code is None:
        edit_timeline(stored, dates, ON)
    else:
        assert refused(stored, dates)[0] == code


def test_a_confirmed_day_is_held_against_its_neighbours_alone():
    """Days that are out of sequence come about when the team moves to another time zone."""
    days = {1: "02-09", 2: "02-05", 3: "02-07", 4: "02-06"}
    stored = order(*(milestone(n, confirmed_on=days[n]) for n in days))
    assert milestones_of(edit_timeline(stored, by_id(m2="02-07", m1="02-06"), ON))[1].confirmed_on == day(
        "02-07"
    )
    assert milestones_of(edit_timeline(stored, by_id(m3="02-05"), ON))[2].confirmed_on == day("02-05")


def test_planned_dates_behind_do_not_hinder_a_confirmed_day():
    stored = order(milestone(1, "acceptance", "02-04", confirmed_on="02-03"), milestone(2, "custom", "02-05"))
    after = edit_timeline(stored, by_id(m1="02-10"), ON)
    assert milestones_of(after)[0].confirmed_on == day("02-10")


# No change, all or nothing ------------------------------------------------------------------------------


def test_m35_equal_values_are_no_change():
    stored = made_to_order(2)
    assert edit_timeline(stored, by_id(m1="02-03", m2="02-05", m3="04-09", m4="05-14"), ON) is stored
    assert edit_timeline(stored, KeyDates(), ON) is stored
    empty = order(milestone(1, "acceptance"))
    assert edit_timeline(empty, by_id(m1=None), ON) is empty


def test_m31_one_bad_date_among_five_changes_nothing():
    stored = order(*(milestone(n, "acceptance" if n == 1 else "custom", f"03-{10 + n}") for n in range(1, 6)))
    dates = by_id(m1="03-11", m2="03-11", m3="03-12", m4="03-20", m5="03-18")
    assert refused(stored, dates) == ("dates_out_of_order", {"milestone_ids": [mid(4), mid(5)]})


# Delays and tasks ---------------------------------------------------------------------------------------


def test_m35_a_later_date_is_a_delay():
    dates = msgspec.structs.replace(by_id(m3="04-12"), reason="looms busy", note="two weeks of repairs")
    (delay,) = milestones_of(edit_timeline(made_to_order(), dates, ON))[2].delays
    assert delay == Delay(
        id=delay.id,
        old_date=day("04-09"),
        new_date=day("04-12"),
        reason="looms busy",
        note="two weeks of repairs",
        source="edit",
        recorded_by=BRIDGE,
        recorded_at=NOW,
    )


@pytest.mark.parametrize("value", ["04-08", None, "04-09"])
def test_m35_an_earlier_date_or_none_is_no_delay(value: str | None):
    assert milestones_of(edit_timeline(made_to_order(), by_id(m3=value), ON))[2].delays == ()


def test_a_first_date_is_no_delay():
    stored = order(milestone(1, "acceptance"))
    assert milestones_of(edit_timeline(stored, by_id(m1="03-01"), ON))[0].delays == ()


def test_delays_pile_up_oldest_first():
    stored = edit_timeline(made_to_order(), by_id(m3="04-12"), ON)
    stored = edit_timeline(stored, by_id(m3="04-10"), ON)
    stored = edit_timeline(stored, by_id(m3="04-20"), ON)
    assert [(one.old_date, one.new_date) for one in milestones_of(stored)[2].delays] == [
        (day("04-09"), day("04-12")),
        (day("04-10"), day("04-20")),
    ]


def test_m39_open_tasks_follow_an_earlier_key_date():
    tasks = (
        task(1, 3, "04-09"),
        task(2, 3, "04-01"),
        task(3, 3),
        task(4, 3, "04-09", completed_at=NOW, completed_by=BRIDGE),
        task(5, 4, "04-09"),
        task(6, None, "04-09"),
    )
    after = edit_timeline(made_to_order(tasks=tasks), by_id(m3="04-05"), ON)
    assert [one.due_date for one in tasks_of(after)] == [
        day("04-05"),
        day("04-01"),
        None,
        day("04-09"),
        day("04-09"),
        day("04-09"),
    ]
    later = edit_timeline(after, by_id(m3="04-30"), ON)
    assert tasks_of(later) == tasks_of(after)


def test_tasks_do_not_follow_a_corrected_confirmation_or_no_date():
    stored = made_to_order(3, tasks=(task(1, 3, "05-01"), task(2, 4, "05-14")))
    after = edit_timeline(stored, by_id(m3="02-06", m4=None), ON)
    assert tasks_of(after) == tasks_of(stored)


# What today is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        ("Pacific/Kiritimati", "2027-02-09T09:59:59Z", "2027-02-09"),
        ("Pacific/Kiritimati", "2027-02-09T10:00:00Z", "2027-02-10"),  # 14 hours ahead
        ("Pacific/Apia", "2027-02-09T11:00:00Z", "2027-02-10"),
        ("Pacific/Pago_Pago", "2027-02-11T10:59:59Z", "2027-02-10"),  # 11 hours behind
        ("Australia/Lord_Howe", "2027-02-09T13:00:00Z", "2027-02-10"),  # half an hour of summer time
        ("Australia/Lord_Howe", "2027-07-09T13:29:59Z", "2027-07-09"),
        ("Asia/Kathmandu", "2027-02-09T18:15:00Z", "2027-02-10"),
        ("Asia/Beirut", "2021-03-27T22:00:00Z", "2021-03-28"),  # the day begins at one o'clock
        ("Asia/Beirut", "2021-03-27T21:59:59Z", "2021-03-27"),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),  # the 30th was left out
        ("America/St_Johns", "2028-02-29T03:30:00Z", "2028-02-29"),
    ],
)
def test_the_day_is_the_team_s(zone: str, now: str, today: str):
    on = at(datetime.fromisoformat(now), zone)
    assert on.today == date.fromisoformat(today)
    stored = order(milestone(1, "acceptance", "2010-01-01", confirmed_on="2010-01-01"))
    tomorrow = KeyDates(by_milestone={mid(1): on.today + timedelta(days=1)})
    assert refused(stored, tomorrow, on)[0] == "date_in_future"
    edit_timeline(stored, KeyDates(by_milestone={mid(1): on.today}), on)


# Whatever is said ---------------------------------------------------------------------------------------

DAYS = st.one_of(st.none(), st.integers(-12, 30).map(lambda days: TODAY + timedelta(days=days)))


@st.composite
def plans(draw: st.DrawFn) -> StoredOrder:
    """Any plan that can come about: the confirmed first, on days in sequence up to today, planned dates anyhow."""
    size = draw(st.integers(1, 6))
    done = draw(st.integers(0, size))
    days = sorted(draw(st.lists(st.integers(-12, 0), min_size=done, max_size=done)))
    ship = draw(st.integers(2, 7))
    milestones = []
    for n in range(1, size + 1):
        kind = "acceptance" if n == 1 else "shipment" if n == ship else "custom"
        planned = draw(DAYS)
        members: dict[str, Any] = {}
        if n <= done:
            members["confirmed_on"] = (TODAY + timedelta(days=days[n - 1])).isoformat()
        milestones.append(milestone(n, kind, None if planned is None else planned.isoformat(), **members))
    number = st.one_of(st.none(), st.integers(1, size))
    tasks = [
        task(n, draw(number), None if (due := draw(DAYS)) is None else due.isoformat())
        for n in range(draw(st.integers(0, 4)))
    ]
    return order(*milestones, tasks=tuple(tasks))


@st.composite
def wishes(draw: st.DrawFn) -> KeyDates:
    dates = st.dictionaries(st.integers(1, 6), DAYS, max_size=4)
    named = st.dictionaries(st.just("shipment"), DAYS)
    return KeyDates(
        named=draw(named),  # type: ignore[arg-type]
        by_milestone={mid(n): value for n, value in draw(dates).items()},
        by_workflow_milestone={ulid(wid(n)): value for n, value in draw(dates).items()},
    )


def holds(stored: StoredOrder, ids: set[str]) -> bool:
    """Section 8.5 of these milestones, said another way than the rule says it."""
    milestones = milestones_of(stored)
    for one in milestones:
        for other in milestones:
            if one.id not in ids or one.position == other.position:
                continue
            if one.is_confirmed and (not other.is_confirmed or abs(one.position - other.position) > 1):
                continue
            first, second = sorted((one, other), key=lambda each: each.position)
            if (
                first.effective_date
                and second.effective_date
                and first.effective_date > second.effective_date
            ):
                return False
    return True


@given(plans(), wishes())
def test_an_edit_is_refused_or_holds(stored: StoredOrder, dates: KeyDates):
    before = {one.id: one for one in milestones_of(stored)}
    try:
        after = edit_timeline(stored, dates, ON)
    except Conflict as refused:
        assert refused.code in {
            "milestone_not_in_workflow",
            "conflicting_dates",
            "already_confirmed",
            "date_in_future",
            "dates_out_of_order",
        }
        return
    wished = resolved(stored, dates)
    assert {one.id: one.effective_date for one in milestones_of(after)} == {
        identifier: wished.get(identifier, one.effective_date) for identifier, one in before.items()
    }
    changed = {one.id for one in milestones_of(after) if one.effective_date != before[one.id].effective_date}
    assert (after is stored) == (not changed)
    assert holds(after, changed)
    for one in milestones_of(after):
        old = before[one.id]
        assert one.status == old.status
        assert (one.confirmed_on if not one.is_confirmed else one.key_date) == (
            old.confirmed_on if not old.is_confirmed else old.key_date
        )
        assert one.delays[: len(old.delays)] == old.delays
        later = not one.is_confirmed and old.key_date and one.key_date and one.key_date > old.key_date
        assert len(one.delays) - len(old.delays) == bool(later)
        if one.is_confirmed:
            assert one.confirmed_on is not None
            assert one.confirmed_on <= TODAY
        if one.id in changed and not one.is_confirmed and one.key_date is not None:
            due = [each.due_date for each in tasks_of(after) if each.milestone_id == one.id and each.due_date]
            assert all(each <= one.key_date for each in due)
    shipment = next((one for one in milestones_of(after) if one.type == "shipment"), None)
    assert shipment is None or after.content.ships_on == shipment.key_date
    assert edit_timeline(after, dates, ON) is after


@given(plans(), wishes())
def test_equal_duplicates_in_three_families_count_once(stored: StoredOrder, dates: KeyDates):
    try:
        wished = resolved(stored, dates)
    except Conflict:
        return
    workflow_ids = {one.id: one.workflow_milestone_id for one in milestones_of(stored)}
    everywhere = msgspec.structs.replace(
        dates,
        by_milestone={ulid(one): value for one, value in wished.items()},
        by_workflow_milestone={workflow_ids[one]: value for one, value in wished.items()},
    )
    assert resolved(stored, everywhere) == wished


def test_a_leap_day_is_a_day():
    stored = order(milestone(1, "acceptance", "2028-02-28"), milestone(2, "shipment", "2028-03-01"))
    leap = KeyDates(by_milestone={mid(1): date(2028, 2, 29), mid(2): date(2028, 2, 29)})
    after = edit_timeline(stored, leap, at(datetime(2028, 2, 29, 12, tzinfo=UTC)))
    assert [one.key_date for one in milestones_of(after)] == [date(2028, 2, 29)] * 2
    assert after.content.ships_on == date(2028, 2, 29)
