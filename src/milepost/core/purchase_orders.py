"""The verbs of the Orders API on orders and their lines (sections 9 and 10)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec

from milepost.core.order_amendment import amend
from milepost.core.order_arrival import arrive, placed_items
from milepost.core.order_changes import PERMISSION, Matches, Writing, change_order, load, not_unique
from milepost.core.tags import resolve_tags
from milepost.kit.clock import Clock
from milepost.kit.errors import Invalid, NotFound, Stale
from milepost.model.actor import Actor
from milepost.model.order import NewItem, OrderWish, StoredItem, StoredOrder, external_id
from milepost.model.purchase_order import (
    canceled,
    cancelled,
    check_canceled,
    check_content,
    check_lines,
    replaced,
    settled,
    with_content,
)
from milepost.model.workflow import Workspace
from milepost.store import order_loads
from milepost.store import orders as store
from milepost.store.db import Database, Orphan

MOST_ITEMS = 1000


async def create_order(
    db: Database, actor: Actor, workspace: Workspace, wish: OrderWish, *, clock: Clock
) -> StoredOrder:
    """A new order with its lines (section 9.1); it follows the default workflow and counts as issued.

    Raises Forbidden, Stale, Invalid `not_unique`, `not_found` (a tag), `duplicate`, `end_before_start`.
    """
    actor.require(PERMISSION)
    check_content(wish.content)
    tags = await resolve_tags(db, actor.team_id, wish.tags)
    arrivals = store.Arrivals()
    content = msgspec.structs.replace(wish.content, items=tuple(item.content for item in wish.items))
    order = arrive(arrivals, actor, workspace, content, clock(), tags=tags)
    try:
        version, added = await store.add_orders(db, actor.team_id, arrivals, workspace.version)
    except Orphan as orphan:
        raise Stale from orphan
    if version != workspace.version:
        raise Stale
    if order.id not in added:
        raise not_unique(order, await _is_taken_by_external_id(db, actor.team_id, order))
    return order


async def _is_taken_by_external_id(db: Database, team_id: str, order: StoredOrder) -> bool:
    if await order_loads.numbers_from(db, team_id, [order.content.order_number]):
        return False
    external = external_id(order.content.references)
    return external is not None and await order_loads.order_by_external_id(db, team_id, external) is not None


async def replace_order(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    wish: Callable[[StoredOrder], OrderWish],
    *,
    clock: Clock,
    matches: Matches = None,
) -> StoredOrder:
    """The order becomes what `wish` makes of the stored one: PUT and merge patch (sections 9.4 and 9.5).

    Raises what `change_order` and model.purchase_order.replaced raise, and whatever `wish` raises.
    """

    async def decide(db: Database, order: StoredOrder, now: datetime, _: Writing) -> StoredOrder:
        wished = wish(order)
        tags = await resolve_tags(db, actor.team_id, wished.tags, known=order.tags)
        return replaced(order, wished, tags, partial(placed_items, now=now))

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)


async def cancel_order(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    *,
    clock: Clock,
    matches: Matches = None,
) -> StoredOrder:
    """Cancels the order (section 9.7). A child order's release ends with it, so that its parent has the amounts
    back. Raises what `change_order` raises, and Conflict `not_cancellable`."""

    async def decide(db: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        after = cancelled(order, now)
        if after is not order and order.created_from_order_id is not None:
            (parent,) = await load(db, workspace, [order.created_from_order_id])
            relieved = settled(_relieved(parent, order.released_from_release_id, now), workspace.house)
            amend(writing.amendments, actor, workspace, parent, relieved, now)
        return after

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)


def _relieved(parent: StoredOrder, release_id: str | None, now: datetime) -> StoredOrder:
    """The parent whose release to a child order has ended."""
    releases = tuple(
        msgspec.structs.replace(release, unassigned_at=now)
        if release.id == release_id and release.is_active
        else release
        for release in parent.releases
    )
    return msgspec.structs.replace(parent, releases=releases)


async def add_item(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    item: NewItem,
    *,
    clock: Clock,
    matches: Matches = None,
) -> tuple[StoredOrder, str]:
    """Adds a line (section 10.1); the order and the line's id. Raises what `change_order` raises, Conflict
    `order_canceled`, Invalid `too_many`."""
    new_id = ""

    async def decide(db: Database, order: StoredOrder, now: datetime, _: Writing) -> StoredOrder:
        nonlocal new_id
        if order.content.cancelled_at is not None:
            raise canceled()
        if len(order.items) >= MOST_ITEMS:
            raise Invalid("too_many", "items", f"An order has at most {MOST_ITEMS} items")
        last = max((one.position for one in order.items), default=0)
        (added,) = placed_items([item], last, now)
        new_id = added.id
        return msgspec.structs.replace(order, items=(*order.items, added))

    order = await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)
    return order, new_id


async def replace_item(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    item_id: str,
    wish: Callable[[StoredItem], NewItem],
    *,
    clock: Clock,
    matches: Matches = None,
) -> StoredOrder:
    """The line becomes what `wish` makes of the stored one (section 10.3). Raises what `change_order` and
    model.purchase_order.check_lines raise, NotFound, Conflict `order_canceled`."""

    async def decide(db: Database, order: StoredOrder, now: datetime, _: Writing) -> StoredOrder:
        item = _item(order, item_id)
        changed = with_content(item, wish(item))
        items = tuple(changed if one is item else one for one in order.items)
        after = msgspec.structs.replace(order, items=items)
        check_canceled(order, after)
        check_lines(order, after, {})
        return after

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)


async def remove_item(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    item_id: str,
    *,
    clock: Clock,
    matches: Matches = None,
) -> StoredOrder:
    """Takes a line out (section 10.4). Raises what `change_order` raises, NotFound, Conflict `item_released`,
    `order_canceled`."""

    async def decide(db: Database, order: StoredOrder, now: datetime, _: Writing) -> StoredOrder:
        item = _item(order, item_id)
        after = msgspec.structs.replace(order, items=tuple(one for one in order.items if one is not item))
        check_canceled(order, after)
        check_lines(order, after, {})
        return after

    return await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)


def _item(order: StoredOrder, item_id: str) -> StoredItem:
    item = next((one for one in order.items if one.id == item_id), None)
    if item is None:
        raise NotFound("Item")
    return item
