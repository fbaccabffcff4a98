"""Whole bodies made of their schemas in the OpenAPI document, and the places in them that can be spoilt."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from tests.openapi_check import ORDERS, document

Place = tuple[str | int, ...]
"""Keys and indices that lead to a value; () is the whole."""


def schemas_of(route: str) -> list[dict[str, Any]]:
    """The schemas of the JSON bodies that the route takes: one, or alternatives."""
    method, _, path = route.partition(" ")
    content = document(ORDERS)["paths"][path][method.lower()]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema.get("anyOf") or schema.get("oneOf") or [schema]


def filled(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    """A value that says everything the schema knows, one element in each list. `named`: what members of that name
    hold, where not any value will do; None leaves them out."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return filled(document(ORDERS)["components"]["schemas"][name], named)
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return filled(schema[alternatives][0], named)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        members = schema.get("properties", {})
        held = {name: filled(part, named) for name, part in members.items()}
        said = {name: named.get(name, value) for name, value in held.items() if value is not None}
        return {name: value for name, value in said.items() if value is not None} or {"some": ["thing", 1.5]}
    if kind == "array":
        return [filled(schema["items"], named)] if "items" in schema else ["verbatim", {"n": 1}]
    return _SCALARS[kind] if kind != "string" else _text(schema)


_SCALARS: dict[str, Any] = {"boolean": True, "integer": 1, "number": 1.5, "null": None}


def _text(schema: Mapping[str, Any]) -> str:
    if "number" in schema["type"] or "integer" in schema["type"]:
        return "5"
    return {
        "date": "2026-06-20",
        "date-time": "2026-06-20T08:00:00.5+02:00",
        "email": "edi@birchline.example",
    }.get(schema.get("format", ""), "word")


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """All of them, the whole first."""
    yield at
    if isinstance(value, dict):
        for name, part in value.items():
            yield from places(part, (*at, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from places(part, (*at, index))


def spoilt(body: Any, at: Place, wrong: Any) -> Any:
    """The body with another value at that place."""
    if not at:
        return wrong
    changed = copy.deepcopy(body)
    holder = changed
    for part in at[:-1]:
        holder = holder[part]
    holder[at[-1]] = wrong
    return changed
