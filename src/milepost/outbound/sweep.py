"""What is kept for a time only, and is over, goes (Orders API, section 21): once an hour, little by little."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec import Struct

from milepost.kit.clock import Clock
from milepost.store import idempotency, retention
from milepost.store.db import Database
from milepost.store.dispatch import AWAY

LEAST_EVENT_DAYS: Final = 60
PART: Final = 1_000
_EVERY_SECONDS: Final = 3_600.0
_FIRST_SECONDS: Final = 60.0
_BETWEEN_SECONDS: Final = 0.05
"""Between two parts, so that others have the database most of the time."""
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_log: Final = structlog.get_logger("milepost.sweep")


class Retention(Struct, frozen=True, kw_only=True):
    """How long things are kept: the settings of these names."""

    event_days: int = 0
    """0: for ever; else never less than 60."""
    delivery_days: int = 90
    """Deliveries with their attempts; mails too."""
    excerpt_days: int = 30
    idempotency_hours: int = 24


class Sweep:
    """Forgets what is old, of every team. Several at once do no harm."""

    def __init__(self, db: Database, clock: Clock, retention: Retention) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention

    async def run(self) -> None:
        """Works until it is cancelled; survives whatever goes wrong."""
        await asyncio.sleep(_FIRST_SECONDS * (0.5 + random.random()))  # noqa: S311 - servers start together
        while True:
            try:
                await self.once()
            except Exception as error:
                away = isinstance(error, AWAY)
                _log.warning("the sweep was interrupted", error=str(error), exc_info=not away)
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> dict[str, int]:
        """One sweep; how much of what went."""
        gone: dict[str, int] = {}
        for team_id in await retention.list_teams(self._db):
            for name, count in (await self._team(team_id)).items():
                gone[name] = gone.get(name, 0) + count
        if any(gone.values()):
            _log.info("old things were forgotten", **gone)
        return gone

    async def _team(self, team_id: str) -> dict[str, int]:
        kept, now = self._retention, self._clock()
        days = {
            "deliveries": (retention.FORGET_DELIVERIES, kept.delivery_days),
            "mails": (retention.FORGET_MAILS, kept.delivery_days),
        }
        if kept.event_days:
            days["events"] = (retention.FORGET_EVENTS, max(kept.event_days, LEAST_EVENT_DAYS))
        gone = {
            name: await self._walk(statement, team_id, now - timedelta(days=count))
            for name, (statement, count) in days.items()
        }
        excerpts = now - timedelta(days=kept.excerpt_days)
        gone["excerpts"] = await _by_parts(
            lambda: retention.forget_excerpts(self._db, team_id, excerpts, PART)
        )
        answers = now - timedelta(hours=kept.idempotency_hours)
        gone["answers"] = await _by_parts(
            lambda: idempotency.forget_expired(self._db, team_id, answers, PART)
        )
        return gone

    async def _walk(self, statement: str, team_id: str, before: datetime) -> int:
        cursor: str | None = _NO_ID
        below, gone = first_id(before), 0
        while cursor is not None:
            cursor, count = await retention.forget(self._db, statement, team_id, cursor, below, PART, before)
            gone += count
            await asyncio.sleep(_BETWEEN_SECONDS if cursor else 0)
        return gone


def first_id(at: datetime) -> str:
    """The smallest id that can have been made at that moment."""
    digits = f"{max(0, int(at.timestamp() * 1000)):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


async def _by_parts(part: Callable[[], Awaitable[int]]) -> int:
    gone = 0
    while (count := await part()) > 0:
        gone += count
        await asyncio.sleep(_BETWEEN_SECONDS)
    return gone
