"""Alembic's entry: one transaction, one lock, and no waiting for ever on tables in use."""

from alembic import context
from sqlalchemy import text

_LOCK = 0x6D696C65  # "mile": one migrator at a time on one database
_LOCK_TIMEOUT = "10s"


def _run() -> None:
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    connection = context.config.attributes["connection"]
    connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    connection.execute(text(f"set local lock_timeout = '{_LOCK_TIMEOUT}'"))
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()


_run()
