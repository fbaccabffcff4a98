"""Several hands on the same orders: nothing is made twice, nothing is lost, and every history replays."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from milepost.kit.ids import ulid
from milepost.model.order import Customer, Stop

from .orders_in import NOW, Shop, kayak, shop_order


@pytest.fixture
async def shop(pool) -> Shop:
    return await Shop.open(pool)


async def test_two_importers_at_once_make_each_order_once(shop):
    orders = [shop_order(number) for number in range(1, 121)]
    backwards = list(reversed(orders))
    results = await asyncio.gather(shop.put(*orders), shop.put(*backwards), shop.put(*orders))
    outcomes = [put.outcome for puts in results for put in puts]
    assert (outcomes.count("created"), outcomes.count("unchanged")) == (120, 240)
    rows = await shop.rows("orders")
    assert len(rows) == 120
    assert {row["version"] for row in rows} == {1}
    assert len(await shop.rows("order_items")) == 240
    assert len(await shop.rows("events")) == 120
    by_number = {row["order_number"]: row["id"] for row in rows}
    for puts, told in zip(results, (orders, backwards, orders), strict=True):
        assert [put.order_id for put in puts] == [by_number[order.order_number] for order in told]


async def test_new_orders_that_want_one_number(shop):
    results = await asyncio.gather(*(shop.put(shop_order(n, order_number="#same")) for n in range(1, 9)))
    puts = [put for (put,) in results]
    assert sum(put.outcome == "created" for put in puts) == 1
    assert {put.refusal.code for put in puts if put.refusal} == {"not_unique"}
    assert len(await shop.rows("orders")) == 1


async def test_known_orders_that_want_one_number(shop):
    await shop.put(*(shop_order(n) for n in range(1, 7)))
    results = await asyncio.gather(*(shop.put(shop_order(n, order_number="#same")) for n in range(1, 7)))
    puts = [put for (put,) in results]
    assert sum(put.outcome == "updated" for put in puts) == 1
    assert sum(put.refusal is not None and put.refusal.code == "not_unique" for put in puts) == 5
    assert sum(row["order_number"] == "#same" for row in await shop.rows("orders")) == 1


async def test_imports_against_status_changes(shop):
    """Neither is lost: the last content stands, every status entered is in the history."""
    numbers = range(1, 21)
    ids = [str(put.order_id) for put in await shop.put(*(shop_order(n) for n in numbers))]

    async def importing(round_: int) -> None:
        told = [shop_order(n, note=f"round {round_}", items=[kayak(1), kayak(10 + round_)]) for n in numbers]
        puts = await shop.put(*told)
        assert {put.outcome for put in puts} <= {"updated", "unchanged"}, puts

    async def moving() -> None:
        for name in ("Hull laid", "Varnish"):
            await asyncio.gather(*(shop.enter(order_id, name) for order_id in ids))

    await asyncio.gather(moving(), *(importing(round_) for round_ in range(4)))
    for order_id in ids:
        row, events = await shop.order(order_id), await shop.events(order_id)
        assert [event["sequence"] for event in events] == list(range(1, row["event_seq"] + 1))
        moves = [
            event["new_data"]["custom_status"]["name"]
            for event in events
            if event["type"] == "order.status.changed"
        ]
        assert moves == ["Hull laid", "Varnish"]
        known = await shop.workspace()
        assert known.status[row["status_id"]].name == "Varnish"
        assert row["note"].startswith("round ")
        _replay(events, row, await shop.items(order_id))


async def test_every_history_replays(shop):
    """O-45: from `order.created` by D8, item events included, to the order as it is."""
    chance = random.Random(11)
    for step in range(60):
        number = chance.randint(1, 5)
        lines = [
            kayak(n, quantity=Decimal(chance.randint(1, 3)))
            for n in chance.sample(range(1, 7), chance.randint(0, 4))
        ]
        order = shop_order(
            number,
            lines,
            note=chance.choice([None, "a", "b"]),
            customer=chance.choice([None, Customer("Ana"), Customer("Ana", "Reis")]),
            ship_to=chance.choice([None, Stop(line_1="Quay 1"), Stop(line_1="Quay 2", country="PT")]),
            total_price=chance.choice([None, Decimal("1.0"), Decimal("2.50")]),
            cancelled_at=NOW if chance.random() < 0.05 else None,
        )
        (put,) = await shop.put(order, now=NOW + timedelta(minutes=step))
        assert put.refusal is None
    for row in await shop.rows("orders"):
        events = await shop.events(row["id"])
        assert len(events) == row["event_seq"] > 1
        _replay(events, row, await shop.items(row["id"]))


def _replay(events, row, items) -> None:
    document = dict(events[0]["new_data"])
    lines = {item["id"]: item for item in document["items"]}
    for event in events[1:]:
        subject = event["subject_id"] and ulid(event["subject_id"])
        match event["type"]:
            case "order.updated":
                for key, value in event["old_data"].items():
                    assert document.get(key) == value or key not in document
                document |= event["new_data"]
            case "order.item.deleted":
                gone = lines.pop(subject)
                assert {**gone, "available_amount": None} == {**event["old_data"], "available_amount": None}
            case "order.item.updated":
                assert {key: lines[subject][key] for key in event["old_data"]} == event["old_data"]
                lines[subject] = {**lines[subject], **event["new_data"]}
            case "order.item.created":
                assert subject not in lines
                lines[subject] = event["new_data"]
    assert document["order_number"] == row["order_number"]
    assert document["status"] == row["lifecycle"]
    assert (document["cancelled_at"] is None) == (row["cancelled_at"] is None)
    assert document["ship_to"]["line_1"] == (row["ship_to"] or {}).get("line_1")
    assert document.get("note") == row["note"]
    assert list(lines) == [ulid(item["id"]) for item in items]
    for item in items:
        line = lines[ulid(item["id"])]
        assert line["description"] == item["description"]
        assert line["amount"] == {"unit": item["unit"] or "EA", "value": str(item["quantity"])}
