"""Connections at hand: what keeps a statement from paying for asyncpg's pool, which makes a task and a timer
for each (some 25 us, as much as the statement itself).

asyncpg's pool opens, bounds and closes connections; those that nobody uses now are kept here instead of being
given back. A connection goes back when something went wrong on it: asyncpg knows how to clean or close it.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    _Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

IDLE_SECONDS = 300
"""A connection unused for longer is not trusted: something on the way may have forgotten it."""


class Spare:
    """The connections of one pool that are open and unused; the one used last is lent first."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.places = asyncio.Semaphore(pool.get_max_size())
        """As many as the pool has connections: who has a place finds one here or in the pool."""
        self._pool = pool
        self._unused: list[tuple[_Connection, float]] = []
        self._now = asyncio.get_running_loop().time
        self._closed = False

    async def take(self) -> "_Connection":
        while self._unused:
            connection, since = self._unused.pop()
            with contextlib.suppress(
                asyncpg.InterfaceError
            ):  # asyncpg took it back when the server closed it
                if not connection.is_closed() and self._now() - since < IDLE_SECONDS:
                    return connection
                connection.terminate()
            await self._pool.release(connection)
        return await self._pool.acquire()

    async def put(self, connection: "_Connection", *, sound: bool) -> None:
        if sound and not self._closed:
            self._unused.append((connection, self._now()))
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """From now on everything goes back to the pool, which may then be closed."""
        self._closed = True
        while self._unused:
            await self._pool.release(self._unused.pop()[0])


class Borrowed:
    """`async with Borrowed(spare) as connection:` waits for a connection, and gives it back."""

    __slots__ = ("_connection", "_spare")

    def __init__(self, spare: Spare) -> None:
        self._spare = spare

    async def __aenter__(self) -> "_Connection":
        await self._spare.places.acquire()
        try:
            self._connection = await self._spare.take()
        except BaseException:
            self._spare.places.release()
            raise
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._spare.put(self._connection, sound=kind is None)
        finally:
            self._spare.places.release()
