"""Processes beside this one: the servers that are measured, and the load that they are measured under."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_ROOT = Path(__file__).resolve().parents[1]
_END_SECONDS = 20


class Served(Struct, frozen=True):
    """A server process."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds of CPU that the process has used, all its threads together."""
        tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def run_module(module: str, text: bytes, *, seconds: float) -> bytes:
    """Runs a module with `text` on stdin; what it printed. Raises CalledProcessError, TimeoutExpired."""
    command = [sys.executable, "-m", module]
    return subprocess.run(
        command,
        input=text,
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds,
        cwd=_ROOT,
        env=_environment(),
    ).stdout


@contextlib.contextmanager
def milepost(url: str, *, log_level: str = "warning") -> Iterator[Served]:
    """The real command, with one process. The floor logs nothing, so by default no access log either."""
    command = [
        sys.executable,
        "-m",
        "milepost",
        "serve",
        "--port",
        "0",
        "--no-outbound",
        "--log-format",
        "json",
    ]
    options = {"MILEPOST_DATABASE_URL": url, "MILEPOST_LOG_LEVEL": log_level}
    log = subprocess.DEVNULL if log_level == "info" else None
    with _served(command, options, log) as process:
        yield process


@contextlib.contextmanager
def floor(url: str, team_id: str) -> Iterator[Served]:
    """The floor (bench/floor.py)."""
    options = {"BENCH_DATABASE_URL": url, "BENCH_TEAM": team_id}
    with _served([sys.executable, "-m", "bench.floor"], options, None) as process:
        yield process


@contextlib.contextmanager
def worker(url: str, key: str) -> Iterator[Served]:
    """`milepost work`, which may send to this machine."""
    options = {
        "MILEPOST_DATABASE_URL": url,
        "MILEPOST_SECRET_KEY": key,
        "MILEPOST_LOG_LEVEL": "warning",
        "MILEPOST_WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8",
        "MILEPOST_WEBHOOK_ALLOW_HTTP": "true",
    }
    with _running([sys.executable, "-m", "milepost", "work"], options, None) as (process, line):
        assert line == "Milepost is working\n", line
        yield Served(process.pid, 0)


@contextlib.contextmanager
def receiver() -> Iterator[Served]:
    """A receiver of webhooks (bench/receiver.py)."""
    with _served([sys.executable, "-m", "bench.receiver"], {}, None) as process:
        yield process


@contextlib.contextmanager
def _served(command: list[str], options: dict[str, str], log: int | None) -> Iterator[Served]:
    with _running(command, options, log) as (process, line):
        assert " ready on http://" in line, f"{command} did not start: {line!r}"
        yield Served(process.pid, int(line.rsplit(":", 1)[1]))


@contextlib.contextmanager
def _running(
    command: list[str], options: dict[str, str], log: int | None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process and the first line it prints."""
    environment = {**_environment(), **options}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=_ROOT, env=environment)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().decode()
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """Ours, without any setting of Milepost: what is measured are the defaults."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
