"""Deadlines, as `include=deadline` shows them (contract, rule 22.10; S-56).

The arithmetic has its own tests in tests/model/test_timeline.py.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.surfaces.world import Team, World, item

FRIDAY = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)
TWO_DAYS = 172_800
SECOND = timedelta(seconds=1)

STATUSES: list[dict[str, Any]] = [
    {"name": "plain", "max_duration": {"seconds": TWO_DAYS}},
    {"name": "weekdays", "max_duration": {"seconds": TWO_DAYS, "skip_weekends": True}},
    {
        "name": "workdays",
        "max_duration": {"seconds": TWO_DAYS, "skip_weekends": True, "skip_holidays": True},
        "sub_status_group": "Coats",
    },
    {"name": "holidays", "max_duration": {"seconds": TWO_DAYS, "skip_holidays": True}},
    {"name": "second", "max_duration": {"seconds": 1}},
    {"name": "off", "max_duration": {"enabled": False, "seconds": 60}},
    {"name": "none"},
    {"name": "alone", "independent": True, "max_duration": {"seconds": 60}},
    {"name": "addon", "addon": True, "max_duration": {"seconds": 60}},
]
WORKSPACE = {
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": STATUSES,
    "calendar": {"extra_holidays": ["2026-05-11"]},
}


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def shown(team: Team, order: str, now: datetime | None = None) -> Any:
    """The order's deadline as it is shown at `now`."""
    if now is None:
        return (await team.read(order, include="deadline"))["deadline"]
    with team.world.clock.at(now):
        return (await team.read(order, include="deadline"))["deadline"]


async def entered(team: Team, status: str, at: datetime, option: str | None = None, **content) -> str:
    """A new order that entered the status at that moment."""
    order = await team.order(**content)
    with team.world.clock.at(at):
        await team.moved(order, team.known[status], team.known[option] if option else None)
    return order


def at(hour: int, minute: int = 0, *, day: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "option", "entry", "due"),
    [
        ("plain", None, FRIDAY, at(14, day=10)),
        ("weekdays", None, FRIDAY, at(14, day=12)),
        ("workdays", "Coats/First", FRIDAY, at(14, day=13)),
        ("holidays", None, at(14, day=10), at(14, day=13)),
        ("weekdays", None, at(9, day=9), datetime(2026, 5, 13, tzinfo=UTC)),
        ("second", None, FRIDAY, FRIDAY + SECOND),
        ("alone", None, FRIDAY, FRIDAY + 60 * SECOND),
        ("off", None, FRIDAY, None),
        ("none", None, FRIDAY, None),
    ],
)
async def test_s56_deadlines(shop, status, option, entry, due):
    """S-56: entered Friday 14:00 for two days: Sunday; skipping weekends Tuesday 14:00; with Monday a holiday
    and skipped Wednesday 14:00; for line items alike."""
    order = await entered(shop, status, entry, option, items=(item(), item()))
    line = (await shop.line_items(order))[0]
    with shop.world.clock.at(entry):
        body = {
            "status_id": shop.known[status],
            **({"sub_status_option_id": shop.known[option]} if option else {}),
        }
        assert (await shop.post(f"/line-items/{line}/status", body)).status == 200
    with shop.world.clock.at(entry):
        seen = await shop.read(order, include="deadline,line_item_statuses")
    expected = {
        "entered_at": entry.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deadline_at": None if due is None else due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "overdue": False,
    }
    assert seen["deadline"] == expected
    assert [line["deadline"] for line in seen["line_items"]] == [expected, None]


async def test_an_order_without_primary_status_has_none(shop):
    order = await shop.order()
    assert await shown(shop, order) is None
    await shop.moved(order, shop.known["addon"])
    assert await shown(shop, order) is None


async def test_addons_have_no_deadline(shop):
    order = await entered(shop, "plain", FRIDAY)
    before = await shown(shop, order, FRIDAY)
    with shop.world.clock.at(FRIDAY + timedelta(days=1)):
        await shop.moved(order, shop.known["addon"])
    assert await shown(shop, order, FRIDAY) == before


@pytest.mark.parametrize(
    ("passed", "overdue"),
    [
        (timedelta(), False),
        (timedelta(days=2) - SECOND, False),
        (timedelta(days=2), False),
        (timedelta(days=2) + SECOND, True),
        (timedelta(days=900), True),
    ],
)
async def test_overdue_is_after_the_deadline(shop, passed, overdue):
    order = await entered(shop, "plain", FRIDAY)
    seen = await shown(shop, order, FRIDAY + passed)
    assert seen["overdue"] is overdue
    assert seen["deadline_at"] == "2026-05-10T14:00:00Z"


async def test_overdue_line_items(shop):
    order = await shop.order(items=(item(), item()))
    first, second = await shop.line_items(order)
    with shop.world.clock.at(FRIDAY):
        await shop.post(f"/line-items/{first}/status", {"status_id": shop.known["second"]})
        await shop.post(f"/line-items/{second}/status", {"status_id": shop.known["plain"]})
    with shop.world.clock.at(FRIDAY + 5 * SECOND):
        listed = (await shop.get("/orders", order_ids=order, include="line_item_statuses,deadline")).ok()[
            "orders"
        ][0]
    assert [line["deadline"]["overdue"] for line in listed["line_items"]] == [True, False]
    assert listed["deadline"] is None


async def test_a_cancelled_order_has_no_deadline_any_more(shop):
    """`deadline_at` null and `overdue` false, for its line items too; `entered_at` stays."""
    content: dict[str, Any] = {
        "shopify_kind": "Order",
        "shopify_id": 56,
        "items": (item(shopify_line_item_id=1),),
    }
    order = await entered(shop, "second", FRIDAY, **content)
    line = (await shop.line_items(order))[0]
    with shop.world.clock.at(FRIDAY):
        await shop.post(f"/line-items/{line}/status", {"status_id": shop.known["second"]})
    number = (await shop.read(order))["name"]
    assert (await shown(shop, order, FRIDAY + timedelta(days=1)))["overdue"] is True
    await shop.order(number, cancelled_at=FRIDAY + timedelta(hours=1), **content)
    with shop.world.clock.at(FRIDAY + timedelta(days=1)):
        seen = await shop.read(order, include="deadline,line_item_statuses")
    nothing_due = {"entered_at": "2026-05-08T14:00:00Z", "deadline_at": None, "overdue": False}
    assert (seen["cancelled"], seen["deadline"]) == (True, nothing_due)
    assert seen["line_items"][0]["deadline"] == nothing_due
    with shop.world.clock.at(FRIDAY + timedelta(days=2)):
        await shop.moved(order, shop.known["plain"])
    assert await shown(shop, order, FRIDAY + timedelta(days=30)) == nothing_due | {
        "entered_at": "2026-05-10T14:00:00Z"
    }


async def test_sub_statuses_no_ops_and_edits_do_not_move_it(world):
    team = await world.team()
    await team.apply(WORKSPACE)
    order = await entered(team, "workdays", FRIDAY, "Coats/First")
    expected = {"entered_at": "2026-05-08T14:00:00Z", "deadline_at": "2026-05-13T14:00:00Z", "overdue": False}
    later = FRIDAY + timedelta(hours=20)
    with world.clock.at(later):
        await team.moved(order, team.known["workdays"], team.known["Coats/First"])
        await team.moved(order, team.known["workdays"], team.known["Coats/Second"])
    assert await shown(team, order, later) == expected
    edited = [
        {**one, "max_duration": {"seconds": 5}} if one["name"] == "workdays" else one for one in STATUSES
    ]
    await team.apply(
        {
            **WORKSPACE,
            "statuses": edited,
            "calendar": {"extra_holidays": []},
            "team": {"time_zone": "Asia/Tokyo"},
        }
    )
    assert await shown(team, order, later) == expected
    with world.clock.at(later):
        await team.moved(order, team.known["plain"])
        await team.moved(order, team.known["workdays"], team.known["Coats/First"])
    assert (await shown(team, order, later))["deadline_at"] == "2026-05-09T10:00:05Z"


async def test_leaving_and_entering_again_starts_anew(shop):
    order = await entered(shop, "plain", FRIDAY)
    again = FRIDAY + timedelta(hours=3)
    with shop.world.clock.at(again):
        await shop.moved(order, shop.known["none"])
        await shop.moved(order, shop.known["plain"])
    assert await shown(shop, order, again) == {
        "entered_at": "2026-05-08T17:00:00Z",
        "deadline_at": "2026-05-10T17:00:00Z",
        "overdue": False,
    }


async def test_parts_of_a_second_do_not_count(shop):
    """S-56: `deadline_at` is 22.10 applied to `entered_at` as it is shown, in whole seconds."""
    order = await entered(shop, "plain", FRIDAY + timedelta(microseconds=999_999))
    seen = await shown(shop, order, FRIDAY)
    assert (seen["entered_at"], seen["deadline_at"]) == ("2026-05-08T14:00:00Z", "2026-05-10T14:00:00Z")


async def test_dates_are_the_teams_local_ones(world):
    """Friday 23:30 in Lisbon is Saturday in Tokyo; clocks that change give days of 23 hours."""
    for zone, entry, due in (
        ("UTC", at(20, day=8), at(20, day=12)),
        ("Asia/Tokyo", at(20, day=8), datetime(2026, 5, 12, 15, tzinfo=UTC)),
        (
            "Europe/Lisbon",
            datetime(2026, 3, 27, 12, tzinfo=UTC),
            datetime(2026, 3, 31, 12, tzinfo=ZoneInfo("Europe/Lisbon")).astimezone(UTC),
        ),
    ):
        team = await world.team()
        await team.apply({**WORKSPACE, "calendar": {"extra_holidays": []}, "team": {"time_zone": zone}})
        order = await entered(team, "weekdays", entry)
        assert instant((await shown(team, order, entry))["deadline_at"]) == due


async def test_holidays_of_a_country(world):
    """The list of the `holidays` library: 10 June is a holiday in Portugal; in force whatever the version."""
    team = await world.team()
    await team.apply({**WORKSPACE, "calendar": {"holidays": {"country": "PT"}}})
    for version in ("1.0", "1.4"):
        order = await team.order()
        with world.clock.at(at(14, day=9, month=6)):
            await team.moved(order, team.known["holidays"], version=version)
        assert (await shown(team, order))["deadline_at"] == "2026-06-12T14:00:00Z"


async def test_deadlines_in_bulk(shop):
    orders = await shop.orders([shop.new_order() for _ in range(3)])
    with shop.world.clock.at(FRIDAY):
        body = {"order_ids": orders, "status_id": shop.known["weekdays"]}
        assert (await shop.post("/orders/status-bulk", body)).ok()["updated"] == 3
        listed = (await shop.get("/orders", order_ids=",".join(orders), include="deadline")).ok()["orders"]
    assert {one["deadline"]["deadline_at"] for one in listed} == {"2026-05-12T14:00:00Z"}
    assert {one["deadline"]["entered_at"] for one in listed} == {"2026-05-08T14:00:00Z"}
