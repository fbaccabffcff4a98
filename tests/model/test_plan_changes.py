"""model.plan_changes: what is told of a plan that changed (Milestones API, section 8.8)."""

from datetime import timedelta
from typing import Any

import msgspec

from milepost.kit.ids import ulid
from milepost.model.issuing import issued
from milepost.model.key_dates import KeyDates, edit_timeline
from milepost.model.milestone_moves import Confirmation, Rejection, confirm, reject, undo
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import TaskWish, changed_task, completed_task, reopened_task, with_task
from milepost.model.plan_changes import Change, milestone_changes, task_changes, timeline_change
from milepost.model.urgency import plan_of
from milepost.model.workflow import TaskTemplate
from tests.model.plans import (
    BRIDGE,
    NOW,
    ON,
    at,
    day,
    draft,
    made_to_order,
    mid,
    milestone,
    milestones_of,
    order,
    task,
    tid,
    wid,
    workflow,
    workspace,
)
from tests.model.plans import template as workflow_milestone

PLAIN = workspace()
ACTOR = {"type": "api_key", "id": ulid(BRIDGE.id or ""), "name": "ERP bridge"}
SAID_AT = "2027-02-10T10:00:00+00:00"


def told(before: StoredOrder, after: StoredOrder, reason: str | None = None) -> list[Change]:
    old, new = plan_of(before), plan_of(after)
    return [*milestone_changes(old, new), *timeline_change(old, new, reason), *task_changes(old, new)]


def kinds(before: StoredOrder, after: StoredOrder) -> list[str]:
    return [kind for kind, _, _, _ in told(before, after)]


def confirmed(stored: StoredOrder, position: int, **wish: Any) -> StoredOrder:
    return confirm(PLAIN, stored, mid(position), Confirmation(**wish), ON, override_chain=False)


def rejected(stored: StoredOrder, position: int, when: str | None, **wish: Any) -> StoredOrder:
    asked = Rejection(**({"reason": "dye house closed", "date": when and day(when)} | wish))
    return reject(stored, mid(position), asked, ON)


def test_a_confirmation():
    stored = made_to_order(1)
    assert told(stored, confirmed(stored, 2, note="swatch 4")) == [
        (
            "order.milestone.confirmed",
            mid(2),
            (
                {
                    "status": "pending",
                    "confirmed_on": None,
                    "confirmed_at": None,
                    "confirmed_by": None,
                    "note": None,
                },
                {
                    "status": "confirmed",
                    "confirmed_on": "2027-02-10",
                    "confirmed_at": SAID_AT,
                    "confirmed_by": ACTOR,
                    "note": "swatch 4",
                },
            ),
            {"type": "custom", "name": "M2", "position": 2, "workflow_milestone_id": wid(2)},
        )
    ]


def test_a_confirmation_that_moves_others():
    stored = made_to_order(1)
    dates = KeyDates(by_milestone={mid(3): day("04-12"), mid(4): day("05-14")})
    changes = told(stored, confirmed(stored, 2, dates=dates))
    assert [(kind, subject) for kind, subject, _, _ in changes] == [
        ("order.milestone.confirmed", mid(2)),
        ("order.timeline.updated", None),
    ]
    assert changes[1][3] == {
        "reason": None,
        "milestones": [
            {
                "id": mid(3),
                "type": "shipment",
                "name": "M3",
                "old_data": {"key_date": "2027-04-09"},
                "new_data": {"key_date": "2027-04-12"},
            }
        ],
    }


def test_a_rejection():
    stored = made_to_order()
    ((kind, subject, diff, _),) = told(stored, rejected(stored, 3, "04-16"))
    assert (kind, subject) == ("order.milestone.rejected", mid(3))
    assert diff == (
        {
            "status": "pending",
            "key_date": "2027-04-09",
            "rejected_at": None,
            "rejected_by": None,
            "rejection_reason": None,
        },
        {
            "status": "rejected",
            "key_date": "2027-04-16",
            "rejected_at": SAID_AT,
            "rejected_by": ACTOR,
            "rejection_reason": "dye house closed",
        },
    )


def test_m26_each_rejection_is_told_even_of_one_moment():
    first = rejected(made_to_order(), 3, "04-16")
    assert kinds(first, rejected(first, 3, "04-14")) == ["order.milestone.rejected"]
    assert kinds(first, rejected(first, 3, "04-14", reason="looms busy")) == ["order.milestone.rejected"]
    assert kinds(first, rejected(first, 3, "04-16")) == []
    undated = order(milestone(1, "acceptance"), milestone(2))
    first = rejected(undated, 2, None)
    assert kinds(first, rejected(first, 2, None, reason="looms busy")) == ["order.milestone.rejected"]
    assert kinds(undated, rejected(undated, 1, None)) == ["order.milestone.rejected"]


def test_a_rejection_that_moves_others():
    stored = made_to_order()
    dates = KeyDates(by_milestone={mid(4): day("05-20")})
    after = rejected(stored, 3, "05-16", dates=dates)
    assert kinds(stored, after) == ["order.milestone.rejected", "order.timeline.updated"]


def test_an_undone_confirmation_is_a_change_of_the_timeline():
    stored = rejected(made_to_order(1), 2, "02-20")
    done = confirmed(stored, 2)
    (change,) = told(done, undo(PLAIN, done, mid(2), at(NOW + timedelta(hours=1))), "wrong order")
    assert change[0] == "order.timeline.updated"
    assert change[3]["reason"] == "wrong order"
    (one,) = change[3]["milestones"]
    assert one["old_data"]["status"] == "confirmed"
    assert one["new_data"] == {
        "status": "rejected",
        "confirmed_on": None,
        "confirmed_at": None,
        "confirmed_by": None,
    }


def test_an_edit_is_one_event_for_all():
    stored = made_to_order(2)
    dates = KeyDates(
        by_milestone={mid(4): None, mid(2): day("02-04"), mid(3): day("04-09")}, reason="looms busy"
    )
    (change,) = told(stored, edit_timeline(stored, dates, ON), "looms busy")
    assert change[3]["reason"] == "looms busy"
    assert [(one["id"], one["old_data"], one["new_data"]) for one in change[3]["milestones"]] == [
        (mid(2), {"confirmed_on": "2027-02-05"}, {"confirmed_on": "2027-02-04"}),
        (mid(4), {"key_date": "2027-05-14"}, {"key_date": None}),
    ]


def test_a_refusal_taken_back_is_a_change_of_the_timeline():
    stored = made_to_order(acceptance={"rejection_reason": "price"})
    (change,) = told(stored, issued(PLAIN, stored, ON))
    assert change[0] == "order.timeline.updated"
    assert change[3]["milestones"][0]["new_data"] == {
        "status": "pending",
        "rejected_at": None,
        "rejected_by": None,
        "rejection_reason": None,
    }


def test_issuing_a_draft_tells_nothing_of_its_plan():
    flow = workflow(
        1,
        workflow_milestone(1, "acceptance"),
        workflow_milestone(2, task_templates=(TaskTemplate("Swatches", True, 1),)),
        is_default=True,
    )
    stored = draft(tasks=(task(1),))
    after = issued(workspace(workflows=(flow,)), stored, ON)
    assert len(milestones_of(after)) == 2
    assert len(plan_of(after).tasks) == 2
    assert told(stored, after) == []


def test_a_new_task():
    stored = made_to_order()
    wish = TaskWish(title="Send swatches", due_date=day("02-11"), required=True, milestone_id=mid(2))
    after, task_id = with_task(stored, wish, ON)
    assert told(stored, after) == [
        (
            "order.task.created",
            task_id,
            ({}, {}),
            {
                "milestone_id": mid(2),
                "title": "Send swatches",
                "assignee": None,
                "due_date": "2027-02-11",
                "required": True,
                "status": "open",
                "completed_at": None,
            },
        )
    ]
    on_a_draft, _ = with_task(draft(), TaskWish(title="Ask"), ON)
    assert kinds(draft(), on_a_draft) == ["order.task.created"]


def test_m40_a_task_is_told_of_when_it_is_completed_and_not_otherwise():
    stored = made_to_order(tasks=(task(1, 2),))
    done = completed_task(stored, tid(1), ON)
    ((kind, subject, diff, _),) = told(stored, done)
    assert (kind, subject) == ("order.task.completed", tid(1))
    assert diff == (
        {"status": "open", "completed_at": None, "completed_by": None},
        {"status": "completed", "completed_at": SAID_AT, "completed_by": ACTOR},
    )
    reopened = reopened_task(done, tid(1), ON)
    assert told(done, reopened) == []
    assert kinds(reopened, completed_task(reopened, tid(1), ON)) == ["order.task.completed"]
    changed = changed_task(stored, tid(1), lambda _: TaskWish(title="Other", due_date=day("12-31")), ON)
    assert told(stored, changed) == []


def test_a_task_that_follows_its_milestone_is_not_told():
    stored = made_to_order(tasks=(task(1, 3, "04-09"),))
    after = edit_timeline(stored, KeyDates(by_milestone={mid(3): day("04-01")}), ON)
    assert kinds(stored, after) == ["order.timeline.updated"]


def test_what_is_remembered_of_the_telling_is_not_told():
    stored = made_to_order()
    plan = plan_of(stored)
    marked = tuple(msgspec.structs.replace(one, late_told_for=one.key_date) for one in plan.milestones)
    assert told(stored, msgspec.structs.replace(stored, plan=type(plan)(marked, plan.tasks))) == []
    assert told(stored, stored) == []
