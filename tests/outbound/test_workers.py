"""Workers that share, die, lose their database and are stopped: nothing is lost, nothing is sent by two at a time
(17.5, O-58)."""

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from milepost.kit.ids import new_id, ulid
from milepost.model.workflow import House
from milepost.outbound import pace, tenure, worker
from milepost.outbound.schedule import Schedule
from milepost.outbound.sender import Sender
from milepost.outbound.worker import Worker
from milepost.store import dispatch
from tests.outbound.receivers import Receiver, hang, receiving, status
from tests.outbound.yard import REACH, SEALER, SECRET_KEY, Yard, until
from tests.runtime.processes import Program, program


async def shares(yard: Yard) -> list[int]:
    """How many webhooks each worker holds."""
    rows = await yard.pool.fetch("select count(*) as held from webhook_leases group by owner order by 1")
    return [row["held"] for row in rows]


async def test_workers_share_the_webhooks(yard: Yard):
    """Each webhook has one worker; the limit of attempts at once holds for all of them together."""

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.02)
        return status(204)(None)  # type: ignore[arg-type]

    async with receiving() as first, receiving() as second:
        ids = [await yard.webhook(one.url) for one in (first, second, first, second)]
        first.behaviour = second.behaviour = slow
        async with yard.working(webhook_concurrency=2):
            await until(lambda: _shared(yard, [4]))
            async with yard.working(webhook_concurrency=2):
                await until(lambda: _shared(yard, [2, 2]))
                for webhook_id in ids:
                    await yard.queue(webhook_id, 50)
                for webhook_id in ids:
                    assert await yard.finished(webhook_id) == {"SUCCEEDED": 50}
            await until(lambda: _shared(yard, [4]), 3)  # the one that stopped gave its part back
        assert await shares(yard) == []
        for one in (first, second):
            assert one.most_at_once == 4  # two webhooks, two at a time each
            assert max(Counter(got.id for got in one.received).values()) == 1


async def _shared(yard: Yard, wanted: list[int]) -> bool:
    return await shares(yard) == wanted


async def test_new_and_changed_webhooks_are_noticed(yard: Yard, receiver: Receiver):
    """Made, disabled and enabled while the worker runs."""
    async with yard.working():
        webhook_id = await yard.webhook(receiver.url)
        await yard.queue(webhook_id)
        began = time.monotonic()
        await receiver.count(1)
        assert time.monotonic() - began < 5  # 17.4: within 5 s of commit
        await _set_status(yard, webhook_id, "DISABLED")
        await until(lambda: _shared(yard, []), 4)
        await _set_status(yard, webhook_id, "ENABLED")
        await yard.queue(webhook_id)
        await receiver.count(2)


async def _set_status(yard: Yard, webhook_id: str, wanted: str) -> None:
    await yard.pool.execute(
        "update webhooks set status = $3, disabled_at = case when $3 = 'DISABLED' then now() end "
        "where team_id = $1 and id = $2",
        yard.team_id,
        webhook_id,
        wanted,
    )


async def test_waking(yard: Yard, receiver: Receiver, monkeypatch):
    """A worker that sleeps long between looks looks at once when it is told; many wakes are few looks."""
    for module, name in ((pace, "IDLE_MOST"), (worker, "LOOK_BACK_LEAST"), (worker, "LOOK_BACK_MOST")):
        monkeypatch.setattr(module, name, 60.0)
    webhook_id = await yard.webhook(receiver.url)
    async with yard.working() as outbound:
        await yard.queue(webhook_id)
        await receiver.count(1)
        await asyncio.sleep(1.5)
        (event_id,) = await yard.queue(webhook_id)
        await asyncio.sleep(0.5)
        assert receiver.of(event_id) == []
        looks = await _calls_of_reading(yard)
        for _ in range(1_000):
            outbound.wake()
        await receiver.count(2, 2)
        assert await _calls_of_reading(yard) - looks < 20


async def _calls_of_reading(yard: Yard) -> int:
    """How often the index of what is due was used, as the database counts."""
    row = await yard.pool.fetchrow(
        "select pg_stat_force_next_flush(), "
        "(select idx_scan from pg_stat_user_indexes where indexrelname = 'deliveries_due') as scans"
    )
    return int(row["scans"]) if row else 0


async def test_what_is_canceled_is_not_sent(yard: Yard, receiver: Receiver):
    """16.3: DISABLED cancels what waits, also what a worker has read ahead."""

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.3)
        return status(204)(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id, 200)
    async with yard.working():
        await receiver.count(8)
        await _set_status(yard, webhook_id, "DISABLED")
        await yard.pool.execute(
            "update deliveries set status = 'CANCELED', next_attempt_at = null, finished_at = now() "
            "where team_id = $1 and status = 'PENDING'",
            yard.team_id,
        )
        await asyncio.sleep(1.2)
        assert len(receiver.received) <= 16
    counts = await yard.statuses(webhook_id)
    # What was in flight stays canceled; its attempt is written down all the same.
    assert counts == {"CANCELED": 200}
    attempts = await yard.pool.fetchrow("select count(*) from attempts where team_id = $1", yard.team_id)
    assert attempts is not None
    assert attempts[0] == len(receiver.received)


async def test_stopping_finishes_what_is_in_flight(yard: Yard, receiver: Receiver):
    """SIGTERM: begin nothing, finish, write down, give back."""

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.4)
        return status(204)(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id, 100)
    async with yard.working():
        await receiver.count(8)
    sent = len(receiver.received)
    assert sent == 8
    assert await yard.statuses(webhook_id) == {"SUCCEEDED": sent, "PENDING": 100 - sent}
    assert await shares(yard) == []
    assert await yard.pool.fetch("select id from outbound_workers") == []


async def test_a_schedule_begun_anew_while_in_flight(yard: Yard, receiver: Receiver):
    """Sent again while an attempt is in flight: a success counts, a failure leaves the new schedule alone."""
    answers = [500, 204]

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.3)
        return status(answers.pop(0))(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    await yard.pool.execute(
        "update deliveries set tries = 4, attempt_count = 4 where event_id = $1", event_id
    )
    async with yard.working():
        await receiver.count(1)
        await yard.pool.execute(
            "update deliveries set tries = 0, next_attempt_at = $2 where event_id = $1",
            event_id,
            yard.clock(),
        )
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    row = await yard.delivery(event_id)
    assert (row["attempt_count"], row["tries"], len(receiver.received)) == (6, 1, 2)
    assert [one["number"] for one in await yard.attempts(event_id)] == [5, 6]


async def test_who_is_late_writes_nothing(yard: Yard, receiver: Receiver):
    """Two that sent the same attempt: the first outcome stands."""

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.3)
        return status(500)(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working():
        await receiver.count(1)
        await yard.pool.execute(
            "update deliveries set status = 'SUCCEEDED', attempt_count = 1, next_attempt_at = null, "
            "finished_at = now() where event_id = $1",
            event_id,
        )
        await asyncio.sleep(0.6)
    row = await yard.delivery(event_id)
    assert (row["status"], row["attempt_count"]) == ("SUCCEEDED", 1)
    assert await yard.attempts(event_id) == []


# The database goes away -------------------------------------------------------------------------------------


async def test_connections_that_break(yard: Yard, receiver: Receiver):
    """The server ends the workers' connections again and again: everything arrives, in sequence."""
    webhook_id, orders = await yard.webhook(receiver.url), [new_id() for _ in range(40)]
    await yard.queue_all([(webhook_id, order, number) for number in range(1, 26) for order in orders])
    killer = await asyncpg.connect(yard.url)
    try:
        async with yard.working():
            ended = 0
            for _ in range(12):
                await asyncio.sleep(0.15)
                ended += await killer.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where datname = current_database() and application_name = 'milepost' "
                    "and query ~ 'json_to_recordset|outbound_workers|webhook_leases'"
                )
            assert ended > 3
            assert await yard.finished(webhook_id, 60) == {"SUCCEEDED": 1_000}
    finally:
        await killer.close()
    for order in orders:
        sequences = [one.sequence for one in receiver.of_order(order)]
        assert sequences == sorted(sequences)
        assert set(sequences) == set(range(1, 26))


class Switch:
    """A database that can be away."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        if self.is_away:
            raise OSError("the database is away")
        return getattr(self._db, name)


@asynccontextmanager
async def working_on(yard: Yard, db: Any, **options: Any):
    """A delivery worker alone, on this database."""
    async with Sender(REACH, yard.clock) as sender:
        made = Worker(
            db,
            sender,
            SEALER,
            yard.clock,
            schedule=Schedule(),
            concurrency=8,
            disable_after_seconds=0,
            house=House(),
            **options,
        )
        task = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            made.stop()
            await task


async def test_outcomes_are_kept_while_the_database_is_away(yard: Yard, receiver: Receiver):
    """What was sent is written down later, and not sent again."""
    database = Switch(yard.pool)

    async def slow(_: object) -> Any:
        await asyncio.sleep(0.1)
        return status(204)(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id, 60)
    async with working_on(yard, database):
        await receiver.count(8)
        database.is_away = True
        await asyncio.sleep(1.0)
        written = await yard.statuses(webhook_id)
        sent = len(receiver.received)
        assert written.get("SUCCEEDED", 0) < sent
        database.is_away = False
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 60}
    assert max(Counter(got.id for got in receiver.received).values()) == 1


async def test_what_is_left_is_written_down_when_the_database_is_back(yard: Yard, receiver: Receiver):
    """Also when no other attempt ends meanwhile."""
    database = Switch(yard.pool)

    async def slow(_: object) -> Any:
        database.is_away = True
        return status(204)(None)  # type: ignore[arg-type]

    receiver.behaviour = slow
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id)
    async with working_on(yard, database):
        await receiver.count(1)
        await asyncio.sleep(0.5)
        assert await yard.statuses(webhook_id) == {"PENDING": 1}
        database.is_away = False
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    assert len(receiver.received) == 1


class Silence:
    """A database that does not answer for a while, as when the net between is cut."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.is_silent = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._db, name)
        if not self.is_silent or name == "transaction":
            return found

        async def never(*_: Any) -> None:
            await asyncio.sleep(3_600)

        return never


async def test_a_database_that_does_not_answer(yard: Yard, receiver: Receiver, monkeypatch):
    """It is not waited for without end: when it answers others again, it is asked anew."""
    monkeypatch.setattr(worker, "DATABASE_SECONDS", 0.5)
    database = Silence(yard.pool)
    webhook_id = await yard.webhook(receiver.url)
    async with working_on(yard, database):
        await yard.queue(webhook_id, 5)
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 5}
        database.is_silent = True
        await yard.queue(webhook_id, 5)
        await asyncio.sleep(0.6)
        database.is_silent = False
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 10}
    assert len(receiver.received) == 10


async def test_nothing_is_sent_past_the_lease(yard: Yard, receiver: Receiver, monkeypatch):
    """A worker that cannot renew stops before others may begin, and ends what is in flight."""
    monkeypatch.setattr(tenure, "LEASE_SECONDS", 2.0)
    monkeypatch.setattr(tenure, "RENEW_SECONDS", 0.5)
    monkeypatch.setattr(worker, "ROUND_SECONDS", 0.1)
    database = Switch(yard.pool)
    async with receiving() as hanging:
        hanging.behaviour = hang()
        stuck, webhook_id = await yard.webhook(hanging.url), await yard.webhook(receiver.url)
        await yard.queue(stuck, 8)
        await yard.queue(webhook_id)
        async with working_on(yard, database) as made:
            await hanging.count(8)
            await receiver.count(1)
            await yard.finished(webhook_id)  # what was taken and not written down would rightly be sent again
            database.is_away = True
            began = time.monotonic()
            await until(lambda: not made._attempts, 5)
            assert 0.4 < time.monotonic() - began < 2.5
            until_then = len(receiver.received) + len(hanging.received)
            # Meanwhile somebody else holds the webhooks.
            await until(lambda: _expired(yard))
            hanging.behaviour = status(204)
            async with working_on(yard, yard.pool):
                await yard.queue(webhook_id)
                await yard.finished(webhook_id)
                await yard.finished(stuck)
                assert len(receiver.received) + len(hanging.received) == until_then + 9
                database.is_away = False
                await until(lambda: _shared(yard, [1, 1]))
            await yard.queue(webhook_id, 10)
            await yard.queue(stuck, 10)
            await yard.finished(webhook_id)
            await yard.finished(stuck)


async def _expired(yard: Yard) -> bool:
    return bool(await yard.pool.fetch("select id from outbound_workers where until < clock_timestamp()"))


async def test_a_worker_taken_for_dead_starts_anew(yard: Yard, receiver: Receiver, monkeypatch):
    monkeypatch.setattr(tenure, "RENEW_SECONDS", 0.2)
    monkeypatch.setattr(worker, "ROUND_SECONDS", 0.1)
    webhook_id = await yard.webhook(receiver.url)
    async with yard.working():
        await until(lambda: _shared(yard, [1]))
        (before,) = await yard.pool.fetch("delete from outbound_workers returning id")
        await until(lambda: _others(yard, before["id"]))
        await yard.queue(webhook_id)
        await receiver.count(1)


async def _others(yard: Yard, worker_id: str) -> bool:
    rows = await yard.pool.fetch("select owner from webhook_leases")
    return [row["owner"] for row in rows] not in ([], [worker_id])


async def test_what_the_database_does_not_take_is_stored_in_fewer_words(
    yard: Yard, receiver: Receiver, monkeypatch
):
    """One outcome that cannot be written holds up no other."""
    original = dispatch.settle

    async def choosy(db: Any, settlements: Any, runs: Any, now: Any) -> Any:
        if any(one.response_excerpt == "poison" for one in settlements):
            raise asyncpg.DataError("invalid byte sequence")
        return await original(db, settlements, runs, now)

    monkeypatch.setattr(dispatch, "settle", choosy)
    webhook_id = await yard.webhook(receiver.url)
    receiver.behaviour = lambda got: status(200, body=b"poison" if got.id == ulid(bad) else b"fine")(got)
    bad, *_ = await yard.queue(webhook_id, 20)
    async with yard.working():
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 20}
    (attempt,) = await yard.attempts(bad)
    assert (attempt["response_excerpt"], attempt["request_headers"]) == (None, {})
    assert len(receiver.received) == 20


async def test_late_commits_are_found(yard: Yard, receiver: Receiver):
    """A change that took long to commit: its deliveries became due before those that were seen already."""
    webhook_id = await yard.webhook(receiver.url)
    async with yard.working():
        for seconds in (0.5, 5, 600):
            await yard.queue(webhook_id, 3)
            await receiver.count(len(receiver.received) + 3)
            yard.clock.offset = -timedelta(seconds=seconds)
            (late,) = await yard.queue(webhook_id)
            yard.clock.offset = timedelta()
            await until(lambda late=late: bool(receiver.of(late)), 5)


# Processes --------------------------------------------------------------------------------------------------


def worker_process(yard: Yard) -> Any:
    environment = {
        "MILEPOST_DATABASE_URL": yard.url,
        "MILEPOST_SECRET_KEY": SECRET_KEY,
        "MILEPOST_WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8",
        "MILEPOST_WEBHOOK_ALLOW_HTTP": "true",
    }
    return program("-m", "milepost", "work", env=environment)


async def started(process: Program) -> None:
    assert await asyncio.to_thread(process.line) == "Milepost is working"


@pytest.mark.slow
async def test_kill_9_of_a_worker_loses_nothing(yard: Yard, receiver: Receiver):
    """O-58: duplicates carry the same id and bytes; recovery within the lease; each order in sequence."""
    chance = 0

    async def answer(got: object) -> Any:
        nonlocal chance
        chance += 1
        await asyncio.sleep(0.01)
        return status(503 if chance % 10 == 0 else 204)(got)  # type: ignore[arg-type]

    receiver.behaviour = answer
    webhook_id, orders = await yard.webhook(receiver.url), [new_id() for _ in range(100)]
    await yard.queue_all([(webhook_id, order, number) for number in range(1, 31) for order in orders])
    with worker_process(yard) as first:
        await started(first)
        await receiver.count(700)
        first.send(signal.SIGKILL)
        killed = time.monotonic()
    with worker_process(yard) as second:
        await started(second)
        sent = len(receiver.received)
        await receiver.count(sent + 1, 30)
        assert time.monotonic() - killed < tenure.LEASE_SECONDS + 5
        yard.clock.offset = timedelta(seconds=0)
        await until(lambda: _only_retries(yard, webhook_id), 60)
        await yard.pool.execute("update deliveries set next_attempt_at = now() where status = 'PENDING'")
        await until(lambda: _nothing_waits(yard, webhook_id), 60)
        second.send(signal.SIGTERM)
        assert await asyncio.to_thread(second.wait) == 0
    by_id: dict[str, set[bytes]] = {}
    for got in receiver.received:
        by_id.setdefault(got.id, set()).add(got.body)
    assert len(by_id) == 3_000
    assert all(len(bodies) == 1 for bodies in by_id.values())
    for order in orders:
        sequences = [one.sequence for one in receiver.of_order(order)]
        assert sequences == sorted(sequences)


async def _only_retries(yard: Yard, webhook_id: str) -> bool:
    """What still waits waits for its time, or behind such a one."""
    row = await yard.pool.fetchrow(
        "select count(*) from deliveries d where webhook_id = $1 and status = 'PENDING' and not exists ("
        "select from deliveries e where e.webhook_id = d.webhook_id and e.order_id = d.order_id "
        "and e.status = 'PENDING' and e.next_attempt_at > now() and e.sequence <= d.sequence)",
        webhook_id,
    )
    return row is not None and row[0] == 0


async def _nothing_waits(yard: Yard, webhook_id: str) -> bool:
    await yard.pool.execute(
        "update deliveries set next_attempt_at = now() where status = 'PENDING' and next_attempt_at > now()"
    )
    return "PENDING" not in await yard.statuses(webhook_id)


async def test_a_worker_process_stops_on_sigterm(yard: Yard, receiver: Receiver):
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id, 5)
    with worker_process(yard) as process:
        await started(process)
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 5}
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.to_thread(process.wait) == 0
    assert await shares(yard) == []
    assert "error" not in process.stderr
