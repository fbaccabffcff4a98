"""Orders that come back with everything: row for row what they were, and nobody hears of it."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from milepost.cli.importing import read_plain
from milepost.core.order_archive import bring_in
from milepost.intake import order_file
from milepost.kit.errors import Forbidden, Invalid, Stale
from milepost.model.actor import Actor
from milepost.model.order_archive import ArchivedOrder, PlainOrder, check
from milepost.model.workflow import Workspace
from milepost.store import order_archive as store
from tests.core.orders_in import NOW, Shop
from tests.core.test_purchase_order_lives import Life
from tests.core.whole_orders import ORDERS, SETUP, Yard

TABLES = (
    *(
        "orders",
        "order_items",
        "order_addons",
        "order_milestones",
        "order_tasks",
        "milestone_delays",
        "events",
        "order_tags",
        "tags",
    ),
    *("releases", "release_documents", "document_parts"),
)


@pytest.fixture(scope="module")
async def yard(pool) -> Yard:
    """Nothing here changes it, or it takes one of its own."""
    made = await Yard.begin(pool)
    await made.fill()
    return made


@pytest.fixture
async def twin(yard) -> Yard:
    """An empty team with the same workspace and a webhook that wants everything."""
    made = await yard.twin()
    await made.subscribe()
    return made


async def orders_of(yard: Yard) -> list[ArchivedOrder]:
    """The yard's orders as a file has them, with the bytes of their documents."""
    found = [order_file.read_line(line, read_plain) for line in order_file.lines(await yard.export())]
    return [order for order in found if isinstance(order, ArchivedOrder)]


async def put(yard: Yard, *orders: ArchivedOrder | PlainOrder, db: Any = None) -> list[Any]:
    return await bring_in(db or yard.pool, yard.actor, await yard.workspace(), orders, NOW)


async def contents(yard: Yard) -> dict[str, list[str]]:
    """Every row of the team's orders as text, with names of the workspace in place of its ids outside of events;
    members of documents that say nothing are left out, and so is when a tag was made."""
    called = names_of(await yard.workspace())
    found = {}
    for table in TABLES:
        rows = await yard.pool.fetch(
            f"select (to_jsonb(t) - '{{team_id,transaction_id}}'::text[])::text as row from {table} t "
            f"where team_id = $1",
            yard.team_id,
        )
        texts = [bare(row["row"], table) for row in rows]
        found[table] = sorted(texts if table == "events" else (named(text, called) for text in texts))
    return found


def named(text: str, called: dict[str, str]) -> str:
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda m: called.get(m[0], m[0]), text)


def bare(text: str, table: str) -> str:
    row = json.loads(text, parse_float=lambda digits: f"~{digits}")
    for column in ("ship_to", "ship_from", "shipping_requirements", "supplier"):
        if column in row:
            row[column] = said(row[column])
    if table == "tags":
        row["created_at"] = None
    if table == "orders":
        del row["attention_at"]  # reckoned anew
    return json.dumps(row, sort_keys=True)


def said(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: said(part) for name, part in value.items()}
    return {name: part for name, part in parts.items() if part not in (None, False, [], {})} or None


async def test_everything_is_back_as_it_was(yard, twin):
    """Row for row, in every table; the summary of line statuses has the ids of the new workspace."""
    orders = await orders_of(yard)
    puts = await put(twin, *orders)
    assert [(put.order_id, put.outcome) for put in puts] == [(o.milepost.id, "created") for o in orders]
    before, after = await contents(yard), await contents(twin)
    for table in TABLES:
        assert len(before[table]) > 0, table
        assert after[table] == before[table], table
    assert [len(before[table]) for table in ("orders", "release_documents", "document_parts")] == [
        *(ORDERS, 3, 4),
    ]
    here, there = await tallies(yard), await tallies(twin)
    assert here == there
    assert sum(here.values()) == ORDERS


@pytest.mark.parametrize("seed", [101, 102, 103])
async def test_random_lives_come_back(pool, tmp_path, seed):
    """Whatever became of orders by every verb there is: lines that left, legs taken off, children of children."""
    life = Life(await Shop.open(pool), seed)
    await life.begin()
    for _ in range(40):
        await life.step()
    yard = Yard(pool, life.shop.team_id, life.shop.name)
    yard.clock = life.clock
    twin = await yard.twin()
    text = await yard.export()
    report = await twin.bring(tmp_path / "orders", text)
    assert (report.created, report.failures) == (len(life.orders), [])
    assert await twin.export() == text
    before, after = await contents(yard), await contents(twin)
    assert set(after["tags"]) <= set(before.pop("tags")), "tags that no order has stay behind"
    assert [table for table, rows in before.items() if after[table] != rows] == []


async def tallies(yard: Yard) -> dict[Any, int]:
    """How many orders are in a status and workflow, by names."""
    called = names_of(await yard.workspace())
    rows = await yard.pool.fetch(
        """select status_id, workflow_id, is_draft, sum(orders)::bigint as orders from order_tallies
           where team_id = $1 group by 1, 2, 3 having sum(orders) <> 0""",
        yard.team_id,
    )
    return {
        (called.get(row["status_id"]), called.get(row["workflow_id"]), row["is_draft"]): row["orders"]
        for row in rows
    }


def names_of(known: Workspace) -> dict[str, str]:
    """What the workspace defines, by id."""
    found = {identifier: status.name for identifier, status in known.status.items()}
    found |= {identifier: option.name for identifier, option in known.option.items()}
    for workflow in known.workflows:
        found |= {workflow.id: workflow.name, **{step.id: step.name for step in workflow.milestones}}
    return {identifier: f"<{name}>" for identifier, name in found.items()}


async def test_nobody_is_told(yard, twin):
    """No event but those that came along, no delivery, no message."""
    told = await yard.pool.fetch("select from deliveries where team_id = $1", yard.team_id)
    assert len(told) > 10, "the yard's webhook was told, so the twin's would be"
    await put(twin, *await orders_of(yard))
    for table in ("deliveries", "messages", "mails"):
        assert await twin.pool.fetch(f"select from {table} where team_id = $1", twin.team_id) == [], table
    assert len(await twin.rows("events")) == len(await yard.rows("events"))
    again = await put(twin, *await orders_of(yard))
    assert {one.outcome for one in again} == {"unchanged"}
    assert await twin.pool.fetch("select from deliveries where team_id = $1", twin.team_id) == []


async def test_an_order_that_came_back_lives_on(yard, twin):
    """Its next event has the next sequence, its milestones go on where they stood."""
    await put(twin, *await orders_of(yard))
    row = next(row for row in await twin.rows("orders") if row["order_number"] == "#7")
    await twin.move(row["id"], "Gone out")
    events = await twin.events(row["id"])
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events[row["event_seq"] :]] == [
        "order.status.changed",
        "order.milestone.confirmed",
        "order.updated",
    ]
    assert events[-1]["new_data"] == {"status": "IN_TRANSIT"}


async def test_what_is_here_stays_as_it_is(yard):
    orders = await orders_of(yard)
    before = await yard.everything()
    puts = await put(yard, *orders)
    assert [(put.order_id, put.outcome) for put in puts] == [(o.milepost.id, "unchanged") for o in orders]
    assert await yard.everything() == before


async def test_what_differs_is_refused_and_told(yard):
    orders = await orders_of(yard)
    before = await yard.everything()
    first = orders[0]
    changed = replace(first, name="Other", milepost=replace(first.milepost, version=99, note=None))
    one, two = await put(yard, changed, orders[1])
    assert one.refusal.code == "differs"
    assert one.refusal.sentence == (
        "The order is here already and stays as it is: it differs in name, milepost.version, milepost.note"
    )
    assert two.outcome == "unchanged"
    assert await yard.everything() == before


async def test_names_that_others_have(yard, twin):
    """Order number, external id and Shopify id; each order is refused by itself."""
    by_number = {order.order_number: order for order in await orders_of(yard)}
    shop, document = by_number["#7"], by_number["MP-24017"]
    mine = "019df1ae-0000-7000-8000-00000000000"
    taken = [
        replace(shop, milepost=replace(shop.milepost, shopify_id=1, id=f"{mine}1")),
        replace(shop, order_number="#70", milepost=replace(shop.milepost, id=f"{mine}2")),
        replace(document, order_number="MP-2", milepost=replace(document.milepost, id=f"{mine}3")),
    ]
    puts = await put(twin, shop, document, *taken)
    assert [one.outcome for one in puts[:2]] == ["created", "created"]
    assert [one.refusal.code for one in puts[2:]] == ["not_unique"] * 3
    assert [one.refusal.sentence for one in puts[2:]] == [
        "The order number #7 belongs to another order",
        "The Shopify id 1007 belongs to another order",
        "The external id ext-MP-24017 belongs to another order",
    ]
    assert len(await twin.rows("orders")) == 2


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ({"statuses": []}, 'The workspace has no status "Varnish"'),
        ({"sub_status_groups": []}, 'The workspace has no sub-status "Varnish coats/First coat"'),
        ({"workflows": []}, 'The workspace has no workflow "Build"'),
    ],
)
async def test_a_workspace_that_lacks_something(yard, without, sentence):
    """The order is refused, naming what is missing and the cure; orders that do not need it come in."""
    setup = {**SETUP, **without}
    if "workflows" in without:
        setup["statuses"] = [{k: v for k, v in s.items() if k != "workflow"} for s in SETUP["statuses"]]
    if "sub_status_groups" in without:
        setup["statuses"] = [
            {k: v for k, v in status.items() if k != "sub_status_group"} for status in SETUP["statuses"]
        ]
    if "workflows" not in without:
        setup["workflows"] = [{"name": "Build", "color": "#24527A", "default": True}]
    bare_team = await Yard.open(yard.pool, setup)
    assert isinstance(bare_team, Yard)
    order = next(o for o in await orders_of(yard) if o.order_number == "#7")
    (one,) = await put(bare_team, order)
    assert one.refusal.code == "not_found"
    assert sentence in one.refusal.sentence
    assert "milepost apply FILE" in one.refusal.sentence
    assert await bare_team.rows("orders") == []


async def test_definitions_that_are_gone(pool):
    """A milestone whose template was removed, and a status that only history knows, keep their old ids."""
    yard = await Yard.begin(pool)
    await yard.fill()
    twin = await yard.twin()
    gone = "019df1ae-0000-7000-8000-0000000000ff"
    for team in (yard, twin):
        await team.pool.execute(
            "update order_milestones set workflow_milestone_id = $2, linked_sub_status_id = $2 where team_id = $1",
            team.team_id,
            gone,
        )
        await team.pool.execute(
            "update order_items set anchor_status_id = $2 where team_id = $1 and status_id is not null",
            team.team_id,
            gone,
        )
    text = await yard.export()
    assert b'"workflow_milestone":{"gone":"' + gone.encode() + b'"}' in text
    assert b'"anchor":{"gone":"' + gone.encode() + b'"}' in text
    await put(twin, *await orders_of(yard))
    assert await twin.export() == text


async def test_what_cannot_be_stored_does_not_stop_the_others(yard, twin):
    """A file that somebody wrote by hand: the id or position of an item twice, a version that no column holds, a
    character that no text holds."""
    orders = await orders_of(yard)
    order = next(o for o in orders if len(o.items) == 2 and o.order_number == "#7")
    one, two = order.milepost.items
    broken = [
        replace(order, milepost=replace(order.milepost, items=(one, replace(two, id=one.id)))),
        replace(order, milepost=replace(order.milepost, items=(one, replace(two, position=one.position)))),
        replace(order, milepost=replace(order.milepost, version=2**70)),
        replace(order, milepost=replace(order.milepost, cancelled_at=None, holding=None, note="a\0b")),
    ]
    for wrong in broken:
        puts = await put(twin, wrong, *orders)
        assert (puts[0].refusal is not None, puts[0].outcome) == (True, None)
        assert puts[0].refusal.sentence.startswith("The order cannot be stored: ")
        # The right one of the same id came in behind it.
        assert {one.refusal for one in puts[1:]} == {None}
        await twin.pool.execute(ERASE.replace("$1", f"'{twin.team_id}'"))


ERASE = ";".join(
    f"delete from {table} where team_id = $1"
    for table in (
        *("document_parts", "release_documents", "releases", "events", "order_tags", "order_tasks"),
        *("milestone_delays", "order_milestones", "order_addons", "order_items", "orders", "order_tallies"),
    )
)


async def test_tags_are_made_once(yard, twin):
    """A tag of the same slug is the tag; one that is missing is made with its id and name."""
    await twin.pool.execute(
        "insert into tags (team_id, id, slug, name, created_at) values ($1, $2, 'rvore', 'Tree', now())",
        twin.team_id,
        "019df1ae-0000-7000-8000-00000000000a",
    )
    orders = await orders_of(yard)
    assert {one.outcome for one in await put(twin, *orders)} == {"created"}
    tags = {row["slug"]: (row["id"], row["name"]) for row in await twin.rows("tags")}
    theirs = {row["slug"]: (row["id"], row["name"]) for row in await yard.rows("tags")}
    assert tags == {
        "summer-shelf": theirs["summer-shelf"],
        "rvore": ("019df1ae-0000-7000-8000-00000000000a", "Tree"),
    }
    assert {one.outcome for one in await put(twin, *orders)} == {"unchanged"}


async def test_two_importers_at_once(yard, twin):
    orders = await orders_of(yard)
    backwards = list(reversed(orders))
    results = await asyncio.gather(*(put(twin, *some) for some in (orders, backwards, orders)))
    outcomes = [one.outcome for puts in results for one in puts]
    assert (outcomes.count("created"), outcomes.count("unchanged")) == (ORDERS, 2 * ORDERS)
    assert (await contents(twin))["orders"] == (await contents(yard))["orders"]


async def test_a_batch_costs_a_constant_number_of_statements(yard, twin):
    (order,) = [o for o in await orders_of(yard) if o.order_number == "MP-24017"]
    await put(twin, next(_variants(order, 1)))  # it makes the tags
    counts = []
    for size in (2, 60):
        counting = Counting(twin.pool)
        some = list(_variants(order, size))
        plain = [PlainOrder(read_plain(_document(f"P{size}-{n}"))) for n in range(size)]
        assert {one.outcome for one in await put(twin, *some, *plain, db=counting)} == {"created"}
        assert {one.outcome for one in await put(twin, *some, db=counting)} == {"unchanged"}
        counts.append(counting.statements)
    assert counts == [10, 10]


def _variants(order: ArchivedOrder, size: int) -> Iterator[ArchivedOrder]:
    """Other orders like it, with ids and names of their own."""
    text = msgspec.json.Encoder(decimal_format="number").encode(order).decode()
    ids = set(re.findall(r'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"', text))
    for number in range(size):
        mark = f"{size * 100 + number:06x}"
        changed = re.sub(f"({'|'.join(one[:-6] for one in ids)})[0-9a-f]{{6}}", rf"\g<1>{mark}", text)
        changed = changed.replace("MP-24017", f"MP-{mark}")
        line = order_file.Line(1, changed.encode())
        found = order_file.read_line(line, read_plain)
        assert isinstance(found, ArchivedOrder)
        yield found


def _document(number: str) -> bytes:
    return json.dumps({"order_number": number, "ship_to": {}}).encode()


class Counting:
    """A pool that counts the statements of its transactions."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.statements = 0

    @asynccontextmanager
    async def transaction(self):
        async with self._pool.transaction() as tx:
            yield _Counted(self, tx)


class _Counted:
    def __init__(self, counting: Counting, tx: Any) -> None:
        self._counting, self._tx = counting, tx

    @asynccontextmanager
    async def attempt(self):
        async with self._tx.attempt() as tx:
            yield _Counted(self._counting, tx)

    def __getattr__(self, name: str) -> Any:
        if name in ("fetch", "fetchrow", "execute"):
            self._counting.statements += 1
        return getattr(self._tx, name)


async def test_a_plain_order_is_an_order_that_comes_in(twin):
    """Source IMPORT, one event, and the webhooks are told."""
    (one,) = await put(twin, PlainOrder(read_plain(_document("MP-1"))))
    assert one.outcome == "created"
    row = await twin.order(one.order_id)
    assert (row["source"], row["version"], row["event_seq"]) == ("IMPORT", 1, 1)
    (event,) = await twin.events(one.order_id)
    assert event["type"] == "order.created"
    told = await twin.pool.fetch(
        "select event_name, order_id from deliveries where team_id = $1", twin.team_id
    )
    assert [tuple(row) for row in told] == [("order.created", one.order_id)]
    (again,) = await put(twin, PlainOrder(read_plain(_document("MP-1"))))
    assert again.refusal.sentence == "The order number MP-1 belongs to another order"
    assert len(await twin.rows("events")) == 1


async def test_an_order_twice_in_a_batch(yard, twin):
    order = (await orders_of(yard))[0]
    puts = await put(twin, order, order, replace(order, name="Other"))
    assert [put.outcome for put in puts] == ["created", "unchanged", None]
    assert puts[2].refusal.code == "differs"
    plain = PlainOrder(read_plain(_document("MP-1")))
    puts = await put(twin, plain, plain)
    assert [(put.outcome, put.refusal and put.refusal.code) for put in puts] == [
        ("created", None),
        (None, "not_unique"),
    ]


async def test_permission_and_an_old_workspace(yard, twin):
    orders = await orders_of(yard)
    known = await twin.workspace()
    nobody = Actor(twin.team_id, "api_key", None, "Reader", frozenset({"canViewOrders"}))
    with pytest.raises(Forbidden):
        await bring_in(twin.pool, nobody, known, orders, NOW)
    await twin.apply({"statuses": [{"name": "Newer", "color": "#000000"}]})
    with pytest.raises(Stale):
        await bring_in(twin.pool, twin.actor, known, orders, NOW)
    assert await twin.rows("orders") == []


async def test_others_are_faster_every_time(yard, twin, monkeypatch):
    """It ends after some tries, and says so."""
    orders = await orders_of(yard)

    async def lose(_: Any, __: str, rows: Any, version: int) -> tuple[int, frozenset[str]]:
        return version, frozenset(row.id for row in rows.orders[1:])

    monkeypatch.setattr(store, "restore_orders", lose)
    monkeypatch.setattr("milepost.core.order_archive.PAUSE", 0)
    first, *others = await put(twin, *orders)
    assert {one.outcome for one in others} == {"created"}
    assert first.refusal.code == "contended"


async def test_a_failure_on_the_way_leaves_nothing(yard, twin, monkeypatch):
    """Orders, tags and mark are one."""
    from milepost.core.orders import ImportMark
    from milepost.store import imports

    async def fail(*_: Any) -> None:
        raise asyncpg.ConnectionDoesNotExistError

    monkeypatch.setattr(imports, "put_mark", fail)
    before = await contents(twin)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await bring_in(
            twin.pool,
            twin.actor,
            await twin.workspace(),
            await orders_of(yard),
            NOW,
            mark=ImportMark("orders", "f", ORDERS),
        )
    assert await contents(twin) == before


class TestCheck:
    """What parts of an archived order must be to one another."""

    @pytest.fixture
    async def order(self, yard) -> ArchivedOrder:
        return next(o for o in await orders_of(yard) if o.order_number == "MP-24017")

    async def test_the_older_part_of_a_history_may_be_gone(self, order):
        """Events are not kept for ever where a retention is set; sequences go on."""
        check(replace(order, milepost=replace(order.milepost, events=order.milepost.events[2:])))
        check(replace(order, milepost=replace(order.milepost, events=())))

    async def test_what_does_not_fit(self, order):
        told = order.milepost
        first, *others = told.events
        release = next(one for one in told.releases if one.documents)
        document = release.documents[0].id
        wrong: dict[str, ArchivedOrder] = {
            "order_number must not be blank": replace(order, order_number=" "),
            "order_number has at most 64 characters": replace(order, order_number="x" * 65),
            f"milepost.items tells of {len(told.items)} items, items of 0": replace(order, items=()),
            "milepost.events has sequences that do not rise from 1 to event_seq": _with(
                order, events=(replace(first, sequence=2), *others)
            ),
            "milepost.tasks names a milestone that the order does not have": _with(order, milestones=()),
            "milepost.releases has a time without an offset": _with(
                order, releases=(replace(release, created_at=NOW.replace(tzinfo=None)),)
            ),
            "milepost.documents holds other files than the releases name": _with(order, documents={}),
            "milepost.documents holds other bytes of packing.pdf than it says": _with(
                order, documents={**told.documents, document: b"other"}
            ),
        }
        for sentence, broken in wrong.items():
            with pytest.raises(Invalid) as invalid:
                check(broken)
            assert invalid.value.sentence == sentence

    async def test_sequences_beyond_the_last(self, order):
        with pytest.raises(Invalid):
            check(_with(order, event_seq=order.milepost.event_seq - 1))


def _with(order: ArchivedOrder, **members: Any) -> ArchivedOrder:
    return replace(order, milepost=replace(order.milepost, **members))
