"""Bodies that a schema of this surface allows, for tests that hold of all of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from milepost.http.scalars import NOT_BLANK
from milepost.kit.ids import ulid

_IDS = ["019ec501-f416-7d93-97d2-9b7d8967d9a6", "019ec501-f416-7d93-97d2-9b7d8967d9a7"]
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.just(Decimal("1.10")) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
_OBJECTS = st.dictionaries(_TEXTS, _JSON, max_size=3)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001
_DIGITS = st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,10})?", fullmatch=True)


def sent(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows."""
    if "anyOf" in schema and "type" not in schema:
        return st.one_of([sent(part) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(name, schema) for name in types])


def _of_type(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match name:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "array":
            return _arrays(schema)
        case "object":
            return _objects(schema)
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "number" if "pattern" in schema:
            return _DIGITS.map(Decimal)
        case "number":
            return st.decimals(schema["minimum"], schema["maximum"], places=4)
    return _strings(schema)


def _strings(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    match schema:
        case {"format": "date"}:
            return st.dates().map(lambda day: day.isoformat())
        case {"format": "date-time"}:
            return _MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC).isoformat())
        case {"format": "email"}:
            return st.just("ap@birchline.example")
        case {"contentMediaType": _}:
            return st.just('{"from": "text"}')
        case {"maxLength": 36}:
            return st.sampled_from([*_IDS, *map(ulid, _IDS)])
        case {"pattern": pattern, "maxLength": most} if pattern == NOT_BLANK:
            return _TEXTS.map(lambda text: f"x{text}"[:most])
        case {"pattern": pattern}:
            return st.from_regex(pattern.replace(r"\d", "[0-9]"), fullmatch=True).filter(
                lambda digits: len(digits) < 10 or pattern.startswith(r"^\d")
            )
    return _TEXTS.map(lambda text: text[: schema["maxLength"]])


def _arrays(schema: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    if "items" not in schema:
        return st.lists(_JSON, max_size=3)
    return st.lists(sent(schema["items"]), min_size=schema.get("minItems", 0), max_size=2)


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        return _OBJECTS
    required = set(schema.get("required", ()))
    members = {name: sent(part) for name, part in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: members[name] for name in members if name in required},
        optional={name: members[name] for name in members if name not in required},
    )
