"""Milestones that are confirmed, rejected, moved and undone; delays, tasks, what turns overdue."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / "0003_milestones_api.sql"
_GRANTS = """
do $$
begin
  if exists (select from pg_roles where rolname = 'milepost_serving') then
    grant select, insert, update, delete on all tables in schema public to milepost_serving;
  end if;
end $$
"""


def upgrade() -> None:
    for statement in _SQL.read_text().split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(_GRANTS)
