"""Refusals (section 5): which codes an endpoint can answer, under which status, with which members."""

from collections.abc import Collection, Mapping
from typing import Any, get_args

from milepost.http.openapi import Schema, Schemas, component, ref
from milepost.model.actor import PERMISSIONS
from milepost.model.urgency import PurchaseOrderStatus
from milepost.model.workflow import MilestoneType
from milepost.surfaces.milestones_api.call import Endpoint
from milepost.surfaces.milestones_api.openapi import samples
from milepost.surfaces.milestones_api.openapi.headers import refusal_headers
from milepost.surfaces.milestones_api.openapi.scalars import ID_PATTERN
from milepost.surfaces.milestones_api.openapi.texts import REASONS
from milepost.surfaces.milestones_api.refusals import MEMBERS, SENTENCES, STATUSES

_ID: Schema = {"type": "string", "pattern": ID_PATTERN}
_IDS: Schema = {"type": "array", "items": _ID}
_EXTRAS: Mapping[str, Schema] = {
    "errors": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "description": "What is wrong, by where: `order_items[0].quantity`.",
    },
    "status": {
        "type": "string",
        "enum": list(get_args(PurchaseOrderStatus)),
        "description": "The order's.",
    },
    "milestone_type": {
        "type": "string",
        "enum": list(get_args(MilestoneType)),
        "description": "What it lacks.",
    },
    "next_milestone_id": {**_ID, "description": "The first unconfirmed milestone."},
    "newest_milestone_id": {**_ID, "description": "The milestone that was confirmed last."},
    "milestone_ids": {**_IDS, "description": "The milestones that are to blame."},
    "task_ids": {**_IDS, "description": "The open required tasks."},
    "status_id": {**_ID, "description": "The status that the milestone names."},
    "parameter": {"type": "string", "description": "The query parameter that cannot be read."},
    "permission": {"type": "string", "enum": list(PERMISSIONS), "description": "What the key lacks."},
    "successor": {
        "type": "string",
        "pattern": "^/v1/teams/.*/tasks$",
        "description": "What took its place, with the ids as they were sent.",
    },
    "request_id": {"type": "string", "description": "The `X-Request-Id` of this answer."},
}
"""Members besides `error` and `code`."""
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "invalid_parameter": ("parameter",),
    "forbidden": ("permission",),
    "removed": ("successor",),
    "internal_error": ("request_id",),
}
"""The members of codes that are not 422, which always have them."""
_EITHER = "milestone_not_in_workflow"
"""The code that has one of its two members: `errors`, or of a deprecated action `milestone_type`."""
_FOUND_BY = {
    "team_id": "Team",
    "order_id": "Purchase order",
    "milestone_id": "Milestone",
    "workflow_milestone_id": "Workflow milestone",
    "task_id": "Task",
}
"""What a parameter of the path names."""
ALWAYS = ("unauthorized", "forbidden", "not_found", "body_too_large", "rate_limited", "internal_error")
"""The codes that every endpoint can answer."""
_TOLD_ONCE = ("unauthorized", "rate_limited", "internal_error")
"""The codes whose answers are the same everywhere."""


def codes_by_status(endpoint: Endpoint, *, has_query: bool) -> dict[int, list[str]]:
    """The codes that the endpoint can answer, in the sequence of REASONS."""
    codes = {*ALWAYS, *endpoint.refusals}
    if endpoint.method != "GET":
        codes.add("invalid_json")
    if has_query:
        codes.add("invalid_parameter")
    if endpoint.body is not None:
        codes.add("validation_failed")
    if "{" not in endpoint.path:
        codes.remove("not_found")
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes, key=list(REASONS).index):
        by_status.setdefault(STATUSES.get(code, 422), []).append(code)
    return by_status


# Bodies


def refusal_schemas() -> Schemas:
    """The body of each code."""
    found = {_camel(code): _body(code, _OTHERS.get(code, ())) for code in STATUSES}
    return found | {_camel(code): _body(code, sorted(members)) for code, members in MEMBERS.items()}


def _body(code: str, extras: Collection[str]) -> Schema:
    text = SENTENCES.get(code)
    kind = {"const": text} if text is not None and code != "not_found" else {"description": "For people."}
    members: Schemas = {
        "error": {"type": "string", **kind},
        "code": {"type": "string", "const": code, "description": "For programs."},
        **{name: _EXTRAS[name] for name in extras},
    }
    schema = {**closed(members), "description": REASONS[code]}
    if code == _EITHER:
        schema["required"] = ["error", "code"]
        schema["oneOf"] = [{"required": [name]} for name in extras]
    return schema


def closed(members: Schemas) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


# Answers


def refusals_of(endpoint: Endpoint, *, has_query: bool) -> dict[str, Schema]:
    """All refusals of the endpoint, by status."""
    return {
        str(status): _response(endpoint, status, codes)
        for status, codes in sorted(codes_by_status(endpoint, has_query=has_query).items())
    }


def _response(endpoint: Endpoint, status: int, codes: list[str]) -> Schema:
    if codes[0] in _TOLD_ONCE and (not endpoint.deprecated or status in (401, 429)):
        return component("responses", _camel(codes[0]))
    if codes == ["forbidden"]:
        schema, sample = _forbidden(endpoint.permission)
    elif codes == ["not_found"]:
        schema, sample = _not_found(endpoint.path)
    else:
        schema, sample = _one_of(codes), _sample(codes[-1], endpoint)
    return _answer(status, codes, schema, sample, deprecated=endpoint.deprecated)


def _answer(
    status: int, codes: list[str], schema: Schema, sample: dict[str, Any], *, deprecated: bool = False
) -> Schema:
    return {
        "description": "\n".join(f"- `{code}`: {REASONS[code]}" for code in codes)
        if len(codes) > 1
        else REASONS[codes[0]],
        "headers": refusal_headers(status, deprecated=deprecated),
        "content": {"application/json": {"schema": schema, "example": sample}},
    }


def _one_of(codes: list[str]) -> Schema:
    if len(codes) == 1:
        return ref(_camel(codes[0]))
    return {
        "oneOf": [ref(_camel(code)) for code in codes],
        "discriminator": {
            "propertyName": "code",
            "mapping": {code: ref(_camel(code))["$ref"] for code in codes},
        },
    }


def _forbidden(permission: str) -> tuple[Schema, dict[str, Any]]:
    schema = {"allOf": [ref("Forbidden"), {"properties": {"permission": {"const": permission}}}]}
    return schema, {"error": SENTENCES["forbidden"], "code": "forbidden", "permission": permission}


def _not_found(path: str) -> tuple[Schema, dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    texts = [f"{_FOUND_BY[name]} not found" for name in names]
    schema = {"allOf": [ref("NotFound"), {"properties": {"error": {"enum": texts}}}]}
    return schema, {"error": texts[-1], "code": "not_found"}


def shared_responses() -> Schemas:
    """The answers that are the same everywhere, and those of paths and methods that are no operation."""
    codes = (*_TOLD_ONCE, "not_found", "method_not_allowed", "removed")
    return {
        _camel(code): _answer(STATUSES[code], [code], ref(_camel(code)), _sample(code, None))
        for code in codes
    }


_TELLING: Mapping[str, Any] = {
    "errors": {"order_items[0].quantity": ["must be greater than 0"]},
    "status": "canceled",
    "next_milestone_id": samples.APPROVAL,
    "newest_milestone_id": samples.APPROVAL,
    "milestone_ids": [samples.APPROVAL],
    "task_ids": [samples.TASK],
    "status_id": samples.SEWING,
    "parameter": "per_page",
    "permission": "canUpdateOrders",
    "successor": f"/v1/teams/{samples.TEAM}/purchase_orders/{samples.ORDER}/tasks",
    "request_id": "4b1d7c8a",
}
"""A value for each member."""


_LACKING = {"delivery_date": ["no such milestone on this order"]}


def _sample(code: str, endpoint: Endpoint | None) -> dict[str, Any]:
    """A refusal with that code."""
    if code == _EITHER:
        is_by_type = endpoint is not None and endpoint.deprecated
        told = {"milestone_type": "delivery"} if is_by_type else {"errors": _LACKING}
        return {"error": "The order has no delivery milestone", "code": code, **told}
    extras = sorted(MEMBERS.get(code, _OTHERS.get(code, ())))
    return {
        "error": SENTENCES.get(code, REASONS[code]),
        "code": code,
        **{name: _TELLING[name] for name in extras},
    }


def _camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))
