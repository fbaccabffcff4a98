"""Orders are created, read and seen on all three surfaces (sections 6.2, 7.3, 7.4 and 8.9)."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from milepost.kit.ids import new_id, ulid
from tests.surfaces.milestones_api.followed import (
    ISSUED,
    TODAY,
    WORKSPACE,
    Followed,
    faulty,
    missing,
    place,
    refused,
)
from tests.surfaces.world import NO_ID, Customer, Reply, Stop, Team, World, item

BODY: dict[str, Any] = {
    "order_number": "HX-4410",
    "name": "Spring aprons",
    "supplier": {"id": "sup-118", "name": "Tessel Mills"},
    "ships_on": "2027-04-09",
    "delivered_on": "2027-05-14",
    "currency": "EUR",
    "payment_terms": "net 45",
    "tags": ["spring"],
    "order_items": [
        {"part_id": "APR-LIN-3", "quantity": 1200, "unit_of_measure": "pcs", "unit_price_micros": 6150000},
        {"name": "Screen set-up", "quantity": 1, "unit_of_measure": "lot", "unit_price_micros": 180000000},
    ],
}
LEAST: dict[str, Any] = {
    "supplier": {"id": "sup-118"},
    "ships_on": "2027-04-09",
    "order_items": [{"name": "Screen set-up", "quantity": 1}],
}
SHIPS_TO = {
    "company_name": "Loom & Larch",
    "location_number": "DC-7",
    "line_1": "Rua do Cais 8",
    "line_2": "Gate 3",
    "line_3": "Bay 1",
    "locality": "Olhão",
    "region": "Faro",
    "postal_code": "8700-304",
    "country": "PT",
    "timezone": "Europe/Lisbon",
}
SELLER = {
    "seller_address_line1": "Mill Road 4",
    "seller_address_line2": "Unit B",
    "seller_city": "Guimarães",
    "seller_state": "Braga",
    "seller_postal_code": "4800-412",
    "seller_country": "PT",
}


async def post(team: Team, body: Any) -> Reply:
    return await team.milestones_api("POST", "/purchase_orders", body=body)


async def created(team: Team, **content: Any) -> dict[str, Any]:
    """A new order that must be taken; as it is answered."""
    reply = await post(team, {"purchase_order": {**LEAST, **content}})
    assert reply.status == 201, reply
    order: dict[str, Any] = reply.json["purchase_order"]
    return order


async def items_of(team: Team, order: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/purchase_orders/{order['id']}/order_items"
    listed: list[dict[str, Any]] = (await team.milestones_api("GET", path)).ok()["order_items"]
    return listed


async def orders_view(team: Team, order: dict[str, Any]) -> dict[str, Any]:
    """The order as the Orders API shows it."""
    shown: dict[str, Any] = (await team.orders_api("GET", f"/orders/{order['id']}")).ok()
    return shown


@pytest.fixture
async def plain(team: Team) -> Team:
    await team.apply(WORKSPACE)
    return team


# Create ---------------------------------------------------------------------------------------------------


async def test_m9_create(plain: Team):
    """M-9: 201 with `Location`, issued today, one pending milestone per workflow milestone."""
    with plain.world.clock.at(ISSUED):
        reply = await post(plain, {"purchase_order": BODY})
    order = reply.json["purchase_order"]
    assert reply.status == 201
    assert reply.headers["Location"] == f"/v1/teams/{plain.id}/purchase_orders/{order['id']}"
    assert (order["status"], order["issued_at"], order["last_issued_at"]) == ("issued", TODAY, TODAY)
    assert order["workflow_id"] == plain.known["workflow:Plain"]
    named = [(one["name"], one["position"], one["status"]) for one in order["milestones"]]
    assert named == [
        ("Order accepted", 1, "pending"),
        ("Sample approved", 2, "pending"),
        ("Sewing started", 3, "pending"),
        ("Goods shipped", 4, "pending"),
        ("Goods delivered", 5, "pending"),
    ]
    assert order["current_milestone_id"] == order["milestones"][0]["id"]
    events = await plain.events(order["id"])
    assert [event["type"] for event in events] == ["order.created"]
    with plain.world.clock.at(ISSUED):
        answer = await plain.world.call("GET", reply.headers["Location"], headers={"X-API-Key": plain.key})
    assert answer.ok() == {"purchase_order": order}


async def test_m10_numbers(plain: Team):
    """M-10: a number in use is 422 under `errors.order_number`; without one each call gets a new one."""
    assert (await post(plain, {"purchase_order": BODY})).status == 201
    async with plain.unchanged():
        faulty(await post(plain, {"purchase_order": BODY}), "order_number")
    await created(plain, order_number="PO-000002")
    numbers = [(await created(plain))["order_number"] for _ in range(3)]
    assert numbers == ["PO-000001", "PO-000003", "PO-000004"]


async def test_m10_what_is_missing_is_told_together(plain: Team):
    """M-10: missing `supplier.id`, `ships_on` and `order_items` are reported together under `errors`."""
    async with plain.unchanged():
        faulty(await post(plain, {}), "supplier.id", "ships_on", "order_items")
        faulty(await post(plain, {"supplier": {"name": "Mill"}}), "supplier.id", "ships_on", "order_items")
        faulty(
            await post(plain, {"purchase_order": {"supplier": None}}),
            "supplier.id",
            "ships_on",
            "order_items",
        )


async def test_m11_dates_and_money(plain: Team):
    """M-11: `ships_on` on or after `delivered_on` is 422; a price is an integer of millionths and read back as such."""
    async with plain.unchanged():
        for delivered_on in ("2027-04-09", "2027-04-08"):
            faulty(await post(plain, {**LEAST, "delivered_on": delivered_on}), "ships_on")
            faulty(await post(plain, {**LEAST, "delivery_date": delivered_on}), "ships_on")
        for price in (0.8, "5", -1, 2**53, True, 10**30):
            line = {"part_id": "A", "quantity": 1, "unit_price_micros": price}
            faulty(await post(plain, {**LEAST, "order_items": [line]}), "order_items[0].unit_price_micros")
    prices = [415000, 0, 9007199254740991, 1, None]
    lines = [
        {"part_id": f"P{n}", "quantity": 1, "unit_price_micros": price} for n, price in enumerate(prices)
    ]
    order = await created(plain, order_items=lines)
    assert [line["unit_price_micros"] for line in await items_of(plain, order)] == prices


async def test_m12_a_draft(plain: Team):
    """M-12: a draft has no milestones and no issue; moves on it are `order_not_active`; the Orders API shows
    NOT_READY."""
    draft = await place(plain, draft=True)
    shown = await draft.shown()
    assert (shown["status"], shown["issued_at"], shown["last_issued_at"]) == ("draft", None, None)
    assert (shown["milestones"], shown["current_milestone_id"]) == ([], None)
    assert shown["workflow_id"] == plain.known["workflow:Plain"]
    assert (await orders_view(plain, shown))["status"] == "NOT_READY"
    other = await place(plain)
    async with plain.unchanged():
        for template in other.templates:
            for verb, body in (("confirm", None), ("reject", {"reason": "no", "date": "2030-01-01"})):
                reply = await draft.call("POST", f"/workflow_milestones/{template}/{verb}", body)
                refused(reply, "order_not_active", status="draft")
        for tail in ("confirm_shipment", "confirm_delivery", "confirm_production_start"):
            refused(await draft.call("POST", f"/{tail}"), "order_not_active", status="draft")
        for tail in ("delay_shipment", "delay_delivery", "delay_production_start", "reject_purchase_order"):
            reply = await draft.call("POST", f"/{tail}", {"reason": "no", "date": "2030-01-01"})
            refused(reply, "order_not_active", status="draft")
        refused(await draft.edit(ship_date="2027-04-01"), "order_not_active", status="draft")
        missing(await draft.call("POST", f"/milestones/{other.id_of(1)}/confirm"), "Milestone")
    assert [event["type"] for event in await plain.events(draft.id)] == ["order.created"]


async def test_everything_that_can_be_said(plain: Team):
    said = {
        **BODY,
        "order_number": "HX-4411 é",
        "currency": "usd",
        "incoterms": "FCA",
        "shipping_method": "sea",
        "note": "n" * 10_000,
        "ships_to": SHIPS_TO,
        **SELLER,
        "tags": ["spring", "rush"],
        "workflow_id": ulid(plain.known["workflow:Short"]).lower(),
    }
    order = await created(plain, **said)
    same = [name for name in said if name not in ("currency", "tags", "workflow_id", "order_items")]
    assert {name: order[name] for name in same} == {name: said[name] for name in same}
    assert order["currency"] == "USD"
    assert sorted(order["tags"]) == ["rush", "spring"]
    assert order["workflow_id"] == plain.known["workflow:Short"]
    assert len(order["milestones"]) == 2
    assert (
        order == (await plain.milestones_api("GET", f"/purchase_orders/{order['id']}")).ok()["purchase_order"]
    )


async def test_hardly_anything_said(team: Team):
    order = await created(team)
    assert order["supplier"] == {"id": "sup-118", "name": None}
    assert [one["type"] for one in order["milestones"]] == [
        "acceptance",
        "production_start",
        "shipment",
        "delivery",
    ]
    nulls = {name for name, value in order.items() if value is None}
    assert nulls == {
        "name",
        "currency",
        "incoterms",
        "payment_terms",
        "shipping_method",
        "note",
        "ships_to",
        "delivered_on",
        "canceled_at",
        *SELLER,
    }
    (line,) = await items_of(team, order)
    assert {name for name, value in line.items() if value is None} == {
        "part_id",
        "unit_of_measure",
        "unit_price_micros",
    }


async def test_null_is_left_out_and_unknown_keys_are_ignored(team: Team):
    nothing = dict.fromkeys(
        ("order_number", "name", "currency", "note", "ships_to", "tags", "delivered_on", "delivery_date")
    )
    line = {
        "name": "Screen",
        "quantity": 1,
        "part_id": None,
        "unit_of_measure": None,
        "unit_price_micros": None,
    }
    order = await created(
        team,
        **nothing,
        **dict.fromkeys(SELLER),
        draft=None,
        workflow_id=None,
        order_items=[{**line, "id": NO_ID, "x": 1}],
        status="delivered",
        id=NO_ID,
        milestones=[1],
    )
    assert (order["status"], order["order_number"], order["tags"]) == ("issued", "PO-000001", [])
    assert order["id"] != NO_ID


async def test_the_caller_s_own_ids_may_be_integers(team: Team):
    order = await created(team, supplier={"id": 118}, order_items=[{"part_id": 10**63, "quantity": 1}])
    assert order["supplier"]["id"] == "118"
    (line,) = await items_of(team, order)
    assert line["part_id"] == "1" + "0" * 63
    kept = await created(team, supplier={"id": " 0118 "}, order_items=[{"part_id": "a" * 64, "quantity": 1}])
    assert kept["supplier"]["id"] == " 0118 "


async def test_past_dates_are_accepted(plain: Team):
    with plain.world.clock.at(ISSUED):
        order = await created(plain, ships_on="2020-02-29", delivered_on="2020-03-01")
    assert (order["ships_on"], order["delivered_on"]) == ("2020-02-29", "2020-03-01")
    assert (order["status"], order["late"], order["overdue"]) == ("issued", True, False)
    late = {one["type"]: one["late"] for one in order["milestones"] if one["key_date"] is not None}
    assert late == {"shipment": True, "delivery": True, "custom": True, "production_start": True}


async def test_the_delivery_date_in_both_spellings(plain: Team):
    """Section 7.3: `delivered_on` is also spelt `delivery_date`; different values are `validation_failed`."""
    for said in (
        {"delivery_date": "2027-05-14"},
        {"delivered_on": "2027-05-14", "delivery_date": "2027-05-14"},
    ):
        assert (await created(plain, **said))["delivered_on"] == "2027-05-14"
    async with plain.unchanged():
        both = {"delivered_on": "2027-05-14", "delivery_date": "2027-05-15"}
        faulty(await post(plain, {**LEAST, **both}), "delivery_date")


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        ("1200", "1200"),
        ("1200.0", "1200"),
        ("1.2e3", "1200"),
        ("0.1", "0.1"),
        ("0.000001", "0.000001"),
        ("2.500000", "2.5"),
        ("123456789012345678.123456", "123456789012345678.123456"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
async def test_quantities_are_exact(team: Team, quantity: str, shown: str):
    body = json.dumps({**LEAST, "order_items": [{"name": "Screen", "quantity": "Q"}]}).replace(
        '"Q"', quantity
    )
    reply = await post(team, body.encode())
    assert reply.status == 201, reply
    path = f"/purchase_orders/{reply.json['purchase_order']['id']}/order_items"
    raw = (await team.milestones_api("GET", path)).raw.decode()
    assert f'"quantity":{shown},' in raw


async def test_tags_are_made_once(team: Team):
    assert (await team.orders_api("POST", "/tags", body={"name": "Spring"})).status == 201
    first = await created(team, tags=["Spring", "rush"])
    second = await created(team, tags=["rush"])
    assert (sorted(first["tags"]), second["tags"]) == (["Spring", "rush"], ["rush"])
    listed = (await team.orders_api("GET", "/tags")).ok()["data"]
    assert sorted((tag["name"], tag["slug"]) for tag in listed) == [("Spring", "spring"), ("rush", "rush")]
    assert sorted(tag["name"] for tag in (await orders_view(team, first))["tags"]) == ["Spring", "rush"]


async def test_a_team_without_workflows(team: Team):
    await team.apply({"workflows": []}, prune=True)
    order = await created(team, delivered_on="2027-05-14")
    assert (order["workflow_id"], order["milestones"], order["status"]) == (None, [], "issued")
    assert (order["ships_on"], order["delivered_on"]) == ("2027-04-09", "2027-05-14")
    assert (order["current_milestone_id"], order["late"], order["overdue"]) == (None, False, False)


async def test_today_is_the_team_s(world: World):
    team = await world.team()
    await team.apply({"team": {"time_zone": "Pacific/Auckland"}})
    with world.clock.at(datetime(2027, 1, 31, 12, 0, tzinfo=UTC)):
        order = await created(team)
    assert order["issued_at"] == "2027-02-01"
    assert order["created_at"] == "2027-01-31T12:00:00Z"


async def test_numbers_at_once(team: Team):
    orders = await asyncio.gather(*(created(team) for _ in range(12)))
    assert sorted(one["order_number"] for one in orders) == [f"PO-{number:06d}" for number in range(1, 13)]


async def test_the_same_number_at_once(team: Team):
    replies = await asyncio.gather(*(post(team, {**LEAST, "order_number": "A"}) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [201, *[422] * 7]


async def test_a_number_that_an_order_of_another_surface_bears(team: Team):
    await team.order("#1")
    async with team.unchanged():
        faulty(await post(team, {**LEAST, "order_number": "#1"}), "order_number")


async def test_the_same_order_twice_is_two_orders_in_two_teams(world: World):
    for _ in range(2):
        assert (await post(await world.team(), BODY)).status == 201


LINE = LEAST["order_items"][0]


def line(**said: Any) -> dict[str, Any]:
    return {"order_items": [LINE, {**LINE, **said}]}


def without(name: str) -> dict[str, Any]:
    return {"order_items": [{key: value for key, value in LINE.items() if key != name}]}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"supplier": "sup-118"}, "supplier"),
        ({"supplier": []}, "supplier"),
        ({"supplier": {"id": ""}}, "supplier.id"),
        ({"supplier": {"id": "x" * 65}}, "supplier.id"),
        ({"supplier": {"id": 1.5}}, "supplier.id"),
        ({"supplier": {"id": True}}, "supplier.id"),
        ({"supplier": {"id": 10**64}}, "supplier.id"),
        ({"supplier": {"id": "a\0b"}}, "supplier.id"),
        ({"supplier": {"id": "a", "name": 5}}, "supplier.name"),
        ({"ships_on": "2027-04-31"}, "ships_on"),
        ({"ships_on": "2027-4-1"}, "ships_on"),
        ({"ships_on": "2027-04-01T00:00:00Z"}, "ships_on"),
        ({"ships_on": 20270401}, "ships_on"),
        ({"ships_on": None}, "ships_on"),
        ({"delivered_on": "soon"}, "delivered_on"),
        ({"delivery_date": ""}, "delivery_date"),
        ({"order_items": []}, "order_items"),
        ({"order_items": None}, "order_items"),
        ({"order_items": {}}, "order_items"),
        ({"order_items": [LINE] * 1001}, "order_items"),
        ({"order_items": ["x"]}, "order_items[0]"),
        ({"order_items": [LINE, None]}, "order_items[1]"),
        (without("quantity"), "order_items[0].quantity"),
        (without("name"), "order_items[0].part_id"),
        (line(name=None), "order_items[1].part_id"),
        (line(name=""), "order_items[1].part_id"),
        (line(quantity=0), "order_items[1].quantity"),
        (line(quantity=-1), "order_items[1].quantity"),
        (line(quantity="1"), "order_items[1].quantity"),
        (line(quantity=0.0000001), "order_items[1].quantity"),
        (line(quantity=True), "order_items[1].quantity"),
        (line(quantity=None), "order_items[1].quantity"),
        (line(name="n" * 129), "order_items[1].name"),
        (line(name=7), "order_items[1].name"),
        (line(part_id=""), "order_items[1].part_id"),
        (line(part_id="p" * 65), "order_items[1].part_id"),
        (line(unit_of_measure="u" * 33), "order_items[1].unit_of_measure"),
        (line(unit_of_measure=""), "order_items[1].unit_of_measure"),
        (line(unit_price_micros=0.5), "order_items[1].unit_price_micros"),
        ({"order_number": ""}, "order_number"),
        ({"order_number": "n" * 65}, "order_number"),
        ({"order_number": 5}, "order_number"),
        ({"name": "n" * 256}, "name"),
        ({"name": ["x"]}, "name"),
        ({"note": "n" * 10_001}, "note"),
        ({"note": "a\0"}, "note"),
        ({"incoterms": "n" * 256}, "incoterms"),
        ({"payment_terms": "n" * 256}, "payment_terms"),
        ({"shipping_method": "n" * 256}, "shipping_method"),
        ({"seller_city": "n" * 256}, "seller_city"),
        ({"seller_country": 5}, "seller_country"),
        ({"ships_to": "here"}, "ships_to"),
        ({"ships_to": {"line_1": 5}}, "ships_to.line_1"),
        ({"currency": "EU"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "E1R"}, "currency"),
        ({"currency": "ÉUR"}, "currency"),
        ({"tags": "spring"}, "tags"),
        ({"tags": [str(number) for number in range(51)]}, "tags"),
        ({"tags": ["a", ""]}, "tags[1]"),
        ({"tags": ["a", "b", "a"]}, "tags[2]"),
        ({"tags": ["t" * 65]}, "tags[0]"),
        ({"tags": [5]}, "tags[0]"),
        ({"workflow_id": "nonsense"}, "workflow_id"),
        ({"workflow_id": NO_ID}, "workflow_id"),
        ({"workflow_id": 5}, "workflow_id"),
        ({"draft": "yes"}, "draft"),
        ({"draft": 1}, "draft"),
    ],
)
async def test_a_faulty_field(settled: tuple[Team, Any], said: dict[str, Any], path: str):
    team, _ = settled
    async with team.unchanged():
        faulty(await post(team, {"purchase_order": {**LEAST, **said}}), path)


async def test_all_faults_at_once(settled: tuple[Team, Any]):
    team, _ = settled
    body = {
        "supplier": {"name": 1},
        "ships_on": "2027-05-20",
        "delivered_on": "2027-05-14",
        "delivery_date": "2027-05-15",
        "order_items": [LINE, {"quantity": 0}, {"part_id": 1.5, "unit_price_micros": "5"}],
        "tags": ["", 1],
        "draft": 0,
        "seller_city": 1,
    }
    async with team.unchanged():
        faulty(
            await post(team, body),
            "supplier.id",
            "supplier.name",
            "ships_on",
            "delivery_date",
            "order_items[1].quantity",
            "order_items[1].part_id",
            "order_items[2].quantity",
            "order_items[2].part_id",
            "order_items[2].unit_price_micros",
            "tags[0]",
            "tags[1]",
            "draft",
            "seller_city",
        )


async def test_the_largest_order(team: Team):
    lines = [{"part_id": f"P{number}", "quantity": number + 1} for number in range(1000)]
    order = await created(team, order_items=lines)
    found = list[str]()
    for page in range(1, 11):
        path = f"/purchase_orders/{order['id']}/order_items?per_page=100&page={page}"
        reply = await team.milestones_api("GET", path)
        assert reply.headers["X-Total"] == "1000"
        found += [line["part_id"] for line in reply.ok()["order_items"]]
    assert found == [line["part_id"] for line in lines]


# Read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelt", [str, str.upper, ulid, lambda one: ulid(one).lower()])
async def test_m7_an_id_in_any_spelling(settled: tuple[Team, Any], spelt: Callable[[str], str]):
    """M-7: UUID and ULID in any letter case reach the same order; answers show the lower-case UUID."""
    team, things = settled
    order_id = things["order_id"]
    reply = await team.milestones_api("GET", f"/purchase_orders/{spelt(order_id)}")
    assert reply.ok()["purchase_order"]["id"] == order_id == order_id.lower()
    items = await team.milestones_api("GET", f"/purchase_orders/{spelt(order_id)}/order_items")
    assert items.ok()["order_items"]


async def test_orders_that_are_not_there(settled: tuple[Team, Any], world: World):
    team, things = settled
    others = await created(await world.team())
    async with team.unchanged():
        for order_id in (NO_ID, "x", others["id"], things["milestone_id"], new_id()):
            for method, tail in (
                ("GET", ""),
                ("GET", "/order_items"),
                ("PATCH", ""),
                ("POST", "/issue"),
            ):
                body = {"name": "Mine"} if method == "PATCH" else None
                reply = await team.milestones_api(method, f"/purchase_orders/{order_id}{tail}", body=body)
                missing(reply, "Purchase order")
            wrong = await team.milestones_api("PATCH", f"/purchase_orders/{order_id}", body={"name": 5})
            missing(wrong, "Purchase order")


# One truth ------------------------------------------------------------------------------------------------


async def test_three_surfaces_show_one_order(plain: Team):
    """Section 8.9, names: what is written here is what the two others show."""
    body = {**BODY, "ships_to": SHIPS_TO, **SELLER, "note": "Ring twice"}
    with plain.world.clock.at(ISSUED):
        order = await created(plain, **body)
    theirs = await orders_view(plain, order)
    assert (theirs["order_number"], theirs["name"]) == ("HX-4410", "Spring aprons")
    assert {name: theirs["ship_to"][name] for name in SHIPS_TO} == SHIPS_TO
    assert (theirs["supplier"]["supplier_id"], theirs["supplier"]["name"]) == ("sup-118", "Tessel Mills")
    address = theirs["supplier"]["address"]
    assert [
        address[name] for name in ("line_1", "line_2", "locality", "region", "postal_code", "country")
    ] == [*SELLER.values()]
    assert [tag["name"] for tag in theirs["tags"]] == ["spring"]
    lines = [(one["description"], one["references"], one["amount"]) for one in theirs["items"]]
    assert lines == [
        (None, [{"qualifier": "PRODUCT_REF", "value": "APR-LIN-3"}], {"unit": "pcs", "value": "1200"}),
        ("Screen set-up", [], {"unit": "lot", "value": "1"}),
    ]
    assert [one["id"] for one in theirs["items"]] == [ulid(one["id"]) for one in await items_of(plain, order)]
    assert (theirs["status"], theirs["order_type"], theirs["cancelled_at"]) == (
        "NOT_READY",
        "PURCHASE_ORDER",
        None,
    )
    assert (theirs["created_at"][:19], theirs["updated_at"][:19]) == ("2027-02-01T09:30:12",) * 2

    status = await plain.read(order["id"])
    assert (status["id"], status["name"], status["note"], status["currency"]) == (
        order["id"],
        "HX-4410",
        "Ring twice",
        "EUR",
    )
    assert (status["total_price"], status["cancelled"]) == ("7560.00", False)
    assert [(one["name"], one["quantity"]) for one in status["line_items"]] == [
        (None, 1200),
        ("Screen set-up", 1),
    ]
    assert status["shipping_address"] == {
        "company": "Loom & Larch",
        "address1": "Rua do Cais 8",
        "address2": "Gate 3",
        "city": "Olhão",
        "province": "Faro",
        "zip": "8700-304",
        "country": "PT",
        "latitude": None,
        "longitude": None,
    }


async def test_a_draft_here_is_a_draft_there(plain: Team):
    order = await created(plain, draft=True)
    drafts = (await plain.get("/orders", order_type="DRAFT")).ok()["orders"]
    assert [one["id"] for one in drafts] == [order["id"]]
    (await plain.milestones_api("POST", f"/purchase_orders/{order['id']}/issue")).ok()
    assert (await plain.get("/orders", order_type="DRAFT")).ok()["orders"] == []
    assert [one["id"] for one in (await plain.get("/orders")).ok()["orders"]] == [order["id"]]


async def test_an_order_of_the_orders_api(plain: Team):
    """It follows the default workflow and counts as issued; what it lacks reads null."""
    body = {
        "order_number": "MP-1",
        "ship_to": {"line_1": "Quay 2", "residential": True},
        "supplier": {"name": "Yard", "address": {"locality": "Faro"}, "email": "yard@example.org"},
        "items": [
            {
                "description": "Deck screw",
                "amount": {"unit": "KG", "value": "640.5000000001"},
                "references": [
                    {"qualifier": "X", "value": "1"},
                    {"qualifier": "PRODUCT_REF", "value": "DS-580"},
                    {"qualifier": "PRODUCT_REF", "value": "DS-581"},
                ],
            },
            {"amount": {"unit": "EA", "value": "1000.00"}},
        ],
    }
    with plain.world.clock.at(ISSUED):
        made = (await plain.orders_api("POST", "/orders", body=body)).json
        order = await Followed(plain, {"id": made["id"], "milestones": []}).shown()
    assert (order["status"], order["issued_at"]) == ("issued", TODAY)
    assert order["workflow_id"] == plain.known["workflow:Plain"]
    assert len(order["milestones"]) == 5
    assert (order["ships_on"], order["delivered_on"]) == (None, None)
    assert order["supplier"] is None
    assert order["seller_city"] == "Faro"
    assert order["ships_to"] == {**dict.fromkeys(SHIPS_TO), "line_1": "Quay 2"}
    first, second = await items_of(plain, order)
    assert (first["part_id"], first["name"], first["unit_of_measure"]) == ("DS-580", "Deck screw", "KG")
    assert (first["quantity"], first["unit_price_micros"]) == (640.5, None)
    assert (second["part_id"], second["name"], second["unit_of_measure"]) == (None, None, "EA")
    assert second["quantity"] == 1000


async def test_a_stop_that_says_nothing_here(team: Team):
    body = {"order_number": "MP-1", "ship_to": {"residential": True}, "items": []}
    made = (await team.orders_api("POST", "/orders", body=body)).json
    order = await Followed(team, {"id": made["id"], "milestones": []}).shown()
    assert (order["ships_to"], order["supplier"]) == (None, None)


async def test_an_order_of_a_shop(plain: Team):
    order_id = await plain.order(
        "#K-204",
        customer=Customer("Tomé", "Reis"),
        ship_to=Stop(company_name="Reis Náutica", latitude_text="37.0260"),
        items=(item("Sea kayak 5.2 m", "2.50", price="1070.125"), item("Gift")),
    )
    order = await Followed(plain, {"id": order_id, "milestones": []}).shown()
    assert order["order_number"] == "#K-204"
    assert order["ships_to"] == {**dict.fromkeys(SHIPS_TO), "company_name": "Reis Náutica"}
    shown = [
        (one["name"], one["quantity"], one["unit_of_measure"], one["unit_price_micros"])
        for one in await items_of(plain, order)
    ]
    assert shown == [("Sea kayak 5.2 m", 2.5, None, 1070125000), ("Gift", 1, None, None)]
    (first, _) = (await orders_view(plain, order))["items"]
    assert first["amount"] == {"unit": "EA", "value": "2.50"}


async def test_canceling_shows(plain: Team):
    order = await place(plain)
    with plain.world.clock.at(datetime(2027, 2, 5, 7, 0, 0, 900_000, tzinfo=UTC)):
        await order.cancel()
        shown = await order.shown()
    assert (shown["status"], shown["canceled_at"]) == ("canceled", "2027-02-05T07:00:00Z")
    assert (shown["current_milestone_id"], shown["late"], shown["overdue"]) == (None, False, False)
    assert [one["status"] for one in shown["milestones"]] == ["pending"] * 5
    assert not any(one["current"] or one["late"] or one["prompted_at"] for one in shown["milestones"])
