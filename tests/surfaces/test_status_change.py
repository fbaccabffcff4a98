"""POST /v1/orders/{order_id}/status (contract, section 10, rules 22.1 to 22.4; S-28 to S-33)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.world import BASICS, NO_ID, NOTHING_SENT, Team, World, item


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [
                *BASICS["statuses"],
                {"name": "Build 1", "color": "#abcdef", "workflow": "Build"},
                {"name": "Build gift", "addon": True, "workflow": "Build"},
                {"name": "Refit 1", "workflow": "Refit"},
                {"name": "Timed", "max_duration": {"seconds": 60}, "sub_status_group": "Coats"},
            ],
            "workflows": [{"name": "Build"}, {"name": "Refit"}],
        }
    )
    return team


def short(identifier: str) -> str:
    """How events spell an id."""
    return ulid(identifier)


async def test_s28_the_answer_of_a_change(shop):
    """S-28: exactly `message`, `order`, `notifications`; a GET then shows the status as `custom_status`."""
    order = await shop.order("#S28", shopify_kind="Order", shopify_id=28)
    assert await shop.moved(order, shop.known["A"]) == {
        "message": "Order status updated successfully",
        "order": {
            "id": order,
            "shopify_order_id": "gid://shopify/Order/28",
            "name": "#S28",
            "status": {"id": shop.known["A"], "name": "A", "color": "#AA0001"},
            "sub_status": None,
        },
        "notifications": NOTHING_SENT,
    }
    assert await shop.moved(order, shop.known["Coated"], shop.known["Coats/Second"]) == {
        "message": "Order status updated successfully",
        "order": {
            "id": order,
            "shopify_order_id": "gid://shopify/Order/28",
            "name": "#S28",
            "status": {"id": shop.known["Coated"], "name": "Coated", "color": "#0000D4"},
            "sub_status": {"id": shop.known["Coats/Second"], "name": "Second"},
        },
        "notifications": NOTHING_SENT,
    }
    seen = await shop.read(order)
    assert seen["custom_status"] == {"id": shop.known["Coated"], "name": "Coated", "color": "#0000D4"}
    assert seen["custom_sub_status"] == {"id": shop.known["Coats/Second"], "name": "Second"}


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"])
async def test_the_answer_is_the_same_in_every_version(shop, version):
    order = await shop.order()
    await shop.moved(order, shop.known["B"])
    plain = await shop.moved(order, shop.known["A"])
    await shop.moved(order, shop.known["B"])
    assert await shop.moved(order, shop.known["A"], version=version) == plain
    (await shop.move(order, NO_ID, version=version)).refused("unknown_status", fields=["status_id"])


async def test_a_change_is_one_event_and_one_version(shop):
    order = await shop.order()
    before = await shop.row(order)
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"])
    after = await shop.row(order)
    assert (after["version"], after["event_seq"]) == (before["version"] + 1, before["event_seq"] + 1)
    event = (await shop.events(order))[-1]
    assert (event["type"], event["sequence"], event["subject_id"]) == ("order.status.changed", 2, None)
    assert event["old_data"] == {"custom_status": None, "custom_sub_status": None}
    assert event["new_data"] == {
        "custom_status": {"id": short(shop.known["Coated"]), "name": "Coated", "color": "#0000D4"},
        "custom_sub_status": {"id": short(shop.known["Coats/First"]), "name": "First"},
    }
    assert event["actor_kind"] == "api_key"
    assert event["effective_at"] == event["recorded_at"] == after["status_entered_at"] == after["updated_at"]
    await shop.moved(order, shop.known["B"])
    event = (await shop.events(order))[-1]
    assert event["new_data"] == {
        "custom_status": {"id": short(shop.known["B"]), "name": "B", "color": "#BB0002"},
        "custom_sub_status": None,
    }


# The target -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "option", "code"),
    [
        ("Coated", None, "sub_status_required"),
        ("Lacquer", None, "sub_status_required"),
        ("Coated", "Boxes/Small", "unknown_sub_status"),
        ("Coated", NO_ID, "unknown_sub_status"),
        ("Coated", "", "unknown_sub_status"),
        ("Coated", "First", "unknown_sub_status"),
        ("Lacquer", "Boxes/Small", "unknown_sub_status"),
        ("A", "Coats/First", "unknown_sub_status"),
        ("B", "Coats/First", "unknown_sub_status"),
        ("Gift", "Coats/First", "unknown_sub_status"),
        ("Coated", "A", "unknown_sub_status"),
    ],
)
async def test_s29_sub_statuses(shop, status, option, code):
    """S-29: options demand one of them; an option of another group, or where there are none, is unknown; and
    nothing changes."""
    order = await shop.order()
    body = {"status_id": shop.known[status]}
    if option is not None:
        body["sub_status_option_id"] = shop.known.get(option, option)
    async with shop.unchanged():
        (await shop.post(f"/orders/{order}/status", body)).refused(code, fields=["sub_status_option_id"])


async def test_a_group_without_options_requires_nothing(shop):
    order = await shop.order()
    assert (await shop.moved(order, shop.known["B"]))["order"]["sub_status"] is None


async def test_a_group_can_serve_several_statuses(shop):
    order = await shop.order()
    for status in ("Coated", "Timed", "Lacquer"):
        moved = await shop.moved(order, shop.known[status], shop.known["Coats/First"])
        assert moved["order"]["sub_status"] == {"id": shop.known["Coats/First"], "name": "First"}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"status_id": NO_ID}, "unknown_status", "status_id"),
        ({"status_id": ""}, "unknown_status", "status_id"),
        ({"status_id": "A"}, "unknown_status", "status_id"),
        ({"status_id": "a\x00b"}, "unknown_status", "status_id"),
        ({"status_id": "\ud800"}, "unknown_status", "status_id"),
        ({}, "invalid_request", "status_id"),
        ({"status_id": None}, "invalid_request", "status_id"),
        ({"status_id": 7}, "invalid_request", "status_id"),
        ({"status_id": ["x"]}, "invalid_request", "status_id"),
        ({"status": NO_ID}, "invalid_request", "status_id"),
        ([1], "invalid_request", "body"),
        (b"{", "invalid_json", None),
    ],
)
async def test_s30_faulty_targets(shop, body, code, field):
    """S-30: unknown, missing and faulty `status_id`; bodies that are no object or no JSON."""
    order = await shop.order()
    async with shop.unchanged():
        reply = await shop.post(f"/orders/{order}/status", body)
        if body == {"status_id": "\ud800"} and reply.code == "invalid_json":
            return  # half of a surrogate pair is no character: a parser may refuse the whole text
        reply.refused(code, **({"fields": [field]} if field else {}))


async def test_ids_of_another_kind_in_the_body(shop):
    order = await shop.order()
    async with shop.unchanged():
        for name in ("workflow:Build", "Coats/First"):
            (await shop.move(order, shop.known[name])).refused("unknown_status", fields=["status_id"])
        (
            await shop.post(
                f"/orders/{order}/status", {"status_id": shop.known["A"], "sub_status_option_id": 5}
            )
        ).refused("invalid_request", fields=["sub_status_option_id"])


async def test_ids_in_the_body_in_every_spelling(shop):
    order = await shop.order()
    status, option = shop.known["Coated"], shop.known["Coats/First"]
    for spell in (str.upper, ulid, lambda text: ulid(text).lower()):
        moved = await shop.moved(order, spell(status), spell(option))
        assert (moved["order"]["status"]["id"], moved["order"]["sub_status"]["id"]) == (status, option)
        await shop.moved(order, spell(shop.known["A"]))


# Doing it again -------------------------------------------------------------------------------------------


async def test_s31_the_same_status_twice(shop):
    """S-31: the second call is 200 and does nothing; another sub-status is a change."""
    order = await shop.order()
    first = await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"])
    async with shop.unchanged():
        assert await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"]) == first
        assert first["notifications"] == NOTHING_SENT
    entered = (await shop.row(order))["status_entered_at"]
    changed = await shop.moved(order, shop.known["Coated"], shop.known["Coats/Second"])
    assert changed["order"]["sub_status"] == {"id": shop.known["Coats/Second"], "name": "Second"}
    event = (await shop.events(order))[-1]
    assert (event["sequence"], event["type"]) == (3, "order.status.changed")
    assert event["old_data"] == {
        "custom_sub_status": {"id": short(shop.known["Coats/First"]), "name": "First"}
    }
    assert event["new_data"] == {
        "custom_sub_status": {"id": short(shop.known["Coats/Second"]), "name": "Second"}
    }
    assert (await shop.row(order))["status_entered_at"] == entered


async def test_another_sub_status_does_not_restart_the_deadline(shop, world):
    order = await shop.order()
    now = world.clock()
    with world.clock.at(now):
        await shop.moved(order, shop.known["Timed"], shop.known["Coats/First"])
    with world.clock.at(now + timedelta(seconds=30)):
        await shop.moved(order, shop.known["Timed"], shop.known["Coats/Second"])
    row = await shop.row(order)
    assert row["status_entered_at"] == now
    assert row["deadline_at"] == now.replace(microsecond=0) + timedelta(seconds=60)


async def test_a_status_without_options_clears_the_sub_status(shop):
    order = await shop.order()
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"])
    await shop.moved(order, shop.known["A"])
    assert (await shop.read(order))["custom_sub_status"] is None


# Addons ---------------------------------------------------------------------------------------------------


async def test_s32_addons(shop):
    """S-32: an addon stands in `addon_statuses` and in the answer's `status`; primary status and workflow
    stay; setting it again keeps one entry."""
    order = await shop.order()
    await shop.moved(order, shop.known["Build 1"])
    before = await shop.read(order)
    moved = await shop.moved(order, shop.known["Gift"])
    assert moved["order"]["status"] == {"id": shop.known["Gift"], "name": "Gift", "color": "#00F007"}
    assert moved["order"]["sub_status"] is None
    entry = {"id": shop.known["Gift"], "name": "Gift", "color": "#00F007", "sub_status": None}
    assert await shop.read(order) == before | {"addon_statuses": [entry]}
    async with shop.unchanged():
        assert await shop.moved(order, shop.known["Gift"]) == moved
    event = (await shop.events(order))[-1]
    assert (event["type"], event["sequence"]) == ("order.status.changed", 3)
    assert event["old_data"] == {"addon_statuses": []}
    assert event["new_data"] == {"addon_statuses": [entry | {"id": short(entry["id"])}]}


async def test_an_addons_sub_status(shop):
    order = await shop.order()
    await shop.moved(order, shop.known["Lacquer"], shop.known["Coats/First"])
    moved = await shop.moved(order, shop.known["Lacquer"], shop.known["Coats/Second"])
    assert moved["order"]["sub_status"] == {"id": shop.known["Coats/Second"], "name": "Second"}
    addons = (await shop.read(order))["addon_statuses"]
    assert [(addon["name"], addon["sub_status"]["name"]) for addon in addons] == [("Lacquer", "Second")]
    assert [event["type"] for event in await shop.events(order)] == [
        "order.created",
        "order.status.changed",
        "order.status.changed",
    ]


async def test_addons_leave_everything_else_alone(shop):
    """An addon with a workflow assigns nothing; the primary status may change beside it."""
    order = await shop.order()
    await shop.moved(order, shop.known["Build gift"])
    seen = await shop.read(order, include="deadline")
    assert (seen["custom_status"], seen["workflow_id"], seen["deadline"]) == (None, None, None)
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"])
    await shop.moved(order, shop.known["Lacquer"], shop.known["Coats/Second"])
    await shop.moved(order, shop.known["A"])
    seen = await shop.read(order)
    assert seen["custom_status"]["name"] == "A"
    assert [addon["name"] for addon in seen["addon_statuses"]] == ["Lacquer", "Build gift"]


# Workflow of an order -------------------------------------------------------------------------------------


async def test_the_workflow_follows_primary_statuses(shop):
    """22.4: assigned by statuses that have one, left by those without, whatever the setting says."""
    order = await shop.order()
    for status, workflow in (
        ("A", None),
        ("Build 1", "Build"),
        ("Wait", "Build"),
        ("A", "Build"),
        ("Build gift", "Build"),
        ("Refit 1", "Refit"),
        ("B", "Refit"),
    ):
        await shop.moved(order, shop.known[status])
        seen = await shop.read(order)
        assert (seen["workflow_name"], seen["workflow_id"]) == (
            workflow,
            None if workflow is None else shop.known[f"workflow:{workflow}"],
        )
    standard = (await shop.row(order))["milestone_workflow_id"]
    assert standard == shop.known["workflow:Standard"]  # another fact, which status changes never touch


# The Shopify switch ---------------------------------------------------------------------------------------


async def test_s33_the_switch_in_the_body(shop):
    """S-33: `true` and `"true"` work in a body, `"yes"` is 400; in a POST's query it has no effect."""
    order = await shop.order(shopify_kind="Order", shopify_id=3333)
    for name, value in (("A", True), ("B", "true")):
        body = {"status_id": shop.known[name], "use_shopify_order_id": value}
        assert (await shop.post("/orders/3333/status", body)).ok()["order"]["id"] == order
    for value in (False, "false"):
        body = {"status_id": shop.known["A"], "use_shopify_order_id": value}
        assert (await shop.post(f"/orders/{order}/status", body)).status == 200
    async with shop.unchanged():
        body = {"status_id": shop.known["C"], "use_shopify_order_id": "yes"}
        (await shop.post("/orders/3333/status", body)).refused(
            "invalid_request", fields=["use_shopify_order_id"]
        )
        for query in ("true", "maybe"):
            (
                await shop.post(
                    f"/orders/3333/status?use_shopify_order_id={query}", {"status_id": shop.known["C"]}
                )
            ).refused("order_not_found")
    reply = await shop.post(
        f"/orders/{order}/status?use_shopify_order_id=true", {"status_id": shop.known["C"]}
    )
    assert reply.ok()["order"]["id"] == order


# Kinds of orders, and many at a time ----------------------------------------------------------------------


async def test_drafts_cancelled_and_archived_orders_change_alike(shop, world):
    for content in ({"is_draft": True}, {"cancelled_at": world.clock()}, {"archived": True}):
        order = await shop.order(**content)
        await shop.moved(order, shop.known["A"])
        await shop.moved(order, shop.known["Gift"])
        seen = await shop.read(order)
        assert seen["custom_status"]["id"] == shop.known["A"]
        assert len(seen["addon_statuses"]) == 1


async def test_order_and_line_item_statuses_do_not_influence_each_other(shop):
    order = await shop.order(items=(item(),))
    line = (await shop.line_items(order))[0]
    await shop.moved(order, shop.known["Build 1"])
    seen = await shop.read(order, include="line_item_statuses,metafield")
    assert (seen["line_items"][0]["status"], seen["metafield"]) == (None, None)
    assert (await shop.post(f"/line-items/{line}/status", {"status_id": shop.known["Refit 1"]})).status == 200
    seen = await shop.read(order)
    assert (seen["custom_status"]["name"], seen["workflow_name"]) == ("Build 1", "Build")


async def test_concurrent_changes_of_one_order_run_one_after_the_other(shop):
    order = await shop.order()
    names = ["A", "B", "C", "Wait", "Build 1"] * 6
    replies = await asyncio.gather(*(shop.move(order, shop.known[name]) for name in names))
    assert [reply.status for reply in replies] == [200] * 30
    events = (await shop.events(order))[1:]
    row = await shop.row(order)
    assert [event["sequence"] for event in events] == list(range(2, len(events) + 2))
    assert (row["version"], row["event_seq"]) == (len(events) + 1, len(events) + 1)
    held: Any = None
    for event in events:
        assert event["old_data"]["custom_status"] == held
        held = event["new_data"]["custom_status"]
    assert held["id"] == short(row["status_id"])


async def test_concurrent_changes_of_one_kind_are_one_change(shop):
    order = await shop.order()
    replies = await asyncio.gather(*(shop.move(order, shop.known["A"]) for _ in range(15)))
    assert [reply.status for reply in replies] == [200] * 15
    assert len({reply.raw for reply in replies}) == 1
    assert len(await shop.events(order)) == 2
