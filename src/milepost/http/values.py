"""Values of request bodies: one declaration reads a JSON value and describes it as JSON schema.

Here are what every kind is, objects and lists; `scalars.py` has single values. A kind never sees null: what it means
is the object's matter. In POST and PUT null means left out; in a patch it resets.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

Schema = dict[str, Any]

Place = tuple[str | int, ...]
"""Where in a value: names and indices. Empty: the value itself."""

Flaw = tuple[Place, str, str]
"""A fault: where, code, and what is wrong there, in words that follow a name."""


class Wrong(Exception):
    """A value that cannot be read."""

    def __init__(self, faults: list[Flaw]) -> None:
        super().__init__(faults)
        self.faults = faults


def wrong(code: str, message: str, *where: str | int) -> Wrong:
    return Wrong([(where, code, message)])


class Kind(Struct, frozen=True):
    """What a value may be. `read` gives the value that is wished, or raises Wrong.

    `patch` reads the value as a part of a merge patch: it judges what can be judged before the patch meets
    what is stored. It is `read` for all kinds but objects.
    """

    read: Callable[[Any], Any]
    patch: Callable[[Any], Any]
    schema: Schema
    patch_schema: Schema


def kind(read: Callable[[Any], Any], schema: Schema) -> Kind:
    """A kind whose values a merge patch replaces whole."""
    return Kind(read, read, schema, schema)


class Member(Struct, frozen=True, kw_only=True):
    """A named value of an object. What an object leaves out, or has as null, is at its default."""

    name: str
    kind: Kind
    required: bool = False


def optional(one: Kind, *names: str) -> tuple[Member, ...]:
    return tuple(Member(name=name, kind=one) for name in names)


def required(one: Kind, *names: str) -> tuple[Member, ...]:
    return tuple(Member(name=name, kind=one, required=True) for name in names)


def members(*declared: Member, build: Callable[[dict[str, Any]], Any] | None = None) -> Kind:
    """An object. Reading gives what was said by name, or what `build` makes of it; `build` may raise Wrong."""
    known = {member.name: member for member in declared}

    def read(value: Any) -> Any:
        said = read_members(declared, value)
        return said if build is None else build(said)

    def patch(value: Any) -> dict[str, Any]:
        said: dict[str, Any] = {}
        faults: list[Flaw] = []
        for name, given in _object(value).items():
            member = known.get(name)
            if member is None:
                continue
            if given is not None:
                _read_below(name, member.kind.patch, given, said, faults)
            elif member.required:
                faults.append(((name,), "required", "is required and cannot be null"))
            else:
                said[name] = None
        if faults:
            raise Wrong(faults)
        return said

    return Kind(read, patch, _object_schema(declared), _object_patch_schema(declared))


def read_members(declared: Iterable[Member], value: Any) -> dict[str, Any]:
    """What an object says of the declared members; those left out or null are not in it. Raises Wrong."""
    said: dict[str, Any] = {}
    faults: list[Flaw] = []
    sent = _object(value)
    for member in declared:
        given = sent.get(member.name)
        if given is not None:
            try:
                said[member.name] = member.kind.read(given)
            except Wrong as found:
                faults += below(member.name, found)
        elif member.required:
            faults.append(((member.name,), "required", "is required"))
    if faults:
        raise Wrong(faults)
    return said


_NO_RULE: Mapping[str, Any] = {}
Flaws = Callable[[dict[str, Any], dict[str, Any]], Iterable[Flaw]]
"""What contradicts itself, in what could be read of an object, and in what was sent."""


def checked(declared: Sequence[Member], flaws: Flaws, rule: Mapping[str, Any] = _NO_RULE) -> Kind:
    """An object whose members may contradict each other. All faults are told at once, those of members first. `rule`:
    what of that a schema can say."""
    alone = [members(member) for member in declared]
    whole = members(*declared)

    def judged(value: Any, readers: Iterable[Callable[[Any], Any]]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        sent, faults = _object(value), list[Flaw]()
        for read in readers:
            try:
                said |= read(sent)
            except Wrong as found:
                faults += found.faults
        faults += flaws(said, sent)
        if faults:
            raise Wrong(faults)
        return said

    return Kind(
        lambda value: judged(value, [one.read for one in alone]),
        lambda value: judged(value, [one.patch for one in alone]),
        {**whole.schema, **rule},
        {**whole.patch_schema, **rule},
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong("wrong_type", "must be an object")
    return value


def _read_below(
    name: str,
    read: Callable[[Any], Any],
    given: Any,
    said: dict[str, Any],
    faults: list[Flaw],
) -> None:
    try:
        said[name] = read(given)
    except Wrong as found:
        faults += below(name, found)


def below(name: str | int, found: Wrong) -> list[Flaw]:
    """The faults as faults of what holds the value under that name or index."""
    return [((name, *where), code, message) for where, code, message in found.faults]


def _object_schema(declared: Iterable[Member]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {
            member.name: member.kind.schema if member.required else nullable(member.kind.schema)
            for member in declared
        },
    }
    required = [member.name for member in declared if member.required]
    return {**schema, "required": required} if required else schema


def _object_patch_schema(declared: Iterable[Member]) -> Schema:
    return {
        "type": "object",
        "properties": {
            member.name: member.kind.patch_schema if member.required else nullable(member.kind.patch_schema)
            for member in declared
        },
    }


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "enum" in schema or "anyOf" in schema or "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}


def list_of(element: Kind, *, at_most: int, at_least: int = 0) -> Kind:
    """An array whose elements are all of one kind."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise wrong("wrong_type", "must be an array")
        if len(value) > at_most:
            raise wrong("too_many", f"holds at most {at_most} elements")
        if len(value) < at_least:
            raise wrong("too_short", "must not be empty")
        result: list[Any] = []
        faults: list[Flaw] = []
        for index, given in enumerate(value):
            try:
                result.append(element.read(given))
            except Wrong as found:
                faults += below(index, found)
        if faults:
            raise Wrong(faults)
        return result

    schema: Schema = {"type": "array", "items": element.schema, "maxItems": at_most}
    return kind(read, {**schema, "minItems": at_least} if at_least else schema)
