"""`milepost demo`: everything at once, with a sample workspace and sample orders, to look at."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from milepost.cli import session
from milepost.cli.errors import CommandError
from milepost.cli.serve import LogFormat, parse_format, with_address
from milepost.cli.session import DatabaseUrl, DataDir

if TYPE_CHECKING:
    import socket

    from milepost.cli.demo_receiver import DemoReceiver
    from milepost.model.workflow import Status, Workspace
    from milepost.reads.orders import OrderView
    from milepost.settings import Settings
    from milepost.store.db import Pool

HOST: Final = "127.0.0.1"
PORT: Final = 8080
_PORTS_TRIED: Final = 20
_SEED: Final = 20_260_504
"""The same orders in every demo, so that pages of the documentation can show them."""


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65_535,
            show_default=False,
            help=f"The port to listen on; not given: {PORT}, or the next free one.",
        ),
    ] = None,
    orders: Annotated[
        int, typer.Option("--orders", metavar="N", min=0, max=100_000, help="How many sample orders to load.")
    ] = 500,
    log_format: LogFormat = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Start everything with a sample workspace and sample orders; Ctrl-C ends it.

    A receiver of its own prints the event of every change, brought by a webhook. Without --data-dir and
    --database-url it lives in a temporary folder, which is removed at the end.
    """
    with session.exit_codes():
        from milepost.cli import logs, serving
        from milepost.cli.demo_receiver import DemoReceiver
        from milepost.kit.clock import system_clock

        form = parse_format(log_format)
        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
        kept = bool({"data_dir", "database_url"} & settings.model_fields_set)
        # Requests are not what a person wants to read here; what goes wrong is.
        level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
        settings = _reaching_loopback(settings.model_copy(update={"log_level": level}))
        logs.configure(form, level)
        clock = system_clock(settings.clock_offset_seconds)
        with _folder(settings, kept) as folder, _listen(port) as listener, DemoReceiver(clock) as receiver:
            here = serving.address(HOST, listener)
            settings = with_address(settings.model_copy(update={"data_dir": folder}), here)
            with session.database(settings, guarded=True) as url:
                example = asyncio.run(_prepare(settings, url, orders, receiver.url))
                with _told_of_events(receiver, here, example):
                    number = serving.serve_here(
                        settings,
                        url,
                        listener,
                        log_format=form,
                        on_ready=lambda: _welcome(here, example, kept),
                    )
    raise typer.Exit(serving.exit_code(number))


def _reaching_loopback(settings: "Settings") -> "Settings":
    """With webhooks that may send to this machine, as far as nobody has said how far they may reach."""
    wider = {"webhook_allow_http": True, "webhook_allow_cidrs": (ip_network("127.0.0.0/8"),)}
    given = settings.model_fields_set
    return settings.model_copy(update={name: value for name, value in wider.items() if name not in given})


@contextlib.contextmanager
def _folder(settings: "Settings", kept: bool) -> Iterator[Path]:
    if kept:
        yield settings.data_dir
        return
    folder = Path(tempfile.mkdtemp(prefix="milepost-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listen(port: int | None) -> "socket.socket":
    from milepost.cli import serving

    if port is not None:
        return serving.listen(HOST, port)
    for candidate in range(PORT, PORT + _PORTS_TRIED):
        with contextlib.suppress(CommandError):
            listener = serving.listen(HOST, candidate)
            if candidate != PORT:
                session.say(f"Port {PORT} is taken: using {candidate}")
            return listener
    raise CommandError(f"ports {PORT} to {PORT + _PORTS_TRIED - 1} are all taken: choose a --port")


class _Example(NamedTuple):
    """What a newcomer needs for a first call and a first change."""

    key: str
    team_id: str
    change: tuple[str, "Status"] | None
    """The newest order, and a status it does not have; None in a demo without orders."""
    secret: str | None
    """That of the demo's webhook; None when the settings do not let it reach the demo's receiver."""


async def _prepare(settings: "Settings", url: str, orders: int, receiver: str) -> _Example:
    """Fill the database, unless an earlier demo has, and subscribe the receiver."""
    from milepost.cli import schema
    from milepost.store import db

    await schema.make_usable(url)
    pool = await db.open_pool(url)
    try:
        return await _fill(settings, pool, orders, receiver)
    finally:
        await pool.close()


async def _fill(settings: "Settings", pool: "Pool", orders: int, receiver: str) -> _Example:
    from milepost.cli import demo_receiver
    from milepost.core import accounts, workspace
    from milepost.intake import demo as sample
    from milepost.intake.workspace_file import parse
    from milepost.kit.clock import system_clock
    from milepost.model.actor import ALL_PERMISSIONS, system_actor
    from milepost.reads.accounts import list_teams
    from milepost.reads.order_lists import Filter, list_orders

    now = system_clock(settings.clock_offset_seconds)()
    given = parse(sample.WORKSPACE.encode())
    name = given.wish.team_name or "Demo"
    others = [team.name for team in await list_teams(pool) if team.name != name]
    if others:
        raise CommandError(
            f"the database is in use by {', '.join(others)}: a demo is only made in one of its own"
        )
    is_new = not await list_teams(pool)
    applied = await workspace.apply(pool, now, given.wish, team_name=name, faults=given.faults)
    team_id = applied.setup.workspace.team.id
    if is_new:
        session.say(f"Loading {orders} sample orders")
        await sample.load(pool, team_id, orders=orders, seed=_SEED, now=now)
    issued = await accounts.create_key(
        pool,
        system_actor(team_id, "Command line"),
        now,
        name="Demo",
        permissions=ALL_PERMISSIONS,
        rate_minute=0,
        rate_day=0,
        test=True,
    )
    newest = await list_orders(
        pool, team_id, Filter(), sort="created_at", direction="desc", limit=1, offset=0
    )
    change = next(
        ((one.id, _next_status(applied.setup.workspace, one)) for one in newest.orders),
        None,
    )
    # Last, so that the receiver hears what happens from now on and not of the sample orders' past.
    secret = await demo_receiver.subscribe(settings, pool, team_id, receiver)
    return _Example(issued.key, team_id, change, secret)


def _next_status(workspace: "Workspace", order: "OrderView") -> "Status":
    """Another status than the order's, to try a change with: where it can, the next of its workflow."""
    chain = [one for one in workspace.statuses if one.is_chain]
    at = next((number for number, one in enumerate(chain, 1) if one.id == order.status_id), 0)
    others = [one for one in chain[at:] + chain[:at] if one.id != order.status_id and not one.options]
    of_workflow = [one for one in others if one.workflow_id == order.workflow_id]
    return (of_workflow or others)[0]


@contextlib.contextmanager
def _told_of_events(receiver: "DemoReceiver", here: str, example: _Example) -> Iterator[None]:
    from milepost.cli.demo_receiver import order_numbers

    if example.secret is None:
        yield
        return
    with receiver.receiving(example.secret, order_numbers(here, example.key)):
        yield


def _welcome(here: str, example: _Example, kept: bool) -> None:
    end = "the data stays" if kept else "everything is removed then"
    key, move, events = example.key, "", ""
    if example.change is not None:
        order_id, status = example.change
        move = (
            f"  Move     curl -H 'X-API-Key: {key}' -d '{{\"status_id\": \"{status.id}\"}}' "
            f"'{here}/v1/orders/{order_id}/status'   # to {status.name}\n"
        )
    if example.secret is not None:
        events = (
            "  Events   come here by a webhook of this demo: a line appears below soon after every change\n"
        )
    session.show(
        f"Milepost is ready on {here}\n\n"
        f"  API      {here}/v1/orders\n"
        f"  Docs     {here}/docs\n"
        f"  API key  {key}\n"
        f"  Try      curl -H 'X-API-Key: {key}' '{here}/v1/orders?limit=3'\n"
        f"  Buying   curl -H 'X-API-Key: {key}' '{here}/v1/teams/{example.team_id}/purchase_orders?per_page=3'\n"
        f"{move}{events}\n"
        f"This release has no dashboard yet. Ctrl-C ends the demo; {end}."
    )
