"""Kernel locks on files of ours. The kernel frees them when their holder ends, however it ends."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from milepost.store.embedded.errors import EmbeddedError

_WAIT_SECONDS = 420.0  # longer than the longest bounded thing done under a lock: a start that recovers
_POLL_SECONDS = 0.003


def open_own(path: Path, flags: int = os.O_RDWR) -> int:
    """Open a file of ours, made on first use, and answer its descriptor (never inherited by other programs).

    When root makes it in somebody's folder it is given to that folder's owner, whom one command run as root
    would otherwise lock out.
    """
    flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    folder = path.parent.stat()
    if os.geteuid() == 0 and folder.st_uid != 0:
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor


@contextlib.contextmanager
def exclusive(descriptor: int, holder: str) -> Iterator[None]:
    """Hold the file alone. Raises EmbeddedError naming `holder` when it is not free within minutes."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"waited {_WAIT_SECONDS:.0f} s for {holder}: see what it does, or stop it")
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def share(descriptor: int) -> bool:
    """Hold the file together with others; False when somebody holds it alone."""
    return _try(descriptor, fcntl.LOCK_SH)


def is_last(descriptor: int) -> bool:
    """Whether nobody else shares the file. Our own share may be gone afterwards."""
    return _try(descriptor, fcntl.LOCK_EX)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        return False
    return True
