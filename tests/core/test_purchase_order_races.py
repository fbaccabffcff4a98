"""Many writers of one order: one legal history, nothing lost, nothing twice (O-44, O-65 below the surface)."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from milepost.core.purchase_orders import add_item, cancel_order, create_order, replace_item, replace_order
from milepost.core.releases import release
from milepost.kit.errors import Invalid, Refused, Unmet
from milepost.model.order import ItemWish, NewItem, NewOrder, OrderWish, Stop, StoredOrder
from milepost.model.releases import available
from milepost.model.releasing import ReleaseWish, TakenWish
from milepost.reads.purchase_orders import get_order
from tests.core.orders_in import Shop

WRITERS = 50


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def shop(pool) -> Shop:
    return await Shop.open(pool)


async def made(shop: Shop, number: str = "R1", supplier: bool = False) -> StoredOrder:
    content = NewOrder(
        order_number=number, ship_to=Stop(), supplier={"name": "Birchline"} if supplier else None
    )
    line = ItemWish(NewItem(quantity=Decimal("100"), unit="KG"))
    return await create_order(
        shop.pool,
        shop.actor,
        await shop.workspace(),
        OrderWish(content=content, items=(line,)),
        clock=clock,
    )


async def test_fifty_writers_of_one_order(shop):
    """O-44: every write is there, sequences are 1..n."""
    order, known = await made(shop), await shop.workspace()
    item = order.items[0]

    async def write(number: int) -> None:
        given = shop.pool, shop.actor, known, order.id
        if number % 2:
            await add_item(*given, NewItem(quantity=Decimal(number)), clock=clock)
        else:
            changed = NewItem(quantity=Decimal(100), unit="KG", description=f"Writer {number}")
            await replace_item(*given, item.id, lambda _: changed, clock=clock)

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    after, _ = await get_order(shop.pool, shop.team_id, order.id)
    assert after is not None
    assert after.version == 1 + WRITERS
    assert len(after.items) == 1 + WRITERS // 2
    events = await shop.events(order.id)
    assert [event["sequence"] for event in events] == list(range(1, after.event_seq + 1))
    assert len(events) == 1 + WRITERS


async def test_one_of_two_writers_with_the_same_condition(shop):
    """O-65."""
    order, known = await made(shop), await shop.workspace()

    async def put(name: str) -> str:
        wish = OrderWish(content=NewOrder(order_number="R1", name=name, ship_to=Stop()))
        try:
            await replace_order(
                shop.pool,
                shop.actor,
                known,
                order.id,
                lambda _: wish,
                clock=clock,
                matches=lambda version: version == order.version,
            )
        except Unmet:
            return "unmet"
        return "written"

    outcomes = await asyncio.gather(*(put(f"Name {number}") for number in range(10)))
    assert sorted(outcomes) == ["unmet"] * 9 + ["written"]
    assert len(await shop.events(order.id)) == 3  # created, the line went, updated


async def test_no_more_is_released_than_there_is(shop):
    """Twenty releases of 30 out of 100: three are made."""
    order, known = await made(shop), await shop.workspace()
    wish = ReleaseWish(items=(TakenWish(order.items[0].id, Decimal(30), "KG"),))

    async def take() -> bool:
        try:
            await release(shop.pool, shop.actor, known, order.id, wish, clock=clock)
        except Invalid as refused:
            assert refused.code == "exceeds_available"
            return False
        return True

    assert sum(await asyncio.gather(*(take() for _ in range(20)))) == 3
    after, _ = await get_order(shop.pool, shop.team_id, order.id)
    assert after is not None
    assert available(after) == {order.items[0].id: Decimal(10)}


async def test_children_take_numbers_of_their_own(shop):
    """Ten releases to new orders at once: numbers R1 to R10, each child made once."""
    order, known = await made(shop, supplier=True), await shop.workspace()
    wish = ReleaseWish(
        release_type="PURCHASE_ORDER", items=(TakenWish(order.items[0].id, Decimal(10), "KG"),)
    )
    await asyncio.gather(
        *(release(shop.pool, shop.actor, known, order.id, wish, clock=clock) for _ in range(10))
    )
    orders = await shop.rows("orders")
    assert sorted(row["order_number"] for row in orders) == sorted(
        ["R1", *(f"R1-R{number}" for number in range(1, 11))]
    )
    parent = next(row for row in orders if row["id"] == order.id)
    assert parent["lifecycle"] == "FILLED"


async def test_cancel_child_and_parent_at_once(shop):
    """A canceled child gives the amounts back once, whoever else writes the parent."""
    order, known = await made(shop, supplier=True), await shop.workspace()
    wish = ReleaseWish(release_type="PURCHASE_ORDER", items=(TakenWish(order.items[0].id),))
    _, made_release = await release(shop.pool, shop.actor, known, order.id, wish, clock=clock)
    child_id = made_release.released_to_order_id
    assert child_id is not None

    async def cancel(order_id: str) -> None:
        await cancel_order(shop.pool, shop.actor, known, order_id, clock=clock)

    await asyncio.gather(cancel(child_id), cancel(order.id), cancel(child_id))
    parent, _ = await get_order(shop.pool, shop.team_id, order.id)
    child, _ = await get_order(shop.pool, shop.team_id, child_id)
    assert parent is not None and child is not None
    assert (parent.lifecycle, child.lifecycle) == ("CANCELED", "CANCELED")
    assert parent.releases[0].unassigned_at is not None
    assert available(parent) == {}


async def test_one_number_for_many_new_orders(shop):
    """O-4 under load: of twenty orders with one number one is made."""
    known = await shop.workspace()
    wish = OrderWish(content=NewOrder(order_number="Same", ship_to=Stop()))

    async def create() -> bool:
        try:
            await create_order(shop.pool, shop.actor, known, wish, clock=clock)
        except Refused as refused:
            assert (refused.code, refused.facts["field"]) == ("not_unique", "order_number")
            return False
        return True

    assert sum(await asyncio.gather(*(create() for _ in range(20)))) == 1
    assert len(await shop.rows("orders")) == 1
    assert len(await shop.rows("events")) == 1
