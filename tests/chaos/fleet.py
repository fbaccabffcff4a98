"""The processes of a chaos run, and the blows that end them."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from milepost.outbound.tenure import LEASE_SECONDS
from milepost.store.embedded.cluster import FOLDER
from milepost.store.embedded.launch import running_pid
from milepost.store.embedded.process import Mark, Verdict, judge
from tests.chaos.ledger import Ledger
from tests.chaos.member import READY_SECONDS, Member
from tests.runtime.processes import run


class Blow(Struct, frozen=True):
    """Something was ended."""

    at: float
    """Seconds of the machine's monotonic clock."""
    victim: str
    how: str

    @property
    def ends_deliveries(self) -> bool:
        """Whether webhooks may be without a worker for as long as a lease lasts."""
        return self.how in ("kill", "child", "freeze") and self.victim != "database"


class Fleet:
    """The server, the workers and, below them, the embedded PostgreSQL of `data_dir`."""

    def __init__(
        self, data_dir: Path, ledger: Ledger, dice: random.Random, *, workers: int, is_varied: bool
    ) -> None:
        """`is_varied`: the server is now one process, now two, and there are more kinds of blows."""
        self._data_dir = data_dir
        self._dice = dice
        self._deck = (*BLOWS, *MORE_BLOWS) if is_varied else BLOWS
        self._frozen: set[asyncio.Task[None]] = set()
        self.blows: list[Blow] = []
        """What was done, in its sequence."""
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
        """Raises TimeoutError when one cannot be had."""
        async with asyncio.timeout(2 * READY_SECONDS):
            await asyncio.gather(*(member.ready.wait() for member in self.members))

    async def storm(self, until: float) -> None:
        """Blows at random until that moment: first each kind once, then all kinds again."""
        deck: list[tuple[str, ...]] = []
        while time.monotonic() + (pause := self._dice.uniform(1.5, 4.5)) < until:
            await asyncio.sleep(pause)
            if not deck:
                deck = self._dice.sample(self._deck, len(self._deck))
            await asyncio.gather(*(self._deal(*blow.split()) for blow in deck.pop()))
        for task in self._frozen:
            task.cancel()
        await asyncio.gather(*self._frozen, return_exceptions=True)

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
        if how == "freeze":
            self._frozen.add(asyncio.create_task(member.freeze(FREEZE_SECONDS)))
            return
        if how == "child":
            if found := children(member.pid):
                _send(self._dice.choice(found), signal.SIGKILL)
            return
        await member.strike(signal.SIGKILL if how == "kill" else signal.SIGTERM)

    def _strike_database(self, how: str) -> None:
        """`stop` is PostgreSQL's fast shutdown; `child` kills one of its processes, upon which it ends all others
        and recovers."""
        cluster = self._data_dir / FOLDER
        pid = running_pid(cluster)
        if pid is None or judge(pid, Mark.of(cluster)) is not Verdict.OURS:
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
MORE_BLOWS: Final[tuple[tuple[str, ...], ...]] = (
    ("child server",),
    ("child server", "child database"),
    ("freeze worker",),
)
"""For long runs, in which the server has several processes at times."""
FREEZE_SECONDS: Final = LEASE_SECONDS + 3
"""Long enough that others deliver for its webhooks when it goes on."""
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
