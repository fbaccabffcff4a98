"""Webhooks as their owner sees them. Each read tells the team's version as well (None: no such team)."""

from collections.abc import Sequence

import asyncpg

from milepost.model.webhook import Webhook
from milepost.store.db import Database
from milepost.store.webhook_rows import SELECTED, webhook

GET_WEBHOOK = f"""
select t.version, {SELECTED}
from teams t left join webhooks w on w.team_id = t.team_id and w.id = $2
where t.team_id = $1
"""

_LIST = f"""
select t.version, $2::uuid is null or exists (
  select from webhooks c where c.team_id = $1 and c.id = $2
) as cursor_known, {SELECTED}
from teams t left join lateral (
  select * from webhooks w
  where w.team_id = t.team_id and ($2::uuid is null or w.id {{0}} $2) order by w.id {{1}} limit $3
) w on true
where t.team_id = $1
order by w.id {{1}}
"""

LIST_FOLLOWING = _LIST.format("<", "desc")

LIST_PRECEDING = _LIST.format(">", "asc")


async def get_webhook(db: Database, team_id: str, webhook_id: str) -> tuple[int | None, Webhook | None]:
    row = await db.fetchrow(GET_WEBHOOK, team_id, webhook_id)
    if row is None:
        return None, None
    return row["version"], webhook(row) if row["id"] is not None else None


async def list_webhooks(
    db: Database, team_id: str, *, limit: int, after: str | None = None, before: str | None = None
) -> tuple[int | None, list[Webhook] | None]:
    """At most `limit` webhooks, newest first: those that follow the one `after`, or the nearest that precede the
    one `before`. None when the team has no such one."""
    statement = LIST_FOLLOWING if before is None else LIST_PRECEDING
    rows = await db.fetch(statement, team_id, before or after, limit)
    version, found = _listed(rows)
    if found is not None and before is not None:
        found.reverse()
    return version, found


def _listed(rows: Sequence[asyncpg.Record]) -> tuple[int | None, list[Webhook] | None]:
    if not rows:
        return None, []
    version = rows[0]["version"]
    if not rows[0]["cursor_known"]:
        return version, None
    return version, [webhook(row) for row in rows if row["id"] is not None]
