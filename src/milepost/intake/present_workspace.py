"""Orders are taken in under the workspace as it is, also while somebody redefines it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from milepost.kit.errors import Stale
from milepost.model.actor import Actor
from milepost.model.workflow import House, Workspace
from milepost.reads import workspace as workspaces
from milepost.store.db import Pool

Answer = TypeVar("Answer")

TRIES: Final = 100
PAUSE: Final = 0.01
"""Seconds; each further try pauses up to so much longer, a second at most: fifty seconds at most in all."""


async def under_present_workspace(
    db: Pool, actor: Actor, house: House, act: Callable[[Workspace], Awaitable[Answer]]
) -> Answer:
    """What `act` gives under the workspace of the actor's team, which is read again as often as it is outdated by
    the time of writing.

    Raises Stale when somebody redefined it at each of many tries, and what `act` raises.
    """
    for failed in range(1, TRIES):
        try:
            return await act(await workspaces.load(db, actor.team_id, house))
        except Stale:
            await asyncio.sleep(random.uniform(0, min(1.0, failed * PAUSE)))  # noqa: S311
    return await act(await workspaces.load(db, actor.team_id, house))
