"""The background workers of one process: deliveries, mail, lateness and the sweep, started and stopped together."""

import asyncio
from typing import Final

from msgspec import Struct

from milepost.kit.clock import Clock
from milepost.kit.sealing import Sealer
from milepost.model.workflow import House
from milepost.outbound.lateness import Lateness
from milepost.outbound.mail import MailWorker, Post
from milepost.outbound.schedule import Schedule
from milepost.outbound.sender import Sender
from milepost.outbound.sweep import Retention, Sweep
from milepost.outbound.worker import Worker
from milepost.store.db import Pool

CONNECTIONS: Final = 6
"""What the workers use of the database: two looks, a settlement, the lease, what turned late, and mail or sweep."""


class Options(Struct, frozen=True, kw_only=True):
    """What the settings say of the workers."""

    schedule: Schedule
    concurrency: int
    disable_after_seconds: float
    house: House
    post: Post | None
    """Where mail goes out; None: it is kept."""
    retention: Retention


class Outbound:
    """All background workers of this process. Must be made in the loop they run in."""

    def __init__(self, db: Pool, sender: Sender, sealer: Sealer, clock: Clock, options: Options) -> None:
        self._worker = Worker(
            db,
            sender,
            sealer,
            clock,
            schedule=options.schedule,
            concurrency=options.concurrency,
            disable_after_seconds=options.disable_after_seconds,
            house=options.house,
        )
        self._mail = MailWorker(db, clock, options.post)
        self._sweep = Sweep(db, clock, options.retention)
        self._lateness = Lateness(db, clock, options.house, on_told=self.wake)

    def wake(self) -> None:
        """Something was stored that is to leave the house: look at once. To be called in the workers' loop."""
        self._worker.wake()

    def stop(self) -> None:
        """Begin nothing more; `run` returns when what is in flight has ended."""
        self._worker.stop()

    async def run(self) -> None:
        """Works until `stop`."""
        others = [asyncio.create_task(one.run()) for one in (self._mail, self._lateness, self._sweep)]
        try:
            await self._worker.run()
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
