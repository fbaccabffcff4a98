"""Pages far into a list, found from its nearer end (docs/decisions/0009-reading-lists.md)."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

DEEP = 1000
"""From this offset on, a page is found by walking ids in the index before any row is fetched."""
DEEP_TRIES = 3
"""How often a page is looked for from the end while the total keeps changing, before it is walked to."""


class _Counted(Protocol):
    @property
    def total(self) -> int: ...


P = TypeVar("P", bound=_Counted)
Walk = Callable[[int, int], Awaitable[P]]
"""Reads so many rows behind so many others; the rows in the order of the list, whichever end it walks from."""


async def deep_page(from_start: Walk[P], from_end: Walk[P], *, limit: int, offset: int) -> P:
    """The page behind `offset` rows: the last one costs what the first does, one past the end nothing. Where a page
    begins, seen from the end, follows from the total, which is read first and must still hold."""
    total = (await from_start(0, 0)).total
    for _ in range(DEEP_TRIES):
        if offset <= total // 2:
            break
        fitting = max(0, min(limit, total - offset))
        page = await from_end(fitting, max(0, total - offset - limit))
        if page.total == total:
            return page
        total = page.total
    return await from_start(limit, offset)
