"""Rate windows: the UTC minute and the UTC day of each key, one budget over all surfaces
(Status API, section 4).

One serving process counts in memory, which is exact and costs a microsecond. Several processes lease blocks of
a window from one table (store/limits.py), so that their sum never passes the limit.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from msgspec import Struct

MINUTE = 60
DAY = 86400
UNLIMITED = 2147483647
"""Shown as limit and as remaining of a window without a limit, so that clients never wait."""

Resolution = Literal["minute", "day"]
Lease = Callable[[str, str, Resolution, int, int, int], Awaitable[int]]
"""(team, key, resolution, window start in Unix seconds, limit, wished units) -> units granted, 0 when spent."""


class Exhausted(Exception):
    """No unit left. `window` is the exhausted one, the day when both are."""

    def __init__(self, window: Resolution, retry_after: int, budget: "Budget") -> None:
        super().__init__(f"rate limit of the {window} exceeded")
        self.window = window
        self.retry_after = retry_after
        self.budget = budget


class Budget(Struct, gc=False):
    """What is left after a request, for the six headers."""

    minute_limit: int
    minute_left: int
    minute_reset: int
    day_limit: int
    day_left: int
    day_reset: int


class _Window(Struct, gc=False):
    start: int = 0
    used: int = 0
    leased: int = 0
    """Units this process may give out; the limit itself when it counts alone."""


class _Windows(Struct, gc=False):
    minute: _Window
    day: _Window


class Limits:
    """Counts requests by key. `lease` is given when several processes share the windows."""

    def __init__(self, lease: Lease | None = None) -> None:
        self._lease = lease
        self._by_key: dict[str, _Windows] = {}

    async def take(self, team_id: str, key_id: str, per_minute: int, per_day: int, now: datetime) -> Budget:
        """Takes one unit of both windows, or none: raises Exhausted. A limit of 0 is no limit."""
        second = int(now.timestamp())
        windows = self._by_key.get(key_id)
        if windows is None:
            windows = self._by_key[key_id] = _Windows(_Window(), _Window())
        minute, day = windows.minute, windows.day
        _turn(minute, second - second % MINUTE, 0 if self._lease else per_minute)
        _turn(day, second - second % DAY, 0 if self._lease else per_day)
        if self._lease is None:
            minute.leased, day.leased = per_minute, per_day  # a key's limits may have been edited
        else:
            await self._top_up(team_id, key_id, "minute", minute, per_minute)
            await self._top_up(team_id, key_id, "day", day, per_day)
        if (per_day and day.used >= day.leased) or (per_minute and minute.used >= minute.leased):
            spent: Resolution = "day" if per_day and day.used >= day.leased else "minute"
            reset = day.start + DAY if spent == "day" else minute.start + MINUTE
            wait = max(1, reset - second)
            raise Exhausted(spent, wait, _budget(minute, day, per_minute, per_day))
        minute.used += 1
        day.used += 1
        return _budget(minute, day, per_minute, per_day)

    async def _top_up(
        self, team_id: str, key_id: str, resolution: Resolution, window: _Window, limit: int
    ) -> None:
        """Leases until there is a unit to give: another call of this process may take what this one leased."""
        start, block = window.start, max(1, limit // 100)
        while limit and self._lease is not None and window.used >= window.leased:
            granted = await self._lease(team_id, key_id, resolution, start, limit, block)
            if window.start == start:  # else the window turned meanwhile: what was granted is of no use
                window.leased += granted
            if not granted:
                return


def _turn(window: _Window, start: int, leased: int) -> None:
    if window.start != start:
        window.start, window.used, window.leased = start, 0, leased


def _budget(minute: _Window, day: _Window, per_minute: int, per_day: int) -> Budget:
    return Budget(
        per_minute or UNLIMITED,
        max(0, minute.leased - minute.used) if per_minute else UNLIMITED,
        minute.start + MINUTE,
        per_day or UNLIMITED,
        max(0, day.leased - day.used) if per_day else UNLIMITED,
        day.start + DAY,
    )


def limit_headers(budget: Budget) -> list[tuple[bytes, bytes]]:
    """The six `X-RateLimit-*` headers; resets are Unix seconds."""
    return [
        (b"x-ratelimit-limit-minute", b"%d" % budget.minute_limit),
        (b"x-ratelimit-remaining-minute", b"%d" % budget.minute_left),
        (b"x-ratelimit-reset-minute", b"%d" % budget.minute_reset),
        (b"x-ratelimit-limit-day", b"%d" % budget.day_limit),
        (b"x-ratelimit-remaining-day", b"%d" % budget.day_left),
        (b"x-ratelimit-reset-day", b"%d" % budget.day_reset),
    ]
