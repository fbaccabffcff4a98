"""What is forgotten when its time is over, in parts so small that nobody waits for them.

Ids carry the moment they were made (kit/ids.py), so what is old lies at the beginning of the primary keys: each
part is a walk over some ids from a cursor on, up to a bound. A row's own moment decides whether it goes.
"""

from collections.abc import Sequence
from datetime import datetime

from milepost.store.db import Database

LIST_TEAMS = "select team_id from teams order by team_id"

FORGET_EVENTS = """
with seen as materialized (
  select id, recorded_at from events where team_id = $1 and id > $2 and id < $3 order by id limit $4
),
gone as (
  delete from events e using seen s where e.team_id = $1 and e.id = s.id and s.recorded_at < $5 returning e.id
)
select (select id from seen order by id desc limit 1) as last, (select count(*) from gone) as gone
"""

# One that was queued again stays until it is finished again.
FORGET_DELIVERIES = """
with seen as materialized (
  select id, status, created_at from deliveries
  where team_id = $1 and id > $2 and id < $3 order by id limit $4
),
old as materialized (select id from seen where created_at < $5 and status <> 'PENDING'),
tried as (delete from attempts a using old o where a.team_id = $1 and a.delivery_id = o.id),
gone as (
  delete from deliveries d using old o
  where d.team_id = $1 and d.id = o.id and d.status <> 'PENDING' returning d.id
)
select (select id from seen order by id desc limit 1) as last, (select count(*) from gone) as gone
"""

FORGET_MAILS = """
with seen as materialized (
  select id, created_at from mails where team_id = $1 and id > $2 and id < $3 order by id limit $4
),
gone as (
  delete from mails m using seen s where m.team_id = $1 and m.id = s.id and s.created_at < $5 returning m.id
)
select (select id from seen order by id desc limit 1) as last, (select count(*) from gone) as gone
"""

FORGET_EXCERPTS = """
update attempts a set response_excerpt = null
from (
  select delivery_id, number from attempts
  where team_id = $1 and response_excerpt <> '' and started_at < $2
  order by started_at limit $3
) old
where a.team_id = $1 and a.delivery_id = old.delivery_id and a.number = old.number
"""


async def list_teams(db: Database) -> Sequence[str]:
    return [row["team_id"] for row in await db.fetch(LIST_TEAMS)]


async def forget(
    db: Database, statement: str, team_id: str, after: str, below: str, most: int, before: datetime
) -> tuple[str | None, int]:
    """Takes one of the statements above over at most so many ids between the two, and forgets those of before that
    moment. Returns the last id that was looked at (None: there was none) and how many are gone."""
    row = await db.fetchrow(statement, team_id, after, below, most, before)
    return (None, 0) if row is None else (row["last"], row["gone"])


async def forget_excerpts(db: Database, team_id: str, before: datetime, most: int) -> int:
    """Empties at most so many excerpts of attempts before that moment, oldest first; returns how many."""
    return int((await db.execute(FORGET_EXCERPTS, team_id, before, most)).split()[-1])
