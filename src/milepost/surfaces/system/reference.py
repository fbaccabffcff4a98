"""The reference of the HTTP APIs: their OpenAPI files, and a page that shows them, without other servers."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import Template

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own files, and the icons that the renderer has inline."""
_ASK_AGAIN = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
_FOREVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}


class Reference(Struct, frozen=True):
    """An OpenAPI file, made when it is first asked for."""

    title: str
    make: Callable[[], str]


def reference_routes(files: Mapping[str, Reference], chosen: str) -> list[BaseRoute]:
    """`files` by name (`status-1.4` is served as `/openapi/status-1.4.json`); `chosen` is shown first."""

    @cache
    def made(name: str) -> tuple[bytes, str]:
        content = files[name].make().encode()
        return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404)
        content, tag = await run_in_threadpool(made, name)
        headers = {**_ASK_AGAIN, "etag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="application/json")

    page = _page(files, chosen)
    policy = {**_ASK_AGAIN, "content-security-policy": _POLICY, "referrer-policy": "no-referrer"}

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers=policy)

    return [
        Route("/docs", docs),
        Route("/openapi/{name}.json", file),
        Mount("/static", _Static(directory=_STATIC)),
    ]


def _page(files: Mapping[str, Reference], chosen: str) -> str:
    options = [
        f'<option value="{name}"{" selected" if name == chosen else ""}>{each.title}</option>'
        for name, each in files.items()
    ]
    links = [f'<a href="openapi/{name}.json">{each.title}</a>' for name, each in files.items()]
    template = Template((_STATIC / "docs.html").read_text())
    return template.substitute(options="\n".join(options), links=", ".join(links), chosen=chosen)


class _Static(StaticFiles):
    """Files beside this module. The addresses of vendored ones carry their version, so they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_FOREVER if path.startswith("vendor/") else _ASK_AGAIN)
        return response
