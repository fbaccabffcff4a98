"""Which worker delivers for which webhook.

A worker is a row of `outbound_workers` that it renews; the webhooks it holds name it. So a lease costs one small
update every few seconds, however many webhooks there are. A worker whose time is over is dead once another one has
removed its row, which it cannot do while the row is being renewed: until then nobody takes its webhooks, afterwards
the late one finds that it is nobody any more. All moments are the database's.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from milepost.store.db import Database

ENLIST_WORKER = """
insert into outbound_workers (id, until) values ($1, clock_timestamp() + make_interval(secs => $2))
"""

RENEW_WORKER = """
update outbound_workers set until = clock_timestamp() + make_interval(secs => $2) where id = $1 returning id
"""

FORGET_DEAD_WORKERS = "delete from outbound_workers where id <> $1 and until < clock_timestamp()"

FORGET_DEAD_LEASES = """
delete from webhook_leases l
where not exists (select from outbound_workers o where o.id = l.owner)
returning l.team_id, l.webhook_id
"""

COUNT_LEASES = """
select (select count(*) from outbound_workers) as workers,
       (select count(*) from webhooks where status = 'ENABLED') as webhooks,
       (select count(*) from webhooks w where w.status = 'ENABLED' and not exists (
          select from webhook_leases l where l.team_id = w.team_id and l.webhook_id = w.id)) as free,
       exists (select from outbound_workers where id <> $1 and until < clock_timestamp())
         or exists (select from webhook_leases l
                    where not exists (select from outbound_workers o where o.id = l.owner)) as has_dead
"""

TAKE_WEBHOOKS = """
insert into webhook_leases (team_id, webhook_id, owner)
select w.team_id, w.id, $1 from webhooks w
where w.status = 'ENABLED' and not exists (
  select from webhook_leases l where l.team_id = w.team_id and l.webhook_id = w.id)
order by w.team_id, w.id limit $2
on conflict (team_id, webhook_id) do nothing
"""

READ_HELD = """
select l.team_id, l.webhook_id, coalesce(w.status = 'ENABLED', false) as is_enabled, w.paused_until, w.last_error,
       coalesce(w.failing_since is not null, false) as is_failing
from webhook_leases l left join webhooks w on w.team_id = l.team_id and w.id = l.webhook_id
where l.owner = $1
order by l.team_id, l.webhook_id
"""

RELEASE_WEBHOOKS = """
delete from webhook_leases l using unnest($2::uuid[], $3::uuid[]) as freed (team_id, webhook_id)
where l.owner = $1 and l.team_id = freed.team_id and l.webhook_id = freed.webhook_id
"""

RESIGN = """
with freed as (delete from webhook_leases where owner = $1 returning team_id)
delete from outbound_workers where id = $1
"""


class Standing(Struct, frozen=True):
    """How the webhooks are shared out."""

    workers: int
    webhooks: int
    """The enabled ones."""
    free: int
    """Those of them that nobody holds."""
    has_dead: bool
    """A worker died, and its webhooks are not freed yet."""


class Lease(Struct, frozen=True):
    """A webhook that a worker holds."""

    team_id: str
    webhook_id: str
    is_enabled: bool
    """False: disabled or deleted since."""
    paused_until: datetime | None
    last_error: str | None
    is_failing: bool
    """Nothing succeeded since its last failure."""


async def enlist(db: Database, worker_id: str, seconds: float) -> None:
    """Makes the worker known, for so many seconds."""
    await db.execute(ENLIST_WORKER, worker_id, seconds)


async def renew(db: Database, worker_id: str, seconds: float) -> bool:
    """Whether the worker still is one: then it is for so many seconds from now, with all it holds."""
    return await db.fetchrow(RENEW_WORKER, worker_id, seconds) is not None


async def forget_dead(db: Database, worker_id: str) -> None:
    """Removes the workers whose time is over, then frees what nobody living holds: two statements, so that the
    second sees who renewed while the first waited for it."""
    await db.execute(FORGET_DEAD_WORKERS, worker_id)
    await db.execute(FORGET_DEAD_LEASES)


async def standing(db: Database, worker_id: str) -> Standing:
    row = await db.fetchrow(COUNT_LEASES, worker_id)
    if row is None:
        raise LookupError("counts without a row")
    return Standing(*row)


async def take(db: Database, worker_id: str, most: int) -> None:
    """Gives the worker at most so many of the webhooks that nobody holds."""
    await db.execute(TAKE_WEBHOOKS, worker_id, most)


async def held(db: Database, worker_id: str) -> list[Lease]:
    rows = await db.fetch(READ_HELD, worker_id)
    return [Lease(*row) for row in rows]


async def release(db: Database, worker_id: str, webhooks: Sequence[tuple[str, str]]) -> None:
    """Frees webhooks (team id, webhook id) that the worker holds."""
    team_ids, webhook_ids = [one[0] for one in webhooks], [one[1] for one in webhooks]
    await db.execute(RELEASE_WEBHOOKS, worker_id, team_ids, webhook_ids)


async def resign(db: Database, worker_id: str) -> None:
    """Frees all that the worker holds, and forgets it."""
    await db.execute(RESIGN, worker_id)
