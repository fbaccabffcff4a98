"""Connections to PostgreSQL: one pool a process, typed at the edges.

Ids travel as `str` (kit/ids.py), jsonb as plain Python values (a number with a fraction is a Decimal, so that
`1.10` stays `1.10`), everything else as asyncpg maps it. Pooled connections carry no session state: nothing sets,
listens or takes session locks on them, so the pool needs no reset query.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Protocol

import asyncpg
import msgspec

from milepost.store.spare import Borrowed, Spare

SERVING_ROLE = "milepost_serving"
"""Owns nothing; may read and write rows, not change the schema (migration 0001)."""

POOL_SIZE = 12
STATEMENTS_KEPT = 400
"""Prepared statements a connection keeps: all that the house has, list variants included."""

_encode_json = msgspec.json.Encoder(decimal_format="number").encode
_decode_json = msgspec.json.Decoder(float_hook=Decimal).decode


class Database(Protocol):
    """What verbs and reads are given: a pool, or one connection inside a transaction."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]: ...

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None: ...

    async def execute(self, query: str, *args: Any) -> str: ...

    def transaction(self) -> "Any":
        """`async with db.transaction() as tx:` gives a Database whose statements commit together."""
        ...

    def attempt(self) -> "Any":
        """`async with db.attempt() as try_:` gives a Database that stays usable when a statement fails."""
        ...


Deadlock = asyncpg.DeadlockDetectedError
"""Two writers held what the other wanted; nothing of this one was written, so it may simply try again."""


Orphan = asyncpg.ForeignKeyViolationError
"""What was written refers to something that was removed meanwhile; nothing of it was written."""

_FAILURES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    TimeoutError,
)


_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)


def is_unreachable(error: BaseException) -> bool:
    """Whether a statement failed because the database is away or going away, not because of what it says. A
    connection that was closed under its user raises asyncpg's InterfaceError, of which those about the
    statement's values are ValueErrors; one to which the database has said farewell, and that is not closed yet,
    InternalClientError."""
    return isinstance(error, _LOST) or (
        isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    )


class Unavailable(Exception):
    """The database cannot be reached; the message says what to check."""


class Pool:
    """A Database over a pool of connections."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._spare = Spare(pool)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        async with Borrowed(self._spare) as connection:
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        async with Borrowed(self._spare) as connection:
            return await connection.fetchrow(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with Borrowed(self._spare) as connection:
            return await connection.execute(query, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        async with Borrowed(self._spare) as connection, connection.transaction():
            yield Transaction(connection)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator["Pool"]:
        """For statements that may fail and be tried again: here each stands by itself anyway."""
        yield self

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Transaction"]:
        """A read-only transaction whose statements all see one moment."""
        async with (
            Borrowed(self._spare) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Transaction(connection)

    async def check(self) -> None:
        """Raises Unavailable unless the database answers within five seconds."""
        try:
            async with asyncio.timeout(5), Borrowed(self._spare) as connection:
                await connection.execute("select")
        except _FAILURES as error:
            raise Unavailable(f"The database does not answer: {error or type(error).__name__}") from error

    async def close(self) -> None:
        await self._spare.close()
        await self._pool.close()


class Transaction:
    """A Database over one connection inside a transaction; a nested `transaction()` is a savepoint."""

    def __init__(self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        return await self._connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        return await self._connection.fetchrow(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await self._connection.execute(query, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        async with self._connection.transaction():
            yield self

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator["Transaction"]:
        """For statements that may fail and be tried again: a failure undoes only what was done in here."""
        async with self._connection.transaction():
            yield self


async def open_pool(url: str, *, size: int = POOL_SIZE, planner: Mapping[str, str] | None = None) -> Pool:
    """A pool on `url`, acting as the serving role where the database has it. `planner`: settings of the database's
    planner that all its connections are to have.

    Raises Unavailable when no connection can be made.
    """
    try:
        role = await _serving_role(url)
        pool = await asyncpg.create_pool(  # type: ignore[call-overload]
            url,
            min_size=1,
            max_size=size,
            init=_prepare_connection,
            reset=_keep_as_is,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            server_settings={
                "application_name": "milepost",
                **({"role": role} if role else {}),
                **(planner or {}),
            },
        )
    except _FAILURES as error:
        raise Unavailable(f"The database cannot be reached: {error}. Check the database URL.") from error
    return Pool(pool)


async def _serving_role(url: str) -> str | None:
    connection = await asyncpg.connect(url)
    try:
        usable = await connection.fetchval(
            "select pg_has_role(current_user, oid, 'MEMBER') from pg_roles where rolname = $1", SERVING_ROLE
        )
        migrated = await connection.fetchval("select to_regclass('orders') is not null")
    finally:
        await connection.close()
    return SERVING_ROLE if usable and migrated else None


async def _prepare_connection(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> None:
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: _encode_json(value).decode(),
        decoder=_decode_json,
        format="text",
    )


async def _keep_as_is(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Nothing to reset: no statement leaves session state behind."""
