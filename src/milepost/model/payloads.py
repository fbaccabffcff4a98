"""What the world is told of an event: its `details` by type, an element of the feed, the body of a delivery (Orders
API, sections 13.1, 14 and 17.1).

An event that came from this surface's own things carries all that its details need in `old_data` and `new_data`.
The others keep what their details tell besides in `facts`, which the one who emits the event fills. Ids there are
the house's, moments and days are text as events write them. Besides `order_number` and `order_type`:

- `order.milestone.*`: `type` `name` `position` `workflow_milestone_id`; the subject is the milestone
- `order.timeline.updated`: `reason` (text or null) and `milestones`, an array by position of `id` `type` `name`
  `old_data` `new_data`; the event's own `old_data` and `new_data` are empty
- `order.task.*`: `milestone_id` (or null) `title` `assignee` `due_date` `required` `status` `completed_at`; the subject
  is the task
- `order.overdue`: `cause`, `subject` = `{id, name}`, `due_at`; its `old_data` and `new_data` are empty
- `webhook.disabled`: `url` `reason` `disabled_at` `failing_since` `last_error` and nothing else; the subject is the
  webhook; its `old_data` and `new_data` are empty
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from milepost.kit.ids import ulid
from milepost.model.events import Event, EventType, event_instant
from milepost.model.shapes import Document
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import House

EVENT_VERSION = 1

CREATED_STRICT = (
    "order_type",
    "resource_type",
    "custom_data",
    "order_number",
    "ship_to",
    "name",
    "ship_from",
    "description",
    "source",
    "source_system_id",
    "start_date",
    "expiration_date",
    "id",
    "status",
    "items",
    "archived",
    "references",
    "supplier",
    "supplier_created_releases_allowed",
    "created_from_order_id",
    "released_from_release_id",
    "releases",
    "cancelled_at",
)
"""The members of `order.created` under `strict_event_payloads`."""


class Told(Struct, frozen=True, kw_only=True):
    """An event with whose it is, who caused it and when Milepost was told."""

    event: Event
    team_id: str
    user_id: str | None
    """The API key or dashboard user; None for the system."""
    recorded_at: datetime


def details(told: Told, house: House) -> Document:
    """Exactly the keys that section 14 gives the event's type; `new_object` apart, which only deliveries have."""
    return _DETAILS[told.event.type](told, house.strict_event_payloads)


def feed_document(told: Told, house: House, delivery_success: bool | None) -> Document:
    """An element of `/events` (section 13.1)."""
    return {
        "id": ulid(told.event.id),
        "resource_type": "event",
        "event_name": told.event.type,
        "event_version": EVENT_VERSION,
        "occurred_at": event_instant(told.recorded_at),
        "source": _source(told, house),
        "sequence": told.event.sequence,
        "delivery_success": delivery_success,
        "details": details(told, house),
    }


def body_text(told: Told, house: House, subscription: Subscription) -> str:
    """The body that the subscription's receiver gets: 8 keys as JSON text (section 17.1). The same input always
    gives the same text."""
    event = told.event
    what = details(told, house)
    if subscription.include_updated_object and event.new_object is not None and has_object(event.type):
        what = {**what, "new_object": event.new_object}
    envelope = {
        "id": ulid(event.id),
        "event_name": event.type,
        "event_version": EVENT_VERSION,
        "occurred_at": event_instant(told.recorded_at),
        "sequence": event.sequence,
        "source": _source(told, house),
        "details": what,
        "custom_data": subscription.custom_data,
    }
    return _encode(envelope).decode()


def has_object(event_type: str) -> bool:
    """Whether deliveries of such events may carry the object as it became."""
    return event_type.endswith(".updated")


_encode = msgspec.json.Encoder(decimal_format="number").encode


def _source(told: Told, house: House) -> Document:
    return {"environment": house.environment, "user_id": _short(told.user_id)}


def _created(told: Told, strict: bool) -> Document:
    document = dict(told.event.new_data)
    return {key: document[key] for key in CREATED_STRICT} if strict else document


def _changed(told: Told, strict: bool) -> Document:
    return {**_order(told), **_diff(told.event)}


def _item_changed(told: Told, strict: bool) -> Document:
    event = told.event
    path = f"/orders/{_short(event.order_id)}/items/{_short(event.subject_id)}"
    return {**_part(told, "order_item", path), **_diff(event)}


def _item_created(told: Told, strict: bool) -> Document:
    event = told.event
    path = f"/orders/{_short(event.order_id)}/items/{_short(event.subject_id)}"
    return {**_part(told, "order_item", path), **_item(event.new_data, strict)}


def _item_deleted(told: Told, strict: bool) -> Document:
    return {**_part(told, "order_item", None), **_item(told.event.old_data, strict)}


def _item(document: Mapping[str, Any], strict: bool) -> Document:
    """The item's 7 members. Strict: the number of packages is a string (section 14)."""
    required = document["shipping_requirements"]
    if not strict or required is None or required["quantity"] is None:
        return dict(document)
    return {**document, "shipping_requirements": {**required, "quantity": str(required["quantity"])}}


def _milestone(told: Told, strict: bool) -> Document:
    facts = told.event.facts
    return {
        **_part(told, "order_milestone", _milestones_path(told, "milestones")),
        "type": facts["type"],
        "name": facts["name"],
        "position": facts["position"],
        "workflow_milestone_id": _short(facts["workflow_milestone_id"]),
        **_diff(told.event),
    }


def _timeline(told: Told, strict: bool) -> Document:
    facts = told.event.facts
    milestones = [
        {
            "id": _short(milestone["id"]),
            "type": milestone["type"],
            "name": milestone["name"],
            "old_data": milestone["old_data"],
            "new_data": milestone["new_data"],
        }
        for milestone in facts["milestones"]
    ]
    return {**_order(told), "reason": facts["reason"], "milestones": milestones}


def _task(told: Told, strict: bool) -> Document:
    facts = told.event.facts
    return {
        **_part(told, "order_task", _milestones_path(told, "tasks")),
        "milestone_id": _short(facts["milestone_id"]),
        "title": facts["title"],
        "assignee": facts["assignee"],
        "due_date": facts["due_date"],
        "required": facts["required"],
        "status": facts["status"],
        "completed_at": facts["completed_at"],
        **_diff(told.event),
    }


def _overdue(told: Told, strict: bool) -> Document:
    facts = told.event.facts
    subject = facts["subject"]
    return {
        **_order(told),
        "cause": facts["cause"],
        "subject": {"id": _short(subject["id"]), "name": subject["name"]},
        "due_at": facts["due_at"],
    }


def _webhook_disabled(told: Told, strict: bool) -> Document:
    identifier, facts = _short(told.event.subject_id), told.event.facts
    return {
        "id": identifier,
        "resource_type": "webhook",
        "self_link": f"/webhooks/{identifier}",
        "url": facts["url"],
        "reason": facts["reason"],
        "disabled_at": facts["disabled_at"],
        "failing_since": facts["failing_since"],
        "last_error": facts["last_error"],
    }


def _order(told: Told) -> Document:
    """What details about an order begin with."""
    identifier = _short(told.event.order_id)
    return {
        "id": identifier,
        "order_type": told.event.facts["order_type"],
        "resource_type": "order",
        "self_link": f"/orders/{identifier}",
    }


def _part(told: Told, resource_type: str, self_link: str | None) -> Document:
    """What details about a part of an order begin with."""
    return {
        "id": _short(told.event.subject_id),
        "order_type": told.event.facts["order_type"],
        "resource_type": resource_type,
        "self_link": self_link,
        "order_id": _short(told.event.order_id),
    }


def _diff(event: Event) -> Document:
    return {"old_data": event.old_data, "new_data": event.new_data}


def _milestones_path(told: Told, kind: str) -> str:
    """Where the Milestones API shows the subject; it spells ids as UUIDs."""
    event = told.event
    return f"/v1/teams/{told.team_id}/purchase_orders/{event.order_id}/{kind}/{event.subject_id}"


def _short(identifier: str | None) -> str | None:
    return None if identifier is None else ulid(identifier)


_DETAILS: Mapping[EventType, Callable[[Told, bool], Document]] = {
    "order.created": _created,
    "order.updated": _changed,
    "order.item.created": _item_created,
    "order.item.updated": _item_changed,
    "order.item.deleted": _item_deleted,
    "order.status.changed": _changed,
    "order.item.status.changed": _item_changed,
    "order.milestone.confirmed": _milestone,
    "order.milestone.rejected": _milestone,
    "order.timeline.updated": _timeline,
    "order.task.created": _task,
    "order.task.completed": _task,
    "order.overdue": _overdue,
    "webhook.disabled": _webhook_disabled,
}
