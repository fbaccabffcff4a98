"""The Orders API in `python -m bench`: an order read, beside the floor; orders created, beside pgbench; the feed."""

import asyncio
import http.client
import re
import statistics
import time
from typing import Any

import msgspec
from msgspec import Struct

from bench import ground, pgbench, processes
from bench.compare import (
    CLIENTS,
    ROUND,
    Effort,
    Round,
    Workload,
    ask,
    compare,
    compared,
    job,
    median,
    one_round,
    workloads,
)
from bench.ground import Team
from bench.load import MARK, drive
from bench.processes import Served
from bench.report import Line
from bench.statements import caught
from milepost.core.purchase_orders import create_order
from milepost.core.tags import create_tag
from milepost.kit.clock import system_clock
from milepost.kit.ids import ulid
from milepost.model.actor import system_actor
from milepost.reads import workspace
from milepost.store import db
from milepost.surfaces.orders_api.wishes import new_order

_FEED_PAGE = 50
_READ_ITEMS, _CREATED_ITEMS = 10, 3
_MOST_CPU = 1.6
_LEAST_OF_PGBENCH = 0.4
_MOST_FEED_SECONDS = 1


async def measure(server_url: str, effort: Effort) -> list[Line]:
    """The lines of the Orders API."""
    async with ground.database(server_url, "milepost_bench_orders") as url:
        team = await seed(url, effort.orders // 5)
        with processes.floor(url, team.id) as floor, processes.milepost(url) as ours:
            same_answers(floor, ours, team)
            lines = compared(compare(floor, ours, team, reading(team), effort.rounds, effort.seconds))
            if pgbench.program():
                lines.append(await created(ours, team, url, effort.rounds, effort.seconds))
            fill_feed(ours, team, effort.orders, effort.rounds + 1)
            lines.append(feed(ours, team, effort.orders, effort.rounds))
        return lines


async def seed(url: str, orders: int) -> Team:
    """A team with so many orders of ten items, as the Orders API makes them."""
    pool = await db.open_pool(url)
    try:
        team_id, key, known = await ground.make_team(pool)
        actor, clock = system_actor(team_id), system_clock(0)
        await create_tag(pool, actor, "Summer shelf", None, clock=clock)
        wishes = (new_order(body(f"S{number}", _READ_ITEMS, tag="summer-shelf")) for number in range(orders))
        made = await asyncio.gather(*(create_order(pool, actor, known, wish, clock=clock) for wish in wishes))
    finally:
        await pool.close()
    await ground.settle(url)
    return Team(team_id, key, [order.id for order in made], [one.id for one in known.statuses], [])


def body(number: str, items: int, tag: str | None = None) -> dict[str, Any]:
    """The body of a POST of an order with that number."""
    return {
        "order_number": f"MP-{number}",
        "name": "Deck screws, June",
        "description": "Two pallets for the summer shelf",
        "ship_to": {
            "company_name": "Harbor Row Warehouse",
            "line_1": "77 Commercial St",
            "locality": "Portland",
            "region": "ME",
            "postal_code": "04101",
            "country": "US",
        },
        "start_date": "2026-06-20",
        "expiration_date": "2026-07-31",
        "references": [{"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}],
        "custom_data": {"bridge": {"tenant": "north", "batch": 7}},
        "tags": [] if tag is None else [tag],
        "items": [_item(place) for place in range(items)],
    }


def _item(place: int) -> dict[str, Any]:
    return {
        "description": f"Deck screw 5 x {60 + place}",
        "references": [{"qualifier": "PRODUCT_REF", "value": f"DS-{560 + place}"}],
        "amount": {"unit": "KG", "value": "640.50"},
        "shipping_requirements": {
            "quantity": 2,
            "packaging_type": "PALLET",
            "gross_weight": {"unit": "KG", "value": "662"},
        },
        "custom_data": {"line": str(10 * place)},
    }


def reading(team: Team) -> Workload:
    calls = [(f"/orders/{ulid(order_id)}", "") for order_id in team.order_ids]
    return Workload(
        name=f"order of {_READ_ITEMS} items", method="GET", walks=lambda _: [calls], most_cpu=_MOST_CPU
    )


def creating() -> Workload:
    sent = msgspec.json.encode(body(MARK, _CREATED_ITEMS)).decode()
    return Workload(
        name=f"order of {_CREATED_ITEMS} items created",
        method="POST",
        walks=lambda _: [[("/orders", sent)] * CLIENTS],
    )


def same_answers(floor: Served, ours: Served, team: Team) -> None:
    """Raises AssertionError unless the floor answers what Milepost answers."""
    path = f"/orders/{ulid(team.order_ids[7])}"
    assert ask(floor, team.key, path) == ask(ours, team.key, path)


async def created(ours: Served, team: Team, url: str, rounds: int, seconds: float) -> Line:
    """Orders created in a second through HTTP and by pgbench, turn about."""
    workload, script = creating(), await create_script(url, team)
    one_round(ours, team, workload, 0, min(1.0, seconds))
    mine: list[Round] = []
    bare: list[float] = []
    for number in range(1, rounds + 1):
        mine.append(one_round(ours, team, workload, number, seconds))
        bare.append(pgbench.run(script, url, seconds, options={"step": number * ROUND}))
    return Line(
        name=f"{workload.name}: requests/s, of pgbench's",
        value=statistics.median(one.rate / other for one, other in zip(mine, bare, strict=True)),
        unit="times",
        at_least=_LEAST_OF_PGBENCH,
        note=f"{median(mine, 'rate'):,.0f}/s against {statistics.median(bare):,.0f}/s with the same prepared "
        f"SQL; {median(mine, 'microseconds'):.0f} us of CPU a request",
    )


async def create_script(url: str, team: Team) -> str:
    """The statement that adds an order, with the parameters that Milepost sends; the order's number and all new ids
    are others each time."""
    pool = await db.open_pool(url, size=1)
    try:
        known = await workspace.load(pool, team.id)
    finally:
        await pool.close()
    actor, wish = system_actor(team.id), new_order(body(MARK, _CREATED_ITEMS))
    sql, sent = caught(lambda db: create_order(db, actor, known, wish, clock=system_clock(0)))
    new_ids = dict.fromkeys(_NEW_ID.findall("".join(sent[1:-1])))
    marked = {one: f"{MARK}-{place:04x}-7000-8000-0000{MARK}" for place, one in enumerate(new_ids)}
    texts = [_UUID.sub(lambda found: marked.get(found[0], found[0]), text) for text in sent[1:-1]]
    values = {1: f"'{team.id}'::uuid", **dict(enumerate(map(_numbered, texts), 2)), len(sent): str(sent[-1])}
    steps = f"\\set step :step + 1\n\\set number :step * {CLIENTS} + :client_id\n"
    return steps + pgbench.filled(sql, values, one_row=True)


_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEW_ID = re.compile(f'"id":"({_UUID.pattern})"')
_FIRST_ID = 0x0200_0000
"""Behind all ids that are made of a time, as new ones should be."""


def _numbered(text: str) -> str:
    """A JSON text as SQL, with this step's number where it has the mark. Spaced, so that pgbench sees no variables
    in it."""
    literal = "'" + msgspec.json.format(text, indent=0).replace("'", "''") + "'"
    if MARK not in literal:
        return f"{literal}::json"
    return f"replace({literal}, '{MARK}', lpad(to_hex({_FIRST_ID} + :number), 8, '0'))::json"


def fill_feed(ours: Served, team: Team, events: int, number: int) -> None:
    """Makes the newest events: half are whole orders, the newer half are changes of status."""
    made = drive(job(ours, team, creating(), number, 60, CLIENTS, events // 2)).requests
    moving = workloads(team)[2]
    moved = drive(job(ours, team, moving, number, 60, CLIENTS, events - made)).requests
    assert made + moved >= events, f"only {made} orders and {moved} changes in time"


def feed(ours: Served, team: Team, events: int, rounds: int) -> Line:
    """The newest events, page by page as `next` says, by one client."""
    before = ours.cpu()
    seconds = [walk_feed(ours, team, events) for _ in range(rounds)]
    used = (ours.cpu() - before) / rounds
    return Line(
        name=f"feed: {events:,} events by cursor",
        value=statistics.median(seconds),
        unit="s",
        at_most=_MOST_FEED_SECONDS,
        note=f"{-(-events // _FEED_PAGE)} pages, one after the other; half of the events hold a whole order; "
        f"{used:.2f} s of the server's CPU",
    )


class _Event(Struct):
    id: str


class _Page(Struct):
    data: list[_Event]
    next: str | None


def walk_feed(ours: Served, team: Team, events: int) -> float:
    """The seconds that so many events take."""
    connection = http.client.HTTPConnection("127.0.0.1", ours.port)
    path: str | None = f"/events?limit={_FEED_PAGE}"
    seen = set[str]()
    began = time.perf_counter()
    while len(seen) < events:
        assert path is not None, f"the feed ends after {len(seen)} events"
        connection.request("GET", path, headers={"X-API-Key": team.key})
        page = msgspec.json.decode(connection.getresponse().read(), type=_Page)
        seen.update(event.id for event in page.data)
        path = page.next
    took = time.perf_counter() - began
    connection.close()
    return took
