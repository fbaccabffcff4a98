"""The table of section 1: which permission opens which route, and what it answers then."""

import pytest

from milepost.core import accounts
from milepost.model.actor import PERMISSIONS, system_actor
from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.shell import answered
from tests.surfaces.orders_api.things import ROUTES, Things, address, body_for, nobodys, things
from tests.surfaces.world import Reply, Team, World

VIEW, UPDATE, MANAGE = "canViewOrders", "canUpdateOrders", "canManageWebhooks"

ITEM = "/orders/{order_id}/items/{order_item_id}"
RELEASE = "/orders/{order_id}/releases/{release_id}"
DELIVERY = "/webhooks/{webhook_id}/deliveries/{delivery_id}"

TABLE: dict[str, tuple[str, int]] = {
    "POST /orders": (UPDATE, 201),
    "GET /orders": (VIEW, 200),
    "GET /orders/{order_id}": (VIEW, 200),
    "PUT /orders/{order_id}": (UPDATE, 200),
    "PATCH /orders/{order_id}": (UPDATE, 200),
    "POST /orders/{order_id}/cancel": (UPDATE, 200),
    "POST /orders/{order_id}/items": (UPDATE, 201),
    "GET /orders/{order_id}/items": (VIEW, 200),
    f"GET {ITEM}": (VIEW, 200),
    f"PUT {ITEM}": (UPDATE, 200),
    f"PATCH {ITEM}": (UPDATE, 200),
    f"DELETE {ITEM}": (UPDATE, 204),
    "POST /orders/{order_id}/releases": (UPDATE, 201),
    "GET /orders/{order_id}/releases": (VIEW, 200),
    f"GET {RELEASE}": (VIEW, 200),
    f"PATCH {RELEASE}": (UPDATE, 200),
    f"GET {RELEASE}/documents/{{document_id}}": (VIEW, 200),
    "POST /tags": (UPDATE, 201),
    "GET /tags": (VIEW, 200),
    "GET /events": (VIEW, 200),
    "GET /events/event-names-by-version": (VIEW, 200),
    "GET /events/{event_id}": (VIEW, 200),
    "POST /webhooks": (MANAGE, 201),
    "GET /webhooks": (MANAGE, 200),
    "GET /webhooks/{webhook_id}": (MANAGE, 200),
    "PUT /webhooks/{webhook_id}": (MANAGE, 200),
    "PATCH /webhooks/{webhook_id}": (MANAGE, 200),
    "DELETE /webhooks/{webhook_id}": (MANAGE, 204),
    "POST /webhooks/{webhook_id}/test": (MANAGE, 200),
    "POST /webhooks/{webhook_id}/rotate-secret": (MANAGE, 200),
    "POST /webhooks/{webhook_id}/redeliver": (MANAGE, 202),
    "GET /webhooks/{webhook_id}/deliveries": (MANAGE, 200),
    f"GET {DELIVERY}": (MANAGE, 200),
    f"POST {DELIVERY}/redeliver": (MANAGE, 202),
}
"""The contract's table, written down a second time on purpose."""


class Ground:
    """A team with keys of all kinds."""

    def __init__(self, team: Team, received: Received) -> None:
        self.team = team
        self.received = received
        self.only: dict[str, str] = {}
        """The key that has just this permission."""
        self.without: dict[str, str] = {}
        """The key that has every other permission."""
        self.powerless = ""

    async def build(self) -> "Ground":
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

    async def things(self) -> Things:
        return await things(self.team, url=self.received.url)


@pytest.fixture(scope="module")
async def ground(reached: tuple[World, Received]) -> Ground:
    world, received = reached
    return await Ground(await world.team(), received).build()


def test_every_route_is_in_the_table() -> None:
    """Section 1; a route without a row fails here."""
    assert {route: (each.permission, each.success) for route, each in ROUTES.items()} == TABLE


@pytest.mark.parametrize("route", TABLE)
async def test_one_permission_opens_a_route(ground: Ground, route: str) -> None:
    """O-7, sections 1 and 2: 403 for every key without it, whether or not there is such a thing, and nothing
    happened; with it alone the call is granted."""
    permission, success = TABLE[route]
    team, method, known = ground.team, route.split()[0], await ground.things()
    path, sent = address(route, known), body_for(route, known)
    every_other = ground.without[permission]
    async with team.unchanged():
        for key in ground.shut_out(permission):
            forbidden(await team.orders_api(method, path, body=sent, key=key), permission)
        nowhere = address(route, nobodys())
        forbidden(await team.orders_api(method, nowhere, body=sent, key=every_other), permission)
        alias = path.replace("/orders", "/purchase-orders", 1) + "/"
        forbidden(await team.orders_api(method, alias, body=sent, key=every_other), permission)
        if method == "GET":
            assert (await team.orders_api("HEAD", path, key=every_other)).status == 403
    reply = await team.orders_api(method, path, body=sent, key=ground.only[permission])
    assert reply.status == success, reply


def forbidden(reply: Reply, permission: str) -> None:
    """Asserts a 403 that names the permission."""
    answered(reply, "forbidden", ["request"])
    assert permission in reply.json["error_description"]


async def test_without_a_key_there_is_nothing(ground: Ground) -> None:
    """Section 2: 401 on every route, for things that are there and for others."""
    team, known = ground.team, await ground.things()
    async with team.unchanged():
        for route in TABLE:
            for of in (known, nobodys()):
                sent = body_for(route, known)
                reply = await team.world.call(route.split()[0], address(route, of), body=sent)
                answered(reply, "unauthorized", ["header", "authorization"])


async def test_deleting_an_order_is_405_for_every_valid_key(ground: Ground) -> None:
    """Section 1: any valid key, also one without any permission; without a key 401."""
    team, known = ground.team, await ground.things()
    keys = [ground.powerless, *ground.only.values(), *ground.without.values()]
    async with team.unchanged():
        for key in keys:
            for of in (known, nobodys()):
                reply = await team.orders_api("DELETE", f"/orders/{of['order_id']}", key=key)
                answered(reply, "method_not_allowed", ["request", "method"])
                assert reply.headers["Allow"] == "GET, HEAD, PATCH, PUT"
        reply = await team.world.call("DELETE", f"/orders/{known['order_id']}")
        answered(reply, "unauthorized", ["header", "authorization"])
