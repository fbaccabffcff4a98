"""model.payloads: what the feed and webhooks tell of each event (Orders API, sections 13.1, 14 and 17.1)."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from milepost.kit.ids import new_id, parse_id, ulid
from milepost.model.document import item_document, order_document
from milepost.model.events import Event, EventType
from milepost.model.order import NewItem, NewOrder, StoredItem, StoredOrder
from milepost.model.payloads import Told, body_text, details, feed_document, has_object
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import House

TEAM_ID, USER_ID, ORDER_ID, SUBJECT_ID, OTHER_ID = (
    f"019df1ae-0000-7000-8000-00000000000{number}" for number in range(5)
)
ORDER, SUBJECT = ulid(ORDER_ID), ulid(SUBJECT_ID)
RECORDED = datetime(2026, 6, 15, 10, 2, 11, 402551, UTC)
HOUSE, STRICT = House(), House(strict_event_payloads=True)
NUMBER = {"order_number": "MP-24017", "order_type": "PURCHASE_ORDER"}

HANGER = NewItem(
    description="Joist hanger 47 mm", quantity=Decimal("88"), unit="KG", custom_data={"line": "20"}
)
BOXED = NewItem(quantity=Decimal("1"), shipping_requirements={"quantity": 2, "packaging_type": "PALLET"})
WHOLE = order_document(
    StoredOrder(
        id=ORDER_ID,
        version=1,
        event_seq=1,
        content=NewOrder(order_number="MP-24017"),
        items=tuple(
            StoredItem(id=new_id(), position=place, content=item, created_at=RECORDED)
            for place, item in enumerate((HANGER, BOXED), 1)
        ),
        lifecycle="READY",
        created_at=RECORDED,
        updated_at=RECORDED,
    )
)
MILESTONE = {"type": "shipment", "name": "Sent", "position": 3, "workflow_milestone_id": OTHER_ID}
TASK = {
    "milestone_id": OTHER_ID,
    "title": "Send swatches",
    "assignee": "studio@loom.example",
    "due_date": "2027-02-11",
    "required": True,
    "status": "open",
    "completed_at": None,
}


def told(kind: EventType, *, facts: dict[str, Any] | None = None, **fields: Any) -> Told:
    event = Event(
        **{
            "id": new_id(),
            "order_id": ORDER_ID,
            "sequence": 3,
            "type": kind,
            "subject_id": SUBJECT_ID,
            "effective_at": RECORDED,
            "old_data": {"status": "READY"},
            "new_data": {"status": "IN_TRANSIT"},
            "facts": {**NUMBER, **(facts or {})},
            **fields,
        }
    )
    return Told(event=event, team_id=TEAM_ID, user_id=USER_ID, recorded_at=RECORDED)


DIFF = {"old_data": {"status": "READY"}, "new_data": {"status": "IN_TRANSIT"}}
OF_ORDER = {
    "id": ORDER,
    "order_type": "PURCHASE_ORDER",
    "resource_type": "order",
    "self_link": f"/orders/{ORDER}",
}


def part_of_order(resource_type: str, self_link: str | None) -> dict[str, Any]:
    return {
        "id": SUBJECT,
        "order_type": "PURCHASE_ORDER",
        "resource_type": resource_type,
        "self_link": self_link,
        "order_id": ORDER,
    }


ITEM_LINK = f"/orders/{ORDER}/items/{SUBJECT}"
BELOW = f"/v1/teams/{TEAM_ID}/purchase_orders/{ORDER_ID}"
CASES: list[tuple[Told, dict[str, Any], int]] = [
    (told("order.created", old_data={}, new_data=WHOLE), WHOLE, 28),
    (told("order.updated"), {**OF_ORDER, **DIFF}, 6),
    (told("order.status.changed"), {**OF_ORDER, **DIFF}, 6),
    (told("order.item.updated"), {**part_of_order("order_item", ITEM_LINK), **DIFF}, 7),
    (told("order.item.status.changed"), {**part_of_order("order_item", ITEM_LINK), **DIFF}, 7),
    (
        told("order.item.deleted", old_data=item_document(SUBJECT_ID, HANGER), new_data={}),
        {
            **part_of_order("order_item", None),
            "custom_data": {"line": "20"},
            "description": "Joist hanger 47 mm",
            "references": [],
            "amount": {"unit": "KG", "value": "88"},
            "available_amount": {"unit": "KG", "value": "88"},
            "shipping_requirements": None,
        },
        11,
    ),
    (
        told("order.item.created", old_data={}, new_data=item_document(SUBJECT_ID, HANGER)),
        {**part_of_order("order_item", ITEM_LINK), **item_document(SUBJECT_ID, HANGER)},
        11,
    ),
    *(
        (
            told(kind, facts=MILESTONE),
            {
                **part_of_order("order_milestone", f"{BELOW}/milestones/{SUBJECT_ID}"),
                **MILESTONE,
                "workflow_milestone_id": ulid(OTHER_ID),
                **DIFF,
            },
            11,
        )
        for kind in ("order.milestone.confirmed", "order.milestone.rejected")
    ),
    (
        told(
            "order.timeline.updated",
            old_data={},
            new_data={},
            facts={
                "reason": "looms busy",
                "milestones": [{"id": OTHER_ID, "type": "shipment", "name": "Sent", **DIFF}],
            },
        ),
        {
            **OF_ORDER,
            "reason": "looms busy",
            "milestones": [{"id": ulid(OTHER_ID), "type": "shipment", "name": "Sent", **DIFF}],
        },
        6,
    ),
    *(
        (
            told(kind, old_data={}, new_data={}, facts=TASK),
            {
                **part_of_order("order_task", f"{BELOW}/tasks/{SUBJECT_ID}"),
                **TASK,
                "milestone_id": ulid(OTHER_ID),
                "old_data": {},
                "new_data": {},
            },
            14,
        )
        for kind in ("order.task.created", "order.task.completed")
    ),
    (
        told(
            "order.overdue",
            facts={
                "cause": "item_status",
                "subject": {"id": OTHER_ID, "name": "Dyeing"},
                "due_at": "2026-06-15T10:00:00+00:00",
            },
        ),
        {
            **OF_ORDER,
            "cause": "item_status",
            "subject": {"id": ulid(OTHER_ID), "name": "Dyeing"},
            "due_at": "2026-06-15T10:00:00+00:00",
        },
        7,
    ),
    (
        told(
            "webhook.disabled",
            order_id=None,
            sequence=None,
            facts={
                "url": "https://hooks.birchline.example/milepost",
                "reason": "gone",
                "disabled_at": "2026-06-15T10:00:00+00:00",
                "failing_since": None,
                "last_error": "410",
            },
        ),
        {
            "id": SUBJECT,
            "resource_type": "webhook",
            "self_link": f"/webhooks/{SUBJECT}",
            "url": "https://hooks.birchline.example/milepost",
            "reason": "gone",
            "disabled_at": "2026-06-15T10:00:00+00:00",
            "failing_since": None,
            "last_error": "410",
        },
        8,
    ),
]


@pytest.mark.parametrize(
    ("happened", "expected", "keys"), CASES, ids=lambda case: getattr(case, "event", case)
)
def test_details_are_exact(happened, expected, keys):
    """Section 14's table; O-39, O-40."""
    assert details(happened, HOUSE) == expected
    assert len(expected) == keys


def test_every_event_of_the_catalogue_is_among_them():
    assert sorted({happened.event.type for happened, _, _ in CASES}) == sorted(get_args(EventType))


def test_the_deleted_item_of_the_contract():
    """E13."""
    item_id = parse_id("01KV5BPHJ8E9DAYTWRY2FXCDGF") or ""
    order_id = parse_id("01KV2G3X0PFPH9FMHV6P6ZP42C") or ""
    happened = told(
        "order.item.deleted",
        order_id=order_id,
        subject_id=item_id,
        old_data=item_document(item_id, HANGER),
        new_data={},
    )
    assert details(happened, HOUSE) == {
        "id": "01KV5BPHJ8E9DAYTWRY2FXCDGF",
        "order_type": "PURCHASE_ORDER",
        "resource_type": "order_item",
        "self_link": None,
        "order_id": "01KV2G3X0PFPH9FMHV6P6ZP42C",
        "custom_data": {"line": "20"},
        "description": "Joist hanger 47 mm",
        "references": [],
        "amount": {"unit": "KG", "value": "88"},
        "available_amount": {"unit": "KG", "value": "88"},
        "shipping_requirements": None,
    }


def test_strict_payloads_have_the_published_members_only():
    """O-39: 23 keys of `order.created`; the items in it stay as they are."""
    strict = details(told("order.created", old_data={}, new_data=WHOLE), STRICT)
    assert len(strict) == 23
    ours = {"self_link", "tags", "shipping_requirements", "created_at", "updated_at"}
    assert strict == {key: value for key, value in WHOLE.items() if key not in ours}
    assert strict["items"][1]["shipping_requirements"]["quantity"] == 2


@pytest.mark.parametrize("kind", ["order.item.deleted", "order.item.created"])
@pytest.mark.parametrize(("house", "quantity"), [(HOUSE, 2), (STRICT, "2")])
def test_the_number_of_packages_of_an_item(kind, house, quantity):
    """Section 14: an integer, a string under `strict_event_payloads`; all 23 keys are there."""
    document = item_document(SUBJECT_ID, BOXED)
    side = (
        {"old_data": document, "new_data": {}}
        if kind.endswith("deleted")
        else {"old_data": {}, "new_data": document}
    )
    required = details(told(kind, **side), house)["shipping_requirements"]
    assert len(required) == 23
    assert required["quantity"] == quantity
    assert document["shipping_requirements"]["quantity"] == 2


@pytest.mark.parametrize("requirements", [None, {"packaging_type": "BIN"}])
def test_strict_payloads_of_items_without_a_number_of_packages(requirements):
    document = item_document(SUBJECT_ID, NewItem(quantity=Decimal(1), shipping_requirements=requirements))
    happened = told("order.item.deleted", old_data=document, new_data={})
    assert details(happened, STRICT) == details(happened, HOUSE)


@pytest.mark.parametrize(("success", "user_id"), [(True, USER_ID), (False, None), (None, USER_ID)])
def test_an_element_of_the_feed(success, user_id):
    """Section 13.1: 9 keys."""
    happened = told("order.updated", new_object={"never": "shown"})
    happened = replace(happened, user_id=user_id)
    assert feed_document(happened, House(environment="pier"), success) == {
        "id": ulid(happened.event.id),
        "resource_type": "event",
        "event_name": "order.updated",
        "event_version": 1,
        "occurred_at": "2026-06-15T10:02:11.402551+00:00",
        "source": {"environment": "pier", "user_id": None if user_id is None else ulid(user_id)},
        "sequence": 3,
        "delivery_success": success,
        "details": {**OF_ORDER, **DIFF},
    }


def subscription(**fields: Any) -> Subscription:
    return Subscription(id=new_id(), is_enabled=True, events=frozenset(("order.updated",)), **fields)


def test_the_body_of_a_delivery():
    """O-49: exactly 8 keys; the webhook's `custom_data` as it was given, to the last digit."""
    happened = told("order.updated")
    text = body_text(happened, HOUSE, subscription(custom_data={"share": Decimal("1.10")}))
    assert json.loads(text, parse_float=Decimal) == {
        "id": ulid(happened.event.id),
        "event_name": "order.updated",
        "event_version": 1,
        "occurred_at": "2026-06-15T10:02:11.402551+00:00",
        "sequence": 3,
        "source": {"environment": "selfhosted", "user_id": ulid(USER_ID)},
        "details": {**OF_ORDER, **DIFF},
        "custom_data": {"share": Decimal("1.10")},
    }
    assert '"share":1.10' in text
    assert json.loads(body_text(happened, HOUSE, subscription()))["custom_data"] is None


def test_the_same_event_always_gives_the_same_text():
    one = told("order.created", new_data=WHOLE)
    other = replace(one, event=replace(one.event))
    wanted = subscription(custom_data={"b": 1, "a": 2})
    assert body_text(one, HOUSE, wanted) == body_text(other, HOUSE, wanted)


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("kind", get_args(EventType))
def test_only_updates_carry_the_object_and_only_where_it_is_wanted(kind, wanted):
    """O-50; the feed never has it."""
    happened = next(happened for happened, _, _ in CASES if happened.event.type == kind)
    event = replace(happened.event, new_object={"id": "x"})
    happened = replace(happened, event=event)
    shown = json.loads(body_text(happened, HOUSE, subscription(include_updated_object=wanted)))["details"]
    updates = ("order.updated", "order.item.updated", "order.timeline.updated")
    assert has_object(kind) == (kind in updates)
    assert shown.get("new_object") == ({"id": "x"} if wanted and kind in updates else None)
    assert "new_object" not in feed_document(happened, HOUSE, None)["details"]
    shown.pop("new_object", None)
    assert shown == json.loads(json.dumps(details(happened, HOUSE)))
