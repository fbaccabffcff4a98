"""How events get written: as rows, with who did it and when Milepost was told; and as deliveries to those webhooks
that want them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from milepost.kit.ids import new_id
from milepost.model.actor import Actor
from milepost.model.events import Event
from milepost.model.payloads import Told, body_text, has_object
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import Workspace
from milepost.store.deliveries import DeliveryRow
from milepost.store.order_rows import EventRow


def recorded(
    workspace: Workspace, actor: Actor, events: Sequence[Event], now: datetime
) -> tuple[list[EventRow], list[DeliveryRow]]:
    """The rows of the events, and of their deliveries in the same sequence."""
    kept = [keep_object(workspace, event) for event in events]
    return [_event_row(actor, event, now) for event in kept], deliveries_of(workspace, actor, kept, now)


def wants_object(workspace: Workspace, event_type: str) -> bool:
    """Whether a webhook wants `new_object` with such events: then the verb must supply it. A disabled webhook
    counts too, since it may be sent later what it missed."""
    return has_object(event_type) and any(
        subscription.include_updated_object and event_type in subscription.events
        for subscription in workspace.webhooks
    )


def keep_object(workspace: Workspace, event: Event) -> Event:
    """The event as it is stored: without its object when no webhook wants it."""
    if event.new_object is None or wants_object(workspace, event.type):
        return event
    return msgspec.structs.replace(event, new_object=None)


def deliveries_of(
    workspace: Workspace, actor: Actor, events: Iterable[Event], now: datetime
) -> list[DeliveryRow]:
    """What goes out: one delivery an event and enabled webhook that wants it, with the body that is sent."""
    if not workspace.webhooks:
        return []
    user_id = None if actor.kind == "system" else actor.id
    rows = []
    for event in events:
        told = Told(event=event, team_id=actor.team_id, user_id=user_id, recorded_at=now)
        for subscription in _wanting(workspace, event):
            rows.append(
                DeliveryRow(
                    id=new_id(),
                    webhook_id=subscription.id,
                    event_id=event.id,
                    event_name=event.type,
                    order_id=event.order_id,
                    sequence=event.sequence,
                    body=body_text(told, workspace.house, subscription),
                    next_attempt_at=now,
                    created_at=now,
                )
            )
    return rows


def _wanting(workspace: Workspace, event: Event) -> Iterator[Subscription]:
    """The enabled webhooks that named the event; a webhook is not told that it was itself disabled."""
    for subscription in workspace.webhooks:
        if (
            subscription.is_enabled
            and event.type in subscription.events
            and subscription.id != event.subject_id
        ):
            yield subscription


def _event_row(actor: Actor, event: Event, recorded_at: datetime) -> EventRow:
    return EventRow(
        id=event.id,
        order_id=event.order_id,
        sequence=event.sequence,
        type=event.type,
        subject_id=event.subject_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        effective_at=event.effective_at,
        recorded_at=recorded_at,
        old_data=event.old_data,
        new_data=event.new_data,
        facts=event.facts,
        new_object=event.new_object,
    )
