"""Compares answers with the committed OpenAPI documents (openapi/): those of the Status API with the document of their
version, those of the Orders API and of the Milestones API with their one document.

    check_answer("GET", "/api/v1/orders?limit=3", reply)    any answer; those of other surfaces are left alone
    check_body("GET", "/orders/{order_id}", "1.3", 200, body)
    check_headers("GET", "/orders/{order_id}", "orders", 200, headers)
    check_webhook_body("order.updated", body)               a body that a webhook's receiver got

All raise AssertionError, saying where the answer differs. `tests/surfaces/world.py` checks everything it is
answered. A document is named by its version, or `orders`, or `milestones`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests import milestones_check

FOLDER = Path(__file__).parents[1] / "openapi"
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
ORDERS = "orders"
MILESTONES = "milestones"

_MILESTONES_ROOT = re.compile(r"(?:/api)?(?=/v1/teams(?:[/?]|$))")
_ROOT = re.compile(r"(?:/api)?/v1(?=/(orders|statuses|workflows|line-items|settings)(?:[/?]|$))")
_ORDERS_ROOT = re.compile(r"/(orders|purchase-orders|events|webhooks|tags)(?=[/?]|$)")
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
    "unauthorized": "Unauthorized",
    "removed": "Removed",
}
"""The shared answers that paths and methods have which are no operation, by code."""
_UNREAD = (400, 408, 431, 503)
"""What the server itself answers to what never became a request."""


class Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def raw(self) -> bytes: ...


@cache
def document(name: str) -> dict[str, Any]:
    """The committed document."""
    found: dict[str, Any] = json.loads((FOLDER / _file(name)).read_text())
    return found


def _file(name: str) -> str:
    return f"{name}.json" if name in (ORDERS, MILESTONES) else f"status-{name}.json"


def check_answer(method: str, path: str, answer: Answer) -> None:
    """Checks an answer of the Status API, its version being the one that it names, of the Orders API or of the
    Milestones API."""
    is_read = answer.status not in _UNREAD or "X-RateLimit-Limit-Minute" in answer.headers
    if found := _MILESTONES_ROOT.match(path):
        if is_read:
            _check(method, path[found.end() :], MILESTONES, answer)
        return
    if found := _ORDERS_ROOT.match(path):
        if is_read:
            spelled = (
                path.replace("/purchase-orders", "/orders", 1) if found[1] == "purchase-orders" else path
            )
            _check(method, spelled, ORDERS, answer)
        return
    version = answer.headers.get("X-API-Version")
    root = _ROOT.match(path)
    if root is None or (version is None and answer.status in _UNREAD):
        return  # another surface, or the server itself: no request had been read
    assert version in VERSIONS, f"{method} {path}: {answer.status} names no version: {version}"
    _check(method, path[root.end() :], version, answer)


def _check(method: str, path: str, name: str, answer: Answer) -> None:
    template = template_of(name, method, urlsplit(path).path)
    pointer = _response_pointer(method, template, name, answer.status)
    if pointer is not None and "application/json" not in _at(name, pointer).get("content", {}):
        assert not answer.raw or answer.status == 200, f"{method} {path}: {answer.status} has a body"
    elif method != "HEAD":
        check_body(method, template, name, answer.status, json.loads(answer.raw))
    check_headers(method, template, name, answer.status, answer.headers)
    if name == MILESTONES:
        body = None if method == "HEAD" else json.loads(answer.raw)
        faults = [
            *milestones_check.faults_of_headers(answer, body, is_superseded=_is_superseded(path)),
            *milestones_check.faults_of_body(body),
        ]
        assert not faults, f"{method} {path} {answer.status}: {faults}: {str(body)[:2000]}"


def _is_superseded(path: str) -> bool:
    """Whether the path is that of an operation with a successor, whichever the method."""
    parts = _parts(urlsplit(path).path)
    return any(
        "200" in operation["responses"]
        for template, operations in document(MILESTONES)["paths"].items()
        if _fits(template.split("/"), parts)
        for operation in operations.values()
        if isinstance(operation, dict) and operation.get("deprecated")
    )


def template_of(name: str, method: str, path: str) -> str:
    """The template that a path of the surface fits, literal parts first; the path itself when it fits none."""
    parts = _parts(path)
    fitting = [
        template
        for template, operations in document(name)["paths"].items()
        if _fits(template.split("/"), parts) and _spelled(method) in operations
    ]
    return min(fitting, key=lambda template: template.count("{"), default=path)


def _parts(path: str) -> list[str]:
    parts = [unquote(part) for part in path.split("/")]
    if len(parts) > 2 and not parts[-1]:
        parts.pop()  # one trailing slash is ignored
    return parts


def _fits(template: list[str], parts: list[str]) -> bool:
    pairs = zip(template, parts, strict=False)
    return len(template) == len(parts) and all(want == sent or want.startswith("{") for want, sent in pairs)


def _spelled(method: str) -> str:
    return "get" if method == "HEAD" else method.lower()


def check_body(method: str, template: str, name: str, status: int, body: Any) -> None:
    where = f"{method} {template} {name} {status}"
    pointer = _response_pointer(method, template, name, status)
    if pointer is None:
        pointer, body = _elsewhere(where, template, name, status, body)
    _validate(where, name, f"{pointer}/content/application~1json/schema", body)
    if name == ORDERS:
        assert status < 400 or not (faults := list(_untrue(body, status))), f"{where}: {faults}"
        for event in _events(template, status, body):
            check_changes(event["details"])


def check_webhook_body(event_name: str, body: bytes | str | Mapping[str, Any]) -> None:
    """Checks what the receiver of a webhook got."""
    content = body if isinstance(body, Mapping) else json.loads(body)
    pointer = f"/webhooks/{event_name}/post/requestBody/content/application~1json/schema"
    assert event_name in document(ORDERS)["webhooks"], f"{event_name} is not documented"
    _validate(f"webhook {event_name}", ORDERS, pointer, content)
    check_changes(content["details"])


def check_changes(details: Mapping[str, Any]) -> None:
    """Whether `old_data` and `new_data` have the same members, also inside an item's requirements (section 15)."""
    told = details.get("milestones", [details])
    for old, new in ((each["old_data"], each["new_data"]) for each in told if "old_data" in each):
        assert old.keys() == new.keys(), f"different members: {sorted(old)} and {sorted(new)}"
        assert all(old[name] != new[name] for name in old), f"unchanged members: {old} and {new}"
        before, after = old.get("shipping_requirements"), new.get("shipping_requirements")
        if details["resource_type"] == "order_item" and before and after:
            assert before.keys() == after.keys(), f"different members: {sorted(before)} and {sorted(after)}"


def _events(template: str, status: int, body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if status == 200 and template == "/events":
        found = body["data"]
    elif status == 200 and template == "/events/{event_id}":
        found = [body]
    return found


def _untrue(refusal: dict[str, Any], status: int) -> Iterator[str]:
    """Where the three members of a refusal do not tell the same."""
    errors, detail = refusal["errors"], refusal["detail"]
    prefix = "value_error." if status == 400 else ""
    if refusal["error_description"] != errors[0]["message"]:
        yield "error_description is not the first message"
    if [(each["msg"], each["type"]) for each in detail] != [
        (each["message"], prefix + each["code"]) for each in errors
    ]:
        yield "detail and errors differ"


def _validate(where: str, name: str, pointer: str, body: Any) -> None:
    faults = [
        f"{fault.json_path}: {fault.message[:300]}"
        for fault in map(_telling, _validator(name, pointer).iter_errors(body))
    ]
    assert not faults, "\n".join([f"{where} differs from openapi/{_file(name)}:", *faults, str(body)[:2000]])


def _telling(fault: Any) -> Any:
    """Of alternatives none of which fits, what is wrong with the nearest."""
    return best_match([fault])


def check_headers(method: str, template: str, name: str, status: int, headers: Mapping[str, str]) -> None:
    pointer = _response_pointer(method, template, name, status)
    if pointer is None:
        return
    for header_name, reference in _at(name, pointer).get("headers", {}).items():
        header = _at(name, _followed(reference)) if "$ref" in reference else reference
        if header_name not in headers:
            assert not header.get("required"), f"{method} {template} {status} lacks {header_name}"
            continue
        value: Any = headers[header_name]
        if header["schema"]["type"] == "integer":
            value = int(value)
        faults = [fault.message for fault in Draft202012Validator(header["schema"]).iter_errors(value)]
        assert not faults, f"{method} {template} {name} {status} {header_name}: {faults}"


def _response_pointer(method: str, template: str, name: str, status: int) -> str | None:
    """Where the document has the answer; None for what is no operation. Raises when it lacks the status."""
    operation = document(name)["paths"].get(template, {}).get(_spelled(method))
    if operation is None:
        return None
    responses = operation["responses"]
    assert str(status) in responses, f"{method} {template} {name}: {status} is not documented"
    response = responses[str(status)]
    path = template.replace("~", "~0").replace("/", "~1")
    return _followed(response) or f"/paths/{path}/{_spelled(method)}/responses/{status}"


def _followed(reference: Mapping[str, Any]) -> str:
    return str(reference.get("$ref", "")).removeprefix("#")


def _elsewhere(where: str, template: str, name: str, status: int, body: Any) -> tuple[str, Any]:
    """The shared answer, by its code. On line items `success` comes on top, in versions without them too."""
    told = {ORDERS: lambda: body["errors"][0], MILESTONES: lambda: body}.get(name, lambda: body["details"])
    code = told()["code"]
    shared = _ELSEWHERE.get(code)
    pointer = f"/components/responses/{shared}"
    assert shared in document(name)["components"]["responses"], f"{where} is not documented: {body}"
    if template.startswith("/line-items"):
        assert body["success"] is False, f"{where} lacks success: {body}"
        body = {member: value for member, value in body.items() if member != "success"}
    return pointer, body


def _at(name: str, pointer: str) -> Any:
    found: Any = document(name)
    for part in pointer.split("/")[1:]:
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


@cache
def _validator(name: str, pointer: str) -> Any:
    resource: Any = DRAFT202012.create_resource(document(name))
    registry: Any = Registry().with_resource("document:", resource)
    schema = {"$ref": f"document:#{pointer}"}
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
