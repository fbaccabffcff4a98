"""The cluster on disk: made once, whole or not at all; recognized; refused when it is not ours."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from milepost.store.embedded.account import Account, data_directory, for_new_cluster, of_cluster, spawn
from milepost.store.embedded.errors import EmbeddedError
from milepost.store.embedded.install import Install, usable
from milepost.store.embedded.log import Log

FOLDER = "postgresql"
OWNER = "milepost"  # the cluster's superuser, and its database
_FRESH = "postgresql.new-"
_CERTIFICATE = "milepost.cluster"
_INITDB_SECONDS = 180.0

# Written to postgresql.conf, where an operator may change them. What must hold is in `launch`.
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",  # solid state
    "jit": "off",  # statements here are short
    "max_parallel_workers_per_gather": "0",  # the same; and containers give little shared memory
    # The application reports its own failing statements, and knows what is private in them. Here is only the
    # server's own news, which also keeps the log small.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """An existing cluster of ours, the user that runs it, and programs which that user reaches."""

    path: Path
    account: Account
    install: Install


def refuse_foreign(data_dir: Path) -> None:
    """Raise EmbeddedError, having touched nothing, when something not ours lies where our things would."""
    if (data_dir / "PG_VERSION").exists():
        raise EmbeddedError(
            f"{data_dir} is itself a PostgreSQL cluster: choose another MILEPOST_DATA_DIR, or start that "
            "PostgreSQL and give its address in MILEPOST_DATABASE_URL"
        )
    path = data_dir / FOLDER
    if (path.exists() or path.is_symlink()) and not path.is_dir():
        raise EmbeddedError(f"{path} is not a folder: move it away, or choose another MILEPOST_DATA_DIR")
    if path.is_dir() and any(path.iterdir()) and not (path / _CERTIFICATE).exists():
        raise EmbeddedError(
            f"{path} holds files and was not made by Milepost: nothing was touched. Choose another "
            "MILEPOST_DATA_DIR, or move that folder away"
        )


def open_or_create(data_dir: Path, install: Install, log: Log, tell: Callable[[str], None]) -> Cluster:
    """The cluster of `data_dir`, made now when there is none. The caller holds the start lock.

    Raises EmbeddedError when it belongs to another user or another major version, or cannot be made.
    """
    for leftover in data_dir.glob(_FRESH + "*"):
        shutil.rmtree(leftover, ignore_errors=True)  # of a start that was killed
    path = data_dir / FOLDER
    if not (path / _CERTIFICATE).exists():
        account = for_new_cluster()
        install = usable(install, account, tell)
        tell(f"Creating the database in {path}")
        _create(path, account, install, log)
        return Cluster(path, account, install)
    account = of_cluster(path)
    _must_match(path, install)
    return Cluster(path, account, usable(install, account, tell))


def _must_match(path: Path, install: Install) -> None:
    try:
        theirs = (path / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedError(f"{path} is damaged: it has no PG_VERSION. Restore it from a backup") from None
    if theirs != install.major:
        raise EmbeddedError(
            f"{path} was made by PostgreSQL {theirs}; this Milepost brings PostgreSQL {install.major}. Run "
            f"a Milepost that brings {theirs}; or, to move on, dump with it (pg_dump) and restore into a new "
            "MILEPOST_DATA_DIR, or convert the folder with pg_upgrade; or choose another MILEPOST_DATA_DIR"
        )


def _create(path: Path, account: Account, install: Install, log: Log) -> None:
    """Make it beside its place and rename: whenever a start is killed, there is a whole cluster or none."""
    fresh = Path(tempfile.mkdtemp(prefix=_FRESH, dir=path.parent))
    try:
        _give(fresh, account)
        _run_initdb(fresh, account, install, log)
        certificate = fresh / _CERTIFICATE
        certificate.write_text("This folder was made by Milepost, which starts and stops its server.\n")
        _give(certificate, account)
        _sync(certificate)
        _sync(fresh)  # its content was synced by initdb
        fresh.rename(path)
        # Before anything is stored in it: a name lost in a power cut would make it a leftover, to be removed.
        _sync(path.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _give(path: Path, account: Account) -> None:
    if account.is_us:
        return
    try:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    except OSError as error:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and this root may not give {path} to user id {account.uid} "
            f"({error.strerror}), as in a container without that right: run Milepost as an ordinary user, or "
            "set MILEPOST_DATABASE_URL"
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run_initdb(fresh: Path, account: Account, install: Install, log: Log) -> None:
    argv = [str(install.programs / "initdb"), "-D", data_directory(fresh, account), "--username", OWNER]
    # The folder is closed to all but the owner: who reaches the socket may read the files as well.
    argv += ["--auth-local=trust", "--auth-host=reject"]
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8", "--data-checksums"]
    argv += ["--no-instructions"]
    argv += [f"--set={name}={value}" for name, value in _SETTINGS.items()]
    seen = log.size()
    with log.opened() as output:
        process = spawn(argv, fresh, account, output)
        try:
            failed = process.wait(_INITDB_SECONDS) != 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if failed:
        raise EmbeddedError(f"cannot create the database in {fresh.parent}:\n{log.tail(seen)}")
