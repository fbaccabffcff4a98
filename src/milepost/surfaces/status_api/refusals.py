"""The error table of the Status API (section 6): texts and codes are exact."""

from collections.abc import Sequence

from milepost.http.fields import Fault
from milepost.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from milepost.surfaces.status_api.versions import RELEASES

TEXTS = {
    "unsupported_version": (400, "Unsupported API version"),
    "invalid_json": (400, "Invalid request"),
    "invalid_request": (400, "Invalid request"),
    "unknown_status": (400, "Invalid request"),
    "sub_status_required": (400, "Invalid request"),
    "unknown_sub_status": (400, "Invalid request"),
    "addon_not_supported": (400, "Invalid request"),
    "invalid_api_key": (401, "Invalid API key"),
    "insufficient_permissions": (403, "Insufficient permissions"),
    "not_found": (404, "Not found"),
    "requires_version": (404, "Not found"),
    "order_not_found": (404, "Order not found"),
    "status_not_found": (404, "Status not found"),
    "line_item_not_found": (404, "Line item not found"),
    "method_not_allowed": (405, "Method not allowed"),
    "workflow_order": (409, "Status change not allowed by the workflow order"),
    "status_chain": (409, "Status change not allowed by the status chain"),
    "status_specificity": (409, "Not available in this status specificity mode"),
    "body_too_large": (413, "Request body too large"),
    "rate_limited": (429, "Rate limit exceeded"),
    "internal_error": (500, "Internal server error"),
    "unavailable": (503, "Service unavailable"),
}
"""Status and `error` by `details.code`. `unavailable` (ours): the database cannot be reached."""


class Refusal(Exception):
    """A refusal in the words of this surface."""

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        self.status, self.error = TEXTS[code]
        super().__init__(self.error)
        self.details: dict[str, object] = {"code": code, **details}


def invalid(faults: Sequence[Fault]) -> Refusal:
    """400, naming all faulty fields at once."""
    fields = [{"field": field, "message": message} for field, message in faults]
    return Refusal("invalid_request", fields=fields)


def unsupported_version() -> Refusal:
    return Refusal("unsupported_version", supported=list(RELEASES.versions))


_NOT_FOUND = {"Order": "order_not_found", "Status": "status_not_found", "Line item": "line_item_not_found"}


def translate(refused: Refused) -> Refusal:
    """What a rule or verb refused, in the words of this surface."""
    match refused:
        case Forbidden():
            return Refusal("insufficient_permissions", permission=refused.facts["permission"])
        case NotFound():
            return Refusal(_NOT_FOUND.get(str(refused.facts["kind"]), "not_found"))
        case Invalid():
            field = {"field": refused.facts["field"], "message": refused.sentence}
            return Refusal(refused.code, fields=[field])
        case Conflict():
            return Refusal(refused.code, **refused.facts)
    raise refused
