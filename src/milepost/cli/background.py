"""The background workers, as `serve` and `work` run them: settings become values, connections are their own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from milepost.kit.clock import Clock
from milepost.kit.sealing import Sealer
from milepost.outbound.guard import Proxy
from milepost.outbound.mail import Post
from milepost.outbound.runner import CONNECTIONS, Options, Outbound
from milepost.outbound.schedule import Schedule
from milepost.outbound.sender import Limits, Sender
from milepost.outbound.sweep import Retention
from milepost.settings import secret_key
from milepost.settings.rules import house_of, reach_of
from milepost.store import db
from milepost.store.dispatch import PLANNER

if TYPE_CHECKING:
    from milepost.settings import Settings

_CLOSE_SECONDS: Final = 10


def sender(settings: "Settings", clock: Clock) -> Sender:
    """What makes attempts; to be closed. It opens nothing before its first one."""
    proxy = settings.webhook_proxy_url
    return Sender(
        reach_of(settings),
        clock,
        limits=Limits(settings.webhook_timeout_seconds, settings.webhook_connect_timeout_seconds),
        proxy=None if proxy is None else Proxy.of(proxy.get_secret_value()),
    )


@contextlib.asynccontextmanager
async def running(settings: "Settings", url: str, clock: Clock, by: Sender) -> AsyncIterator["Outbound"]:
    """The workers run while the block runs; afterwards what is in flight ends first."""
    pool = await db.open_pool(url, size=CONNECTIONS, planner=PLANNER)
    try:
        outbound = Outbound(pool, by, Sealer(secret_key(settings)), clock, options_of(settings))
        work = asyncio.create_task(outbound.run())
        try:
            yield outbound
        finally:
            outbound.stop()
            await work
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)


def options_of(settings: "Settings") -> Options:
    """What the settings say of the workers."""
    return Options(
        schedule=Schedule(
            settings.webhook_retry_schedule,
            settings.webhook_retry_jitter,
            settings.webhook_retry_after_max_seconds,
        ),
        concurrency=settings.webhook_concurrency,
        disable_after_seconds=settings.webhook_disable_after_seconds,
        house=house_of(settings),
        post=_post(settings),
        retention=Retention(
            event_days=settings.event_retention_days,
            delivery_days=settings.delivery_retention_days,
            excerpt_days=settings.delivery_excerpt_retention_days,
            idempotency_hours=settings.idempotency_ttl_hours,
        ),
    )


def _post(settings: "Settings") -> Post | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return Post(settings.smtp_url.get_secret_value(), settings.mail_from)
