"""Blocks of rate windows, leased by processes that serve together."""

from datetime import UTC, datetime

from milepost.store.db import Database

# The row is the window; `used` is what was given out. A block that does not fit whole is cut to what is left.
# The key's older windows go with the same statement, so the table holds a row or two a key.
LEASE_UNITS = """
with forgotten as (
  delete from rate_leases where team_id = $1 and key_id = $2 and resolution = $3 and starts_at < $4
)
insert into rate_leases as held (team_id, key_id, resolution, starts_at, used, granted)
values ($1, $2, $3, $4, least($5::bigint, $6::bigint), least($5::bigint, $6::bigint))
on conflict (team_id, key_id, resolution, starts_at)
do update set used = least($5, held.used + $6), granted = least($5, held.used + $6) - held.used
where held.used < $5
returning granted
"""


async def lease_units(
    db: Database, team_id: str, key_id: str, resolution: str, start: int, limit: int, block: int
) -> int:
    """Units granted of the window that starts at `start` (Unix seconds, UTC): `block`, fewer at its end, or 0."""
    starts_at = datetime.fromtimestamp(start, UTC)
    row = await db.fetchrow(LEASE_UNITS, team_id, key_id, resolution, starts_at, limit, block)
    return 0 if row is None else int(row["granted"])
