"""Deliveries that are queued once more, or late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from milepost.model.webhook import Webhook
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, json_rows
from milepost.store.webhook_rows import SELECTED, webhook

# Held so that nobody disables or deletes it before what is queued here is committed.
HOLD_WEBHOOK = f"""
select t.version, {SELECTED}
from teams t join webhooks w on w.team_id = t.team_id
where t.team_id = $1 and w.id = $2 for share of w
"""

FIND_ONE = """
select e.id is not null as is_kept
from deliveries d left join events e on e.team_id = d.team_id and e.id = d.event_id
where d.team_id = $1 and d.webhook_id = $2 and d.id = $3
"""

FIND_OF_EVENT = """
select e.id as event_id, e.recorded_at, d.id
from events e left join deliveries d on d.team_id = e.team_id and d.event_id = e.id and d.webhook_id = $2
where e.team_id = $1 and e.id = $3
"""

# What is pending and due is queued already.
FIND_OF_SPAN = """
with span as materialized (
  select id from events where team_id = $1 and recorded_at >= $3 and recorded_at < $4
)
select e.id as event_id, e.recorded_at, d.id
from span s join events e on e.team_id = $1 and e.id = s.id
left join deliveries d on d.team_id = $1 and d.event_id = e.id and d.webhook_id = $2
where e.type = any($5::text[]) and e.subject_id is distinct from $2
  and (d.id is null or d.status <> 'PENDING' or d.next_attempt_at > $6)
order by e.recorded_at, e.id limit $7
"""

FIND_FAILED = """
select e.id as event_id, e.recorded_at, d.id
from deliveries d join events e on e.team_id = d.team_id and e.id = d.event_id
where d.team_id = $1 and d.webhook_id = $2 and d.status in ('FAILED', 'CANCELED') and e.recorded_at >= $3
order by e.recorded_at, e.id limit $4
"""

REQUEUE = """
update deliveries set status = 'PENDING', tries = 0, next_attempt_at = $3, finished_at = null
where team_id = $1 and id = any($2::uuid[])
"""

_COLUMNS = DeliveryRow.__struct_fields__

INSERT_LATE = f"""
insert into deliveries (team_id, {", ".join(_COLUMNS)})
select $1, {", ".join(f"d.{name}" for name in _COLUMNS)} from json_populate_recordset(null::deliveries, $2) d
on conflict (team_id, event_id, webhook_id) do nothing
"""


class Candidate(Struct, frozen=True):
    """An event that is to be sent, with its delivery if there was one."""

    event_id: str
    recorded_at: datetime
    delivery_id: str | None


async def hold_webhook(db: Database, team_id: str, webhook_id: str) -> tuple[int, Webhook] | None:
    """The team's version and the webhook, which until the transaction ends stays as it is; None: no such one."""
    row = await db.fetchrow(HOLD_WEBHOOK, team_id, webhook_id)
    return None if row is None else (row["version"], webhook(row))


async def has_event(db: Database, team_id: str, webhook_id: str, delivery_id: str) -> bool | None:
    """Whether the event of the delivery is kept; None: there is no such delivery."""
    row = await db.fetchrow(FIND_ONE, team_id, webhook_id, delivery_id)
    return None if row is None else bool(row["is_kept"])


async def find_of_event(db: Database, team_id: str, webhook_id: str, event_id: str) -> list[Candidate]:
    """The event, if it is kept."""
    return [_candidate(row) for row in await db.fetch(FIND_OF_EVENT, team_id, webhook_id, event_id)]


async def find_of_span(
    db: Database,
    team_id: str,
    webhook_id: str,
    since: datetime,
    until: datetime,
    names: Sequence[str],
    *,
    now: datetime,
    most: int,
) -> list[Candidate]:
    """The events of these names recorded from `since` to before `until`, oldest first; without those that wait to
    be sent `now`, and those that tell of the webhook itself."""
    rows = await db.fetch(FIND_OF_SPAN, team_id, webhook_id, since, until, names, now, most)
    return [_candidate(row) for row in rows]


async def find_failed(
    db: Database, team_id: str, webhook_id: str, since: datetime, *, most: int
) -> list[Candidate]:
    """The failed and canceled deliveries whose event was recorded at `since` or later, oldest first."""
    return [_candidate(row) for row in await db.fetch(FIND_FAILED, team_id, webhook_id, since, most)]


async def requeue(db: Database, team_id: str, delivery_ids: Sequence[str], at: datetime) -> None:
    """Makes them due at once, with a fresh retry schedule."""
    await db.execute(REQUEUE, team_id, delivery_ids, at)


async def insert_late(db: Database, team_id: str, rows: Sequence[DeliveryRow]) -> int:
    """Queues deliveries of events that had none; returns how many there still were none of."""
    return int((await db.execute(INSERT_LATE, team_id, json_rows(rows))).split()[-1])


def _candidate(row: Any) -> Candidate:
    return Candidate(row["event_id"], row["recorded_at"], row["id"])
