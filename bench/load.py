"""The load: keep-alive connections that each ask, wait for the whole answer, and ask again.

Runs as a process of its own (`python -m bench.load`), so that its work is not the server's. One JSON job
comes on stdin, one JSON report leaves on stdout. Nothing is pipelined; of an answer only status and length
are read.
"""

import asyncio
import functools
import itertools
import resource
import sys
import time

import msgspec
import uvloop
from msgspec import Struct

from bench.processes import run_module

MARK = "########"
"""Stands in a body for a number of eight digits that every request has for itself."""
_MARK = MARK.encode()
_LENGTH = b"content-length: "


class Job(Struct, frozen=True, kw_only=True):
    """What to ask. Of every walk, connection i takes calls i, i + connections, ...; after the last walk it
    starts again. No more connections than calls."""

    port: int
    connections: int
    seconds: float
    key: str
    method: str
    walks: list[list[tuple[str, str]]]
    """Path and body of each call."""
    most: int = 0
    """Requests after which to stop early; 0 for no bound."""
    timed: bool = False
    """Keep the time of every answer."""
    first_number: int = 0
    """What the first request has for the mark."""


class Report(Struct, frozen=True):
    """What came of it. `cpu`: seconds of this process, start and end of Python left out."""

    requests: int
    seconds: float
    cpu: float
    milliseconds: list[float] = []

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def drive(job: Job) -> Report:
    """Runs the job in a process of its own."""
    answer = run_module("bench.load", msgspec.json.encode(job), seconds=job.seconds + 60)
    return msgspec.json.decode(answer, type=Report)


class _Caller(asyncio.Protocol):
    def __init__(self, requests: list[bytes], run: "_Run") -> None:
        self._requests = requests
        self._run = run
        self._next = 0
        self._left = 0
        self._asked = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def ask(self) -> None:
        self._asked = time.perf_counter()
        request = self._requests[self._next]
        if _MARK in request:
            request = request.replace(_MARK, b"%08d" % next(self._run.numbers))
        self.transport.write(request)
        self._next = (self._next + 1) % len(self._requests)

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
        else:
            end = data.find(b"\r\n\r\n")
            start = data.find(_LENGTH)
            if data[9:10] != b"2" or end < 0 or start < 0:
                self._run.fail(data)
                return
            length = int(data[start + len(_LENGTH) : data.find(b"\r", start)])
            self._left = length - (len(data) - end - 4)
        if not self._left and self._run.answered(self._asked):
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail(b"the connection was closed")


class _Run:
    """What all connections share: the count, the end, the first failure."""

    def __init__(self, job: Job) -> None:
        self.count = 0
        self.times: list[float] = []
        self.numbers = itertools.count(job.first_number)
        self.began = self.ends = 0.0
        self._job = job
        self._waiting = 0
        self._over = asyncio.get_running_loop().create_future()

    async def of(self, callers: list[_Caller]) -> float:
        self.began = time.perf_counter()
        self.ends = self.began + self._job.seconds
        self._waiting = len(callers)
        for caller in callers:
            caller.ask()
        await self._over
        return time.perf_counter() - self.began

    def answered(self, asked: float) -> bool:
        """Counts an answer; whether to ask again."""
        now = time.perf_counter()
        self.count += 1
        if self._job.timed:
            self.times.append((now - asked) * 1000)
        if now < self.ends and not (self._job.most and self.count >= self._job.most):
            return True
        self._waiting -= 1
        if not self._waiting and not self._over.done():
            self._over.set_result(None)
        return False

    def fail(self, data: bytes) -> None:
        if not self._over.done():
            self._over.set_exception(RuntimeError(f"unexpected answer: {data[:300]!r}"))


def _requests(job: Job, first: int) -> list[bytes]:
    head = f" HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nX-API-Key: {job.key}\r\n"
    requests = []
    for path, body in (call for walk in job.walks for call in walk[first :: job.connections]):
        told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        requests.append(f"{job.method} {path}{head}{told}\r\n{body}".encode())
    return requests


async def _main(job: Job) -> Report:
    loop = asyncio.get_running_loop()
    run = _Run(job)
    callers = []
    for first in range(min(job.connections, *map(len, job.walks))):
        requests = _requests(job, first)
        made = functools.partial(_Caller, requests, run)
        callers.append((await loop.create_connection(made, "127.0.0.1", job.port))[1])
    before = resource.getrusage(resource.RUSAGE_SELF)
    seconds = await run.of(callers)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Report(run.count, seconds, cpu, run.times)


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_main(asked))))
