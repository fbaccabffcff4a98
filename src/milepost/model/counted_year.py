"""Which seconds of one year count: what working time is looked up in (Status API, section 22.10).

Instants are whole seconds since 1970 in UTC, so that a second is a second whatever the clocks do. A year is a
year of UTC; the dates in it are local ones of a zone.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from milepost.model.calendar import DAY_SECONDS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = EPOCH.toordinal()
LAST_YEAR = 9999
_EARLIEST = (2 - _EPOCH_DAY) * DAY_SECONDS
_LATEST = (date(LAST_YEAR, 12, 30).toordinal() - _EPOCH_DAY) * DAY_SECONDS
"""Beyond these a local date might not be written down; nothing counts there."""

HoursOf = Callable[[date], tuple[int, int] | None]
"""The counted part of a local date, as seconds of the clock on the wall since midnight; None: no part of it."""


class CountedYear(Struct, frozen=True):
    """The counted seconds of a year, added up.

    `starts` are the instants at which counting begins anew, ascending. `before[n]` counts what comes before
    `starts[n]` in the year; the last of `before`, one more than there are starts, is the whole year.
    """

    starts: "array[int]"
    before: "array[int]"
    total: int
    """The counted seconds of the year."""
    end: int
    """The instant at which the year ends."""

    @property
    def counted_until(self) -> int:
        """The instant at which the last counted second of the year ends; IndexError if none counts."""
        return self.starts[-1] + self.total - self.before[-2]

    def before_instant(self, instant: int) -> int:
        """The counted seconds of the year that come before the instant."""
        n = bisect_right(self.starts, instant)
        if n == 0:
            return 0
        counted, most = self.before[n - 1] + instant - self.starts[n - 1], self.before[n]
        return counted if counted < most else most

    def instant(self, counted: int) -> int:
        """The earliest instant with so many counted seconds of the year before it, from 1 to `total`."""
        n = bisect_left(self.before, counted) - 1
        return self.starts[n] + counted - self.before[n]


def count_year(year: int, zone: ZoneInfo, hours_of: HoursOf) -> CountedYear:
    """Adds up a year, from 1 to 9999, in about a millisecond."""
    first, end = _first_instant(year), _first_instant(year + 1)
    starts, before = array("q"), array("q", [0])
    counted_until = None
    for opens, closes in _counted_stretches(first, end, zone, hours_of):
        if opens == counted_until:
            before[-1] += closes - opens
        else:
            starts.append(opens)
            before.append(before[-1] + closes - opens)
        counted_until = closes
    return CountedYear(starts, before, before[-1], end)


def change_of_offset(before: int, after: int, zone: ZoneInfo) -> int:
    """The first instant after `before` and up to `after` with the later offset, which is another one."""
    offset, low, high = _offset(before, zone), before, after
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high


def _first_instant(year: int) -> int:
    if year > LAST_YEAR:
        return _LATEST
    return max((date(year, 1, 1).toordinal() - _EPOCH_DAY) * DAY_SECONDS, _EARLIEST)


def _counted_stretches(first: int, end: int, zone: ZoneInfo, hours_of: HoursOf) -> Iterator[tuple[int, int]]:
    """The counted parts of the local dates, in the order in which they pass."""
    for start, stop, offset in _stretches_of_one_offset(first, end, zone):
        for day in range((start + offset) // DAY_SECONDS, (stop + offset - 1) // DAY_SECONDS + 1):
            hours = hours_of(date.fromordinal(_EPOCH_DAY + day))
            if hours is None:
                continue
            midnight = day * DAY_SECONDS - offset
            opens, closes = max(midnight + hours[0], start), min(midnight + hours[1], stop)
            if opens < closes:
                yield opens, closes


def _stretches_of_one_offset(first: int, end: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """From, until, and the offset from UTC, all in seconds.

    Under one offset local dates follow each other, 24 hours long. A change of it can do anything to them: leave
    out midnight (Beirut), leave out the whole next date (Apia 2011), or return to the date before (St. John's
    until 2011). No zone since 1970 has changed twice within the day between two looks.
    """
    start, at, offset = first, first, _offset(first, zone)
    while at < end:
        look = min(at + DAY_SECONDS, end)
        later = _offset(look, zone)
        if later != offset:
            change = change_of_offset(at, look, zone)
            yield start, change, offset
            start, offset = change, later
        at = look
    if start < end:
        yield start, end, offset


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset() or timedelta()
    return offset.days * DAY_SECONDS + offset.seconds
