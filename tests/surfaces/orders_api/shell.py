"""What every refusal of this surface must look like, whatever it is about (section 6)."""

from typing import Any

from tests.surfaces.world import Reply

STATUSES = {
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "idempotency_in_progress": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "precondition_required": 428,
    "rate_limited": 429,
    "internal_error": 500,
    "unavailable": 503,
}
"""The table of section 6, written down a second time on purpose; what is not here is a 400."""

LIMITS = {
    f"X-RateLimit-{what}-{window}" for what in ("Limit", "Remaining", "Reset") for window in ("Minute", "Day")
}


def answered(reply: Reply, code: str, loc: list[Any] | None = None) -> None:
    """Asserts a refusal of one fault: status, code, the three members, where it is, and the headers. A `loc` of
    body or query names a field; without one nothing is said of where."""
    (detail,) = reply.json["detail"]
    place = detail["loc"]
    names_field = place[0] in ("body", "query") and len(place) > 1
    field = ".".join(map(str, place[1:])) if names_field else None
    status = 400 if names_field else STATUSES.get(code, 400)
    assert reply.status == status, reply
    message = reply.json["error_description"]
    kind = f"value_error.{code}" if status == 400 else code
    assert message
    assert reply.json == {
        "error_description": message,
        "errors": [{"field": field, "code": code, "message": message}],
        "detail": [{"loc": place, "msg": message, "type": kind}],
    }
    assert place[0] in ("body", "query", "path", "header", "request")
    assert loc is None or place == loc, reply
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Request-Id"]
    assert (reply.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)
    assert ("Allow" in reply.headers) == (status == 405)
    assert ("Retry-After" in reply.headers) == (status in (409, 429, 503))
    assert {name for name in LIMITS if name in reply.headers} == (set() if status == 401 else LIMITS)
