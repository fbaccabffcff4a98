"""While the database is away every call is 503 with Retry-After, and the server recovers by itself (section 6)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from milepost.kit.ids import new_id
from milepost.store import db
from tests.surfaces.orders_api.shell import LIMITS, answered
from tests.surfaces.orders_api.talk import create, patch, read
from tests.surfaces.world import NO_ID, Reply, Team, served


class Line:
    """A way to the database that can be cut."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._towards_us: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        parts = self._target
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit((parts.scheme, f"{login}@127.0.0.1:{self._port}", parts.path, "", ""))

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Ends what is open and takes nothing new."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def say_farewell(self) -> None:
        """What PostgreSQL says when it ends a connection that rests, just before it closes it."""
        fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
        for writer in self._towards_us:
            writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        await asyncio.sleep(0.05)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._reach()
        self._open |= {writer, back}
        self._towards_us.add(writer)
        with contextlib.suppress(OSError):
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        self._open -= {writer, back}
        self._towards_us.discard(writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        query = parse_qs(self._target.query)
        if "host" in query:
            return await asyncio.open_unix_connection(f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}")
        return await asyncio.open_connection(self._target.hostname, self._target.port or 5432)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    made = Line(database_url)
    await made.mend()
    yield made
    await made.cut()


@pytest.fixture
async def far(line: Line) -> AsyncIterator[Team]:
    """A team of a server behind that line."""
    pool = await db.open_pool(line.url, size=4)
    async with served(pool) as world:
        yield await world.team()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 1)


def unavailable(reply: Reply) -> None:
    answered(reply, "unavailable", ["request"])
    assert reply.headers["Retry-After"] == "1"
    assert all(name in reply.headers for name in LIMITS)  # the key was known


async def test_a_database_that_is_away(line, far):
    order = await create(far, "1")
    for _ in range(2):
        await line.cut()
        for method, path, body in (
            ("GET", "/orders", None),
            ("GET", "/events/event-names-by-version", None),
            ("GET", f"/orders/{NO_ID}", None),
            ("POST", "/orders", {"order_number": "2", "ship_to": {}}),
            ("POST", "/orders", {}),
        ):
            for headers in ({}, {"Idempotency-Key": new_id()}):
                unavailable(await far.orders_api(method, path, body=body, headers=headers))
        await line.mend()
        assert (await far.orders_api("GET", f"/orders/{order['id']}")).json == order
    assert (await far.orders_api("POST", "/orders", body={"order_number": "2", "ship_to": {}})).status == 201


async def test_a_database_that_goes_away_meanwhile(pool, line, far):
    """Both are told alike; of the one with an Idempotency-Key it is sure that nothing was done, and the key is
    free."""
    keyed, bare = [await create(far, number) for number in ("keyed", "bare")]
    headers, body = {"Idempotency-Key": "K"}, {"name": "new"}
    async with pool.transaction() as other:
        await other.execute("select 1 from orders where team_id = $1 for update", far.id)
        waiting = [
            asyncio.create_task(patch(far, keyed["id"], body, headers=headers)),
            asyncio.create_task(patch(far, bare["id"], body)),
        ]
        await asyncio.sleep(0.2)
        await line.cut()
        for reply in await asyncio.gather(*waiting):
            unavailable(reply)
    await line.mend()
    assert await read(far, keyed["id"]) == keyed
    again = await patch(far, keyed["id"], body, headers=headers)
    assert (again.status, "Idempotency-Replayed" in again.headers) == (200, False)


async def test_a_database_that_has_said_farewell(line, far):
    """In the moment between its last words and the end of the connection."""
    order = await create(far, "1")
    for headers in ({}, {"Idempotency-Key": new_id()}):
        await line.say_farewell()
        unavailable(await patch(far, order["id"], {"name": "new"}, headers=headers))
        await line.cut()
        await line.mend()
        assert await read(far, order["id"]) == order
