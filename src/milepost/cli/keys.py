"""`milepost keys create|list|revoke`: the API keys of teams."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.team import TeamName, choose, now

if TYPE_CHECKING:
    from milepost.core.accounts import IssuedKey
    from milepost.reads.accounts import KeyRecord
    from milepost.store.db import Pool

_MOST = 2_147_483_646
"""core.accounts.MOST_REQUESTS, here without importing it: `--help` stays quick."""

app = typer.Typer(name="keys", help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", metavar="N", help="What the key is for; people see it.")],
    team: TeamName = None,
    permissions: Annotated[
        str | None, typer.Option("--permissions", metavar="A,B,C", help="What the key may do, by commas.")
    ] = None,
    all_permissions: Annotated[
        bool, typer.Option("--all-permissions", help="The key may do everything, the override included.")
    ] = False,
    rate_minute: Annotated[
        int,
        typer.Option(
            "--rate-minute", min=0, max=_MOST, metavar="N", help="Requests a minute; 0 is unlimited."
        ),
    ] = 60,
    rate_day: Annotated[
        int, typer.Option("--rate-day", min=0, max=_MOST, metavar="N", help="Requests a day; 0 is unlimited.")
    ] = 10_000,
    pin_version: Annotated[
        str | None,
        typer.Option("--pin-version", metavar="1.N", help="The Status API version used without a header."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="DATE",
            help="From when on the key opens nothing: 2027-01-31 (its 00:00 UTC) or 2027-01-31T18:00Z.",
        ),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="A key that begins with mp_test_.")] = False,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Make an API key. Its text is printed here and never again: only a hash of it is stored."""
    with session.exit_codes():
        wanted = _permissions(permissions, everything=all_permissions)
        expires_at = _instant(expires)
        _check_version(pin_version)

    async def work(pool: "Pool") -> "IssuedKey":
        from milepost.core import accounts
        from milepost.model.actor import system_actor

        chosen = await choose(pool, team)
        return await accounts.create_key(
            pool,
            system_actor(chosen.id, "Command line"),
            now(),
            name=name,
            permissions=wanted,
            rate_minute=rate_minute,
            rate_day=rate_day,
            pin_version=pin_version,
            expires_at=expires_at,
            test=test,
        )

    issued = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json(_issued_document(issued))
    else:
        session.show(issued.key)
    session.say(f"Key {issued.id} is made. Keep its text: it cannot be shown again.")
    if not issued.permissions:
        session.say("It opens nothing: --permissions or --all-permissions says what it may do.")
    if expires_at is not None and expires_at <= issued.created_at:
        session.say("It has expired already.")


@app.command("list")
def list_keys(
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """List API keys: those of all teams, or of one."""

    async def work(pool: "Pool") -> "list[tuple[str, KeyRecord]]":
        from milepost.reads import accounts

        teams = [await choose(pool, team)] if team is not None else await accounts.list_teams(pool)
        return [(one.name, key) for one in teams for key in await accounts.list_keys(pool, one.id)]

    keys = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json({"keys": [{**_key_document(key), "team": name} for name, key in keys]})
        return
    present = now()
    for team_name, key in keys:
        state = "open" if key.usable(present) else "revoked" if key.revoked_at else "expired"
        session.show(f"{key.id}  {key.prefix}...  {state:<7}  {team_name}: {key.name}")
    if not keys:
        session.say("There are no keys yet; make one with: milepost keys create --name NAME")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the key, not its text.")],
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Close an API key for good. A server that runs notices within seconds."""

    async def work(pool: "Pool") -> "tuple[bool, KeyRecord]":
        from milepost.core import accounts
        from milepost.kit.errors import NotFound
        from milepost.kit.ids import parse_id
        from milepost.model.actor import system_actor
        from milepost.reads.accounts import key_by_id

        parsed = parse_id(key_id)
        known = await key_by_id(pool, parsed) if parsed is not None else None
        if known is None:
            raise NotFound(f"API key {key_id!r}")
        closed = await accounts.revoke_key(pool, system_actor(known.team_id, "Command line"), now(), known.id)
        return closed, await key_by_id(pool, known.id) or known

    closed, key = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json(_key_document(key))
    session.say(f"Key {key.id} ({key.name}) is revoked." if closed else f"Key {key.id} was revoked already.")


# What is asked ----------------------------------------------------------------------------------------------


def _permissions(listed: str | None, *, everything: bool) -> tuple[str, ...]:
    from milepost.model.actor import PERMISSIONS

    if everything and listed is not None:
        raise UsageError("--permissions and --all-permissions exclude each other")
    if everything:
        return PERMISSIONS
    wanted = tuple(word.strip() for word in (listed or "").split(",") if word.strip())
    unknown = [word for word in wanted if word not in PERMISSIONS]
    if unknown:
        choices = ", ".join(PERMISSIONS)
        raise UsageError(f"Unknown permission {', '.join(unknown)}; the choices are {choices}")
    return wanted


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if "T" not in text and " " not in text.strip():
            return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--expires {text!r} is no date; write 2027-01-31") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _check_version(version: str | None) -> None:
    from milepost.core.accounts import PIN_VERSIONS

    if version is not None and version not in PIN_VERSIONS:
        raise UsageError(f"Unknown version {version!r}; the choices are {', '.join(PIN_VERSIONS)}")


# What is answered -------------------------------------------------------------------------------------------


def _issued_document(key: "IssuedKey") -> dict[str, Any]:
    return {
        "id": key.id,
        "key": key.key,
        "team_id": key.team_id,
        "name": key.name,
        "permissions": list(key.permissions),
        "rate_minute": key.rate_minute,
        "rate_day": key.rate_day,
        "pin_version": key.pin_version,
        "created_at": _text(key.created_at),
        "expires_at": _text(key.expires_at),
    }


def _key_document(key: "KeyRecord") -> dict[str, Any]:
    from milepost.model.actor import PERMISSIONS

    return {
        "id": key.id,
        "prefix": key.prefix,
        "team_id": key.team_id,
        "name": key.name,
        "permissions": [one for one in PERMISSIONS if one in key.permissions],
        "rate_minute": key.rate_minute,
        "rate_day": key.rate_day,
        "pin_version": key.pin_version,
        "created_at": _text(key.created_at),
        "expires_at": _text(key.expires_at),
        "revoked_at": _text(key.revoked_at),
    }


def _text(instant: datetime | None) -> str | None:
    from milepost.kit.clock import whole_seconds

    return None if instant is None else whole_seconds(instant)
