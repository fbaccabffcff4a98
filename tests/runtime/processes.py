"""Programs that tests start, and that end with the test."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIET = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
"""The environment without settings, so that a test says which it means."""


class Program:
    """A running program whose lines of output can be awaited."""

    def __init__(self, argv: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd or ROOT,
            env={**QUIET, **(env or {})},
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdout, self._stderr = self._process.stdout, self._process.stderr
        self.pid = self._process.pid
        self.errors: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_err, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_out(self) -> None:
        for line in self._stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_err(self) -> None:
        self.errors.extend(self._stderr)

    def line(self, seconds: float = 30) -> str:
        """The next line of stdout."""
        line = self._lines.get(timeout=seconds)
        if line is None:
            self.wait()
            raise EOFError(f"the program ended: {''.join(self.errors)}")
        return line

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 40) -> int:
        """The exit code."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        return code

    def rest(self) -> list[str]:
        """What it said until its end, after `wait`."""
        lines = []
        with contextlib.suppress(queue.Empty):
            while (line := self._lines.get_nowait()) is not None:
                lines.append(line)
        return lines

    @property
    def stderr(self) -> str:
        return "".join(self.errors)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._stdout.close()
        self._stderr.close()


@contextlib.contextmanager
def program(*argv: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Iterator[Program]:
    """Python running a module: `program("-m", "milepost", "serve")`."""
    running = Program([sys.executable, *argv], env, cwd)
    try:
        yield running
    finally:
        running.end()


def run(
    *argv: str, env: dict[str, str] | None = None, cwd: Path | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `milepost ARGV` to its end, with `typed` on its stdin."""
    return subprocess.run(
        [sys.executable, "-m", "milepost", *argv],
        input=typed,
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        env={**QUIET, **(env or {})},
        timeout=60,
        check=False,
    )
