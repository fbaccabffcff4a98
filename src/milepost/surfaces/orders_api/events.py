"""The feed of events (section 13)."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from milepost.kit.errors import NotFound
from milepost.model.events import EventType
from milepost.model.payloads import EVENT_VERSION, feed_document
from milepost.model.shapes import Document
from milepost.reads import events as read
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.parameters import Page, Query, Span, listed, unknown_cursor

PERMISSION = "canViewOrders"
MOST_LISTED = 50

NAMES_BY_VERSION = {str(EVENT_VERSION): sorted(get_args(EventType))}
"""Names that `enabled_events` of a webhook may hold, by event version (section 13.3)."""


async def list_events(call: Call) -> Reply:
    """The page, newest first. Raises Refusal with the faults of the parameters."""
    query = Query(call.query)
    page, wanted = wanted_events(query)
    query.finish()
    cursor = page.ending_before or page.starting_after
    position = None if cursor is None else await read.find_position(call.db, call.actor.team_id, cursor)
    if cursor is not None and position is None:
        raise unknown_cursor(page)
    found = await read.list_events(
        call.db,
        call.actor.team_id,
        wanted,
        limit=page.limit,
        after=None if page.ending_before else position,
        before=position if page.ending_before else None,
    )
    call.saw(found.version)
    data = [_document(call, event) for event in found.events]
    return Reply(body=listed(call, page, data, found.has_more))


async def get_event(call: Call) -> Reply:
    """One event. Raises NotFound."""
    event, version = await read.get_event(call.db, call.actor.team_id, call.id(0, "Event"))
    call.saw(version)
    if event is None:
        raise NotFound("Event")
    return Reply(body=_document(call, event))


async def event_names(call: Call) -> Reply:
    return Reply(body=NAMES_BY_VERSION)


def _document(call: Call, event: read.Listed) -> Document:
    return feed_document(event.told, call.workspace.house, event.delivery_success)


def wanted_events(query: Query) -> tuple[Page, read.Filter]:
    """What the query asks for."""
    page = query.page(most=MOST_LISTED)
    recorded_from, recorded_to = _moments(query.instants("occurred_at"))
    wanted = read.Filter(
        names=query.many("event_name"),
        order_id=query.id("order_id"),
        sequence=_numbers(query.numbers("sequence")),
        recorded_from=recorded_from,
        recorded_to=recorded_to,
        delivered=query.flag("delivery_success"),
    )
    return page, wanted


_TICK = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MOST = 2**63 - 1


def _moments(span: Span[datetime] | None) -> tuple[datetime | None, datetime | None]:
    """The span as inclusive bounds: moments are kept to the microsecond, and nothing happens at the ends of time."""
    if span is None:
        return None, None
    least = [span.eq, span.gte, span.gt and min(span.gt, _LAST - _TICK) + _TICK]
    most = [span.eq, span.lte, span.lt and max(span.lt, _FIRST + _TICK) - _TICK]
    return max(filter(None, least), default=None), min(filter(None, most), default=None)


def _numbers(span: Span[int] | None) -> tuple[int, int] | None:
    """The span as inclusive bounds."""
    if span is None:
        return None
    least = [span.eq, span.gte, None if span.gt is None else min(span.gt + 1, _MOST)]
    most = [span.eq, span.lte, None if span.lt is None else span.lt - 1]
    return (
        max((number for number in least if number is not None), default=0),
        min((number for number in most if number is not None), default=_MOST),
    )


ENDPOINTS = (
    Endpoint(
        operation="listEvents",
        method="GET",
        path="events",
        permission=PERMISSION,
        summary="List events, newest first",
        handler=list_events,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="listEventNames",
        method="GET",
        path="events/event-names-by-version",
        permission=PERMISSION,
        summary="List the names of events that webhooks can be sent, by event version",
        handler=event_names,
    ),
    Endpoint(
        operation="getEvent",
        method="GET",
        path="events/{event_id}",
        permission=PERMISSION,
        summary="Get one event",
        handler=get_event,
    ),
)
