"""In which format a file of orders is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.errors import UsageError

if TYPE_CHECKING:
    from milepost.intake.order_transfer import Format

FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="ndjson|csv",
        help="The format of the file; otherwise csv when its name ends so, else ndjson.",
        show_default=False,
    ),
]


def form_of(name: str | None, file: Path | None) -> "Format":
    """The format of that name, else the one that the name of the file tells. Raises UsageError."""
    if name is None:
        return "csv" if file is not None and file.suffix.lower() == ".csv" else "ndjson"
    if name == "csv":
        return "csv"
    if name == "ndjson":
        return "ndjson"
    raise UsageError(f"--format is ndjson or csv, not {name}")
