"""Events as their payloads are made of them, when they are sent later than they happened."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from milepost.model.events import Event
from milepost.model.payloads import Told
from milepost.store.db import Database

LOAD_EVENTS = """
select e.id, e.order_id, e.sequence, e.type, e.subject_id, e.effective_at, e.old_data, e.new_data, e.facts,
       e.new_object::text, e.actor_kind, e.actor_id, e.recorded_at
from events e where e.team_id = $1 and e.id = any($2::uuid[])
"""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


async def load_told(db: Database, team_id: str, event_ids: Sequence[str]) -> list[Told]:
    """The events that are kept, in the sequence of the ids, with the object that was stored with them."""
    rows = {row["id"]: row for row in await db.fetch(LOAD_EVENTS, team_id, event_ids)}
    return [
        Told(
            event=Event(
                id=row["id"],
                order_id=row["order_id"],
                sequence=row["sequence"],
                type=row["type"],
                subject_id=row["subject_id"],
                effective_at=row["effective_at"],
                old_data=row["old_data"],
                new_data=row["new_data"],
                facts=row["facts"],
                new_object=None if row["new_object"] is None else _decode(row["new_object"]),
            ),
            team_id=team_id,
            user_id=None if row["actor_kind"] == "system" else row["actor_id"],
            recorded_at=row["recorded_at"],
        )
        for row in (rows[event_id] for event_id in event_ids if event_id in rows)
    ]
