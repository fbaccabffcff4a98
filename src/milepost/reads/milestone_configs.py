"""Milestone configs of a team, for showing (Milestones API, sections 6.9 and 7.15)."""

import msgspec
from msgspec import Struct

from milepost.model.milestone_config import ConfigMilestone, MilestoneConfig
from milepost.store.db import Database

LIST_CONFIGS = """
select t.version, c.id, c.name, c.is_default, c.enabled, c.milestones
from teams t left join order_milestone_configs c on c.team_id = t.team_id
where t.team_id = $1
order by c.id
"""


class StoredConfig(Struct, frozen=True):
    id: str
    config: MilestoneConfig


async def list_configs(db: Database, team_id: str) -> tuple[list[StoredConfig], int | None]:
    """The team's configs by id; and the workspace version of that moment."""
    rows = await db.fetch(LIST_CONFIGS, team_id)
    configs = [
        StoredConfig(
            row["id"],
            MilestoneConfig(
                name=row["name"],
                is_default=row["is_default"],
                enabled=row["enabled"],
                milestones=msgspec.convert(row["milestones"], tuple[ConfigMilestone, ...]),
            ),
        )
        for row in rows
        if row["id"] is not None
    ]
    return configs, rows[0]["version"] if rows else None
