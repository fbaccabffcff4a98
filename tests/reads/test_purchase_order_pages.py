"""reads.purchase_order_pages: the status in SQL is the status of the rule, pages are the same by whichever way they are
found, and cost the same at both ends of a list (Milestones API, sections 4, 7.2 and 8.1)."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any, get_args

import asyncpg
import msgspec
import pytest

from milepost.core import accounts
from milepost.kit.ids import new_id
from milepost.model.lifecycle import Lifecycle
from milepost.model.order import NewItem, NewOrder, Reference, StoredItem, StoredOrder
from milepost.model.plan import MilestoneState, OrderMilestone, Plan, Task, Who
from milepost.model.purchase_order import settled
from milepost.model.releases import Release, TransitStatus
from milepost.model.urgency import PurchaseOrderStatus, purchase_order_status
from milepost.model.workflow import House, MilestoneType
from milepost.reads import purchase_order_pages as reads
from milepost.reads.purchase_order_items import ItemPage, list_items
from milepost.reads.purchase_order_pages import (
    EVERY,
    STATUS,
    Filter,
    get_purchase_order,
    list_purchase_orders,
)
from milepost.store import db, orders
from milepost.store.deliveries import json_rows
from milepost.store.order_translation import item_row, order_row, release_row
from milepost.store.plan_translation import milestone_row, task_row

NOW = datetime(2027, 2, 1, 9, 30, 12, 345_678, tzinfo=UTC)
STATUSES: tuple[PurchaseOrderStatus, ...] = get_args(PurchaseOrderStatus)
TYPES: tuple[MilestoneType, ...] = ("custom", "production_start", "shipment", "custom", "delivery")
"""What may follow acceptance, in this sequence."""
STATES: tuple[MilestoneState, ...] = ("pending", "rejected")
LEGS: tuple[tuple[TransitStatus | None, ...], ...] = (
    (),
    (None,),
    ("DISPATCHED",),
    ("IN_TRANSIT",),
    ("OUT_FOR_DELIVERY",),
    ("DELIVERED",),
    ("DELIVERED", None),
    ("DELIVERED", "OUT_FOR_DELIVERY"),
    ("DELIVERED", "DELIVERED"),
)
ADD_RELEASES = """
insert into releases select r.* from json_populate_recordset(null::releases, $1) r
"""


def plans() -> Iterator[Plan]:
    """Every sequence of milestones that a workflow may have (section 8.2), in every state that it may be in (section
    8.5): the first so many confirmed; the next one pending, or rejected."""
    yield Plan()
    for count in range(len(TYPES) + 1):
        for others in combinations(TYPES, count):
            types: tuple[MilestoneType, ...] = ("acceptance", *others)
            for confirmed in range(len(types) + 1):
                for state in STATES[: 1 if confirmed == len(types) else 2]:
                    yield Plan(tuple(_followed(types, confirmed, state)))


def _followed(
    types: Sequence[MilestoneType], confirmed: int, state: MilestoneState
) -> Iterator[OrderMilestone]:
    for place, kind in enumerate(types):
        told: MilestoneState = (
            "confirmed" if place < confirmed else state if place == confirmed else "pending"
        )
        yield milestone(place + 1, kind, told)


def milestone(position: int, kind: MilestoneType, state: MilestoneState, **content: Any) -> OrderMilestone:
    return OrderMilestone(
        id=new_id(),
        workflow_milestone_id=new_id(),
        position=position,
        type=kind,
        name=kind,
        owner="supplier",
        status=state,
        confirmed_on=NOW.date() if state == "confirmed" else None,
        created_at=NOW,
        updated_at=NOW,
        **content,
    )


def release(leg: TransitStatus | None, unassigned_at: datetime | None = None) -> Release:
    return Release(
        id=new_id(),
        release_type="TRANSPORTATION",
        items=(),
        transit_status=leg,
        unassigned_at=unassigned_at,
        created_at=NOW,
    )


def all_orders() -> Iterator[StoredOrder]:
    """Each way an order can stand: its plan, its legs, whether it is a draft, whether it was canceled."""
    for legs in LEGS:
        for plan in plans():
            ended = release("DELIVERED", unassigned_at=NOW)
            yield order(plan, releases=(ended, *map(release, legs)))
    for is_draft, canceled_at in ((True, None), (True, NOW), (False, NOW)):
        for plan in plans():
            yield order(plan, is_draft=is_draft, cancelled_at=canceled_at)


def order(
    plan: Plan = Plan(),  # noqa: B008  a frozen value
    *,
    releases: tuple[Release, ...] = (),
    items: tuple[StoredItem, ...] = (),
    at: datetime = NOW,
    **content: Any,
) -> StoredOrder:
    order_id = new_id()
    made = StoredOrder(
        id=order_id,
        version=1,
        event_seq=1,
        content=NewOrder(**{"order_number": f"N-{order_id}", **content}),
        items=items,
        lifecycle="READY",
        plan=plan,
        releases=releases,
        last_issued_at=at,
        created_at=at,
        updated_at=at,
    )
    return settled(made, House())


class Store:
    """One team's orders."""

    def __init__(self, pool: db.Pool, team_id: str) -> None:
        self.pool = pool
        self.team_id = team_id

    async def add(self, *made: StoredOrder) -> None:
        version = await orders.team_version(self.pool, self.team_id)
        assert version is not None
        rows = orders.Arrivals()
        for one in made:
            plan = one.plan or Plan()
            rows.orders.append(order_row(one))
            rows.items += [item_row(one.id, item, NOW + timedelta(days=1)) for item in one.items]
            rows.milestones += [milestone_row(one.id, milestone) for milestone in plan.milestones]
            rows.tasks += [task_row(one.id, task) for task in plan.tasks]
        _, added = await orders.add_orders(self.pool, self.team_id, rows, version)
        assert len(added) == len(made)
        releases = [release_row(one.id, leg) for one in made for leg in one.releases]
        rows_of = [{**one, "team_id": self.team_id} for one in json.loads(json_rows(releases))]
        await self.pool.execute(ADD_RELEASES, json.dumps(rows_of))

    async def page(self, wanted: Filter = EVERY, limit: int = 10_000, offset: int = 0) -> reads.Page:
        return await list_purchase_orders(self.pool, self.team_id, wanted, limit=limit, offset=offset)

    async def ids(self, **wanted: Any) -> list[str]:
        """The ids of all orders that match; as many as the total says."""
        page = await self.page(Filter(**wanted))
        assert page.total == len(page.orders)
        return [one.id for one in page.orders]


async def store(pool: db.Pool, name: str) -> Store:
    return Store(pool, await accounts.create_team(pool, NOW, name=name, currency="EUR"))


@pytest.fixture(scope="module")
def url(databases) -> str:
    return databases.make()


@pytest.fixture(scope="module")
async def fresh(url: str) -> AsyncIterator[db.Pool]:
    pool = await db.open_pool(url, size=2)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
async def crowd(fresh: db.Pool) -> tuple[Store, dict[str, StoredOrder]]:
    """A team with an order of each kind; the orders by id."""
    team, made = await store(fresh, "Crowd"), list(all_orders())
    for start in range(0, len(made), 500):
        await team.add(*made[start : start + 500])
    return team, {one.id: one for one in made}


async def test_the_status_in_sql_is_that_of_the_rule(crowd):
    """Section 8.1, for every combination of plan, legs, draft and cancellation: what the filter finds is what is
    shown."""
    team, made = crowd
    rows = await team.pool.fetch(
        f"select o.id, {STATUS} as status from orders o where o.team_id = $1", team.team_id
    )
    found = {row["id"]: row["status"] for row in rows}
    assert len(found) == len(made) > 2000
    assert found == {order_id: purchase_order_status(one) for order_id, one in made.items()}
    assert set(found.values()) == set(STATUSES)


async def test_what_a_list_reads_suffices_for_the_status(crowd):
    team, made = crowd
    page = await team.page()
    assert {one.id: purchase_order_status(one) for one in page.orders} == {
        order_id: purchase_order_status(one) for order_id, one in made.items()
    }
    assert page.total == len(made)
    assert [one.id for one in page.orders] == sorted(made)


@pytest.mark.parametrize(
    "statuses",
    [*((one,) for one in STATUSES), ("draft", "canceled"), ("issued", "shipped", "rejected"), STATUSES],
)
async def test_filter_by_status(crowd, statuses):
    team, made = crowd
    wanted = sorted(order_id for order_id, one in made.items() if purchase_order_status(one) in statuses)
    assert await team.ids(statuses=statuses) == wanted
    assert wanted


async def test_pages_of_a_filtered_list(crowd):
    team, made = crowd
    wanted = sorted(order_id for order_id, one in made.items() if purchase_order_status(one) == "accepted")
    for offset in (0, 7, len(wanted) - 3, len(wanted), 2**40):
        page = await team.page(Filter(statuses=["accepted"]), limit=7, offset=offset)
        assert [one.id for one in page.orders] == wanted[offset : offset + 7]
        assert page.total == len(wanted)
        assert page.version is not None


async def test_filters_combine_and_their_ends_belong_to_them(fresh):
    team = await store(fresh, "Spans")
    days = [order(at=datetime(2027, 2, day, 12, tzinfo=UTC), order_number=f"D{day}") for day in range(1, 6)]
    await team.add(*days)
    ids = {one.content.order_number: one.id for one in days}
    at = [one.created_at for one in days]
    assert await team.ids(created_from=at[1], created_to=at[3]) == [ids["D2"], ids["D3"], ids["D4"]]
    assert await team.ids(updated_from=at[4]) == [ids["D5"]]
    assert await team.ids(updated_to=at[0]) == [ids["D1"]]
    assert await team.ids(updated_to=at[0] - timedelta(microseconds=1)) == []
    assert await team.ids(created_from=at[3], created_to=at[1]) == []
    assert await team.ids(order_number="D3") == [ids["D3"]]
    assert await team.ids(order_number="d3") == []
    assert await team.ids(order_number="D3", created_from=at[3]) == []
    assert await team.ids(order_number="D3", statuses=["issued"], created_to=at[3]) == [ids["D3"]]
    assert await team.ids(order_number="D3", statuses=["draft"]) == []
    other = await store(fresh, "Others")
    assert await other.ids(created_from=at[0]) == await other.ids() == []


async def test_every_page_is_the_same_by_both_ways(crowd, monkeypatch):
    """Deep pages walk the index from the nearer end; that must not be seen."""
    team, made = crowd

    async def pages(deep_from: int) -> list[tuple[list[str], int]]:
        monkeypatch.setattr(reads, "DEEP", deep_from)
        found = []
        for offset in [*range(0, len(made) + 200, 97), 2**40]:
            page = await team.page(limit=97, offset=offset)
            found.append(([one.id for one in page.orders], page.total))
        return found

    shallow, deep = await pages(2**63), await pages(0)
    assert deep == shallow
    assert [order_id for ids, _ in deep for order_id in ids] == sorted(made)


async def test_one_order_whole_and_as_a_row(fresh):
    """All that is shown of an order comes back as it was; a row of the list has what it shows."""
    team = await store(fresh, "Whole")
    who = Who("api_key", new_id(), "ERP bridge")
    first = milestone(1, "acceptance", "confirmed", confirmed_at=NOW, confirmed_by=who, note="fine")
    second = milestone(2, "shipment", "rejected", key_date=date(2027, 4, 9), rejected_at=NOW, rejected_by=who)
    task = Task(id=new_id(), title="Call", created_at=NOW, updated_at=NOW)
    needed = Task(
        id=new_id(), title="Pack", milestone_id=second.id, required=True, created_at=NOW, updated_at=NOW
    )
    made = order(
        Plan((first, second), (task, needed)),
        name="Spring aprons",
        supplier={"supplier_id": "sup-118", "name": "Tessel Mills"},
        ships_on=date(2027, 4, 9),
        incoterms="FCA",
    )
    await team.add(made)
    shown, version = await get_purchase_order(fresh, team.team_id, made.id)
    assert shown == msgspec.structs.replace(made, confirmed_types=frozenset())
    assert version == await orders.team_version(fresh, team.team_id)
    (row,) = (await team.page()).orders
    assert row.content == made.content
    assert row.plan is not None
    assert [one.id for one in row.plan.milestones] == [first.id, second.id]
    assert row.plan.tasks == (needed,)
    assert (row.issued_on, row.last_issued_at, row.updated_at) == (made.issued_on, NOW, NOW)
    assert await get_purchase_order(fresh, team.team_id, new_id()) == (None, version)
    other = await store(fresh, "Whole too")
    assert (await get_purchase_order(fresh, other.team_id, made.id))[0] is None
    assert await get_purchase_order(fresh, new_id(), made.id) == (None, None)


async def test_pages_of_lines(fresh):
    team = await store(fresh, "Lines")
    references = (
        Reference("OTHER", "x"),
        Reference("PRODUCT_REF", "APR"),
        Reference("PRODUCT_REF", "SECOND"),
    )
    contents = [
        NewItem(quantity=Decimal("0.250000"), references=references, unit_price=Decimal("6.150000")),
        *(NewItem(quantity=Decimal(n), description=f"Line {n}", unit="pcs") for n in range(1, 5)),
    ]
    items = tuple(
        StoredItem(id=new_id(), position=n, content=content, created_at=NOW)
        for n, content in enumerate(contents, 1)
    )
    made, other = order(items=items), order()
    await team.add(made, other)
    page, version = await list_items(fresh, team.team_id, made.id, limit=2, offset=0)
    assert page is not None
    assert version == await orders.team_version(fresh, team.team_id)
    first, second = page.items
    assert page.total == 5
    assert (first.part_id, first.name, first.unit, str(first.quantity)) == ("APR", None, None, "0.250000")
    assert (first.unit_price, first.created_at, first.updated_at) == (
        Decimal("6.15"),
        NOW,
        NOW + timedelta(days=1),
    )
    assert (second.part_id, second.name, second.unit, second.unit_price) == (None, "Line 1", "pcs", None)
    last, _ = await list_items(fresh, team.team_id, made.id, limit=2, offset=4)
    assert last is not None
    assert [one.name for one in last.items] == ["Line 4"]
    assert await list_items(fresh, team.team_id, other.id, limit=2, offset=2) == (
        ItemPage([], 0),
        version,
    )
    assert await list_items(fresh, team.team_id, new_id(), limit=2, offset=0) == (None, version)


async def test_every_list_statement_is_good(database_url):
    connection = await asyncpg.connect(database_url, statement_cache_size=0)
    try:
        statements = list(reads.all_list_statements())
        assert len(set(statements)) == len(statements) == 63
        for statement in statements:
            await connection.prepare(statement)
    finally:
        await connection.close()


def test_every_lifecycle_is_thought_of():
    """Else the filter would overlook orders."""
    possible = {one for status in STATUSES for one in reads._LIFECYCLES[status]}
    assert possible == set(get_args(Lifecycle))


MANY = 6_000
SEED = f"""
insert into orders (team_id, id, order_number, order_number_key, search_text, lifecycle, placed_at, created_at,
                    updated_at)
select $1, gen_random_uuid(), 'N-' || n, 'n-' || n, '', 'READY', now(), now(), now()
from generate_series(1, {MANY}) n
"""
TALLY = """
insert into order_tallies (team_id, status_id, workflow_id, is_draft, shard, orders)
values ($1, '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', false, 0, $2)
"""


class Recorder:
    """A Database that remembers what it was asked."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.asked.append((query, args))
        return await self._pool.fetch(query, *args)


@pytest.mark.parametrize(
    ("offset", "at_most"),
    [(0, 60), (975, 1_100), (MANY - 25, 80), (MANY + 10_000, 60), (MANY // 2 + 500, 3_000)],
)
async def test_a_page_reads_as_much_as_lies_before_it_from_the_nearer_end(fresh, url, offset, at_most):
    team = await store(fresh, f"Many {offset}")
    await fresh.execute(SEED, team.team_id)
    await fresh.execute(TALLY, team.team_id, MANY)
    owner = await asyncpg.connect(url)
    await owner.execute("vacuum analyze orders")
    await owner.close()
    recorder: Any = Recorder(fresh)
    page = await list_purchase_orders(recorder, team.team_id, EVERY, limit=25, offset=offset)
    assert page.total == MANY
    assert len(page.orders) == max(0, min(25, MANY - offset))
    read = 0.0
    for query, arguments in recorder.asked:
        rows = await fresh.fetch(f"explain (analyze, format json) {query}", *arguments)
        read += _read(json.loads(rows[0][0])[0]["Plan"])
    assert read <= at_most


def _read(plan: dict[str, Any]) -> float:
    """How many rows of orders a plan looks at."""
    mine = 0
    if plan.get("Relation Name") == "orders":
        mine = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return mine + sum(_read(part) for part in plan.get("Plans", ()))
