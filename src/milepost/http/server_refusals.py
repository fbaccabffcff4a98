"""Answers to what never became a request: fixed texts, a fresh request id, and the connection's end."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from milepost.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, its code, and the body that says so."""

    status: int
    code: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def answer(self, more_headers: list[tuple[bytes, bytes]]) -> bytes:
        """The whole answer as bytes."""
        lines = [name + b": " + value + b"\r\n" for name, value in (*more_headers, *self.all_headers())]
        return b"".join([STATUS_LINE[self.status], *lines, b"\r\n", self.body])

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
            (b"connection", b"close"),
            (b"x-request-id", new_id().encode()),
            *self.headers,
        ]


def _refusal(status: int, code: str, error: str, *headers: tuple[bytes, bytes], field: str = "") -> Refusal:
    """Whose request it would have been nobody knows: the body has the members of every surface's errors (Status API,
    section 6; Orders API, section 6)."""
    details: dict[str, object] = {"code": code}
    if field:
        details["fields"] = [{"field": "request", "message": field}]
    kind = f"value_error.{code}" if status == HTTPStatus.BAD_REQUEST else code
    body = {
        "error": error,
        "details": details,
        "error_description": error,
        "errors": [{"field": None, "code": code, "message": error}],
        "detail": [{"loc": ["request"], "msg": error, "type": kind}],
    }
    return Refusal(status, code, msgspec.json.encode(body), headers)


MALFORMED: Final = _refusal(
    400, "invalid_request", "Invalid request", field="is not a valid HTTP/1.1 request"
)
TIMED_OUT: Final = _refusal(408, "request_timeout", "Request timeout")
HEADERS_TOO_LARGE: Final = _refusal(431, "headers_too_large", "Request header fields too large")
OVERLOADED: Final = _refusal(503, "unavailable", "Service unavailable", (b"retry-after", b"1"))


async def overloaded(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers everything with 503."""
    await send(
        {"type": "http.response.start", "status": OVERLOADED.status, "headers": OVERLOADED.all_headers()}
    )
    await send({"type": "http.response.body", "body": OVERLOADED.body})
