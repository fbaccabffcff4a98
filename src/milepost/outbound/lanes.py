"""What a worker has in memory of the deliveries that are due: bounded, short-lived, and never the only place where
something is kept.

For each webhook that the worker holds there is a queue: a few deliveries read ahead, those in flight, and those
whose outcome is not written down yet. An order's deliveries are a lane: while one of them is in memory no other is
taken. What was read ahead and is not sent soon is dropped and read again, so that what a webhook's owner changes
counts at once for all that was not begun.
"""

import random
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from milepost.model.receiver import SealedReceiver
from milepost.outbound.webhook_queue import BEGINNING, FRESH_SECONDS, Queue, Ready, Tempo
from milepost.store.dispatch import Ask, Due, Found

Key = tuple[str, str]
"""Team id and webhook id."""

LEAST_AHEAD: Final = 100
MOST_AHEAD: Final = 1_000
AHEAD_OF_ALL_SECONDS: Final = 0.1
"""For all webhooks together as many are read ahead as were sent in so many seconds, within these bounds: what is read
and not sent soon would have been read in vain."""
MANY_IN_FLIGHT: Final = 1_000
"""With so many in flight in all, each webhook may only have one more: those that hang leave room for others."""
MOST_IN_FLIGHT: Final = 4_000


class Taken(Struct, frozen=True):
    """A delivery to be sent now."""

    due: Due
    receiver: SealedReceiver
    queue: Queue


class Look:
    """A look at the database that is under way."""

    __slots__ = ("asks", "held", "is_back", "let_go", "most")

    def __init__(self, asks: list[Ask], held: list[str], most: int, *, is_back: bool) -> None:
        self.asks = asks
        """What to look for."""
        self.most = most
        """Deliveries that are wanted in all."""
        self.held = held
        """Ids of deliveries in memory, which need not be found."""
        self.is_back = is_back
        """It is at everything, and not from where the last one ended."""
        self.let_go: set[str] = set()
        """What left memory since it began: it may still have seen it."""


class Lanes:
    """The queues of one worker. `concurrency`: attempts of one webhook that may be in flight at a time."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._queues: dict[Key, Queue] = {}
        self._in_flight = 0
        self._ready = 0
        self._tempo = Tempo()
        self._held: set[str] = set()
        self._looks: set[Look] = set()
        """Those under way."""

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def keys(self) -> Collection[Key]:
        """The webhooks that may be sent to."""
        return self._queues.keys()

    def open(self, key: Key, *, paused_until: datetime | None) -> None:
        """From now on the worker holds this webhook."""
        if key not in self._queues:
            self._queues[key] = Queue()
            self.pause(key, paused_until)

    def close(self, key: Key) -> None:
        """Nothing more is sent to this webhook. Attempts in flight end as they do."""
        queue = self._queues.pop(key, None)
        if queue is not None:
            self._drop(queue)

    def is_idle(self, key: Key) -> bool:
        """Whether nothing of that webhook is in memory."""
        queue = self._queues.get(key)
        return queue is None or not (queue.ready or queue.open)

    def drain(self, key: Key) -> None:
        """Begin no more attempts for this webhook: it is to be given back once it is idle."""
        if queue := self._queues.get(key):
            queue.is_draining = True
            self._drop(queue)

    def pause(self, key: Key, until: datetime | None) -> None:
        """Begin no attempt for this webhook before that moment."""
        queue = self._queues.get(key)
        if queue is not None and until is not None and until > (queue.paused_until or BEGINNING[0]):
            queue.paused_until = until
            self._drop(queue)

    def look_at_all(self, key: Key) -> None:
        """The next look for this webhook begins at its very first delivery."""
        if queue := self._queues.get(key):
            queue.look_again(BEGINNING)

    def begin_look(self, now: datetime, at: float, *, is_back: bool = False, is_hungry: bool = False) -> Look:
        """A look begins at the moment `now`, `at` of the loop's clock: for every webhook that has room, from where
        the last one ended.

        `is_back`: at everything, beside other looks: for what came behind them. `is_hungry`: only for webhooks of
        which more is known to be there, and of no more of them than can be read.
        """
        self._drop_stale(at)
        by_tempo = int(AHEAD_OF_ALL_SECONDS * self._tempo.rate(at))
        most = min(max(by_tempo, LEAST_AHEAD), MOST_AHEAD) - self._ready
        look = Look([], list(self._held), most, is_back=is_back)
        room = 2 * most if is_hungry else None
        for key in self._in_turn() if most > 0 else ():
            queue = self._queues[key]
            if (is_hungry and not queue.has_more) or queue.is_paused(now):
                continue
            if not queue.has_room(self._concurrency, at):
                continue
            look.asks.append(self._ask(key, queue, is_back=is_back))
            if room is not None and (room := room - look.asks[-1].places) <= 0:
                break
        self._looks.add(look)
        return look

    def end_look(self, look: Look, found: Iterable[Found], now: datetime, at: float) -> int:
        """What a look at the moment `now` found, begun at `at` of the loop's clock; returns how many deliveries
        came into memory."""
        self._looks.discard(look)
        by_queue: dict[Key, list[Found]] = {}
        taken = count = 0
        for one in found:
            count += 1
            by_queue.setdefault((one.due.team_id, one.due.webhook_id), []).append(one)
        for ask in look.asks:
            key = (ask.team_id, ask.webhook_id)
            queue = self._queues.get(key)
            if queue is None or queue.is_draining:
                continue
            mine = by_queue.get(key, [])
            taken += self._put(queue, [one for one in mine if one.due.id not in look.let_go], at)
            if count >= look.most and not mine:  # its turn did not come
                queue.look_again((ask.from_at, ask.from_id))
                continue
            is_limited = len(mine) >= ask.places or count >= look.most
            if not look.is_back:
                queue.looked(mine, now, is_limited=is_limited)
            elif is_limited:  # there is much behind: walk all of it
                queue.look_again(BEGINNING)
        return taken

    def abandon_look(self, look: Look) -> None:
        """The look failed: what it was to find is looked for again."""
        self._looks.discard(look)
        for ask in look.asks:
            queue = self._queues.get((ask.team_id, ask.webhook_id))
            if queue is not None and not look.is_back:
                queue.look_again((ask.from_at, ask.from_id))

    def put(self, found: Iterable[Found], at: float) -> None:
        """What was found otherwise, read at `at` of the loop's clock."""
        for one in found:
            queue = self._queues.get((one.due.team_id, one.due.webhook_id))
            if queue is not None and not queue.is_draining:
                self._put(queue, [one], at)

    def take(self, key: Key, now: datetime, at: float) -> Taken | None:
        """The next delivery of the webhook, from now on in flight; None when there is none or no room."""
        queue = self._queues.get(key)
        if queue is None or not queue.ready:
            return None
        many = self._in_flight >= MANY_IN_FLIGHT
        room = 1 if many else self._concurrency
        if queue.in_flight >= room or self._in_flight >= MOST_IN_FLIGHT or queue.is_paused(now):
            return None
        if at - queue.ready[0].read_at > FRESH_SECONDS:
            self._drop(queue)
            return None
        one = queue.ready.popleft()
        self._ready -= 1
        queue.in_flight += 1
        queue.open.add(one.due.id)
        self._in_flight += 1
        return Taken(one.due, one.receiver, queue)

    def ended(self, taken: Taken, at: float) -> None:
        """The attempt ended, `at` of the loop's clock: its place is free. The delivery stays in memory until
        `settled`."""
        self._in_flight -= 1
        self._tempo.ended += 1
        queue = taken.queue
        queue.in_flight -= 1
        queue.tempo.ended += 1
        queue.moved_at = at

    def settled(self, taken: Taken) -> None:
        """The outcome is written down, or given up."""
        taken.queue.open.discard(taken.due.id)
        taken.queue.lanes.discard(taken.due.order_id)
        self._held.discard(taken.due.id)
        for look in self._looks:
            look.let_go.add(taken.due.id)

    def wants_look(self, key: Key) -> bool:
        """Whether little of the webhook is left in memory, and the last look for it left something."""
        queue = self._queues.get(key)
        return queue is not None and queue.has_more and len(queue.ready) <= queue.low

    def ready(self) -> list[Key]:
        """The webhooks of which something is read and not begun."""
        return [key for key, queue in self._queues.items() if queue.ready]

    def _ask(self, key: Key, queue: Queue, *, is_back: bool) -> Ask:
        from_at, from_id = BEGINNING if is_back else queue.begin()
        places = queue.ahead - len(queue.ready)
        return Ask(team_id=key[0], webhook_id=key[1], from_at=from_at, from_id=from_id, places=places)

    def _in_turn(self) -> list[Key]:
        """The webhooks, beginning with any of them: when there is too much for one look, each has its turn."""
        keys = list(self._queues)
        first = random.randrange(len(keys)) if keys else 0  # noqa: S311 - fair is enough
        return keys[first:] + keys[:first]

    def _put(self, queue: Queue, found: Iterable[Found], at: float) -> int:
        taken = 0
        for one in found:
            due = one.due
            if due.id in self._held:
                continue
            if due.order_id is not None:
                if due.order_id in queue.lanes:
                    continue
                queue.lanes.add(due.order_id)
            self._held.add(due.id)
            queue.ready.append(Ready(due, one.receiver, at))
            self._ready += 1
            queue.size = max(len(due.body), (7 * queue.size + len(due.body)) // 8)
            taken += 1
        return taken

    def _drop_stale(self, at: float) -> None:
        for queue in self._queues.values():
            if queue.ready and at - queue.ready[0].read_at > FRESH_SECONDS:
                self._drop(queue)

    def _drop(self, queue: Queue) -> None:
        """Forgets what was read ahead; the next look finds it again."""
        for one in queue.ready:
            queue.lanes.discard(one.due.order_id)
            queue.look_again((one.due.next_attempt_at, one.due.id))
            self._held.discard(one.due.id)
        self._ready -= len(queue.ready)
        queue.ready.clear()
