"""How one order is changed: decide on a read, commit by compare-and-set, together with the orders that follow.

What all verbs of the Orders API share (docs/decisions/0005-compare-and-set.md). Most changes are one statement;
one that touches a second order (a child order, or the parent of one) or brings documents is a transaction.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct

from milepost.core.order_amendment import Messages, amend, nobody
from milepost.core.races import OPTIMISTIC_TRIES, TRIES
from milepost.kit.clock import Clock
from milepost.kit.errors import Invalid, NotFound, Stale, Unmet
from milepost.model.actor import Actor
from milepost.model.order import EXTERNAL_ID, StoredOrder, Tag
from milepost.model.plan import Occasion, who
from milepost.model.purchase_order import settled
from milepost.model.workflow import Workspace
from milepost.store import order_loads, progress
from milepost.store import orders as store
from milepost.store import tags as tag_store
from milepost.store.amendments import Amendments, Taken, amend_orders
from milepost.store.db import Database, Deadlock, Orphan

PERMISSION = "canUpdateOrders"

Matches = Callable[[int], bool] | None
"""Whether a version of the order is one that the caller's If-Match accepts; None: there is no condition."""

PAUSE = 0.02
"""Seconds by which the longest wait after a lost race grows with each."""


class Writing(Struct):
    """All that one change writes, and how it is told. `contents`: the bytes of new documents, by document id."""

    amendments: Amendments
    arrivals: store.Arrivals
    contents: dict[str, bytes]
    reason: str | None = None
    """Why the timeline changes."""
    order_first: bool = False
    """`order.updated` comes before the other events."""
    messages: Messages = nobody
    new_tags: list[Tag] = []
    """Tags of the order that are made with the change."""


def occasion(actor: Actor, workspace: Workspace, now: datetime) -> Occasion:
    """On which the actor says something of an order of the team."""
    return Occasion(who(actor), now, workspace.calendar.zone)


Decide = Callable[[Database, StoredOrder, datetime, Writing], Awaitable[StoredOrder]]
"""What the order becomes; it may look further, and add what follows to the writing. Raises Refused."""


class _Lost(Exception):
    """Somebody else changed an order between the read and the write; nothing was written."""


async def change_order(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    decide: Decide,
    *,
    clock: Clock,
    matches: Matches = None,
    planned: bool = False,
) -> StoredOrder:
    """Changes one order; returns it as it is afterwards. When nothing differs nothing is written. `planned`: what is
    decided on has its plan, and the plan may change.

    Raises Forbidden, Stale (`workspace` is no longer the team's), NotFound, Unmet (`matches` refuses the
    version), Invalid `not_unique` and whatever `decide` raises; RuntimeError when the order stays contended,
    which the lock of later tries rules out short of deadlock after deadlock.
    """
    actor.require(PERMISSION)

    async def one_round(db: Database) -> StoredOrder:
        return await _round(db, actor, workspace, order_id, decide, clock, matches, planned)

    for tries in range(TRIES):
        try:
            if tries < OPTIMISTIC_TRIES:
                async with db.attempt() as attempt:
                    return await one_round(attempt)
            async with db.transaction() as tx:
                await progress.lock_orders(tx, actor.team_id, [order_id])
                return await one_round(tx)
        except (_Lost, Deadlock):
            await asyncio.sleep(random.uniform(0, (tries + 1) * PAUSE))  # noqa: S311
        except Orphan as orphan:
            raise Stale from orphan  # what was decided on is gone: decide on what there is
    raise RuntimeError(f"order {order_id} stayed contended over {TRIES} tries")


async def _round(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    decide: Decide,
    clock: Clock,
    matches: Matches,
    planned: bool,
) -> StoredOrder:
    (before,) = await load(db, workspace, [order_id], planned=planned)
    if matches is not None and not matches(before.version):
        raise Unmet("The order is no longer the one that If-Match names")
    now = clock()
    writing = Writing(Amendments(), store.Arrivals(), {})
    decided = settled(await decide(db, before, now, writing), workspace.house)
    after = amend(
        writing.amendments,
        actor,
        workspace,
        before,
        decided,
        now,
        reason=writing.reason,
        order_first=writing.order_first,
        messages=writing.messages,
    )
    if writing.amendments.orders:
        try:
            await _write(db, workspace, writing, now)
        except Taken as taken:
            raise not_unique(after, taken.is_external_id) from taken
    return after


async def load(
    db: Database, workspace: Workspace, ids: list[str], *, planned: bool = False
) -> list[StoredOrder]:
    """The orders of these ids, with their plans if wanted. Raises Stale, NotFound."""
    read = order_loads.load_planned_orders if planned else order_loads.load_orders
    version, found = await read(db, workspace.team.id, ids)
    if version != workspace.version:
        raise Stale
    if len(found) != len(ids):
        raise NotFound("Order")
    return found


async def _write(db: Database, workspace: Workspace, writing: Writing, now: datetime) -> None:
    """All of it, or raises and nothing of it."""
    further = writing.arrivals.orders or writing.contents or writing.new_tags
    if len(writing.amendments.orders) == 1 and not further:
        await _amend(db, workspace, writing.amendments)
        return
    async with db.transaction() as tx:
        if writing.new_tags and not await tag_store.add_tags(tx, workspace.team.id, writing.new_tags, now):
            raise _Lost
        await _amend(tx, workspace, writing.amendments)
        if writing.arrivals.orders:
            version, added = await store.add_orders(
                tx, workspace.team.id, writing.arrivals, workspace.version
            )
            if version != workspace.version:
                raise Stale
            if len(added) != len(writing.arrivals.orders):
                raise Taken(is_external_id=False)
        await store.add_documents(tx, workspace.team.id, writing.amendments.documents, writing.contents)


async def _amend(db: Database, workspace: Workspace, rows: Amendments) -> None:
    if len(await amend_orders(db, workspace.team.id, rows)) != len(rows.orders):
        raise _Lost


def not_unique(order: StoredOrder, is_external_id: bool) -> Invalid:
    """The refusal of an order that takes another one's number or external id."""
    content = order.content
    if not is_external_id:
        return Invalid(
            "not_unique", "order_number", f"The order number {content.order_number} is already used"
        )
    place = next(n for n, reference in enumerate(content.references) if reference.qualifier == EXTERNAL_ID)
    return Invalid("not_unique", f"references.{place}.value", "Another order has this EXTERNAL_ID")
