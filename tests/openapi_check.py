"""Compares answers of the Status API with the committed OpenAPI document of their version (openapi/).

    check_answer("GET", "/api/v1/orders?limit=3", reply)    any answer; those of other surfaces are left alone
    check_body("GET", "/orders/{order_id}", "1.3", 200, body)
    check_headers("GET", "/orders/{order_id}", "1.3", 200, headers)

All raise AssertionError, saying where the answer differs. `tests/surfaces/world.py` checks everything it is
answered.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parents[1] / "openapi"
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")

_ROOT = re.compile(r"(?:/api)?/v1(?=/(orders|statuses|workflows|line-items|settings)(?:[/?]|$))")
_ELSEWHERE = {
    "unsupported_version": "UnsupportedVersion",
    "invalid_api_key": "InvalidApiKey",
    "insufficient_permissions": "InsufficientPermissions",
    "not_found": "NotFound",
    "requires_version": "RequiresVersion",
    "method_not_allowed": "MethodNotAllowed",
    "rate_limited": "RateLimited",
    "internal_error": "InternalError",
    "unavailable": "Unavailable",
}
"""The shared answers that paths and methods have which are no operation, by code."""


class Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def raw(self) -> bytes: ...


@cache
def document(version: str) -> dict[str, Any]:
    """The committed document."""
    found: dict[str, Any] = json.loads((FOLDER / f"status-{version}.json").read_text())
    return found


def check_answer(method: str, path: str, answer: Answer) -> None:
    """Checks an answer of the Status API, its version being the one that it names."""
    version = answer.headers.get("X-API-Version")
    found = _ROOT.match(path)
    if found is None or (version is None and answer.status in (400, 408, 431, 503)):
        return  # another surface, or the server itself: no request had been read
    assert version in VERSIONS, f"{method} {path}: {answer.status} names no version: {version}"
    template = template_of(version, method, urlsplit(path[found.end() :]).path)
    if method != "HEAD":
        check_body(method, template, version, answer.status, json.loads(answer.raw))
    check_headers(method, template, version, answer.status, answer.headers)


def template_of(version: str, method: str, path: str) -> str:
    """The template that a path below `/v1` fits, literal parts first; the path itself when it fits none."""
    parts = [unquote(part) for part in path.split("/")]
    if len(parts) > 2 and not parts[-1]:
        parts.pop()  # one trailing slash is ignored
    fitting = [
        template
        for template, operations in document(version)["paths"].items()
        if _fits(template.split("/"), parts) and _spelled(method) in operations
    ]
    return min(fitting, key=lambda template: template.count("{"), default=path)


def _fits(template: list[str], parts: list[str]) -> bool:
    pairs = zip(template, parts, strict=False)
    return len(template) == len(parts) and all(want == sent or want.startswith("{") for want, sent in pairs)


def _spelled(method: str) -> str:
    return "get" if method == "HEAD" else method.lower()


def check_body(method: str, template: str, version: str, status: int, body: Any) -> None:
    where = f"{method} {template} {version} {status}"
    pointer = _response_pointer(method, template, version, status)
    if pointer is None:
        pointer, body = _elsewhere(where, template, version, status, body)
    faults = [
        f"{fault.json_path}: {fault.message[:300]}"
        for fault in _validator(version, pointer).iter_errors(body)
    ]
    assert not faults, "\n".join(
        [f"{where} differs from openapi/status-{version}.json:", *faults, str(body)[:2000]]
    )


def check_headers(method: str, template: str, version: str, status: int, headers: Mapping[str, str]) -> None:
    pointer = _response_pointer(method, template, version, status)
    if pointer is None:
        return
    for name, reference in _at(version, pointer).get("headers", {}).items():
        header = _at(version, _followed(reference))
        assert name in headers or not header["required"], f"{method} {template} {status} lacks {name}"
        value: Any = headers[name]
        if header["schema"]["type"] == "integer":
            value = int(value)
        faults = [fault.message for fault in Draft202012Validator(header["schema"]).iter_errors(value)]
        assert not faults, f"{method} {template} {version} {status} {name}: {faults}"


def _response_pointer(method: str, template: str, version: str, status: int) -> str | None:
    """Where the document has the answer; None for what is no operation. Raises when it lacks the status."""
    operation = document(version)["paths"].get(template, {}).get(_spelled(method))
    if operation is None:
        return None
    responses = operation["responses"]
    assert str(status) in responses, f"{method} {template} {version}: {status} is not documented"
    response = responses[str(status)]
    path = template.replace("~", "~0").replace("/", "~1")
    return _followed(response) or f"/paths/{path}/{_spelled(method)}/responses/{status}"


def _followed(reference: Mapping[str, Any]) -> str:
    return str(reference.get("$ref", "")).removeprefix("#")


def _elsewhere(where: str, template: str, version: str, status: int, body: Any) -> tuple[str, Any]:
    """The shared answer, by its code. On line items `success` comes on top, in versions without them too."""
    name = _ELSEWHERE.get(body["details"]["code"])
    pointer = f"/components/responses/{name}"
    assert name in document(version)["components"]["responses"], f"{where} is not documented: {body}"
    if template.startswith("/line-items"):
        assert body["success"] is False, f"{where} lacks success: {body}"
        body = {name: member for name, member in body.items() if name != "success"}
    return pointer, body


def _at(version: str, pointer: str) -> Any:
    found: Any = document(version)
    for part in pointer.split("/")[1:]:
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


@cache
def _validator(version: str, pointer: str) -> Any:
    resource: Any = DRAFT202012.create_resource(document(version))
    registry: Any = Registry().with_resource("document:", resource)
    schema = {"$ref": f"document:#{pointer}/content/application~1json/schema"}
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
