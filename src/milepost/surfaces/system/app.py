"""Health, the reference, the answer to paths that nobody owns. Built on Starlette; nothing here is hot."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from milepost.http.request import ASGIApp, Message, Receive, Scope, Send, request_id
from milepost.store.db import Pool, Unavailable
from milepost.surfaces.system.reference import Reference, reference_routes


def system_app(pool: Pool, files: Mapping[str, Reference], chosen: str) -> ASGIApp:
    """`files`: the OpenAPI files by name; `chosen`: the one that the reference shows first."""

    async def alive(_: Request) -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        """The process answers and its database does too; else 503."""
        try:
            await pool.check()
        except Unavailable as error:
            return JSONResponse({"status": "unavailable", "reason": str(error)}, 503, {"retry-after": "5"})
        return JSONResponse({"status": "ok"})

    async def front(_: Request) -> Response:
        return RedirectResponse("/docs")

    routes = [Route("/", front), Route("/healthz", alive), Route("/readyz", ready)]
    pages = Starlette(
        routes=[*routes, *reference_routes(files, chosen)],
        exception_handlers={HTTPException: _refuse},  # type: ignore[dict-item]
    )
    return _with_request_id(pages)


def _with_request_id(app: ASGIApp) -> ASGIApp:
    """`app`, with `X-Request-Id` on every answer, as the surfaces have it."""

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope.get("headers", ()) if name == b"x-request-id"), b"")

        async def naming(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id(given))]
            await send(message)

        await app(scope, receive, naming)

    return identified


_CODES = {404: ("Not found", "not_found"), 405: ("Method not allowed", "method_not_allowed")}


async def _refuse(_: Request, error: HTTPException) -> Response:
    text, code = _CODES.get(error.status_code, (error.detail, "refused"))
    return JSONResponse({"error": text, "details": {"code": code}}, error.status_code, error.headers)
