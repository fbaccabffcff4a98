"""One worker process of `milepost serve --workers N`; started by its parent alone (cli/serve_workers.py).

Its stdin brings the order of the parent as one JSON line, and its end the parent's; its stdout says `ready`.
"""

import asyncio
import os
import signal
import socket
import sys

import msgspec
import typer

from milepost.cli import logs, serving, session


class Order(msgspec.Struct, frozen=True):
    """What a worker is told: never on the command line, where others could read the database's password."""

    listener: int
    url: str
    options: dict[str, str]
    processes: int
    outbound: bool
    """Whether the background workers run in this process: in one of them all."""
    log_format: logs.Format


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    with session.exit_codes():
        settings = session.load_settings(**order.options)
        with socket.socket(fileno=order.listener) as listener:
            serving.serve_here(
                settings,
                order.url,
                listener,
                log_format=order.log_format,
                processes=order.processes,
                outbound=order.outbound,
                on_start=_follow_parent,
                on_ready=lambda: print("ready", flush=True),
            )


def _follow_parent() -> None:
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _hear_parent)


def _hear_parent() -> None:
    if not os.read(sys.stdin.fileno(), 4_096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    try:
        main()
    except typer.Exit as end:
        sys.exit(end.exit_code)
