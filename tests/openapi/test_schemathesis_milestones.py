"""Schemathesis against the served OpenAPI document of the Milestones API: valid and invalid requests of its own making,
and no server error, no answer that is not documented, none that differs from its schema.

The usual run takes few examples. `MILEPOST_TEST_SCHEMATHESIS_EXAMPLES=200` takes many.
"""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from milepost.surfaces.milestones_api.openapi import examples, samples
from tests.openapi.test_schemathesis import EXAMPLES, run
from tests.openapi_check import MILESTONES, document
from tests.surfaces.world import Team, World

Words = dict[str, list[str]]

WORKSPACE: dict[str, Any] = {
    "settings": {"workflows_enabled": True},
    "statuses": [{"name": "Sewing", "color": "#111111", "workflow": "Made to order"}],
    "workflows": [
        {
            "name": "Made to order",
            "color": "#666666",
            "default": True,
            "milestones": [
                {"name": "Order accepted", "type": "acceptance", "owner": "supplier"},
                {
                    "name": "Sample approved",
                    "type": "custom",
                    "owner": "brand",
                    "status": "Sewing",
                    "tasks": [{"title": "Send swatches", "required": True}],
                },
                {"name": "Started", "type": "production_start", "owner": "supplier"},
                {"name": "Goods shipped", "type": "shipment", "owner": "supplier"},
                {"name": "Delivered", "type": "delivery", "owner": "brand"},
            ],
        }
    ],
}
_TODAY = datetime.now(UTC).date()
DAYS = {
    day: (date.fromisoformat(day) + (_TODAY - date(2027, 2, 10))).isoformat()
    for day in re.findall(r"\d{4}-\d{2}-\d{2}", json.dumps(examples.BODIES))
}
"""What the days of the samples, of which February 10 is today, mean today."""
SPENT = (
    "undoMilestoneConfirmation",
    "completeTask",
    "reopenTask",
    "issuePurchaseOrder",
    "rejectPurchaseOrder",
)
"""Operations that get an order of their own, ready for their sample to succeed."""
CONFIRMED = {"undoMilestoneConfirmation": 1, "confirmWorkflowMilestone": 1, "confirmMilestone": 1}
CONFIRMED |= {"confirmProductionStart": 2, "confirmShipment": 3, "confirmDelivery": 4}
"""How many milestones of the operation's order are confirmed beforehand."""


async def made(team: Team, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """What a call that must succeed answers."""
    reply = await team.milestones_api(method, path, body=body)
    assert reply.status < 300, reply
    (found,) = reply.json.values()
    return dict(found)


async def new_order(team: Team, confirmed: int = 0, **wish: Any) -> dict[str, Any]:
    """An order, so many of its milestones confirmed."""
    content = {
        "supplier": {"id": "sup-118"},
        "ships_on": DAYS["2027-04-09"],
        "delivered_on": DAYS["2027-05-14"],
        "order_items": [{"part_id": "APR-LIN-3", "quantity": 1200}],
        **wish,
    }
    order = await made(team, "POST", "/purchase_orders", {"purchase_order": content})
    path = f"/purchase_orders/{order['id']}"
    for milestone in order["milestones"][:confirmed]:
        for task in milestone["blocking_task_ids"]:
            await made(team, "POST", f"{path}/tasks/{task}/complete")
        await made(team, "POST", f"{path}/milestones/{milestone['id']}/confirm")
    return await made(team, "GET", path)


async def words_of(team: Team, order: dict[str, Any]) -> dict[str, str]:
    """What the parameters of paths may mean of an order."""
    path = f"/purchase_orders/{order['id']}"
    tasks = (await team.milestones_api("GET", f"{path}/tasks")).json["tasks"]
    milestones = order["milestones"] or [{"id": samples.APPROVAL, "workflow_milestone_id": samples.APPROVAL}]
    current = next((each for each in milestones if each.get("current")), milestones[0])
    return {
        "team_id": team.id,
        "order_id": order["id"],
        "milestone_id": current["id"],
        "workflow_milestone_id": current["workflow_milestone_id"],
        "task_id": tasks[0]["id"] if tasks else samples.TASK,
    }


async def own_words(team: Team) -> dict[str, dict[str, str]]:
    """By operation, an order that only this operation is tried on with its sample."""
    found = {}
    for name in {*CONFIRMED, *SPENT, "rejectMilestone", "rejectWorkflowMilestone", "editTimeline"}:
        order = await new_order(team, CONFIRMED.get(name, 0), draft=name == "issuePurchaseOrder")
        found[name] = await words_of(team, order)
        if name == "undoMilestoneConfirmation":
            found[name]["milestone_id"] = order["milestones"][0]["id"]
        if name.startswith("confirm") and name.endswith("Milestone"):
            await made(
                team, "POST", f"/purchase_orders/{order['id']}/tasks/{found[name]['task_id']}/complete"
            )
    return found


BINDINGS = {
    "path.team_id": "teams",
    "path.order_id": "orders",
    "path.milestone_id": "milestones",
    "path.workflow_milestone_id": "templates",
    "path.task_id": "tasks",
}


async def dictionaries(team: Team) -> Words:
    """Ids that mean something, for schemathesis to send among its own."""
    orders = [await new_order(team, confirmed) for confirmed in (0, 1, 2, 4)]
    orders.append(await new_order(team, draft=True))
    words = [await words_of(team, order) for order in orders]
    milestones = [milestone for order in orders for milestone in order["milestones"]]
    return {
        "teams": [team.id],
        "orders": [order["id"] for order in orders],
        "milestones": [milestone["id"] for milestone in milestones],
        "templates": sorted({milestone["workflow_milestone_id"] for milestone in milestones}),
        "tasks": [each["task_id"] for each in words],
    }


def settings(key: str, words: Words) -> str:
    """The settings file. TOML takes what JSON writes for strings and lists."""
    lines = [
        f"hooks = {json.dumps(str(Path(__file__).with_name('schemathesis_milestones_hooks.py')))}",
        "seed = 20260504",
        "continue-on-failure = true",
        "request-timeout = 20.0",
        "[generation]",
        f"max-examples = {EXAMPLES}",
        'database = "none"',
        "allow-x00 = false",  # no string may hold U+0000; no schema says so of every string
        *(() if EXAMPLES > 8 else _passed_over()),
        "[auth.openapi.apiKey]",
        f"api_key = {json.dumps(key)}",
        "[checks.positive_data_acceptance]",
        'expected-statuses = ["2xx", "404", "422"]',
        "[parameters]",
        *(
            f"{json.dumps(name)} = {{ dictionary = {json.dumps(words_name)}, probability = 0.9 }}"
            for name, words_name in BINDINGS.items()
        ),
        *(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in words.items()),
    ]
    return "\n".join(lines) + "\n"


LARGE = ("createPurchaseOrder", "updatePurchaseOrder")
"""Operations with so much to send that only the long run tries every value of every member."""


def _passed_over() -> list[str]:
    return [
        line
        for name in LARGE
        for line in (
            "[[operations]]",
            f"include-operation-id = {json.dumps(name)}",
            "phases.coverage.enabled = false",
        )
    ]


@pytest.mark.slow
async def test_schemathesis_finds_nothing(world: World, team: Team, tmp_path: Path) -> None:
    await team.apply(WORKSPACE)
    words = await dictionaries(team)
    ids = await words_of(team, await new_order(team))
    meant = {
        "ids": {examples.PATHS[name]: value for name, value in ids.items()},
        "paths": await own_words(team),
        "days": DAYS,
        "today": _TODAY.isoformat(),
    }
    (tmp_path / "schemathesis.toml").write_text(settings(team.key, words))
    code, told = await run(f"{world.base}/openapi/{MILESTONES}.json", tmp_path, meant)
    assert code == 0, told
    print(told)
    seen = set((tmp_path / "seen").read_text().splitlines())
    for methods in document(MILESTONES)["paths"].values():
        for method, operation in methods.items():
            if method != "parameters":
                for status in operation["responses"]:
                    if status in ("200", "201", "410"):
                        assert f"{operation['operationId']} {status}" in seen
