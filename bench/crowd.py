"""A team with very many orders, loaded by COPY: made-up rows, but with the shape and spread of real ones."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from bench.ground import Team, make_team, settle
from milepost.kit.ids import new_id
from milepost.kit.natural import natural_key
from milepost.model.order import Customer, search_text
from milepost.model.workflow import Workspace
from milepost.store import db
from milepost.store.tallies import NOWHERE, SHARDS

_FIRST = (
    *(
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
    ),
    *(
        "Marta",
        "Nuno",
        "Olga",
        "Pedro",
        "Quentin",
        "Rosa",
        "Sofia",
        "Tiago",
        "Ursula",
        "Vera",
        "Wanda",
        "Yusuf",
    ),
)
_LAST = (
    *("Almeida", "Berg", "Costa", "Duarte", "Esposito", "Ferreira", "García", "Hoffmann", "Ivanov", "Jensen"),
    *("Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Petrov", "Quintana", "Rossi", "Silva", "Tanaka"),
)
_COMPANIES = (
    "Harbour Works",
    "Nordlys AS",
    "Atelier Sud",
    "Mar e Monte",
    "Kiln & Loom",
    "Fjord Supply",
    "Oficina",
)
_CITIES = (("Lisbon", "PT"), ("Bergen", "NO"), ("Kraków", "PL"), ("Lyon", "FR"), ("Graz", "AT"))
_THINGS = ("Paddle", "Spray deck", "Hull panel", "Dry bag", "Seat", "Rudder kit", "Cockpit cover")
_SHARE = (2, 4, 3, 3, 5, 4, 3, 6, 58, 5, 4, 3)
"""Percent of the orders by status: most are done."""
_STATUS = tuple(place for place, share in enumerate(_SHARE) for _ in range(share))
_BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
_YEARS = 3 * 365 * 86_400
_CHUNK = 2_000

_ORDER_COLUMNS = (
    *(
        "team_id",
        "id",
        "order_number",
        "order_number_key",
        "shopify_kind",
        "shopify_id",
        "currency",
        "total_price",
    ),
    *("customer_first_name", "customer_last_name", "customer_email", "customer_phone", "ship_to", "note"),
    *("search_text", "lifecycle", "workflow_id", "status_id", "status_entered_at", "placed_at"),
    *("created_at", "updated_at"),
)
_ITEM_COLUMNS = (
    *("team_id", "id", "order_id", "position", "shopify_line_item_id", "sku", "description", "quantity"),
    *("unit_price", "created_at", "updated_at"),
)
_TALLY = f"""
insert into order_tallies (team_id, status_id, workflow_id, is_draft, shard, orders)
select team_id, coalesce(status_id, '{NOWHERE}'), coalesce(workflow_id, '{NOWHERE}'), is_draft,
       get_byte(uuid_send(id), 15) % {SHARDS}, count(*)
from orders group by 1, 2, 3, 4, 5
"""


async def load(url: str, count: int) -> tuple[Team, float]:
    """A new team with so many orders of one to three lines; and the seconds that it took."""
    began = time.perf_counter()
    pool = await db.open_pool(url)
    team_id, key, known = await make_team(pool)
    await pool.close()
    ids = [new_id(_placed(number, count)) for number in range(count)]
    connection = await asyncpg.connect(url, timeout=60, command_timeout=600)
    try:
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute("set session_replication_role = replica")  # what we make refers rightly
        await connection.execute("set maintenance_work_mem = '512MB'")
        indexes = await _drop_indexes(connection)
        await _copy(connection, "orders", _ORDER_COLUMNS, _order_rows(known, ids))
        await _copy(connection, "order_items", _ITEM_COLUMNS, _item_rows(known, ids))
        await connection.execute(_TALLY)
        for definition in indexes:
            await connection.execute(definition)
    finally:
        await connection.close()
    await settle(url)
    statuses, workflows = [one.id for one in known.statuses], [one.id for one in known.workflows]
    return Team(team_id, key, ids, statuses, workflows), time.perf_counter() - began


async def _drop_indexes(connection: asyncpg.Connection) -> list[str]:
    """Indexes are made faster afterwards; those of constraints stay. Their definitions."""
    rows = await connection.fetch(
        """select indexname, indexdef from pg_indexes
        where tablename in ('orders', 'order_items') and schemaname = current_schema()
          and indexname not in (select conname from pg_constraint)"""
    )
    for row in rows:
        await connection.execute(f'drop index "{row["indexname"]}"')
    return [row["indexdef"] for row in rows]


async def _copy(
    connection: asyncpg.Connection, table: str, columns: tuple[str, ...], rows: Iterator[str]
) -> None:
    await connection.copy_to_table(table, source=_chunks(rows), columns=columns, format="text")


async def _chunks(rows: Iterator[str]) -> AsyncIterator[bytes]:
    kept: list[str] = []
    for row in rows:
        kept.append(row)
        if len(kept) == _CHUNK:
            yield "".join(kept).encode()
            kept.clear()
    yield "".join(kept).encode()


def _order_rows(known: Workspace, ids: list[str]) -> Iterator[str]:
    team_id = known.team.id
    for number, order_id in enumerate(ids):
        status = known.statuses[_STATUS[_chance(number, 1) % len(_STATUS)]]
        first, last = _FIRST[_chance(number, 2) % len(_FIRST)], _LAST[_chance(number, 3) % len(_LAST)]
        company = f"{_COMPANIES[_chance(number, 4) % len(_COMPANIES)]} {_chance(number, 5) % 4000}"
        city, country = _CITIES[_chance(number, 6) % len(_CITIES)]
        customer = Customer(first, last, f"{first}.{last}.{number}@example.com".lower(), f"+3519{number:08d}")
        stop = {
            "company_name": company,
            "line_1": f"Rua {number % 300}",
            "locality": city,
            "country": country,
        }
        name, at = f"#{100_000 + number}", _placed(number, len(ids)).isoformat()
        yield _row(
            *(team_id, order_id, name, natural_key(name), "Order", 5_000_000_000 + number, "EUR"),
            *(f"{_chance(number, 7) % 90_000 / 100:.2f}", first, last, customer.email, customer.phone),
            *(msgspec.json.encode(stop).decode(), "Leave at the gate" if number % 5 == 0 else None),
            *(search_text(name, customer, company), "NOT_READY", status.workflow_id, status.id),
            *(at, at, at, at),
        )


def _item_rows(known: Workspace, ids: list[str]) -> Iterator[str]:
    team_id = known.team.id
    for number, order_id in enumerate(ids):
        at = _placed(number, len(ids))
        for position in range(1 + _chance(number, 8) % 3):
            chance = _chance(number, 9 + position)
            yield _row(
                *(team_id, new_id(at), order_id, position, 8_000_000_000 + number * 3 + position),
                *(f"SKU-{chance % 500}", f"{_THINGS[chance % len(_THINGS)]} {chance % 61}", 1 + chance % 9),
                *(f"{chance % 30_000 / 100:.2f}", at.isoformat(), at.isoformat()),
            )


def _row(*values: object) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in values) + "\n"


def _chance(number: int, use: int) -> int:
    """Evenly spread, and always the same."""
    mixed = (number * 0x9E3779B1 + use * 0x85EBCA77) & 0xFFFF_FFFF
    mixed = (mixed ^ mixed >> 15) * 0x2C1B3C6D & 0xFFFF_FFFF
    return mixed ^ mixed >> 12


def _placed(number: int, count: int) -> datetime:
    return _BEGIN + timedelta(seconds=_YEARS * number // count)
