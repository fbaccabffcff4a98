"""Deliveries are stored with the change that they tell of, by both doors of writing (Orders API, sections 1, 16 and
17.1)."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.core import workspace
from milepost.core.line_items import change_line_items, clear_line_items
from milepost.core.record import recorded, wants_object
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.intake import workspace_file
from milepost.kit.ids import new_id, ulid
from milepost.model.actor import ALL_PERMISSIONS, Actor
from milepost.model.document import shown_order
from milepost.model.events import Event
from milepost.model.order import NewItem, NewOrder
from milepost.model.transitions import Target
from milepost.model.workflow import House
from milepost.reads import events as event_reads
from milepost.reads.purchase_orders import get_order
from milepost.store.deliveries import store_events
from milepost.store.progress import all_move_statements

from .orders_in import NOW, Shop

SETUP: dict[str, Any] = {
    "statuses": [
        {"name": "Packing", "color": "#111111"},
        {"name": "Sent", "color": "#222222"},
        {"name": "Gift", "color": "#333333", "addon": True},
    ],
    "workflows": [
        {
            "name": "Build",
            "default": True,
            "milestones": [
                {"name": "Accepted", "type": "acceptance", "status": "Packing"},
                {"name": "Shipped", "type": "shipment", "status": "Sent"},
            ],
        }
    ],
}


class Hooked(Shop):
    """A team with webhooks."""

    async def webhook(self, *events: str, status: str = "ENABLED", **columns: Any) -> str:
        """A new one, as if its verb had made it; returns its id."""
        webhook_id = new_id()
        values = {
            "team_id": self.team_id,
            "id": webhook_id,
            "url": "https://hooks.birchline.example/milepost",
            "enabled_events": list(events),
            "error_contact_email": "edi@birchline.example",
            "status": status,
            "disabled_at": NOW if status == "DISABLED" else None,
            "sealed_secret": b"sealed",
            "created_at": NOW,
            "updated_at": NOW,
            **columns,
        }
        marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.pool.execute(
            f"insert into webhooks ({', '.join(values)}) values ({marks})", *values.values()
        )
        await self.pool.execute("update teams set version = version + 1 where team_id = $1", self.team_id)
        return webhook_id

    async def deliveries(self, webhook_id: str) -> list[dict[str, Any]]:
        """Those of the webhook by sequence, the body apart as JSON."""
        rows = await self.pool.fetch(
            "select * from deliveries where team_id = $1 and webhook_id = $2 order by order_id, sequence, id",
            self.team_id,
            webhook_id,
        )
        return [{**row, "body": json.loads(row["body"], parse_float=Decimal)} for row in rows]

    async def events(self, order_id: str) -> list[dict[str, Any]]:
        return [row for row in await self.rows("events") if row["order_id"] == order_id]


@pytest.fixture
async def shop(pool) -> Hooked:
    return await Hooked.open(pool, SETUP)  # type: ignore[return-value]


async def test_what_a_team_subscribed_to_is_part_of_its_workspace(shop):
    one = await shop.webhook("order.created", "order.updated", custom_data={"share": Decimal("1.10")})
    two = await shop.webhook("order.deleted", status="DISABLED", include_updated_object=True)
    known = await shop.workspace()
    assert [
        (hook.id, hook.is_enabled, hook.events, hook.include_updated_object) for hook in known.webhooks
    ] == [
        (one, True, {"order.created", "order.updated"}, False),
        (two, False, {"order.deleted"}, True),
    ]
    assert str(known.webhooks[0].custom_data["share"]) == "1.10"
    assert known.webhooks[1].custom_data is None
    assert known.house == House()


async def test_a_new_order_is_delivered(shop):
    """The door of whole orders; O-49."""
    hook = await shop.webhook(
        "order.created", custom_data={"bridge": {"tenant": "north", "share": Decimal("1.10")}}
    )
    deaf = await shop.webhook("order.updated")
    order_id = await shop.put_one(NewOrder(order_number="A-1", items=(NewItem(quantity=Decimal("1.50")),)))
    [event] = await shop.events(order_id)
    [delivery] = await shop.deliveries(hook)
    assert await shop.deliveries(deaf) == []
    body = delivery.pop("body")
    assert delivery == {
        "team_id": shop.team_id,
        "id": delivery["id"],
        "webhook_id": hook,
        "event_id": event["id"],
        "event_name": "order.created",
        "order_id": order_id,
        "sequence": 1,
        "status": "PENDING",
        "attempt_count": 0,
        "tries": 0,
        "next_attempt_at": NOW,
        "finished_at": None,
        "created_at": NOW,
    }
    assert body.pop("details") == event["new_data"]
    assert body == {
        "id": ulid(event["id"]),
        "event_name": "order.created",
        "event_version": 1,
        "occurred_at": "2026-05-04T23:30:09.250000+00:00",
        "sequence": 1,
        "source": {"environment": "selfhosted", "user_id": None},
        "custom_data": {"bridge": {"tenant": "north", "share": Decimal("1.10")}},
    }


async def test_a_status_change_is_delivered_with_all_that_follows_from_it(shop):
    """The door of status changes: the events in their sequence, each to whom it concerns; `new_object` is the order
    as committed with the event (O-50)."""
    hook = await shop.webhook(
        "order.status.changed", "order.milestone.confirmed", "order.updated", include_updated_object=True
    )
    plain = await shop.webhook("order.updated")
    order_id = await shop.put_one(NewOrder(order_number="A-1", custom_data={"share": Decimal("1.10")}))
    await enter(shop, order_id, "Packing")
    key = Actor(shop.team_id, "api_key", new_id(), "ERP bridge", ALL_PERMISSIONS)
    await enter(shop, order_id, "Sent", actor=key)

    names = ["order.status.changed", "order.milestone.confirmed", "order.updated"]
    events = (await shop.events(order_id))[3:]
    deliveries = (await shop.deliveries(hook))[2:]
    assert [event["type"] for event in events] == names
    assert [(d["event_id"], d["event_name"], d["sequence"]) for d in deliveries] == [
        (event["id"], event["type"], event["sequence"]) for event in events
    ]
    for event, delivery in zip(events, deliveries, strict=True):
        listed, _ = await event_reads.get_event(shop.pool, shop.team_id, event["id"])
        assert delivery["body"]["source"] == {"environment": "selfhosted", "user_id": ulid(key.id or "")}
        assert listed is not None
        assert listed.told.user_id == key.id and listed.delivery_success is False

    order, _ = await get_order(shop.pool, shop.team_id, order_id)
    assert order is not None
    shown = json.loads(msgspec.json.encode(shown_order(order)))
    assert shown["status"] == "IN_TRANSIT"
    assert [d["body"]["details"].get("new_object") for d in deliveries] == [
        None,
        None,
        {**shown, "custom_data": {"share": Decimal("1.10")}},
    ]
    assert [event["new_object"] is None for event in events] == [True, True, False]
    assert '"share":1.10' in events[2]["new_object"]
    [short] = await shop.deliveries(plain)
    assert short["event_name"] == "order.updated"
    assert short["body"]["details"] == {
        "id": ulid(order_id),
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order",
        "self_link": f"/orders/{ulid(order_id)}",
        "old_data": {"status": "READY"},
        "new_data": {"status": "IN_TRANSIT"},
    }


async def enter(
    shop: Hooked, order_id: str, status: str, *, actor: Actor | None = None, decided_on: Any = None
) -> Any:
    known = decided_on or await shop.workspace()
    target = Target(next(one for one in known.statuses if one.name == status), None)
    outcomes = await change_statuses(
        shop.pool, actor or shop.actor, known, OrderKeys([order_id]), target, clock=lambda: NOW
    )
    return outcomes[order_id]


async def test_line_items_are_delivered(shop):
    hook = await shop.webhook("order.item.status.changed")
    items = tuple(NewItem(quantity=Decimal(1)) for _ in range(3))
    order_id = await shop.put_one(NewOrder(order_number="A-1", items=items))
    lines = [row["id"] for row in await shop.rows("order_items")]
    known = await shop.workspace()
    await change_line_items(
        shop.pool, shop.actor, known, lines[:2], Target(known.statuses[0], None), clock=lambda: NOW
    )
    await clear_line_items(shop.pool, shop.actor, known, lines[:1], clock=lambda: NOW)
    deliveries = await shop.deliveries(hook)
    assert [(d["sequence"], d["body"]["details"]["id"]) for d in deliveries] == [
        (2, ulid(lines[0])),
        (3, ulid(lines[1])),
        (4, ulid(lines[0])),
    ]
    assert {d["order_id"] for d in deliveries} == {order_id}


async def test_a_disabled_webhook_gets_nothing_and_keeps_the_object_for_later(shop):
    """Section 17.7: after re-enabling it may fetch what it missed, `new_object` included."""
    hook = await shop.webhook("order.updated", status="DISABLED", include_updated_object=True)
    order_id = await shop.put_one(NewOrder(order_number="A-1"))
    await enter(shop, order_id, "Packing")
    await enter(shop, order_id, "Sent")
    events = await shop.events(order_id)
    assert [event["new_object"] is None for event in events] == [True] * 5 + [False]
    assert json.loads(events[5]["new_object"])["status"] == "IN_TRANSIT"
    assert await shop.deliveries(hook) == []


async def test_an_object_is_kept_only_where_a_webhook_wants_it(shop):
    await shop.webhook("order.updated")
    await shop.webhook("order.created", include_updated_object=True)
    order_id = await shop.put_one(NewOrder(order_number="A-1"))
    await enter(shop, order_id, "Packing")
    await enter(shop, order_id, "Sent")
    assert [event["new_object"] for event in await shop.events(order_id)] == [None] * 6
    known = await shop.workspace()
    assert not any(wants_object(known, name) for name in ("order.created", "order.updated"))
    event = Event(
        id=new_id(),
        order_id=order_id,
        sequence=7,
        type="order.updated",
        effective_at=NOW,
        old_data={},
        new_data={},
        facts={"order_type": "PURCHASE_ORDER"},
        new_object={"id": "x"},
    )
    rows, [delivery] = recorded(known, shop.actor, [event], NOW)
    assert rows[0].new_object is None and "new_object" not in delivery.body


async def test_a_webhook_disabled_between_decision_and_write_gets_nothing(shop):
    hook = await shop.webhook("order.created", "order.status.changed", "order.item.status.changed")
    decided_on = await shop.workspace()
    await shop.pool.execute(
        "update webhooks set status = 'DISABLED', disabled_at = now() where team_id = $1", shop.team_id
    )
    order_id = await shop.put_one(NewOrder(order_number="A-1", items=(NewItem(quantity=Decimal(1)),)))
    await enter(shop, order_id, "Packing", decided_on=decided_on)
    [line] = await shop.rows("order_items")
    target = Target(decided_on.statuses[0], None)
    await change_line_items(shop.pool, shop.actor, decided_on, [line["id"]], target, clock=lambda: NOW)
    assert len(await shop.events(order_id)) == 4
    assert await shop.deliveries(hook) == []


async def test_of_many_writers_each_event_is_delivered_once_and_in_its_place(shop):
    """Who loses a race writes neither event nor delivery; O-44."""
    hook = await shop.webhook("order.status.changed", "order.updated", include_updated_object=True)
    order_id = await shop.put_one(NewOrder(order_number="A-1"))
    names = ["Packing", "Sent", "Gift"] * 6
    await asyncio.gather(*(enter(shop, order_id, name) for name in names))
    events = await shop.events(order_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    wanted = [
        (e["id"], e["sequence"]) for e in events if e["type"] in ("order.status.changed", "order.updated")
    ]
    assert [(d["event_id"], d["sequence"]) for d in await shop.deliveries(hook)] == wanted
    objects = [json.loads(e["new_object"]) for e in events if e["type"] == "order.updated"]
    assert [shown["status"] for shown in objects] == ["IN_TRANSIT"]


async def test_nothing_is_delivered_when_nothing_changes(shop):
    hook = await shop.webhook("order.status.changed")
    order_id = await shop.put_one(NewOrder(order_number="A-1"))
    await enter(shop, order_id, "Packing")
    await enter(shop, order_id, "Packing")
    assert len(await shop.deliveries(hook)) == 1


async def test_orders_that_pass_to_a_successor_are_delivered(shop):
    hook = await shop.webhook(
        "order.status.changed", "order.updated", "order.item.status.changed", include_updated_object=True
    )
    order_id = await shop.put_one(NewOrder(order_number="A-1", items=(NewItem(quantity=Decimal(1)),)))
    await enter(shop, order_id, "Packing")
    known = await shop.workspace()
    [line] = await shop.rows("order_items")
    target = Target(next(one for one in known.statuses if one.name == "Packing"), None)
    await change_line_items(shop.pool, shop.actor, known, [line["id"]], target, clock=lambda: NOW)
    wish = {
        "statuses": [status for status in SETUP["statuses"] if status["name"] != "Packing"],
        "workflows": [
            {"name": "Ship", "default": True, "milestones": [{"name": "OK", "type": "acceptance"}]}
        ],
        "replace_with": {"statuses": {"Packing": "Sent"}, "workflows": {"Build": "Ship"}},
    }
    file = workspace_file.parse(json.dumps(wish).encode())
    await workspace.apply(shop.pool, NOW, file.wish, team_name=shop.name, faults=file.faults, prune=True)
    names = ["order.status.changed", "order.item.status.changed"]
    deliveries = await shop.deliveries(hook)
    assert [d["event_name"] for d in deliveries] == [*names, *names, "order.updated"]
    [_, _, changed, _, updated] = [d["body"]["details"] for d in deliveries]
    assert changed["new_data"]["custom_status"]["name"] == "Sent"
    new_workflow = (await shop.workspace()).default_workflow
    assert updated["new_data"] == {"workflow_id": ulid(new_workflow.id)}
    order, _ = await get_order(shop.pool, shop.team_id, order_id)
    assert order is not None
    assert updated["new_object"] == json.loads(msgspec.json.encode(shown_order(order)))
    assert len(await shop.events(order_id)) == 7


async def test_a_webhook_is_not_told_of_its_own_end(shop):
    """Section 17.7: `webhook.disabled` goes to other webhooks; it belongs to no order."""
    gone = await shop.webhook("webhook.disabled")
    other = await shop.webhook("webhook.disabled")
    facts = {
        "url": "https://hooks.birchline.example/milepost",
        "reason": "gone",
        "disabled_at": "2026-05-04T23:30:09+00:00",
        "failing_since": None,
        "last_error": "410",
    }
    event = Event(
        id=new_id(),
        order_id=None,
        sequence=None,
        type="webhook.disabled",
        subject_id=gone,
        effective_at=NOW,
        old_data={},
        new_data={},
        facts=facts,
    )
    rows = recorded(await shop.workspace(), shop.actor, [event], NOW)
    await store_events(shop.pool, shop.team_id, *rows)
    assert await shop.deliveries(gone) == []
    [delivery] = await shop.deliveries(other)
    assert (delivery["order_id"], delivery["sequence"], delivery["event_id"]) == (None, None, event.id)
    assert delivery["body"]["details"] == {
        "id": ulid(gone),
        "resource_type": "webhook",
        "self_link": f"/webhooks/{ulid(gone)}",
        **facts,
    }
    listed, _ = await event_reads.get_event(shop.pool, shop.team_id, event.id)
    assert listed is not None and listed.told.event.facts == facts


def test_teams_without_webhooks_pay_nothing():
    """Their statement of a plain move has its 26 parameters and knows no deliveries (bench/floor.py uses it)."""
    plain = all_move_statements()[0]
    assert "$26" in plain and "$27" not in plain
    assert "deliveries" not in plain and "new_object" not in plain
