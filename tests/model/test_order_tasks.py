"""model.order_tasks: what is to be done for an order (Milestones API, sections 7.17 and 8.6)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from milepost.kit.errors import Conflict, Faulty, NotFound
from milepost.kit.ids import ulid
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import (
    MOST_TASKS,
    TaskWish,
    changed_task,
    completed_task,
    reopened_task,
    with_task,
)
from milepost.model.plan import Task
from milepost.model.urgency import plan_of
from tests.model.plans import (
    AGENT,
    BRIDGE,
    CREATED,
    NOW,
    ON,
    at,
    day,
    draft,
    made_to_order,
    mid,
    refusal,
    task,
    tasks_of,
    tid,
    uid,
    wid,
)


def wish(title: str = "Send swatches", **members: Any) -> TaskWish:
    return TaskWish(title=title, **members)


def same_but(**members: Any) -> Callable[[Task], TaskWish]:
    """The wish of a body that names these members only."""

    def wished(stored: Task) -> TaskWish:
        fields = {name: getattr(stored, name) for name in TaskWish.__struct_fields__}
        return TaskWish(**(fields | members))

    return wished


def faults_of(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Faulty) as caught:
        act()
    return [path for path, _ in caught.value.faults]


def test_a_new_task():
    stored = made_to_order(tasks=(task(1),))
    asked = wish(
        assignee="studio@loom.example",
        due_date=day("02-11"),
        required=True,
        milestone_id=ulid(mid(2)).lower(),
    )
    after, task_id = with_task(stored, asked, ON)
    assert tasks_of(after) == (
        task(1),
        Task(
            id=task_id,
            milestone_id=mid(2),
            title="Send swatches",
            assignee="studio@loom.example",
            due_date=day("02-11"),
            required=True,
            created_at=NOW,
            updated_at=NOW,
        ),
    )
    assert plan_of(after).milestones is plan_of(stored).milestones


def test_a_draft_may_have_tasks_without_a_milestone():
    after, _ = with_task(draft(), wish(due_date=day("01-01")), ON)
    assert len(tasks_of(after)) == 1
    assert faults_of(lambda: with_task(draft(), wish(milestone_id=mid(1)), ON)) == ["milestone_id"]


@pytest.mark.parametrize("stored", [made_to_order(4), made_to_order(acceptance={"rejection_reason": "no"})])
def test_every_order_but_a_canceled_one_may_get_tasks(stored: StoredOrder):
    after, _ = with_task(stored, wish(required=True, milestone_id=mid(1)), ON)
    assert len(tasks_of(after)) == 1


@pytest.mark.parametrize(
    ("asked", "faults"),
    [
        (wish(milestone_id=uid(9)), ["milestone_id"]),
        (wish(milestone_id=wid(2)), ["milestone_id"]),
        (wish(milestone_id="nonsense", required=True, due_date=day("12-31")), ["milestone_id"]),
        (wish(required=True), ["required"]),
        (wish(milestone_id=mid(2), due_date=day("02-13")), ["due_date"]),
        (wish(milestone_id=mid(2), due_date=day("02-12")), []),
        (wish(due_date=day("12-31")), []),
    ],
)
def test_m39_what_a_task_cannot_be(asked: TaskWish, faults: list[str]):
    if faults:
        assert faults_of(lambda: with_task(made_to_order(), asked, ON)) == faults
    else:
        with_task(made_to_order(), asked, ON)


def test_m39_an_undated_milestone_sets_no_limit():
    stored = made_to_order()
    plan = plan_of(stored)
    undated = tuple(msgspec.structs.replace(one, key_date=None) for one in plan.milestones)
    stored = msgspec.structs.replace(stored, plan=type(plan)(undated))
    with_task(stored, wish(milestone_id=mid(2), due_date=day("12-31")), ON)


def test_an_order_has_at_most_a_thousand_tasks():
    assert MOST_TASKS == 1000
    stored = made_to_order(tasks=tuple(task(n) for n in range(999)))
    full, _ = with_task(stored, wish(), ON)
    assert faults_of(lambda: with_task(full, wish(required=True), ON)) == ["required", "tasks"]
    assert changed_task(full, tid(0), same_but(title="Another"), ON) is not full


def test_changing_a_task():
    stored = made_to_order(tasks=(task(1, 2, "02-11"), task(2)))
    after = changed_task(
        stored, tid(1), same_but(title="Send more", milestone_id=None, due_date=day("12-31")), ON
    )
    assert tasks_of(after) == (
        msgspec.structs.replace(task(1), title="Send more", due_date=day("12-31")),
        task(2),
    )


@pytest.mark.parametrize(
    "members",
    [{}, {"title": "T1"}, {"milestone_id": ulid(mid(2))}, {"due_date": day("02-11"), "assignee": None}],
)
def test_a_change_that_changes_nothing(members: dict[str, Any]):
    stored = made_to_order(tasks=(task(1, 2, "02-11"),))
    assert changed_task(stored, tid(1), same_but(**members), ON) is stored


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"due_date": day("02-13")}, ["due_date"]),
        ({"milestone_id": mid(1)}, ["due_date"]),  # whose key date is 02-04
        ({"milestone_id": mid(1), "due_date": None}, []),
        ({"milestone_id": None, "required": True}, ["required"]),
        ({"milestone_id": "x"}, ["milestone_id"]),
        ({"required": True}, []),
    ],
)
def test_m39_what_a_task_cannot_become(members: dict[str, Any], faults: list[str]):
    stored = made_to_order(tasks=(task(1, 2, "02-11"),))
    if faults:
        assert faults_of(lambda: changed_task(stored, tid(1), same_but(**members), ON)) == faults
    else:
        changed_task(stored, tid(1), same_but(**members), ON)


def test_a_due_date_that_is_late_already_is_not_judged_again():
    """A task completed before the key date moved, and reopened since."""
    stored = made_to_order(tasks=(task(1, 2, "03-01"),))
    after = changed_task(stored, tid(1), same_but(title="Send them now"), ON)
    assert tasks_of(after)[0].due_date == day("03-01")
    assert faults_of(lambda: changed_task(stored, tid(1), same_but(due_date=day("02-28")), ON)) == [
        "due_date"
    ]


def test_m40_complete_and_reopen_may_be_repeated():
    stored = made_to_order(tasks=(task(1, 2, required=True),))
    done = completed_task(stored, tid(1), ON)
    assert (tasks_of(done)[0].completed_at, tasks_of(done)[0].completed_by) == (NOW, BRIDGE)
    assert completed_task(done, tid(1), at(NOW, by=AGENT)) is done
    open_again = reopened_task(done, tid(1), ON)
    assert open_again == stored
    assert reopened_task(open_again, tid(1), ON) is open_again
    assert completed_task(open_again, tid(1), at(NOW, by=AGENT)) != done


def test_m22_completing_the_task_unblocks():
    stored = made_to_order(1, tasks=(task(1, 2, required=True),))
    assert [one.id for one in plan_of(stored).blocking(mid(2))] == [tid(1)]
    assert plan_of(completed_task(stored, tid(1), ON)).blocking(mid(2)) == []


WRITES: list[Callable[[StoredOrder, str], object]] = [
    lambda stored, task_id: changed_task(stored, task_id, same_but(), ON),
    lambda stored, task_id: completed_task(stored, task_id, ON),
    lambda stored, task_id: reopened_task(stored, task_id, ON),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("done", [None, CREATED])
def test_any_write_on_a_canceled_order_is_refused_repeats_included(
    write: Callable[[StoredOrder, str], object], done: Any
):
    stored = made_to_order(tasks=(task(1, completed_at=done),), cancelled_at=NOW)
    with pytest.raises(Conflict) as caught:
        write(stored, tid(1))
    assert refusal(caught.value) == ("order_not_active", {"status": "canceled"})
    with pytest.raises(Conflict) as caught:
        with_task(stored, wish(), ON)
    assert refusal(caught.value) == ("order_not_active", {"status": "canceled"})


def test_field_faults_come_before_those_of_the_state():
    stored = made_to_order(tasks=(task(1),), cancelled_at=NOW)
    assert faults_of(lambda: with_task(stored, wish(required=True), ON)) == ["required"]
    assert faults_of(lambda: changed_task(stored, tid(1), same_but(required=True), ON)) == ["required"]


@pytest.mark.parametrize("write", WRITES)
def test_a_task_of_another_order_is_not_found(write: Callable[[StoredOrder, str], object]):
    for stored in (made_to_order(tasks=(task(1),)), made_to_order(cancelled_at=NOW)):
        with pytest.raises(NotFound) as caught:
            write(stored, tid(2))
        assert caught.value.facts == {"kind": "Task"}
