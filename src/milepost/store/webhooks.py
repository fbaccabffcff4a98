"""The rows of webhooks. Rows are locked in one sequence by all writers, so that they seldom deadlock: the team, the
webhook, its deliveries. Whoever changes what is wished of a webhook raises the team's version first."""

from datetime import datetime

from milepost.model.webhook import Webhook
from milepost.store.db import Database
from milepost.store.webhook_rows import COLUMN_NAMES, SELECTED, webhook, webhook_values

_PLACES = ", ".join(f"${number}" for number in range(2, len(COLUMN_NAMES) + 2))

COUNT_WEBHOOKS = "select count(*) as webhooks from webhooks where team_id = $1"

INSERT_WEBHOOK = f"insert into webhooks (team_id, {', '.join(COLUMN_NAMES)}) values ($1, {_PLACES})"

LOCK_WEBHOOK = f"select {SELECTED} from webhooks w where w.team_id = $1 and w.id = $2 for update"

# What the retry machinery counts (failed_attempts, paused_until, mails) is not of the wish: it stays, or starts
# anew together with `failing_since`.
UPDATE_WEBHOOK = f"""
update webhooks set ({", ".join(COLUMN_NAMES)}) = row ({_PLACES}),
  failed_attempts = case when ${COLUMN_NAMES.index("failing_since") + 2}::timestamptz is null then 0
                         else failed_attempts end,
  paused_until = case when $8 = 'DISABLED' or status = 'DISABLED' then null else paused_until end
where team_id = $1 and id = $2
"""

DELETE_WEBHOOK = "delete from webhooks where team_id = $1 and id = $2 returning id"

DELETE_LEASE = "delete from webhook_leases where team_id = $1 and webhook_id = $2"

CANCEL_PENDING = """
update deliveries set status = 'CANCELED', next_attempt_at = null, finished_at = $3
where team_id = $1 and webhook_id = $2 and status = 'PENDING'
"""

DELETE_DELIVERIES = """
with picked as (select id from deliveries where team_id = $1 and webhook_id = $2 limit $3),
     tried as (delete from attempts a using picked p where a.team_id = $1 and a.delivery_id = p.id),
     gone as (delete from deliveries d using picked p where d.team_id = $1 and d.id = p.id returning d.id)
select count(*) as deleted from gone
"""


async def count_webhooks(db: Database, team_id: str) -> int:
    row = await db.fetchrow(COUNT_WEBHOOKS, team_id)
    return 0 if row is None else int(row["webhooks"])


async def insert_webhook(db: Database, team_id: str, one: Webhook) -> None:
    await db.execute(INSERT_WEBHOOK, team_id, *webhook_values(one))


async def lock_webhook(db: Database, team_id: str, webhook_id: str) -> Webhook | None:
    """The webhook, held until the transaction ends; None when the team has no such one."""
    row = await db.fetchrow(LOCK_WEBHOOK, team_id, webhook_id)
    return None if row is None else webhook(row)


async def update_webhook(db: Database, team_id: str, one: Webhook) -> None:
    """Writes all that `one` says. What was counted of failures starts anew where it is not failing, the pause that
    a receiver asked for ends where it is or was disabled."""
    await db.execute(UPDATE_WEBHOOK, team_id, *webhook_values(one))


async def delete_webhook(db: Database, team_id: str, webhook_id: str) -> bool:
    """Deletes it; its lease and deliveries are deleted apart. False when there is no such one."""
    return await db.fetchrow(DELETE_WEBHOOK, team_id, webhook_id) is not None


async def delete_lease(db: Database, team_id: str, webhook_id: str) -> None:
    """Nobody delivers for it any more."""
    await db.execute(DELETE_LEASE, team_id, webhook_id)


async def cancel_pending(db: Database, team_id: str, webhook_id: str, at: datetime) -> None:
    """Ends every delivery that still waits."""
    await db.execute(CANCEL_PENDING, team_id, webhook_id, at)


async def delete_deliveries(db: Database, team_id: str, webhook_id: str, most: int) -> int:
    """Deletes at most so many deliveries of the webhook with their attempts; returns how many."""
    row = await db.fetchrow(DELETE_DELIVERIES, team_id, webhook_id, most)
    return 0 if row is None else int(row["deleted"])
