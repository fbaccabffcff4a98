"""One line a request: id, method, path, status, time. Queries, headers and bodies are nobody's business."""

import time
from typing import Any, Final

import structlog

_REQUEST_ID: Final = b"x-request-id"


def with_access_log(app: Any) -> Any:
    """`app`, with a line logged when an answer begins (or when none came)."""
    log = structlog.get_logger("milepost.access")

    async def logged(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        request_id = ""

        async def noting(message: Any) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = _find(message["headers"])
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                # As sent, percent-encoded: no line break can enter the log.
                path=scope["raw_path"].decode("latin-1"),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 2),
            )

    return logged


def _find(headers: Any) -> str:
    for name, value in headers:
        if name == _REQUEST_ID:
            return str(value, "latin-1")
    return ""
