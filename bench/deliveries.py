"""`python -m bench.deliveries`: what one worker process delivers, beside the bare HTTP client; how long an event
takes to its receiver; and, with `--held`, both while transactions stay open. Ends with 1 if a wish fails."""

import argparse
import asyncio
import base64
import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
from msgspec import Struct

from bench import ground, processes, report
from bench.report import Line
from milepost.core import accounts
from milepost.kit.ids import new_id, ulid
from milepost.kit.sealing import Sealer
from milepost.model.receiver import secret_purpose
from milepost.store import db

KEY = "the secret key of these benchmarks"
CONCURRENCY = 8
LATENCY_RATE = 200
_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
_BODY = {
    "event_name": "order.updated",
    "event_version": 1,
    "occurred_at": "2026-06-15T10:02:11.402551+00:00",
    "source": {"environment": "selfhosted", "user_id": "01KGHC83J0F4X908HKD0NQ7JCE"},
    "details": {
        "id": "01KV2G3X0PFPH9FMHV6P6ZP42C",
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order",
        "self_link": "/orders/01KV2G3X0PFPH9FMHV6P6ZP42C",
        "old_data": {"name": "Deck screws, June", "references": [{"qualifier": "PO", "value": "1" * 40}] * 5},
        "new_data": {"name": "Deck screws, July", "references": [{"qualifier": "PO", "value": "2" * 40}] * 5},
    },
    "custom_data": {"bridge": {"tenant": "north"}},
}
"""About a kilobyte, as changes of orders are."""

_COLUMNS = (
    "team_id",
    "id",
    "webhook_id",
    "event_id",
    "event_name",
    "order_id",
    "sequence",
    "body",
    "next_attempt_at",
    "created_at",
)
_INSERT = f"""
insert into deliveries ({", ".join(_COLUMNS)}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
"""


class Effort(Struct, frozen=True):
    backlog: int
    rounds: int
    latency_seconds: float


THOROUGH = Effort(20_000, 3, 15)
QUICK = Effort(1_500, 1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.deliveries", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few deliveries: does it work at all")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--held", type=float, metavar="MINUTES", help="measure beside open transactions instead"
    )
    asked = parser.parse_args()
    effort = QUICK if asked.quick else THOROUGH
    with ground.server() as server_url:
        if asked.held:
            lines, facts = asyncio.run(held(server_url, asked.held * 60))
        else:
            lines, facts = asyncio.run(run(server_url, effort))
    report.show("Deliveries", lines, facts, as_json=asked.json)
    sys.exit(report.failed(lines) and not asked.quick)


async def run(server_url: str, effort: Effort) -> tuple[list[Line], dict[str, str]]:
    async with ground.database(server_url, "milepost_bench_deliveries") as url, AsyncExitStack() as stack:
        with processes.receiver() as receiver:
            yard = await Yard.made(url, receiver)
            stack.push_async_callback(yard.pool.close)
            drained, bare = [], []
            for _ in range(effort.rounds):
                bare.append(bare_rate(receiver, effort.backlog // 4))
                drained.append(await drain(yard, url, effort.backlog, webhooks=1))
            several = [await drain(yard, url, effort.backlog, webhooks=8) for _ in range(effort.rounds)]
            waits = await latency(yard, url, effort.latency_seconds)
        lines = [*throughput(drained, several, bare), *waiting(waits)]
        return lines, await report.facts(url)


def throughput(drained: "list[Drained]", several: "list[Drained]", bare: list[float]) -> list[Line]:
    rate, floor = statistics.median(one.rate for one in drained), statistics.median(bare)
    cpu = statistics.median(one.microseconds for one in drained)
    return [
        Line(
            name="deliveries/s of one worker process, one webhook",
            value=rate,
            unit="/s",
            at_least=1_000,
            note=f"{cpu:.0f} us of the worker's CPU a delivery",
        ),
        Line(
            name="the same, of the bare HTTP client's rate",
            value=statistics.median(one.rate / other for one, other in zip(drained, bare, strict=True)),
            unit="times",
            at_least=0.5,
            note=f"{floor:,.0f}/s with {CONCURRENCY} requests at a time",
        ),
        Line(
            name="deliveries/s of one worker process, eight webhooks",
            value=statistics.median(one.rate for one in several),
            unit="/s",
            at_least=1_000,
        ),
    ]


def waiting(waits: Sequence[float]) -> list[Line]:
    cuts = statistics.quantiles(waits, n=100)
    note = f"{len(waits):,} events at {LATENCY_RATE}/s to a worker in a process of its own"
    return [
        Line(name="commit to receipt, p50", value=1000 * cuts[49], unit="ms", at_most=30, note=note),
        Line(name="commit to receipt, p99", value=1000 * cuts[98], unit="ms", at_most=300),
    ]


class Yard(Struct, frozen=True):
    """A team whose webhooks send to the receiver."""

    team_id: str
    webhook_ids: list[str]
    receiver: processes.Served
    pool: Any

    @classmethod
    async def made(cls, url: str, receiver: processes.Served) -> "Yard":
        pool = await db.open_pool(url)
        now = datetime.now(UTC)
        team_id = await accounts.create_team(pool, now, name="Bench", currency="EUR")
        yard = cls(team_id, [new_id() for _ in range(8)], receiver, pool)
        for webhook_id in yard.webhook_ids:
            await pool.execute(
                "insert into webhooks (team_id, id, url, enabled_events, error_contact_email, sealed_secret, "
                "created_at, updated_at) values ($1, $2, $3, '{order.updated}', 'a@example.com', $4, $5, $5)",
                team_id,
                webhook_id,
                f"http://127.0.0.1:{receiver.port}/hook",
                Sealer(KEY.encode()).seal(_SECRET.encode(), secret_purpose(webhook_id)),
                now,
            )
        return yard

    def rows(self, count: int, *, webhooks: int, orders: int) -> list[tuple[Any, ...]]:
        """Deliveries that are due, of many orders in turn."""
        now = datetime.now(UTC)
        order_ids = [new_id() for _ in range(orders)]
        return [
            (
                self.team_id,
                new_id(),
                self.webhook_ids[number % webhooks],
                event_id := new_id(),
                "order.updated",
                order_ids[number // webhooks % orders],
                number + 1,
                json.dumps({"id": ulid(event_id), "sequence": number + 1, **_BODY}),
                now,
            )
            for number in range(count)
        ]

    async def fill(self, url: str, rows: list[tuple[Any, ...]]) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.copy_records_to_table(
                "deliveries",
                records=[
                    (*(UUID(row[at]) for at in range(4)), row[4], UUID(row[5]), *row[6:9], row[8])
                    for row in rows
                ],
                columns=_COLUMNS,
            )
        finally:
            await connection.close()

    async def all_came(self, count: int) -> None:
        """Waits until so many messages have come."""
        while int(await self._asked("/")) < count:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)

    async def arrivals(self) -> dict[str, float]:
        """When each event came, in Unix seconds."""
        return dict(json.loads(await self._asked("/arrivals")))

    async def _asked(self, path: str) -> bytes:
        url = f"http://127.0.0.1:{self.receiver.port}{path}"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return await answer.read()

    async def forget(self) -> None:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.receiver.port}") as http:
            await http.delete("/")


class Drained(Struct, frozen=True):
    rate: float
    """Between the first tenth and the last."""
    microseconds: float


async def drain(yard: Yard, url: str, count: int, *, webhooks: int) -> Drained:
    """Lets a worker send a backlog."""
    await yard.forget()
    await yard.fill(url, yard.rows(count, webhooks=webhooks, orders=max(1, count // 5)))
    with processes.worker(url, KEY) as worker:
        await yard.all_came(count)
        cpu = worker.cpu()
    came = sorted((await yard.arrivals()).values())
    assert len(came) == count
    first, last = came[count // 10], came[-count // 10]
    return Drained((count * 0.8) / (last - first), 1e6 * cpu / count)


def bare_rate(receiver: processes.Served, count: int) -> float:
    """Requests in a second of the HTTP client alone, in a process of its own."""
    answer = processes.run_module(
        "bench.bare", f"{receiver.port} {CONCURRENCY} {count}".encode(), seconds=120
    )
    return float(answer)


async def latency(yard: Yard, url: str, seconds: float) -> list[float]:
    """Seconds from the commit of each event to its receipt, at a steady rate."""
    await yard.forget()
    committed: dict[str, float] = {}
    rows = yard.rows(int(LATENCY_RATE * seconds), webhooks=8, orders=500)
    with processes.worker(url, KEY):
        await asyncio.sleep(2)
        began = time.monotonic()

        async def commit(number: int, row: tuple[Any, ...]) -> None:
            await asyncio.sleep(max(0.0, began + number / LATENCY_RATE - time.monotonic()))
            now = datetime.now(UTC)
            await yard.pool.execute(_INSERT, *row[:8], now)
            committed[ulid(row[3])] = time.time()

        await asyncio.gather(*(commit(number, row) for number, row in enumerate(rows)))
        await yard.all_came(len(rows))
    arrivals = await yard.arrivals()
    return [max(0.0, arrivals[event] - at) for event, at in committed.items()]


HELD_RATE = 1_000
_PART_SECONDS = 0.1
_DEAD = """
select coalesce(sum(n_dead_tup), 0)::bigint as dead, coalesce(sum(n_live_tup), 0)::bigint as live,
       coalesce(sum(pg_total_relation_size(relid)), 0)::bigint as bytes
from pg_stat_user_tables where relname = any($1)
"""


class Phase(Struct, frozen=True):
    """Some minutes of steady load."""

    name: str
    rate: float
    waits: list[float]
    dead: int
    live: int
    dead_leases: int
    megabytes: float


async def held(server_url: str, seconds: float) -> tuple[list[Line], dict[str, str]]:
    """Steady load for as long before, during and after two transactions: one that reads in one snapshot, as a
    backup does, and one that has written."""
    async with ground.database(server_url, "milepost_bench_held") as url, AsyncExitStack() as stack:
        with processes.receiver() as receiver, processes.worker(url, KEY):
            yard = await Yard.made(url, receiver)
            stack.push_async_callback(yard.pool.close)
            phases = [await phase(yard, url, "before", seconds)]
            reader, writer = await asyncpg.connect(url), await asyncpg.connect(url)
            await reader.execute("begin isolation level repeatable read; select count(*) from deliveries")
            await writer.execute("begin; update teams set updated_at = now()")
            phases.append(await phase(yard, url, "while they are open", seconds))
            await reader.close()
            await writer.close()
            phases.append(await phase(yard, url, "after", seconds))
        return [line for one in phases for line in told(one)], await report.facts(url)


def told(one: Phase) -> list[Line]:
    cuts = statistics.quantiles(one.waits, n=100)
    return [
        Line(
            name=f"{one.name}: deliveries/s at {HELD_RATE:,} events/s",
            value=one.rate,
            unit="/s",
            at_least=0.98 * HELD_RATE,
            note=f"commit to receipt p50 {1000 * cuts[49]:.1f} ms, p99 {1000 * cuts[98]:.1f} ms",
        ),
        Line(
            name=f"{one.name}: dead rows of deliveries and attempts",
            value=one.dead,
            unit="",
            note=f"beside {one.live:,} rows, {one.megabytes:,.0f} MB; {one.dead_leases:,} dead rows of leases",
        ),
    ]


async def phase(yard: Yard, url: str, name: str, seconds: float) -> Phase:
    await yard.forget()
    committed: dict[str, float] = {}
    began = time.monotonic()
    part = int(HELD_RATE * _PART_SECONDS)
    for number in range(int(seconds / _PART_SECONDS)):
        await asyncio.sleep(max(0.0, began + number * _PART_SECONDS - time.monotonic()))
        rows = yard.rows(part, webhooks=8, orders=part // 8)
        await yard.fill(url, rows)
        at = time.time()
        committed.update((ulid(row[3]), at) for row in rows)
    await yard.all_came(len(committed))
    rate = len(committed) / (time.monotonic() - began)
    arrivals = await yard.arrivals()
    await asyncio.sleep(2)  # counters of the database are told with a delay
    dead = await yard.pool.fetchrow(_DEAD, ["deliveries", "attempts"])
    leases = await yard.pool.fetchrow(_DEAD, ["webhook_leases", "outbound_workers", "webhooks"])
    waits = [max(0.0, arrivals[event] - at) for event, at in committed.items()]
    return Phase(name, rate, waits, dead["dead"], dead["live"], leases["dead"], dead["bytes"] / 2**20)


if __name__ == "__main__":
    main()
