"""Bring the server of a cluster to the point where it answers: join a living one, or start it."""

import atexit
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from milepost.store.embedded import process as processes
from milepost.store.embedded.account import data_directory, spawn
from milepost.store.embedded.cluster import OWNER, Cluster
from milepost.store.embedded.errors import EmbeddedError
from milepost.store.embedded.log import Log
from milepost.store.embedded.process import Mark, Verdict
from milepost.store.embedded.wire import ask

PORT = 5432  # only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"
_PID_FILE = "postmaster.pid"
_LOCK_FILES = (_PID_FILE, f"{SOCKET}.lock", SOCKET)
_START_SECONDS = 300.0  # a crash recovery replays up to max_wal_size
_LINGER_SECONDS = 90.0
_KILL_SECONDS = 15.0
_POLL_SECONDS = 0.002
_STILL_IN_USE = "pre-existing shared memory block"
_STARTING_OR_STOPPING = "57P03"
_TOO_MANY_CLIENTS = "53300"
_NO_SUCH_DATABASE = "3D000"

# Children of ours, kept so that an ended one is collected and not left as a zombie.
_launched: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class _PidFile:
    pid: int
    status: str


def ensure_running(
    cluster: Cluster, socket_file: str, log: Log, tell: Callable[[str], None]
) -> tuple[int, bool]:
    """Answer the server's process id and whether it was started now. The caller holds the start lock.

    Raises EmbeddedError when the server does not come up, quoting its log, or when a process that may be the
    cluster's server, or may not, is in the way.
    """
    _launched[:] = [child for child in _launched if child.poll() is None]
    mark = Mark.of(cluster.path)
    patience = time.monotonic() + _LINGER_SECONDS
    while True:
        pid = _join(cluster, mark, socket_file, log)
        if pid is not None:
            return pid, False
        _must_be_silent(cluster, socket_file)
        for name in _LOCK_FILES:
            # Proved stale, and only we start servers here. PostgreSQL would take a stranger who was given the
            # old process id for its own server, and refuse.
            (cluster.path / name).unlink(missing_ok=True)
        tell(f"Starting PostgreSQL {cluster.install.major}")
        pid = _launch(cluster, mark, socket_file, log)
        if pid is not None:
            return pid, True
        _wait_for_old_children(cluster, mark, patience)


def running_pid(cluster: Path) -> int | None:
    """The process id that the cluster's lock file names, if any. It proves nothing by itself."""
    pid_file = _read_pid_file(cluster)
    return pid_file.pid if pid_file else None


def collect() -> None:
    """Collect ended children of ours."""
    for child in _launched:
        child.poll()


@atexit.register
def _let_go() -> None:
    """A server that others still use outlives us. It is no forgotten child of which Python need warn."""
    for child in _launched:
        if child.poll() is None:
            child.returncode = 0


def _join(cluster: Cluster, mark: Mark, socket_file: str, log: Log) -> int | None:
    """Wait until the running server answers; None when there is none (or it ended meanwhile)."""
    deadline = time.monotonic() + _START_SECONDS
    while (pid_file := _read_pid_file(cluster.path)) is not None:
        verdict = processes.judge(pid_file.pid, mark)
        if verdict is Verdict.NOT_OURS:
            break
        if verdict is Verdict.UNPROVED:
            raise EmbeddedError(
                f"{cluster.path / _PID_FILE} names process {pid_file.pid}, which cannot be shown to be a "
                "server that Milepost started, nor to be anything else. If it is a PostgreSQL started by "
                "hand on this folder, stop it; if not, remove that file; then try again"
            )
        if pid_file.status == "ready" and _answers(socket_file):
            return pid_file.pid
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"the running PostgreSQL (process {pid_file.pid}) of {cluster.path} does not answer: read "
                f"{log.path}; to begin anew, stop that process (SIGINT) and try again"
            )
        time.sleep(_POLL_SECONDS)
    return None


def _must_be_silent(cluster: Cluster, socket_file: str) -> None:
    """Raise EmbeddedError when somebody listens, although no server was found among the processes here."""
    try:
        ask(socket_file, OWNER, OWNER)
    except (FileNotFoundError, ConnectionRefusedError):
        return
    except OSError:
        pass  # it listens, whatever it says
    raise EmbeddedError(
        f"a PostgreSQL answers in {cluster.path}, and its process is not visible here: stop what uses this "
        "folder elsewhere (another container, or a server whose postmaster.pid was removed), then try again"
    )


def _launch(cluster: Cluster, mark: Mark, socket_file: str, log: Log) -> int | None:
    """Start the server and wait until it answers; None when children of a killed one are still there."""
    seen = log.size()
    with log.opened() as output:
        child = spawn(_command(cluster, mark), cluster.path, cluster.account, output)
    _launched.append(child)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not (_is_ready(cluster.path, child.pid) and _answers(socket_file)):
            if child.poll() is not None:
                said = log.tail(seen)
                if _STILL_IN_USE in said:
                    return None
                how = f"was killed (signal {-child.returncode})" if child.returncode < 0 else "did not start"
                raise EmbeddedError(f"PostgreSQL {how} in {cluster.path}; its last words:\n{said}")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL was not ready in {cluster.path} after {_START_SECONDS:.0f} s; its last "
                    f"words:\n{log.tail(seen)}"
                )
            time.sleep(_POLL_SECONDS)
    except BaseException:
        _end(child)
        raise
    return child.pid


def _command(cluster: Cluster, mark: Mark) -> list[str]:
    """The server's command line: what must hold whatever postgresql.conf says."""
    settings = {
        "cluster_name": mark.name,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": ".",  # in the cluster's folder, which is closed to others
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        "log_destination": "stderr",
    }
    argv = [str(cluster.install.programs / "postgres"), "-D", data_directory(cluster.path, cluster.account)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return argv


def _is_ready(cluster: Path, pid: int) -> bool:
    pid_file = _read_pid_file(cluster)
    return pid_file is not None and pid_file.pid == pid and pid_file.status == "ready"


def _read_pid_file(cluster: Path) -> _PidFile | None:
    try:
        lines = (cluster / _PID_FILE).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    try:
        # A negative id is a single-user server's.
        return _PidFile(abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else "")
    except (IndexError, ValueError):
        return None  # cut short by a full disk or a crash


def _answers(socket_file: str) -> bool:
    """Whether the database can be used; it is made here if it is missing."""
    try:
        refusal = ask(socket_file, OWNER, OWNER)
        if refusal == _NO_SUCH_DATABASE:
            refusal = ask(socket_file, OWNER, "template1", f'create database "{OWNER}"')
    except OSError:
        return False  # not yet, or no longer: the caller looks whether the process lives
    if refusal == _STARTING_OR_STOPPING:
        return False
    if refusal and refusal != _TOO_MANY_CLIENTS:  # busy is alive
        raise EmbeddedError(
            f"PostgreSQL refuses user {OWNER} (SQLSTATE {refusal}): its log tells why; if pg_hba.conf was "
            "changed, let local connections in again"
        )
    return True


def _wait_for_old_children(cluster: Cluster, mark: Mark, patience: float) -> None:
    """Children of a killed server finish and go; to start beside them would corrupt data."""
    while True:
        left = processes.children_left(mark)
        if time.monotonic() > patience:
            raise EmbeddedError(
                f"the database in {cluster.path} is still used by processes of a server that was killed "
                f"({', '.join(map(str, left)) or 'not visible from here'}): end them, then try again"
            )
        time.sleep(0.01 if left else 0.05)
        if not left:
            return


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stop a server that we started and that nobody uses yet."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_KILL_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
