"""The statements of the Milestones API's contract (section 10) and the tests that hold them.

A test holds a statement when its docstring begins with it: `M-17`, `M-17, M-20.`, `M-34, section 7.13: ...`. All of
them are said of the surface, so they must be held over HTTP, by tests below tests/surfaces.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STATEMENTS = range(1, 49)

_TESTS = Path(__file__).parents[2]
_NUMBERS = re.compile(r"\bM-(\d+)\b")


def _beginnings(folder: Path) -> Iterator[str]:
    """What tests say before the first colon of their docstrings."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield (ast.get_docstring(node) or "").partition(": ")[0]


def _held_below(folder: Path) -> set[int]:
    """The statements that tests of the folder hold."""
    return {int(number) for text in _beginnings(folder) for number in _NUMBERS.findall(text)}


_OVER_HTTP = _held_below(_TESTS / "surfaces")


@pytest.mark.parametrize("number", STATEMENTS)
def test_every_statement_has_a_test(number: int) -> None:
    assert number in _OVER_HTTP, f"no test's docstring begins with M-{number}"


def test_no_test_names_a_statement_that_is_not_there() -> None:
    assert _held_below(_TESTS) <= set(STATEMENTS)
