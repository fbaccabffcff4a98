"""The `details` of every event (section 14), each with exactly its members, and what changed (section 15).

Members of orders and items are those of `shapes.py`; `events.py` puts all of it into event form.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.model.order import OrderType
from milepost.surfaces.orders_api.openapi.scalars import (
    Color,
    CustomData,
    Decimal,
    Id,
    Instant,
    PlainDay,
    SelfLink,
)
from milepost.surfaces.orders_api.openapi.shapes import Amount, ItemShippingRequirements, Order, Reference

Changed = dict[str, Any]
"""Some members of another document: `events.py` says of which."""
_ElsewherePath = Annotated[
    str, Meta(pattern="^/v1/teams/", description="Where the Milestones API shows it; ids there are UUIDs.")
]


class ToldItemRequirements(ItemShippingRequirements):
    """How the line travels."""

    quantity: Annotated[  # type: ignore[assignment]
        int | str | None,
        Meta(
            description="How many packages; digits in a string where the server has `strict_event_payloads`."
        ),
    ]


class OrderCreatedDetails(Order):
    """The order as it was created."""

    resource_type: Literal["order"]
    self_link: SelfLink


class OrderUpdatedDetails(Struct):
    id: Id
    order_type: OrderType
    resource_type: Literal["order"]
    self_link: SelfLink
    old_data: Changed
    new_data: Changed


class OrderItemCreatedDetails(Struct):
    id: Annotated[Id, Meta(description="The item.")]
    order_type: OrderType
    resource_type: Literal["order_item"]
    self_link: SelfLink
    order_id: Id
    custom_data: CustomData
    description: str | None
    references: list[Reference]
    amount: Amount
    available_amount: Amount
    shipping_requirements: ToldItemRequirements | None


class OrderItemDeletedDetails(Struct):
    """The item as it was."""

    id: Annotated[Id, Meta(description="The item.")]
    order_type: OrderType
    resource_type: Literal["order_item"]
    self_link: Annotated[None, Meta(description="Nothing shows it any more.")]
    order_id: Id
    custom_data: CustomData
    description: str | None
    references: list[Reference]
    amount: Amount
    available_amount: Amount
    shipping_requirements: ToldItemRequirements | None


class OrderItemUpdatedDetails(Struct):
    id: Annotated[Id, Meta(description="The item.")]
    order_type: OrderType
    resource_type: Literal["order_item"]
    self_link: SelfLink
    order_id: Id
    old_data: Changed
    new_data: Changed


class HeldStatus(Struct):
    """A status of the team's workflows."""

    id: Id
    name: str
    color: Color


class HeldSubStatus(Struct):
    id: Id
    name: str


class HeldAddonStatus(Struct):
    """A status held beside the primary one."""

    id: Id
    name: str
    color: Color
    sub_status: HeldSubStatus | None


class OrderStatusChange(Struct):
    custom_status: HeldStatus | UnsetType | None = UNSET
    custom_sub_status: HeldSubStatus | UnsetType | None = UNSET
    addon_statuses: list[HeldAddonStatus] | UnsetType = UNSET


class OrderStatusChangedDetails(Struct):
    id: Id
    order_type: OrderType
    resource_type: Literal["order"]
    self_link: SelfLink
    old_data: OrderStatusChange
    new_data: OrderStatusChange


class OrderItemStatusChange(Struct):
    custom_status: HeldStatus | UnsetType | None = UNSET
    custom_sub_status: HeldSubStatus | UnsetType | None = UNSET


class OrderItemStatusChangedDetails(Struct):
    id: Annotated[Id, Meta(description="The item.")]
    order_type: OrderType
    resource_type: Literal["order_item"]
    self_link: SelfLink
    order_id: Id
    old_data: OrderItemStatusChange
    new_data: OrderItemStatusChange


class EventActor(Struct):
    """Who did it."""

    type: str
    id: Id | None
    name: str | None


class MilestoneChange(Struct):
    status: str | UnsetType | None = UNSET
    key_date: PlainDay | UnsetType | None = UNSET
    confirmed_on: PlainDay | UnsetType | None = UNSET
    confirmed_at: Instant | UnsetType | None = UNSET
    confirmed_by: EventActor | UnsetType | None = UNSET
    rejected_at: Instant | UnsetType | None = UNSET
    rejected_by: EventActor | UnsetType | None = UNSET
    rejection_reason: str | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET


class OrderMilestoneDetails(Struct):
    """A milestone that was confirmed or rejected."""

    id: Annotated[Id, Meta(description="The milestone.")]
    order_type: OrderType
    resource_type: Literal["order_milestone"]
    self_link: _ElsewherePath
    order_id: Id
    type: str
    name: str
    position: int
    workflow_milestone_id: Id | None
    old_data: MilestoneChange
    new_data: MilestoneChange


class ChangedMilestone(Struct):
    id: Id
    type: str
    name: str
    old_data: MilestoneChange
    new_data: MilestoneChange


class OrderTimelineUpdatedDetails(Struct):
    """Milestones that moved together, also when a confirmation was undone."""

    id: Id
    order_type: OrderType
    resource_type: Literal["order"]
    self_link: SelfLink
    reason: str | None
    milestones: Annotated[list[ChangedMilestone], Meta(min_length=1, description="By their position.")]


class TaskChange(Struct):
    """Empty when the task was created."""

    status: str | UnsetType | None = UNSET
    completed_at: Instant | UnsetType | None = UNSET
    completed_by: EventActor | UnsetType | None = UNSET


class OrderTaskDetails(Struct):
    """A task that was created or completed."""

    id: Annotated[Id, Meta(description="The task.")]
    order_type: OrderType
    resource_type: Literal["order_task"]
    self_link: _ElsewherePath
    order_id: Id
    milestone_id: Id | None
    title: str
    assignee: Annotated[Any, Meta(description="Who should do it.")]
    due_date: PlainDay | None
    required: bool
    status: str
    completed_at: Instant | None
    old_data: TaskChange
    new_data: TaskChange


class OverdueSubject(Struct):
    """The status, item or milestone that is late."""

    id: Id
    name: str


class OrderOverdueDetails(Struct):
    """Told once for each cause, subject and moment."""

    id: Id
    order_type: OrderType
    resource_type: Literal["order"]
    self_link: SelfLink
    cause: Literal["status", "item_status", "milestone_late", "milestone_overdue"]
    subject: OverdueSubject
    due_at: Annotated[Instant, Meta(description="The moment that passed.")]


class WebhookDisabledDetails(Struct):
    """A webhook that Milepost itself disabled."""

    id: Annotated[Id, Meta(description="The webhook.")]
    resource_type: Literal["webhook"]
    self_link: Annotated[str, Meta(pattern="^/webhooks/")]
    url: str
    reason: Literal["gone", "failing"]
    disabled_at: Instant
    failing_since: Instant | None
    last_error: str | None


class OrderCustomer(Struct):
    """Whom the order is for."""

    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


class ShownElsewhere(Struct):
    """Properties of an order that only other surfaces show, by their names there."""

    currency: str | None
    incoterms: str | None
    payment_terms: str | None
    shipping_method: str | None
    note: str | None
    issued_at: PlainDay | None
    last_issued_at: PlainDay | None
    ships_on: PlainDay | None
    delivered_on: PlainDay | None
    workflow_id: Id | None
    customer: OrderCustomer | None
    total_price: Decimal | None
