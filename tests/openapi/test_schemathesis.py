"""Schemathesis against the served OpenAPI document of every version: valid and invalid requests of its own
making, and no server error, no answer that is not documented, none that differs from its schema.

The usual run takes few examples. `MILEPOST_TEST_SCHEMATHESIS_EXAMPLES=200` takes many.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from milepost.model.order import Customer
from milepost.surfaces.status_api.openapi import examples
from tests.openapi_check import VERSIONS, document
from tests.surfaces.world import Team, World, item

EXAMPLES = int(os.environ.get("MILEPOST_TEST_SCHEMATHESIS_EXAMPLES", "8"))
SECONDS = 180 if EXAMPLES <= 8 else 3600
"""When a run is given up: the usual one takes a tenth of that on an idle machine."""

WORKSPACE: dict[str, Any] = {
    "settings": {"workflows_enabled": True, "enforce_product_chain": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "Cut", "color": "#111111", "workflow": "Make"},
        {"name": "Paint", "color": "#222222", "independent": True, "sub_status_group": "Coats"},
        {"name": "Pack", "color": "#333333", "workflow": "Send", "max_duration": {"seconds": 3600}},
        {"name": "Wait", "color": "#444444", "independent": True, "notifications": {"email": True}},
        {"name": "Gift", "color": "#555555", "addon": True},
    ],
    "workflows": [{"name": "Make", "color": "#666666"}, {"name": "Send", "color": "#777777"}],
}


async def dictionaries(team: Team) -> dict[str, list[str | int]]:
    """Ids that mean something, for schemathesis to send among its own."""
    await team.apply(WORKSPACE)
    ids = await team.ids()
    ann = Customer(first_name="Ann", email="ann@customer.example")
    orders = [
        await team.order(customer=ann, items=(item(price="2.50", quantity="1.5"), item("Other"))),
        await team.order(items=(item(),), is_draft=True, shopify_kind="DraftOrder", shopify_id=881204),
        await team.order(note="Bare", shopify_kind="Order", shopify_id=7730412),
    ]
    await team.move(orders[0], ids["Wait"])
    lines = await team.line_items(orders[0])
    return {
        "orders": [*orders, *orders, orders[0].upper(), "x", "7730412", "881204"],
        "statuses": [ids[name] for name in ("Cut", "Paint", "Paint", "Pack", "Wait", "Wait", "Gift")],
        "options": [ids["Coats/First"], ids["Coats/Second"]],
        "line_items": [*lines, *await team.line_items(orders[1])],
        "workflows": [ids["workflow:Make"], ids["workflow:Send"]],
    }


BINDINGS = {
    "path.order_id": "orders",
    "path.status_id": "statuses",
    "path.lineItemId": "line_items",
    "query.status": "statuses",
    "query.workflow_id": "workflows",
    "body.order_ids[*]": "orders",
    "body.status_id": "statuses",
    "body.sub_status_option_id": "options",
    "body.line_item_ids[*]": "line_items",
}


def settings(key: str, words: dict[str, list[str | int]]) -> str:
    """The settings file. TOML takes what JSON writes for strings and lists."""
    lines = [
        f"hooks = {json.dumps(str(Path(__file__).with_name('schemathesis_hooks.py')))}",
        "seed = 20260504",
        "continue-on-failure = true",
        "request-timeout = 20.0",
        "[generation]",
        f"max-examples = {EXAMPLES}",
        'database = "none"',
        "[auth.openapi.apiKey]",
        f"api_key = {json.dumps(key)}",
        # A well-formed request may be refused with 400 for what it means (an unknown status, a missing
        # sub-status: contract, section 6). The check of ours in the hooks looks at the code instead.
        "[checks.positive_data_acceptance]",
        'expected-statuses = ["2xx", "400", "404", "409"]',
        "[parameters]",
        *(
            f"{json.dumps(name)} = {{ dictionary = {json.dumps(words_name)}, probability = 0.9 }}"
            for name, words_name in BINDINGS.items()
        ),
        *(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in words.items()),
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
async def test_schemathesis_finds_nothing(world: World, team: Team, tmp_path: Path, version: str):
    words = await dictionaries(team)
    key = await team.new_key(pin_version=version)
    (tmp_path / "schemathesis.toml").write_text(settings(key, words))
    meant = {
        examples.ORDER: words["orders"][0],
        examples.FRAME: words["line_items"][0],
        examples.PAINTED: words["statuses"][1],
        examples.PRIMER: words["options"][0],
    }
    code, told = await run(f"{world.base}/openapi/status-{version}.json", tmp_path, meant)
    assert code == 0, told
    print(told)

    operations = {
        operation["operationId"]: method
        for methods in document(version)["paths"].values()
        for method, operation in methods.items()
        if method != "parameters"
    }
    seen = set((tmp_path / "seen").read_text().splitlines())
    assert {f"{name} 200" for name in operations} <= seen
    assert {f"{name} 400" for name in operations} <= seen


async def run(url: str, folder: Path, meant: dict[str, Any]) -> tuple[int | None, str]:
    """Schemathesis on a document: its exit code and what it told."""
    hooked = {
        "MILEPOST_TEST_SCHEMATHESIS_SEEN": str(folder / "seen"),
        "MILEPOST_TEST_SCHEMATHESIS_MEANT": json.dumps(meant),
    }
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("st"),
        "run",
        "--no-color",
        url,
        cwd=folder,
        env={**os.environ, **hooked},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, told.decode()
