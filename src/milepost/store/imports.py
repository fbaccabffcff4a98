"""How far imports of files got, so that an interrupted one goes on where it stopped."""

from datetime import datetime

from milepost.store.db import Database

LOAD_MARK = "select done from imports where team_id = $1 and source = $2 and fingerprint = $3"

# Two imports of one file at once: the mark is that of the one that got further.
PUT_MARK = """
insert into imports (team_id, source, fingerprint, done, updated_at) values ($1, $2, $3, $4, $5)
on conflict (team_id, source, fingerprint)
do update set done = greatest(imports.done, excluded.done), updated_at = excluded.updated_at
"""

DROP_MARK = "delete from imports where team_id = $1 and source = $2 and fingerprint = $3"


async def load_mark(db: Database, team_id: str, source: str, fingerprint: str) -> int:
    """How many records of the file are done; 0 when it is new or was finished."""
    row = await db.fetchrow(LOAD_MARK, team_id, source, fingerprint)
    return 0 if row is None else int(row["done"])


async def put_mark(
    db: Database, team_id: str, source: str, fingerprint: str, done: int, at: datetime
) -> None:
    await db.execute(PUT_MARK, team_id, source, fingerprint, done, at)


async def drop_mark(db: Database, team_id: str, source: str, fingerprint: str) -> None:
    await db.execute(DROP_MARK, team_id, source, fingerprint)
