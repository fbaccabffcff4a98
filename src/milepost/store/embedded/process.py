"""Is this process the server of this cluster? Without an answer nothing is signalled or removed.

A process id in a file proves nothing: after a crash or a reboot it may name anybody. Our servers carry a mark
in their command line that no other cluster of the machine has at the time: the identity of its folder.
"""

import contextlib
import enum
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_SETTLE_SECONDS = 2.0
_POLL_SECONDS = 0.003


class Verdict(enum.Enum):
    """What a process id turned out to be."""

    OURS = "the cluster's server, started by a launcher like this one"
    NOT_OURS = "nobody, or somebody who has nothing to do with the cluster"
    UNPROVED = "neither can be shown"


@dataclass(frozen=True, slots=True)
class Mark:
    """How the server of one cluster is recognized: its owner and the folder's identity."""

    owner: int
    device: int
    inode: int

    @classmethod
    def of(cls, cluster: Path) -> "Mark":
        """The mark of an existing cluster. A copy of the folder, or its successor, has another one."""
        facts = cluster.stat()
        return cls(facts.st_uid, facts.st_dev, facts.st_ino)

    @property
    def name(self) -> str:
        """The cluster's name: an argument of its server and a part of its children's titles."""
        return f"milepost-{self.device:x}-{self.inode:x}"


@dataclass(frozen=True, slots=True)
class _Facts:
    uid: int
    arguments: list[str]
    folder: tuple[int, int] | None  # device and inode of the current folder; None when we may not look


def judge(pid: int, mark: Mark) -> Verdict:
    """What `pid` is, now."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (verdict := _judge_once(pid, mark)) is Verdict.UNPROVED and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)  # a process which is just ending shows no arguments for a moment
    return verdict


def children_left(mark: Mark) -> list[int]:
    """Living children of the cluster's server, by their titles. Empty where processes cannot be listed."""
    prefix = f"postgres: {mark.name}: "
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended, or is hidden: then it is not ours
                facts = _facts(int(entry.name))
                if facts and facts.uid == mark.owner and "".join(facts.arguments[:1]).startswith(prefix):
                    found.append(int(entry.name))
    return found


def stop(pid: int, mark: Mark, seconds: float) -> bool:
    """Ask the cluster's server to shut down and wait for its end; False when it has not ended in time.

    A process that is not (or no longer) the server is left alone and counts as ended.
    """
    handle = _open_handle(pid)
    try:
        # The handle was opened before the check: from here on a recycled process id cannot be hit.
        if judge(pid, mark) is not Verdict.OURS:
            return True
        with contextlib.suppress(ProcessLookupError):
            if handle is None:
                os.kill(pid, signal.SIGINT)
            else:
                signal.pidfd_send_signal(handle, signal.SIGINT)
        return _wait_for_end(pid, handle, mark, seconds)
    finally:
        if handle is not None:
            os.close(handle)


def _judge_once(pid: int, mark: Mark) -> Verdict:
    try:
        facts = _facts(pid)
    except OSError:
        return _judge_blind(pid, mark)
    if facts is None or facts.uid != mark.owner:
        return Verdict.NOT_OURS
    if not facts.arguments:
        return Verdict.UNPROVED
    if Path(facts.arguments[0]).name != "postgres":
        return Verdict.NOT_OURS
    if facts.folder not in (None, (mark.device, mark.inode)):
        return Verdict.NOT_OURS
    # A server of this cluster without our mark was started by hand: not ours to stop, nor to ignore.
    return Verdict.OURS if f"cluster_name={mark.name}" in facts.arguments else Verdict.UNPROVED


def _judge_blind(pid: int, mark: Mark) -> Verdict:
    """Processes may be hidden from us. Without a look only "nobody" and "another user's" can be told."""
    try:
        os.kill(pid, 0)  # sends nothing
    except ProcessLookupError:
        return Verdict.NOT_OURS
    except PermissionError:
        return Verdict.NOT_OURS if os.geteuid() == mark.owner else Verdict.UNPROVED
    return Verdict.UNPROVED


def _facts(pid: int) -> _Facts | None:
    """The process, or None when it has ended. Raises OSError when it cannot be looked at."""
    if not (_PROC / "self").exists():
        return _facts_from_ps(pid)
    folder = _PROC / str(pid)
    status = (folder / "status").read_text(errors="replace")
    words = {line.split(":")[0]: line.split()[1:] for line in status.splitlines()}
    arguments = (folder / "cmdline").read_bytes()
    if words["State"][0] in ("Z", "X"):
        return None  # ended, and only not yet collected by its parent
    return _Facts(int(words["Uid"][1]), _split(arguments), _folder_of(folder / "cwd"))


def _split(arguments: bytes) -> list[str]:
    return [os.fsdecode(word) for word in arguments.rstrip(b"\0").split(b"\0") if arguments.strip(b"\0")]


def _folder_of(link: Path) -> tuple[int, int] | None:
    try:
        facts = link.stat()
    except OSError:
        return None  # root without the right to trace others may not look
    return facts.st_dev, facts.st_ino


def _facts_from_ps(pid: int) -> _Facts | None:
    """The same facts where there is no /proc (macOS). The current folder stays unknown."""
    argv = ["/bin/ps", "-ww", "-o", "uid=,stat=,command=", "-p", str(pid)]
    words = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.split()
    if len(words) < 2 or words[1].startswith("Z"):
        return None
    # A program's path may have spaces in it, so where it ends is a guess: rather "unproved" than "not ours".
    program = next((word for word in words[2:] if word.endswith("/postgres")), "".join(words[2:3]))
    return _Facts(int(words[0]), [program, *words[2:]], None)


def _open_handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None  # not this system, an old kernel, or already gone


def _wait_for_end(pid: int, handle: int | None, mark: Mark, seconds: float) -> bool:
    if handle is not None:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    deadline = time.monotonic() + seconds
    while judge(pid, mark) is Verdict.OURS:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
