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
    sql = b"".join(path.read_bytes() for path in sorted(Path(migrations.__file__).parent.rglob("*.*")) if path.suffix in {".py", ".sql"})
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
        asyncio.run(self._run(f'drop database if exists "{name}" with (force)', f'create database "{name}"' + ("" if empty else f' template "{self._template}"')))
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
    opened = await db.open_pool(database_url, size=20)
    yield opened
    await opened.close()
