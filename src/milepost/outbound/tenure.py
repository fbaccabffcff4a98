"""A worker's tenure: that it is known to be alive, and which webhooks are its own (store/leases.py).

Every second it looks how the webhooks are shared out: it frees those of dead workers, takes its fair part of what
nobody holds, and gives back what is too much. Time on this machine is measured from before a renewal is asked for,
so a worker always stops earlier than others may begin.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog

from milepost.kit.ids import new_id
from milepost.outbound.lanes import Key, Lanes
from milepost.store import leases
from milepost.store.db import Database
from milepost.store.leases import Lease

LEASE_SECONDS: Final = 15.0
RENEW_SECONDS: Final = 5.0
_SAFETY_SECONDS: Final = 1.0
"""So long before its lease ends a worker begins no attempt."""
_log: Final = structlog.get_logger("milepost.outbound")


def boot_seconds() -> float:
    """A clock that also runs while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Tenure:
    """`lanes` is told which webhooks are held; `clock` measures seconds."""

    def __init__(self, db: Database, lanes: Lanes, clock: Callable[[], float] = boot_seconds) -> None:
        self._db = db
        self._lanes = lanes
        self._clock = clock
        self._id: str | None = None
        self._until = 0.0
        self._renewed_at = 0.0
        self._giving_back: set[Key] = set()

    @property
    def seconds_left(self) -> float:
        """For how long attempts may be in flight."""
        return self._until - self._clock()

    @property
    def may_begin(self) -> bool:
        """Whether an attempt may be begun now."""
        return self.seconds_left > _SAFETY_SECONDS

    async def keep(self) -> tuple[list[Lease], bool]:
        """One round, to be made every second. Returns what is held, and whether something of it is new."""
        worker_id = await self._alive()
        standing = await leases.standing(self._db, worker_id)
        if standing.has_dead:
            await leases.forget_dead(self._db, worker_id)
            standing = await leases.standing(self._db, worker_id)
        share = -(-standing.webhooks // standing.workers)
        room = share - len(self._lanes.keys)
        if standing.free and room > 0:
            await leases.take(self._db, worker_id, room)
        held = await leases.held(self._db, worker_id)
        await self._give_back(worker_id, held, share)
        return held, self._adopt(held)

    async def resign(self) -> None:
        """Gives back everything. To be called when nothing is in flight any more."""
        worker_id, self._id, self._until = self._id, None, 0.0
        if worker_id is not None:
            await leases.resign(self._db, worker_id)

    def lapse(self) -> None:
        """The lease ran out: nothing is held, whatever is thought later."""
        for key in list(self._lanes.keys):
            self._lanes.close(key)
        self._giving_back.clear()

    async def _alive(self) -> str:
        """This worker's id, renewed when it is time. Who was taken for dead starts as another one."""
        began = self._clock()
        if self._id is not None and began - self._renewed_at < RENEW_SECONDS:
            return self._id
        if self._id is None or not await leases.renew(self._db, self._id, LEASE_SECONDS):
            if self._id is not None:
                _log.warning("worker was taken for dead; it starts anew", worker=self._id)
            self._until = 0.0
            self.lapse()
            worker_id = new_id()
            began = self._clock()
            await leases.enlist(self._db, worker_id, LEASE_SECONDS)
            self._id = worker_id
        self._renewed_at, self._until = began, began + LEASE_SECONDS
        return self._id

    async def _give_back(self, worker_id: str, held: list[Lease], share: int) -> None:
        """Frees what is too much or not enabled any more, once nothing of it is in memory."""
        keys = [(lease.team_id, lease.webhook_id) for lease in held]
        surplus = {(lease.team_id, lease.webhook_id) for lease in held if not lease.is_enabled}
        kept = [key for key in keys if key not in surplus]
        surplus.update(kept[share:])
        for key in surplus:
            self._lanes.drain(key)
        self._giving_back |= surplus
        freed = [key for key in self._giving_back if self._lanes.is_idle(key)]
        if freed:
            await leases.release(self._db, worker_id, freed)
            for key in freed:
                self._lanes.close(key)
            self._giving_back.difference_update(freed)
            held[:] = [lease for lease in held if (lease.team_id, lease.webhook_id) not in freed]

    def _adopt(self, held: list[Lease]) -> bool:
        """Brings the lanes in line with what is held; whether something came."""
        keys = {(lease.team_id, lease.webhook_id) for lease in held}
        for key in set(self._lanes.keys) - keys:
            self._lanes.close(key)
            self._giving_back.discard(key)
        has_new = len(self._lanes.keys) < len(keys)
        for lease in held:
            self._lanes.open((lease.team_id, lease.webhook_id), paused_until=lease.paused_until)
        return has_new
