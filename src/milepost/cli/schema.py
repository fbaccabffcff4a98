"""Is the database's schema the one this code was written for? What to do when it is not."""

import enum
from pathlib import Path

import asyncpg
from alembic.script import ScriptDirectory

from milepost.cli.errors import CommandError
from milepost.cli.session import say
from milepost.store import migrations
from milepost.store.db import Unavailable


class State(enum.Enum):
    """How the database stands to this code."""

    EMPTY = "empty"
    CURRENT = "up to date"
    BEHIND = "behind"
    AHEAD = "ahead"
    FOREIGN = "not Milepost's"


_TABLES_OF_OTHERS = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""

_CURES = {
    State.BEHIND: "the database is behind this Milepost: run milepost migrate",
    State.AHEAD: "the database was migrated by a newer Milepost: run that one, or restore an older backup",
    State.FOREIGN: "the database holds tables that are not Milepost's: give Milepost a database of its own",
}


async def state(url: str) -> State:
    """How the database stands to this code. Raises Unavailable when it cannot be reached."""
    try:
        connection = await asyncpg.connect(url)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise Unavailable(f"The database cannot be reached: {error}. Check the database URL.") from error
    try:
        if await connection.fetchval("select to_regclass('public.alembic_version') is not null"):
            revision = await connection.fetchval("select version_num from public.alembic_version limit 1")
        else:
            revision = None
        if revision is None:
            return State.FOREIGN if await connection.fetchval(_TABLES_OF_OTHERS) else State.EMPTY
    finally:
        await connection.close()
    return _compare(revision)


async def make_usable(url: str, *, migrate: bool = False) -> State:
    """Migrate an empty database, and with `migrate` one that is behind; return what it was before.

    Raises CommandError with the cure when the database cannot be used as it is.
    """
    found = await state(url)
    if found is State.EMPTY or (found is State.BEHIND and migrate):
        await migrations.upgrade(url)
    elif found in _CURES:
        raise CommandError(_CURES[found])
    return found


async def make_servable(url: str, *, migrate: bool = False) -> None:
    """`make_usable`, and the feed of a database that was restored into another server in order again."""
    from milepost.core import feed
    from milepost.store import db

    await make_usable(url, migrate=migrate)
    pool = await db.open_pool(url, size=1)
    try:
        for team in await feed.mend(pool):
            say(
                f"The events of team {team.name} came from another database server; they are in order of age now"
            )
    finally:
        await pool.close()


def cure(found: State) -> str | None:
    """What to do about a database that cannot be used as it is."""
    return _CURES.get(found)


def _compare(revision: str) -> State:
    if revision == migrations.head():
        return State.CURRENT
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    return (
        State.BEHIND
        if any(script.revision == revision for script in scripts.walk_revisions())
        else State.AHEAD
    )
