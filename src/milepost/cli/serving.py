"""Serving, shared by `serve`, its worker processes and `demo`: a pool, the application, the server."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import uvloop

from milepost.cli import logs
from milepost.cli.errors import CommandError
from milepost.cli.session import INTERRUPTED, OK
from milepost.http import server
from milepost.http.server_access import with_access_log
from milepost.http.stop_signals import Stopped, StopSignals
from milepost.kit.clock import system_clock
from milepost.store import db

if TYPE_CHECKING:
    from milepost.settings import Settings

_CLOSE_SECONDS: Final = 10
_CONNECTIONS_OF_ALL: Final = 72
"""For all processes together: PostgreSQL allows 100 unless told otherwise, and others want some."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CommandError, saying what to do, when the address cannot be had."""
    try:
        return server.listen(host, port)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {place(host, port)}: {error.strerror or error}. "
            "Stop the program that does, or choose another --port or --host"
        ) from error


def address(host: str, listener: socket.socket) -> str:
    """The URL of a listening socket."""
    return f"http://{place(host, listener.getsockname()[1])}"


def place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def serve_here(
    settings: "Settings",
    url: str,
    listener: socket.socket,
    *,
    log_format: logs.Format,
    processes: int = 1,
    outbound: bool = True,
    on_start: Callable[[], None] = lambda: None,
    on_ready: Callable[[], None],
) -> signal.Signals:
    """Serve in this process until a signal stops it; returns the signal.

    `outbound`: with the background workers. `on_start` is called on the running loop before anything else,
    `on_ready` when requests are answered.
    """
    logs.configure(log_format, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, url, listener, processes, outbound, on_start, on_ready))


def exit_code(number: signal.Signals) -> int:
    """What a serving process that finished its work ends with."""
    return INTERRUPTED if number is signal.SIGINT else OK


async def _serve(
    settings: "Settings",
    url: str,
    listener: socket.socket,
    processes: int,
    outbound: bool,
    on_start: Callable[[], None],
    on_ready: Callable[[], None],
) -> signal.Signals:
    from milepost import app
    from milepost.cli import background

    clock = system_clock(settings.clock_offset_seconds)
    async with contextlib.AsyncExitStack() as stack:
        signals = stack.enter_context(StopSignals().heard())
        on_start()
        size = max(2, min(db.POOL_SIZE, _CONNECTIONS_OF_ALL // processes))
        try:
            pool = await signals.unless_stopped(db.open_pool(url, size=size))
        except Stopped:
            return await signals.wait()
        stack.push_async_callback(_close, pool)
        sender = await stack.enter_async_context(background.sender(settings, clock))
        workers = None
        if outbound:
            workers = await stack.enter_async_context(background.running(settings, url, clock, sender))
        application = app.build(
            settings,
            pool,
            clock,
            processes=processes,
            probe=sender.probe,
            wake=workers.wake if workers else lambda: None,
        )
        if logging.getLevelName(settings.log_level.upper()) <= logging.INFO:
            application = with_access_log(application)
        # What was made until here lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        return await server.run(application, listener, signals=signals, on_ready=on_ready)


async def _close(pool: db.Pool) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)
