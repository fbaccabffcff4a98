"""Query parameters of lists: paging, filters and the address of what comes next (section 5).

A handler makes a `Query`, asks for what it knows, calls `finish()` - which refuses with every fault that was
found - and answers `listed(...)`. What it does not ask for is ignored.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_plus

from msgspec import Struct

from milepost.http.moments import read_day, read_instant, with_plus
from milepost.kit.ids import parse_id
from milepost.surfaces.orders_api.call import Call
from milepost.surfaces.orders_api.refusals import Fault, Refusal, invalid

DEFAULT_LIMIT = 20
MOST_VALUES = 20
"""Values that an `.in` may hold."""
DEEPEST = 10_000
"""Most that `page` times `limit` may be."""

T = TypeVar("T")


class Span(Struct, Generic[T], frozen=True):
    """What a value must be equal to, greater or less than; None where nothing was sent."""

    eq: T | None = None
    gt: T | None = None
    gte: T | None = None
    lt: T | None = None
    lte: T | None = None


class Page(Struct, frozen=True):
    """Which part of a list is wanted. At most one of the other three is set."""

    limit: int
    starting_after: str | None = None
    ending_before: str | None = None
    number: int | None = None
    """From 1."""


class Query:
    """The sent parameters, read one by one; faults are collected until `finish`."""

    def __init__(self, sent: Mapping[str, list[str]]) -> None:
        self._sent = sent
        self._faults: list[Fault] = []

    def page(self, *, most: int = 100, numbered: bool = False) -> Page:
        """`limit` (1 to `most`) and the cursors; `page` too when the list is `numbered`. When both cursors are
        sent only `ending_before` counts."""
        limit = self._whole("limit", 1, most)
        number = self._whole("page", 1, DEEPEST) if numbered else None
        before = self.id("ending_before")
        after = None if self._sent.get("ending_before") else self.id("starting_after")
        if numbered and "page" in self._sent and self._sent.keys() & {"ending_before", "starting_after"}:
            self.blame("page", "conflicting_parameters", "page cannot be sent together with a cursor")
        if number is not None and number * (limit or DEFAULT_LIMIT) > DEEPEST:
            self.blame("page", "out_of_range", f"page times limit is at most {DEEPEST}")
        return Page(limit or DEFAULT_LIMIT, after, before, number)

    def one(self, name: str) -> str | None:
        """The text as sent, not empty."""
        return self._read(name, _text)

    def many(self, name: str) -> list[str] | None:
        """The values of the plain form or of `.in`, without repeats."""
        return self._values(name, _text)

    def id(self, name: str) -> str | None:
        """The id in the spelling of the house (plain form only)."""
        return self._read(name, _id)

    def ids(self, name: str) -> list[str] | None:
        """The ids of the plain form or of `.in`."""
        return self._values(name, _id)

    def choice(self, name: str, words: Collection[str]) -> str | None:
        """One of the words (plain form only)."""
        return self._read(name, _one_of(words))

    def choices(self, name: str, words: Collection[str]) -> list[str] | None:
        """The words of the plain form or of `.in`."""
        return self._values(name, _one_of(words))

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        word = self.choice(name, ("true", "false"))
        return None if word is None else word == "true"

    def instants(self, name: str) -> Span[datetime] | None:
        """The plain form and the four comparisons; a bare date is midnight UTC."""
        return self._span(name, _instant)

    def dates(self, name: str) -> Span[date] | None:
        """The plain form and the four comparisons, as days."""
        return self._span(name, _day)

    def numbers(self, name: str) -> Span[int] | None:
        """The plain form and the four comparisons, as whole numbers from 0."""
        return self._span(name, lambda text: _number(text, 0, 2**63 - 1))

    def blame(self, name: str, code: str, message: str) -> None:
        """Notes a fault of a parameter."""
        self._faults.append(Fault(code, name, message, "query"))

    def finish(self) -> None:
        """Raises Refusal (400) with all faults, when there are any."""
        if self._faults:
            raise invalid(self._faults)

    def _whole(self, name: str, least: int, most: int) -> int | None:
        return self._read(name, lambda text: _number(text, least, most))

    def _span(self, name: str, read: Callable[[str], T]) -> Span[T] | None:
        span: Span[T] = Span(
            self._read(name, read),
            *(self._read(f"{name}.{comparison}", read) for comparison in ("gt", "gte", "lt", "lte")),
        )
        return None if span == Span() else span

    def _values(self, name: str, read: Callable[[str], T]) -> list[T] | None:
        listed = f"{name}.in"
        if name in self._sent and listed in self._sent:
            self.blame(listed, "conflicting_parameters", f"{name} and {listed} cannot be sent together")
            return None
        if listed not in self._sent:
            value = self._read(name, read)
            return None if value is None else [value]
        return self._read(listed, lambda text: _split(text, read))

    def _read(self, name: str, read: Callable[[str], T]) -> T | None:
        sent = self._sent.get(name)
        if not sent:
            return None
        if len(sent) > 1:
            self.blame(name, "conflicting_parameters", f"{name} is given more than once")
            return None
        try:
            return read(sent[0])
        except _Unreadable as fault:
            self.blame(name, fault.code, f"{name} {fault.message}")
            return None


def unknown_cursor(page: Page) -> Refusal:
    """The refusal of a cursor that names no object of the list's kind in the team."""
    name = "ending_before" if page.ending_before else "starting_after"
    return invalid([Fault("unknown_cursor", name, f"{name} names nothing in this list", "query")])


def listed(call: Call, page: Page, data: Sequence[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    """The answer of a list. `data` is in list order and each element has its `id`; `has_more` says whether more
    follows in the direction that was asked for, which `next` continues."""
    following = None
    if has_more and data:
        name, at = ("ending_before", 0) if page.ending_before else ("starting_after", -1)
        kept = [part for part in call.query_string.split("&") if part and _name(part) not in _PLACES]
        kept.append(f"{name}={data[at]['id']}")
        following = f"{call.target}?{'&'.join(kept)}"
    return {"data": data, "has_more": has_more, "next": following}


_PLACES = frozenset(("starting_after", "ending_before", "page"))


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


class _Unreadable(Exception):
    """One value cannot be read; the message follows the parameter's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_WHOLE = re.compile(r"-?\d+", re.ASCII)


def _text(text: str) -> str:
    if not text.strip():
        raise _Unreadable("too_short", "must not be empty")
    if "\0" in text:
        raise _Unreadable("invalid_characters", "must not contain U+0000")
    return text


def _id(text: str) -> str:
    identifier = parse_id(text)
    if identifier is None:
        raise _Unreadable("invalid_id", "must be an id")
    return identifier


def _one_of(words: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise _Unreadable("invalid_value", f"must be one of {', '.join(words)}")
        return text

    return read


def _number(text: str, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(text):
        raise _Unreadable("wrong_type", "must be a whole number")
    digits = text.lstrip("0") or "0"
    if len(digits) > 19 or not least <= int(digits) <= most:
        raise _Unreadable("out_of_range", f"must be from {least} to {most}")
    return int(digits)


def _instant(text: str) -> datetime:
    instant = read_instant(with_plus(text))
    if instant is None:
        raise _Unreadable("invalid_datetime", "must be an ISO 8601 date-time or date")
    return instant


def _day(text: str) -> date:
    day = read_day(with_plus(text))
    if day is None:
        raise _Unreadable("invalid_date", "must be a date, or a date-time at midnight UTC")
    return day


def _split(text: str, read: Callable[[str], T]) -> list[T]:
    parts = text.split(",")
    if len(parts) > MOST_VALUES:
        raise _Unreadable("too_many", f"holds at most {MOST_VALUES} values")
    return list(dict.fromkeys(read(part) for part in parts))
