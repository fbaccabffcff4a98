"""The schema, as hand-written SQL that Alembic runs in order (docs/decisions/0004-migrations.md)."""

import contextlib
import io
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_HERE = Path(__file__).parent


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory(str(_HERE)).get_current_head()
    if revision is None:
        raise RuntimeError("the migrations folder is empty")
    return revision


async def current(url: str) -> str | None:
    """The revision the database is at; None for an empty database."""
    revision: str | None = await _with_connection(
        url, lambda sync: MigrationContext.configure(sync).get_current_revision()
    )
    return revision


async def upgrade(url: str) -> None:
    """Brings the schema up to date, all of it or nothing; a second migrator waits for the first."""

    def run(sync_connection: Any) -> None:
        config = _config()
        config.attributes["connection"] = sync_connection
        command.upgrade(config, "head")

    await _with_connection(url, run)


def upgrade_sql() -> str:
    """The SQL that brings an empty database up to date."""
    config = _config()
    config.output_buffer = io.StringIO()
    with contextlib.redirect_stdout(config.output_buffer):
        command.upgrade(config, "head", sql=True)
    return config.output_buffer.getvalue()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config


async def _with_connection(url: str, work: Any) -> Any:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
