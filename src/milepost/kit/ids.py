"""Ids: UUIDv7 (RFC 9562), sortable by the moment they were made. Inside the house an id is a `str`, the
lower-case hyphenated UUID. A ULID is another spelling of the same 128 bits (Crockford's base 32)."""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD_VALUE = {letter: value for value, letter in enumerate(_CROCKFORD)}
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_PAIR_SHIFTS = range(120, -1, -10)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_lock = Lock()
_last = 0


def new_id(at: datetime | None = None) -> str:
    """A fresh UUIDv7.

    Ids made by one process rise strictly, also within one millisecond: the 12 bits after the version hold a
    fraction of the millisecond (RFC 9562, section 6.2, method 3) and step by one when the clock does not.
    `at`, an aware instant, dates the id (an imported order keeps its age); such ids rise only by their date,
    and an instant before 1970 counts as the first of 1970, the earliest that an id can carry.
    """
    global _last
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    if at is not None:
        ticks = max(0, (at - _EPOCH) // _MILLISECOND) << 12 | int.from_bytes(os.urandom(2)) & 0xFFF
    else:
        now = time.time_ns()
        ticks = (now // 1_000_000) << 12 | (now % 1_000_000) * 4096 // 1_000_000
        with _lock:
            ticks = _last = max(ticks, _last + 1)
    return _spell((ticks >> 12) << 80 | 0x7000 << 64 | (ticks & 0xFFF) << 64 | 0x8000_0000_0000_0000 | tail)


def parse_id(text: object) -> str | None:
    """The id that `text` spells, as UUID or ULID in any letter case; None when it spells none."""
    if not isinstance(text, str) or not text.isascii():  # "\u017f".upper() is "S"
        return None
    if len(text) == 36:
        lower = text.lower()
        return lower if _UUID.fullmatch(lower) else None
    if len(text) == 26:
        upper = text.upper()
        return _from_ulid(upper) if _ULID.fullmatch(upper) else None
    return None


@lru_cache(maxsize=4096)  # an order is told of in its event, in its answer and in where to find it
def ulid(identifier: str) -> str:
    """The 26-character upper-case ULID spelling of an id."""
    value = int(identifier.replace("-", ""), 16)
    return "".join([_PAIRS[value >> shift & 1023] for shift in _PAIR_SHIFTS])


def _from_ulid(text: str) -> str:
    value = 0
    for letter in text:
        value = value << 5 | _CROCKFORD_VALUE[letter]
    return _spell(value)


def _spell(value: int) -> str:
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
