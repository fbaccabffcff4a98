"""model.milestone_moves: legal and illegal moves (Milestones API, sections 7.9 to 7.14, 8.9 and 9)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from milepost.kit.errors import Conflict, Faulty, NotFound
from milepost.kit.ids import ulid
from milepost.model.key_dates import KeyDates, edit_timeline
from milepost.model.milestone_moves import (
    Confirmation,
    Named,
    Rejection,
    confirm,
    find_milestone,
    reject,
    rejection_faults,
    undo,
)
from milepost.model.order import StoredOrder
from milepost.model.plan import LeftStatus, Occasion
from milepost.model.standing import HeldStatus
from milepost.model.urgency import purchase_order_status
from milepost.model.workflow import MaxDuration, Workspace
from tests.model.plans import (
    AGENT,
    BRIDGE,
    CREATED,
    NOW,
    ON,
    OPTIONS,
    TODAY,
    amended,
    at,
    day,
    draft,
    item,
    made_to_order,
    mid,
    milestone,
    milestones_of,
    order,
    refusal,
    status,
    task,
    tasks_of,
    template,
    uid,
    wid,
    workflow,
    workspace,
)

PLAIN = workspace()
REFUSED: dict[str, Any] = {"rejection_reason": "price"}


def confirmed(
    stored: StoredOrder,
    position: int,
    on: Occasion = ON,
    *,
    where: Workspace = PLAIN,
    override_chain: bool = False,
    **wish: Any,
) -> StoredOrder:
    return confirm(where, stored, mid(position), Confirmation(**wish), on, override_chain=override_chain)


def rejected(
    stored: StoredOrder, position: int, when: str | None = None, on: Occasion = ON, **wish: Any
) -> StoredOrder:
    return reject(
        stored,
        mid(position),
        Rejection(**({"reason": "dye house closed", "date": when and day(when)} | wish)),
        on,
    )


def undone(stored: StoredOrder, position: int, on: Occasion = ON, where: Workspace = PLAIN) -> StoredOrder:
    return undo(where, stored, mid(position), on)


def moved(stored: StoredOrder, **dates: str | None) -> StoredOrder:
    wished = {mid(int(name[1:])): value and day(value) for name, value in dates.items()}
    return edit_timeline(stored, KeyDates(by_milestone=wished), ON)  # type: ignore[arg-type]


def late_start() -> StoredOrder:
    """Its acceptance was confirmed on 02-09, a day after a later milestone is planned."""
    return order(milestone(1, "acceptance", confirmed_on="02-09"), milestone(2, "custom", "02-08"))


# The table of section 9 ---------------------------------------------------------------------------------

Act = Callable[[StoredOrder], StoredOrder]

LEGAL: list[tuple[str, StoredOrder, Act, Callable[[StoredOrder], object], object]] = [
    (
        "confirm the first unconfirmed milestone, pending",
        made_to_order(1),
        lambda stored: confirmed(stored, 2),
        lambda after: milestones_of(after)[1].status,
        "confirmed",
    ),
    (
        "confirm the first unconfirmed milestone, rejected",
        amended(made_to_order(1), 2, status="rejected", rejected_at=CREATED, rejection_reason="late"),
        lambda stored: confirmed(stored, 2),
        lambda after: (milestones_of(after)[1].status, milestones_of(after)[1].rejection_reason),
        ("confirmed", "late"),
    ),
    (
        "confirm the acceptance milestone of a rejected order",
        made_to_order(acceptance=REFUSED),
        lambda stored: confirmed(stored, 1),
        purchase_order_status,
        "accepted",
    ),
    (
        "reject a later milestone before its turn",
        made_to_order(),
        lambda stored: rejected(stored, 3, "04-16"),
        lambda after: (milestones_of(after)[2].status, milestones_of(after)[2].key_date),
        ("rejected", day("04-16")),
    ),
    (
        "reject an undated one, not acceptance, without date: no delay record",
        order(milestone(1, "acceptance"), milestone(2)),
        lambda stored: rejected(stored, 2),
        lambda after: (milestones_of(after)[1].status, milestones_of(after)[1].delays),
        ("rejected", ()),
    ),
    (
        "undo the newest confirmation",
        made_to_order(2),
        lambda stored: undone(stored, 2),
        lambda after: [one.status for one in milestones_of(after)],
        ["confirmed", "pending", "pending", "pending"],
    ),
    (
        "undo the acceptance of an order that had been refused before",
        confirmed(made_to_order(acceptance=REFUSED), 1),
        lambda stored: undone(stored, 1),
        purchase_order_status,
        "rejected",
    ),
    (
        "edit_timeline: past date, in sequence, on an unconfirmed milestone",
        made_to_order(1),
        lambda stored: moved(stored, m2="02-09"),
        lambda after: milestones_of(after)[1].key_date,
        day("02-09"),
    ),
    (
        "edit_timeline: null on an unconfirmed milestone",
        made_to_order(1),
        lambda stored: moved(stored, m2=None),
        lambda after: milestones_of(after)[1].key_date,
        None,
    ),
]


@pytest.mark.parametrize(
    ("stored", "act", "seen", "expected"), [row[1:] for row in LEGAL], ids=[row[0] for row in LEGAL]
)
def test_legal_moves(stored: StoredOrder, act: Act, seen: Callable[[StoredOrder], object], expected: object):
    assert seen(act(stored)) == expected


NOTHING_CHANGES: list[tuple[str, StoredOrder, Act]] = [
    ("confirm again, no date", made_to_order(2), lambda stored: confirmed(stored, 2)),
    (
        "confirm again, the same date",
        made_to_order(2),
        lambda stored: confirmed(stored, 2, date=day("02-05")),
    ),
    ("confirm an older one again", made_to_order(3), lambda stored: confirmed(stored, 1)),
    (
        "confirm again: the rest of the body is ignored",
        made_to_order(2),
        lambda stored: confirmed(
            stored, 2, note="again", dates=KeyDates(by_milestone={"nonsense": None, mid(2): None})
        ),
    ),
    (
        "the same rejection again",
        rejected(made_to_order(), 3, "04-16"),
        lambda stored: rejected(stored, 3, "04-16", at(NOW + timedelta(days=1), by=AGENT), note="as said"),
    ),
    (
        "the same rejection again, when its date is past",
        rejected(made_to_order(), 2, "02-13"),
        lambda stored: rejected(stored, 2, "02-13", at(NOW + timedelta(days=30))),
    ),
    (
        "the same rejection of an undated one again",
        rejected(order(milestone(1, "acceptance"), milestone(2)), 2),
        lambda stored: rejected(stored, 2),
    ),
]


@pytest.mark.parametrize(
    ("stored", "act"), [row[1:] for row in NOTHING_CHANGES], ids=[row[0] for row in NOTHING_CHANGES]
)
def test_repeats_change_nothing(stored: StoredOrder, act: Act):
    assert act(stored) is stored


def act_on(name: str, position: int) -> Act:
    acts: dict[str, Act] = {
        "confirm": lambda stored: confirmed(stored, position),
        "reject": lambda stored: rejected(stored, position, "04-16"),
        "undo": lambda stored: undone(stored, position),
        "edit": lambda stored: moved(stored, **{f"m{position}": "02-13"}),
    }
    return acts[name]


CANCELED = made_to_order(1, cancelled_at=NOW)
REJECTED = made_to_order(acceptance=REFUSED)

ILLEGAL: list[tuple[str, StoredOrder, Act, str, dict[str, Any]]] = [
    (
        "confirm while an earlier milestone is unconfirmed",
        made_to_order(),
        lambda stored: confirmed(stored, 2),
        "out_of_sequence",
        {"next_milestone_id": mid(1)},
    ),
    (
        "confirm with a date after today",
        made_to_order(1),
        lambda stored: confirmed(stored, 2, date=TODAY + timedelta(days=1)),
        "date_in_future",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "confirm with a date before the previous confirmed_on",
        made_to_order(1),
        lambda stored: confirmed(stored, 2, date=day("02-02")),
        "dates_out_of_order",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "confirm with an open required task",
        made_to_order(1, tasks=(task(2, 2, required=True), task(1, 2, required=True), task(3, 2))),
        lambda stored: confirmed(stored, 2),
        "blocked_by_tasks",
        {"task_ids": [task(1).id, task(2).id]},
    ),
    (
        "confirm again with another date",
        made_to_order(2),
        lambda stored: confirmed(stored, 2, date=day("02-06")),
        "already_confirmed",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "reject a confirmed milestone",
        made_to_order(2),
        lambda stored: rejected(stored, 2, "04-01"),
        "already_confirmed",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "reject a confirmed acceptance",
        made_to_order(2),
        lambda stored: rejected(stored, 1),
        "already_confirmed",
        {"milestone_ids": [mid(1)]},
    ),
    (
        "reject with a date before today",
        made_to_order(1),
        lambda stored: rejected(stored, 2, "02-09"),
        "date_in_past",
        {},
    ),
    (
        "reject with a date equal to the key date",
        made_to_order(1),
        lambda stored: rejected(stored, 2, "02-12"),
        "date_unchanged",
        {},
    ),
    (
        "another reason, but no other date",
        rejected(made_to_order(1), 2, "02-20"),
        lambda stored: rejected(stored, 2, "02-20", reason="looms busy"),
        "date_unchanged",
        {},
    ),
    (
        "reject with a date out of order",
        made_to_order(1),
        lambda stored: rejected(stored, 2, "04-10"),
        "dates_out_of_order",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "undo an older confirmation",
        made_to_order(3),
        lambda stored: undone(stored, 2),
        "not_newest_confirmation",
        {"newest_milestone_id": mid(3)},
    ),
    ("undo an unconfirmed one", made_to_order(2), lambda stored: undone(stored, 3), "not_confirmed", {}),
    ("undo a refusal", REJECTED, lambda stored: undone(stored, 1), "not_confirmed", {}),
    (
        "edit_timeline: future date on a confirmed milestone",
        made_to_order(2),
        lambda stored: moved(stored, m2="02-11"),
        "date_in_future",
        {"milestone_ids": [mid(2)]},
    ),
    (
        "edit_timeline: null on a confirmed milestone",
        made_to_order(2),
        lambda stored: moved(stored, m2=None),
        "already_confirmed",
        {"milestone_ids": [mid(2)]},
    ),
    *(
        (
            f"on a rejected order: {name} {position}",
            REJECTED,
            act_on(name, position),
            "order_not_active",
            facts,
        )
        for name, position in (("confirm", 2), ("reject", 1), ("reject", 3), ("edit", 2))
        for facts in ({"status": "rejected"},)
    ),
    *(
        (
            f"on a canceled order: {name} {position}",
            CANCELED,
            act_on(name, position),
            "order_not_active",
            facts,
        )
        for name in ("confirm", "reject", "undo", "edit")
        for position in (1, 2)
        for facts in ({"status": "canceled"},)
    ),
]


@pytest.mark.parametrize(
    ("stored", "act", "code", "facts"), [row[1:] for row in ILLEGAL], ids=[row[0] for row in ILLEGAL]
)
def test_illegal_moves(stored: StoredOrder, act: Act, code: str, facts: dict[str, Any]):
    with pytest.raises(Conflict) as caught:
        act(stored)
    assert refusal(caught.value) == (code, facts)


@pytest.mark.parametrize("act", [confirmed, rejected, undone])
def test_an_id_that_names_no_milestone(act: Callable[[StoredOrder, int], StoredOrder]):
    with pytest.raises(NotFound) as caught:
        act(made_to_order(), 9)
    assert caught.value.facts == {"kind": "Milestone"}


# Confirming ---------------------------------------------------------------------------------------------


def test_m19_confirming_says_when_and_by_whom():
    after = confirmed(made_to_order(1), 2, note="swatch 4 it is")
    new = milestones_of(after)[1]
    assert (new.status, new.confirmed_on, new.confirmed_at, new.confirmed_by) == (
        "confirmed",
        TODAY,
        NOW,
        BRIDGE,
    )
    assert (new.note, new.key_date, new.left_status) == ("swatch 4 it is", day("02-12"), None)
    others = [one for one in milestones_of(after) if one.position != 2]
    assert others == [one for one in milestones_of(made_to_order(1)) if one.position != 2]


def test_a_confirmation_without_note_keeps_the_one_there_was():
    stored = amended(made_to_order(1), 2, note="may be late")
    assert milestones_of(confirmed(stored, 2))[1].note == "may be late"
    assert milestones_of(confirmed(stored, 2, note="was not"))[1].note == "was not"


def test_the_first_milestone_has_no_lower_bound():
    after = confirmed(made_to_order(), 1, date=date(1999, 12, 31))
    assert milestones_of(after)[0].confirmed_on == date(1999, 12, 31)


def test_planned_dates_do_not_hinder_a_confirmation():
    after = confirmed(made_to_order(1), 2, date=day("02-03"))
    assert milestones_of(after)[1].confirmed_on == day("02-03")
    assert milestones_of(confirmed(late_start(), 2))[1].confirmed_on == TODAY


def test_m22_an_optional_or_completed_task_does_not_block():
    tasks = (task(1, 2), task(2, 2, required=True, completed_at=NOW), task(3, 3, required=True), task(4))
    assert milestones_of(confirmed(made_to_order(1, tasks=tasks), 2))[1].is_confirmed


def test_the_checks_of_a_confirmation_come_in_sequence():
    where = workspace(status(1), status(2), enforce_product_chain=True)
    tasks = (task(1, 2, required=True),)
    stored = amended(made_to_order(tasks=tasks, cancelled_at=NOW), 2, linked_status_id=status(2).id)
    wish: dict[str, Any] = {
        "date": day("02-11"),
        "dates": KeyDates(by_milestone={"nonsense": None}),
    }

    def code(**members: Any) -> str:
        with pytest.raises(Conflict) as caught:
            confirmed(stored, 2, where=where, **(wish | members))
        return caught.value.code

    assert code() == "order_not_active"
    content = msgspec.structs.replace(stored.content, cancelled_at=None)
    stored = msgspec.structs.replace(stored, content=content)
    assert code() == "out_of_sequence"
    stored = confirmed(stored, 1, date=day("02-03"))
    assert code() == "blocked_by_tasks"
    plan = stored.plan
    assert plan is not None
    stored = msgspec.structs.replace(stored, plan=type(plan)(plan.milestones, ()))
    assert code() == "date_in_future"
    assert code(date=day("02-01")) == "dates_out_of_order"
    assert code(date=day("02-04")) == "status_chain"
    where = workspace(status(1), status(2))
    assert code(date=day("02-04")) == "milestone_not_in_workflow"
    assert code(date=day("02-04"), dates=KeyDates(by_milestone={mid(2): day("02-05"), mid(1): None})) == (
        "conflicting_dates"
    )
    assert code(date=day("02-04"), dates=KeyDates(by_milestone={mid(1): None})) == "already_confirmed"


def test_m23_the_hashes_move_the_other_milestones():
    dates = KeyDates(by_milestone={mid(3): day("04-12")}, by_workflow_milestone={wid(4): day("05-20")})
    after = confirmed(made_to_order(1), 2, dates=dates)
    assert [one.key_date for one in milestones_of(after)] == [
        day("02-04"),
        day("02-12"),
        day("04-12"),
        day("05-20"),
    ]
    (delay,) = milestones_of(after)[2].delays
    assert (delay.source, delay.reason, delay.note) == ("edit", None, None)
    assert (after.content.ships_on, after.content.delivered_on) == (day("04-12"), day("05-20"))


def test_m23_refused_hashes_refuse_the_confirmation():
    with pytest.raises(Conflict) as caught:
        confirmed(made_to_order(1), 2, dates=KeyDates(by_milestone={mid(3): day("05-15")}))
    assert refusal(caught.value) == ("dates_out_of_order", {"milestone_ids": [mid(3)]})


def test_the_hashes_are_judged_after_the_confirmation():
    """The next key date may not be before the day that was just said."""
    stored = order(milestone(1, "acceptance", confirmed_on="02-03"), milestone(2), milestone(3))
    dates = KeyDates(by_milestone={mid(3): day("02-09")})
    with pytest.raises(Conflict) as caught:
        confirmed(stored, 2, dates=dates)
    assert refusal(caught.value) == ("dates_out_of_order", {"milestone_ids": [mid(3)]})
    assert milestones_of(confirmed(stored, 2, date=day("02-09"), dates=dates))[2].key_date == day("02-09")


@pytest.mark.parametrize(
    ("said", "value", "legal"),
    [
        (day("02-09"), day("02-09"), True),
        (day("02-09"), day("02-10"), False),
        (day("02-09"), None, False),
        (None, TODAY, True),  # no date: today
        (None, day("02-12"), False),
    ],
)
def test_the_milestone_itself_in_the_hashes(said: date | None, value: date | None, legal: bool):
    dates = KeyDates(by_workflow_milestone={ulid(wid(2)): value})
    if legal:
        after = confirmed(made_to_order(1), 2, date=said, dates=dates)
        assert milestones_of(after)[1].confirmed_on == value
    else:
        with pytest.raises(Conflict) as caught:
            confirmed(made_to_order(1), 2, date=said, dates=dates)
        assert refusal(caught.value) == ("conflicting_dates", {"milestone_ids": [mid(2)]})


def test_accepting_a_refused_order_may_move_dates():
    after = confirmed(REJECTED, 1, dates=KeyDates(by_milestone={mid(3): day("04-20")}))
    assert milestones_of(after)[0].rejection_reason == "price"
    assert milestones_of(after)[2].key_date == day("04-20")


# The status that is named -------------------------------------------------------------------------------

SEWING, CUTTING, PACKED = status(1), status(2), status(3)
STATUSES = (SEWING, CUTTING, PACKED)
HELD = HeldStatus(
    SEWING.id,
    None,
    None,
    SEWING.id,
    datetime(2027, 2, 8, 15, 0, tzinfo=UTC),
    datetime(2027, 3, 1, tzinfo=UTC),
)


def linked(
    to: Any = CUTTING, option: str | None = None, held: HeldStatus = HELD, **members: Any
) -> StoredOrder:
    stored = amended(made_to_order(1, **members), 2, linked_status_id=to.id, linked_sub_status_id=option)
    return msgspec.structs.replace(stored, held=held)


def test_m45_confirming_enters_the_status_that_is_named():
    after = confirmed(linked(), 2, where=workspace(*STATUSES))
    assert after.held == HeldStatus(CUTTING.id, None, None, CUTTING.id, NOW, None)
    assert milestones_of(after)[1].left_status == LeftStatus(HELD, 0, 4)


def test_m45_where_the_chain_forbids_it_nothing_happens():
    where = workspace(*STATUSES, enforce_product_chain=True)
    with pytest.raises(Conflict) as caught:
        confirmed(linked(PACKED), 2, where=where)
    assert refusal(caught.value) == ("status_chain", {"status_id": PACKED.id})
    assert confirmed(linked(CUTTING), 2, where=where).held.status_id == CUTTING.id
    assert confirmed(linked(PACKED), 2, where=where, override_chain=True).held.status_id == PACKED.id


def test_the_product_chain_of_all_lines_counts():
    where = workspace(
        *STATUSES,
        enforce_product_chain=True,
        product_chains={"APRON": (SEWING.id, PACKED.id), "p-9": (SEWING.id, PACKED.id)},
    )
    lines = (item(1, sku="APRON"), item(2, product_id="p-9"))
    assert confirmed(linked(PACKED, items=lines), 2, where=where).held.status_id == PACKED.id
    with pytest.raises(Conflict):
        confirmed(linked(CUTTING, items=lines), 2, where=where)
    with pytest.raises(Conflict):
        confirmed(linked(PACKED, items=(*lines, item(3))), 2, where=where)


def test_the_workflow_order_forbids_it():
    first, second, third = workflow(1), workflow(2), workflow(3)
    statuses = [status(n, workflow_id=one.id) for n, one in enumerate((first, second, third), 1)]
    where = workspace(
        *statuses, workflows=(first, second, third), workflows_enabled=True, enforce_workflow_order=True
    )
    held = HeldStatus(statuses[0].id, None, first.id, statuses[0].id, CREATED)
    with pytest.raises(Conflict) as caught:
        confirmed(linked(statuses[2], held=held), 2, where=where, override_chain=True)
    assert refusal(caught.value) == ("workflow_order", {"status_id": statuses[2].id})
    after = confirmed(linked(statuses[1], held=held), 2, where=where)
    assert after.held.workflow_id == second.id


def test_an_order_in_that_status_already_just_confirms():
    where = workspace(*STATUSES, enforce_product_chain=True)
    after = confirmed(linked(SEWING), 2, where=where)
    assert after.held is HELD
    assert milestones_of(after)[1].left_status is None


def test_another_sub_status_of_the_same_status_is_entered():
    sewing = status(1, group=OPTIONS)
    left, right = OPTIONS.options
    held = msgspec.structs.replace(HELD, sub_status_id=left.id)
    where = workspace(sewing, CUTTING)
    after = confirmed(linked(sewing, right.id, held), 2, where=where)
    assert after.held == msgspec.structs.replace(held, sub_status_id=right.id)
    assert milestones_of(after)[1].left_status == LeftStatus(held, 0, 4)
    same = confirmed(linked(sewing, left.id, held), 2, where=where)
    assert (same.held, milestones_of(same)[1].left_status) == (held, None)


@pytest.mark.parametrize(
    ("where", "option"),
    [
        (workspace(*STATUSES, status_specificity="line_item"), None),
        (workspace(SEWING, PACKED), None),  # the status is gone
        (workspace(SEWING, status(2, group=OPTIONS)), None),  # it has sub-statuses now
        (workspace(SEWING, status(2, group=OPTIONS)), uid(9, 8)),  # the option is gone
        (workspace(SEWING, CUTTING), OPTIONS.options[0].id),  # all options are gone
        (workspace(SEWING, status(2, is_addon=True)), None),
    ],
)
def test_a_link_that_names_nothing_to_enter_does_nothing(where: Workspace, option: str | None):
    after = confirmed(linked(option=option), 2, where=where)
    assert after.held is HELD
    assert milestones_of(after)[1].is_confirmed
    assert milestones_of(after)[1].left_status is None


@pytest.mark.parametrize(
    ("zone", "now", "said", "held_since", "entered"),
    [
        ("UTC", "2027-02-10T10:00:00Z", None, "2027-02-08T15:00:00Z", "2027-02-10T10:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", "02-10", "2027-02-08T15:00:00Z", "2027-02-10T10:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", "02-09", "2027-02-08T15:00:00Z", "2027-02-09T00:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", "02-08", "2027-02-08T15:00:00Z", "2027-02-08T15:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", "02-03", "2027-02-08T15:00:00Z", "2027-02-08T15:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", "02-08", None, "2027-02-08T00:00:00Z"),
        ("UTC", "2027-02-10T10:00:00Z", None, "2027-02-10T10:00:01Z", "2027-02-10T10:00:01Z"),
        ("Pacific/Kiritimati", "2027-02-10T10:00:00Z", "02-10", None, "2027-02-09T10:00:00Z"),
        ("Pacific/Pago_Pago", "2027-02-10T10:00:00Z", "02-09", None, "2027-02-10T10:00:00Z"),
        ("Pacific/Pago_Pago", "2027-02-10T11:00:00Z", "02-09", None, "2027-02-09T11:00:00Z"),
        ("Australia/Lord_Howe", "2027-02-10T10:00:00Z", "02-09", None, "2027-02-08T13:00:00Z"),
        ("Asia/Beirut", "2021-03-29T10:00:00Z", "2021-03-28", None, "2021-03-27T22:00:00Z"),
        ("Asia/Beirut", "2021-11-01T10:00:00Z", "2021-10-31", None, "2021-10-30T22:00:00Z"),
        ("Pacific/Apia", "2012-01-02T10:00:00Z", "2011-12-30", None, "2011-12-30T10:00:00Z"),
        ("America/St_Johns", "2010-11-08T10:00:00Z", "2010-11-07", None, "2010-11-07T02:30:00Z"),
    ],
)
def test_the_moment_of_entry(zone: str, now: str, said: str | None, held_since: str | None, entered: str):
    since = None if held_since is None else datetime.fromisoformat(held_since)
    stored = linked(held=msgspec.structs.replace(HELD, entered_at=since))
    stored = amended(stored, 1, confirmed_on=date(2001, 1, 1))
    on = at(datetime.fromisoformat(now), zone)
    after = confirmed(stored, 2, on, where=workspace(*STATUSES, zone=zone), date=said and day(said))
    assert after.held.entered_at == datetime.fromisoformat(entered)


def test_the_deadline_runs_from_the_moment_of_entry():
    timed = status(2, max_duration=MaxDuration(enabled=True, seconds=3600))
    after = confirmed(linked(timed), 2, where=workspace(SEWING, timed), date=day("02-09"))
    assert after.held.deadline_at == datetime(2027, 2, 9, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_of_all_days(zone: str):
    stored = order(milestone(1, "acceptance", linked_status_id=CUTTING.id))
    after = confirmed(stored, 1, at(NOW, zone), where=workspace(*STATUSES, zone=zone), date=date.min)
    assert after.held.status_id == CUTTING.id
    assert after.held.entered_at is not None
    assert after.held.entered_at < datetime(1, 1, 2, tzinfo=UTC)


# Rejecting ----------------------------------------------------------------------------------------------


def test_m25_rejecting_acceptance_refuses_the_order():
    stored = made_to_order()
    ignored = KeyDates(by_milestone={"nonsense": None, mid(3): day("04-01")})
    after = rejected(stored, 1, "01-01", reason="too dear", note="ask again", dates=ignored)
    new = milestones_of(after)[0]
    assert purchase_order_status(after) == "rejected"
    assert (new.status, new.rejected_at, new.rejected_by, new.rejection_reason) == (
        "rejected",
        NOW,
        BRIDGE,
        "too dear",
    )
    assert (new.note, new.key_date, new.delays) == ("ask again", day("02-04"), ())
    assert milestones_of(after)[1:] == milestones_of(stored)[1:]
    assert after.content is stored.content


def test_m26_rejecting_moves_the_key_date_and_records_it():
    after = rejected(made_to_order(), 3, "04-16", note="flooded")
    new = milestones_of(after)[2]
    assert (new.status, new.key_date, new.rejection_reason, new.rejected_by, new.note) == (
        "rejected",
        day("04-16"),
        "dye house closed",
        BRIDGE,
        "flooded",
    )
    (delay,) = new.delays
    assert (delay.old_date, delay.new_date, delay.reason, delay.note, delay.source) == (
        day("04-09"),
        day("04-16"),
        "dye house closed",
        "flooded",
        "reject",
    )
    assert (delay.recorded_by, delay.recorded_at) == (BRIDGE, NOW)
    assert after.content.ships_on == day("04-16")
    assert purchase_order_status(after) == "issued"


def test_m26_another_date_adds_a_second_record():
    after = rejected(rejected(made_to_order(), 3, "04-16"), 3, "04-14", at(NOW, by=AGENT))
    assert [(one.old_date, one.new_date) for one in milestones_of(after)[2].delays] == [
        (day("04-09"), day("04-16")),
        (day("04-16"), day("04-14")),
    ]
    assert milestones_of(after)[2].rejected_by == AGENT


def test_every_rejection_that_sets_a_date_is_recorded():
    earlier = rejected(made_to_order(), 3, "03-01")
    assert [(one.source, one.new_date) for one in milestones_of(earlier)[2].delays] == [
        ("reject", day("03-01"))
    ]
    first = rejected(order(milestone(1, "acceptance"), milestone(2)), 2, "03-01")
    assert [(one.old_date, one.new_date) for one in milestones_of(first)[1].delays] == [(None, day("03-01"))]


def test_m26_a_dated_milestone_needs_a_date():
    pending, undated = made_to_order(), order(milestone(1, "acceptance", "02-04"), milestone(2))
    assert rejection_faults(milestones_of(pending)[2], None) == [("date", "is required")]
    assert rejection_faults(milestones_of(pending)[2], TODAY) == []
    assert rejection_faults(milestones_of(pending)[0], None) == []
    assert rejection_faults(milestones_of(undated)[1], None) == []
    # A field fault comes before those of the state.
    for stored, position in ((pending, 3), (REJECTED, 3), (CANCELED, 2), (made_to_order(3), 3)):
        with pytest.raises(Faulty) as caught:
            rejected(stored, position)
        assert caught.value.faults == [("date", "is required")]


def test_today_is_no_past_date():
    assert milestones_of(rejected(made_to_order(1), 2, "02-10"))[1].key_date == TODAY


def test_the_day_of_the_team_decides_what_is_past():
    evening = datetime(2027, 2, 10, 23, 30, tzinfo=UTC)
    with pytest.raises(Conflict) as caught:
        rejected(made_to_order(1), 2, "02-10", at(evening, "Pacific/Auckland"))
    assert caught.value.code == "date_in_past"
    assert rejected(made_to_order(1), 2, "02-10", at(evening, "America/Lima")) is not None


def test_the_checks_of_a_rejection_come_in_sequence():
    def code(stored: StoredOrder, when: str, **wish: Any) -> str:
        with pytest.raises(Conflict) as caught:
            rejected(stored, 2, when, **wish)
        return caught.value.code

    hashes = KeyDates(by_milestone={"nonsense": None, mid(2): day("03-01")})
    assert code(REJECTED, "02-01", dates=hashes) == "order_not_active"
    assert code(made_to_order(2), "02-12", dates=hashes) == "already_confirmed"
    past = order(milestone(1, "acceptance"), milestone(2, "custom", "02-01"), milestone(3))
    assert code(past, "02-01", dates=hashes) == "date_in_past"
    assert code(made_to_order(1), "02-12", dates=hashes) == "date_unchanged"
    assert code(made_to_order(1), "02-13", dates=hashes) == "milestone_not_in_workflow"
    hashes = KeyDates(by_milestone={mid(2): day("03-01"), mid(1): None})
    assert code(made_to_order(1), "02-13", dates=hashes) == "conflicting_dates"
    hashes = KeyDates(by_milestone={mid(2): day("02-13"), mid(1): None})
    assert code(made_to_order(1), "02-13", dates=hashes) == "already_confirmed"
    hashes = KeyDates(by_milestone={mid(1): day("02-11"), mid(3): day("02-12")})
    assert code(made_to_order(1), "02-13", dates=hashes) == "date_in_future"


def test_m28_a_date_beyond_the_next_key_date_needs_that_one_to_move_as_well():
    with pytest.raises(Conflict) as caught:
        rejected(made_to_order(), 3, "05-20")
    assert refusal(caught.value) == ("dates_out_of_order", {"milestone_ids": [mid(3)]})
    after = rejected(
        made_to_order(), 3, "05-20", dates=KeyDates(by_milestone={mid(4): day("06-20")}), note="flood"
    )
    assert [one.key_date for one in milestones_of(after)[2:]] == [day("05-20"), day("06-20")]
    (delay,) = milestones_of(after)[3].delays
    assert (delay.source, delay.reason, delay.note) == ("edit", "dye house closed", "flood")
    assert milestones_of(after)[3].status == "pending"


@pytest.mark.parametrize("value", [day("04-17"), None])
def test_the_rejected_milestone_itself_in_the_hashes(value: date | None):
    with pytest.raises(Conflict) as caught:
        rejected(made_to_order(), 3, "04-16", dates=KeyDates(by_milestone={mid(3): value}))
    assert refusal(caught.value) == ("conflicting_dates", {"milestone_ids": [mid(3)]})
    same = rejected(made_to_order(), 3, "04-16", dates=KeyDates(by_workflow_milestone={wid(3): day("04-16")}))
    assert [one.source for one in milestones_of(same)[2].delays] == ["reject"]


def test_an_undated_rejected_milestone_gets_no_date_by_the_hashes():
    stored = order(milestone(1, "acceptance"), milestone(2))
    with pytest.raises(Conflict) as caught:
        rejected(stored, 2, dates=KeyDates(by_milestone={mid(2): day("03-01")}))
    assert refusal(caught.value) == ("conflicting_dates", {"milestone_ids": [mid(2)]})
    assert milestones_of(rejected(stored, 2, dates=KeyDates(by_milestone={mid(2): None})))[1].key_date is None


def test_open_tasks_do_not_hinder_a_rejection_and_follow_its_date():
    stored = made_to_order(tasks=(task(1, 3, "04-08", required=True),))
    after = rejected(stored, 3, "03-01")
    assert tasks_of(after)[0].due_date == day("03-01")


def test_m27_what_was_rejected_can_be_confirmed_and_stays_readable():
    after = confirmed(rejected(made_to_order(1), 2, "02-20", note="later"), 2)
    new = milestones_of(after)[1]
    assert (new.status, new.rejection_reason, new.rejected_at, new.note) == (
        "confirmed",
        "dye house closed",
        NOW,
        "later",
    )
    assert len(new.delays) == 1


# Undoing ------------------------------------------------------------------------------------------------


def test_m29_undo_restores_the_state_before():
    stored = amended(made_to_order(1), 2, note="soon")
    after = undone(confirmed(stored, 2), 2, at(NOW + timedelta(hours=1)))
    assert milestones_of(after)[1].undone_at == NOW + timedelta(hours=1)
    assert amended(after, 2, undone_at=None) == stored


def test_m29_undo_keeps_notes_delays_key_dates_and_tasks():
    stored = made_to_order(1, tasks=(task(1, 2, required=True, completed_at=NOW, completed_by=AGENT),))
    moved_too = confirmed(stored, 2, note="swatch 4", dates=KeyDates(by_milestone={mid(3): day("04-30")}))
    after = undone(moved_too, 2)
    assert milestones_of(after)[1].note == "swatch 4"
    assert milestones_of(after)[2] == milestones_of(moved_too)[2]
    assert after.content.ships_on == day("04-30")
    assert tasks_of(after) == tasks_of(stored)


def test_m29_undo_steps_back_one_by_one():
    stored = made_to_order(3)
    for position, left in ((3, "accepted"), (2, "accepted"), (1, "issued")):
        stored = undone(stored, position)
        assert purchase_order_status(stored) == left
        with pytest.raises(Conflict) as caught:
            undone(stored, position)
        assert caught.value.code == "not_confirmed"


def written(stored: StoredOrder, position: int, sequence: int) -> StoredOrder:
    """The order as it is after the change was written: its status change came with this sequence."""
    left = milestones_of(stored)[position - 1].left_status
    assert left is not None
    stored = amended(stored, position, left_status=msgspec.structs.replace(left, status_seq=sequence))
    return msgspec.structs.replace(stored, status_seq=sequence)


def test_undo_returns_to_the_status_that_was_left_with_its_deadline():
    where = workspace(*STATUSES, enforce_product_chain=True)
    after = written(confirmed(linked(), 2, where=where), 2, 9)
    back = undone(after, 2, where=where)
    assert back.held == HELD
    assert milestones_of(back)[1].left_status is None


def test_undo_returns_to_no_status():
    after = written(confirmed(linked(held=HeldStatus()), 2, where=workspace(*STATUSES)), 2, 9)
    assert undone(after, 2, where=workspace(*STATUSES)).held == HeldStatus()


def test_undo_stays_where_a_later_status_change_led():
    where = workspace(*STATUSES)
    after = msgspec.structs.replace(written(confirmed(linked(), 2, where=where), 2, 9), status_seq=11)
    back = undone(after, 2, where=where)
    assert back.held is after.held
    assert milestones_of(back)[1].left_status is None


def test_a_status_that_caused_the_confirmation_stays():
    stored = msgspec.structs.replace(made_to_order(2), held=HELD)
    assert undone(stored, 2, where=workspace(*STATUSES)).held is HELD


@pytest.mark.parametrize(
    ("held", "gone"),
    [
        (HELD, workspace(CUTTING, PACKED)),
        (msgspec.structs.replace(HELD, sub_status_id=OPTIONS.options[0].id), workspace(*STATUSES)),
    ],
)
def test_undo_cannot_return_to_what_is_gone(held: HeldStatus, gone: Workspace):
    after = written(confirmed(linked(held=held), 2, where=workspace(*STATUSES)), 2, 9)
    back = undone(after, 2, where=gone)
    assert back.held is after.held
    assert not milestones_of(back)[1].is_confirmed


def test_undo_forgets_a_workflow_and_an_anchor_that_are_gone():
    held = msgspec.structs.replace(HELD, workflow_id=workflow(4).id, anchor_status_id=status(9).id)
    after = written(confirmed(linked(held=held), 2, where=workspace(*STATUSES)), 2, 9)
    back = undone(after, 2, where=workspace(*STATUSES))
    assert back.held == msgspec.structs.replace(held, workflow_id=None, anchor_status_id=None)


def test_several_linked_confirmations_are_undone_one_by_one():
    where = workspace(*STATUSES)
    stored = msgspec.structs.replace(made_to_order(1), held=HELD)
    stored = amended(amended(stored, 2, linked_status_id=CUTTING.id), 3, linked_status_id=PACKED.id)
    second = written(confirmed(stored, 2, where=where), 2, 9)
    third = written(confirmed(second, 3, where=where), 3, 12)
    back = undone(third, 3, where=where)
    assert back.held == second.held
    # The return itself is a status change, and the newest one.
    back = msgspec.structs.replace(back, status_seq=15)
    assert undone(back, 2, where=where).held is back.held


# Which milestone is meant -------------------------------------------------------------------------------

FLOW = workflow(
    1, template(1, "acceptance"), template(2), template(3, "shipment"), template(7), is_default=True
)
WITH_FLOW = workspace(workflows=(FLOW,))


@pytest.mark.parametrize(
    ("named", "position"),
    [
        (Named("milestone", mid(3)), 3),
        (Named("milestone", ulid(mid(3)).lower()), 3),
        (Named("workflow_milestone", wid(3).upper()), 3),
        (Named("workflow_milestone", ulid(wid(2))), 2),
        (Named("type", "acceptance"), 1),
        (Named("type", "delivery"), 4),
    ],
)
def test_m24_a_milestone_is_found(named: Named, position: int):
    assert find_milestone(WITH_FLOW, made_to_order(), named).position == position


@pytest.mark.parametrize(
    ("stored", "named", "kind"),
    [
        (made_to_order(), Named("milestone", wid(3)), "Milestone"),
        (made_to_order(), Named("milestone", mid(9)), "Milestone"),
        (made_to_order(), Named("milestone", "nonsense"), "Milestone"),
        (draft(), Named("milestone", mid(1)), "Milestone"),
        (made_to_order(), Named("workflow_milestone", mid(3)), "Workflow milestone"),
        (made_to_order(), Named("workflow_milestone", ""), "Workflow milestone"),
        (made_to_order(), Named("workflow_milestone", wid(7)), "Workflow milestone"),  # M-41: added later
        (made_to_order(acceptance=REFUSED), Named("workflow_milestone", wid(7)), "Workflow milestone"),
        (draft(), Named("workflow_milestone", wid(8)), "Workflow milestone"),
    ],
)
def test_m18_m41_a_milestone_is_not_found(stored: StoredOrder, named: Named, kind: str):
    with pytest.raises(NotFound) as caught:
        find_milestone(WITH_FLOW, stored, named)
    assert caught.value.facts == {"kind": kind}


@pytest.mark.parametrize(
    ("stored", "named", "shown"),
    [
        (draft(), Named("workflow_milestone", wid(2)), "draft"),
        (draft(), Named("workflow_milestone", ulid(wid(2))), "draft"),
        # The chosen workflow is gone: its default takes its place.
        (draft(milestone_workflow_id=uid(44, 5)), Named("workflow_milestone", wid(2)), "draft"),
        (draft(cancelled_at=NOW), Named("workflow_milestone", wid(2)), "canceled"),
        (draft(), Named("type", "shipment"), "draft"),
        (order(cancelled_at=NOW), Named("type", "shipment"), "canceled"),
        (order(milestone(1, "acceptance", **REFUSED)), Named("type", "delivery"), "rejected"),
    ],
)
def test_m12_what_an_inactive_order_lacks(stored: StoredOrder, named: Named, shown: str):
    with pytest.raises(Conflict) as caught:
        find_milestone(WITH_FLOW, stored, named)
    assert refusal(caught.value) == ("order_not_active", {"status": shown})


@pytest.mark.parametrize("kind", ["acceptance", "production_start", "shipment", "delivery"])
def test_m36_an_order_lacks_the_type(kind: str):
    with pytest.raises(Conflict) as caught:
        find_milestone(WITH_FLOW, order(), Named("type", kind))
    assert refusal(caught.value) == ("milestone_not_in_workflow", {"milestone_type": kind})
