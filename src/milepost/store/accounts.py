"""Teams and API keys: the rows that say who may come in."""

from datetime import datetime

from msgspec import Struct

from milepost.model.milestone_config import MilestoneConfig
from milepost.store.db import Database

INSERT_TEAM = """
insert into teams (team_id, name, time_zone, currency, created_at, updated_at)
values ($1, $2, $3, $4, $5, $5)
"""

INSERT_MILESTONE_CONFIG = """
insert into order_milestone_configs (team_id, id, name, is_default, enabled, milestones)
values ($1, $2, $3, $4, $5, $6)
"""

# Held to the end of the transaction. No unique index can say it: that would have to be led by team_id.
LOCK_TEAM_NAME = "select pg_advisory_xact_lock(hashtextextended('team ' || $1, 0))"

BUMP_TEAM = "update teams set version = version + 1, updated_at = $2 where team_id = $1 returning version"

INSERT_KEY = """
with bumped as (update teams set version = version + 1 where team_id = $1)
insert into api_keys (team_id, id, name, key_hash, prefix, permissions, rate_minute, rate_day, pin_version,
                      created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

REVOKE_KEY = """
with revoked as (
  update api_keys set revoked_at = $3 where team_id = $1 and id = $2 and revoked_at is null returning team_id
)
update teams set version = version + 1 where team_id in (select team_id from revoked) returning team_id
"""


class NewKey(Struct, frozen=True, kw_only=True):
    """A key to be stored: everything but its text."""

    team_id: str
    id: str
    name: str
    key_hash: bytes
    prefix: str
    permissions: tuple[str, ...]
    rate_minute: int
    rate_day: int
    pin_version: str | None
    created_at: datetime
    expires_at: datetime | None


async def lock_team_name(db: Database, name: str) -> None:
    """Makes others who would name a team so wait until this transaction ends."""
    await db.execute(LOCK_TEAM_NAME, name)


async def insert_team(
    db: Database, team_id: str, name: str, time_zone: str, currency: str, at: datetime
) -> None:
    await db.execute(INSERT_TEAM, team_id, name, time_zone, currency, at)


async def insert_milestone_config(
    db: Database, team_id: str, config_id: str, config: MilestoneConfig
) -> None:
    await db.execute(
        INSERT_MILESTONE_CONFIG,
        team_id,
        config_id,
        config.name,
        config.is_default,
        config.enabled,
        list(config.milestones),
    )


async def bump_team(db: Database, team_id: str, at: datetime) -> int:
    """Tells every process that what it remembers of the team is old; returns the new version."""
    row = await db.fetchrow(BUMP_TEAM, team_id, at)
    if row is None:
        raise LookupError(f"no team {team_id}")
    return int(row["version"])


async def insert_key(db: Database, key: NewKey) -> None:
    await db.execute(
        INSERT_KEY,
        key.team_id,
        key.id,
        key.name,
        key.key_hash,
        key.prefix,
        list(key.permissions),
        key.rate_minute,
        key.rate_day,
        key.pin_version,
        key.created_at,
        key.expires_at,
    )


async def revoke_key(db: Database, team_id: str, key_id: str, at: datetime) -> bool:
    """False when there is no such key or it is revoked already."""
    return await db.fetchrow(REVOKE_KEY, team_id, key_id, at) is not None
