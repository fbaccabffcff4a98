"""Idempotency-Key between processes: two pools stand for two of them (contract, section 19)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from milepost.core import accounts
from milepost.http.idempotency import Idempotency, InProgress, Kept, Reused, fingerprint, read_key
from milepost.kit.errors import Stale
from milepost.kit.ids import new_id
from milepost.kit.sealing import Sealer, Unsealable
from milepost.store import db, idempotency
from milepost.store.db import Database, Pool, is_unreachable

PRINT = fingerprint(b"POST", b"/tags", b"{}")
OTHER = fingerprint(b"POST", b"/tags", b"[]")
ANSWER = Kept(status=201, headers={"location": "/tags/x"}, body=b'{"a": 1.10}')


class Process:
    """One serving process, with a clock that a test turns."""

    def __init__(self, pool: Pool, sealer: Sealer | None = None) -> None:
        self.pool = pool
        self.now = datetime.now(UTC)
        self.keys = Idempotency(pool, sealer or Sealer(b"k" * 32), lambda: self.now, ttl_hours=24)
        self.seen: list[int | None] = []

    async def once(
        self,
        team_id: str,
        act: Callable[[Database], Awaitable[Kept]],
        print_: bytes = PRINT,
        *,
        apart: bool = False,
    ) -> Kept:
        once = self.keys.once_apart if apart else self.keys.once
        return await once(team_id, "K", print_, act, self.seen.append)


@pytest.fixture
async def here(pool) -> Process:
    return Process(pool)


@pytest.fixture
async def there(database_url):
    """Another process."""
    opened = await db.open_pool(database_url, size=4)
    yield Process(opened)
    await opened.close()


@pytest.fixture
async def team_id(pool) -> str:
    return await accounts.create_team(pool, datetime.now(UTC), name=f"Team {new_id()}", currency="EUR")


class Work:
    """Stores a tag and answers; when it is `held`, not before `gate` is open."""

    def __init__(self, team_id: str, answer: Kept = ANSWER, *, held: bool = False) -> None:
        self.team_id = team_id
        self.answer = answer
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()
        self.began = asyncio.Event()
        self.times = 0

    async def __call__(self, tx: Database) -> Kept:
        self.times += 1
        tag_id = new_id()
        await tx.execute(
            "insert into tags values ($1, $2, $3, 'x', now())", self.team_id, tag_id, tag_id[-12:]
        )
        self.began.set()
        await self.gate.wait()
        return self.answer


class RefusedError(Exception):
    pass


async def refuse(tx: Database) -> Kept:
    await tx.execute("select 1")
    raise RefusedError


async def tags(pool: Pool, team_id: str) -> int:
    (row,) = await pool.fetch("select count(*) as n from tags where team_id = $1", team_id)
    return int(row["n"])


async def stored(pool: Pool, team_id: str) -> list[asyncpg.Record]:
    return await pool.fetch("select * from idempotency_keys where team_id = $1", team_id)


async def test_the_second_is_answered_and_not_done(here, there, team_id):
    work = Work(team_id)
    assert await here.once(team_id, work) == ANSWER
    replay = Kept(status=201, headers=dict(ANSWER.headers), body=ANSWER.body, is_replay=True)
    for process in (here, there):
        assert await process.once(team_id, work) == replay
        assert process.seen == [(await team_version(here.pool, team_id))]
    assert (work.times, await tags(here.pool, team_id)) == (1, 1)


async def team_version(pool: Pool, team_id: str) -> int:
    (row,) = await pool.fetch("select version from teams where team_id = $1", team_id)
    return int(row["version"])


async def test_another_request_with_the_key_is_refused(here, there, team_id):
    await here.once(team_id, Work(team_id))
    for process in (here, there):
        with pytest.raises(Reused):
            await process.once(team_id, Work(team_id), OTHER)
        assert process.seen == [await team_version(here.pool, team_id)]  # refused on what holds now
    assert await tags(here.pool, team_id) == 1


async def test_what_leaves_the_house_runs_outside_a_transaction(here, there, team_id):
    """Its answer is kept afterwards; of two processes that begin at the same moment both act, and the answer kept
    first stays."""
    first, second = Work(team_id, held=True), Work(team_id, Kept(status=200, headers={}, body=b"second"))
    running = asyncio.create_task(here.once(team_id, first, apart=True))
    await asyncio.wait_for(first.began.wait(), 5)
    assert await stored(there.pool, team_id) == []
    assert (await there.once(team_id, second, apart=True)).body == b"second"
    first.gate.set()
    assert await running == ANSWER
    for process in (here, there):
        replay = await process.once(team_id, first, apart=True)
        assert (replay.body, replay.is_replay) == (b"second", True)
        with pytest.raises(Reused):
            await process.once(team_id, first, OTHER, apart=True)
    here.now += timedelta(hours=25)
    assert await here.once(team_id, first, apart=True) == ANSWER
    assert (first.times, second.times) == (2, 1)
    with pytest.raises(RefusedError):
        await here.once(await accounts.create_team(here.pool, here.now, name=new_id()), refuse, apart=True)


async def test_another_request_is_refused_while_the_first_runs(here, team_id):
    work = Work(team_id, held=True)
    first = asyncio.create_task(here.once(team_id, work))
    await asyncio.wait_for(work.began.wait(), 5)
    with pytest.raises(Reused):
        await here.once(team_id, Work(team_id), OTHER)
    work.gate.set()
    assert await first == ANSWER


async def test_a_stale_replay_is_not_given(here, team_id):
    await here.once(team_id, Work(team_id))

    def saw(version: int | None) -> None:
        raise Stale

    for print_ in (PRINT, OTHER):
        with pytest.raises(Stale):
            await here.keys.once(team_id, "K", print_, refuse, saw)


async def test_teams_and_keys_keep_apart(here, team_id, pool):
    other = await accounts.create_team(pool, datetime.now(UTC), name=f"Team {new_id()}", currency="EUR")
    assert not (await here.once(team_id, Work(team_id))).is_replay
    assert not (await here.once(other, Work(other), OTHER)).is_replay
    assert not (await here.keys.once(team_id, "k", OTHER, Work(team_id), here.seen.append)).is_replay


async def test_what_was_refused_leaves_the_key_free(here, there, team_id):
    with pytest.raises(RefusedError):
        await here.once(team_id, refuse)
    assert await stored(here.pool, team_id) == []
    assert await there.once(team_id, Work(team_id), OTHER) == ANSWER


async def test_waiting_for_the_first(here, there, team_id):
    """In one process and in another: both get the answer of the one that was first."""
    work = Work(team_id, held=True)
    first = asyncio.create_task(here.once(team_id, work))
    await asyncio.wait_for(work.began.wait(), 5)
    others = [asyncio.create_task(process.once(team_id, work)) for process in (here, there, here)]
    await asyncio.sleep(0.1)
    assert not any(other.done() for other in others)
    work.gate.set()
    assert not (await first).is_replay
    assert [(await other).is_replay for other in others] == [True, True, True]
    assert work.times == 1


async def test_who_waits_here_holds_no_connection(database_url, team_id):
    pool = await db.open_pool(database_url, size=2)
    process, work = Process(pool), Work(team_id, held=True)
    tasks = [asyncio.create_task(process.once(team_id, work)) for _ in range(20)]
    await asyncio.wait_for(work.began.wait(), 5)
    await asyncio.wait_for(pool.fetch("select 1"), 1)
    work.gate.set()
    answers = await asyncio.gather(*tasks)
    assert sorted(answer.is_replay for answer in answers) == [False] + [True] * 19
    await pool.close()


async def test_waiting_ends_after_two_seconds(here, there, team_id):
    work = Work(team_id, held=True)
    first = asyncio.create_task(here.once(team_id, work))
    await asyncio.wait_for(work.began.wait(), 5)
    began = time.monotonic()
    waited = await asyncio.gather(
        *(process.once(team_id, work) for process in (here, there)), return_exceptions=True
    )
    assert [type(each) for each in waited] == [InProgress, InProgress]
    assert 1.9 < time.monotonic() - began < 3
    work.gate.set()
    assert await first == ANSWER
    assert (await there.once(team_id, work)).is_replay


async def test_the_work_itself_may_wait_longer(here, there, team_id, pool):
    """Two seconds are for the key alone: what the work waits for has its own bounds."""
    await here.once(team_id, Work(team_id))
    async with there.pool.transaction() as other:
        await other.execute("update tags set name = 'held' where team_id = $1", team_id)

        async def change(tx: Database) -> Kept:
            await tx.execute("update tags set name = 'mine' where team_id = $1", team_id)
            return ANSWER

        waiting = asyncio.create_task(here.keys.once(team_id, "other", PRINT, change, here.seen.append))
        await asyncio.sleep(2.3)
        assert not waiting.done()
    assert await waiting == ANSWER


async def test_an_old_answer_counts_no_more(here, there, team_id):
    await here.once(team_id, Work(team_id))
    there.now = here.now + timedelta(hours=24)
    assert (await there.once(team_id, Work(team_id))).is_replay
    there.now += timedelta(microseconds=1)
    work = Work(team_id, Kept(status=200, headers={}, body=b"new"))
    assert not (await there.once(team_id, work, OTHER)).is_replay
    assert (await there.once(team_id, work, OTHER)).body == b"new"
    assert (await tags(here.pool, team_id), len(await stored(here.pool, team_id))) == (2, 1)


async def test_old_answers_are_forgotten_a_batch_at_a_time(here, team_id, pool):
    for number in range(5):
        here.now += timedelta(minutes=1)
        await here.keys.once(team_id, f"key {number}", PRINT, Work(team_id), here.seen.append)
    before = here.now - timedelta(minutes=1)  # the fourth is just not old
    assert await idempotency.forget_expired(pool, team_id, before, at_most=2) == 2
    assert await idempotency.forget_expired(pool, team_id, before, at_most=2) == 1
    assert await idempotency.forget_expired(pool, team_id, before, at_most=2) == 0
    assert sorted(row["key"] for row in await stored(pool, team_id)) == ["key 3", "key 4"]


async def test_a_secret_answer_is_sealed(here, there, team_id, pool):
    secret = Kept(status=201, headers={}, body=b'{"secret": "whsec_1"}', is_secret=True)
    await here.once(team_id, Work(team_id, secret))
    (row,) = await stored(pool, team_id)
    assert row["is_sealed"] and b"whsec" not in row["body"]
    replay = await there.once(team_id, Work(team_id))
    assert (replay.body, replay.is_secret, replay.is_replay) == (secret.body, True, True)
    with pytest.raises(Unsealable):
        await Process(pool, Sealer(b"x" * 32)).once(team_id, Work(team_id))


async def test_a_holder_that_dies_has_done_nothing(here, there, team_id, pool, database_url):
    """Its connection is gone, and with it the claim and the change; the next one does the work."""
    work = Work(team_id, held=True)
    first = asyncio.create_task(here.once(team_id, work))
    await asyncio.wait_for(work.began.wait(), 5)
    second = asyncio.create_task(there.once(team_id, Work(team_id)))
    await asyncio.sleep(0.1)
    await terminate_holder(database_url)
    assert not (await second).is_replay
    work.gate.set()
    with pytest.raises(Exception) as failure:
        await first
    assert is_unreachable(failure.value)
    assert await tags(pool, team_id) == 1
    assert (await there.once(team_id, Work(team_id))).is_replay


async def terminate_holder(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)  # the serving role may not
    try:
        killed = await connection.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and state = 'idle in transaction' and query like 'insert into tags%'"
        )
        assert [row[0] for row in killed] == [True]
    finally:
        await connection.close()


async def test_what_leaves_the_house_is_done_once_within_a_process(here, team_id):
    gate = asyncio.Event()

    async def send(given: Database) -> Kept:
        assert given is here.pool
        await gate.wait()
        return ANSWER

    tasks = [asyncio.create_task(here.once(team_id, send, apart=True)) for _ in range(3)]
    await asyncio.sleep(0.1)
    gate.set()
    assert [answer.is_replay for answer in await asyncio.gather(*tasks)] == [False, True, True]
    here.now += timedelta(hours=24, seconds=1)
    with pytest.raises(RefusedError):
        await here.once(team_id, refuse, OTHER, apart=True)


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (["a"], "a"),
        (['"a"'], "a"),
        ([" a "], "a"),
        (["a" * 255], "a" * 255),
        (['"' + "a" * 255 + '"'], "a" * 255),
        (['a"b'], 'a"b'),
        (["!~"], "!~"),
        ([""], None),
        (['""'], None),
        (['"'], None),
        (['"a'], None),
        (["a" * 256], None),
        (["a b"], None),
        (["ä"], None),
        (["a\x7f"], None),
        (["a", "a"], None),
    ],
)
def test_keys(sent, key):
    assert read_key(sent) == key


def test_fingerprints_tell_fields_apart():
    lists: tuple[list[bytes], ...] = (
        [],
        [b""],
        [b"", b""],
        [b"a", b"b"],
        [b"ab"],
        [b"ab", b""],
        [b"a1:b"],
        [b"1:a", b"b"],
    )
    assert len({fingerprint(*fields) for fields in lists}) == len(lists)
