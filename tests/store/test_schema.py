"""The schema keeps its promises: team_id leads every key of team data, nothing depends on a sequence, a long
transaction or a session, and the serving role owns nothing."""

import asyncpg
import pytest

TEAMLESS = {"alembic_version", "outbound_workers"}
"""Tables that hold no data of teams."""


@pytest.fixture
async def connection(database_url):
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


async def _tables(connection) -> set[str]:
    rows = await connection.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )
    return {row["relname"] for row in rows} - TEAMLESS


async def test_every_table_of_team_data_has_team_id(connection):
    rows = await connection.fetch(
        "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'team_id'"
        " and is_nullable = 'NO'"
    )
    assert await _tables(connection) == {row["table_name"] for row in rows}
    assert len(await _tables(connection)) >= 18


async def test_team_id_leads_every_primary_key_and_unique_index(connection):
    rows = await connection.fetch(
        """
        select t.relname as table, i.relname as index, a.attname as first
        from pg_index x
        join pg_class i on i.oid = x.indexrelid
        join pg_class t on t.oid = x.indrelid
        left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
        where t.relnamespace = 'public'::regnamespace and (x.indisprimary or x.indisunique)
        """
    )
    found = {row["table"] for row in rows}
    assert await _tables(connection) <= found, "a table without a primary key"
    wrong = [dict(row) for row in rows if row["table"] not in TEAMLESS and row["first"] != "team_id"]
    assert wrong == []


async def test_team_id_leads_every_foreign_key(connection):
    rows = await connection.fetch(
        """
        select c.conrelid::regclass::text as table, c.conname as name, a.attname as first, b.attname as target
        from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
        where c.contype = 'f'
        """
    )
    assert len(rows) >= 20
    wrong = [dict(row) for row in rows if row["first"] != "team_id" or row["target"] != "team_id"]
    assert wrong == []


async def test_nothing_uses_a_sequence(connection):
    assert await connection.fetchval("select count(*) from pg_sequences where schemaname = 'public'") == 0
    identities = await connection.fetchval(
        "select count(*) from pg_attribute where attidentity <> '' and attrelid in "
        "(select oid from pg_class where relnamespace = 'public'::regnamespace)"
    )
    assert identities == 0


async def test_nothing_happens_on_save(connection):
    """No triggers, rules or functions of ours: effects are read in the verbs."""
    triggers = await connection.fetchval("select count(*) from pg_trigger where not tgisinternal")
    rules = await connection.fetchval("select count(*) from pg_rules where schemaname = 'public'")
    assert (triggers, rules) == (0, 0)


async def test_the_serving_role_owns_nothing_and_cannot_change_the_schema(connection, pool):
    role = await pool.fetchrow("select current_user as name, session_user as session")
    assert role["name"] == "milepost_serving"
    owned = await connection.fetchval(
        "select count(*) from pg_class where relowner = (select oid from pg_roles where rolname = 'milepost_serving')"
    )
    assert owned == 0
    for statement in (
        "create table intruder (a int)",
        "drop table orders",
        "alter table orders add column x int",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
