"""The parent of worker processes: starts them on one socket, replaces those that die, stops all."""

import asyncio
import contextlib
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from milepost.cli.errors import CommandError

COMMAND: Final = (sys.executable, "-m", "milepost.cli.serve_worker")
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 90
"""More than a worker takes to finish its requests (30 s) and deliveries (20 s), and to close its pools (20 s)."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 30.0
_HEALTHY_SECONDS: Final = 60
_log: Final = structlog.get_logger("milepost.workers")


async def supervise(
    orders: Sequence[bytes],
    listener: int,
    on_ready: Callable[[], None],
    *,
    command: Sequence[str] = COMMAND,
) -> signal.Signals:
    """Keep a process running for each of the orders until SIGTERM or SIGINT, and return which it was.

    Each gets the file descriptor `listener`, and its order as a line on its stdin. `on_ready` is called when all
    answer. Raises CommandError when one does not come up at first.
    """
    return await _Supervisor(listener, command).run(orders, on_ready)


class _Supervisor:
    def __init__(self, listener: int, command: Sequence[str]) -> None:
        self._listener = listener
        self._command = command
        self._processes: set[Process] = set()
        self._stopping = asyncio.Event()
        self._signal = signal.SIGTERM

    async def run(self, orders: Sequence[bytes], on_ready: Callable[[], None]) -> signal.Signals:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        firsts = [loop.create_future() for _ in orders]
        keepers = [
            asyncio.create_task(self._keep(order, first)) for order, first in zip(orders, firsts, strict=True)
        ]
        try:
            if await self._all_up(firsts):
                on_ready()
                await self._stopping.wait()
        finally:
            self._stopping.set()
            await self._end(keepers)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
        return self._signal

    def _stop(self, number: signal.Signals) -> None:
        if not self._stopping.is_set():
            self._signal = number
            self._stopping.set()

    async def _all_up(self, firsts: list[asyncio.Future[None]]) -> bool:
        """True when all workers answer, False when a signal came first; raises what kept one down."""
        up = asyncio.gather(*firsts)
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((up, stopped), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if up.done():
                up.result()
            elif not stopped.done():
                raise CommandError(f"not all workers were ready after {_START_SECONDS} s")
            return up.done()
        finally:
            up.cancel()
            stopped.cancel()
            await asyncio.gather(up, stopped, return_exceptions=True)

    async def _keep(self, order: bytes, first: asyncio.Future[None]) -> None:
        """Run one worker after another in one place."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            code, was_ready = await self._run_one(order, first)
            if self._stopping.is_set():
                return
            if not was_ready and not first.done():
                first.set_exception(CommandError("a worker process did not start; its reason is above"))
                return
            pause = _FIRST_PAUSE if time.monotonic() - began > _HEALTHY_SECONDS else pause
            _log.error("worker ended; another one is started", code=code, pause=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _run_one(self, order: bytes, first: asyncio.Future[None]) -> tuple[int, bool]:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[self._listener],
            start_new_session=True,  # Ctrl-C in a terminal comes to us alone, and we pass it on
        )
        self._processes.add(process)
        try:
            if self._stopping.is_set():
                process.terminate()
            was_ready = await self._tell(process, order)
            if was_ready and not first.done():
                first.set_result(None)
            return await process.wait(), was_ready
        finally:
            self._processes.discard(process)

    async def _tell(self, process: Process, order: bytes) -> bool:
        """Give the order and wait for the answer: whether it became ready."""
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker was started without pipes")
        with contextlib.suppress(ConnectionError):
            process.stdin.write(order + b"\n")
            await process.stdin.drain()
        return await process.stdout.readline() == b"ready\n"

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        for process in list(self._processes):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        _, late = await asyncio.wait(keepers, timeout=_STOP_SECONDS)
        for process in list(self._processes) if late else []:
            _log.error("worker did not stop; killed", pid=process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*keepers, return_exceptions=True)
