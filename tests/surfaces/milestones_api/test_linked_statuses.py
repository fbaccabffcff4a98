"""One truth on three surfaces (section 8.9): M-44 to M-47, S-57, O-25 to O-27 and O-66."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from milepost.core import milestones as verbs
from milepost.kit.ids import ulid
from milepost.model.actor import PERMISSIONS, system_actor
from milepost.model.milestone_moves import Confirmation, Named
from milepost.model.order import Customer
from milepost.reads import workspace as workspaces
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERY,
    ISSUED,
    SAMPLE,
    SEWING,
    SHIPMENT,
    TODAY,
    WORKSPACE,
    YESTERDAY,
    Followed,
    days,
    place,
    refused,
    workflow,
)
from tests.surfaces.orders_api.talk import leg, read
from tests.surfaces.world import Team, World

LINKED: dict[str, Any] = {
    "sub_status_groups": [{"name": "Seams", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "Cut", "max_duration": {"seconds": 86_400}},
        {"name": "Sewn", "sub_status_group": "Seams", "max_duration": {"seconds": 172_800}},
        {"name": "Packed"},
        {"name": "Sent", "notifications": {"email": True}},
        {"name": "Waiting", "independent": True},
        {"name": "Gift", "addon": True},
    ],
    "workflows": [
        workflow(
            "Plain",
            default=True,
            at1={"status": "Cut"},
            at2={"status": "Sewn", "sub_status": "First"},
            at4={"status": "Sent"},
        ),
        workflow(
            "Twice",
            at1={"status": "Cut"},
            at2={"status": "Cut"},
            at3={"status": "Sewn", "sub_status": "First"},
        ),
        workflow("Swatches", at2={"status": "Packed", "tasks": [{"title": "Send", "required": True}]}),
    ],
}
UPDATED, CHANGED, CONFIRMED, TIMELINE = (
    "order.updated",
    "order.status.changed",
    "order.milestone.confirmed",
    "order.timeline.updated",
)


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    """Milestones name statuses; nothing is enforced."""
    team = await world.team()
    await team.apply(LINKED)
    return team


@pytest.fixture(scope="module")
async def bare(world: World) -> Team:
    """No milestone names a status."""
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example."""
    with world.clock.at(ISSUED):
        yield


async def held(order: Followed) -> tuple[str | None, str | None]:
    """Names of status and sub-status, as the Status API shows them."""
    seen = await order.team.read(order.id)
    status, option = seen["custom_status"], seen["custom_sub_status"]
    return status and status["name"], option and option["name"]


async def enter(order: Followed, *statuses: str) -> None:
    """Moves the order on the Status API: `Cut`, `Sewn/First`."""
    for status in statuses:
        name, _, option = status.partition("/")
        known = order.team.known
        await order.team.moved(order.id, known[name], known[f"Seams/{option}"] if option else None)


async def lifecycle(order: Followed) -> str:
    """The status of the Orders API."""
    return str((await read(order.team, ulid(order.id)))["status"])


# From milestone to status


async def test_m45_a_confirmation_enters_the_status(shop: Team) -> None:
    """M-45: in the same call, with one `order.status.changed`, by the same key, in the sequence of 8.8."""
    order = await place(shop)
    linked = (await order.milestone(ACCEPTANCE))["linked_status"]
    assert linked == {"id": shop.known["Cut"], "name": "Cut", "sub_status": None}
    sewn = (await order.milestone(SAMPLE))["linked_status"]
    assert sewn["sub_status"] == {"id": shop.known["Seams/First"], "name": "First"}
    await order.confirmed(ACCEPTANCE)
    assert await held(order) == ("Cut", None)
    assert await order.told() == [CONFIRMED, CHANGED]
    confirmed, changed = (await shop.events(order.id))[1:]
    assert changed["old_data"] == {"custom_status": None}
    assert changed["new_data"]["custom_status"]["name"] == "Cut"
    assert changed["actor_id"] == confirmed["actor_id"]
    assert changed["recorded_at"] == confirmed["recorded_at"]
    await order.confirmed(SAMPLE)
    assert await held(order) == ("Sewn", "First")
    assert await order.told(3) == [CONFIRMED, CHANGED]
    assert (await shop.row(order.id))["status_entered_at"] == ISSUED


async def test_m45_a_key_that_may_not_move_statuses(shop: Team) -> None:
    """Section 2: status moves caused by a confirmation need only `canUpdateOrders`."""
    order = await place(shop)
    key = await shop.new_key("canUpdateOrders")
    reply = await order.call("POST", f"/milestones/{order.id_of(ACCEPTANCE)}/confirm", key=key)
    reply.ok()
    assert await held(order) == ("Cut", None)


async def test_m45_the_moment_of_entry(world: World) -> None:
    """Section 8.9: at once for today, else at 00:00 of the confirm date for the team, but never before the entry of
    the status that is left; deadlines run from there."""
    team = await world.team()
    await team.apply({**LINKED, "team": {"time_zone": "Asia/Tokyo"}})
    order = await place(team)
    await order.confirmed(ACCEPTANCE, date=YESTERDAY)
    row = await team.row(order.id)
    midnight = datetime(2027, 1, 30, 15, tzinfo=UTC)
    assert (row["status_entered_at"], row["deadline_at"]) == (midnight, midnight + days(1))
    await enter(order, "Waiting")
    await order.confirmed(SAMPLE, date=YESTERDAY)
    row = await team.row(order.id)
    assert (row["status_entered_at"], row["deadline_at"]) == (ISSUED, ISSUED + days(2))


async def test_m45_already_there(shop: Team) -> None:
    """Section 8.9: an order already in that status and sub-status just confirms; in another sub-status it moves."""
    order = await place(shop)
    await enter(order, "Waiting", "Cut")  # confirms the first
    await enter(order, "Sewn/First")  # and the second
    assert await order.states() == ["confirmed", "confirmed", "pending", "pending", "pending"]
    (await order.undo(SAMPLE)).ok()
    last = len(await order.told(0))
    await order.confirmed(SAMPLE)
    assert await order.told(last) == [CONFIRMED]
    (await order.undo(SAMPLE)).ok()
    assert await held(order) == ("Sewn", "First")
    await enter(order, "Sewn/Second")
    last = len(await order.told(0))
    await order.confirmed(SAMPLE)
    assert (await held(order), await order.told(last)) == (("Sewn", "First"), [CONFIRMED, CHANGED])
    (await order.undo(SAMPLE)).ok()
    assert await held(order) == ("Sewn", "Second")


async def test_m45_the_chain_forbids(world: World) -> None:
    """M-45: 422 `status_chain` with the status, by each of the ways, and the milestone stays unconfirmed; a key with
    the override is granted."""
    team = await world.team()
    await team.apply({**LINKED, "settings": {"enforce_product_chain": True}})
    order = await (await place(team)).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    sent = team.known["Sent"]
    moved = {"order_milestone_key_dates": {order.id_of(DELIVERY): "2027-06-01"}}
    async with team.unchanged():
        refused(await order.confirm(SHIPMENT), "status_chain", status_id=sent)
        refused(await order.confirm(SHIPMENT, **moved), "status_chain", status_id=sent)
        template = f"/workflow_milestones/{order.template_of(SHIPMENT)}/confirm"
        refused(await order.call("POST", template), "status_chain", status_id=sent)
        refused(await order.call("POST", "/confirm_shipment"), "status_chain", status_id=sent)
        refused(
            await order.confirm(SHIPMENT, date="2030-01-01"),
            "date_in_future",
            milestone_ids=[order.id_of(SHIPMENT)],
        )
    assert (await order.milestone(SHIPMENT))["status"] == "pending"
    assert await held(order) == ("Sewn", "First")
    key = await team.new_key(*PERMISSIONS)
    (await order.call("POST", "/confirm_shipment", key=key)).ok()
    assert await held(order) == ("Sent", None)


async def test_m45_the_workflow_order_forbids(world: World) -> None:
    """Section 8.9: 422 `workflow_order` with the status, which no permission overrides."""
    team = await world.team()
    names = ("First", "Second", "Plain")
    await team.apply(
        {
            "settings": {"workflows_enabled": True, "enforce_workflow_order": True},
            "statuses": [{"name": f"In {name}", "workflow": name} for name in names],
            "workflows": [
                {"name": "First"},
                {"name": "Second"},
                workflow("Plain", default=True, at1={"status": "In Plain"}),
            ],
        }
    )
    order = await place(team)
    key = await team.new_key(*PERMISSIONS)
    path = f"/milestones/{order.id_of(ACCEPTANCE)}/confirm"
    for _ in range(2):
        async with team.unchanged():
            for each in (key, team.key):
                reply = await order.call("POST", path, key=each)
                refused(reply, "workflow_order", status_id=team.known["In Plain"])
        await enter(order, "In First")
    await enter(order, "In Second")
    await order.confirmed(ACCEPTANCE)
    seen = await team.read(order.id)
    assert (seen["custom_status"]["name"], seen["workflow_id"]) == ("In Plain", team.known["workflow:Plain"])


async def test_line_item_specificity(world: World) -> None:
    """Section 8.9: where the team keeps statuses on line items, links do nothing."""
    team = await world.team()
    await team.apply(
        {**LINKED, "settings": {"status_specificity": "line_item", "enforce_product_chain": True}}
    )
    order = await (await place(team)).confirmed(ACCEPTANCE, SAMPLE, SEWING, SHIPMENT)
    assert await held(order) == (None, None)
    assert await order.told() == [CONFIRMED] * 4 + [UPDATED]
    (await order.undo(SHIPMENT)).ok()
    assert await order.told(6) == [TIMELINE, UPDATED]
    await team.apply({"settings": {"status_specificity": "order"}})
    assert await held(order) == (None, None)


async def test_one_flat_plan(shop: Team) -> None:
    """Section 8.9: an action confirms at most one milestone and enters at most one status, whatever is linked."""
    order = await (await place(shop, "Twice")).confirmed(ACCEPTANCE)
    assert await held(order) == ("Cut", None)
    assert await order.states() == ["confirmed", "pending", "pending", "pending", "pending"]
    await order.confirmed(SAMPLE)  # it is in that status already
    assert await order.told() == [CONFIRMED, CHANGED, CONFIRMED]
    other = await place(shop, "Twice")
    await enter(other, "Cut")
    assert await other.states() == ["confirmed", "pending", "pending", "pending", "pending"]
    assert await held(other) == ("Cut", None)


async def test_the_customer_is_told_of_the_status(shop: Team) -> None:
    """Section 8.9: entering it by a confirmation has the Status API's notifications; an undo has none."""
    known = await workspaces.load(shop.world.pool, shop.id)
    buyer = Customer(first_name="Ada", email="ada@buyers.example")
    (order_id,) = await shop.orders([shop.new_order(customer=buyer)])
    shown = (await shop.milestones_api("GET", f"/purchase_orders/{order_id}")).ok()["purchase_order"]
    order = await Followed(shop, shown).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    assert await shop.messages(order_id) == []
    actor, ships = system_actor(shop.id), Named("milestone", order.id_of(SHIPMENT))
    await verbs.confirm_milestone(
        shop.world.pool,
        actor,
        known,
        order_id,
        ships,
        Confirmation(),
        clock=shop.world.clock,
        channels=frozenset(("email", "sms")),
    )
    (message,) = await shop.messages(order_id)
    assert (message["channel"], message["recipient"]) == ("email", "ada@buyers.example")
    changed = next(one for one in reversed(await shop.events(order_id)) if one["type"] == CHANGED)
    assert message["event_id"] == changed["id"]
    await verbs.undo_confirmation(shop.world.pool, actor, known, order_id, ships, clock=shop.world.clock)
    assert len(await shop.messages(order_id)) == 1


# From status to milestone


async def test_m46_a_status_confirms_the_current_milestone(shop: Team) -> None:
    """M-46, S-57: dated today, by the caller, as this surface shows it."""
    order = await place(shop)
    with shop.world.clock.at(ISSUED + days(1)):
        await enter(order, "Cut")
    first, second, *_ = await order.milestones()
    confirmed = [first[name] for name in ("status", "confirmed_on", "confirmed_at", "key_date", "current")]
    assert confirmed == ["confirmed", "2027-02-02", "2027-02-02T09:30:12Z", "2027-02-04", False]
    assert (first["confirmed_by"]["type"], first["updated_at"]) == ("api_key", "2027-02-02T09:30:12Z")
    assert (second["current"], second["status"]) == (True, "pending")
    assert (await order.status(), (await order.shown())["updated_at"]) == ("accepted", "2027-02-02T09:30:12Z")
    assert await order.told() == [CHANGED, CONFIRMED]


async def test_m46_not_current_or_blocked(shop: Team) -> None:
    """M-46: the status change is 200 and the milestone stays unconfirmed; a rejected milestone is confirmed."""
    order = await place(shop)
    await enter(order, "Sent", "Sewn/First")
    assert await order.states() == ["pending"] * 5
    await enter(order, "Cut", "Sewn/Second")
    assert await order.states() == ["confirmed", *["pending"] * 4]
    (await order.reject(SAMPLE, reason="no", date="2027-02-20")).ok()
    await enter(order, "Sewn/First")
    assert (await order.milestone(SAMPLE))["status"] == "confirmed"
    blocked = await (await place(shop, "Swatches")).confirmed(ACCEPTANCE)
    await enter(blocked, "Packed")
    assert (await held(blocked), (await blocked.milestone(SAMPLE))["status"]) == (("Packed", None), "pending")
    (task,) = await blocked.tasks()
    (await blocked.call("POST", f"/tasks/{task['id']}/complete")).ok()
    assert (await blocked.milestone(SAMPLE))["status"] == "pending"
    await enter(blocked, "Cut", "Packed")
    assert (await blocked.milestone(SAMPLE))["status"] == "confirmed"


async def test_m46_orders_that_are_not_active(shop: Team) -> None:
    """M-46, S-57: on a draft, a refused and a canceled order the status changes and nothing is confirmed."""
    draft, refused_, canceled = await place(shop, draft=True), await place(shop), await place(shop)
    (await refused_.reject(ACCEPTANCE, reason="no")).ok()
    await canceled.cancel()
    for order, status in ((draft, "draft"), (refused_, "rejected"), (canceled, "canceled")):
        last = len(await order.told(0))
        await enter(order, "Cut")
        assert (await held(order), await order.told(last)) == (("Cut", None), [CHANGED])
        assert await order.status() == status
        assert "confirmed" not in await order.states()


async def test_m46_in_bulk(shop: Team) -> None:
    """M-46: each order by its own state; a second call changes nothing."""
    ready, ahead, last = [await place(shop) for _ in range(3)]
    await ahead.confirmed(ACCEPTANCE)
    await last.confirmed(ACCEPTANCE, SAMPLE, SEWING)
    body = {"order_ids": [ready.id, ahead.id, last.id], "status_id": shop.known["Sent"]}
    assert (await shop.post("/orders/status-bulk", body)).ok()["updated"] == 3
    assert [await one.status() for one in (ready, ahead, last)] == ["issued", "accepted", "shipped"]
    assert (await last.told())[-3:] == [CHANGED, CONFIRMED, UPDATED]
    async with shop.unchanged():
        assert (await shop.post("/orders/status-bulk", body)).ok()["updated"] == 3
    body = {"order_ids": [ready.id, ahead.id], "status_id": shop.known["Cut"]}
    assert (await shop.post("/orders/status-bulk", body)).ok()["updated"] == 2
    assert [await one.status() for one in (ready, ahead)] == ["accepted", "accepted"]
    assert (await ready.milestone(ACCEPTANCE))["confirmed_on"] == TODAY
    assert await ahead.states() == ["confirmed", *["pending"] * 4]


async def test_m46_what_confirms_nothing(shop: Team) -> None:
    """Section 8.9: line-item statuses, add-on statuses and clearing."""
    order = await place(shop)
    (line,) = await shop.line_items(order.id)
    cut = {"status_id": shop.known["Cut"]}
    (await shop.post(f"/line-items/{line}/status", cut)).ok()
    (await shop.post("/line-items/status-bulk", {**cut, "line_item_ids": [line]})).ok()
    (await shop.post("/line-items/clear-status", {"line_item_ids": [line]})).ok()
    await enter(order, "Gift")
    assert await order.states() == ["pending"] * 5


# Undo


async def test_m45_undo_returns_to_the_status_it_left(shop: Team) -> None:
    """Section 8.9: status, sub-status, deadline; `order.timeline.updated`, then `order.status.changed`."""
    order = await place(shop)
    await enter(order, "Sewn/Second")
    before, row = await held(order), await shop.row(order.id)
    with shop.world.clock.at(ISSUED + days(1)):
        await order.confirmed(ACCEPTANCE)
        assert await held(order) == ("Cut", None)
        last = len(await order.told(0))
        (await order.undo(ACCEPTANCE)).ok()
    assert before == await held(order) == ("Sewn", "Second")
    assert await order.told(last) == [TIMELINE, CHANGED]
    after = await shop.row(order.id)
    kept = (
        "status_id",
        "sub_status_id",
        "workflow_id",
        "anchor_status_id",
        "status_entered_at",
        "deadline_at",
    )
    assert {name: after[name] for name in kept} == {name: row[name] for name in kept}
    first = await (await place(shop)).confirmed(ACCEPTANCE)
    (await first.undo(ACCEPTANCE)).ok()
    assert await held(first) == (None, None)


async def test_undo_is_bound_by_no_rule_of_sequence(world: World) -> None:
    """Section 8.9: chain and workflow order are not applied."""
    team = await world.team()
    await team.apply({**LINKED, "settings": {"enforce_product_chain": True}})
    order = await (await place(team)).confirmed(ACCEPTANCE, SAMPLE)
    assert await held(order) == ("Sewn", "First")
    (await order.undo(SAMPLE)).ok()
    assert await held(order) == ("Cut", None)
    first = await (await place(team)).confirmed(ACCEPTANCE)
    (await first.undo(ACCEPTANCE)).ok()
    assert await held(first) == (None, None)
    async with team.unchanged():  # and the history of the chain is as it was: the first status comes first
        assert (
            await team.move(first.id, team.known["Sewn"], team.known["Seams/First"])
        ).code == "status_chain"
    await first.confirmed(ACCEPTANCE)


async def test_undo_after_another_change_of_status(shop: Team) -> None:
    """Sections 8.9 and 11: only while that status change is the newest of the primary status; add-ons do not count."""
    for moves, expected in (
        (("Packed",), ("Packed", None)),
        (("Packed", "Cut"), ("Cut", None)),
        (("Gift",), ("Waiting", None)),
        ((), ("Waiting", None)),
    ):
        order = await place(shop)
        await enter(order, "Waiting")
        await order.confirmed(ACCEPTANCE)
        await enter(order, *moves)
        last = len(await order.told(0))
        (await order.undo(ACCEPTANCE)).ok()
        assert await held(order) == expected
        assert await order.told(last) == [TIMELINE, *([CHANGED] if expected == ("Waiting", None) else [])]


async def test_undo_of_a_confirmation_that_a_status_caused(shop: Team) -> None:
    """Section 8.9: the status stays."""
    order = await place(shop)
    await enter(order, "Waiting", "Cut")
    last = len(await order.told(0))
    (await order.undo(ACCEPTANCE)).ok()
    assert (await held(order), await order.told(last)) == (("Cut", None), [TIMELINE])
    assert await order.states() == ["pending"] * 5


async def test_several_undos_in_a_row(shop: Team) -> None:
    """Sections 7.12 and 8.9: each steps back one milestone, and out of the status that it entered: what an undo
    restores is what the confirmation before it made."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE, SEWING, SHIPMENT)
    assert await held(order) == ("Sent", None)
    seen = []
    for position in (SHIPMENT, SEWING, SAMPLE, ACCEPTANCE):
        (await order.undo(position)).ok()
        seen.append(await held(order))
    assert seen == [("Sewn", "First"), ("Sewn", "First"), ("Cut", None), (None, None)]
    assert await order.states() == ["pending"] * 5


# The Orders API


async def test_m44_shipment_and_delivery_move_the_orders_api(bare: Team) -> None:
    """M-44, O-27: one `order.updated` each, the last event; acceptance has none; undo turns it back."""
    order = await place(bare)
    start = await lifecycle(order)
    assert start == "NOT_READY"  # it has a supplier (O-25)
    seen, told = [], []
    for position in (ACCEPTANCE, SAMPLE, SEWING, SHIPMENT, DELIVERY):
        last = len(await order.told(0))
        await order.confirmed(position)
        seen.append(await lifecycle(order))
        told.append(await order.told(last))
    assert seen == [start, start, start, "IN_TRANSIT", "DELIVERED"]
    assert told == [[CONFIRMED]] * 3 + [[CONFIRMED, UPDATED]] * 2
    event = await order.event()
    assert (event["old_data"], event["new_data"]) == ({"status": "IN_TRANSIT"}, {"status": "DELIVERED"})
    last = len(await order.told(0))
    (await order.undo(DELIVERY)).ok()
    assert (await lifecycle(order), await order.told(last)) == ("IN_TRANSIT", [TIMELINE, UPDATED])
    (await order.undo(SHIPMENT)).ok()
    assert (await lifecycle(order), await order.status()) == (start, "in_production")
    event = await order.event()
    assert (event["old_data"], event["new_data"]) == ({"status": "IN_TRANSIT"}, {"status": start})


async def test_m44_with_a_linked_status(shop: Team) -> None:
    """Section 8.8: confirmed, status changed, hashes, and `order.updated` last; each once."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    last = len(await order.told(0))
    moved = {order.id_of(DELIVERY): "2027-06-01"}
    (await order.confirm(SHIPMENT, order_milestone_key_dates=moved)).ok()
    assert await order.told(last) == [CONFIRMED, CHANGED, TIMELINE, UPDATED]
    last += 4
    (await order.undo(SHIPMENT)).ok()
    assert await order.told(last) == [TIMELINE, CHANGED, UPDATED]


async def test_m44_a_refusal_and_other_milestones_change_nothing(bare: Team) -> None:
    """Section 8.9: the Orders API's status stays, and no `order.updated` tells of it."""
    order = await place(bare)
    (await order.reject(ACCEPTANCE, reason="no")).ok()
    assert (await lifecycle(order), UPDATED in await order.told()) == ("NOT_READY", False)


async def test_o26_o27_transport_beside_milestones(bare: Team) -> None:
    """O-27, O-26: with legs the furthest of both views counts, on both surfaces."""
    order = await place(bare)
    stored = await read(bare, ulid(order.id))
    item = {"order_item_id": stored["items"][0]["id"], "amount": {"unit": "EA", "value": "1"}}
    item["amount"]["unit"] = stored["items"][0]["amount"]["unit"]

    async def add(transit_status: str | None) -> str:
        body = {"items": [item], "transit_status": transit_status}
        reply = await bare.orders_api("POST", f"/orders/{order.id}/releases", body=body)
        assert reply.status == 201, reply
        return str(reply.json["id"])

    async def move(leg_id: str, transit_status: str) -> None:
        path = f"/orders/{order.id}/releases/{leg_id}"
        (await bare.orders_api("PATCH", path, body={"transit_status": transit_status})).ok()

    first, second = await add(None), await add("DISPATCHED")
    assert (await lifecycle(order), await order.status()) == ("DISPATCHED", "issued")
    await order.confirmed(ACCEPTANCE, SAMPLE, SEWING, SHIPMENT)
    assert (await lifecycle(order), await order.status()) == ("IN_TRANSIT", "shipped")
    await move(first, "OUT_FOR_DELIVERY")
    await move(second, "IN_TRANSIT")
    assert (await lifecycle(order), await order.status()) == ("IN_TRANSIT", "shipped")
    (await order.undo(SHIPMENT)).ok()
    assert (await lifecycle(order), await order.status()) == ("IN_TRANSIT", "shipped")
    last = len(await order.told(0))
    await order.confirmed(SHIPMENT)
    assert await order.told(last) == [CONFIRMED]
    for one in (first, second):
        await move(one, "DELIVERED")
    assert (await lifecycle(order), await order.status()) == ("DELIVERED", "delivered")
    assert (await order.shown())["current_milestone_id"] == order.id_of(DELIVERY)


async def test_o25_without_a_supplier(bare: Team) -> None:
    """O-25: an order that the Orders API made is READY, follows the default workflow and counts as issued."""
    made = await bare.orders_api("POST", "/orders", body={"order_number": "O-25", "ship_to": {}})
    order_id = made.json["id"]
    shown = (await bare.milestones_api("GET", f"/purchase_orders/{order_id}")).ok()["purchase_order"]
    assert (shown["status"], shown["supplier"], shown["issued_at"]) == ("issued", None, TODAY)
    order = await Followed(bare, shown).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    assert await lifecycle(order) == "READY"
    await order.confirmed(SHIPMENT)
    assert await lifecycle(order) == "IN_TRANSIT"


async def test_m47_o66_cancel(bare: Team) -> None:
    """M-47, O-66: `canceled` here, `cancelled` on the Status API; every later move is `order_not_active`."""
    order = await (await place(bare)).confirmed(ACCEPTANCE)
    task = await order.add_task(title="x")
    before = await order.milestones()
    with bare.world.clock.at(ISSUED + days(1)):
        await order.cancel()
    shown = await order.shown()
    assert (shown["status"], shown["canceled_at"]) == ("canceled", "2027-02-02T09:30:12Z")
    assert (shown["current_milestone_id"], shown["late"], shown["overdue"]) == (None, False, False)
    assert (await bare.read(order.id))["cancelled"] is True
    assert await lifecycle(order) == "CANCELED"
    calls: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("POST", f"/milestones/{order.id_of(SAMPLE)}/confirm", None),
        ("POST", f"/milestones/{order.id_of(ACCEPTANCE)}/confirm", None),
        ("POST", f"/milestones/{order.id_of(SAMPLE)}/reject", {"reason": "no", "date": "2027-02-20"}),
        ("POST", f"/milestones/{order.id_of(ACCEPTANCE)}/undo", None),
        ("POST", f"/workflow_milestones/{order.template_of(SAMPLE)}/confirm", None),
        ("POST", f"/workflow_milestones/{order.template_of(ACCEPTANCE)}/reject", {"reason": "no"}),
        ("PATCH", "/edit_timeline", {"ship_date": "2027-04-20"}),
        ("PATCH", "/edit_timeline", {"ship_date": "2027-04-09"}),
        ("PATCH", "", {"name": "new"}),
        ("POST", "/issue", None),
        ("POST", "/confirm_shipment", None),
        ("POST", "/reject_purchase_order", {"reason": "no"}),
        ("POST", "/tasks", {"title": "y"}),
        ("PATCH", f"/tasks/{task['id']}", {"title": "y"}),
        ("POST", f"/tasks/{task['id']}/complete", None),
    )
    async with bare.unchanged():
        for method, tail, body in calls:
            refused(await order.call(method, tail, body), "order_not_active", status="canceled")
    unmoved = [{**one, "current": False, "prompted_at": None} for one in before]
    assert await order.milestones() == unmoved


async def test_a_draft_on_three_surfaces(bare: Team) -> None:
    """Section 8.9: a draft is NOT_READY; issuing turns it from DRAFT to REGULAR on the Status API, with one
    `order.updated`."""
    order = await place(bare, draft=True)
    assert await lifecycle(order) == "NOT_READY"
    listed = (await bare.get("/orders", "1.5", order_type="DRAFT")).ok()["orders"]
    assert order.id in [one["id"] for one in listed]
    (await order.call("POST", "/issue")).ok()
    listed = (await bare.get("/orders", "1.5", order_type="REGULAR", limit="250")).ok()["orders"]
    assert order.id in [one["id"] for one in listed]
    assert await order.told() == [UPDATED]


async def test_moves_on_both_surfaces_at_once(shop: Team) -> None:
    """Section 3: simultaneous writes run one after the other: whichever is first, both are granted, and the milestone
    is confirmed once."""
    for _ in range(5):
        order = await place(shop)
        by_status = shop.move(order.id, shop.known["Cut"])
        replies = await asyncio.gather(order.confirm(ACCEPTANCE), by_status, order.confirm(ACCEPTANCE))
        assert [reply.status for reply in replies] == [200, 200, 200]
        assert sorted(await order.told()) == [CONFIRMED, CHANGED]
        assert await held(order) == ("Cut", None)


async def test_a_leg_of_the_whole_order(bare: Team) -> None:
    """Section 8.1: transport alone makes the order shipped and delivered, though no milestone is confirmed."""
    order = await place(bare)
    made = await leg(bare, await read(bare, ulid(order.id)), "IN_TRANSIT")
    assert (await order.status(), await order.states()) == ("shipped", ["pending"] * 5)
    path = f"/orders/{order.id}/releases/{made['id']}"
    (await bare.orders_api("PATCH", path, body={"transit_status": "DELIVERED"})).ok()
    assert await order.status() == "delivered"
