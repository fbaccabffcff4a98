"""Who hears of a purchase order: of its making, issue and edits, of its tasks, and who is sent it (Milestones API,
section 8.8; Orders API, section 14)."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from milepost.kit.ids import new_id
from milepost.model.events import event_instant
from milepost.model.purchase_order_lines import LineWish
from milepost.model.urgency import plan_of, purchase_order_status
from tests.core.told import by, statuses
from tests.core.works import DAY, NOW, SHIPS_ON, TODAY, Works, find


@pytest.fixture
async def works(pool) -> Works:
    return await Works.begin(pool)


# Making and issuing ---------------------------------------------------------------------------------------


async def test_creating_tells_of_the_order_alone(works):
    """Milestones and the tasks of templates come without a word."""
    for is_draft in (False, True):
        order = await works.make(is_draft=is_draft)
        (event,) = await works.events(order.id)
        assert (event["type"], event["sequence"], event["subject_id"]) == ("order.created", 1, None)
        assert (event["old_data"], event["new_data"]["order_number"]) == ({}, order.content.order_number)
        read = await works.planned(order.id)
        assert (order.plan, order.items, order.attention_at) == (read.plan, read.items, read.attention_at)
        assert order.milestone_workflow_id == read.milestone_workflow_id is not None


async def test_issuing_a_draft(works):
    draft = await works.make(is_draft=True)
    works.turn(DAY)
    async with works.telling(draft.id) as told:
        issued = await works.issue(draft.id)
    changed = {"status": "READY", "issued_at": "2027-02-02", "last_issued_at": "2027-02-02"}
    assert told == [
        ("order.updated", None, {"status": "NOT_READY", "issued_at": None, "last_issued_at": None}, changed)
    ]
    assert purchase_order_status(issued) == "issued"
    assert len(plan_of(issued).milestones) == 5
    assert issued == await works.planned(draft.id)


async def test_issuing_again(works):
    """On the day of the newest issue nothing happens, later only the date is new."""
    order = await works.make()
    await works.unchanged(lambda: works.issue(order.id))
    works.turn(DAY)
    async with works.telling(order.id) as told:
        again = await works.issue(order.id)
    assert told == [
        ("order.updated", None, {"last_issued_at": "2027-02-01"}, {"last_issued_at": "2027-02-02"})
    ]
    assert (again.issued_on, again.last_issued_at) == (TODAY, works.now)


@pytest.mark.parametrize("later", [timedelta(hours=1), DAY])
async def test_m42_issuing_a_refused_order(works, later):
    """M-42: the acceptance milestone is reset; `order.updated` only when the day of the issue changed."""
    order = await works.make()
    await works.reject(order, "Accepted", reason="too dear")
    works.turn(later)
    async with works.telling(order.id) as told:
        again = await works.issue(order.id)
    timeline, *updated = told
    assert timeline == ("order.timeline.updated", None, {}, {})
    dates = {"last_issued_at": "2027-02-01"}, {"last_issued_at": "2027-02-02"}
    assert updated == ([("order.updated", None, *dates)] if later == DAY else [])
    told_of = (await works.events(order.id))[-1 - len(updated)]["facts"]
    accepted = find(order, "Accepted")
    assert told_of["reason"] is None
    assert told_of["milestones"] == [
        {
            "id": accepted.id,
            "type": "acceptance",
            "name": "Accepted",
            "old_data": {
                "status": "rejected",
                "rejected_at": event_instant(NOW),
                "rejected_by": by(works),
                "rejection_reason": "too dear",
            },
            "new_data": {
                "status": "pending",
                "rejected_at": None,
                "rejected_by": None,
                "rejection_reason": None,
            },
        }
    ]
    assert again.last_issued_at == works.now
    assert (purchase_order_status(again), again) == ("issued", await works.planned(order.id))


# Editing --------------------------------------------------------------------------------------------------


async def test_an_edit_of_everything(works):
    """The order's own fields first, then dates, then each line."""
    order = await works.make()
    works.turn()
    async with works.telling(order.id) as told:
        after = await works.patch(
            order.id,
            members={"name": "Aprons", "payment_terms": "net 45"},
            dates={"ships_on": date(2027, 4, 12)},
            items=(
                LineWish(id=order.items[0].id, members={"quantity": Decimal(1100)}),
                LineWish(members={"quantity": Decimal(3), "description": "Bag"}),
            ),
        )
    own, timeline, changed, added = told
    assert own == (
        "order.updated",
        None,
        {"name": None, "payment_terms": None},
        {"name": "Aprons", "payment_terms": "net 45"},
    )
    assert timeline[0] == "order.timeline.updated"
    amounts = {"amount": {"unit": "EA", "value": "1200"}}, {"amount": {"unit": "EA", "value": "1100"}}
    assert changed == ("order.item.updated", order.items[0].id, *amounts)
    assert (added[0], added[1], added[3]["description"]) == (
        "order.item.created",
        after.items[2].id,
        "Bag",
    )
    facts = (await works.events(order.id))[2]["facts"]
    assert (facts["reason"], [one["name"] for one in facts["milestones"]]) == (None, ["Shipped"])
    assert facts["milestones"][0]["old_data"] == {"key_date": "2027-04-09"}
    assert facts["milestones"][0]["new_data"] == {"key_date": "2027-04-12"}
    (delay,) = find(after, "Shipped").delays
    assert (delay.old_date, delay.new_date, delay.source) == (SHIPS_ON, date(2027, 4, 12), "edit")
    assert (after.content.ships_on, after) == (date(2027, 4, 12), await works.planned(order.id))
    await works.unchanged(lambda: works.patch(order.id, members={"name": "Aprons"}))
    await works.unchanged(lambda: works.patch(order.id))


async def test_an_edit_of_a_draft_tells_dates_with_the_order(works):
    draft = await works.make(is_draft=True)
    async with works.telling(draft.id) as told:
        await works.patch(draft.id, dates={"ships_on": date(2027, 4, 1)}, members={"note": "soon"})
    changed = {"note": "soon", "ships_on": "2027-04-01"}
    assert told == [("order.updated", None, {"note": None, "ships_on": "2027-04-09"}, changed)]


async def test_a_date_that_no_milestone_carries_is_told_with_the_order(works):
    workflow_id = next(one.id for one in (await works.workspace()).workflows if one.name == "Short")
    order = await works.make(milestone_workflow_id=workflow_id)
    async with works.telling(order.id) as told:
        await works.patch(order.id, dates={"ships_on": None})
    assert told == [("order.updated", None, {"ships_on": "2027-04-09"}, {"ships_on": None})]


async def test_an_edit_of_dates_alone(works):
    order = await works.make()
    async with works.telling(order.id) as told:
        await works.patch(order.id, dates={"delivered_on": date(2027, 5, 1)})
    assert [one[0] for one in told] == ["order.timeline.updated"]


async def test_an_edit_that_brings_new_tags(works):
    order = await works.make(tags=("spring",))
    async with works.telling(order.id) as told:
        after = await works.patch(order.id, tags=("spring", "Été"))
    ((kind, _, old, new),) = told
    assert (kind, [tag["name"] for tag in old["tags"]]) == ("order.updated", ["spring"])
    assert [tag["name"] for tag in new["tags"]] == ["spring", "Été"]
    assert (after.tags, len(await works.rows("tags"))) == ((await works.planned(order.id)).tags, 2)
    await works.unchanged(lambda: works.patch(order.id, tags=("Été", "spring")))


# Tasks ----------------------------------------------------------------------------------------------------


async def test_tasks(works):
    """A new task and its completion are told; edits and reopening are not, though the order changed."""
    order = await works.make()
    async with works.telling(order.id) as told:
        task_id = await works.add_task(
            order.id, title="Call", milestone_id=find(order, "Sample").id, required=True, due_date=TODAY
        )
    assert told == [("order.task.created", task_id, {}, {})]
    facts = {
        "order_number": order.content.order_number,
        "order_type": "PURCHASE_ORDER",
        "milestone_id": find(order, "Sample").id,
        "title": "Call",
        "assignee": None,
        "due_date": "2027-02-01",
        "required": True,
        "status": "open",
        "completed_at": None,
    }
    assert (await works.events(order.id))[-1]["facts"] == facts
    works.turn()
    async with works.telling(order.id) as told:
        await works.complete(order.id, task_id)
    done = {"status": "completed", "completed_at": event_instant(works.now), "completed_by": by(works)}
    undone = {"status": "open", "completed_at": None, "completed_by": None}
    assert told == [("order.task.completed", task_id, undone, done)]
    done_facts = {**facts, "status": "completed", "completed_at": event_instant(works.now)}
    assert (await works.events(order.id))[-1]["facts"] == done_facts


async def test_m40_what_tells_nothing_of_tasks(works):
    """M-40: repeats change nothing; reopening and edits change the order without a word."""
    order = await works.make()
    task_id = plan_of(order).tasks[0].id
    await works.unchanged(lambda: works.reopen(order.id, task_id))
    await works.complete(order.id, task_id)
    works.turn()
    await works.unchanged(lambda: works.complete(order.id, task_id))
    for act in (lambda: works.reopen(order.id, task_id), lambda: works.retitle(order.id, task_id, "Wool")):
        before = await works.planned(order.id)
        works.turn()
        async with works.telling(order.id) as told:
            after = await act()
        assert told == []
        assert (after.version, after.updated_at) == (before.version + 1, works.now)
        assert after == await works.planned(order.id)
    await works.unchanged(lambda: works.retitle(order.id, task_id, "Wool"))
    async with works.telling(order.id) as told:
        await works.complete(order.id, task_id)
    assert [one[0] for one in told] == ["order.task.completed"]


# Who is sent it -------------------------------------------------------------------------------------------


async def _hook(works: Works, *events: str) -> None:
    await works.pool.execute(
        """insert into webhooks (team_id, id, url, enabled_events, error_contact_email, include_updated_object,
             sealed_secret, created_at, updated_at)
           values ($1, $2, 'https://receiver.example/', $3, 'a@b.example', true, '', now(), now())""",
        works.team_id,
        new_id(),
        list(events),
    )
    await works.pool.execute("update teams set version = version + 1 where team_id = $1", works.team_id)


async def test_webhooks_are_told(works):
    """A delivery for each event that is wanted; of the timeline with the order as it became."""
    await _hook(works, "order.milestone.confirmed", "order.timeline.updated", "order.task.completed")
    order = await works.confirm(await works.make(), "Accepted")
    order = await works.edit(order.id, {"Shipped": date(2027, 4, 1)})
    await works.complete(order.id, plan_of(order).tasks[0].id)
    rows = await works.pool.fetch(
        "select event_name, sequence, body from deliveries where team_id = $1 order by sequence",
        works.team_id,
    )
    assert [(row["event_name"], row["sequence"]) for row in rows] == [
        ("order.milestone.confirmed", 2),
        ("order.timeline.updated", 3),
        ("order.task.completed", 4),
    ]
    told = json.loads((await works.events(order.id))[2]["new_object"])
    assert told["order_number"] == order.content.order_number
    assert told["updated_at"] == event_instant(order.updated_at).replace("+00:00", "Z")
    assert '"new_object":{' in rows[1]["body"]
    assert '"new_object"' not in rows[0]["body"] + rows[2]["body"]


async def test_customers_hear_of_the_status(works):
    """With the notifications of the Status API; an undo tells nobody."""
    works.channels = frozenset(("email",))
    order = await works.make()
    for name in ("Accepted", "Sample", "Started"):
        order = await works.confirm(order, name)
    assert await works.rows("messages") == []
    order = await works.confirm(order, "Shipped")
    (message,) = await works.rows("messages")
    (event,) = [
        event
        for event in await works.events(order.id)
        if event["type"] == "order.status.changed" and event["sequence"] == order.status_seq
    ]
    assert (message["event_id"], message["channel"], message["recipient"]) == (
        event["id"],
        "email",
        "ines@mail.example",
    )
    assert (message["status_id"], message["created_at"]) == (
        (await statuses(works))["On its way"].id,
        works.now,
    )
    await works.undo(order, "Shipped")
    assert len(await works.rows("messages")) == 1
