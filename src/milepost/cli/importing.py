"""`milepost import shopify`: orders of a shop come in from files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.team import TeamName, choose, now

if TYPE_CHECKING:
    from milepost.intake.import_file import Report
    from milepost.store.db import Pool

FAILURES_SHOWN = 20
"""Of each file, in the text report; the JSON report has all."""

app = typer.Typer(name="import", help="Bring orders in from files.", no_args_is_help=True)


@app.callback()
def _import() -> None:
    """Bring orders in from files."""


@app.command("shopify")
def shopify(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Shopify Admin REST JSON: orders or draft orders.")
    ],
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Create or update orders by their Shopify id.

    An order that is here already keeps its statuses and what was set over an API; only what the shop speaks
    of follows the file. An interrupted import of the same file goes on where it stopped. A bad record or
    file is reported and does not stop the others; the exit code then is 1.
    """

    async def work(pool: "Pool") -> "list[tuple[Path, Report | str]]":
        chosen = await choose(pool, team)
        return [(file, await _import_one(pool, chosen.id, file)) for file in files]

    results = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json(_document(results))
    else:
        for file, result in results:
            session.show(_text(file, result))
    if any(isinstance(result, str) or result.failures for _, result in results):
        raise typer.Exit(session.FAILURE)


async def _import_one(pool: "Pool", team_id: str, file: Path) -> "Report | str":
    """The report, or why the file as a whole could not be read."""
    from milepost.intake.import_file import import_file
    from milepost.intake.shopify_records import Fault
    from milepost.model.actor import system_actor

    actor = system_actor(team_id, "Shopify import")
    try:
        with _progress(file) as progress:
            report = await import_file(pool, actor, file, now, progress)
    except Fault as fault:
        return str(fault)
    except OSError as error:
        return error.strerror or str(error)
    if report.resumed_after:
        session.say(
            f"{file}: an earlier import was interrupted after {report.resumed_after} of {report.records} "
            "orders; this one went on from there"
        )
    return report


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar where a person is watching, on stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _text(file: Path, result: "Report | str") -> str:
    if isinstance(result, str):
        return f"{file}: {result}"
    counts = f"{result.created} created, {result.updated} updated, {result.unchanged} unchanged"
    lines = [f"{file}: {counts}, {len(result.failures)} failed"]
    for failure in result.failures[:FAILURES_SHOWN]:
        which = f" ({failure.order_number})" if failure.order_number else ""
        lines.append(f"  order {failure.position}{which}: {failure.reason}")
    if (more := len(result.failures) - FAILURES_SHOWN) > 0:
        lines.append(f"  and {more} more; --json lists all")
    return "\n".join(lines)


def _document(results: "list[tuple[Path, Report | str]]") -> dict[str, Any]:
    files = [_file_document(file, result) for file, result in results]
    counts = ("created", "updated", "unchanged", "failed")
    return {**{name: sum(file[name] for file in files) for name in counts}, "files": files}


def _file_document(file: Path, result: "Report | str") -> dict[str, Any]:
    """A file that could not be read counts as one failure, without a position."""
    if isinstance(result, str):
        unread = [{"position": None, "order_number": None, "reason": result}]
        counts = {"records": 0, "resumed_after": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 1}
        return {"file": str(file), **counts, "failures": unread}
    return {
        "file": str(file),
        "records": result.records,
        "resumed_after": result.resumed_after,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "failed": len(result.failures),
        "failures": result.failures,
    }
