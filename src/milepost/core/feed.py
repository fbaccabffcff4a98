"""The feed of a database that was restored into another server.

Events are shown in the order of the transactions that wrote them, as far as those have ended. The numbers of
transactions are the server's: after a dump was restored into a younger one, they lie ahead of all that this server
has given out, and such events would stay unseen. They are given up then, for all events of the team, and the order
falls back to ids, which is that of their making.
"""

from milepost.model.workflow import Team
from milepost.reads.accounts import list_teams
from milepost.store import event_log
from milepost.store.db import Database


async def strays(db: Database) -> list[Team]:
    """The teams with events of transactions that this server has not come to. For the operator, who stands above
    teams."""
    return [team for team in await list_teams(db) if await event_log.has_strays(db, team.id)]


async def mend(db: Database) -> list[Team]:
    """Puts the feeds of these teams in order again; returns the teams."""
    found = await strays(db)
    for team in found:
        await event_log.forget_transactions(db, team.id)
    return found
