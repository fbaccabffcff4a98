"""Confirming milestones (sections 7.9 and 7.11): M-18 to M-24, M-41, M-43, M-48."""

import asyncio
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERY,
    ISSUED,
    KEY_DATES,
    SAMPLE,
    SEWING,
    SHIPMENT,
    TODAY,
    TOMORROW,
    WORKSPACE,
    YESTERDAY,
    Followed,
    days,
    faulty,
    missing,
    place,
    refused,
    workflow,
)
from tests.surfaces.world import NO_ID, Team, World


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example."""
    with world.clock.at(ISSUED):
        yield


async def test_m18_milestones_by_position(shop: Team) -> None:
    """M-18: the list is sorted by `position`; each milestone is what GET shows of it."""
    order = await place(shop)
    listed = await order.milestones()
    assert [one["position"] for one in listed] == [1, 2, 3, 4, 5]
    assert [one["type"] for one in listed] == [
        "acceptance",
        "custom",
        "production_start",
        "shipment",
        "delivery",
    ]
    assert await order.key_dates() == list(KEY_DATES)
    assert [await order.milestone(position) for position in range(1, 6)] == listed
    assert listed == (await order.shown())["milestones"]
    moment = "2027-02-01T09:30:12Z"
    assert listed[1] == {
        "id": order.id_of(SAMPLE),
        "type": "custom",
        "status": "pending",
        "name": "Sample approved",
        "position": 2,
        "workflow_milestone_id": order.template_of(SAMPLE),
        "owner": "brand",
        "linked_status": None,
        "key_date": "2027-02-12",
        "confirmed_on": None,
        "confirmed_at": None,
        "confirmed_by": None,
        "rejected_at": None,
        "rejected_by": None,
        "rejection_reason": None,
        "note": None,
        "current": False,
        "late": False,
        "prompted_at": None,
        "overdue": False,
        "blocking_task_ids": [],
        "delays": [],
        "created_at": moment,
        "updated_at": moment,
    }


async def test_m18_a_page_of_milestones(shop: Team) -> None:
    """Section 4: milestones are paged by position, with counts and links."""
    order = await place(shop)
    page = await order.call("GET", "/milestones?page=2&per_page=2")
    assert [one["position"] for one in page.ok()["milestones"]] == [3, 4]
    counts = ("X-Page", "X-Per-Page", "X-Total", "X-Total-Pages")
    assert [page.headers[name] for name in counts] == ["2", "2", "5", "3"]
    path = f"/v1/teams/{shop.id}{order.path}/milestones"
    assert page.headers["Link"] == ", ".join(
        f'<{path}?page={number}&per_page=2>; rel="{rel}"'
        for rel, number in (("first", 1), ("prev", 1), ("next", 3), ("last", 3))
    )
    assert (await order.call("GET", "/milestones?page=9")).ok() == {"milestones": []}


async def test_m18_a_milestone_belongs_to_its_order(shop: Team) -> None:
    """M-18: under another order the id is 404, for GET, confirm, reject and undo; so is a workflow milestone's."""
    order, other = await place(shop), await place(shop)
    async with shop.unchanged():
        for stranger in (other.id_of(ACCEPTANCE), order.template_of(ACCEPTANCE), NO_ID, "first"):
            path = f"/milestones/{stranger}"
            missing(await order.call("GET", path), "Milestone")
            for verb in ("confirm", "reject", "undo"):
                missing(await order.call("POST", f"{path}/{verb}", {"reason": "no"}), "Milestone")
    for spelling in (ulid(order.id_of(SAMPLE)), order.id_of(SAMPLE).upper()):
        found = (await order.call("GET", f"/milestones/{spelling}")).ok()["milestone"]
        assert found["id"] == order.id_of(SAMPLE)


async def test_m18_what_is_missing_is_told_before_what_is_faulty(shop: Team) -> None:
    """Section 2, check 8 before 9: an unknown order, then an unknown milestone, then the body's faults."""
    order = await place(shop)
    bad = {"date": "soon", "note": 5}
    async with shop.unchanged():
        for unknown in (NO_ID, "one"):
            path = f"/purchase_orders/{unknown}/milestones/{order.id_of(1)}"
            missing(await shop.milestones_api("POST", f"{path}/confirm", body=bad), "Purchase order")
            missing(await shop.milestones_api("POST", f"{path}/reject", body=bad), "Purchase order")
        missing(await order.call("POST", f"/milestones/{NO_ID}/confirm", bad), "Milestone")
        missing(await order.call("POST", f"/milestones/{NO_ID}/reject", bad), "Milestone")
        missing(await order.call("POST", f"/milestones/{NO_ID}/undo", {"reason": 5}), "Milestone")
        path = f"/workflow_milestones/{NO_ID}"
        missing(await order.call("POST", f"{path}/confirm", bad), "Workflow milestone")
        missing(await order.call("POST", f"{path}/reject", bad), "Workflow milestone")
        faulty(await order.confirm(1, **bad), "date", "note")


async def test_m19_confirm_without_a_body(shop: Team) -> None:
    """M-19: confirmed today by the key; the planned date stays; the next milestone is current."""
    order = await place(shop)
    before = await order.milestones()
    later = ISSUED + days(2)
    with shop.world.clock.at(later):
        answered = (await order.confirm(ACCEPTANCE)).ok()["milestone"]
        after = await order.milestones()
        shown = await order.shown()
    (key,) = await shop.world.pool.fetch("select id, name from api_keys where team_id = $1 limit 1", shop.id)
    moment = "2027-02-03T09:30:12Z"
    assert answered == after[0]
    assert after[0] == {
        **before[0],
        "status": "confirmed",
        "confirmed_on": "2027-02-03",
        "confirmed_at": moment,
        "confirmed_by": {"type": "api_key", "id": str(key["id"]), "name": key["name"]},
        "current": False,
        "prompted_at": None,
        "updated_at": moment,
    }
    assert after[1:] == [{**before[1], "current": True}, *before[2:]]
    assert (shown["status"], shown["current_milestone_id"]) == ("accepted", order.id_of(SAMPLE))
    assert shown["updated_at"] == moment
    assert await order.told() == ["order.milestone.confirmed"]
    event = await order.event()
    assert event["subject_id"] == order.id_of(ACCEPTANCE)
    assert event["new_data"]["confirmed_on"] == "2027-02-03"
    assert event["old_data"] == {
        "status": "pending",
        "confirmed_on": None,
        "confirmed_at": None,
        "confirmed_by": None,
    }


async def test_m19_a_date_and_a_note(shop: Team) -> None:
    """Section 7.9: the day it happened may lie in the past; null counts as absent; the wrapper may be there."""
    order = await place(shop)
    first = (await order.confirm(ACCEPTANCE, date="2027-01-20", note="by telephone")).ok()["milestone"]
    assert (first["confirmed_on"], first["note"], first["key_date"]) == (
        "2027-01-20",
        "by telephone",
        KEY_DATES[0],
    )
    nothing = {
        "date": None,
        "note": None,
        "order_milestone_key_dates": None,
        "workflow_order_milestone_key_dates": None,
        "unknown": 1,
    }
    path = f"/milestones/{order.id_of(SAMPLE)}/confirm"
    second = (await order.call("POST", path, {"purchase_order": nothing})).ok()["milestone"]
    assert (second["confirmed_on"], second["note"]) == (TODAY, None)


async def test_m19_field_faults(shop: Team) -> None:
    """Section 7.9: all faults of a body at once, before any rule of the state."""
    order = await place(shop)
    unreadable: list[Any] = [5, True, "2027-2-1", "2027-02-30", "2027-02-01T00:00:00Z", "", ["2027-02-01"]]
    async with shop.unchanged():
        for value in unreadable:
            faulty(await order.confirm(SAMPLE, date=value), "date")
        faulty(await order.confirm(SAMPLE, note="x" * 2001, date="no"), "date", "note")
        faulty(await order.confirm(SAMPLE, note={}), "note")
        ids = order.id_of(SHIPMENT), order.template_of(DELIVERY)
        hashes = {
            "order_milestone_key_dates": {ids[0]: "soon", order.id_of(DELIVERY): None},
            "workflow_order_milestone_key_dates": {ids[1]: 7},
        }
        faulty(
            await order.confirm(SAMPLE, **hashes),
            f"order_milestone_key_dates.{ids[0]}",
            f"workflow_order_milestone_key_dates.{ids[1]}",
        )
        for value in (1, "x", []):
            faulty(await order.confirm(SAMPLE, order_milestone_key_dates=value), "order_milestone_key_dates")
        for raw in (b"[]", b"nothing", b"5", b'"x"'):
            reply = await shop.milestones_api(
                "POST", f"{order.path}/milestones/{order.id_of(1)}/confirm", body=raw
            )
            assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert (await order.confirm(ACCEPTANCE, note="x" * 2000)).ok()["milestone"]["note"] == "x" * 2000


async def test_m20_out_of_sequence(shop: Team) -> None:
    """M-20: 2 before 1 names the first, and nothing changes."""
    order = await place(shop)
    async with shop.unchanged():
        for position in (SAMPLE, SEWING, SHIPMENT, DELIVERY):
            refused(
                await order.confirm(position), "out_of_sequence", next_milestone_id=order.id_of(ACCEPTANCE)
            )
    await order.confirmed(ACCEPTANCE)
    async with shop.unchanged():
        refused(await order.confirm(DELIVERY), "out_of_sequence", next_milestone_id=order.id_of(SAMPLE))


async def test_m20_dates_of_a_confirmation(shop: Team) -> None:
    """M-20: tomorrow is `date_in_future`, a day before the previous confirmation `dates_out_of_order`; the first
    milestone has no lower bound, and planned dates do not matter."""
    order = await place(shop)
    async with shop.unchanged():
        refused(
            await order.confirm(ACCEPTANCE, date=TOMORROW),
            "date_in_future",
            milestone_ids=[order.id_of(ACCEPTANCE)],
        )
    await order.confirmed(ACCEPTANCE, date=YESTERDAY)
    async with shop.unchanged():
        refused(
            await order.confirm(SAMPLE, date="2027-01-30"),
            "dates_out_of_order",
            milestone_ids=[order.id_of(SAMPLE)],
        )
    await order.confirmed(SAMPLE, date=YESTERDAY)
    await order.confirmed(SEWING, SHIPMENT, DELIVERY)
    assert [one["confirmed_on"] for one in await order.milestones()] == [YESTERDAY, YESTERDAY] + [TODAY] * 3
    ancient = await place(shop)
    assert (await ancient.confirm(ACCEPTANCE, date="0001-01-01")).ok()["milestone"]["confirmed_on"] == (
        "0001-01-01"
    )


async def test_m20_the_first_rule_that_fails_decides(shop: Team) -> None:
    """Section 7.9: `out_of_sequence`, `blocked_by_tasks`, `date_in_future`, in this order."""
    order = await place(shop, "Swatches")
    refused(
        await order.confirm(SAMPLE, date=TOMORROW),
        "out_of_sequence",
        next_milestone_id=order.id_of(ACCEPTANCE),
    )
    await order.confirmed(ACCEPTANCE)
    task = next(one for one in await order.tasks() if one["required"])
    hashes = {"order_milestone_key_dates": {NO_ID: TODAY}}
    async with shop.unchanged():
        refused(
            await order.confirm(SAMPLE, date=TOMORROW, **hashes), "blocked_by_tasks", task_ids=[task["id"]]
        )
    (await order.call("POST", f"/tasks/{task['id']}/complete")).ok()
    async with shop.unchanged():
        refused(
            await order.confirm(SAMPLE, date=TOMORROW, **hashes),
            "date_in_future",
            milestone_ids=[order.id_of(SAMPLE)],
        )
        refused(
            await order.confirm(SAMPLE, **hashes),
            "milestone_not_in_workflow",
            errors={f"order_milestone_key_dates.{NO_ID}": ["no such milestone on this order"]},
        )


async def test_m21_confirming_twice(shop: Team) -> None:
    """M-21: one event; again without a date or with the same one is a no-op that ignores the rest of the body; with
    another it is `already_confirmed`."""
    order = await place(shop)
    await order.confirmed(ACCEPTANCE, date=YESTERDAY, note="first")
    ignored = {"note": "second", "order_milestone_key_dates": {NO_ID: TODAY, order.id_of(SAMPLE): TODAY}}
    with shop.world.clock.at(ISSUED + days(1)):
        async with shop.unchanged():
            for body in ({}, {"date": YESTERDAY}, {"date": None}, ignored, {**ignored, "date": YESTERDAY}):
                again = (await order.confirm(ACCEPTANCE, **body)).ok()["milestone"]
                assert (again["confirmed_on"], again["note"]) == (YESTERDAY, "first")
            for other in (TODAY, "2027-01-30", "2030-01-01"):
                refused(
                    await order.confirm(ACCEPTANCE, date=other),
                    "already_confirmed",
                    milestone_ids=[order.id_of(ACCEPTANCE)],
                )
    assert await order.told() == ["order.milestone.confirmed"]


async def test_m22_required_tasks_block(shop: Team) -> None:
    """M-22: the open required task is named, an optional one never blocks, completing unblocks."""
    order = await (await place(shop, "Swatches")).confirmed(ACCEPTANCE)
    swatches, labels = await order.tasks()
    assert (swatches["title"], swatches["required"], labels["required"]) == ("Send swatches", True, False)
    assert (await order.milestone(SAMPLE))["blocking_task_ids"] == [swatches["id"]]
    late = await order.add_task(title="Ask again", required=True, milestone_id=order.id_of(SAMPLE))
    async with shop.unchanged():
        refused(await order.confirm(SAMPLE), "blocked_by_tasks", task_ids=[swatches["id"], late["id"]])
    for task in (late, swatches):
        (await order.call("POST", f"/tasks/{task['id']}/complete")).ok()
    assert (await order.milestone(SAMPLE))["blocking_task_ids"] == []
    milestone = (await order.confirm(SAMPLE)).ok()["milestone"]
    assert (milestone["status"], milestone["blocking_task_ids"]) == ("confirmed", [])
    assert [one["status"] for one in await order.tasks()] == ["completed", "open", "completed"]


async def test_m23_key_dates_in_a_confirmation(shop: Team) -> None:
    """M-23: the other milestones move in the same change, each told by the timeline's event."""
    order = await place(shop)
    body = {
        "order_milestone_key_dates": {order.id_of(SHIPMENT): "2027-04-16", order.id_of(SEWING): None},
        "workflow_order_milestone_key_dates": {order.template_of(DELIVERY): "2027-05-20"},
        "note": "looms busy",
    }
    (await order.confirm(ACCEPTANCE, **body)).ok()
    assert await order.key_dates() == [KEY_DATES[0], KEY_DATES[1], None, "2027-04-16", "2027-05-20"]
    assert (await order.shown())["ships_on"] == "2027-04-16"
    assert await order.told() == ["order.milestone.confirmed", "order.timeline.updated"]
    changed = (await order.event())["facts"]["milestones"]
    assert [one["id"] for one in changed] == [order.id_of(place) for place in (SEWING, SHIPMENT, DELIVERY)]
    (delay,) = (await order.milestone(SHIPMENT))["delays"]
    assert (delay["source"], delay["old_date"], delay["new_date"]) == ("edit", "2027-04-09", "2027-04-16")


async def test_m23_refused_key_dates_leave_the_milestone_unconfirmed(shop: Team) -> None:
    """M-23: whatever is wrong with a date of the hashes refuses all of it."""
    order = await place(shop)
    shipment, delivery = order.id_of(SHIPMENT), order.id_of(DELIVERY)
    async with shop.unchanged():
        refused(
            await order.confirm(ACCEPTANCE, order_milestone_key_dates={shipment: "2027-06-01"}),
            "dates_out_of_order",
            milestone_ids=[shipment],
        )
        refused(
            await order.confirm(
                ACCEPTANCE,
                order_milestone_key_dates={delivery: "2027-06-01"},
                workflow_order_milestone_key_dates={order.template_of(DELIVERY): "2027-06-02"},
            ),
            "conflicting_dates",
            milestone_ids=[delivery],
        )
        refused(
            await order.confirm(
                ACCEPTANCE, date=TODAY, order_milestone_key_dates={order.id_of(ACCEPTANCE): YESTERDAY}
            ),
            "conflicting_dates",
            milestone_ids=[order.id_of(ACCEPTANCE)],
        )
        unknown = {ulid(NO_ID): TODAY, "first": TODAY}
        refused(
            await order.confirm(ACCEPTANCE, workflow_order_milestone_key_dates=unknown),
            "milestone_not_in_workflow",
            errors={
                f"workflow_order_milestone_key_dates.{one}": ["no such milestone on this order"]
                for one in unknown
            },
        )
    own = {"order_milestone_key_dates": {order.id_of(ACCEPTANCE): YESTERDAY}}
    confirmed = (await order.confirm(ACCEPTANCE, date=YESTERDAY, **own)).ok()["milestone"]
    assert (confirmed["confirmed_on"], confirmed["key_date"]) == (YESTERDAY, KEY_DATES[0])


async def test_m24_by_workflow_milestone(shop: Team) -> None:
    """M-24: the very order milestone changes; on an order of another workflow, and by an order milestone's id, it is
    404."""
    order, short = await place(shop), await place(shop, "Short")
    path = f"/workflow_milestones/{order.template_of(ACCEPTANCE)}"
    answered = (await order.call("POST", f"{path}/confirm", {"note": "yes"})).ok()["milestone"]
    assert answered == await order.milestone(ACCEPTANCE)
    assert (answered["id"], answered["status"], answered["note"]) == (
        order.id_of(ACCEPTANCE),
        "confirmed",
        "yes",
    )
    again = await order.call("POST", f"/workflow_milestones/{ulid(order.template_of(ACCEPTANCE))}/confirm")
    assert again.ok()["milestone"] == answered
    rejected = await order.call(
        "POST",
        f"/workflow_milestones/{order.template_of(SAMPLE)}/reject",
        {"reason": "no", "date": "2027-02-13"},
    )
    assert rejected.ok()["milestone"] == await order.milestone(SAMPLE)
    async with shop.unchanged():
        for stranger in (short.template_of(ACCEPTANCE), order.id_of(ACCEPTANCE), NO_ID, "x"):
            for verb in ("confirm", "reject"):
                reply = await order.call("POST", f"/workflow_milestones/{stranger}/{verb}", {"reason": "no"})
                missing(reply, "Workflow milestone")
        for tail in (f"{path}/undo", path, f"{path}/delay"):
            reply = await order.call("POST", tail)
            assert (reply.status, reply.json) == (404, {"error": "Not found", "code": "not_found"})


async def test_m41_a_workflow_edited_after_issue(world: World) -> None:
    """M-41: issued orders keep their milestones; one added to the workflow is 404 on them, on new ones it is not."""
    team = await world.team()
    await team.apply({"workflows": [workflow("Plain", ACCEPTANCE, SAMPLE, default=True)]})
    order = await place(team)
    before = await order.milestones()
    edited = workflow("Plain", ACCEPTANCE, SAMPLE, DELIVERY, default=True, at2={"owner": "supplier"})
    await team.apply({"workflows": [edited]})
    assert await order.milestones() == before
    newer = await place(team)
    assert [one["type"] for one in await newer.milestones()] == ["acceptance", "custom", "delivery"]
    assert newer.templates[:2] == order.templates
    async with team.unchanged():
        reply = await order.call("POST", f"/workflow_milestones/{newer.templates[2]}/confirm")
        missing(reply, "Workflow milestone")
    await order.confirmed(1, 2)
    assert await order.status() == "completed"


async def test_m43_the_status_follows_the_milestones(shop: Team) -> None:
    """M-43: accepted, (a custom one changes nothing,) in_production, shipped, delivered."""
    order = await place(shop)
    seen = [await order.status()]
    for position in (ACCEPTANCE, SAMPLE, SEWING, SHIPMENT, DELIVERY):
        await order.confirmed(position)
        seen.append(await order.status())
    assert seen == ["issued", "accepted", "accepted", "in_production", "shipped", "delivered"]
    shown = await order.shown()
    assert (shown["current_milestone_id"], shown["late"], shown["overdue"]) == (None, False, False)


async def test_m43_completed(shop: Team) -> None:
    """M-43: without shipment and delivery an order ends `completed`; also one of a single milestone."""
    order = await (await place(shop, "Short")).confirmed(ACCEPTANCE)
    assert await order.status() == "accepted"
    await order.confirmed(SAMPLE)
    assert await order.status() == "completed"


async def test_m48_twenty_at_once(shop: Team) -> None:
    """M-48: all are 200, with one event and one `confirmed_at`."""
    shop.world.clock.frozen = None  # so that each has its own moment
    order = await place(shop)
    replies = await asyncio.gather(*(order.confirm(ACCEPTANCE) for _ in range(20)))
    shown = [reply.ok()["milestone"] for reply in replies]
    assert all(one == shown[0] for one in shown)
    assert shown[0] == await order.milestone(ACCEPTANCE)
    assert await order.told() == ["order.milestone.confirmed"]


async def test_m48_confirm_and_reject_at_once(shop: Team) -> None:
    """M-48: of opposite moves at once, one after the other decides: never both."""
    for _ in range(5):
        order: Followed = await place(shop)
        replies = await asyncio.gather(
            *(order.confirm(ACCEPTANCE) for _ in range(4)),
            *(order.reject(ACCEPTANCE, reason="no") for _ in range(4)),
        )
        told = await order.told()
        state = (await order.milestone(ACCEPTANCE))["status"]
        assert state == "confirmed"  # a refused order may still be accepted, an accepted one not refused
        assert told in (
            ["order.milestone.confirmed"],
            ["order.milestone.rejected", "order.milestone.confirmed"],
        )
        assert {reply.status for reply in replies} <= {200, 422}
        assert all(reply.status == 200 for reply in replies[:4])
