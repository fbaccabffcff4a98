"""Which moves are legal: specificity, chains, workflows (contract, rules 22.3 to 22.7; S-49 to S-54)."""

import itertools
import random
from typing import Any

import pytest

from tests.surfaces.world import ALL_BUT_OVERRIDE, NO_ID, OVERRIDE, Reply, Team, World, item

CHAIN: dict[str, Any] = {
    "settings": {"enforce_product_chain": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "A"},
        {"name": "B"},
        {"name": "Wait", "independent": True},
        {"name": "C", "sub_status_group": "Coats"},
        {"name": "Gift", "addon": True},
    ],
}
FLOWS: dict[str, Any] = {
    "settings": {"workflows_enabled": True, "enforce_workflow_order": True},
    "workflows": [
        {"name": "W2", "order": 20},
        {"name": "W1", "order": 15},
        {"name": "Empty", "order": 1},
        {"name": "Only addons", "order": 17},
        {"name": "W3", "order": 30},
    ],
    "statuses": [
        {"name": "1a", "workflow": "W1"},
        {"name": "1b", "workflow": "W1"},
        {"name": "2a", "workflow": "W2"},
        {"name": "2b", "workflow": "W2", "independent": True},
        {"name": "3a", "workflow": "W3"},
        {"name": "free", "color": "#0F0F0F"},
        {"name": "gift", "addon": True, "workflow": "W3"},
        {"name": "plate", "addon": True, "workflow": "Only addons"},
    ],
}


async def made(world: World, wish: dict[str, Any]) -> Team:
    team = await world.team()
    await team.apply(wish)
    return team


@pytest.fixture(scope="module")
async def chained(world: World) -> Team:
    return await made(world, CHAIN)


@pytest.fixture(scope="module")
async def flowing(world: World) -> Team:
    return await made(world, FLOWS)


class Thing:
    """An order or a line item on its walk through statuses."""

    def __init__(self, team: Team, path: str, *, line_item: bool) -> None:
        self.team = team
        self.path = path
        self.line_item = line_item

    async def to(self, status: str, option: str | None = None, key: str | None = None) -> Reply:
        body = {"status_id": self.team.known[status]}
        if option is not None:
            body["sub_status_option_id"] = self.team.known[option]
        return await self.team.post(f"/{self.path}/status", body, key=key)

    async def goes(self, *statuses: str) -> None:
        """Enters one status after another; in CHAIN, C has options."""
        coats = {"C": "Coats/First"} if "Coats/First" in self.team.known else {}
        for status in statuses:
            assert (await self.to(status, coats.get(status))).status == 200, status

    async def chain_refuses(
        self, status: str, current: str | None, allowed: list[str], option: str | None = None
    ):
        async with self.team.unchanged():
            (await self.to(status, option)).refused(
                "status_chain",
                line_item=self.line_item,
                current_status_id=self.team.known[current] if current else None,
                allowed_status_ids=[self.team.known[name] for name in allowed],
            )

    async def flow_refuses(
        self, status: str, current: str | None, allowed: list[str], key: str | None = None
    ):
        async with self.team.unchanged():
            (await self.to(status, key=key)).refused(
                "workflow_order",
                line_item=self.line_item,
                current_workflow_id=self.team.known[f"workflow:{current}"] if current else None,
                allowed_workflow_ids=[self.team.known[f"workflow:{name}"] for name in allowed],
            )


async def order_of(team: Team, **content: Any) -> Thing:
    return Thing(team, f"orders/{await team.order(**content)}", line_item=False)


async def line_of(team: Team, **content: Any) -> Thing:
    order = await team.order(items=(item("t", **content),))
    return Thing(team, f"line-items/{(await team.line_items(order))[0]}", line_item=True)


both_kinds = pytest.mark.parametrize("new", [order_of, line_of], ids=["order", "line item"])


# Specificity ----------------------------------------------------------------------------------------------

ORDER_POSTS = ("/orders/x/status", "/orders/status-bulk", "/orders/x/notify", "/orders/notify-bulk")
LINE_POSTS = ("/line-items/x/status", "/line-items/status-bulk", "/line-items/clear-status")


@pytest.mark.parametrize(
    ("mode", "closed"), [("order", LINE_POSTS), ("line_item", ORDER_POSTS), ("combined", ())]
)
async def test_s49_specificity(world, mode, closed):
    """S-49: mode `order` closes the line item endpoints, `line_item` the four order POSTs; `combined` none;
    the order GETs work in every mode."""
    team = await made(world, {"settings": {"status_specificity": mode}, "statuses": [{"name": "A"}]})
    order = await team.order(items=(item(),))
    line = (await team.line_items(order))[0]
    good = {"status_id": team.known["A"], "order_ids": [order], "line_item_ids": [line], "channels": ["sms"]}
    async with team.unchanged():
        for path, body in itertools.product(closed, (good, {}, b"{")):
            line_item = path in LINE_POSTS
            real = path.replace("/x/", f"/{line if line_item else order}/")
            (await team.post(real, body)).refused("status_specificity", mode=mode, line_item=line_item)
            (await team.post(path, body)).refused("status_specificity", mode=mode, line_item=line_item)
    for path in ("/orders", f"/orders/{order}"):
        assert (await team.get(path)).status == 200


@pytest.mark.parametrize("mode", ["order", "line_item", "combined"])
async def test_s49_what_a_mode_leaves_open_works(world, mode):
    """S-49: in each mode the open endpoints do their work."""
    team = await made(world, {"settings": {"status_specificity": mode}, "statuses": [{"name": "A"}]})
    order = await team.order(items=(item(),))
    line, a = (await team.line_items(order))[0], team.known["A"]
    bodies = {
        f"/orders/{order}/status": {"status_id": a},
        "/orders/status-bulk": {"order_ids": [order], "status_id": a},
        f"/orders/{order}/notify": {"channels": ["sms"]},
        "/orders/notify-bulk": {"order_ids": [order], "channels": ["sms"]},
        f"/line-items/{line}/status": {"status_id": a},
        "/line-items/status-bulk": {"line_item_ids": [line], "status_id": a},
        "/line-items/clear-status": {"line_item_ids": [line]},
    }
    for path, body in bodies.items():
        is_line = path.startswith("/line-items")
        is_open = mode == "combined" or is_line == (mode == "line_item")
        assert (await team.post(path, body)).status == (200 if is_open else 409), path


async def test_the_override_does_not_open_a_mode(world):
    team = await made(world, {"settings": {"status_specificity": "order"}})
    key = await team.new_key(*ALL_BUT_OVERRIDE, OVERRIDE)
    (await team.post("/line-items/clear-status", {}, key=key)).refused(
        "status_specificity", mode="order", line_item=True
    )


# The chain ------------------------------------------------------------------------------------------------


@both_kinds
async def test_s50_one_step_at_a_time(chained, new):
    """S-50: without status only A; from A to B, not to C; from B not back to A."""
    thing = await new(chained)
    await thing.chain_refuses("B", None, ["A", "Wait"])
    await thing.chain_refuses("C", None, ["A", "Wait"], "Coats/First")
    await thing.goes("A")
    await thing.chain_refuses("C", "A", ["A", "B", "Wait"], "Coats/First")
    await thing.goes("B")
    await thing.chain_refuses("A", "B", ["B", "Wait", "C"])
    await thing.goes("C")
    await thing.chain_refuses("A", "C", ["Wait", "C"])
    await thing.chain_refuses("B", "C", ["Wait", "C"])


@both_kinds
async def test_s51_independent_statuses(chained, new):
    """S-51: reachable from anywhere; from there the last chain status and its successor are legal."""
    thing = await new(chained)
    await thing.goes("Wait")
    await thing.chain_refuses("B", "Wait", ["A", "Wait"])
    await thing.goes("A", "Wait")
    await thing.chain_refuses("C", "Wait", ["A", "B", "Wait"], "Coats/First")
    await thing.goes("A", "Wait", "B", "Wait")
    await thing.chain_refuses("A", "Wait", ["B", "Wait", "C"])
    await thing.goes("B", "Wait", "C", "Wait", "C")


@both_kinds
async def test_the_held_status_is_always_legal(chained, new):
    """22.3: a no-op and another sub-status are never judged."""
    thing = await new(chained)
    await thing.goes("A", "B", "C", "C")
    assert (await thing.to("C", "Coats/Second")).status == 200
    assert (await thing.to("C", "Coats/Second")).status == 200


async def test_addons_are_always_legal_and_no_anchor(chained):
    thing = await order_of(chained)
    await thing.goes("Gift")
    await thing.chain_refuses("B", None, ["A", "Wait"])
    await thing.goes("A", "Gift", "B")


@both_kinds
async def test_s52_the_override(chained, world, new):
    """S-52: with the permission every chain move is 200; workflow order and specificity still refuse."""
    key = await chained.new_key(*ALL_BUT_OVERRIDE, OVERRIDE)
    thing = await new(chained)
    for status in ("B", "A", "C", "A", "Wait", "C", "B"):
        option = "Coats/First" if status == "C" else None
        assert (await thing.to(status, option, key=key)).status == 200
    await thing.chain_refuses("A", "B", ["B", "Wait", "C"])
    flows = await made(world, {**FLOWS, "settings": {**FLOWS["settings"], "enforce_product_chain": True}})
    strong = await flows.new_key(*ALL_BUT_OVERRIDE, OVERRIDE)
    thing = await new(flows)
    await thing.flow_refuses("2a", None, ["W1"], key=strong)
    assert (await thing.to("1b", key=strong)).status == 200
    mode = "order" if thing.line_item else "line_item"
    await flows.apply({"settings": {"status_specificity": mode}})
    (await thing.to("1a", key=strong)).refused("status_specificity", mode=mode, line_item=thing.line_item)


async def test_s53_bulk_judges_each_order(chained):
    """S-53: in bulk the orders that may move do, the others are failed entries with text and code."""
    at_a, at_none, at_b = [await chained.order() for _ in range(3)]
    await chained.moved(at_a, chained.known["A"])
    for name in ("A", "B"):
        await chained.moved(at_b, chained.known[name])
    before = await chained.row(at_none), await chained.row(at_b)
    body = {"order_ids": [at_none, at_a, NO_ID, at_b], "status_id": chained.known["B"]}
    text = "Status change not allowed by the status chain"
    answer = (await chained.post("/orders/status-bulk", body)).ok()
    assert (answer["updated"], answer["failed"], answer["updated_count"], answer["success"]) == (
        2,
        2,
        2,
        False,
    )
    good = {"success": True, "status_id": chained.known["B"], "status_name": "B"}
    assert answer["results"] == [
        {"order_id": at_none, "success": False, "error": text},
        {"order_id": at_a, **good},
        {"order_id": NO_ID, "success": False, "error": "Order not found"},
        {"order_id": at_b, **good},
    ]
    assert answer["failed_entries"] == [
        {"order_id": at_none, "error": text, "code": "status_chain"},
        {"order_id": NO_ID, "error": "Order not found", "code": "order_not_found"},
    ]
    assert (await chained.row(at_none), await chained.row(at_b)) == before
    assert (await chained.read(at_a))["custom_status"]["name"] == "B"
    old = (await chained.post("/orders/status-bulk", body, "1.1")).ok()
    assert (old["updated_count"], [entry["order_id"] for entry in old["results"]]) == (2, [at_a, at_b])


async def test_line_items_in_bulk_are_judged_one_by_one(chained):
    order = await chained.order(items=tuple(item() for _ in range(3)))
    at_a, at_none, at_b = await chained.line_items(order)
    ids = chained.known
    await chained.post("/line-items/status-bulk", {"line_item_ids": [at_a, at_b], "status_id": ids["A"]})
    await chained.post(f"/line-items/{at_b}/status", {"status_id": ids["B"]})
    body = {"line_item_ids": [at_none, at_a, at_b], "status_id": ids["B"]}
    data = (await chained.post("/line-items/status-bulk", body)).ok()["data"]
    assert (data["updated"], data["failed"]) == (2, 1)
    assert data["results"][0] == {
        "line_item_id": at_none,
        "success": False,
        "error": "Status change not allowed by the status chain",
    }
    assert [entry["line_item_id"] for entry in data["results"][1:]] == [at_a, at_b]


async def test_a_chain_by_order_then_id(world):
    wish = {"enforce_product_chain": True}
    names = ("x", "y", "z")
    statuses = [{"name": name, "order": 5} for name in names] + [{"name": "first", "order": 1}]
    team = await made(world, {"settings": wish, "statuses": statuses})
    in_turn = ["first", *sorted(names, key=lambda name: team.known[name])]
    thing = await order_of(team)
    await thing.goes(*in_turn)
    other = await order_of(team)
    await other.goes("first")
    await other.chain_refuses(in_turn[2], "first", in_turn[:2])


@both_kinds
async def test_nothing_is_enforced_unless_switched_on(world, new):
    team = await made(world, {**CHAIN, "settings": {}})
    thing = await new(team)
    await thing.goes("C", "A", "B", "A")


@pytest.mark.parametrize("enabled", [False, True])
async def test_chains_of_workflows(world, enabled):
    """L is the workflow's chain statuses with `workflows_enabled`, else all of them; another workflow is
    entered at its first; those without workflow form one list."""
    team = await made(
        world,
        {
            "settings": {"enforce_product_chain": True, "workflows_enabled": enabled},
            "workflows": [{"name": "W1"}, {"name": "W2"}],
            "statuses": [
                {"name": "1a", "workflow": "W1"},
                {"name": "2a", "workflow": "W2"},
                {"name": "f1"},
                {"name": "1b", "workflow": "W1"},
                {"name": "2b", "workflow": "W2"},
                {"name": "f2"},
            ],
        },
    )
    thing = await order_of(team)
    if not enabled:
        await thing.chain_refuses("2a", None, ["1a"])
        await thing.goes("1a", "2a")
        await thing.chain_refuses("1b", "2a", ["2a", "f1"])
        await thing.goes("f1", "1b", "2b", "f2")
        return
    await thing.chain_refuses("2b", None, ["1a", "2a", "f1"])
    await thing.goes("1a")
    await thing.chain_refuses("2b", "1a", ["1a", "2a", "f1", "1b"])
    await thing.goes("2a")
    await thing.chain_refuses("1b", "2a", ["1a", "2a", "f1", "2b"])
    await thing.goes("f1")
    await thing.chain_refuses("2b", "f1", ["1a", "2a", "f1", "f2"])
    await thing.goes("f2", "1a", "1b")


PRODUCTS: dict[str, Any] = {
    "settings": {"enforce_product_chain": True},
    "statuses": [{"name": name} for name in "ABCDE"] + [{"name": "Wait", "independent": True}],
    "product_chains": [
        {"product": "KAYAK", "statuses": ["C", "A", "E"]},
        {"product": "PADDLE", "statuses": ["B", "D"]},
        {"product": "gid-7", "statuses": ["C", "A", "E"]},
    ],
}


@pytest.fixture(scope="module")
async def products(world: World) -> Team:
    return await made(world, PRODUCTS)


@pytest.mark.parametrize(
    "content", [{"sku": "KAYAK"}, {"product_id": "gid-7"}, {"sku": "x", "product_id": "gid-7"}]
)
async def test_a_line_item_uses_its_products_chain(products, content):
    thing = await line_of(products, **content)
    await thing.chain_refuses("A", None, ["C", "Wait"])
    await thing.goes("C")
    await thing.chain_refuses("B", "C", ["A", "C", "Wait"])  # outside the chain
    await thing.goes("A", "Wait")
    await thing.chain_refuses("C", "Wait", ["A", "E", "Wait"])
    await thing.goes("E")


async def test_products_without_a_chain_use_the_teams(products):
    for content in ({}, {"sku": "other"}):
        thing = await line_of(products, **content)
        await thing.chain_refuses("C", None, ["A", "Wait"])
        await thing.goes("A", "B")


@pytest.mark.parametrize(
    ("items", "chain"),
    [
        ([{"sku": "KAYAK"}], "CAE"),
        ([{"sku": "KAYAK"}, {"sku": "KAYAK"}], "CAE"),
        ([{"sku": "KAYAK"}, {"product_id": "gid-7"}], "CAE"),
        ([{"sku": "PADDLE"}], "BD"),
        ([{"sku": "KAYAK"}, {"sku": "PADDLE"}], "ABCDE"),
        ([{"sku": "KAYAK"}, {"sku": "other"}], "ABCDE"),
        ([{"sku": "KAYAK"}, {}], "ABCDE"),
        ([], "ABCDE"),
    ],
)
async def test_an_order_uses_a_product_chain_that_all_its_items_share(products, items, chain):
    thing = await order_of(products, items=tuple(item(**content) for content in items))
    await thing.goes(chain[0])
    allowed = sorted(chain[:2])
    for status in sorted(set("ABCDE") - set(chain[:2])):
        await thing.chain_refuses(status, chain[0], [*allowed, "Wait"])
    await thing.goes(*chain[1:])


async def test_line_items_of_one_order_have_each_their_own_chain_and_history(products):
    order = await products.order(items=(item(sku="KAYAK"), item(sku="PADDLE"), item()))
    kayak, paddle, plain = (
        Thing(products, f"line-items/{line}", line_item=True) for line in await products.line_items(order)
    )
    await kayak.goes("C")
    await paddle.goes("B")
    await plain.goes("A", "B", "C")
    await kayak.chain_refuses("D", "C", ["A", "C", "Wait"])
    await paddle.chain_refuses("A", "B", ["B", "D", "Wait"])
    whole = Thing(products, f"orders/{order}", line_item=False)
    await whole.chain_refuses("B", None, ["A", "Wait"])


# The workflow order ---------------------------------------------------------------------------------------


@both_kinds
async def test_s54_the_order_of_workflows(flowing, new):
    """S-54: the first of the workflows that can be entered, then one after another; never back, never
    skipping; inside one any direction. Workflows without statuses, or with addons only, do not count."""
    thing = await new(flowing)
    for status in ("2a", "2b", "3a"):
        await thing.flow_refuses(status, None, ["W1"])
    await thing.goes("free", "1b", "1a", "free")
    await thing.flow_refuses("3a", "W1", ["W1", "W2"])
    await thing.goes("1b", "2a")
    await thing.flow_refuses("1a", "W2", ["W2", "W3"])
    await thing.goes("2b", "free")
    await thing.flow_refuses("1a", "W2", ["W2", "W3"])
    await thing.goes("2a", "3a")
    await thing.flow_refuses("2a", "W3", ["W3"])
    await thing.goes("3a", "free", "3a")


async def test_s54_the_workflow_of_an_order_follows(flowing):
    """S-54: `workflow_id` follows each change; addons change nothing and are always legal."""
    order = await flowing.order()
    for status, workflow in (
        ("gift", None),
        ("1a", "W1"),
        ("gift", "W1"),
        ("plate", "W1"),
        ("2a", "W2"),
        ("free", "W2"),
        ("3a", "W3"),
    ):
        await flowing.moved(order, flowing.known[status])
        seen = await flowing.read(order)
        assert seen["workflow_name"] == workflow
        assert seen["workflow_id"] == (flowing.known[f"workflow:{workflow}"] if workflow else None)


async def test_s54_in_bulk(flowing):
    """S-54: in bulk a refused order is a failed entry with text and code."""
    fresh, at_1 = await flowing.order(), await flowing.order()
    await flowing.moved(at_1, flowing.known["1a"])
    body = {"order_ids": [fresh, at_1], "status_id": flowing.known["2a"]}
    answer = (await flowing.post("/orders/status-bulk", body)).ok()
    text = "Status change not allowed by the workflow order"
    assert answer["failed_entries"] == [{"order_id": fresh, "error": text, "code": "workflow_order"}]
    assert (answer["updated"], answer["failed"]) == (1, 1)


@pytest.mark.parametrize(("enabled", "enforced"), [(True, False), (False, True), (False, False)])
async def test_the_workflow_rule_needs_both_settings(world, enabled, enforced):
    settings = {"workflows_enabled": enabled, "enforce_workflow_order": enforced}
    team = await made(world, {**FLOWS, "settings": settings})
    thing = await order_of(team)
    await thing.goes("3a", "1a", "2a", "1b")


async def test_a_line_item_begins_in_its_orders_workflow(flowing):
    """cur: the workflow of its latest status that had one since creation or clearing, else its order's."""
    order = await flowing.order(items=(item(), item()))
    first, second = await flowing.line_items(order)
    ids = flowing.known
    for status in ("1a", "2a"):
        await flowing.moved(order, ids[status])
    thing = Thing(flowing, f"line-items/{first}", line_item=True)
    await thing.flow_refuses("1a", "W2", ["W2", "W3"])
    await thing.goes("free", "2a")
    await flowing.moved(order, ids["3a"])
    await thing.goes("2a", "2b")
    await thing.flow_refuses("1a", "W2", ["W2", "W3"])
    other = Thing(flowing, f"line-items/{second}", line_item=True)
    await other.flow_refuses("2a", "W3", ["W3"])
    await thing.goes("3a")
    assert (await flowing.post("/line-items/clear-status", {"line_item_ids": [first]})).status == 200
    await thing.flow_refuses("2a", "W3", ["W3"])


async def test_clearing_forgets_the_workflow_of_a_line_item(flowing):
    thing = await line_of(flowing)
    await thing.goes("1a", "2a")
    line = thing.path.split("/")[1]
    assert (await flowing.post("/line-items/clear-status", {"line_item_ids": [line]})).status == 200
    await thing.flow_refuses("2a", None, ["W1"])
    await thing.goes("1a")


@both_kinds
async def test_the_workflow_rule_speaks_before_the_chain_rule(world, new):
    team = await made(world, {**FLOWS, "settings": {**FLOWS["settings"], "enforce_product_chain": True}})
    thing = await new(team)
    await thing.flow_refuses("2a", None, ["W1"])
    await thing.flow_refuses("3a", None, ["W1"])
    await thing.chain_refuses("1b", None, ["1a", "free"])
    await thing.goes("1a")
    await thing.goes("1b", "2a")
    await thing.flow_refuses("1a", "W2", ["W2", "W3"])


# Everything at once, against the rules written down a second time ------------------------------------------


class Oracle:
    """Rules 22.3 to 22.6 for one thing without product chains, told plainly: it remembers what was held."""

    def __init__(
        self, statuses: list[dict[str, Any]], workflows: list[str], settings: dict[str, bool]
    ) -> None:
        self.statuses = {status["name"]: status for status in statuses}
        self.workflows = workflows
        self.settings = settings
        self.held: list[str] = []

    def chain(self, name: str) -> bool:
        return not (self.statuses[name].get("independent") or self.statuses[name].get("addon"))

    def flow(self, name: str) -> str | None:
        return self.statuses[name].get("workflow")

    def verdict(self, name: str) -> str:
        if self.held and self.held[-1] == name:
            return "ok"
        if not self.flow_allows(name):
            return "workflow_order"
        return "ok" if self.chain_allows(name) else "status_chain"

    def flow_allows(self, name: str) -> bool:
        target = self.flow(name)
        if (
            not (self.settings["workflows_enabled"] and self.settings["enforce_workflow_order"])
            or target is None
        ):
            return True
        entered = [flow for held in self.held if (flow := self.flow(held))]
        usable = [
            flow
            for flow in self.workflows
            if any(self.flow(one) == flow and not self.statuses[one].get("addon") for one in self.statuses)
        ]
        if not entered:
            return target == usable[0]
        later = usable[usable.index(entered[-1]) + 1 :]
        return target == entered[-1] or target in later[:1]

    def chain_allows(self, name: str) -> bool:
        if not self.settings["enforce_product_chain"] or not self.chain(name):
            return True
        line = [one for one in self.statuses if self.chain(one)]
        if self.settings["workflows_enabled"]:
            line = [one for one in line if self.flow(one) == self.flow(name)]
        anchors = [held for held in self.held if self.chain(held)]
        if not anchors or anchors[-1] not in line:
            return name == line[0]
        place = line.index(anchors[-1])
        return name in line[place : place + 2]


@pytest.mark.parametrize("flags", list(itertools.product((False, True), repeat=3)))
@both_kinds
async def test_random_walks_agree_with_the_rules(world, new, flags):
    names = ("workflows_enabled", "enforce_workflow_order", "enforce_product_chain")
    settings = dict(zip(names, flags, strict=True))
    statuses: list[dict[str, Any]] = [
        {"name": "1a", "workflow": "W1"},
        {"name": "f1"},
        {"name": "2a", "workflow": "W2"},
        {"name": "1b", "workflow": "W1"},
        {"name": "i", "independent": True},
        {"name": "2i", "independent": True, "workflow": "W2"},
        {"name": "2b", "workflow": "W2"},
        {"name": "f2"},
        {"name": "3a", "workflow": "W3"},
    ]
    workflows: list[dict[str, Any]] = [
        {"name": name, "order": 20 + place} for place, name in enumerate(("W1", "W0", "W2", "W3"))
    ]
    team = await made(world, {"settings": settings, "statuses": statuses, "workflows": workflows})
    dice = random.Random(f"{flags} {new.__name__}")
    for _ in range(2):
        thing = await new(team)
        oracle = Oracle(statuses, [workflow["name"] for workflow in workflows], settings)
        for _ in range(25):
            name = dice.choice(statuses)["name"]
            reply, expected = await thing.to(name), oracle.verdict(name)
            assert (reply.status == 200) == (expected == "ok"), (name, oracle.held, reply)
            if expected == "ok":
                oracle.held.append(name)
                continue
            details = reply.json["details"]
            assert details["code"] == expected
            if expected == "status_chain":
                legal = [one["name"] for one in statuses if oracle.verdict(one["name"]) == "ok"]
                assert details["allowed_status_ids"] == [team.known[one] for one in legal]
                assert details["current_status_id"] == (team.known[oracle.held[-1]] if oracle.held else None)


async def test_a_rule_that_is_switched_on_binds_the_next_call(world):
    team = await made(world, {**CHAIN, "settings": {}})
    thing = await order_of(team)
    await thing.goes("B")
    await team.apply({"settings": {"enforce_product_chain": True}})
    await thing.chain_refuses("A", "B", ["B", "Wait", "C"])
    await team.apply({"settings": {"enforce_product_chain": False}})
    await thing.goes("A")


async def test_statuses_that_become_independent_are_no_anchor_any_more(world):
    team = await made(world, CHAIN)
    thing = await order_of(team)
    await thing.goes("A", "Wait")
    statuses = [{**one, "independent": True} if one["name"] == "A" else one for one in CHAIN["statuses"]]
    await team.apply({"statuses": statuses, "sub_status_groups": CHAIN["sub_status_groups"]})
    await thing.chain_refuses("C", "Wait", ["A", "B", "Wait"], "Coats/First")
    await thing.goes("B")
