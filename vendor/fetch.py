"""Brings the vendored files of `vendor.lock.json` into the tree: `python vendor/fetch.py`. They are what browsers
and tests run of npm's packages.

Each package is packed by npm, its tarball compared with the lock, and the files that the lock names are
copied out of it. Nothing runs: neither scripts of the package nor its dependencies are installed.

    python vendor/fetch.py            fetch, compare, write
    python vendor/fetch.py --update   after editing a version: write the hashes of what came into the lock
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
LOCK = HERE / "vendor.lock.json"


def main() -> None:
    update = sys.argv[1:] == ["--update"]
    lock = json.loads(LOCK.read_text())
    for package in lock["packages"]:
        _fetch(package, update)
    if update:
        LOCK.write_text(json.dumps(lock, indent=2) + "\n")


def _fetch(package: dict[str, Any], update: bool) -> None:
    name = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", folder, name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (tarball,) = Path(folder).glob("*.tgz")
        content = tarball.read_bytes()
        _compare(package, "integrity", integrity(content), update)
        _compare(package, "sha256", sha256(content), update)
        with tarfile.open(tarball) as archive:
            for path, file in package["files"].items():
                _copy(archive, path, file, ROOT / package["into"], update)
    print(f"{name}: {len(package['files'])} files in {package['into']}")


def _copy(archive: tarfile.TarFile, path: str, file: dict[str, str], into: Path, update: bool) -> None:
    member = archive.extractfile(f"package/{path}")
    if member is None:
        raise SystemExit(f"{path} is no file of the package")
    content = member.read()
    _compare(file, "sha256", sha256(content), update)
    (into / path).parent.mkdir(parents=True, exist_ok=True)
    (into / path).write_bytes(content)


def _compare(entry: dict[str, Any], name: str, found: str, update: bool) -> None:
    if update:
        entry[name] = found
    elif entry[name] != found:
        raise SystemExit(f"{name} is {found}, and the lock says {entry[name]}: nothing was written")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def integrity(content: bytes) -> str:
    """The hash as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


if __name__ == "__main__":
    main()
