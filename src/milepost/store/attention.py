"""Which orders have something that turned late or overdue, and what is written when that was told.

Orders are found by `orders.attention_at` alone, in the sequence of its index, from where the last look ended: how many
wait, and when dead rows are removed, makes nobody look at more rows. The statements are for the workers' connections
(store/dispatch.py, PLANNER): there each has one plan.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from msgspec import Struct

from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.order_rows import EventRow

Place = tuple[datetime, str]
"""The moment at which an order wants attention, and its id: where it stands in the queue of its team."""

FIRST: Place = (datetime.min.replace(tzinfo=UTC), "00000000-0000-0000-0000-000000000000")

# A `limit 1` keeps the look-up what it is: it cannot become a join with all orders.
NEEDY_TEAMS = """
select t.team_id
from teams t cross join lateral (
  select o.id from orders o where o.team_id = t.team_id and o.attention_at <= $1 limit 1
) o
order by t.team_id
"""

READ_NEEDY = """
select o.attention_at, o.id from orders o
where o.team_id = $1 and o.attention_at <= $2 and (o.attention_at, o.id) > ($3, $4)
order by o.attention_at, o.id limit $5
"""

READ_TOLD = """
select e.facts ->> 'cause' as cause, e.subject_id, e.facts ->> 'due_at' as due_at
from unnest((select $2::uuid[])) k (id)
cross join lateral (
  select * from events e where e.team_id = $1 and e.order_id = k.id and e.type = 'order.overdue' offset 0
) e
"""

_EVENT_COLUMNS = EventRow.__struct_fields__

# Compare-and-set like all changes of orders. An order of which nothing is told keeps its version: only when to look
# at it again is noted. Rows are locked by id, so that writers of the same orders wait for one another instead of
# deadlocking. (That ids are those of an array is said so that whatever the planner believes, it reads just them.)
WRITE_TOLD = f"""
with wished as materialized (
  select * from json_to_recordset($2) as w (id uuid, version bigint, event_seq bigint, attention_at timestamptz)
),
current as materialized (
  select o.id
  from (select * from wished order by id) w
  cross join lateral (
    select o.id from orders o where o.team_id = $1 and o.id = w.id and o.version = w.version for update
  ) o
),
changed as (
  update orders o set
    version = o.version + (w.event_seq > o.event_seq)::int,
    updated_at = case when w.event_seq > o.event_seq then $6 else o.updated_at end,
    event_seq = w.event_seq,
    attention_at = w.attention_at
  from wished w
  where o.team_id = $1 and o.id = w.id and o.id = any(array(select id from current))
  returning o.id
),
mark as materialized (
  select r.*
  from json_to_recordset($3) as r (id uuid, order_id uuid, late_told_for date, overdue_told_at timestamptz)
  join changed c on c.id = r.order_id
),
marked as (
  update order_milestones m set late_told_for = r.late_told_for, overdue_told_at = r.overdue_told_at
  from mark r
  where m.team_id = $1 and m.id = r.id and m.id = any(array(select id from mark))
),
told as (
  insert into events (team_id, {", ".join(_EVENT_COLUMNS)})
  select $1, {", ".join(f"e.{name}" for name in _EVENT_COLUMNS)}
  from json_populate_recordset(null::events, $4) e join changed c on c.id = e.order_id
),
to_deliver as (
  {delivery_piece(5, "changed")}
)
select id from changed
"""

LOOK_AGAIN = """
with due as (
  select id from orders where team_id = $1 and attention_at > $2 order by id for update
)
update orders o set attention_at = $2 from due d where o.team_id = $1 and o.id = d.id
"""


class AttentionRow(Struct, kw_only=True):
    """An order that was looked at. `version` is the one read, `event_seq` the last sequence afterwards."""

    id: str
    version: int
    event_seq: int
    attention_at: datetime | None


class MarkRow(Struct, kw_only=True):
    """A milestone with what was told of it."""

    id: str
    order_id: str
    late_told_for: date | None
    overdue_told_at: datetime | None


class Tellings(Struct):
    """What one look comes to: all of an order, or nothing of it."""

    orders: list[AttentionRow] = []
    marks: list[MarkRow] = []
    events: list[EventRow] = []
    deliveries: list[DeliveryRow] = []


class Told(Struct, frozen=True):
    """What one event told: cause, milestone and moment, as the event writes it."""

    cause: str
    subject_id: str
    due_at: str


async def needy_teams(db: Database, now: datetime) -> list[str]:
    """The teams that have orders which want attention by `now`."""
    return [row["team_id"] for row in await db.fetch(NEEDY_TEAMS, now)]


async def read_needy(db: Database, team_id: str, now: datetime, after: Place, most: int) -> list[Place]:
    """At most so many of the team's orders that want attention by `now`, from behind that place on."""
    rows = await db.fetch(READ_NEEDY, team_id, now, *after, most)
    return [(row["attention_at"], row["id"]) for row in rows]


async def read_told(db: Database, team_id: str, order_ids: Sequence[str]) -> frozenset[Told]:
    """All that `order.overdue` told of these orders, as far as events are kept."""
    return frozenset(Told(*row) for row in await db.fetch(READ_TOLD, team_id, order_ids))


async def write_told(db: Database, team_id: str, rows: Tellings, now: datetime) -> frozenset[str]:
    """Writes what concerns the orders that are still at the version read; returns their ids."""
    parts = (rows.orders, rows.marks, rows.events, rows.deliveries)
    written = await db.fetch(WRITE_TOLD, team_id, *(json_rows(part) for part in parts), now)
    return frozenset(row["id"] for row in written)


async def look_again(db: Database, team_id: str, now: datetime) -> None:
    """Has all orders of the team looked at that may turn late or overdue some day: midnight is another moment now."""
    await db.execute(LOOK_AGAIN, team_id, now)
