"""Headers of answers (sections 2, 6, 19 and 20)."""

from milepost.http.openapi import LIMITS, Schema, Schemas, component, limit_headers

_UNLIMITED = (401, 500, 503)
"""Statuses that are also answered when it is not known whose limits would count."""
_SPECIAL = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def refusal_headers(status: int) -> Schemas:
    """Those of a refusal."""
    limits = () if status in _UNLIMITED else LIMITS
    return named_headers("X-Request-Id", *limits, *_SPECIAL.get(status, ()))


def named_headers(*names: str) -> Schemas:
    """References to components."""
    return {name: component("headers", name) for name in names}


def header_components() -> Schemas:
    """The headers of answers."""
    return {
        "X-Request-Id": _header(
            "The request's own id, or a new one.", {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}
        ),
        **limit_headers(),
        "ETag": _header("The order's state, for `If-Match`.", {"type": "string", "pattern": '^"[^"]+"$'}),
        "Location": _header("Where a GET shows it.", {"type": "string", "pattern": "^/(orders|webhooks)/"}),
        "Idempotency-Replayed": {
            "description": "Only when the answer is that of an earlier request with the same `Idempotency-Key`.",
            "schema": {"type": "string", "const": "true"},
        },
        "Content-Disposition": _header(
            "Under which name to save it.", {"type": "string", "pattern": "^attachment"}
        ),
        "X-Content-Type-Options": _header("The type is as told.", {"type": "string", "const": "nosniff"}),
        "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": _header("How to authenticate.", {"type": "string", "const": "Bearer"}),
        "Allow": _header("The methods that the path has.", {"type": "string"}),
    }


def _header(about: str, schema: Schema) -> Schema:
    return {"description": about, "required": True, "schema": schema}
