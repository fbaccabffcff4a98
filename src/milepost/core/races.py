"""Decide on a read, commit by compare-and-set: what happens to those who lose the race
(docs/decisions/0005-compare-and-set.md)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from milepost.kit.errors import Stale
from milepost.store import progress
from milepost.store.db import Database, Deadlock, Orphan, Pool

OPTIMISTIC_TRIES = 3
"""Lost races before the orders are locked for the next try, which then cannot be lost."""
TRIES = 8

K = TypeVar("K")
Round = Callable[[Database, Sequence[K]], Awaitable[Mapping[K, str]]]
"""Reads, decides and writes once for these keys; returns the keys that lost a race, with their order's id."""


async def until_settled(db: Pool, team_id: str, keys: Sequence[K], one_round: Round[K]) -> None:
    """Repeats the round for the keys that lost, on fresh reads; after some tries under a lock on their orders.

    Raises Stale when a status was removed between decision and write; RuntimeError when keys are still contended
    after a bounded number of tries, which the lock rules out short of deadlock after deadlock.
    """
    pending: Sequence[K] = list(keys)
    lost: Mapping[K, str] = {}
    for tries in range(TRIES):
        try:
            if tries < OPTIMISTIC_TRIES or not lost:
                lost = await one_round(db, pending)
            else:
                async with db.transaction() as tx:
                    await progress.lock_orders(tx, team_id, sorted(set(lost.values())))
                    lost = await one_round(tx, pending)
        except Deadlock:
            continue
        except Orphan as orphan:
            raise Stale from orphan  # the workspace lost what was decided on: decide on the new one
        pending = list(lost)
        if not pending:
            return
    raise RuntimeError(f"{len(pending)} orders stayed contended over {TRIES} tries")
