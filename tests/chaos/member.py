"""A command of Milepost that is kept running, whatever ends it."""

import asyncio
import contextlib
import json
import queue
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from tests.chaos.ledger import Ledger
from tests.runtime.processes import Program

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
_PYTHON: Final = (sys.executable, "-m", "milepost")
_AGAIN_SECONDS: Final = 0.1
_EXPECTED_CODES: Final = (1, 69)
"""Of a command that could not start: its port or its database was not to be had."""
_EXCEPTION: Final = re.compile(
    r"(?:\w+\.)*(?P<name>\w*(?:Error|Exception|Exit|Interrupt|Unavailable))(?=:|$)"
)
_AWAY: Final = frozenset(
    {
        "AdminShutdownError",
        "CannotConnectNowError",
        "ConnectionDoesNotExistError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "CrashShutdownError",
        "FileNotFoundError",
        "InterfaceError",
        "InternalClientError",
    }
)
"""What is raised while the database is away: the last two by what uses a connection that has ended, or was told so;
the one before them where the socket should be."""


class Member:
    """One command that is kept running. `argv` makes its command line anew for each start."""

    def __init__(
        self, name: str, argv: Callable[[], Sequence[str]], env: dict[str, str], ledger: Ledger
    ) -> None:
        self.name = name
        self.said: Counter[str] = Counter()
        """Log events by name."""
        self._argv = argv
        self._env = env
        self._ledger = ledger
        self._program: Program | None = None
        self._was_told = False
        self._is_stopping = False
        self.ready = asyncio.Event()
        """It said so, and has not ended since."""

    @property
    def pid(self) -> int | None:
        return None if self._program is None else self._program.pid

    async def keep(self) -> None:
        """Runs the command again and again, until `stop`."""
        while not self._is_stopping:
            await self._run()
            await asyncio.sleep(0 if self._was_told else _AGAIN_SECONDS)

    async def strike(self, number: signal.Signals) -> None:
        """Sends a signal; of one that asks to stop, the command must end with 0."""
        program, self._was_told = self._program, True
        if program is None:
            return
        was_ready = self.ready.is_set()
        with contextlib.suppress(ProcessLookupError):
            program.send(number)
        if number is signal.SIGKILL:
            return
        try:
            code = await asyncio.to_thread(program.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._ledger.find(f"{self.name} did not stop within {STOP_SECONDS:.0f} s of {number.name}")
            program.send(signal.SIGKILL)
            return
        if code != 0 and was_ready:
            self._ledger.find(f"{self.name} ended with {code} on {number.name}: {program.stderr[-2000:]}")

    async def freeze(self, seconds: float) -> None:
        """Nothing of it runs for so long; then it goes on as if nothing had been."""
        if (program := self._program) is not None:
            program.send(signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                program.send(signal.SIGCONT)

    async def stop(self) -> None:
        self._is_stopping = True
        await self.strike(signal.SIGTERM)

    async def _run(self) -> None:
        self._was_told = False
        self._program = program = Program([*_PYTHON, *self._argv()], self._env)
        try:
            if await self._has_started(program):
                self.ready.set()
            code = await asyncio.to_thread(program.wait, 86_400)
            if self.ready.is_set() and not self._was_told:
                self._ledger.find(f"{self.name} ended by itself with {code}: {program.stderr[-2000:]}")
        finally:
            self.ready.clear()
            self._program = None
            await asyncio.to_thread(program.end)
            self._read_log(program.errors)

    async def _has_started(self, program: Program) -> bool:
        try:
            line = await asyncio.to_thread(program.line, READY_SECONDS)
        except queue.Empty:
            self._ledger.find(f"{self.name} was not ready after {READY_SECONDS:.0f} s: {program.stderr}")
            program.send(signal.SIGKILL)
            return False
        except EOFError:
            if not self._was_told:
                self._ledger.met["starts that failed, and were repeated"] += 1
                if (code := program.wait()) not in _EXPECTED_CODES:
                    self._ledger.find(f"{self.name} did not start, {code}: {program.stderr[-2000:]}")
            return False
        if not line.startswith("Milepost is "):
            self._ledger.find(f"{self.name} said {line!r}")
        return True

    def _read_log(self, lines: Sequence[str]) -> None:
        """Counts what was said. An exception is a finding unless it tells that the database is away, and so is a
        traceback past the log."""
        for line in lines:
            try:
                told = json.loads(line)
                event, exception = str(told["event"]), str(told.get("exception", "")).strip()
            except (ValueError, KeyError, TypeError):
                event, exception = line.strip()[:100], ""
                if event.startswith("Traceback"):
                    self._ledger.find(f"{self.name} said a traceback: {''.join(lines)[-3_000:]}")
            raised = _raised(exception)
            if exception and raised.partition(":")[0] not in _AWAY:
                self._ledger.find(f"{self.name} logged {event}: {raised}\n{exception[-3_000:]}")
            self.said[event] += 1


def _raised(traceback: str) -> str:
    """The last exception of a traceback, as it is written there: its name in front, then what it says."""
    for line in reversed(traceback.splitlines()):
        if found := _EXCEPTION.match(line):
            return found["name"] + line[found.end("name") :]
    return traceback[-200:]
