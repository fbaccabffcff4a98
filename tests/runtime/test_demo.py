"""`milepost demo`: everything at once, and nothing left behind."""

import json
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.processes import Program, program, run


def welcome(running: Program) -> str:
    """What the demo says when it is ready."""
    lines = [running.line(120)]
    while not lines[-1].startswith("This release"):
        lines.append(running.line())
    assert lines[0].startswith("Milepost is ready on http://127.0.0.1:")
    return "\n".join(lines)


def demo_on(
    url: str, folder: Path, *options: str, env: dict[str, str] | None = None
) -> AbstractContextManager[Program]:
    """A demo in a database that is there, with its secret key in the folder."""
    place = ("--database-url", url, "--data-dir", str(folder))
    return program("-m", "milepost", "demo", "--port", "0", *place, *options, env=env)


def get(text: str, path: str) -> Any:
    """The answer of the demo that said so, with the key that it printed."""
    here = re.search(r"ready on (http://127\.0\.0\.1:\d+)", text)
    key = re.search(r"X-API-Key: (mp_test_\w+)", text)
    assert here
    assert key
    request = urllib.request.Request(here[1] + path, headers={"X-API-Key": key[1]})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def orders(text: str) -> int:
    """How many orders the curl line that the demo prints would find."""
    path = re.search(r"'http://127\.0\.0\.1:\d+(/v1/orders\?limit=3)'", text)
    assert path
    return get(text, path[1])["pagination"]["total"]


def stages(text: str) -> set[str]:
    """The statuses of the purchase orders that the other curl line finds."""
    path = re.search(r"'http://127\.0\.0\.1:\d+(/v1/teams/[0-9a-f-]{36}/purchase_orders\?per_page=)3'", text)
    assert path
    return {order["status"] for order in get(text, f"{path[1]}100")["purchase_orders"]}


def test_a_demo_in_a_temporary_folder_that_is_removed(tmp_path):
    with program(
        "-m", "milepost", "demo", "--port", "0", "--orders", "12", env={"TMPDIR": str(tmp_path)}
    ) as running:
        assert orders(welcome(running)) == 12
        [folder] = tmp_path.glob("milepost-demo-*")
        running.send(signal.SIGINT)
        assert running.wait() == 130
    assert not folder.exists()
    assert list(Path(tmp_path).iterdir()) == []


def test_purchase_orders_at_every_stage(databases, tmp_path):
    """Shown by the Milestones API; `milepost orders show` tells why one is late."""
    url = databases.make()
    with demo_on(url, tmp_path, "--orders", "60") as running:
        text = welcome(running)
        assert orders(text) == 60
        assert stages(text) == {
            *("draft", "issued", "accepted", "in_production", "shipped", "delivered", "completed"),
            *("rejected", "canceled"),
        }
        shown = run("orders", "show", "PO-000003", "--database-url", url)
        assert shown.returncode == 0
        assert re.search(r"^  progress +in_production, late$", shown.stdout, re.MULTILINE)
        running.send(signal.SIGTERM)
        assert running.wait() == 0


def test_a_demo_in_a_kept_folder_is_loaded_and_subscribed_once(tmp_path):
    urls = set()
    for wanted in ("7", "9"):
        with program(
            "-m", "milepost", "demo", "--port", "0", "--orders", wanted, "--data-dir", str(tmp_path / "data")
        ) as running:
            text = welcome(running)
            assert orders(text) == 7
            [webhook] = get(text, "/webhooks")["data"]
            urls.add(webhook["url"])
            running.send(signal.SIGTERM)
            assert running.wait() == 0
    assert len(urls) == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_an_event_arrives_after_the_printed_curl(databases, tmp_path):
    """Issue 3, done-line 2. Nothing arrives before: the sample orders were loaded earlier."""
    with demo_on(databases.make(), tmp_path, "--orders", "12") as running:
        text = welcome(running)
        move = re.search(r"^  Move     (curl .*)   # to (.+)$", text, re.MULTILINE)
        assert move
        assert "Events   come here" in text
        subprocess.run(["bash", "-c", move[1]], check=True, capture_output=True, timeout=20)
        line = running.line(20)
        while "order.overdue" in line:  # one of the sample orders happened to turn late just now
            line = running.line(20)
        told = re.fullmatch(
            r"Event  order\.status\.changed  (#\d{4})  (.+) -> (.+)  \(verified\)",
            line,
        )
        assert told, line
        assert told[3] == move[2] != told[2]
        [newest] = get(text, "/v1/orders?sort_by=created_at&sort_order=desc&limit=1")["orders"]
        assert told[1] == newest["name"]


def test_settings_that_keep_webhooks_from_this_machine_are_obeyed(databases, tmp_path):
    settings = {"MILEPOST_WEBHOOK_ALLOW_CIDRS": "10.0.0.0/8"}
    with demo_on(databases.make(), tmp_path, "--orders", "0", env=settings) as running:
        text = welcome(running)
        assert "Events" not in text
        assert get(text, "/webhooks")["data"] == []
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert "Events will not be shown here: This URL cannot be used" in running.stderr


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
