"""Single values of request bodies (section 4) besides those of every surface: numbers, dates and times, strings
of a form.

Numbers arrive as int or Decimal, since bodies are decoded with their literal digits.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from milepost.http.moments import read_day, read_instant
from milepost.http.scalars import text
from milepost.http.values import Kind, kind, wrong
from milepost.kit.ids import parse_id

LARGEST_INTEGER = 2**31 - 1


def matching(pattern: str, at_most: int, message: str) -> Kind:
    """A string of that form."""
    form = re.compile(pattern, re.ASCII)
    filled = text(at_most, filled=True)

    def read(value: Any) -> str:
        sent: str = filled.read(value)
        if not form.fullmatch(sent):
            raise wrong("invalid_value", message)
        return sent

    schema = {"type": "string", "minLength": 1, "maxLength": at_most, "pattern": f"^{pattern}$"}
    return kind(read, schema)


_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LONGEST_EMAIL = 254


def email() -> Kind:
    """An e-mail address: one `@` between a local part and a domain, without blanks or control characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        if len(value) > _LONGEST_EMAIL or not _EMAIL.fullmatch(value):
            raise wrong("invalid_email", "must be an e-mail address")
        return value

    return kind(read, {"type": "string", "format": "email", "maxLength": _LONGEST_EMAIL})


_ULID = "[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}"
_UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


def identifier() -> Kind:
    """An id in either spelling; read as the house spells it."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        found = parse_id(value)
        if found is None:
            raise wrong("invalid_id", "must be an id")
        return found

    return kind(read, {"type": "string", "maxLength": 36, "pattern": f"^({_ULID}|{_UUID})$"})


def day() -> Kind:
    """A date; also a date-time that is exactly midnight UTC."""

    def read(value: Any) -> date:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        found = read_day(value)
        if found is None:
            raise wrong("invalid_date", "must be a date (YYYY-MM-DD)")
        return found

    return kind(read, {"type": "string", "format": "date"})


def instant() -> Kind:
    """A date-time with any offset, or without one (read as UTC); read as an aware UTC datetime."""

    def read(value: Any) -> datetime:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        found = read_instant(value)
        if found is None:
            raise wrong("invalid_datetime", "must be an ISO 8601 date-time")
        return found

    return kind(read, {"type": "string", "format": "date-time"})


_DECIMAL = re.compile(r"(-?)\d{1,20}(\.\d{1,10})?", re.ASCII)
_DECIMAL_MESSAGE = "must be a decimal of at most 20 digits before the point and 10 after it"


def decimal() -> Kind:
    """A decimal as string or JSON number; read as its digits, scale kept."""

    def read(value: Any) -> str:
        digits = value if isinstance(value, str) else _written_out(value)
        form = _DECIMAL.fullmatch(digits)
        if form is None:
            raise wrong("invalid_value", _DECIMAL_MESSAGE)
        if form[1]:
            raise wrong("out_of_range", "must not be negative")
        return digits

    schema = {
        "type": ["string", "number"],
        "pattern": r"^\d{1,20}(\.\d{1,10})?$",
        "minimum": 0,
        "exclusiveMaximum": 10**20,
    }
    return kind(read, schema)


def _written_out(value: Any) -> str:
    """The digits of a JSON number, exponent written out. Raises Wrong."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong("wrong_type", "must be a string or number")
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 40:  # its digits could fill the memory
        raise wrong("invalid_value", _DECIMAL_MESSAGE)
    return format(number, "f")


_WHOLE = re.compile(r"(-?)0*(\d+)", re.ASCII)


def integer() -> Kind:
    """A whole number from 0 to 2,147,483,647, as JSON number or string of digits."""

    def read(value: Any) -> int:
        number = _whole(value)
        if number is None or not 0 <= number <= LARGEST_INTEGER:
            raise wrong("out_of_range", f"must be from 0 to {LARGEST_INTEGER}")
        return number

    schema = {
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": LARGEST_INTEGER,
        "pattern": r"^0*\d{1,10}$",
    }
    return kind(read, schema)


def _whole(value: Any) -> int | None:
    """The whole number that was sent; None when it is negative or far too large. Raises Wrong."""
    if isinstance(value, str):
        form = _WHOLE.fullmatch(value)
        if form is None:
            raise wrong("invalid_value", "must be a whole number")
        return int(form[2]) if len(form[2]) <= 10 and not form[1] else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong("wrong_type", "must be a whole number")
    if not 0 <= value <= LARGEST_INTEGER:
        return None
    if value != int(value):
        raise wrong("wrong_type", "must be a whole number")
    return int(value)


def number(least: int, most: int) -> Kind:
    """A JSON number within bounds, both included; read as a float. It may be one already: a merge patch is merged
    with what is stored."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise wrong("wrong_type", "must be a number")
        if not least <= value <= most:
            raise wrong("out_of_range", f"must be from {least} to {most}")
        return float(value)

    return kind(read, {"type": "number", "minimum": least, "maximum": most})
