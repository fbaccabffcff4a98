"""The guide that follows one order through all surfaces: its commands run as they stand."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.walking import GUIDE, walk

PAGE = "one-order.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_guide(tmp_path: Path) -> None:
    walk(PAGE, tmp_path)


def test_the_page_shows_the_milestones_as_they_are() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", (GUIDE / PAGE).read_text(), re.DOTALL)
    assert shown in (GUIDE / "weaving.yaml").read_text()
