"""Teams and API keys, as doors and the command line look them up."""

from datetime import datetime

import asyncpg
from msgspec import Struct

from milepost.model.workflow import Team
from milepost.store.db import Database

_KEY_COLUMNS = """
select k.id, k.team_id, k.name, k.prefix, k.permissions, k.rate_minute, k.rate_day, k.pin_version,
       k.created_at, k.expires_at, k.revoked_at, t.version as team_version
from api_keys k join teams t on t.team_id = k.team_id
"""

FIND_KEY = f"{_KEY_COLUMNS}where k.key_hash = $1 limit 1"

KEY_BY_ID = f"{_KEY_COLUMNS}where k.id = $1 limit 1"

LIST_KEYS = f"{_KEY_COLUMNS}where k.team_id = $1 order by k.id"

_TEAM_COLUMNS = """
select team_id as id, name, time_zone, currency, status_specificity, workflows_enabled,
       enforce_workflow_order, enforce_product_chain
from teams
"""

LIST_TEAMS = f"{_TEAM_COLUMNS}order by name, team_id"

FIND_TEAM = f"{_TEAM_COLUMNS}where name = $1 order by team_id limit 1"


class KeyRecord(Struct, frozen=True, kw_only=True):
    """A stored API key: everything but its text, and the version of its team at that moment."""

    id: str
    team_id: str
    name: str
    prefix: str
    permissions: frozenset[str]
    rate_minute: int
    rate_day: int
    pin_version: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    team_version: int

    def usable(self, now: datetime) -> bool:
        """Whether the key opens anything at `now`: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


async def find_key(db: Database, key_hash: bytes) -> KeyRecord | None:
    """The key with that hash, whatever its state: the caller asks `usable`."""
    row = await db.fetchrow(FIND_KEY, key_hash)
    return None if row is None else _key(row)


async def key_by_id(db: Database, key_id: str) -> KeyRecord | None:
    """The key with that id, of any team: for the operator, who stands above teams."""
    row = await db.fetchrow(KEY_BY_ID, key_id)
    return None if row is None else _key(row)


async def list_keys(db: Database, team_id: str) -> list[KeyRecord]:
    """The team's keys, oldest first, revoked and expired ones too."""
    return [_key(row) for row in await db.fetch(LIST_KEYS, team_id)]


async def list_teams(db: Database) -> list[Team]:
    """All teams by name: for the operator, who stands above teams."""
    return [Team(**row) for row in await db.fetch(LIST_TEAMS)]


async def find_team(db: Database, name: str) -> Team | None:
    """The team of exactly that name."""
    row = await db.fetchrow(FIND_TEAM, name)
    return None if row is None else Team(**row)


def _key(row: asyncpg.Record) -> KeyRecord:
    return KeyRecord(**{**row, "permissions": frozenset(row["permissions"])})
