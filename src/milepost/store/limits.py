"""Blocks of rate windows, leased by processes that serve together."""

from datetime import UTC, datetime, timedelta

from milepost.store.db import Database

# The row is the window; `used` is what was given out. A block that does not fit whole is cut to what is left,
# so what was granted is the step from the row before: read under the lock that the upsert takes.
LEASE_UNITS = """
insert into rate_leases as held (team_id, key_id, resolution, starts_at, used, granted)
values ($1, $2, $3, $4, least($5::bigint, $6::bigint), least($5::bigint, $6::bigint))
on conflict (team_id, key_id, resolution, starts_at)
do update set used = least($5, held.used + $6), granted = least($5, held.used + $6) - held.used
where held.used < $5
returning granted
"""

FORGET_LEASES = "delete from rate_leases where starts_at < $1"


async def lease_units(
    db: Database, team_id: str, key_id: str, resolution: str, start: int, limit: int, block: int
) -> int:
    """Units granted of the window that starts at `start` (Unix seconds, UTC): `block`, fewer at its end, or 0."""
    starts_at = datetime.fromtimestamp(start, UTC)
    row = await db.fetchrow(LEASE_UNITS, team_id, key_id, resolution, starts_at, limit, block)
    return 0 if row is None else int(row["granted"])


async def forget_leases(db: Database, now: datetime) -> None:
    """Drops windows that ended more than a day ago."""
    await db.execute(FORGET_LEASES, now - timedelta(days=2))
