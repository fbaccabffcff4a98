"""What stands in the database after a chaos run, against what was answered: nothing lost, nothing twice, nothing that
nobody asked for, nothing half-done."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from milepost.kit.ids import ulid
from milepost.reads.purchase_orders import get_order
from milepost.store.db import Database
from tests.chaos.ledger import Ledger, marks
from tests.conftest import INVARIANTS
from tests.core.replaying import replay

DURABLE = """
select name || ' = ' || setting from pg_settings
where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting <> 'on'
"""

_EVENTS = """
select id, type, sequence, order_id, subject_id, old_data, new_data, transaction_id::text::bigint as transaction_id
from events where team_id = $1 and order_id = $2 order by sequence
"""

_UNTOLD = {"order.updated", "order.status.changed"}
"""Events that may follow from another change: a derived status alone."""

HALF_DONE = {
    "a kept answer without its answer": "select key from idempotency_keys where status is null",
    "a release that takes nothing": "select id from releases where jsonb_array_length(items) = 0",
    "an active release of an item that its order does not have": """
        select r.id from releases r, jsonb_array_elements(r.items) taken
        where r.unassigned_at is null and not exists (
          select from order_items i where i.team_id = r.team_id and i.order_id = r.order_id
            and i.id = (taken ->> 'item_id')::uuid)
        """,
    "a release to an order that is not there, or is another's": """
        select r.id from releases r left join orders o on o.team_id = r.team_id and o.id = r.released_to_order_id
        where r.release_type = 'PURCHASE_ORDER' and (
          o.id is null or o.released_from_release_id <> r.id or o.created_from_order_id <> r.order_id)
        """,
    "an order from a release that is not there": """
        select o.id from orders o where o.released_from_release_id is not null and not exists (
          select from releases r where r.team_id = o.team_id and r.id = o.released_from_release_id)
        """,
    "a document that is not whole": """
        select d.id from release_documents d
        where d.sha256 is distinct from (
          select encode(sha256(coalesce(string_agg(p.bytes, '' order by p.number), '')), 'hex')
          from document_parts p where p.team_id = d.team_id and p.document_id = d.id)
        """,
    "an order whose version is not its number of changes": """
        select o.id, o.version from orders o join events e on e.team_id = o.team_id and e.order_id = o.id
        group by o.team_id, o.id, o.version having o.version <> count(distinct e.transaction_id)
        """,
    "a delivery of an event that is not there": """
        select d.id from deliveries d where not exists (
          select from events e where e.team_id = d.team_id and e.id = d.event_id
            and e.order_id = d.order_id and e.sequence = d.sequence and e.type = d.event_name)
        """,
    "an event that a webhook wants, without its delivery": """
        select w.id, e.id from webhooks w join events e on e.team_id = w.team_id and e.type = any(w.enabled_events)
        where not exists (
          select from deliveries d where d.team_id = w.team_id and d.webhook_id = w.id and d.event_id = e.id)
        """,
    "a delivery that is not at rest": """
        select id, status, attempt_count from deliveries where status not in ('SUCCEEDED', 'FAILED')
        """,
    "attempts that are not 1..attempt_count": """
        select d.id, d.attempt_count, array_agg(a.number order by a.number) as numbers
        from deliveries d left join attempts a on a.team_id = d.team_id and a.delivery_id = d.id
        group by d.team_id, d.id, d.attempt_count
        having array_agg(a.number order by a.number) is distinct from
               array(select generate_series(1, d.attempt_count))
        """,
    "an attempt without its delivery": """
        select a.delivery_id from attempts a where not exists (
          select from deliveries d where d.team_id = a.team_id and d.id = a.delivery_id)
        """,
}
"""What no crash may leave behind."""


async def unsound(db: Database) -> AsyncIterator[str]:
    """What the rows say against one another, and a database that did not have to keep what it had committed."""
    for row in await db.fetch(DURABLE):
        yield f"commits were not durable: {row[0]}"
    for what, statement in {**INVARIANTS, **HALF_DONE}.items():
        rows = await db.fetch(statement)
        if rows:
            yield f"{len(rows)} times {what}: {[dict(row) for row in rows[:3]]}"


async def unlike_the_ledger(db: Database, team_id: str, ledger: Ledger) -> AsyncIterator[str]:
    """Answered changes without an event, or with two; events that nobody asked for; orders that are not what their
    events tell; answers that were not kept."""
    orders = await db.fetch("select id, order_number from orders where team_id = $1", team_id)
    numbers = {ulid(row["id"]): row["order_number"] for row in orders}
    borne: Counter[str] = Counter()
    for row in orders:
        events = [dict(event) for event in await db.fetch(_EVENTS, team_id, row["id"])]
        for finding in await _unlike_its_events(db, team_id, row["id"], events):
            yield f"order {row['order_number']}: {finding}"
        for name, found in marks(events, numbers):
            borne.update(found)
            if not found and name not in _UNTOLD:
                yield f"order {row['order_number']} has an {name} of nobody"
    for lost in sorted(ledger.answered - borne.keys()):
        yield f"LOST, though answered: {lost}"
    for strange in sorted(borne.keys() - ledger.asked):
        yield f"nobody asked for: {strange}"
    for twice in sorted(mark for mark, times in borne.items() if times > 1):
        yield f"{borne[twice]} times: {twice}"
    kept = {row["key"] for row in await db.fetch("select key from idempotency_keys")}
    for key in sorted(ledger.keys - kept):
        yield f"the answer to {key} was not kept"


async def _unlike_its_events(
    db: Database, team_id: str, order_id: str, events: list[dict[str, Any]]
) -> list[str]:
    order, _ = await get_order(db, team_id, order_id)
    if order is None or not events:
        return ["it has no event"]
    if [event["sequence"] for event in events] != list(range(1, order.event_seq + 1)):
        return [f"sequences {[event['sequence'] for event in events]} up to {order.event_seq}"]
    try:
        replay(order, events)
    except AssertionError as error:
        return [f"its events do not tell what it is: {error!r}"]
    return []


async def unlike_the_feed(db: Database, team_id: str, seen: list[str]) -> AsyncIterator[str]:
    """What somebody who followed the feed missed, or was told twice."""
    events = {ulid(row["id"]) for row in await db.fetch("select id from events where team_id = $1", team_id)}
    if missed := events - set(seen):
        yield f"{len(missed)} events appeared behind what was read of the feed: {sorted(missed)[:3]}"
    if strange := set(seen) - events:
        yield f"{len(strange)} events of the feed are gone: {sorted(strange)[:3]}"
    if len(seen) != len(set(seen)):
        yield f"the feed told {len(seen) - len(set(seen))} events twice"
