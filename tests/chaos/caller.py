"""Asking a server that is killed all the time: the same request again and again, until it is answered."""

import asyncio
import random
import time
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from tests.chaos.ledger import Ledger

PATIENCE_SECONDS: Final = 90.0
_ANSWER_SECONDS: Final = 60.0
"""Far longer than anything takes: a connection that is given up for slowness leaves a request running."""
STATUS_API: Final = "/api/v1"
"""This surface knows no 503: without a database it answers 500. What else its 500 mean tells the server's log."""
_AGAIN: Final = frozenset({500, 503})
_REPLAYED: Final = "Idempotency-Replayed"


class Answer(Struct, frozen=True):
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def etag(self) -> str | None:
        tag: str | None = self.headers.get("ETag")
        return tag


class Unanswered(Exception):
    """A request that got no answer, however often it was repeated."""


class Caller:
    """Speaks to the server at `base` with an API key."""

    def __init__(self, base: str, api_key: str, ledger: Ledger, dice: random.Random) -> None:
        self._base = base
        self._api_key = api_key
        self._ledger = ledger
        self._dice = dice
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Caller":
        self._http = aiohttp.ClientSession(
            headers={"X-API-Key": self._api_key},
            timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        content_type: str = "application/json",
        once: bool = False,
    ) -> Answer | None:
        """The answer to a request that is repeated, with the same key, until it has one; `once`: it is not repeated,
        and None tells that nobody knows what became of it. Raises Unanswered."""
        headers = {} if body is None else {"Content-Type": content_type}
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = if_match
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = await self._send(method, path, data, headers)
            if answer is not None and not self._is_postponed(answer, method, path):
                if key is not None and answer.status < 300:
                    self._ledger.keys.add(key)
                return answer
            if once:
                return None
            if time.monotonic() > until:
                raise Unanswered(f"{method} {path}")
            await asyncio.sleep(self._dice.uniform(0.05, 0.3))

    async def ask_twice(self, first: Answer, method: str, path: str, body: Any, **options: Any) -> None:
        """Sends an answered request again: its answer must be the same one."""
        again = await self.ask(method, path, body, **options)
        assert again is not None
        self._ledger.met["answered requests sent again"] += 1
        same = (again.status, again.body, again.etag) == (first.status, first.body, first.etag)
        if not same or again.headers.get(_REPLAYED) != "true":
            self._ledger.find(f"{method} {path}: sent again it was answered {again.status} {again.body!r}")

    async def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> Answer | None:
        assert self._http is not None
        self._ledger.met["requests"] += 1
        try:
            async with self._http.request(method, self._base + path, data=data, headers=headers) as reply:
                return Answer(reply.status, reply.headers, await reply.read())
        except TimeoutError:
            self._ledger.find(f"{method} {path} hung for {_ANSWER_SECONDS:.0f} s")
        except aiohttp.ClientConnectorError:
            self._ledger.met["connections refused"] += 1
        except (aiohttp.ClientError, OSError):
            self._ledger.met["connections broken"] += 1
        return None

    def _is_postponed(self, answer: Answer, method: str, path: str) -> bool:
        """Whether the answer is to come again later."""
        if answer.status == 409 and b"idempotency_in_progress" in answer.body:
            self._ledger.met["answers 409, still running"] += 1
            return True
        if answer.status not in _AGAIN:
            return False
        self._ledger.met[f"answers {answer.status}"] += 1
        if answer.status != 503 and not path.startswith(STATUS_API):
            self._ledger.find(f"{method} {path}: {answer.status} {answer.body!r}")
        return True
