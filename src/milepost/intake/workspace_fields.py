"""Reading the nodes of a file field by field: what is wrong is noted with its path, and reading goes on."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeVar

from milepost.intake.workspace_text import Entries, Items, Node, Scalar
from milepost.model.workspace_wish import Fault

T = TypeVar("T")
Read = Callable[[Node, str], Any]
"""Reads the node at a path. Answers BAD, after noting why, when it cannot."""

BAD: Any = object()

LONGEST_LIST = 20_000

_INTEGER = re.compile(r"[-+]?[0-9]{1,12}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})
_SHOWN = 60


class Notes:
    """The faults found so far, and the line of every path that was read."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.lines: dict[str, int] = {}

    def bad(self, where: str, fault: str) -> Any:
        self.faults.append((where, fault))
        return BAD

    # Values -----------------------------------------------------------------------------------------------

    def text(self, node: Node, where: str) -> Any:
        if not isinstance(node, Scalar):
            return self.bad(where, f"is {_shape(node)}; write text")
        return node.text

    def boolean(self, node: Node, where: str) -> Any:
        word = node.text.lower() if isinstance(node, Scalar) and node.plain else ""
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        return self.bad(where, f"is {_shape(node)}; write true or false, without quotes")

    def integer(self, node: Node, where: str) -> Any:
        if isinstance(node, Scalar) and node.plain and _INTEGER.fullmatch(node.text):
            return int(node.text)
        return self.bad(where, f"is {_shape(node)}; write a whole number, without quotes")

    def day(self, node: Node, where: str) -> Any:
        if isinstance(node, Scalar) and _DATE.fullmatch(node.text):
            try:
                return date.fromisoformat(node.text)
            except ValueError:
                return self.bad(where, f"{node.text} is not in the calendar; write a date that exists")
        return self.bad(where, f"is {_shape(node)}; write a date as 2026-06-24")

    def one_of(self, *choices: str) -> Read:
        def read(node: Node, where: str) -> Any:
            if isinstance(node, Scalar) and node.text in choices:
                return node.text
            return self.bad(where, f"is {_shape(node)}; write one of {', '.join(choices)}")

        return read

    # Collections ------------------------------------------------------------------------------------------

    def sequence(self, read: Read) -> Read:
        """Reads a list into a tuple; entries that are bad are noted and left out."""

        def read_all(node: Node, where: str) -> Any:
            if not isinstance(node, Items):
                return self.bad(where, f"is {_shape(node)}; write a list")
            if len(node.items) > LONGEST_LIST:
                return self.bad(where, f"has {len(node.items)} entries; the most is {LONGEST_LIST}")
            found = []
            for index, item in enumerate(node.items):
                place = f"{where}[{index}]"
                self.lines[place] = item.line
                if isinstance(item, Scalar) and item.is_null:
                    self.bad(place, "is empty; fill or remove it")
                    continue
                value = read(item, place)
                if value is not BAD:
                    found.append(value)
            return tuple(found)

        return read_all

    def mapping(
        self,
        node: Node,
        where: str,
        fields: Mapping[str, Read],
        *,
        required: Collection[str] = (),
        nullable: Collection[str] = (),
    ) -> dict[str, Any] | None:
        """The fields of a mapping that are there and good, by key; None when a required one is not.

        An empty value counts as not there, save for the `nullable` ones, which are None then.
        """
        if not isinstance(node, Entries):
            self.bad(where, f"is {_shape(node)}; write a mapping with the keys {', '.join(fields)}")
            return None
        values: dict[str, Any] = {}
        for key, child, place in self._keys(node, where):
            if key not in fields:
                self.bad(place, _unknown_key(key, fields))
            elif isinstance(child, Scalar) and child.is_null:
                if key in nullable:
                    values[key] = None
            elif (value := fields[key](child, place)) is not BAD:
                values[key] = value
        noted = {place for place, _ in self.faults}
        for key in required:
            place = _join(where, key)
            if key not in values and place not in noted:
                self.lines.setdefault(place, node.line)
                self.bad(place, "is missing; add it")
        return values if all(key in values for key in required) else None

    def names(self, node: Node, where: str) -> Any:
        """A mapping of any names to names."""
        if not isinstance(node, Entries):
            return self.bad(where, f"is {_shape(node)}; write a mapping of old names to new ones")
        found: dict[str, str] = {}
        for key, child, place in self._keys(node, where):
            value = self.text(child, place)
            if value is not BAD:
                found[key] = value
        return found

    def _keys(self, node: Entries, where: str) -> list[tuple[str, Node, str]]:
        """Key, value and path of each entry; a key that comes again is noted and left out."""
        found: dict[str, tuple[str, Node, str]] = {}
        for key, child in node.entries:
            shown = key.text if len(key.text) <= _SHOWN else key.text[:_SHOWN] + "..."
            place = _join(where, shown)
            if key.text in found:
                again = f"{place} (again)"
                self.lines[again] = key.line
                self.bad(again, f"stands in line {self.lines[place]} already; remove one of them")
                continue
            self.lines[place] = key.line
            found[key.text] = (key.text, child, place)
        return list(found.values())


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _unknown_key(key: str, fields: Collection[str]) -> str:
    close = difflib.get_close_matches(key[:_SHOWN], fields, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"unknown key; {guess}The keys here are {', '.join(fields)}"


def _shape(node: Node) -> str:
    """What the node is, in words."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a mapping"
    if node.is_null:
        return "empty"
    shown = node.text if len(node.text) <= _SHOWN else node.text[:_SHOWN] + "..."
    return repr(shown) if not node.plain else shown
