"""Schemathesis against the served OpenAPI document of the Orders API: valid and invalid requests of its own making, and
no server error, no answer that is not documented, none that differs from its schema.

The usual run takes few examples. `MILEPOST_TEST_SCHEMATHESIS_EXAMPLES=200` takes many.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from milepost.surfaces.orders_api.openapi import examples
from tests.openapi.test_schemathesis import EXAMPLES, run
from tests.openapi_check import ORDERS, document
from tests.surfaces.world import Team, served

Words = dict[str, list[str]]


@pytest.fixture
async def team(pool: Any) -> Any:
    """A team on a server whose webhooks may send to the loopback interface, where nobody listens."""
    async with served(pool, webhook_allow_cidrs="127.0.0.0/8", webhook_allow_http=True) as world:
        yield await world.team()


async def made(team: Team, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """What a call that must succeed answers."""
    reply = await team.orders_api(method, path, body=body, **options)
    assert reply.status < 300, reply
    found: dict[str, Any] = reply.json
    return found


async def dictionaries(team: Team) -> Words:
    """Ids that mean something, for schemathesis to send among its own."""
    hook = {"url": "http://127.0.0.1:9/x", "enabled_events": ["order.created", "order.updated"]}
    webhooks = [
        await made(team, "POST", "/webhooks", {**hook, "error_contact_email": "edi@birchline.example"})
        for _ in range(2)
    ]
    tag = await made(team, "POST", "/tags", {"name": "Summer shelf"})
    kilos = {"amount": {"unit": "KG", "value": "640.50"}}
    supplied = {"name": "Mill", "supplier_id": "SUP-31"}
    orders = [
        await made(
            team,
            "POST",
            "/orders",
            {
                "order_number": f"S-{number}",
                "ship_to": {},
                "items": [kilos, kilos],
                "tags": ["summer-shelf"],
                **more,
            },
        )
        for number, more in enumerate([{}, {"supplier": supplied}, {"order_type": "SALES_ORDER"}])
    ]
    releases = []
    for order in orders:
        items = [
            {"order_item_id": item["id"], "amount": {"unit": "KG", "value": "1"}} for item in order["items"]
        ]
        releases.append(await made(team, "POST", f"/orders/{order['id']}/releases", {"items": items}))
    released = await made(team, "POST", **_with_file(orders[0]["id"], orders[0]["items"][1]["id"]))
    events = (await made(team, "GET", "/events"))["data"]
    deliveries = (await made(team, "GET", f"/webhooks/{webhooks[0]['id']}/deliveries"))["data"]
    return {
        "orders": [order["id"] for order in orders],
        "items": [item["id"] for order in orders for item in order["items"]],
        "releases": [released["id"], *(release["id"] for release in releases)],
        "documents": [document["id"] for document in released["documents"]],
        "tags": [tag["id"], tag["slug"]],
        "events": [event["id"] for event in events],
        "webhooks": [webhook["id"] for webhook in webhooks],
        "deliveries": [delivery["id"] for delivery in deliveries],
    }


def _with_file(order_id: str, item_id: str) -> dict[str, Any]:
    """The call that makes a release with a document."""
    data = json.dumps({"items": [{"order_item_id": item_id, "amount": {"unit": "KG", "value": "1"}}]})
    parts = [
        f'Content-Disposition: form-data; name="data"\r\n\r\n{data}',
        'Content-Disposition: form-data; name="documents"; filename="a.txt"\r\n\r\nbytes',
    ]
    body = "".join(f"--b7\r\n{part}\r\n" for part in parts) + "--b7--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b7"}
    return {"path": f"/orders/{order_id}/releases", "body": body.encode(), "headers": headers}


BINDINGS = {
    "path.order_id": "orders",
    "path.order_item_id": "items",
    "path.release_id": "releases",
    "path.document_id": "documents",
    "path.event_id": "events",
    "path.webhook_id": "webhooks",
    "path.delivery_id": "deliveries",
    "query.order_id": "orders",
    "query.event_id": "events",
    "query.tag": "tags",
    "body.items[*].order_item_id": "items",
    "body.tags[*]": "tags",
    "body.event_id": "events",
}


def settings(key: str, words: Words) -> str:
    """The settings file. TOML takes what JSON writes for strings and lists."""
    lines = [
        f"hooks = {json.dumps(str(Path(__file__).with_name('schemathesis_orders_hooks.py')))}",
        "seed = 20260504",
        "continue-on-failure = true",
        "request-timeout = 20.0",
        "[generation]",
        f"max-examples = {EXAMPLES}",
        'database = "none"',
        "allow-x00 = false",  # strings may not hold U+0000 (section 4); no schema says so of every string
        "[auth.openapi.apiKey]",
        f"api_key = {json.dumps(key)}",
        "[checks.positive_data_acceptance]",
        'expected-statuses = ["2xx", "304", "400", "404", "409", "412", "422"]',
        "[parameters]",
        *(
            f"{json.dumps(name)} = {{ dictionary = {json.dumps(words_name)}, probability = 0.9 }}"
            for name, words_name in BINDINGS.items()
        ),
        *(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in words.items()),
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
async def test_schemathesis_finds_nothing(team: Team, tmp_path: Path) -> None:
    words = await dictionaries(team)
    (tmp_path / "schemathesis.toml").write_text(settings(team.key, words))
    meant = {
        examples.PATHS["order_id"]: words["orders"][0],
        examples.PATHS["order_item_id"]: words["items"][0],
        examples.PATHS["release_id"]: words["releases"][0],
        examples.PATHS["document_id"]: words["documents"][0],
        examples.PATHS["event_id"]: words["events"][0],
        examples.PATHS["webhook_id"]: words["webhooks"][0],
        examples.PATHS["delivery_id"]: words["deliveries"][0],
        "summer-shelf": words["tags"][0],
    }
    code, told = await run(f"{team.world.base}/openapi/orders.json", tmp_path, meant)
    assert code == 0, told
    print(told)
    seen = set((tmp_path / "seen").read_text().splitlines())
    for methods in document(ORDERS)["paths"].values():
        for method, operation in methods.items():
            if method != "parameters":
                name = operation["operationId"]
                for status in operation["responses"]:
                    if status in ("200", "201", "202", "204", "400"):
                        assert f"{name} {status}" in seen
