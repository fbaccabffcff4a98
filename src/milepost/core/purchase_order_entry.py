"""Purchase orders enter by the Milestones API, and are edited there (sections 7.3 and 7.5)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec
from msgspec import Struct

from milepost.core.order_arrival import arrive, placed_items
from milepost.core.order_changes import PERMISSION, Writing, change_order, occasion
from milepost.core.races import TRIES
from milepost.core.tags import named_tags
from milepost.kit.clock import Clock
from milepost.kit.errors import Faulty, Invalid, Stale
from milepost.kit.ids import parse_id
from milepost.model.actor import Actor
from milepost.model.order import NewItem, NewOrder, StoredOrder, Tag
from milepost.model.purchase_order_edit import OrderEdit, edited
from milepost.model.workflow import Workspace
from milepost.store import order_loads, order_numbers
from milepost.store import orders as store
from milepost.store import tags as tag_store
from milepost.store.db import Database, Deadlock, Orphan

_FIRST_LOOK, _LONGEST_LOOK = 16, 4096
"""How many numbers are looked up at a time for one that is free: twice as many each time."""
_LOOKS = 400


class Entry(Struct, frozen=True, kw_only=True):
    """A purchase order as this surface hands it in."""

    content: NewOrder
    """Its number is empty when none was given; its lines stand apart."""
    items: tuple[NewItem, ...]
    tags: tuple[str, ...] = ()
    """Names; those that the team does not know yet are made with the order."""


class _Contended(Exception):
    """Somebody else took a name between the look and the write; nothing was written."""


async def enter_order(
    db: Database, actor: Actor, workspace: Workspace, entry: Entry, *, clock: Clock
) -> StoredOrder:
    """A new order with its plan, issued at once unless it is a draft (section 7.3). Without a number it gets the
    team's next free one.

    Raises Forbidden, Stale, Faulty for an `order_number` in use and an unknown `workflow_id`.
    """
    actor.require(PERMISSION)
    content = await _checked(db, actor, workspace, entry)
    for _ in range(TRIES):
        try:
            return await _round(db, actor, workspace, content, entry.tags, clock())
        except (_Contended, Deadlock):
            continue
        except Orphan as orphan:
            raise Stale from orphan
    raise RuntimeError(f"tags or numbers stayed contended over {TRIES} tries")


async def _checked(db: Database, actor: Actor, workspace: Workspace, entry: Entry) -> NewOrder:
    """The order with its lines and with its workflow's id as the house spells it."""
    content = msgspec.structs.replace(entry.content, items=entry.items)
    if content.milestone_workflow_id is None:
        return content
    workflow = workspace.workflow.get(parse_id(content.milestone_workflow_id) or "")
    if workflow is not None:
        return msgspec.structs.replace(content, milestone_workflow_id=workflow.id)
    faults = [("workflow_id", "no such workflow")]
    number = content.order_number
    if number and await order_loads.numbers_from(db, actor.team_id, [number]):
        faults.append(_taken())
    raise Faulty("The order is not valid", faults)


def _taken() -> tuple[str, str]:
    return "order_number", "is already used"


async def _round(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    content: NewOrder,
    names: Sequence[str],
    now: datetime,
) -> StoredOrder:
    """One statement when the order brings its number and only known tags, else a transaction."""
    tags, new = await named_tags(db, actor.team_id, names)
    if content.order_number and not new:
        return await _with_own_number(db, actor, workspace, content, tags, now)
    async with db.transaction() as tx:
        if new and not await tag_store.add_tags(tx, actor.team_id, new, now):
            raise _Contended
        enter = _with_own_number if content.order_number else _with_next_number
        return await enter(tx, actor, workspace, content, tags, now)


async def _with_own_number(
    db: Database, actor: Actor, workspace: Workspace, content: NewOrder, tags: list[Tag], now: datetime
) -> StoredOrder:
    order = await _add(db, actor, workspace, content, tags, now)
    if order is None:
        raise Faulty("The order number is already used", [_taken()])
    return order


async def _with_next_number(
    tx: Database, actor: Actor, workspace: Workspace, content: NewOrder, tags: list[Tag], now: datetime
) -> StoredOrder:
    """Inside a transaction, whose end lets the next order have a number: none is given twice or left out."""
    number = await order_numbers.next_number(tx, actor.team_id)
    for _ in range(TRIES):
        numbered = msgspec.structs.replace(content, order_number=_spelt(number))
        order = await _add(tx, actor, workspace, numbered, tags, now)
        if order is not None:
            return order
        number = await _free_after(tx, actor.team_id, number)
        await order_numbers.set_last_number(tx, actor.team_id, number)
    raise _Contended


async def _free_after(tx: Database, team_id: str, number: int) -> int:
    """The first number after this one that no order bears."""
    first, size = number + 1, _FIRST_LOOK
    for _ in range(_LOOKS):
        candidates = range(first, first + size)
        taken = await order_loads.numbers_from(tx, team_id, [_spelt(one) for one in candidates])
        if len(taken) < size:
            return next(one for one in candidates if _spelt(one) not in taken)
        first, size = candidates.stop, min(2 * size, _LONGEST_LOOK)
    raise RuntimeError(f"no order number is free between {_spelt(number)} and {_spelt(first)}")


def _spelt(number: int) -> str:
    return f"PO-{number:06d}"


async def _add(
    db: Database, actor: Actor, workspace: Workspace, content: NewOrder, tags: list[Tag], now: datetime
) -> StoredOrder | None:
    """The order that was made; None when its number is another one's."""
    arrivals = store.Arrivals()
    order = arrive(arrivals, actor, workspace, content, now, tags=tags)
    version, added = await store.add_orders(db, actor.team_id, arrivals, workspace.version)
    if version != workspace.version:
        raise Stale
    return order if order.id in added else None


async def edit_order(
    db: Database, actor: Actor, workspace: Workspace, order_id: str, edit: OrderEdit, *, clock: Clock
) -> StoredOrder:
    """The order with what the edit says of it (section 7.5), and its plan.

    Raises what `change_order` and model.purchase_order_edit.edited raise; Faulty for an `order_number` in use.
    """

    async def decide(db: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        writing.order_first = True
        tags: list[Tag] | None = None
        if edit.tags is not None:
            tags, writing.new_tags = await named_tags(db, actor.team_id, edit.tags, order.tags)
        placing = partial(placed_items, now=now)
        return edited(workspace, order, edit, tags, occasion(actor, workspace, now), placing)

    try:
        return await change_order(db, actor, workspace, order_id, decide, clock=clock, planned=True)
    except Invalid as refused:
        if refused.code == "not_unique":
            raise Faulty(refused.sentence, [_taken()]) from refused
        raise
