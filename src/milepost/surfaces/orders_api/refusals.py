"""The error table of the Orders API (section 6): codes and statuses are exact, sentences are not."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from milepost.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unmet

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
"""By code; every other code is a 400. `not_found` is 400 when it names something in the body."""

MOST_FAULTS = 100

Place = Literal["body", "query", "path", "header", "request"]


class Fault(Struct, frozen=True):
    """One thing that is wrong. `field` is dotted with indices (`items.0.amount.value`), None when none is to
    blame."""

    code: str
    field: str | None
    message: str
    place: Place = "body"
    at: str | None = None
    """What is at fault in that place, where it is no field: the method, a header."""


class Refusal(Exception):
    """A refusal in the words of this surface: one status, at least one fault."""

    def __init__(self, faults: Sequence[Fault], status: int = 400, *, retry_after: int | None = None) -> None:
        super().__init__(faults[0].message)
        self.faults = list(faults[:MOST_FAULTS])
        self.status = status
        self.retry_after = retry_after


def invalid(faults: Sequence[Fault]) -> Refusal:
    """400 with all faults at once."""
    return Refusal(faults, 400)


def refuse(
    code: str,
    message: str,
    *,
    place: Place = "request",
    at: str | None = None,
    retry_after: int | None = None,
) -> Refusal:
    """A refusal that blames no field, with the status of its code."""
    fault = Fault(code, None, message, place, at)
    return Refusal([fault], STATUSES.get(code, 400), retry_after=retry_after)


def translate(refused: Refused) -> Refusal:
    """What a rule or verb refused, in the words of this surface."""
    match refused:
        case Forbidden():
            return refuse("forbidden", refused.sentence)
        case NotFound():
            return refuse("not_found", refused.sentence, place="path")
        case Unmet():
            return refuse("precondition_failed", refused.sentence, place="header", at="if-match")
        case Invalid():
            return invalid([Fault(refused.code, str(refused.facts["field"]), refused.sentence)])
        case Conflict():
            return invalid([Fault(refused.code, None, refused.sentence)])
    raise refused


def body(refusal: Refusal) -> dict[str, Any]:
    """The three members that every error body has (section 6)."""
    prefix = "value_error." if refusal.status == 400 else ""
    return {
        "error_description": refusal.faults[0].message,
        "errors": [
            {"field": fault.field, "code": fault.code, "message": fault.message} for fault in refusal.faults
        ],
        "detail": [
            {"loc": _location(fault), "msg": fault.message, "type": prefix + fault.code}
            for fault in refusal.faults
        ],
    }


def _location(fault: Fault) -> list[str | int]:
    if fault.field is None:
        return [fault.place] if fault.at is None else [fault.place, fault.at]
    parts = fault.field.split(".")
    return [fault.place, *(int(part) if part.isdigit() else part for part in parts)]
