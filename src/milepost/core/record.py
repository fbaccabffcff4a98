"""How events get written: as rows, with who did it and when Milepost was told."""

from collections.abc import Iterable
from datetime import datetime

from milepost.model.actor import Actor
from milepost.model.events import Event
from milepost.store.order_rows import EventRow


def event_rows(actor: Actor, events: Iterable[Event], recorded_at: datetime) -> list[EventRow]:
    return [
        EventRow(
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
        )
        for event in events
    ]
