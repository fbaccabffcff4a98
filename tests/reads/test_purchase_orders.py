"""reads.purchase_orders: a page costs the same wherever it lies, in every order of the list (Orders API, section 5);
and one order is read by a plan that is kept."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from milepost.core import accounts
from milepost.reads.purchase_orders import (
    SORT_KEYS,
    Cursor,
    Filter,
    Sort,
    SortKey,
    find_cursor,
    get_order,
    list_orders,
)
from milepost.store import db
from milepost.store.order_loads import LOAD_ORDERS

MANY = 6_000
"""Of them two in three have a name, every other one has a start, one in four expires."""
SEED = f"""
insert into orders (team_id, id, order_number, order_number_key, name, start_date, expiration_date, search_text,
                    lifecycle, placed_at, created_at, updated_at)
select $1, gen_random_uuid(), 'N-' || n, 'n-' || n, case when n % 3 > 0 then 'Deck ' || n % 700 end,
       case when n % 2 = 0 then date '2026-01-01' + n % 300 end,
       case when n % 4 = 0 then date '2027-01-01' + n % 200 end, '', 'READY', now(),
       now() - n * interval '1 minute', now() - n * 7 % {MANY} * interval '1 minute'
from generate_series(1, {MANY}) n
"""
SOME = "select id from orders where team_id = $1 and {} order by {}, id offset 1000 limit 1"
NULLABLE = ("name", "start_date", "expiration_date")


class Recorder:
    """A Database that only remembers what it was asked."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.asked = (query, args)
        return []


class Crowd:
    def __init__(self, pool: db.Pool, team_id: str) -> None:
        self.pool = pool
        self.team_id = team_id

    async def read(self, sort: Sort, cursor: Cursor | None) -> float:
        """How many orders the database looks at for a page of twenty."""
        recorder: Any = Recorder()
        await list_orders(recorder, self.team_id, Filter(), sort=sort, limit=20, cursor=cursor)
        query, arguments = recorder.asked
        rows = await self.pool.fetch(f"explain (analyze, format json) {query}", *arguments)
        return _read(json.loads(rows[0][0])[0]["Plan"])

    async def cursor(self, sort: Sort, condition: str, *, backward: bool = False) -> Cursor:
        """The cursor at an order in the middle."""
        (row,) = await self.pool.fetch(SOME.format(condition, sort.key), self.team_id)
        found = await find_cursor(self.pool, self.team_id, row["id"], sort, backward=backward)
        assert found is not None
        return found


def _read(plan: dict[str, Any]) -> float:
    mine = 0
    if plan.get("Relation Name") == "orders":
        mine = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return mine + sum(_read(part) for part in plan.get("Plans", ()))


@pytest.fixture(scope="module")
def url(databases) -> str:
    return databases.make()


@pytest.fixture(scope="module")
async def crowd(url: str) -> AsyncIterator[Crowd]:
    pool = await db.open_pool(url, size=1)
    team_id = await accounts.create_team(pool, datetime.now(UTC), name="Crowd", currency="EUR")
    await pool.execute(SEED, team_id)
    owner = await asyncpg.connect(url)
    await owner.execute("analyze orders")
    await owner.close()
    yield Crowd(pool, team_id)
    await pool.close()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("key", SORT_KEYS)
async def test_a_page_reads_little_wherever_it_lies(crowd: Crowd, key: SortKey, descending: bool):
    sort = Sort(key, descending)
    behind = f"{key} is not null"
    places = {
        "first": None,
        "behind": await crowd.cursor(sort, behind),
        "before": await crowd.cursor(sort, behind, backward=True),
    }
    if key in NULLABLE:
        places["behind one without"] = await crowd.cursor(sort, f"{key} is null")
        places["before one without"] = await crowd.cursor(sort, f"{key} is null", backward=True)
    read = {place: await crowd.read(sort, cursor) for place, cursor in places.items()}
    assert max(read.values()) < 150, read


async def test_one_order_is_planned_for_but_a_few_times(crowd: Crowd):
    (row,) = await crowd.pool.fetch("select id from orders where team_id = $1 limit 1", crowd.team_id)
    for _ in range(9):
        assert (await get_order(crowd.pool, crowd.team_id, row["id"]))[0] is not None
    query = "select custom_plans, generic_plans from pg_prepared_statements where statement = $1"
    (plans,) = await crowd.pool.fetch(query, LOAD_ORDERS)
    assert tuple(plans) == (5, 4)  # the database tries five times before it keeps a plan
