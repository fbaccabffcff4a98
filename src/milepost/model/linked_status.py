"""The status that a milestone names: entered when it is confirmed, left again when that is undone (Milestones API,
section 8.9). The other direction is core/statuses.py."""

from datetime import date, datetime

import msgspec

from milepost.kit.errors import Conflict
from milepost.model.order import StoredOrder
from milepost.model.plan import LeftStatus, Occasion, OrderMilestone
from milepost.model.standing import HeldStatus
from milepost.model.transitions import Target, enter, product_chain_of
from milepost.model.urgency import day_begins
from milepost.model.workflow import Workspace


def entered(
    workspace: Workspace,
    order: StoredOrder,
    milestone: OrderMilestone,
    day: date,
    on: Occasion,
    *,
    override_chain: bool,
) -> tuple[HeldStatus, LeftStatus | None]:
    """Where the order stands once the milestone is confirmed for `day`, and what it left for that; the `status_seq`
    of the latter is filled in when the change is written.

    It stays where it is when the milestone names no status, or one that is gone, and when the order is in it already.
    Raises Conflict `status_chain`, `workflow_order` with `status_id`.
    """
    target = target_of(workspace, milestone)
    if target is None:
        return order.held, None
    try:
        held = enter(
            workspace,
            order.held,
            target,
            now=_moment_of_entry(order.held, day, on),
            override_chain=override_chain,
            product_chain=product_chain_of(
                workspace, ((item.content.sku, item.content.product_id) for item in order.items)
            ),
        )
    except Conflict as refused:
        sentence = f"The status {target.status.name} may not be entered now"
        raise Conflict(refused.code, sentence, status_id=target.status.id) from refused
    return (order.held, None) if held is None else (held, LeftStatus(order.held, 0, order.status_seq))


def target_of(workspace: Workspace, milestone: OrderMilestone) -> Target | None:
    """The status and sub-status that the milestone names, as the team has them today.

    None without a link, where links do nothing, and where the link no longer names what an order can hold: the
    status or the option is gone, it became an addon, or got its first options or lost them all since.
    """
    status = workspace.status.get(milestone.linked_status_id or "")
    if status is None or status.is_addon or workspace.team.status_specificity == "line_item":
        return None
    if milestone.linked_sub_status_id is None:
        return None if status.options else Target(status)
    option = status.options.get(milestone.linked_sub_status_id)
    return None if option is None else Target(status, option)


def _moment_of_entry(held: HeldStatus, day: date, on: Occasion) -> datetime:
    """At once for today, else when the day begins for the team; never before the entry of the status that is left."""
    begins = on.now if day == on.today else day_begins(day, 0, on.zone) or on.now
    return begins if held.entered_at is None else max(begins, held.entered_at)


def restored(workspace: Workspace, order: StoredOrder, left: LeftStatus | None) -> StoredOrder:
    """The order once the confirmation that left that status is undone: in it again, with the deadline it had; where it
    is, when its status changed since or that status is gone. No rule of sequence is asked."""
    if left is None or left.status_seq != order.status_seq:
        return order
    held = left.held
    if held.status_id is not None:
        status = workspace.status.get(held.status_id)
        if status is None or (held.sub_status_id is not None and held.sub_status_id not in status.options):
            return order
    held = msgspec.structs.replace(
        held,
        workflow_id=held.workflow_id if held.workflow_id in workspace.workflow else None,
        anchor_status_id=held.anchor_status_id if held.anchor_status_id in workspace.status else None,
    )
    return msgspec.structs.replace(order, held=held, status_seq=left.former_seq)
