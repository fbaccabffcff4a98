"""The SQL that Milepost sends, caught in the act: the functions that send it are called with a recorder."""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from milepost.reads import order_lists, orders, purchase_order_pages
from milepost.store import progress
from milepost.store.db import Database, Pool
from milepost.store.order_loads import LOAD_ORDERS

NO_ID = "00000000-0000-0000-0000-000000000000"


class Statements(Struct, frozen=True):
    """By what they do. Parameters: team, limit, offset of the lists; team, order; team, orders."""

    list_orders: str
    list_purchase_orders: str
    get_order: str
    load_orders: str
    load: str
    move: str


class _Asked(Exception):
    """What a call asks of the database; nobody answers."""

    def __init__(self, query: str, arguments: tuple[Any, ...]) -> None:
        super().__init__(query)
        self.query = query
        self.arguments = arguments


class _Recorder:
    """A Database that ends whoever asks it."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        raise _Asked(query, args)

    async def fetchrow(self, query: str, *args: Any) -> None:
        raise _Asked(query, args)

    async def execute(self, query: str, *args: Any) -> str:
        raise _Asked(query, args)

    def transaction(self) -> Any:
        raise NotImplementedError

    def attempt(self) -> Any:
        raise NotImplementedError


class Noted:
    """A Database that passes on what it is asked, and keeps the statements."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self.statements: list[str] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.statements.append(query)
        return await self._db.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        self.statements.append(query)
        return await self._db.fetchrow(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        self.statements.append(query)
        return await self._db.execute(query, *args)

    def transaction(self) -> Any:
        raise NotImplementedError

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator["Noted"]:
        yield self


def is_write(statement: str) -> bool:
    """Whether it changes rows; one that only locks them does not."""
    return re.search(r"(?<!for )\b(insert|update|delete)\b", statement) is not None


def caught(call: Callable[[Database], Coroutine[Any, Any, Any]]) -> tuple[str, tuple[Any, ...]]:
    """The statement and the parameters that the call sends first. Nothing else in it may wait."""
    try:
        call(_Recorder()).send(None)
    except _Asked as asked:
        return asked.query, asked.arguments
    raise AssertionError("the call waited for something else than the recorder")


def statements() -> Statements:
    listed, _ = caught(
        lambda db: order_lists.list_orders(
            db, NO_ID, order_lists.Filter(), sort="created_at", direction="desc", limit=25, offset=0
        )
    )
    paged, _ = caught(
        lambda db: purchase_order_pages.list_purchase_orders(
            db, NO_ID, purchase_order_pages.EVERY, limit=25, offset=0
        )
    )
    got, _ = caught(lambda db: orders.get_order(db, NO_ID, NO_ID))
    return Statements(
        listed, paged, got, LOAD_ORDERS, progress.LOAD_BY_IDS, progress.all_move_statements()[0]
    )
