"""The committed reference pages tell of this code."""

import importlib.util
from typing import Any

import pytest

from tests.runtime.processes import ROOT


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "cli.md"])
def test_the_committed_page_is_what_the_code_generates(name):
    made = generator().pages()[name]
    committed = (ROOT / "docs" / "reference" / name).read_text()
    assert committed == made, "run: make docs"


def test_every_option_and_argument_is_explained():
    from typer.main import get_command

    from milepost.cli import app

    for name, command in generator()._commands(get_command(app), "milepost"):
        assert command.help, name
        for each in command.params:
            assert each.help, f"{name} {each.name}"
