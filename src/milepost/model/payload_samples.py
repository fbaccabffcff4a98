"""Made-up events, one of each kind, for test sends: their details have exactly the keys of real ones (Orders API,
section 16.4)."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from milepost.model.document import (
    diff_item,
    diff_order,
    item_document,
    order_document,
    shown_order,
)
from milepost.model.events import Event, EventType
from milepost.model.order import NewItem, NewOrder, Reference, Stop, StoredItem, StoredOrder, Tag

_ORDER_ID = "019df1ae-0000-7000-8000-000000000001"
_ITEM_ID = "019df1ae-0000-7000-8000-000000000002"
_PART_ID = "019df1ae-0000-7000-8000-000000000003"
_OTHER_ID = "019df1ae-0000-7000-8000-000000000004"
_SHORT_ID = "01KQRTW0000000000000000005"

_MADE = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
_MOMENT = "2026-05-04T09:00:00+00:00"
_DAY = "2026-05-11"

_ITEM = StoredItem(
    id=_ITEM_ID,
    position=1,
    content=NewItem(
        description="Sample joist hanger 47 mm",
        quantity=Decimal("88"),
        unit="KG",
        references=(Reference("PRODUCT_REF", "SAMPLE-47"),),
        shipping_requirements={"quantity": 2, "packaging_type": "PALLET"},
    ),
    created_at=_MADE,
)
_ORDER = StoredOrder(
    id=_ORDER_ID,
    version=1,
    event_seq=1,
    content=NewOrder(
        order_number="SAMPLE-1",
        name="Sample order",
        ship_to=Stop(
            company_name="Sample Warehouse", line_1="1 Sample Street", locality="Portland", country="US"
        ),
        references=(Reference("CUSTOMER_REFERENCE_NUMBER", "SAMPLE-5531"),),
        start_date=date(2026, 6, 1),
        expiration_date=date(2026, 6, 30),
    ),
    items=(_ITEM,),
    lifecycle="READY",
    tags=(Tag(_PART_ID, "sample", "Sample"),),
    created_at=_MADE,
    updated_at=_MADE,
)


class _Sample(Struct, frozen=True, kw_only=True):
    """What is made up of an event besides its own id and moment."""

    subject_id: str | None = None
    old_data: Mapping[str, Any] = {}
    new_data: Mapping[str, Any] = {}
    facts: Mapping[str, Any] = {}
    new_object: Mapping[str, Any] | None = None


def sample_event(event_type: EventType, event_id: str, now: datetime) -> Event:
    """A made-up event of that type, of no order's sequence."""
    sample = _SAMPLES[event_type]()
    return Event(
        id=event_id,
        order_id=None if event_type == "webhook.disabled" else _ORDER_ID,
        sequence=None,
        type=event_type,
        subject_id=sample.subject_id,
        effective_at=now,
        old_data=sample.old_data,
        new_data=sample.new_data,
        facts={"order_number": "SAMPLE-1", "order_type": "PURCHASE_ORDER", **sample.facts},
        new_object=sample.new_object,
    )


def _created() -> _Sample:
    return _Sample(new_data=order_document(_ORDER))


def _updated() -> _Sample:
    renamed = msgspec.structs.replace(
        _ORDER, content=msgspec.structs.replace(_ORDER.content, name="Sample order, renamed"), tags=()
    )
    old, new = diff_order(order_document(_ORDER), order_document(renamed))
    return _Sample(old_data=old, new_data=new, new_object=shown_order(renamed))


def _item_created() -> _Sample:
    return _Sample(subject_id=_ITEM_ID, new_data=item_document(_ITEM_ID, _ITEM.content))


def _item_updated() -> _Sample:
    more = msgspec.structs.replace(_ITEM.content, quantity=Decimal("92.5"))
    before, after = item_document(_ITEM_ID, _ITEM.content), item_document(_ITEM_ID, more)
    old, new = diff_item(before, after)
    return _Sample(subject_id=_ITEM_ID, old_data=old, new_data=new, new_object=after)


def _item_deleted() -> _Sample:
    return _Sample(subject_id=_ITEM_ID, old_data=item_document(_ITEM_ID, _ITEM.content))


def _status_changed() -> _Sample:
    return _Sample(old_data={"custom_status": None}, new_data={"custom_status": _STATUS})


def _item_status_changed() -> _Sample:
    return _Sample(subject_id=_ITEM_ID, old_data={"custom_status": None}, new_data={"custom_status": _STATUS})


def _milestone_confirmed() -> _Sample:
    old = {"status": "pending", "confirmed_on": None, "confirmed_at": None, "confirmed_by": None}
    new = {"status": "confirmed", "confirmed_on": _DAY, "confirmed_at": _MOMENT, "confirmed_by": _SOMEBODY}
    return _Sample(subject_id=_PART_ID, old_data=old, new_data=new, facts=_MILESTONE)


def _milestone_rejected() -> _Sample:
    old = {"status": "pending", "rejected_at": None, "rejected_by": None, "rejection_reason": None}
    new = {
        "status": "rejected",
        "rejected_at": _MOMENT,
        "rejected_by": _SOMEBODY,
        "rejection_reason": "Sample reason",
    }
    return _Sample(subject_id=_PART_ID, old_data=old, new_data=new, facts=_MILESTONE)


def _timeline_updated() -> _Sample:
    moved = {
        "id": _PART_ID,
        "type": "shipment",
        "name": "Sample milestone",
        "old_data": {"key_date": "2026-05-08"},
        "new_data": {"key_date": _DAY},
    }
    return _Sample(facts={"reason": "Sample reason", "milestones": [moved]})


def _task_created() -> _Sample:
    return _Sample(subject_id=_PART_ID, facts={**_TASK, "status": "open", "completed_at": None})


def _task_completed() -> _Sample:
    return _Sample(
        subject_id=_PART_ID,
        old_data={"status": "open", "completed_at": None, "completed_by": None},
        new_data={"status": "completed", "completed_at": _MOMENT, "completed_by": _SOMEBODY},
        facts={**_TASK, "status": "completed", "completed_at": _MOMENT},
    )


def _overdue() -> _Sample:
    subject = {"id": _PART_ID, "name": "Sample status"}
    return _Sample(facts={"cause": "status", "subject": subject, "due_at": _MOMENT})


def _webhook_disabled() -> _Sample:
    return _Sample(
        subject_id=_OTHER_ID,
        facts={
            "url": "https://hooks.sample.example/milepost",
            "reason": "failing",
            "disabled_at": _MOMENT,
            "failing_since": "2026-04-29T09:00:00+00:00",
            "last_error": "timeout",
        },
    )


_STATUS = {"id": _SHORT_ID, "name": "Sample status", "color": "#5B6B7B"}
_SOMEBODY = {"type": "user", "id": _SHORT_ID, "name": "Sample person"}
_MILESTONE = {
    "type": "shipment",
    "name": "Sample milestone",
    "position": 3,
    "workflow_milestone_id": _OTHER_ID,
}
_TASK = {
    "milestone_id": _OTHER_ID,
    "title": "Sample task",
    "assignee": None,
    "due_date": _DAY,
    "required": True,
}

_SAMPLES: Mapping[EventType, Callable[[], _Sample]] = {
    "order.created": _created,
    "order.updated": _updated,
    "order.item.created": _item_created,
    "order.item.updated": _item_updated,
    "order.item.deleted": _item_deleted,
    "order.status.changed": _status_changed,
    "order.item.status.changed": _item_status_changed,
    "order.milestone.confirmed": _milestone_confirmed,
    "order.milestone.rejected": _milestone_rejected,
    "order.timeline.updated": _timeline_updated,
    "order.task.created": _task_created,
    "order.task.completed": _task_completed,
    "order.overdue": _overdue,
    "webhook.disabled": _webhook_disabled,
}
