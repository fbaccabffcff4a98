"""Webhooks that fail, as the workers see them: whom to tell, and which to give up (Orders API, sections 17.6 and
17.7)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from milepost.store.db import Database

# Webhooks to be disabled for failing: judged where an attempt failed just now.
READ_FAILING = """
select w.team_id, w.id, w.last_error
from unnest($1::uuid[], $2::uuid[]) as asked (team_id, webhook_id)
join webhooks w on w.team_id = asked.team_id and w.id = asked.webhook_id
where w.status = 'ENABLED' and w.failed_attempts >= $3 and w.failing_since <= $4
"""

# At most one mail for each webhook and hour; others are counted, and the next mail tells how many.
LOCK_FOR_MAIL = """
select w.team_id, w.id, w.url, w.error_contact_email, w.mailed_at, w.mails_held_back
from unnest($1::uuid[], $2::uuid[]) as asked (team_id, webhook_id)
join webhooks w on w.team_id = asked.team_id and w.id = asked.webhook_id
order by w.team_id, w.id
for update of w
"""

MARK_MAILED = """
update webhooks set mailed_at = $3, mails_held_back = 0 where team_id = $1 and id = $2
"""

COUNT_HELD_BACK = """
update webhooks set mails_held_back = mails_held_back + $3 where team_id = $1 and id = $2
"""


class Contact(Struct, frozen=True, kw_only=True):
    """Who is told of failed deliveries, and when last."""

    team_id: str
    webhook_id: str
    url: str
    email: str
    mailed_at: datetime | None
    held_back: int


async def read_failing(
    db: Database, webhooks: Sequence[tuple[str, str]], failures: int, since: datetime
) -> list[tuple[str, str, str]]:
    """Those of the webhooks (team id, webhook id) that failed so often, and without a success since then; each
    with its last error."""
    rows = await db.fetch(READ_FAILING, *_ids(webhooks), failures, since)
    return [(row["team_id"], row["id"], row["last_error"] or "") for row in rows]


async def lock_for_mail(tx: Database, webhooks: Sequence[tuple[str, str]]) -> list[Contact]:
    """Whom to tell, with the webhooks' rows held until the transaction ends."""
    rows = await tx.fetch(LOCK_FOR_MAIL, *_ids(webhooks))
    return [
        Contact(
            team_id=row["team_id"],
            webhook_id=row["id"],
            url=row["url"],
            email=row["error_contact_email"],
            mailed_at=row["mailed_at"],
            held_back=row["mails_held_back"],
        )
        for row in rows
    ]


async def mark_mailed(tx: Database, team_id: str, webhook_id: str, at: datetime) -> None:
    await tx.execute(MARK_MAILED, team_id, webhook_id, at)


async def count_held_back(tx: Database, team_id: str, webhook_id: str, deliveries: int) -> None:
    await tx.execute(COUNT_HELD_BACK, team_id, webhook_id, deliveries)


def _ids(webhooks: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[team_id for team_id, _ in webhooks], [webhook_id for _, webhook_id in webhooks]]
