"""Dates and date-times as callers write them."""

import re
from datetime import UTC, date, datetime, time

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)
_PLUS_LOST = re.compile(r" (?=\d{2}(:?\d{2})?\Z)", re.ASCII)


def with_plus(text: str) -> str:
    """A value of a query with the plus of its offset, which an address means as a blank unless it is
    percent-encoded."""
    return _PLUS_LOST.sub("+", text) if "T" in text.upper() else text


def read_date(text: str) -> date | None:
    """The day of `YYYY-MM-DD`; None when it is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_instant(text: str) -> datetime | None:
    """The UTC instant of an ISO 8601 date-time with any offset, or without one (then UTC); a bare date is its
    midnight. Digits of a second after the sixth are dropped. None when it is none of these, or lies outside
    the years 1 to 9999."""
    if _DAY.fullmatch(text):
        day = read_date(text)
        return None if day is None else datetime.combine(day, time(), UTC)
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """The day of `YYYY-MM-DD`, or of a date-time that is exactly midnight UTC. None: neither."""
    if _DAY.fullmatch(text):
        return read_date(text)
    instant = read_instant(text)
    return instant.date() if instant is not None and instant.time() == time() else None
