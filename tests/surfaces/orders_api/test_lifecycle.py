"""The derived status of an order, as every rule of section 8 makes it, read over HTTP wherever it is shown."""

import itertools
from typing import Any

import pytest

from milepost.kit.ids import parse_id, ulid
from tests.surfaces.orders_api.talk import create, etag, kg, patch, read, refused, release
from tests.surfaces.world import Team, item, served

STATUSES = (
    *(
        "NOT_READY",
        "READY",
        "FILLED",
        "ASSIGNED",
        "DISPATCHED",
        "IN_TRANSIT",
        "OUT_FOR_DELIVERY",
        "DELIVERED",
    ),
    "CANCELED",
)
SUPPLIER = {"name": "Birchline Mill"}
MILESTONES: dict[str, Any] = {
    "statuses": [{"name": "Accepted"}, {"name": "Sent"}, {"name": "There"}],
    "workflows": [
        {
            "name": "Flow",
            "default": True,
            "milestones": [
                {"name": "Order accepted", "type": "acceptance", "status": "Accepted"},
                {"name": "Shipped", "type": "shipment", "status": "Sent"},
                {"name": "Delivered", "type": "delivery", "status": "There"},
            ],
        }
    ],
}


async def shows(team: Team, order_id: str, status: str) -> None:
    """Asserts that the order, the filtered list and the newest event that told a status say this one."""
    assert (await read(team, order_id))["status"] == status
    listed = (await team.orders_api("GET", f"/orders?status={status}&id={order_id}")).ok()["data"]
    assert [order["status"] for order in listed] == [status]
    others = ",".join(one for one in STATUSES if one != status)
    assert (await team.orders_api("GET", f"/orders?status.in={others}&id={order_id}")).ok()["data"] == []
    told = (await team.orders_api("GET", f"/events?limit=50&order_id={order_id}")).ok()["data"]
    said = [event["details"] for event in told if event["event_name"] in ("order.created", "order.updated")]
    news = [each.get("new_data", each) for each in said]
    assert next(each["status"] for each in news if "status" in each) == status


async def released(
    team: Team, order: dict[str, Any], amount: str | None = None, **body: Any
) -> dict[str, Any]:
    """A release of the order's first item."""
    taken = {"order_item_id": order["items"][0]["id"]} | ({} if amount is None else {"amount": kg(amount)})
    return await release(team, order["id"], items=[taken], **body)


# Suppliers and what is filled (O-25)


async def test_a_supplier_and_what_is_released_to_it(team: Team) -> None:
    """O-25: NOT_READY with a supplier, FILLED once everything is taken, NOT_READY again when a child is canceled."""
    items = [{"amount": kg("5")}, {"amount": kg("2.50")}]
    order = await create(team, "A", items=items)
    await shows(team, order["id"], "READY")
    (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
    await shows(team, order["id"], "NOT_READY")
    await released(team, order, "4.99", release_type="PURCHASE_ORDER")
    await shows(team, order["id"], "NOT_READY")
    rest = [{"order_item_id": item["id"]} for item in order["items"]]
    last = await release(team, order["id"], release_type="PURCHASE_ORDER", items=rest)
    assert [taken["amount"] for taken in last["items"]] == [kg("0.01"), kg("2.50")]
    await shows(team, order["id"], "FILLED")
    for child in (await read(team, order["id"]))["releases"]:
        await shows(team, child["released_to_order_id"], "READY")
    (await team.orders_api("POST", f"/orders/{last['released_to_order_id']}/cancel")).ok()
    await shows(team, last["released_to_order_id"], "CANCELED")
    await shows(team, order["id"], "NOT_READY")
    (await patch(team, order["id"], {"supplier": None})).ok()
    await shows(team, order["id"], "NOT_READY")  # the first release is still active


async def test_an_order_without_items_is_never_filled(team: Team) -> None:
    """Section 8, rule 7: at least one item; an amount of nothing is taken already."""
    order = await create(team, "A", supplier=SUPPLIER)
    await shows(team, order["id"], "NOT_READY")
    path = f"/orders/{order['id']}/items"
    made = await team.orders_api("POST", path, body={"amount": kg("0.00")})
    assert made.status == 201
    await shows(team, order["id"], "FILLED")
    assert (await team.orders_api("POST", path, body={"amount": kg("1")})).status == 201
    await shows(team, order["id"], "NOT_READY")


async def test_a_supplier_that_does_not_block(pool: Any) -> None:
    """O-25: with `supplier_blocks_ready` false it is READY before any release."""
    async with served(pool, supplier_blocks_ready=False) as world:
        team = await world.team()
        order = await create(team, "A", supplier=SUPPLIER, items=[{"amount": kg("5")}])
        await shows(team, order["id"], "READY")
        (await patch(team, order["id"], {"supplier": None})).ok()
        (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
        await shows(team, order["id"], "READY")
        await released(team, order, "3", release_type="PURCHASE_ORDER")
        await shows(team, order["id"], "NOT_READY")
        await released(team, order, release_type="PURCHASE_ORDER")
        await shows(team, order["id"], "FILLED")


# Legs (O-26)

LEGS: dict[tuple[str | None, str | None], str] = {
    (None, None): "ASSIGNED",
    ("DISPATCHED", None): "DISPATCHED",
    ("IN_TRANSIT", None): "IN_TRANSIT",
    ("DELIVERED", None): "IN_TRANSIT",
    ("OUT_FOR_DELIVERY", "DELIVERED"): "OUT_FOR_DELIVERY",
    ("OUT_FOR_DELIVERY", "OUT_FOR_DELIVERY"): "IN_TRANSIT",
    ("DELIVERED", "DELIVERED"): "DELIVERED",
}
"""O-26."""


@pytest.mark.parametrize("moved", [False, True], ids=["released so", "moved there"])
@pytest.mark.parametrize("legs", LEGS)
async def test_two_legs(team: Team, legs: tuple[str | None, str | None], moved: bool) -> None:
    """O-26: whichever of the two is first, whether the legs begin so or come to it; a third that is off does not
    count."""
    for number, pair in enumerate(set(itertools.permutations(legs))):
        order = await create(team, f"A{number}", items=[{"amount": kg("5")}])
        off = await released(team, order, "1", transit_status="DISPATCHED")
        made = [await released(team, order, "2", transit_status=None if moved else leg) for leg in pair]
        paths = [f"/orders/{order['id']}/releases/{leg['id']}" for leg in (off, *made)]
        body = {"unassigned_at": order["created_at"]}
        assert (await team.orders_api("PATCH", paths[0], body=body)).status == 200
        for path, leg in zip(paths[1:], pair, strict=True):
            if moved and leg is not None:
                assert (await team.orders_api("PATCH", path, body={"transit_status": leg})).status == 200
        await shows(team, order["id"], LEGS[legs])


# Milestones (O-27) and drafts


async def enter(team: Team, order: dict[str, Any], status: str) -> None:
    before = await etag(team, order["id"])
    await team.moved(parse_id(order["id"]) or "", team.known[status])
    assert await etag(team, order["id"]) != before


async def test_confirmed_milestones(team: Team) -> None:
    """O-27: shipment IN_TRANSIT, delivery DELIVERED; an acceptance changes nothing; from then on no cancel."""
    await team.apply(MILESTONES)
    order = await create(team, "A", supplier=SUPPLIER)
    for status, derived in (("Accepted", "NOT_READY"), ("Sent", "IN_TRANSIT"), ("There", "DELIVERED")):
        await enter(team, order, status)
        await shows(team, order["id"], derived)
    async with team.unchanged():
        reply = await team.orders_api("POST", f"/orders/{order['id']}/cancel")
        refused(reply, (None, "not_cancellable"))


@pytest.mark.parametrize(
    ("leg", "derived"),
    [
        (None, "IN_TRANSIT"),
        ("DISPATCHED", "IN_TRANSIT"),
        ("OUT_FOR_DELIVERY", "OUT_FOR_DELIVERY"),
        ("DELIVERED", "DELIVERED"),
    ],
)
@pytest.mark.parametrize("leg_first", [False, True], ids=["milestone first", "leg first"])
async def test_the_further_of_leg_and_milestone(
    team: Team, leg: str | None, derived: str, leg_first: bool
) -> None:
    """O-27: with a leg DISPATCHED and a confirmed shipment milestone IN_TRANSIT; whichever came first. Once the leg
    is off the milestone decides alone."""
    await team.apply(MILESTONES)
    order = await create(team, "A", items=[{"amount": kg("5")}])
    if leg_first:
        made = await released(team, order, "5", transit_status=leg)
    await enter(team, order, "Accepted")
    await enter(team, order, "Sent")
    if not leg_first:
        made = await released(team, order, "5", transit_status=leg)
    await shows(team, order["id"], derived)
    path = f"/orders/{order['id']}/releases/{made['id']}"
    body = {"unassigned_at": order["created_at"]}
    assert (await team.orders_api("PATCH", path, body=body)).status == 200
    await shows(team, order["id"], "IN_TRANSIT")


async def test_a_draft_is_not_ready(team: Team) -> None:
    """Section 8, rule 2, and section 11: a draft of another surface reads NOT_READY and cannot be released."""
    await team.apply(MILESTONES)
    order_id = ulid(await team.order("#D1", is_draft=True, items=(item("Boat"),)))
    await shows(team, order_id, "NOT_READY")
    order = await read(team, order_id)
    await enter(team, order, "Accepted")
    await enter(team, order, "Sent")
    await shows(team, order_id, "NOT_READY")
    async with team.unchanged():
        body = {"items": [{"order_item_id": order["items"][0]["id"]}]}
        reply = await team.orders_api("POST", f"/orders/{order_id}/releases", body=body)
        refused(reply, (None, "order_draft"))


async def test_a_canceled_order_stays_canceled(team: Team) -> None:
    """Section 8, rule 1, before all others: legs, milestones and suppliers change nothing any more."""
    await team.apply(MILESTONES)
    order = await create(team, "A", items=[{"amount": kg("5")}])
    await released(team, order, "1")
    (await team.orders_api("POST", f"/orders/{order['id']}/cancel")).ok()
    for status in ("Accepted", "Sent"):
        await enter(team, order, status)
    await shows(team, order["id"], "CANCELED")
