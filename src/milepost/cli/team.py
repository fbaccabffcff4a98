"""Which team a command is about, and what time it is for it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.errors import UsageError
from milepost.cli.session import load_settings

if TYPE_CHECKING:
    from milepost.model.workflow import House, Team
    from milepost.store.db import Database

TeamName = Annotated[
    str | None,
    typer.Option("--team", metavar="NAME", help="The team; not needed when there is only one."),
]


async def choose(db: "Database", name: str | None) -> "Team":
    """The team of that name, or the only one when no name is given.

    Raises NotFound for a name that no team has, UsageError when there is a choice or nothing to choose.
    """
    from milepost.kit.errors import NotFound
    from milepost.reads import accounts

    if name is not None:
        team = await accounts.find_team(db, name)
        if team is None:
            raise NotFound(f"Team {name!r}")
        return team
    teams = await accounts.list_teams(db)
    if len(teams) == 1:
        return teams[0]
    if not teams:
        raise UsageError("There is no team yet; make one with: milepost apply FILE")
    names = ", ".join(team.name for team in teams)
    raise UsageError(f"There are several teams; choose one with --team: {names}")


def now() -> datetime:
    """The present instant on the server's clock, which a setting may shift."""
    from milepost.kit.clock import system_clock

    return system_clock(load_settings().clock_offset_seconds)()


def house() -> "House":
    """What the settings say to rules and payloads."""
    from milepost.settings.rules import house_of

    return house_of(load_settings())
