"""How commands run their work, and what their exit codes say."""

import asyncio
import os

import asyncpg
import pytest
import typer

from milepost.cli import schema, session
from milepost.cli.errors import CommandError, UsageError
from milepost.kit import errors
from milepost.settings import SettingsError
from milepost.store import migrations
from milepost.store.db import Unavailable
from milepost.store.embedded.errors import EmbeddedError
from tests.conftest import database_in


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    for name in os.environ:
        if name.startswith("MILEPOST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def execute(url: str, statement: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.NotFound("Order"), 3, "Order not found"),
        (errors.Forbidden("canManageTeam"), 4, "canManageTeam"),
        (errors.Conflict("in_use", "The status is in use"), 5, "The status is in use"),
        (errors.Refused("No"), 1, "No"),
        (errors.Invalid("too_long", "name", "name is too long"), 1, "name is too long"),
        (errors.Faulty("The file has faults", [("line 3", "unknown key")]), 1, "  line 3: unknown key"),
        (UsageError("say which"), 2, "say which"),
        (CommandError("it failed"), 1, "it failed"),
        (SettingsError("a variable"), 1, "a variable"),
        (Unavailable("no database"), 69, "no database"),
        (EmbeddedError("no embedded database"), 69, "no embedded database"),
        (asyncpg.CannotConnectNowError("starting up"), 69, "starting up"),
        (asyncpg.AdminShutdownError("terminating"), 69, "terminating"),
        (asyncpg.UniqueViolationError("duplicate"), 1, "duplicate"),
        (FileNotFoundError(2, "No such file", "x.yaml"), 1, "No such file (x.yaml)"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("a\n  defect"), 1, "unexpected RuntimeError: a defect"),
    ],
)
def test_errors_become_one_clear_line_and_an_exit_code(error, code, said, capsys):
    with pytest.raises(typer.Exit) as ended, session.exit_codes():
        raise error
    assert ended.value.exit_code == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.startswith("milepost: ")
    assert "Traceback" not in err


def test_tracebacks_come_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("MILEPOST_LOG_LEVEL", "debug")
    with pytest.raises(typer.Exit), session.exit_codes():
        raise RuntimeError("a defect")
    assert "Traceback" in capsys.readouterr().err


async def count_teams(pool):
    return (await pool.fetchrow("select count(*) from teams"))[0]


def test_work_is_run_on_a_database_that_is_migrated_when_empty(databases):
    url = databases.make(empty=True)
    assert session.run(count_teams, url) == 0
    assert session.run(count_teams, url) == 0


def test_the_url_may_come_from_the_settings(databases, monkeypatch):
    monkeypatch.setenv("MILEPOST_DATABASE_URL", databases.make())
    assert session.run(count_teams) == 0


def test_the_embedded_database_is_started_and_left(tmp_path):
    assert session.run(count_teams, None, tmp_path / "data") == 0
    assert (tmp_path / "data" / "postgresql").is_dir()
    assert not (tmp_path / "data" / "postgresql" / "postmaster.pid").exists()


def refusal(capsys, url: str) -> str:
    with pytest.raises(typer.Exit) as ended:
        session.run(count_teams, url)
    assert ended.value.exit_code == 1
    return capsys.readouterr().err


def test_a_database_that_is_behind_is_refused(databases, capsys, monkeypatch):
    url = databases.make()
    monkeypatch.setattr(migrations, "head", lambda: "9999")
    assert "run milepost migrate" in refusal(capsys, url)


def test_a_database_that_is_ahead_is_refused(databases, capsys):
    url = databases.make()
    execute(url, "update alembic_version set version_num = '9999'")
    assert "newer Milepost" in refusal(capsys, url)


def test_a_database_of_somebody_else_is_refused_and_left_alone(databases, capsys):
    url = databases.make(empty=True)
    execute(url, "create table customers (id int)")
    assert "not Milepost's" in refusal(capsys, url)
    assert asyncio.run(schema.state(url)) is schema.State.FOREIGN


def test_a_database_that_cannot_be_reached_is_unavailable(capsys):
    with pytest.raises(typer.Exit) as ended:
        session.run(count_teams, "postgresql://me:hidden@127.0.0.1:1/none")
    assert ended.value.exit_code == 69
    assert "hidden" not in capsys.readouterr().err


def test_a_database_that_does_not_exist_is_unavailable(server_url, capsys):
    with pytest.raises(typer.Exit) as ended:
        session.run(count_teams, database_in(server_url, "no_such_database"))
    assert ended.value.exit_code == 69
