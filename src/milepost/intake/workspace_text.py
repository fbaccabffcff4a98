"""A YAML or JSON file as a tree of nodes that know their lines, read so that no file can do harm.

Only the plain part of YAML is read: no anchors, no tags, one document. Scalars stay text, and the reader of a
field decides what the text means there: `country: NO` is Norway.
"""

import json
import re
from collections.abc import Iterator
from json import decoder
from typing import NoReturn

import yaml
from msgspec import Struct

from milepost.kit.errors import Faulty

LARGEST = 4 * 1024 * 1024
DEEPEST = 16
MOST_NODES = 300_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(Struct, frozen=True):
    text: str
    plain: bool
    """Written without quotes."""
    line: int

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS


class Items(Struct, frozen=True):
    items: tuple["Node", ...]
    line: int


class Entries(Struct, frozen=True):
    entries: tuple[tuple[Scalar, "Node"], ...]
    line: int


Node = Scalar | Items | Entries


def read_tree(data: bytes) -> Node:
    """The tree of a file. Raises Faulty, naming the line, for bytes that are no harmless YAML or JSON."""
    if len(data) > LARGEST:
        refuse(1, f"the file has {len(data)} bytes; the most is {LARGEST}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(line, "the file is not UTF-8 text; save it as UTF-8")
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        refuse(line, f"holds the control character U+{ord(control[0]):04X}; remove it")
    if text.lstrip().startswith("{"):
        try:
            return _JsonText(text).tree()
        except json.JSONDecodeError:
            pass  # Flow style YAML begins like JSON; if it is neither, YAML names the line.
    return _yaml_tree(text)


def refuse(line: int, sentence: str) -> NoReturn:
    raise Faulty("The file cannot be read", [(f"line {line}", sentence)]) from None


def _checked(text: str, line: int) -> str:
    """The text of a scalar, free of what escapes can smuggle in but no database takes."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        refuse(line, "holds an escape for NUL or for half a surrogate pair; remove it")
    return text


def _yaml_tree(text: str) -> Node:
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What is missing at the end is noticed in the line after it, which nobody sees in an editor.
        last = text.count("\n", 0, len(text.rstrip())) + 1
        refuse(min(mark.line + 1, last) if mark else 1, f"is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        refuse(1, f"is not YAML: {' '.join(str(error).split())}")


class _Composer:
    """Builds the tree from the parser's events, so that nothing is expanded, resolved or constructed."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        tree: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and tree is not None:
                refuse(_line(event), "a second document begins; a workspace file has one")
            if isinstance(event, yaml.NodeEvent):
                tree = self._node(event, 1)
        return tree if tree is not None else Scalar("", True, 1)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        self._nodes += 1
        if depth > DEEPEST:
            refuse(line, f"is nested deeper than {DEEPEST} levels")
        if self._nodes > MOST_NODES:
            refuse(line, f"the file has more than {MOST_NODES} values")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            refuse(line, "uses an anchor or alias (& or *); write the value out, or put it in quotes")
        if (tag := getattr(event, "tag", None)) is not None:
            refuse(line, f"uses the tag {tag}; remove it, or put the value in quotes")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(_checked(event.value, line), event.style is None or event.style == "", line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(
                tuple(self._node(one, depth + 1) for one in self._until(yaml.SequenceEndEvent)), line
            )
        return Entries(tuple(self._entries(depth)), line)

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        for event in self._until(yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                refuse(key.line, "a list or mapping is used as a key; put it in quotes")
            yield key, self._node(next(self._events), depth + 1)

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


class _JsonText:
    """JSON with lines: YAML's parser knows neither tabs between JSON values nor surrogate pairs."""

    _SPACE = re.compile(r"[ \t\r\n]*")
    _LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._nodes = 0
        self._line_at = 0
        self._line_number = 1

    def tree(self) -> Node:
        tree = self._node(1)
        self._skip()
        if self._at < len(self._text):
            self._fail("nothing may follow")
        return tree

    def _node(self, depth: int) -> Node:
        self._skip()
        line = self._line()
        self._nodes += 1
        if depth > DEEPEST:
            refuse(line, f"is nested deeper than {DEEPEST} levels")
        if self._nodes > MOST_NODES:
            refuse(line, f"the file has more than {MOST_NODES} values")
        if self._took('"'):
            return self._string(line)
        if self._took("{"):
            return Entries(tuple(self._entries(depth)), line)
        if self._took("["):
            return Items(tuple(self._items(depth)), line)
        literal = self._LITERAL.match(self._text, self._at)
        if literal is None:
            self._fail("expected a value")
        self._at = literal.end()
        return Scalar(literal[0], True, line)

    def _string(self, line: int) -> Scalar:
        text, self._at = decoder.scanstring(self._text, self._at, True)  # type: ignore[attr-defined]
        return Scalar(_checked(text, line), False, line)

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        more = not self._took("}")
        while more:
            self._expect('"')
            key = self._string(self._line())
            self._expect(":")
            yield key, self._node(depth + 1)
            more = self._took(",")
            if not more:
                self._expect("}")

    def _items(self, depth: int) -> Iterator[Node]:
        more = not self._took("]")
        while more:
            yield self._node(depth + 1)
            more = self._took(",")
            if not more:
                self._expect("]")

    def _skip(self) -> None:
        space = self._SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _took(self, token: str) -> bool:
        self._skip()
        if not self._text.startswith(token, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._took(token):
            self._fail(f"expected {token}")

    def _fail(self, problem: str) -> NoReturn:
        raise json.JSONDecodeError(problem, self._text, self._at)

    def _line(self) -> int:
        self._line_number += self._text.count("\n", self._line_at, self._at)
        self._line_at = self._at
        return self._line_number
