"""The SQL that Milepost sends, caught in the act: the functions that send it are called with a recorder."""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from milepost.reads import order_lists, orders
from milepost.store import progress
from milepost.store.db import Database
from milepost.store.order_loads import LOAD_ORDERS

NO_ID = "00000000-0000-0000-0000-000000000000"


class Statements(Struct, frozen=True):
    """By what they do. Parameters of the first three: team, limit, offset; team, order; team, orders."""

    list_orders: str
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
    got, _ = caught(lambda db: orders.get_order(db, NO_ID, NO_ID))
    return Statements(listed, got, LOAD_ORDERS, progress.LOAD_BY_IDS, progress.all_move_statements()[0])
