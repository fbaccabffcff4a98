"""Milepost against the floor: the same load on both, turn about, and what each pair of rounds says."""

import statistics
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from bench.ground import Team
from bench.load import Job, drive
from bench.processes import Served
from bench.report import Line

CLIENTS = 16
ROUND = 1_000_000
"""More requests than a round has: the numbers that they carry are each round's own."""


class Effort(Struct, frozen=True):
    """How thorough a run is: orders of the team, rounds of each server, seconds of a round."""

    orders: int
    rounds: int
    seconds: float


class Workload(Struct, frozen=True, kw_only=True):
    """One kind of request, and what it may cost compared with the floor."""

    name: str
    method: str
    walks: Callable[[int], list[list[tuple[str, str]]]]
    """What a round asks (bench/load.py), by its number."""
    most_cpu: float | None = None
    least_rate: float | None = None


class Round(Struct, frozen=True):
    """One server under load for some seconds."""

    requests: int
    rate: float
    microseconds: float
    """CPU of the server process by request."""
    client: float
    """CPU of the load process by request: it must not be what limits the rate."""


class Comparison(Struct, frozen=True):
    """The rounds of one workload; pairs belong together."""

    workload: Workload
    floor: list[Round]
    milepost: list[Round]

    @property
    def cpu_ratio(self) -> float:
        pairs = zip(self.milepost, self.floor, strict=True)
        return statistics.median(ours.microseconds / floor.microseconds for ours, floor in pairs)

    @property
    def rate_ratio(self) -> float:
        pairs = zip(self.milepost, self.floor, strict=True)
        return statistics.median(ours.rate / floor.rate for ours, floor in pairs)


def workloads(team: Team) -> list[Workload]:
    orders = [(f"/api/v1/orders/{order_id}", "") for order_id in team.order_ids]
    pages = [(f"/api/v1/orders?page={page}", "") for page in range(1, min(32, len(orders) // 25) + 1)]
    return [
        Workload(name="list of 25", method="GET", walks=lambda _: [pages], most_cpu=1.5, least_rate=0.65),
        Workload(name="get-one", method="GET", walks=lambda _: [orders], most_cpu=1.6, least_rate=0.6),
        Workload(
            name="status change",
            method="POST",
            walks=lambda number: [single_walk(team, status_id) for status_id in _pair(team, number)],
            most_cpu=1.6,
            least_rate=0.6,
        ),
    ]


def bulk_workload(team: Team, size: int) -> Workload:
    """Calls of `size` orders each; a connection keeps to its own groups."""
    groups = [team.order_ids[start : start + size] for start in range(0, len(team.order_ids), size)]
    return Workload(
        name=f"bulk of {size}",
        method="POST",
        walks=lambda number: [_bulk_walk(groups, status_id) for status_id in _pair(team, number)],
    )


def _pair(team: Team, number: int) -> list[str]:
    """The two statuses of a round, which walks take in turn; the next round has others: every call moves."""
    pairs = len(team.status_ids) // 2
    start = number % pairs * 2
    return team.status_ids[start : start + 2]


def single_walk(team: Team, status_id: str) -> list[tuple[str, str]]:
    body = msgspec.json.encode({"status_id": status_id}).decode()
    return [(f"/api/v1/orders/{order_id}/status", body) for order_id in team.order_ids]


def _bulk_walk(groups: list[list[str]], status_id: str) -> list[tuple[str, str]]:
    bodies = ({"status_id": status_id, "order_ids": group} for group in groups)
    return [("/api/v1/orders/status-bulk", msgspec.json.encode(body).decode()) for body in bodies]


def same_answers(floor: Served, ours: Served, team: Team) -> None:
    """Raises AssertionError unless the floor answers what Milepost answers."""
    order = f"/api/v1/orders/{team.order_ids[7]}"
    body = msgspec.json.encode({"status_id": team.status_ids[0]})
    other = msgspec.json.encode({"status_id": team.status_ids[1]})
    asked: list[tuple[str, bytes | None]] = [("/api/v1/orders?page=3", None), (order, None)]
    for path, sent in asked:
        assert ask(floor, team.key, path, sent) == ask(ours, team.key, path, sent), path
    moved = ask(floor, team.key, f"{order}/status", body)
    ask(ours, team.key, f"{order}/status", other)
    assert moved == ask(ours, team.key, f"{order}/status", body), moved


def ask(server: Served, key: str, path: str, body: bytes | None = None) -> Any:
    """The answer's JSON. Raises urllib.error.HTTPError unless it is a 2xx."""
    return msgspec.json.decode(sent(server, key, path, body))


def sent(server: Served, key: str, path: str, body: bytes | None = None) -> bytes:
    """The answer's body as it was sent."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}",
        data=body,
        headers={"X-API-Key": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def compare(
    floor: Served, ours: Served, team: Team, workload: Workload, rounds: int, seconds: float
) -> Comparison:
    """Alternates between the servers; who goes first alternates too. A short round of each warms up."""
    done = Comparison(workload, [], [])
    turns: list[tuple[Served, list[Round]]] = [(floor, done.floor), (ours, done.milepost)]
    number = 0
    for server, _ in turns:
        one_round(server, team, workload, number, min(1.0, seconds))
        number += 1
    for turn in range(rounds):
        for server, kept in turns if turn % 2 == 0 else reversed(turns):
            kept.append(one_round(server, team, workload, number, seconds))
            number += 1
    return done


def one_round(
    server: Served,
    team: Team,
    workload: Workload,
    number: int,
    seconds: float,
    clients: int = CLIENTS,
    most: int = 0,
) -> Round:
    """Each round of a workload has a number of its own. `most`: requests after which to stop early, 0 for no bound."""
    before = server.cpu()
    report = drive(job(server, team, workload, number, seconds, clients, most))
    used = server.cpu() - before
    return Round(
        report.requests, report.rate, used / report.requests * 1e6, report.cpu / report.requests * 1e6
    )


def job(
    server: Served,
    team: Team,
    workload: Workload,
    number: int,
    seconds: float,
    clients: int = CLIENTS,
    most: int = 0,
) -> Job:
    """The load of one round."""
    return Job(
        port=server.port,
        connections=clients,
        seconds=seconds,
        key=team.key,
        method=workload.method,
        walks=workload.walks(number),
        most=most,
        first_number=number * ROUND,
    )


def compared(done: Comparison) -> list[Line]:
    """The figures of a comparison."""
    name = done.workload.name
    cpu = [median(rounds, "microseconds") for rounds in (done.milepost, done.floor)]
    rate = [median(rounds, "rate") for rounds in (done.milepost, done.floor)]
    client = median(done.milepost, "client")
    return [
        Line(
            name=f"{name}: CPU a request, of the floor's",
            value=done.cpu_ratio,
            unit="times",
            at_most=done.workload.most_cpu,
            note=f"{cpu[0]:.0f} us against {cpu[1]:.0f} us",
        ),
        Line(
            name=f"{name}: requests/s, of the floor's",
            value=done.rate_ratio,
            unit="times",
            at_least=done.workload.least_rate,
            note=f"{rate[0]:,.0f}/s against {rate[1]:,.0f}/s; the client's own CPU {client:.0f} us a request",
        ),
    ]


def median(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(getattr(one, name) for one in rounds)
