"""What the doctor looks at. Each check answers one finding; a check that cannot be made is a finding too."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
import msgspec

from milepost.cli import schema, session
from milepost.core import feed
from milepost.settings import Settings, SettingsError, effective, secret_key, variable
from milepost.store import db, mail_queue
from milepost.store.embedded.errors import EmbeddedError

_OLDEST_SERVER: Final = 150_000
_CLOCK_SECONDS: Final = 2.0
_DISK_WARN: Final = 2 * 1024**3
_DISK_FAIL: Final = 200 * 1024**2

_OWNED = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'USAGE')
"""


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do when it is not well."""

    check: str
    state: Literal["ok", "warn", "fail"]
    text: str
    cure: str = ""


def examine(database_url: str | None, data_dir: Path | None) -> tuple[list[Finding], dict[str, str]]:
    """All findings, and the effective settings with secrets masked (empty when they cannot be read)."""
    try:
        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
    except SettingsError as error:
        return [Finding("settings", "fail", str(error), "correct or unset these variables")], {}
    findings = [Finding("settings", "ok", "all settings can be used")]
    try:
        with session.database(settings) as url:
            findings += asyncio.run(_database_findings(url))
    except EmbeddedError as error:
        findings.append(Finding("database", "fail", str(error)))
    findings += [_clock(settings), _secret(settings), _mail(settings), _disk(settings)]
    return findings, effective(settings)


def report(findings: list[Finding], values: dict[str, str]) -> str:
    """The findings and settings for a person."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<4}  {finding.check}: {finding.text}")
        if finding.cure:
            lines.append(f"      -> {finding.cure}")
    if values:
        lines += ["", "Settings in force:"]
        lines += [f"  {variable(name)}={value}" for name, value in values.items()]
    return "\n".join(lines)


async def _database_findings(url: str) -> list[Finding]:
    try:
        found = await schema.state(url)
        connection = await asyncpg.connect(url)
    except db.Unavailable as error:
        return [
            Finding("database", "fail", str(error), "start the database, or correct MILEPOST_DATABASE_URL")
        ]
    try:
        return [
            await _version(connection),
            _migrations(found),
            await _role(url, found),
            await _feed(url, found),
            await _waiting_mail(connection, found),
            await _clocks(connection),
        ]
    finally:
        await connection.close()


async def _version(connection: Any) -> Finding:
    number = int(await connection.fetchval("show server_version_num"))
    text = f"PostgreSQL {await connection.fetchval('show server_version')}"
    if number < _OLDEST_SERVER:
        return Finding("database", "fail", f"{text} is too old", "use PostgreSQL 15 or newer")
    return Finding("database", "ok", text)


def _migrations(found: schema.State) -> Finding:
    if found is schema.State.CURRENT:
        return Finding("migrations", "ok", "the schema is up to date")
    if found is schema.State.EMPTY:
        return Finding(
            "migrations", "warn", "the database is empty", "run milepost migrate; serve does it too"
        )
    return Finding("migrations", "fail", f"the database is {found.value}", schema.cure(found) or "")


async def _role(url: str, found: schema.State) -> Finding:
    """Rows are served by a role that owns no table, so that no fault of a request can change the schema."""
    if found is not schema.State.CURRENT:
        return Finding("role", "warn", "cannot be told before the schema is up to date")
    pool = await db.open_pool(url, size=1)
    try:
        row = await pool.fetchrow("select current_user::text as name")
        owned = await pool.fetchrow(_OWNED)
    finally:
        await pool.close()
    name = row["name"] if row else "?"
    if owned and owned[0]:
        return Finding(
            "role",
            "warn",
            f"requests are served as {name}, which owns tables",
            f"as a superuser: create role {db.SERVING_ROLE}; grant {db.SERVING_ROLE} to the role of the URL; "
            "and grant it select, insert, update, delete on all tables in schema public",
        )
    return Finding("role", "ok", f"requests are served as {name}, which owns no table")


async def _feed(url: str, found: schema.State) -> Finding:
    """After a restore into a younger server, events lie ahead of all that it has come to and stay unseen."""
    if found is not schema.State.CURRENT:
        return Finding("events", "warn", "cannot be told before the schema is up to date")
    pool = await db.open_pool(url, size=1)
    try:
        teams = await feed.strays(pool)
    finally:
        await pool.close()
    if teams:
        names = ", ".join(team.name for team in teams)
        return Finding(
            "events",
            "warn",
            f"the events of {names} came from another database server, and /events does not show them",
            "start milepost serve once; it puts them in order",
        )
    return Finding("events", "ok", "the feed can be read")


async def _waiting_mail(connection: Any, found: schema.State) -> Finding:
    if found is not schema.State.CURRENT:
        return Finding("waiting mail", "warn", "cannot be told before the schema is up to date")
    mails = await connection.fetchval(mail_queue.COUNT_WAITING)
    if mails:
        return Finding(
            "waiting mail",
            "warn",
            f"waiting to be sent: {mails}",
            "run milepost serve or milepost work, with MILEPOST_SMTP_URL and MILEPOST_MAIL_FROM set",
        )
    return Finding("waiting mail", "ok", "no mail waits to be sent")


async def _clocks(connection: Any) -> Finding:
    before = datetime.now(UTC)
    theirs = await connection.fetchval("select clock_timestamp()")
    after = datetime.now(UTC)
    apart = (theirs - (before + (after - before) / 2)).total_seconds()
    if abs(apart) > _CLOCK_SECONDS:
        return Finding(
            "database clock",
            "warn",
            f"it is {apart:+.1f} s from this machine's",
            "synchronize both clocks (NTP)",
        )
    return Finding("database clock", "ok", f"it agrees with this machine's ({apart:+.3f} s)")


def _clock(settings: Settings) -> Finding:
    offset = settings.clock_offset_seconds
    if offset:
        return Finding(
            "clock offset",
            "warn",
            f"the server's clock is shifted by {offset:+g} s",
            "unset MILEPOST_CLOCK_OFFSET_SECONDS",
        )
    return Finding("clock offset", "ok", "the server's clock is not shifted")


def _secret(settings: Settings) -> Finding:
    try:
        secret_key(settings)
    except SettingsError as error:
        return Finding("secret key", "fail", str(error))
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "it is set")
    return Finding("secret key", "ok", f"it is kept in {settings.data_dir}: back it up with the database")


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding(
            "mail",
            "ok",
            "no mail server is set (MILEPOST_SMTP_URL): mail about webhooks is kept, and not sent",
        )
    if settings.mail_from is None:
        return Finding("mail", "fail", "a mail server is set, but no sender", "set MILEPOST_MAIL_FROM")
    return Finding("mail", "ok", f"a mail server is set; the sender is {settings.mail_from}")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB free for {settings.data_dir}"
    if free < _DISK_FAIL:
        return Finding("disk", "fail", text, "free some, or choose another MILEPOST_DATA_DIR")
    if free < _DISK_WARN:
        return Finding("disk", "warn", text, "free some soon")
    return Finding("disk", "ok", text)
