"""kit.natural: the stored key sorts as Status API section 8 says (S-19)."""

import re
from functools import cmp_to_key

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.kit.natural import natural_key


def compare(one: str, other: str) -> int:
    """Natural order by walking both texts side by side; a number stands among characters where `0` does."""
    left, right = (re.findall(r"[0-9]+|[^0-9]", text.casefold()) for text in (one, other))
    for a, b in zip(left, right, strict=False):
        a_number, b_number = a.isascii() and a.isdigit(), b.isascii() and b.isdigit()
        if a_number and b_number:
            if int(a) != int(b):
                return -1 if int(a) < int(b) else 1
        elif a_number or b_number:
            return -1 if ("0" if a_number else a) < ("0" if b_number else b) else 1
        elif a != b:
            return -1 if a < b else 1
    return (len(left) > len(right)) - (len(left) < len(right))


names = st.text(max_size=64) | st.from_regex(r"[#A-Ca-c0-3 _-]{0,12}", fullmatch=True)


def test_s19_the_contracts_sequence() -> None:
    wanted = ["#9", "#10", "#10-b", "#K2"]
    assert sorted(["#K2", "#10-b", "#9", "#10"], key=natural_key) == wanted
    assert sorted(wanted, key=natural_key, reverse=True) == wanted[::-1]


@pytest.mark.parametrize(
    ("lesser", "greater"),
    [
        ("#2", "#10"),
        ("A9", "a10"),
        ("PO-9-1", "PO-10-0"),
        ("9", "A"),
        ("#9", "#a"),
        ("", "0"),
        ("99999999999999999999", "100000000000000000000"),
        ("1" * 63, "2" * 63),
        ("999999999", "1000000000"),
        ("9" * 62, "1" + "0" * 62),
        ("0", "1"),
        ("#09", "#10"),
        ("#1", "#1a"),
        ("#1 2", "#12"),
        ("a", "B"),
    ],
)
def test_pairs(lesser: str, greater: str) -> None:
    assert natural_key(lesser) < natural_key(greater)
    assert compare(lesser, greater) == -1


@pytest.mark.parametrize(("one", "other"), [("#k2", "#K2"), ("007", "7"), ("0", "000"), ("A01b", "a1B")])
def test_equal_sort_values(one: str, other: str) -> None:
    """Such names differ for the team but sort as one; the id then decides."""
    assert natural_key(one) == natural_key(other)


@given(names, names)
def test_the_order_of_keys_is_the_natural_order(one: str, other: str) -> None:
    left, right = natural_key(one), natural_key(other)
    assert (left > right) - (left < right) == compare(one, other)
    # The database sorts bytes (collate "C"); of UTF-8 that is the order of code points.
    if not re.search("[\ud800-\udfff]", one + other):
        left_bytes, right_bytes = left.encode(), right.encode()
        assert (left_bytes > right_bytes) - (left_bytes < right_bytes) == compare(one, other)


@given(st.lists(names, max_size=8))
def test_sorting_by_key_is_sorting_by_comparison(texts: list[str]) -> None:
    assert sorted(texts, key=natural_key) == sorted(texts, key=cmp_to_key(compare))
