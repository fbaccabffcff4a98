"""Nothing of another team is ever visible or touched, over every route: what the other team has answers exactly like
what nobody has, in paths, bodies and queries, and lists never show it (section 2)."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.openapi_check import MILESTONES, document
from tests.surfaces.milestones_api.followed import SHIPS_ON, WORKSPACE
from tests.surfaces.milestones_api.talk import bearing
from tests.surfaces.milestones_api.things import (
    BODIES,
    LISTS,
    PARAMETER,
    ROUTES,
    Things,
    address,
    body_for,
    method_of,
    nobodys,
    things,
)
from tests.surfaces.world import Reply, Team, World

SECRET = "Sorgenfri"
"""Stands in all words that the other team has."""

FILTERS = {
    "GET /teams/{team_id}/purchase_orders": ("filter[order_number]",),
    "GET /teams/{team_id}/purchase_orders/{order_id}/tasks": ("filter[milestone_id]",),
}
"""Parameters that name things."""
SILENT = {"page", "per_page", "filter[status]"} | {
    f"filter[{what}_{end}]" for what in ("created", "updated") for end in ("from", "to")
}
"""Parameters that name nothing a team has."""


class Pair:
    """Two teams; `own` and `other` are two sets of things that the first has."""

    mine: Team
    theirs: Team
    own: Things
    other: Things
    foreign: Things


@pytest.fixture(scope="module")
async def pair(world: World) -> Pair:
    made = Pair()
    made.mine, made.theirs = await world.team(), await world.team()
    for team in (made.mine, made.theirs):
        await team.apply(WORKSPACE)
    swatches = made.mine.known["workflow:Swatches"]
    made.own = await things(made.mine)
    made.other = await things(made.mine, workflow="Swatches", order_number="other")
    assert made.other["workflow_id"] == swatches
    made.foreign = await things(made.theirs, order_number=SECRET, name=SECRET)
    return made


async def ask(pair: Pair, route: str, path: str, body: Any = None) -> Reply:
    """The call by the team whose things they are not; nothing of the other team may be in its answer."""
    reply = await pair.mine.world.call(method_of(route), path, headers=bearing(pair.mine.key), body=body)
    assert SECRET.encode() not in reply.raw
    return reply


# Ids in paths


def mixtures(route: str) -> Iterator[dict[str, str]]:
    """All ways to take the ids of the path, but the team's, from the four sets of things, but those that name what is
    there."""
    names = [name for name in PARAMETER.findall(route) if name != "team_id"]
    for chosen in itertools.product(("own", "other", "foreign", "nobody"), repeat=len(names)):
        if set(chosen) not in ({"own"}, {"other"}):
            yield dict(zip(names, chosen, strict=True))


@pytest.mark.parametrize("route", [route for route in ROUTES if "{order_id}" in route])
async def test_ids_of_a_path_that_are_not_ones_own(pair: Pair, route: str) -> None:
    """Sections 2 and 7: 404 in either spelling; it is said as it is said of what nobody has."""
    sets = {"own": pair.own, "other": pair.other, "foreign": pair.foreign, "nobody": nobodys(pair.mine)}
    said: dict[tuple[bool, ...], set[bytes]] = {}
    async with pair.theirs.unchanged(), pair.mine.unchanged():
        for chosen in mixtures(route):
            of = {**pair.own, **{name: sets[place][name] for name, place in chosen.items()}}
            for ids in (of, {name: ulid(one) for name, one in of.items()}):
                reply = await ask(pair, route, address(route, ids), body_for(route, pair.own))
                assert (reply.status, reply.json["code"]) == (404, "not_found"), (chosen, reply)
            known = tuple(place in ("own", "other") for place in chosen.values())
            said.setdefault(known, set()).add(reply.raw)
    assert all(len(texts) == 1 for texts in said.values()), "another team's things answer like nobody's"


@pytest.mark.parametrize("route", [route for route in ROUTES if "/workflow_milestones/" in route])
async def test_workflow_milestones_of_another_workflow(pair: Pair, route: str) -> None:
    """M-24, section 7.11: 404, as for an order milestone's id."""
    for wrong in (pair.other["workflow_milestone_id"], pair.own["milestone_id"]):
        path = address(route, {**pair.own, "workflow_milestone_id": wrong})
        reply = await ask(pair, route, path, body_for(route, pair.own))
        assert reply.json == {"error": "Workflow milestone not found", "code": "not_found"}


# Ids in bodies


class Watched(dict[str, str]):
    """Things that know which of them were asked for."""

    def __init__(self, known: Things) -> None:
        super().__init__(known)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return super().__getitem__(name)


NAMES = (
    *("later_id", "later_template_id", "workflow_id", "item_id"),
    "milestone_id",
    "workflow_milestone_id",
)


def named_in_bodies() -> Iterator[tuple[str, str]]:
    """(route, thing) for all that the bodies name."""
    for route, body in BODIES.items():
        watched = Watched(dict.fromkeys((*NAMES, "team_id"), ""))
        body(watched)
        yield from ((route, name) for name in dict.fromkeys(watched.asked))


def test_bodies_name_things() -> None:
    """Milestones, workflow milestones, workflows and lines: what a body can name."""
    assert {name for _, name in named_in_bodies()} == set(NAMES)


@pytest.mark.parametrize(("route", "name"), list(named_in_bodies()))
async def test_ids_in_a_body_that_are_not_ones_own(pair: Pair, route: str, name: str) -> None:
    """Section 2: 422 at the id, as for what nobody has; nothing happens on either side."""
    own = await things(pair.mine, route)
    path = address(route, own)
    refusals = set()
    async with pair.theirs.unchanged(), pair.mine.unchanged():
        for wrong in (pair.foreign[name], nobodys(pair.mine)[name], "x"):
            reply = await ask(pair, route, path, BODIES[route]({**own, name: wrong}))
            assert reply.status == 422, reply
            assert reply.json["code"] in ("validation_failed", "milestone_not_in_workflow"), reply
            assert len(reply.json["errors"]) == 1
            refusals.add(reply.raw.decode().replace(wrong, "<id>") if wrong != "x" else None)
        if name != "workflow_id":  # of which one of the team is as good as another
            reply = await ask(pair, route, path, BODIES[route]({**own, name: pair.other[name]}))
            assert reply.status == 422, reply
            refusals.add(reply.raw.decode().replace(pair.other[name], "<id>"))
    assert len(refusals - {None}) == 1


# Ids in queries


def test_every_parameter_is_known_here() -> None:
    """A parameter that names things needs a row above."""
    for route in LISTS:
        told = document(MILESTONES)["paths"][f"/v1{route.partition(' ')[2]}"]["get"].get("parameters", [])
        names = {each["name"] for each in told if each.get("in") == "query"}
        assert names <= SILENT | set(FILTERS.get(route, ())), route


async def test_filters_find_nothing_that_is_not_ones_own(pair: Pair) -> None:
    async def found(tail: str) -> int:
        reply = await pair.mine.milestones_api("GET", f"/purchase_orders{tail}")
        assert SECRET.encode() not in reply.raw
        (rows,) = reply.ok().values()
        assert int(reply.headers["X-Total"]) == len(rows)
        return len(rows)

    assert await found("?filter[order_number]=other") == 1
    assert await found(f"?filter[order_number]={SECRET}") == 0
    tasks = f"/{pair.own['order_id']}/tasks?filter[milestone_id]="
    assert await found(tasks + pair.foreign["later_id"]) == 0
    assert await found(tasks + pair.other["later_id"]) == 0


# Lists


@pytest.mark.parametrize("route", LISTS)
async def test_lists_show_ones_own_only(pair: Pair, route: str) -> None:
    """M-3, section 2: both teams' lists have things; no id of one is in a list of the other."""
    texts = []
    sides = [(pair.mine, pair.own), (pair.theirs, pair.foreign)]
    for team, of in sides:
        path = address(route, of)
        reply = await team.world.call("GET", f"{path}?per_page=100", headers=bearing(team.key))
        ((_, rows),) = reply.ok().items()
        assert rows != []
        texts.append(reply.raw.decode())
    for text, (_, others) in zip(texts, reversed(sides), strict=True):
        assert not [name for name, value in others.items() if value in text]
    assert SECRET not in texts[0]


async def test_order_numbers_of_two_teams_do_not_meet(pair: Pair) -> None:
    """Section 6.2: unique in the team; and each team counts its own numbers (section 7.3)."""
    body = {"supplier": {"id": "s"}, "ships_on": SHIPS_ON, "order_items": [{"name": "x", "quantity": 1}]}
    reply = await pair.mine.milestones_api("POST", "/purchase_orders", body={**body, "order_number": SECRET})
    assert reply.status == 201
    fresh = await pair.mine.world.team()
    reply = await fresh.milestones_api("POST", "/purchase_orders", body=body)
    assert reply.json["purchase_order"]["order_number"] == "PO-000001"
