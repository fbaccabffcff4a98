"""The OpenAPI document of the Orders API, from the declarations that serve it.

document()   the document
text()       the same as it is committed, printed and served
"""

from collections.abc import Iterable
from typing import Any

from milepost.http.openapi import Schema, Schemas, component, reachable, sorted_by_name, text_of
from milepost.http.openapi_inputs import Inputs
from milepost.surfaces.orders_api.call import Endpoint
from milepost.surfaces.orders_api.endpoints import ENDPOINTS
from milepost.surfaces.orders_api.openapi import (
    answers,
    examples,
    receiving,
    refusing,
    requests,
    texts,
    words,
)
from milepost.surfaces.orders_api.openapi.faults import body_codes, query_codes
from milepost.surfaces.orders_api.openapi.headers import header_components
from milepost.surfaces.orders_api.openapi.inputs import NAMED
from milepost.surfaces.orders_api.openapi.queries import query_parameters


def text() -> str:
    """The document as text."""
    return text_of(document())


def document() -> dict[str, Any]:
    """The document; settings of the server that widen or narrow something are told in its words."""
    inputs = Inputs(NAMED, words.INPUTS)
    paths: dict[str, Schema] = {}
    for each in ENDPOINTS:
        path = paths.setdefault(f"/{each.path}", {"parameters": _path_parameters(each.path)})
        path[each.method.lower()] = _operation(each, inputs)
    paths["/orders/{order_id}"]["delete"] = _refused_deletion()
    sent = receiving.webhooks()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Milepost Orders API",
            "version": "1",
            "summary": "Orders in all their detail, the log of what happens to them, and webhooks that tell you of it.",
            "description": texts.INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"bearer": []}, {"apiKey": []}],
        "tags": [{"name": name, "description": about} for name, about in words.TAGS.items()],
        "paths": paths,
        "webhooks": sent,
        "components": _components([paths, sent], inputs),
    }


# Operations


def _path_parameters(path: str) -> list[Schema]:
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
    document = answers.DOCUMENTS.get(endpoint.operation)
    query = query_parameters(endpoint.operation)
    operation: Schema = {
        "operationId": endpoint.operation,
        "tags": [told.tag],
        "summary": endpoint.summary,
        "description": f"{told.about}\n\nNeeds the permission `{endpoint.permission}`.",
        "parameters": [*query, *requests.headers_of(endpoint, has_tag=document in answers.TAGGED)],
    }
    codes = query_codes(query)
    if body := requests.request_body(endpoint, inputs):
        operation["requestBody"] = body
        codes |= body_codes(requests.BODIES[endpoint.operation])
    operation["responses"] = answers.responses(endpoint, codes)
    return operation


def _refused_deletion() -> Schema:
    """The row of the contract's table that has no endpoint (section 9.6)."""
    told = words.OPERATIONS["deleteOrder"]
    codes = ("unauthorized", "method_not_allowed", "rate_limited", "internal_error", "unavailable")
    return {
        "operationId": "deleteOrder",
        "tags": [told.tag],
        "summary": "Always refused",
        "description": f"{told.about}\n\nNeeds no permission, only a valid key.",
        "parameters": [component("parameters", "X-Request-Id")],
        "responses": refusing.responses(codes),
    }


# Components


def _components(roots: Iterable[Any], inputs: Inputs) -> dict[str, Any]:
    shown = answers.answer_schemas()
    schemas: Schemas = shown | inputs.components(shown)
    responses = {
        **refusing.shared_responses(),
        "NotModified": answers.not_modified(),
        **receiving.receiver_responses(),
    }
    return {
        "schemas": reachable(schemas, [*roots, responses]),
        "responses": sorted_by_name(responses),
        "parameters": {**requests.header_parameters(), **receiving.sent_headers()},
        "headers": {**header_components(), **receiving.receiver_headers()},
        "securitySchemes": {
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Token K`, with the key for K; the key alone is accepted too.",
            },
            "bearer": {"type": "http", "scheme": "bearer"},
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            receiving.BASIC: receiving.receiver_security(),
        },
    }
