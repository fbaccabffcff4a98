"""Which permission opens which route (the headings of section 7), and what it answers then."""

import pytest

from milepost.core import accounts
from milepost.model.actor import PERMISSIONS, system_actor
from tests.surfaces.milestones_api.talk import answered, bearing
from tests.surfaces.milestones_api.things import (
    ROUTES,
    Things,
    address,
    body_for,
    method_of,
    nobodys,
    things,
    workspace,
)
from tests.surfaces.world import Team, World

VIEW, UPDATE, STATUSES = "canViewOrders", "canUpdateOrders", "canViewStatuses"

T = "/teams/{team_id}"
ORDER = f"{T}/purchase_orders/{{order_id}}"
MILESTONE = f"{ORDER}/milestones/{{milestone_id}}"
COPIED = f"{ORDER}/workflow_milestones/{{workflow_milestone_id}}"
TASK = f"{ORDER}/tasks/{{task_id}}"

TABLE: dict[str, tuple[str, int]] = {
    "GET /teams": (VIEW, 200),
    f"GET {T}/purchase_orders": (VIEW, 200),
    f"POST {T}/purchase_orders": (UPDATE, 201),
    f"GET {ORDER}": (VIEW, 200),
    f"PATCH {ORDER}": (UPDATE, 200),
    f"GET {ORDER}/order_items": (VIEW, 200),
    f"GET {ORDER}/milestones": (VIEW, 200),
    f"GET {MILESTONE}": (VIEW, 200),
    f"POST {MILESTONE}/confirm": (UPDATE, 200),
    f"POST {MILESTONE}/reject": (UPDATE, 200),
    f"POST {MILESTONE}/undo": (UPDATE, 200),
    f"POST {COPIED}/confirm": (UPDATE, 200),
    f"POST {COPIED}/reject": (UPDATE, 200),
    f"PATCH {ORDER}/edit_timeline": (UPDATE, 200),
    f"POST {ORDER}/delay_delivery": (UPDATE, 200),
    f"POST {ORDER}/confirm_delivery": (UPDATE, 200),
    f"POST {ORDER}/delay_shipment": (UPDATE, 200),
    f"POST {ORDER}/confirm_shipment": (UPDATE, 200),
    f"POST {ORDER}/delay_production_start": (UPDATE, 200),
    f"POST {ORDER}/confirm_production_start": (UPDATE, 200),
    f"POST {ORDER}/reject_purchase_order": (UPDATE, 200),
    f"GET {T}/order_milestone_configs": (VIEW, 200),
    f"GET {ORDER}/tasks": (VIEW, 200),
    f"POST {ORDER}/tasks": (UPDATE, 201),
    f"GET {TASK}": (VIEW, 200),
    f"PATCH {TASK}": (UPDATE, 200),
    f"POST {TASK}/complete": (UPDATE, 200),
    f"POST {TASK}/reopen": (UPDATE, 200),
    f"GET {T}/workflows": (STATUSES, 200),
    f"POST {ORDER}/issue": (UPDATE, 200),
}
"""The contract's headings, written down a second time on purpose."""


class Ground:
    """A team with keys of all kinds."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.only: dict[str, str] = {}
        """The key that has just this permission."""
        self.without: dict[str, str] = {}
        """The key that has every other permission."""
        self.powerless = ""

    async def build(self) -> "Ground":
        await workspace(self.team)
        self.powerless = await self._key()
        for permission in PERMISSIONS:
            self.only[permission] = await self._key(permission)
            self.without[permission] = await self._key(*({*PERMISSIONS} - {permission}))
        return self

    async def _key(self, *permissions: str) -> str:
        world = self.team.world
        issued = await accounts.create_key(
            world.pool,
            system_actor(self.team.id),
            world.clock(),
            name="test",
            permissions=permissions,
            rate_minute=0,
            rate_day=0,
        )
        return issued.key

    def shut_out(self, permission: str) -> list[str]:
        """The keys that do not have the permission."""
        others = [key for name, key in self.only.items() if name != permission]
        return [self.powerless, self.without[permission], *others]


@pytest.fixture(scope="module")
async def ground(world: World) -> Ground:
    return await Ground(await world.team()).build()


def test_every_route_is_in_the_table() -> None:
    """Section 7; a route without a row fails here."""
    assert {route: (each.permission, each.success) for route, each in ROUTES.items()} == TABLE


@pytest.mark.parametrize("route", TABLE)
async def test_m4_one_permission_opens_a_route(ground: Ground, route: str) -> None:
    """M-4: 403 naming it for every key without it, whether or not there is such a thing, and nothing happened; with
    it alone the call is granted, whatever it moves."""
    permission, success = TABLE[route]
    team, world, method = ground.team, ground.team.world, method_of(route)
    known = await things(team, route)
    path, body = address(route, known), body_for(route, known)
    async with team.unchanged():
        for key in ground.shut_out(permission):
            reply = await world.call(method, path, headers=bearing(key), body=body)
            answered(reply, "forbidden", permission=permission)
        every_other = bearing(ground.without[permission])
        nobodys_path = address(route, nobodys(team))
        for elsewhere in (nobodys_path, f"/api{path}/"):
            reply = await world.call(method, elsewhere, headers=every_other, body=body)
            answered(reply, "forbidden", permission=permission)
        if method == "GET":
            assert (await world.call("HEAD", path, headers=every_other)).status == 403
    reply = await world.call(method, path, headers=bearing(ground.only[permission]), body=body)
    assert reply.status == success, reply


async def test_m4_a_key_without_can_update_orders(ground: Ground) -> None:
    """M-4: it reads everything, and is told of `canUpdateOrders` by every POST and PATCH."""
    team, world = ground.team, ground.team.world
    known: Things = await things(team)
    headers = bearing(ground.without[UPDATE])
    for route, (permission, _) in TABLE.items():
        reply = await world.call(method_of(route), address(route, known), headers=headers)
        assert reply.status == (200 if method_of(route) == "GET" else 403), reply
        assert (permission == UPDATE) is (method_of(route) != "GET")


async def test_m4_removed_paths_need_no_permission(ground: Ground) -> None:
    """M-4, M-38: they are no live endpoints."""
    path = f"/v1/teams/{ground.team.id}/purchase_orders/x/delay_ship_date"
    assert (await ground.team.world.call("POST", path, headers=bearing(ground.powerless))).status == 410


@pytest.mark.parametrize("route", TABLE)
async def test_head_wherever_get(settled: tuple[Team, Things], route: str) -> None:
    """Section 1: HEAD answers as GET does, without a body; elsewhere it is 405."""
    team, known = settled
    path, headers = address(route, known), bearing(team.key)
    reply = await team.world.call("HEAD", path, headers=headers)
    assert reply.raw == b""
    if f"GET {route.partition(' ')[2]}" not in TABLE:
        assert reply.status == 405
        return
    whole = await team.world.call("GET", path, headers=headers)
    assert (reply.status, whole.status) == (200, 200)
    for name in ("Content-Type", "Content-Length", "Link", "X-Total", "Deprecation"):
        assert reply.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("path", sorted({route.partition(" ")[2] for route in TABLE}))
async def test_other_methods_are_405(settled: tuple[Team, Things], path: str) -> None:
    """Sections 1 and 2: with `Allow`, for every key, before team, permission and body."""
    team, known = settled
    world = team.world
    known_methods = {method_of(route) for route in TABLE if route.endswith(f" {path}")}
    allowed = sorted(known_methods | ({"HEAD"} if "GET" in known_methods else set()))
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - known_methods:
        for of in (known, nobodys(team), {**known, "team_id": "x"}):
            target = address(f"{method} {path}", of)
            reply = await world.call(method, target, headers=bearing(team.key), body=b"{")
            answered(reply, "method_not_allowed")
            assert reply.headers["Allow"] == ", ".join(allowed)
