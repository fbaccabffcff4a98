"""A file of orders comes in: batch by batch, each committed with the mark of how far it got."""

import asyncio
import hashlib
import mmap
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from msgspec import Struct

from milepost.core import imports
from milepost.core.orders import ImportMark, Put, put_orders
from milepost.intake import shopify, shopify_records
from milepost.intake.present_workspace import under_present_workspace
from milepost.kit.clock import Clock
from milepost.model.actor import Actor
from milepost.model.order import NewOrder
from milepost.model.workflow import House, Workspace
from milepost.store.db import Pool

SOURCE = "shopify"
BATCH = 500

_NO_SETTINGS = House()

Progress = Callable[[int, int], None]
"""Told after each batch: how many records are done, of how many."""


class Failure(Struct, frozen=True):
    """A record left out: its position in the file, from 1, its order number if it has one, and why."""

    position: int
    order_number: str | None
    reason: str


class Report(Struct, kw_only=True):
    """What became of the records of a file. `resumed_after` of them came in by an earlier, interrupted
    import and are not counted again."""

    records: int
    resumed_after: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failures: list[Failure] = []


async def import_file(
    db: Pool,
    actor: Actor,
    path: Path,
    clock: Clock,
    progress: Progress | None = None,
    *,
    house: House = _NO_SETTINGS,
    batch_size: int = BATCH,
) -> Report:
    """Takes in all orders of a Shopify export for the actor's team.

    A record that cannot be taken in is left out and reported. When the import is interrupted, the next one
    of the same content goes on after the last batch that was committed; after a finished one it begins
    anew. Raises shopify_records.Fault when the file as a whole cannot be read, OSError when it is not there,
    Forbidden.
    """
    content = content_of(path)
    fingerprint = hashlib.sha256(content).hexdigest()
    # Unread records are parts of the map, so it stays until the last of them is gone.
    records = shopify_records.records(content if isinstance(content, bytes) else memoryview(content))
    done = await imports.done_so_far(db, actor, SOURCE, fingerprint)
    done = done if done < len(records) else 0
    report = Report(records=len(records), resumed_after=done)
    batches = _translated(records, done, batch_size)
    while (batch := await anext(batches, None)) is not None:
        done += batch.size
        await _take_in(db, actor, house, batch, ImportMark(SOURCE, fingerprint, done), clock, report)
        if progress:
            progress(done, len(records))
    await imports.finish(db, actor, SOURCE, fingerprint)
    return report


class _Batch(Struct):
    """Some records in a row: the orders they tell of, by position in the file (from 1), and what was wrong."""

    size: int
    orders: list[tuple[int, NewOrder]]
    failures: list[Failure]


async def _translated(
    records: Sequence[shopify_records.Record], start: int, batch_size: int
) -> AsyncIterator[_Batch]:
    """The batches from `start` on, each translated while the database is busy with the one before."""
    ahead = asyncio.create_task(asyncio.to_thread(_translate, records, start, batch_size))
    try:
        for begin in range(start, len(records), batch_size):
            batch = await ahead
            ahead = asyncio.create_task(
                asyncio.to_thread(_translate, records, begin + batch_size, batch_size)
            )
            yield batch
    finally:
        ahead.cancel()


def _translate(records: Sequence[shopify_records.Record], begin: int, batch_size: int) -> _Batch:
    some = records[begin : begin + batch_size]
    batch = _Batch(len(some), [], [])
    for position, record in enumerate(some, begin + 1):
        try:
            batch.orders.append((position, shopify.translate(record)))
        except shopify_records.Fault as fault:
            batch.failures.append(Failure(position, shopify.number_of(record), str(fault)))
    return batch


async def _take_in(
    db: Pool, actor: Actor, house: House, batch: _Batch, mark: ImportMark, clock: Clock, report: Report
) -> None:
    failures = batch.failures
    orders = [order for _, order in batch.orders]

    async def put(workspace: Workspace) -> list[Put]:
        return await put_orders(db, actor, workspace, orders, clock(), mark=mark)

    puts = await under_present_workspace(db, actor, house, put)
    for (position, order), done in zip(batch.orders, puts, strict=True):
        if done.refusal is not None:
            failures.append(Failure(position, order.order_number, done.refusal.sentence))
        elif done.outcome is not None:
            setattr(report, done.outcome, getattr(report, done.outcome) + 1)
    report.failures += sorted(failures, key=lambda failure: failure.position)


def content_of(path: Path) -> bytes | mmap.mmap:
    """The bytes of the file, mapped rather than read where it is a plain one: exports may be large."""
    with path.open("rb") as file:
        if not path.is_file() or path.stat().st_size == 0:
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
