"""`milepost export orders`: a team's orders as a file that `milepost import orders` takes in again."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.order_format import FormatName, form_of
from milepost.cli.progress import progress_bar
from milepost.cli.team import TeamName, choose

if TYPE_CHECKING:
    from milepost.intake.import_file import Progress
    from milepost.store.db import Pool

app = typer.Typer(name="export", help="Write orders to a file.", no_args_is_help=True)


@app.callback()
def _export() -> None:
    """Write orders to a file."""


@app.command("orders")
def orders(
    form: FormatName = None,
    team: TeamName = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
            help="The file to write; otherwise standard output.",
        ),
    ] = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Write all orders of a team, as they are at one moment.

    NDJSON has one order a line with everything: statuses, milestones, releases with their documents, and all
    events. CSV has one item a row, what the Orders API takes when an order is created, and no history. Both come
    back with `milepost import orders`. A file appears only when all of it is written.
    """
    with session.exit_codes():
        if as_json and output is None:
            raise UsageError(
                "--json tells of the file that -o names; without -o the orders are on standard output"
            )
        chosen_form = form_of(form, output)

    async def work(pool: "Pool") -> int:
        from milepost.intake.order_transfer import export_orders

        chosen = await choose(pool, team)
        with _opened(output) as file, _progress(output) as progress:
            return await export_orders(pool, chosen.id, chosen_form, file.write, progress)

    written = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json({"orders": written, "format": chosen_form, "file": str(output)})
    else:
        session.say(f"{written} order{'' if written == 1 else 's'} written")


def _progress(output: Path | None) -> "AbstractContextManager[Progress | None]":
    """A bar, unless the orders themselves run over the terminal."""
    if output is None and sys.stdout.isatty():
        return contextlib.nullcontext()
    return progress_bar("orders" if output is None else output.name)


@contextlib.contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its place when everything is in it."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif output.exists() and not output.is_file():  # a device or a pipe
        with output.open("wb") as file:
            yield file
    else:
        temporary = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(output)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
