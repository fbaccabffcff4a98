"""What every answer of the Milestones API looks like that is no 422 (section 5)."""

from typing import Any

from tests.surfaces.world import Reply

LIMITS = tuple(
    f"X-RateLimit-{what}-{window}" for what in ("Limit", "Remaining", "Reset") for window in ("Minute", "Day")
)

ERRORS: dict[str, tuple[int, str | None]] = {
    "invalid_json": (400, None),
    "invalid_parameter": (400, None),
    "unauthorized": (401, "Unauthorized"),
    "forbidden": (403, "Insufficient permissions"),
    "method_not_allowed": (405, "Method not allowed"),
    "removed": (410, "Gone"),
    "body_too_large": (413, None),
    "rate_limited": (429, "Rate limit exceeded"),
    "internal_error": (500, "Internal server error"),
}
"""The contract's table, written down a second time on purpose: status, and the text where it is exact."""


def answered(reply: Reply, code: str, **members: Any) -> None:
    """Asserts a refusal with this code: its status, its text where that is exact, and exactly these extra members."""
    status, text = ERRORS[code]
    assert reply.status == status, reply
    body = reply.json
    error = body.pop("error")
    assert isinstance(error, str)
    assert error == text if text is not None else error != "", reply
    assert body == {"code": code, **members}, reply
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Request-Id"]
    assert ("WWW-Authenticate" in reply.headers) is (status == 401)
    assert ("Retry-After" in reply.headers) is (status == 429)
    assert ("Allow" in reply.headers) is (status == 405)


def nowhere(reply: Reply) -> None:
    """Asserts the 404 of a path that leads nowhere."""
    assert (reply.status, reply.json) == (404, {"error": "Not found", "code": "not_found"}), reply


def bearing(key: str) -> dict[str, str]:
    """The header that sends the key."""
    return {"Authorization": f"Bearer {key}"}
