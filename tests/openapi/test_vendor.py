"""Vendored files are those of the lock, with their licences; nothing else is vendored."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = json.loads((ROOT / "vendor" / "vendor.lock.json").read_text())["packages"]
FOR_BROWSERS = "src/milepost/surfaces/system/static/vendor"
FOR_TESTS = "tests/vendor/npm"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_files_are_those_of_the_lock(package):
    folder = ROOT / package["into"]
    assert files_below(folder) == set(package["files"])
    for name, file in package["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_what_is_needed_is_there(package):
    """The licence among the files, or beside them when the package brings none (`license_file`)."""
    assert any(name.startswith("LICENSE") for name in package["files"]) or (
        f"{package['license']} License" in (ROOT / package["license_file"]).read_text()
    )
    assert package["integrity"].startswith("sha512-")


def test_files_for_browsers_have_their_version_in_their_address():
    """They are cached for ever."""
    for package in PACKAGES:
        assert package["into"].startswith(f"{FOR_TESTS}/") or package["into"].endswith(
            f"-{package['version']}"
        )


@pytest.mark.parametrize("place", [FOR_BROWSERS, FOR_TESTS])
def test_nothing_else_is_vendored(place):
    locked = {
        f"{package['into']}/{name}"
        for package in PACKAGES
        for name in package["files"]
        if package["into"].startswith(f"{place}/")
    }
    assert {f"{place}/{name}" for name in files_below(ROOT / place)} == locked


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
