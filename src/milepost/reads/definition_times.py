"""When a team and what it has defined were made and last changed: what a remembered workspace does not hold, as no
rule asks for it (Milestones API, sections 6.1, 6.4 and 6.5)."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from milepost.kit.errors import NotFound
from milepost.store.db import Database

TEAM_TIMES = "select version, created_at, updated_at from teams where team_id = $1"

WORKFLOW_TIMES = """
select t.version, d.id, d.created_at, d.updated_at
from teams t left join lateral (
  select w.id, w.created_at, w.updated_at from workflows w where w.team_id = t.team_id
  union all
  select m.id, m.created_at, m.updated_at from workflow_milestones m where m.team_id = t.team_id
) d on true
where t.team_id = $1
"""


class Times(Struct, frozen=True):
    """In UTC."""

    created_at: datetime
    updated_at: datetime


async def team_times(db: Database, team_id: str) -> tuple[Times, int]:
    """Of the team itself; and its workspace version of that moment. Raises NotFound when there is no such team."""
    row = await db.fetchrow(TEAM_TIMES, team_id)
    if row is None:
        raise NotFound("Team")
    return Times(row["created_at"], row["updated_at"]), row["version"]


async def workflow_times(db: Database, team_id: str) -> tuple[Mapping[str, Times], int | None]:
    """Of all its workflows and workflow milestones by id; and the workspace version of that moment."""
    rows = await db.fetch(WORKFLOW_TIMES, team_id)
    times = {row["id"]: Times(row["created_at"], row["updated_at"]) for row in rows if row["id"] is not None}
    return times, rows[0]["version"] if rows else None
