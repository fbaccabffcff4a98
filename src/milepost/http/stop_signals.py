"""SIGTERM and SIGINT of a process that serves or works: heard from the first moment on, and never lost.

Python's own way, an exception or a cancellation in the middle of whatever runs, loses a signal that comes while
something starts: a library in whose hands the cancellation falls may take it for its own (uvicorn's start does), and
what was told to stop then runs for ever.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

T = TypeVar("T")

_ASKING: Final = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):
    """A signal asked to stop before something had begun. It has been cancelled."""


class StopSignals:
    """The signals that come while `heard` is entered. To be made in the loop of the main thread."""

    def __init__(self) -> None:
        self._first: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
        self._listeners: list[Callable[[signal.Signals], None]] = []

    @contextlib.contextmanager
    def heard(self) -> Iterator["StopSignals"]:
        """Signals are heard, and do nothing else, while the block runs."""
        loop = asyncio.get_running_loop()
        for number in _ASKING:
            loop.add_signal_handler(number, self._hear, number)
        try:
            yield self
        finally:
            for number in _ASKING:
                loop.remove_signal_handler(number)

    @property
    def first(self) -> signal.Signals | None:
        """The first that came."""
        return self._first.result() if self._first.done() else None

    async def wait(self) -> signal.Signals:
        """The first signal, when it has come."""
        return await asyncio.shield(self._first)

    def tell(self, listener: Callable[[signal.Signals], None]) -> None:
        """Calls the listener with every signal that comes; at once with the first, when it came already."""
        self._listeners.append(listener)
        if self.first is not None:
            listener(self.first)

    async def unless_stopped(self, start: Coroutine[Any, Any, T]) -> T:
        """What `start` gives. Raises Stopped when a signal comes before, and what `start` raises."""
        task = asyncio.ensure_future(start)
        try:
            await asyncio.wait((task, self._first), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
        if task.cancelled():
            raise Stopped
        return task.result()

    def _hear(self, number: signal.Signals) -> None:
        if not self._first.done():
            self._first.set_result(number)
        for listener in self._listeners:
            listener(number)
