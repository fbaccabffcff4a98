"""One chaos run: real processes under load that are killed all the time, and everything checked in the end."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import aiohttp
from msgspec import Struct

from milepost.outbound.tenure import LEASE_SECONDS
from milepost.reads import accounts
from milepost.store import db, embedded
from tests.chaos import arrivals, books, receiver
from tests.chaos.arrivals import MARGIN_SECONDS, Counts, Silence
from tests.chaos.caller import Caller
from tests.chaos.clients import Client
from tests.chaos.fleet import Fleet, command
from tests.chaos.follower import Follower
from tests.chaos.ledger import Ledger
from tests.chaos.receiver import Journal
from tests.runtime.processes import program

DRAIN_SECONDS: Final = 120.0
MOST_WAITING: Final = 3_000
"""Events that may wait to be delivered before clients pause."""
_ALL: Final = (
    "order.created",
    "order.updated",
    "order.item.created",
    "order.item.updated",
    "order.item.deleted",
    "order.status.changed",
)
_EVERYTHING: Final = "all"
HOOKS: Final[dict[str, dict[str, Any]]] = {
    _EVERYTHING: {"enabled_events": _ALL},
    "all-too": {"enabled_events": _ALL, "authentication": {"username": "milepost", "password": "otter"}},
    "objects": {"enabled_events": _ALL[:2], "include_updated_object": True},
    "items": {"enabled_events": _ALL[2:5]},
}
"""The webhooks by name, and what each wants."""
_WORKSPACE: Final = {
    "team": {"name": "Yard"},
    "statuses": [{"name": name, "color": "#123456"} for name in ("Cut", "Sewn", "Packed", "Gone")],
}


class Plan(Struct, frozen=True, kw_only=True):
    """How long and how hard."""

    storm_seconds: float
    seed: int
    clients: int = 6
    workers: int = 1
    pause: float = 0.05
    """Seconds between two changes of a client, about."""
    is_varied: bool = False
    """Whether the server is now one process, now two, and there are more kinds of blows."""


class Outcome(Struct, kw_only=True):
    """What a run came to."""

    ledger: Ledger
    """With what must not be: no findings when all promises were kept."""
    said: Counter[str]
    """What the processes logged, by event."""
    blows: Counter[str]
    events: int
    orders: int
    counts: Counts
    silence: Silence
    """The longest one."""
    takeover_seconds: float
    """From the moment when all that deliver were killed to the first arrival at the last of the webhooks."""
    drain_seconds: float


async def run(folder: Path, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """A run in that folder. Everything it starts has ended when it returns."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
    tell("making the team")
    statuses, api_key = await asyncio.to_thread(_make_team, folder)
    ledger, journal = Ledger(), Journal(folder / "journal.jsonl")
    fleet = Fleet(folder / "data", ledger, _dice(plan, 0), workers=plan.workers, is_varied=plan.is_varied)
    with program("-m", "tests.chaos.receiver", str(journal.path), str(plan.seed)) as receivers:
        receivers_base = (await asyncio.to_thread(receivers.line)).rpartition(" ")[2]
        async with fleet.sailing(), Caller(fleet.base, api_key, ledger, _dice(plan, 1)) as caller:
            hooks = await _subscribe(caller, receivers_base)
            clients = [Client(caller, ledger, _dice(plan, 2 + at), statuses) for at in range(plan.clients)]
            voyage = _Voyage(plan, ledger, fleet, caller, clients, hooks, journal, tell)
            await voyage.sail()
    tell("reading the books")
    return await voyage.look_back(folder / "data")


class _Voyage:
    """The time between the first start and the last stop, and what is found afterwards."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        fleet: Fleet,
        caller: Caller,
        clients: list[Client],
        hooks: dict[str, str],
        journal: Journal,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._fleet = fleet
        self._caller = caller
        self._clients = clients
        self._hooks = hooks
        self._journal = journal
        self._tell = tell
        self._follower = Follower(caller, ledger)
        self._silence = Silence("", 0, 0, 0)
        self._takeover_seconds = 0.0
        self._drain_seconds = 0.0

    async def sail(self) -> None:
        await self._clients[0].create()
        async with self._following():
            async with self._load():
                began = time.monotonic()
                self._tell(f"killing under load for {self._plan.storm_seconds:.0f} s")
                await self._fleet.storm(began + self._plan.storm_seconds)
                await self._fleet.all_ready()
                ended = time.monotonic()
                self._tell("killing all that deliver at once")
                self._takeover_seconds = await self._take_over()
            self._tell("waiting until everything is delivered")
            self._drain_seconds = await self._drain()
            self._tell("comparing what was answered with what is read now")
            await asyncio.gather(*(client.verify() for client in self._clients))
        found = arrivals.silences(self._journal.arrivals(), self._fleet.blows, began, ended)
        self._ledger.findings += [f"too long without deliveries: {one}" for one in found if one.is_too_long]
        self._silence = max(found, key=lambda one: one.seconds)

    @contextlib.asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._follower.run())
        try:
            yield
        finally:
            self._follower.stop()
            await task

    @contextlib.asynccontextmanager
    async def _load(self) -> AsyncIterator[None]:
        """Clients work while the block runs; afterwards each waits for its last answer."""
        may_go_on = asyncio.Event()
        may_go_on.set()
        clients = [asyncio.create_task(one.run(self._plan.pause, may_go_on)) for one in self._clients]
        restraint = asyncio.create_task(self._restrain(may_go_on))
        try:
            yield
        finally:
            for client in self._clients:
                client.stop()
            restraint.cancel()
            may_go_on.set()
            await asyncio.gather(*clients)

    async def _restrain(self, may_go_on: asyncio.Event) -> None:
        """Makes clients wait while very much waits to be delivered: receivers that fail so often take only so much."""
        seen, came = 0, set[str]()
        while True:
            arrived = self._journal.arrivals()
            came.update(one.id for one in arrived[seen:] if one.hook == _EVERYTHING)
            seen = len(arrived)
            if len(self._follower.seen) - len(came) > MOST_WAITING:
                may_go_on.clear()
            else:
                may_go_on.set()
            await asyncio.sleep(0.25)

    async def _take_over(self) -> float:
        """Seconds until every webhook is delivered for again."""
        killed = await self._fleet.kill_all_that_deliver()
        # What was on its way may still come in the next moment.
        since, allowed = killed + receiver.TIMEOUT_SECONDS, LEASE_SECONDS + MARGIN_SECONDS
        firsts: dict[str, float] = {}
        while len(firsts) < len(HOOKS) and time.monotonic() < killed + 2 * allowed:
            await asyncio.sleep(0.25)
            for arrival in self._journal.arrivals():
                if arrival.at > since:
                    firsts.setdefault(arrival.hook, arrival.at)
        took = max(firsts.values(), default=time.monotonic()) - killed
        if len(firsts) < len(HOOKS) or took > allowed:
            self._ledger.find(
                f"deliveries went on after {took:.1f} s, for {sorted(firsts)} of {sorted(HOOKS)}"
            )
        return took

    async def _drain(self) -> float:
        """Seconds until no delivery waits."""
        began, waiting = time.monotonic(), dict(self._hooks)
        while waiting and time.monotonic() < began + DRAIN_SECONDS:
            for name, hook_id in list(waiting.items()):
                path = f"/webhooks/{hook_id}/deliveries?status=PENDING&limit=1"
                answer = await self._caller.ask("GET", path)
                assert answer is not None
                if not answer.json["data"]:
                    del waiting[name]
            await asyncio.sleep(0.25)
        if waiting:
            self._ledger.find(f"after {DRAIN_SECONDS:.0f} s deliveries still wait for {sorted(waiting)}")
        return time.monotonic() - began

    async def look_back(self, data_dir: Path) -> Outcome:
        """What is stored, and what arrived."""
        with await asyncio.to_thread(embedded.start, data_dir) as server:
            pool = await db.open_pool(server.url)
            try:
                return await self._read_books(pool)
            finally:
                await pool.close()

    async def _read_books(self, pool: db.Pool) -> Outcome:
        counts, findings, (team,) = Counts(), self._ledger.findings, await accounts.list_teams(pool)
        findings += [one async for one in books.unsound(pool)]
        findings += [one async for one in books.unlike_the_ledger(pool, team.id, self._ledger)]
        findings += [one async for one in books.unlike_the_feed(pool, team.id, self._follower.seen)]
        stored = await arrivals.deliveries(pool)
        findings += arrivals.compare(stored, self._journal.arrivals(), counts)
        said: Counter[str] = Counter()
        for member in self._fleet.members:
            said.update(member.said)
        return Outcome(
            ledger=self._ledger,
            said=said,
            blows=Counter(f"{blow.how} {blow.victim}" for blow in self._fleet.blows),
            events=await _count(pool, "events"),
            orders=await _count(pool, "orders"),
            counts=counts,
            silence=self._silence,
            takeover_seconds=self._takeover_seconds,
            drain_seconds=self._drain_seconds,
        )


def _dice(plan: Plan, number: int) -> random.Random:
    """Chance of its own for each part of a run."""
    return random.Random(1_000 * plan.seed + number)


def _make_team(folder: Path) -> tuple[list[str], str]:
    """The ids of its statuses, and its API key."""
    data_dir, workspace = folder / "data", folder / "workspace.json"
    workspace.write_text(json.dumps(_WORKSPACE))
    applied = json.loads(command(data_dir, "apply", str(workspace), "--json").stdout)
    options = ("--all-permissions", "--rate-minute", "0", "--rate-day", "0", "--json")
    issued = json.loads(command(data_dir, "keys", "create", "--name", "chaos", *options).stdout)
    return list(applied["statuses"].values()), issued["key"]


async def _subscribe(caller: Caller, receivers_base: str) -> dict[str, str]:
    """The ids of the webhooks by name; their receivers know their secrets."""
    ids: dict[str, str] = {}
    async with aiohttp.ClientSession(receivers_base) as http:
        for name, members in HOOKS.items():
            body = {
                "url": f"{receivers_base}/hooks/{name}",
                "error_contact_email": "edi@birchline.example",
                "custom_data": {"name": name},
                **members,
            }
            answer = await caller.ask("POST", "/webhooks", body, key=f"webhook-{name}")
            assert answer is not None
            assert answer.status == 201, answer
            ids[name] = answer.json["id"]
            async with http.put(f"/secrets/{name}", data=answer.json["secret"]) as told:
                assert told.status == 204
    return ids


async def _count(pool: db.Pool, table: str) -> int:
    (row,) = await pool.fetch(f"select count(*) from {table}")
    return int(row[0])
