"""The receivers of the chaos runs, in a process of their own: they believe no forged message, write down every arrival
before they answer, and fail at random in the ways that receivers do.

Run as `python -m tests.chaos.receiver JOURNAL SEED`. `PUT /secrets/NAME` tells the secret of the webhook that sends to
`/hooks/NAME`; the journal gets one line of JSON for each arrival.
"""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct
from standardwebhooks import Webhook, WebhookVerificationError

TIMEOUT_SECONDS: Final = 1.0
"""The senders' time limit in these runs."""
TAKEN: Final = "204"
ANSWERS: Final = {TAKEN: 80.0, "500": 9.5, "cut": 8.0, "hang": 2.0, "429": 0.5}
"""What arrivals are answered, of a hundred. A 429 comes with `Retry-After: 1`, which stops the whole webhook."""


class Arrival(Struct, frozen=True):
    """One attempt as it came."""

    at: float
    """Seconds of the machine's monotonic clock."""
    hook: str
    id: str
    """The header `webhook-id`."""
    order: str
    sequence: int
    event_name: str
    attempt: int
    verified: bool
    """The signature is the secret's, and the header names the event that the body is of."""
    digest: str
    """SHA-256 of the body."""
    answer: str

    @property
    def is_taken(self) -> bool:
        return self.answer == TAKEN


class Journal:
    """What a process of receivers writes down, read bit by bit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrivals: list[Arrival] = []
        self._read = 0
        self._decode = msgspec.json.Decoder(Arrival).decode

    def arrivals(self) -> list[Arrival]:
        """All that arrived so far, in its order."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(end)
        self._arrivals += map(self._decode, whole.splitlines())
        return self._arrivals


class Receivers:
    """What the process does."""

    def __init__(self, journal: Path, seed: int) -> None:
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._dice = random.Random(seed)
        self._secrets: dict[str, Webhook] = {}

    async def tell_secret(self, request: web.Request) -> web.StreamResponse:
        self._secrets[request.match_info["name"]] = Webhook(await request.text())
        return web.Response(status=204)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        answer = self._dice.choices(list(ANSWERS), list(ANSWERS.values()))[0]
        os.write(self._journal, msgspec.json.encode(self._arrival(request, body, answer)) + b"\n")
        if answer == "cut" and request.transport is not None:
            request.transport.abort()
        elif answer == "hang":
            await asyncio.sleep(3 * TIMEOUT_SECONDS)
        elif answer == "429":
            return web.Response(status=429, headers={"Retry-After": "1"})
        elif answer == "500":
            return web.Response(status=500, text="not today")
        return web.Response(status=204)

    def _arrival(self, request: web.Request, body: bytes, answer: str) -> Arrival:
        name, told = request.match_info["name"], json.loads(body)
        details, message_id = told["details"], request.headers["webhook-id"]
        return Arrival(
            at=time.monotonic(),
            hook=name,
            id=message_id,
            order=details.get("order_id") or details["id"],
            sequence=told["sequence"],
            event_name=told["event_name"],
            attempt=int(request.headers["milepost-attempt"]),
            verified=self._is_genuine(name, request, body) and told["id"] == message_id,
            digest=hashlib.sha256(body).hexdigest(),
            answer=answer,
        )

    def _is_genuine(self, name: str, request: web.Request, body: bytes) -> bool:
        try:
            self._secrets[name].verify(body, dict(request.headers))
        except (WebhookVerificationError, KeyError):
            return False
        return True


async def _serve(journal: Path, seed: int) -> None:
    receivers = Receivers(journal, seed)
    app = web.Application(client_max_size=2**24)
    app.router.add_put("/secrets/{name}", receivers.tell_secret)
    app.router.add_post("/hooks/{name}", receivers.take)
    runner: Any = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024).start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print(f"receivers are ready on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
