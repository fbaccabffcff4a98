"""What tests of the embedded PostgreSQL need: processes that use it, and looks at what really runs."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from milepost.store.embedded import EmbeddedServer, start
from milepost.store.embedded import process as embedded_process
from milepost.store.embedded.install import locate
from milepost.store.embedded.launch import running_pid
from milepost.store.embedded.process import Mark

APP = Path(__file__).with_name("embedded_app.py")
SOURCES = Path(__file__).parents[2] / "src"
HAS_PROC = Path("/proc/self/status").exists()


class App:
    """Another process that uses the database of `data_dir`."""

    def __init__(self, data_dir: Path, *options: str, site: Path | None = None) -> None:
        path = os.pathsep.join([*([str(site)] if site else []), str(SOURCES)])
        self.process = subprocess.Popen(
            [sys.executable, str(APP), str(data_dir), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )

    def ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 60)[0], "the application says nothing"
        line = self.process.stdout.readline()
        assert line, "the application ended without a word"
        facts: dict[str, Any] = json.loads(line)
        return facts

    def leave(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class Stage:
    """The servers and processes of one test; whatever it leaves is ended by `clear`."""

    def __init__(self) -> None:
        self.apps: list[App] = []
        self.servers: list[EmbeddedServer] = []
        self.strangers: list[subprocess.Popen[bytes]] = []
        self.folders: list[Path] = []

    def start(self, data_dir: Path) -> EmbeddedServer:
        self.folders.append(data_dir)
        server = start(data_dir)
        self.servers.append(server)
        return server

    def app(self, data_dir: Path, *options: str, site: Path | None = None) -> App:
        self.folders.append(data_dir)
        app = App(data_dir, *options, site=site)
        self.apps.append(app)
        return app

    def stranger(self, argv: list[str], uid: int | None = None, folder: Path | None = None) -> int:
        process = subprocess.Popen(
            argv, user=uid, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.strangers.append(process)
        return process.pid

    def clear(self) -> None:
        for server in self.servers:
            server.release()
        for app in self.apps:
            app.close()
        for stranger in self.strangers:
            if stranger.poll() is None:
                stranger.kill()
            stranger.wait()
        for folder in self.folders:
            _stop_orphan(folder)


def _stop_orphan(data_dir: Path) -> None:
    cluster = data_dir / "postgresql"
    if cluster.is_dir() and (pid := running_pid(cluster)) is not None:
        assert embedded_process.stop(pid, Mark.of(cluster), 20)


def psql(url: str, sql: str) -> str:
    """Run SQL with the real psql; answer what it printed."""
    program = locate().programs / "psql"
    done = subprocess.run(
        [str(program), url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    if not HAS_PROC:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def eventually(what: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def processes_in(data_dir: Path, name: str = "postgresql") -> list[int]:
    """Every living process whose current folder is the cluster (or another whose path begins so)."""
    found = []
    for entry in Path("/proc").iterdir() if HAS_PROC else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                folder = str((entry / "cwd").readlink())
                if folder.startswith(str(data_dir / name)) and alive(int(entry.name)):
                    found.append(int(entry.name))
    return found
