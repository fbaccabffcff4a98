"""The statements of the Orders API's contract (section 24) and the tests that hold them.

A test holds a statement when its docstring begins with it: `O-17`, `O-17, O-20.`, `O-34, O-42: ...`. What is said of
the surface must be held over HTTP, by tests below tests/surfaces; what is said of delivery, by those of what delivers.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STATEMENTS = range(1, 67)

DELIVERY = {*range(49, 59), 60}
"""Statements about what is sent, and when."""

EXAMPLES = range(1, 14)
"""Of differences, E1 to E13 (section 15); O-41 is about each of them."""

_TESTS = Path(__file__).parents[2]
_NUMBERS = re.compile(r"\bO-(\d+)\b")
_ROWS = re.compile(r"\bE(\d+)\b")


def _beginnings(folder: Path) -> Iterator[str]:
    """What tests say before the first colon of their docstrings."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield (ast.get_docstring(node) or "").partition(": ")[0]


def _held_below(folder: Path) -> set[int]:
    """The statements that tests of the folder hold."""
    return {int(number) for text in _beginnings(folder) for number in _NUMBERS.findall(text)}


_OVER_HTTP, _WHERE_IT_IS_SENT = _held_below(_TESTS / "surfaces"), _held_below(_TESTS / "outbound")


@pytest.mark.parametrize("number", STATEMENTS)
def test_every_statement_has_a_test(number: int) -> None:
    held = _WHERE_IT_IS_SENT if number in DELIVERY else _OVER_HTTP
    assert number in held, f"no test's docstring begins with O-{number}"


@pytest.mark.parametrize("row", EXAMPLES)
def test_every_example_of_a_difference_has_a_test(row: int) -> None:
    texts = [text for text in _beginnings(_TESTS / "surfaces") if "O-41" in text]
    assert str(row) in {found for text in texts for found in _ROWS.findall(text)}


def test_no_test_names_a_statement_that_is_not_there() -> None:
    assert _held_below(_TESTS) <= set(STATEMENTS)
