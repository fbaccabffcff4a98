"""The ground of every test: a real PostgreSQL, migrated once into a template, cloned for each worker.

`MILEPOST_TEST_DATABASE_URL` names a server to use (its role must be allowed to create databases);
without it the embedded PostgreSQL is started and shared by all workers of the run.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hypothesis
import pytest

from milepost.store import db, embedded, migrations

# Machines that run tests are shared and slow at times: a test's own time is no finding.
hypothesis.settings.register_profile("milepost", deadline=None)
hypothesis.settings.load_profile("milepost")

REQUIRE_ALL = os.environ.get("MILEPOST_REQUIRE_ALL") == "1"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is required (CI), a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRE_ALL and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("tests were skipped, and MILEPOST_REQUIRE_ALL is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def database_in(server_url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(server_url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def server_url(shared_folder: Path) -> Iterator[str]:
    """A PostgreSQL server on which databases may be created."""
    if url := os.environ.get("MILEPOST_TEST_DATABASE_URL"):
        yield url
        return
    server = embedded.start(shared_folder / "postgresql-for-tests")
    try:
        yield server.url
    finally:
        server.release()


@pytest.fixture(scope="session")
def template(server_url: str, shared_folder: Path) -> str:
    """The name of a migrated, empty database that nobody is connected to."""
    sql = b"".join(
        path.read_bytes()
        for path in sorted(Path(migrations.__file__).parent.rglob("*.*"))
        if path.suffix in {".py", ".sql"}
    )
    name = f"milepost_template_{hashlib.sha256(sql).hexdigest()[:12]}"
    with _only_one(shared_folder / "template.lock"):
        asyncio.run(_make_template(server_url, name))
    return name


async def _make_template(server_url: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        if await connection.fetchval("select datistemplate from pg_database where datname = $1", name):
            return
        await connection.execute(f'drop database if exists "{name}"')
        await connection.execute(f'create database "{name}"')
        await migrations.upgrade(database_in(server_url, name))
        await connection.execute(f'alter database "{name}" is_template true')
    finally:
        await connection.close()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Databases:
    """Makes databases from the template and drops them afterwards."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._made: list[str] = []

    def make(self, *, empty: bool = False) -> str:
        """The URL of a fresh database: migrated, or wholly empty."""
        name = f"milepost_test_{os.getpid()}_{len(self._made)}"
        self._made.append(name)
        source = "" if empty else f' template "{self._template}"'
        asyncio.run(
            self._run(
                f'drop database if exists "{name}" with (force)',
                f'create database "{name}"{source}',
                # Only tests that kill servers need every commit on the disk; they have servers of their own.
                f'alter database "{name}" set synchronous_commit = off',
            )
        )
        return database_in(self._server_url, name)

    def drop_all(self) -> None:
        asyncio.run(self._run(*(f'drop database if exists "{name}" with (force)' for name in self._made)))

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._server_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def databases(server_url: str, template: str) -> Iterator[Databases]:
    made = Databases(server_url, template)
    yield made
    made.drop_all()


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> str:
    """This worker's database. Tests keep apart by making a team each."""
    return databases.make()


@pytest.fixture(scope="session")
async def pool(database_url: str):
    """This worker's pool. When all its tests have run, what must hold after any of them is checked."""
    opened = await db.open_pool(database_url, size=20)
    yield opened
    for what, statement in INVARIANTS.items():
        rows = await opened.fetch(statement)
        assert rows == [], f"{what}: {[dict(row) for row in rows[:3]]}"
    await opened.close()


INVARIANTS = {
    "an order's events are not 1..event_seq": """
        select o.team_id, o.id, o.event_seq, array_agg(e.sequence order by e.sequence) as sequences
        from orders o left join events e on e.team_id = o.team_id and e.order_id = o.id
        group by o.team_id, o.id, o.event_seq
        having coalesce(array_agg(e.sequence order by e.sequence) filter (where e.id is not null), '{}')
               <> array(select generate_series(1, o.event_seq))
        """,
    "a tally is not the number of orders there": """
        with counted as (
          select team_id, status_id, workflow_id, is_draft, count(*) as orders from orders group by 1, 2, 3, 4
        ),
        tallied as (
          select team_id, nullif(status_id, '00000000-0000-0000-0000-000000000000') as status_id,
                 nullif(workflow_id, '00000000-0000-0000-0000-000000000000') as workflow_id, is_draft,
                 sum(orders)::bigint as orders
          from order_tallies group by 1, 2, 3, 4 having sum(orders) <> 0
        )
        (table counted except table tallied) union all (table tallied except table counted)
        """,
    "a status without the moment of its entry": """
        select id from orders where (status_id is null) <> (status_entered_at is null)
        """,
}
