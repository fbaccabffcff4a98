"""What presses as the clock turns, and *today*, in teams of several zones (section 8.7): late, prompted, overdue."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERY,
    ISSUED,
    SAMPLE,
    SEWING,
    SHIPMENT,
    SHIPS_ON,
    WORKSPACE,
    Followed,
    days,
    faulty,
    place,
    refused,
    workflow,
)
from tests.surfaces.world import Team, World

ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kathmandu", "Europe/Lisbon", "Africa/Cairo")
"""Ahead of UTC by 14 hours and behind it by 10, by a fraction of an hour, and with two sorts of summer time."""
SECOND = timedelta(seconds=1)
TWO_DAYS = timedelta(hours=48)

EAGER = workflow(
    "Eager", ACCEPTANCE, SAMPLE, SHIPMENT, at2={"prompt_offset_days": -3}, at4={"prompt_offset_days": 0}
)

in_each_zone = pytest.mark.parametrize("zone", ZONES)


async def team_of(world: World, zone: str = "UTC") -> Team:
    team = await world.team()
    await team.apply({"workflows": [*WORKSPACE["workflows"], EAGER], "team": {"time_zone": zone}})
    return team


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    return await team_of(world)


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example, until a test turns it."""
    with world.clock.at(ISSUED):
        yield


def begins(day: str, zone: str = "UTC") -> datetime:
    """00:00 of the day in the zone."""
    return datetime.combine(datetime.fromisoformat(day), time.min, ZoneInfo(zone)).astimezone(UTC)


def shown(at: datetime) -> str:
    """A moment as this API shows it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def pressing(order: Followed, at: datetime) -> dict[int, tuple[bool, str | None, bool]]:
    """(late, prompted_at, overdue) of all milestones at that moment of which any is not false or null, by position;
    the order must say the same, also in the list."""
    with order.team.world.clock.at(at):
        whole = await order.shown()
        listed = (await order.team.milestones_api("GET", "/purchase_orders?per_page=100")).ok()
        assert await order.milestones() == whole["milestones"]
    members = ("late", "prompted_at", "overdue")
    found = {one["position"]: tuple(one[name] for name in members) for one in whole["milestones"]}
    (row,) = [one for one in listed["purchase_orders"] if one["id"] == order.id]
    for document in (whole, row):
        assert document["late"] is any(late for late, _, _ in found.values())
        assert document["overdue"] is any(overdue for _, _, overdue in found.values())
    return {position: each for position, each in found.items() if each != (False, None, False)}


# Late


@in_each_zone
async def test_m33_late_when_the_day_is_over(world: World, zone: str) -> None:
    """Section 8.7: a key date of today is not late; it is from 00:00 of the next day for the team on."""
    team = await team_of(world, zone)
    order = await (await place(team)).confirmed(ACCEPTANCE)
    ends = begins("2027-02-13", zone)
    asked = shown(begins("2027-02-12", zone))
    assert await pressing(order, ends - SECOND) == {SAMPLE: (False, asked, False)}
    assert await pressing(order, ends) == {SAMPLE: (True, asked, False)}


@in_each_zone
async def test_the_day_changes_between_two_requests(world: World, zone: str) -> None:
    """Section 3: *today* is the team's date at the moment of each request."""
    team = await team_of(world, zone)
    midnight = begins("2027-02-10", zone)
    with world.clock.at(midnight - SECOND):
        order = await (await place(team)).confirmed(ACCEPTANCE)
        assert (await order.milestone(ACCEPTANCE))["confirmed_on"] == "2027-02-09"
        assert (await order.shown())["issued_at"] == "2027-02-09"
        refused(
            await order.confirm(SAMPLE, date="2027-02-10"),
            "date_in_future",
            milestone_ids=[order.id_of(SAMPLE)],
        )
        task = await order.add_task(title="x", due_date="2027-02-09")
        assert task["late"] is False
    with world.clock.at(midnight):
        assert (await order.tasks())[0]["late"] is True
        refused(await order.reject(SAMPLE, reason="no", date="2027-02-09"), "date_in_past")
        (await order.reject(SAMPLE, reason="no", date="2027-02-10")).ok()
        (await order.confirm(SAMPLE, date="2027-02-10")).ok()
        refused(
            await order.edit(order_milestone_key_dates={order.id_of(SAMPLE): "2027-02-11"}),
            "date_in_future",
            milestone_ids=[order.id_of(SAMPLE)],
        )
        assert (await (await place(team)).shown())["issued_at"] == "2027-02-10"
    with world.clock.at(midnight + days(1)):
        (await order.edit(order_milestone_key_dates={order.id_of(SAMPLE): "2027-02-11"})).ok()


async def test_each_milestone_is_late_by_itself(shop: Team) -> None:
    """Section 8.7: late does not depend on being current; a confirmed one never is."""
    order = await place(shop)
    everything = await pressing(order, begins("2027-05-15"))
    assert [position for position, (late, _, _) in everything.items() if late] == [1, 2, 3, 4, 5]
    with shop.world.clock.at(begins("2027-05-15")):
        await order.confirmed(ACCEPTANCE, SAMPLE)
    everything = await pressing(order, begins("2027-05-15"))
    assert [position for position, (late, _, _) in everything.items() if late] == [3, 4, 5]


async def test_only_active_orders_press(shop: Team) -> None:
    """Section 8.7: all false or null on a draft, a refused and a canceled order."""
    draft, refused_, canceled = await place(shop, draft=True), await place(shop), await place(shop)
    (await refused_.reject(ACCEPTANCE, reason="no")).ok()
    await canceled.cancel()
    for order in (draft, refused_, canceled):
        assert await pressing(order, begins("2027-12-31")) == {}
    with shop.world.clock.at(ISSUED + days(20)):
        (await refused_.call("POST", "/issue")).ok()
    assert (await pressing(refused_, ISSUED + days(20)))[ACCEPTANCE] == (
        True,
        shown(ISSUED + days(20)),
        False,
    )


# Prompted and overdue


@in_each_zone
async def test_the_acceptance_is_prompted_at_issue(world: World, zone: str) -> None:
    """Section 8.7: at once, whatever its date; overdue when that is more than 48 hours ago."""
    team = await team_of(world, zone)
    order = await place(team)
    asked = shown(ISSUED)
    assert await pressing(order, ISSUED) == {ACCEPTANCE: (False, asked, False)}
    assert await pressing(order, ISSUED + TWO_DAYS) == {ACCEPTANCE: (False, asked, False)}
    assert await pressing(order, ISSUED + TWO_DAYS + SECOND) == {ACCEPTANCE: (False, asked, True)}
    again = ISSUED + days(5)
    with world.clock.at(again):
        (await order.call("POST", "/issue")).ok()
    assert (await pressing(order, again))[ACCEPTANCE] == (True, shown(again), False)
    assert (await pressing(order, again + TWO_DAYS + SECOND))[ACCEPTANCE] == (True, shown(again), True)


@in_each_zone
async def test_others_are_prompted_when_their_day_begins(world: World, zone: str) -> None:
    """Section 8.7: at 00:00, in the team's zone, of `key_date` + `prompt_offset_days`: 0 unless configured, 1 for
    shipment and delivery; null while that moment lies ahead."""
    team = await team_of(world, zone)
    order = await (await place(team)).confirmed(ACCEPTANCE)
    asked = begins("2027-02-12", zone)
    assert await pressing(order, asked - SECOND) == {}
    assert await pressing(order, asked) == {SAMPLE: (False, shown(asked), False)}
    ends = begins("2027-02-14", zone)
    assert await pressing(order, ends) == {SAMPLE: (True, shown(asked), False)}
    assert await pressing(order, ends + SECOND) == {SAMPLE: (True, shown(asked), True)}
    await order.confirmed(SAMPLE, SEWING)
    asked = begins("2027-04-10", zone)
    assert await pressing(order, asked - SECOND) == {}
    assert await pressing(order, asked) == {SHIPMENT: (True, shown(asked), False)}
    assert await pressing(order, asked + TWO_DAYS + SECOND) == {SHIPMENT: (True, shown(asked), True)}


async def test_configured_prompts(shop: Team) -> None:
    """Section 6.5: before the date, or on the day itself."""
    order = await (await place(shop, "Eager")).confirmed(ACCEPTANCE)
    asked = begins("2027-02-09")
    assert await pressing(order, asked - SECOND) == {}
    assert await pressing(order, asked) == {2: (False, shown(asked), False)}
    await order.confirmed(2)
    assert await pressing(order, begins(SHIPS_ON) - SECOND) == {}
    assert (await pressing(order, begins(SHIPS_ON)))[4 - 1] == (False, shown(begins(SHIPS_ON)), False)


@pytest.mark.parametrize(
    ("zone", "day", "offset_hours"),
    [
        ("Africa/Cairo", "2027-04-30", -2),  # its clocks leave out this midnight: the day begins at 01:00
        ("Europe/Lisbon", "2027-03-28", 0),
        ("Europe/Lisbon", "2027-03-29", -1),
        ("America/Havana", "2027-11-07", 4),  # its clocks repeat the first hour of this day
    ],
)
async def test_days_on_which_clocks_change(world: World, zone: str, day: str, offset_hours: int) -> None:
    """Section 8.7: 00:00 in the team's zone, in summer and in winter time."""
    team = await team_of(world, zone)
    order = await (await place(team, ships_on="2028-01-01", delivered_on=None)).confirmed(ACCEPTANCE)
    later = {order.id_of(SEWING): None, order.id_of(SAMPLE): day}
    (await order.edit(order_milestone_key_dates=later)).ok()
    asked = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=offset_hours)
    assert await pressing(order, asked - SECOND) == {}
    assert await pressing(order, asked) == {SAMPLE: (False, shown(asked), False)}
    assert await pressing(order, asked + TWO_DAYS + SECOND) == {SAMPLE: (True, shown(asked), True)}


async def test_a_milestone_that_becomes_current_late(shop: Team) -> None:
    """Section 8.7: the confirmation of the milestone before is the latest of the moments; the day it is said counts,
    not the day it happened."""
    order = await place(shop)
    said = begins("2027-03-01") + timedelta(hours=7)
    with shop.world.clock.at(said):
        await order.confirmed(ACCEPTANCE, date="2027-02-03")
    assert await pressing(order, said) == {SAMPLE: (True, shown(said), False)}
    assert await pressing(order, said + TWO_DAYS + SECOND) == {SAMPLE: (True, shown(said), True)}
    confirmed = said + days(4)
    with shop.world.clock.at(confirmed):
        await order.confirmed(SAMPLE)
    assert await pressing(order, confirmed) == {}  # a confirmation ends it for good


async def test_undated_milestones_are_prompted_at_once(shop: Team) -> None:
    """Section 8.7: without a date only the moment of becoming current counts; nothing is late."""
    order = await (await place(shop, "Undated")).confirmed(ACCEPTANCE)
    assert await pressing(order, ISSUED) == {SAMPLE: (False, shown(ISSUED), False)}
    late = begins("2027-03-01")
    assert await pressing(order, late) == {SAMPLE: (False, shown(ISSUED), True)}
    with shop.world.clock.at(late):
        (await order.reject(SAMPLE, reason="not yet")).ok()
    assert await pressing(order, late) == {SAMPLE: (False, shown(late), False)}


async def test_a_rejection_moves_the_prompt(shop: Team) -> None:
    """Section 8.7: to the moment of the rejection, or to the new date if that is later; rejecting again, again."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    overdue = begins("2027-02-15")
    assert await pressing(order, overdue) == {SAMPLE: (True, shown(begins("2027-02-12")), True)}
    with shop.world.clock.at(overdue):
        (await order.reject(SAMPLE, reason="blue", date="2027-02-15")).ok()
    assert await pressing(order, overdue) == {SAMPLE: (False, shown(overdue), False)}
    with shop.world.clock.at(overdue + days(1)):
        (await order.reject(SAMPLE, reason="red", date="2027-02-20")).ok()
    assert await pressing(order, overdue + days(1)) == {}
    assert await pressing(order, begins("2027-02-20")) == {
        SAMPLE: (False, shown(begins("2027-02-20")), False)
    }


async def test_a_later_date_moves_the_prompt(shop: Team) -> None:
    """Section 8.7: an edit to a later key date ends it; an earlier one brings it forward, but not before it became
    current."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    sample = order.id_of(SAMPLE)
    overdue = begins("2027-02-15")
    with shop.world.clock.at(overdue):
        (await order.edit(order_milestone_key_dates={sample: "2027-02-28"})).ok()
    assert await pressing(order, overdue) == {}
    assert (await pressing(order, begins("2027-02-28")))[SAMPLE] == (
        False,
        shown(begins("2027-02-28")),
        False,
    )
    (
        await order.edit(
            order_milestone_key_dates={sample: "2027-02-01", order.id_of(ACCEPTANCE): "2027-02-01"}
        )
    ).ok()
    assert (await pressing(order, ISSUED))[SAMPLE] == (False, shown(ISSUED), False)


async def test_m22_required_tasks_hold_the_prompt(shop: Team) -> None:
    """Section 8.7: null while one is open; then the moment at which the last was completed, if that is the latest;
    opening one ends it. Optional tasks do nothing."""
    order = await (await place(shop, "Swatches")).confirmed(ACCEPTANCE)
    task = next(one["id"] for one in await order.tasks() if one["required"])
    evening = begins("2027-02-12") + timedelta(hours=20)
    assert await pressing(order, evening) == {}
    with shop.world.clock.at(evening):
        (await order.call("POST", f"/tasks/{task}/complete")).ok()
    assert await pressing(order, evening) == {SAMPLE: (False, shown(evening), False)}
    overdue = evening + TWO_DAYS + SECOND
    assert await pressing(order, overdue) == {SAMPLE: (True, shown(evening), True)}
    with shop.world.clock.at(overdue):
        optional = await order.add_task(title="labels", milestone_id=order.id_of(SAMPLE))
        (await order.call("POST", f"/tasks/{optional['id']}/complete")).ok()
        assert (await pressing(order, overdue))[SAMPLE] == (True, shown(evening), True)
        (await order.call("POST", f"/tasks/{task}/reopen")).ok()
    assert await pressing(order, overdue) == {SAMPLE: (True, None, False)}
    with shop.world.clock.at(overdue):
        (await order.call("POST", f"/tasks/{task}/complete")).ok()
    assert await pressing(order, overdue) == {SAMPLE: (True, shown(overdue), False)}
    early = await (await place(shop, "Swatches")).confirmed(ACCEPTANCE)
    task = next(one["id"] for one in await early.tasks() if one["required"])
    (await early.call("POST", f"/tasks/{task}/complete")).ok()
    asked = begins("2027-02-12")
    assert await pressing(early, asked - SECOND) == {}
    assert await pressing(early, asked) == {SAMPLE: (False, shown(asked), False)}


async def test_m29_an_undo_moves_the_prompt(shop: Team) -> None:
    """Section 8.7: undoing makes the milestone current anew."""
    order = await (await place(shop)).confirmed(ACCEPTANCE)
    late = begins("2027-03-01")
    with shop.world.clock.at(late):
        await order.confirmed(SAMPLE)
    with shop.world.clock.at(late + days(3)):
        (await order.undo(SAMPLE)).ok()
    assert await pressing(order, late + days(3)) == {SAMPLE: (True, shown(late + days(3)), False)}
    assert (await pressing(order, late + days(5) + SECOND))[SAMPLE] == (True, shown(late + days(3)), True)
    with shop.world.clock.at(late + days(6)):
        (await order.undo(ACCEPTANCE)).ok()
    assert (await pressing(order, late + days(6)))[ACCEPTANCE] == (True, shown(late + days(6)), False)


async def test_a_status_that_confirms_makes_the_next_current(world: World) -> None:
    """Section 8.7: the confirmation of the milestone before, whichever surface it came by."""
    team = await world.team()
    await team.apply(
        {"statuses": [{"name": "Cut"}], "workflows": [workflow("Plain", default=True, at1={"status": "Cut"})]}
    )
    order = await place(team)
    moved = begins("2027-02-20") + timedelta(hours=3)
    with world.clock.at(moved):
        await team.moved(order.id, team.known["Cut"])
    assert await pressing(order, moved) == {SAMPLE: (True, shown(moved), False)}


async def test_the_end_of_the_calendar(shop: Team) -> None:
    """Section 3: the last day that a date can say is a date like any other: never late, never prompted."""
    order = await (await place(shop)).confirmed(ACCEPTANCE, SAMPLE, SEWING)
    last = {order.id_of(SHIPMENT): "9999-12-31", order.id_of(DELIVERY): "9999-12-31"}
    (await order.edit(order_milestone_key_dates=last)).ok()
    assert SAMPLE not in await pressing(order, ISSUED)
    faulty(await order.edit(ship_date="10000-01-01"), "ship_date")
    first = await (await place(shop, "Undated")).confirmed(ACCEPTANCE, date="0001-01-01")
    (await first.edit(order_milestone_key_dates={first.id_of(SAMPLE): "0001-01-01"})).ok()
    assert (await pressing(first, ISSUED))[SAMPLE] == (True, shown(ISSUED), False)
