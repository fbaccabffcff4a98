"""Requests as OpenAPI describes them (section 3): bodies by the kinds that read them, wrapped or bare."""

from milepost.http.openapi import Schema, component
from milepost.http.openapi_inputs import Inputs
from milepost.surfaces.milestones_api.call import Endpoint
from milepost.surfaces.milestones_api.openapi import examples

_EMPTY: Schema = {"type": "object"}


def body_schema(endpoint: Endpoint) -> Schema:
    """What the endpoint reads of the unwrapped body; any object when it reads nothing."""
    if endpoint.body is None:
        return _EMPTY
    return endpoint.body.patch_schema if endpoint.method == "PATCH" else endpoint.body.schema


def request_body(endpoint: Endpoint, inputs: Inputs) -> Schema | None:
    """What the endpoint takes; None when it reads no body."""
    if endpoint.body is None:
        return None
    schema = body_schema(endpoint)
    samples = {name: {"value": sample} for name, sample in examples.BODIES[endpoint.operation].items()}
    told = inputs.of(schema)
    content = {"schema": _wrapped_or_bare(told, endpoint.wrapper), "examples": samples}
    is_required = bool(schema.keys() & {"required", "anyOf"})
    return {"required": is_required, "content": {"application/json": content}}


def _wrapped_or_bare(schema: Schema, wrapper: str) -> Schema:
    """If the wrapper's key holds an object, that object is the body."""
    is_wrapped = {"required": [wrapper], "properties": {wrapper: _EMPTY}}
    return {
        "anyOf": [
            {"type": "object", "properties": {wrapper: schema}, "required": [wrapper]},
            {**schema, "not": is_wrapped},
        ]
    }


def header_parameters() -> dict[str, Schema]:
    """The request header that every operation reads, as component."""
    return {
        "X-Request-Id": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "An id for this request (`[A-Za-z0-9._-]{1,128}`), repeated in the answer and in the "
            "server's log; anything else is replaced by a new one.",
            "schema": {"type": "string"},
        }
    }


def headers_read() -> list[Schema]:
    return [component("parameters", "X-Request-Id")]
