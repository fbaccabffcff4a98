"""Milepost against the floor: the same load on both, turn about, and what each pair of rounds says."""

import statistics
import urllib.request
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from bench.ground import Team
from bench.load import Job, drive
from bench.processes import Served

CLIENTS = 16


class Workload(Struct, frozen=True, kw_only=True):
    """One kind of request, and what it may cost compared with the floor."""

    name: str
    method: str
    paths: list[str]
    bodies: list[list[str]] = []
    """By round: bodies that a connection sends in turn."""
    most_cpu: float
    least_rate: float


class Round(Struct, frozen=True):
    """One server under load for some seconds."""

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
    orders = [f"/api/v1/orders/{order_id}" for order_id in team.order_ids]
    pages = [f"/api/v1/orders?page={page}" for page in range(1, 33)]
    return [
        Workload(name="list of 25", method="GET", paths=pages, most_cpu=1.5, least_rate=0.65),
        Workload(name="get-one", method="GET", paths=orders, most_cpu=1.6, least_rate=0.6),
        Workload(
            name="status change",
            method="POST",
            paths=[f"{path}/status" for path in orders],
            bodies=change_bodies(team),
            most_cpu=1.6,
            least_rate=0.6,
        ),
    ]


def change_bodies(team: Team) -> list[list[str]]:
    """Two statuses by round, other ones in the next: every request really moves its order."""
    bodies = [msgspec.json.encode({"status_id": status_id}).decode() for status_id in team.status_ids]
    return [bodies[start : start + 2] for start in range(0, len(bodies), 2)]


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


def ask(server: Served, key: str, path: str, body: bytes | None = None) -> object:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"http://127.0.0.1:{server.port}{path}",
        data=body,
        headers={"X-API-Key": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return msgspec.json.decode(answer.read())


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
    server: Served, team: Team, workload: Workload, number: int, seconds: float, clients: int = CLIENTS
) -> Round:
    bodies = workload.bodies[number % len(workload.bodies)] if workload.bodies else []
    job = Job(
        port=server.port,
        connections=clients,
        seconds=seconds,
        key=team.key,
        method=workload.method,
        paths=workload.paths,
        bodies=bodies,
    )
    before = server.cpu()
    report = drive(job)
    used = server.cpu() - before
    return Round(report.rate, used / report.requests * 1e6, report.cpu / report.requests * 1e6)


def median(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(getattr(one, name) for one in rounds)
