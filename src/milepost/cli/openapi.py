"""`milepost openapi`: the published descriptions of the HTTP APIs."""

from pathlib import Path
from typing import Annotated

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError


def openapi(
    surface: Annotated[
        str, typer.Option("--surface", metavar="status", help="Which API; this release has one.")
    ] = "status",
    version: Annotated[
        str | None,
        typer.Option(
            "--version", metavar="1.N", show_default=False, help="Its version; by default the newest."
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="DIR",
            show_default=False,
            file_okay=False,
            help="Write one file a surface and version into this folder instead.",
        ),
    ] = None,
) -> None:
    """Print an OpenAPI 3.1 document."""
    with session.exit_codes():
        if surface != "status":
            raise UsageError(f"--surface is status, not {surface}")
        from milepost.surfaces.status_api import openapi as documents

        if version is not None and version not in documents.VERSIONS:
            raise UsageError(f"--version is one of {', '.join(documents.VERSIONS)}, not {version}")
        if write is None:
            session.show(documents.text(version or documents.VERSIONS[-1]).rstrip("\n"))
            return
        if version is not None:
            raise UsageError("--write writes all versions; leave --version out")
        write.mkdir(parents=True, exist_ok=True)
        for each in documents.VERSIONS:
            path = write / f"{surface}-{each}.json"
            path.write_text(documents.text(each))
            session.say(f"wrote {path}")
