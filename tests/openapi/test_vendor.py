"""Vendored browser files are those of the lock."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = json.loads((ROOT / "vendor" / "vendor.lock.json").read_text())["packages"]
STATIC = ROOT / "src/milepost/surfaces/system/static/vendor"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_files_are_those_of_the_lock(package):
    folder = ROOT / package["into"]
    assert {path.name for path in folder.iterdir()} == set(package["files"])
    for name, file in package["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_what_is_needed_is_there(package):
    """The licence beside the files, and the version in their address, since they are cached for ever."""
    assert any(name.startswith("LICENSE") for name in package["files"])
    assert package["into"].endswith(f"-{package['version']}")
    assert package["integrity"].startswith("sha512-")


def test_nothing_else_is_vendored():
    assert {path.name for path in STATIC.iterdir()} == {Path(package["into"]).name for package in PACKAGES}
