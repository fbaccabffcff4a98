"""What can be wrong with the shape of a request, by its schema: the codes of section 6."""

from collections.abc import Mapping

from milepost.http.openapi import Schema
from milepost.http.scalars import NOT_BLANK
from milepost.surfaces.orders_api.scalars import identifier

_KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "type": ("wrong_type",),
    "required": ("required",),
    "maxLength": ("too_long",),
    "minLength": ("too_short",),
    "minItems": ("too_short",),
    "maxItems": ("too_many",),
    "enum": ("invalid_value",),
    "pattern": ("invalid_value",),
    "minimum": ("out_of_range",),
    "contentMediaType": ("invalid_custom_data",),
}
_FORMATS = {"email": "invalid_email", "date": "invalid_date", "date-time": "invalid_datetime"}
_OPEN = ("too_long", "invalid_value")
"""An open object or array may be too large or too deep."""
_ANY_BODY = ("invalid_json", "wrong_type", "invalid_characters", "out_of_range")


def body_codes(schema: Schema) -> set[str]:
    """The codes of a body that does not have this shape."""
    return {*_ANY_BODY, *_shape_codes(schema)}


def query_codes(parameters: list[Schema]) -> set[str]:
    """The codes of a query that cannot be read."""
    found = {code for each in parameters for code in _value_codes(each["schema"])}
    return {"conflicting_parameters", *found} if parameters else set()


def _value_codes(schema: Schema) -> set[str]:
    """The codes of a value that was sent as text."""
    match schema:
        case {"items": element}:
            return {"too_many", *_value_codes(element)}
        case {"anyOf": _}:  # a moment, or a day that stands for its midnight
            return {"invalid_datetime"}
        case {"minLength": _}:
            return {"too_short", "invalid_characters"}
        case {"type": "integer"}:
            return {"wrong_type", "out_of_range"}
        case {"type": "boolean"}:
            return {"invalid_value"}
    return _shape_codes(schema) - {"wrong_type"}


def _shape_codes(schema: Schema) -> set[str]:
    if {**schema, "type": "string"} == identifier().schema:
        return {"wrong_type", "invalid_id"}
    found = {code for keyword in schema.keys() & _KEYWORDS.keys() for code in _KEYWORDS[keyword]}
    if schema.get("pattern") == NOT_BLANK:
        found = found - {"invalid_value"} | {"too_short"}
    found |= {_FORMATS[schema["format"]]} if "format" in schema else set()
    if schema.get("type") in ("object", "array") and not schema.keys() & {"properties", "items"}:
        found |= {*_OPEN}
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    below += [schema["items"]] if "items" in schema else []
    return found.union(*(_shape_codes(each) for each in below))
