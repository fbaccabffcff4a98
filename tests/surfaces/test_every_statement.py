"""The statements of the Status API's contract (section 23) and the tests that hold them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STATEMENTS = range(1, 58)

_NUMBERS = re.compile(r"\bS-(\d+)\b")


def _named(path: Path) -> Iterator[tuple[int, str]]:
    """(statement, test) for every statement that a test of the file names in its docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for number in _NUMBERS.findall((ast.get_docstring(node) or "").partition(": ")[0]):
                yield int(number), f"{path.name}::{node.name}"


_TESTS: dict[int, list[str]] = {}
for _path in sorted(Path(__file__).parent.glob("test_*.py")):
    for _number, _test in _named(_path):
        _TESTS.setdefault(_number, []).append(_test)


@pytest.mark.parametrize("number", STATEMENTS)
def test_every_statement_has_a_test(number):
    assert _TESTS.get(number), f"no test's docstring begins with S-{number}:"


def test_no_test_names_a_statement_that_is_not_there():
    assert set(_TESTS) <= set(STATEMENTS)
