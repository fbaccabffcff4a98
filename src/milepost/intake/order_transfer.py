"""Orders of a team go out into a file, and come in from one: whole, with their history (NDJSON), or as a table."""

import asyncio
import csv
import hashlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from msgspec import Struct

from milepost.core import imports
from milepost.core.archive_identity import Brought, number_of
from milepost.core.order_archive import bring_in
from milepost.core.orders import ImportMark, Put
from milepost.intake import order_file, order_table
from milepost.intake.import_file import BATCH, Failure, Progress, Report, content_of
from milepost.intake.order_file import Content, Fault, ReadPlain, Write
from milepost.intake.present_workspace import under_present_workspace
from milepost.kit.clock import Clock
from milepost.model.actor import Actor
from milepost.model.archive_names import Names
from milepost.model.workflow import House, Workspace
from milepost.reads import order_archive, purchase_orders
from milepost.reads import workspace as workspaces
from milepost.store.db import Database, Pool

Format = Literal["ndjson", "csv"]

SOURCES: dict[Format, str] = {"ndjson": "orders", "csv": "orders table"}
"""Under which an interrupted import is remembered."""
BATCH_BYTES = 8 * 1024 * 1024
"""A batch that has reached this takes no further order."""

_NO_SETTINGS = House()


# Out ---------------------------------------------------------------------------------------------------------


async def export_orders(
    db: Pool, team_id: str, form: Format, write: Write, progress: Progress | None = None
) -> int:
    """Writes all orders of the team by id, as they are at one moment; their number."""
    async with db.snapshot() as moment:
        total = await order_archive.count_orders(moment, team_id) if progress else 0
        written = 0
        async for _ in (_write_lines if form == "ndjson" else _write_table)(moment, team_id, write):
            written += 1
            if progress:
                progress(written, total)
    return written


async def _write_lines(db: Database, team_id: str, write: Write) -> AsyncIterator[None]:
    """Writes one order at each step."""
    names = Names(await workspaces.load(db, team_id))
    read_document = partial(purchase_orders.document_parts, db, team_id)
    async for order in order_archive.all_archives(db, team_id, names):
        await order_file.write_order(order, read_document, write)
        yield


async def _write_table(db: Database, team_id: str, write: Write) -> AsyncIterator[None]:
    """Writes the header, and one order at each step."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(order_table.header())
    async for order in order_archive.all_orders(db, team_id):
        table.writerows(order_table.rows(order))
        write(text.getvalue().encode())
        text.seek(0)
        text.truncate()
        yield
    write(text.getvalue().encode())


# In ----------------------------------------------------------------------------------------------------------


async def import_orders(
    db: Pool,
    actor: Actor,
    path: Path,
    form: Format,
    read_plain: ReadPlain,
    clock: Clock,
    progress: Progress | None = None,
    *,
    house: House = _NO_SETTINGS,
    batch_size: int = BATCH,
) -> Report:
    """Takes in the orders of a file for the actor's team; positions in the report are numbers of lines.

    An order that cannot be taken in is left out and reported. When the import is interrupted, the next one of the
    same content goes on after the last batch that was committed; after a finished one it begins anew. Raises Fault
    when the file as a whole cannot be read, OSError when it is not there, Forbidden.
    """
    content = content_of(path)
    fingerprint = hashlib.sha256(content).hexdigest()
    pieces = partial(_lines if form == "ndjson" else _table, content, read_plain)
    records = await asyncio.to_thread(lambda: sum(1 for _ in pieces()))
    done = await imports.done_so_far(db, actor, SOURCES[form], fingerprint)
    done = done if done < records else 0
    report = Report(records=records, resumed_after=done)
    async with aclosing(_batches(islice(pieces(), done, None), batch_size)) as batches:
        async for batch in batches:
            done += len(batch)
            mark = ImportMark(SOURCES[form], fingerprint, done)
            await _take_in(db, actor, house, batch, mark, clock, report)
            if progress:
                progress(done, records)
    await imports.finish(db, actor, SOURCES[form], fingerprint)
    return report


class _Piece(Struct):
    """What a file holds of one order: in which line it begins, how many bytes, and how to read it."""

    position: int
    size: int
    number: Callable[[], str | None]
    read: Callable[[], Brought]


def _lines(content: Content, read_plain: ReadPlain) -> Iterator[_Piece]:
    for line in order_file.lines(content):
        number = partial(order_file.number_of, line)
        yield _Piece(line.number, len(line.text), number, partial(order_file.read_line, line, read_plain))


def _table(content: Content, read_plain: ReadPlain) -> Iterator[_Piece]:
    """Raises Fault."""
    text = (line.decode() for line in order_file.raw_lines(content))
    for order in order_table.table_orders(text):
        number = partial(str, order.order_number)
        yield _Piece(order.number, 0, number, partial(order_table.read_order, order, read_plain))


class _Read(Struct):
    """An order that was read, or why it could not be."""

    position: int
    order: Brought | None = None
    failure: Failure | None = None


async def _batches(pieces: Iterator[_Piece], batch_size: int) -> AsyncGenerator[list[_Read], None]:
    """The batches, each read while the database is busy with the one before."""
    ahead = asyncio.create_task(asyncio.to_thread(_read_some, pieces, batch_size))
    try:
        while batch := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(_read_some, pieces, batch_size))
            yield batch
    finally:
        ahead.cancel()


def _read_some(pieces: Iterator[_Piece], batch_size: int) -> list[_Read]:
    batch: list[_Read] = []
    size = 0
    while len(batch) < batch_size and size < BATCH_BYTES and (piece := next(pieces, None)) is not None:
        size += piece.size
        try:
            batch.append(_Read(piece.position, piece.read()))
        except Fault as fault:
            failure = Failure(piece.position, piece.number() or None, str(fault))
            batch.append(_Read(piece.position, failure=failure))
    return batch


async def _take_in(
    db: Pool,
    actor: Actor,
    house: House,
    batch: Sequence[_Read],
    mark: ImportMark,
    clock: Clock,
    report: Report,
) -> None:
    orders = [(one.position, one.order) for one in batch if one.order is not None]
    failures = [one.failure for one in batch if one.failure is not None]
    told = [order for _, order in orders]

    async def bring(workspace: Workspace) -> list[Put]:
        return await bring_in(db, actor, workspace, told, clock(), mark=mark)

    puts = await under_present_workspace(db, actor, house, bring)
    for (position, order), put in zip(orders, puts, strict=True):
        if put.refusal is not None:
            failures.append(Failure(position, number_of(order), put.refusal.sentence))
        elif put.outcome is not None:
            setattr(report, put.outcome, getattr(report, put.outcome) + 1)
    report.failures += sorted(failures, key=lambda failure: failure.position)
