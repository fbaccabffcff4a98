"""Events as OpenAPI describes them (sections 13 to 15 and 17.1): elements of the feed, and bodies of webhooks."""

from collections.abc import Mapping
from typing import get_args

from msgspec import Struct

from milepost.http.openapi import Schema, Schemas, component, document_schemas, nullable, ref
from milepost.model.document import ITEM_COMPARED, ORDER_COMPARED
from milepost.model.events import EventType
from milepost.model.payloads import CREATED_STRICT, has_object
from milepost.surfaces.orders_api.openapi import event_shapes as shapes
from milepost.surfaces.orders_api.openapi.forms import in_answers, in_events
from milepost.surfaces.orders_api.openapi.shapes import Order, OrderItem
from milepost.surfaces.orders_api.openapi.webhook_shapes import Event, EventBody

NAMES: tuple[EventType, ...] = get_args(EventType)

DETAILS: Mapping[EventType, type[Struct]] = {
    "order.created": shapes.OrderCreatedDetails,
    "order.updated": shapes.OrderUpdatedDetails,
    "order.item.created": shapes.OrderItemCreatedDetails,
    "order.item.updated": shapes.OrderItemUpdatedDetails,
    "order.item.deleted": shapes.OrderItemDeletedDetails,
    "order.status.changed": shapes.OrderStatusChangedDetails,
    "order.item.status.changed": shapes.OrderItemStatusChangedDetails,
    "order.milestone.confirmed": shapes.OrderMilestoneDetails,
    "order.milestone.rejected": shapes.OrderMilestoneDetails,
    "order.timeline.updated": shapes.OrderTimelineUpdatedDetails,
    "order.task.created": shapes.OrderTaskDetails,
    "order.task.completed": shapes.OrderTaskDetails,
    "order.overdue": shapes.OrderOverdueDetails,
    "webhook.disabled": shapes.WebhookDisabledDetails,
}
_STRICT = "StrictOrderCreatedDetails"
_ORDER_CHANGE, _ITEM_CHANGE = "OrderChange", "OrderItemChange"
_REQUIREMENTS_CHANGE = "ItemShippingRequirementsChange"
_SAME_KEYS = "`old_data` and `new_data` always have the same members."


def event_schemas() -> Schemas:
    """The schemas of the feed's elements (`Event`), of webhooks' bodies and of what is in them."""
    found = document_schemas([*DETAILS.values(), shapes.ShownElsewhere, Event, EventBody, Order, OrderItem])
    feed, body = found.pop(Event.__name__), found.pop(EventBody.__name__)
    elsewhere = found.pop(shapes.ShownElsewhere.__name__)["properties"]
    found[_ORDER_CHANGE] = _order_change(found[Order.__name__], elsewhere)
    found[_REQUIREMENTS_CHANGE] = _some_of(found["ItemShippingRequirements"])
    found[_ITEM_CHANGE] = _item_change(found[OrderItem.__name__])
    _say_what_changed(found, shapes.OrderUpdatedDetails, _ORDER_CHANGE)
    _say_what_changed(found, shapes.OrderItemUpdatedDetails, _ITEM_CHANGE)
    found[_STRICT] = _strict(found[shapes.OrderCreatedDetails.__name__])
    found |= {_with_object(name): found[DETAILS[name].__name__] for name in NAMES if has_object(name)}
    for name in NAMES:
        found[_named(name, "Event")] = _about(feed, name, _details(name))
        found[_named(name, "Body")] = _about(body, name, _delivered(name))
    own = [*(schema.__name__ for schema in DETAILS.values()), _STRICT, _ORDER_CHANGE, _ITEM_CHANGE]
    own += [_named(name, what) for name in NAMES for what in ("Event", "Body")]
    own += [_with_object(name) for name in NAMES if has_object(name)]
    own += [
        schema.__name__ for schema in (shapes.MilestoneChange, shapes.ChangedMilestone, shapes.TaskChange)
    ]
    events = in_events(found, own)
    events |= {
        _with_object(name): _carrying(events[_with_object(name)], name) for name in NAMES if has_object(name)
    }
    events["Event"] = _one_of([_named(name, "Event") for name in NAMES])
    return events | in_answers({name: found[name] for name in found if name not in events})


def body_name(name: EventType) -> str:
    """The schema of what webhooks get of such an event."""
    return _named(name, "Body")


def _named(name: str, what: str) -> str:
    return "".join(word.capitalize() for word in name.split(".")) + what


def _order_change(order: Schema, elsewhere: Schemas) -> Schema:
    members = {name: order["properties"][name] for name in ORDER_COMPARED} | elsewhere
    about = (
        f"Whole values of what changed. {_SAME_KEYS} The members from `currency` on come from other surfaces."
    )
    return {**_closed(members), "description": about, "minProperties": 1}


def _item_change(item: Schema) -> Schema:
    members = {name: item["properties"][name] for name in ITEM_COMPARED}
    about = (
        "When both sides have requirements, only the members that differ, each whole; else the whole or null."
    )
    members["shipping_requirements"] = {**nullable(ref(_REQUIREMENTS_CHANGE)), "description": about}
    told = f"Whole values of what changed. {_SAME_KEYS}"
    return {**_closed(members), "description": told, "minProperties": 1}


def _some_of(schema: Schema) -> Schema:
    """Some of its members."""
    return {**_closed(schema["properties"]), "minProperties": 1}


def _closed(members: Schemas) -> Schema:
    return {"type": "object", "properties": members, "additionalProperties": False}


def _say_what_changed(found: Schemas, details: type[Struct], change: str) -> None:
    found[details.__name__]["properties"] |= {"old_data": ref(change), "new_data": ref(change)}


def _strict(created: Schema) -> Schema:
    return {
        **created,
        "description": "The order as it was created, from a server that has `strict_event_payloads`.",
        "properties": {name: created["properties"][name] for name in CREATED_STRICT},
        "required": list(CREATED_STRICT),
    }


def _details(name: EventType) -> Schema:
    details = ref(DETAILS[name])
    return {"anyOf": [details, ref(_STRICT)]} if name == "order.created" else details


def _delivered(name: EventType) -> Schema:
    return component("schemas", _with_object(name)) if has_object(name) else _details(name)


def _with_object(name: EventType) -> str:
    return f"Delivered{DETAILS[name].__name__}"


def _carrying(details: Schema, name: EventType) -> Schema:
    """Details as they are delivered where the webhook has `include_updated_object`."""
    shown = {
        **ref("OrderItem" if name == "order.item.updated" else "Order"),
        "description": "As a GET showed it when the event was committed; only with `include_updated_object`.",
    }
    return {**details, "properties": {**details["properties"], "new_object": shown}}


def _about(whole: Schema, name: EventType, details: Schema) -> Schema:
    """An element of the feed, or a body, of one name."""
    members = {"event_name": {"type": "string", "const": name}, "details": details}
    return {
        **whole,
        "properties": {**whole["properties"], **members},
        "required": [*whole["required"], *members],
    }


def _one_of(names: list[str]) -> Schema:
    return {
        "oneOf": [ref(name) for name in names],
        "discriminator": {
            "propertyName": "event_name",
            "mapping": {event: ref(name)["$ref"] for event, name in zip(NAMES, names, strict=True)},
        },
    }
