"""The guide cannot lie: its commands are run as they stand, and their output is compared."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def steps(page: Path) -> list[tuple[str, str]]:
    """(command, expected output) of a page, in order."""
    found: list[tuple[str, str]] = []
    for block in _BLOCK.findall(page.read_text()):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            else:
                command, output = found[-1]
                found[-1] = (command, output + line + "\n")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_first_steps(tmp_path: Path) -> None:
    work = tmp_path / "guide"
    shutil.copytree(GUIDE, work)
    walk = steps(GUIDE / "first-steps.md")
    assert len(walk) > 25
    mark = "-- end of step --"
    port = str(free_port())
    script = "\n".join(f"{command.replace('8080', port)}\necho '{mark}'" for command, _ in walk)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MILEPOST_DATA_DIR": str(tmp_path / "data"),
    }
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    outputs = run.stdout.split(f"{mark}\n")
    assert len(outputs) == len(walk) + 1, run.stdout[-2000:] + run.stderr[-2000:]
    for (command, expected), output in zip(walk, outputs, strict=False):
        assert _ID.sub("<id>", output).replace("\n\n", "\n") == expected, command
