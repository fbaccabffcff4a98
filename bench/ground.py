"""What is measured on: a PostgreSQL, a database in it, and a believable team with its orders."""

import contextlib
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec
from msgspec import Struct

from milepost.core import accounts, statuses, workspace
from milepost.core.orders import put_orders
from milepost.intake import workspace_file
from milepost.kit.clock import system_clock
from milepost.model.actor import PERMISSIONS, system_actor
from milepost.model.order import Customer, NewItem, NewOrder, Stop
from milepost.model.transitions import Target
from milepost.model.workflow import Status, Workspace
from milepost.reads import workspace as reads
from milepost.store import db, embedded, migrations

SERVER_URL = "MILEPOST_BENCH_DATABASE_URL"
"""Names a PostgreSQL to use instead of the embedded one; its role must be allowed to create databases."""

STATUSES = (
    *(
        f"{step} {place}"
        for place in ("cutting", "sewing", "packing")
        for step in ("Waiting for", "In", "After")
    ),
    "On hold",
    "Waiting for customer",
    "Returned",
)
"""Three workflows of three statuses, and three statuses without a workflow."""
WORKFLOWS = ("Cutting", "Sewing", "Packing")
_FIRST = (
    "Ana",
    "Björn",
    "Chiara",
    "Dmitri",
    "Elif",
    "Fatou",
    "Goran",
    "Hana",
    "Inês",
    "João",
    "Katarzyna",
    "Liam",
)
_LAST = (
    "Almeida",
    "Berg",
    "Costa",
    "Duarte",
    "Esposito",
    "Ferreira",
    "García",
    "Hoffmann",
    "Ivanov",
    "Jensen",
)
_COMPANIES = ("Harbour Works", "Nordlys AS", "Atelier Sud", "Mar e Monte", "Kiln & Loom", "Fjord Supply")
_CITIES = (("Lisbon", "PT"), ("Bergen", "NO"), ("Kraków", "PL"), ("Lyon", "FR"), ("Graz", "AT"))
_THINGS = ("Paddle", "Spray deck", "Hull panel", "Dry bag", "Seat", "Rudder kit", "Cockpit cover")
_BATCH = 1000


class Team(Struct, frozen=True):
    """A seeded team: how to call it, and what to ask it for."""

    id: str
    key: str
    order_ids: list[str]
    status_ids: list[str]
    workflow_ids: list[str]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one named by the environment, else an embedded one."""
    if url := os.environ.get(SERVER_URL):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        Path(folder).chmod(0o755)
        with embedded.start(Path(folder) / "data") as running:
            yield running.url


@contextlib.asynccontextmanager
async def database(server_url: str, name: str):
    """The URL of a new, migrated database; dropped in the end."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.execute(f'create database "{name}"')
        url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        await migrations.upgrade(url)
        yield url
    finally:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.close()


async def seed(url: str, orders: int) -> Team:
    """A team with its workspace, a key without limits, and orders of three lines in all statuses."""
    pool = await db.open_pool(url)
    try:
        team_id, key, known = await make_team(pool)
        made: list[str] = []
        for batch in _batches([new_order(number) for number in range(orders)]):
            answers = await put_orders(pool, system_actor(team_id), known, batch, datetime.now(UTC))
            made += [answer.order_id for answer in answers if answer.order_id]
        assert len(made) == orders
        await spread(pool, known, made, known.statuses)
    finally:
        await pool.close()
    await settle(url)
    return Team(team_id, key, made, [one.id for one in known.statuses], [one.id for one in known.workflows])


async def make_team(
    pool: db.Pool, milestones: Mapping[str, Sequence[dict[str, object]]] | None = None
) -> tuple[str, str, Workspace]:
    """A new team: its id, a key that may do everything without limits, and its workspace. `milestones`: those of its
    workflows, by name."""
    now = datetime.now(UTC)
    team_id = await accounts.create_team(pool, now, name="Bench", currency="EUR")
    issued = await accounts.create_key(
        pool, system_actor(team_id), now, name="bench", permissions=PERMISSIONS, rate_minute=0, rate_day=0
    )
    file = workspace_file.parse(msgspec.json.encode(_wish(milestones or {})))
    await workspace.apply(pool, now, file.wish, team_name="Bench", faults=file.faults)
    return team_id, issued.key, await reads.load(pool, team_id)


async def settle(url: str) -> None:
    """Leaves the database as it would be an hour later: vacuumed, analyzed, written to disk."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("vacuum analyze")
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute("checkpoint")
    finally:
        await connection.close()


def new_order(number: int) -> NewOrder:
    """The order of this number: always the same one."""
    chance = random.Random(number)
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    city, country = chance.choice(_CITIES)
    return NewOrder(
        order_number=f"#{100_000 + number}",
        shopify_kind="Order",
        shopify_id=5_000_000_000 + number,
        currency="EUR",
        total_price=Decimal(chance.randint(2_000, 90_000)) / 100,
        customer=Customer(first, last, f"{first}.{last}.{number}@example.com".lower(), f"+3519{number:08d}"),
        ship_to=Stop(
            company_name=f"{chance.choice(_COMPANIES)} {chance.randint(1, 400)}",
            line_1=f"Rua {chance.randint(1, 300)}",
            locality=city,
            postal_code=f"{chance.randint(1000, 9999)}",
            country=country,
        ),
        note="Leave at the gate" if number % 5 == 0 else None,
        placed_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number * 37),
        items=tuple(_item(number, position, chance) for position in range(3)),
    )


def _item(number: int, position: int, chance: random.Random) -> NewItem:
    return NewItem(
        quantity=Decimal(chance.randint(1, 9)),
        description=f"{chance.choice(_THINGS)} {chance.randint(1, 60)}",
        sku=f"SKU-{chance.randint(1, 500)}",
        shopify_line_item_id=8_000_000_000 + number * 3 + position,
        unit_price=Decimal(chance.randint(500, 30_000)) / 100,
    )


def _wish(milestones: Mapping[str, Sequence[dict[str, object]]]) -> dict[str, object]:
    statuses: list[dict[str, object]] = []
    for place, name in enumerate(STATUSES):
        status: dict[str, object] = {"name": name, "color": f"#{place * 17:02x}99CC"}
        if place < 9:
            status["workflow"] = WORKFLOWS[place // 3]
        else:
            status["independent"] = True
        if place % 2:
            status["max_duration"] = {"seconds": 172_800}
        statuses.append(status)
    return {
        "settings": {"workflows_enabled": True},
        "statuses": statuses,
        "workflows": [
            {
                "name": name,
                "color": "#24527A",
                **({"milestones": milestones[name]} if name in milestones else {}),
            }
            for name in WORKFLOWS
        ],
    }


async def spread(pool: db.Pool, known: Workspace, orders: Sequence[str], over: Sequence[Status]) -> None:
    """Moves the orders into these statuses, evenly."""
    actor = system_actor(known.team.id)
    count = len(over)
    for place, status in enumerate(over):
        for batch in _batches(orders[place::count]):
            wanted = statuses.OrderKeys(batch)
            await statuses.change_statuses(pool, actor, known, wanted, Target(status), clock=system_clock(0))


def _batches(things: Sequence):
    return (things[start : start + _BATCH] for start in range(0, len(things), _BATCH))
