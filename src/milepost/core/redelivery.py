"""The verbs that send again what was sent, and late what was not (Orders API, section 16.6). For `seen` look at
core/subscriptions.py."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct

from milepost.core.accounts import check_actor
from milepost.core.subscriptions import PERMISSION as PERMISSION
from milepost.kit.clock import Clock
from milepost.kit.errors import Conflict, Invalid, NotFound, Stale
from milepost.kit.ids import new_id
from milepost.model.actor import Actor
from milepost.model.delivery import Delivery
from milepost.model.payloads import Told, body_text
from milepost.model.subscriptions import Subscription
from milepost.model.webhook import Webhook
from milepost.model.workflow import House
from milepost.reads import deliveries as read
from milepost.reads.past_events import load_told
from milepost.store import redelivery as store
from milepost.store.db import Database, Deadlock
from milepost.store.deliveries import DeliveryRow

MOST_AT_ONCE = 10_000
"""Deliveries that one call queues."""
MADE_AT_ONCE = 100
"""Bodies that are made and stored by one statement: orders may be large."""


class OfEvent(Struct, frozen=True):
    """That event, whatever its name."""

    event_id: str


class OfSpan(Struct, frozen=True):
    """The events of the names that the webhook wants, recorded from `since` to before `until`."""

    since: datetime
    until: datetime


class OfFailed(Struct, frozen=True):
    """The failed and canceled deliveries of events that are not older."""

    since: datetime


RedeliveryWish = OfEvent | OfSpan | OfFailed


class Queued(Struct, frozen=True):
    """How many deliveries were queued, and whether more remain."""

    count: int
    has_more: bool
    last: datetime | None
    """When the last event of them was recorded: where a span goes on."""


async def redeliver_one(
    db: Database, actor: Actor, webhook_id: str, delivery_id: str, *, seen: int | None, clock: Clock
) -> Delivery:
    """Makes the delivery due at once, whatever became of it, with the same body and a fresh retry schedule.

    Raises Forbidden, Stale, NotFound, Conflict `webhook_disabled`, `payload_expired` when its event is not kept.
    """
    actor.require(PERMISSION)
    now = clock()
    async with _holding(db, actor, seen, webhook_id, now) as (tx, webhook):
        is_kept = await store.has_event(tx, actor.team_id, webhook_id, delivery_id)
        if is_kept is None:
            raise NotFound("Delivery")
        _check_enabled(webhook)
        if not is_kept:
            raise Conflict("payload_expired", "The event of this delivery is no longer kept")
        await store.requeue(tx, actor.team_id, [delivery_id], now)
        _, queued, _ = await read.get_delivery(tx, actor.team_id, webhook_id, delivery_id)
    if queued is None:
        raise NotFound("Delivery")
    return queued


async def redeliver(
    db: Database,
    actor: Actor,
    webhook_id: str,
    wish: RedeliveryWish,
    *,
    seen: int | None,
    house: House,
    clock: Clock,
) -> Queued:
    """Queues what is wished, oldest first and at most 10,000: known deliveries once more, with their bodies; of
    other events new ones.

    What is pending and due already is not counted again in a span. Raises Forbidden, Stale, NotFound, Conflict
    `webhook_disabled`, Invalid `payload_expired` for an event that is not kept.
    """
    actor.require(PERMISSION)
    now = clock()
    async with _holding(db, actor, seen, webhook_id, now) as (tx, webhook):
        _check_enabled(webhook)
        found = await _candidates(tx, actor.team_id, webhook, wish, now)
        wanted, has_more = found[:MOST_AT_ONCE], len(found) > MOST_AT_ONCE
        known = [one.delivery_id for one in wanted if one.delivery_id is not None]
        await store.requeue(tx, actor.team_id, known, now)
        late = [one.event_id for one in wanted if one.delivery_id is None]
        made = await _send_late(tx, actor.team_id, webhook, late, house, now)
    return Queued(len(known) + made, has_more, wanted[-1].recorded_at if wanted else None)


async def _candidates(
    tx: Database, team_id: str, webhook: Webhook, wish: RedeliveryWish, now: datetime
) -> list[store.Candidate]:
    most = MOST_AT_ONCE + 1
    match wish:
        case OfEvent():
            found = await store.find_of_event(tx, team_id, webhook.id, wish.event_id)
            if not found:
                raise Invalid("payload_expired", "event_id", "This event is not kept (any more)")
            return found
        case OfSpan():
            return await store.find_of_span(
                tx, team_id, webhook.id, wish.since, wish.until, webhook.enabled_events, now=now, most=most
            )
        case OfFailed():
            return await store.find_failed(tx, team_id, webhook.id, wish.since, most=most)


async def _send_late(
    tx: Database, team_id: str, webhook: Webhook, event_ids: Sequence[str], house: House, now: datetime
) -> int:
    """Stores new deliveries of the events; returns how many."""
    subscription = Subscription(
        id=webhook.id,
        is_enabled=webhook.is_enabled,
        events=frozenset(webhook.enabled_events),
        include_updated_object=webhook.include_updated_object,
        custom_data=webhook.custom_data,
    )
    made = 0
    for start in range(0, len(event_ids), MADE_AT_ONCE):
        past = await load_told(tx, team_id, event_ids[start : start + MADE_AT_ONCE])
        rows = [_delivery_row(told, subscription, house, now) for told in past]
        made += await store.insert_late(tx, team_id, rows)
    return made


def _delivery_row(told: Told, subscription: Subscription, house: House, now: datetime) -> DeliveryRow:
    event = told.event
    return DeliveryRow(
        id=new_id(),
        webhook_id=subscription.id,
        event_id=event.id,
        event_name=event.type,
        order_id=event.order_id,
        sequence=event.sequence,
        body=body_text(told, house, subscription),
        next_attempt_at=now,
        created_at=now,
    )


@asynccontextmanager
async def _holding(
    db: Database, actor: Actor, seen: int | None, webhook_id: str, now: datetime
) -> AsyncIterator[tuple[Database, Webhook]]:
    """A transaction during which the webhook stays as it is. Raises NotFound; Stale also after a deadlock."""
    try:
        async with db.transaction() as tx:
            held = await store.hold_webhook(tx, actor.team_id, webhook_id)
            if held is None:
                raise NotFound("Webhook")
            await check_actor(tx, actor, seen, held[0], PERMISSION, now)
            yield tx, held[1]
    except Deadlock:
        raise Stale from None


def _check_enabled(webhook: Webhook) -> None:
    if not webhook.is_enabled:
        raise Conflict("webhook_disabled", "The webhook is disabled; enable it first")
