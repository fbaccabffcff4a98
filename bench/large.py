"""`python -m bench.large`: lists at 1,000,000 orders against lists at 10,000, through the HTTP server.

For each kind of list the p95 of one caller who asks again and again, and from the database's own word how
much of it goes into counting and how much into the page. Ends with 1 when a wish fails.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
from msgspec import Struct

from bench import crowd, ground, processes, report
from bench.ground import Team
from bench.load import Job, drive
from bench.processes import Served
from bench.report import Line
from bench.statements import caught
from milepost.model.order import search_pattern
from milepost.reads import order_lists as reads

SMALL, LARGE = 10_000, 1_000_000
_MOST_RATIO = 2.5
_TURNS = 3
_REQUESTS = 80
_SECONDS = 6
_EXAMPLES = 40


class Kind(Struct, frozen=True):
    """A kind of list: the queries that are asked in turn, and one of them as the read behind it knows it."""

    name: str
    queries: list[str]
    wanted: reads.Filter
    offset: int = 0


class Measured(Struct, frozen=True):
    """Milliseconds: of the answer, and of the statement's two halves."""

    p95: float
    median: float
    counting: float
    page: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--orders", type=int, default=LARGE, help=f"by default {LARGE:,}")
    parser.add_argument(
        "--small", type=int, default=SMALL, help=f"what it is compared with, by default {SMALL:,}"
    )
    asked = parser.parse_args(arguments)
    with ground.server() as server_url:
        lines, facts = asyncio.run(run(server_url, asked.small, asked.orders))
    report.show(f"Lists at {asked.orders:,} orders", lines, facts, as_json=asked.json)
    sys.exit(report.failed(lines))


async def run(server_url: str, small: int, large: int) -> tuple[list[Line], dict[str, str]]:
    async with (
        ground.database(server_url, "milepost_bench_small") as small_url,
        ground.database(server_url, "milepost_bench_large") as large_url,
    ):
        _tell(f"loading {small:,} and {large:,} orders")
        few, _ = await crowd.load(small_url, small)
        many, seconds = await crowd.load(large_url, large)
        lines = [Line(name=f"loading {large:,} orders", value=seconds, unit="s", at_most=240)]
        with processes.milepost(small_url) as one, processes.milepost(large_url) as other:
            sides = ((small_url, few, one), (large_url, many, other))
            for pair in zip(kinds(few), kinds(many), strict=True):
                before, after = await _measure(pair, sides)
                lines.append(_line(pair[1], before, after, small))
                _tell(f"{lines[-1].name}: {lines[-1].value:.2f}; {lines[-1].note}")
        return lines, await report.facts(large_url)


def _line(kind: Kind, before: Measured, after: Measured, small: int) -> Line:
    return Line(
        name=f"{kind.name}: p95, of that at {small:,}",
        value=after.p95 / before.p95,
        unit="times",
        at_most=_MOST_RATIO,
        note=f"{after.p95:.1f} ms against {before.p95:.1f} ms, median {after.median:.1f} against "
        f"{before.median:.1f}; of it counting {after.counting:.2f} ms, page {after.page:.2f} ms",
    )


async def _measure(pair: tuple[Kind, Kind], sides: tuple[tuple[str, Team, Served], ...]) -> list[Measured]:
    """Both sizes turn about, so that a busy machine is busy for both."""
    times: list[list[float]] = [[], []]
    for turn in range(_TURNS):
        for place, (_, team, served) in enumerate(sides):
            drive(_job(served, team, pair[place], 12 if turn == 0 else 1))
            times[place] += drive(_job(served, team, pair[place], _REQUESTS)).milliseconds
    measured = []
    for kind, (url, team, _), kept in zip(pair, sides, times, strict=True):
        counting, page = await halves(url, team, kind)
        p95 = statistics.quantiles(kept, n=20)[-1]
        measured.append(Measured(p95, statistics.median(kept), counting, page))
    return measured


def kinds(team: Team) -> list[Kind]:
    count = len(team.order_ids)
    last = count // 25
    some = range(0, count, max(1, count // _EXAMPLES))
    numbers = [f"{100_000 + number}" for number in some]
    everything = reads.Filter()
    by_status = reads.Filter(status_id=team.status_ids[4])
    by_workflow = reads.Filter(workflow_id=team.workflow_ids[1])
    return [
        Kind("page 1", [""], everything),
        Kind("page 1 by name", ["sort_by=name"], everything),
        Kind("by status", [f"status={one}" for one in team.status_ids], by_status),
        Kind("by workflow", [f"workflow_id={one}" for one in team.workflow_ids], by_workflow),
        Kind("search, few hits", [f"search={number}" for number in numbers], _search(numbers[7])),
        Kind("search, no hit", ["search=zzqqx"], _search("zzqqx")),
        Kind(
            "search, 1 in 20 hits",
            [f"search={name}" for name in ("jensen", "kowalski", "silva")],
            _search("jensen"),
        ),
        Kind("search, all hit", ["search=example"], _search("example")),
        Kind("page 100", ["page=100"], everything, 99 * 25),
        Kind("page 10,000", ["page=10000"], everything, 249_975),
        Kind("last page", [f"page={last}"], everything, (last - 1) * 25),
    ]


def _search(text: str) -> reads.Filter:
    return reads.Filter(search=search_pattern(text))


def _job(served: Served, team: Team, kind: Kind, most: int) -> Job:
    """One caller, who asks so often, or for so long. Twelve calls take a statement past its first plans."""
    return Job(
        port=served.port,
        connections=1,
        seconds=_SECONDS,
        key=team.key,
        method="GET",
        walks=[[(f"/api/v1/orders?{query}", "") for query in kind.queries]],
        most=most,
        timed=True,
    )


async def halves(url: str, team: Team, kind: Kind) -> tuple[float, float]:
    """Milliseconds of counting and of the page, by EXPLAIN ANALYZE of the very statement."""
    sql, arguments = caught(
        lambda db: reads.list_orders(
            db, team.id, kind.wanted, sort="created_at", direction="desc", limit=25, offset=kind.offset
        )
    )
    connection = await asyncpg.connect(url)
    try:
        explain = f"explain (analyze, format json) {sql}"
        runs = [json.loads(await connection.fetchval(explain, *arguments))[0]["Plan"] for _ in range(3)]
    finally:
        await connection.close()
    counting = statistics.median(_counting(plan) for plan in runs)
    return counting, statistics.median(plan["Actual Total Time"] for plan in runs) - counting


def _counting(plan: dict[str, Any]) -> float:
    """The total is the one aggregate that is a part plan of its own."""
    return sum(
        node["Actual Total Time"] * node["Actual Loops"]
        for node in _nodes(plan)
        if node["Node Type"] == "Aggregate"
        and node.get("Subplan Name", "").startswith(("InitPlan", "SubPlan"))
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _tell(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
