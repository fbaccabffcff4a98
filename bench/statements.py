"""The SQL that Milepost sends, caught in the act: the functions that send it are called with a recorder."""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from milepost.reads import order_lists, orders
from milepost.store import progress
from milepost.store.db import Database

NO_ID = "00000000-0000-0000-0000-000000000000"


class Statements(Struct, frozen=True):
    """By what they do. Parameters of the first two: team, limit, offset; team, order."""

    list_orders: str
    get_order: str
    load: str
    move: str


class _Recorder:
    """A Database that answers nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: tuple[str, tuple[Any, ...]] = ("", ())

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.asked = (query, args)
        return []

    async def fetchrow(self, query: str, *args: Any) -> None:
        self.asked = (query, args)

    async def execute(self, query: str, *args: Any) -> str:
        raise NotImplementedError

    def transaction(self) -> Any:
        raise NotImplementedError


def caught(call: Callable[[Database], Coroutine[Any, Any, Any]]) -> tuple[str, tuple[Any, ...]]:
    """The statement and the parameters that the call sends first. Nothing else in it may wait."""
    recorder = _Recorder()
    try:
        call(recorder).send(None)
    except StopIteration:
        return recorder.asked
    raise AssertionError("the call waited for something else than the recorder")


def statements() -> Statements:
    listed, _ = caught(
        lambda db: order_lists.list_orders(
            db, NO_ID, order_lists.Filter(), sort="created_at", direction="desc", limit=25, offset=0
        )
    )
    got, _ = caught(lambda db: orders.get_order(db, NO_ID, NO_ID))
    return Statements(listed, got, progress.LOAD_BY_IDS, progress.all_move_statements()[0])
