"""Values of queries (sections 3 and 7): what an endpoint does not ask for is ignored.

All of it is asked for before anything is looked up: a bad value is told before an unknown id (section 2).
"""

from collections.abc import Collection
from datetime import datetime, time

from milepost.http.moments import read_date, read_instant, with_plus
from milepost.surfaces.milestones_api.call import Call
from milepost.surfaces.milestones_api.refusals import invalid_parameter


def one(call: Call, name: str) -> str | None:
    """The value as it was sent; None when it was not. Raises Refusal 400 when it was sent more than once."""
    sent = call.query.get(name)
    if not sent:
        return None
    if len(sent) > 1:
        raise invalid_parameter(name, "is given more than once")
    if "\0" in sent[0]:
        raise invalid_parameter(name, "must not contain U+0000")
    return sent[0]


def choices(call: Call, name: str, words: Collection[str]) -> frozenset[str] | None:
    """One or several of the words, separated by commas. Raises Refusal 400."""
    sent = one(call, name)
    if sent is None:
        return None
    found = frozenset(sent.split(","))
    if not found <= frozenset(words):
        raise invalid_parameter(name, f"knows only {', '.join(words)}")
    return found


def earliest(call: Call, name: str) -> datetime | None:
    """The first instant of the UTC day that is named, or the instant itself: the least that a `_from` lets through.
    Raises Refusal 400."""
    sent = one(call, name)
    return None if sent is None else _instant(name, sent)


def latest(call: Call, name: str) -> datetime | None:
    """The last instant of the UTC day that is named, or of the second, as timestamps are shown in whole seconds: the
    most that a `_to` lets through. Raises Refusal 400."""
    sent = one(call, name)
    if sent is None:
        return None
    instant = _instant(name, sent)
    if read_date(sent) is not None:
        return datetime.combine(instant.date(), time.max, instant.tzinfo)
    return instant if instant.microsecond else instant.replace(microsecond=999_999)


def _instant(name: str, text: str) -> datetime:
    instant = read_instant(with_plus(text))
    if instant is None:
        raise invalid_parameter(name, "must be a date (YYYY-MM-DD) or an ISO 8601 timestamp")
    return instant
