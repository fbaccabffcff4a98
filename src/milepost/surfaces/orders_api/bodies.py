"""Request bodies: what may come, how large, and JSON read so that nothing of it surprises (sections 1 and 4)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import Any

import msgspec
from msgspec import Struct

from milepost.http import multipart
from milepost.http.multipart import Bounds, Malformed, Part, TooManyParts
from milepost.http.request import BodyTooLarge, Request
from milepost.surfaces.orders_api.call import BodyKind, Options
from milepost.surfaces.orders_api.refusals import Fault, Refusal, invalid, refuse

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
FORM = "multipart/form-data"

MEDIA_TYPES: Mapping[BodyKind, tuple[str, ...]] = {
    "none": (),
    "json": (JSON,),
    "optional": (JSON,),
    "merge": (JSON, MERGE_PATCH),
    "release": (JSON, FORM),
}

MOST_DIGITS = 400
"""Digits before the point of a number, and behind it, written out: PostgreSQL holds many more."""

_EXTRA_PARTS = 10
_HEAD_BYTES = 20_000
"""Boundary and headers of a part."""
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_NUL = b"\\u0000"
_FLAT = bytes.maketrans(b"123456789E", b"000000000e")
_ENDLESS = b"0" * 200
_EXPONENT = re.compile(rb"\d[eE][+-]?\d{3}")


class Sent(Struct):
    """A body as it came."""

    raw: bytes = b""
    parts: list[Part] | None = None
    fault: Refusal | None = None
    """What makes it unreadable, told when its turn comes."""

    def fields(self) -> Iterator[bytes]:
        """What tells it from another body."""
        yield self.raw
        for part in self.parts or ():
            file_name = "" if part.file_name is None else f"={part.file_name}"
            yield from (part.name.encode(), file_name.encode(), part.content_type.encode(), part.content)


async def receive(request: Request, kind: BodyKind, options: Options) -> Sent:
    """The request's body. Raises Refusal: 413 too_large, 415 unsupported_media_type."""
    media = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    try:
        if kind == "release" and media == FORM:
            return await _receive_form(request, options)
        raw = await request.body(options.max_body_bytes)
    except BodyTooLarge:
        raise refuse("too_large", "The body is too large") from None
    accepted = MEDIA_TYPES[kind]
    if raw and accepted and media not in accepted:
        raise refuse(
            "unsupported_media_type",
            f"The Content-Type must be {' or '.join(accepted)}",
            place="header",
            at="content-type",
        )
    return Sent(raw)


def read_document(sent: Sent, kind: BodyKind) -> dict[str, Any] | None:
    """The JSON object of the body, of a form the one in its part `data`; None when there is none and none is
    needed. Raises Refusal."""
    if sent.fault is not None:
        raise sent.fault
    if kind == "none" or (kind == "optional" and not sent.raw):
        return None
    if sent.parts is None:
        return read_object(sent.raw)
    found = [part.content for part in sent.parts if part.name == "data"]
    if len(found) != 1:
        code, message = (
            ("too_many", "data is given more than once") if found else ("required", "data is required")
        )
        raise invalid([Fault(code, "data", message)])
    return read_object(found[0])


def read_object(raw: bytes, field: str | None = None) -> dict[str, Any]:
    """The JSON object that the bytes hold; numbers with a fraction or an exponent are Decimals. `field` names
    what holds the bytes, where that is not the body itself. Raises Refusal with every fault."""
    what = field or "The body"
    try:
        document = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, DecimalException):
        raise invalid([Fault("invalid_json", field, f"{what} is not valid JSON")]) from None
    if not isinstance(document, dict):
        raise invalid([Fault("wrong_type", field, f"{what} must be a JSON object")])
    if not _is_harmless(raw) and (faults := list(_faults(document, field))):
        raise invalid(faults)
    return document


def _is_harmless(raw: bytes) -> bool:
    """Whether nothing in it can be one of `_faults`: it has neither U+0000, nor a number with hundreds of digits, nor
    one with an exponent of hundreds. They are found several times as fast once every digit is a nought."""
    flat = raw.translate(_FLAT)
    return not (_NUL in raw or _ENDLESS in flat or (b"0e" in flat and _EXPONENT.search(raw)))


def _faults(document: dict[str, Any], field: str | None) -> Iterator[Fault]:
    """Texts with U+0000 and numbers beyond all use, anywhere. Without recursion: documents may be deep."""
    waiting: list[tuple[str | None, Any]] = [(field, document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            if any("\0" in name for name in value):
                yield Fault("invalid_characters", place, "A name must not contain U+0000")
            waiting += [(_below(place, name.replace("\0", "")), value[name]) for name in reversed(value)]
        elif isinstance(value, list):
            waiting += [(_below(place, str(index)), value[index]) for index in reversed(range(len(value)))]
        elif isinstance(value, str):
            if "\0" in value:
                yield Fault("invalid_characters", place, f"{place} must not contain U+0000")
        elif _is_endless(value):
            yield Fault("out_of_range", place, f"{place} has at most {MOST_DIGITS} digits")


def _below(place: str | None, name: str) -> str:
    return name if place is None else f"{place}.{name}"


def _is_endless(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.adjusted() >= MOST_DIGITS or int(value.as_tuple().exponent) < -MOST_DIGITS
    return isinstance(value, int) and abs(value) >= 10**MOST_DIGITS


async def _receive_form(request: Request, options: Options) -> Sent:
    between = multipart.boundary(request.headers[b"content-type"])
    if between is None:
        return Sent(fault=_unreadable("The Content-Type names no boundary"))
    documents, size = options.release_documents_max, options.release_document_max_bytes
    bounds = Bounds(documents + _EXTRA_PARTS, options.max_body_bytes, size)
    whole = documents * size + bounds.parts * _HEAD_BYTES + 2 * options.max_body_bytes
    try:
        parts = await multipart.read_form(between, request.chunks(whole), bounds)
    except Malformed as malformed:
        return Sent(fault=_unreadable(str(malformed)))
    except TooManyParts:
        return Sent(fault=invalid([Fault("too_many", "documents", f"documents holds at most {documents}")]))
    if any(part.name == "data" and len(part.content) > options.max_body_bytes for part in parts):
        raise BodyTooLarge
    return Sent(parts=parts)


def _unreadable(message: str) -> Refusal:
    return invalid([Fault("invalid_value", None, message)])
