"""`milepost openapi` prints and writes the committed documents."""

from pathlib import Path

import pytest

from tests.openapi_check import FOLDER
from tests.runtime.processes import run


@pytest.mark.parametrize(
    ("options", "file"),
    [
        ([], "status-1.5.json"),
        (["--version", "1.2"], "status-1.2.json"),
        (["--surface", "orders"], "orders.json"),
        (["--surface", "milestones"], "milestones.json"),
    ],
)
def test_one_document_is_printed(options: list[str], file: str) -> None:
    done = run("openapi", *options)
    assert (done.returncode, done.stdout) == (0, (FOLDER / file).read_text())


def test_all_documents_are_written(tmp_path: Path) -> None:
    assert run("openapi", "--write", str(tmp_path / "new")).returncode == 0
    written = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert written == {path.name: path.read_text() for path in FOLDER.iterdir()}


@pytest.mark.parametrize(
    "options",
    [
        ["--surface", "tracking"],
        ["--version", "2.0"],
        ["--surface", "orders", "--version", "1.5"],
        ["--surface", "milestones", "--version", "1"],
        ["--write", "x", "--version", "1.5"],
    ],
)
def test_usage_errors(options: list[str]) -> None:
    done = run("openapi", *options)
    assert (done.returncode, done.stdout) == (2, "")
