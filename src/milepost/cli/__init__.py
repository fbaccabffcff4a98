"""The command line (contract: operator.md). `main` is the program `milepost`."""

import importlib
import sys
from typing import Annotated, Final

import typer

from milepost import __version__

_COMMANDS: Final = (
    "serve:serve",
    "work:work",
    "migrate:migrate",
    "demo:demo",
    "workspace:apply",
    "workspace:export_workspace",
    "keys:app",
    "importing:app",
    "exporting:app",
    "orders:app",
    "events:app",
    "webhooks:app",
    "openapi:openapi",
    "doctor:doctor",
)
"""The commands in the order of `--help`: module and function, or module and sub-application."""

app = typer.Typer(
    name="milepost",
    help="Self-hosted order tracking and workflow server.",
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 permission, 5 conflict, 69 unavailable, "
    "130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"milepost {__version__}")
        raise typer.Exit


@app.callback()
def _milepost(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _register() -> None:
    for place in _COMMANDS:
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(f"milepost.cli.{module}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command)
        else:
            app.command(name.replace("_", "-"))(command)


_register()


def main() -> None:
    """Run the command that the arguments name, and exit."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)  # before or after the command's own care for it (cli/session.py)
