"""Answers kept for requests that are sent again (Orders API, section 19)."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg
from msgspec import Struct

from milepost.store.db import Database

# Waits for another transaction that claims the same key; the lock timeout holds for this statement alone (it is
# set before the row is made and taken back once it is). A row that is older than $5 does not count any more.
CLAIM_KEY = """
insert into idempotency_keys as kept (team_id, key, fingerprint, created_at)
select $1::uuid, $2, $3::bytea, $4::timestamptz where set_config('lock_timeout', '2s', true) is not null
on conflict (team_id, key) do update
set fingerprint = excluded.fingerprint, status = null, headers = null, body = null, is_sealed = false,
    created_at = excluded.created_at
where kept.created_at < $5
returning set_config('lock_timeout', '0', true)
"""

FIND_ANSWER = """
select k.fingerprint, k.status, k.headers, k.body, k.is_sealed, t.version
from teams t join idempotency_keys k on k.team_id = t.team_id
where t.team_id = $1 and k.key = $2 and k.status is not null and k.created_at >= $3
"""

KEEP_ANSWER = """
update idempotency_keys set status = $3, headers = $4, body = $5, is_sealed = $6 where team_id = $1 and key = $2
"""

# An array, since a join might look for the rows more than once and find more than the limit.
FORGET_ANSWERS = """
delete from idempotency_keys
where team_id = $1 and key = any(array(
  select key from idempotency_keys
  where team_id = $1 and created_at < $2 order by created_at limit $3 for update skip locked))
"""


class Held(Exception):
    """Another transaction holds the key, and did not end in time."""


class Record(Struct, frozen=True):
    """What is kept of an answered request."""

    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes
    is_sealed: bool
    team_version: int
    """Not kept: the team's version now."""


async def claim(
    tx: Database, team_id: str, key: str, fingerprint: bytes, now: datetime, expired: datetime
) -> bool:
    """Takes the key for this transaction; False when it is taken by an answered request made since `expired`.

    Waits up to two seconds for a transaction that has claimed it. Raises Held when that goes on.
    """
    try:
        return await tx.fetchrow(CLAIM_KEY, team_id, key, fingerprint, now, expired) is not None
    except asyncpg.LockNotAvailableError:
        raise Held from None


async def find(db: Database, team_id: str, key: str, expired: datetime) -> Record | None:
    """The answered request of that key, made since `expired`."""
    row = await db.fetchrow(FIND_ANSWER, team_id, key, expired)
    if row is None:
        return None
    return Record(
        row["fingerprint"],
        row["status"],
        row["headers"],
        row["body"],
        row["is_sealed"],
        row["version"],
    )


async def keep(
    tx: Database, team_id: str, key: str, status: int, headers: Mapping[str, str], body: bytes, sealed: bool
) -> None:
    """Stores the answer of the request whose key this transaction has claimed."""
    await tx.execute(KEEP_ANSWER, team_id, key, status, headers, body, sealed)


async def forget_expired(db: Database, team_id: str, before: datetime, at_most: int = 1000) -> int:
    """Removes up to `at_most` records made before that moment, oldest first; returns how many."""
    return int((await db.execute(FORGET_ANSWERS, team_id, before, at_most)).split()[-1])
