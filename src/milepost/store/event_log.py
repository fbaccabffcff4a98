"""Events, written by the statement that makes them happen."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from milepost.model.events import Event
from milepost.store.db import Database

EVENT_ARRAYS = 9
"""How many arrays `event_columns` gives, one parameter each."""


HAS_STRAYS = """
select exists (
  select from events where team_id = $1 and transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
)
"""

FORGET_TRANSACTIONS = "update events set transaction_id = '0' where team_id = $1 and transaction_id <> '0'"


def event_piece(*, at: int, actor: int, events: int, objects: int | None = None) -> str:
    """A data-modifying CTE body that stores the events of the orders in the CTE `changed`.

    The numbers are those of parameters: `at` holds the moment of recording, `actor` is the first of three (kind,
    id, name), `events` the first of the arrays of `event_columns`, `objects` the text of `event_objects`, which a
    statement leaves out where no event has one.
    """
    arrays = ("uuid", "uuid", "bigint", "text", "uuid", "timestamptz", "jsonb", "jsonb", "jsonb")
    unnested = ", ".join(f"${events + index}::{kind}[]" for index, kind in enumerate(arrays))
    column, value, source = ("", "", "") if objects is None else _OBJECTS
    return f"""
  insert into events (team_id, id, order_id, sequence, type, subject_id, actor_kind, actor_id, actor_name,
                      effective_at, recorded_at, old_data, new_data, facts{column})
  select $1, e.id, e.order_id, e.sequence, e.type, e.subject_id, ${actor}, ${actor + 1}, ${actor + 2},
         e.effective_at, ${at}, e.old_data, e.new_data, e.facts{value}
  from unnest({unnested})
    as e (id, order_id, sequence, type, subject_id, effective_at, old_data, new_data, facts)
  join changed c on c.id = e.order_id{source.format(objects)}"""


_OBJECTS = (
    ", new_object",
    ", x.new_object",
    """
  left join json_to_recordset(${}) as x (id uuid, new_object json) on x.id = e.id""",
)


def event_columns(events: Sequence[Event]) -> list[Sequence[Any]]:
    """Events as the arrays that `event_piece` unnests; who acted and when it was recorded are parameters of the
    whole statement."""
    rows = [
        (
            event.id,
            event.order_id,
            event.sequence,
            event.type,
            event.subject_id,
            event.effective_at,
            event.old_data,
            event.new_data,
            event.facts,
        )
        for event in events
    ]
    return list(zip(*rows, strict=True)) if rows else [()] * EVENT_ARRAYS


def event_objects(events: Iterable[Event]) -> str:
    """What events have as `new_object`, as a JSON array."""
    return _encode(
        [{"id": event.id, "new_object": event.new_object} for event in events if event.new_object is not None]
    ).decode()


async def has_strays(db: Database, team_id: str) -> bool:
    """Whether events can be seen whose transaction this server has not come to: those of a restored dump. Not for
    use inside a transaction that writes events."""
    row = await db.fetchrow(HAS_STRAYS, team_id)
    return row is not None and bool(row[0])


async def forget_transactions(db: Database, team_id: str) -> None:
    """The team's events count as written before all others, in the order of their ids."""
    await db.execute(FORGET_TRANSACTIONS, team_id)


_encode = msgspec.json.Encoder(decimal_format="number").encode
