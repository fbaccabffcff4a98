"""From declarations to the parts of an OpenAPI 3.1 document.

The same Structs, Fields and Releases that serve a surface are read here, as one version shows them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from milepost.http.fields import Field
from milepost.http.releases import View

Schema = dict[str, Any]
Schemas = dict[str, Schema]

SCHEMAS = "#/components/schemas/"
_REFERENCE = re.compile(r'"\$ref": "#/components/schemas/([^"]+)"')
_T = TypeVar("_T")


def component(kind: str, name: str) -> Schema:
    """A reference to a part of `components`: `component("headers", "Vary")`."""
    return {"$ref": f"#/components/{kind}/{name}"}


def ref(document: type[Struct] | str) -> Schema:
    """A reference to the schema of a document."""
    return component("schemas", document if isinstance(document, str) else document.__name__)


def text_of(document: Mapping[str, Any]) -> str:
    """The document as it is committed, printed and served."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


# Answers


def document_schemas(documents: Iterable[type[Struct]], view: View | None = None) -> Schemas:
    """The schemas of documents and of all that is in them, as the version shows them. They are closed: a
    version never gains a field. Without `view`: of a surface that has no versions."""
    _, found = msgspec.json.schema_components(documents, ref_template=SCHEMAS + "{name}")
    return {
        name: _closed(_tidy(schema), view.dropped_fields(name) if view else frozenset())
        for name, schema in found.items()
    }


def _closed(schema: Schema, dropped: frozenset[str]) -> Schema:
    members = {name: each for name, each in schema["properties"].items() if name not in dropped}
    required = [name for name in schema["required"] if name not in dropped]
    return {**schema, "properties": members, "required": required, "additionalProperties": False}


def _tidy(schema: Any) -> Any:
    """The schema in its shortest common spelling: what msgspec writes in several ways is written in one."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {
        name: _tidy(each) for name, each in schema.items() if name != "title" or not isinstance(each, str)
    }
    if (struct := schema.pop("x-struct", None)) is not None:
        schema["anyOf"] = [ref(struct), {"type": "null"}]
    if "enum" in schema:
        schema = _typed(schema)
    return _merged(schema) if "anyOf" in schema else schema


def _typed(schema: Schema) -> Schema:
    """An enumeration with the type of its values; of one value a constant."""
    kinds = {bool: "boolean", int: "integer", str: "string"}
    values = schema.pop("enum")
    named = {"type": kinds[type(values[0])]}
    return (
        {**named, "const": values[0], **schema} if len(values) == 1 else {**named, "enum": values, **schema}
    )


def _merged(schema: Schema) -> Schema:
    """Alternatives that are types become one list of types."""
    alternatives = schema.pop("anyOf")
    if "type" in schema:  # told by hand
        return schema
    if alternatives == [{"type": "integer"}, {"type": "number"}]:
        return {"type": "number", **schema}
    first, *rest = alternatives
    if rest == [{"type": "null"}] and "$ref" not in first:
        return {**nullable(first), **schema}
    return {**schema, "anyOf": alternatives}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if isinstance(kind := schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [kind, "null"]}
    if list(schema) == ["anyOf"]:
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    return {"anyOf": [schema, {"type": "null"}]}


LIMITS = tuple(
    f"X-RateLimit-{fact}-{window}" for window in ("Minute", "Day") for fact in ("Limit", "Remaining", "Reset")
)
"""The headers that tell a key's budget (http/limits.py)."""


def limit_headers() -> Schemas:
    """The descriptions of LIMITS."""
    return {
        f"X-RateLimit-{fact}-{window}": {
            "description": f"{about} the {told}.",
            "required": True,
            "schema": each,
        }
        for window, told, seconds in (("Minute", "UTC minute", 60), ("Day", "UTC day", 86400))
        for fact, about, each in (
            ("Limit", "Requests that the key may make in", {"type": "integer", "minimum": 1}),
            ("Remaining", "Requests left, after this one, in", {"type": "integer", "minimum": 0}),
            ("Reset", "The end, in Unix seconds, of", {"type": "integer", "multipleOf": seconds}),
        )
    }


def reachable(schemas: Schemas, roots: Any) -> Schemas:
    """The schemas that `roots` refer to, directly or through others, by name."""
    found: set[str] = set()
    unread = [roots]
    while unread:
        names = set(_REFERENCE.findall(json.dumps(unread.pop()))) - found
        found |= names
        unread += [schemas[name] for name in names]
    return sorted_by_name({name: schemas[name] for name in found})


def sorted_by_name(parts: Mapping[str, _T]) -> dict[str, _T]:
    return dict(sorted(parts.items()))


# Requests


def query_parameter(field: Field) -> Schema:
    """A query parameter. Lists are comma-separated; an empty value counts as not sent."""
    schema = dict(field.kind.schema)
    if field.default is not None and not isinstance(field.default, frozenset):
        schema["default"] = field.default
    parameter: Schema = {
        "name": field.name,
        "in": "query",
        "description": field.about,
        "allowEmptyValue": True,
        "schema": schema,
    }
    if schema.get("type") == "array":
        parameter.update(style="form", explode=False)
    return parameter


def body_schema(fields: Sequence[Field]) -> Schema:
    """A body: null means that a field is not sent, unknown fields are ignored."""
    members: Schemas = {}
    rules: list[Schema] = []
    for field in fields:
        members |= _members(field)
        if field.kind.rule is not None:
            rules.append(field.kind.rule)
        if field.required and field.also is not None:
            rules.append(_either(field))
    required = [field.name for field in fields if field.required and field.also is None]
    schema: Schema = {"type": "object", "properties": members}
    if required:
        schema["required"] = required
    return {**schema, "allOf": rules} if rules else schema


def _members(field: Field) -> Schemas:
    schema = dict(field.kind.schema)
    if field.required and field.also is None:
        return {field.name: {**schema, "description": field.about}}
    schema = nullable(schema)
    if field.default is not None:
        schema["default"] = field.default
    members = {field.name: {**schema, "description": field.about}}
    if field.also is not None:
        members[field.also] = {"description": f"Read in place of `{field.name}` when that is not sent."}
    return members


def _either(field: Field) -> Schema:
    """The field under its own name, or, that being absent, under the second one."""
    first, second = field.name, str(field.also)
    return {
        "anyOf": [
            {"required": [first], "properties": {first: field.kind.schema}},
            {"required": [second], "properties": {first: {"type": "null"}, second: field.kind.schema}},
        ]
    }
