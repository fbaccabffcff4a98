"""Lists in pages that are numbered from 1 (section 4)."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote_plus

from msgspec import Struct

from milepost.surfaces.milestones_api.call import Call, Reply
from milepost.surfaces.milestones_api.parameters import one
from milepost.surfaces.milestones_api.refusals import invalid_parameter

DEFAULT_SIZE = 25
LARGEST_SIZE = 100
"""More is taken as this many."""
LARGEST = 2**31 - 1
"""Neither parameter may be above it."""

_WHOLE = re.compile(r"-?\d+", re.ASCII)
_PLACES = frozenset(("page", "per_page"))
_LINKABLE = "%/:?@!$&'()*+,;=~[]"
"""What stays as it is in a link's query."""


class Page(Struct, frozen=True):
    """Which part of a list is wanted."""

    number: int
    """From 1."""
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def read_page(call: Call) -> Page:
    """The page that the query asks for. Raises Refusal 400 `invalid_parameter`."""
    return Page(
        number=_number(call, "page", 1),
        size=min(_number(call, "per_page", DEFAULT_SIZE), LARGEST_SIZE),
    )


def part_of(page: Page, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows of the page, of a list that was read whole."""
    return rows[page.offset : page.offset + page.size]


def paged(call: Call, page: Page, total: int, key: str, rows: Sequence[Any]) -> Reply:
    """The answer of a list: the page's rows under `key`, and what is known of the other pages. `total`: how many
    rows the whole list has."""
    last = -(-total // page.size)
    return Reply(
        body={key: list(rows)},
        headers=[
            (b"x-page", b"%d" % page.number),
            (b"x-per-page", b"%d" % page.size),
            (b"x-total", b"%d" % total),
            (b"x-total-pages", b"%d" % last),
            (b"link", _links(call, page, last).encode("ascii")),
        ],
    )


def _links(call: Call, page: Page, last: int) -> str:
    """`last`: the number of the last page, 0 when the list is empty."""
    numbers = {"first": 1}
    if page.number > 1:
        numbers["prev"] = max(1, min(page.number - 1, last))
    if page.number < last:
        numbers["next"] = page.number + 1
    if last:
        numbers["last"] = last
    others = [part for part in call.query_string.split("&") if part and _name(part) not in _PLACES]
    kept = "".join(f"&{quote(part, safe=_LINKABLE)}" for part in others)
    return ", ".join(
        f'<{call.target}?page={number}&per_page={page.size}{kept}>; rel="{relation}"'
        for relation, number in numbers.items()
    )


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _number(call: Call, name: str, default: int) -> int:
    sent = one(call, name)
    if sent is None:
        return default
    if not _WHOLE.fullmatch(sent):
        raise invalid_parameter(name, "must be a whole number")
    digits = sent.lstrip("0") or "0"
    if len(digits) > len(str(LARGEST)) or not 1 <= int(digits) <= LARGEST:
        raise invalid_parameter(name, f"must be from 1 to {LARGEST}")
    return int(digits)
