"""The feed: all events of a team, newest first, in an order in which nothing appears behind what was read
(docs/decisions/0013-commit-safe-feed.md).

Events are ordered by the transaction that wrote them, then by id, and shown as far as every older transaction has
ended. A reader of the newest events waits a moment for that, so that who wrote something finds it. The events of
one order are ordered by `sequence`, which follows the commits by itself.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any

from msgspec import Struct

from milepost.model.events import Event
from milepost.model.payloads import Told
from milepost.store.db import Database

PAUSES = (*(0.002 * 2**number for number in range(8)), 0.49)
"""Seconds between two looks whether the newest transactions have ended: one second in all."""

_ZERO = "00000000-0000-0000-0000-000000000000"


class Filter(Struct, frozen=True, kw_only=True):
    """Which events are wanted; None does not restrict. Bounds are inclusive."""

    names: Sequence[str] | None = None
    order_id: str | None = None
    sequence: tuple[int, int] | None = None
    """At least, at most."""
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None
    delivered: bool | None = None
    """True: has deliveries and all succeeded; False: at least one has not."""


class Position(Struct, frozen=True):
    """A place in the feed: that of an event, or one between events."""

    transaction: int
    id: str
    order_id: str | None = None
    sequence: int | None = None

    def sequence_in(self, order_id: str | None) -> int | None:
        """Where it is among the events of the order; None when it only has a place in the whole feed."""
        return self.sequence if self.order_id == order_id else None


START = Position(0, _ZERO)
"""Before the oldest event."""
_END = Position(2**64 - 1, "ffffffff-ffff-ffff-ffff-ffffffffffff")


class Listed(Struct, frozen=True):
    """An event of a list, and whether its deliveries succeeded; None: it has none."""

    told: Told
    position: Position
    delivery_success: bool | None


class Page(Struct, frozen=True):
    """Events, newest first; whether more lie in the direction that was read; the workspace version."""

    events: list[Listed]
    has_more: bool
    version: int | None
    horizon: int
    """The oldest transaction that may still add events; all of older ones are there."""
    newest: int
    """The newest transaction of which an event could be seen, shown or not."""

    def end(self, wanted: Filter, before: Position | None = None) -> Position:
        """Where to go on for what comes later: `before` of the next call, after one with these arguments."""
        more_to_come = before is not None and self.has_more
        if self.events and (more_to_come or wanted.order_id is not None):
            return self.events[0].position
        if before is not None and before.order_id is not None:
            return before  # among the events of one order; the horizon means nothing there
        return Position(self.horizon, _ZERO)


_COLUMNS = """e.id, e.order_id, e.sequence, e.type, e.subject_id, e.actor_kind, e.actor_id, e.effective_at,
    e.recorded_at, e.old_data, e.new_data, e.facts, e.transaction_id::text"""
_SUCCESS = """(
      select bool_and(d.status = 'SUCCEEDED') from deliveries d where d.team_id = e.team_id and d.event_id = e.id
    )"""

GET_EVENT = f"""
select t.version, {_COLUMNS}, {_SUCCESS}
from teams t left join events e on e.team_id = t.team_id and e.id = $2
where t.team_id = $1
"""

FIND_POSITION = """
select transaction_id::text, id, order_id, sequence from events where team_id = $1 and id = $2
"""


async def get_event(db: Database, team_id: str, event_id: str) -> tuple[Listed | None, int | None]:
    """The event, or None; and the workspace version of that moment."""
    row = await db.fetchrow(GET_EVENT, team_id, event_id)
    if row is None:
        return None, None
    return (None if row[1] is None else _listed(team_id, tuple(row)[1:])), row[0]


async def find_position(db: Database, team_id: str, event_id: str) -> Position | None:
    """Where the event is; None when the team has no such event."""
    row = await db.fetchrow(FIND_POSITION, team_id, event_id)
    return None if row is None else Position(int(row[0]), row[1], row[2], row[3])


async def list_events(
    db: Database,
    team_id: str,
    wanted: Filter,
    *,
    limit: int,
    after: Position | None = None,
    before: Position | None = None,
    pauses: Sequence[float] = PAUSES,
) -> Page:
    """At most `limit` events, newest first: those that follow `after` in the list (older ones), or the nearest that
    precede `before` (newer ones).

    Unless only older ones are wanted, what was committed when the call began is among them or gone by: the call
    waits for that as long as `pauses` say, then shows what is certain.
    """
    page = await _page(db, team_id, wanted, limit, after, before)
    if after is not None or wanted.order_id is not None or page.version is None:
        return page
    newest = page.newest
    for pause in pauses:
        if page.horizon > newest:
            break
        await asyncio.sleep(pause)
        page = await _page(db, team_id, wanted, limit, after, before)
    return page


async def _page(
    db: Database, team_id: str, wanted: Filter, limit: int, after: Position | None, before: Position | None
) -> Page:
    place = before or after or _END
    shape = _Shape(
        order=wanted.order_id is not None,
        names=wanted.names is not None,
        sequence=wanted.sequence is not None,
        delivered=wanted.delivered is not None,
        backward=before is not None,
    )
    rows = await db.fetch(
        list_statement(shape),
        team_id,
        limit + 1,
        str(place.transaction),
        place.id,
        wanted.recorded_from,
        wanted.recorded_to,
        *((wanted.order_id, place.sequence_in(wanted.order_id)) if shape.order else ()),
        *(() if wanted.names is None else (wanted.names,)),
        *(() if wanted.sequence is None else wanted.sequence),
        *(() if wanted.delivered is None else (wanted.delivered,)),
    )
    if not rows:
        return Page([], False, None, 0, 0)
    version, horizon, newest = tuple(rows[0])[:3]
    found = [_listed(team_id, tuple(row)[3:]) for row in rows if row[3] is not None]
    has_more, found = len(found) > limit, found[:limit]
    return Page(found[::-1] if shape.backward else found, has_more, version, int(horizon), int(newest or 0))


class _Shape(Struct, frozen=True):
    """Which conditions a list has, and which way it is walked."""

    order: bool = False
    names: bool = False
    sequence: bool = False
    delivered: bool = False
    backward: bool = False


_FEED = """e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    and (e.transaction_id, e.id) {} ($3::text::xid8, $4::uuid)"""
_OF_ORDER = """e.order_id = ${order} and case when ${order_at}::bigint is null
      then (e.transaction_id, e.id) {beyond} ($3::text::xid8, $4::uuid) else e.sequence {beyond} ${order_at} end"""


@cache
def list_statement(shape: _Shape) -> str:
    """The SQL of a list: each combination of conditions is a text of its own."""
    beyond, direction = (">", "asc") if shape.backward else ("<", "desc")
    number = 7
    if shape.order:
        conditions = [_OF_ORDER.format(order=number, order_at=number + 1, beyond=beyond)]
        order = f"sequence {direction}"
        number += 2
    else:
        conditions = [_FEED.format(beyond)]
        order = f"transaction_id {direction}, e.id {direction}"
    if shape.names:
        conditions.append(f"e.type = any(${number}::text[])")
        number += 1
    if shape.sequence:
        conditions.append(f"e.sequence between ${number} and ${number + 1}")
        number += 2
    if shape.delivered:
        conditions.append(f"{_SUCCESS} = ${number}")
    return f"""
select t.version, pg_snapshot_xmin(pg_current_snapshot())::text, (
    select n.transaction_id::text from events n where n.team_id = $1 order by n.transaction_id desc limit 1
  ), e.*
from teams t left join lateral (
  select {_COLUMNS}, {_SUCCESS} as delivery_success
  from events e
  where e.team_id = $1 and {" and ".join(conditions)}
    and e.recorded_at >= coalesce($5, '-infinity'::timestamptz)
    and e.recorded_at <= coalesce($6, 'infinity'::timestamptz)
  order by e.{order} limit $2
) e on true
where t.team_id = $1
"""


def all_list_statements() -> list[str]:
    """Every variant: what the test prepares against the real schema."""
    return [list_statement(_Shape(*chosen)) for chosen in product((False, True), repeat=5)]


def _listed(team_id: str, row: tuple[Any, ...]) -> Listed:
    identifier, order_id, sequence, kind, subject_id, actor_kind, actor_id, effective_at, *rest = row
    recorded_at, old_data, new_data, facts, transaction, delivery_success = rest
    event = Event(
        id=identifier,
        order_id=order_id,
        sequence=sequence,
        type=kind,
        subject_id=subject_id,
        effective_at=effective_at,
        old_data=old_data,
        new_data=new_data,
        facts=facts,
    )
    told = Told(
        event=event,
        team_id=team_id,
        user_id=None if actor_kind == "system" else actor_id,
        recorded_at=recorded_at,
    )
    return Listed(told, Position(int(transaction), identifier, order_id, sequence), delivery_success)
