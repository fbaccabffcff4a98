"""Real receivers on the loopback interface, which fail in every way that receivers do."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from milepost.kit.ids import ulid


class Received(Struct, frozen=True):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Seconds of the monotonic clock."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def sequence(self) -> int:
        return int(self.json["sequence"])

    def verify(self, secret: str) -> None:
        """Raises WebhookVerificationError unless the signature is the secret's, by an independent library."""
        Webhook(secret).verify(self.body, self.headers)


Answer = web.StreamResponse
Behaviour = Callable[[Received], Answer | Awaitable[Answer]]


def status(number: int, *, body: bytes = b"", **headers: str) -> Behaviour:
    """Always the same answer; `Retry_After` is the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(status=number, body=body, headers=named)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after another; the last one for all that follow."""
    left = list(behaviours)

    def answer(received: Received) -> Answer | Awaitable[Answer]:
        return (left.pop(0) if len(left) > 1 else left[0])(received)

    return answer


def hang(seconds: float = 30) -> Behaviour:
    """Answers long after."""

    async def answer(_: Received) -> Answer:
        await asyncio.sleep(seconds)
        return web.Response(status=204)

    return answer


class Receiver:
    """A receiver, and what came to it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self.behaviour: Behaviour = status(204)
        self.received: list[Received] = []
        self.at_once = 0
        self.most_at_once = 0
        self.url = f"http://{host}:{port}/hook"

    def of(self, event_id: str) -> list[Received]:
        """What came of one event."""
        return [one for one in self.received if one.id == ulid(event_id)]

    def of_order(self, order_id: str) -> list[Received]:
        """What came of one order (tests/outbound/yard.py)."""
        return [one for one in self.received if one.json["order"] == order_id]

    async def count(self, number: int, seconds: float = 10) -> list[Received]:
        """What came, once it is so many; fails when it is not by then."""
        until = time.monotonic() + seconds
        while len(self.received) < number:
            assert time.monotonic() < until, f"{len(self.received)} of {number} came"
            await asyncio.sleep(0.005)
        return self.received

    async def handle(self, request: web.Request) -> Answer:
        received = Received(request.path, dict(request.headers), await request.read(), time.monotonic())
        self.received.append(received)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.behaviour(received)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        finally:
            self.at_once -= 1


@asynccontextmanager
async def receiving(**options: Any) -> AsyncIterator[Receiver]:
    """A receiver for the time of the block. `ssl_context` makes it speak TLS."""
    receiver: Receiver | None = None

    async def handle(request: web.Request) -> Answer:
        assert receiver is not None
        return await receiver.handle(request)

    app = web.Application(client_max_size=16 * 2**20)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, **options)
    await site.start()
    receiver = Receiver(runner.addresses[0][1])
    try:
        yield receiver
    finally:
        await runner.cleanup()


class Listener:
    """Takes connections, counts them, and does with each what it is told."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0


@asynccontextmanager
async def listening(
    then: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None,
) -> AsyncIterator[Listener]:
    """A bare listener; without `then` it closes every connection at once."""
    listener: Listener | None = None
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if then is not None:
                await then(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert listener is not None
        listener.connections += 1
        conversations.add(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    listener = Listener(server.sockets[0].getsockname()[1])
    try:
        yield listener
    finally:
        server.close()
        await server.wait_closed()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
