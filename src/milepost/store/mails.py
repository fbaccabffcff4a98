"""Mail to the people who run things, stored with the change that asks for it and sent by the outbound workers
later."""

from datetime import datetime

from msgspec import Struct

from milepost.store.db import Database

INSERT_MAIL = """
insert into mails (team_id, id, recipient, subject, body, next_attempt_at, created_at)
values ($1, $2, $3, $4, $5, $6, $6)
"""


class NewMail(Struct, frozen=True, kw_only=True):
    """A mail that is due at once. `subject` is one line, `body` plain text."""

    id: str
    recipient: str
    subject: str
    body: str


async def store_mail(db: Database, team_id: str, mail: NewMail, at: datetime) -> None:
    await db.execute(INSERT_MAIL, team_id, mail.id, mail.recipient, mail.subject, mail.body, at)
