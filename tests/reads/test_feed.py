"""reads.events and core.feed: nothing appears behind what was read, and who wrote something finds it (Orders API,
section 5; docs/decisions/0013-commit-safe-feed.md)."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from milepost.core import accounts, feed
from milepost.core.record import recorded
from milepost.kit.ids import new_id
from milepost.model.actor import system_actor
from milepost.model.events import Event, EventType
from milepost.reads import events as read
from milepost.reads import workspace as workspaces
from milepost.reads.events import START, Filter, Position
from milepost.store.deliveries import store_events

AT = datetime(2026, 6, 15, 10, 2, 11, tzinfo=UTC)
MINE = Filter(names=["webhook.disabled"])


class Log:
    """A team whose events a test writes by itself, as the house writes those without an order."""

    def __init__(self, pool, team_id: str, workspace) -> None:
        self.pool = pool
        self.team_id = team_id
        self.workspace = workspace

    async def write(self, db=None, kind: EventType = "order.overdue") -> str:
        event = Event(
            id=new_id(),
            order_id=None,
            sequence=None,
            type=kind,
            effective_at=AT,
            old_data={},
            new_data={},
            facts={},
        )
        rows = recorded(self.workspace, system_actor(self.team_id), [event], AT)
        await store_events(db or self.pool, self.team_id, *rows)
        return event.id

    @asynccontextmanager
    async def open_transaction(self) -> AsyncIterator[str]:
        """An event that is not yet committed."""
        async with self.pool.transaction() as tx:
            yield await self.write(tx)

    async def read(self, wanted: Filter = Filter(), **options) -> list[str]:  # noqa: B008
        page = await read.list_events(self.pool, self.team_id, wanted, limit=50, **options)
        return [event.told.event.id for event in page.events]


@pytest.fixture
async def log(pool) -> Log:
    return await new_log(pool)


async def new_log(pool) -> Log:
    team_id = await accounts.create_team(pool, AT, name=f"Log {new_id()}")
    return Log(pool, team_id, await workspaces.load(pool, team_id))


async def test_what_commits_late_is_seen_late_and_not_skipped(log):
    """The slow transaction wrote first, the quick one committed first."""
    async with log.open_transaction() as slow:
        quick = await log.write()
        assert await log.read(pauses=()) == []
    assert await log.read() == [quick, slow]


@pytest.mark.parametrize("pauses", [(), read.PAUSES], ids=["impatient", "patient"])
async def test_a_reader_with_a_cursor_sees_every_event_once_while_slow_writers_write(log, pauses):
    writers, each = 8, 12
    chance = random.Random(13)

    async def write_slowly() -> list[str]:
        written = []
        for _ in range(each):
            async with log.pool.transaction() as tx:
                written.append(await log.write(tx))
                await asyncio.sleep(chance.uniform(0, 0.04))
                if chance.random() < 0.3:
                    written.append(await log.write(tx))
        return written

    working = asyncio.gather(*(write_slowly() for _ in range(writers)))
    seen: list[str] = []
    cursor = START
    last_looks = 2
    while last_looks:
        last_looks -= working.done()
        page = await read.list_events(log.pool, log.team_id, Filter(), limit=5, before=cursor, pauses=pauses)
        if page.events:
            cursor = await found(log, page.events[0].told.event.id)
        seen += [event.told.event.id for event in reversed(page.events)]
        if page.has_more:
            last_looks = 2
    written = [event_id for several in await working for event_id in several]
    assert sorted(seen) == sorted(written)
    assert len(set(seen)) == len(seen)
    whole = [event async for event in walk(log)]
    assert whole == seen[::-1]


async def found(log: Log, event_id: str) -> Position:
    position = await read.find_position(log.pool, log.team_id, event_id)
    assert position is not None
    return position


async def walk(log: Log) -> AsyncIterator[str]:
    """All events from the newest to the oldest, page by page."""
    after: Position | None = None
    while True:
        page = await read.list_events(log.pool, log.team_id, Filter(), limit=7, after=after)
        for event in page.events:
            yield event.told.event.id
        if not page.has_more:
            return
        after = page.events[-1].position


async def test_a_writer_reads_what_it_wrote_while_others_write(log):
    stop = asyncio.Event()

    async def write_on() -> None:
        while not stop.is_set():
            async with log.pool.transaction() as tx:
                await log.write(tx)
                await asyncio.sleep(random.uniform(0, 0.02))

    others = [asyncio.create_task(write_on()) for _ in range(6)]
    try:
        for _ in range(25):
            written = await log.write(kind="webhook.disabled")
            assert (await log.read(MINE))[0] == written
    finally:
        stop.set()
        await asyncio.gather(*others)


async def test_a_transaction_that_does_not_end_holds_readers_up_for_a_second_at_most(log):
    async with log.open_transaction() as slow:
        quick = await log.write()
        began = time.monotonic()
        assert await log.read() == []
        assert 0.9 < time.monotonic() - began < 5
    assert await log.read() == [quick, slow]


async def test_transactions_of_others_hold_up_nobody_who_wrote_nothing(log, pool):
    mine = await log.write()
    other = await new_log(pool)
    async with other.open_transaction():
        assert await log.read(pauses=(60,)) == [mine]


async def test_older_events_are_read_without_waiting(log):
    first = await log.write()
    second = await log.write()
    async with log.open_transaction():
        await log.write()
        assert await log.read(after=await found(log, second), pauses=(60,)) == [first]


async def test_a_single_event_is_there_as_soon_as_it_is_committed(log):
    async with log.open_transaction() as slow:
        quick = await log.write()
        event, version = await read.get_event(log.pool, log.team_id, quick)
        assert event is not None and event.told.event.id == quick
        assert version == 1
        assert (await read.get_event(log.pool, log.team_id, slow))[0] is None


async def test_the_end_of_a_page_is_where_to_go_on(log):
    """Also where nothing was found: what was committed until then does not come again, all later does."""
    await log.write()
    page = await read.list_events(log.pool, log.team_id, MINE, limit=5)
    assert (page.events, page.has_more) == ([], False)
    later = await log.write(kind="webhook.disabled")
    page = await read.list_events(log.pool, log.team_id, MINE, limit=5, before=page.end(MINE))
    assert [event.told.event.id for event in page.events] == [later]
    page = await read.list_events(log.pool, log.team_id, MINE, limit=5, before=page.end(MINE))
    assert page.events == []


async def test_a_team_that_does_not_exist(pool):
    page = await read.list_events(pool, new_id(), Filter(), limit=5)
    assert (page.events, page.has_more, page.version) == ([], False, None)
    assert await read.get_event(pool, new_id(), new_id()) == (None, None)
    assert await read.find_position(pool, new_id(), new_id()) is None


async def test_events_of_a_restored_dump_are_put_in_order(log, pool):
    """Their transactions lie ahead of all that this server has come to, so nobody would see them."""
    other = await new_log(pool)
    untouched = [await other.write() for _ in range(2)]
    dumped = [await log.write() for _ in range(3)]
    await pool.execute(
        """
        update events e set transaction_id = (9000000000000 - n)::text::xid8
        from (select id, row_number() over (order by id) as n from events where team_id = $1) o
        where e.team_id = $1 and e.id = o.id
        """,
        log.team_id,
    )
    new = await log.write()
    assert await log.read(pauses=()) == [new]
    assert [team.id for team in await feed.strays(pool)] == [log.team_id]

    before = await transactions(other)
    assert [team.id for team in await feed.mend(pool)] == [log.team_id]
    assert await log.read() == [new, *dumped[::-1]]
    assert await feed.strays(pool) == [] == await feed.mend(pool)

    latest = await log.write()
    assert await log.read() == [latest, new, *dumped[::-1]]
    assert await log.read(before=await found(log, dumped[0])) == [latest, new, *dumped[:0:-1]]
    assert await transactions(other) == before
    assert await other.read() == untouched[::-1]


async def transactions(log: Log) -> list[str]:
    rows = await log.pool.fetch(
        "select transaction_id::text as number from events where team_id = $1 order by id", log.team_id
    )
    return [row["number"] for row in rows]
