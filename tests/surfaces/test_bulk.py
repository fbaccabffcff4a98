"""POST /v1/orders/status-bulk (contract, section 11; S-34 to S-37)."""

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.world import BASICS, NO_ID, NOTHING_SENT, Team, World, served

NEW, OLD = ("1.2", "1.3", "1.4", "1.5"), ("1.0", "1.1")
UNKNOWN = {"error": "Order not found", "code": "order_not_found"}


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(BASICS)
    return team


async def bulk(team: Team, order_ids, status: str = "A", version: str | None = None, **more):
    body = {"order_ids": order_ids, "status_id": team.known.get(status, status), **more}
    return await team.post("/orders/status-bulk", body, version)


def good(team: Team, order: str, status: str = "A") -> dict:
    return {"order_id": order, "success": True, "status_id": team.known[status], "status_name": status}


def bad(text: str, error: str = UNKNOWN["error"]) -> dict:
    return {"order_id": text, "success": False, "error": error}


@pytest.mark.parametrize("version", NEW)
async def test_s34_one_good_and_one_unknown(shop, version):
    """S-34: 200 with both in `results` and the failure again in `failed_entries`."""
    order = await shop.order()
    assert (await bulk(shop, [order, NO_ID], version=version)).ok() == {
        "message": "Statuses updated successfully",
        "updated": 1,
        "failed": 1,
        "updated_count": 1,
        "success": False,
        "results": [good(shop, order), bad(NO_ID)],
        "failed_entries": [{"order_id": NO_ID, **UNKNOWN}],
        "notifications": NOTHING_SENT,
    }
    assert (await shop.read(order))["custom_status"]["id"] == shop.known["A"]


@pytest.mark.parametrize("version", OLD)
async def test_s35_the_same_before_1_2(shop, version):
    """S-35: exactly four members; successes only, without `success`."""
    order = await shop.order()
    assert (await bulk(shop, [order, NO_ID], version=version)).ok() == {
        "message": "Statuses updated successfully",
        "updated_count": 1,
        "results": [{"order_id": order, "status_id": shop.known["A"], "status_name": "A"}],
        "notifications": NOTHING_SENT,
    }
    assert (await shop.read(order))["custom_status"]["id"] == shop.known["A"]
    nothing = (await bulk(shop, [NO_ID, "x"], version=version)).ok()
    assert (nothing["updated_count"], nothing["results"]) == (0, [])


async def test_all_good(shop):
    orders = await shop.orders([shop.new_order() for _ in range(3)])
    assert (await bulk(shop, orders, "Coated", sub_status_option_id=shop.known["Coats/First"])).ok() == {
        "message": "Statuses updated successfully",
        "updated": 3,
        "failed": 0,
        "updated_count": 3,
        "success": True,
        "results": [good(shop, order, "Coated") for order in orders],
        "failed_entries": [],
        "notifications": NOTHING_SENT,
    }
    for order in orders:
        seen = await shop.read(order)
        assert (seen["custom_status"]["name"], seen["custom_sub_status"]["name"]) == ("Coated", "First")


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [
        ({"order_ids": []}, "invalid_request", ["order_ids"]),
        ({"order_ids": None}, "invalid_request", ["order_ids"]),
        ({"order_ids": "ID"}, "invalid_request", ["order_ids"]),
        ({"order_ids": {"ID": 1}}, "invalid_request", ["order_ids"]),
        ({"order_ids": ["ID", 5]}, "invalid_request", ["order_ids[1]"]),
        ({"order_ids": ["ID", "x", None]}, "invalid_request", ["order_ids[2]"]),
        ({"order_ids": [["ID"]]}, "invalid_request", ["order_ids[0]"]),
        ({"order_ids": ["ID", True], "use_shopify_order_id": True}, "invalid_request", ["order_ids[1]"]),
        ({"order_ids": ["ID", 5.0], "use_shopify_order_id": True}, "invalid_request", ["order_ids[1]"]),
        ({"order_ids": ["ID"] * 1001}, "invalid_request", ["order_ids"]),
        ({"status_id": None}, "invalid_request", ["status_id"]),
        ({"status_id": 5}, "invalid_request", ["status_id"]),
        ({"status_id": NO_ID}, "unknown_status", ["status_id"]),
        ({"status_id": "x"}, "unknown_status", ["status_id"]),
        ({"status_id": "Coated"}, "sub_status_required", ["sub_status_option_id"]),
        ({"sub_status_option_id": NO_ID}, "unknown_sub_status", ["sub_status_option_id"]),
        (
            {"status_id": "Coated", "sub_status_option_id": "Boxes/Small"},
            "unknown_sub_status",
            ["sub_status_option_id"],
        ),
        ({"order_ids": [], "status_id": 5}, "invalid_request", ["order_ids", "status_id"]),
    ],
)
async def test_s36_faults_of_the_whole_request(shop, changes, code, fields):
    """S-36: empty and over-long lists, entries that are no strings, bad targets: 400 and no order changed."""
    order = await shop.order()
    body = {"order_ids": [order], "status_id": shop.known["A"], **changes}
    if isinstance(body["order_ids"], list):
        body["order_ids"] = [order if entry == "ID" else entry for entry in body["order_ids"]]
    for name in ("status_id", "sub_status_option_id"):
        if body.get(name) in shop.known:
            body[name] = shop.known[body[name]]
    async with shop.unchanged():
        for version in ("1.0", "1.4"):
            (await shop.post("/orders/status-bulk", body, version)).refused(code, fields=fields)


async def test_s36_only_unknown_ids(shop):
    """S-36: only unknown ids are 200 with nothing updated."""
    async with shop.unchanged():
        answer = (await bulk(shop, [NO_ID, "", "  ", "x"])).ok()
    assert (answer["updated"], answer["failed"], answer["success"]) == (0, 4, False)
    assert answer["results"] == [bad(NO_ID), bad(""), bad("  "), bad("x")]
    assert answer["failed_entries"] == [{"order_id": text, **UNKNOWN} for text in (NO_ID, "", "  ", "x")]


async def test_s36_a_thousand_ids_are_accepted(shop):
    """S-36: 1,000 entries, counted with duplicates, are the most."""
    orders = await shop.orders([shop.new_order() for _ in range(999)])
    answer = (await bulk(shop, [*orders, orders[0]])).ok()
    assert (answer["updated"], answer["failed"], len(answer["results"])) == (999, 0, 999)
    assert [entry["order_id"] for entry in answer["results"]] == orders


async def test_s37_spellings_of_one_order(shop):
    """S-37: an id twice, or as UUID and as ULID, is one result; results follow the order of first mention."""
    one, two = await shop.order(), await shop.order()
    mention = [
        two,
        "x",
        ulid(one),
        two.upper(),
        NO_ID,
        one,
        "x",
        ulid(two).lower(),
        ulid(NO_ID),
        NO_ID.upper(),
    ]
    answer = (await bulk(shop, mention)).ok()
    assert (answer["updated"], answer["failed"], answer["updated_count"]) == (2, 2, 2)
    assert answer["results"] == [good(shop, two), bad("x"), good(shop, one), bad(NO_ID)]
    for order in (one, two):
        assert len(await shop.events(order)) == 2


async def test_the_text_of_a_failure_is_the_one_first_sent(shop):
    answer = (await bulk(shop, [ulid(NO_ID).lower(), NO_ID, "X", "x", " x"])).ok()
    assert [entry["order_id"] for entry in answer["results"]] == [ulid(NO_ID).lower(), "X", "x", " x"]


async def test_shopify_digits_as_strings_and_integers(shop):
    one = await shop.order(shopify_kind="Order", shopify_id=4101)
    two = await shop.order(shopify_kind="Order", shopify_id=4102)
    huge = 10**30
    for switch in (True, "true"):
        answer = (
            await bulk(
                shop, ["4102", 4101, "4101", 4102, 99, "099", -5, huge, one], use_shopify_order_id=switch
            )
        ).ok()
        assert answer["results"] == [
            good(shop, two),
            good(shop, one),
            bad("99"),
            bad("099"),
            bad("-5"),
            bad(str(huge)),
            bad(one),
        ]
    async with shop.unchanged():
        for off in (False, None, "false"):
            reply = await bulk(shop, ["4101", 4101], use_shopify_order_id=off)
            reply.refused("invalid_request", fields=["order_ids[1]"])
        answer = (await bulk(shop, ["4101"])).ok()
        assert answer["results"] == [bad("4101")]


async def test_unchanged_orders_count_as_updated(shop):
    one, two = await shop.order(), await shop.order()
    await shop.moved(one, shop.known["A"])
    before = await shop.row(one)
    answer = (await bulk(shop, [one, two])).ok()
    assert (answer["updated"], answer["success"]) == (2, True)
    assert await shop.row(one) == before
    async with shop.unchanged():
        assert (await bulk(shop, [one, two])).ok() == answer


async def test_each_change_of_a_bulk_is_an_event_of_its_order(shop):
    orders = await shop.orders([shop.new_order() for _ in range(5)])
    await bulk(shop, orders)
    for order in orders:
        _, changed = await shop.events(order)
        assert (changed["type"], changed["sequence"]) == ("order.status.changed", 2)
        assert changed["new_data"]["custom_status"]["id"] == ulid(shop.known["A"])
        assert (await shop.row(order))["version"] == 2


async def test_addons_in_bulk(shop):
    one, two = await shop.order(), await shop.order(is_draft=True)
    await shop.moved(one, shop.known["A"])
    answer = (await bulk(shop, [one, two], "Lacquer", sub_status_option_id=shop.known["Coats/First"])).ok()
    assert answer["results"] == [good(shop, one, "Lacquer"), good(shop, two, "Lacquer")]
    assert (await shop.read(one))["custom_status"]["name"] == "A"
    for order in (one, two):
        assert [addon["name"] for addon in (await shop.read(order))["addon_statuses"]] == ["Lacquer"]


async def test_bulk_works_on_drafts_cancelled_and_archived_orders(shop, world):
    orders = [
        await shop.order(**content)
        for content in ({"is_draft": True}, {"cancelled_at": world.clock()}, {"archived": True})
    ]
    answer = (await bulk(shop, orders)).ok()
    assert answer["success"] is True


async def test_the_cap_is_a_setting(pool):
    async with served(pool, bulk_max_orders=2) as other:
        team = await other.team()
        await team.apply(BASICS)
        order = await team.order()
        assert (await bulk(team, [order, "x"])).status == 200
        (await bulk(team, [order, order, order])).refused("invalid_request", fields=["order_ids"])
        tell = {"order_ids": ["x", "x", "x"], "channels": ["sms"]}
        (await team.post("/orders/notify-bulk", tell)).refused("invalid_request", fields=["order_ids"])
