"""Random lives of orders through every verb there is: what events tell is what happened.

O-45 and D7, D8: replaying the events of a PURCHASE_ORDER order from `order.created` gives the order as it is read;
old_data leads the way back; sequences have no gaps; a refusal changes nothing (O-46); the status is the derived one.
"""

import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.core.purchase_orders import (
    add_item,
    cancel_order,
    create_order,
    remove_item,
    replace_item,
    replace_order,
)
from milepost.core.releases import move_leg, release
from milepost.core.tags import create_tag
from milepost.kit.errors import Refused
from milepost.kit.ids import parse_id, ulid
from milepost.model.document import EVENT, release_document
from milepost.model.order import ItemWish, NewItem, NewOrder, OrderWish, Reference, Stop, StoredOrder
from milepost.model.purchase_order import settled
from milepost.model.releasing import ChildWish, LegWish, ReleaseWish, TakenWish
from milepost.reads.purchase_orders import get_order
from tests.core.orders_in import Shop
from tests.core.replaying import replay

START = datetime(2026, 5, 4, 8, 0, 0, 250000, UTC)
LIVES, STEPS = 24, 30


class Life:
    """One order and its children, moved at random by every verb."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.dice = random.Random(seed)
        self.now = START
        self.orders: list[str] = []
        self.number = 0
        self.seed = seed
        self.tags: list[str] = []

    def clock(self) -> datetime:
        self.now += timedelta(seconds=self.dice.randint(1, 4000))
        return self.now

    async def begin(self) -> None:
        self.workspace = await self.shop.workspace()
        for name in ("Red", "Blue"):
            tag = await create_tag(self.shop.pool, self.shop.actor, name, None, clock=self.clock)
            self.tags += [tag.id, tag.slug]
        while not self.orders:
            with suppress(Refused):
                order = await create_order(
                    self.shop.pool, self.shop.actor, self.workspace, self.wish(None), clock=self.clock
                )
                self.orders.append(order.id)

    async def step(self) -> None:
        order_id = self.dice.choice(self.orders)
        act = self.dice.choice(ACTS)
        before = await self.snapshot()
        try:
            await act(self, order_id)
        except Refused:
            assert await self.snapshot() == before
        found, _ = await get_order(self.shop.pool, self.shop.team_id, order_id)
        assert found is not None
        assert settled(found, self.workspace.house) is found, "the stored status is the derived one"

    async def snapshot(self) -> Any:
        tables = ("orders", "order_items", "releases", "order_tags", "events", "release_documents")
        texts = [f"select '{table}' as t, r::text from {table} r where team_id = $1" for table in tables]
        return sorted(
            tuple(row) for row in await self.shop.pool.fetch(" union all ".join(texts), self.shop.team_id)
        )

    # What may be wished

    def wish(self, order: StoredOrder | None) -> OrderWish:
        dice = self.dice
        self.number += 1
        start = dice.choice([None, date(2026, 6, dice.randint(1, 28))])
        number = f"L{self.seed}-{self.number}"
        content = NewOrder(
            order_number=order.content.order_number if order and dice.random() < 0.7 else number,
            name=dice.choice([None, "Deck", "Screws"]),
            ship_to=dice.choice(
                [Stop(), Stop(line_1="77 Commercial St", custom_data={"a": Decimal("1.10")})]
            ),
            ship_from=dice.choice([None, Stop(country="CA")]),
            references=dice.choice([(), (Reference("EXTERNAL_ID", number),), (Reference("A", "b"),)]),
            shipping_requirements=dice.choice([None, {"bill_to": {"account_number": "7"}}]),
            custom_data=dice.choice([None, {"n": Decimal("1.10")}, {"n": True}, {"n": 1}]),
            supplier=dice.choice([None, {"name": "Birchline"}]),
            start_date=start,
            expiration_date=None if start is None else start + timedelta(days=dice.randint(-1, 9)),
            archived=dice.random() < 0.3,
            unsaid=frozenset(("order_type",)),
        )
        kept = [one for one in order.items if dice.random() < 0.7] if order else []
        items = [ItemWish(self.item(one.content), one.id) for one in kept]
        items += [ItemWish(self.item()) for _ in range(dice.randint(0, 2))]
        tags = dice.sample(self.tags, dice.randint(0, 2))
        return OrderWish(content=content, items=tuple(items), tags=tuple(tags))

    def item(self, like: NewItem | None = None) -> NewItem:
        dice = self.dice
        if like is not None and dice.random() < 0.4:
            return like
        return NewItem(
            quantity=Decimal(dice.choice(["5", "88", "88.0", "640.50", "0"])),
            unit=dice.choice(["KG", "KG", "KG", "LB"]),
            description=dice.choice([None, "Joist hanger", "Deck screw"]),
            references=dice.choice([(), (Reference("PRODUCT_REF", "DS-580"),)]),
            shipping_requirements=dice.choice([None, {"quantity": 2}, {"quantity": 3, "stackable": True}]),
            custom_data=dice.choice([None, {"line": "20"}]),
        )

    async def put(self, order_id: str) -> None:
        await self.do(replace_order, order_id, self.wish)

    async def put_back(self, order_id: str) -> None:
        """A PUT of what is there changes nothing."""
        before, _ = await get_order(self.shop.pool, self.shop.team_id, order_id)

        def same(order: StoredOrder) -> OrderWish:
            items = tuple(ItemWish(one.content, one.id) for one in order.items)
            return OrderWish(content=order.content, items=items, tags=tuple(t.slug for t in order.tags))

        assert await self.do(replace_order, order_id, same) == before

    async def cancel(self, order_id: str) -> None:
        if self.dice.random() < 0.3:
            await self.do(cancel_order, order_id)

    async def add(self, order_id: str) -> None:
        await self.do(add_item, order_id, self.item())

    async def edit(self, order_id: str) -> None:
        item_id = await self.some_item(order_id)
        await self.do(replace_item, order_id, item_id, lambda one: self.item(one.content))

    async def remove(self, order_id: str) -> None:
        await self.do(remove_item, order_id, await self.some_item(order_id))

    async def release(self, order_id: str) -> None:
        dice = self.dice
        order, _ = await get_order(self.shop.pool, self.shop.team_id, order_id)
        assert order is not None
        chosen = dice.sample(order.items, min(len(order.items), dice.randint(1, 2)))
        amounts = [dice.choice([None, Decimal("0"), Decimal("3.25"), Decimal("5")]) for _ in chosen]
        taken = [TakenWish(item.id, amount) for item, amount in zip(chosen, amounts, strict=True)]
        wish = ReleaseWish(
            items=tuple(taken),
            release_type=dice.choice(["TRANSPORTATION", "PURCHASE_ORDER"]),
            transit_status=dice.choice([None, "DISPATCHED"]),
            child=ChildWish(name=dice.choice([None, "Child"])),
        )
        _, made = await self.do(release, order_id, wish)
        if made.released_to_order_id is not None:
            self.orders.append(made.released_to_order_id)

    async def move(self, order_id: str) -> None:
        dice = self.dice
        order, _ = await get_order(self.shop.pool, self.shop.team_id, order_id)
        assert order is not None
        if order.releases:
            said = frozenset(
                dice.sample(["transit_status", "unassigned_at", "shipment_id"], dice.randint(1, 2))
            )
            wish = LegWish(
                said=said,
                transit_status=dice.choice(["IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"]),
                unassigned_at=dice.choice([None, self.now]),
                shipment_id=dice.choice([None, "shp-7c21"]),
            )
            await self.do(move_leg, order_id, dice.choice(order.releases).id, wish)

    async def enter(self, order_id: str) -> None:
        with suppress(AssertionError):
            await self.shop.enter(order_id, self.dice.choice(["Hull laid", "Varnish"]), at=self.clock())

    async def do(self, verb: Any, order_id: str, *given: Any) -> Any:
        return await verb(self.shop.pool, self.shop.actor, self.workspace, order_id, *given, clock=self.clock)

    async def some_item(self, order_id: str) -> str:
        order, _ = await get_order(self.shop.pool, self.shop.team_id, order_id)
        assert order is not None
        return self.dice.choice(order.items).id if order.items else order.id


ACTS = (
    Life.put,
    Life.put,
    Life.put_back,
    Life.cancel,
    Life.add,
    Life.edit,
    Life.edit,
    Life.remove,
    Life.release,
    Life.release,
    Life.move,
    Life.move,
    Life.enter,
)


@pytest.mark.parametrize("seed", range(LIVES))
async def test_events_replayed_are_the_order(pool, seed):
    shop = await Shop.open(pool)
    life = Life(shop, seed)
    await life.begin()
    for _ in range(STEPS):
        await life.step()
    for order_id in life.orders:
        found, _ = await get_order(pool, shop.team_id, order_id)
        assert found is not None
        events = await shop.events(order_id)
        assert [event["sequence"] for event in events] == list(range(1, found.event_seq + 1))
        replay(found, events)


def test_a_release_in_event_form():
    """7.5: 13 members of a leg, 8 of a release to an order."""
    from milepost.model.releases import Release, ReleasedItem

    taken = (ReleasedItem("019e0000-0000-7000-8000-000000000001", Decimal("300"), "KG"),)
    one = "019e0000-0000-7000-8000-000000000002"
    leg = Release(id=one, release_type="TRANSPORTATION", items=taken, created_at=START)
    document = release_document(ulid(one), leg, EVENT)
    assert len(document) == 13
    assert document["created_at"] == "2026-05-04T08:00:00.250000+00:00"
    order = msgspec.structs.replace(leg, release_type="PURCHASE_ORDER", released_to_order_id=one)
    assert len(release_document(ulid(one), order, EVENT)) == 8
    assert parse_id(document["items"][0]["order_item_id"]) == taken[0].item_id
