"""`python -m bench`: Milepost against the floor, in one run, on one PostgreSQL. Ends with 1 if one fails."""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Collection

from bench import deliveries, gate, ground, large, milestones, orders, pgbench, processes, report
from bench.compare import (
    CLIENTS,
    Comparison,
    Effort,
    bulk_workload,
    compare,
    compared,
    median,
    one_round,
    same_answers,
    workloads,
)
from bench.ground import Team
from bench.processes import Served
from bench.report import Line

_BULK = 100
_LEAST_BULK_GAIN = 6
_MOST_GATE = 25


THOROUGH = Effort(10_000, 7, 3)
QUICK = Effort(1_600, 2, 0.4)


PARTS = ("status", "orders", "milestones", "deliveries")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few orders, short rounds: does it work at all")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, help=f"rounds of each server, by default {THOROUGH.rounds}")
    parser.add_argument("--seconds", type=float, help=f"length of a round, by default {THOROUGH.seconds:g}")
    parser.add_argument(
        "--only",
        choices=PARTS,
        help="measure only the Status API, the Orders API, the Milestones API, deliveries",
    )
    parser.add_argument("--large", action="store_true", help="measure many orders instead (bench/large.py)")
    asked, others = parser.parse_known_args()
    if asked.large:
        large.main([*others, *(["--json"] if asked.json else [])])
        return
    asked = parser.parse_args()
    effort = QUICK if asked.quick else THOROUGH
    effort = Effort(effort.orders, asked.rounds or effort.rounds, asked.seconds or effort.seconds)
    with ground.server() as server_url:
        lines, facts = asyncio.run(
            run(server_url, effort, [asked.only] if asked.only else PARTS, asked.quick)
        )
    report.show("Milepost against its floor", lines, facts, as_json=asked.json)
    sys.exit(report.failed(lines) and not asked.quick)


async def run(
    server_url: str, effort: Effort, parts: Collection[str], quick: bool
) -> tuple[list[Line], dict[str, str]]:
    lines: list[Line] = []
    if "status" in parts:
        lines += await status_api(server_url, effort)
    if "orders" in parts:
        tell("Orders API")
        lines += await orders.measure(server_url, effort)
    if "milestones" in parts:
        tell("Milestones API")
        lines += await milestones.measure(server_url, effort)
    if "deliveries" in parts:
        tell("deliveries")
        lines += (await deliveries.run(server_url, deliveries.QUICK if quick else deliveries.THOROUGH))[0]
    return lines, await report.facts(server_url)


async def status_api(server_url: str, effort: Effort) -> list[Line]:
    """The lines of the Status API, and of what stands before every call."""
    async with ground.database(server_url, "milepost_bench") as url:
        tell(f"seeding {effort.orders:,} orders")
        team = await ground.seed(url, effort.orders)
        lines = []
        with processes.floor(url, team.id) as floor, processes.milepost(url) as ours:
            same_answers(floor, ours, team)
            for workload in workloads(team):
                tell(workload.name)
                done = compare(floor, ours, team, workload, effort.rounds, effort.seconds)
                lines += compared(done)
                lines += await beside_pgbench(done, team, url, effort)
            tell("bulk")
            lines += bulk(ours, team, effort)
        tell("gate")
        cost = await gate.microseconds(url, team, repeats=3 * effort.rounds)
        lines.append(
            Line(
                name="key + version + limits + routing",
                value=cost,
                unit="us",
                at_most=_MOST_GATE,
                note="a call without its handler, from scope to sent answer",
            )
        )
        return lines + access_log(url, team, effort)


async def beside_pgbench(done: Comparison, team: Team, url: str, effort: Effort) -> list[Line]:
    """Only told: pgbench pays for no HTTP and no JSON."""
    name = done.workload.name
    if pgbench.program() is None:
        return []
    rate = pgbench.run((await pgbench.scripts(url, team))[name], url, effort.seconds)
    ours = median(done.milepost, "rate")
    return [
        Line(
            name=f"{name}: requests/s, of pgbench's",
            value=ours / rate,
            unit="times",
            note=f"{ours:,.0f}/s against {rate:,.0f}/s with the same prepared SQL",
        )
    ]


def bulk(ours: Served, team: Team, effort: Effort) -> list[Line]:
    """Orders moved in a second: by single calls, and by calls of a hundred, turn about."""
    one, many = workloads(team)[2], bulk_workload(team, _BULK)
    lines = []
    for clients in (CLIENTS, 1):
        singly, at_once = [], []
        for number in range(0, 2 * effort.rounds, 2):
            singly.append(one_round(ours, team, one, number, effort.seconds, clients).rate)
            calls = one_round(ours, team, many, number + 1, effort.seconds, clients).rate
            at_once.append(calls * _BULK)
        gain = statistics.median(after / before for after, before in zip(at_once, singly, strict=True))
        rates = [statistics.median(kept) for kept in (at_once, singly)]
        lines.append(
            Line(
                name=f"bulk of {_BULK}: orders/s, of single calls, {clients} client{'s' * (clients > 1)}",
                value=gain,
                unit="times",
                at_least=_LEAST_BULK_GAIN if clients == CLIENTS else None,
                note=f"{rates[0]:,.0f} orders/s against {rates[1]:,.0f} orders/s",
            )
        )
    return lines


def access_log(url: str, team: Team, effort: Effort) -> list[Line]:
    """What the line logged for every request costs, which is on by default."""
    costs = []
    with processes.milepost(url) as quiet, processes.milepost(url, log_level="info") as logging:
        workload = workloads(team)[1]
        for server in (quiet, logging):
            one_round(server, team, workload, 0, min(1.0, effort.seconds))
        for number in range(effort.rounds):
            rounds = [
                one_round(server, team, workload, number, effort.seconds) for server in (quiet, logging)
            ]
            costs.append(rounds[1].microseconds - rounds[0].microseconds)
    return [Line(name="access log, on by default: CPU a request", value=statistics.median(costs), unit="us")]


def tell(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
