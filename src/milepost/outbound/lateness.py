"""Milestones that turned late or overdue are told within a minute (Milestones API, section 8.8).

Nothing is claimed: several workers may come to one order at once, and the one that writes first has told it. What
could not be written stays due, and is found by the next look.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec import Struct

from milepost.core.overdue import tell_overdue
from milepost.kit.clock import Clock
from milepost.kit.errors import Stale
from milepost.model.workflow import House
from milepost.reads import workspace as definitions
from milepost.store import attention
from milepost.store.attention import Place
from milepost.store.db import Database
from milepost.store.dispatch import AWAY

EVERY_SECONDS: Final = 15.0
PART: Final = 50
"""Orders that are read and written at once: the process serves requests between two parts."""
_DATABASE_SECONDS: Final = 30.0
"""A database that has not answered for so long will not: try anew, by another connection."""
_STALE_TRIES: Final = 3
_log: Final = structlog.get_logger("milepost.lateness")


class _Walk(Struct):
    """How far one look has come through the orders of a team."""

    team_id: str
    place: Place = attention.FIRST


class Lateness:
    """Tells of what turned late or overdue, of every team. Several at once do no harm."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        house: House,
        on_told: Callable[[], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`on_told` is called when events were stored, and perhaps deliveries with them."""
        self._db = db
        self._clock = clock
        self._house = house
        self._on_told = on_told
        self._chance = chance
        self._time = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Works until it is cancelled; survives whatever goes wrong."""
        await asyncio.sleep(EVERY_SECONDS * self._chance())  # servers start together
        while True:
            try:
                await self.once()
            except Exception as error:
                away = isinstance(error, AWAY)
                _log.warning(
                    "looking for what is overdue was interrupted", error=str(error), exc_info=not away
                )
            await asyncio.sleep(EVERY_SECONDS * (0.8 + 0.4 * self._chance()))

    async def once(self) -> int:
        """One look at all orders that want attention by now; the number of events that were told.

        Teams take turns, one part of each at a time, so that none waits for the many orders of another. Every order
        is looked at once at most.
        """
        async with asyncio.timeout(_DATABASE_SECONDS):
            teams = await attention.needy_teams(self._db, self._clock())
        walks, told = [_Walk(team_id) for team_id in teams], 0
        while walks:
            going = []
            for walk in walks:
                began = self._time()
                ids = await self._next(walk)
                told += await self._tell(walk.team_id, ids)
                if len(ids) == PART:
                    going.append(walk)
                await asyncio.sleep(self._time() - began)  # others have the database and the process as long
            walks = going
        if told:
            _log.info("milestones turned late or overdue", told=told)
        return told

    async def _next(self, walk: _Walk) -> list[str]:
        """The ids of the next part of the team's orders that want attention."""
        async with asyncio.timeout(_DATABASE_SECONDS):
            found = await attention.read_needy(self._db, walk.team_id, self._clock(), walk.place, PART)
        if found:
            walk.place = found[-1]
        return [order_id for _, order_id in found]

    async def _tell(self, team_id: str, ids: Sequence[str]) -> int:
        """Tells of these orders. One of which that cannot be done is found by halves, and left alone until the next
        look: it does not hold up the others."""
        if not ids:
            return 0
        try:
            told = await self._told(team_id, ids)
        except AWAY:
            raise
        except Exception:
            if len(ids) == 1:
                _log.exception("what is overdue of an order could not be told", team=team_id, order=ids[0])
                return 0
            half = len(ids) // 2
            return await self._tell(team_id, ids[:half]) + await self._tell(team_id, ids[half:])
        if told:
            self._on_told()
        return told

    async def _told(self, team_id: str, ids: Sequence[str]) -> int:
        for _ in range(_STALE_TRIES):
            async with asyncio.timeout(_DATABASE_SECONDS):
                workspace = await definitions.load(self._db, team_id, self._house)
                try:
                    return await tell_overdue(self._db, workspace, ids, self._clock())
                except Stale:  # it was changed between the two: read it again
                    continue
        return 0
