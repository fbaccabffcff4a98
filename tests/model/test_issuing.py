"""model.issuing: issuing an order, and again (Milestones API, sections 7.19 and 8.4)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from milepost.kit.errors import Conflict
from milepost.model.issuing import issued
from milepost.model.milestone_moves import Confirmation, Rejection, confirm, reject, undo
from milepost.model.order import StoredOrder
from milepost.model.plan import Plan
from milepost.model.urgency import prompt_moment, purchase_order_status
from milepost.model.workflow import KeyDateRule, TaskTemplate
from tests.model.plans import (
    BRIDGE,
    CREATED,
    NOW,
    ON,
    TODAY,
    UTC_ZONE,
    amended,
    at,
    day,
    draft,
    made_to_order,
    mid,
    milestones_of,
    order,
    refusal,
    task,
    tasks_of,
    template,
    uid,
    wid,
    workflow,
    workspace,
)

CHOSEN = workflow(
    1,
    template(1, "acceptance", key_date_rule=KeyDateRule("issued_at", 3)),
    template(
        2,
        key_date_rule=KeyDateRule("ships_on", -56),
        status_id=uid(2, 6),
        task_templates=(TaskTemplate("Send swatches", True, 1), TaskTemplate("Thank them")),
    ),
    template(3, "shipment", prompt_offset_days=1, owner="brand"),
)
DEFAULT = workflow(2, template(4, "acceptance"), template(5, "delivery"), is_default=True)
WHERE = workspace(workflows=(CHOSEN, DEFAULT))
REFUSED = made_to_order(acceptance={"rejection_reason": "price", "note": "ask again"})


def test_m42_issuing_a_draft_copies_its_workflow():
    stored = draft(ships_on=day("04-09"), delivered_on=day("05-14"))
    after = issued(WHERE, stored, ON)
    assert purchase_order_status(after) == "issued"
    assert (after.issued_on, after.last_issued_on, after.last_issued_at) == (TODAY, TODAY, NOW)
    assert after.milestone_workflow_id == CHOSEN.id
    assert after.content == msgspec.structs.replace(stored.content, is_draft=False)
    first, second, third = milestones_of(after)
    assert [one.workflow_milestone_id for one in (first, second, third)] == [wid(1), wid(2), wid(3)]
    assert [one.key_date for one in (first, second, third)] == [day("02-13"), None, day("04-09")]
    assert (second.linked_status_id, third.prompt_offset_days, third.owner) == (uid(2, 6), 1, "brand")
    assert {one.status for one in (first, second, third)} == {"pending"}
    assert {one.created_at for one in (first, second, third)} == {NOW}


def test_templates_become_open_tasks_beside_those_of_the_draft():
    stored = draft(tasks=(task(1), task(2, completed_at=CREATED, completed_by=BRIDGE)), ships_on=day("05-30"))
    after = issued(WHERE, stored, ON)
    second = milestones_of(after)[1]
    assert second.key_date == day("04-04")
    assert tasks_of(after)[:2] == tasks_of(stored)
    assert [
        (one.title, one.milestone_id, one.due_date, one.required, one.is_open) for one in tasks_of(after)[2:]
    ] == [
        ("Send swatches", second.id, day("04-03"), True, True),
        ("Thank them", second.id, None, False, True),
    ]


def test_a_draft_whose_workflow_is_gone_takes_the_default_one():
    after = issued(WHERE, draft(milestone_workflow_id=uid(77, 5)), ON)
    assert after.milestone_workflow_id == DEFAULT.id
    assert [one.type for one in milestones_of(after)] == ["acceptance", "delivery"]


def test_a_team_without_workflows_issues_without_milestones():
    after = issued(workspace(), draft(tasks=(task(1),)), ON)
    assert (after.milestone_workflow_id, milestones_of(after)) == (None, ())
    assert tasks_of(after) == (task(1),)
    assert purchase_order_status(after) == "issued"


def test_a_workflow_that_only_holds_statuses():
    bare = workflow(3, is_default=True)
    after = issued(workspace(workflows=(bare,)), draft(milestone_workflow_id=None), ON)
    assert (after.milestone_workflow_id, milestones_of(after)) == (bare.id, ())


def test_the_day_of_issue_is_the_team_s():
    evening = datetime(2027, 12, 31, 12, 0, tzinfo=UTC)
    after = issued(WHERE, draft(), at(evening, "Pacific/Kiritimati"))
    assert (after.issued_on, after.last_issued_at) == (day("2028-01-01"), evening)
    assert issued(WHERE, draft(), at(evening, "Pacific/Pago_Pago")).issued_on == day("12-31")


def test_issuing_again_prompts_anew():
    stored = made_to_order()
    after = issued(WHERE, stored, ON)
    assert after == msgspec.structs.replace(stored, last_issued_on=TODAY, last_issued_at=NOW)
    assert after.plan is stored.plan
    assert prompt_moment(stored, milestones_of(stored)[0], UTC_ZONE) == CREATED
    assert prompt_moment(after, milestones_of(after)[0], UTC_ZONE) == NOW


@pytest.mark.parametrize(
    ("zone", "hours", "same"),
    [
        ("UTC", 14.4, True),
        ("UTC", 14.5, False),
        ("Pacific/Kiritimati", 0.4, True),
        ("Pacific/Kiritimati", 0.5, False),
    ],
)
def test_issuing_again_on_the_day_of_the_last_issue_changes_nothing(zone: str, hours: float, same: bool):
    first = issued(WHERE, draft(), at(datetime(2027, 2, 1, 9, 30, tzinfo=UTC), zone))
    again = issued(WHERE, first, at(datetime(2027, 2, 1, 9, 30, tzinfo=UTC) + timedelta(hours=hours), zone))
    assert (again is first) == same


def test_m42_a_refused_order_waits_for_acceptance_once_more():
    after = issued(WHERE, REFUSED, ON)
    assert purchase_order_status(after) == "issued"
    acceptance = milestones_of(after)[0]
    assert (
        acceptance.status,
        acceptance.rejected_at,
        acceptance.rejected_by,
        acceptance.rejection_reason,
    ) == (
        "pending",
        None,
        None,
        None,
    )
    assert (acceptance.note, acceptance.key_date) == ("ask again", day("02-04"))
    assert milestones_of(after)[1:] == milestones_of(REFUSED)[1:]
    assert (after.issued_on, after.last_issued_on, after.last_issued_at) == (CREATED.date(), TODAY, NOW)


def test_a_refused_order_is_issued_again_on_the_day_of_its_issue():
    same_day = at(CREATED + timedelta(hours=1))
    after = issued(WHERE, REFUSED, same_day)
    assert (after.last_issued_on, after.last_issued_at) == (CREATED.date(), same_day.now)
    assert purchase_order_status(after) == "issued"


def test_a_refusal_after_the_issue_is_another_one():
    again = issued(WHERE, REFUSED, ON)
    refused = reject(again, mid(1), Rejection(reason="price"), ON)
    assert purchase_order_status(refused) == "rejected"
    accepted = confirm(WHERE, again, mid(1), Confirmation(), ON, override_chain=False)
    assert milestones_of(undo(WHERE, accepted, mid(1), ON))[0].status == "pending"


ACCEPTED_AND_BEYOND = [
    ("accepted", made_to_order(1)),
    ("shipped", made_to_order(3)),
    ("delivered", made_to_order(4)),
]


@pytest.mark.parametrize(("status", "stored"), ACCEPTED_AND_BEYOND)
def test_m42_an_accepted_order_is_not_issued_again(status: str, stored: StoredOrder):
    assert purchase_order_status(stored) == status
    with pytest.raises(Conflict) as caught:
        issued(WHERE, stored, ON)
    assert refusal(caught.value) == ("already_accepted", {})


@pytest.mark.parametrize("stored", [made_to_order(2), draft(), REFUSED, order()])
def test_m47_a_canceled_order_is_not_issued(stored: StoredOrder):
    canceled = msgspec.structs.replace(
        stored, content=msgspec.structs.replace(stored.content, cancelled_at=NOW)
    )
    with pytest.raises(Conflict) as caught:
        issued(WHERE, canceled, ON)
    assert refusal(caught.value) == ("order_not_active", {"status": "canceled"})


def test_m41_the_workflow_s_later_changes_change_no_issued_order():
    after = issued(WHERE, draft(), ON)
    changed = workspace(workflows=(workflow(1, template(8, "acceptance"), is_default=True),))
    tomorrow = issued(changed, after, at(NOW + timedelta(days=1)))
    assert tomorrow.plan is after.plan
    assert tomorrow.milestone_workflow_id == CHOSEN.id


def test_undone_acceptance_can_be_issued_again():
    stored = amended(made_to_order(), 1, undone_at=NOW - timedelta(days=1))
    after = issued(WHERE, stored, ON)
    assert after.plan is stored.plan
    assert isinstance(after.plan, Plan)
