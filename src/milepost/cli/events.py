"""`milepost events tail`: what happened, and what happens."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.moment import moment
from milepost.cli.orders import find, plain
from milepost.cli.team import TeamName, choose, house

if TYPE_CHECKING:
    from milepost.model.workflow import House
    from milepost.reads.events import Filter, Listed, Position
    from milepost.store.db import Database, Pool

SHOWN = 10
"""Events shown before new ones, when nothing is said about it."""
BATCH = 500
PAUSE = 0.5
"""Seconds between two looks for new events."""

app = typer.Typer(name="events", help="Look at events.", no_args_is_help=True)


@app.callback()
def _events() -> None:
    """Look at events."""


@app.command("tail")
def tail(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new events as they happen, until Ctrl-C.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="All from then on: 2027-01-31T09:30Z, or 90s, 15m, 2h, 7d ago."
        ),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            "-n",
            metavar="N",
            min=0,
            max=10_000,
            help="The newest N; not given: 10.",
            show_default=False,
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option("--order", metavar="ID", help="Only of this order, named as in `orders show`."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="NAME", help="Only events of this name; repeatable."),
    ] = None,
    team: TeamName = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON, as GET /events shows it.")
    ] = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Print events, oldest first: a line each, or with --json each as one line of JSON.

    Following shows every event once, in the order of GET /events.
    """
    with session.exit_codes():
        names, start = _names(event), _start(since, lines)

    async def work(pool: "Pool") -> None:
        from milepost.reads.events import Filter

        team_id = (await choose(pool, team)).id
        order_id = None if order is None else await _order(pool, team_id, order)
        wanted = Filter(names=names, order_id=order_id, recorded_from=start)
        await _Tail(pool, team_id, wanted, as_json).run(SHOWN if lines is None else lines, follow)

    session.run(work, database_url, data_dir)


def _names(wanted: list[str] | None) -> list[str] | None:
    """Raises UsageError for a name that no event has."""
    from typing import get_args

    from milepost.model.events import EventType

    known = sorted(get_args(EventType))
    for name in wanted or ():
        if name not in known:
            raise UsageError(f"Unknown event {name!r}; the choices are {', '.join(known)}")
    return wanted or None


def _start(since: str | None, lines: int | None) -> datetime | None:
    """The moment that `--since` means. Raises UsageError."""
    if since is None:
        return None
    if lines is not None:
        raise UsageError("--since and --lines exclude each other")
    return moment("--since", since)


async def _order(pool: "Pool", team_id: str, text: str) -> str:
    """The id of the order that the text names. Raises NotFound."""
    from milepost.kit.errors import NotFound
    from milepost.reads import order_details

    order_id = await find(pool, team_id, text)
    if order_id is None or not await order_details.exists(pool, team_id, order_id):
        raise NotFound(f"Order {text!r}")
    return order_id


class _Tail:
    """Prints the events that are wanted, oldest first, each once."""

    def __init__(self, db: "Database", team_id: str, wanted: "Filter", as_json: bool) -> None:
        self._db = db
        self._team_id = team_id
        self._wanted = wanted
        self._as_json = as_json
        self._house = house()

    async def run(self, lines: int, follow: bool) -> None:
        """First so many of the newest, or all since the wanted moment; then, to `follow`, what comes."""
        from milepost.reads.events import PAUSES, START

        if self._wanted.recorded_from is None:
            place = await self._newest(lines)
        else:
            place = await self._all_behind(START, PAUSES)
        while follow:
            await asyncio.sleep(PAUSE)
            place = await self._all_behind(place, ())

    async def _newest(self, lines: int) -> "Position":
        from milepost.reads.events import list_events

        page = await list_events(self._db, self._team_id, self._wanted, limit=max(lines, 1))
        self._print(page.events[:lines])
        return page.end(self._wanted)

    async def _all_behind(self, place: "Position", pauses: Sequence[float]) -> "Position":
        from milepost.reads.events import list_events

        has_more = True
        while has_more:
            page = await list_events(
                self._db, self._team_id, self._wanted, limit=BATCH, before=place, pauses=pauses
            )
            self._print(page.events)
            place, has_more = page.end(self._wanted, place), page.has_more
        return place

    def _print(self, newest_first: "Sequence[Listed]") -> None:
        for one in reversed(newest_first):
            session.show(_json(one, self._house) if self._as_json else _text(one))


def _json(one: "Listed", house: "House") -> str:
    import msgspec

    from milepost.model.payloads import feed_document

    encode = msgspec.json.Encoder(decimal_format="number").encode
    return encode(feed_document(one.told, house, one.delivery_success)).decode()


def _text(one: "Listed") -> str:
    event = one.told.event
    at = one.told.recorded_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    whose = f"{event.facts.get('order_number', '')} #{event.sequence}" if event.order_id else ""
    changed = sorted(event.new_data) if event.old_data and event.new_data else []
    return plain(f"{at}  {whose:<16}  {event.type:<26}  {', '.join(changed)}").rstrip()
