"""The verbs of the Milestones API on milestones: confirm, reject, undo, move dates, issue (sections 7.9 to 7.14, 7.19).

Each is one flat plan: a pure rule says what the order becomes, with the status that a confirmation enters or an undo
leaves, and one statement writes all of it. Whoever loses the race decides again on what the winner left.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from milepost.core.order_changes import Writing, change_order, occasion
from milepost.core.status_messages import status_messages
from milepost.kit.clock import Clock
from milepost.model.actor import OVERRIDE_CHAIN, Actor
from milepost.model.issuing import issued
from milepost.model.key_dates import KeyDates
from milepost.model.key_dates import edit_timeline as with_dates
from milepost.model.milestone_moves import (
    Confirmation,
    Named,
    Rejection,
    confirm,
    find_milestone,
    reject,
    undo,
)
from milepost.model.order import Customer, StoredOrder
from milepost.model.plan import Occasion
from milepost.model.transitions import Target
from milepost.model.workflow import Channel, Workspace
from milepost.store.db import Database
from milepost.store.outbox import NewMessage

Move = Callable[[StoredOrder, str, Occasion], StoredOrder]
"""What the order becomes when something is said of the milestone of that id."""


async def confirm_milestone(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    named: Named,
    wish: Confirmation,
    *,
    clock: Clock,
    channels: frozenset[Channel] = frozenset(),
) -> tuple[StoredOrder, str]:
    """The milestone is confirmed, and the status that it names entered; the order with its plan, and the id of the
    order milestone. `channels`: the message channels that this server has.

    Raises what `change_order`, model.milestone_moves.find_milestone and `confirm` raise.
    """
    override = actor.may(OVERRIDE_CHAIN)

    def move(order: StoredOrder, milestone_id: str, on: Occasion) -> StoredOrder:
        return confirm(workspace, order, milestone_id, wish, on, override_chain=override)

    return await _move(
        db, actor, workspace, order_id, named, move, clock=clock, reason=wish.dates.reason, channels=channels
    )


async def reject_milestone(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    named: Named,
    wish: Rejection,
    *,
    clock: Clock,
) -> tuple[StoredOrder, str]:
    """The order is refused (acceptance), or the milestone gets another date; as `confirm_milestone` answers.

    Raises what `change_order`, model.milestone_moves.find_milestone and `reject` raise.
    """

    def move(order: StoredOrder, milestone_id: str, on: Occasion) -> StoredOrder:
        return reject(order, milestone_id, wish, on)

    return await _move(db, actor, workspace, order_id, named, move, clock=clock, reason=wish.reason)


async def undo_confirmation(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    named: Named,
    *,
    clock: Clock,
    reason: str | None = None,
) -> tuple[StoredOrder, str]:
    """The newest confirmation is taken back, and the status left that it entered; as `confirm_milestone` answers.
    No customer is told.

    Raises what `change_order`, model.milestone_moves.find_milestone and `undo` raise.
    """
    return await _move(
        db, actor, workspace, order_id, named, partial(undo, workspace), clock=clock, reason=reason
    )


async def _move(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    named: Named,
    move: Move,
    *,
    clock: Clock,
    reason: str | None,
    channels: frozenset[Channel] = frozenset(),
) -> tuple[StoredOrder, str]:
    """`channels`: those by which the customer hears of the status that the move enters."""
    milestone_id = ""

    async def decide(_: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        nonlocal milestone_id
        milestone_id = find_milestone(workspace, order, named).id
        after = move(order, milestone_id, occasion(actor, workspace, now))
        writing.reason = reason
        if channels:
            writing.messages = partial(_messages, workspace, after, channels)
        return after

    after = await change_order(db, actor, workspace, order_id, decide, clock=clock, planned=True)
    return after, milestone_id


async def edit_timeline(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, dates: KeyDates, *, clock: Clock
) -> StoredOrder:
    """All the dates are set, or none (section 7.13); the order with its plan.

    Raises what `change_order` and model.key_dates.edit_timeline raise.
    """

    async def decide(_: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        writing.reason = dates.reason
        return with_dates(order, dates, occasion(actor, workspace, now))

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, planned=True)


async def issue_order(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, *, clock: Clock
) -> StoredOrder:
    """A draft is issued, an issued or refused order issued anew (section 7.19); the order with its plan.

    Raises what `change_order` and model.issuing.issued raise.
    """

    async def decide(_: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        return issued(workspace, order, occasion(actor, workspace, now))

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, planned=True)


def _messages(
    workspace: Workspace, order: StoredOrder, channels: frozenset[Channel], event_id: str
) -> Sequence[NewMessage]:
    """To the customer of an order that entered the status it holds."""
    status = workspace.status[order.held.status_id or ""]
    customer = order.content.customer or Customer()
    return status_messages(
        Target(status, status.options.get(order.held.sub_status_id or "")),
        order.id,
        event_id,
        email=customer.email,
        phone=customer.phone,
        channels=channels,
    )
