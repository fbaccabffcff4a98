"""`milepost events tail` as a script meets it."""

import asyncio
import itertools
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from milepost import cli
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.kit.ids import ulid
from milepost.model.order import NewOrder
from milepost.model.transitions import Target
from milepost.reads.events import Filter, list_events
from milepost.store import db
from milepost.store.tallies import SHARDS
from tests.core.orders_in import Shop
from tests.runtime.processes import program

LONG_AGO = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class Yard:
    """One shop in a database of its own, and its events."""

    def __init__(self, pool: db.Pool, shop: Shop) -> None:
        self.pool = pool
        self.shop = shop

    async def order(self, number: str, at: datetime | None = None) -> str:
        return await self.shop.put_one(NewOrder(order_number=number), at or datetime.now(UTC))

    async def enter(self, order_id: str, name: str, tx: db.Database | None = None) -> None:
        known = await self.shop.workspace()
        target = Target(next(one for one in known.statuses if one.name == name), None)
        await change_statuses(
            tx or self.pool,  # type: ignore[arg-type]
            self.shop.actor,
            known,
            OrderKeys([order_id]),
            target,
            clock=lambda: datetime.now(UTC),
        )

    async def ids(self, **wanted) -> list[str]:
        """The ids of all events, oldest first, as they are shown."""
        page = await list_events(self.pool, self.shop.team_id, Filter(**wanted), limit=1000)
        return [ulid(event.told.event.id) for event in reversed(page.events)]


@pytest.fixture
def url(databases, monkeypatch) -> str:
    for name in ("MILEPOST_DATABASE_URL", "MILEPOST_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    return str(databases.make())


def fill(url: str, work: Callable[[Yard], Awaitable[list[str]]]) -> list[str]:
    """What `work` answers, in a new shop."""

    async def run() -> list[str]:
        pool = await db.open_pool(url)
        try:
            return await work(Yard(pool, await Shop.open(pool)))
        finally:
            await pool.close()

    return asyncio.run(run())


@pytest.fixture
def tail(url):
    """Runs the command to its end."""

    def run(*arguments: str, code: int = 0):
        result = CliRunner().invoke(cli.app, ["events", "tail", *arguments, "--database-url", url])
        assert result.exit_code == code, result.output
        return result

    return run


def shown(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_newest_are_shown_oldest_first(url, tail):
    async def work(yard: Yard) -> list[str]:
        for number in range(12):
            await yard.order(f"A-{number}")
        return await yard.ids()

    every = fill(url, work)
    assert [event["id"] for event in shown(tail("--json"))] == every[-10:]
    assert [event["id"] for event in shown(tail("--json", "--lines", "3"))] == every[-3:]
    assert tail("-n", "0").stdout == ""
    [event] = shown(tail("--json", "-n", "1"))
    assert list(event) == [
        *("id", "resource_type", "event_name", "event_version", "occurred_at"),
        *("source", "sequence", "delivery_success", "details"),
    ]
    assert (event["event_name"], event["sequence"]) == ("order.created", 1)
    assert event["details"]["order_number"] == "A-11"


def test_a_person_gets_a_line_each(url, tail):
    async def work(yard: Yard) -> list[str]:
        order_id = await yard.order("A-1", LONG_AGO)
        await yard.enter(order_id, "Varnish")
        return []

    fill(url, work)
    created, changed = tail().stdout.splitlines()
    assert created == "2026-01-05 09:30:00 UTC  A-1 #1            order.created"
    assert changed[20:] == "UTC  A-1 #2            order.status.changed        custom_status"


def test_since_a_moment(url, tail):
    async def work(yard: Yard) -> list[str]:
        await yard.order("A-1", LONG_AGO)
        await yard.order("A-2", LONG_AGO + timedelta(hours=1))
        await yard.order("A-3")
        return await yard.ids()

    old, later, new = fill(url, work)
    for since, expected in (
        ("2026-01-05T09:30:00Z", [old, later, new]),
        ("2026-01-05T09:30:01Z", [later, new]),
        ("2026-01-05T12:00+02:00", [later, new]),
        ("15m", [new]),
        ("9999d", [old, later, new]),
        ("0s", []),
    ):
        assert [event["id"] for event in shown(tail("--json", "--since", since))] == expected, since


def test_only_some(url, tail):
    async def work(yard: Yard) -> list[str]:
        one = await yard.order("A-1")
        await yard.order("A-2")
        await yard.enter(one, "Varnish")
        return [one, *await yard.ids(order_id=one)]

    one, *of_one = fill(url, work)
    for name in ("A-1", one, ulid(one)):
        assert [event["id"] for event in shown(tail("--json", "--order", name))] == of_one
    names = ("--event", "order.status.changed", "--event", "order.updated")
    assert [event["sequence"] for event in shown(tail("--json", *names))] == [2]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--event", "order.exploded"), 2, "Unknown event 'order.exploded'; the choices are order.created, "),
        (("--since", "yesterday"), 2, "--since 'yesterday' is no time"),
        (("--since", "999999999d"), 2, "--since '999999999d' is no time"),
        (("--since", "1h", "--lines", "3"), 2, "--since and --lines exclude each other"),
        (("--order", "A-99"), 3, "Order 'A-99' not found"),
        (("--order", "019df1ae-0000-7000-8000-000000000000"), 3, "not found"),
    ],
)
def test_what_cannot_be_asked(url, tail, arguments, code, sentence):
    async def work(yard: Yard) -> list[str]:
        return []

    fill(url, work)
    result = tail(*arguments, code=code)
    assert sentence in result.stderr
    assert result.stdout == ""


def same_shard(one: str, other: str) -> bool:
    return int(one[-2:], 16) % SHARDS == int(other[-2:], 16) % SHARDS


@pytest.mark.parametrize("of_one", [False, True], ids=["all", "one order"])
async def test_following_shows_each_event_once_and_in_order(databases, of_one):
    """A transaction that was begun first and ends last is neither missed nor shown before its time."""
    url = await asyncio.to_thread(databases.make)
    pool = await db.open_pool(url)
    yard = Yard(pool, await Shop.open(pool))
    order_id = await yard.order("A-1")
    await yard.enter(order_id, "Varnish")
    wanted = ("--order", "A-1") if of_one else ()
    command = (
        "-m",
        "milepost",
        "events",
        "tail",
        "-f",
        "--json",
        "-n",
        "1",
        *wanted,
        "--database-url",
        url,
    )
    with program(*command) as tail:
        seen = [json.loads(await asyncio.to_thread(tail.line))["id"]]
        async with yard.pool.transaction() as tx:
            await yard.enter(order_id, "Hull laid", tx)
            # Not one that counts in the same place as the first (store/tallies.py): it would wait for `tx`.
            numbers = itertools.count(2)
            while same_shard(other := await yard.order(f"A-{next(numbers)}"), order_id):
                pass
            await yard.enter(other, "Varnish")
            await asyncio.sleep(1.2)
        await yard.enter(order_id, "Gift wrapped")
        await yard.enter(order_id, "Varnish")
        every = (await yard.ids(order_id=order_id) if of_one else await yard.ids())[1:]
        seen += [json.loads(await asyncio.to_thread(tail.line))["id"] for _ in every[1:]]
        assert seen == every
        await asyncio.sleep(1.1)
        tail.send(signal.SIGINT)
        assert await asyncio.to_thread(tail.wait) == 130
        assert tail.rest() == []
        assert tail.stderr == "milepost: interrupted\n"
    await pool.close()
