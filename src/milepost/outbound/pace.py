"""When a worker looks again: at once when something is told, often while there is much, seldom while there is
nothing."""

import asyncio
from collections.abc import Callable
from typing import Final

CALM_GAP: Final = 0.01
"""Seconds between the beginnings of two looks: what is told meanwhile is one look."""
HUNGRY_GAP: Final = 0.003
"""The same while more is known to be there than was read."""
IDLE_MOST: Final = 0.25


class Pace:
    """The pauses between looks; `clock` measures seconds."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or asyncio.get_running_loop().time
        self._bell = asyncio.Event()
        self._hungry = False
        self._idle = CALM_GAP
        self._began = 0.0

    def ring(self, *, hungry: bool = False) -> None:
        """Look soon."""
        self._hungry |= hungry
        self._bell.set()

    def begin(self) -> None:
        """A look begins: it answers all that was told until now."""
        self._began = self._clock()
        self._hungry = False
        self._bell.clear()

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
        gap = max(HUNGRY_GAP if self._hungry else CALM_GAP, 2 * took)
        await asyncio.sleep(max(0.0, self._began + gap - self._clock()))
