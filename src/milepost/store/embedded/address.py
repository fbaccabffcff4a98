"""The path by which clients name the server's socket; a short link when the plain one cannot be used."""

import contextlib
import fcntl
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from milepost.store.embedded.cluster import OWNER
from milepost.store.embedded.errors import EmbeddedError
from milepost.store.embedded.launch import PORT, SOCKET

_LONGEST = 103 if sys.platform == "darwin" else 107


@dataclass(frozen=True, slots=True)
class Address:
    """A folder that holds the socket: the cluster itself, or a short private link to it.

    A socket's path is limited to about a hundred bytes, and drivers take a comma for the end of a host.
    """

    folder: Path
    alias: Path | None = None
    guard: int | None = None

    @classmethod
    def of(cls, cluster: Path) -> "Address":
        """Raises EmbeddedError when no short enough path can be made."""
        if _is_plain(cluster):
            return cls(cluster)
        for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp makes a private folder in it
            if not _is_plain(Path(base) / "milepost-xxxxxxxx" / "db"):
                continue
            # Each process has its own, closed to others. The lock tells cleaners of old files to leave it.
            alias = Path(tempfile.mkdtemp(prefix="milepost-", dir=base))
            guard = os.open(alias, os.O_RDONLY)
            fcntl.flock(guard, fcntl.LOCK_SH)
            (alias / "db").symlink_to(cluster)
            return cls(alias / "db", alias, guard)
        raise EmbeddedError(f"{cluster} is too long for a socket's path: choose a shorter MILEPOST_DATA_DIR")

    @property
    def socket_file(self) -> str:
        """The path to connect to."""
        return str(self.folder / SOCKET)

    @property
    def url(self) -> str:
        """What drivers and psql take."""
        return f"postgresql://{OWNER}@/{OWNER}?host={quote(str(self.folder), safe='/')}&port={PORT}"

    def remove(self) -> None:
        """Remove the link, if one was made."""
        if self.alias is not None and self.guard is not None:
            os.close(self.guard)
            with contextlib.suppress(OSError):
                self.folder.unlink()
                self.alias.rmdir()


def _is_plain(folder: Path) -> bool:
    name = os.fsencode(folder / SOCKET)
    try:
        name.decode()
    except UnicodeDecodeError:
        return False  # cannot be written in an address
    return len(name) <= _LONGEST and b"," not in name
