"""`milepost serve`: the HTTP server."""

import asyncio
from typing import Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.session import DatabaseUrl, DataDir

Host = Annotated[str, typer.Option("--host", metavar="HOST", help="The address to listen on.")]
Port = Annotated[
    int,
    typer.Option("--port", metavar="PORT", min=0, max=65_535, help="The port to listen on; 0: a free one."),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        metavar="json|text",
        show_default=False,
        help="How log lines are written to stderr; not given: text on a terminal, else json.",
    ),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, max=32, help="How many processes serve.")
    ] = 1,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the schema up to date first, when it is behind.")
    ] = False,
    no_outbound: Annotated[
        bool,
        typer.Option(
            "--no-outbound",
            help="Serve without the background workers; run them elsewhere with milepost work.",
        ),
    ] = False,
    log_format: LogFormat = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C, finishing running requests.

    An empty database is migrated. When requests are answered, prints `Milepost is ready on http://HOST:PORT`.
    """
    with session.exit_codes():
        from milepost.cli import logs, schema, serving

        form = parse_format(log_format)
        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
        logs.configure(form, settings.log_level)
        with serving.listen(host, port) as listener, session.database(settings, guarded=True) as url:
            asyncio.run(schema.make_servable(url, migrate=migrate))
            here = serving.address(host, listener)
            settings = with_address(settings, here)

            def ready() -> None:
                session.show(f"Milepost is ready on {here}")

            if workers == 1:
                number = serving.serve_here(
                    settings, url, listener, log_format=form, outbound=not no_outbound, on_ready=ready
                )
            else:
                number = _serve_by_workers(settings, url, listener, workers, not no_outbound, form, ready)
    raise typer.Exit(serving.exit_code(number))


def parse_format(text: str | None) -> Any:
    """The log format that an option names. Raises UsageError for another word."""
    from milepost.cli import logs

    if text is None:
        return logs.default_format()
    if text not in list(logs.Format):
        raise UsageError(f"--log-format is json or text, not {text}")
    return logs.Format(text)


def with_address(settings: Any, here: str) -> Any:
    """The settings with the base URL filled in, when none is set."""
    return settings if settings.base_url else settings.model_copy(update={"base_url": here})


def _serve_by_workers(
    settings: Any, url: str, listener: Any, workers: int, outbound: bool, form: Any, ready: Any
) -> Any:
    import msgspec

    from milepost.cli import serve_workers
    from milepost.cli.serve_worker import Order

    orders = [
        Order(
            listener=listener.fileno(),
            url=url,
            options={"data_dir": str(settings.data_dir), "base_url": settings.base_url},
            processes=workers,
            outbound=outbound and number == 0,
            log_format=form,
        )
        for number in range(workers)
    ]
    lines = [msgspec.json.encode(order) for order in orders]
    return asyncio.run(serve_workers.supervise(lines, listener.fileno(), ready))
