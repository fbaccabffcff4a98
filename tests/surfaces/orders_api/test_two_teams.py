"""Nothing of another team is ever visible or touched, over every route (O-8): what the other team has answers exactly
like what nobody has; lists never show it; and Idempotency-Keys of two teams do not meet."""

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from milepost.kit.ids import parse_id
from tests.openapi_check import ORDERS, document
from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.shell import answered
from tests.surfaces.orders_api.things import (
    BODIES,
    PARAMETER,
    ROUTES,
    Things,
    address,
    body_for,
    nobodys,
    things,
)
from tests.surfaces.world import Reply, Team, World

SECRET = "Sorgenfri"
"""Stands in all words that the other team has."""

LISTS = {
    "GET /orders": "order_id",
    "GET /orders/{order_id}/items": "order_item_id",
    "GET /orders/{order_id}/releases": "release_id",
    "GET /tags": "tag_id",
    "GET /events": "event_id",
    "GET /webhooks": "webhook_id",
    "GET /webhooks/{webhook_id}/deliveries": "delivery_id",
}
"""What each list is of."""

FILTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "GET /orders": {
        "id": ("order_id",),
        "order_number": ("number",),
        "created_from_order_id": ("order_id",),
        "supplier_id": ("supplier_id",),
        "tag": ("tag", "tag_id"),
    },
    "GET /events": {"order_id": ("order_id",)},
    "GET /webhooks/{webhook_id}/deliveries": {"order_id": ("order_id",), "event_id": ("event_id",)},
}
"""Parameters that name things, and the things."""

LISTED = {"id", "order_number", "created_from_order_id", "supplier_id", "tag"}
"""Those of them that have an `.in` form."""

SILENT = {
    *(
        "limit",
        "page",
        "order_by",
        "created_at",
        "updated_at",
        "start_date",
        "expiration_date",
        "occurred_at",
    ),
    *("status", "order_type", "archived", "event_name", "sequence", "delivery_success"),
}
"""Parameters that name nothing a team has."""


class Pair:
    """Two teams; `own` and `other` are two sets of things that the first has."""

    mine: Team
    theirs: Team
    received: Received
    own: Things
    other: Things
    foreign: Things


@pytest.fixture(scope="module")
async def pair(reached: tuple[World, Received]) -> Pair:
    world, received = reached
    made = Pair()
    made.received = received
    made.mine, made.theirs = await world.team(), await world.team()
    made.own = await things(made.mine, "Own ", url=received.url)
    made.other = await things(made.mine, "Other ", url=received.url)
    made.foreign = await things(made.theirs, f"{SECRET} ", url=received.url)
    return made


async def ask(pair: Pair, route: str, path: str, body: Any = None, **options: Any) -> Reply:
    """The call by the team whose things they are not; nothing of the other team may be in its answer."""
    reply = await pair.mine.orders_api(route.split()[0], path, body=body, **options)
    assert SECRET.encode() not in reply.raw
    return reply


# Ids in paths


def mixtures(route: str) -> Iterator[tuple[str, ...]]:
    """All ways to take the ids of the path from the four sets of things, but those that name what is there."""
    count = len(PARAMETER.findall(route))
    for chosen in itertools.product(("own", "other", "foreign", "nobody"), repeat=count):
        if set(chosen) not in ({"own"}, {"other"}):
            yield chosen


@pytest.mark.parametrize("route", [route for route in ROUTES if PARAMETER.search(route)])
async def test_ids_of_a_path_that_are_not_ones_own(pair: Pair, route: str) -> None:
    """O-8: 404, in either spelling, whatever conditions are sent; it is said as it is said of what nobody has."""
    sets = {"own": pair.own, "other": pair.other, "foreign": pair.foreign, "nobody": nobodys()}
    names = PARAMETER.findall(route)
    said = set()
    async with pair.theirs.unchanged(), pair.mine.unchanged():
        for chosen in mixtures(route):
            of = {name: sets[place][name] for name, place in zip(names, chosen, strict=True)}
            for ids in (of, {name: parse_id(one) or one for name, one in of.items()}):
                headers = {"If-Match": "*", "If-None-Match": "*"}
                reply = await ask(
                    pair, route, address(route, ids), body_for(route, pair.own), headers=headers
                )
                answered(reply, "not_found", ["path"])
            if set(chosen) in ({"foreign"}, {"nobody"}):
                said.add(reply.raw)
    assert len(said) == 1, "another team's things answer like nobody's"


# Ids in bodies


class Watched(dict[str, str]):
    """Things that know which of them were asked for."""

    def __init__(self, known: Things) -> None:
        super().__init__(known)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return super().__getitem__(name)


def named_in_bodies() -> Iterator[tuple[str, str]]:
    """(route, thing) for all that the bodies name."""
    for route, body in BODIES.items():
        watched = Watched(nobodys())
        body(watched)
        yield from ((route, name) for name in dict.fromkeys(watched.asked))


def test_bodies_name_things() -> None:
    """Tags, items and events: what a body can name."""
    assert {name for _, name in named_in_bodies()} == {
        *("tag", "tag_id", "order_item_id", "leg_item_id", "event_id")
    }


@pytest.mark.parametrize(("route", "name"), list(named_in_bodies()))
async def test_ids_in_a_body_that_are_not_ones_own(pair: Pair, route: str, name: str) -> None:
    """O-8: 400 at the id, as for what nobody has; nothing happens on either side."""
    path = address(route, pair.own)
    refusals = []
    async with pair.theirs.unchanged(), pair.mine.unchanged():
        for wrong in (pair.foreign[name], nobodys()[name]):
            body = BODIES[route]({**pair.own, name: wrong})
            reply = await ask(pair, route, path, body)
            assert reply.status == 400, reply
            ((fault, place),) = [(each["code"], each["field"]) for each in reply.json["errors"]]
            assert fault == ("payload_expired" if name == "event_id" else "not_found")
            assert _at(body, place) in (wrong, {"id": wrong})
            text = reply.raw.decode()
            refusals.append(text.replace(wrong, "<id>").replace(parse_id(wrong) or wrong, "<id>"))
    assert refusals[0] == refusals[1]


def _at(body: Any, field: str) -> Any:
    for part in field.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body


# Ids in queries


def test_every_parameter_is_known_here() -> None:
    """A parameter that names things needs a row above."""
    for route, endpoint in ROUTES.items():
        if endpoint.method == "GET":
            told = document(ORDERS)["paths"][route.partition(" ")[2]]["get"].get("parameters", [])
            names = {each["name"].partition(".")[0] for each in told if each.get("in") == "query"}
            cursors = {"starting_after", "ending_before"} if route in LISTS else set()
            known = SILENT | cursors | FILTERS.get(route, {}).keys()
            assert names <= known, route
            assert bool(cursors) == bool(names)


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize("parameter", ["starting_after", "ending_before"])
async def test_cursors_that_are_not_ones_own(pair: Pair, route: str, parameter: str) -> None:
    """O-8, section 5: 400 `unknown_cursor`."""
    path, kind = address(route, pair.own), LISTS[route]
    for cursor in (pair.foreign[kind], nobodys()[kind]):
        reply = await ask(pair, route, f"{path}?{parameter}={cursor}")
        answered(reply, "unknown_cursor", ["query", parameter])
    assert (await ask(pair, route, f"{path}?{parameter}={pair.own[kind]}")).status == 200


@pytest.mark.parametrize(
    ("route", "parameter", "name"),
    [(route, each, name) for route in FILTERS for each in FILTERS[route] for name in FILTERS[route][each]],
)
async def test_filters_find_nothing_that_is_not_ones_own(
    pair: Pair, route: str, parameter: str, name: str
) -> None:
    path = address(route, pair.own)

    async def found(query: str) -> list[str]:
        page = (await ask(pair, route, f"{path}?{query}")).ok()
        return [each["id"] for each in page["data"]]

    own, foreign = quote(pair.own[name]), quote(pair.foreign[name])
    assert await found(f"{parameter}={own}") != []
    assert await found(f"{parameter}={foreign}") == []
    if parameter in LISTED:
        assert await found(f"{parameter}.in={foreign}") == []
        assert await found(f"{parameter}.in={foreign},{own}") == await found(f"{parameter}={own}")


# Lists


@pytest.mark.parametrize("route", LISTS)
async def test_lists_show_ones_own_only(pair: Pair, route: str) -> None:
    """O-8: both teams' lists have things; no id of one is in a list of the other."""
    shown = [await _walked(team, address(route, of)) for team, of in _sides(pair)]
    texts = ["".join(map(str, pages)) for pages in shown]
    for text, (_, own), (_, others) in zip(texts, _sides(pair), reversed(_sides(pair)), strict=True):
        assert own[LISTS[route]] in text
        assert not [name for name, value in others.items() if value in text]
    assert SECRET not in texts[0]
    assert LISTS[route] == "delivery_id" or SECRET in texts[1]


def _sides(pair: Pair) -> list[tuple[Team, Things]]:
    return [(pair.mine, pair.own), (pair.theirs, pair.foreign)]


async def _walked(team: Team, path: str | None) -> list[Any]:
    """All pages of the list."""
    pages = []
    while path is not None:
        joined = path if "limit=" in path else f"{path}?limit=2"
        page = (await team.orders_api("GET", joined)).ok()
        pages.append(page["data"])
        path = page["next"]
    return pages


# Idempotency-Keys


@pytest.mark.parametrize(
    "route", [route for route, each in ROUTES.items() if each.method in ("POST", "PUT", "PATCH")]
)
async def test_idempotency_keys_of_two_teams_do_not_meet(pair: Pair, route: str) -> None:
    """O-64: one key is used by both, each is answered for itself, and again with its own first answer."""
    headers = {"Idempotency-Key": f"the key of {route.split()[0]}".replace(" ", "-")}
    headers["Idempotency-Key"] += route.partition(" ")[2]
    calls = []
    for team, prefix in ((pair.theirs, f"{SECRET} "), (pair.mine, "Mine ")):
        of = await things(team, prefix, url=pair.received.url)
        calls.append((team, address(route, of), body_for(route, of)))
    answers = []
    for team, path, body in calls:
        answers.append(await team.orders_api(route.split()[0], path, body=body, headers=headers))
        assert answers[-1].status == ROUTES[route].success, answers[-1]
        assert "Idempotency-Replayed" not in answers[-1].headers
    for (team, path, body), first in zip(calls, answers, strict=True):
        again = await team.orders_api(route.split()[0], path, body=body, headers=headers)
        assert (again.status, again.raw) == (first.status, first.raw)
        assert (again.headers.get("Location"), again.headers.get("ETag")) == (
            first.headers.get("Location"),
            first.headers.get("ETag"),
        )
        assert again.headers["Idempotency-Replayed"] == "true"


async def test_no_webhook_is_told_of_another_teams_orders(world: World) -> None:
    """O-8: both teams' webhooks want everything; each gets its own team's events."""
    teams = [await world.team(), await world.team()]
    known = [await things(team, f"{number} ") for number, team in enumerate(teams)]
    for team, of, others in zip(teams, known, reversed(known), strict=True):
        pages = await _walked(team, f"/webhooks/{of['webhook_id']}/deliveries")
        told = [each["order_id"] for page in pages for each in page]
        assert set(told) == {of["order_id"], of["child_id"]}
        assert others["order_id"] not in told
