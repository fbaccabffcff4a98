"""Refusals and headers: what can be answered besides the wished document (contract sections 3, 4 and 6)."""

from collections.abc import Iterable, Sequence
from typing import Any

from milepost.http.openapi import LIMITS, Schema, Schemas, component, document_schemas, limit_headers, ref
from milepost.http.releases import View
from milepost.surfaces.status_api.openapi.shapes import RefusalDetails
from milepost.surfaces.status_api.openapi.words import REASONS, REFUSAL_VALUES
from milepost.surfaces.status_api.refusals import TEXTS
from milepost.surfaces.status_api.versions import RELEASES

ALWAYS = (
    "unsupported_version",
    "invalid_api_key",
    "insufficient_permissions",
    "rate_limited",
    "internal_error",
    "unavailable",
)
"""The codes that every operation can answer."""

ELSEWHERE = ("not_found", "method_not_allowed")
"""The codes of what is no operation, besides `requires_version`; their answers are described all the same."""

_MEMBERS = {
    "unsupported_version": ("supported",),
    "invalid_request": ("fields",),
    "unknown_status": ("fields",),
    "sub_status_required": ("fields",),
    "unknown_sub_status": ("fields",),
    "addon_not_supported": ("fields",),
    "insufficient_permissions": ("permission",),
    "requires_version": ("minimum_version",),
    "workflow_order": ("current_workflow_id", "allowed_workflow_ids"),
    "status_chain": ("current_status_id", "allowed_status_ids"),
    "status_specificity": ("mode",),
    "rate_limited": ("window", "retry_after"),
    "internal_error": ("message",),
}
"""What `details` holds besides `code`."""


def refusal_schemas(codes: Sequence[str], view: View) -> Schemas:
    """`Refusal`, its twin of the line item endpoints, and the details of every code."""
    found = document_schemas((RefusalDetails,), view)
    members = found.pop("RefusalDetails")["properties"]
    for code in codes:
        named = {"code": {"type": "string", "const": code}}
        named |= {name: members[name] for name in _MEMBERS.get(code, ())}
        found[_details(code)] = _closed(named, REASONS[code])
    details: Schema = {
        "oneOf": [ref(_details(code)) for code in codes],
        "discriminator": {
            "propertyName": "code",
            "mapping": {code: ref(_details(code))["$ref"] for code in codes},
        },
    }
    told: Schemas = {"error": {"type": "string", "description": "A sentence for people."}, "details": details}
    failure: Schemas = {"success": {"type": "boolean", "const": False}}
    found["Refusal"] = _closed(told, "Nothing was changed.")
    found["LineItemRefusal"] = _closed(failure | told, "Nothing was changed.")
    return found


def _closed(members: Schemas, about: str) -> Schema:
    return {
        "description": about,
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


def _details(code: str) -> str:
    return f"{_camel(code)}Details"


def in_sequence(codes: Iterable[str]) -> list[str]:
    """The codes in the sequence of the contract's table."""
    return sorted(codes, key=list(TEXTS).index)


def refusal_responses(codes: Iterable[str], *, of_line_item: bool) -> dict[str, Schema]:
    """The answers of an operation besides 200, by status: shared ones where only one code is possible."""
    by_status: dict[int, list[str]] = {}
    for code in in_sequence(codes):
        by_status.setdefault(TEXTS[code][0], []).append(code)
    return {
        str(status): component("responses", _shared(possible[0], of_line_item))
        if len(possible) == 1
        else _response(possible, of_line_item)
        for status, possible in sorted(by_status.items())
    }


def shared_responses(paths: Any, elsewhere: Sequence[str]) -> dict[str, Schema]:
    """The answers that `paths` refer to, and those with the codes of `elsewhere`."""
    told = repr(paths)
    return {
        name: _response([code], of_line_item)
        for of_line_item in (False, True)
        for code in TEXTS
        if f"/responses/{(name := _shared(code, of_line_item))}'" in told
        or (code in elsewhere and not of_line_item)
    }


def _shared(code: str, of_line_item: bool) -> str:
    return ("LineItem" if of_line_item else "") + _camel(code)


def _response(codes: Sequence[str], of_line_item: bool) -> Schema:
    """One status with its possible codes."""
    status = TEXTS[codes[0]][0]
    narrowed = {
        "properties": {
            "error": {"enum": list(dict.fromkeys(TEXTS[code][1] for code in codes))},
            "details": {"properties": {"code": {"enum": list(codes)}}},
        }
    }
    base = ref("LineItemRefusal" if of_line_item else "Refusal")
    return {
        "description": "\n".join(f"- `{code}`: {REASONS[code]}" for code in codes)
        if len(codes) > 1
        else REASONS[codes[0]],
        "headers": _headers(status),
        "content": {
            "application/json": {
                "schema": {"allOf": [base, narrowed]},
                "examples": {code: {"value": _example(code, of_line_item)} for code in codes},
            }
        },
    }


def _example(code: str, of_line_item: bool) -> dict[str, Any]:
    details = {"code": code, **{name: _value(code, name) for name in _MEMBERS.get(code, ())}}
    failure = {"success": False} if of_line_item else {}
    return {**failure, "error": TEXTS[code][1], "details": details}


def _value(code: str, name: str) -> Any:
    return REFUSAL_VALUES.get((code, name), REFUSAL_VALUES.get(("", name)))


# Headers


def header_components(view: View) -> dict[str, Schema]:
    """The headers of answers."""
    return {
        "X-API-Version": _header("The version that answered.", {"type": "string", "const": view.version}),
        "X-API-Version-Known": _header(
            "The version asked for when it is known, else the key's, else the server's default.",
            {"type": "string", "enum": list(RELEASES.versions)},
        ),
        "Vary": _header("Answers depend on the version.", {"type": "string", "const": "X-API-Version"}),
        "X-Request-Id": _header(
            "The request's own id, or a new one.", {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}
        ),
        **limit_headers(),
        "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": _header("How to authenticate.", {"type": "string", "const": "Bearer"}),
        "Allow": _header("The methods that the path has.", {"type": "string"}),
    }


def _header(about: str, schema: Schema) -> Schema:
    return {"description": about, "required": True, "schema": schema}


_UNSURE = (400, 401, 429, 500)
"""Statuses that are also answered when the version asked for is not known."""
_SPECIAL = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}


def _headers(status: int) -> Schemas:
    """The headers of an answer. A busy server answers 503 before it reads the request."""
    headers = {"X-Request-Id": component("headers", "X-Request-Id")}
    if status != 503:
        version = "X-API-Version-Known" if status in _UNSURE else "X-API-Version"
        headers = {
            "X-API-Version": component("headers", version),
            "Vary": component("headers", "Vary"),
            **headers,
        }
    named = (*_SPECIAL.get(status, ()), *(() if status in (401, 500, 503) else LIMITS))
    return headers | {name: component("headers", name) for name in named}


def success_headers() -> Schemas:
    return _headers(200)
