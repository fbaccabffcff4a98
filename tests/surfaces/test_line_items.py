"""Statuses of line items (contract, sections 17 to 19, rule 22.9; S-44 to S-48, S-55)."""

import asyncio
import json

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.world import BASICS, NO_ID, NOTHING_SENT, Team, World, item

NOT_FOUND = "Line item not found"


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [
                *BASICS["statuses"],
                {"name": "Public", "color": "#123456", "public_name": "For all", "use_public_name": True},
            ],
        }
    )
    return team


async def lines_of(team: Team, count: int = 2, **content) -> tuple[str, list[str]]:
    """A new order with so many line items, and their ids."""
    order = await team.order(items=tuple(item(f"thing {n}", str(n + 1)) for n in range(count)), **content)
    return order, await team.line_items(order)


async def set_status(team: Team, line: str, status: str, option: str | None = None):
    body = {"status_id": team.known[status]}
    if option is not None:
        body["sub_status_option_id"] = team.known[option]
    return await team.post(f"/line-items/{line}/status", body)


async def set_all(team: Team, lines, status: str, **more):
    body = {"line_item_ids": lines, "status_id": team.known[status], **more}
    return (await team.post("/line-items/status-bulk", body)).ok()


async def clear(team: Team, lines):
    return (await team.post("/line-items/clear-status", {"line_item_ids": lines})).ok()


async def held(team: Team, order: str) -> list[tuple[str | None, str | None]]:
    """(status, sub-status) names of the order's line items."""
    lines = (await team.read(order, include="line_item_statuses"))["line_items"]
    return [
        (line["status"] and line["status"]["name"], line["sub_status"] and line["sub_status"]["name"])
        for line in lines
    ]


# One line item --------------------------------------------------------------------------------------------


async def test_s44_one_line_item(shop):
    """S-44: the line item moves, the order's own status does not; `include=line_item_statuses` shows it."""
    order, lines = await lines_of(shop)
    await shop.moved(order, shop.known["A"])
    assert (await set_status(shop, lines[1], "B")).ok() == {
        "success": True,
        "data": {
            "message": "Line item status updated successfully",
            "line_item": {
                "id": lines[1],
                "status": {"id": shop.known["B"], "name": "B", "color": "#BB0002"},
                "sub_status": None,
            },
            "notifications": NOTHING_SENT,
        },
    }
    reply = (await set_status(shop, lines[1], "Coated", "Coats/First")).ok()
    assert reply["data"]["line_item"] == {
        "id": lines[1],
        "status": {"id": shop.known["Coated"], "name": "Coated", "color": "#0000D4"},
        "sub_status": {"id": shop.known["Coats/First"], "name": "First"},
    }
    assert (await shop.read(order))["custom_status"]["name"] == "A"
    assert await held(shop, order) == [(None, None), ("Coated", "First")]


async def test_a_change_is_one_event_of_the_line_item(shop):
    order, lines = await lines_of(shop)
    before = await shop.row(order)
    await set_status(shop, lines[0], "Coated", "Coats/First")
    after = await shop.row(order)
    assert (after["version"], after["event_seq"]) == (before["version"] + 1, 2)
    event = (await shop.events(order))[-1]
    assert (event["type"], str(event["subject_id"])) == ("order.item.status.changed", lines[0])
    assert event["old_data"] == {"custom_status": None, "custom_sub_status": None}
    assert event["new_data"]["custom_status"]["id"] == ulid(shop.known["Coated"])
    assert event["new_data"]["custom_sub_status"]["id"] == ulid(shop.known["Coats/First"])


async def test_the_same_line_item_status_twice(shop):
    """As in section 10: again is a no-op, another sub-status is a change."""
    order, lines = await lines_of(shop)
    first = (await set_status(shop, lines[0], "Coated", "Coats/First")).raw
    async with shop.unchanged():
        assert (await set_status(shop, lines[0], "Coated", "Coats/First")).raw == first
    await set_status(shop, lines[0], "Coated", "Coats/Second")
    event = (await shop.events(order))[-1]
    assert (event["sequence"], event["new_data"].keys()) == (3, {"custom_sub_status"})
    assert await held(shop, order) == [("Coated", "Second"), (None, None)]
    await set_status(shop, lines[0], "A")
    assert await held(shop, order) == [("A", None), (None, None)]


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"status_id": "Gift"}, "addon_not_supported", ["status_id"]),
        ({"status_id": "Lacquer"}, "addon_not_supported", ["status_id"]),
        (
            {"status_id": "Lacquer", "sub_status_option_id": "Coats/First"},
            "addon_not_supported",
            ["status_id"],
        ),
        ({"status_id": NO_ID}, "unknown_status", ["status_id"]),
        ({"status_id": ""}, "unknown_status", ["status_id"]),
        ({}, "invalid_request", ["status_id"]),
        ({"status_id": 4}, "invalid_request", ["status_id"]),
        ({"status_id": "Coated"}, "sub_status_required", ["sub_status_option_id"]),
        (
            {"status_id": "Coated", "sub_status_option_id": "Boxes/Small"},
            "unknown_sub_status",
            ["sub_status_option_id"],
        ),
        (
            {"status_id": "A", "sub_status_option_id": "Coats/First"},
            "unknown_sub_status",
            ["sub_status_option_id"],
        ),
    ],
)
async def test_s48_faulty_targets_of_line_items(shop, body, code, fields):
    """S-48: an addon as target is `addon_not_supported`; other faults as for orders; single and in bulk."""
    _, lines = await lines_of(shop)
    sent = {name: shop.known.get(value, value) for name, value in body.items()}
    async with shop.unchanged():
        (await shop.post(f"/line-items/{lines[0]}/status", sent)).refused(code, fields=fields, line_item=True)
        bulk = {"line_item_ids": lines, **sent}
        (await shop.post("/line-items/status-bulk", bulk)).refused(code, fields=fields, line_item=True)


async def test_s48_every_failure_is_marked(shop, world):
    """S-48: every failure below /v1/line-items has `"success": false` first, whatever its status."""
    order, (line, _) = await lines_of(shop)
    weak = await shop.new_key("canViewOrders")
    spent = await shop.new_key(rate_minute=1)
    await shop.get("/orders", key=spent)
    a = {"status_id": shop.known["A"]}
    path = f"/line-items/{line}/status"
    (await world.call("POST", f"/v1{path}")).refused("invalid_api_key", line_item=True)
    reply = await shop.post(path, a, key=spent)
    assert (reply.status, reply.json["success"], reply.raw[:16]) == (429, False, b'{"success":false')
    (await shop.post(path, a, key=weak)).refused(
        "insufficient_permissions", permission="canChangeOrderStatus", line_item=True
    )
    (await shop.post(path, a, "9.9")).refused(
        "unsupported_version", supported=["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"], line_item=True
    )
    (await shop.post(path, a, "1.3")).refused("requires_version", minimum_version="1.4", line_item=True)
    (await shop.post("/line-items/x", a)).refused("not_found", line_item=True)
    (await shop.get("/line-items/x/status")).refused("method_not_allowed", line_item=True)
    (await shop.post(path, b"{")).refused("invalid_json", line_item=True)
    (await shop.post(path, {})).refused("invalid_request", fields=["status_id"], line_item=True)
    (await shop.post(path, b" " * (1024 * 1024 + 1))).refused("body_too_large", line_item=True)
    (await shop.post(f"/line-items/{order}/status", a)).refused("line_item_not_found", line_item=True)
    assert b'"success":false' not in (await shop.post("/orders/x/status", a)).raw


async def test_shopify_line_item_ids_are_unknown(shop):
    order = await shop.order(items=(item(shopify_line_item_id=66121),), shopify_kind="Order", shopify_id=66)
    assert (await shop.read(order))["line_items"][0]["shopify_line_item_id"] == "gid://shopify/LineItem/66121"
    for text in ("66121", "gid:%2F%2Fshopify%2FLineItem%2F66121"):
        (await shop.post(f"/line-items/{text}/status", {"status_id": shop.known["A"]})).refused(
            "line_item_not_found", line_item=True
        )
    answer = await set_all(shop, ["66121", "gid://shopify/LineItem/66121"], "A")
    assert (answer["data"]["updated"], answer["data"]["failed"]) == (0, 2)


# Many line items ------------------------------------------------------------------------------------------


async def test_line_items_in_bulk(shop):
    """Line items of several orders; one entry a distinct id, in order of first mention."""
    one, lines = await lines_of(shop, 3)
    two, others = await lines_of(shop, 1)
    mention = [
        others[0],
        "66121",
        ulid(lines[2]),
        lines[0].upper(),
        lines[2],
        NO_ID,
        "66121",
        ulid(NO_ID),
        "",
    ]
    assert await set_all(shop, mention, "A") == {
        "success": True,
        "data": {
            "message": "Line item statuses updated successfully",
            "updated": 3,
            "failed": 3,
            "results": [
                {
                    "line_item_id": others[0],
                    "success": True,
                    "status_id": shop.known["A"],
                    "status_name": "A",
                },
                {"line_item_id": "66121", "success": False, "error": NOT_FOUND},
                {"line_item_id": lines[2], "success": True, "status_id": shop.known["A"], "status_name": "A"},
                {"line_item_id": lines[0], "success": True, "status_id": shop.known["A"], "status_name": "A"},
                {"line_item_id": NO_ID, "success": False, "error": NOT_FOUND},
                {"line_item_id": "", "success": False, "error": NOT_FOUND},
            ],
        },
    }
    assert await held(shop, one) == [("A", None), (None, None), ("A", None)]
    assert await held(shop, two) == [("A", None)]
    events = await shop.events(one)
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert {str(event["subject_id"]) for event in events[1:]} == {lines[0], lines[2]}
    assert (await shop.row(one))[
        "version"
    ] == 2  # each affected order is written, and its metafield built, once


async def test_s45_at_most_a_hundred(shop):
    """S-45: 100 ids are accepted, 101 refused; `lineItemIds` works like `line_item_ids`; the outer `success`
    is true although an entry failed."""
    order, lines = await lines_of(shop, 100)
    answer = await set_all(shop, lines, "A")
    assert (answer["data"]["updated"], answer["data"]["failed"]) == (100, 0)
    a = shop.known["A"]
    async with shop.unchanged():
        for ids in ([*lines, NO_ID], [lines[0]] * 101):
            for name in ("line_item_ids", "lineItemIds"):
                for path in ("status-bulk", "clear-status"):
                    (await shop.post(f"/line-items/{path}", {name: ids, "status_id": a})).refused(
                        "invalid_request", fields=["line_item_ids"], line_item=True
                    )
    body = {"lineItemIds": [lines[0], "x"], "status_id": shop.known["B"]}
    answer = (await shop.post("/line-items/status-bulk", body)).ok()
    assert (answer["success"], answer["data"]["updated"], answer["data"]["failed"]) == (True, 1, 1)
    answer = (await shop.post("/line-items/clear-status", {"lineItemIds": [lines[0], "x"]})).ok()
    assert (answer["success"], answer["data"]["cleared"], answer["data"]["failed"]) == (True, 1, 1)
    assert len((await shop.read(order))["line_items"]) == 100


async def test_line_item_ids_wins_over_its_other_name(shop):
    _, (one, two) = await lines_of(shop)
    body = {"line_item_ids": [one], "lineItemIds": [two, 5], "status_id": shop.known["A"]}
    answer = (await shop.post("/line-items/status-bulk", body)).ok()
    assert [entry["line_item_id"] for entry in answer["data"]["results"]] == [one]
    body = {"line_item_ids": None, "lineItemIds": [two]}
    answer = (await shop.post("/line-items/clear-status", body)).ok()
    assert [entry["line_item_id"] for entry in answer["data"]["results"]] == [two]


@pytest.mark.parametrize(
    ("ids", "field"),
    [
        ([], "line_item_ids"),
        (None, "line_item_ids"),
        ("x", "line_item_ids"),
        ({}, "line_item_ids"),
        (["x", 5], "line_item_ids[1]"),
        ([None], "line_item_ids[0]"),
        ([["x"]], "line_item_ids[0]"),
    ],
)
async def test_faulty_line_item_lists(shop, ids, field):
    body = {"line_item_ids": ids, "status_id": shop.known["A"]}
    async with shop.unchanged():
        for path in ("status-bulk", "clear-status"):
            (await shop.post(f"/line-items/{path}", body)).refused(
                "invalid_request", fields=[field], line_item=True
            )


async def test_s46_bulk_and_clear_answer_without_notifications(shop):
    """S-46: bulk and clear say nothing of notifications, the single change does (see also test_notify)."""
    order, lines = await lines_of(shop)
    assert "notifications" not in (await set_all(shop, lines, "Loud"))["data"]
    assert "notifications" not in (await clear(shop, lines))["data"]
    assert (await set_status(shop, lines[0], "Loud")).ok()["data"]["notifications"] == NOTHING_SENT
    assert await shop.messages(order) == []


async def test_bulk_over_things_that_are_so_already(shop):
    order, lines = await lines_of(shop)
    await set_all(shop, lines[:1], "Coated", sub_status_option_id=shop.known["Coats/First"])
    answer = await set_all(shop, lines, "Coated", sub_status_option_id=shop.known["Coats/First"])
    assert (answer["data"]["updated"], answer["data"]["failed"]) == (2, 0)
    assert [event["sequence"] for event in await shop.events(order)] == [1, 2, 3]
    async with shop.unchanged():
        assert await set_all(shop, lines, "Coated", sub_status_option_id=shop.known["Coats/First"]) == answer


# Clearing -------------------------------------------------------------------------------------------------


async def test_s47_clearing(world):
    """S-47: status and sub-status go, also where there are none, and whatever is enforced; afterwards the
    first chain status is legal again."""
    team = await world.team(enforce_product_chain=True)
    await team.apply(BASICS)
    order, lines = await lines_of(team, 3)
    for status in ("A", "B"):
        assert (await set_status(team, lines[0], status)).status == 200
    assert (await set_status(team, lines[0], "A")).code == "status_chain"
    assert await clear(team, [lines[0], lines[1], "66121", ulid(lines[0])]) == {
        "success": True,
        "data": {
            "message": "Line item statuses cleared successfully",
            "cleared": 2,
            "failed": 1,
            "results": [
                {"line_item_id": lines[0], "success": True},
                {"line_item_id": lines[1], "success": True},
                {"line_item_id": "66121", "success": False, "error": NOT_FOUND},
            ],
        },
    }
    assert await held(team, order) == [(None, None)] * 3
    event = (await team.events(order))[-1]
    assert (event["sequence"], event["type"], str(event["subject_id"])) == (
        4,
        "order.item.status.changed",
        lines[0],
    )
    assert event["new_data"] == {"custom_status": None}
    assert event["old_data"]["custom_status"]["id"] == ulid(team.known["B"])
    (await set_status(team, lines[0], "B")).refused(
        "status_chain",
        line_item=True,
        current_status_id=None,
        allowed_status_ids=[team.known["A"], team.known["Wait"]],
    )
    assert (await set_status(team, lines[0], "A")).status == 200


async def test_clearing_a_sub_status(shop):
    order, lines = await lines_of(shop)
    await set_status(shop, lines[0], "Coated", "Coats/First")
    await clear(shop, lines)
    event = (await shop.events(order))[-1]
    assert event["new_data"] == {"custom_status": None, "custom_sub_status": None}
    assert event["old_data"]["custom_sub_status"]["name"] == "First"
    seen = (await shop.read(order, include="line_item_statuses,deadline"))["line_items"][0]
    assert (seen["status"], seen["sub_status"], seen["deadline"]) == (None, None, None)


async def test_clearing_what_is_empty_is_no_event(shop):
    order, lines = await lines_of(shop)
    async with shop.unchanged():
        answer = await clear(shop, lines)
    assert answer["data"]["cleared"] == 2
    assert (await shop.read(order, include="metafield"))["metafield"] is None
    await set_status(shop, lines[0], "A")
    await clear(shop, lines)
    async with shop.unchanged():
        await clear(shop, lines)


async def test_clearing_needs_no_status_fields(shop):
    _, lines = await lines_of(shop)
    body = {"line_item_ids": lines, "status_id": NO_ID, "sub_status_option_id": 5}
    assert (await shop.post("/line-items/clear-status", body)).status == 200


# The metafield --------------------------------------------------------------------------------------------


def counted(items: int, quantity: float) -> dict:
    return {"item_count": items, "quantity": quantity}


async def metafield(team: Team, order: str):
    return (await team.read(order, include="metafield"))["metafield"]


def adds_up(value: dict) -> bool:
    parts = [*value["statuses"], value["unassigned"]]
    return (value["item_count"], value["quantity"]) == tuple(
        sum(part[name] for part in parts) for name in ("item_count", "quantity")
    )


async def test_s55_the_metafield(shop):
    """S-55: null before the first change; afterwards the shape of 22.9 with counts that add up."""
    order = await shop.order(
        items=(
            item("Kayak", shopify_line_item_id=66120),
            item("Paddle", "2", shopify_line_item_id=66121),
            item("Rope", "2.5"),
            item("Hatch", "3"),
        ),
        shopify_kind="Order",
        shopify_id=229,
    )
    kayak, paddle, rope, hatch = await shop.line_items(order)
    assert await metafield(shop, order) is None
    await set_status(shop, kayak, "Coated", "Coats/Second")
    await set_all(shop, [paddle], "Coated", sub_status_option_id=shop.known["Coats/First"])
    await set_status(shop, rope, "Public")

    def named(name: str, display: str, color: str) -> dict:
        return {"id": shop.known[name], "name": name, "display_name": display, "color": color}

    def option(name: str) -> dict:
        return {"id": shop.known[f"Coats/{name}"], "name": name}

    coated, public = named("Coated", "Coated", "#0000D4"), named("Public", "For all", "#123456")
    assert await metafield(shop, order) == {
        "namespace": "milepost",
        "key": "line_item_statuses",
        "type": "json",
        "value": {
            "version": 1,
            "order_id": order,
            **counted(4, 8.5),
            "statuses": [
                {
                    **coated,
                    **counted(2, 3),
                    "sub_statuses": [
                        {**option("First"), **counted(1, 2)},
                        {**option("Second"), **counted(1, 1)},
                    ],
                },
                {**public, **counted(1, 2.5), "sub_statuses": []},
            ],
            "unassigned": counted(1, 3),
            "line_items": [
                {
                    "id": kayak,
                    "shopify_line_item_id": "gid://shopify/LineItem/66120",
                    "name": "Kayak",
                    "quantity": 1,
                    "status": coated,
                    "sub_status": option("Second"),
                },
                {
                    "id": paddle,
                    "shopify_line_item_id": "gid://shopify/LineItem/66121",
                    "name": "Paddle",
                    "quantity": 2,
                    "status": coated,
                    "sub_status": option("First"),
                },
                {
                    "id": rope,
                    "shopify_line_item_id": None,
                    "name": "Rope",
                    "quantity": 2.5,
                    "status": public,
                    "sub_status": None,
                },
                {
                    "id": hatch,
                    "shopify_line_item_id": None,
                    "name": "Hatch",
                    "quantity": 3,
                    "status": None,
                    "sub_status": None,
                },
            ],
        },
    }
    assert adds_up((await metafield(shop, order))["value"])
    await clear(shop, [kayak, paddle, rope])
    value = (await metafield(shop, order))["value"]
    assert (value["statuses"], value["unassigned"]) == ([], counted(4, 8.5))


async def raw_metafield(team: Team, order: str) -> bytes:
    raw = (await team.get(f"/orders/{order}", include="metafield")).raw
    return raw[raw.index(b'"metafield"') :]


async def test_the_same_state_is_the_same_bytes(shop):
    order, lines = await lines_of(shop, 3)
    await set_all(shop, lines, "A")
    before = await raw_metafield(shop, order)
    for line in reversed(lines):
        await set_status(shop, line, "B")
        await set_status(shop, line, "A")
    assert await raw_metafield(shop, order) == before
    other_route = json.loads(before[len(b'"metafield":') : -2])
    assert list(other_route["value"]) == [
        "version",
        "order_id",
        "item_count",
        "quantity",
        "statuses",
        "unassigned",
        "line_items",
    ]


async def test_statuses_of_the_metafield_come_by_order(shop):
    order, lines = await lines_of(shop, 4)
    for line, status in zip(lines, ("Wait", "C", "A", "C"), strict=True):
        await set_status(shop, line, status)
    value = (await metafield(shop, order))["value"]
    assert [(one["name"], one["item_count"]) for one in value["statuses"]] == [
        ("A", 1),
        ("C", 2),
        ("Wait", 1),
    ]
    assert [line["id"] for line in value["line_items"]] == lines
    assert adds_up(value)


async def test_the_metafield_follows_the_items_of_its_order(shop):
    """22.9: rebuilt when the items of an order that has one change; an order without one gets none."""
    shopify = {"shopify_kind": "Order", "shopify_id": 2290}
    kept, gone = item("a", shopify_line_item_id=1), item("b", shopify_line_item_id=2)
    order = await shop.order("#metafield", items=(kept, gone), **shopify)
    lines = await shop.line_items(order)
    await set_all(shop, lines, "A")
    added = item("c", "4", shopify_line_item_id=3)
    await shop.order("#metafield", items=(item("a!", "2", shopify_line_item_id=1), added), **shopify)
    value = (await metafield(shop, order))["value"]
    assert [(line["name"], line["quantity"]) for line in value["line_items"]] == [("a!", 2), ("c", 4)]
    assert (value["item_count"], value["unassigned"], value["statuses"][0]["quantity"]) == (
        2,
        counted(1, 4),
        2,
    )
    assert await shop.line_items(order) == [line["id"] for line in value["line_items"]]
    shopify["shopify_id"] = 2291
    bare = await shop.order("#no metafield", items=(kept,), **shopify)
    await shop.order("#no metafield", items=(kept, added), **shopify)
    assert await metafield(shop, bare) is None


async def test_order_status_changes_leave_the_metafield_alone(shop):
    order, lines = await lines_of(shop)
    await set_status(shop, lines[0], "A")
    before = await raw_metafield(shop, order)
    await shop.moved(order, shop.known["B"])
    assert await raw_metafield(shop, order) == before


async def test_concurrent_changes_of_line_items_of_one_order(shop):
    order, lines = await lines_of(shop, 8)
    replies = await asyncio.gather(
        *(set_status(shop, line, status) for line in lines for status in ("A", "B", "C"))
    )
    assert [reply.status for reply in replies] == [200] * 24
    events = await shop.events(order)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    value = (await metafield(shop, order))["value"]
    assert [(line["id"], line["status"]["name"]) for line in value["line_items"]] == [
        (line, name) for line, (name, _) in zip(lines, await held(shop, order), strict=True)
    ]
    assert adds_up(value)
