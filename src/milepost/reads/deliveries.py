"""What was sent to a webhook, is being sent, or was not: its deliveries with their attempts."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from milepost.model.delivery import Attempt, Delivery
from milepost.store.db import Database

MOST_ATTEMPTS = 100
"""The newest attempts of a delivery that are shown; sent again and again it may have more."""

_COLUMNS = (
    "id",
    "webhook_id",
    "event_id",
    "event_name",
    "order_id",
    "sequence",
    "status",
    "attempt_count",
    "next_attempt_at",
    "finished_at",
    "created_at",
)
_DELIVERY = f"""
  {", ".join(f"d.{name}" for name in _COLUMNS)},
  (select coalesce(jsonb_agg(to_jsonb(a) - 'team_id' - 'delivery_id' order by a.number), '[]') from (
    select * from attempts a where a.team_id = d.team_id and a.delivery_id = d.id
    order by a.number desc limit {MOST_ATTEMPTS}
  ) a) as attempts"""

GET_DELIVERY = f"""
select t.version, d.body, {_DELIVERY}
from teams t left join deliveries d on d.team_id = t.team_id and d.webhook_id = $2 and d.id = $3
where t.team_id = $1
"""


class Filter(Struct, frozen=True, kw_only=True):
    """Which deliveries of a webhook are wanted; None does not restrict."""

    statuses: Sequence[str] | None = None
    event_names: Sequence[str] | None = None
    order_id: str | None = None
    event_id: str | None = None
    created_from: datetime | None = None
    """Inclusive."""
    created_until: datetime | None = None
    """Exclusive."""


class Found(Struct, frozen=True):
    """An answer about the deliveries of one webhook. `deliveries` is None when the cursor names none of them."""

    version: int | None
    """The team's version; None: no such team."""
    has_webhook: bool
    deliveries: list[Delivery] | None


async def get_delivery(
    db: Database, team_id: str, webhook_id: str, delivery_id: str
) -> tuple[int | None, Delivery | None, str]:
    """The team's version, the delivery with its attempts, and its body as it is sent."""
    row = await db.fetchrow(GET_DELIVERY, team_id, webhook_id, delivery_id)
    if row is None or row["id"] is None:
        return None if row is None else row["version"], None, ""
    return row["version"], _delivery(row), row["body"]


async def list_deliveries(
    db: Database,
    team_id: str,
    webhook_id: str,
    wanted: Filter,
    *,
    limit: int,
    after: str | None = None,
    before: str | None = None,
) -> Found:
    """At most `limit` deliveries, newest first: those that follow the one `after`, or the nearest that precede
    the one `before`."""
    optional = (wanted.statuses, wanted.event_names, wanted.order_id, wanted.event_id)
    rows = await db.fetch(
        list_statement(_Shape(*[value is not None for value in (*optional, before)])),
        team_id,
        webhook_id,
        before or after,
        limit,
        wanted.created_from,
        wanted.created_until,
        *(value for value in optional if value is not None),
    )
    found = _found(rows)
    if before is not None and found.deliveries is not None:
        found.deliveries.reverse()
    return found


class _Shape(Struct, frozen=True):
    """Which conditions a list has, and which way it is walked."""

    statuses: bool
    event_names: bool
    order_id: bool
    event_id: bool
    is_backward: bool = False


_CONDITIONS = (
    "d.status = any({}::text[])",
    "d.event_name = any({}::text[])",
    "d.order_id = {}",
    "d.event_id = {}",
)


@cache
def list_statement(shape: _Shape) -> str:
    """The SQL of a list. Each combination is a text of its own, so that each has the plan that fits it."""
    flags = (shape.statuses, shape.event_names, shape.order_id, shape.event_id)
    wanted = [condition for condition, flag in zip(_CONDITIONS, flags, strict=True) if flag]
    conditions = "".join(f" and {text.format(f'${number}')}" for number, text in enumerate(wanted, 7))
    beyond, direction = (">", "asc") if shape.is_backward else ("<", "desc")
    return f"""
select t.version, w.id is not null as has_webhook, $3::uuid is null or exists (
  select from deliveries c where c.team_id = $1 and c.webhook_id = $2 and c.id = $3
) as cursor_known, d.*
from teams t left join webhooks w on w.team_id = t.team_id and w.id = $2
left join lateral (
  select {_DELIVERY} from deliveries d
  where d.team_id = $1 and d.webhook_id = w.id and ($3::uuid is null or d.id {beyond} $3)
    and d.created_at >= coalesce($5, '-infinity'::timestamptz)
    and d.created_at < coalesce($6, 'infinity'::timestamptz){conditions}
  order by d.id {direction} limit $4
) d on true
where t.team_id = $1
order by d.id {direction}
"""


def all_list_statements() -> list[str]:
    """Every variant: what the test prepares against the real schema."""
    return [list_statement(_Shape(*chosen)) for chosen in product((False, True), repeat=5)]


def _found(rows: Sequence[asyncpg.Record]) -> Found:
    if not rows:
        return Found(None, False, [])
    first = rows[0]
    listed = [_delivery(row) for row in rows if row["id"] is not None] if first["cursor_known"] else None
    return Found(first["version"], first["has_webhook"], listed)


def _delivery(row: Any) -> Delivery:
    attempts = msgspec.convert(row["attempts"], tuple[Attempt, ...])
    return Delivery(**{name: row[name] for name in _COLUMNS}, attempts=attempts)
