"""Orders are edited (section 7.5)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERED_ON,
    DELIVERY,
    ISSUED,
    SHIPMENT,
    SHIPS_ON,
    WORKSPACE,
    Followed,
    faulty,
    place,
    refused,
    workflow,
)
from tests.surfaces.world import NO_ID, Reply, Team, World

NEITHER: dict[str, Any] = {
    "workflows": [*WORKSPACE["workflows"], workflow("Bare", ACCEPTANCE), workflow("Undelivered", 1, 2, 4)]
}
"""Also workflows without a shipment or delivery milestone."""
LATER = ISSUED + timedelta(hours=1)


@pytest.fixture
async def plain(team: Team) -> Team:
    await team.apply(NEITHER)
    return team


async def patch(order: Followed, /, **said: Any) -> Reply:
    return await order.call("PATCH", "", {"purchase_order": said})


async def patched(order: Followed, /, **said: Any) -> dict[str, Any]:
    """An edit that must be taken; the order as it is answered, which is as GET shows it."""
    shown: dict[str, Any] = (await patch(order, **said)).ok()["purchase_order"]
    assert shown == await order.shown()
    return shown


async def items_of(order: Followed) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await order.call("GET", "/order_items")).ok()["order_items"]
    return listed


def frozen(reply: Reply, *fields: str) -> None:
    """Asserts `field_frozen` for exactly these fields."""
    errors = reply.json["errors"]
    refused(reply, "field_frozen", errors=errors)
    assert sorted(errors) == sorted(fields)
    assert all(isinstance(text, str) for texts in errors.values() for text in texts)


# Fields ---------------------------------------------------------------------------------------------------

FREE = {
    "name": "Summer aprons",
    "currency": "USD",
    "incoterms": "FCA",
    "shipping_method": "sea",
    "payment_terms": "net 60",
    "note": "Ring twice",
    "seller_address_line1": "Mill Road 4",
    "seller_address_line2": "Unit B",
    "seller_city": "Guimarães",
    "seller_state": "Braga",
    "seller_postal_code": "4800-412",
    "seller_country": "PT",
}


async def test_free_fields_one_by_one(plain: Team):
    """Each is set and cleared by itself; what is not named stays."""
    order = await place(plain)
    before = await order.shown()
    for name, value in FREE.items():
        expected = {**before, name: value}
        shown = await patched(order, **{name: value})
        assert {**shown, "updated_at": before["updated_at"]} == expected
        cleared = await patched(order, **{name: None})
        assert {**cleared, "updated_at": before["updated_at"]} == before
    assert await order.told() == ["order.updated"] * (2 * len(FREE))


async def test_free_fields_all_at_once(plain: Team):
    order = await place(plain)
    with plain.world.clock.at(datetime(2027, 2, 2, 8, 0, 1, 999_999, tzinfo=UTC)):
        shown = await patched(order, **FREE, tags=["rush", "spring"])
    assert {name: shown[name] for name in FREE} == FREE
    assert (sorted(shown["tags"]), shown["updated_at"]) == (["rush", "spring"], "2027-02-02T08:00:01Z")
    (event,) = [await order.event()]
    assert (event["type"], event["actor_kind"]) == ("order.updated", "api_key")
    assert {
        "name",
        "currency",
        "incoterms",
        "shipping_method",
        "payment_terms",
        "note",
        "supplier",
        "tags",
    } == set(event["new_data"])
    assert (event["old_data"]["incoterms"], event["new_data"]["incoterms"]) == (None, "FCA")


async def test_the_bare_object_is_a_body_too(plain: Team):
    order = await place(plain)
    shown = (await order.call("PATCH", "", {"name": "Bare", "status": "delivered", "id": NO_ID})).ok()
    assert (shown["purchase_order"]["name"], shown["purchase_order"]["status"]) == ("Bare", "issued")


async def test_nothing_that_changes_anything(plain: Team):
    """A request that changes nothing is 200 without an event: nothing said, present values, `draft`."""
    order = await place(
        plain, name="Aprons", currency="EUR", tags=["spring"], note="x", ships_to={"line_1": "Quay"}
    )
    present = await order.shown()
    (line,) = await items_of(order)
    same = {
        name: present[name]
        for name in (*FREE, "ships_on", "delivered_on", "order_number", "tags", "ships_to")
    }
    said: list[dict[str, Any]] = [
        {},
        same,
        {"supplier": {"id": "sup-118"}},
        {"supplier": {"id": "sup-118", "name": "Tessel Mills"}},
        {"workflow_id": present["workflow_id"].upper()},
        {"workflow_id": ulid(present["workflow_id"])},
        {"order_items": []},
        {"order_items": [{"id": line["id"]}]},
        {"order_items": [{**line, "quantity": 1200.0}]},
        {"order_items": [{"id": ulid(line["id"]).lower(), "quantity": 1200, "name": None}]},
        {"ships_to": {"line_1": "Quay"}},
        {"ships_to": {}},
        {"currency": "eur"},
        {"draft": True},
        {"delivery_date": DELIVERED_ON},
        {"unknown": 5},
    ]
    async with plain.unchanged():
        for body in said:
            assert (await patch(order, **body)).ok() == {"purchase_order": present}
    assert await order.told() == []


async def test_ships_to(plain: Team):
    """The members that are not named stay, with what only other surfaces show of the stop; null clears it all."""
    order = await place(plain, ships_to={"line_1": "Quay 2", "locality": "Faro"})
    body = {"ship_to": {"custom_data": {"dock": "B"}, "urbanization": "U"}}
    (await plain.orders_api("PATCH", f"/orders/{order.id}", body=body)).ok()
    shown = await patched(order, ships_to={"line_1": "Quay 3", "locality": None, "country": "PT"})
    assert {name: value for name, value in shown["ships_to"].items() if value} == {
        "line_1": "Quay 3",
        "country": "PT",
    }
    theirs = (await plain.orders_api("GET", f"/orders/{order.id}")).ok()["ship_to"]
    assert (theirs["line_1"], theirs["custom_data"], theirs["urbanization"]) == ("Quay 3", {"dock": "B"}, "U")
    assert (await patched(order, ships_to=None))["ships_to"] is None


async def test_tags_are_replaced_and_made(plain: Team):
    order = await place(plain, tags=["spring", "rush"])
    assert sorted((await patched(order, tags=["rush", "linen"]))["tags"]) == ["linen", "rush"]
    assert (await patched(order, tags=[]))["tags"] == []
    names = [tag["name"] for tag in (await plain.orders_api("GET", "/tags")).ok()["data"]]
    assert sorted(names) == ["linen", "rush", "spring"]
    async with plain.unchanged():
        faulty(await patch(order, tags=["new", "new"]), "tags[1]")
        faulty(await patch(order, tags=None), "tags")


async def test_faulty_values(plain: Team):
    """Field faults are told together and come before state faults; nothing changes."""
    order = await place(plain)
    async with plain.unchanged():
        faulty(
            await patch(
                order,
                name=5,
                currency="EURO",
                order_number=None,
                supplier={"id": "", "name": "x"},
                ships_on="soon",
                tags=["a", "a"],
                seller_city="x" * 256,
                ships_to={"line_1": 5},
            ),
            *("name", "currency", "order_number", "supplier.id", "ships_on", "tags[1]", "seller_city"),
            "ships_to.line_1",
        )
        faulty(await patch(order, supplier={"name": "x"}), "supplier.id")
        faulty(await patch(order, supplier=None), "supplier.id")
        faulty(await patch(order, delivered_on="2027-06-01", delivery_date="2027-06-02"), "delivery_date")
        faulty(await patch(order, delivered_on=None, delivery_date="2027-06-02"), "delivery_date")
        faulty(await patch(order, order_items=None), "order_items")
        faulty(await patch(order, workflow_id="nonsense", order_number="Other"), "workflow_id")
        faulty(await patch(order, workflow_id=NO_ID), "workflow_id")
    await order.cancel()
    async with plain.unchanged():
        faulty(await patch(order, name=5), "name")


# What freezes ---------------------------------------------------------------------------------------------


async def test_m15_frozen_after_issue(plain: Team):
    """M-15: after issue `order_number`, `supplier` and `workflow_id` are frozen; the present value is 200."""
    order = await place(plain)
    present = await order.shown()
    short = plain.known["workflow:Short"]
    async with plain.unchanged():
        frozen(await patch(order, order_number="Other"), "order_number")
        frozen(await patch(order, order_number=present["order_number"].lower()), "order_number")
        frozen(await patch(order, supplier={"id": "sup-119"}), "supplier")
        frozen(await patch(order, supplier={"id": "sup-118", "name": "Other Mills"}), "supplier")
        frozen(await patch(order, supplier={"id": "sup-118", "name": None}), "supplier")
        frozen(await patch(order, workflow_id=short), "workflow_id")
        frozen(
            await patch(order, name="New", workflow_id=short, supplier={"id": "x"}, order_number="y"),
            *("workflow_id", "supplier", "order_number"),
        )
    same = {"order_number": present["order_number"], "supplier": {"id": "sup-118"}}
    shown = await patched(order, name="New", workflow_id=present["workflow_id"], **same)
    assert shown["name"] == "New"


async def test_m15_payment_terms(plain: Team):
    """M-15: `payment_terms` after acceptance works only while it is null; undoing the acceptance thaws it."""
    order = await place(plain)
    assert (await patched(order, payment_terms="net 30"))["payment_terms"] == "net 30"
    assert (await patched(order, payment_terms=None))["payment_terms"] is None
    await order.confirmed(ACCEPTANCE)
    assert (await patched(order, payment_terms="net 45"))["payment_terms"] == "net 45"
    async with plain.unchanged():
        frozen(await patch(order, payment_terms="net 60"), "payment_terms")
        frozen(await patch(order, payment_terms=None), "payment_terms")
        (await patch(order, payment_terms="net 45")).ok()
    (await order.undo(ACCEPTANCE)).ok()
    assert (await patched(order, payment_terms="net 60"))["payment_terms"] == "net 60"


async def test_a_draft_is_free(plain: Team):
    """On a draft everything but `draft` may change, the dates as order-level fields."""
    draft = await place(plain, draft=True)
    short = plain.known["workflow:Short"]
    shown = await patched(
        draft,
        order_number="Other",
        supplier={"id": "sup-119", "name": "Other Mills"},
        workflow_id=short,
        payment_terms="net 9",
        ships_on="2027-05-01",
        delivery_date="2027-05-02",
        draft=False,
    )
    assert (shown["order_number"], shown["workflow_id"], shown["status"]) == ("Other", short, "draft")
    assert shown["supplier"] == {"id": "sup-119", "name": "Other Mills"}
    assert (shown["ships_on"], shown["delivered_on"]) == ("2027-05-01", "2027-05-02")
    assert await draft.told() == ["order.updated"]
    event = await draft.event()
    assert (event["old_data"]["ships_on"], event["new_data"]["ships_on"]) == (SHIPS_ON, "2027-05-01")
    issued = (await draft.call("POST", "/issue")).ok()["purchase_order"]
    assert (issued["workflow_id"], len(issued["milestones"])) == (short, 2)


async def test_the_dates_of_a_draft(plain: Team):
    """`ships_on` may not be null and is earlier than `delivered_on`, said or kept."""
    draft = await place(plain, draft=True)
    async with plain.unchanged():
        faulty(await patch(draft, ships_on=None), "ships_on")
        faulty(await patch(draft, ships_on=DELIVERED_ON), "ships_on")
        faulty(await patch(draft, delivered_on=SHIPS_ON), "ships_on")
        faulty(await patch(draft, delivery_date="2027-06-01", ships_on="2027-06-01"), "ships_on")
    assert (await patched(draft, delivered_on=None))["delivered_on"] is None
    assert (await patched(draft, ships_on="2027-08-01"))["ships_on"] == "2027-08-01"


async def test_a_number_in_use(plain: Team):
    other = await place(plain, order_number="Taken")
    draft = await place(plain, draft=True)
    async with plain.unchanged():
        faulty(await patch(draft, order_number="Taken", name="x"), "order_number")
    assert (await patched(draft, order_number="taken"))["order_number"] == "taken"
    assert (await other.shown())["order_number"] == "Taken"


async def test_a_canceled_order(plain: Team):
    """Only on a canceled order nothing is free; `order_not_active` comes before `field_frozen`."""
    order = await place(plain)
    await order.cancel()
    async with plain.unchanged():
        for said in (
            {"name": "New"},
            {"order_number": "Other"},
            {"ships_on": "2027-05-01"},
            {"tags": ["new"]},
            {},
        ):
            refused(await patch(order, **said), "order_not_active", status="canceled")


async def test_a_refused_order_can_be_amended(plain: Team):
    """A refused order can be amended here, then re-issued (7.19)."""
    order = await place(plain)
    (await order.reject(ACCEPTANCE, reason="too dear")).ok()
    (line,) = await items_of(order)
    shown = await patched(
        order, ships_on="2027-04-20", order_items=[{"id": line["id"], "unit_price_micros": 1}]
    )
    assert (shown["status"], shown["ships_on"]) == ("rejected", "2027-04-20")
    assert (await order.call("POST", "/issue")).ok()["purchase_order"]["status"] == "issued"


# Lines ----------------------------------------------------------------------------------------------------


async def test_m16_lines(plain: Team):
    """M-16: an entry with `id` changes that line only; without `id` it adds one; lines not listed stay."""
    lines = [
        {
            "part_id": "A",
            "name": "Apron",
            "quantity": 5,
            "unit_of_measure": "pcs",
            "unit_price_micros": 415000,
        },
        {"part_id": "B", "quantity": 7},
    ]
    with plain.world.clock.at(ISSUED):
        order = await place(plain, order_items=lines)
    first, second = await items_of(order)
    with plain.world.clock.at(LATER):
        added = {"name": "Set-up", "quantity": 0.5, "unit_price_micros": 1}
        await patched(order, order_items=[added, {"id": first["id"], "quantity": 6}])
    later = LATER.strftime("%Y-%m-%dT%H:%M:%SZ")
    changed, same, new = await items_of(order)
    assert changed == {**first, "quantity": 6, "updated_at": later}
    assert same == second
    assert {**new, "id": None} == {
        "id": None,
        "part_id": None,
        "name": "Set-up",
        "quantity": 0.5,
        "unit_of_measure": None,
        "unit_price_micros": 1,
        "created_at": later,
        "updated_at": later,
    }
    assert await order.told() == ["order.item.updated", "order.item.created"]
    assert (await order.event(1))["new_data"] == {"amount": {"unit": "pcs", "value": "6"}}


async def test_members_of_a_line(plain: Team):
    """Absent is unchanged, null clears what may be null."""
    line = {
        "part_id": "A",
        "name": "Apron",
        "quantity": 5,
        "unit_of_measure": "pcs",
        "unit_price_micros": 415000,
    }
    order = await place(plain, order_items=[line])
    (before,) = await items_of(order)
    line_id = before["id"]

    async def then(**said: Any) -> dict[str, Any]:
        await patched(order, order_items=[{"id": line_id, **said}])
        (after,) = await items_of(order)
        return {
            name: value for name, value in after.items() if before[name] != value and name != "updated_at"
        }

    assert await then(part_id="AA", name="Aprons") == {"part_id": "AA", "name": "Aprons"}
    assert await then(part_id="A", name=None, unit_price_micros=None, unit_of_measure=None) == {
        "name": None,
        "unit_price_micros": None,
        "unit_of_measure": None,
    }
    assert await then(part_id=None, name="Apron", unit_of_measure="pcs", unit_price_micros=415000) == {
        "part_id": None
    }
    theirs = (await plain.orders_api("GET", f"/orders/{order.id}")).ok()["items"][0]
    assert (theirs["references"], theirs["description"]) == ([], "Apron")


async def test_a_part_beside_other_references(plain: Team):
    """`part_id` is one reference of several; the others stay as they are, in their places."""
    order = await place(plain)
    (line,) = await items_of(order)
    path = f"/orders/{order.id}/items/{line['id']}"
    others = [{"qualifier": "LOT", "value": "7"}, {"qualifier": "PRODUCT_REF", "value": "A"}]
    (
        await plain.orders_api(
            "PATCH", path, body={"references": [*others, {"qualifier": "Z", "value": "1"}]}
        )
    ).ok()
    await patched(order, order_items=[{"id": line["id"], "part_id": "B"}])
    assert (await plain.orders_api("GET", path)).ok()["references"] == [
        {"qualifier": "LOT", "value": "7"},
        {"qualifier": "PRODUCT_REF", "value": "B"},
        {"qualifier": "Z", "value": "1"},
    ]
    assert (await items_of(order))[0]["part_id"] == "B"


async def test_faulty_lines(plain: Team):
    order, other = await place(plain), await place(plain)
    (line,), (others,) = await items_of(order), await items_of(other)
    good = {"id": line["id"], "quantity": 9}
    async with plain.unchanged():
        for entry, path in (
            ({"id": NO_ID, "quantity": 1}, "order_items[1].id"),
            ({"id": "nonsense"}, "order_items[1].id"),
            ({"id": others["id"], "quantity": 1}, "order_items[1].id"),
            ({"id": order.id}, "order_items[1].id"),
            ({"id": 5}, "order_items[1].id"),
            ({"id": ulid(line["id"]), "quantity": 8}, "order_items[1].id"),
            ({"quantity": 1}, "order_items[1].part_id"),
            ({"name": "x"}, "order_items[1].quantity"),
            ({"name": "x", "quantity": 0}, "order_items[1].quantity"),
            ("x", "order_items[1]"),
            (None, "order_items[1]"),
        ):
            faulty(await patch(order, name="New", order_items=[good, entry]), path)
        for said, path in (
            ({"quantity": None}, "order_items[0].quantity"),
            ({"quantity": -1}, "order_items[0].quantity"),
            ({"unit_price_micros": 0.8}, "order_items[0].unit_price_micros"),
            ({"part_id": None}, "order_items[0].part_id"),
            ({"name": "n" * 129}, "order_items[0].name"),
        ):
            faulty(await patch(order, order_items=[{"id": line["id"], **said}]), path)


async def test_at_most_a_thousand_lines(plain: Team):
    order = await place(plain, order_items=[{"part_id": f"P{n}", "quantity": 1} for n in range(999)])
    await patched(order, order_items=[{"part_id": "P999", "quantity": 1}])
    async with plain.unchanged():
        faulty(await patch(order, order_items=[{"part_id": "P1000", "quantity": 1}]), "order_items")
        faulty(await patch(order, order_items=[{"part_id": "x", "quantity": 1}] * 1001), "order_items")


async def test_released_lines_are_bound_here_too(plain: Team):
    """What the Orders API's releases took binds the amounts and units of lines (Orders API, section 10)."""
    order = await place(plain)
    (line,) = await items_of(order)
    taken = [{"order_item_id": line["id"], "amount": {"unit": "EA", "value": "1000"}}]
    body = {"release_type": "TRANSPORTATION", "items": taken}
    assert (await plain.orders_api("POST", f"/orders/{order.id}/releases", body=body)).status == 201
    async with plain.unchanged():
        below, unit = {"id": line["id"], "quantity": 999}, {"id": line["id"], "unit_of_measure": "kg"}
        faulty(await patch(order, order_items=[below]), "order_items[0].quantity")
        faulty(await patch(order, order_items=[unit]), "order_items[0].unit_of_measure")
    await patched(order, order_items=[{"id": line["id"], "quantity": 1000}])


# Dates ----------------------------------------------------------------------------------------------------


async def test_m17_ships_on_is_the_key_date(plain: Team):
    """M-17: `ships_on` always equals the key date of the shipment milestone, whichever verb changes it."""
    order = await place(plain)
    acts = (
        lambda: patch(order, ships_on="2027-04-12"),
        lambda: order.edit(ship_date="2027-04-13"),
        lambda: order.reject(SHIPMENT, reason="dye house closed", date="2027-04-14"),
        lambda: order.edit(order_milestone_key_dates={order.id_of(SHIPMENT): None}),
        lambda: patch(order, ships_on="2027-04-15"),
        lambda: patch(order, ships_on=None),
        lambda: order.edit(workflow_order_milestone_key_dates={order.template_of(SHIPMENT): "2027-04-16"}),
    )
    expected = ("2027-04-12", "2027-04-13", "2027-04-14", None, "2027-04-15", None, "2027-04-16")
    with plain.world.clock.at(ISSUED):
        for act, day in zip(acts, expected, strict=True):
            (await act()).ok()
            shown = await order.shown()
            milestone = await order.milestone(SHIPMENT)
            assert (shown["ships_on"], milestone["key_date"]) == (day, day)
            row = await plain.row(order.id)
            assert row["ships_on"] == (None if day is None else datetime.fromisoformat(day).date())


async def test_dates_that_milestones_carry(plain: Team):
    """They are edits of key dates as in 7.13, with delays and `order.timeline.updated`."""
    order = await place(plain)
    with plain.world.clock.at(LATER):
        shown = await patched(order, ships_on="2027-04-12", delivery_date="2027-05-10", name="Late aprons")
    assert (shown["ships_on"], shown["delivered_on"]) == ("2027-04-12", "2027-05-10")
    (delay,) = shown["milestones"][SHIPMENT - 1]["delays"]
    assert (delay["old_date"], delay["new_date"], delay["source"], delay["reason"]) == (
        SHIPS_ON,
        "2027-04-12",
        "edit",
        None,
    )
    assert shown["milestones"][DELIVERY - 1]["delays"] == []
    assert await order.told() == ["order.updated", "order.timeline.updated"]
    assert set((await order.event(1))["new_data"]) == {"name"}


async def test_a_line_a_date_and_a_field_at_once(plain: Team):
    """Section 8.8: `order.updated`, `order.timeline.updated`, then the lines."""
    order = await place(plain)
    (line,) = await items_of(order)
    lines = [{"id": line["id"], "quantity": 3}, {"name": "New", "quantity": 1}]
    await patched(order, order_items=lines, ships_on="2027-04-10", note="x")
    assert await order.told() == [
        "order.updated",
        "order.timeline.updated",
        "order.item.updated",
        "order.item.created",
    ]


async def test_dates_without_a_milestone_are_kept(plain: Team):
    """Without such a milestone the date is kept on the order, compared with nothing."""
    bare = await place(plain, "Bare")
    shown = await patched(bare, ships_on="2027-09-09", delivered_on="2020-01-01")
    assert (shown["ships_on"], shown["delivered_on"]) == ("2027-09-09", "2020-01-01")
    assert await bare.told() == ["order.updated"]
    assert (await patched(bare, ships_on=None, delivery_date=None))["ships_on"] is None
    undelivered = await place(plain, "Undelivered")
    shown = await patched(undelivered, ships_on="2027-09-09", delivered_on="2027-01-01")
    assert (shown["ships_on"], shown["delivered_on"]) == ("2027-09-09", "2027-01-01")
    assert await undelivered.told() == ["order.updated", "order.timeline.updated"]


async def test_refused_dates_change_nothing(plain: Team):
    """All-or-nothing: a refused date refuses the other fields too."""
    order = await place(plain)
    async with plain.unchanged():
        reply = await patch(order, name="New", ships_on="2027-05-15", tags=["brand new"])
        refused(reply, "dates_out_of_order", milestone_ids=[order.id_of(SHIPMENT)])
        reply = await patch(order, ships_on="2027-03-11")
        refused(reply, "dates_out_of_order", milestone_ids=[order.id_of(SHIPMENT)])
        reply = await patch(order, order_number="Other", ships_on="2027-05-15")
        frozen(reply, "order_number")
    both = await patched(order, ships_on="2027-05-15", delivered_on="2027-06-15")
    assert (both["ships_on"], both["delivered_on"]) == ("2027-05-15", "2027-06-15")


async def test_a_confirmed_shipment_keeps_its_date(plain: Team):
    """422 `already_confirmed` if the milestone is confirmed and the value differs."""
    order = await (await place(plain)).confirmed(1, 2, 3, SHIPMENT)
    present = await order.shown()
    assert present["ships_on"] == SHIPS_ON
    async with plain.unchanged():
        for value in ("2027-04-10", None, present["milestones"][SHIPMENT - 1]["confirmed_on"]):
            reply = await patch(order, ships_on=value, name="New")
            refused(reply, "already_confirmed", milestone_ids=[order.id_of(SHIPMENT)])
        (await patch(order, ships_on=SHIPS_ON)).ok()


# One truth ------------------------------------------------------------------------------------------------


async def test_the_other_surfaces_show_the_edit(plain: Team):
    draft = await place(plain, draft=True)
    (line,) = await items_of(draft)
    await patched(
        draft,
        order_number="HX-1",
        name="Aprons",
        note="Ring",
        currency="SEK",
        ships_to={"company_name": "Loom", "line_1": "Quay 2"},
        supplier={"id": "sup-9", "name": "Yard"},
        seller_city="Faro",
        order_items=[{"id": line["id"], "name": "Apron", "quantity": 2, "unit_price_micros": 12_340_000}],
    )
    theirs = (await plain.orders_api("GET", f"/orders/{draft.id}")).ok()
    assert (theirs["order_number"], theirs["name"], theirs["status"]) == ("HX-1", "Aprons", "NOT_READY")
    assert (theirs["ship_to"]["company_name"], theirs["ship_to"]["line_1"]) == ("Loom", "Quay 2")
    assert (theirs["supplier"]["supplier_id"], theirs["supplier"]["name"]) == ("sup-9", "Yard")
    assert theirs["supplier"]["address"]["locality"] == "Faro"
    assert [(one["description"], one["amount"]) for one in theirs["items"]] == [
        ("Apron", {"unit": "EA", "value": "2"})
    ]
    status = await plain.read(draft.id)
    assert (status["name"], status["note"], status["currency"]) == ("HX-1", "Ring", "SEK")
    assert (status["total_price"], status["shipping_address"]["company"]) == ("24.68", "Loom")
    assert [(one["name"], one["quantity"]) for one in status["line_items"]] == [("Apron", 2)]


async def test_edits_of_the_orders_api_show_here(plain: Team):
    order = await place(plain)
    body = {
        "order_number": "MP-9",
        "name": "Theirs",
        "supplier": {"supplier_id": "S-1", "name": "Mill", "address": {"line_1": "Road 1"}},
        "ship_to": {"timezone": "Europe/Lisbon"},
        "tags": [],
        "items": [{"description": "Only", "amount": {"unit": "KG", "value": "0.50"}}],
    }
    (await plain.orders_api("PATCH", f"/orders/{order.id}", body=body)).ok()
    shown = await order.shown()
    assert (shown["order_number"], shown["name"], shown["tags"]) == ("MP-9", "Theirs", [])
    assert shown["supplier"] == {"id": "S-1", "name": "Mill"}
    assert (shown["seller_address_line1"], shown["ships_to"]["timezone"]) == ("Road 1", "Europe/Lisbon")
    (line,) = await items_of(order)
    assert (line["name"], line["quantity"], line["unit_of_measure"], line["part_id"]) == (
        "Only",
        0.5,
        "KG",
        None,
    )


async def test_edits_at_once_all_hold(plain: Team, world: World):
    """Simultaneous writes to one order run one after the other: none is lost."""
    order = await place(plain)
    names = list(FREE)
    replies = await asyncio.gather(*(patch(order, **{name: FREE[name]}) for name in names))
    assert [reply.status for reply in replies] == [200] * len(names)
    shown = await order.shown()
    assert {name: shown[name] for name in names} == FREE
    assert len(await order.told()) == len(names)
