"""`milepost demo`: everything at once, and nothing left behind."""

import json
import re
import signal
import socket
import urllib.request
from pathlib import Path

from tests.runtime.processes import Program, program, run


def orders(running: Program) -> int:
    """How many orders the curl line that the demo prints would find."""
    lines = [running.line(120)]
    while not lines[-1].startswith("This release"):
        lines.append(running.line())
    text = "\n".join(lines)
    url = re.search(r"'(http://127\.0\.0\.1:\d+/v1/orders\?limit=3)'", text)
    key = re.search(r"X-API-Key: (mp_test_\w+)", text)
    assert lines[0].startswith("Milepost is ready on http://127.0.0.1:")
    assert url
    assert key
    request = urllib.request.Request(url[1], headers={"X-API-Key": key[1]})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        found = json.load(answer)
    return found["pagination"]["total"]


def test_a_demo_in_a_temporary_folder_that_is_removed(tmp_path):
    with program(
        "-m", "milepost", "demo", "--port", "0", "--orders", "12", env={"TMPDIR": str(tmp_path)}
    ) as running:
        assert orders(running) == 12
        [folder] = tmp_path.glob("milepost-demo-*")
        running.send(signal.SIGINT)
        assert running.wait() == 130
    assert not folder.exists()
    assert list(Path(tmp_path).iterdir()) == []


def test_a_demo_in_a_kept_folder_is_loaded_once(tmp_path):
    for wanted in ("7", "9"):
        with program(
            "-m", "milepost", "demo", "--port", "0", "--orders", wanted, "--data-dir", str(tmp_path / "data")
        ) as running:
            assert orders(running) == 7
            running.send(signal.SIGTERM)
            assert running.wait() == 0


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(databases):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("demo", "--port", port, "--database-url", databases.make())
    assert done.returncode == 1
    assert "--port" in done.stderr


def test_a_database_in_use_is_left_alone(databases):
    url = databases.make()
    assert run("apply", "-", "--database-url", url, typed="team: {name: Someone else}\n").returncode == 0
    done = run("demo", "--port", "0", "--database-url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Someone else" in done.stderr
