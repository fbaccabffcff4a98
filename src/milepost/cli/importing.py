"""`milepost import`: orders come in from files, those of a shop or those of Milepost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.order_format import FormatName, form_of
from milepost.cli.orders import plain
from milepost.cli.progress import progress_bar
from milepost.cli.team import TeamName, choose, house, now

if TYPE_CHECKING:
    from milepost.intake.import_file import Report
    from milepost.intake.order_transfer import Format
    from milepost.model.order import OrderWish
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

    _tell(session.run(work, database_url, data_dir), as_json=as_json, position="order")


@app.command("orders")
def orders(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What milepost export orders writes, or create documents.")
    ],
    form: FormatName = None,
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Bring exported orders back, or create orders.

    A line of NDJSON that `milepost export orders` wrote comes back as it was, with its history, and nobody is told.
    One that is here already stays as it is; where it differs from the file it is reported. Apply the workspace
    that the orders come from first. Any other line is a create document of the Orders API and makes a new order,
    of which webhooks are told. So does each order of a CSV file.

    An interrupted import of the same file goes on where it stopped. A bad line is reported and does not stop the
    others; the exit code then is 1.
    """
    with session.exit_codes():
        chosen_form = form_of(form, file)

    async def work(pool: "Pool") -> "list[tuple[Path, Report | str]]":
        chosen = await choose(pool, team)
        return [(file, await _import_orders(pool, chosen.id, file, chosen_form))]

    _tell(session.run(work, database_url, data_dir), as_json=as_json, position="line")


async def _import_orders(pool: "Pool", team_id: str, file: Path, form: "Format") -> "Report | str":
    """The report, or why the file as a whole could not be read."""
    from milepost.intake.order_file import Fault
    from milepost.intake.order_transfer import import_orders
    from milepost.model.actor import system_actor

    actor = system_actor(team_id, "Order import")
    try:
        with progress_bar(file.name) as progress:
            report = await import_orders(pool, actor, file, form, read_plain, now, progress, house=house())
    except Fault as fault:
        return str(fault)
    except OSError as error:
        return error.strerror or str(error)
    _tell_resumed(file, report)
    return report


def read_plain(text: bytes) -> "OrderWish":
    """The order of a create document, judged as the Orders API judges it."""
    from milepost.intake.order_file import Fault
    from milepost.surfaces.orders_api.bodies import read_object
    from milepost.surfaces.orders_api.refusals import Refusal
    from milepost.surfaces.orders_api.wishes import new_order

    try:
        return new_order(read_object(text))
    except Refusal as refusal:
        raise Fault("; ".join(fault.message for fault in refusal.faults)) from None


async def _import_one(pool: "Pool", team_id: str, file: Path) -> "Report | str":
    """The report, or why the file as a whole could not be read."""
    from milepost.intake.import_file import import_file
    from milepost.intake.shopify_records import Fault
    from milepost.model.actor import system_actor

    actor = system_actor(team_id, "Shopify import")
    try:
        with progress_bar(file.name) as progress:
            report = await import_file(pool, actor, file, now, progress, house=house())
    except Fault as fault:
        return str(fault)
    except OSError as error:
        return error.strerror or str(error)
    _tell_resumed(file, report)
    return report


def _tell_resumed(file: Path, report: "Report") -> None:
    if report.resumed_after:
        session.say(
            f"{file}: an earlier import was interrupted after {report.resumed_after} of {report.records} "
            "orders; this one went on from there"
        )


def _tell(results: "list[tuple[Path, Report | str]]", *, as_json: bool, position: str) -> None:
    """Prints what became of the files and ends the command; `position` says what the positions of failures are."""
    if as_json:
        session.show_json(_document(results))
    else:
        for file, result in results:
            session.show(_text(file, result, position))
    if any(isinstance(result, str) or result.failures for _, result in results):
        raise typer.Exit(session.FAILURE)


def _text(file: Path, result: "Report | str", position: str) -> str:
    if isinstance(result, str):
        return f"{file}: {result}"
    counts = f"{result.created} created, {result.updated} updated, {result.unchanged} unchanged"
    lines = [f"{file}: {counts}, {len(result.failures)} failed"]
    for failure in result.failures[:FAILURES_SHOWN]:
        which = f" ({failure.order_number})" if failure.order_number else ""
        lines.append(plain(f"  {position} {failure.position}{which}: {failure.reason}"))
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
