"""JSON merge patch: the examples of RFC 7396 and what holds of every patch."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.surfaces.orders_api.merging import merged

EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""The table of RFC 7396, appendix A."""


@pytest.mark.parametrize(("target", "patch", "result"), EXAMPLES)
def test_examples_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


def test_the_patch_of_section_9_5() -> None:
    stored = {"cost_center": "114", "kept": {"x": 1}}
    assert merged(stored, {"cost_center": None, "buyer": "ines"}) == {"kept": {"x": 1}, "buyer": "ines"}


def test_depth_costs_no_stack() -> None:
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"a": deep}
    result = merged({}, deep)
    for _ in range(50_000):
        result = result["a"]
    assert result == {}
    while deep:  # or Python takes it apart by recursion
        deep = deep["a"]


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abc"), values)


def by_the_rfc(target: Any, patch: Any) -> Any:
    """The pseudo-code of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = by_the_rfc(target.get(name), value)
    return target


@given(values, values)
def test_does_what_the_rfc_says_and_changes_neither_argument(target: Any, patch: Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merged(target, patch) == by_the_rfc(target, patch)
    assert (target, patch) == before


@given(objects, objects)
def test_a_patch_applied_twice_does_what_it_does_once(target: Any, patch: Any) -> None:
    once = merged(target, patch)
    assert merged(once, patch) == once


@given(objects)
def test_the_empty_patch_changes_nothing(target: Any) -> None:
    assert merged(target, {}) == target
