"""Who runs PostgreSQL. It refuses to be root, so a root process runs it as an existing unprivileged user."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from milepost.store.embedded.errors import EmbeddedError

_PREFERRED = ("postgres", "nobody")
_CWD_LINK = "/proc/self/cwd"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that owns the cluster and runs its server."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether we already are this user and have nothing to drop."""
        return self.uid == os.geteuid()


def for_new_cluster() -> Account:
    """Ourselves; for root the user `postgres` where there is one, else `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it "
        "as: create one of them, run Milepost as an ordinary user, or set MILEPOST_DATABASE_URL"
    )


def of_cluster(cluster: Path) -> Account:
    """The owner of an existing cluster. Raises EmbeddedError when we cannot run it as that owner."""
    facts = cluster.stat()
    owner = Account(facts.st_uid, facts.st_gid)
    if owner.uid == 0:
        raise EmbeddedError(
            f"{cluster} belongs to root, and PostgreSQL refuses to run as root: give it back to its user, "
            f"for example `chown -R {_PREFERRED[0]} {cluster}`"
        )
    if not owner.is_us and os.geteuid() != 0:
        raise EmbeddedError(
            f"{cluster} belongs to user id {owner.uid}, and this is user id {os.geteuid()}: "
            "run Milepost as its owner (or as root), or choose another MILEPOST_DATA_DIR"
        )
    return owner


def data_directory(cluster: Path, account: Account) -> str:
    """How a program started by `spawn` in `cluster` names that folder.

    A user that root stepped down to may be unable to walk the path (a folder above may be closed to it). The
    kernel's link to the current folder needs no walk, and we can enter the folder before stepping down.
    """
    if account.is_us or not Path(_CWD_LINK).exists():
        return str(cluster)
    return _CWD_LINK


def spawn(argv: list[str], cluster: Path, account: Account, log: int) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL in `cluster` as `account`, its output going to the open file `log`.

    It gets a session of its own, so that Ctrl-C in the terminal ends the application first and the database
    when the application asks; and no descriptor of ours, so that our locks end with us.
    """
    drop = not account.is_us
    return subprocess.Popen(
        argv,
        cwd=cluster,  # entered before the user changes
        user=account.uid if drop else None,
        group=account.gid if drop else None,
        extra_groups=[] if drop else None,
        umask=0o077,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        close_fds=True,
        start_new_session=True,
    )


def can_use(account: Account, path: Path) -> bool:
    """Whether the user may enter every folder down to `path`, and read it (and enter or run it)."""
    if account.is_us:
        return True
    real = path.resolve()
    if not all(_allows(account, folder, stat.S_IXOTH) for folder in real.parents):
        return False
    needed = stat.S_IROTH
    if real.is_dir() or os.access(real, os.X_OK):
        needed |= stat.S_IXOTH
    return _allows(account, real, needed)


def _allows(account: Account, path: Path, needed: int) -> bool:
    facts = path.stat()
    if facts.st_uid == account.uid:
        needed <<= 6
    elif facts.st_gid == account.gid:
        needed <<= 3
    return facts.st_mode & needed == needed


def _environment() -> dict[str, str]:
    # No PG* or LC_* of the caller may steer the server; its messages must be English to be understood here.
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}
