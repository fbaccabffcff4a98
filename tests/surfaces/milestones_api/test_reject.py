"""Rejecting milestones (section 7.10): M-17 and M-25 to M-28, M-42's refused order."""

from typing import Any

import pytest

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
    place,
    refused,
)
from tests.surfaces.world import NO_ID, Team, World

CLOSED = {"reason": "dye house closed", "date": "2027-04-16"}


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


async def me(team: Team) -> dict[str, Any]:
    """The team's key, as an actor."""
    (key,) = await team.world.pool.fetch("select id, name from api_keys where team_id = $1 limit 1", team.id)
    return {"type": "api_key", "id": str(key["id"]), "name": key["name"]}


async def test_m25_refusing_an_order(shop: Team) -> None:
    """M-25: rejecting acceptance makes the order `rejected` without a delay record; confirming it `accepted`."""
    order = await place(shop)
    before = await order.milestones()
    moment = "2027-02-03T09:30:12Z"
    with shop.world.clock.at(ISSUED + days(2)):
        answered = (await order.reject(ACCEPTANCE, reason="too many", note="call us")).ok()["milestone"]
    assert answered == {
        **before[0],
        "status": "rejected",
        "rejected_at": moment,
        "rejected_by": await me(shop),
        "rejection_reason": "too many",
        "note": "call us",
        "current": False,
        "prompted_at": None,
        "updated_at": moment,
    }
    shown = await order.shown()
    assert (shown["status"], shown["current_milestone_id"]) == ("rejected", None)
    assert shown["milestones"] == [answered, *before[1:]]
    assert await order.told() == ["order.milestone.rejected"]
    (confirmed, *_) = await (await order.confirmed(ACCEPTANCE)).milestones()
    assert await order.status() == "accepted"
    assert (confirmed["status"], confirmed["rejection_reason"], confirmed["rejected_at"]) == (
        "confirmed",
        "too many",
        moment,
    )
    assert await order.told() == ["order.milestone.rejected", "order.milestone.confirmed"]


async def test_m25_a_refusal_ignores_dates(shop: Team) -> None:
    """Section 7.10: `date` and the hashes are ignored on the acceptance milestone, whatever they hold."""
    for ignored in (
        {"date": "2027-02-10"},
        {"date": "yesterday", "order_milestone_key_dates": 5},
        {"order_milestone_key_dates": {NO_ID: "x"}, "workflow_order_milestone_key_dates": {"y": TODAY}},
        {"date": "2020-01-01", "order_milestone_key_dates": {NO_ID: TODAY}},
    ):
        order = await place(shop)
        rejected = (await order.reject(ACCEPTANCE, reason="no", **ignored)).ok()["milestone"]
        assert (rejected["status"], rejected["key_date"], rejected["delays"]) == (
            "rejected",
            KEY_DATES[0],
            [],
        )
        assert await order.key_dates() == list(KEY_DATES)
        assert await order.told() == ["order.milestone.rejected"]


async def test_m26_a_dated_milestone(shop: Team) -> None:
    """M-26: it becomes rejected, takes the new key date, and has one delay record; the example of 7.10."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    before = await order.milestone(SHIPMENT)
    with shop.world.clock.at(ISSUED + days(9)):
        answered = (await order.reject(SHIPMENT, **CLOSED)).ok()["milestone"]
    moment = "2027-02-10T09:30:12Z"
    (delay,) = answered["delays"]
    assert answered == {
        **before,
        "status": "rejected",
        "key_date": "2027-04-16",
        "rejected_at": moment,
        "rejected_by": await me(shop),
        "rejection_reason": "dye house closed",
        "delays": [delay],
        "updated_at": moment,
    }
    assert delay == {
        "id": delay["id"],
        "old_date": SHIPS_ON,
        "new_date": "2027-04-16",
        "reason": "dye house closed",
        "note": None,
        "source": "reject",
        "recorded_by": await me(shop),
        "recorded_at": moment,
    }
    assert answered == await order.milestone(SHIPMENT)
    assert await order.status() == "accepted"
    assert await order.told() == ["order.milestone.confirmed", "order.milestone.rejected"]
    event = await order.event()
    assert (event["subject_id"], event["old_data"]["key_date"], event["new_data"]["key_date"]) == (
        order.id_of(SHIPMENT),
        SHIPS_ON,
        "2027-04-16",
    )
    assert event["new_data"]["rejection_reason"] == "dye house closed"
    assert event["new_data"]["rejected_by"]["name"] == delay["recorded_by"]["name"]


async def test_m17_ships_on_follows_a_rejection(shop: Team) -> None:
    """M-17: `ships_on` and `delivered_on` are the key dates of their milestones; content follows on all surfaces."""
    order = await place(shop)
    (await order.reject(SHIPMENT, **CLOSED)).ok()
    (await order.reject(DELIVERY, reason="late ship", date="2027-05-21")).ok()
    shown = await order.shown()
    assert (shown["ships_on"], shown["delivered_on"]) == ("2027-04-16", "2027-05-21")
    row = await shop.row(order.id)
    assert (row["ships_on"].isoformat(), row["delivered_on"].isoformat()) == ("2027-04-16", "2027-05-21")


async def test_m26_what_a_rejection_needs(shop: Team) -> None:
    """M-26: a dated milestone needs `reason` and `date`, told together."""
    order = await place(shop)
    async with shop.unchanged():
        faulty(await order.reject(SHIPMENT), "reason", "date")
        faulty(await order.reject(SHIPMENT, reason="no"), "date")
        faulty(await order.reject(SHIPMENT, reason="no", date=None), "date")
        faulty(await order.reject(SHIPMENT, date=TOMORROW), "reason")
        for reason in ("", " \t\n", None, 5, ["no"], "x" * 2001):
            faulty(await order.reject(SHIPMENT, reason=reason, date="2027-04-16"), "reason")
            faulty(await order.reject(ACCEPTANCE, reason=reason), "reason")
        faulty(
            await order.reject(SHIPMENT, reason=" ", date="16.4.2027", note="x" * 2001),
            "reason",
            "date",
            "note",
        )
        faulty(await order.reject(ACCEPTANCE), "reason")
        ids = {order.id_of(DELIVERY): "soon"}
        faulty(
            await order.reject(SHIPMENT, order_milestone_key_dates=ids),
            "reason",
            "date",
            f"order_milestone_key_dates.{order.id_of(DELIVERY)}",
        )
    kept = (await order.reject(SHIPMENT, reason="x" * 2000, date="2027-04-16", note="y" * 2000)).ok()
    assert len(kept["milestone"]["rejection_reason"]) == len(kept["milestone"]["note"]) == 2000


async def test_m26_a_fault_comes_before_the_state(shop: Team) -> None:
    """Section 11: field faults before state faults, the date of a dated milestone included."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE)
    async with shop.unchanged():
        faulty(await order.reject(SAMPLE, reason="no"), "date")
        faulty(await order.reject(ACCEPTANCE, reason=""), "reason")
        refused(
            await order.reject(SAMPLE, reason="no", date=TODAY),
            "already_confirmed",
            milestone_ids=[order.id_of(SAMPLE)],
        )
        refused(
            await order.reject(ACCEPTANCE, reason="no"),
            "already_confirmed",
            milestone_ids=[order.id_of(ACCEPTANCE)],
        )


async def test_m26_the_same_again(shop: Team) -> None:
    """M-26: an exact repeat adds no record and no event; another date, or another reason with another date, adds
    a second one."""
    order = await place(shop)
    (await order.reject(SHIPMENT, **CLOSED, note="sorry")).ok()
    with shop.world.clock.at(ISSUED + days(1)):
        async with shop.unchanged():
            (await order.reject(SHIPMENT, **CLOSED)).ok()
            repeat = (await order.reject(SHIPMENT, **CLOSED, note="another")).ok()["milestone"]
            assert repeat["note"] == "sorry"
            refused(await order.reject(SHIPMENT, reason="other", date="2027-04-16"), "date_unchanged")
    (await order.reject(SHIPMENT, reason="dye house closed", date="2027-04-12")).ok()
    delays = (await order.milestone(SHIPMENT))["delays"]
    assert [(one["old_date"], one["new_date"], one["source"]) for one in delays] == [
        (SHIPS_ON, "2027-04-16", "reject"),
        ("2027-04-16", "2027-04-12", "reject"),
    ]
    assert await order.told() == ["order.milestone.rejected"] * 2


async def test_m26_dates_of_a_rejection(shop: Team) -> None:
    """Section 9: a date before today, the key date itself, one out of order."""
    order = await place(shop)
    shipment = order.id_of(SHIPMENT)
    async with shop.unchanged():
        refused(await order.reject(SHIPMENT, reason="no", date=YESTERDAY), "date_in_past")
        refused(await order.reject(SHIPMENT, reason="no", date=SHIPS_ON), "date_unchanged")
        refused(
            await order.reject(SHIPMENT, reason="no", date="2027-03-11"),
            "dates_out_of_order",
            milestone_ids=[shipment],
        )
    assert (await order.reject(SAMPLE, reason="no", date="2027-02-04")).ok()["milestone"]["key_date"] == (
        "2027-02-04"
    )
    with shop.world.clock.at(ISSUED + days(11)):  # 2027-02-12
        (await order.reject(SAMPLE, reason="no", date="2027-02-12")).ok()


async def test_m27_a_rejected_milestone_can_be_confirmed(shop: Team) -> None:
    """M-27: reason and delays stay readable; the order's status is that of its confirmations."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    (await order.reject(SAMPLE, reason="wrong blue", date="2027-02-20")).ok()
    assert await order.status() == "accepted"
    assert (await order.shown())["current_milestone_id"] == order.id_of(SAMPLE)
    confirmed = (await order.confirm(SAMPLE)).ok()["milestone"]
    assert (confirmed["status"], confirmed["rejection_reason"]) == ("confirmed", "wrong blue")
    assert [one["reason"] for one in confirmed["delays"]] == ["wrong blue"]
    assert confirmed["key_date"] == "2027-02-20"


async def test_m28_beyond_the_next_milestone(shop: Team) -> None:
    """M-28: refused, unless the same call moves that one as well: all new dates are checked together."""
    order = await place(shop)
    delivery = order.id_of(DELIVERY)
    far = {"reason": "strike", "date": "2027-05-20"}
    async with shop.unchanged():
        refused(
            await order.reject(SHIPMENT, **far), "dates_out_of_order", milestone_ids=[order.id_of(SHIPMENT)]
        )
        refused(
            await order.reject(SHIPMENT, **far, order_milestone_key_dates={delivery: "2027-05-19"}),
            "dates_out_of_order",
            milestone_ids=[order.id_of(SHIPMENT), delivery],
        )
        refused(
            await order.reject(
                SHIPMENT, **far, order_milestone_key_dates={order.id_of(SHIPMENT): "2027-05-21"}
            ),
            "conflicting_dates",
            milestone_ids=[order.id_of(SHIPMENT)],
        )
    both = {"order_milestone_key_dates": {delivery: "2027-05-25", order.id_of(SHIPMENT): "2027-05-20"}}
    (await order.reject(SHIPMENT, **far, **both)).ok()
    assert await order.key_dates() == [*KEY_DATES[:3], "2027-05-20", "2027-05-25"]
    assert await order.told() == ["order.milestone.rejected", "order.timeline.updated"]
    (own,), (other,) = [(await order.milestone(position))["delays"] for position in (SHIPMENT, DELIVERY)]
    assert (own["source"], own["reason"]) == ("reject", "strike")
    assert (other["source"], other["old_date"], other["new_date"]) == ("edit", DELIVERED_ON, "2027-05-25")


async def test_an_undated_milestone(shop: Team) -> None:
    """Section 9: without a date there is no delay record; with one, its first date is recorded."""
    order = await place(shop, "Undated")
    undated = (await order.reject(SAMPLE, reason="not yet")).ok()["milestone"]
    assert (undated["status"], undated["key_date"], undated["delays"]) == ("rejected", None, [])
    async with shop.unchanged():
        (await order.reject(SAMPLE, reason="not yet")).ok()
        (await order.reject(SAMPLE, reason="not yet", date=None)).ok()
    with shop.world.clock.at(ISSUED + days(1)):
        (await order.reject(SAMPLE, reason="still not")).ok()
    assert await order.told() == ["order.milestone.rejected"] * 2
    dated = (await order.reject(SAMPLE, reason="at last", date="2027-03-01")).ok()["milestone"]
    (delay,) = dated["delays"]
    assert (delay["old_date"], delay["new_date"], delay["source"]) == (None, "2027-03-01", "reject")


async def test_before_its_turn_and_with_open_tasks(shop: Team) -> None:
    """Section 7.10: a later milestone may be rejected, open tasks do not hinder."""
    order = await place(shop, "Swatches")
    (await order.reject(SAMPLE, reason="no", date="2027-02-13")).ok()
    (await order.reject(SEWING, reason="no", date="2027-03-13")).ok()
    assert await order.states() == ["pending", "rejected", "rejected", "pending", "pending"]
    assert await order.status() == "issued"


async def test_m39_tasks_follow_a_rejection(shop: Team) -> None:
    """M-39: a new date before the due date of an open task draws the task along."""
    order = await place(shop)
    task = await order.add_task(title="x", due_date="2027-02-12", milestone_id=order.id_of(SAMPLE))
    (await order.reject(SAMPLE, reason="sooner", date="2027-02-10")).ok()
    assert [one["due_date"] for one in await order.tasks()] == ["2027-02-10"]
    assert (await order.call("GET", f"/tasks/{task['id']}")).ok()["task"]["due_date"] == "2027-02-10"


async def test_m42_issuing_a_refused_order_again(shop: Team) -> None:
    """M-42: the acceptance milestone is pending again, its rejection cleared; an accepted order is not issued."""
    order = await place(shop)
    (await order.reject(ACCEPTANCE, reason="no", note="kept")).ok()
    with shop.world.clock.at(ISSUED + days(1)):
        shown = (await order.call("POST", "/issue")).ok()["purchase_order"]
    acceptance = shown["milestones"][0]
    assert (shown["status"], shown["issued_at"], shown["last_issued_at"]) == ("issued", TODAY, TOMORROW)
    assert [acceptance[name] for name in ("status", "rejected_at", "rejected_by", "rejection_reason")] == [
        "pending",
        None,
        None,
        None,
    ]
    assert (acceptance["current"], acceptance["note"]) == (True, "kept")
    assert await order.told() == ["order.milestone.rejected", "order.timeline.updated", "order.updated"]
    await order.confirmed(ACCEPTANCE)
    async with shop.unchanged():
        refused(await order.call("POST", "/issue"), "already_accepted")
