"""The guide cannot lie: its commands are run as they stand, and their output is compared."""

import shutil
from pathlib import Path

import pytest

from tests.docs.walking import walk


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_first_steps(tmp_path: Path) -> None:
    walk("first-steps.md", tmp_path)
