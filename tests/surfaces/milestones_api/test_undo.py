"""Taking back confirmations (section 7.12): M-29."""

from typing import Any

import pytest

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
    faulty,
    place,
    refused,
)
from tests.surfaces.world import Team, World

NOT_PART_OF_IT = ("updated_at", "prompted_at")
"""What an undo leaves different: when the milestone changed last, and when its owner is asked anew."""


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


def without_moments(shown: dict[str, Any]) -> dict[str, Any]:
    """An order or a milestone as it is shown, without what an undo leaves different."""
    kept = {name: value for name, value in shown.items() if name not in NOT_PART_OF_IT}
    if "milestones" in kept:
        kept["milestones"] = [without_moments(one) for one in kept["milestones"]]
    return kept


async def test_m29_undo_restores_the_state(shop: Team) -> None:
    """M-29: the milestone, and with it the order, are as before the confirm; a second undo is `not_confirmed`."""
    order = await place(shop)
    before = await order.shown()
    await order.confirmed(ACCEPTANCE, date=YESTERDAY)
    with shop.world.clock.at(ISSUED + days(1)):
        undone = (await order.undo(ACCEPTANCE, reason="wrong order")).ok()["milestone"]
        after = await order.shown()
    assert without_moments(after) == without_moments(before)
    assert undone == after["milestones"][0]
    assert (undone["updated_at"], undone["prompted_at"]) == ("2027-02-02T09:30:12Z",) * 2
    assert [undone[name] for name in ("confirmed_on", "confirmed_at", "confirmed_by")] == [None] * 3
    assert await order.told() == ["order.milestone.confirmed", "order.timeline.updated"]
    event = await order.event()
    (changed,) = event["facts"]["milestones"]
    assert (changed["id"], changed["new_data"]["status"], changed["old_data"]["confirmed_on"]) == (
        order.id_of(ACCEPTANCE),
        "pending",
        YESTERDAY,
    )
    assert event["facts"]["reason"] == "wrong order"
    async with shop.unchanged():
        refused(await order.undo(ACCEPTANCE), "not_confirmed")


async def test_m29_only_the_newest(shop: Team) -> None:
    """M-29: an older confirmation is refused, naming the newest; several undos step back one by one."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    async with shop.unchanged():
        for older in (ACCEPTANCE, SAMPLE):
            refused(
                await order.undo(older),
                "not_newest_confirmation",
                newest_milestone_id=order.id_of(SEWING),
            )
        refused(await order.undo(SHIPMENT), "not_confirmed")
        refused(await order.undo(DELIVERY), "not_confirmed")
    seen = []
    for position in (SEWING, SAMPLE, ACCEPTANCE):
        (await order.undo(position)).ok()
        seen.append((await order.status(), (await order.shown())["current_milestone_id"]))
    assert seen == [
        ("accepted", order.id_of(SEWING)),
        ("accepted", order.id_of(SAMPLE)),
        ("issued", order.id_of(ACCEPTANCE)),
    ]
    await order.confirmed(ACCEPTANCE)


async def test_m29_what_stays(shop: Team) -> None:
    """M-29: tasks, notes, delays and key dates are as the confirmation, and what came after it, left them."""
    order = await (await place(shop, "Swatches")).confirmed(ACCEPTANCE)
    (await order.reject(SAMPLE, reason="too blue", date="2027-02-20")).ok()
    swatches = (await order.tasks())[0]
    (await order.call("POST", f"/tasks/{swatches['id']}/complete")).ok()
    moved = {order.id_of(SHIPMENT): "2027-04-10"}
    (await order.confirm(SAMPLE, note="swatch 4", order_milestone_key_dates=moved)).ok()
    tasks, before = await order.tasks(), await order.milestones()
    undone = (await order.undo(SAMPLE)).ok()["milestone"]
    assert await order.tasks() == tasks
    after = await order.milestones()
    assert without_moments(after[1]) == without_moments(
        {
            **before[1],
            "status": "rejected",
            "confirmed_on": None,
            "confirmed_at": None,
            "confirmed_by": None,
            "current": True,
        }
    )
    assert (undone["note"], undone["key_date"], len(undone["delays"])) == ("swatch 4", "2027-02-20", 1)
    assert undone["rejection_reason"] == "too blue"
    assert [one["key_date"] for one in after] == [one["key_date"] for one in before]
    assert after[3]["delays"] == before[3]["delays"] != []


async def test_undo_of_an_acceptance_that_was_a_refusal(shop: Team) -> None:
    """Section 9: the order is `rejected` again."""
    order = await place(shop)
    (await order.reject(ACCEPTANCE, reason="no")).ok()
    await order.confirmed(ACCEPTANCE)
    assert (await order.undo(ACCEPTANCE)).ok()["milestone"]["status"] == "rejected"
    assert await order.status() == "rejected"
    async with shop.unchanged():
        refused(await order.undo(ACCEPTANCE), "not_confirmed")


async def test_undo_of_a_canceled_order(shop: Team) -> None:
    """Section 7.12: `order_not_active` comes before anything about the milestone."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    await order.cancel()
    async with shop.unchanged():
        for position in (ACCEPTANCE, SAMPLE):
            refused(await order.undo(position), "order_not_active", status="canceled")


async def test_the_reason_of_an_undo(shop: Team) -> None:
    """Section 7.12: a string of at most 2,000 characters, null counts as absent."""
    order: Followed = await (await place(shop)).confirmed(ACCEPTANCE)
    async with shop.unchanged():
        for reason in (5, ["x"], "x" * 2001, True):
            faulty(await order.undo(ACCEPTANCE, reason=reason), "reason")
    (await order.undo(ACCEPTANCE, reason=None)).ok()
    assert (await order.event())["facts"]["reason"] is None
    await order.confirmed(ACCEPTANCE, date=TODAY)
    (await order.undo(ACCEPTANCE, reason="x" * 2000)).ok()
