"""Orders are issued, and issued again (sections 7.19, 8.4 and 8.8)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    ISSUED,
    KEY_DATES,
    TODAY,
    TOMORROW,
    WORKSPACE,
    Followed,
    place,
    refused,
    workflow,
)
from tests.surfaces.world import Reply, Team, World


@pytest.fixture
async def plain(team: Team) -> Team:
    await team.apply(WORKSPACE)
    return team


async def issue(order: Followed) -> Reply:
    return await order.call("POST", "/issue")


async def issued(order: Followed) -> dict[str, Any]:
    """An issue that must be granted; the order as it is answered, which is as GET shows it."""
    shown: dict[str, Any] = (await issue(order)).ok()["purchase_order"]
    assert shown == await order.shown()
    return shown


async def test_m42_issue_of_a_draft(plain: Team):
    """M-42: issue of a draft creates its milestones."""
    with plain.world.clock.at(ISSUED):
        draft = await place(plain, draft=True)
    with plain.world.clock.at(ISSUED + timedelta(days=1)):
        shown = await issued(draft)
    assert (shown["status"], shown["issued_at"], shown["last_issued_at"]) == ("issued", TOMORROW, TOMORROW)
    assert [one["key_date"] for one in shown["milestones"]] == ["2027-02-05", *KEY_DATES[1:]]
    assert [one["status"] for one in shown["milestones"]] == ["pending"] * 5
    assert [one["created_at"] for one in shown["milestones"]] == ["2027-02-02T09:30:12Z"] * 5
    assert shown["current_milestone_id"] == shown["milestones"][0]["id"]
    assert shown["milestones"][0]["prompted_at"] == shown["updated_at"] == "2027-02-02T09:30:12Z"
    assert shown["created_at"] == "2027-02-01T09:30:12Z"
    assert await draft.told() == ["order.updated"]
    event = await draft.event()
    assert event["old_data"] == {"issued_at": None, "last_issued_at": None}
    assert event["new_data"] == {"issued_at": TOMORROW, "last_issued_at": TOMORROW}


async def test_an_issued_order_is_a_regular_one(plain: Team):
    """Section 8.9: the Orders API shows NOT_READY for the draft, the Status API counts it among the drafts."""
    await plain.apply({**WORKSPACE, "settings": {}})
    draft = await place(plain, draft=True)

    async def kinds() -> list[int]:
        replies = [await plain.get("/orders", order_type=kind) for kind in ("DRAFT", "REGULAR")]
        return [reply.ok()["pagination"]["total"] for reply in replies]

    assert await kinds() == [1, 0]
    await issued(draft)
    assert await kinds() == [0, 1]


async def test_tasks_of_templates_come_with_the_issue(plain: Team):
    draft = await place(plain, "Swatches", draft=True)
    assert await draft.tasks() == []
    note = await draft.add_task(title="Call the mill")
    shown = await issued(draft)
    sample = shown["milestones"][1]
    tasks = {task["title"]: task for task in await draft.tasks()}
    assert set(tasks) == {"Call the mill", "Send swatches", "Order labels"}
    assert tasks["Call the mill"]["id"] == note["id"]
    assert tasks["Send swatches"]["milestone_id"] == tasks["Order labels"]["milestone_id"] == sample["id"]
    assert (tasks["Send swatches"]["due_date"], tasks["Order labels"]["due_date"]) == ("2027-02-11", None)
    assert sample["blocking_task_ids"] == [tasks["Send swatches"]["id"]]
    assert await draft.told() == ["order.task.created", "order.updated"]


async def test_the_snapshot_is_of_the_day_of_issue(plain: Team):
    """Section 8.4: the workflow as it is at issue; of one that was deleted meanwhile, the default takes its place."""
    kept, gone = await place(plain, "Short", draft=True), await place(plain, "Undated", draft=True)
    short = workflow("Short", 1, 2)
    short["milestones"] = [*short["milestones"], {"name": "Customs", "type": "custom"}]
    await plain.apply(
        {"workflows": [WORKSPACE["workflows"][0], WORKSPACE["workflows"][1], short]}, prune=True
    )
    shown = await issued(kept)
    assert [one["name"] for one in shown["milestones"]] == ["Order accepted", "Sample approved", "Customs"]
    shown = await issued(gone)
    assert shown["workflow_id"] == plain.known["workflow:Plain"]
    assert len(shown["milestones"]) == 5


async def test_m42_re_issue_of_a_refused_order(plain: Team):
    """M-42: re-issue of a refused order gives `issued` with acceptance `pending` and its rejection cleared."""
    with plain.world.clock.at(ISSUED):
        order = await place(plain)
        (await order.reject(ACCEPTANCE, reason="too dear", note="call us")).ok()
        assert await order.status() == "rejected"
    with plain.world.clock.at(ISSUED + timedelta(days=1)):
        shown = await issued(order)
    first = shown["milestones"][0]
    assert (shown["status"], shown["issued_at"], shown["last_issued_at"]) == ("issued", TODAY, TOMORROW)
    assert {name: first[name] for name in ("status", "rejected_at", "rejected_by", "rejection_reason")} == {
        "status": "pending",
        "rejected_at": None,
        "rejected_by": None,
        "rejection_reason": None,
    }
    assert (first["prompted_at"], first["current"]) == ("2027-02-02T09:30:12Z", True)
    assert await order.told() == ["order.milestone.rejected", "order.timeline.updated", "order.updated"]


async def test_re_issue_of_a_refused_order_on_the_same_day(plain: Team):
    """Section 11: `order.updated` only when `last_issued_at` changed."""
    with plain.world.clock.at(ISSUED):
        order = await place(plain)
        (await order.reject(ACCEPTANCE, reason="too dear")).ok()
    with plain.world.clock.at(ISSUED + timedelta(hours=2)):
        shown = await issued(order)
    assert (shown["status"], shown["last_issued_at"]) == ("issued", TODAY)
    assert shown["milestones"][0]["prompted_at"] == "2027-02-01T11:30:12Z"
    assert await order.told() == ["order.milestone.rejected", "order.timeline.updated"]


async def test_re_issue_of_an_issued_order(plain: Team):
    """The acceptance milestone is prompted anew; on the day of the last issue nothing changes."""
    with plain.world.clock.at(ISSUED):
        order = await place(plain)
    with plain.world.clock.at(ISSUED + timedelta(hours=3)):
        async with plain.unchanged():
            assert (await issued(order))["last_issued_at"] == TODAY
    with plain.world.clock.at(ISSUED + timedelta(days=3)):
        assert (await order.shown())["overdue"] is True
        shown = await issued(order)
        assert (shown["issued_at"], shown["last_issued_at"]) == (TODAY, "2027-02-04")
        assert (shown["overdue"], shown["status"]) == (False, "issued")
        assert shown["milestones"][0]["prompted_at"] == "2027-02-04T09:30:12Z"
        async with plain.unchanged():
            await issued(order)
    assert await order.told() == ["order.updated"]
    assert (await order.event())["new_data"] == {"last_issued_at": "2027-02-04"}


async def test_the_day_is_the_team_s(world: World):
    team = await world.team()
    await team.apply({**WORKSPACE, "team": {"time_zone": "America/Los_Angeles"}})
    with world.clock.at(datetime(2027, 2, 2, 7, 59, tzinfo=UTC)):
        order = await place(team)
        assert (await order.shown())["issued_at"] == TODAY
    with world.clock.at(datetime(2027, 2, 2, 8, 0, tzinfo=UTC)):
        assert (await issued(order))["last_issued_at"] == TOMORROW


@pytest.mark.parametrize("confirmed", [1, 3, 4, 5])
async def test_m42_issue_of_an_accepted_order(plain: Team, confirmed: int):
    """M-42: issue of an accepted or later one is `already_accepted`."""
    order = await (await place(plain)).confirmed(*range(1, confirmed + 1))
    async with plain.unchanged():
        refused(await issue(order), "already_accepted")


async def test_issue_of_a_canceled_order(plain: Team):
    order, draft = await place(plain), await place(plain, draft=True)
    for one in (order, draft):
        await one.cancel()
        async with plain.unchanged():
            refused(await issue(one), "order_not_active", status="canceled")


async def test_issue_without_any_workflow(team: Team):
    await team.apply({"workflows": []}, prune=True)
    with team.world.clock.at(ISSUED):
        draft = await place(team, draft=True)
        shown = await issued(draft)
    assert (shown["status"], shown["milestones"], shown["workflow_id"]) == ("issued", [], None)
    assert (shown["issued_at"], shown["current_milestone_id"]) == (TODAY, None)


async def test_a_body_is_ignored_unless_it_is_none(plain: Team):
    draft = await place(plain, draft=True)
    reply = await plain.milestones_api("POST", f"{draft.path}/issue", body=b"[1]")
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert (await draft.call("POST", "/issue", {"draft": True})).ok()["purchase_order"]["status"] == "issued"


async def test_issues_at_once(plain: Team):
    """Simultaneous issues of one draft all succeed; one of them changes something."""
    draft = await place(plain, draft=True)
    replies = await asyncio.gather(*(issue(draft) for _ in range(10)))
    assert [reply.status for reply in replies] == [200] * 10
    assert len({str(reply.json["purchase_order"]["milestones"]) for reply in replies}) == 1
    assert await draft.told() == ["order.updated"]
    assert len(await draft.milestones()) == 5
