"""The first failing check answers (section 2): requests that fail two or more checks at once."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec import Struct

from milepost.core import accounts
from milepost.model.actor import system_actor
from tests.surfaces.milestones_api.followed import Followed, place
from tests.surfaces.milestones_api.talk import bearing
from tests.surfaces.milestones_api.things import (
    PARAMETER,
    ROUTES,
    Things,
    address,
    method_of,
    nobodys,
    things,
    workspace,
)
from tests.surfaces.world import NO_ID, Reply, Team, World


class Ask(Struct):
    """A request that is granted, until it is spoilt."""

    order: Followed
    method: str = "POST"
    team_id: str = ""
    order_id: str = ""
    milestone_id: str = ""
    tail: str = "confirm"
    body: Any = None
    is_revoked: bool = False
    is_spent: bool = False
    is_weak: bool = False

    @property
    def path(self) -> str:
        order = f"/v1/teams/{self.team_id}/purchase_orders/{self.order_id}"
        removed = self.tail == "delay_ship_date"
        return f"{order}/{self.tail}" if removed else f"{order}/milestones/{self.milestone_id}/{self.tail}"


Spoil = Callable[[Ask], None]


def setting(**members: Any) -> Spoil:
    def spoil(ask: Ask) -> None:
        for name, value in members.items():
            setattr(ask, name, value)

    return spoil


def later(ask: Ask) -> None:
    """A milestone whose turn has not come."""
    ask.milestone_id = ask.order.id_of(3)


FAULTS: Mapping[str, tuple[int, Spoil, int, str]] = {
    "key": (1, setting(is_revoked=True), 401, "unauthorized"),
    "rate": (2, setting(is_spent=True), 429, "rate_limited"),
    "removed": (3, setting(tail="delay_ship_date"), 410, "removed"),
    "route": (4, setting(tail="complete"), 404, "not_found"),
    "method": (4, setting(method="PUT"), 405, "method_not_allowed"),
    "team": (5, setting(team_id=NO_ID), 404, "not_found"),
    "permission": (6, setting(is_weak=True), 403, "forbidden"),
    "size": (7, setting(body=b'{"note": 1}' + b" " * 1024 * 1024), 413, "body_too_large"),
    "json": (7, setting(body=b"[1]"), 400, "invalid_json"),
    "order": (8, setting(order_id=NO_ID), 404, "not_found"),
    "milestone": (8, setting(milestone_id="x"), 404, "not_found"),
    "field": (9, setting(body={"note": 1}), 422, "validation_failed"),
    "state": (10, later, 422, "out_of_sequence"),
}
"""By name: which check it fails, how, and the answer."""

KINDS = {"route": "Not found", "team": "Team not found", "order": "Purchase order not found"}
"""The texts of 404; otherwise it is the milestone that is not found."""

APART = (
    {"removed", "route"},
    {"removed", "milestone"},
    {"removed", "state"},
    {"size", "json"},
    {"size", "field"},
    {"json", "field"},
    {"milestone", "state"},
)
"""Faults that one request cannot have both, or that do not show beside each other."""


def can_meet(faults: tuple[str, ...]) -> bool:
    return not any(pair <= set(faults) for pair in APART)


class Ground:
    """A team with an order, and keys with all combinations of faults."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.keys: dict[tuple[bool, bool, bool], str] = {}
        self.order: Any = None

    async def build(self) -> "Ground":
        await workspace(self.team)
        self.order = await place(self.team)
        return self

    async def key(self, ask: Ask) -> str:
        wish = (ask.is_revoked, ask.is_spent, ask.is_weak)
        if wish not in self.keys:
            world, actor = self.team.world, system_actor(self.team.id)
            issued = await accounts.create_key(
                world.pool,
                actor,
                world.clock(),
                name="faulty",
                permissions=("canViewOrders",) if ask.is_weak else ("canViewOrders", "canUpdateOrders"),
                rate_minute=0,
                rate_day=1 if ask.is_spent else 0,
            )
            if ask.is_spent:
                assert (
                    await self.team.milestones_api("GET", "/purchase_orders", key=issued.key)
                ).status == 200
            if ask.is_revoked:
                await accounts.revoke_key(world.pool, actor, world.clock(), issued.id)
            self.keys[wish] = issued.key
        return self.keys[wish]

    async def send(self, faults: tuple[str, ...]) -> Reply:
        first = self.order.id_of(1)
        ask = Ask(self.order, team_id=self.team.id, order_id=self.order.id, milestone_id=first)
        for fault in faults:
            FAULTS[fault][1](ask)
        headers = bearing(await self.key(ask))
        return await self.team.world.call(ask.method, ask.path, headers=headers, body=ask.body)


@pytest.fixture(scope="module")
async def ground(world: World) -> Ground:
    return await Ground(await world.team()).build()


async def assert_first_answers(ground: Ground, faults: tuple[str, ...]) -> None:
    first = min(faults, key=lambda fault: FAULTS[fault][0])  # of two of one check, the one that comes first
    _, _, status, code = FAULTS[first]
    async with ground.team.unchanged():
        reply = await ground.send(faults)
    assert (reply.status, reply.json["code"]) == (status, code), (faults, reply)
    if status == 404:
        assert reply.json["error"] == KINDS.get(first, "Milestone not found")


@pytest.mark.parametrize(
    "faults",
    [
        *((fault,) for fault in FAULTS),
        *(pair for pair in itertools.combinations(FAULTS, 2) if can_meet(pair)),
    ],
    ids="+".join,
)
async def test_pairs_of_faults(ground: Ground, faults: tuple[str, ...]) -> None:
    """Section 2: the earlier check answers, and nothing happens."""
    await assert_first_answers(ground, faults)


@pytest.mark.parametrize(
    "chain",
    [
        ("key", "rate", "removed", "method", "team", "permission", "json", "order"),
        ("key", "rate", "route", "team", "permission", "size", "order", "milestone"),
        ("key", "rate", "method", "team", "permission", "json", "order", "milestone"),
        ("key", "rate", "team", "permission", "order", "field", "state"),
    ],
    ids="+".join,
)
async def test_everything_from_one_check_on(ground: Ground, chain: tuple[str, ...]) -> None:
    """Section 2: all faults that come later are hidden by the first."""
    for place_ in range(len(chain)):
        await assert_first_answers(ground, chain[place_:])


async def test_nothing_of_it_was_done(ground: Ground) -> None:
    """The request without a fault is granted."""
    assert (await ground.send(())).ok()["milestone"]["status"] == "confirmed"


WRONG: Mapping[str, dict[str, Any]] = {
    "createPurchaseOrder": {},
    "updatePurchaseOrder": {"name": 1},
    "editTimeline": {"delivery_date": "tomorrow"},
    "createTask": {"title": ""},
    "updateTask": {"title": ""},
}
"""Bodies with a fault that only this endpoint sees; every other one reads `note` or `reason`."""


@pytest.mark.parametrize("route", [route for route, each in ROUTES.items() if each.body is not None])
async def test_fields_of_every_route(settled: tuple[Team, Things], route: str) -> None:
    """Section 2: an unreadable body comes before unknown ids, those before faults of fields, those before the
    state: on every route with a body, whatever the state of its order is."""
    team, of = settled
    path, headers = address(route, of), bearing(team.key)
    wrong = WRONG.get(ROUTES[route].operation, {"note": 1, "reason": 1})
    names = [name for name in PARAMETER.findall(route) if name != "team_id"]
    async with team.unchanged():
        reply = await team.world.call(method_of(route), path, headers=headers, body=wrong)
        assert (reply.status, reply.json["code"]) == (422, "validation_failed"), reply
        for name in names:
            nowhere = address(route, {**of, name: nobodys(team)[name]})
            reply = await team.world.call(method_of(route), nowhere, headers=headers, body=wrong)
            assert reply.status == 404, (name, reply)
            reply = await team.world.call(method_of(route), nowhere, headers=headers, body=b'"x"')
            assert (reply.status, reply.json["code"]) == (400, "invalid_json"), reply


@pytest.mark.parametrize("route", [route for route in ROUTES if "{order_id}" in route])
async def test_fields_come_before_the_state_of_a_canceled_order(ground: Ground, route: str) -> None:
    """Section 11: field faults before state faults, everywhere."""
    if ROUTES[route].body is None:
        return
    team = ground.team
    of = await things(team)
    await team.orders_api("POST", f"/orders/{of['order_id']}/cancel", body={})
    wrong = WRONG.get(ROUTES[route].operation, {"note": 1, "reason": 1})
    async with team.unchanged():
        reply = await team.world.call(
            method_of(route), address(route, of), headers=bearing(team.key), body=wrong
        )
        assert (reply.status, reply.json["code"]) == (422, "validation_failed"), reply
