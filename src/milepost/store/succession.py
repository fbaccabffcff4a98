"""Rows of orders that pass from a definition that goes to the one that takes its place.

What has a form in events moves in `store.progress` and `store.line_items`; here is the rest: references that
no document of an order shows as a change, and the workflow whose milestones an order carries.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from milepost.model.actor import Actor
from milepost.model.events import Event
from milepost.store.db import Database
from milepost.store.deliveries import DeliveryRow, delivery_piece, json_rows
from milepost.store.event_log import event_columns, event_objects, event_piece
from milepost.store.tallies import tally_piece

DROP_ADDON = """
delete from order_addons where team_id = $1 and status_id = $2 and order_id = any($3::uuid[])
"""

MOVE_LINKS = """
with moved as (
  update order_milestones set linked_status_id = $3, linked_sub_status_id = null, updated_at = $4
  where team_id = $1 and linked_status_id = $2 returning order_id
)
update orders set version = version + 1, updated_at = $4
where team_id = $1 and id in (select order_id from moved)
"""

# What undoing a confirmation brings back (model/plan.py, LeftStatus).
MOVE_LEFT = """
with moved as (
  update order_milestones set left_status = jsonb_set(left_status, '{held}', left_status -> 'held' || $4)
  where team_id = $1 and left_status -> 'held' ->> $2::text = $3::text returning order_id
)
update orders set version = version + 1 where team_id = $1 and id in (select order_id from moved)
"""

# The version rises with each of these, so that a decision made on the old reference is made again.
MOVE_ANCHORS = """
update orders set anchor_status_id = $3, version = version + 1
where team_id = $1 and anchor_status_id = $2
"""

MOVE_ITEM_ANCHORS = """
with moved as (
  update order_items set anchor_status_id = $3
  where team_id = $1 and anchor_status_id = $2 returning order_id
)
update orders set version = version + 1 where team_id = $1 and id in (select order_id from moved)
"""

_WORKFLOW_STEPS = """
    select m.id, m.is_draft, m.status_id, v.workflow_id, v.step from moved m cross join lateral (
      values ($2::uuid, -1), ($3::uuid, 1)
    ) as v (workflow_id, step)"""

MOVE_WORKFLOW = f"""
with moved as (
  update orders set workflow_id = $3, version = version + 1, updated_at = $4
  where team_id = $1 and workflow_id = $2
  returning id, is_draft, status_id
)
{tally_piece(_WORKFLOW_STEPS)}
"""

MOVE_ITEM_WORKFLOW = """
with moved as (
  update order_items set workflow_id = $3, updated_at = $4
  where team_id = $1 and workflow_id = $2 returning order_id
)
update orders set version = version + 1, updated_at = $4
where team_id = $1 and id in (select order_id from moved)
"""

CARRIERS = """
select id, event_seq, order_number, order_type from orders
where team_id = $1 and milestone_workflow_id = $2 and (is_draft or not $4) order by id limit $3 for update
"""

MOVE_CARRIERS = f"""
with changed as (
  update orders
  set milestone_workflow_id = $3, version = version + 1, event_seq = event_seq + 1, updated_at = $4
  where team_id = $1 and id = any($2::uuid[])
  returning id
),
logged as ({event_piece(at=4, actor=5, events=8, objects=17)}
)
{delivery_piece(18, "changed")}
"""


async def drop_addon(db: Database, team_id: str, status_id: str, order_ids: Sequence[str]) -> None:
    await db.execute(DROP_ADDON, team_id, status_id, order_ids)


async def move_links(db: Database, team_id: str, old: str, new: str, at: datetime) -> None:
    """Milestones of orders that enter status `old` when they are confirmed will enter `new`."""
    await db.execute(MOVE_LINKS, team_id, old, new, at)


async def move_left_status(db: Database, team_id: str, old: str, new: str) -> None:
    """Undoing a confirmation that moved an order out of status `old` will bring it to `new`, in which it has no
    sub-status and no deadline."""
    held = {"status_id": new, "sub_status_id": None, "deadline_at": None}
    await db.execute(MOVE_LEFT, team_id, "status_id", old, held)


async def move_anchors(db: Database, team_id: str, old: str, new: str | None) -> None:
    """The latest chain status that orders and line items held."""
    await db.execute(MOVE_ANCHORS, team_id, old, new)
    await db.execute(MOVE_ITEM_ANCHORS, team_id, old, new)
    await db.execute(MOVE_LEFT, team_id, "anchor_status_id", old, {"anchor_status_id": new})


async def move_workflow(db: Database, team_id: str, old: str, new: str, at: datetime) -> None:
    """Where the status workflow of orders and line items stands."""
    await db.execute(MOVE_WORKFLOW, team_id, old, new, at)
    await db.execute(MOVE_ITEM_WORKFLOW, team_id, old, new, at)
    await db.execute(MOVE_LEFT, team_id, "workflow_id", old, {"workflow_id": new})


class Carrier(Struct, frozen=True):
    """An order that carries the milestones of a workflow, or a draft that will."""

    id: str
    event_seq: int
    order_number: str
    order_type: str


async def lock_carriers(
    db: Database, team_id: str, workflow_id: str, limit: int, *, drafts_only: bool
) -> list[Carrier]:
    """Orders that carry milestones of the workflow, or will when they are issued, held until the transaction ends."""
    rows = await db.fetch(CARRIERS, team_id, workflow_id, limit, drafts_only)
    return [Carrier(**row) for row in rows]


async def move_carriers(
    db: Database,
    actor: Actor,
    workflow_id: str | None,
    events: Sequence[Event],
    deliveries: Sequence[DeliveryRow],
    at: datetime,
) -> None:
    """The orders of the events, one each, carry that workflow now."""
    await db.execute(
        MOVE_CARRIERS,
        actor.team_id,
        [event.order_id for event in events],
        workflow_id,
        at,
        actor.kind,
        actor.id,
        actor.name,
        *event_columns(events),
        event_objects(events),
        json_rows(deliveries),
    )
