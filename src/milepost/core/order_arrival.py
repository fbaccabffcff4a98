"""A new order comes into being: its rows, the milestones it takes over, and its first event."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from milepost.core.record import recorded
from milepost.kit.ids import new_id
from milepost.model.actor import Actor
from milepost.model.document import order_document
from milepost.model.milestones import issued_plan
from milepost.model.order import NewItem, NewOrder, StoredItem, StoredOrder, Tag
from milepost.model.plan import Plan
from milepost.model.purchase_order import settled
from milepost.model.status_events import numbered
from milepost.model.urgency import next_attention
from milepost.model.workflow import Workspace
from milepost.store.order_rows import OrderTagRow
from milepost.store.order_translation import item_row, order_row
from milepost.store.orders import Arrivals
from milepost.store.plan_translation import milestone_row, task_row


def arrive(
    rows: Arrivals,
    actor: Actor,
    workspace: Workspace,
    order: NewOrder,
    now: datetime,
    *,
    tags: Sequence[Tag] = (),
    order_id: str | None = None,
    created_from_order_id: str | None = None,
    released_from_release_id: str | None = None,
) -> StoredOrder:
    """Adds the rows of a new order, told at `now`; returns it.

    It counts as issued today, in the team's zone, unless it is a draft; a draft only has its workflow chosen.
    Its event is as old as its placing, if that lies in the past.
    """
    chosen = workspace.workflow.get(order.milestone_workflow_id or "")
    workflow = chosen or workspace.default_workflow
    issued_on = None if order.is_draft else now.astimezone(workspace.calendar.zone).date()
    plan = Plan()
    if workflow is not None and issued_on is not None:
        plan = issued_plan(
            workflow.milestones, issued_on, now, ships_on=order.ships_on, delivered_on=order.delivered_on
        )
    stored = settled(
        StoredOrder(
            id=order_id or new_id(),
            version=1,
            event_seq=1,
            content=msgspec.structs.replace(order, items=()),
            items=placed_items(order.items, 0, now),
            lifecycle="READY",
            milestone_workflow_id=workflow.id if workflow else None,
            issued_on=issued_on,
            last_issued_on=issued_on,
            last_issued_at=None if order.is_draft else now,
            plan=plan,
            tags=tuple(tags),
            created_from_order_id=created_from_order_id,
            released_from_release_id=released_from_release_id,
            created_at=now,
            updated_at=now,
        ),
        workspace.house,
    )
    if not order.is_draft:
        stored = msgspec.structs.replace(stored, attention_at=next_attention(stored, workspace.calendar.zone))
    rows.orders.append(order_row(stored))
    rows.items += [item_row(stored.id, item, now) for item in stored.items]
    rows.tags += [OrderTagRow(stored.id, tag.id) for tag in tags]
    rows.milestones += [milestone_row(stored.id, milestone) for milestone in plan.milestones]
    rows.tasks += [task_row(stored.id, task) for task in plan.tasks]
    _add_event(rows, actor, workspace, stored, now)
    return stored


def placed_items(items: Sequence[NewItem], last_position: int, now: datetime) -> tuple[StoredItem, ...]:
    """New lines with ids, behind the last position given out."""
    return tuple(
        StoredItem(id=new_id(), position=position, content=item, created_at=now)
        for position, item in enumerate(items, last_position + 1)
    )


def _add_event(
    rows: Arrivals, actor: Actor, workspace: Workspace, stored: StoredOrder, now: datetime
) -> None:
    content = stored.content
    facts = {"order_number": content.order_number, "order_type": content.order_type}
    effective_at = min(content.placed_at or now, now)
    created = numbered(
        stored.id, 0, facts, effective_at, [("order.created", None, ({}, order_document(stored)), {})]
    )
    events, deliveries = recorded(workspace, actor, created, now)
    rows.events += events
    rows.deliveries += deliveries
