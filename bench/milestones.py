"""The Milestones API in `python -m bench`: a confirmation and a moved timeline beside a plain status change, and a
list of orders beside the floor."""

import statistics
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec

from bench import ground, milestone_ground, processes
from bench.compare import (
    Effort,
    Round,
    Workload,
    compare,
    compared,
    median,
    one_round,
    sent,
    workloads,
)
from bench.ground import Team
from bench.milestone_ground import Purchases
from bench.processes import Served
from bench.report import Line
from bench.statements import Noted, is_write
from milepost.core.milestones import edit_timeline
from milepost.kit.clock import system_clock
from milepost.model.actor import system_actor
from milepost.model.key_dates import KeyDates
from milepost.reads import workspace
from milepost.store import db

_LISTED = 25
_PAGES = 32
_MOST_OF_A_FLOOR = 1.5
_MOST_OF_A_CHANGE = 1.8
_CONFIRMED = 0.8
"""A round ends early when this part of all orders is confirmed, so that none is asked twice."""
_FIRST_DAY = 100
"""Days from today to the first of the dates that are set; each walk is a day later than the one before."""


async def measure(server_url: str, effort: Effort) -> list[Line]:
    """The lines of the Milestones API."""
    async with ground.database(server_url, "milepost_bench_milestones") as url:
        bought = await milestone_ground.seed(url, effort.orders // 2, effort.orders // 10)
        with processes.floor(url, bought.team.id) as floor, processes.milepost(url) as ours:
            same_answers(floor, ours, bought.team)
            done = compare(floor, ours, bought.team, listing(bought.team), effort.rounds, effort.seconds)
            lines = [*compared(done), *await beside_changes(ours, bought, url, effort)]
        return [*lines, await written(url, bought)]


def listing(team: Team) -> Workload:
    pages = range(1, min(_PAGES, len(team.order_ids) // _LISTED) + 1)
    calls = [(_path(team, f"?page={page}&per_page={_LISTED}"), "") for page in pages]
    return Workload(
        name=f"list of {_LISTED} purchase orders",
        method="GET",
        walks=lambda _: [calls],
        most_cpu=_MOST_OF_A_FLOOR,
    )


def confirming(bought: Purchases) -> Workload:
    """Shipments, which enter a status and turn the order IN_TRANSIT: three events each."""
    orders = zip(bought.team.order_ids, bought.shipments, strict=True)
    calls = [
        (_path(bought.team, f"/{order_id}/milestones/{milestone_id}/confirm"), "")
        for order_id, milestone_id in orders
    ]
    return Workload(name="confirm, with a status and three events", method="POST", walks=lambda _: [calls])


def dating(bought: Purchases) -> Workload:
    """All milestones of an order moved to later days, with a delay record each."""
    return Workload(
        name=f"edit_timeline of {len(bought.stages)}",
        method="PATCH",
        walks=lambda number: [_dated(bought, later) for later in (2 * number, 2 * number + 1)],
    )


def _dated(bought: Purchases, later: int) -> list[tuple[str, str]]:
    dates = _days(bought, later)
    body = msgspec.json.encode({"workflow_order_milestone_key_dates": dates, "reason": "looms busy"}).decode()
    return [(_path(bought.team, f"/{order_id}/edit_timeline"), body) for order_id in bought.long_ids]


def _days(bought: Purchases, later: int) -> dict[str, date]:
    """A date for each milestone, by the workflow's: a week between them, and all so many days later."""
    first = datetime.now(UTC).date() + timedelta(days=_FIRST_DAY + later)
    return {one: first + timedelta(weeks=place) for place, one in enumerate(bought.stages)}


def _path(team: Team, rest: str) -> str:
    return f"/v1/teams/{team.id}/purchase_orders{rest}"


def same_answers(floor: Served, ours: Served, team: Team) -> None:
    """Raises AssertionError unless the floor sends the bytes that Milepost sends."""
    path = _path(team, f"?page=2&per_page={_LISTED}")
    assert sent(floor, team.key, path) == sent(ours, team.key, path), path


async def beside_changes(ours: Served, bought: Purchases, url: str, effort: Effort) -> list[Line]:
    """Confirmations and timelines beside plain status changes of the same orders, turn about."""
    changing, confirmed, dated = workloads(bought.team)[2], confirming(bought), dating(bought)
    kept: dict[str, list[Round]] = {one.name: [] for one in (changing, confirmed, dated)}

    async def change(number: int, seconds: float) -> None:
        kept[changing.name].append(one_round(ours, bought.team, changing, number, seconds))

    async def confirm(number: int, seconds: float) -> None:
        most = int(len(bought.shipments) * _CONFIRMED)
        done = one_round(ours, bought.team, confirmed, number, seconds, most=most)
        undone = await milestone_ground.undo_shipments(url, bought.team.id)
        assert undone == done.requests, f"{done.requests} requests confirmed {undone} milestones"
        kept[confirmed.name].append(done)

    async def edit(number: int, seconds: float) -> None:
        kept[dated.name].append(one_round(ours, bought.team, dated, number, seconds))
        await milestone_ground.forget_delays(url, bought.team.id)

    turns = (change, confirm, edit)
    for number in range(effort.rounds + 1):
        for turn in turns if number % 2 else reversed(turns):
            await turn(number, effort.seconds if number else min(1.0, effort.seconds))
    measured = {name: rounds[1:] for name, rounds in kept.items()}  # the first warmed up
    return [
        _beside(measured, confirmed.name, changing.name, _MOST_OF_A_CHANGE),
        _beside(measured, dated.name, changing.name, None),
    ]


def _beside(rounds: Mapping[str, list[Round]], name: str, other: str, at_most: float | None) -> Line:
    """CPU a request of the one, of the other's."""
    pairs = zip(rounds[name], rounds[other], strict=True)
    cost, other_cost = (median(rounds[one], "microseconds") for one in (name, other))
    return Line(
        name=f"{name}: CPU a request, of a plain {other}'s",
        value=statistics.median(one.microseconds / another.microseconds for one, another in pairs),
        unit="times",
        at_most=at_most,
        note=f"{cost:.0f} us against {other_cost:.0f} us; {median(rounds[name], 'rate'):,.0f}/s",
    )


async def written(url: str, bought: Purchases) -> Line:
    """How many statements that write a moved timeline takes."""
    pool = await db.open_pool(url, size=1)
    try:
        known = await workspace.load(pool, bought.team.id)
        noted = Noted(pool)
        dates = KeyDates(by_workflow_milestone=_days(bought, -1), reason="looms busy")
        actor = system_actor(bought.team.id)
        await edit_timeline(noted, actor, known, bought.long_ids[0], dates, clock=system_clock())
    finally:
        await pool.close()
    writes = [statement for statement in noted.statements if is_write(statement)]
    return Line(
        name=f"edit_timeline of {len(bought.stages)}: statements that write",
        value=len(writes),
        unit="",
        at_most=1,
        note=f"of {len(noted.statements)} in all",
    )
