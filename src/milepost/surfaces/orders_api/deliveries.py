"""The endpoints of deliveries and of sending them again (section 16.6)."""

from datetime import datetime, timedelta
from typing import Any

from milepost.core import redelivery
from milepost.kit.errors import NotFound
from milepost.kit.ids import ulid
from milepost.model.delivery import DELIVERY_STATUSES, Attempt, Delivery
from milepost.model.document import REST
from milepost.reads import deliveries as read
from milepost.surfaces.orders_api import webhook_bodies as bodies
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.parameters import Page, Query, Span, listed, unknown_cursor
from milepost.surfaces.orders_api.refusals import Fault, invalid
from milepost.surfaces.orders_api.values import read_body

PERMISSION = redelivery.PERMISSION

_TICK = timedelta(microseconds=1)
"""The smallest step of stored time."""


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """A delivery as lists show it; one that no event caused is a test (section 16.4)."""
    return {
        "id": ulid(delivery.id),
        "resource_type": "webhook_delivery",
        "webhook_id": ulid(delivery.webhook_id),
        "event_id": None if delivery.event_id is None else ulid(delivery.event_id),
        "event_name": delivery.event_name,
        "order_id": None if delivery.order_id is None else ulid(delivery.order_id),
        "sequence": delivery.sequence,
        "test": delivery.event_id is None,
        "status": delivery.status,
        "created_at": REST.instant(delivery.created_at),
        "next_attempt_at": REST.instant(delivery.next_attempt_at),
        "finished_at": REST.instant(delivery.finished_at),
        "attempt_count": delivery.attempt_count,
        "attempts": [_attempt_document(attempt) for attempt in delivery.attempts],
    }


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": REST.instant(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "response_status": attempt.response_status,
        "error": attempt.error,
        "response_excerpt": attempt.response_excerpt,
    }


def wanted_deliveries(query: Query) -> tuple[Page, read.Filter]:
    """What the query asks for."""
    page = query.page()
    created = query.instants("created_at")
    wanted = read.Filter(
        statuses=query.choices("status", DELIVERY_STATUSES),
        event_names=query.many("event_name"),
        order_id=query.id("order_id"),
        event_id=query.id("event_id"),
        created_from=_earliest(created),
        created_until=_end(created),
    )
    return page, wanted


async def _list(call: Call) -> Reply:
    query = Query(call.query)
    page, wanted = wanted_deliveries(query)
    query.finish()
    webhook_id = call.id(0, "Webhook")
    found = await read.list_deliveries(
        call.db,
        call.actor.team_id,
        webhook_id,
        wanted,
        limit=page.limit + 1,
        after=page.starting_after,
        before=page.ending_before,
    )
    call.saw(found.version)
    if not found.has_webhook:
        raise NotFound("Webhook")
    if found.deliveries is None:
        raise unknown_cursor(page)
    has_more = len(found.deliveries) > page.limit
    kept = found.deliveries[-page.limit :] if page.ending_before else found.deliveries[: page.limit]
    return Reply(body=listed(call, page, [delivery_document(delivery) for delivery in kept], has_more))


async def _get(call: Call) -> Reply:
    """With what was sent: the body's exact text, and the headers of the newest attempt, null before the first."""
    webhook_id, delivery_id = call.id(0, "Webhook"), call.id(1, "Delivery")
    version, found, body = await read.get_delivery(call.db, call.actor.team_id, webhook_id, delivery_id)
    call.saw(version)
    if found is None:
        raise NotFound("Delivery")
    headers = found.attempts[-1].request_headers if found.attempts else None
    return Reply(body={**delivery_document(found), "request_headers": headers, "request_body": body})


async def _redeliver_one(call: Call) -> Reply:
    webhook_id, delivery_id = call.id(0, "Webhook"), call.id(1, "Delivery")
    queued = await redelivery.redeliver_one(
        call.db, call.actor, webhook_id, delivery_id, seen=call.key.team_version, clock=call.clock
    )
    return Reply(status=202, body=delivery_document(queued))


async def _redeliver(call: Call) -> Reply:
    wish = _redelivery_wish(read_body(bodies.REDELIVERY, call.body))
    queued = await redelivery.redeliver(
        call.db,
        call.actor,
        call.id(0, "Webhook"),
        wish,
        seen=call.key.team_version,
        house=call.workspace.house,
        clock=call.clock,
    )
    return Reply(status=202, body={"queued": queued.count, "has_more": queued.has_more})


def _redelivery_wish(said: dict[str, Any]) -> redelivery.RedeliveryWish:
    """What exactly one of the three forms says. Raises Refusal."""
    ways = [way for way in bodies.WAYS if said.keys() & {*way}]
    if not ways:
        message = "One of event_id, from with to, and failed_since is required"
        raise invalid([Fault("required", None, message)])
    if len(ways) > 1:
        message = "Only one of event_id, from with to, and failed_since can be sent"
        raise invalid([Fault("conflicting_parameters", None, message)])
    if missing := [name for name in ways[0] if name not in said]:
        raise invalid([Fault("required", name, f"{name} is required") for name in missing])
    if "event_id" in said:
        return redelivery.OfEvent(said["event_id"])
    if "failed_since" in said:
        return redelivery.OfFailed(said["failed_since"])
    if said["to"] < said["from"]:
        raise invalid([Fault("end_before_start", "to", "to is before from")])
    return redelivery.OfSpan(said["from"], said["to"])


def _earliest(span: Span[datetime] | None) -> datetime | None:
    """The first moment that fits, if there is one."""
    if span is None:
        return None
    bounds = [span.eq, span.gte, None if span.gt is None else _next(span.gt)]
    return max((bound for bound in bounds if bound is not None), default=None)


def _end(span: Span[datetime] | None) -> datetime | None:
    """The first moment that does not fit any more, if there is one."""
    if span is None:
        return None
    bounds = [span.lt, *(None if bound is None else _next(bound) for bound in (span.eq, span.lte))]
    return min((bound for bound in bounds if bound is not None), default=None)


def _next(moment: datetime) -> datetime:
    """The moment after; of the last that there is, itself."""
    try:
        return moment + _TICK
    except OverflowError:
        return moment


ENDPOINTS = (
    Endpoint(
        operation="listDeliveries",
        method="GET",
        path="webhooks/{webhook_id}/deliveries",
        permission=PERMISSION,
        summary="List what was sent to a webhook, newest first",
        handler=_list,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="getDelivery",
        method="GET",
        path="webhooks/{webhook_id}/deliveries/{delivery_id}",
        permission=PERMISSION,
        summary="Get a delivery with what was sent",
        handler=_get,
    ),
    Endpoint(
        operation="redeliver",
        method="POST",
        path="webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
        permission=PERMISSION,
        summary="Send a delivery again",
        handler=_redeliver_one,
        success=202,
        refusals=("webhook_disabled", "payload_expired"),
    ),
    Endpoint(
        operation="redeliverEvents",
        method="POST",
        path="webhooks/{webhook_id}/redeliver",
        permission=PERMISSION,
        summary="Send an event, a span of events or what failed again",
        handler=_redeliver,
        body="json",
        success=202,
        refusals=(
            "required",
            "conflicting_parameters",
            "end_before_start",
            "webhook_disabled",
            "payload_expired",
        ),
    ),
)
