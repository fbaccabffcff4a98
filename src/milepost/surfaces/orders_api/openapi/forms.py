"""One document in two forms (section 4): answers write moments with `Z` and days as days, events write moments with
`+00:00` and days as moments."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from milepost.http.openapi import SCHEMAS, Schema, Schemas, reachable

Form = Literal["answer", "event"]

_MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?"
_FORMS: Mapping[Form, Mapping[str, Schema]] = {
    "answer": {
        "instant": {"format": "date-time", "pattern": f"^{_MOMENT}Z$"},
        "day": {"format": "date"},
    },
    "event": {
        "instant": {"format": "date-time", "pattern": rf"^{_MOMENT}\+00:00$"},
        "day": {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00\+00:00$"},
    },
}
_MARK = "x-form"
_TWIN = "InEvents"


def in_answers(schemas: Schemas) -> Schemas:
    """The schemas as answers write their values."""
    return {name: _written(schema, "answer", {}) for name, schema in schemas.items()}


def in_events(schemas: Schemas, own: Iterable[str]) -> Schemas:
    """The schemas as events write their values: `own`, which only events have, and what those refer to. What looks
    otherwise than in answers gets a name of its own."""
    kept = set(own)
    used = reachable(schemas, [schemas[name] for name in kept])
    twins = {name: name + _TWIN for name in used if name not in kept and _differs(schemas, name)}
    return {
        twins.get(name, name): _written(schemas[name], "event", twins)
        for name in {*kept, *used}
        if name in kept or name in twins
    }


def _differs(schemas: Schemas, name: str) -> bool:
    below = reachable(schemas, [schemas[name]])
    return any(f'"{_MARK}"' in json.dumps(each) for each in (schemas[name], *below.values()))


def _written(part: Any, form: Form, twins: Mapping[str, str]) -> Any:
    if isinstance(part, list):
        return [_written(each, form, twins) for each in part]
    if isinstance(part, str):  # a reference, also where a discriminator maps to it
        name = part.removeprefix(SCHEMAS)
        return SCHEMAS + twins[name] if part.startswith(SCHEMAS) and name in twins else part
    if not isinstance(part, dict):
        return part
    schema = {name: _written(each, form, twins) for name, each in part.items() if name != _MARK}
    return {**schema, **_FORMS[form][part[_MARK]]} if _MARK in part else schema
