"""The processes of a chaos run, each started again as soon as it has ended, and the blows that end them."""

import asyncio
import contextlib
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.chaos.ledger import Ledger
from tests.runtime.processes import Program, run

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
_PYTHON: Final = (sys.executable, "-m", "milepost")
_AGAIN_SECONDS: Final = 0.1
_EXPECTED_CODES: Final = (1, 69)
"""Of a command that could not start: its port or its database was not to be had."""
_DEFECTS: Final = (
    "internal error",
    "outbound work failed",
    "an attempt could not be made",
    "the sweep failed",
)


class Blow(Struct, frozen=True):
    """Something was ended."""

    at: float
    """Seconds of the machine's monotonic clock."""
    victim: str
    how: str

    @property
    def ends_deliveries(self) -> bool:
        """Whether webhooks may be without a worker for as long as a lease lasts."""
        return self.how in ("kill", "child") and self.victim != "database"


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
        self._ended = asyncio.Event()

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
        for line in lines:
            try:
                told = json.loads(line)
                event = str(told["event"])
            except (ValueError, KeyError, TypeError):
                event = line.strip()[:100]
                if event.startswith("Traceback"):
                    self._ledger.find(f"{self.name} said a traceback: {''.join(lines)[-3000:]}")
            else:
                if event in _DEFECTS or "Traceback" in str(told.get("exception", "")):
                    self._ledger.find(f"{self.name} logged {line[:3000]}")
            self.said[event] += 1


class Fleet:
    """The server, the workers and, below them, the embedded PostgreSQL of `data_dir`."""

    def __init__(
        self, data_dir: Path, ledger: Ledger, dice: random.Random, *, workers: int, is_varied: bool
    ) -> None:
        """`is_varied`: the server is now one process, now two."""
        self._data_dir = data_dir
        self._dice = dice
        self._blows = (*BLOWS, *BLOWS_OF_SEVERAL) if is_varied else BLOWS
        self.blows: list[Blow] = []
        self.port = _free_port()
        env = {**SETTINGS, "MILEPOST_DATA_DIR": str(data_dir)}

        def serve() -> Sequence[str]:
            processes = dice.randint(1, 2) if is_varied else 1
            return ("serve", "--port", str(self.port), "--workers", str(processes))

        self._server = Member("server", serve, env, ledger)
        self._workers = [
            Member(f"worker {number}", lambda: ("work",), env, ledger) for number in range(1, workers + 1)
        ]

    @property
    def members(self) -> list[Member]:
        return [self._server, *self._workers]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def sailing(self) -> AsyncIterator[None]:
        """All are ready when the block begins, and have stopped when it has ended."""
        keepers = [asyncio.create_task(member.keep()) for member in self.members]
        try:
            await self.all_ready()
            yield
        finally:
            await asyncio.gather(*(member.stop() for member in self.members))
            await asyncio.gather(*keepers)

    async def all_ready(self) -> None:
        await asyncio.gather(*(member.ready.wait() for member in self.members))

    async def storm(self, until: float) -> None:
        """Blows at random until that moment: first each kind once, then all kinds again."""
        deck: list[tuple[str, ...]] = []
        while True:
            pause = self._dice.uniform(1.5, 4.5)
            if time.monotonic() + pause > until:
                return
            await asyncio.sleep(pause)
            if not deck:
                deck = list(self._blows)
                self._dice.shuffle(deck)
            await asyncio.gather(*(self._deal(*blow.split()) for blow in deck.pop()))

    async def kill_all_that_deliver(self) -> float:
        """The server and all workers at once; when that was."""
        await asyncio.gather(*(self._deal("kill", member.name) for member in self.members))
        return time.monotonic()

    async def _deal(self, how: str, victim: str) -> None:
        if victim == "worker":
            victim = self._dice.choice(self._workers).name
        self.blows.append(Blow(time.monotonic(), victim, how))
        if victim == "database":
            self._strike_database(how)
            return
        (member,) = [one for one in self.members if one.name == victim]
        if how == "child":
            if found := children(member.pid):
                _send(self._dice.choice(found), signal.SIGKILL)
            return
        await member.strike(signal.SIGKILL if how == "kill" else signal.SIGTERM)

    def _strike_database(self, how: str) -> None:
        """`stop` is PostgreSQL's fast shutdown; `child` kills one of its processes, upon which it ends all others
        and recovers."""
        try:
            pid = int((self._data_dir / "postgresql" / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return  # it is not there, or just coming
        if how == "child":
            if found := children(pid):
                _send(self._dice.choice(found), signal.SIGKILL)
            return
        _send(pid, signal.SIGKILL if how == "kill" else signal.SIGINT)


BLOWS: Final[tuple[tuple[str, ...], ...]] = (
    ("kill server",),
    ("kill worker",),
    ("kill database",),
    ("stop server",),
    ("stop worker",),
    ("stop database",),
    ("child database",),
    ("kill server", "kill database"),
    ("kill worker", "kill database"),
    ("kill server", "kill worker"),
    ("stop server", "kill database"),
)
BLOWS_OF_SEVERAL: Final[tuple[tuple[str, ...], ...]] = (("child server",), ("child server", "child database"))
"""For a server of several processes."""
SETTINGS: Final = {
    "MILEPOST_LOG_LEVEL": "warning",
    "MILEPOST_WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8",
    "MILEPOST_WEBHOOK_ALLOW_HTTP": "true",
    "MILEPOST_WEBHOOK_TIMEOUT_SECONDS": "1",
    "MILEPOST_WEBHOOK_CONNECT_TIMEOUT_SECONDS": "1",
    "MILEPOST_WEBHOOK_RETRY_SCHEDULE": "0,0.2,0.5,1,1,1,1,2,2,2,2,2,2,2,2,2,2,2,2,2",
}
"""Enough attempts that nothing is given up by a receiver that fails one time in five."""


def command(data_dir: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    """A command of Milepost on that data folder; it must succeed."""
    done = run(*argv, env={**SETTINGS, "MILEPOST_DATA_DIR": str(data_dir)})
    assert done.returncode == 0, done.stderr
    return done


def children(pid: int | None) -> list[int]:
    """The processes that a process has started, where the system tells (Linux)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
