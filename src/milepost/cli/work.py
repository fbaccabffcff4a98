"""`milepost work`: the background workers alone."""

import asyncio
import contextlib
import gc
import signal
from typing import TYPE_CHECKING

import typer

from milepost.cli import session
from milepost.cli.serve import LogFormat, parse_format
from milepost.cli.session import DatabaseUrl, DataDir

if TYPE_CHECKING:
    from milepost.settings import Settings


def work(
    log_format: LogFormat = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Run the background workers (webhook deliveries, mail, retention) until SIGTERM or Ctrl-C.

    Several may run at a time, on one machine or many: they share the webhooks. What is being sent is finished
    first. When it works, prints `Milepost is working`.
    """
    with session.exit_codes():
        from milepost.cli import logs, schema, serving

        form = parse_format(log_format)
        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
        logs.configure(form, settings.log_level)
        with session.database(settings, guarded=True) as url:
            asyncio.run(schema.make_usable(url))
            number = _run(settings, url)
    raise typer.Exit(serving.exit_code(number))


def _run(settings: "Settings", url: str) -> signal.Signals:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(settings, url))


async def _work(settings: "Settings", url: str) -> signal.Signals:
    from milepost.cli import background
    from milepost.http.stop_signals import StopSignals
    from milepost.kit.clock import system_clock

    clock = system_clock(settings.clock_offset_seconds)
    async with contextlib.AsyncExitStack() as stack:
        signals = stack.enter_context(StopSignals().heard())
        sender = await stack.enter_async_context(background.sender(settings, clock))
        await stack.enter_async_context(background.running(settings, url, clock, sender))
        # What was made until here lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        if signals.first is None:
            session.show("Milepost is working")
        return await signals.wait()
