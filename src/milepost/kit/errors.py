"""The tree of refusals. A refusal is an answer, not an accident: nothing was changed, and it says why.

Pure rules and verbs raise these; each surface has its own words and status codes for them.
"""

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """A wish that is not granted. `code` is stable, the sentence is for people, `facts` are for programs."""

    code = "refused"

    def __init__(self, sentence: str, /, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts: Mapping[str, object] = facts


class Stale(Exception):
    """What was decided on (workspace, settings, keys of a team) has changed since it was read: load and decide
    again. Never shown to a caller."""


class Forbidden(Refused):
    """The actor lacks a permission; `facts["permission"]` names it."""

    code = "forbidden"

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}", permission=permission)


class NotFound(Refused):
    """The thing does not exist for this team. `facts["kind"]` says which kind of thing."""

    code = "not_found"

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} not found", kind=kind)


class Invalid(Refused):
    """One field holds a value that cannot be used; `facts["field"]` names the field."""

    code = "invalid"

    def __init__(self, code: str, field: str, sentence: str) -> None:
        super().__init__(sentence, field=field)
        self.code = code


class Conflict(Refused):
    """The state of the thing forbids the move; the facts name the legal ones."""

    code = "conflict"

    def __init__(self, code: str, sentence: str, /, **facts: object) -> None:
        super().__init__(sentence, **facts)
        self.code = code


class Unmet(Refused):
    """The thing is no longer what the caller's condition (If-Match) says."""

    code = "precondition_failed"


class Faulty(Refused):
    """A document with faults, all of them at once: (where, what) pairs."""

    code = "faulty"

    def __init__(self, sentence: str, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__(sentence, faults=list(faults))
        self.faults = list(faults)
