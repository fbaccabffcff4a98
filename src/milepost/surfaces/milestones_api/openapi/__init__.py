"""The OpenAPI document of the Milestones API, from the declarations that serve it.

document()   the document
text()       the same as it is committed, printed and served
"""

from typing import Any

from milepost.http.openapi import Schema, Schemas, reachable, sorted_by_name, text_of
from milepost.http.openapi_inputs import Inputs
from milepost.surfaces.milestones_api.call import ROOT, Endpoint
from milepost.surfaces.milestones_api.endpoints import ENDPOINTS
from milepost.surfaces.milestones_api.openapi import (
    answers,
    examples,
    refusing,
    removed,
    requests,
    texts,
    words,
)
from milepost.surfaces.milestones_api.openapi.headers import header_components
from milepost.surfaces.milestones_api.openapi.inputs import named
from milepost.surfaces.milestones_api.openapi.queries import query_parameters
from milepost.surfaces.milestones_api.removed import PATHS


def text() -> str:
    """The document as text."""
    return text_of(document())


def document() -> dict[str, Any]:
    """The document."""
    inputs = Inputs(named(ENDPOINTS), words.INPUTS)
    paths: dict[str, Schema] = {}
    for each in ENDPOINTS:
        path = paths.setdefault(ROOT + each.path, {"parameters": path_parameters(each.path)})
        path[each.method.lower()] = _operation(each, inputs)
    for operation, path_text in PATHS.items():
        paths[ROOT + path_text] = {
            "parameters": path_parameters(path_text),
            "post": removed.operation(operation),
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Milepost Milestones API",
            "version": "1",
            "summary": "Purchase orders and their milestones: confirm them, reject them, move their dates.",
            "description": texts.INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"token": []}, {"apiKey": []}],
        "tags": [{"name": name, "description": about} for name, about in words.TAGS.items()],
        "paths": paths,
        "components": _components(paths, inputs),
    }


# Operations


def path_parameters(path: str) -> list[Schema]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": words.PATH_PARAMETERS[name],
            "schema": {"type": "string", "minLength": 1},
            "example": examples.PATHS[name],
        }
        for name in names
    ]


def _operation(endpoint: Endpoint, inputs: Inputs) -> Schema:
    told = words.OPERATIONS[endpoint.operation]
    query = query_parameters(endpoint.operation)
    operation: Schema = {
        "operationId": endpoint.operation,
        "tags": [told.tag],
        "summary": endpoint.summary,
        "description": f"{told.about}\n\nNeeds the permission `{endpoint.permission}`.",
        "parameters": [*query, *requests.headers_read()],
    }
    if endpoint.deprecated:
        operation["deprecated"] = True
    if body := requests.request_body(endpoint, inputs):
        operation["requestBody"] = body
    operation["responses"] = answers.responses(endpoint, has_query=bool(query))
    return operation


# Components


def _components(paths: dict[str, Schema], inputs: Inputs) -> dict[str, Any]:
    shown = answers.answer_schemas()
    schemas: Schemas = shown | inputs.components(shown)
    responses = refusing.shared_responses()
    return {
        "schemas": reachable(schemas, [paths, responses]),
        "responses": sorted_by_name(responses),
        "parameters": requests.header_parameters(),
        "headers": header_components(),
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Token K`, with the key for K; the key alone is accepted too.",
            },
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    }
