"""Deliveries, stored by the statement that makes their event happen; sent by the outbound workers later.

They travel as one JSON array, like the rows of store/orders.py, and only those are kept whose webhook still is
enabled when the change is written.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from milepost.store.db import Database
from milepost.store.order_rows import EventRow


class DeliveryRow(Struct, kw_only=True):
    """A row of `deliveries` as it comes into being: pending, and due at once."""

    id: str
    webhook_id: str
    event_id: str
    event_name: str
    order_id: str | None
    sequence: int | None
    body: str
    next_attempt_at: datetime
    created_at: datetime


def delivery_piece(parameter: int, orders: str | None) -> str:
    """A data-modifying CTE body that stores deliveries. `parameter` is the number of the one with the JSON array of
    rows, `orders` the CTE of the orders (`id`) that were changed; None: the events belong to no order."""
    columns = DeliveryRow.__struct_fields__
    of_changed = "" if orders is None else f"\n  join {orders} c on c.id = d.order_id"
    return f"""
  insert into deliveries (team_id, {", ".join(columns)})
  select $1, {", ".join(f"d.{name}" for name in columns)}
  from json_populate_recordset(null::deliveries, ${parameter}) d
  join webhooks w on w.team_id = $1 and w.id = d.webhook_id and w.status = 'ENABLED'{of_changed}"""


_EVENT_COLUMNS = EventRow.__struct_fields__

INSERT_EVENTS = f"""
with logged as (
  insert into events (team_id, {", ".join(_EVENT_COLUMNS)})
  select $1, {", ".join(f"e.{name}" for name in _EVENT_COLUMNS)}
  from json_populate_recordset(null::events, $2) e
)
{delivery_piece(3, None)}
"""


async def store_events(
    db: Database, team_id: str, events: Sequence[EventRow], deliveries: Sequence[DeliveryRow]
) -> None:
    """Stores events that belong to no order, with their deliveries."""
    await db.execute(INSERT_EVENTS, team_id, json_rows(events), json_rows(deliveries))


def json_rows(rows: Sequence[Struct]) -> str:
    """Rows as the JSON array that statements take; numbers keep their digits."""
    return _encode(rows).decode()


_encode = msgspec.json.Encoder(decimal_format="number").encode
