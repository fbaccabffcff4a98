"""Mail as the worker that sends it sees it. A mail is taken for a while, sent, and then is SENT, waits for another
attempt, or FAILED: who dies meanwhile leaves it to be sent again."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from milepost.store.db import Database

TAKE_MAILS = """
with picked as (
  select team_id, id from mails where state = 'PENDING' and next_attempt_at <= $1
  order by next_attempt_at limit $3 for update skip locked
)
update mails m set next_attempt_at = $2, attempts = m.attempts + 1
from picked p where m.team_id = p.team_id and m.id = p.id
returning m.team_id, m.id, m.recipient, m.subject, m.body, m.attempts, m.created_at
"""

END_MAIL = """
update mails set state = $3, next_attempt_at = $4, last_error = $5 where team_id = $1 and id = $2
"""

COUNT_WAITING = "select count(*) as mails from mails where team_id is not null and state = 'PENDING'"


class WaitingMail(Struct, frozen=True):
    """A mail to be sent now."""

    team_id: str
    id: str
    recipient: str
    subject: str
    body: str
    attempts: int
    """This one included."""
    created_at: datetime


async def take_mails(db: Database, now: datetime, until: datetime, most: int) -> Sequence[WaitingMail]:
    """Mails that are due, taken until that moment: nobody else gets them before it."""
    rows = await db.fetch(TAKE_MAILS, now, until, most)
    return [WaitingMail(*row) for row in rows]


async def end_mail(
    db: Database, mail: WaitingMail, state: str, next_attempt_at: datetime, last_error: str | None
) -> None:
    """What came of an attempt. `state`: SENT, FAILED, or PENDING for another attempt at that moment."""
    await db.execute(END_MAIL, mail.team_id, mail.id, state, next_attempt_at, last_error)


async def count_waiting(db: Database) -> int:
    row = await db.fetchrow(COUNT_WAITING)
    return 0 if row is None else int(row["mails"])
