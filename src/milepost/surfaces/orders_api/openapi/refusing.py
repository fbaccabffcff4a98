"""Refusals (section 6): which codes an endpoint can answer, and under which status."""

from collections.abc import Iterable
from typing import Any

from milepost.http.openapi import Schema, Schemas, component, ref
from milepost.surfaces.orders_api import refusals
from milepost.surfaces.orders_api.call import Endpoint
from milepost.surfaces.orders_api.openapi import examples
from milepost.surfaces.orders_api.openapi.headers import refusal_headers
from milepost.surfaces.orders_api.openapi.texts import REASONS
from milepost.surfaces.orders_api.refusals import MOST_FAULTS, STATUSES, Fault, Refusal


def refusal_schema() -> Schema:
    """The body of every refusal."""
    fault: Schemas = {
        "field": {
            "type": ["string", "null"],
            "description": "Dotted, with indices (`items.0.amount.value`); null when no field is to blame.",
        },
        "code": {"type": "string", "enum": list(REASONS), "description": "Stable: for programs."},
        "message": {"type": "string", "description": "For people."},
    }
    place = {"enum": ["body", "query", "path", "header", "request"]}
    detail: Schemas = {
        "loc": {
            "type": "array",
            "prefixItems": [place],
            "items": {"type": ["string", "integer"]},
            "minItems": 1,
            "description": "Where, from the outside in.",
        },
        "msg": {"type": "string"},
        "type": {"type": "string", "description": "The code; on 400 after `value_error.`."},
    }
    faults = {"type": "array", "minItems": 1, "maxItems": MOST_FAULTS}
    told: Schemas = {
        "error_description": {"type": "string", "description": "The first message."},
        "errors": {**faults, "items": closed(fault)},
        "detail": {**faults, "items": closed(detail), "description": "The same faults in another form."},
    }
    return {**closed(told), "description": "Nothing was changed."}


def codes_by_status(endpoint: Endpoint, shape_codes: Iterable[str]) -> dict[int, list[str]]:
    """The codes that the endpoint can answer, in the sequence of REASONS. `shape_codes`: of body and query."""
    codes = {*ALWAYS, *shape_codes, *endpoint.refusals}
    if endpoint.permission is not None:
        codes.add("forbidden")
    if endpoint.method in ("POST", "PUT", "PATCH"):
        codes |= {"invalid_idempotency_key", "idempotency_in_progress", "idempotency_key_reused"}
    if endpoint.body != "none":
        codes.add("unsupported_media_type")
    statuses = {**STATUSES, "not_found": 400}  # what an endpoint names is in the body
    by_status: dict[int, list[str]] = {404: ["not_found"]} if "{" in endpoint.path else {}
    for code in sorted(codes, key=list(REASONS).index):
        by_status.setdefault(statuses.get(code, 400), []).append(code)
    return by_status


ALWAYS = ("unauthorized", "too_large", "rate_limited", "internal_error", "unavailable")
"""The codes that every endpoint can answer."""


def response(status: int, codes: list[str]) -> Schema:
    """An answer of that status with one of the codes. Statuses that have one code only are told once, as components."""
    return _response(status, codes) if status == 400 else component("responses", _camel(codes[0]))


def responses(codes: Iterable[str]) -> dict[str, Schema]:
    """The answers with these codes, none of them a 400."""
    return {str(STATUSES[code]): response(STATUSES[code], [code]) for code in codes}


def shared_responses() -> Schemas:
    """The answers of statuses that have one code only, as components."""
    return {_camel(code): _response(status, [code]) for code, status in STATUSES.items()}


def _response(status: int, codes: list[str]) -> Schema:
    prefix = "value_error." if status == 400 else ""
    narrowed = {
        "properties": {
            "errors": {"items": {"properties": {"code": {"enum": codes}}}},
            "detail": {"items": {"properties": {"type": {"enum": [prefix + code for code in codes]}}}},
        }
    }
    return {
        "description": "\n".join(f"- `{code}`: {REASONS[code]}" for code in codes)
        if len(codes) > 1
        else REASONS[codes[0]],
        "headers": refusal_headers(status),
        "content": {
            "application/json": {
                "schema": {"allOf": [ref("Refusal"), narrowed]},
                "example": _sample(status, codes),
            }
        },
    }


def _sample(status: int, codes: list[str]) -> dict[str, Any]:
    """A refusal with the most telling of the codes: the last that a rule gives, else the first."""
    telling = [code for code in codes if code in examples.FAULTS]
    code = telling[-1] if telling else codes[0]
    place, field, at = examples.FAULTS.get(code, ("request", None, None))
    if code == "not_found" and status == 404:
        place, field = "path", None
    fault = Fault(code, field, REASONS[code], place, at)
    return refusals.body(Refusal([fault], status))


def _camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


def closed(members: Schemas) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
