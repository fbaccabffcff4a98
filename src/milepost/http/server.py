"""The HTTP server of one process: uvicorn on uvloop and httptools, within bounds.

`run` serves an application on a listening socket until a signal asks it to stop; then it accepts no more,
finishes what is running, and returns the signal.
"""

import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from milepost.http.server_limits import Limits
from milepost.http.server_protocol import guarded
from milepost.http.stop_signals import StopSignals

__all__ = ["Limits", "listen", "run"]

_MOST_FILES: Final = 65_536


def listen(host: str, port: int, *, backlog: int = 1_024) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the address cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener


async def run(
    app: Any,
    listener: socket.socket,
    *,
    limits: Limits | None = None,
    signals: StopSignals,
    on_ready: Callable[[], None] = lambda: None,
) -> signal.Signals:
    """Serve `app` until one of the signals, which must be heard while this runs, and return it.

    `on_ready` is called when requests are answered; not at all when the signal had come before. A second SIGINT does
    not wait for running requests.
    Raises RuntimeError when the application's own start (ASGI lifespan) fails.
    """
    limits = limits or Limits()
    _allow_files()
    config = uvicorn.Config(
        app,
        http=guarded(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
    server = _Server(config, signals, on_ready)
    try:
        await server.serve(sockets=[listener])
    except SystemExit as error:
        # Never a bare exit from a library: the caller has a database to leave.
        raise RuntimeError("the application did not start; see the log") from error
    return await signals.wait()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, signals: StopSignals, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        signals.tell(lambda number: self.handle_exit(number, None))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            await self.on_tick(0)  # the date header, also on the first answers
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to do, unlike in uvicorn: they are heard already."""
        yield


def _allow_files() -> None:
    """Room for the connections that the limits allow: many systems start programs with 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
