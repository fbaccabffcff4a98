"""The delivery worker: takes what is due, sends it, writes down what came of it
(docs/decisions/0015-delivery-engine.md).

Loops beside one another: one keeps the lease and the webhooks, one looks for what is due and begins attempts, one
settles, which frees the next deliveries of orders. Each survives whatever goes wrong. While the database is away
outcomes are kept, and nothing is begun once the lease is near its end.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from milepost.kit.clock import Clock
from milepost.kit.ids import ulid
from milepost.kit.sealing import Sealer, Unsealable
from milepost.model.receiver import Receiver, SealedReceiver
from milepost.model.workflow import House
from milepost.outbound.lanes import Key, Lanes, Taken
from milepost.outbound.pace import Pace
from milepost.outbound.schedule import Schedule, judge
from milepost.outbound.sender import Sender
from milepost.outbound.settling import GONE_ERROR, Ended, Settling, bare
from milepost.outbound.tenure import Tenure, boot_seconds
from milepost.store import dispatch
from milepost.store.db import Database
from milepost.store.dispatch import Found

ROUND_SECONDS: Final = 1.0
DATABASE_SECONDS: Final = 30.0
"""A database that has not answered for so long will not: try anew, by another connection."""
_WATCH_SECONDS: Final = 0.25
_SETTLED_AT_ONCE: Final = 500
_SETTLE_GAP: Final = 0.008
"""Seconds between the beginnings of two settlements: what ends meanwhile shares a statement and a commit."""
_UNSETTLED_MOST: Final = 2_000
"""No attempt is begun while so many outcomes wait to be written down."""
LOOK_BACK_LEAST: Final = 1.0
LOOK_BACK_MOST: Final = 15.0
_LOOK_BACK_COST: Final = 30
"""A look at everything comes after so many times what the last one took, within these bounds."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 3.0
"""After a failure, and after several."""
_TROUBLED: Final = timedelta(minutes=1)
"""A webhook to which nothing can be sent for a reason of ours is left alone for so long."""
_STOP_SECONDS: Final = 20.0
"""For attempts in flight when the worker stops; then they are broken off, and stay due."""
_FINISH_SECONDS: Final = 5.0
"""For writing down what is left when the worker stops."""
_log: Final = structlog.get_logger("milepost.outbound")


class Worker:
    """Delivers for the webhooks it holds, until it is stopped. Must be made in the loop it runs in."""

    def __init__(
        self,
        db: Database,
        sender: Sender,
        sealer: Sealer,
        clock: Clock,
        *,
        schedule: Schedule,
        concurrency: int,
        disable_after_seconds: float,
        house: House,
        seconds: Callable[[], float] = boot_seconds,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._db = db
        self._sender = sender
        self._sealer = sealer
        self._clock = clock
        self._schedule = schedule
        self._chance = chance
        self._lanes = Lanes(concurrency)
        self._tenure = Tenure(db, self._lanes, seconds)
        self._settling = Settling(
            db, clock, disable_after_seconds=disable_after_seconds, house=house, on_change=self.wake
        )
        self._pace = Pace()
        self._time = asyncio.get_running_loop().time
        self._opened: dict[str, tuple[SealedReceiver, Receiver]] = {}
        self._attempts: set[asyncio.Task[None]] = set()
        self._ended: list[Ended] = []
        self._has_ended = asyncio.Event()
        self._all_settled = asyncio.Event()
        self._all_settled.set()
        self._stop = asyncio.Event()
        self._settled_at = 0.0

    def wake(self) -> None:
        """Something may be due: look now. To be called in the worker's loop."""
        self._pace.ring()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stop.set()

    async def run(self) -> None:
        """Works until `stop`; then finishes what is in flight, writes it down and gives back its webhooks."""
        rounds = asyncio.create_task(self._forever(self._round))
        settling = asyncio.create_task(self._forever(self._settle))
        watching = asyncio.create_task(self._forever(self._watch))
        looking = [asyncio.create_task(self._forever(one)) for one in (self._look, self._look_back)]
        try:
            await self._stop.wait()
            await _end(*looking)
            if self._attempts:
                await asyncio.wait(set(self._attempts), timeout=_STOP_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FINISH_SECONDS):
                    await self._all_settled.wait()
        finally:
            await _end(rounds, settling, watching, *looking, *self._attempts)
        with contextlib.suppress(*dispatch.AWAY):
            async with asyncio.timeout(_FINISH_SECONDS):
                await self._tenure.resign()

    async def _forever(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Takes one turn after another; a failure is logged and makes a pause, growing with each in a row."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await turn()
                pause = _FIRST_PAUSE
            except Exception as error:
                away = isinstance(error, dispatch.AWAY)
                _log.warning(
                    "outbound work was interrupted" if away else "outbound work failed",
                    at=turn.__name__.strip("_"),
                    error=str(error) or type(error).__name__,
                    again_in=pause,
                    exc_info=not away,
                )
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _round(self) -> None:
        """Keeps the lease, and what is held of the webhooks."""
        async with asyncio.timeout(DATABASE_SECONDS):
            held, has_new = await self._tenure.keep()
        ours = {lease.webhook_id for lease in held}
        self._opened = {key: known for key, known in self._opened.items() if key in ours}
        self._settling.know_failing((lease.team_id, lease.webhook_id) for lease in held if lease.is_failing)
        if has_new:
            self.wake()
        for lease in held:
            if lease.last_error == GONE_ERROR and lease.is_enabled:  # somebody was interrupted after the 410
                await self._settling.disable((lease.team_id, lease.webhook_id), "gone", GONE_ERROR)
        await asyncio.sleep(ROUND_SECONDS)

    async def _watch(self) -> None:
        """Ends what is in flight when the lease is over: somebody else may begin it now."""
        await asyncio.sleep(min(_WATCH_SECONDS, max(0.0, self._tenure.seconds_left)) or _WATCH_SECONDS)
        if self._tenure.seconds_left <= 0 and self._lanes.keys:
            _log.warning("the lease ran out", in_flight=self._lanes.in_flight)
            self._tenure.lapse()
            for attempt in self._attempts:
                attempt.cancel()

    async def _look(self) -> None:
        """Looks for what is due, and begins attempts."""
        taken = await self._looked(is_hungry=self._pace.begin())
        await self._pace.pause(found=taken > 0)

    async def _look_back(self) -> None:
        """Looks at everything now and then: a change that took long to commit came behind what was seen. The more
        such a look costs, the longer it is until the next one; others do not wait for it."""
        at = self._time()
        await self._looked(is_back=True)
        pause = _LOOK_BACK_COST * (self._time() - at)
        await asyncio.sleep(min(max(pause, LOOK_BACK_LEAST), LOOK_BACK_MOST))

    async def _looked(self, *, is_back: bool = False, is_hungry: bool = False) -> int:
        """One look; how many deliveries came into memory."""
        now, at = self._clock(), self._time()
        look = self._lanes.begin_look(now, at, is_back=is_back, is_hungry=is_hungry)
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                found = (
                    await dispatch.read_due(self._db, look.asks, now, look.held, look.most)
                    if look.asks
                    else []
                )
        except BaseException:
            self._lanes.abandon_look(look)
            raise
        taken = self._lanes.end_look(look, found, now, at)
        self._begin()
        return taken

    def _begin(self) -> None:
        """Begins all attempts for which there is room."""
        for key in self._lanes.ready():
            while (taken := self._take(key)) is not None:
                task = asyncio.create_task(self._send(key, taken))
                self._attempts.add(task)
                task.add_done_callback(self._attempts.discard)

    def _take(self, key: Key) -> Taken | None:
        if self._stop.is_set() or len(self._ended) >= _UNSETTLED_MOST or not self._tenure.may_begin:
            return None
        taken = self._lanes.take(key, self._clock(), self._time())
        if self._lanes.wants_look(key):
            self._pace.ring(hungry=True)
        return taken

    async def _send(self, key: Key, taken: Taken) -> None:
        """Sends one delivery after another to a webhook, as long as some are there."""
        following: Taken | None = taken
        while following is not None:
            ended = None
            try:
                ended = await self._attempt(following)
            except Unsealable as error:
                _log.error("a webhook's secrets cannot be read", webhook=key[1], error=str(error))
            except Exception:
                _log.exception("an attempt could not be made", webhook=key[1], delivery=following.due.id)
            finally:
                self._lanes.ended(following, self._time())
                if ended is None:  # how it went is not known: it stays due
                    self._lanes.settled(following)
            if ended is None:
                self._lanes.pause(key, self._clock() + _TROUBLED)
                return
            self._lanes.pause(key, ended.verdict.webhook_paused_until)
            if ended.verdict.is_gone:  # it is about to be disabled
                self._lanes.pause(key, self._clock() + _TROUBLED)
            self._ended.append(ended)
            self._has_ended.set()
            self._all_settled.clear()
            following = self._take(key)

    async def _attempt(self, taken: Taken) -> Ended:
        due = taken.due
        receiver = self._receiver(taken.receiver)
        sent = await self._sender.send(receiver, due.body.encode(), ulid(due.event_id), due.attempt_count + 1)
        ended_at = self._clock()
        verdict = judge(sent.outcome, due.tries + 1, ended_at, self._schedule, self._chance)
        return Ended(taken, sent.result, verdict, ended_at)

    def _receiver(self, sealed: SealedReceiver) -> Receiver:
        """Opened, and remembered as long as it stays the same. Raises Unsealable."""
        known = self._opened.get(sealed.webhook_id)
        if known is not None and known[0] == sealed and sealed.previous_secret_expires_at is None:
            return known[1]
        receiver = sealed.open(self._sealer, self._clock())
        self._opened[sealed.webhook_id] = (sealed, receiver)
        return receiver

    async def _settle(self) -> None:
        """Writes down what ended since."""
        if not self._ended:  # there is something left when the last turn failed, or there was much
            self._all_settled.set()
            await self._has_ended.wait()
        await asyncio.sleep(max(0.0, self._settled_at + _SETTLE_GAP - self._time()))
        self._has_ended.clear()
        batch, at = self._ended[:_SETTLED_AT_ONCE], self._time()
        self._settled_at = at
        async with asyncio.timeout(DATABASE_SECONDS):
            found = await self._settled(batch)
        del self._ended[: len(batch)]
        for one in batch:
            self._lanes.settled(one.taken)
        self._lanes.put(found, at)
        self._begin()
        await self._settling.follow_up(batch)

    async def _settled(self, batch: Sequence[Ended]) -> list[Found]:
        """Settles a batch. What the database does not take is found by halves, and settled in fewer words."""
        try:
            counted, found = await self._settling.settle(batch)
        except dispatch.NOT_TAKEN as error:
            if len(batch) > 1:
                half = len(batch) // 2
                return [*await self._settled(batch[:half]), *await self._settled(batch[half:])]
            _log.error(
                "an outcome could not be stored whole", delivery=batch[0].taken.due.id, error=str(error)
            )
            counted, found = await self._settling.settle([bare(batch[0])])
        for one in batch:
            if one.taken.due.id not in counted:
                self._lanes.look_at_all(one.key)  # it is not what we knew: see what it is
        return found


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
