"""Idempotency-Key: a request that is sent again is answered again, and done once (Orders API, section 19).

The key is claimed in the transaction that does the work, so what is remembered and what was done are one. Those
who come while it runs wait: within the process without a connection, across processes on the claimed row.
"""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from msgspec import Struct

from milepost.kit.clock import Clock
from milepost.kit.errors import Stale
from milepost.kit.sealing import Sealer
from milepost.store import idempotency
from milepost.store.db import Database, Deadlock, Pool

WAIT_SECONDS: Final = 2
"""How long a repeated request waits for the first."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class InProgress(Exception):
    """The first request of this key still runs."""


class Reused(Exception):
    """The key belongs to another request."""


class Kept(Struct, frozen=True, kw_only=True):
    """An answer that can be given again."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_secret: bool = False
    """The stored copy is sealed."""
    is_replay: bool = False


Act = Callable[[Database], Awaitable[Kept]]


def read_key(sent: Sequence[str]) -> str | None:
    """The key that the header's values spell, bare or in double quotes; None when it is none."""
    text = sent[0].strip() if len(sent) == 1 else ""
    if text.startswith('"'):
        text = text[1:-1] if len(text) > 2 and text.endswith('"') else ""
    return text if _KEY.fullmatch(text) else None


def fingerprint(*fields: bytes) -> bytes:
    """What tells one request from another: no two different lists of fields have the same one."""
    digest = hashlib.sha256()
    for field in fields:
        digest.update(b"%d:" % len(field))
        digest.update(field)
    return digest.digest()


class Idempotency:
    """The keys of all teams, as one process sees them."""

    def __init__(self, db: Pool, sealer: Sealer, clock: Clock, *, ttl_hours: int) -> None:
        self._db = db
        self._sealer = sealer
        self._clock = clock
        self._ttl = timedelta(hours=ttl_hours)
        self._turns: dict[tuple[str, str], _Turn] = {}

    async def once(
        self, team_id: str, key: str, print_: bytes, act: Act, saw: Callable[[int | None], None]
    ) -> Kept:
        """What `act` answers in a transaction of its own, or the answer kept of the request that used the key.

        `saw` is told the team's version with a kept answer. Raises InProgress, Reused, and what `act` or `saw`
        raises: then nothing was done and the key is free.
        """
        async with self._turn(team_id, key, print_):
            try:
                async with self._db.transaction() as tx:
                    now = self._clock()
                    if await idempotency.claim(tx, team_id, key, print_, now, now - self._ttl):
                        kept = await act(tx)
                        await self._keep(tx, team_id, key, kept)
                        return kept
                    record = await idempotency.find(tx, team_id, key, now - self._ttl)
            except idempotency.Held:
                raise InProgress from None
            except Deadlock as deadlock:
                raise Stale from deadlock  # nothing was written: once more from the beginning
        if record is None:
            raise InProgress  # forgotten between the two looks
        return self._replay(team_id, key, print_, record, saw)

    async def once_apart(
        self, team_id: str, key: str, print_: bytes, act: Act, saw: Callable[[int | None], None]
    ) -> Kept:
        """The same for what leaves the house, which no transaction may wait for: `act` is given the pool, and its
        answer is stored afterwards. Within this process it is done once; another may do it at the same time."""
        async with self._turn(team_id, key, print_):
            record = await idempotency.find(self._db, team_id, key, self._clock() - self._ttl)
            if record is not None:
                return self._replay(team_id, key, print_, record, saw)
            kept = await act(self._db)
            with contextlib.suppress(idempotency.Held, Deadlock):  # it is done: another may keep its answer
                async with self._db.transaction() as tx:
                    now = self._clock()
                    if await idempotency.claim(tx, team_id, key, print_, now, now - self._ttl):
                        await self._keep(tx, team_id, key, kept)
            return kept

    @asynccontextmanager
    async def _turn(self, team_id: str, key: str, print_: bytes) -> AsyncIterator[None]:
        """One request at a time for each key. Raises InProgress, Reused."""
        place = (team_id, key)
        turn = self._turns.setdefault(place, _Turn(print_))
        if turn.fingerprint != print_:
            raise Reused
        turn.requests += 1
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await turn.lock.acquire()
            except TimeoutError:
                raise InProgress from None
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            turn.requests -= 1
            if not turn.requests:
                del self._turns[place]

    async def _keep(self, tx: Database, team_id: str, key: str, kept: Kept) -> None:
        body = self._sealer.seal(kept.body, _purpose(team_id, key)) if kept.is_secret else kept.body
        await idempotency.keep(tx, team_id, key, kept.status, kept.headers, body, kept.is_secret)

    def _replay(
        self,
        team_id: str,
        key: str,
        print_: bytes,
        record: idempotency.Record,
        saw: Callable[[int | None], None],
    ) -> Kept:
        """The kept answer. Raises Reused when it is another request's."""
        saw(record.team_version)
        if record.fingerprint != print_:
            raise Reused
        body = self._sealer.unseal(record.body, _purpose(team_id, key)) if record.is_sealed else record.body
        return Kept(
            status=record.status,
            headers=record.headers,
            body=body,
            is_secret=record.is_sealed,
            is_replay=True,
        )


class _Turn:
    """The requests of one key that are here now, all of them the same request."""

    def __init__(self, print_: bytes) -> None:
        self.fingerprint = print_
        self.lock = asyncio.Lock()
        self.requests = 0


def _purpose(team_id: str, key: str) -> bytes:
    return f"idempotency {team_id} {key}".encode()
