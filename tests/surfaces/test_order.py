"""GET /v1/orders/{order_id} and the order object (contract, sections 5, 7, 9 and 24; S-14, S-15, S-23, S-25
to S-27, S-55)."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from milepost.kit.ids import new_id, ulid
from milepost.model.order import Geolocation
from tests.surfaces.world import BASICS, NO_ID, Customer, Stop, Team, World, item

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
OLDEST = {
    "id",
    "shopify_order_id",
    "name",
    "created_at",
    "custom_status",
    "custom_sub_status",
    "customer",
    "shipping_address",
    "total_price",
    "currency",
    "line_items",
    "note",
    "cancelled",
    "cancelled_at",
}
KEYS = {
    "1.0": OLDEST,
    "1.1": OLDEST | {"addon_statuses"},
    "1.2": OLDEST | {"addon_statuses"},
    **dict.fromkeys(("1.3", "1.4", "1.5"), OLDEST | {"addon_statuses", "workflow_id", "workflow_name"}),
}
LINE = {"id", "shopify_line_item_id", "name", "quantity"}
ADDRESS = ("company", "address1", "address2", "city", "province", "zip", "country", "latitude", "longitude")


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [*BASICS["statuses"], {"name": "Build 1", "color": "#abcdef", "workflow": "Build"}],
            "workflows": [{"name": "Build"}],
        }
    )
    return team


# Finding an order -----------------------------------------------------------------------------------------


async def test_the_contracts_pair_of_spellings():
    assert ulid("019df1ae-f7c8-7a41-9c2e-5b70d3f81e64") == "01KQRTXXY8F90SRBJVE39ZG7K4"


async def test_s14_an_order_by_every_spelling_of_its_id(shop):
    """S-14: UUID, upper-case UUID, ULID and lower-case ULID are the same order; answers say the UUID."""
    order = await shop.order(items=(item(),))
    plain = await shop.get(f"/orders/{order}")
    assert plain.ok()["order"]["id"] == order == order.lower()
    mixed = "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(order))
    for text in (order.upper(), mixed, ulid(order), ulid(order).lower()):
        assert (await shop.get(f"/orders/{text}")).raw == plain.raw


async def test_every_path_takes_every_spelling(shop):
    order = await shop.order(items=(item(),))
    line, status = (await shop.line_items(order))[0], shop.known["A"]
    for spell in (str.upper, ulid, lambda text: ulid(text).lower()):
        assert (await shop.get(f"/statuses/{spell(status)}")).ok()["status"]["id"] == status
        moved = (await shop.post(f"/orders/{spell(order)}/status", {"status_id": spell(status)})).ok()
        assert (moved["order"]["id"], moved["order"]["status"]["id"]) == (order, status)
        told = (await shop.post(f"/orders/{spell(order)}/notify", {"channels": ["sms"]})).ok()
        assert told["order_id"] == order
        moved = (await shop.post(f"/line-items/{spell(line)}/status", {"status_id": spell(status)})).ok()
        assert moved["data"]["line_item"]["id"] == line
        coated = {
            "status_id": spell(shop.known["Coated"]),
            "sub_status_option_id": spell(shop.known["Coats/First"]),
        }
        assert (await shop.post(f"/orders/{spell(order)}/status", coated)).status == 200


@pytest.mark.parametrize(
    "text",
    [
        "not-an-id",
        NO_ID,
        NO_ID.replace("-", ""),
        f"{{{NO_ID}}}",
        f"urn:uuid:{NO_ID}",
        ulid(NO_ID),
        "8" + "Z" * 25,
        "0" * 26,
        "%00",
        "%C3%A9",
        "%FF",
        "x" * 3000,
        "7730412",
        "gid:%2F%2Fshopify%2FOrder%2F100",
        "ſ" * 26,
    ],
)
async def test_s15_what_is_no_order(shop, text):
    """S-15: what is no id and what is an unknown one are the same 404."""
    (await shop.get(f"/orders/{text}")).refused("order_not_found")
    (await shop.get(f"/statuses/{text}")).refused("status_not_found")
    async with shop.unchanged():
        (await shop.post(f"/orders/{text}/status", {"status_id": shop.known["A"]})).refused("order_not_found")
        (await shop.post(f"/orders/{text}/notify", {"channels": ["sms"]})).refused("order_not_found")
        (await shop.post(f"/line-items/{text}/status", {"status_id": shop.known["A"]})).refused(
            "line_item_not_found", line_item=True
        )


async def test_s15_things_of_another_kind_and_of_another_team(shop, world):
    """S-15: another team's order, and the id of another kind of thing, are unknown."""
    stranger = await (await world.team()).order()
    order = await shop.order(items=(item(),))
    line = (await shop.line_items(order))[0]
    for text in (stranger, line, shop.known["A"], shop.known["workflow:Build"], shop.known["Coats/First"]):
        (await shop.get(f"/orders/{text}")).refused("order_not_found")
    for text in (order, shop.known["workflow:Build"], shop.known["Coats/First"]):
        (await shop.get(f"/statuses/{text}")).refused("status_not_found")
        (await shop.move(order, text)).refused("unknown_status", fields=["status_id"])
    (await shop.post(f"/line-items/{order}/status", {"status_id": shop.known["A"]})).refused(
        "line_item_not_found", line_item=True
    )


@pytest.fixture(scope="module")
async def digits(shop: Team) -> dict[str, str]:
    """Orders with Shopify ids: 100 is regular, 200 a draft, 300 both, 400 an issued draft."""
    wishes = {
        "regular": {"shopify_kind": "Order", "shopify_id": 100},
        "draft": {"shopify_kind": "DraftOrder", "shopify_id": 200, "is_draft": True},
        "both, draft": {"shopify_kind": "DraftOrder", "shopify_id": 300, "is_draft": True},
        "both, order": {"shopify_kind": "Order", "shopify_id": 300},
        "issued": {"shopify_kind": "DraftOrder", "shopify_id": 400},
        "largest": {"shopify_kind": "Order", "shopify_id": 2**63 - 1},
    }
    ids = await shop.orders([shop.new_order(name, **wish) for name, wish in wishes.items()])
    return dict(zip(wishes, ids, strict=True))


async def test_s23_drafts_by_shopify_digits(shop, digits):
    """S-23: a draft's digits are found from 1.2; by UUID a draft is there in every version; of shared digits
    the regular order wins."""
    for version in VERSIONS:
        assert (await shop.read(digits["draft"], version))["id"] == digits["draft"]
        for n, name in (("100", "regular"), ("300", "both, order"), (str(2**63 - 1), "largest")):
            assert (await shop.read(n, version, use_shopify_order_id="true"))["id"] == digits[name]
        for n, name in (("200", "draft"), ("400", "issued")):
            reply = await shop.get(f"/orders/{n}", version, use_shopify_order_id="True")
            if version in ("1.0", "1.1"):
                reply.refused("order_not_found")
            else:
                assert reply.ok()["order"]["id"] == digits[name]


@pytest.mark.parametrize("version", VERSIONS)
async def test_digits_hold_for_all_six_order_endpoints(shop, digits, version):
    drafts = version not in ("1.0", "1.1")
    switch = {"use_shopify_order_id": True}
    status = {"status_id": shop.known["A"], **switch}
    tell = {"channels": ["sms"], **switch}
    for n, name, known in (("100", "regular", True), ("200", "draft", drafts), ("300", "both, order", True)):
        for path, body in (("status", status), ("notify", tell)):
            reply = await shop.post(f"/orders/{n}/{path}", body, version)
            if known:
                answer = reply.ok()
                assert (answer["order_id"] if path == "notify" else answer["order"]["id"]) == digits[name]
            else:
                reply.refused("order_not_found")
        for path, body in (("status-bulk", status), ("notify-bulk", tell)):
            entries = (await shop.post(f"/orders/{path}", {"order_ids": [n], **body}, version)).ok()[
                "results"
            ]
            if known:
                assert [entry["order_id"] for entry in entries] == [digits[name]]
            elif drafts:
                assert [entry["success"] for entry in entries] == [False]
            else:
                assert entries == []


async def test_digits_without_the_switch_and_ids_with_it(shop, digits):
    for params in ({}, {"use_shopify_order_id": "false"}):
        (await shop.get("/orders/100", **params)).refused("order_not_found")
    for text in (
        digits["regular"],
        ulid(digits["regular"]),
        "0100",
        "-100",
        "100.0",
        str(2**63),
        "9" * 40,
        "٣",
    ):
        (await shop.get(f"/orders/{text}", use_shopify_order_id="true")).refused("order_not_found")
    async with shop.unchanged():
        reply = await shop.post(
            f"/orders/{digits['regular']}/status",
            {"status_id": shop.known["B"], "use_shopify_order_id": True},
        )
        reply.refused("order_not_found")


async def test_the_switch_is_ignored_elsewhere(shop, digits):
    """Line items have Milepost ids only, statuses too."""
    order = await shop.order(items=(item(shopify_line_item_id=555),), shopify_kind="Order", shopify_id=500)
    line = (await shop.line_items(order))[0]
    body = {"status_id": shop.known["A"], "use_shopify_order_id": "maybe"}
    assert (await shop.post(f"/line-items/{line}/status", body)).status == 200
    assert (await shop.get(f"/statuses/{shop.known['A']}", use_shopify_order_id="maybe")).status == 200
    for text in ("555", "gid:%2F%2Fshopify%2FLineItem%2F555"):
        (await shop.post(f"/line-items/{text}/status", {**body, "use_shopify_order_id": True})).refused(
            "line_item_not_found", line_item=True
        )


# The object -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_s25_keys_of_an_order(shop, version):
    """S-25: 1.1 adds `addon_statuses`, 1.3 `workflow_id` and `workflow_name`; reads never say `status`."""
    order = await shop.order(items=(item(),))
    listed = (await shop.get("/orders", version, order_ids=order)).ok()["orders"][0]
    single = await shop.read(order, version)
    assert listed == single
    assert single.keys() == KEYS[version]
    assert "status" not in single
    assert "sub_status" not in single


async def test_s26_an_order_without_shopify_origin(shop):
    """S-26: no Shopify ids, neither of the order nor of its items; line items have exactly four members."""
    order = await shop.read(await shop.order(items=(item("Ash paddle", "2"), item("Kayak"))))
    assert order["shopify_order_id"] is None
    assert all(line.keys() == LINE for line in order["line_items"])
    assert [
        (line["shopify_line_item_id"], line["name"], line["quantity"]) for line in order["line_items"]
    ] == [
        (None, "Ash paddle", 2),
        (None, "Kayak", 1),
    ]


async def test_s27_a_cancelled_order(shop):
    """S-27: it shows `cancelled` and `cancelled_at`; its status can still change, and it stays cancelled."""
    at = datetime(2026, 5, 6, 9, 0, 0, 700000, tzinfo=UTC)
    order = await shop.order(cancelled_at=at, placed_at=datetime(2026, 5, 5, tzinfo=UTC))
    before = await shop.read(order)
    assert (before["cancelled"], before["cancelled_at"]) == (True, "2026-05-06T09:00:00Z")
    await shop.moved(order, shop.known["A"])
    after = await shop.read(order)
    assert (after["cancelled"], after["cancelled_at"]) == (True, "2026-05-06T09:00:00Z")
    assert after["custom_status"]["name"] == "A"
    assert (await shop.post(f"/orders/{order}/notify", {"channels": ["sms"]})).status == 200
    whole = await shop.read(await shop.order())
    assert (whole["cancelled"], whole["cancelled_at"]) == (False, None)


async def test_an_archived_order_is_read_and_changed_like_any_other(shop):
    order = await shop.order(archived=True)
    assert (await shop.get("/orders", order_ids=order)).ok()["pagination"]["total"] == 1
    await shop.moved(order, shop.known["A"])
    assert (await shop.read(order))["custom_status"]["id"] == shop.known["A"]


async def test_a_bare_order(shop):
    placed = datetime(2026, 5, 5, 11, 2, 40, 999999, tzinfo=UTC)
    order = await shop.order("PO-77", placed_at=placed)
    assert await shop.read(order) == {
        "id": order,
        "shopify_order_id": None,
        "name": "PO-77",
        "workflow_id": None,
        "workflow_name": None,
        "created_at": "2026-05-05T11:02:40Z",
        "custom_status": None,
        "custom_sub_status": None,
        "addon_statuses": [],
        "customer": None,
        "shipping_address": None,
        "total_price": "0.00",
        "currency": "EUR",
        "line_items": [],
        "note": None,
        "cancelled": False,
        "cancelled_at": None,
    }


async def test_a_full_order(shop):
    order = await shop.order(
        "#K-204",
        shopify_kind="Order",
        shopify_id=7730412,
        placed_at=datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC),
        customer=Customer("Tomé", "Reis", "tome@reis.example", None),
        ship_to=Stop(
            company_name="Reis Náutica",
            line_1="Rua do Cais 8",
            locality="Olhão",
            region="Faro",
            postal_code="8700-304",
            country="Portugal",
            latitude_text="37.0260",
            longitude_text="-7.8410",
        ),
        total_price=Decimal("2140"),
        currency="USD",
        note="Call before delivery",
        items=(
            item("Sea kayak 5.2 m", shopify_line_item_id=66120),
            item("Ash paddle", "2.50", shopify_line_item_id=66121),
        ),
    )
    await shop.moved(order, shop.known["Build 1"])
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/Second"])
    await shop.moved(order, shop.known["Lacquer"], shop.known["Coats/First"])
    await shop.moved(order, shop.known["Gift"])
    kayak, paddle = await shop.line_items(order)
    assert await shop.read(order) == {
        "id": order,
        "shopify_order_id": "gid://shopify/Order/7730412",
        "name": "#K-204",
        "workflow_id": shop.known["workflow:Build"],
        "workflow_name": "Build",
        "created_at": "2026-05-04T06:31:09Z",
        "custom_status": {"id": shop.known["Coated"], "name": "Coated", "color": "#0000D4"},
        "custom_sub_status": {"id": shop.known["Coats/Second"], "name": "Second"},
        "addon_statuses": [
            {"id": shop.known["Gift"], "name": "Gift", "color": "#00F007", "sub_status": None},
            {
                "id": shop.known["Lacquer"],
                "name": "Lacquer",
                "color": "#00F008",
                "sub_status": {"id": shop.known["Coats/First"], "name": "First"},
            },
        ],
        "customer": {"first_name": "Tomé", "last_name": "Reis", "email": "tome@reis.example", "phone": None},
        "shipping_address": {
            "company": "Reis Náutica",
            "address1": "Rua do Cais 8",
            "address2": None,
            "city": "Olhão",
            "province": "Faro",
            "zip": "8700-304",
            "country": "Portugal",
            "latitude": "37.0260",
            "longitude": "-7.8410",
        },
        "total_price": "2140.00",
        "currency": "USD",
        "line_items": [
            {
                "id": kayak,
                "shopify_line_item_id": "gid://shopify/LineItem/66120",
                "name": "Sea kayak 5.2 m",
                "quantity": 1,
            },
            {
                "id": paddle,
                "shopify_line_item_id": "gid://shopify/LineItem/66121",
                "name": "Ash paddle",
                "quantity": 2.5,
            },
        ],
        "note": "Call before delivery",
        "cancelled": False,
        "cancelled_at": None,
    }


async def test_a_shopify_draft_shows_by_its_gid(shop, digits):
    order = await shop.read(digits["draft"])
    assert order["shopify_order_id"] == "gid://shopify/DraftOrder/200"
    assert (await shop.read(digits["regular"]))["shopify_order_id"] == "gid://shopify/Order/100"


@pytest.mark.parametrize(
    ("total", "items", "shown"),
    [
        (None, (), "0.00"),
        (None, (("3", "2.5"), ("1", "0.10"), ("7", None)), "7.60"),
        (None, (("0.5", "0.99"),), "0.50"),
        (None, (("1", None),), "0.00"),
        ("0", (("3", "2.50"),), "0.00"),
        ("12.3", (("3", "2.50"),), "12.30"),
        ("1234567890123.456", (), "1234567890123.46"),
    ],
)
async def test_totals(shop, total, items, shown):
    """Section 24: the order's own total, else the sum of quantity times unit price."""
    order = await shop.order(
        total_price=None if total is None else Decimal(total),
        items=tuple(item(quantity=quantity, price=price) for quantity, price in items),
    )
    assert (await shop.read(order))["total_price"] == shown
    listed = (await shop.get("/orders", order_ids=order)).ok()["orders"]
    assert [one["total_price"] for one in listed] == [shown]


@pytest.mark.parametrize(
    ("stop", "shown"),
    [
        (None, None),
        (Stop(), None),
        (Stop(line_3="x", location_number="7", urbanization="y", timezone="UTC", residential=True), None),
        (Stop(company_name="C"), {"company": "C"}),
        (Stop(line_1="1"), {"address1": "1"}),
        (Stop(line_2="2"), {"address2": "2"}),
        (Stop(locality="L"), {"city": "L"}),
        (Stop(region="R"), {"province": "R"}),
        (Stop(postal_code="P"), {"zip": "P"}),
        (Stop(country="PT"), {"country": "PT"}),
        (Stop(latitude_text="37.0260"), {"latitude": "37.0260"}),
        (Stop(longitude_text="-7.8410"), {"longitude": "-7.8410"}),
        (
            Stop(latitude_text="37.0260", longitude_text="-7.8410", geolocation=Geolocation(37.026, -7.841)),
            {"latitude": "37.0260", "longitude": "-7.8410"},
        ),
        (Stop(geolocation=Geolocation(37.5, -7.25)), {"latitude": "37.5", "longitude": "-7.25"}),
    ],
)
async def test_shipping_address(shop, stop, shown):
    """Section 24: null when the stop carries none of the nine values, else all nine keys."""
    address = (await shop.read(await shop.order(ship_to=stop)))["shipping_address"]
    assert address == (None if shown is None else {**dict.fromkeys(ADDRESS), **shown})


@pytest.mark.parametrize("member", ["first_name", "last_name", "email", "phone"])
async def test_each_part_of_a_customer_may_be_missing(shop, member):
    everything = {"first_name": "A", "last_name": "B", "email": "c@d.example", "phone": "1"}
    partly = {**everything, member: None}
    assert (await shop.read(await shop.order(customer=Customer(**partly))))["customer"] == partly
    alone = dict.fromkeys(everything) | {member: "x"}
    assert (await shop.read(await shop.order(customer=Customer(**alone))))["customer"] == alone


async def test_line_items_keep_the_orders_own_sequence(shop):
    names = [f"thing {number}" for number in (3, 1, 2, 12, 11, 9)]
    order = await shop.order(items=tuple(item(name) for name in names))
    for include in ({}, {"include": "line_item_statuses"}):
        assert [line["name"] for line in (await shop.read(order, **include))["line_items"]] == names


async def test_addons_come_by_order_then_id(world):
    team = await world.team()
    wish = [("P", 50), ("Q", 7), ("R", 50), ("S", 50), ("T", 9)]
    await team.apply({"statuses": [{"name": name, "order": order, "addon": True} for name, order in wish]})
    ids = await team.ids()
    order = await team.order()
    for name in ("S", "T", "P", "R", "Q"):
        await team.moved(order, ids[name])
    expected = sorted((position, ids[name]) for name, position in wish)
    assert [addon["id"] for addon in (await team.read(order))["addon_statuses"]] == [
        one for _, one in expected
    ]


async def test_names_are_read_as_they_are_now(world):
    """Renaming a status renames it everywhere: orders hold the status, not its name."""
    team = await world.team()
    await team.apply({"statuses": [{"name": "Old", "color": "#111111"}]})
    order = await team.order()
    await team.moved(order, (await team.ids())["Old"])
    await team.apply({"statuses": [{"name": "Old", "color": "#222222"}]})
    assert (await team.read(order))["custom_status"]["color"] == "#222222"


async def test_importing_again_keeps_statuses(shop):
    """Section 24: re-importing an order keeps its statuses."""
    content = {"shopify_kind": "Order", "shopify_id": 909}
    lines = (item("a", shopify_line_item_id=1), item("b", shopify_line_item_id=2))
    order = await shop.order("#again", items=lines, **content)
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/First"])
    await shop.moved(order, shop.known["Gift"])
    first = (await shop.line_items(order))[0]
    await shop.post(f"/line-items/{first}/status", {"status_id": shop.known["A"]})
    before = await shop.read(order, include="line_item_statuses,deadline")
    assert await shop.order("#again", items=lines, note="told again", **content) == order
    after = await shop.read(order, include="line_item_statuses,deadline")
    assert after == before | {"note": "told again"}


# Extras ---------------------------------------------------------------------------------------------------

EXTRAS = ("line_item_statuses", "deadline", "metafield")


@pytest.fixture(scope="module")
async def extra(shop: Team) -> str:
    """An order with a status of its own, whose first line item has one too."""
    order = await shop.order(items=(item("a"), item("b")))
    await shop.moved(order, shop.known["A"])
    body = {"status_id": shop.known["Coated"], "sub_status_option_id": shop.known["Coats/First"]}
    assert (await shop.post(f"/line-items/{(await shop.line_items(order))[0]}/status", body)).status == 200
    return order


@pytest.mark.parametrize(
    "wanted", [combination for size in range(4) for combination in itertools.combinations(EXTRAS, size)]
)
async def test_extras_in_every_combination(shop, extra, wanted):
    for version in ("1.4", "1.5"):
        include = {"include": ",".join(wanted)} if wanted else {}
        order = await shop.read(extra, version, **include)
        listed = (await shop.get("/orders", version, order_ids=extra, **include)).ok()["orders"]
        assert listed == [order]
        assert order.keys() == KEYS["1.4"] | set(wanted) - {"line_item_statuses"}
        line_keys = LINE
        if "line_item_statuses" in wanted:
            line_keys = LINE | {"status", "sub_status"} | ({"deadline"} & set(wanted))
        assert all(line.keys() == line_keys for line in order["line_items"])
        if "line_item_statuses" in wanted:
            first, second = order["line_items"]
            assert first["status"] == {"id": shop.known["Coated"], "name": "Coated", "color": "#0000D4"}
            assert first["sub_status"] == {"id": shop.known["Coats/First"], "name": "First"}
            assert (second["status"], second["sub_status"]) == (None, None)
            if "deadline" in wanted:
                assert first["deadline"].keys() == {"entered_at", "deadline_at", "overdue"}
                assert second["deadline"] is None
        if "deadline" in wanted:
            assert order["deadline"].keys() == {"entered_at", "deadline_at", "overdue"}
            assert (order["deadline"]["deadline_at"], order["deadline"]["overdue"]) == (None, False)
        if "metafield" in wanted:
            assert order["metafield"]["value"]["order_id"] == extra


async def test_extras_of_an_order_that_has_none(shop):
    order = await shop.read(await shop.order(items=(item(),)), include=",".join(EXTRAS))
    assert (order["deadline"], order["metafield"]) == (None, None)
    assert {name: order["line_items"][0][name] for name in ("status", "sub_status", "deadline")} == {
        "status": None,
        "sub_status": None,
        "deadline": None,
    }


@pytest.mark.parametrize("version", VERSIONS[:4])
async def test_s55_extras_have_no_effect_before_1_4(shop, extra, version):
    """S-55: in 1.3 and before `include` has no effect, not even when it names nothing known."""
    plain = await shop.get(f"/orders/{extra}", version)
    for include in (",".join(EXTRAS), "metafield", "nonsense"):
        assert (await shop.get(f"/orders/{extra}", version, include=include)).raw == plain.raw
        listed = await shop.get("/orders", version, order_ids=extra, include=include)
        assert listed.ok()["orders"] == [plain.ok()["order"]]


async def test_unknown_extras(shop, extra):
    for include in ("x", "deadline,x", "Deadline", "line_items"):
        (await shop.get(f"/orders/{extra}", include=include)).refused("invalid_request", fields=["include"])
        (await shop.get(f"/orders/{new_id()}", include=include)).refused(
            "invalid_request", fields=["include"]
        )
