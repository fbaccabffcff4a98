"""The verb that tries a webhook out: a made-up event, sent once and at once (Orders API, section 16.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast, get_args

import msgspec

from milepost.core.accounts import check_actor
from milepost.core.subscriptions import PERMISSION
from milepost.kit.clock import Clock
from milepost.kit.errors import Invalid, NotFound
from milepost.kit.ids import new_id, ulid
from milepost.kit.sealing import Sealer
from milepost.model.actor import Actor
from milepost.model.delivery import Attempt, Delivery
from milepost.model.events import EventType
from milepost.model.payload_samples import sample_event
from milepost.model.payloads import Told, body_text
from milepost.model.receiver import AttemptResult, Probe
from milepost.model.subscriptions import Subscription
from milepost.model.webhook import Webhook
from milepost.model.workflow import House
from milepost.reads import webhooks as read
from milepost.store.db import Pool

ENVIRONMENT = "test"
"""What `source` says of a made-up event."""

_EMITTED: Sequence[str] = get_args(EventType)


async def probe_webhook(
    db: Pool,
    actor: Actor,
    webhook_id: str,
    event_name: str | None,
    *,
    seen: int | None,
    house: House,
    sealer: Sealer,
    probe: Probe,
    clock: Clock,
) -> Delivery:
    """Sends a made-up event of that name, by default the first that the webhook wants, also when it is disabled;
    whatever comes of it is the answer, and nothing of it is stored.

    It holds no connection while it sends. For `seen` look at core/subscriptions.py. Raises Forbidden, Stale, NotFound,
    Invalid `unknown_event` for a name that no event has.
    """
    actor.require(PERMISSION)
    event_id, now = new_id(), clock()
    version, webhook = await read.get_webhook(db, actor.team_id, webhook_id)
    await check_actor(db, actor, seen, version, PERMISSION, now)
    if webhook is None:
        raise NotFound("Webhook")
    name = _event_type(event_name, webhook.enabled_events)
    body = _sample_body(actor, webhook, name, event_id, house, now)
    result = await probe(webhook.receiver.open(sealer, now), body.encode(), ulid(event_id))
    return _delivery(webhook.id, name, result, now, clock())


def _event_type(asked: str | None, enabled: Sequence[str]) -> EventType:
    names = enabled if asked is None else [asked]
    found = next((name for name in names if name in _EMITTED), None)
    if found is None:
        raise Invalid("unknown_event", "event_name", "event_name must name an event that happens")
    return cast("EventType", found)


def _sample_body(
    actor: Actor, webhook: Webhook, name: EventType, event_id: str, house: House, now: datetime
) -> str:
    told = Told(
        event=sample_event(name, event_id, now),
        team_id=actor.team_id,
        user_id=None if actor.kind == "system" else actor.id,
        recorded_at=now,
    )
    subscription = Subscription(
        id=webhook.id,
        is_enabled=True,
        events=frozenset(webhook.enabled_events),
        include_updated_object=webhook.include_updated_object,
        custom_data=webhook.custom_data,
    )
    return body_text(told, msgspec.structs.replace(house, environment=ENVIRONMENT), subscription)


def _delivery(
    webhook_id: str, name: EventType, result: AttemptResult, created_at: datetime, finished_at: datetime
) -> Delivery:
    attempt = Attempt(
        number=1,
        started_at=result.started_at,
        duration_ms=result.duration_ms,
        response_status=result.response_status,
        error=result.error,
        response_excerpt=result.response_excerpt,
        request_headers=result.request_headers,
    )
    return Delivery(
        id=new_id(),
        webhook_id=webhook_id,
        event_id=None,
        event_name=name,
        order_id=None,
        sequence=None,
        status="SUCCEEDED" if result.error is None else "FAILED",
        attempt_count=1,
        next_attempt_at=None,
        finished_at=finished_at,
        created_at=created_at,
        attempts=(attempt,),
    )
