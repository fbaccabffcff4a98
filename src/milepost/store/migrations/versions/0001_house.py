"""The house: teams, keys, workspace, orders, events."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / "0001_house.sql"

# Managed databases may not let us make roles; then the serving process acts as the one that migrates,
# and `milepost doctor` says so.
_SERVING_ROLE = """
do $$
begin
  if not exists (select from pg_roles where rolname = 'milepost_serving') then
    create role milepost_serving nologin;
  end if;
exception when duplicate_object or unique_violation or insufficient_privilege then null;
end $$
"""
_GRANTS = """
do $$
begin
  if exists (select from pg_roles where rolname = 'milepost_serving') then
    grant usage on schema public to milepost_serving;
    grant select, insert, update, delete on all tables in schema public to milepost_serving;
    alter default privileges in schema public grant select, insert, update, delete on tables to milepost_serving;
  end if;
end $$
"""


def upgrade() -> None:
    for statement in _SQL.read_text().split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(_SERVING_ROLE)
    op.execute(_GRANTS)
