"""Moments as they are written on the command line."""

import re
from datetime import datetime, timedelta

from milepost.cli.errors import UsageError
from milepost.cli.team import now

_AGO = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(option: str, text: str) -> datetime:
    """The moment that an option's text means: ISO 8601 (UTC without an offset; a bare date is its midnight), or
    how long ago: `90s`, `15m`, `2h`, `7d`. Raises UsageError."""
    from milepost.http.moments import read_instant

    try:
        if ago := _AGO.fullmatch(text):
            return now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = read_instant(text)
    except OverflowError:
        found = None
    if found is None:
        raise UsageError(f"{option} {text!r} is no time; write 2027-01-31T09:30Z, or 15m for 15 minutes ago")
    return found
