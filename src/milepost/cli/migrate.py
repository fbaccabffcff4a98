"""`milepost migrate`: the schema."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.session import DatabaseUrl, DataDir, Json

if TYPE_CHECKING:
    from milepost.cli.schema import State


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 unless the schema is up to date.")
    ] = False,
    sql: Annotated[
        bool,
        typer.Option("--sql", help="Print the SQL that makes the schema in an empty database; run nothing."),
    ] = False,
    json: Json = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Bring the database's schema up to date, all of it or nothing."""
    with session.exit_codes():
        if sql and (check or json):
            raise UsageError("--sql goes with neither --check nor --json")
        from milepost.store import migrations

        if sql:
            session.show(migrations.upgrade_sql().strip())
            return
        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
        with session.database(settings) as url:
            before, after = asyncio.run(_look(url) if check else _upgrade(url))
        if json:
            session.show_json({"before": before.name.lower(), "after": after.name.lower()})
        elif before is after:
            session.show(f"The database is {after.value}.")
        else:
            session.show(f"The database was {before.value} and is {after.value}.")
        if check and after.name != "CURRENT":
            raise typer.Exit(session.FAILURE)


async def _look(url: str) -> "tuple[State, State]":
    from milepost.cli import schema

    found = await schema.state(url)
    if cure := schema.cure(found):
        session.say(f"milepost: {cure}")
    return found, found


async def _upgrade(url: str) -> "tuple[State, State]":
    from milepost.cli import schema

    return await schema.make_usable(url, migrate=True), await schema.state(url)
