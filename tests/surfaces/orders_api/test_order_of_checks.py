"""The first failing check answers (contract, section 2): requests that fail two or more checks at once. The
server requires If-Match here, so that its lack is a fault too."""

import itertools
from typing import Any

import pytest

from milepost.core import accounts
from milepost.model.actor import system_actor
from tests.surfaces.orders_api.shell import STATUSES
from tests.surfaces.orders_api.talk import create, etag
from tests.surfaces.world import NO_ID, Reply, Team, World, served

CHECKS = (
    "key",
    "limits",
    "method",
    "permission",
    "media",
    "idempotency",
    "body",
    "thing",
    "condition",
    "rule",
)
"""In the order of section 2."""

CODES = {
    "key": ("unauthorized",),
    "limits": ("rate_limited",),
    "method": ("method_not_allowed",),
    "permission": ("forbidden",),
    "media": ("unsupported_media_type", "too_large"),
    "idempotency": ("invalid_idempotency_key", "idempotency_key_reused"),
    "body": ("invalid_json", "wrong_type"),
    "thing": ("not_found",),
    "condition": ("precondition_required", "precondition_failed"),
    "rule": ("order_canceled",),
}
"""How each check can fail; by the first code unless a test wants another one."""


class Ground:
    """A team with an order, a canceled order and a used Idempotency-Key."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.orders: dict[bool, str] = {}
        self.tags: dict[bool, str] = {}
        self.keys: dict[tuple[bool, ...], str] = {}

    async def build(self) -> "Ground":
        for canceled in (False, True):
            order = await create(self.team, f"canceled: {canceled}")
            self.orders[canceled] = order["id"]
        await self.team.orders_api("POST", f"/orders/{self.orders[True]}/cancel")
        self.tags = {canceled: await etag(self.team, one) for canceled, one in self.orders.items()}
        used = await self.team.orders_api(
            "POST", "/tags", body={"name": "x"}, headers={"Idempotency-Key": "used"}
        )
        assert used.status == 201
        return self

    async def key(self, faults: frozenset[str]) -> str:
        wish = tuple(fault in faults for fault in ("key", "limits", "permission"))
        if wish not in self.keys:
            revoked, exhausted, weak = wish
            pool, clock, actor = self.team.world.pool, self.team.world.clock, system_actor(self.team.id)
            issued = await accounts.create_key(
                pool,
                actor,
                clock(),
                name="faulty",
                permissions=("canViewOrders",) if weak else ("canViewOrders", "canUpdateOrders"),
                rate_minute=0,
                rate_day=1 if exhausted else 0,
            )
            if exhausted:
                assert (await self.team.orders_api("GET", "/tags", key=issued.key)).status == 200
            if revoked:
                await accounts.revoke_key(pool, actor, clock(), issued.id)
            self.keys[wish] = issued.key
        return self.keys[wish]

    async def send(self, faults: frozenset[str], codes: dict[str, str]) -> Reply:
        headers = {}
        canceled = "rule" in faults
        if "condition" not in faults:
            headers["If-Match"] = self.tags[canceled]
        elif codes["condition"] == "precondition_failed":
            headers["If-Match"] = '"other"'
        if "idempotency" in faults:
            headers["Idempotency-Key"] = "used" if codes["idempotency"] == "idempotency_key_reused" else "a b"
        if "media" in faults and codes["media"] == "unsupported_media_type":
            headers["Content-Type"] = "text/plain"
        return await self.team.orders_api(
            "DELETE" if "method" in faults else "PUT",
            f"/orders/{NO_ID if 'thing' in faults else self.orders[canceled]}",
            key=await self.key(faults),
            headers=headers,
            body=self.body(faults, codes),
        )

    def body(self, faults: frozenset[str], codes: dict[str, str]) -> Any:
        if "media" in faults and codes["media"] == "too_large":
            return b" " * (1024 * 1024 + 1)
        if "body" in faults:
            wrong = {"order_number": 1, "ship_to": {}}
            return b"{" if codes["body"] == "invalid_json" else wrong
        return {"order_number": "new", "ship_to": {}}


@pytest.fixture(scope="module")
async def ground(pool):
    async with served(pool, require_if_match=True) as world:
        yield await Ground(await world.team()).build()


async def assert_first_answers(ground: Ground, faults: frozenset[str]) -> None:
    """With every way that each of the faults can be."""
    for chosen in itertools.product(*(CODES[fault] for fault in sorted(faults))):
        codes = dict(zip(sorted(faults), chosen, strict=True))
        async with ground.team.unchanged():
            reply = await ground.send(faults, codes)
        code = codes[min(faults, key=CHECKS.index)]
        assert [error["code"] for error in reply.json["errors"]] == [code], (faults, reply)
        assert reply.status == STATUSES.get(code, 400)


@pytest.mark.parametrize(
    "faults", [*((fault,) for fault in CHECKS), *itertools.combinations(CHECKS, 2)], ids="+".join
)
async def test_pairs_of_faults(ground, faults):
    await assert_first_answers(ground, frozenset(faults))


@pytest.mark.parametrize("place", range(len(CHECKS)))
async def test_everything_from_one_check_on(ground, place):
    """All faults that come later are hidden by the first."""
    await assert_first_answers(ground, frozenset(CHECKS[place:]))


async def test_nothing_of_it_was_done(ground):
    """The ground is as it was, and the request without a fault is granted."""
    reply = await ground.send(frozenset(), {})
    assert (reply.status, reply.json["order_number"]) == (200, "new")


async def test_parameters_come_before_the_thing(world: World):
    team = await world.team()
    weak = await team.new_key("canUpdateOrders")
    for path in (f"/orders/{NO_ID}/items", f"/orders/{NO_ID}/releases", f"/webhooks/{NO_ID}/deliveries"):
        reply = await team.orders_api("GET", f"{path}?limit=0")
        assert [error["code"] for error in reply.json["errors"]] == ["out_of_range"]
        assert (await team.orders_api("GET", f"{path}?limit=0", key=weak)).status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/orders/{NO_ID}/items"),
        ("PUT", f"/orders/{NO_ID}/items/x"),
        ("PATCH", f"/orders/x/items/{NO_ID}"),
        ("POST", "/orders/x/releases"),
        ("PATCH", f"/orders/{NO_ID}/releases/x"),
        ("PUT", "/webhooks/x"),
        ("PATCH", "/webhooks/x"),
        ("POST", "/webhooks/x/redeliver"),
    ],
)
async def test_the_shape_of_a_body_comes_before_the_thing(world, method, path):
    """Also where the id in the path is none at all."""
    team = await world.team()
    wrong = {name: {"x": 1} for name in ("description", "release_type", "transit_status", "url", "event_id")}
    reply = await team.orders_api(method, path, body=wrong)
    assert reply.status == 400, reply
