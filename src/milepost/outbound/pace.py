"""When a worker looks again: at once when something is told, often while there is much, seldom while there is
nothing."""

import asyncio
from collections.abc import Callable
from typing import Final

CALM_GAP: Final = 0.01
"""Seconds between the beginnings of two looks: what is told meanwhile is one look."""
HUNGRY_GAP: Final = 0.005
"""The same while more is known to be there than was read."""
HUNGRY_MOST: Final = 0.05
"""After so many seconds a look is for all again."""
IDLE_MOST: Final = 0.25


class Pace:
    """The pauses between looks; `clock` measures seconds."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or asyncio.get_running_loop().time
        self._bell = asyncio.Event()
        self._hungry = self._told = False
        self._looked_for_all = 0.0
        self._idle = CALM_GAP
        self._began = 0.0

    def ring(self, *, hungry: bool = False) -> None:
        """Look soon."""
        self._hungry |= hungry
        self._told |= not hungry
        self._bell.set()

    def begin(self) -> bool:
        """A look begins: it answers all that was told until now. Returns whether it may be just for what is known to
        be there; every now and then a look is for all."""
        self._began = self._clock()
        is_hungry = self._hungry and not self._told and self._began - self._looked_for_all < HUNGRY_MOST
        if not is_hungry:
            self._looked_for_all = self._began
        self._hungry = self._told = False
        self._bell.clear()
        return is_hungry

    async def pause(self, *, found: bool) -> None:
        """After a look that found something or nothing: wait until it is time for the next one.

        Looks take at most half of the time: those over very many webhooks come less often.
        """
        took = self._clock() - self._began
        self._idle = CALM_GAP if found else min(2 * self._idle, IDLE_MOST)
        try:
            async with asyncio.timeout(max(self._idle, took)):
                await self._bell.wait()
        except TimeoutError:
            return
        gap = max(HUNGRY_GAP if self._hungry and not self._told else CALM_GAP, 2 * took)
        await asyncio.sleep(max(0.0, self._began + gap - self._clock()))
