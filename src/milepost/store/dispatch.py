"""The queue of deliveries as the workers see it: what is due, and what came of it.

A worker reads only for webhooks whose lease it holds (store/leases.py), and it alone sends for them: so nothing
is written when a delivery is taken, and each is updated once when an attempt of it ends. Nothing here depends on
when dead rows are removed: a transaction that stays open for hours makes nobody look at more rows
(docs/decisions/0015-delivery-engine.md).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec
from msgspec import Struct

from milepost.model.receiver import SealedReceiver
from milepost.store.db import Database

PLANNER = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
"""For the connections on which these statements run. Of a queue the planner's numbers are never true: a plan made
while it is empty is kept when it is long. With these there is one plan, whatever the numbers say: every row is
found by an index, in its sequence. And it is made once."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the database has said farewell, and the connection is not closed yet
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
)
"""The database is away or busy; the same statement may succeed later."""

NOT_TAKEN = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""The database does not take these values."""


class Ask(Struct, frozen=True, kw_only=True):
    """For which webhook, from where on and how many deliveries are wanted."""

    team_id: str
    webhook_id: str
    from_at: datetime
    from_id: str
    """Only what is due at that moment (of one moment: with that id) or later is looked at."""
    places: int


class Due(Struct, frozen=True, kw_only=True):
    """A delivery that may be sent: it is the first of its order for this webhook, and its time has come."""

    team_id: str
    webhook_id: str
    id: str
    event_id: str
    event_name: str
    order_id: str | None
    sequence: int | None
    body: str
    attempt_count: int
    tries: int
    next_attempt_at: datetime


class Found(Struct, frozen=True):
    """A delivery to be sent, and where to."""

    due: Due
    receiver: SealedReceiver


class Settlement(Struct, frozen=True, kw_only=True):
    """What came of one attempt, as it is written down."""

    team_id: str
    id: str
    webhook_id: str
    event_id: str
    number: int
    """The attempt's number: one more than were known of when the delivery was read."""
    tries: int
    """Attempts of the present schedule when it was read."""
    status: Literal["PENDING", "SUCCEEDED", "FAILED"]
    next_attempt_at: datetime | None
    ended_at: datetime
    started_at: datetime
    duration_ms: int
    response_status: int | None
    error: str | None
    response_excerpt: str | None
    request_headers: Mapping[str, str]


class Run(Struct, frozen=True, kw_only=True):
    """What several attempts together tell about a webhook."""

    team_id: str
    webhook_id: str
    succeeded: bool
    """Whether one of them did: then the unbroken run of failures began anew."""
    failures: int
    """After the last success, if there was one."""
    failing_since: datetime | None
    """The first of these."""
    last_error: str | None
    paused_until: datetime | None


_RECEIVER = """w.url, w.username, w.sealed_password, w.sealed_secret, w.sealed_previous_secret,
       w.previous_secret_expires_at"""
_DUE = """d.team_id, d.webhook_id, d.id, d.event_id, d.event_name, d.order_id, d.sequence, d.body,
       d.attempt_count, d.tries, d.next_attempt_at"""
_DUE_FIELDS = len(Due.__struct_fields__)

# One look at every webhook that has room. The index deliveries_due gives each its deliveries from where the last
# look ended; those behind an unfinished one of their order are passed over, by a probe of deliveries_in_line. (A
# `limit 1` keeps a look-up what it is: it cannot become a join with the whole table.)
READ_DUE = f"""
select {_DUE}, {_RECEIVER}
from json_to_recordset($1) as ask (team_id uuid, webhook_id uuid, from_at timestamptz, from_id uuid, places int)
cross join lateral (
  select * from webhooks w where w.team_id = ask.team_id and w.id = ask.webhook_id and w.status = 'ENABLED' limit 1
) w
cross join lateral (
  select * from deliveries d
  where d.team_id = ask.team_id and d.webhook_id = ask.webhook_id
    and (d.next_attempt_at, d.id) >= (ask.from_at, ask.from_id) and d.next_attempt_at <= $2
    and d.id <> all((select string_to_array($3, ',')::uuid[])::uuid[])
    and (d.order_id is null or d.sequence = (
      select e.sequence from deliveries e
      where e.team_id = d.team_id and e.webhook_id = d.webhook_id and e.order_id = d.order_id
        and e.status = 'PENDING'
      order by e.sequence limit 1))
  order by d.next_attempt_at, d.id limit ask.places
) d
limit $4
"""

# One statement for many attempts: deliveries and attempts are written, what the webhooks went through is counted,
# and the next delivery of each order that is free now is told. A delivery is named by all that names it: so every
# index that could be taken leads to it alone.
#
# An attempt counts only as the one after those that the delivery has: who sent without a lease, being late, writes
# nothing. A delivery that was canceled meanwhile stays canceled; one whose schedule was begun anew meanwhile keeps
# the new schedule, unless the attempt succeeded.
SETTLE = f"""
with result as (
  select * from json_to_recordset($1) as r (
    team_id uuid, id uuid, webhook_id uuid, event_id uuid, number int, tries int, status text,
    next_attempt_at timestamptz, ended_at timestamptz, started_at timestamptz, duration_ms int,
    response_status int, error text, response_excerpt text, request_headers jsonb)
),
settled as (
  update deliveries d set
    attempt_count = r.number,
    tries = d.tries + (d.tries = r.tries)::int,
    status = case when d.status = 'PENDING' and (d.tries = r.tries or r.status = 'SUCCEEDED')
                  then r.status else d.status end,
    next_attempt_at = case when d.status = 'PENDING' and (d.tries = r.tries or r.status = 'SUCCEEDED')
                           then r.next_attempt_at else d.next_attempt_at end,
    finished_at = case when d.status = 'PENDING' and r.status <> 'PENDING'
                            and (d.tries = r.tries or r.status = 'SUCCEEDED')
                       then r.ended_at else d.finished_at end
  from result r
  where d.team_id = r.team_id and d.id = r.id and d.webhook_id = r.webhook_id and d.event_id = r.event_id
    and d.attempt_count = r.number - 1
  returning d.team_id, d.webhook_id, d.id, d.order_id, d.status, r.number, r.started_at, r.duration_ms,
            r.response_status, r.error, r.response_excerpt, r.request_headers
),
recorded as (
  insert into attempts (team_id, delivery_id, number, started_at, duration_ms, response_status, error,
                        response_excerpt, request_headers)
  select team_id, id, number, started_at, duration_ms, response_status, error, response_excerpt,
         request_headers
  from settled
),
counted as (
  update webhooks w set
    failing_since = case when run.succeeded then run.failing_since
                         else coalesce(w.failing_since, run.failing_since) end,
    failed_attempts = case when run.succeeded then run.failures else w.failed_attempts + run.failures end,
    last_error = case when run.succeeded then run.last_error else coalesce(run.last_error, w.last_error) end,
    paused_until = greatest(w.paused_until, run.paused_until)
  from json_to_recordset($2) as run (
    team_id uuid, webhook_id uuid, succeeded bool, failures int, failing_since timestamptz, last_error text,
    paused_until timestamptz)
  where w.team_id = run.team_id and w.id = run.webhook_id and w.status = 'ENABLED'
    and (run.failures > 0 or run.paused_until is not null or w.failing_since is not null)
)
select s.id as settled_id, {_DUE.replace("d.", "n.")}, {_RECEIVER.replace("w.", "n.")}
from settled s left join lateral (
  select {_DUE}, {_RECEIVER}
  from (
    select * from deliveries e
    where e.team_id = s.team_id and e.webhook_id = s.webhook_id and e.order_id = s.order_id
      and e.status = 'PENDING' and e.id <> all(array(select id from result))
    order by e.sequence limit 1
  ) d
  cross join lateral (
    select * from webhooks w where w.team_id = d.team_id and w.id = d.webhook_id and w.status = 'ENABLED' limit 1
  ) w
  where s.status <> 'PENDING' and s.order_id is not null and d.next_attempt_at <= $3
) n on true
"""


async def read_due(
    db: Database, asks: Sequence[Ask], now: datetime, held: Sequence[str], most: int
) -> list[Found]:
    """What may be sent at `now`, for each webhook by the moment it became due; without the deliveries `held`, and at
    most so many in all."""
    rows = await db.fetch(READ_DUE, _json(asks), now, ",".join(held), most)
    return [_found(row) for row in rows]


async def settle(
    db: Database, settlements: Sequence[Settlement], runs: Sequence[Run], now: datetime
) -> tuple[set[str], list[Found]]:
    """Writes down what came of attempts, at most one of each delivery. Returns the ids of the deliveries whose
    attempt counted, and what may be sent next of their orders."""
    rows = await db.fetch(SETTLE, _json(settlements), _json(runs), now)
    found = [_found(row[1:]) for row in map(tuple, rows) if row[1] is not None]
    return {row[0] for row in rows}, found


def _json(rows: Sequence[Struct]) -> str:
    """Rows as the JSON array that statements take: many times quicker than arrays of each column."""
    return msgspec.json.encode(rows).decode()


def _found(row: asyncpg.Record | tuple[Any, ...]) -> Found:
    due = tuple(row[:_DUE_FIELDS])
    url, username, password, secret, previous, expires_at = row[_DUE_FIELDS:]
    return Found(
        Due(**dict(zip(Due.__struct_fields__, due, strict=True))),
        SealedReceiver(
            webhook_id=due[1],
            url=url,
            username=username,
            sealed_password=password,
            sealed_secret=secret,
            sealed_previous_secret=previous,
            previous_secret_expires_at=expires_at,
        ),
    )
