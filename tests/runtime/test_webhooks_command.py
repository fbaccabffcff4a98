"""`milepost webhooks` as a script meets it."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from typing import Any, TypeVar

import pytest
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner, Result

from milepost import cli
from milepost.core.subscriptions import create_webhook, replace_webhook
from milepost.kit.ids import ulid
from milepost.kit.sealing import Sealer
from milepost.model.order import NewOrder
from milepost.model.receiver_address import Reach
from milepost.model.webhook import WebhookWish
from milepost.reads import deliveries as read
from milepost.store import db
from tests.core.orders_in import Shop

SECRET_KEY = "the secret key of the tests of commands"
T = TypeVar("T")


class Receiver(HTTPServer):
    """Answers every request with `status`, and keeps it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = 200
        self.requests: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


class Yard:
    """A shop with a webhook."""

    def __init__(self, url: str, receiver: Receiver) -> None:
        self.url = url
        self.start = datetime.now(UTC)

        async def make(pool: db.Pool) -> tuple[Shop, str, str]:
            shop = await Shop.open(pool)
            made, secret = await create_webhook(
                pool,
                shop.actor,
                WebhookWish(
                    url=receiver.url,
                    enabled_events=("order.created",),
                    error_contact_email="edi@birchline.example",
                ),
                seen=None,
                sealer=Sealer(SECRET_KEY.encode()),
                reach=Reach((ip_network("127.0.0.0/8"),), allow_http=True),
                most=9,
                clock=lambda: datetime.now(UTC),
            )
            return shop, made.id, secret

        self.shop, self.webhook_id, self.secret = self.work(make)

    def work(self, act: Callable[[db.Pool], Awaitable[T]]) -> T:
        """What `act` answers, on a pool of its own."""

        async def run() -> T:
            pool = await db.open_pool(self.url)
            try:
                return await act(pool)
            finally:
                await pool.close()

        return asyncio.run(run())

    def order(self, number: str) -> None:
        async def put(pool: db.Pool) -> str:
            shop = Shop(pool, self.shop.team_id, self.shop.name)
            return await shop.put_one(NewOrder(order_number=number), datetime.now(UTC))

        self.work(put)

    def disable(self) -> None:
        async def change(pool: db.Pool) -> None:
            shop = Shop(pool, self.shop.team_id, self.shop.name)
            await replace_webhook(
                pool,
                shop.actor,
                self.webhook_id,
                lambda stored, held: WebhookWish(
                    url=stored.url,
                    enabled_events=stored.enabled_events,
                    error_contact_email=stored.error_contact_email,
                    status="DISABLED",
                ),
                seen=None,
                sealer=Sealer(SECRET_KEY.encode()),
                reach=Reach(),
                clock=lambda: datetime.now(UTC),
            )

        self.work(change)

    def deliveries(self) -> list[Any]:
        """Newest first."""

        async def listed(pool: db.Pool) -> list[Any]:
            found = await read.list_deliveries(
                pool, self.shop.team_id, self.webhook_id, read.Filter(), limit=100
            )
            return found.deliveries or []

        return self.work(listed)

    def settled(self, status: str) -> None:
        """As if the workers had tried everything once, with that outcome."""

        async def write(pool: db.Pool) -> None:
            await pool.execute(
                """update deliveries set status = $2, next_attempt_at = null, finished_at = now(), tries = 1,
                     attempt_count = 1 where team_id = $1""",
                self.shop.team_id,
                status,
            )

        self.work(write)

    def __call__(self, *argv: str, code: int = 0) -> Result:
        options = ["--team", self.shop.name, "--database-url", self.url]
        result = CliRunner().invoke(cli.app, ["webhooks", *argv, *options])
        assert result.exit_code == code, (result.stdout, result.stderr)
        return result

    def json(self, *argv: str, code: int = 0) -> Any:
        return json.loads(self(*argv, "--json", code=code).stdout)


@pytest.fixture
def yard(database_url, receiver, monkeypatch) -> Yard:
    for name in ("MILEPOST_DATABASE_URL", "MILEPOST_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILEPOST_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("MILEPOST_WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8")
    return Yard(database_url, receiver)


def test_list(yard, receiver):
    line = f"{ulid(yard.webhook_id)}  ENABLED  {receiver.url}  order.created\n"
    assert yard("list").stdout == line
    (shown,) = yard.json("list")["webhooks"]
    assert (shown["id"], shown["status"], shown["authentication"]) == (ulid(yard.webhook_id), "ENABLED", None)
    assert "secret" not in shown
    yard.disable()
    assert "  DISABLED (manual, 20" in yard("list").stdout


def test_no_webhooks(yard):
    async def remove(pool: db.Pool) -> None:
        await pool.execute("delete from webhooks where team_id = $1", yard.shop.team_id)

    yard.work(remove)
    result = yard("list")
    assert result.stdout == ""
    assert "There are no webhooks" in result.stderr
    assert yard.json("list") == {"webhooks": []}


def test_a_test_send(yard, receiver):
    """O-61 from the command line: signed, told, and not kept."""
    shown = yard("test", ulid(yard.webhook_id), "--event", "order.overdue").stdout
    assert shown.startswith("order.overdue: taken, HTTP 200 after ")
    headers, body = receiver.requests[0]
    assert Webhook(yard.secret).verify(body, headers)["source"] == {"environment": "test", "user_id": None}
    yard.disable()
    document = yard.json("test", yard.webhook_id)
    assert (document["test"], document["event_name"], document["status"]) == (
        True,
        "order.created",
        "SUCCEEDED",
    )
    receiver.status = 503
    document = yard.json("test", yard.webhook_id, code=1)
    assert (document["attempts"][0]["response_status"], document["attempts"][0]["error"]) == (503, "status")
    assert len(receiver.requests) == 3
    assert yard.deliveries() == []


def test_a_test_send_that_is_refused(yard, receiver, monkeypatch):
    """The address guard and the secret key count here too; exit codes say what was wrong."""
    yard("test", ulid(yard.webhook_id), "--event", "order.archived", code=1)
    yard("test", "01KS2TZ9R0EJCVRYJSMP9A03KA", code=3)
    yard("test", "x", code=2)
    monkeypatch.setenv("MILEPOST_WEBHOOK_ALLOW_CIDRS", "")
    assert "failed (blocked_address), no answer" in yard("test", yard.webhook_id, code=1).stdout
    monkeypatch.setenv("MILEPOST_SECRET_KEY", "another secret key, of another server")
    assert "the secret key changed" in yard("test", yard.webhook_id, code=1).stderr
    assert receiver.requests == []


def test_replays(yard):
    """16.6 from the command line: one delivery, one event, a span, what failed."""
    yard.order("A-1")
    yard.order("A-2")
    hook = ulid(yard.webhook_id)
    newest, oldest = yard.deliveries()
    yard.settled("FAILED")
    assert yard("replay", hook, "--delivery", ulid(newest.id)).stdout == "1 deliveries are queued.\n"
    assert [one.status for one in yard.deliveries()] == ["PENDING", "FAILED"]
    assert yard.json("replay", hook, "--event", oldest.event_id) == {"queued": 1, "has_more": False}
    assert [one.status for one in yard.deliveries()] == ["PENDING", "PENDING"]
    yard.settled("CANCELED")
    assert yard.json("replay", hook, "--failed-since", "10m") == {"queued": 2, "has_more": False}
    yard.settled("SUCCEEDED")
    assert yard.json("replay", hook, "--failed-since", "10m") == {"queued": 0, "has_more": False}
    span = ("--from", yard.start.isoformat(), "--to", (yard.start + timedelta(days=1)).isoformat())
    assert yard.json("replay", hook, *span) == {"queued": 2, "has_more": False}
    assert [one.status for one in yard.deliveries()] == ["PENDING", "PENDING"]


def test_more_than_one_call_queues(yard, monkeypatch):
    monkeypatch.setattr("milepost.core.redelivery.MOST_AT_ONCE", 1)
    yard.order("A-1")
    yard.order("A-2")
    yard.settled("SUCCEEDED")
    hook = ulid(yard.webhook_id)
    result = yard("replay", hook, "--from", yard.start.isoformat(), "--to", "2999-01-01")
    assert result.stdout == "1 deliveries are queued.\n"
    onwards = result.stderr.removeprefix("More remain; run this again with --from ").removesuffix(".\n")
    assert yard.start < datetime.fromisoformat(onwards) <= datetime.now(UTC)
    yard.settled("FAILED")
    assert yard("replay", hook, "--failed-since", "1h").stderr == "More remain; run this again.\n"


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--event", "x"),
        ("--delivery", "x"),
        ("--from", "2026-01-01"),
        ("--to", "2026-01-01"),
        ("--from", "2026-01-02", "--to", "2026-01-01"),
        ("--from", "yesterday", "--to", "2026-01-01"),
        ("--failed-since", "1h", "--event", "01KS2TZ9R0EJCVRYJSMP9A03KA"),
    ],
)
def test_replays_that_cannot_be_followed(yard, argv):
    yard("replay", ulid(yard.webhook_id), *argv, code=2)


def test_replays_that_are_refused(yard):
    """Exit codes: 3 not found, 1 for an event that is not kept, 5 for the state of the webhook."""
    nothing = "01KS2TZ9R0EJCVRYJSMP9A03KA"
    yard("replay", nothing, "--failed-since", "1h", code=3)
    yard("replay", ulid(yard.webhook_id), "--delivery", nothing, code=3)
    yard("replay", ulid(yard.webhook_id), "--event", nothing, code=1)
    yard.disable()
    result = yard("replay", ulid(yard.webhook_id), "--failed-since", "1h", code=5)
    assert "The webhook is disabled; enable it first" in result.stderr
