"""A new order comes into being: its rows, the milestones it takes over, and its first event."""

from datetime import datetime

from milepost.core.record import event_rows
from milepost.kit.ids import new_id
from milepost.model import lifecycle
from milepost.model.actor import Actor
from milepost.model.document import Described, order_document
from milepost.model.milestones import IssuedMilestone, issue
from milepost.model.order import NewOrder
from milepost.model.status_events import numbered
from milepost.model.workflow import Workspace
from milepost.store.order_rows import MilestoneRow, TaskRow, item_row, order_row
from milepost.store.orders import Arrivals


def arrive(rows: Arrivals, actor: Actor, workspace: Workspace, order: NewOrder, now: datetime) -> str:
    """Adds the rows of a new order, told at `now`; returns its id.

    It counts as issued today, in the team's zone, unless it is a draft; a draft only has its workflow chosen.
    Its event is as old as its placing, if that lies in the past.
    """
    order_id = new_id()
    chosen = workspace.workflow.get(order.milestone_workflow_id or "")
    workflow = chosen or workspace.default_workflow
    issued_on = None if order.is_draft else now.astimezone(workspace.calendar.zone).date()
    items = [(new_id(), item) for item in order.items]
    described = Described(
        id=order_id,
        content=order,
        items=items,
        status=lifecycle.derive(
            cancelled=order.cancelled_at is not None,
            draft=order.is_draft,
            supplier_blocks=order.supplier is not None,
        ),
        created_at=now,
        updated_at=now,
    )
    rows.orders.append(order_row(described, workflow.id if workflow else None, issued_on))
    rows.items += [
        item_row(order_id, item_id, position, item, now) for position, (item_id, item) in enumerate(items, 1)
    ]
    if workflow is not None and issued_on is not None:
        _add_milestones(
            rows, order_id, issue(workflow.milestones, issued_on, order.ships_on, order.delivered_on), now
        )
    facts = {"order_number": order.order_number, "order_type": order.order_type}
    effective_at = min(order.placed_at or now, now)
    document = order_document(described)
    events = numbered(order_id, 0, facts, effective_at, [("order.created", None, ({}, document), {})])
    rows.events += event_rows(actor, events, now)
    return order_id


def _add_milestones(rows: Arrivals, order_id: str, milestones: list[IssuedMilestone], now: datetime) -> None:
    for milestone in milestones:
        template, milestone_id = milestone.template, new_id()
        rows.milestones.append(
            MilestoneRow(
                id=milestone_id,
                order_id=order_id,
                workflow_milestone_id=template.id,
                position=template.position,
                type=template.type,
                name=template.name,
                owner=template.owner,
                linked_status_id=template.status_id,
                linked_sub_status_id=template.sub_status_id,
                prompt_offset_days=template.prompt_offset_days,
                key_date=milestone.key_date,
                created_at=now,
                updated_at=now,
            )
        )
        rows.tasks += [
            TaskRow(
                id=new_id(),
                order_id=order_id,
                milestone_id=milestone_id,
                title=task.title,
                due_date=task.due_date,
                required=task.required,
                created_at=now,
                updated_at=now,
            )
            for task in milestone.tasks
        ]
