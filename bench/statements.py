"""The SQL that Milepost sends, caught in the act: the functions that send it are called with a recorder."""

from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from milepost.reads import orders
from milepost.store import progress

NO_ID = "00000000-0000-0000-0000-000000000000"


class Statements(Struct, frozen=True):
    """By what they do. Parameters of the first two: team, limit, offset; team, order."""

    list_orders: str
    get_order: str
    load: str
    move: str


class _Recorder:
    """A Database that answers nothing and remembers what it was asked."""

    asked = ""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.asked = query
        return []

    async def fetchrow(self, query: str, *args: Any) -> None:
        self.asked = query

    async def execute(self, query: str, *args: Any) -> str:
        raise NotImplementedError

    def transaction(self) -> Any:
        raise NotImplementedError


def statements(team_id: str = NO_ID) -> Statements:
    recorder = _Recorder()
    listed = orders.list_orders(
        recorder, team_id, orders.Filter(), sort="created_at", direction="desc", limit=25, offset=0
    )
    return Statements(
        _caught(recorder, listed),
        _caught(recorder, orders.get_order(recorder, team_id, NO_ID)),
        progress.LOAD_BY_IDS,
        progress.all_move_statements()[0],
    )


def _caught(recorder: _Recorder, call: Coroutine[Any, Any, Any]) -> str:
    """Nothing in the call waits: one step takes it to its end."""
    try:
        call.send(None)
    except StopIteration:
        return recorder.asked
    raise AssertionError("the read waited for something else than the recorder")
