"""The numbers that orders get which came without one (Milestones API, section 7.3)."""

from milepost.store.db import Database

NEXT_NUMBER = """
insert into order_numbers as n (team_id, last) values ($1, 1)
on conflict (team_id) do update set last = n.last + 1 returning last
"""

SET_LAST_NUMBER = "update order_numbers set last = $2 where team_id = $1"


async def next_number(db: Database, team_id: str) -> int:
    """The number after the last one given out; whoever asks next waits until the caller's transaction ends."""
    (row,) = await db.fetch(NEXT_NUMBER, team_id)
    return int(row["last"])


async def set_last_number(db: Database, team_id: str, last: int) -> None:
    """The number that was given out in the end: those between are other orders'."""
    await db.execute(SET_LAST_NUMBER, team_id, last)
