"""Orders come in and follow the shop's word: what is written, what is told, and what is left alone."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from milepost.core.line_items import change_line_items
from milepost.core.orders import put_orders
from milepost.kit.errors import Conflict, Forbidden, Invalid, Stale
from milepost.kit.ids import ulid
from milepost.model.actor import Actor
from milepost.model.order import Customer, NewItem, NewOrder, Reference, Stop
from milepost.model.transitions import Target

from .orders_in import NOW, Shop, kayak, shop_order

LATER = NOW + timedelta(days=1)
PLACED = datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.fixture
async def shop(pool) -> Shop:
    return await Shop.open(pool)


async def test_a_new_order_is_written_whole(shop):
    order = shop_order(
        7,
        customer=Customer("Tomé", "Reis", "tome@reis.example", None),
        ship_to=Stop(company_name="Reis Náutica", line_1="Rua do Cais 8", latitude_text="37.0260"),
        placed_at=PLACED,
        note="Call first",
    )
    (put,) = await shop.put(order)
    assert (put.outcome, put.refusal) == ("created", None)
    row = await shop.order(str(put.order_id))
    workflow = (await shop.workspace()).default_workflow
    assert workflow is not None
    expected = {
        "version": 1,
        "event_seq": 1,
        "order_type": "PURCHASE_ORDER",
        "order_number": "#7",
        "order_number_key": "#000017",
        "is_draft": False,
        "source": "IMPORT",
        "shopify_kind": "Order",
        "shopify_id": 1007,
        "note": "Call first",
        "currency": "EUR",
        "customer_first_name": "Tomé",
        "customer_phone": None,
        "ship_to": {"company_name": "Reis Náutica", "line_1": "Rua do Cais 8", "latitude_text": "37.0260"},
        "search_text": "#7\x1ftomé reis\x1ftome@reis.example\x1freis náutica",
        "lifecycle": "READY",
        "workflow_id": None,
        "status_id": None,
        "milestone_workflow_id": workflow.id,
        "issued_on": date(2026, 5, 5),
        "last_issued_on": date(2026, 5, 5),
        "metafield": None,
        "placed_at": PLACED,
        "cancelled_at": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert {name: row[name] for name in expected} == expected
    assert str(row["total_price"]) == "398.00"


async def test_lines_milestones_and_tasks_of_a_new_order(shop):
    order_id = await shop.put_one(shop_order(items=[kayak(1, quantity=Decimal("2.50")), kayak(2)]))
    lines = await shop.items(order_id)
    assert [
        (line["position"], line["shopify_line_item_id"], line["sku"], str(line["quantity"]), line["unit"])
        for line in lines
    ] == [(1, 9001, "KAY-1", "2.50", None), (2, 9002, "KAY-2", "1", None)]
    assert lines[0]["id"] < lines[1]["id"]
    milestones = await shop.rows("order_milestones")
    assert [(m["position"], m["type"], m["status"], m["key_date"]) for m in milestones] == [
        (1, "acceptance", "pending", date(2026, 5, 7)),
        (2, "shipment", "pending", None),
    ]
    assert milestones[0]["prompt_offset_days"] == 0
    assert milestones[1]["prompt_offset_days"] == 1
    (task,) = await shop.rows("order_tasks")
    assert (task["title"], task["required"], task["due_date"]) == ("On track to ship", True, None)
    assert task["milestone_id"] == milestones[1]["id"]


async def test_the_first_event_holds_the_whole_document(shop):
    order_id = await shop.put_one(shop_order(placed_at=PLACED))
    (event,) = await shop.events(order_id)
    assert (event["sequence"], event["type"], event["subject_id"]) == (1, "order.created", None)
    assert (event["actor_kind"], event["actor_name"]) == ("system", "Importer")
    assert (event["effective_at"], event["recorded_at"]) == (PLACED, NOW)
    assert event["old_data"] == {}
    assert event["facts"] == {"order_number": "#1", "order_type": "PURCHASE_ORDER"}
    document = event["new_data"]
    assert len(document) == 28
    assert document["id"] == ulid(order_id)
    assert [item["id"] for item in document["items"]] == [
        ulid(row["id"]) for row in await shop.items(order_id)
    ]
    assert document["created_at"] == "2026-05-04T23:30:09.250000+00:00"
    assert (document["status"], document["source"]) == ("READY", "IMPORT")


async def test_a_draft_only_has_its_workflow_chosen(shop):
    order_id = await shop.put_one(shop_order(is_draft=True, shopify_kind="DraftOrder"))
    row = await shop.order(order_id)
    assert row["milestone_workflow_id"] is not None
    assert (row["lifecycle"], row["issued_on"], row["last_issued_on"]) == ("NOT_READY", None, None)
    assert await shop.rows("order_milestones") == []


async def test_an_order_that_comes_in_cancelled(shop):
    order_id = await shop.put_one(shop_order(cancelled_at=PLACED))
    assert (await shop.order(order_id))["lifecycle"] == "CANCELED"
    (event,) = await shop.events(order_id)
    assert event["new_data"]["cancelled_at"] == "2026-05-01T08:00:00+00:00"
    assert len(await shop.rows("order_milestones")) == 2


async def test_placed_in_the_future_or_at_no_known_time(shop):
    tomorrow, unknown = await shop.put(shop_order(1, placed_at=LATER), shop_order(2))
    assert (await shop.order(tomorrow.order_id))["placed_at"] == LATER.replace(microsecond=0)
    assert (await shop.events(tomorrow.order_id))[0]["effective_at"] == NOW
    assert (await shop.order(unknown.order_id))["placed_at"] == NOW.replace(microsecond=0)


async def test_the_same_again_writes_nothing(shop):
    order = shop_order(customer=Customer("Ana"), ship_to=Stop(line_1="Quay 1"), note="x", placed_at=PLACED)
    draft = shop_order(1, is_draft=True, shopify_kind="DraftOrder", order_number="#D1")
    await shop.put(order, draft)
    before = await shop.everything()
    puts = await shop.put(replace(order, total_price=Decimal("398.000")), draft, now=LATER)
    assert [put.outcome for put in puts] == ["unchanged", "unchanged"]
    assert await shop.everything() == before


async def test_what_the_shop_changed_is_told(shop):
    order_id = await shop.put_one(shop_order(placed_at=PLACED))
    changed = shop_order(
        order_number="#1-A",
        note="Gate code 7",
        total_price=Decimal("400.10"),
        customer=Customer("Ana", "Reis", "ana@reis.example"),
        ship_to=Stop(line_1="Quay 1", company_name="Ana Lda"),
        placed_at=LATER,
    )
    (put,) = await shop.put(changed, now=LATER)
    assert (put.order_id, put.outcome) == (order_id, "updated")
    row = await shop.order(order_id)
    assert (row["version"], row["event_seq"], row["updated_at"]) == (2, 2, LATER)
    assert (row["order_number_key"], row["placed_at"], row["created_at"]) == ("#000011-a", PLACED, NOW)
    assert row["search_text"] == "#1-a\x1fana reis\x1fana@reis.example\x1fana lda"
    ((sequence, kind, subject, old, new),) = await shop.told(order_id, after=1)
    assert (sequence, kind, subject) == (2, "order.updated", None)
    ship_to = new.pop("ship_to")
    old_ship_to = old.pop("ship_to")
    assert len(ship_to) == len(old_ship_to) == 16
    assert (ship_to["line_1"], old_ship_to["line_1"]) == ("Quay 1", None)
    assert old == {"order_number": "#1", "note": None, "customer": None, "total_price": "398.00"}
    assert new == {
        "order_number": "#1-A",
        "note": "Gate code 7",
        "customer": {"first_name": "Ana", "last_name": "Reis", "email": "ana@reis.example", "phone": None},
        "total_price": "400.10",
    }


async def test_lines_leave_change_and_arrive(shop):
    order_id = await shop.put_one(shop_order(items=[kayak(1), kayak(2), kayak(3)]))
    one, two, three = [row["id"] for row in await shop.items(order_id)]
    changed = [kayak(3, quantity=Decimal(4)), kayak(1, unit_price=Decimal("5")), kayak(4)]
    await shop.put(shop_order(items=changed, note="new"), now=LATER)
    lines = await shop.items(order_id)
    assert [(line["id"], line["position"], line["shopify_line_item_id"]) for line in lines] == [
        (one, 1, 9001),
        (three, 3, 9003),
        (lines[2]["id"], 4, 9004),
    ]
    assert (str(lines[0]["unit_price"]), lines[0]["updated_at"], lines[0]["created_at"]) == ("5", LATER, NOW)
    told = await shop.told(order_id, after=1)
    assert [entry[:3] for entry in told] == [
        (2, "order.item.deleted", two),
        (3, "order.item.updated", three),
        (4, "order.item.created", lines[2]["id"]),
        (5, "order.updated", None),
    ]
    assert len(told[0][3]) == 7
    assert told[0][3]["description"] == "Sea kayak 2"
    assert told[0][4] == {}
    assert told[1][3:] == (
        {"amount": {"unit": "EA", "value": "1"}},
        {"amount": {"unit": "EA", "value": "4"}},
    )
    assert told[2][3] == {}
    assert told[2][4]["id"] == ulid(lines[2]["id"])
    assert told[3][3:] == ({"note": None}, {"note": "new"})
    row = await shop.order(order_id)
    assert (row["version"], row["event_seq"]) == (2, 5)


async def test_what_no_event_compares_is_stored_without_one(shop):
    order_id = await shop.put_one(shop_order())
    (put,) = await shop.put(shop_order(items=[kayak(1, sku="NEW"), kayak(2)]), now=LATER)
    assert put.outcome == "updated"
    row = await shop.order(order_id)
    assert (row["version"], row["event_seq"], row["updated_at"]) == (2, 1, LATER)
    assert [line["sku"] for line in await shop.items(order_id)] == ["NEW", "KAY-2"]


async def test_a_line_of_a_sales_order_leaves_silently(shop):
    """O-43."""
    order_id = await shop.put_one(shop_order(order_type="SALES_ORDER"))
    (put,) = await shop.put(shop_order(items=[kayak(1)]), now=LATER)
    assert put.outcome == "updated"
    assert len(await shop.items(order_id)) == 1
    assert await shop.told(order_id, after=1) == []
    assert (await shop.order(order_id))["version"] == 2


async def test_statuses_stay(shop):
    order_id = await shop.put_one(shop_order())
    await shop.enter(order_id, "Hull laid")
    await shop.enter(order_id, "Gift wrapped")
    line = (await shop.items(order_id))[0]["id"]
    target = Target((await shop.workspace()).statuses[1], None)
    await change_line_items(shop.pool, shop.actor, await shop.workspace(), [line], target, clock=lambda: NOW)
    before, addons = await shop.order(order_id), await shop.rows("order_addons")
    changed = shop_order(note="new", items=[kayak(1, description="Longer kayak"), kayak(3)])
    await shop.put(changed, now=LATER)
    after = await shop.order(order_id)
    held = (
        "status_id",
        "sub_status_id",
        "workflow_id",
        "anchor_status_id",
        "status_entered_at",
        "deadline_at",
    )
    assert after["status_id"] is not None
    assert {name: after[name] for name in held} == {name: before[name] for name in held}
    assert await shop.rows("order_addons") == addons
    first, second = await shop.items(order_id)
    assert (first["id"], first["status_id"]) == (line, target.status.id)
    assert second["status_id"] is None
    sequences = [event["sequence"] for event in await shop.events(order_id)]
    assert sequences == list(range(1, after["event_seq"] + 1))


async def test_the_metafield_follows_the_lines(shop):
    order_id = await shop.put_one(shop_order())
    await shop.put(shop_order(items=[kayak(1, quantity=Decimal(3)), kayak(2)]))
    assert (await shop.order(order_id))["metafield"] is None
    line = (await shop.items(order_id))[0]["id"]
    target = Target((await shop.workspace()).statuses[0], None)
    known = await shop.workspace()
    await change_line_items(shop.pool, shop.actor, known, [line], target, clock=lambda: NOW)
    made = (await shop.order(order_id))["metafield"]
    await shop.put(shop_order(note="only a note", items=[kayak(1, quantity=Decimal(3)), kayak(2)]))
    assert (await shop.order(order_id))["metafield"] == made
    await shop.put(shop_order(items=[kayak(1, quantity=Decimal(5)), kayak(3)]))
    value = json.loads((await shop.order(order_id))["metafield"])["value"]
    assert (value["item_count"], value["quantity"]) == (2, 6)
    assert [entry["name"] for entry in value["line_items"]] == ["Sea kayak 1", "Sea kayak 3"]
    assert value["statuses"][0]["quantity"] == 5


async def test_lines_of_a_draft_meet_by_their_place(shop):
    def draft(*descriptions: str) -> NewOrder:
        items = [NewItem(quantity=Decimal(1), description=text) for text in descriptions]
        return shop_order(is_draft=True, shopify_kind="DraftOrder", items=items)

    order_id = await shop.put_one(draft("a", "b"))
    ids = [row["id"] for row in await shop.items(order_id)]
    await shop.put(draft("a", "c", "d"))
    lines = await shop.items(order_id)
    assert [line["id"] for line in lines[:2]] == ids
    assert [line["description"] for line in lines] == ["a", "c", "d"]
    await shop.put(draft("a"))
    assert [line["id"] for line in await shop.items(order_id)] == ids[:1]


async def test_a_draft_issued_here_stays_an_order(shop):
    draft = shop_order(is_draft=True, shopify_kind="DraftOrder")
    order_id = await shop.put_one(draft)
    await shop.pool.execute("update orders set is_draft = false, lifecycle = 'READY' where id = $1", order_id)
    await shop.pool.execute("update order_tallies set is_draft = false where team_id = $1", shop.team_id)
    await shop.put(replace(draft, note="x"))
    row = await shop.order(order_id)
    assert (row["is_draft"], row["lifecycle"], row["note"]) == (False, "READY", "x")


async def test_the_shop_cancels_once_and_for_all(shop):
    order_id = await shop.put_one(shop_order())
    cancelled_at = NOW - timedelta(hours=3)
    await shop.put(shop_order(cancelled_at=cancelled_at), now=LATER)
    row = await shop.order(order_id)
    assert (row["lifecycle"], row["cancelled_at"], row["version"]) == ("CANCELED", cancelled_at, 2)
    event = (await shop.events(order_id))[1]
    assert event["type"] == "order.updated"
    assert event["old_data"] == {"status": "READY", "cancelled_at": None}
    assert event["new_data"] == {"status": "CANCELED", "cancelled_at": "2026-05-04T20:30:09.250000+00:00"}
    assert (event["effective_at"], event["recorded_at"]) == (cancelled_at, LATER)
    before = await shop.everything()
    puts = await shop.put(shop_order(), shop_order(2), now=LATER)
    assert puts[0].outcome == "unchanged"
    after = await shop.everything()
    assert [row for row in after["orders"] if row["id"] == order_id] == before["orders"]


async def test_what_is_set_here_stays(shop):
    """The shop does not speak of these: a re-import must not take them away."""
    order = shop_order(ship_to=Stop(line_1="Quay 1"))
    order_id = await shop.put_one(order)
    await shop.pool.execute(
        """update orders set name = 'Ours', custom_data = '{"a": 1}', archived = true,
           supplier = '{"name": "Yard"}', doc_references = '[{"qualifier": "Q", "value": "V"}]',
           start_date = '2026-06-01', ship_to = ship_to || '{"timezone": "Europe/Lisbon"}' where id = $1""",
        order_id,
    )
    await shop.pool.execute(
        """update order_items set custom_data = '{"b": 2}', unit = 'BOX',
           doc_references = '[{"qualifier": "PRODUCT_REF", "value": "P"}]' where order_id = $1""",
        order_id,
    )
    await shop.pool.execute(
        """insert into order_items (team_id, id, order_id, position, description, quantity, created_at,
                                    updated_at)
           select team_id, gen_random_uuid(), id, 9, 'Added here', 1, $2, $2 from orders where id = $1""",
        order_id,
        NOW,
    )
    assert [put.outcome for put in await shop.put(order)] == ["unchanged"]
    moved = replace(order, ship_to=Stop(line_1="Quay 2"), items=(kayak(1, quantity=Decimal(8)),))
    await shop.put(moved)
    row = await shop.order(order_id)
    assert (row["name"], row["custom_data"], row["archived"]) == ("Ours", {"a": 1}, True)
    assert (row["supplier"], row["start_date"]) == ({"name": "Yard"}, date(2026, 6, 1))
    assert row["ship_to"] == {"line_1": "Quay 2", "timezone": "Europe/Lisbon"}
    lines = await shop.items(order_id)
    assert [(line["description"], line["unit"], line["custom_data"]) for line in lines] == [
        ("Sea kayak 1", "BOX", {"b": 2}),
        ("Added here", None, None),
    ]
    assert str(lines[0]["quantity"]) == "8"


async def test_what_the_shop_left_out_stays(shop):
    order = shop_order(note="n", customer=Customer("Ana"), ship_to=Stop(line_1="Quay 1"))
    await shop.put(order)
    before = await shop.everything()
    unsaid = frozenset({"note", "currency", "total_price", "customer", "ship_to", "items"})
    bare = NewOrder(order_number="#1", shopify_kind="Order", shopify_id=1001, unsaid=unsaid)
    assert [put.outcome for put in await shop.put(bare)] == ["unchanged"]
    assert await shop.everything() == before


# Refusals


@pytest.mark.parametrize(
    ("number", "code"),
    [("", "too_short"), ("   ", "too_short"), ("x" * 65, "too_long"), ("a\x00b", "invalid_characters")],
)
async def test_a_number_that_cannot_be(shop, number, code):
    before = await shop.everything()
    (put,) = await shop.put(shop_order(order_number=number))
    assert isinstance(put.refusal, Invalid)
    assert (put.refusal.code, put.refusal.facts["field"], put.outcome) == (code, "order_number", None)
    assert await shop.everything() == before


async def test_a_number_that_is_taken(shop):
    first = await shop.put_one(shop_order(1))
    second = await shop.put_one(shop_order(2))
    before = await shop.everything()
    puts = await shop.put(
        shop_order(3, order_number="#1"), shop_order(2, order_number="#1"), NewOrder(order_number="#2")
    )
    for put, owner in zip(puts, (first, first, second), strict=True):
        assert isinstance(put.refusal, Conflict)
        assert (put.refusal.code, put.refusal.facts["order_id"]) == ("not_unique", owner)
    assert await shop.everything() == before


async def test_a_refusal_stops_only_itself(shop):
    puts = await shop.put(shop_order(1), shop_order(2, order_number=""), shop_order(3))
    assert [put.outcome for put in puts] == ["created", None, "created"]
    assert [row["order_number"] for row in await shop.rows("orders")] == ["#1", "#3"]


async def test_a_number_twice_in_one_batch(shop):
    puts = await shop.put(shop_order(1), shop_order(2, order_number="#1"))
    assert puts[0].outcome == "created"
    assert isinstance(puts[1].refusal, Conflict)
    assert len(await shop.rows("orders")) == 1


async def test_an_order_twice_in_one_batch_is_made_and_then_updated(shop):
    puts = await shop.put(shop_order(1), shop_order(1, note="newer"), shop_order(1, note="newer"))
    assert [put.outcome for put in puts] == ["created", "updated", "unchanged"]
    assert len({put.order_id for put in puts}) == 1
    (row,) = await shop.rows("orders")
    assert (row["note"], row["version"], row["event_seq"]) == ("newer", 2, 2)


async def test_an_order_and_a_draft_with_the_same_digits_are_two(shop):
    puts = await shop.put(
        shop_order(1), shop_order(1, shopify_kind="DraftOrder", is_draft=True, order_number="#D1")
    )
    assert [put.outcome for put in puts] == ["created", "created"]
    assert puts[0].order_id != puts[1].order_id


async def test_teams_do_not_meet(shop, pool):
    other = await Shop.open(pool)
    await other.put(shop_order(1, note="theirs"))
    before = await other.everything()
    (put,) = await shop.put(shop_order(1, note="ours"))
    assert put.outcome == "created"
    await shop.put(shop_order(1, note="ours, changed"))
    assert await other.everything() == before


async def test_permission_and_an_old_workspace(shop):
    nobody = Actor(shop.team_id, "api_key", None, "Reader", frozenset({"canViewOrders"}))
    known = await shop.workspace()
    with pytest.raises(Forbidden):
        await put_orders(shop.pool, nobody, known, [shop_order()], NOW)
    await shop.apply({"statuses": [{"name": "Newer", "color": "#000000"}]})
    with pytest.raises(Stale):
        await put_orders(shop.pool, shop.actor, known, [shop_order()], NOW)
    assert await shop.rows("orders") == []


async def test_nothing_to_put(shop):
    assert await shop.put() == []


async def test_references_of_other_doors_travel(shop):
    order_id = await shop.put_one(NewOrder(order_number="PO-1", references=(Reference("EXTERNAL_ID", "x"),)))
    row = await shop.order(order_id)
    assert row["doc_references"] == [{"qualifier": "EXTERNAL_ID", "value": "x"}]
    assert (await shop.events(order_id))[0]["new_data"]["references"] == row["doc_references"]


class Counting:
    """A pool that counts the statements of its transactions."""

    def __init__(self, pool) -> None:
        self._pool = pool
        self.statements = 0

    def transaction(self):
        from contextlib import asynccontextmanager

        counting = self

        @asynccontextmanager
        async def opened():
            async with counting._pool.transaction() as tx:
                yield _CountedTransaction(counting, tx)

        return opened()


class _CountedTransaction:
    def __init__(self, counting: Counting, tx) -> None:
        self._counting, self._tx = counting, tx

    def __getattr__(self, name):
        if name in ("fetch", "fetchrow", "execute"):
            self._counting.statements += 1
        return getattr(self._tx, name)


async def test_a_batch_costs_a_constant_number_of_statements(shop):
    counts = []
    for size in (2, 60):
        first = 100 * size
        fresh = [shop_order(first + number) for number in range(size)]
        counting = Counting(shop.pool)
        await shop.put(*fresh, db=counting)
        known = [replace(order, note="changed", items=(kayak(2), kayak(5))) for order in fresh[: size // 2]]
        await shop.put(
            *known, *(shop_order(first + size + number) for number in range(size // 2)), db=counting
        )
        counts.append(counting.statements)
    assert counts[0] == counts[1] <= 12
