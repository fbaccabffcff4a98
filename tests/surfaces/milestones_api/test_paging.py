"""Lists in pages (section 4)."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.surfaces.milestones_api.followed import missing
from tests.surfaces.milestones_api.talk import answered, bearing
from tests.surfaces.milestones_api.things import LISTS, PAGED, ROUTES, Things, address, nobodys
from tests.surfaces.world import Reply, Team

COUNTS = ("X-Page", "X-Per-Page", "X-Total", "X-Total-Pages")
_LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')


def counts(reply: Reply) -> list[int]:
    return [int(reply.headers[name]) for name in COUNTS]


def links(reply: Reply) -> dict[str, str]:
    """The links by relation, in their order; nothing else may stand in the header."""
    sent = reply.headers["Link"]
    found = [(relation, target) for target, relation in _LINK.findall(sent)]
    assert sent == ", ".join(f'<{target}>; rel="{relation}"' for relation, target in found)
    return dict(found)


def numbers(reply: Reply) -> dict[str, int]:
    """The page that each link names."""
    return {
        relation: int(parse_qs(urlsplit(target).query)["page"][0])
        for relation, target in links(reply).items()
    }


@pytest.fixture(scope="module")
async def many(world) -> tuple[Team, list[str]]:
    """A team with 60 orders, oldest first."""
    team = await world.team()
    return team, sorted(await team.orders([team.new_order() for _ in range(60)]))


async def test_m6_walking_the_links(many: tuple[Team, list[str]]) -> None:
    """M-6: every order once, oldest first; the counts are right; no `next` on the last page."""
    team, ids = many
    target, found = f"/v1/teams/{team.id}/purchase_orders", list[str]()
    for number in (1, 2, 3):
        reply = await team.world.call("GET", target, headers=bearing(team.key))
        found += [order["id"] for order in reply.ok()["purchase_orders"]]
        assert counts(reply) == [number, 25, 60, 3]
        assert ("next" in links(reply)) is (number < 3)
        target = links(reply).get("next", "")
    assert found == ids


async def test_m6_the_header_exactly(many: tuple[Team, list[str]]) -> None:
    """M-6, section 4: the relations in their order, the other parameters kept as they were sent."""
    team, _ = many
    path = f"/v1/teams/{team.id}/purchase_orders"
    reply = await team.milestones_api("GET", "/purchase_orders?per_page=7&page=2")
    assert reply.headers.getall("Link") == [
        f'<{path}?page=1&per_page=7>; rel="first", <{path}?page=1&per_page=7>; rel="prev", '
        f'<{path}?page=3&per_page=7>; rel="next", <{path}?page=9&per_page=7>; rel="last"'
    ]
    others = "&x=%20%22&filter[status]=issued&filter%5Bcreated_from%5D=2020-01-01&x=1&y"
    reply = await team.milestones_api("GET", f"/purchase_orders?p%61ge=1{others}&per_page=60")
    assert links(reply) == {
        "first": f"{path}?page=1&per_page=60{others}",
        "last": f"{path}?page=1&per_page=60{others}",
    }


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (1, {"first": 1, "next": 2, "last": 3}),
        (2, {"first": 1, "prev": 1, "next": 3, "last": 3}),
        (3, {"first": 1, "prev": 2, "last": 3}),
        (4, {"first": 1, "prev": 3, "last": 3}),
        (2147483647, {"first": 1, "prev": 3, "last": 3}),
    ],
)
async def test_m6_relations(many: tuple[Team, list[str]], page: int, expected: dict[str, int]) -> None:
    """M-6: past the end 200 with `[]`, whose `prev` is the last page."""
    team, ids = many
    reply = await team.milestones_api("GET", f"/purchase_orders?page={page}&per_page=20")
    assert numbers(reply) == expected
    assert [order["id"] for order in reply.ok()["purchase_orders"]] == ids[(page - 1) * 20 : page * 20]
    assert counts(reply) == [page, 20, 60, 3]


async def test_m6_an_empty_list(team: Team) -> None:
    """M-6, section 4: no pages, no `last`; of a page past the end `prev` is the first."""
    reply = await team.milestones_api("GET", "/purchase_orders")
    assert (reply.ok(), counts(reply)) == ({"purchase_orders": []}, [1, 25, 0, 0])
    assert numbers(reply) == {"first": 1}
    reply = await team.milestones_api("GET", "/purchase_orders?page=5")
    assert (reply.ok(), counts(reply)) == ({"purchase_orders": []}, [5, 25, 0, 0])
    assert numbers(reply) == {"first": 1, "prev": 1}


@pytest.mark.parametrize("route", PAGED)
async def test_m6_every_list_has_pages(settled: tuple[Team, Things], route: str) -> None:
    """M-6: `per_page` above 100 is 100; one row a page shows the same rows; past the end there is nothing."""
    team, of = settled
    path, headers = address(route, of), bearing(team.key)
    whole = await team.world.call("GET", f"{path}?per_page=500", headers=headers)
    ((key, rows),) = whole.ok().items()
    assert counts(whole) == [1, 100, len(rows), 1]
    assert rows != []
    found = []
    for number in range(1, len(rows) + 1):
        reply = await team.world.call("GET", f"{path}?page={number}&per_page=1", headers=headers)
        found += reply.ok()[key]
        assert counts(reply) == [number, 1, len(rows), len(rows)]
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    past = await team.world.call("GET", f"{path}?page=1000000", headers=headers)
    assert past.ok() == {key: []}
    assert numbers(past)["prev"] == 1
    for target in links(past).values():
        assert target.startswith(f"{path}?page=")


BAD = (
    "0",
    "-1",
    "x",
    "",
    "1.0",
    "1e1",
    "+1",
    "%201",
    "2147483648",
    "9" * 5000,
    "%D9%A3",
    "0x1",
    "%00",
    "1&{}=2",
)


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize("route", PAGED)
async def test_m6_bad_pages(settled: tuple[Team, Things], route: str, name: str) -> None:
    """M-6: 400 naming the parameter, also where the path names nothing (section 2)."""
    team, of = settled
    for text in BAD:
        for known in (of, nobodys(team)):
            query = f"{name}={text.format(name)}"
            reply = await team.world.call(
                "GET", f"{address(route, known)}?{query}", headers=bearing(team.key)
            )
            answered(reply, "invalid_parameter", parameter=name)


@pytest.mark.parametrize("name", ["page", "per_page"])
async def test_good_spellings(many: tuple[Team, list[str]], name: str) -> None:
    """Section 4: digits, also with zeros before them, up to 2147483647."""
    team, _ = many
    for text in ("1", "0001", "0" * 5000 + "7", "2147483647"):
        assert (await team.milestones_api("GET", f"/purchase_orders?{name}={text}")).status == 200


@pytest.mark.parametrize("route", [route for route in LISTS if "{order_id}" in route])
async def test_lists_of_no_order(settled: tuple[Team, Things], route: str) -> None:
    """Section 7: 404, also for what is no id."""
    team, of = settled
    for order_id in (nobodys(team)["order_id"], "x"):
        path = address(route, {**of, "order_id": order_id})
        missing(await team.world.call("GET", path, headers=bearing(team.key)), "Purchase order")


def test_there_is_one_list_without_pages() -> None:
    """Section 4."""
    assert len(LISTS) == len(PAGED) + 1
    assert {ROUTES[route].method for route in LISTS} == {"GET"}
