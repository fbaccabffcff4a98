"""The error tables of the Milestones API (section 5): codes, statuses and members are exact, most sentences are not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from milepost.kit.errors import Conflict, Faulty, Forbidden, Invalid, NotFound, Refused

STATUSES: Mapping[str, int] = {
    "invalid_json": 400,
    "invalid_parameter": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "removed": 410,
    "body_too_large": 413,
    "rate_limited": 429,
    "internal_error": 500,
}
"""By code; the codes of `MEMBERS` are 422."""

SENTENCES: Mapping[str, str] = {
    "unauthorized": "Unauthorized",
    "forbidden": "Insufficient permissions",
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "removed": "Gone",
    "rate_limited": "Rate limit exceeded",
    "internal_error": "Internal server error",
}
"""The texts that are exact."""

MEMBERS: Mapping[str, frozenset[str]] = {
    "validation_failed": frozenset(("errors",)),
    "field_frozen": frozenset(("errors",)),
    "order_not_active": frozenset(("status",)),
    "out_of_sequence": frozenset(("next_milestone_id",)),
    "blocked_by_tasks": frozenset(("task_ids",)),
    "already_confirmed": frozenset(("milestone_ids",)),
    "not_confirmed": frozenset(),
    "not_newest_confirmation": frozenset(("newest_milestone_id",)),
    "date_in_future": frozenset(("milestone_ids",)),
    "date_in_past": frozenset(),
    "date_unchanged": frozenset(),
    "dates_out_of_order": frozenset(("milestone_ids",)),
    "conflicting_dates": frozenset(("milestone_ids",)),
    "milestone_not_in_workflow": frozenset(("errors", "milestone_type")),
    "already_accepted": frozenset(),
    "status_chain": frozenset(("status_id",)),
    "workflow_order": frozenset(("status_id",)),
}
"""The codes of 422, with the members that their answers may have besides `error` and `code`."""

_SHOWN = {"Order": "Purchase order"}
"""How this surface names kinds of things that the rules name otherwise."""


class Refusal(Exception):
    """A refusal in the words of this surface. `members` come after `error` and `code`; None leaves one out."""

    def __init__(
        self, code: str, sentence: str | None = None, *, retry_after: int | None = None, **members: Any
    ) -> None:
        self.code = code
        self.status = STATUSES.get(code, 422)
        self.sentence = SENTENCES[code] if sentence is None else sentence
        self.retry_after = retry_after
        """Whole seconds, for the header of that name."""
        self.allowed: Sequence[str] = ()
        """Of 405: the methods that the path knows."""
        self.members = {name: value for name, value in members.items() if value is not None}
        super().__init__(self.sentence)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        return {"error": self.sentence, "code": self.code, **self.members}


def method_not_allowed(allowed: Sequence[str]) -> Refusal:
    """405, naming the methods that the path knows."""
    refusal = Refusal("method_not_allowed")
    refusal.allowed = allowed
    return refusal


def invalid(faults: Iterable[tuple[str, str]], sentence: str | None = None) -> Refusal:
    """422 with all faults at once: where in the unwrapped body (`order_items[0].quantity`), and what is wrong
    there, in words that follow a name."""
    errors: dict[str, list[str]] = {}
    for where, text in faults:
        errors.setdefault(where, []).append(text)
    if sentence is None:
        where = next(iter(errors))
        sentence = f"{where or 'The body'} {errors[where][0]}"
    return Refusal("validation_failed", sentence, errors=errors)


def invalid_parameter(name: str, text: str) -> Refusal:
    """400 for a query value; the text follows the parameter's name."""
    return Refusal("invalid_parameter", f"{name} {text}", parameter=name)


def translate(refused: Refused) -> Refusal:
    """What a rule or verb refused, in the words of this surface.

    Raises the refusal itself when the contract has no words for it: then it is an accident.
    """
    match refused:
        case Forbidden():
            return Refusal("forbidden", permission=refused.facts["permission"])
        case NotFound():
            kind = str(refused.facts["kind"])
            return Refusal("not_found", f"{_SHOWN.get(kind, kind)} not found")
        case Faulty():
            return invalid(refused.faults, refused.sentence)
        case Invalid():
            return invalid([(str(refused.facts["field"]), refused.sentence)], refused.sentence)
        case Conflict() if refused.code in MEMBERS:
            shown: dict[str, Any] = {name: refused.facts.get(name) for name in sorted(MEMBERS[refused.code])}
            return Refusal(refused.code, refused.sentence, **shown)
    raise refused
