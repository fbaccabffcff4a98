"""Samples of webhooks, deliveries and events (the contract's examples)."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from milepost.kit.ids import parse_id
from milepost.model.events import EventType
from milepost.model.payload_samples import sample_event
from milepost.model.payloads import Told, body_text, feed_document
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import House
from milepost.surfaces.orders_api.openapi.order_samples import ORDER

Sample = dict[str, Any]

WEBHOOK, DELIVERY = "01KS2TZ9R0EJCVRYJSMP9A03KA", "01KV5BW0YRE459HGYHQN038QCW"
EVENT, _KEY = "01KV5BPHJAF6Y8R5CH0DSZ0FVT", "01KGHC83J0F4X908HKD0NQ7JCE"

# Webhooks

SAMPLE_NEW_WEBHOOK: Sample = {
    "url": "https://hooks.birchline.example/milepost",
    "enabled_events": ["order.created", "order.updated", "order.item.updated"],
    "error_contact_email": "edi@birchline.example",
    "authentication": {"username": "milepost", "password": "quiet-otter-41"},
    "include_updated_object": True,
    "custom_data": {"bridge": {"tenant": "north"}},
}
SAMPLE_WEBHOOK: Sample = {
    "id": WEBHOOK,
    "resource_type": "webhook",
    **SAMPLE_NEW_WEBHOOK,
    "authentication": {"username": "milepost"},
    "status": "ENABLED",
    "event_version": 1,
    "disabled_at": None,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": "2026-05-20T14:00:00.208114Z",
    "updated_at": "2026-05-20T14:00:00.208114Z",
}
SAMPLE_DISABLED: Sample = {
    **SAMPLE_WEBHOOK,
    "status": "DISABLED",
    "disabled_at": "2026-06-15T10:00:00Z",
    "disabled_reason": "manual",
    "updated_at": "2026-06-15T10:00:00Z",
}
_ATTEMPT: Sample = {
    "number": 1,
    "started_at": "2026-06-15T10:05:11.010338Z",
    "duration_ms": 86,
    "response_status": 204,
    "error": None,
    "response_excerpt": "",
}
SAMPLE_TEST: Sample = {
    "id": DELIVERY,
    "resource_type": "webhook_delivery",
    "webhook_id": WEBHOOK,
    "event_id": None,
    "event_name": "order.updated",
    "order_id": None,
    "sequence": None,
    "test": True,
    "status": "SUCCEEDED",
    "created_at": "2026-06-15T10:05:11.004120Z",
    "next_attempt_at": None,
    "finished_at": "2026-06-15T10:05:11.096007Z",
    "attempt_count": 1,
    "attempts": [_ATTEMPT],
}
SAMPLE_DELIVERY: Sample = {**SAMPLE_TEST, "event_id": EVENT, "order_id": ORDER, "sequence": 4, "test": False}
SAMPLE_AGAIN: Sample = {
    **SAMPLE_DELIVERY,
    "status": "PENDING",
    "next_attempt_at": "2026-06-15T11:00:00.250000Z",
    "finished_at": None,
}

# Events

_AT = datetime(2026, 6, 15, 10, 2, 12, 18377, tzinfo=UTC)
_HOUSE = House()


def _told(name: EventType) -> Told:
    event = sample_event(name, _uuid(EVENT), _AT)
    numbered = msgspec.structs.replace(event, sequence=4 if event.order_id else None)
    return Told(
        event=numbered,
        team_id="019bb1c4-6d20-7a35-9c0e-52f4a7d81b63",
        user_id=_uuid(_KEY),
        recorded_at=_AT,
    )


def _uuid(ulid: str) -> str:
    return str(parse_id(ulid))


def _event(name: EventType) -> Sample:
    return feed_document(_told(name), _HOUSE, True)


def sent(name: EventType) -> Sample:
    """A body that a webhook gets."""
    subscription = Subscription(
        id=_uuid(WEBHOOK),
        is_enabled=True,
        events=frozenset((name,)),
        include_updated_object=True,
        custom_data=SAMPLE_WEBHOOK["custom_data"],
    )
    body: Sample = msgspec.json.decode(body_text(_told(name), _HOUSE, subscription))
    return body


SAMPLE_EVENT: Sample = {
    **_event("order.updated"),
    "details": {
        "id": ORDER,
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order",
        "self_link": f"/orders/{ORDER}",
        "old_data": {"name": "Deck screws, June"},
        "new_data": {"name": "Deck screws, July"},
    },
}
_SENT: Sample = {
    "request_headers": {
        "content-type": "application/json",
        "user-agent": "Milepost/1.0",
        "webhook-id": EVENT,
        "webhook-timestamp": "1781517732",
        "webhook-signature": "redacted",
        "authorization": "redacted",
        "milepost-attempt": "1",
    },
    "request_body": f'{{"id":"{EVENT}","event_name":"order.updated","sequence":4}}',
}
SAMPLE_WITH_REQUEST: Sample = {**SAMPLE_DELIVERY, **_SENT}
