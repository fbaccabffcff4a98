"""The matrix of section 21, row by row: what each version shows and honours."""

from collections.abc import Awaitable, Callable

import pytest

from tests.surfaces.world import NO_ID, OVERRIDE, Team, World, item

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
Holds = Callable[[Team, str], Awaitable[set[bool]]]


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(
        {
            "statuses": [{"name": "A", "workflow": "W"}, {"name": "B"}, {"name": "Gift", "addon": True}],
            "workflows": [{"name": "W"}],
        }
    )
    regular = await team.order(items=(item(),), shopify_kind="Order", shopify_id=1)
    draft = await team.order(is_draft=True, shopify_kind="DraftOrder", shopify_id=2)
    await team.moved(regular, team.known["A"])
    team.by = {"regular": regular, "draft": draft, "line": (await team.line_items(regular))[0]}
    return team


async def body_of(team: Team, version: str, path: str, **query) -> dict:
    answer: dict = (await team.get(path, version, **query)).ok()
    return answer


async def bulk_status(team: Team, version: str) -> dict:
    body = {"order_ids": [team.by["regular"], NO_ID], "status_id": team.known["A"]}
    answer: dict = (await team.post("/orders/status-bulk", body, version)).ok()
    return answer


async def bulk_notify(team: Team, version: str) -> dict:
    body = {"order_ids": [team.by["regular"], NO_ID], "channels": ["sms"]}
    answer: dict = (await team.post("/orders/notify-bulk", body, version)).ok()
    return answer


async def listed(team: Team, version: str, **query) -> set[str]:
    return {order["id"] for order in (await body_of(team, version, "/orders", **query))["orders"]}


# One function a row: the set of what was found, {True} where present and {False} where absent ---------------


async def endpoints_1_to_8(team: Team, version: str) -> set[bool]:
    calls = [
        await team.get("/orders", version),
        await team.get(f"/orders/{team.by['regular']}", version),
        await team.move(team.by["regular"], team.known["A"], version=version),
        await team.post("/orders/status-bulk", {"order_ids": ["x"], "status_id": team.known["A"]}, version),
        await team.post(f"/orders/{team.by['regular']}/notify", {"channels": ["sms"]}, version),
        await team.post("/orders/notify-bulk", {"order_ids": ["x"], "channels": ["sms"]}, version),
        await team.get("/statuses", version),
        await team.get(f"/statuses/{team.known['A']}", version),
    ]
    return {reply.status == 200 for reply in calls}


async def is_independent(team: Team, version: str) -> set[bool]:
    return {"is_independent" in one for one in (await body_of(team, version, "/statuses"))["statuses"]}


async def bulk_basics(team: Team, version: str) -> set[bool]:
    status, told = await bulk_status(team, version), await bulk_notify(team, version)
    return {
        *(name in status for name in ("message", "results", "updated_count", "notifications")),
        *(name in told for name in ("message", "results", "total_orders")),
    }


async def addon_statuses(team: Team, version: str) -> set[bool]:
    return {"addon_statuses" in one for one in (await body_of(team, version, "/orders"))["orders"]}


async def is_addon(team: Team, version: str) -> set[bool]:
    return {"is_addon" in one for one in (await body_of(team, version, "/statuses"))["statuses"]}


async def order_type(team: Team, version: str) -> set[bool]:
    return {await listed(team, version, order_type="DRAFT") == {team.by["draft"]}}


async def digits_find_drafts(team: Team, version: str) -> set[bool]:
    single = await team.get("/orders/2", version, use_shopify_order_id="true")
    found = await listed(team, version, order_ids="2", use_shopify_order_id="true")
    return {single.status == 200, bool(found)}


async def skip_holidays(team: Team, version: str) -> set[bool]:
    statuses = (await body_of(team, version, "/statuses"))["statuses"]
    return {"skip_holidays" in one["max_duration"] for one in statuses}


async def all_without_order_type(team: Team, version: str) -> set[bool]:
    found = await listed(team, version)
    assert found in ({team.by["regular"]}, {team.by["regular"], team.by["draft"]})
    return {found == {team.by["regular"], team.by["draft"]}}


async def bulk_failures(team: Team, version: str) -> set[bool]:
    status, told = await bulk_status(team, version), await bulk_notify(team, version)
    common = ("failed", "success", "failed_entries")
    found = {
        *(name in status for name in (*common, "updated")),
        *(name in told for name in (*common, "sent")),
    }
    for answer in (status, told):
        found |= {len(answer["results"]) == 2, "success" in answer["results"][0]}
    return found


async def workflows(team: Team, version: str) -> set[bool]:
    order = await body_of(team, version, f"/orders/{team.by['regular']}")
    statuses = await body_of(team, version, "/statuses")
    return {
        (await team.get("/workflows", version)).status == 200,
        await listed(team, version, workflow_id=team.known["workflow:W"], order_type="REGULAR")
        == {team.by["regular"]}
        and await listed(team, version, workflow_id=NO_ID) == set(),
        *(name in order["order"] for name in ("workflow_id", "workflow_name")),
        *(name in one for one in statuses["statuses"] for name in ("workflow_id", "workflow_name")),
        "workflows_enabled" in statuses["summary"],
    }


async def line_items_settings_include(team: Team, version: str) -> set[bool]:
    include = {"include": "line_item_statuses,deadline,metafield"}
    single = (await body_of(team, version, f"/orders/{team.by['regular']}", **include))["order"]
    many = (await body_of(team, version, "/orders", **include, order_ids=team.by["regular"]))["orders"][0]
    lines = {"line_item_ids": [team.by["line"]], "status_id": team.known["A"]}
    return {
        (await team.get("/settings", version)).status == 200,
        (await team.post(f"/line-items/{team.by['line']}/status", lines, version)).status == 200,
        (await team.post("/line-items/status-bulk", lines, version)).status == 200,
        (await team.post("/line-items/clear-status", lines, version)).status == 200,
        *(name in order for order in (single, many) for name in ("deadline", "metafield")),
        *("status" in order["line_items"][0] for order in (single, many)),
    }


async def default(team: Team, version: str) -> set[bool]:
    return {(await team.get("/statuses")).headers["X-API-Version"] == version}


MATRIX: dict[Holds, str] = {
    endpoints_1_to_8: "YYYYYY",
    is_independent: "YYYYYY",
    bulk_basics: "YYYYYY",
    addon_statuses: "nYYYYY",
    is_addon: "nYYYYY",
    order_type: "nnYYYY",
    digits_find_drafts: "nnYYYY",
    skip_holidays: "nnYYYY",
    all_without_order_type: "nnYYYY",
    bulk_failures: "nnYYYY",
    workflows: "nnnYYY",
    line_items_settings_include: "nnnnYY",
    default: "nnnnYn",
}


@pytest.mark.parametrize(
    ("holds", "version", "expected"),
    [
        pytest.param(holds, version, mark == "Y", id=f"{holds.__name__} {version}")
        for holds, row in MATRIX.items()
        for version, mark in zip(VERSIONS, row, strict=True)
    ],
)
async def test_version_matrix(shop, holds, version, expected):
    assert await holds(shop, version) == {expected}


async def test_rules_and_errors_are_the_same_in_every_version(world):
    """Error shapes, permissions and the rules of section 22 do not depend on the version."""
    team = await world.team(enforce_product_chain=True)
    await team.apply({"statuses": [{"name": "A"}, {"name": "B"}]})
    ids, order = await team.ids(), await team.order()
    strong = await team.new_key("canChangeOrderStatus", OVERRIDE)
    weak = await team.new_key("canViewOrders")
    for version in VERSIONS:
        (await team.move(order, ids["B"], version=version)).refused(
            "status_chain", current_status_id=None, allowed_status_ids=[ids["A"]]
        )
        (await team.move(order, NO_ID, version=version)).refused("unknown_status", fields=["status_id"])
        (await team.move(order, ids["A"], version=version, key=weak)).refused(
            "insufficient_permissions", permission="canChangeOrderStatus"
        )
        (await team.get("/orders/x", version)).refused("order_not_found")
        assert (await team.move(await team.order(), ids["B"], version=version, key=strong)).status == 200
