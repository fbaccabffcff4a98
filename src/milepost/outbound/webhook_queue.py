"""One webhook's deliveries in a worker's memory: how many, how fresh, and where the next look for more begins."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from milepost.model.receiver import SealedReceiver
from milepost.store.dispatch import Due, Found

AHEAD: Final = 16
"""At most so many deliveries are read ahead for each one that may be in flight."""
AHEAD_SECONDS: Final = 0.04
"""As many are read ahead as a webhook took in so many seconds: what it takes while the next look is under way."""
AHEAD_BYTES: Final = 2_097_152
"""So much of bodies is read ahead for a webhook at most, going by those it had."""
FRESH_SECONDS: Final = 0.3
"""What was read longer ago is read again before it is sent."""
LOOK_BACK: Final = timedelta(seconds=1)
"""Each look begins so long before the end of the last one: changes commit later than they say."""

Floor = tuple[datetime, str]
"""A place in the sequence in which deliveries are due: moment and id."""
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
BEGINNING: Final = (datetime(1970, 1, 1, tzinfo=UTC), _NO_ID)
_ROOM: Final = 0.75
_RUNNING_LOW: Final = 0.33
"""A look asks for all webhooks with room, and is made when one is running low: so one look serves many."""
_TEMPO_SECONDS: Final = 0.01
_FIRST_SIZE: Final = 8_192


class Ready(Struct, frozen=True):
    """A delivery that was read and is not begun."""

    due: Due
    receiver: SealedReceiver
    read_at: float
    """By the loop's clock, in seconds."""


class Queue:
    """What of one webhook is in memory. Moments `at` are of the loop's clock."""

    __slots__ = (
        "again",
        "ahead",
        "floor",
        "has_more",
        "in_flight",
        "is_draining",
        "lanes",
        "low",
        "moved_at",
        "open",
        "paused_until",
        "ready",
        "size",
        "tempo",
    )

    def __init__(self) -> None:
        self.ready: deque[Ready] = deque()
        self.in_flight = 0
        self.open: set[str] = set()
        """Deliveries begun and not settled."""
        self.lanes: set[str | None] = set()
        """Orders of which a delivery is in memory."""
        self.floor = BEGINNING
        """Where the next look begins: what was due earlier was seen. It is in memory, or waits behind another of
        its order, or is found by a later look at everything."""
        self.again: Floor | None = None
        """The next look begins here, if that is earlier: something was dropped."""
        self.has_more = True
        self.moved_at = 0.0
        """When an attempt ended last."""
        self.tempo = Tempo()
        self.ahead = 1
        """Deliveries that are read ahead."""
        self.low = 0
        """With so few of them left it is time to read more."""
        self.paused_until: datetime | None = None
        self.is_draining = False
        self.size = _FIRST_SIZE
        """Of a body, about."""

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until

    def has_room(self, concurrency: int, at: float) -> bool:
        """Whether more is to be read. Not for a receiver that hangs with all its places taken: nothing is read ahead
        for it."""
        if self.is_draining or (self.in_flight >= concurrency and at - self.moved_at > FRESH_SECONDS):
            return False
        by_tempo = max(concurrency, int(AHEAD_SECONDS * self.tempo.rate(at)))
        self.ahead = max(1, min(by_tempo, AHEAD * concurrency, AHEAD_BYTES // self.size))
        self.low = int(_RUNNING_LOW * self.ahead)
        return len(self.ready) <= _ROOM * self.ahead

    def begin(self) -> Floor:
        """Where a look begins, from now on."""
        floor = self.floor if self.again is None else min(self.floor, self.again)
        self.again = None
        return floor

    def look_again(self, floor: Floor) -> None:
        """The next look begins there, or earlier."""
        self.again = floor if self.again is None else min(self.again, floor)
        self.has_more = True

    def looked(self, found: list[Found], now: datetime, *, is_limited: bool) -> None:
        """A look at the moment `now` found that. `is_limited`: there may be more."""
        self.floor = (now - LOOK_BACK, _NO_ID)
        if is_limited:
            last = found[-1].due
            self.floor = min(self.floor, (last.next_attempt_at, last.id))
        self.has_more = is_limited or self.again is not None


class Tempo:
    """How many attempts end in a second, about: half of it is what happened since it was asked last."""

    __slots__ = ("_rate", "_since", "ended")

    def __init__(self) -> None:
        self.ended = 0
        """Since then."""
        self._since = 0.0
        self._rate = 0.0

    def rate(self, at: float) -> float:
        """At that second."""
        elapsed = at - self._since
        if elapsed >= _TEMPO_SECONDS:
            self._rate = (self._rate + self.ended / elapsed) / 2
            self.ended, self._since = 0, at
        return self._rate
