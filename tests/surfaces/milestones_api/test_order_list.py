"""The list of orders: pages, links, filters (sections 4 and 7.2)."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from milepost.kit.ids import parse_id
from milepost.model.urgency import PurchaseOrderStatus
from tests.surfaces.milestones_api.followed import WORKSPACE, Followed, place
from tests.surfaces.milestones_api.talk import answered
from tests.surfaces.world import Reply, Team, World

LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')
BEGIN = datetime(2027, 2, 1, 23, 59, 58, 900_000, tzinfo=UTC)
"""Just before a UTC day ends."""


async def listed(team: Team, query: str = "") -> Reply:
    return await team.milestones_api("GET", f"/purchase_orders{query}")


async def ids(team: Team, query: str = "") -> list[str]:
    """The ids on the first page of what the query asks for; as many as the total says."""
    reply = await listed(team, query)
    found = [one["id"] for one in reply.ok()["purchase_orders"]]
    assert reply.headers["X-Total"] == str(len(found))
    return found


def links(reply: Reply) -> dict[str, str]:
    return {relation: target for target, relation in LINK.findall(reply.headers["Link"])}


async def walked(team: Team, path: str) -> list[list[dict[str, Any]]]:
    """The pages that `next` leads through, from that path on."""
    pages = []
    following: str | None = path
    while following is not None:
        reply = await team.world.call("GET", following, headers={"X-API-Key": team.key})
        pages.append(reply.ok()["purchase_orders"])
        following = links(reply).get("next")
    return pages


@pytest.fixture(scope="module")
async def crowd(world: World) -> Team:
    """A team with thirty orders of several surfaces; `by` has their ids."""
    team = await world.team()
    await team.apply(WORKSPACE)
    made = [(await place(team, name=f"Order {number}")).id for number in range(10)]
    made += [await team.order(is_draft=number % 2 == 0) for number in range(10)]
    for number in range(10):
        body = {"order_number": f"MP-{number}", "ship_to": {}, "items": [], "archived": number % 3 == 0}
        made.append(str(parse_id((await team.orders_api("POST", "/orders", body=body)).json["id"])))
    team.by = {str(number): one for number, one in enumerate(made)}
    return team


def all_of(team: Team) -> list[str]:
    return sorted(team.by.values())


async def test_m6_walking_next(crowd: Team):
    """M-6: walking `next` visits every order once, oldest first; `X-Total` equals the count; drafts, archived ones and
    those of other surfaces are among them."""
    for size in (1, 7, 10, 29, 30, 31):
        pages = await walked(crowd, f"/v1/teams/{crowd.id}/purchase_orders?per_page={size}")
        found = [order["id"] for page in pages for order in page]
        assert found == all_of(crowd)
        assert len(pages) == -(-30 // size)
    reply = await listed(crowd)
    assert {name: reply.headers[f"X-{name}"] for name in ("Page", "Per-Page", "Total", "Total-Pages")} == {
        "Page": "1",
        "Per-Page": "25",
        "Total": "30",
        "Total-Pages": "2",
    }


async def test_m6_links(crowd: Team):
    """M-6: `next` is missing on the last page and beyond; each keeps the other parameters."""
    start = f"/v1/teams/{crowd.id}/purchase_orders?page="
    kept = "&filter[created_from]=2020-01-01&x=1%202"
    expected = {
        1: {"first": 1, "next": 2, "last": 3},
        2: {"first": 1, "prev": 1, "next": 3, "last": 3},
        3: {"first": 1, "prev": 2, "last": 3},
        4: {"first": 1, "prev": 3, "last": 3},
        2147483647: {"first": 1, "prev": 3, "last": 3},
    }
    for page, relations in expected.items():
        reply = await listed(crowd, f"?filter[created_from]=2020-01-01&page={page}&x=1%202&per_page=12")
        assert list(links(reply).items()) == [
            (relation, f"{start}{number}&per_page=12{kept}") for relation, number in relations.items()
        ]
        rows = reply.ok()["purchase_orders"]
        assert len(rows) == {1: 12, 2: 12, 3: 6}.get(page, 0)
    nobody = await listed(crowd, "?filter[order_number]=nobody")
    assert list(links(nobody)) == ["first"]
    assert (nobody.headers["X-Total"], nobody.headers["X-Total-Pages"]) == ("0", "0")


async def test_m6_sizes(crowd: Team):
    """M-6: `per_page=500` acts as 100; what is no number from 1 up is 400; a page past the end is `[]`."""
    assert (await listed(crowd, "?per_page=500")).headers["X-Per-Page"] == "100"
    assert (await listed(crowd, "?per_page=2147483647")).headers["X-Per-Page"] == "100"
    for name in ("page", "per_page"):
        for value in ("0", "-1", "x", "1.0", "", "2147483648", "1e3", "٣"):
            answered(await listed(crowd, f"?{name}={value}"), "invalid_parameter", parameter=name)
    assert (await listed(crowd, "?page=99")).ok() == {"purchase_orders": []}


async def test_walking_while_orders_arrive(team: Team):
    """Who follows `next` sees every order that was there from the start exactly once, in sequence."""
    await team.apply(WORKSPACE)
    before = [(await place(team)).id for _ in range(12)]
    arriving = asyncio.create_task(_arrive(team, 25))
    pages = await walked(team, f"/v1/teams/{team.id}/purchase_orders?per_page=2")
    await arriving
    found = [order["id"] for page in pages for order in page]
    assert found == sorted(set(found))
    assert found[: len(before)] == before
    assert (await listed(team)).headers["X-Total"] == "37"


async def _arrive(team: Team, count: int) -> None:
    for _ in range(count):
        await place(team)


async def test_a_row_is_the_order_without_milestones(crowd: Team):
    rows = (await listed(crowd, "?per_page=100")).ok()["purchase_orders"]
    for row in rows:
        one = (await crowd.milestones_api("GET", f"/purchase_orders/{row['id']}")).ok()["purchase_order"]
        del one["milestones"]
        assert row == one
    assert {row["status"] for row in rows} == {"draft", "issued"}


async def test_rows_tell_what_presses(world: World):
    """Current milestone, late and overdue are derived in rows as they are in single orders, of one moment."""
    team = await world.team()
    await team.apply(WORKSPACE)
    start = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
    with world.clock.at(start):
        quiet, moved, blocked = [await place(team, name) for name in (None, None, "Swatches")]
        await moved.confirmed(1)
        await blocked.confirmed(1)
    orders = {"quiet": quiet, "moved": moved, "blocked": blocked}
    for days, late, overdue in (
        (2, "", ""),
        (2.001, "", "quiet"),
        (4, "quiet", "quiet"),
        (12, "quiet moved blocked", "quiet"),
        (13, "quiet moved blocked", "quiet moved"),
    ):
        with world.clock.at(start + timedelta(days=days)):
            rows = (await listed(team)).ok()["purchase_orders"]
            shown = {name: await one.shown() for name, one in orders.items()}
        found = dict(zip(orders, rows, strict=True))
        assert [name for name, row in found.items() if row["late"]] == late.split()
        assert [name for name, row in found.items() if row["overdue"]] == overdue.split()
        for name, one in shown.items():
            del one["milestones"]
            assert found[name] == one


async def test_m13_days(team: Team):
    """M-13: `created_from` and `created_to` of one day return that UTC day's orders."""
    await team.apply({**WORKSPACE, "team": {"time_zone": "Pacific/Auckland"}})
    made = []
    for seconds in (0, 1, 1.1, 86_401, 86_401.1):
        with team.world.clock.at(BEGIN + timedelta(seconds=seconds)):
            made.append((await place(team)).id)
    first, last, next_day, end, after = made
    day = "?filter[created_from]={0}&filter[created_to]={0}".format
    assert await ids(team, day("2027-02-01")) == [first, last]
    assert await ids(team, day("2027-02-02")) == [next_day, end]
    assert await ids(team, day("2027-02-03")) == [after]
    assert await ids(team, day("2027-02-04")) == []
    assert await ids(team, "?filter[created_from]=2027-02-03&filter[created_to]=2027-02-01") == []
    assert await ids(team, "?filter[created_from]=0001-01-01&filter[created_to]=9999-12-31") == made
    assert await ids(team, "?filter[created_to]=2027-02-01") == [first, last]
    assert await ids(team, "?filter[created_from]=2027-02-03") == [after]


async def test_timestamps_in_filters(team: Team):
    """A timestamp is accepted too; as they are shown, in whole seconds, both ends belong to the span."""
    made = []
    for seconds in (0, 1, 2):
        with team.world.clock.at(BEGIN + timedelta(seconds=seconds)):
            made.append((await place(team)).id)
    first, second, third = made
    shown = [(await Followed(team, {"id": one, "milestones": []}).shown())["created_at"] for one in made]
    assert shown == ["2027-02-01T23:59:58Z", "2027-02-01T23:59:59Z", "2027-02-02T00:00:00Z"]
    span = "?filter[created_from]={}&filter[created_to]={}".format
    assert await ids(team, span(shown[0], shown[0])) == [first]
    assert await ids(team, span(shown[1], shown[2])) == [second, third]
    assert await ids(team, span("2027-02-02T00:59:59%2B01:00", "2027-02-02T00:59:59+01:00")) == [second]
    assert await ids(team, span("2027-02-01t23:59:59z", "2027-02-01")) == [second]


@pytest.mark.parametrize("name", ["created_from", "created_to", "updated_from", "updated_to"])
async def test_m13_bad_dates(crowd: Team, name: str):
    """M-13: an invalid date is 400, also on a list that would be empty."""
    for value in (
        "2027-02-30",
        "yesterday",
        "",
        "2027-2-1",
        "20270201",
        "2027-02-01T25:00:00Z",
        "0000-01-01",
    ):
        reply = await listed(crowd, f"?filter[{name}]={value}&page=99")
        answered(reply, "invalid_parameter", parameter=f"filter[{name}]")


async def test_m14_updated(team: Team):
    """M-14: confirming a milestone moves the order's `updated_at`, so `updated_from` finds it."""
    await team.apply(WORKSPACE)
    with team.world.clock.at(BEGIN):
        moved, still = await place(team), await place(team)
    with team.world.clock.at(BEGIN + timedelta(days=3)):
        await moved.confirmed(1)
    assert await ids(team, "?filter[updated_from]=2027-02-02") == [moved.id]
    assert await ids(team, "?filter[updated_to]=2027-02-01") == [still.id]
    assert await ids(team, "?filter[updated_from]=2027-02-04&filter[updated_to]=2027-02-04") == [moved.id]
    assert await ids(team, "?filter[created_to]=2027-02-01&filter[updated_from]=2027-02-02") == [moved.id]
    with team.world.clock.at(BEGIN + timedelta(days=5)):
        await still.add_task(title="Call")
    assert await ids(team, "?filter[updated_from]=2027-02-05") == [still.id]


async def test_by_number(crowd: Team):
    assert await ids(crowd, "?filter[order_number]=MP-3")
    assert await ids(crowd, "?filter[order_number]=mp-3") == []
    assert await ids(crowd, "?filter[order_number]=MP-") == []
    assert await ids(crowd, "?filter[order_number]=") == []
    both = await ids(crowd, "?filter[order_number]=MP-3&filter[status]=draft")
    assert both == []


async def test_m43_by_status(world: World):
    """Each status that an order can have, and several at once; the filter agrees with what is shown."""
    team = await world.team()
    await team.apply(WORKSPACE)
    made = {
        "draft": await place(team, draft=True),
        "issued": await place(team),
        "accepted": await (await place(team)).confirmed(1, 2),
        "in_production": await (await place(team)).confirmed(1, 2, 3),
        "shipped": await (await place(team)).confirmed(1, 2, 3, 4),
        "delivered": await (await place(team)).confirmed(1, 2, 3, 4, 5),
        "completed": await (await place(team, "Short")).confirmed(1, 2),
        "rejected": await place(team),
        "canceled": await place(team),
    }
    (await made["rejected"].reject(1, reason="no capacity")).ok()
    await made["canceled"].cancel()
    assert set(made) == set(get_args(PurchaseOrderStatus))
    for status, one in made.items():
        assert await one.status() == status
        assert await ids(team, f"?filter[status]={status}") == [one.id]
    several = await ids(team, "?filter[status]=canceled,draft,issued,draft")
    assert several == [made["draft"].id, made["issued"].id, made["canceled"].id]
    assert len(await ids(team, f"?filter[status]={','.join(made)}")) == len(made)
    pages = await walked(
        team, f"/v1/teams/{team.id}/purchase_orders?filter[status]=issued,shipped&per_page=1"
    )
    assert [row["id"] for (row,) in pages] == [made["issued"].id, made["shipped"].id]


@pytest.mark.parametrize("value", ["", "new", "issued,", ",issued", "issued,new", "ISSUED", "issued draft"])
async def test_unknown_statuses(crowd: Team, value: str):
    reply = await listed(crowd, f"?filter[status]={value}")
    answered(reply, "invalid_parameter", parameter="filter[status]")


async def test_transport_counts_for_the_filter(team: Team):
    """The releases of the Orders API make an order shipped or delivered, here as in the filter."""
    order = await place(team)
    item = (await order.call("GET", "/order_items")).ok()["order_items"][0]
    body = {"release_type": "TRANSPORTATION", "items": [{"order_item_id": item["id"]}]}
    leg = (await team.orders_api("POST", f"/orders/{order.id}/releases", body=body)).json
    for transit, status in (("IN_TRANSIT", "shipped"), ("DELIVERED", "delivered")):
        path = f"/orders/{order.id}/releases/{leg['id']}"
        (await team.orders_api("PATCH", path, body={"transit_status": transit})).ok()
        assert await order.status() == status
        assert await ids(team, f"?filter[status]={status}") == [order.id]


async def test_other_teams_see_nothing(crowd: Team, world: World):
    other = await world.team()
    assert await ids(other) == []
    assert await ids(other, "?filter[order_number]=MP-3") == []
    one = (await listed(crowd, "?per_page=1")).ok()["purchase_orders"][0]
    assert await ids(other, f"?filter[created_from]={one['created_at']}") == []
