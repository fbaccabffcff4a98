"""Whatever is said of an order, in whatever sequence, its plan stays sound (Milestones API, section 8)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.kit.errors import Refused
from milepost.model.issuing import issued
from milepost.model.key_dates import KeyDates, edit_timeline
from milepost.model.milestone_moves import Confirmation, Rejection, confirm, reject, undo
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import TaskWish, completed_task, reopened_task, with_task
from milepost.model.plan import Occasion, OrderMilestone, Plan
from milepost.model.plan_changes import milestone_changes, timeline_change
from milepost.model.purchase_order import settled
from milepost.model.transitions import legal_statuses
from milepost.model.urgency import (
    current_milestone,
    is_active,
    next_attention,
    plan_of,
    prompt_moment,
    prompted_at,
    purchase_order_status,
)
from milepost.model.workflow import House, KeyDateRule, TaskTemplate, Workspace
from tests.model.plans import BRIDGE, NOW, draft, status, template, workflow, workspace

ZONES = [
    "UTC",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Beirut",
]

STATUSES = tuple(status(n) for n in range(1, 5))
FLOW = workflow(
    1,
    template(1, "acceptance", key_date_rule=KeyDateRule("issued_at", 3)),
    template(
        2,
        status_id=STATUSES[0].id,
        key_date_rule=KeyDateRule("ships_on", -10),
        task_templates=(TaskTemplate("T", True, 1),),
    ),
    template(3, "production_start", status_id=STATUSES[1].id),
    template(4, "shipment", status_id=STATUSES[2].id, prompt_offset_days=1),
    template(5, "delivery", prompt_offset_days=1),
    is_default=True,
)

Act = tuple[str, int, int | None]
"""What is done, to which place, and by how many days its date lies from today."""

ACTS = st.tuples(
    st.sampled_from(
        [
            "confirm",
            "confirm",
            "confirm",
            "reject",
            "undo",
            "edit",
            "issue",
            "task",
            "complete",
            "reopen",
            "cancel",
        ]
    ),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(-5, 20)),
)


def acted(stored: StoredOrder, act: Act, on: Occasion, where: Workspace) -> StoredOrder:
    """The order after the act; an id of nothing where the place has no milestone or task."""
    name, place, days = act
    plan = plan_of(stored)
    wished = None if days is None else on.today + timedelta(days=days)
    one = plan.milestones[place].id if place < len(plan.milestones) else "none"
    todo = plan.tasks[place].id if place < len(plan.tasks) else "none"
    dates = KeyDates(by_milestone={one: wished})
    confirmation = Confirmation(date=wished)
    doings: dict[str, Callable[[], StoredOrder]] = {
        "confirm": lambda: confirm(where, stored, one, confirmation, on, override_chain=False),
        "reject": lambda: reject(stored, one, Rejection(reason=f"reason {days}", date=wished), on),
        "undo": lambda: undo(where, stored, one, on),
        "edit": lambda: edit_timeline(stored, dates, on),
        "issue": lambda: issued(where, stored, on),
        "task": lambda: with_task(
            stored, TaskWish(title="x", due_date=wished, milestone_id=one, required=place > 3), on
        )[0],
        "complete": lambda: completed_task(stored, todo, on),
        "reopen": lambda: reopened_task(stored, todo, on),
        "cancel": lambda: _canceled(stored, on.now) if place == 5 else stored,
    }
    return doings[name]()


def _canceled(stored: StoredOrder, now: datetime) -> StoredOrder:
    return msgspec.structs.replace(stored, content=msgspec.structs.replace(stored.content, cancelled_at=now))


def written(before: StoredOrder, after: StoredOrder) -> StoredOrder:
    """What writing the change adds: sequences, and after which status change a confirmation's own came."""
    if after is before:
        return after
    is_restored = after.status_seq != before.status_seq
    sequence = after.status_seq if is_restored else before.status_seq + (after.held != before.held)
    plan = plan_of(after)
    old = {one.id: one for one in plan_of(before).milestones}

    def filled(one: OrderMilestone) -> OrderMilestone:
        known = old.get(one.id)
        if one.left_status is None or (known is not None and known.left_status is not None):
            return one
        left = msgspec.structs.replace(one.left_status, status_seq=sequence)
        return msgspec.structs.replace(one, left_status=left)

    after = msgspec.structs.replace(
        after, status_seq=sequence, plan=Plan(tuple(map(filled, plan.milestones)), plan.tasks)
    )
    return settled(after, House())


def check_sound(stored: StoredOrder, zone: ZoneInfo, now: datetime) -> None:
    """What must hold of any order."""
    milestones = plan_of(stored).milestones
    done = [one.is_confirmed for one in milestones]
    assert done == sorted(done, reverse=True), "the confirmed ones are the first ones"
    days = [one.confirmed_on for one in milestones if one.is_confirmed]
    assert days == sorted(day for day in days if day is not None)
    assert all(day is None or day <= now.astimezone(zone).date() for day in days)
    for one in milestones:
        confirmed_by: list[Any] = [one.confirmed_on, one.confirmed_at, one.confirmed_by]
        assert all((said is not None) == one.is_confirmed for said in confirmed_by)
        assert one.status != "rejected" or one.rejected_at is not None
        assert one.left_status is None or one.is_confirmed
    assert [one.id for one in plan_of(stored).tasks] == sorted(one.id for one in plan_of(stored).tasks)
    targets = {"shipment": stored.content.ships_on, "delivery": stored.content.delivered_on}
    assert all(targets[one.type] == one.key_date for one in milestones if one.type in targets)
    current = current_milestone(stored)
    assert (current is not None) == (is_active(stored) and not all(done))
    if purchase_order_status(stored) == "rejected":
        assert not any(done)
    attention = next_attention(stored, zone)
    assert attention is None or is_active(stored)


def check_step(before: StoredOrder, after: StoredOrder, act: Act, on: Occasion, where: Workspace) -> None:
    """What must hold of any one change."""
    old = {one.id: one for one in plan_of(before).milestones}
    assert after is before or after != before
    confirmed = rejected = 0
    for one in plan_of(after).milestones:
        known = old.get(one.id)
        if known is None:
            assert act[0] == "issue"
            continue
        assert one.delays[: len(known.delays)] == known.delays, "delays are never changed or removed"
        confirmed += one.is_confirmed and not known.is_confirmed
        rejected += one.rejected_at == on.now != known.rejected_at
        if known.is_confirmed and not one.is_confirmed:
            assert act[0] == "undo"
        if known.is_confirmed and one.is_confirmed:
            assert one.key_date == known.key_date
    assert confirmed == (act[0] == "confirm" and after is not before)
    assert confirmed + rejected <= 1
    if before.held != after.held:
        assert act[0] in ("confirm", "undo")
    if act[0] == "confirm" and after.held != before.held:
        assert after.held.status_id in {
            one.id for one in legal_statuses(where, before.held, override_chain=False, product_chain=None)
        }
    told = [
        *milestone_changes(plan_of(before), plan_of(after)),
        *timeline_change(plan_of(before), plan_of(after), None),
    ]
    events = {"confirm": {"order.milestone.confirmed"}, "reject": {"order.milestone.rejected"}}
    if after is not before:
        assert {kind for kind, _, _, _ in told} <= events.get(act[0], {"order.timeline.updated"})


def check_undo(before: StoredOrder, after: StoredOrder, on: Occasion, where: Workspace, place: int) -> None:
    """Taking a confirmation back at once leaves only the moment of that behind."""
    milestone = plan_of(after).milestones[place]
    back = settled(undo(where, after, milestone.id, on), House())
    plan = plan_of(back)
    milestones = tuple(
        msgspec.structs.replace(one, undone_at=plan_of(before).milestones[place].undone_at)
        if one.id == milestone.id
        else one
        for one in plan.milestones
    )
    assert (
        msgspec.structs.replace(back, status_seq=before.status_seq, plan=Plan(milestones, plan.tasks))
        == before
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25), st.sampled_from(ZONES), st.booleans(), st.integers(0, 23))
def test_a_plan_stays_sound(acts: list[Act], zone: str, chained: bool, hours: int):
    where = workspace(*STATUSES, workflows=(FLOW,), zone=zone, enforce_product_chain=chained)
    ships_on = date(2027, 3, 1)
    stored = settled(draft(ships_on=ships_on, delivered_on=ships_on + timedelta(days=20)), House())
    now = NOW
    for number, act in enumerate([("issue", 0, None), *acts]):
        on = Occasion(BRIDGE, now, ZoneInfo(zone))
        try:
            after = written(stored, acted(stored, act, on, where))
        except Refused:
            after = stored
        else:
            check_step(stored, after, act, on, where)
            if act[0] == "confirm" and after is not stored:
                check_undo(stored, after, on, where, act[1])
        check_sound(after, on.zone, now)
        stored, now = after, now + timedelta(hours=(hours + number) % 24)
        check_prompt(stored, on.zone, now)


def check_prompt(stored: StoredOrder, zone: ZoneInfo, now: datetime) -> None:
    """A prompt that went out stays where it is while only time goes by."""
    current = current_milestone(stored)
    if current is None:
        return
    moment = prompt_moment(stored, current, zone)
    assert (moment is None) == bool(plan_of(stored).blocking(current.id))
    seen = [prompted_at(stored, current, zone, now + timedelta(days=days)) for days in range(4)]
    assert seen == [
        moment if moment is not None and moment <= now + timedelta(days=days) else None for days in range(4)
    ]
