"""From a call of the Orders API to a receiver, with the real application and the real workers."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from milepost.cli import background
from milepost.outbound import pace, worker
from milepost.settings import Settings
from tests.openapi_check import check_webhook_body
from tests.outbound.receivers import Receiver, in_turn, receiving, status
from tests.outbound.yard import SETTINGS, until
from tests.surfaces.world import Team, World, served

ENVELOPE = {
    "id",
    "event_name",
    "event_version",
    "occurred_at",
    "sequence",
    "source",
    "details",
    "custom_data",
}


class Works:
    """A served Milepost whose workers can be stopped and started."""

    def __init__(self, world: World, team: Team, url: str) -> None:
        self.world = world
        self.team = team
        self.url = url
        self.wake: Any = lambda: None

    async def webhook(self, url: str, *events: str, **members: Any) -> dict[str, Any]:
        body = {
            "url": url,
            "enabled_events": events or ["order.created", "order.updated"],
            "error_contact_email": "edi@birchline.example",
            **members,
        }
        return await self.call("POST", "/webhooks", body, 201)

    async def order(self, number: str, **members: Any) -> dict[str, Any]:
        return await self.call("POST", "/orders", {"order_number": number, "ship_to": {}, **members}, 201)

    async def call(self, method: str, path: str, body: Any = None, wanted: int = 200) -> dict[str, Any]:
        reply = await self.team.orders_api(method, path, body=body)
        assert reply.status == wanted, reply
        made: dict[str, Any] = reply.json
        return made

    async def listed(self, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("GET", f"/webhooks/{webhook_id}/deliveries{query}"))[
            "data"
        ]
        return found

    async def quiet(self, webhook_id: str) -> None:
        """Waits until nothing of the webhook is pending."""

        async def nothing() -> bool:
            return not await self.listed(webhook_id, "?status=PENDING")

        await until(nothing)

    @asynccontextmanager
    async def working(self, **settings: Any) -> AsyncIterator[None]:
        made = Settings(**{**SETTINGS, **settings})
        clock = self.world.clock
        async with (
            background.sender(made, clock) as sender,
            background.running(made, self.url, clock, sender) as outbound,
        ):
            self.wake = outbound.wake
            yield
        self.wake = lambda: None


@pytest.fixture
async def works(outbound_pool, outbound_url):
    made: Works | None = None
    settings = Settings(**SETTINGS)

    def wake() -> None:
        if made is not None:
            made.wake()

    def clock() -> Any:
        assert made is not None
        return made.world.clock()

    async with (
        background.sender(settings, clock) as sender,
        served(outbound_pool, outside={"probe": sender.probe, "wake": wake}, **SETTINGS) as world,
    ):
        made = Works(world, await world.team(), outbound_url)
        yield made
        for table in ("attempts", "deliveries", "webhooks", "webhook_leases", "mails"):
            await outbound_pool.execute(f"delete from {table} where team_id = $1", made.team.id)
        await outbound_pool.execute("delete from outbound_workers")


@pytest.fixture(autouse=True)
async def documented(receiver: Receiver):
    """Whatever came to the receiver is as the OpenAPI document has it."""
    yield
    for got in receiver.received:
        check_webhook_body(got.json["event_name"], got.body)


async def test_the_body(works: Works, receiver: Receiver):
    """O-49: exactly the eight keys; `details` as in GET /events/{id}; signed, and as the log shows it."""
    hook = await works.webhook(receiver.url, custom_data={"bridge": {"tenant": "north"}})
    async with works.working():
        order = await works.order("A-1", name="Deck screws", custom_data={"weight": 1.10})
        await works.call("PATCH", f"/orders/{order['id']}", {"name": "Deck screws, July"})
        await receiver.count(2)
        await works.quiet(hook["id"])
    for got, name in zip(receiver.received, ("order.created", "order.updated"), strict=True):
        got.verify(hook["secret"])
        body = got.json
        assert set(body) == ENVELOPE
        event = await works.call("GET", f"/events/{body['id']}")
        assert body["details"] == event["details"]
        assert (body["id"], body["event_name"], body["event_version"]) == (got.id, name, 1)
        for key in ("occurred_at", "sequence", "source"):
            assert body[key] == event[key]
        assert body["custom_data"] == {"bridge": {"tenant": "north"}}
        assert event["delivery_success"] is True
        (delivery,) = await works.listed(hook["id"], f"?event_id={body['id']}")
        shown = await works.call("GET", f"/webhooks/{hook['id']}/deliveries/{delivery['id']}")
        assert shown["request_body"].encode() == got.body
        assert shown["status"] == "SUCCEEDED"
        assert shown["request_headers"]["webhook-signature"] == "redacted"
    assert [got.json["sequence"] for got in receiver.received] == [1, 2]


async def test_the_object_that_was_updated(works: Works, receiver: Receiver):
    """O-50: `new_object` is the GET of `self_link` at that moment; `order.created` has none."""
    await works.webhook(receiver.url, include_updated_object=True)
    async with works.working():
        order = await works.order("A-2")
        changed = await works.call("PATCH", f"/orders/{order['id']}", {"name": "July"})
        await works.call("PATCH", f"/orders/{order['id']}", {"name": "August"})
        await receiver.count(3)
    created, july, august = [got.json["details"] for got in receiver.received]
    assert "new_object" not in created
    assert july["new_object"] == changed
    assert august["new_object"]["name"] == "August"


async def test_rotation(works: Works, receiver: Receiver):
    """O-52: both secrets verify until the overlap ends, then only the new one; a second rotation drops the oldest."""
    hook = await works.webhook(receiver.url)
    async with works.working():
        rotated = await works.call("POST", f"/webhooks/{hook['id']}/rotate-secret", {"overlap_seconds": 3600})
        await works.order("A-3")
        (first,) = await receiver.count(1)
        for secret in (rotated["secret"], hook["secret"]):
            first.verify(secret)
        assert len(first.headers["webhook-signature"].split()) == 2
        again = await works.call("POST", f"/webhooks/{hook['id']}/rotate-secret", {"overlap_seconds": 3600})
        await works.order("A-4")
        second = (await receiver.count(2))[1]
        for secret in (again["secret"], rotated["secret"]):
            second.verify(secret)
        with pytest.raises(WebhookVerificationError):
            second.verify(hook["secret"])
        works.world.clock.offset = timedelta(seconds=3601)
        await works.order("A-5")
        third = (await receiver.count(3))[2]
    assert len(third.headers["webhook-signature"].split()) == 1
    assert _signed_by(third, again["secret"])
    assert not _signed_by(third, rotated["secret"])


def _signed_by(got: Any, secret: str) -> bool:
    """Whether the one signature is the secret's; its moment lies too far ahead for `verify`."""
    stamp = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    return bool(Webhook(secret).sign(got.id, stamp, got.body.decode()) == got.headers["webhook-signature"])


async def test_authentication_comes_and_goes(works: Works, receiver: Receiver):
    """O-48: PUT without `authentication` stops the Basic header."""
    hook = await works.webhook(receiver.url, authentication={"username": "mile", "password": "quiet-otter"})
    async with works.working():
        await works.order("A-6")
        await receiver.count(1)
        body = {key: hook[key] for key in ("url", "enabled_events", "error_contact_email")}
        await works.call("PUT", f"/webhooks/{hook['id']}", body)
        await works.order("A-7")
        await receiver.count(2)
    first, second = receiver.received
    assert first.headers["Authorization"] == "Basic " + base64.b64encode(b"mile:quiet-otter").decode()
    assert "Authorization" not in second.headers


async def test_a_changed_url_counts_for_what_waits(works: Works, receiver: Receiver):
    """16.3: also for pending deliveries, whose bodies stay."""
    async with receiving() as other:
        receiver.behaviour = status(500)
        hook = await works.webhook(receiver.url)
        async with works.working(webhook_retry_schedule="0,0.5", webhook_retry_jitter=0):
            await works.order("A-8")
            await receiver.count(1)
            await works.call("PATCH", f"/webhooks/{hook['id']}", {"url": other.url})
            await other.count(1)
            await works.quiet(hook["id"])
    assert other.received[0].body == receiver.received[0].body
    assert len(receiver.received) == 1


async def test_gone(works: Works, receiver: Receiver):
    """O-56: `webhook.disabled` is an event as others are, and goes to other webhooks."""
    receiver.behaviour = status(410)
    async with receiving() as other:
        hook = await works.webhook(receiver.url, "order.created", "webhook.disabled")
        await works.webhook(other.url, "webhook.disabled")
        async with works.working():
            await works.order("A-9")
            (told,) = await other.count(1)
            await asyncio.sleep(0.3)
    assert len(receiver.received) == 1
    read = await works.call("GET", f"/webhooks/{hook['id']}")
    assert (read["status"], read["disabled_reason"]) == ("DISABLED", "gone")
    event = await works.call("GET", f"/events/{told.json['id']}")
    assert told.json["details"] == event["details"]
    assert (event["event_name"], event["sequence"]) == ("webhook.disabled", None)
    assert event["details"]["id"] == hook["id"]
    (delivery,) = await works.listed(hook["id"])
    assert (delivery["status"], delivery["attempt_count"]) == ("FAILED", 1)


async def test_a_test_send(works: Works, receiver: Receiver):
    """O-61: 200 with one attempt, also when DISABLED; nothing of it is in /events or in the deliveries."""
    hook = await works.webhook(receiver.url, status="DISABLED")
    answer = await works.call("POST", f"/webhooks/{hook['id']}/test", {"event_name": "order.updated"})
    (got,) = receiver.received
    got.verify(hook["secret"])
    assert set(got.json) == ENVELOPE
    assert (got.json["sequence"], got.json["source"]["environment"]) == (None, "test")
    (attempt,) = answer["attempts"]
    assert (answer["status"], answer["test"], attempt["response_status"]) == ("SUCCEEDED", True, 204)
    receiver.behaviour = status(503, body=b"no")
    answer = await works.call("POST", f"/webhooks/{hook['id']}/test")
    assert (answer["status"], answer["attempts"][0]["error"]) == ("FAILED", "status")
    assert (await works.call("GET", "/events"))["data"] == []
    assert await works.listed(hook["id"]) == []


async def test_sending_again(works: Works, receiver: Receiver):
    """O-62: the same bytes and `webhook-id` with a new valid signature."""
    hook = await works.webhook(receiver.url)
    async with works.working():
        await works.order("B-1")
        await receiver.count(1)
        await works.quiet(hook["id"])
        (delivery,) = await works.listed(hook["id"])
        await asyncio.sleep(1.1)  # another second, so another signature
        await works.call("POST", f"/webhooks/{hook['id']}/deliveries/{delivery['id']}/redeliver", wanted=202)
        first, second = await receiver.count(2)
        await works.quiet(hook["id"])
    assert (first.body, first.id) == (second.body, second.id)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    second.verify(hook["secret"])
    assert [one.headers["milepost-attempt"] for one in (first, second)] == ["1", "2"]
    (delivery,) = await works.listed(hook["id"])
    assert (delivery["status"], delivery["attempt_count"]) == ("SUCCEEDED", 2)


async def test_sending_all_that_failed_and_a_span_again(works: Works, receiver: Receiver):
    """O-62: `failed_since` queues exactly the FAILED and CANCELED ones; a span also what was recorded while the
    webhook was DISABLED."""
    start = works.world.clock().isoformat()
    receiver.behaviour = in_turn(status(204), status(500), status(204))
    hook = await works.webhook(receiver.url)
    path = f"/webhooks/{hook['id']}"
    async with works.working(webhook_retry_schedule="0"):
        for number in (1, 2):
            await works.order(f"C-{number}")
            await receiver.count(number)
        await works.quiet(hook["id"])
    await works.order("C-3")  # nobody works: it waits
    await works.call("PATCH", path, {"status": "DISABLED"})
    await works.order("C-4")  # not even queued
    await works.call("PATCH", path, {"status": "ENABLED"})
    async with works.working():
        answer = await works.call("POST", f"{path}/redeliver", {"failed_since": start}, 202)
        assert answer == {"queued": 2, "has_more": False}
        await receiver.count(4)
        await works.quiet(hook["id"])
        assert [got.json["details"]["order_number"] for got in receiver.received[2:]] == ["C-2", "C-3"]
        end = (works.world.clock() + timedelta(seconds=1)).isoformat()
        answer = await works.call("POST", f"{path}/redeliver", {"from": start, "to": end}, 202)
        assert answer == {"queued": 4, "has_more": False}
        await receiver.count(8)
        await works.quiet(hook["id"])
    again = sorted(got.json["details"]["order_number"] for got in receiver.received[4:])
    assert again == ["C-1", "C-2", "C-3", "C-4"]
    for got in receiver.received:
        got.verify(hook["secret"])


async def test_deliveries_go_out_at_once(works: Works, receiver: Receiver, monkeypatch):
    """A call that left something wakes the workers of its process: they look without waiting for their time."""
    for module, name in ((pace, "IDLE_MOST"), (worker, "LOOK_BACK_LEAST"), (worker, "LOOK_BACK_MOST")):
        monkeypatch.setattr(module, name, 60.0)
    await works.webhook(receiver.url)
    async with works.working():
        await works.order("D-1")
        await receiver.count(1)
        await asyncio.sleep(1.5)
        await works.order("D-2")
        await receiver.count(2, 3)


async def test_a_deleted_webhook_is_forgotten(works: Works, receiver: Receiver):
    """16.3: its deliveries go with it, and nothing is sent any more."""
    receiver.behaviour = status(500)
    hook = await works.webhook(receiver.url)
    async with works.working(webhook_retry_schedule="0,0.6", webhook_retry_jitter=0):
        await works.order("E-1")
        await receiver.count(1)
        reply = await works.team.orders_api("DELETE", f"/webhooks/{hook['id']}")
        assert reply.status == 204
        await works.order("E-2")
        await asyncio.sleep(1.5)
    assert len(receiver.received) == 1
    left = await works.world.pool.fetch("select id from deliveries where team_id = $1", works.team.id)
    assert left == []
