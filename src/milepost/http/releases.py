"""Versions as release notes that execute.

Code knows only the newest shape. Each release says what it added: fields by document, operations, query
parameters, behaviours. From that one declaration come the step that carries a document back to the release
before, the 404 of a newer operation, the OpenAPI document of every version and the changelog. A document is
named by its Struct, so a document nested in another is carried back by the same step. Callers of the newest
version pay nothing; nobody compares version numbers.
"""

import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

Document = dict[str, Any]
Step = Callable[[Document], None]


class Release(Struct, frozen=True, kw_only=True):
    """What one version added over the one before it."""

    version: str
    note: str
    """For customers."""
    fields: Mapping[str, tuple[str, ...]] = {}
    """By document: the fields it gained."""
    operations: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[str, ...]] = {}
    """By operation: the query parameters first honoured now."""
    behaviours: tuple[str, ...] = ()
    """Names that code asks for with `View.has`."""
    steps: Mapping[str, Step] = {}
    """By document: what dropping the new fields alone does not undo. Runs before they are dropped."""


class Plan(Struct, frozen=True):
    """How to carry one document back: steps, then fields to drop; and which members hold such documents."""

    steps: tuple[Step, ...]
    drop: tuple[str, ...]
    nested: tuple[tuple[str, "Plan"], ...]

    def apply(self, document: Document) -> None:
        for step in self.steps:
            step(document)
        for name in self.drop:
            document.pop(name, None)
        for name, plan in self.nested:
            member = document.get(name)
            if isinstance(member, dict):
                plan.apply(member)
            elif isinstance(member, list):
                for entry in member:
                    plan.apply(entry)


class View:
    """The API as one version shows it."""

    def __init__(self, version: str, known: Sequence[Release], newer: Sequence[Release]) -> None:
        self.version = version
        self.header = version.encode()
        self._behaviours = frozenset(name for release in known for name in release.behaviours)
        self._newer = tuple(reversed(newer))
        self._introduced = {name: release.version for release in newer for name in release.operations}
        self._hidden: dict[str, set[str]] = {}
        for release in newer:
            for operation, names in release.parameters.items():
                self._hidden.setdefault(operation, set()).update(names)
        self._plans: dict[type[Struct], Plan | None] = {}

    def has(self, behaviour: str) -> bool:
        return behaviour in self._behaviours

    def introduced_later(self, operation: str) -> str | None:
        """The version that first has the operation, when that is newer than this one."""
        return self._introduced.get(operation)

    def hidden_parameters(self, operation: str) -> Collection[str]:
        """Query parameters that only newer versions honour; here they are ignored."""
        return self._hidden.get(operation, ())

    def dropped_fields(self, document: str) -> frozenset[str]:
        return frozenset(name for release in self._newer for name in release.fields.get(document, ()))

    def carry(self, document: Struct) -> Any:
        """The document as this version shows it, ready to be encoded."""
        kind = type(document)
        try:
            plan = self._plans[kind]
        except KeyError:
            plan = self._plans[kind] = self._plan(kind)
        if plan is None:
            return document
        carried = msgspec.to_builtins(document, builtin_types=_KEPT)
        plan.apply(carried)
        return carried

    def _plan(self, kind: type[Struct]) -> Plan | None:
        name = kind.__name__
        steps = tuple(release.steps[name] for release in self._newer if name in release.steps)
        drop = tuple(field for release in self._newer for field in release.fields.get(name, ()))
        nested = tuple(
            (field, plan)
            for field, inner in documents_within(kind).items()
            if field not in drop and (plan := self._plan(inner)) is not None
        )
        return Plan(steps, drop, nested) if steps or drop or nested else None


_KEPT = (msgspec.Raw,)


class Releases:
    """All versions of a surface, oldest first."""

    def __init__(self, releases: Sequence[Release]) -> None:
        self.all = tuple(releases)
        self.versions = tuple(release.version for release in releases)
        self._views = {
            release.version: View(release.version, releases[: index + 1], releases[index + 1 :])
            for index, release in enumerate(releases)
        }

    def find(self, version: str) -> View | None:
        return self._views.get(version)

    def __getitem__(self, version: str) -> View:
        return self._views[version]


@cache
def documents_within(kind: type[Struct]) -> Mapping[str, type[Struct]]:
    """The members of a document that are documents or lists of documents."""
    hints = typing.get_type_hints(kind)
    return {name: inner for name, hint in hints.items() if (inner := _document_in(hint)) is not None}


def _document_in(hint: Any) -> type[Struct] | None:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    if typing.get_origin(hint) in (list, tuple, types.UnionType, typing.Union, typing.Annotated):
        for argument in typing.get_args(hint):
            if (inner := _document_in(argument)) is not None:
                return inner
    return None
