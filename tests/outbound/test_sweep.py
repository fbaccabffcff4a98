"""What is kept for a time only (section 21)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.core.orders import put_orders
from milepost.kit.ids import new_id
from milepost.model.actor import system_actor
from milepost.outbound import sweep as code
from milepost.outbound.sweep import Retention, Sweep
from milepost.reads import workspace
from milepost.store import db
from milepost.store.db import Pool
from tests.outbound.receivers import Receiver, status
from tests.outbound.yard import Yard, yard_in
from tests.surfaces.world import NewOrder

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def swept_url(databases) -> str:
    """A database where everything may be forgotten."""
    url: str = databases.make()
    return url


@pytest.fixture(scope="module")
async def swept(swept_url):
    pool = await db.open_pool(swept_url)
    yield pool
    await pool.close()


@pytest.fixture
async def yard(swept, swept_url):
    async with yard_in(swept, swept_url) as made:
        yield made


async def sweep(yard: Yard, **kept: Any) -> dict[str, int]:
    return await Sweep(yard.pool, yard.clock, Retention(**kept)).once()


async def age(yard: Yard, table: str, days: float, **where: str) -> None:
    """Makes rows look as if they had been made then: their moments, and the moments in their ids."""
    await _ages(yard.pool, yard.team_id, table, timedelta(days=days), where)


async def _ages(pool: Pool, team_id: str, table: str, by: timedelta, where: dict[str, str]) -> None:
    moments = {
        "deliveries": ["created_at", "finished_at", "next_attempt_at"],
        "mails": ["created_at"],
        "events": ["recorded_at"],
        "attempts": ["started_at"],
        "idempotency_keys": ["created_at"],
    }[table]
    changed = ", ".join(f"{name} = {name} - $2::interval" for name in moments)
    conditions = "".join(f" and {name} = '{value}'" for name, value in where.items())
    await pool.execute(f"update {table} set {changed} where team_id = $1{conditions}", team_id, by)


async def sent(yard: Yard, receiver: Receiver, made_at: timedelta, count: int = 3) -> str:
    """A webhook with deliveries made so long ago."""
    webhook_id = await yard.webhook(receiver.url)
    yard.clock.offset = -made_at
    now = yard.clock()
    await yard.queue(webhook_id, count)
    yard.clock.offset = timedelta()
    await _date_ids(yard, webhook_id, now)
    async with yard.working(webhook_retry_schedule="0"):
        await yard.finished(webhook_id)
    return webhook_id


async def _date_ids(yard: Yard, webhook_id: str, at: Any) -> None:
    for row in await yard.deliveries(webhook_id):
        await yard.pool.execute(
            "update deliveries set id = $3 where team_id = $1 and id = $2",
            yard.team_id,
            row["id"],
            new_id(at),
        )


async def test_deliveries_go_with_their_attempts(yard: Yard, receiver: Receiver):
    """90 days by default; younger ones and those that wait stay."""
    old = await sent(yard, receiver, 91 * DAY)
    young = await sent(yard, receiver, 89 * DAY)
    waiting = await yard.webhook(receiver.url)
    yard.clock.offset = -200 * DAY
    (event_id,) = await yard.queue(waiting)
    yard.clock.offset = timedelta()
    await _date_ids(yard, waiting, yard.clock() - 200 * DAY)
    gone = await sweep(yard)
    assert gone["deliveries"] == 3
    assert await yard.deliveries(old) == []
    assert len(await yard.deliveries(young)) == 3
    assert (await yard.delivery(event_id))["status"] == "PENDING"
    attempts = await yard.pool.fetchrow("select count(*) from attempts where team_id = $1", yard.team_id)
    assert attempts is not None
    assert attempts[0] == 3
    assert (await sweep(yard))["deliveries"] == 0
    assert (await sweep(yard, delivery_days=88))["deliveries"] == 3


async def test_many_go_in_parts(yard: Yard, receiver: Receiver, monkeypatch):
    monkeypatch.setattr(code, "PART", 7)
    webhook_id = await sent(yard, receiver, 91 * DAY, count=30)
    assert (await sweep(yard))["deliveries"] == 30
    assert await yard.deliveries(webhook_id) == []


async def test_excerpts_go_sooner(yard: Yard, receiver: Receiver):
    """30 days by default: what a receiver answered is forgotten, that it was asked is not."""
    receiver.behaviour = status(200, body=b"thank you")
    webhook_id = await sent(yard, receiver, timedelta(), count=5)
    assert (await sweep(yard))["excerpts"] == 0
    await age(yard, "attempts", 31)
    assert (await sweep(yard, excerpt_days=32))["excerpts"] == 0
    assert (await sweep(yard))["excerpts"] == 5
    assert (await sweep(yard))["excerpts"] == 0
    for row in await yard.deliveries(webhook_id):
        (attempt,) = await yard.attempts(row["event_id"])
        assert (attempt["response_excerpt"], attempt["response_status"]) == (None, 200)


async def test_mails(yard: Yard):
    for days in (91, 89):
        await yard.pool.execute(
            "insert into mails (team_id, id, recipient, subject, body, state, next_attempt_at, created_at) "
            "values ($1, $2, 'a@example.com', 's', 'b', 'SENT', $3, $3)",
            yard.team_id,
            new_id(yard.clock() - days * DAY),
            yard.clock() - days * DAY,
        )
    assert (await sweep(yard))["mails"] == 1
    assert len(await yard.mails()) == 1


async def test_answers_to_repeated_requests(yard: Yard):
    """24 h by default."""
    for hours in (23, 25, 49):
        await yard.pool.execute(
            "insert into idempotency_keys (team_id, key, fingerprint, status, headers, body, created_at) "
            "values ($1, $2, '', 201, '{}', '', $3)",
            yard.team_id,
            f"key {hours}",
            yard.clock() - timedelta(hours=hours),
        )
    assert (await sweep(yard))["answers"] == 2
    assert (await sweep(yard, idempotency_hours=22))["answers"] == 1


async def events_made(yard: Yard, days: float) -> None:
    """An order with its event, made so long ago."""
    then = yard.clock() - days * DAY
    known = await workspace.load(yard.pool, yard.team_id)
    order = NewOrder(order_number=f"A-{days}")
    await put_orders(yard.pool, system_actor(yard.team_id), known, [order], then)
    rows = await yard.pool.fetch(
        "select id from events where team_id = $1 and recorded_at = $2", yard.team_id, then
    )
    assert len(rows) == 1
    await yard.pool.execute(
        "update events set id = $3 where team_id = $1 and id = $2", yard.team_id, rows[0]["id"], new_id(then)
    )


async def events_left(yard: Yard) -> int:
    row = await yard.pool.fetchrow("select count(*) from events where team_id = $1", yard.team_id)
    assert row is not None
    return int(row[0])


async def test_events_are_kept_for_ever_unless_it_is_said(yard: Yard):
    """And never less than 60 days, whatever is said."""
    for days in (1, 59, 61, 399, 401):
        await events_made(yard, days)
    assert "events" not in await sweep(yard)
    assert await events_left(yard) == 5
    assert (await sweep(yard, event_days=400))["events"] == 1
    assert (await sweep(yard, event_days=1))["events"] == 2
    assert await events_left(yard) == 2


async def test_an_old_event_under_a_young_id_is_kept_as_long_as_its_id(yard: Yard):
    """What is told of an event is its own moment; an id from another time only makes it stay a while longer."""
    await events_made(yard, 100)
    await yard.pool.execute("update events set id = $2 where team_id = $1", yard.team_id, new_id())
    assert (await sweep(yard, event_days=60))["events"] == 0
    await yard.pool.execute(
        "update events set id = $2, recorded_at = $3 where team_id = $1",
        yard.team_id,
        new_id(yard.clock() - 100 * DAY),
        yard.clock(),
    )
    assert (await sweep(yard, event_days=60))["events"] == 0


def test_the_first_id_of_a_moment():
    at = datetime(2026, 6, 15, 10, 2, 12, 345_000, tzinfo=UTC)
    assert code.first_id(at) <= new_id(at)
    assert new_id(at - timedelta(milliseconds=1)) < code.first_id(at)
    assert code.first_id(datetime(1960, 1, 1, tzinfo=UTC)) == "00000000-0000-7000-8000-000000000000"
