"""Lists of orders and items over HTTP: paging, sorting, filters (sections 5 and 9.2)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from milepost.kit.ids import parse_id
from tests.surfaces.orders_api.talk import create, kg, leg, patch, read, refused
from tests.surfaces.world import NO_ID, Team, World

EARLY = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def listed(team: Team, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await team.orders_api("GET", f"/orders{query}")).ok()
    assert set(found) == {"data", "has_more", "next"}
    return found


async def numbers(team: Team, query: str = "") -> list[str]:
    return [order["order_number"] for order in (await listed(team, query))["data"]]


async def walk(team: Team, query: str) -> list[str]:
    """The numbers of all orders, page by page as `next` leads."""
    found, path = list[str](), f"/orders{query}"
    while path:
        page = (await team.orders_api("GET", path)).ok()
        found += [order["order_number"] for order in page["data"]]
        assert page["has_more"] == (page["next"] is not None)
        path = page["next"]
    return found


async def test_an_empty_list(team: Team) -> None:
    assert await listed(team) == {"data": [], "has_more": False, "next": None}


async def test_elements_are_whole_orders_newest_first(world: World, team: Team) -> None:
    made = [await create(team, f"MP-{n}", items=[{"amount": kg("1")}]) for n in range(3)]
    await leg(team, made[1])
    await create(await world.team(), "foreign")
    whole = [await read(team, order["id"]) for order in made]
    reply = await team.orders_api("GET", "/orders")
    assert reply.ok() == {"data": whole[::-1], "has_more": False, "next": None}
    assert "ETag" not in reply.headers


async def test_limits(team: Team) -> None:
    """O-35."""
    for number in range(21):
        await create(team, f"MP-{number}")
    page = await listed(team)
    assert len(page["data"]) == 20
    assert page["has_more"] is True
    assert len((await listed(team, "?limit=100"))["data"]) == 21
    for limit, code in (
        ("0", "out_of_range"),
        ("101", "out_of_range"),
        ("x", "wrong_type"),
        ("-1", "out_of_range"),
    ):
        refused(await team.orders_api("GET", f"/orders?limit={limit}"), ("limit", code))


async def test_next_continues_with_the_same_query(team: Team) -> None:
    """Section 9.2."""
    await team.orders_api("POST", "/tags", body={"name": "Summer shelf"})
    made = [await create(team, f"MP-{n}", tags=["summer-shelf"]) for n in range(2)]
    query = "?status.in=READY,ASSIGNED&tag=summer-shelf&order_by=-updated_at&limit=1"
    page = await listed(team, query)
    assert page == {
        "data": [made[1]],
        "has_more": True,
        "next": f"/orders{query}&starting_after={made[1]['id']}",
    }
    alias = (await team.orders_api("GET", f"/purchase-orders{query}")).ok()
    assert alias == page


async def test_cursors(world: World, team: Team) -> None:
    """O-37, section 5: the nearest ones, still in list order."""
    made = {f"{n}": await create(team, f"{n}") for n in range(6)}
    foreign = await create(await world.team(), "x")
    after, before = made["4"]["id"], made["1"]["id"].lower()
    assert await numbers(team, f"?starting_after={after}&limit=2") == ["3", "2"]
    back = await listed(team, f"?ending_before={before}&limit=2")
    assert [order["order_number"] for order in back["data"]] == ["3", "2"]
    assert back["has_more"] is True
    assert back["next"] == f"/orders?limit=2&ending_before={made['3']['id']}"
    assert [order["order_number"] for order in (await team.orders_api("GET", back["next"])).ok()["data"]] == [
        "5",
        "4",
    ]
    both = await listed(team, f"?starting_after={after}&ending_before={before}&limit=2")
    assert {**both, "next": None} == {**back, "next": None}
    for name in ("starting_after", "ending_before"):
        for cursor in (NO_ID, foreign["id"]):
            refused(await team.orders_api("GET", f"/orders?{name}={cursor}"), (name, "unknown_cursor"))
        refused(await team.orders_api("GET", f"/orders?{name}=x"), (name, "invalid_id"))


async def test_pages(team: Team) -> None:
    made = [await create(team, f"{n}") for n in range(5)]
    assert await numbers(team, "?page=1&limit=2") == ["4", "3"]
    assert await numbers(team, "?page=3&limit=2") == ["0"]
    assert await listed(team, "?page=4&limit=2") == {"data": [], "has_more": False, "next": None}
    assert (await listed(team, "?page=2&limit=2"))[
        "next"
    ] == f"/orders?limit=2&starting_after={made[1]['id']}"
    assert await numbers(team, "?page=100&limit=100") == []
    refused(await team.orders_api("GET", "/orders?page=101&limit=100"), ("page", "out_of_range"))
    refused(await team.orders_api("GET", "/orders?page=0"), ("page", "out_of_range"))
    both = f"/orders?page=1&starting_after={made[0]['id']}"
    refused(await team.orders_api("GET", both), ("page", "conflicting_parameters"))


SORTABLE = ("id", "order_number", "name", "created_at", "updated_at", "start_date", "expiration_date")


def by(key: str, orders: list[dict[str, Any]], *, descending: bool) -> list[str]:
    """The list order as the contract has it: by value, then id in the same direction, nulls last."""
    known = sorted(
        (order for order in orders if order[key] is not None),
        key=lambda order: (order[key], order["id"]),
        reverse=descending,
    )
    unknown = sorted(
        (order for order in orders if order[key] is None), key=lambda order: order["id"], reverse=descending
    )
    return [order["order_number"] for order in [*known, *unknown]]


VARIOUS = (
    ("z0", "b", "2026-06-20", None),
    ("Z1", "B", None, "2026-07-01"),
    ("a2", None, "2026-06-20", "2026-06-20"),
    ("A3", "a", "2025-01-01", "2026-07-01"),
    ("é4", "é", None, None),
    ("b5", "b", "2026-06-21", "2027-01-01"),
    ("06", None, "2026-06-20", None),
    ("-7", "aa", None, None),
    ("_8", "", None, "2025-12-31"),
)
"""Number, name, start and expiration of orders with equal and with missing values."""


async def various(world: World, team: Team) -> list[dict[str, Any]]:
    made = []
    for place, (number, name, start, expiration) in enumerate(VARIOUS):
        with world.clock.at(EARLY + timedelta(seconds=place // 2)):
            made.append(await create(team, number, name=name, start_date=start, expiration_date=expiration))
    return made


SORTS = [(key, sign) for key in SORTABLE for sign in ("", "-")]


@pytest.mark.parametrize(("key", "sign"), SORTS)
async def test_sorting_and_walking(world: World, team: Team, key: str, sign: str) -> None:
    """Section 5 and 25: by code point; forward and backward the same list."""
    made = await various(world, team)
    expected = by(key, made, descending=sign == "-")
    assert await numbers(team, f"?order_by={sign}{key}") == expected
    assert await walk(team, f"?order_by={sign}{key}&limit=2") == expected
    ids = {order["order_number"]: order["id"] for order in made}
    for place, number in enumerate(expected):
        query = f"?order_by={sign}{key}&limit=3&ending_before={ids[number]}"
        page = await listed(team, query)
        assert [order["order_number"] for order in page["data"]] == expected[max(place - 3, 0) : place]
        assert page["has_more"] == (place > 3)
    assert await numbers(team, f"?order_by={sign}{key}&limit=4&page=2") == expected[4:8]


@pytest.mark.parametrize(("key", "sign"), SORTS)
async def test_walking_while_orders_are_made(team: Team, key: str, sign: str) -> None:
    """O-36: every order that was there from the start is visited exactly once."""
    start = [
        await create(team, f"{n:02}", name=f"n{n % 3}" if n % 4 else None, start_date=f"2026-06-{n + 1:02}")
        for n in range(12)
    ]

    async def make() -> None:
        for n in range(15):
            await create(team, f"{n:02}new", name=f"n{n % 3}" if n % 2 else None, start_date="2026-06-06")

    making = asyncio.create_task(make())
    found = await walk(team, f"?order_by={sign}{key}&limit=2")
    await making
    known = {order["order_number"] for order in start}
    assert sorted(number for number in found if number in known) == sorted(known)
    assert len(found) == len(set(found))


async def test_wrong_parameters(team: Team) -> None:
    """O-38; an unknown parameter changes nothing."""
    made = await create(team, "MP-1")
    for query, fault in (
        ("status=READY&status.in=READY", ("status.in", "conflicting_parameters")),
        ("id.in=" + ",".join([made["id"]] * 21), ("id.in", "too_many")),
        ("order_number.in=" + ",".join("x" * 21), ("order_number.in", "too_many")),
        ("status=Ready", ("status", "invalid_value")),
        ("status.in=READY,LOST", ("status.in", "invalid_value")),
        ("order_type=ORDER", ("order_type", "invalid_value")),
        ("archived=yes", ("archived", "invalid_value")),
        ("id=x", ("id", "invalid_id")),
        ("created_from_order_id.in=x", ("created_from_order_id.in", "invalid_id")),
        ("created_at=soon", ("created_at", "invalid_datetime")),
        ("updated_at.gt=2026-13-01", ("updated_at.gt", "invalid_datetime")),
        ("start_date.lte=2026-06-20T05:00:00Z", ("start_date.lte", "invalid_date")),
        ("order_by=supplier", ("order_by", "invalid_value")),
        ("order_by=--id", ("order_by", "invalid_value")),
        ("order_by=ID", ("order_by", "invalid_value")),
        ("limit=1&limit=2", ("limit", "conflicting_parameters")),
        ("status=READY&status=READY", ("status", "conflicting_parameters")),
        ("order_number=", ("order_number", "too_short")),
    ):
        refused(await team.orders_api("GET", f"/orders?{query}"), fault)
    both = await team.orders_api("GET", "/orders?limit=0&status=x")
    refused(both, ("limit", "out_of_range"), ("status", "invalid_value"))
    for query in ("unknown=1", "unknown=1&unknown=2", "status.gt=READY", "archived.in=true", "groups="):
        assert await numbers(team, f"?{query}") == ["MP-1"]
    twenty = ",".join([made["id"]] * 20)
    assert await numbers(team, f"?id.in={twenty}") == ["MP-1"]


async def test_filters(world: World, team: Team) -> None:
    """The table of section 5."""
    tags = [(await team.orders_api("POST", "/tags", body={"name": name})).json for name in ("Red", "Blue")]
    with world.clock.at(EARLY):
        a = await create(team, "A", tags=["red"], start_date="2026-06-20")
    b = await create(
        team,
        "B",
        tags=["blue", "red"],
        supplier={"supplier_id": "S-1"},
        items=[{"amount": kg("1")}],
        expiration_date="2026-07-01",
    )
    c = await create(team, "C", order_type="SALES_ORDER", archived=True, supplier={"supplier_id": "s-1"})
    await create(team, "D, E", order_type="TRANSFER_ORDER", supplier={"name": "x"})
    (await team.orders_api("POST", f"/orders/{c['id']}/cancel")).ok()
    child = {"release_type": "PURCHASE_ORDER", "order_number": "B-1", "items": [{"id": b["items"][0]["id"]}]}
    assert (await team.orders_api("POST", f"/orders/{b['id']}/releases", body=child)).status == 201
    everything = ["B-1", "D, E", "C", "B", "A"]
    for query, expected in (
        ("", everything),
        (f"id={a['id']}", ["A"]),
        (f"id={parse_id(a['id'])}", ["A"]),
        (f"id.in={a['id'].lower()},{c['id']},{NO_ID}", ["C", "A"]),
        ("order_number=A", ["A"]),
        ("order_number=a", []),
        (f"order_number={quote('D, E')}", ["D, E"]),
        ("order_number.in=A,B,b", ["B", "A"]),
        (f"created_from_order_id={b['id']}", ["B-1"]),
        (f"created_from_order_id.in={a['id']},{b['id']}", ["B-1"]),
        ("supplier_id=S-1", ["B-1", "B"]),
        ("supplier_id=s-1", ["C"]),
        ("supplier_id.in=S-1,s-1", ["B-1", "C", "B"]),
        ("status=READY", ["B-1", "A"]),
        ("status.in=FILLED,CANCELED,DELIVERED", ["C", "B"]),
        ("order_type=SALES_ORDER", ["C"]),
        ("order_type.in=SALES_ORDER,TRANSFER_ORDER", ["D, E", "C"]),
        ("tag=red", ["B", "A"]),
        (f"tag={tags[1]['id']}", ["B"]),
        (f"tag.in=blue,{tags[0]['id'].lower()},nothing", ["B", "A"]),
        ("tag=nothing", []),
        (f"tag={NO_ID}", []),
        ("archived=true", ["C"]),
        ("archived=false", ["B-1", "D, E", "B", "A"]),
        ("start_date=2026-06-20", ["A"]),
        ("start_date=2026-06-20T00:00:00Z", ["A"]),
        ("start_date.gt=2026-06-20", []),
        ("start_date.gte=2026-06-20", ["A"]),
        ("start_date.lt=2026-06-21&start_date.gt=2026-06-19", ["A"]),
        ("expiration_date.lte=2026-07-01", ["B-1", "B"]),
        ("expiration_date.lt=2026-07-01", []),
        ("created_at=2026-06-01T12:00:00Z", ["A"]),
        ("created_at=2026-06-01T14:00:00%2B02:00", ["A"]),
        ("created_at.lte=2026-06-01T12:00:00Z", ["A"]),
        ("created_at.lt=2026-06-01T12:00:00Z", []),
        ("created_at.gte=2026-06-01&created_at.lt=2026-06-02", ["A"]),
        ("updated_at.gt=2026-06-01T12:00:00Z", ["B-1", "D, E", "C", "B"]),
        ("tag=red&status=READY", ["A"]),
        ("tag=red&archived=true", []),
        ("tag=red&status=FILLED&order_type=PURCHASE_ORDER&supplier_id=S-1&expiration_date=2026-07-01", ["B"]),
    ):
        assert await numbers(team, f"?{query}") == expected, query
        assert await walk(team, f"?limit=1&{query}") == expected, query


async def test_a_changed_order_is_found_where_it_is_now(world: World, team: Team) -> None:
    """`updated_at` moves with every change (section 7.1)."""
    first, second = await create(team, "1"), await create(team, "2")
    assert await numbers(team, "?order_by=-updated_at") == ["2", "1"]
    (await patch(team, first["id"], {"name": "x"})).ok()
    assert await numbers(team, "?order_by=-updated_at") == ["1", "2"]
    assert await numbers(team, f"?updated_at.gt={second['updated_at']}") == ["1"]


async def test_items_are_listed_oldest_first(world: World, team: Team) -> None:
    """Sections 5 and 10.2."""
    order = await create(team, "MP-1", items=[{"description": f"{n}", "amount": kg("1")} for n in range(25)])
    path, items = f"/orders/{order['id']}/items", order["items"]
    assert [item["description"] for item in items] == [f"{n}" for n in range(25)]
    page = (await team.orders_api("GET", path)).ok()
    assert page == {
        "data": items[:20],
        "has_more": True,
        "next": f"{path}?starting_after={items[19]['id']}",
    }
    assert (await team.orders_api("GET", page["next"])).ok() == {
        "data": items[20:],
        "has_more": False,
        "next": None,
    }
    back = (await team.orders_api("GET", f"{path}?limit=3&ending_before={items[5]['id']}")).ok()
    assert back == {
        "data": items[2:5],
        "has_more": True,
        "next": f"{path}?limit=3&ending_before={items[2]['id']}",
    }
    first = (await team.orders_api("GET", f"{path}?limit=3&ending_before={items[2]['id']}")).ok()
    assert first == {"data": items[:2], "has_more": False, "next": None}
    stranger = await create(team, "MP-2", items=[{"amount": kg("1")}])
    foreign = stranger["items"][0]["id"]
    refused(
        await team.orders_api("GET", f"{path}?starting_after={foreign}"), ("starting_after", "unknown_cursor")
    )
    refused(await team.orders_api("GET", f"{path}?limit=101"), ("limit", "out_of_range"))
    refused(await team.orders_api("GET", f"/orders/{NO_ID}/items"), (None, "not_found"))
    refused(await team.orders_api("GET", f"/orders/{NO_ID}/items?limit=0"), ("limit", "out_of_range"))
