"""Bodies of `multipart/form-data` (RFC 7578), read as they arrive and bounded in every direction."""

import logging
import re
from collections.abc import AsyncIterator

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import (
    MultipartParser,
    MultipartState,
    parse_options_header,
)

from milepost.http.request import BodyTooLarge

_NAME = re.compile(r"[^\x00-\x1f\x7f]{0,1000}")
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(;[\x20-\x7e]*)?", re.ASCII)

# It would log every fault of a sender.
logging.getLogger("python_multipart.multipart").setLevel(logging.ERROR)


class Malformed(Exception):
    """The body is not a form; the message says why."""


class TooManyParts(Exception):
    """More parts than the bounds allow."""


class Part(Struct, frozen=True):
    """One part of a form. `file_name` is None for a plain field."""

    name: str
    file_name: str | None
    content_type: str
    """As sent; `text/plain` for a field and `application/octet-stream` for a file that names none."""
    content: bytes


class Bounds(Struct, frozen=True):
    """What a form may hold. Sizes are in bytes."""

    parts: int
    field_bytes: int
    """The content of one field."""
    file_bytes: int
    """The content of one file."""


def boundary(content_type: bytes) -> bytes | None:
    """The boundary that a `multipart/form-data` content type names; None when it names none or a wrong one."""
    found = parse_options_header(content_type)[1].get(b"boundary", b"")
    return found if 1 <= len(found) <= 70 else None


async def read_form(between: bytes, chunks: AsyncIterator[bytes], bounds: Bounds) -> list[Part]:
    """The parts in their order; `between` is the boundary.

    Raises Malformed, TooManyParts, and BodyTooLarge as soon as one part is over its bound.
    """
    form = _Form(bounds)
    parser = MultipartParser(
        between,
        {
            "on_part_begin": form.begin_part,
            "on_header_begin": form.begin_header,
            "on_header_field": form.add_name,
            "on_header_value": form.add_value,
            "on_headers_finished": form.end_headers,
            "on_part_data": form.add_content,
            "on_part_end": form.end_part,
        },
    )
    try:
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError:
        raise Malformed("The body is not a valid multipart/form-data message") from None
    if parser.state != MultipartState.END:
        raise Malformed("The multipart/form-data message ends before its last boundary")
    return form.parts


class _Form:
    """What the parser has told so far."""

    def __init__(self, bounds: Bounds) -> None:
        self.parts: list[Part] = []
        self._bounds = bounds
        self._headers: list[tuple[bytearray, bytearray]] = []
        self._content = bytearray()
        self._limit = 0
        self._head: tuple[str, str | None, str] = ("", None, "")

    def begin_part(self) -> None:
        if len(self.parts) == self._bounds.parts:
            raise TooManyParts
        self._headers = []
        self._content = bytearray()

    def begin_header(self) -> None:
        self._headers.append((bytearray(), bytearray()))

    def add_name(self, data: bytes, start: int, end: int) -> None:
        self._headers[-1][0].extend(data[start:end])

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._headers[-1][1].extend(data[start:end])

    def end_headers(self) -> None:
        headers = {bytes(name).lower(): bytes(value).strip() for name, value in self._headers}
        disposition, options = parse_options_header(headers.get(b"content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise Malformed("A part has no Content-Disposition of form-data with a name")
        file_name = _decoded(options[b"filename"]) if b"filename" in options else None
        default = b"text/plain" if file_name is None else b"application/octet-stream"
        content_type = headers.get(b"content-type", default).decode("latin-1")
        if len(content_type) > 255 or not _TYPE.fullmatch(content_type):
            raise Malformed("The Content-Type of a part is not one")
        self._head = (_decoded(options[b"name"]), file_name, content_type)
        self._limit = self._bounds.field_bytes if file_name is None else self._bounds.file_bytes

    def add_content(self, data: bytes, start: int, end: int) -> None:
        if len(self._content) + end - start > self._limit:
            raise BodyTooLarge
        self._content += memoryview(data)[start:end]

    def end_part(self) -> None:
        self.parts.append(Part(*self._head, bytes(self._content)))


def _decoded(raw: bytes) -> str:
    """A name as browsers write it: UTF-8, its quotes percent-encoded. Raises Malformed."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("The name of a part is not UTF-8") from None
    if not _NAME.fullmatch(name):
        raise Malformed("The name of a part is too long or has control characters")
    return name.replace("%22", '"')
