"""Every SQL statement of the house is prepared against the real schema: a typo never waits for its caller."""

import importlib
import pkgutil
import re

import asyncpg
import pytest

import milepost.reads
import milepost.store
from milepost.reads import deliveries, events, order_lists, purchase_orders
from milepost.reads import orders as order_reads
from milepost.store import amendments, line_items, progress

_SQL = re.compile(r"^\s*(select|insert|update|delete|with)\b", re.IGNORECASE)


def _constants() -> dict[str, str]:
    """All SQL texts that modules of store and reads name in upper case, by module and name."""
    found = {}
    for package in (milepost.store, milepost.reads):
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if info.ispkg:
                continue
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                if (
                    name.isupper()
                    and not name.startswith("_")
                    and isinstance(value, str)
                    and _SQL.match(value)
                ):
                    found[f"{info.name}.{name}"] = value
    return found


CONSTANTS = _constants()


@pytest.fixture(scope="module")
async def connection(database_url):
    opened = await asyncpg.connect(database_url, statement_cache_size=0)
    yield opened
    await opened.close()


def test_there_are_statements():
    assert len(CONSTANTS) >= 20, sorted(CONSTANTS)


@pytest.mark.parametrize("name", sorted(CONSTANTS))
async def test_statement(connection, name):
    await connection.prepare(CONSTANTS[name])


async def test_statements_that_write_team_data_name_the_team():
    """Every statement on team data is told whose data it is (design rule 2)."""
    free = {name for name, text in CONSTANTS.items() if "team_id" not in text}
    assert free <= ALLOWED_WITHOUT_TEAM, sorted(free - ALLOWED_WITHOUT_TEAM)


ALLOWED_WITHOUT_TEAM = {
    "milepost.store.accounts.LOCK_TEAM_NAME",
    "milepost.store.leases.ENLIST_WORKER",
    "milepost.store.leases.RENEW_WORKER",
    "milepost.store.leases.FORGET_DEAD_WORKERS",
}
"""The first locks a name before its team exists; the others are about workers, who work for all teams."""


async def test_every_list_statement(connection):
    statements = list(order_lists.all_list_statements())
    assert len(statements) == len(set(statements)) > 1000
    for statement in statements:
        await connection.prepare(statement)


async def test_every_list_of_purchase_orders(connection):
    statements = purchase_orders.all_list_statements()
    assert len(set(statements)) > 100
    for statement in statements:
        await connection.prepare(statement)
    for key in purchase_orders.SORT_KEYS:
        await connection.prepare(purchase_orders.cursor_statement(key))


async def test_every_move_statement(connection):
    flags = (False, True)
    lines = [line_items.move_lines_statement(told, wanted) for told in flags for wanted in flags]
    for statement in (*progress.all_move_statements(), *lines):
        await connection.prepare(statement)


async def test_every_amend_statement(connection):
    statements = amendments.all_amend_statements()
    assert len(set(statements)) == len(statements) > 50
    for statement in statements:
        await connection.prepare(statement)


async def test_every_delivery_list_statement(connection):
    statements = deliveries.all_list_statements()
    assert len(set(statements)) == 32
    for statement in statements:
        await connection.prepare(statement)


async def test_every_event_list_statement(connection):
    for statement in events.all_list_statements():
        await connection.prepare(statement)


async def test_every_get_statement(connection):
    for by in ("id", "shopify"):
        for lines in (False, True):
            for metafield in (False, True):
                await connection.prepare(order_reads.get_statement(by, order_reads.Extras(lines, metafield)))
