"""Webhooks, what waits for them, and workers on a database of their own: here no other test's webhooks are."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from milepost.cli import background
from milepost.core import accounts, subscriptions
from milepost.kit.ids import new_id, ulid
from milepost.kit.sealing import Sealer
from milepost.model.actor import system_actor
from milepost.model.receiver_address import Reach
from milepost.model.webhook import Authentication, WebhookWish
from milepost.outbound.runner import Outbound
from milepost.settings import Settings
from milepost.store.db import Pool
from tests.surfaces.world import TurnableClock

SECRET_KEY = "the secret key of the outbound tests"
SEALER = Sealer(SECRET_KEY.encode())
SETTINGS: dict[str, Any] = {
    "secret_key": SECRET_KEY,
    "webhook_allow_cidrs": "127.0.0.0/8",
    "webhook_allow_http": True,
}
REACH = Reach(cidrs=Settings(**SETTINGS).webhook_allow_cidrs, allow_http=True)
CONTACT = "edi@birchline.example"

INSERT_DELIVERIES = """
insert into deliveries (team_id, id, webhook_id, event_id, event_name, order_id, sequence, body, next_attempt_at,
                        created_at)
select $1, * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::bigint[], $8::text[],
                         $9::timestamptz[], $9::timestamptz[])
"""


class Yard:
    """One team, its webhooks and their deliveries."""

    def __init__(self, pool: Pool, url: str, team_id: str, clock: TurnableClock) -> None:
        self.pool = pool
        self.url = url
        self.team_id = team_id
        self.clock = clock
        self.secrets: dict[str, str] = {}
        """The secrets of webhooks as they were told."""

    async def webhook(self, url: str, **members: Any) -> str:
        """A new webhook for that URL; its id."""
        authentication = members.pop("authentication", None)
        wish = WebhookWish(
            url=url,
            enabled_events=tuple(members.pop("enabled_events", ("order.updated",))),
            error_contact_email=members.pop("error_contact_email", CONTACT),
            authentication=None if authentication is None else Authentication(*authentication),
            **members,
        )
        made, secret = await subscriptions.create_webhook(
            self.pool,
            system_actor(self.team_id),
            wish,
            seen=None,
            sealer=SEALER,
            reach=REACH,
            most=1_000,
            clock=self.clock,
        )
        self.secrets[made.id] = secret
        return made.id

    async def queue(
        self, webhook_id: str, count: int = 1, *, order_id: str | None = None, first: int = 1, **members: Any
    ) -> list[str]:
        """Deliveries that are due now, of one order or (None) of none: the ids of their events."""
        return await self.queue_all(
            [(webhook_id, order_id, first + number if order_id else None) for number in range(count)],
            **members,
        )

    async def queue_all(
        self, wanted: Sequence[tuple[str, str | None, int | None]], *, event_name: str = "order.updated"
    ) -> list[str]:
        """Deliveries by webhook, order and sequence, which become due in this order."""
        now = self.clock()
        events = [new_id() for _ in wanted]
        bodies = [
            json.dumps({"id": ulid(event), "event_name": event_name, "order": order, "sequence": sequence})
            for event, (_, order, sequence) in zip(events, wanted, strict=True)
        ]
        await self.pool.execute(
            INSERT_DELIVERIES,
            self.team_id,
            [new_id() for _ in wanted],
            [webhook_id for webhook_id, _, _ in wanted],
            events,
            [event_name] * len(wanted),
            [order for _, order, _ in wanted],
            [sequence for _, _, sequence in wanted],
            bodies,
            [now - timedelta(microseconds=len(wanted) - number) for number in range(len(wanted))],
        )
        return events

    async def deliveries(self, webhook_id: str) -> list[dict[str, Any]]:
        """All of the webhook, by the moment they were made."""
        rows = await self.pool.fetch(
            "select * from deliveries where team_id = $1 and webhook_id = $2 order by created_at, id",
            self.team_id,
            webhook_id,
        )
        return [dict(row) for row in rows]

    async def delivery(self, event_id: str) -> dict[str, Any]:
        row = await self.pool.fetchrow(
            "select * from deliveries where team_id = $1 and event_id = $2", self.team_id, event_id
        )
        assert row is not None
        return dict(row)

    async def attempts(self, event_id: str) -> list[dict[str, Any]]:
        rows = await self.pool.fetch(
            "select a.* from attempts a join deliveries d on d.team_id = a.team_id and d.id = a.delivery_id "
            "where d.team_id = $1 and d.event_id = $2 order by a.number",
            self.team_id,
            event_id,
        )
        return [dict(row) for row in rows]

    async def hook(self, webhook_id: str) -> dict[str, Any]:
        """The webhook as it is stored."""
        row = await self.pool.fetchrow(
            "select * from webhooks where team_id = $1 and id = $2", self.team_id, webhook_id
        )
        assert row is not None
        return dict(row)

    async def mails(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("select * from mails where team_id = $1 order by id", self.team_id)
        return [dict(row) for row in rows]

    async def statuses(self, webhook_id: str) -> dict[str, int]:
        """How many deliveries of the webhook have which status."""
        rows = await self.pool.fetch(
            "select status, count(*) from deliveries where team_id = $1 and webhook_id = $2 group by status",
            self.team_id,
            webhook_id,
        )
        return {row["status"]: row["count"] for row in rows}

    async def finished(self, webhook_id: str, seconds: float = 15) -> dict[str, int]:
        """The counts of statuses, once nothing is pending."""
        until = time.monotonic() + seconds
        while "PENDING" in (counts := await self.statuses(webhook_id)):
            assert time.monotonic() < until, counts
            await asyncio.sleep(0.01)
        return counts

    @asynccontextmanager
    async def working(self, **settings: Any) -> AsyncIterator[Outbound]:
        """The background workers at work, with these settings."""
        made = Settings(**{**SETTINGS, **settings})
        async with (
            background.sender(made, self.clock) as sender,
            background.running(made, self.url, self.clock, sender) as outbound,
        ):
            yield outbound


@asynccontextmanager
async def yard_in(pool: Pool, url: str) -> AsyncIterator[Yard]:
    """A new team; in the end nothing of it is left that a worker would work for."""
    team_id = await accounts.create_team(pool, datetime.now(UTC), name=f"Yard {new_id()}", currency="EUR")
    try:
        yield Yard(pool, url, team_id, TurnableClock())
    finally:
        for table in ("attempts", "deliveries", "webhooks", "webhook_leases", "mails"):
            await pool.execute(f"delete from {table} where team_id = $1", team_id)
        await pool.execute("delete from outbound_workers")


async def until(condition: Any, seconds: float = 10) -> None:
    """Waits for what `condition` (a coroutine function or function) finds; fails when it is not so by then."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)
