"""The verb that takes in orders of a file: archived ones as they once were, with their history and without telling
anybody; plain ones as any order that comes in.

A batch costs a constant number of statements, unless something in it cannot be stored. Each round reads what is
there, decides in memory and writes; orders that somebody else got hold of meanwhile are decided again in the next.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from milepost.core.archive_identity import (
    Brought,
    check_names,
    check_same,
    identity_of,
    names_of,
    wanted_tags,
)
from milepost.core.archive_tags import Tags
from milepost.core.order_arrival import arrive
from milepost.core.orders import PAUSE, PERMISSION, ROUNDS, ImportMark, Put
from milepost.kit.errors import Conflict, Invalid, Stale
from milepost.model.actor import Actor
from milepost.model.archive_names import Names
from milepost.model.order_archive import ArchivedOrder, PlainOrder
from milepost.model.purchase_order import check_content
from milepost.model.workflow import Workspace
from milepost.reads import order_archive as reads
from milepost.store import imports
from milepost.store import order_archive as store
from milepost.store.archive_restoration import restored
from milepost.store.archive_rows import Restorations
from milepost.store.db import Database, Deadlock, Orphan, Pool
from milepost.store.order_archive import Name, Unfit
from milepost.store.order_rows import OrderTagRow
from milepost.store.orders import Arrivals, add_orders, team_version


async def bring_in(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    orders: Sequence[Brought],
    now: datetime,
    *,
    mark: ImportMark | None = None,
) -> list[Put]:
    """Takes in the orders, all or nothing of each; one answer an order, in the same sequence.

    An archived order (one that model.order_archive.check lets pass) comes back as it was, with its events, which
    nobody is told; if it is here already it stays as it is, `unchanged`. A plain order is made as by the Orders API,
    with IMPORT as its source, one event, and deliveries of that. Tags that are missing are made. `mark` commits with
    the last of the batch.

    Orders are refused singly: Conflict `differs` (it is here and has other content), `not_unique` (its number,
    external id or Shopify id belongs to another order), `contended`; Invalid `not_found` (a tag, or something the
    workspace does not have), `invalid_value`, `end_before_start`, `duplicate`. Raises Forbidden, and Stale when
    `workspace` is no longer the team's.
    """
    actor.require(PERMISSION)
    batch = _Batch(actor, workspace, Names(workspace), orders, now)
    fruitless = 0
    while batch.waiting and fruitless < ROUNDS:
        settled: Mapping[int, Put] = {}
        try:
            settled = await _round(db, batch, mark)
        except Deadlock:
            pass
        except Orphan as orphan:
            raise Stale from orphan
        batch.puts.update(settled)
        fruitless = 0 if settled else fruitless + 1
        if fruitless:  # two that hinder each other must not try again in step
            await asyncio.sleep(random.uniform(0, fruitless * PAUSE))  # noqa: S311
    if batch.waiting or not orders:
        contended = Conflict("contended", "Others took its number or id at every try")
        batch.puts.update({place: Put(refusal=contended) for place in batch.waiting})
        await _put_mark(db, batch, mark)
    return [batch.puts[place] for place in range(len(orders))]


class _Batch(Struct):
    """The orders of one call, and the answers so far by place."""

    actor: Actor
    workspace: Workspace
    names: Names
    orders: Sequence[Brought]
    now: datetime
    puts: dict[int, Put] = {}

    @property
    def waiting(self) -> list[int]:
        return [place for place in range(len(self.orders)) if place not in self.puts]


async def _round(db: Pool, batch: _Batch, mark: ImportMark | None) -> dict[int, Put]:
    """Reads, decides and writes in one transaction; the answers it gives hold once it returns."""
    waiting = batch.waiting
    async with db.transaction() as tx:
        try:
            async with tx.attempt() as try_:
                settled = await _take_in(try_, batch, waiting)
        except Unfit:
            settled = await _one_by_one(tx, batch, waiting)
        if len(settled) == len(waiting):
            await _put_mark(tx, batch, mark)
    return settled


async def _one_by_one(tx: Database, batch: _Batch, waiting: Sequence[int]) -> dict[int, Put]:
    """One of the orders cannot be stored: this finds out which, and takes in the others."""
    settled: dict[int, Put] = {}
    for place in waiting:
        try:
            async with tx.attempt() as try_:
                settled |= await _take_in(try_, batch, [place])
        except Unfit as unfit:
            sentence = f"The order cannot be stored: {unfit}"
            settled[place] = Put(refusal=Invalid("invalid_value", "milepost", sentence))
    return settled


async def _put_mark(db: Database, batch: _Batch, mark: ImportMark | None) -> None:
    if mark is not None:
        team_id = batch.actor.team_id
        await imports.put_mark(db, team_id, mark.source, mark.fingerprint, mark.done, batch.now)


# One round ---------------------------------------------------------------------------------------------------


class _Found(Struct):
    """What is there already of a batch: orders by id, who bears a name, tags."""

    archives: Mapping[str, ArchivedOrder]
    owners: Mapping[Name, str]
    tags: Tags


class _Decided(Struct):
    """The answers of a round, and what makes them true: the rows of orders that come back with those of their tags
    apart, and the plain orders that are made, by place."""

    puts: dict[int, Put] = {}
    rows: Restorations = msgspec.field(default_factory=Restorations)
    back: list[ArchivedOrder] = []
    made: dict[int, PlainOrder] = {}


async def _take_in(tx: Database, batch: _Batch, places: Sequence[int]) -> dict[int, Put]:
    """Raises Stale, Unfit, Orphan."""
    if await team_version(tx, batch.actor.team_id) != batch.workspace.version:
        raise Stale
    found = await _look(tx, batch, [batch.orders[place] for place in places])
    decided = _decide(batch, found, places)
    bearers: Sequence[Brought] = [*decided.back, *decided.made.values()]
    wanted = [tag for order in bearers for tag in wanted_tags(order)]
    await found.tags.make(tx, batch.actor.team_id, found.tags.resolved(wanted))
    written = await _restore(tx, batch, found.tags, decided) | await _make(tx, batch, found.tags, decided)
    return {
        place: put
        for place, put in decided.puts.items()
        if put.outcome != "created" or put.order_id in written
    }


async def _look(tx: Database, batch: _Batch, orders: Sequence[Brought]) -> _Found:
    team_id = batch.actor.team_id
    names = sorted({name for order in orders for name in names_of(order)})
    owners = await store.names_taken(tx, team_id, names)
    # After the names: an order that somebody brings in meanwhile is here, not only its names.
    ids = sorted({order.milepost.id for order in orders if isinstance(order, ArchivedOrder)})
    archives = await reads.archives_of(tx, team_id, ids, batch.names) if ids else {}
    tags = Tags()
    await tags.find(tx, team_id, [tag for order in orders for tag in wanted_tags(order)])
    return _Found(archives, owners, tags)


def _decide(batch: _Batch, found: _Found, places: Sequence[int]) -> _Decided:
    """At most one order of an id and of a name a round: another of the same waits for the next."""
    decided = _Decided()
    taken_up: set[Name] = set()
    for place in places:
        order = batch.orders[place]
        names = {*names_of(order), *identity_of(order)}
        if names & taken_up:
            continue
        taken_up |= names
        try:
            decided.puts[place] = _put(batch, found, decided, place, order)
        except (Invalid, Conflict) as refusal:
            decided.puts[place] = Put(refusal=refusal)
    return decided


def _put(batch: _Batch, found: _Found, decided: _Decided, place: int, order: Brought) -> Put:
    """The answer for one order; adds what it takes to the round. Raises Invalid, Conflict."""
    found.tags.resolved(wanted_tags(order))
    if isinstance(order, PlainOrder):
        check_content(order.wish.content)
        check_names(order, found.owners)
        decided.made[place] = order
        return Put(None, "created")
    order_id = order.milepost.id
    if (stored := found.archives.get(order_id)) is not None:
        check_same(stored, order, found.tags)
        return Put(order_id, "unchanged")
    check_names(order, found.owners)
    decided.rows.add(restored(order, batch.names))
    decided.back.append(order)
    return Put(order_id, "created")


async def _restore(tx: Database, batch: _Batch, tags: Tags, decided: _Decided) -> frozenset[str]:
    """Writes the orders that come back; the ids of those that nobody else got hold of first."""
    if not decided.back:
        return frozenset()
    rows = decided.rows
    rows.orders.sort(key=lambda row: row.id)  # all writers in one sequence, so that they seldom deadlock
    rows.tags = [
        OrderTagRow(order.milepost.id, tag.id)
        for order in decided.back
        for tag in tags.resolved(wanted_tags(order))
    ]
    version, added = await store.restore_orders(tx, batch.actor.team_id, rows, batch.workspace.version)
    if version != batch.workspace.version:
        raise Stale
    return added


async def _make(tx: Database, batch: _Batch, tags: Tags, decided: _Decided) -> frozenset[str]:
    """Makes the plain orders; the ids of those whose names nobody else took first."""
    if not decided.made:
        return frozenset()
    arrivals = Arrivals()
    for place, order in decided.made.items():
        items = tuple(item.content for item in order.wish.items)
        content = msgspec.structs.replace(order.wish.content, source="IMPORT", items=items)
        borne = tags.resolved(order.tags)
        made = arrive(arrivals, batch.actor, batch.workspace, content, batch.now, tags=borne)
        decided.puts[place] = Put(made.id, "created")
    version, added = await add_orders(tx, batch.actor.team_id, arrivals, batch.workspace.version)
    if version != batch.workspace.version:
        raise Stale
    return added
