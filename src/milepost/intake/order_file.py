"""Orders as lines of JSON: one order a line, with everything (`milepost.model.order_archive`) or as a plain create
document of the Orders API.

Numbers keep their digits, members have one fixed sequence: the same order makes the same bytes. The files that came
with releases are written and read inside the line, in base64.
"""

import binascii
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from mmap import mmap
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from milepost.kit.errors import Invalid
from milepost.kit.ids import parse_id
from milepost.model.older_archives import completed
from milepost.model.order import OrderWish
from milepost.model.order_archive import ArchivedOrder, PlainOrder, WantedTag, check

BOM = b"\xef\xbb\xbf"
_END = b"}}\n"
_EMPTY = b'"documents":{}' + _END

Content = bytes | mmap
Write = Callable[[bytes], object]
ReadPlain = Callable[[bytes], OrderWish]
"""Reads a create document of the Orders API. Raises Fault."""
ReadDocument = Callable[[str], AsyncIterator[bytes]]
"""The bytes of a release's file by its id, part by part."""


class Fault(Exception):
    """What is wrong with a line, or with a file as a whole."""


class Line(Struct, frozen=True):
    """A line that says something, by its number in the file, from 1."""

    number: int
    text: bytes


async def write_order(order: ArchivedOrder, read_document: ReadDocument, write: Write) -> None:
    """Writes the line of an order; files pass through part by part."""
    line = _encode(order) + b"\n"
    files = [document.id for release in order.milepost.releases for document in release.documents]
    if not files:
        write(line)
        return
    write(line.removesuffix(_EMPTY) + b'"documents":{')
    for place, document_id in enumerate(files):
        write(f'{"," if place else ""}"{document_id}":"'.encode())
        async for text in _in_base64(read_document(document_id)):
            write(text)
        write(b'"')
    write(b"}" + _END)


async def _in_base64(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for part in parts:
        whole = rest + part
        cut = len(whole) - len(whole) % 3  # base64 writes three bytes at a time
        rest = whole[cut:]
        yield binascii.b2a_base64(whole[:cut], newline=False)
    yield binascii.b2a_base64(rest, newline=False)


def raw_lines(content: Content) -> Iterator[bytes]:
    """The lines of a file with their ends; a byte order mark before them is dropped."""
    start = len(BOM) if content[: len(BOM)] == BOM else 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield content[start:end]
        start = end


def lines(content: Content) -> Iterator[Line]:
    """The lines of a file that are not blank."""
    for number, raw in enumerate(raw_lines(content), 1):
        if text := raw.strip():
            yield Line(number, text)


class _Probe(Struct):
    order_number: Any = None
    milepost: Raw | UnsetType = UNSET


def number_of(line: Line) -> str | None:
    """The order number of a line that may not be fit to be taken in, if it says one."""
    try:
        number = msgspec.json.decode(line.text, type=_Probe).order_number
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return number if isinstance(number, str) else None


def read_line(line: Line, read_plain: ReadPlain) -> ArchivedOrder | PlainOrder:
    """The order of a line. Raises Fault."""
    try:
        if msgspec.json.decode(line.text, type=_Probe).milepost is UNSET:
            return PlainOrder(read_plain(line.text), _plain_tags(line.text))
        order = completed(_decode(line.text))
        check(order)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(_sentence(error)) from None
    except Invalid as invalid:
        raise Fault(invalid.sentence) from None
    if b"\\u0000" in line.text and _holds_nul(_decode_any(line.text)):
        raise Fault("It holds the character U+0000")
    return order


def _sentence(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8"
    if isinstance(error, RecursionError):
        return "It is nested too deeply"
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return f"It is not JSON: {error}"


class _TagObject(Struct):
    id: str | None = None
    slug: str | None = None
    name: Any = None


class _Tagged(Struct):
    tags: list[str | _TagObject] | None = None


def _plain_tags(text: bytes) -> tuple[WantedTag, ...]:
    """The tags of a create document that has been read already."""
    return tuple(map(_plain_tag, msgspec.json.decode(text, type=_Tagged).tags or ()))


def _plain_tag(tag: str | _TagObject) -> WantedTag:
    if isinstance(tag, str):
        identifier = parse_id(tag)
        return WantedTag(slug=tag) if identifier is None else WantedTag(id=identifier)
    return WantedTag(parse_id(tag.id), tag.slug, tag.name if isinstance(tag.name, str) else None)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in name or _holds_nul(part) for name, part in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(ArchivedOrder, float_hook=Decimal).decode
_decode_any = msgspec.json.Decoder(float_hook=Decimal).decode
