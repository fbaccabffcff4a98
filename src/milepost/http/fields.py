"""Reading the fields of a query or a body: every fault is found, each named by its field.

A field is declared once; the declaration reads the value and describes it in the OpenAPI document.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

Schema = dict[str, Any]
Fault = tuple[str, str]
"""(field, what is wrong with it)."""


class Faulted(Exception):
    """One value cannot be read. `where` is appended to the field's name (`[3]`)."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where


Read = Callable[[Any, Mapping[str, Any]], Any]
"""Turns a sent value (never None) into the wished one; the whole document is given for fields that depend
on others. Raises Faulted."""


class Kind(Struct, frozen=True):
    read: Read
    schema: Schema
    rule: Schema | None = None
    """What the field asks of the whole document, as a schema."""


class Field(Struct, frozen=True, kw_only=True):
    """A named value of a query or a body."""

    name: str
    kind: Kind
    about: str
    required: bool = False
    default: Any = None
    also: str | None = None
    """A second accepted name; the first wins."""


def read_fields(fields: Sequence[Field], document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The values by field name (defaults filled in) and all faults."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        sent = document.get(field.name)
        if sent is None and field.also is not None:
            sent = document.get(field.also)
        if sent is None:
            values[field.name] = field.default
            if field.required:
                faults.append((field.name, "is required"))
            continue
        try:
            values[field.name] = field.kind.read(sent, document)
        except Faulted as fault:
            faults.append((field.name + fault.where, fault.message))
    return values, faults


def text() -> Kind:
    """Any string."""

    def read(value: Any, _: Mapping[str, Any]) -> str:
        if not isinstance(value, str):
            raise Faulted("must be a string")
        return value

    return Kind(read, {"type": "string"})


def flag() -> Kind:
    """A boolean, or the words true and false: in a query in any letter case, in a body as JSON writes them
    (Status API, section 1)."""

    def read(value: Any, _: Mapping[str, Any]) -> bool:
        if isinstance(value, bool):
            return value
        if value == "true":
            return True
        if value == "false":
            return False
        raise Faulted("must be true or false")

    return Kind(read, {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["true", "false"]}]})


def query_flag() -> Kind:
    """A boolean in a query: `true` or `false` in any letter case."""

    def read(value: Any, _: Mapping[str, Any]) -> bool:
        word = value.lower()
        if word not in ("true", "false"):
            raise Faulted("must be true or false")
        return bool(word == "true")

    return Kind(read, {"type": "boolean"})


def whole_number(*, at_most: int | None = None) -> Kind:
    """A whole number from 1, in decimal digits; above `at_most` it becomes `at_most`.

    Without a bound any size is legal; past 10^18 the digits are kept as text, since no page is that far.
    """

    def read(value: Any, _: Mapping[str, Any]) -> int | str:
        digits = value.lstrip("0")
        if not (value.isascii() and value.isdigit() and digits):
            raise Faulted("must be a whole number, at least 1")
        if len(digits) > 18:
            return digits if at_most is None else at_most
        return int(digits) if at_most is None else min(int(digits), at_most)

    return Kind(read, {"type": "integer", "minimum": 1})


def choice(*words: str, upper: bool = False) -> Kind:
    """One of the words, in any letter case."""

    def read(value: Any, _: Mapping[str, Any]) -> str:
        word: str = value.upper() if upper else value.lower()
        if word not in words:
            raise Faulted("must be one of " + ", ".join(words))
        return word

    return Kind(read, {"type": "string", "enum": list(words)})


def choices(*words: str) -> Kind:
    """A comma-separated list of words."""

    def read(value: Any, _: Mapping[str, Any]) -> frozenset[str]:
        sent = {word.strip() for word in value.split(",")} - {""}
        if unknown := sorted(sent - set(words)):
            raise Faulted(f"knows only {', '.join(words)}; not {', '.join(unknown)[:200]}")
        return frozenset(sent)

    return Kind(read, {"type": "array", "items": {"type": "string", "enum": list(words)}})


def listed(*, at_most: int) -> Kind:
    """A comma-separated list; blanks are dropped, repeats kept for the count and then dropped."""

    def read(value: Any, _: Mapping[str, Any]) -> list[str] | None:
        entries = [entry for part in value.split(",") if (entry := part.strip())]
        if len(entries) > at_most:
            raise Faulted(f"holds at most {at_most} entries")
        return list(dict.fromkeys(entries)) or None

    return Kind(read, {"type": "array", "items": {"type": "string"}, "maxItems": at_most})


def strings(*, at_most: int, words: Sequence[str] = ()) -> Kind:
    """A list of 1 to `at_most` strings, counted before repeats are dropped; of `words`, when given."""

    def read(value: Any, _: Mapping[str, Any]) -> list[str]:
        entries = bounded_list(value, at_most)
        for index, entry in enumerate(entries):
            if not isinstance(entry, str):
                raise Faulted("must be a string", f"[{index}]")
            if words and entry not in words:
                raise Faulted("must be one of " + ", ".join(words), f"[{index}]")
        return list(dict.fromkeys(entries))

    entry: Schema = {"type": "string", **({"enum": list(words)} if words else {})}
    return Kind(read, {"type": "array", "items": entry, "minItems": 1, "maxItems": at_most})


def bounded_list(value: Any, at_most: int) -> list[Any]:
    """The value as a list of 1 to `at_most` entries. Raises Faulted."""
    if not isinstance(value, list):
        raise Faulted("must be a list")
    if not value:
        raise Faulted("must not be empty")
    if len(value) > at_most:
        raise Faulted(f"holds at most {at_most} entries")
    return value
