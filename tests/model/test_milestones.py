"""What issuing takes over from a workflow, and which dates it gives (Milestones API, 8.4 and 8.5)."""

from datetime import UTC, date, datetime

from milepost.model.milestones import issued_plan
from milepost.model.workflow import KeyDateRule, TaskTemplate, WorkflowMilestone

TODAY = date(2026, 5, 4)
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def milestone(position, kind="custom", rule=None, tasks=()):
    return WorkflowMilestone(
        id=f"m{position}",
        name=f"M{position}",
        position=position,
        type=kind,
        owner="supplier",
        key_date_rule=rule,
        task_templates=tasks,
    )


def dates(milestones, ships_on=None, delivered_on=None):
    return [
        one.key_date
        for one in issued_plan(
            milestones, TODAY, NOW, ships_on=ships_on, delivered_on=delivered_on
        ).milestones
    ]


def test_shipment_and_delivery_take_the_order_s_dates():
    workflow = [milestone(1, "acceptance"), milestone(2, "shipment"), milestone(3, "delivery")]
    assert dates(workflow, date(2026, 6, 1), date(2026, 6, 9)) == [None, date(2026, 6, 1), date(2026, 6, 9)]
    assert dates(workflow) == [None, None, None]


def test_rules_reckon_from_their_anchor():
    workflow = [
        milestone(1, "acceptance", KeyDateRule("issued_at", 3)),
        milestone(2, "custom", KeyDateRule("ships_on", -7)),
        milestone(3, "shipment"),
        milestone(4, "custom", KeyDateRule("delivered_on", 0)),
        milestone(5, "delivery"),
    ]
    assert dates(workflow, date(2026, 6, 1), date(2026, 6, 9)) == [
        date(2026, 5, 7),
        date(2026, 5, 25),
        date(2026, 6, 1),
        date(2026, 6, 9),
        date(2026, 6, 9),
    ]
    assert dates(workflow) == [date(2026, 5, 7), None, None, None, None]


def test_a_reckoned_date_that_breaks_the_order_stays_open():
    workflow = [
        milestone(1, "acceptance", KeyDateRule("issued_at", 40)),
        milestone(2, "custom", KeyDateRule("issued_at", 10)),
        milestone(3, "custom", KeyDateRule("issued_at", 9)),
        milestone(4, "shipment"),
        milestone(5, "custom", KeyDateRule("ships_on", -1)),
    ]
    # The first lies after the shipment; the third before the second; the last before the shipment.
    assert dates(workflow, date(2026, 6, 1)) == [None, date(2026, 5, 14), None, date(2026, 6, 1), None]


def test_equal_dates_are_fine():
    workflow = [milestone(1, "acceptance", KeyDateRule("ships_on", 0)), milestone(2, "shipment")]
    assert dates(workflow, TODAY) == [TODAY, TODAY]


def test_they_come_by_position():
    plan = issued_plan([milestone(2), milestone(1, "acceptance")], TODAY, NOW)
    assert [one.workflow_milestone_id for one in plan.milestones] == ["m1", "m2"]


def test_tasks_are_due_before_the_key_date():
    tasks = (TaskTemplate("Book the truck", True, 7), TaskTemplate("Whenever"))
    plan = issued_plan([milestone(1, "shipment", tasks=tasks)], TODAY, NOW, ships_on=date(2026, 6, 1))
    assert [(task.title, task.required, task.due_date) for task in plan.tasks] == [
        ("Book the truck", True, date(2026, 5, 25)),
        ("Whenever", False, None),
    ]
    assert {task.milestone_id for task in plan.tasks} == {plan.milestones[0].id}
    undated = issued_plan([milestone(1, "shipment", tasks=tasks)], TODAY, NOW)
    assert [task.due_date for task in undated.tasks] == [None, None]


def test_a_date_beyond_the_calendar_stays_open():
    workflow = [milestone(1, "acceptance", KeyDateRule("issued_at", 10**7))]
    assert dates(workflow) == [None]
