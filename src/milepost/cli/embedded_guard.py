"""Keeps the embedded PostgreSQL running below a serving process: one that died is started again."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from milepost.store import embedded
from milepost.store.embedded import EmbeddedError, EmbeddedServer
from milepost.store.embedded.launch import collect

_LOOK_SECONDS: Final = 1.0
_log: Final = structlog.get_logger("milepost.database")


@contextlib.contextmanager
def kept_running(data_dir: Path, server: EmbeddedServer) -> Iterator[None]:
    """While the block runs, start the server again whenever its process has ended."""
    ended = threading.Event()
    guard = threading.Thread(
        target=_guard, args=(data_dir, server, ended), name="database guard", daemon=True
    )
    guard.start()
    try:
        yield
    finally:
        ended.set()
        guard.join()


def _guard(data_dir: Path, server: EmbeddedServer, ended: threading.Event) -> None:
    with contextlib.ExitStack() as others:
        pid = server.pid
        while not ended.wait(_LOOK_SECONDS):
            if _is_running(pid):
                continue
            _log.error("PostgreSQL has ended; starting it again", pid=pid)
            try:
                again = embedded.start(data_dir)
            except EmbeddedError as error:
                _log.error("PostgreSQL does not start", reason=str(error))
                continue
            others.callback(again.release)
            pid = again.pid


def _is_running(pid: int) -> bool:
    collect()  # an ended child that nobody has collected still looks like a process
    try:
        os.kill(pid, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as another user, and runs
        return True
    return True
