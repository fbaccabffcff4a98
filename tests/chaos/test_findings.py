"""The chaos runs find what they look for: each kind of harm, done on purpose, is told."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.core.purchase_orders import add_item, create_order, replace_order
from milepost.core.releases import NewDocument, release
from milepost.kit.ids import new_id, ulid
from milepost.model.order import NewItem
from milepost.model.releasing import ReleaseWish, TakenWish
from milepost.outbound.tenure import LEASE_SECONDS
from milepost.store import db
from tests.chaos import books
from tests.chaos.arrivals import MARGIN_SECONDS, Counts, Delivery, compare, silences
from tests.chaos.fleet import Blow
from tests.chaos.ledger import Ledger, created, item_added, leg, renamed
from tests.chaos.receiver import TAKEN, Arrival
from tests.core.orders_in import NOW, Shop
from tests.core.whole_orders import renamed as with_name
from tests.core.whole_orders import wish

FIRST = Arrival(0.0, "all", "E1", "O1", 1, "order.created", 1, True, "d1", TAKEN)
SECOND = msgspec.structs.replace(FIRST, at=1.0, id="E2", sequence=2, digest="d2")
STORED = [
    Delivery("all", "E1", "O1", 1, "SUCCEEDED", "d1"),
    Delivery("all", "E2", "O1", 2, "SUCCEEDED", "d2"),
]


def changed(arrival: Arrival, **members: Any) -> Arrival:
    return msgspec.structs.replace(arrival, **members)


def found(*arrived: Arrival) -> tuple[list[str], Counts]:
    counts = Counts()
    return list(compare(STORED, arrived, counts)), counts


def test_what_arrives_again_is_counted_and_fine() -> None:
    """Again after a failure, after having been taken, and late: behind a later one of its order."""
    failed = changed(FIRST, answer="500")
    assert found(failed, FIRST, SECOND, FIRST) == ([], Counts(deliveries=2, arrivals=4, repeated=2, again=1))


@pytest.mark.parametrize(
    ("arrived", "told"),
    [
        ([FIRST], "LOST"),
        ([FIRST, changed(SECOND, answer="500")], "LOST"),
        ([SECOND, FIRST], "out of order"),
        ([FIRST, changed(SECOND, answer="500"), SECOND, changed(FIRST, id="E3")], "no such event"),
        ([FIRST, changed(SECOND, verified=False)], "signature"),
        ([FIRST, SECOND, changed(SECOND, digest="d3")], "other bytes"),
    ],
)
def test_harm_to_arrivals_is_found(arrived: list[Arrival], told: str) -> None:
    findings, _ = found(*arrived)
    assert any(told in finding for finding in findings), findings


def test_silence_after_a_death_may_last_as_long_as_a_lease() -> None:
    death = Blow(10.0, "worker 1", "kill")
    end = 10.0 + LEASE_SECONDS + 2 * MARGIN_SECONDS
    for last, blows, is_too_long in (
        (end - 0.1, [death], False),
        (end + 0.1 + MARGIN_SECONDS, [death], True),
        (end - 0.1, [], True),
        (end - 0.1, [msgspec.structs.replace(death, how="stop")], True),
    ):
        arrived = [changed(FIRST, at=10.0), changed(FIRST, at=last)]
        assert (
            max(silences(arrived, blows, 9.0, last), key=lambda one: one.seconds).is_too_long is is_too_long
        )


@pytest.fixture(scope="module")
def books_url(databases: Any) -> str:
    url: str = databases.make()
    return url


@pytest.fixture(scope="module")
async def told(books_url: str) -> AsyncIterator[tuple[db.Pool, Shop, Ledger]]:
    """A database of its own with one order, changed three times, and the ledger that says so."""
    pool = await db.open_pool(books_url)
    shop, ledger = await Shop.open(pool, {}), Ledger()
    await pool.execute(
        """insert into webhooks (team_id, id, url, enabled_events, error_contact_email, sealed_secret, created_at,
             updated_at)
           values ($1, $2, 'https://receiver.example/', '{order.created,order.updated}', 'a@b.example', '', now(),
             now())""",
        shop.team_id,
        new_id(),
    )
    await pool.execute("update teams set version = version + 1 where team_id = $1", shop.team_id)

    async def do(verb: Any, *given: Any) -> Any:
        return await verb(pool, shop.actor, await shop.workspace(), *given, clock=lambda: NOW)

    order = await do(create_order, wish("MP-1", items=(NewItem(quantity=Decimal("5"), unit="KG"),)))
    order = await do(replace_order, order.id, lambda one: with_name(one, "June"))
    _, item_id = await do(add_item, order.id, NewItem(quantity=Decimal("5"), unit="KG", description="hook"))
    paper = NewDocument(file_name="a.txt", content_type="text/plain", content=b"paper")
    await do(release, order.id, ReleaseWish(items=(TakenWish(item_id),), shipment_id="shp"), [paper])
    marks = [created("MP-1"), renamed("June"), item_added("hook"), leg("shp")]
    ledger.asked.update(marks)
    ledger.answered.update(marks)
    await pool.execute(
        "insert into idempotency_keys (team_id, key, fingerprint, status, headers, body, created_at) "
        "values ($1, 'k', '', 201, '{}', '', now())",
        shop.team_id,
    )
    ledger.keys.add("k")
    await pool.execute(
        "update deliveries set status = 'SUCCEEDED', next_attempt_at = null, finished_at = now(), attempt_count = 1"
    )
    await pool.execute(
        "insert into attempts (team_id, delivery_id, number, started_at, duration_ms, request_headers) "
        "select team_id, id, 1, now(), 1, '{}' from deliveries"
    )
    yield pool, shop, ledger
    await pool.close()


async def all_findings(of: Any, shop: Shop, ledger: Ledger) -> list[str]:
    seen = [ulid(row["id"]) for row in await of.fetch("select id from events")]
    return [
        *[one async for one in books.unsound(of)],
        *[one async for one in books.unlike_the_ledger(of, shop.team_id, ledger)],
        *[one async for one in books.unlike_the_feed(of, shop.team_id, seen)],
    ]


async def test_where_no_harm_was_done_nothing_is_found(told) -> None:
    pool, shop, ledger = told
    # Databases of tests do not wait for their disk (nor does the whole server that CI starts for them); those of
    # chaos runs do.
    found = await all_findings(pool, shop, ledger)
    assert "commits were not durable: synchronous_commit = off" in found
    assert set(found) <= {
        f"commits were not durable: {name} = off" for name in ("fsync", "synchronous_commit")
    }


HARM = {
    "delete from events where sequence = 2": "LOST, though answered: name June",
    "delete from events where sequence = 3": "events are not 1..event_seq",
    """insert into events select (jsonb_populate_record(e, jsonb_build_object('sequence', 5, 'id', team_id))).*
       from events e where sequence = 2""": "2 times: name June",
    """update events set new_data = '{"name": "July"}' where sequence = 2""": "nobody asked for: name July",
    "update orders set name = 'July'": "its events do not tell what it is",
    "update orders set version = version + 1": "version is not its number of changes",
    "delete from idempotency_keys": "the answer to k was not kept",
    "update idempotency_keys set status = null": "a kept answer without its answer",
    "update releases set items = '[]'": "a release that takes nothing",
    "delete from order_items where description = 'hook'": "an item that its order does not have",
    "update document_parts set bytes = 'pape'": "a document that is not whole",
    "delete from document_parts": "a document that is not whole",
    "delete from deliveries where sequence = 2": "that a webhook wants, without its delivery",
    "update deliveries set event_id = id where sequence = 2": "a delivery of an event that is not there",
    "update deliveries set status = 'PENDING', next_attempt_at = now(), finished_at = null": "not at rest",
    "update attempts set number = 2": "attempts that are not 1..attempt_count",
    "update deliveries set id = event_id where sequence = 2": "an attempt without its delivery",
}


@pytest.mark.parametrize(("statement", "finding"), HARM.items())
async def test_harm_to_what_is_stored_is_found(told, statement: str, finding: str) -> None:
    pool, shop, ledger = told
    with pytest.raises(_Undo):
        async with pool.transaction() as tx:
            assert (await tx.execute(statement)).rpartition(" ")[2] != "0"
            findings = await all_findings(tx, shop, ledger)
            assert any(finding in one for one in findings), findings
            raise _Undo


async def test_a_feed_that_skips_or_repeats_is_found(told) -> None:
    pool, shop, _ = told
    seen = [ulid(row["id"]) for row in await pool.fetch("select id from events")]
    for read, finding in (
        (seen[1:], "1 events appeared behind"),
        ([*seen, seen[0]], "told 1 events twice"),
        ([*seen, "01KV5BPHJAF6Y8R5CH0DSZ0FVT"], "1 events of the feed are gone"),
    ):
        (found_one,) = [one async for one in books.unlike_the_feed(pool, shop.team_id, read)]
        assert finding in found_one


class _Undo(Exception):
    """Ends a transaction without a trace."""
