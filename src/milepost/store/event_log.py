"""Events, written by the statement that makes them happen."""

from collections.abc import Sequence
from typing import Any

from milepost.model.events import Event

EVENT_ARRAYS = 9
"""How many arrays `event_columns` gives, one parameter each."""


def event_piece(*, at: int, actor: int, events: int) -> str:
    """A data-modifying CTE body that stores the events of the orders in the CTE `changed`.

    The numbers are those of parameters: `at` holds the moment of recording, `actor` is the first of three (kind,
    id, name), `events` the first of the arrays of `event_columns`.
    """
    arrays = ("uuid", "uuid", "bigint", "text", "uuid", "timestamptz", "jsonb", "jsonb", "jsonb")
    unnested = ", ".join(f"${events + index}::{kind}[]" for index, kind in enumerate(arrays))
    return f"""
  insert into events (team_id, id, order_id, sequence, type, subject_id, actor_kind, actor_id, actor_name,
                      effective_at, recorded_at, old_data, new_data, facts)
  select $1, e.id, e.order_id, e.sequence, e.type, e.subject_id, ${actor}, ${actor + 1}, ${actor + 2},
         e.effective_at, ${at}, e.old_data, e.new_data, e.facts
  from unnest({unnested})
    as e (id, order_id, sequence, type, subject_id, effective_at, old_data, new_data, facts)
  join changed c on c.id = e.order_id"""


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
