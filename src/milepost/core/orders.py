"""The verb that takes in orders from a shop: new ones are made, known ones follow the shop's word.

A batch costs a constant number of statements. Each round reads what is there, decides in memory and writes;
the orders that somebody else changed or made meanwhile are read and decided again in the next round.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from milepost.core.order_amendment import amend
from milepost.core.order_arrival import arrive, placed_items
from milepost.kit.errors import Conflict, Invalid, Refused, Stale
from milepost.model import shop
from milepost.model.actor import Actor
from milepost.model.order import NewOrder, StoredOrder
from milepost.model.purchase_order import settled
from milepost.model.workflow import Workspace
from milepost.store import imports, order_loads
from milepost.store import orders as store
from milepost.store.amendments import Amendments, Taken, amend_orders
from milepost.store.db import Database, Deadlock, Pool

PERMISSION = "canUpdateOrders"

ROUNDS = 8
"""Rounds in a row that may settle nothing; each one means that another writer got on."""
PAUSE = 0.05
"""Seconds by which the longest wait after a fruitless round grows with each."""

LONGEST_NUMBER = 64

_ShopifyKey = tuple[str, int]
"""Kind and number."""

Outcome = Literal["created", "updated", "unchanged"]


class Put(Struct, frozen=True):
    """What became of one order: its id and outcome, or why it was refused."""

    order_id: str | None = None
    outcome: Outcome | None = None
    refusal: Refused | None = None


class ImportMark(Struct, frozen=True):
    """How far an import has got once this batch is in: `done` records of the file with that fingerprint."""

    source: str
    fingerprint: str
    done: int


async def put_orders(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    orders: Sequence[NewOrder],
    now: datetime,
    *,
    mark: ImportMark | None = None,
) -> list[Put]:
    """Makes or updates the orders, all or nothing of each; one answer an order, in the same sequence.

    An order with a Shopify id is the one that has the same id and kind; without one it is new. A new order
    takes the milestones of the team's default workflow unless it is a draft; a known one keeps its
    statuses, and when nothing differs nothing is written. An order told twice is made first and updated
    then. `now` is when Milepost was told. `mark` commits with the last of the batch.

    Orders are refused singly: Invalid `order_number`, Conflict `not_unique` (the number belongs to another
    order) or `contended` (others changed it at every try). Raises Forbidden, and Stale when `workspace` is no
    longer the team's.
    """
    actor.require(PERMISSION)
    batch = _Batch(actor, workspace, orders, now)
    fruitless = 0
    while batch.waiting and fruitless < ROUNDS:
        settled: Mapping[int, Put] = {}
        with suppress(Deadlock, Taken):
            settled = await _round(db, batch, mark)
        batch.settle(settled)
        fruitless = 0 if settled else fruitless + 1
        if fruitless:  # two that hinder each other must not try again in step
            await asyncio.sleep(random.uniform(0, fruitless * PAUSE))  # noqa: S311
    if batch.waiting or not orders:
        contended = Conflict("contended", "The order was changed by others at every try")
        batch.settle({place: Put(refusal=contended) for place in batch.waiting})
        await _put_mark(db, batch, mark)
    return [batch.puts[place] for place in range(len(orders))]


class _Batch:
    """The orders of one call, and which of them still wait for an answer."""

    def __init__(self, actor: Actor, workspace: Workspace, orders: Sequence[NewOrder], now: datetime) -> None:
        self.actor = actor
        self.workspace = workspace
        self.orders = orders
        self.now = now
        self.puts: dict[int, Put] = {}

    @property
    def waiting(self) -> list[int]:
        return [place for place in range(len(self.orders)) if place not in self.puts]

    def settle(self, puts: Mapping[int, Put]) -> None:
        self.puts.update(puts)


async def _round(db: Pool, batch: _Batch, mark: ImportMark | None) -> dict[int, Put]:
    """Reads, decides and writes in one transaction; the answers it gives hold once it returns."""
    async with db.transaction() as tx:
        decided = await _decide(tx, batch)
        written = await _write(tx, batch, decided)
        settled = {place: put for place, put in decided.puts.items() if _holds(put, written)}
        if len(settled) == len(batch.waiting):
            await _put_mark(tx, batch, mark)
    return settled


class _Decided(Struct):
    """The answers of a round, and the rows that make them true."""

    puts: dict[int, Put]
    arrivals: store.Arrivals
    amendments: Amendments


async def _decide(tx: Database, batch: _Batch) -> _Decided:
    """At most one order of a Shopify id and of a number a round: another of the same waits for the next.

    Orders are taken up by Shopify id, whatever their sequence, so that two imports of the same orders wait
    for one another instead of deadlocking.
    """
    told = [(place, batch.orders[place]) for place in batch.waiting]
    waiting = sorted(told, key=_write_order)
    known, owners = await _look(tx, batch, [order for _, order in waiting])
    decided = _Decided({}, store.Arrivals(), Amendments())
    taken_up: set[_ShopifyKey | str] = set()
    for place, order in waiting:
        key = _shopify_key(order)
        if order.order_number in taken_up or (key is not None and key in taken_up):
            continue
        taken_up.add(order.order_number)
        if key is not None:
            taken_up.add(key)
        stored = known.get(key) if key is not None else None
        owner = owners.get(order.order_number)
        if stored is None and owner is not None and key is not None and key == _shopify_key(owner):
            continue  # somebody else made this very order between the two looks
        decided.puts[place] = _put(batch, decided, order, stored, owner)
    return decided


async def _look(
    tx: Database, batch: _Batch, orders: Sequence[NewOrder]
) -> tuple[dict[_ShopifyKey, StoredOrder], dict[str, store.Owner]]:
    """The orders that are known already, by Shopify id; and who has the numbers, by number."""
    team_id = batch.actor.team_id
    if await store.team_version(tx, team_id) != batch.workspace.version:
        raise Stale
    keys = {key for order in orders if (key := _shopify_key(order)) is not None}
    stored = await order_loads.load_shopify_orders(tx, team_id, sorted(keys)) if keys else []
    numbers = {order.order_number for order in orders if _number_fault(order.order_number) is None}
    owners = await store.numbers_taken(tx, team_id, sorted(numbers))
    known = {key: order for order in stored if (key := _shopify_key(order.content)) is not None}
    return known, owners


def _put(
    batch: _Batch, decided: _Decided, order: NewOrder, stored: StoredOrder | None, owner: store.Owner | None
) -> Put:
    """The answer for one order; adds its rows to those of the round."""
    if (fault := _number_fault(order.order_number)) is not None:
        return Put(refusal=fault)
    if owner is not None and (stored is None or owner.id != stored.id):
        text = f"The order number {order.order_number} belongs to another order"
        return Put(refusal=Conflict("not_unique", text, order_number=order.order_number, order_id=owner.id))
    if stored is None:
        arrived = arrive(decided.arrivals, batch.actor, batch.workspace, order, batch.now)
        return Put(arrived.id, "created")
    told = _told(batch.workspace, stored, order, batch.now)
    if told is not stored:
        told = amend(decided.amendments, batch.actor, batch.workspace, stored, told, batch.now)
    return Put(stored.id, "unchanged" if told is stored else "updated")


def _told(workspace: Workspace, stored: StoredOrder, told: NewOrder, now: datetime) -> StoredOrder:
    """The known order after the shop's word; itself when the shop tells nothing new."""
    content, lines = shop.retold(stored, told)
    if content == stored.content and not lines.changed:
        return stored
    last = max((item.position for item in stored.items), default=0)
    kept = (
        item if item.content == after else msgspec.structs.replace(item, content=after)
        for item, after in lines.kept
    )
    items = (*kept, *placed_items(lines.added, last, now))
    return settled(msgspec.structs.replace(stored, content=content, items=items), workspace.house)


async def _write(tx: Database, batch: _Batch, decided: _Decided) -> frozenset[str]:
    """Writes the rows of the round; the ids of the orders that nobody else got hold of first."""
    written: frozenset[str] = frozenset()
    team_id, version = batch.actor.team_id, batch.workspace.version
    if decided.amendments.orders:
        written |= await amend_orders(tx, team_id, decided.amendments)
    if decided.arrivals.orders:
        told, added = await store.add_orders(tx, team_id, decided.arrivals, version)
        if told != version:
            raise Stale
        written |= added
    return written


def _holds(put: Put, written: frozenset[str]) -> bool:
    return put.outcome not in ("created", "updated") or put.order_id in written


async def _put_mark(db: Database, batch: _Batch, mark: ImportMark | None) -> None:
    if mark is not None:
        team_id = batch.actor.team_id
        await imports.put_mark(db, team_id, mark.source, mark.fingerprint, mark.done, batch.now)


def _write_order(waiting: tuple[int, NewOrder]) -> tuple[int, str, str, int]:
    place, order = waiting
    return order.shopify_id or 0, order.shopify_kind or "", order.order_number, place


def _shopify_key(order: NewOrder | store.Owner) -> _ShopifyKey | None:
    if order.shopify_kind is None or order.shopify_id is None:
        return None
    return order.shopify_kind, order.shopify_id


def _number_fault(number: str) -> Invalid | None:
    if not number.strip():
        return Invalid("too_short", "order_number", "The order number is blank")
    if len(number) > LONGEST_NUMBER:
        return Invalid("too_long", "order_number", f"The order number is longer than {LONGEST_NUMBER}")
    if "\x00" in number:
        return Invalid("invalid_characters", "order_number", "The order number holds a NUL character")
    return None
