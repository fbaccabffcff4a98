"""`milepost openapi`: the published descriptions of the HTTP APIs."""

from pathlib import Path
from typing import Annotated

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError

_SURFACES = ("status", "orders", "milestones")


def openapi(
    surface: Annotated[
        str, typer.Option("--surface", metavar="status|orders|milestones", help="Which API.")
    ] = "status",
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="1.N",
            show_default=False,
            help="The version of the Status API, by default the newest; the others have none.",
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="DIR",
            show_default=False,
            file_okay=False,
            help="Write the files of all surfaces and versions into this folder instead.",
        ),
    ] = None,
) -> None:
    """Print an OpenAPI 3.1 document."""
    with session.exit_codes():
        if surface not in _SURFACES:
            raise UsageError(f"--surface is one of {', '.join(_SURFACES)}, not {surface}")
        if write is not None:
            if version is not None:
                raise UsageError("--write writes all versions; leave --version out")
            _write_all(write)
        else:
            session.show(_text(surface, version).rstrip("\n"))


def _text(surface: str, version: str | None) -> str:
    """The document. Raises UsageError."""
    from milepost.surfaces.milestones_api import openapi as milestones
    from milepost.surfaces.orders_api import openapi as orders
    from milepost.surfaces.status_api import openapi as status

    if surface != "status":
        if version is not None:
            raise UsageError("Only the Status API has versions; leave --version out")
        return orders.text() if surface == "orders" else milestones.text()
    if version is not None and version not in status.VERSIONS:
        raise UsageError(f"--version is one of {', '.join(status.VERSIONS)}, not {version}")
    return status.text(version or status.VERSIONS[-1])


def _write_all(folder: Path) -> None:
    from milepost.surfaces.status_api import openapi as status

    folder.mkdir(parents=True, exist_ok=True)
    files = {f"status-{version}.json": _text("status", version) for version in status.VERSIONS}
    files |= {f"{surface}.json": _text(surface, None) for surface in _SURFACES if surface != "status"}
    for name, content in files.items():
        (folder / name).write_text(content)
        session.say(f"wrote {folder / name}")
