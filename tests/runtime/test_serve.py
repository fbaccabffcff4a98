"""`milepost serve` as a running program: ready, stopping, failing, with one process and with several."""

import asyncio
import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import asyncpg
import pytest

from tests.runtime.processes import Program, program, run

READY = re.compile(r"Milepost is ready on (http://127\.0\.0\.1:\d+)")


def serve(url: str, *argv: str, env: dict[str, str] | None = None, cwd: Path | None = None):
    arguments = ("-m", "milepost", "serve", "--port", "0", "--log-format", "json", *argv)
    return program(*arguments, env={"MILEPOST_DATABASE_URL": url, **(env or {})}, cwd=cwd)


def address(running: Program) -> str:
    match = READY.fullmatch(running.line())
    assert match
    return match[1]


def status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.mark.parametrize("workers", [1, 2])
def test_ready_means_ready_and_sigterm_ends_with_0(databases, workers, tmp_path):
    with serve(databases.make(empty=True), "--workers", str(workers), cwd=tmp_path) as running:
        url = address(running)
        assert status(f"{url}/v1/orders") == 401
        running.send(signal.SIGTERM)
        assert running.wait() == 0
        assert running.rest() == []
        assert "Traceback" not in running.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_with_130(databases, workers):
    with serve(databases.make(), "--workers", str(workers)) as running:
        address(running)
        running.send(signal.SIGINT)
        assert running.wait() == 130
        assert "Traceback" not in running.stderr


def test_sigterm_before_ready_leaves_nothing(tmp_path):
    with program(
        "-m", "milepost", "serve", "--port", "0", env={"MILEPOST_DATA_DIR": str(tmp_path / "data")}
    ) as running:
        wait_until(lambda: "PostgreSQL" in running.stderr)
        running.send(signal.SIGTERM)
        running.wait()
    assert not (tmp_path / "data" / "postgresql" / "postmaster.pid").exists()


def test_requests_are_logged_without_keys_and_queries(databases):
    with serve(databases.make()) as running:
        url = address(running)
        headers = {"X-API-Key": "mp_live_hidden", "X-Request-Id": "my-request"}
        assert status(f"{url}/v1/orders/%0A?token=hidden", **headers) == 401
        running.send(signal.SIGTERM)
        running.wait()
    lines = [json.loads(line) for line in running.stderr.splitlines()]
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == "my-request"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/orders/%0A", 401)
    assert 0 <= line["ms"] < 10_000
    assert line["timestamp"].endswith("Z")
    assert "hidden" not in running.stderr


def test_log_level_and_text(databases):
    with serve(databases.make(), "--log-format", "text", env={"MILEPOST_LOG_LEVEL": "warning"}) as running:
        assert status(address(running) + "/v1/orders") == 401
        running.send(signal.SIGTERM)
        running.wait()
    assert running.stderr == ""


def test_a_port_in_use_is_said_at_once(databases):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--database-url", databases.make())
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_an_unknown_log_format_is_a_usage_error():
    assert run("serve", "--log-format", "xml").returncode == 2


def test_an_unknown_setting_is_an_error_at_start():
    done = run("serve", env={"MILEPOST_WORKERS": "3"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "MILEPOST_WORKERS is no setting" in done.stderr


def test_a_database_that_is_ahead_is_refused_with_the_cure(databases):
    url = databases.make()

    async def spoil() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("update alembic_version set version_num = '9999'")
        await connection.close()

    asyncio.run(spoil())
    done = run("serve", "--port", "0", "--database-url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "newer Milepost" in done.stderr


def test_the_embedded_database_is_shared_with_a_command_and_stopped_by_the_last(tmp_path):
    environment = {"MILEPOST_DATA_DIR": str(tmp_path / "data")}
    pid_file = tmp_path / "data" / "postgresql" / "postmaster.pid"
    with program("-m", "milepost", "serve", "--port", "0", env=environment) as running:
        url = address(running)
        assert run("migrate", "--check", env=environment).returncode == 0
        assert pid_file.exists()
        assert status(f"{url}/v1/orders") == 401
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert not pid_file.exists()


def test_an_embedded_database_that_is_killed_is_started_again(tmp_path):
    pid_file = tmp_path / "data" / "postgresql" / "postmaster.pid"
    with program("-m", "milepost", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")) as running:
        url = address(running)
        assert status(f"{url}/readyz") == 200
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        wait_until(lambda: status(f"{url}/readyz") == 503)
        wait_until(lambda: status(f"{url}/readyz") == 200)
        assert status(f"{url}/v1/orders") == 401
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert "PostgreSQL has ended" in running.stderr
    assert not pid_file.exists()


def test_a_killed_worker_is_replaced_while_the_other_serves(databases):
    with serve(databases.make(), "--workers", "2") as running:
        url = address(running)
        first, second = children(running.pid)
        os.kill(first, signal.SIGKILL)
        for _ in range(30):
            assert status(f"{url}/v1/orders") == 401
            time.sleep(0.02)
        wait_until(lambda: len(children(running.pid)) == 2)
        assert first not in children(running.pid)
        os.kill(second, signal.SIGKILL)
        wait_until(lambda: second not in children(running.pid))
        wait_until(lambda: len(children(running.pid)) == 2)
        assert status(f"{url}/v1/orders") == 401
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert running.stderr.count("worker ended; another one is started") == 2


def test_workers_end_with_their_parent(databases):
    with serve(databases.make(), "--workers", "2") as running:
        address(running)
        workers = children(running.pid)
        running.send(signal.SIGKILL)
        running.wait()
        wait_until(lambda: not any(_is_running(pid) for pid in workers))


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_workers_that_do_not_start_end_the_command(databases, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'milepost.cli.serve_worker' in sys.orig_argv: sys.exit('spoiled')\n"
    )
    done = run(
        "serve",
        "--port",
        "0",
        "--workers",
        "2",
        env={"PYTHONPATH": str(tmp_path), "MILEPOST_DATABASE_URL": databases.make()},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "a worker process did not start" in done.stderr


def test_it_stops_quietly_before_its_workers_are_up(databases, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, time\nif 'milepost.cli.serve_worker' in sys.orig_argv: time.sleep(30)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path), "MILEPOST_DATABASE_URL": databases.make()}
    argv = ("-m", "milepost", "serve", "--port", "0", "--workers", "2")
    with program(*argv, env=environment) as running:
        wait_until(lambda: len(children(running.pid)) == 2)
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert (running.rest(), running.stderr) == ([], "")


def test_the_database_password_is_on_no_command_line(databases):
    with serve(databases.make(), "--workers", "2") as running:
        address(running)
        for pid in (running.pid, *children(running.pid)):
            assert b"postgresql://" not in Path(f"/proc/{pid}/cmdline").read_bytes()
