"""Moving dates (section 7.13): M-17 and M-30 to M-35."""

from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERED_ON,
    DELIVERY,
    ISSUED,
    KEY_DATES,
    SAMPLE,
    SEWING,
    SHIPMENT,
    SHIPS_ON,
    TODAY,
    TOMORROW,
    WORKSPACE,
    YESTERDAY,
    days,
    faulty,
    missing,
    place,
    refused,
)
from tests.surfaces.world import NO_ID, Team, World

MISSING = ["no such milestone on this order"]


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


async def test_m30_each_family_alike(shop: Team) -> None:
    """M-30: the same date through each of the three families, in each spelling, has the same result."""
    seen = []
    for family in range(8):
        order = await place(shop)
        bodies: list[dict[str, Any]] = [
            {"ship_date": "2027-04-12"},
            {"ships_on": "2027-04-12"},
            {"ship_date": "2027-04-12", "ships_on": "2027-04-12"},
            {"order_milestone_key_dates": {order.id_of(SHIPMENT): "2027-04-12"}},
            {"order_milestone_key_dates": {ulid(order.id_of(SHIPMENT)): "2027-04-12"}},
            {"workflow_order_milestone_key_dates": {order.template_of(SHIPMENT): "2027-04-12"}},
            {"workflow_order_milestone_key_dates": {order.template_of(SHIPMENT).upper(): "2027-04-12"}},
            {"purchase_order": {"ship_date": "2027-04-12"}},
        ]
        with shop.world.clock.at(ISSUED + days(1)):
            shown = (await order.edit(**bodies[family])).ok()["purchase_order"]
        assert shown == await order.shown()
        assert shown["ships_on"] == "2027-04-12"
        assert [one["key_date"] for one in shown["milestones"]] == [
            *KEY_DATES[:3],
            "2027-04-12",
            DELIVERED_ON,
        ]
        (delay,) = shown["milestones"][3]["delays"]
        assert await order.told() == ["order.timeline.updated"]
        (told,) = (await order.event())["facts"]["milestones"]
        assert told["id"] == order.id_of(SHIPMENT)
        seen.append(
            (
                {name: value for name, value in delay.items() if name != "id"},
                shown["milestones"][3]["status"],
                shown["updated_at"],
                told["old_data"],
                told["new_data"],
            )
        )
    assert all(one == seen[0] for one in seen)
    assert seen[0][1:] == (
        "pending",
        "2027-02-02T09:30:12Z",
        {"key_date": SHIPS_ON},
        {"key_date": "2027-04-12"},
    )


async def test_m30_the_other_named_dates(shop: Team) -> None:
    """Section 7.13: `production_start_date`, `delivery_date`, `delivered_on`."""
    for body, position in (
        ({"production_start_date": "2027-03-15"}, SEWING),
        ({"delivery_date": "2027-05-20"}, DELIVERY),
        ({"delivered_on": "2027-05-20"}, DELIVERY),
    ):
        order = await place(shop)
        (await order.edit(**body)).ok()
        dates = list(KEY_DATES)
        (dates[position - 1],) = body.values()
        assert await order.key_dates() == dates


async def test_m31_families_together(shop: Team) -> None:
    """M-31: all take effect; equal duplicates pass; one event names all milestones that changed."""
    order = await place(shop)
    body = {
        "ship_date": "2027-04-12",
        "order_milestone_key_dates": {
            order.id_of(SAMPLE): "2027-02-19",
            order.id_of(SHIPMENT): "2027-04-12",
            ulid(order.id_of(SHIPMENT)): "2027-04-12",
        },
        "workflow_order_milestone_key_dates": {
            order.template_of(SEWING): None,
            order.template_of(SHIPMENT): "2027-04-12",
        },
        "delivery_date": DELIVERED_ON,
        "reason": "looms busy",
        "note": "sorry",
    }
    (await order.edit(**body)).ok()
    assert await order.key_dates() == [KEY_DATES[0], "2027-02-19", None, "2027-04-12", DELIVERED_ON]
    assert await order.told() == ["order.timeline.updated"]
    facts = (await order.event())["facts"]
    assert [one["id"] for one in facts["milestones"]] == [order.id_of(n) for n in (SAMPLE, SEWING, SHIPMENT)]
    assert facts["reason"] == "looms busy"
    for position in (SAMPLE, SHIPMENT):
        (delay,) = (await order.milestone(position))["delays"]
        assert (delay["reason"], delay["note"], delay["source"]) == ("looms busy", "sorry", "edit")


async def test_m31_different_values(shop: Team) -> None:
    """M-31: different values for one milestone, null against a date included, are `conflicting_dates`, and nothing
    changes."""
    order = await place(shop)
    shipment, delivery = order.id_of(SHIPMENT), order.id_of(DELIVERY)
    own, template = {shipment: "2027-04-13"}, order.template_of(SHIPMENT)
    async with shop.unchanged():
        for body in (
            {"ship_date": "2027-04-12", "order_milestone_key_dates": own},
            {"ship_date": None, "order_milestone_key_dates": own},
            {"ship_date": "2027-04-12", "ships_on": "2027-04-13"},
            {"ship_date": None, "ships_on": "2027-04-13"},
            {"ship_date": SHIPS_ON, "ships_on": "2027-04-13"},
            {"order_milestone_key_dates": {**own, ulid(shipment): "2027-04-14"}},
            {
                "order_milestone_key_dates": own,
                "workflow_order_milestone_key_dates": {template: "2027-04-14"},
            },
            {
                "order_milestone_key_dates": {**own, order.id_of(SAMPLE): "2099-01-01"},
                "workflow_order_milestone_key_dates": {template: SHIPS_ON},
            },
        ):
            refused(await order.edit(**body), "conflicting_dates", milestone_ids=[shipment])
        refused(
            await order.edit(
                delivery_date="2027-05-20",
                delivered_on="2027-05-21",
                ship_date=None,
                order_milestone_key_dates=own,
            ),
            "conflicting_dates",
            milestone_ids=[shipment, delivery],
        )


async def test_m31_one_bad_date_among_five(shop: Team) -> None:
    """M-31: all five dates stay as they were."""
    order = await place(shop)
    good = {
        order.id_of(ACCEPTANCE): "2027-02-05",
        order.id_of(SAMPLE): "2027-02-20",
        order.id_of(SEWING): "2027-03-20",
        order.id_of(SHIPMENT): "2027-04-20",
    }
    async with shop.unchanged():
        bad = {**good, order.id_of(DELIVERY): "2027-04-19"}
        refused(
            await order.edit(order_milestone_key_dates=bad),
            "dates_out_of_order",
            milestone_ids=[order.id_of(SHIPMENT), order.id_of(DELIVERY)],
        )
        swapped = {order.id_of(SAMPLE): "2027-03-12", order.id_of(SEWING): "2027-02-12"}
        refused(
            await order.edit(order_milestone_key_dates=swapped),
            "dates_out_of_order",
            milestone_ids=[order.id_of(SAMPLE), order.id_of(SEWING)],
        )
    assert await order.key_dates() == list(KEY_DATES)
    (await order.edit(order_milestone_key_dates={**good, order.id_of(DELIVERY): "2027-04-20"})).ok()
    assert await order.key_dates() == [*good.values(), "2027-04-20"]


async def test_m32_a_confirmed_milestone(shop: Team) -> None:
    """M-32: its value corrects `confirmed_on`, not `key_date` and not `status`, within its confirmed neighbours, today
    or earlier; null is `already_confirmed`."""
    order = await place(shop)
    await order.confirmed(ACCEPTANCE, date="2027-01-10")
    await order.confirmed(SAMPLE, date="2027-01-20")
    await order.confirmed(SEWING, date="2027-01-30")
    sample = order.id_of(SAMPLE)

    async def set_to(day: str | None) -> Any:
        return await order.edit(order_milestone_key_dates={sample: day})

    async with shop.unchanged():
        refused(await set_to(None), "already_confirmed", milestone_ids=[sample])
        refused(await set_to(TOMORROW), "date_in_future", milestone_ids=[sample])
        refused(await set_to("2027-01-09"), "dates_out_of_order", milestone_ids=[sample])
        refused(await set_to("2027-01-31"), "dates_out_of_order", milestone_ids=[sample])
        (await set_to("2027-01-20")).ok()
    before = await order.milestone(SAMPLE)
    for day in ("2027-01-10", "2027-01-30"):
        (await set_to(day)).ok()
        assert await order.milestone(SAMPLE) == {**before, "confirmed_on": day}
    assert await order.told(4) == ["order.timeline.updated"] * 2
    assert await order.status() == "in_production"


async def test_m32_null_and_the_rules_in_order(shop: Team) -> None:
    """Section 7.13: `already_confirmed` before `date_in_future` before `dates_out_of_order`."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE)
    first, second, ship = order.id_of(ACCEPTANCE), order.id_of(SAMPLE), order.id_of(SHIPMENT)
    async with shop.unchanged():
        dates: dict[str, str | None] = {first: None, second: TOMORROW, ship: "2099-01-01"}
        refused(await order.edit(order_milestone_key_dates=dates), "already_confirmed", milestone_ids=[first])
        dates.pop(first)
        refused(await order.edit(order_milestone_key_dates=dates), "date_in_future", milestone_ids=[second])
        dates.pop(second)
        refused(await order.edit(order_milestone_key_dates=dates), "dates_out_of_order", milestone_ids=[ship])
        unknown = {"order_milestone_key_dates": {**dates, NO_ID: TODAY}, "ship_date": None}
        refused(
            await order.edit(**unknown),
            "milestone_not_in_workflow",
            errors={f"order_milestone_key_dates.{NO_ID}": MISSING},
        )


async def test_m33_a_past_date_is_late(shop: Team) -> None:
    """M-33: in sequence it is taken, and milestone and order are late; with today's date they are not."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, date="2027-01-05")
    shown = (await order.edit(order_milestone_key_dates={order.id_of(SAMPLE): YESTERDAY})).ok()[
        "purchase_order"
    ]
    assert [one["late"] for one in shown["milestones"]] == [False, True, False, False, False]
    assert (shown["late"], shown["milestones"][1]["status"]) == (True, "pending")
    shown = (await order.edit(order_milestone_key_dates={order.id_of(SAMPLE): TODAY})).ok()["purchase_order"]
    assert (shown["late"], shown["milestones"][1]["late"]) == (False, False)
    async with shop.unchanged():
        refused(
            await order.edit(order_milestone_key_dates={order.id_of(SAMPLE): "2027-01-04"}),
            "dates_out_of_order",
            milestone_ids=[order.id_of(SAMPLE)],
        )


async def test_m34_milestones_that_the_order_lacks(shop: Team) -> None:
    """M-34: keyed by the field that was sent, all of them at once."""
    order, other = await place(shop, "Short"), await place(shop)
    sent = ulid(other.id_of(SHIPMENT)).lower()
    async with shop.unchanged():
        refused(
            await order.edit(delivery_date="2027-05-20"),
            "milestone_not_in_workflow",
            errors={"delivery_date": MISSING},
        )
        refused(
            await order.edit(delivered_on=None),
            "milestone_not_in_workflow",
            errors={"delivered_on": MISSING},
        )
        refused(
            await order.edit(
                ships_on=TODAY,
                production_start_date=TODAY,
                order_milestone_key_dates={sent: TODAY, order.template_of(SAMPLE): TODAY},
                workflow_order_milestone_key_dates={"any": None, order.id_of(SAMPLE): TODAY},
            ),
            "milestone_not_in_workflow",
            errors={
                "ships_on": MISSING,
                "production_start_date": MISSING,
                f"order_milestone_key_dates.{sent}": MISSING,
                f"order_milestone_key_dates.{order.template_of(SAMPLE)}": MISSING,
                "workflow_order_milestone_key_dates.any": MISSING,
                f"workflow_order_milestone_key_dates.{order.id_of(SAMPLE)}": MISSING,
            },
        )


async def test_m35_delay_records(shop: Team) -> None:
    """M-35: a later date is a delay, with the given reason or none; an earlier, a first, a cleared one is not."""
    order = await place(shop)
    ship = order.id_of(SHIPMENT)
    for day, more in (
        ("2027-04-01", {}),
        ("2027-04-20", {"reason": "looms busy", "note": "again"}),
        (None, {}),
        ("2027-05-01", {}),
        ("2027-05-02", {}),
    ):
        (await order.edit(order_milestone_key_dates={ship: day}, **more)).ok()
    delays = (await order.milestone(SHIPMENT))["delays"]
    assert [
        [one[name] for name in ("old_date", "new_date", "reason", "note", "source")] for one in delays
    ] == [
        ["2027-04-01", "2027-04-20", "looms busy", "again", "edit"],
        ["2027-05-01", "2027-05-02", None, None, "edit"],
    ]
    assert await order.told() == ["order.timeline.updated"] * 5


async def test_m35_unchanged_values(shop: Team) -> None:
    """M-35: what is so already changes nothing, emits nothing and is not checked."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    (await order.edit(order_milestone_key_dates={order.id_of(SEWING): None})).ok()
    body = {
        "ship_date": SHIPS_ON,
        "order_milestone_key_dates": {order.id_of(ACCEPTANCE): TODAY, order.id_of(SEWING): None},
        "reason": "none",
        "note": "none",
    }
    with shop.world.clock.at(ISSUED + days(1)):
        async with shop.unchanged():
            shown = (await order.edit(**body)).ok()["purchase_order"]
            assert shown == await order.shown()


async def test_m17_the_orders_own_dates_follow(shop: Team) -> None:
    """M-17: `ships_on` is the shipment's key date however it is moved; without the milestone the order keeps it."""
    order = await place(shop)
    (await order.edit(ship_date="2027-04-20")).ok()
    assert (await order.shown())["ships_on"] == "2027-04-20"
    patched = await order.call("PATCH", "", {"ships_on": "2027-04-21"})
    assert patched.ok()["purchase_order"]["milestones"][3]["key_date"] == "2027-04-21"
    (await order.edit(ship_date=None, delivery_date=None)).ok()
    shown = await order.shown()
    assert (shown["ships_on"], shown["delivered_on"]) == (None, None)
    short = await place(shop, "Short")
    assert (await short.shown())["ships_on"] == SHIPS_ON


async def test_what_a_call_must_say(shop: Team) -> None:
    """Section 7.13: without any date field, or with only empty hashes, the call is `validation_failed`."""
    order = await place(shop)
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"reason": "why", "note": "what"},
        {"order_milestone_key_dates": {}},
        {"order_milestone_key_dates": {}, "workflow_order_milestone_key_dates": {}},
        {"order_milestone_key_dates": None, "workflow_order_milestone_key_dates": {}},
        {"unknown_date": TODAY},
    )
    async with shop.unchanged():
        for body in bodies:
            reply = await order.edit(**body)
            assert (reply.status, reply.json["code"]) == (422, "validation_failed"), reply
            assert len(reply.json["errors"]) == 1
        (await order.edit(ship_date=SHIPS_ON, order_milestone_key_dates={})).ok()
        (await order.edit(ship_date=SHIPS_ON, order_milestone_key_dates=None, reason=None, note=None)).ok()


async def test_faults_of_fields(shop: Team) -> None:
    """Section 3: dates are `YYYY-MM-DD` or null; all faults at once, before any rule; an unknown order first."""
    order = await place(shop)
    ship = order.id_of(SHIPMENT)
    bad = {
        "production_start_date": "soon",
        "ship_date": 20270412,
        "ships_on": "2027-04-12T00:00:00Z",
        "delivery_date": "2027-13-01",
        "delivered_on": "",
        "order_milestone_key_dates": {ship: "no", order.id_of(SAMPLE): "2027-02-20"},
        "workflow_order_milestone_key_dates": [],
        "reason": "x" * 2001,
        "note": 5,
    }
    async with shop.unchanged():
        places = [*bad, f"order_milestone_key_dates.{ship}"]
        places.remove("order_milestone_key_dates")
        faulty(await order.edit(**bad), *places)
        faulty(await order.edit(reason="x" * 2001, ship_date=SHIPS_ON), "reason")
        missing(
            await shop.milestones_api("PATCH", f"/purchase_orders/{NO_ID}/edit_timeline", body=bad),
            "Purchase order",
        )


async def test_tasks_follow_the_date(shop: Team) -> None:
    """M-39: an open task whose milestone moves before its due date moves with it; a completed one does not."""
    order = await place(shop)
    sample = order.id_of(SAMPLE)
    early = await order.add_task(title="early", due_date="2027-02-05", milestone_id=sample)
    open_ = await order.add_task(title="open", due_date="2027-02-12", milestone_id=sample)
    done = await order.add_task(title="done", due_date="2027-02-12", milestone_id=sample)
    (await order.call("POST", f"/tasks/{done['id']}/complete")).ok()
    other = await order.add_task(title="other", due_date="2027-03-12", milestone_id=order.id_of(SEWING))
    (await order.edit(order_milestone_key_dates={sample: "2027-02-10"})).ok()
    dues = {one["id"]: one["due_date"] for one in await order.tasks()}
    assert dues == {
        early["id"]: "2027-02-05",
        open_["id"]: "2027-02-10",
        done["id"]: "2027-02-12",
        other["id"]: "2027-03-12",
    }
    (await order.edit(order_milestone_key_dates={sample: "2027-02-20"})).ok()
    assert {one["id"]: one["due_date"] for one in await order.tasks()} == dues
    (await order.edit(order_milestone_key_dates={sample: None})).ok()
    assert {one["id"]: one["due_date"] for one in await order.tasks()} == dues


async def test_orders_whose_dates_do_not_move(shop: Team) -> None:
    """Section 7.13: `order_not_active` for a draft, a refused and a canceled order, before all other rules."""
    draft = await place(shop, draft=True)
    refused_ = await place(shop)
    (await refused_.reject(ACCEPTANCE, reason="no")).ok()
    canceled = await place(shop)
    await canceled.cancel()
    async with shop.unchanged():
        for order, status in ((draft, "draft"), (refused_, "rejected"), (canceled, "canceled")):
            for body in (
                {"ship_date": SHIPS_ON},
                {"order_milestone_key_dates": {NO_ID: TODAY}},
                {"ship_date": TODAY, "ships_on": TOMORROW},
            ):
                refused(await order.edit(**body), "order_not_active", status=status)
