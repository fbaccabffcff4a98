"""The server's log file: appended to by the server, bounded by us, quoted when a start fails."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from milepost.store.embedded.locks import open_own

_LARGEST = 4 << 20
_KEPT = 256 << 10
_QUOTED_LINES = 15
_SCARCE = 64 << 20


@dataclass(frozen=True, slots=True)
class Log:
    """One file beside the cluster, in a folder that the server's user need not reach."""

    path: Path

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor for a program to append to."""
        descriptor = open_own(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def size(self) -> int:
        """Bytes so far; 0 when there is none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def tail(self, since: int) -> str:
        """The last lines written after the file had `since` bytes, and whether the disk is full."""
        lines: list[str] = []
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(max(since, self.size() - _KEPT))
            lines = file.read().decode(errors="replace").splitlines()[-_QUOTED_LINES:]
        free = shutil.disk_usage(self.path.parent).free
        if free < _SCARCE:  # then the log may lack the very line that says so
            lines.append(f"(only {free >> 20} MB are free on that disk: make room)")
        return "\n".join(lines) or "(it said nothing)"

    def trim(self) -> None:
        """Cut a file that has grown too large to its end. The server only appends, so it may be running."""
        if self.size() <= _LARGEST:
            return
        descriptor = open_own(self.path)
        try:
            kept = os.pread(descriptor, _KEPT, self.size() - _KEPT)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"(older lines were dropped)\n" + kept.partition(b"\n")[2], 0)
        finally:
            os.close(descriptor)
