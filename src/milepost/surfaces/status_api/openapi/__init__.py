"""The OpenAPI documents of the Status API, one a version, from the declarations that serve it.

document("1.3")   the document
text("1.3")       the same as it is committed, printed and served
"""

from collections.abc import Sequence
from typing import Any

from milepost.http.openapi import (
    Schema,
    Schemas,
    body_schema,
    component,
    document_schemas,
    query_parameter,
    reachable,
    ref,
    sorted_by_name,
    text_of,
)
from milepost.http.releases import View
from milepost.surfaces.status_api import documents as doc
from milepost.surfaces.status_api.call import Endpoint
from milepost.surfaces.status_api.endpoints import endpoints
from milepost.surfaces.status_api.openapi import answers, examples, words
from milepost.surfaces.status_api.openapi.shapes import Metafield
from milepost.surfaces.status_api.versions import RELEASES

VERSIONS = RELEASES.versions


def text(version: str, bulk_max_orders: int = 1000) -> str:
    """The document as text."""
    return text_of(document(version, bulk_max_orders))


def document(version: str, bulk_max_orders: int = 1000) -> dict[str, Any]:
    """The document of a version. `bulk_max_orders`: most orders of one bulk call (setting of that name)."""
    view = RELEASES[version]
    known = endpoints(bulk_max_orders)
    served = [each for each in known if view.introduced_later(each.operation) is None]
    elsewhere = (*answers.ELSEWHERE, *(("requires_version",) if len(served) < len(known) else ()))
    paths: dict[str, Schema] = {}
    for each in served:
        path = paths.setdefault(f"/{each.path}", {"parameters": _path_parameters(each)})
        path[each.method.lower()] = _operation(each, view)
    tags = {words.OPERATIONS[each.operation].tag for each in served}
    return {
        "openapi": "3.1.0",
        "info": _info(view),
        "servers": [{"url": "/api/v1"}, {"url": "/v1", "description": "The same."}],
        "security": [{"apiKey": []}, {"bearer": []}],
        "tags": [{"name": name, "description": about} for name, about in words.TAGS.items() if name in tags],
        "paths": paths,
        "components": _components(paths, served, elsewhere, view),
    }


def _info(view: View) -> Schema:
    release = next(each for each in RELEASES.all if each.version == view.version)
    note = f"**New in {release.version}.** {release.note}"
    return {
        "title": "Milepost Status API",
        "version": view.version,
        "summary": "Track orders through statuses that your team defines.",
        "description": words.INTRODUCTION.format(version=view.version, note=note),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


# Operations


def _path_parameters(endpoint: Endpoint) -> list[Schema]:
    """What every operation of the path takes: ids in the path, and the headers."""
    names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    own = [
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
    return [*own, component("parameters", "X-API-Version"), component("parameters", "X-Request-Id")]


def _operation(endpoint: Endpoint, view: View) -> Schema:
    told = words.OPERATIONS[endpoint.operation]
    operation: Schema = {
        "operationId": endpoint.operation,
        "tags": [told.tag],
        "summary": endpoint.summary,
        "description": f"{told.as_of(view)}\n\nNeeds the permission `{endpoint.permission}`.",
    }
    hidden = view.hidden_parameters(endpoint.operation)
    if query := [query_parameter(field) for field in endpoint.query if field.name not in hidden]:
        operation["parameters"] = query
    if endpoint.body is not None:
        sample = {"example": examples.BODIES[endpoint.operation]}
        content = {"application/json": {"schema": body_schema(endpoint.body), **sample}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _responses(endpoint, view, readable=bool(query) or endpoint.body is not None)
    return operation


def _responses(endpoint: Endpoint, view: View, *, readable: bool) -> dict[str, Schema]:
    """`readable`: whether there is anything to read in the request that can be wrong."""
    samples = examples.answers(endpoint.operation, view)
    success = {
        "description": "Done.",
        "headers": answers.success_headers(),
        "content": {
            "application/json": {
                "schema": ref(endpoint.answer),
                "examples": {name: {"value": sample} for name, sample in samples.items()},
            }
        },
    }
    codes = {*answers.ALWAYS, *endpoint.refusals, *(("invalid_request",) if readable else ())}
    of_line_item = endpoint.path.startswith("line-items/")
    return {"200": success, **answers.refusal_responses(codes, of_line_item=of_line_item)}


# Components


def _components(
    paths: dict[str, Schema], served: Sequence[Endpoint], elsewhere: Sequence[str], view: View
) -> dict[str, Any]:
    responses = answers.shared_responses(paths, elsewhere)
    codes = {
        *answers.ALWAYS,
        *elsewhere,
        "invalid_request",
        *(code for each in served for code in each.refusals),
    }
    schemas = document_schemas([*(each.answer for each in served), Metafield], view)
    schemas |= answers.refusal_schemas(answers.in_sequence(codes), view)
    for name, told in _ENTRIES.items():
        if name in schemas:
            schemas[name] = _entry(schemas[name], told)
    return {
        "schemas": reachable(schemas, [paths, responses]),
        "responses": sorted_by_name(responses),
        "parameters": _header_parameters(view),
        "headers": answers.header_components(view),
        "securitySchemes": {
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "`Token` in place of `Bearer` is accepted too, and so is the key alone.",
            },
        },
    }


_ENTRIES: dict[str, tuple[str, ...]] = {
    doc.BulkStatusEntry.__name__: ("status_id", "status_name"),
    doc.BulkNotificationEntry.__name__: ("notifications_sent",),
    doc.LineItemEntry.__name__: (),
}
"""Entries of bulk answers, and what a success always tells besides what every entry does."""


def _entry(schema: Schema, told: Sequence[str]) -> Schema:
    """A success or a failure; versions that leave failures out know the success only."""
    members: Schemas = schema["properties"]
    success = {name: each for name, each in members.items() if name != "error"}
    done = {**schema, "properties": success, "required": [*schema["required"], *told]}
    if "success" not in members:
        return done
    failure = {name: members[name] for name in (*schema["required"], "error")}
    return {
        "oneOf": [
            {**done, "properties": {**success, "success": {"type": "boolean", "const": True}}},
            {
                **schema,
                "properties": {**failure, "success": {"type": "boolean", "const": False}},
                "required": list(failure),
            },
        ]
    }


def _header_parameters(view: View) -> dict[str, Schema]:
    return {
        "X-API-Version": {
            "name": "X-API-Version",
            "in": "header",
            "required": True,
            "description": "The version that this page describes. Without the header the version pinned on "
            "the key answers, else the server's default.",
            "schema": {"type": "string", "enum": [view.version], "default": view.version},
        },
        "X-Request-Id": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "An id for this request (`[A-Za-z0-9._-]{1,128}`), repeated in the answer and in "
            "the server's log; anything else is replaced by a new one.",
            "schema": {"type": "string"},
        },
    }
