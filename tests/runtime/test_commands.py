"""The program itself, started as people start it."""

import json
import time

import asyncpg
import pytest

from milepost import __version__
from tests.conftest import database_in
from tests.runtime.processes import run


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"milepost {__version__}\n")


def test_help_is_quick_and_names_every_command():
    durations = []
    for _ in range(3):
        began = time.monotonic()
        done = run("--help")
        durations.append(time.monotonic() - began)
    assert done.returncode == 0
    for command in (
        "serve",
        "migrate",
        "demo",
        "apply",
        "export-workspace",
        "keys",
        "import",
        "export",
        "orders",
        "openapi",
        "doctor",
    ):
        assert f"  {command} " in done.stdout
    assert min(durations) < 0.5


@pytest.mark.parametrize("argv", [["no-such-command"], ["serve", "--port", "70000"], ["serve", "--no-such"]])
def test_usage_errors_are_2(argv):
    done = run(*argv)
    assert (done.returncode, done.stdout) == (2, "")


def test_an_unknown_setting_ends_every_command():
    done = run("doctor", env={"MILEPOST_LOG_LEVLE": "debug"})
    assert done.returncode == 1
    assert "MILEPOST_LOG_LEVEL" in done.stdout
    done = run("migrate", "--check", env={"MILEPOST_LOG_LEVLE": "debug"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean MILEPOST_LOG_LEVEL" in done.stderr.replace("Did", "did")


class TestMigrate:
    def test_check_tells_an_empty_database_from_one_that_is_up_to_date(self, databases):
        url = databases.make(empty=True)
        done = run("migrate", "--check", env={"MILEPOST_DATABASE_URL": url})
        assert (done.returncode, done.stdout) == (1, "The database is empty.\n")
        done = run("migrate", "--json", "--database-url", url)
        assert (done.returncode, json.loads(done.stdout)) == (0, {"before": "empty", "after": "current"})
        done = run("migrate", "--check", "--database-url", url)
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
        assert run("migrate", "--database-url", url).returncode == 0

    async def test_check_names_the_cure(self, databases_apart):
        url = databases_apart
        connection = await asyncpg.connect(url)
        await connection.execute("update alembic_version set version_num = '9999'")
        await connection.close()
        done = run("migrate", "--check", "--database-url", url)
        assert done.returncode == 1
        assert "newer Milepost" in done.stderr
        assert run("migrate", "--database-url", url).returncode == 1

    async def test_sql_makes_the_same_schema(self, empty_database):
        done = run("migrate", "--sql")
        assert done.returncode == 0
        connection = await asyncpg.connect(empty_database)
        try:
            await connection.execute(done.stdout)
        finally:
            await connection.close()
        assert run("migrate", "--check", "--database-url", empty_database).returncode == 0

    def test_sql_goes_with_nothing_else(self):
        assert run("migrate", "--sql", "--check").returncode == 2

    def test_an_unreachable_database_is_69(self):
        done = run("migrate", "--database-url", "postgresql://127.0.0.1:1/x")
        assert done.returncode == 69
        assert done.stderr.startswith("milepost: ")
        assert "Traceback" not in done.stderr


class TestDoctor:
    def states(self, *argv: str, **env: str) -> tuple[int, dict[str, str], dict]:
        done = run("doctor", "--json", *argv, env=env)
        document = json.loads(done.stdout)
        return done.returncode, {each["check"]: each["state"] for each in document["findings"]}, document

    def test_a_healthy_installation(self, databases, tmp_path):
        url = databases.make()
        code, states, document = self.states("--database-url", url, "--data-dir", str(tmp_path))
        assert code == 0
        assert states == dict.fromkeys(
            [
                "settings",
                "database",
                "migrations",
                "role",
                "events",
                "waiting mail",
                "database clock",
                "clock offset",
                "secret key",
                "mail",
                "disk",
            ],
            "ok",
        )
        assert document["settings"]["bulk_max_orders"] == "1000"

    def test_text_masks_secrets_and_says_what_to_do(self, databases, tmp_path):
        done = run(
            "doctor",
            "--data-dir",
            str(tmp_path),
            env={
                "MILEPOST_DATABASE_URL": databases.make(),
                "MILEPOST_SMTP_URL": "smtp://me:hidden@mail.example",
                "MILEPOST_CLOCK_OFFSET_SECONDS": "60",
                "MILEPOST_SECRET_KEY": "hidden" * 10,
            },
        )
        assert done.returncode == 1
        assert "fail  mail: " in done.stdout
        assert "-> set MILEPOST_MAIL_FROM" in done.stdout
        assert "warn  clock offset: " in done.stdout
        assert "MILEPOST_SMTP_URL=smtp://me:********@mail.example" in done.stdout
        assert "hidden" not in done.stdout + done.stderr

    def test_an_empty_database_is_a_warning_and_stays_empty(self, databases, tmp_path):
        url = databases.make(empty=True)
        code, states, _ = self.states("--database-url", url, "--data-dir", str(tmp_path))
        assert (code, states["migrations"]) == (0, "warn")
        assert run("migrate", "--check", "--database-url", url).returncode == 1

    def test_an_unreachable_database_fails(self, tmp_path):
        url = "postgresql://me:hidden@127.0.0.1:1/x"
        code, states, document = self.states("--database-url", url, "--data-dir", str(tmp_path))
        assert (code, states["database"]) == (1, "fail")
        assert "hidden" not in json.dumps(document)

    def test_settings_that_cannot_be_used_fail(self):
        code, states, _ = self.states(MILEPOST_BULK_MAX_ORDERS="many")
        assert (code, states) == (1, {"settings": "fail"})


@pytest.fixture
async def databases_apart(server_url, template):
    """A migrated database made without leaving the running loop."""
    async for url in _database(server_url, f'template "{template}"'):
        yield url


@pytest.fixture
async def empty_database(server_url):
    async for url in _database(server_url, ""):
        yield url


async def _database(server_url: str, how: str):
    name = f"milepost_runtime_{time.time_ns()}"
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'create database "{name}" {how}')
        yield database_in(server_url, name)
        await connection.execute(f'drop database "{name}" with (force)')
    finally:
        await connection.close()
