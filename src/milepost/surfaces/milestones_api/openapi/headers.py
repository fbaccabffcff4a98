"""Headers of answers (sections 2, 4, 5 and 7.14)."""

from milepost.http.openapi import LIMITS, Schema, Schemas, component, limit_headers

PAGED = ("X-Page", "X-Per-Page", "X-Total", "X-Total-Pages")
SUPERSEDED = ("Deprecation", "Successor")
"""What answers of an action with a successor carry."""
_UNLIMITED = (401, 500)
"""Statuses that are also answered when it is not known whose limits would count."""
_UNDECIDED = (401, 429)
"""Statuses that come before it is known which action is meant."""
_SPECIAL = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",)}


def refusal_headers(status: int, *, deprecated: bool = False) -> Schemas:
    """Those of a refusal. `deprecated`: of an action that has a successor."""
    limits = () if status in _UNLIMITED else LIMITS
    own = SUPERSEDED if deprecated and status not in (*_UNDECIDED, 500) else ()
    found = named_headers("X-Request-Id", *limits, *_SPECIAL.get(status, ()), *own)
    if deprecated and status == 500:  # a failure may come first
        told = header_components()
        found |= {_LINKS.get(name, name): {**told[name], "required": False} for name in SUPERSEDED}
    return found


def named_headers(*names: str) -> Schemas:
    """References to components, by the headers' names."""
    return {_LINKS.get(name, name): component("headers", name) for name in names}


_LINKS = {"Pages": "Link", "Successor": "Link"}
"""Components that describe one header in two uses."""


def header_components() -> Schemas:
    """The headers of answers."""
    return {
        "X-Request-Id": _header(
            "The request's own id, or a new one.", {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}
        ),
        **limit_headers(),
        "X-Page": _header("Which page this is, from 1.", {"type": "integer", "minimum": 1}),
        "X-Per-Page": _header("How many a page holds.", {"type": "integer", "minimum": 1, "maximum": 100}),
        "X-Total": _header("How many there are on all pages.", {"type": "integer", "minimum": 0}),
        "X-Total-Pages": _header(
            "How many pages there are; 0 when there is nothing.", {"type": "integer", "minimum": 0}
        ),
        "Pages": {
            "description": "Where the `first`, `prev`, `next` and `last` page is, as far as there is one: "
            '`</v1/teams/…/purchase_orders?page=2&per_page=25>; rel="next"`.',
            "required": True,
            "schema": {
                "type": "string",
                "pattern": '^<[^>]+>; rel="first"(, <[^>]+>; rel="(prev|next|last)")*$',
            },
        },
        "Deprecation": _header(
            "Since when this is deprecated (RFC 9745).", {"type": "string", "const": "@1701129600"}
        ),
        "Successor": _header(
            "What to call instead.",
            {"type": "string", "pattern": '^</v1/teams/[^>]+>; rel="successor-version"$'},
        ),
        "Location": _header(
            "Where a GET shows it.", {"type": "string", "pattern": "^/v1/teams/[^/]+/purchase_orders/"}
        ),
        "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": _header("How to authenticate.", {"type": "string", "const": "Bearer"}),
        "Allow": _header("The methods that the path has.", {"type": "string"}),
    }


def _header(about: str, schema: Schema) -> Schema:
    return {"description": about, "required": True, "schema": schema}
