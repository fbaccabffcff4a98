"""The first failing check answers (contract, section 6): requests that fail two or more checks at once."""

import itertools
from typing import Any

import pytest

from milepost.core import accounts
from milepost.model.actor import system_actor
from tests.surfaces.world import ALL_BUT_OVERRIDE, NO_ID, Reply, Team, World, item

CHECKS = (
    "key",
    "limits",
    "version",
    "path",
    "method",
    "requires_version",
    "permission",
    "specificity",
    "body",
    "thing",
    "status",
    "sub_status",
    "workflow",
    "chain",
)
"""In the order of section 6. `path` and `method` are one check with two answers."""

CODES = {
    "key": "invalid_api_key",
    "limits": "rate_limited",
    "version": "unsupported_version",
    "path": "not_found",
    "method": "method_not_allowed",
    "requires_version": "requires_version",
    "permission": "insufficient_permissions",
    "specificity": "status_specificity",
    "status": "unknown_status",
    "sub_status": "sub_status_required",
    "workflow": "workflow_order",
    "chain": "status_chain",
}
APART = {
    frozenset(pair)
    for pair in (
        ("version", "requires_version"),  # a version is unknown or too old
        ("path", "method"),  # another path has other methods
    )
}
BODIES = ("body_too_large", "invalid_json", "invalid_request")

WORKSPACE: dict[str, Any] = {
    "settings": {"workflows_enabled": True, "enforce_workflow_order": True, "enforce_product_chain": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First"]}],
    "workflows": [{"name": "W1", "order": 20}, {"name": "W2", "order": 30}],
    "statuses": [
        {"name": "fine", "workflow": "W1"},
        {"name": "fine, options", "independent": True, "sub_status_group": "Coats"},
        {"name": "chain", "workflow": "W1"},
        {"name": "chain, options", "workflow": "W1", "sub_status_group": "Coats"},
        {"name": "workflow", "workflow": "W2"},
        {"name": "workflow, options", "workflow": "W2", "independent": True, "sub_status_group": "Coats"},
        {"name": "both", "workflow": "W2"},
        {"name": "both, options", "workflow": "W2", "sub_status_group": "Coats"},
    ],
}


class Ground:
    """Two teams, one whose mode closes the endpoint, with the same workspace and one thing without status."""

    def __init__(self, world: World, root: str) -> None:
        self.world = world
        self.root = root
        self.teams: dict[bool, Team] = {}
        self.things: dict[bool, str] = {}
        self.keys: dict[tuple[bool, ...], str] = {}

    async def build(self) -> "Ground":
        for closed in (False, True):
            team = self.teams[closed] = await self.world.team()
            mode = "combined" if not closed else "order" if self.root == "line-items" else "line_item"
            settings = {**WORKSPACE["settings"], "status_specificity": mode}
            await team.apply({**WORKSPACE, "settings": settings})
            order = await team.order(items=(item(),))
            self.things[closed] = order if self.root == "orders" else (await team.line_items(order))[0]
        return self

    async def key(self, faults: frozenset[str]) -> str:
        """A key with the faults that keys can have: revoked, exhausted, without the permission."""
        wish = tuple(fault in faults for fault in ("specificity", "key", "limits", "permission"))
        if wish not in self.keys:
            closed, revoked, exhausted, weak = wish
            team = self.teams[closed]
            issued = await accounts.create_key(
                self.world.pool,
                system_actor(team.id),
                self.world.clock(),
                name="faulty",
                permissions=("canViewOrders",) if weak else ALL_BUT_OVERRIDE,
                rate_minute=0,
                rate_day=1 if exhausted else 0,
            )
            if exhausted:
                assert (await team.get("/orders", key=issued.key)).status == 200
            if revoked:
                await accounts.revoke_key(
                    self.world.pool, system_actor(team.id), self.world.clock(), issued.id
                )
            self.keys[wish] = issued.key
        return self.keys[wish]

    async def send(self, faults: frozenset[str], body_fault: str) -> Reply:
        closed = "specificity" in faults
        team = self.teams[closed]
        thing = NO_ID if "thing" in faults else self.things[closed]
        return await team.call(
            "PUT" if "method" in faults else "POST",
            f"/{self.root}/{thing}/status" + ("/x/y" if "path" in faults else ""),
            "9.9" if "version" in faults else "1.3" if "requires_version" in faults else None,
            await self.key(faults),
            body=self.body(team, faults, body_fault),
        )

    def body(self, team: Team, faults: frozenset[str], body_fault: str) -> Any:
        name = {
            (False, False): "fine",
            (False, True): "chain",
            (True, False): "workflow",
            (True, True): "both",
        }["workflow" in faults, "chain" in faults] + (", options" if "sub_status" in faults else "")
        body: dict[str, Any] = {"status_id": NO_ID if "status" in faults else team.known[name]}
        if "body" not in faults:
            return body
        if body_fault == "body_too_large":
            return b" " * (1024 * 1024 + 1)
        return b'{"status_id":' if body_fault == "invalid_json" else {**body, "sub_status_option_id": 5}


@pytest.fixture(scope="module")
async def lines(world: World) -> Ground:
    return await Ground(world, "line-items").build()


@pytest.fixture(scope="module")
async def orders(world: World) -> Ground:
    return await Ground(world, "orders").build()


def expected_code(faults: frozenset[str], root: str, body_fault: str) -> str:
    first = min(faults, key=CHECKS.index)
    if first == "body":
        return body_fault
    if first == "thing":
        return "order_not_found" if root == "orders" else "line_item_not_found"
    return CODES[first]


async def assert_first_answers(ground: Ground, faults: frozenset[str], body_fault: str = "invalid_request"):
    async with ground.teams[False].unchanged(), ground.teams[True].unchanged():
        reply = await ground.send(faults, body_fault)
    assert (reply.code, sorted(faults)) == (expected_code(faults, ground.root, body_fault), sorted(faults)), (
        reply
    )
    assert (reply.json.get("success") is False) == (ground.root == "line-items")


SINGLES = [(fault,) for fault in CHECKS]
PAIRS = [pair for pair in itertools.combinations(CHECKS, 2) if frozenset(pair) not in APART]


@pytest.mark.parametrize("faults", [*SINGLES, *PAIRS], ids="+".join)
async def test_pairs_of_faults_on_a_line_item(lines, faults):
    for body_fault in BODIES if "body" in faults else BODIES[:1]:
        await assert_first_answers(lines, frozenset(faults), body_fault)


@pytest.mark.parametrize(
    "faults", [faults for faults in (*SINGLES, *PAIRS) if "requires_version" not in faults], ids="+".join
)
async def test_pairs_of_faults_on_an_order(orders, faults):
    for body_fault in BODIES if "body" in faults else BODIES[:1]:
        await assert_first_answers(orders, frozenset(faults), body_fault)


@pytest.mark.parametrize("place", range(len(CHECKS)))
async def test_everything_from_one_check_on(lines, orders, place):
    """All faults that come later are hidden by the first."""
    wanted = [name for name in CHECKS[place:] if name != "method" or CHECKS[place] == "method"]
    if "version" in wanted:
        wanted.remove("requires_version")
    await assert_first_answers(lines, frozenset(wanted))
    if CHECKS[place] != "requires_version":
        await assert_first_answers(orders, frozenset(wanted) - {"requires_version"})


# Where there are other checks -----------------------------------------------------------------------------


async def test_the_query_is_read_after_permission_and_before_the_thing(orders):
    team = orders.teams[False]
    weak = await team.new_key("canViewStatuses")
    for path in ("/orders", f"/orders/{NO_ID}"):
        reply = await team.get(path, key=weak, include="x", use_shopify_order_id="x")
        reply.refused("insufficient_permissions", permission="canViewOrders")
        reply = await team.get(path, include="x", use_shopify_order_id="x")
        reply.refused("invalid_request", fields=["include", "use_shopify_order_id"])


async def test_new_endpoints_are_refused_by_version_before_permission(lines):
    team = lines.teams[False]
    weak = await team.new_key("canViewOrders")
    (await team.get("/workflows", "1.2", key=weak)).refused("requires_version", minimum_version="1.3")
    (await team.get("/settings", "1.3", key=weak)).refused("requires_version", minimum_version="1.4")
    (await team.get("/workflows", "1.3", key=weak)).refused(
        "insufficient_permissions", permission="canViewStatuses"
    )


@pytest.mark.parametrize("path", ["/orders/status-bulk", "/line-items/status-bulk"])
async def test_bulk_reads_its_body_before_its_target(lines, path):
    team = lines.teams[False]
    field = "order_ids" if path.startswith("/orders") else "line_item_ids"
    line_item = not path.startswith("/orders")
    for status, option in ((NO_ID, None), (team.known["fine, options"], None), (team.known["fine"], NO_ID)):
        body: dict[str, Any] = {field: [], "status_id": status, "sub_status_option_id": option}
        (await team.post(path, body)).refused("invalid_request", fields=[field], line_item=line_item)
    body = {field: ["x"], "status_id": NO_ID, "sub_status_option_id": NO_ID}
    (await team.post(path, body)).refused("unknown_status", fields=["status_id"], line_item=line_item)


async def test_an_addon_is_refused_before_its_sub_status(world):
    team = await world.team()
    await team.apply(
        {
            "sub_status_groups": [{"name": "Coats", "options": ["First"]}],
            "statuses": [{"name": "addon", "addon": True, "sub_status_group": "Coats"}],
        }
    )
    order = await team.order(items=(item(),))
    body = {"status_id": (await team.ids())["addon"]}
    (await team.post(f"/line-items/{(await team.line_items(order))[0]}/status", body)).refused(
        "addon_not_supported", fields=["status_id"], line_item=True
    )
    (await team.post(f"/line-items/{NO_ID}/status", body)).refused("line_item_not_found", line_item=True)


async def test_notify_checks_its_body_before_the_order(orders):
    team = orders.teams[False]
    (await team.post(f"/orders/{NO_ID}/notify", {"channels": ["fax"]})).refused(
        "invalid_request", fields=["channels[0]"]
    )
    (await team.post(f"/orders/{NO_ID}/notify", {"channels": ["sms"]})).refused("order_not_found")
