"""Schemathesis against the served OpenAPI document of the Orders API: valid and invalid requests of its own making, and
no server error, no answer that is not documented, none that differs from its schema.

The usual run takes few examples. `MILEPOST_TEST_SCHEMATHESIS_EXAMPLES=200` takes many.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from milepost.surfaces.orders_api.openapi import examples
from tests.openapi.test_schemathesis import EXAMPLES, run
from tests.openapi_check import ORDERS, document
from tests.surfaces.world import Team, served

Words = dict[str, list[str]]

_HEADERS = document(ORDERS)["components"]["parameters"]


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
    """Ids that mean something, for schemathesis to send among its own. The first order can be changed as the samples
    of the document do."""
    hook = {"url": "http://127.0.0.1:9/x", "enabled_events": ["order.created", "order.updated"]}
    hook["error_contact_email"] = "edi@birchline.example"
    webhooks = [await made(team, "POST", "/webhooks", hook) for _ in range(3)]
    tag = await made(team, "POST", "/tags", {"name": "Summer shelf"})
    kilos = {"amount": {"unit": "KG", "value": "640.50"}}
    supplied = {"supplier": {"name": "Mill", "supplier_id": "SUP-31"}}
    common = {"ship_to": {}, "items": [kilos], "tags": ["summer-shelf"]}
    wishes: list[dict[str, Any]] = [{}, supplied, {"order_type": "SALES_ORDER"}, {}, {}]
    orders = [
        await made(team, "POST", "/orders", {"order_number": f"MP-{24017 + 10 * place}", **common, **wish})
        for place, wish in enumerate(wishes)
    ]
    releases = [await made(team, "POST", **_with_file(order)) for order in orders[:3]]
    while not (events := (await made(team, "GET", "/events"))["data"]):
        await asyncio.sleep(0.2)  # another test holds a transaction open, behind which the feed ends
    deliveries = (await made(team, "GET", f"/webhooks/{webhooks[0]['id']}/deliveries"))["data"]
    return {
        "orders": [order["id"] for order in orders],
        "items": [item["id"] for order in orders for item in order["items"]],
        "releases": [release["id"] for release in releases],
        "documents": [file["id"] for release in releases for file in release["documents"]],
        "tags": [tag["id"], tag["slug"]],
        "events": [event["id"] for event in events],
        "webhooks": [webhook["id"] for webhook in webhooks],
        "deliveries": [delivery["id"] for delivery in deliveries],
    }


def _with_file(order: dict[str, Any]) -> dict[str, Any]:
    """The call that makes a release with a document."""
    taken = {"order_item_id": order["items"][0]["id"], "amount": {"unit": "KG", "value": "1"}}
    data = json.dumps({"items": [taken]})
    parts = [
        f'Content-Disposition: form-data; name="data"\r\n\r\n{data}',
        'Content-Disposition: form-data; name="documents"; filename="a.txt"\r\n\r\nbytes',
    ]
    body = "".join(f"--b7\r\n{part}\r\n" for part in parts) + "--b7--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b7"}
    return {"path": f"/orders/{order['id']}/releases", "body": body.encode(), "headers": headers}


LARGE = (
    "listOrders",
    "listDeliveries",
    "createOrder",
    "replaceOrder",
    "updateOrder",
    "replaceOrderItem",
    "updateOrderItem",
    "createRelease",
)
"""Operations with so much to send that only the long run tries every value of every member."""

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
        *(() if EXAMPLES > 8 else _passed_over()),
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


def _meant(words: Words) -> dict[str, Any]:
    """What the hooks put in place of samples."""
    first = {
        "order_id": "orders",
        "order_item_id": "items",
        "release_id": "releases",
        "document_id": "documents",
        "event_id": "events",
        "webhook_id": "webhooks",
        "delivery_id": "deliveries",
    }
    return {
        "ids": {examples.PATHS[name]: words[kind][0] for name, kind in first.items()},
        "paths": {
            "cancelOrder": {"order_id": words["orders"][-1]},
            "deleteOrderItem": {"order_id": words["orders"][-2], "order_item_id": words["items"][-2]},
            "deleteWebhook": {"webhook_id": words["webhooks"][-1]},
        },
        "key": _HEADERS["Idempotency-Key"]["example"],
        "tag": _HEADERS["If-Match"]["example"],
    }


@pytest.mark.slow
async def test_schemathesis_finds_nothing(team: Team, tmp_path: Path) -> None:
    words = await dictionaries(team)
    (tmp_path / "schemathesis.toml").write_text(settings(team.key, words))
    code, told = await run(f"{team.world.base}/openapi/orders.json", tmp_path, _meant(words))
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
