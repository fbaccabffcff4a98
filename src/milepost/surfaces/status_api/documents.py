"""The documents of the Status API in their newest shape (contract sections 7 to 20).

Handlers build these; the OpenAPI documents are made from them; releases (versions/) say which of their fields
are newer than which version. A field that is `UNSET` is left out of the answer.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from milepost.model.workflow import CHANNELS
from milepost.surfaces.status_api.scalars import (
    WITH_DEADLINE,
    WITH_STATUSES,
    Color,
    Count,
    DisplayName,
    ErrorText,
    Id,
    Instant,
    LineItemGid,
    Money,
    NamedLineItem,
    NamedOrder,
    OrderGid,
    Quantity,
    StoredMetafield,
)


class StatusRef(Struct, gc=False):
    """A status, as things that hold it name it."""

    id: Id
    name: str
    color: Color


class SubStatusRef(Struct, gc=False):
    """A sub-status, as things that hold it name it."""

    id: Id
    name: str


class AddonStatus(Struct, gc=False):
    """A status held beside the primary one."""

    id: Id
    name: str
    color: Color
    sub_status: SubStatusRef | None


class Customer(Struct, gc=False):
    """Who ordered."""

    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


class ShippingAddress(Struct, gc=False):
    """Where the order goes; coordinates are text as the origin gave it."""

    company: str | None
    address1: str | None
    address2: str | None
    city: str | None
    province: str | None
    zip: str | None
    country: str | None
    latitude: str | None
    longitude: str | None


class Deadline(Struct, gc=False):
    """When the status was entered and until when it may last."""

    entered_at: Instant
    deadline_at: Instant | None
    overdue: bool


class LineItem(Struct, gc=False):
    """One line of an order."""

    id: Id
    shopify_line_item_id: LineItemGid | None
    name: Annotated[str | None, Meta(description="The item's description.")]
    quantity: Quantity
    status: Annotated[StatusRef | UnsetType | None, WITH_STATUSES] = UNSET
    sub_status: Annotated[SubStatusRef | UnsetType | None, WITH_STATUSES] = UNSET
    deadline: Annotated[Deadline | UnsetType | None, WITH_DEADLINE] = UNSET


class Order(Struct):
    id: Id
    shopify_order_id: OrderGid | None
    name: Annotated[str, Meta(max_length=64, description="The order number, unique in the team.")]
    workflow_id: Annotated[Id | None, Meta(description="The workflow that the order is in.")]
    workflow_name: str | None
    created_at: Annotated[Instant, Meta(description="When the order was placed. UTC, whole seconds.")]
    custom_status: StatusRef | None
    custom_sub_status: SubStatusRef | None
    addon_statuses: list[AddonStatus]
    customer: Customer | None
    shipping_address: ShippingAddress | None
    total_price: Money
    currency: Annotated[str, Meta(description="ISO 4217.")]
    line_items: list[LineItem]
    note: str | None
    cancelled: bool
    cancelled_at: Annotated[Instant | None, Meta(description="Set when `cancelled` is true.")]
    deadline: Annotated[Deadline | UnsetType | None, WITH_DEADLINE] = UNSET
    metafield: StoredMetafield = UNSET


class Pagination(Struct, gc=False):
    page: Annotated[int | Raw, Meta(extra_json_schema={"type": "integer", "minimum": 1})]
    limit: Annotated[int, Meta(ge=1, le=250)]
    total: Annotated[Count, Meta(description="Orders that match.")]
    total_pages: Annotated[Count, Meta(description="0 when nothing matches.")]


class OrderList(Struct):
    orders: list[Order]
    pagination: Pagination


class OrderAnswer(Struct):
    order: Order


class ChannelTotals(Struct, gc=False):
    sent: Count
    failed: Count


class Notifications(Struct, gc=False):
    """What the change told the customer; only channels with at least one try."""

    total_sent: Count
    total_failed: Count
    by_channel: Annotated[
        dict[str, ChannelTotals], Meta(extra_json_schema={"propertyNames": {"enum": list(CHANNELS)}})
    ]


class ChangedOrder(Struct, gc=False):
    """The order; `status` is the status that was set, also when that is an add-on."""

    id: Id
    shopify_order_id: OrderGid | None
    name: str
    status: StatusRef
    sub_status: SubStatusRef | None


class StatusChange(Struct, gc=False):
    message: Literal["Order status updated successfully"]
    order: ChangedOrder
    notifications: Notifications


class FailedOrder(Struct, gc=False):
    """An order that could not be changed or told, and why: texts and codes are those of refusals."""

    order_id: NamedOrder
    error: ErrorText
    code: str


class BulkStatusEntry(Struct, gc=False):
    order_id: NamedOrder
    success: bool
    status_id: Id | UnsetType = UNSET
    status_name: str | UnsetType = UNSET
    error: ErrorText | UnsetType = UNSET


class BulkStatusChange(Struct, gc=False):
    message: Literal["Statuses updated successfully"]
    updated: Annotated[Count, Meta(description="Distinct orders that ended well; unchanged ones too.")]
    failed: Annotated[Count, Meta(description="Distinct orders that failed.")]
    updated_count: Annotated[Count, Meta(description="The same as `updated`.")]
    success: Annotated[bool, Meta(description="Whether nothing failed.")]
    results: list[BulkStatusEntry]
    failed_entries: list[FailedOrder]
    notifications: Notifications


ChannelResult = Literal["sent", "skipped", "failed"]


class ChannelResults(Struct, gc=False):
    email: ChannelResult
    sms: ChannelResult
    whatsapp: ChannelResult


class NotificationAnswer(Struct, gc=False):
    message: Literal["Notification request processed"]
    order_id: Id
    notifications_sent: ChannelResults


class BulkNotificationEntry(Struct, gc=False):
    order_id: NamedOrder
    success: bool
    notifications_sent: ChannelResults | UnsetType = UNSET
    error: ErrorText | UnsetType = UNSET


class BulkNotification(Struct, gc=False):
    message: Literal["Bulk notification request processed"]
    sent: Annotated[Count, Meta(description="Orders that were found, whatever became of their messages.")]
    failed: Annotated[Count, Meta(description="Orders that were not.")]
    total_orders: Annotated[Count, Meta(description="Distinct orders that were named.")]
    success: Annotated[bool, Meta(description="Whether nothing failed.")]
    results: list[BulkNotificationEntry]
    failed_entries: list[FailedOrder]


class ChannelSwitches(Struct, gc=False):
    """Where customers are told that the status was entered."""

    email: bool
    sms: bool
    whatsapp: bool


class MaxDuration(Struct, gc=False):
    """How long the status may last."""

    enabled: bool
    seconds: Count
    skip_weekends: bool
    skip_holidays: bool
    show_public_overdue_date: bool


class SubStatusOption(Struct, gc=False):
    id: Id
    name: str
    order: int


class SubStatusGroup(Struct, gc=False):
    """The sub-statuses that a status can have; one group can serve several statuses."""

    id: Id
    name: str
    options: list[SubStatusOption]


class Status(Struct, gc=False):
    """A status that orders and line items can be in."""

    id: Id
    name: Annotated[str, Meta(description="The internal name.")]
    public_name: str | None
    use_public_name: bool
    display_name: DisplayName
    color: Color
    order: Annotated[int, Meta(description="Place among all statuses of the team; not dense.")]
    is_independent: Annotated[bool, Meta(description="Outside the chain: can be entered from anywhere.")]
    is_addon: Annotated[bool, Meta(description="Held beside the primary status.")]
    notifications: ChannelSwitches
    shopify_order_effect: Literal["NONE", "MARKS_ORDER_FULFILLED"]
    max_duration: MaxDuration
    sub_status_group: SubStatusGroup | None
    workflow_id: Id | None
    workflow_name: str | None


class StatusSummary(Struct, gc=False):
    total: Count
    workflows_enabled: bool


class StatusList(Struct, gc=False):
    statuses: list[Status]
    summary: StatusSummary


class StatusAnswer(Struct, gc=False):
    status: Status


class WorkflowStatus(Struct, gc=False):
    """A status as its workflow lists it: exactly nine members."""

    id: Id
    name: str
    public_name: str | None
    use_public_name: bool
    display_name: DisplayName
    color: Color
    order: int
    is_independent: bool
    is_addon: bool


class Workflow(Struct, gc=False):
    id: Id
    name: str
    description: str | None
    color: Color
    order: int
    statuses: list[WorkflowStatus]
    status_count: Count


class WorkflowSummary(Struct, gc=False):
    total: Count
    total_statuses: Count


class WorkflowList(Struct, gc=False):
    workflows: list[Workflow]
    workflows_enabled: bool
    enforce_workflow_order: bool
    summary: WorkflowSummary


class ChangedLineItem(Struct, gc=False):
    id: Id
    status: StatusRef
    sub_status: SubStatusRef | None


class LineItemChange(Struct, gc=False):
    message: Literal["Line item status updated successfully"]
    line_item: ChangedLineItem
    notifications: Notifications


class LineItemChangeAnswer(Struct, gc=False):
    success: Literal[True]
    data: LineItemChange


class LineItemEntry(Struct, gc=False):
    line_item_id: NamedLineItem
    success: bool
    status_id: Id | UnsetType = UNSET
    status_name: str | UnsetType = UNSET
    error: ErrorText | UnsetType = UNSET


class BulkLineItemChange(Struct, gc=False):
    message: Literal["Line item statuses updated successfully"]
    updated: Count
    failed: Count
    results: list[LineItemEntry]


class BulkLineItemChangeAnswer(Struct, gc=False):
    success: Literal[True]
    data: BulkLineItemChange


class BulkLineItemClearing(Struct, gc=False):
    message: Literal["Line item statuses cleared successfully"]
    cleared: Count
    failed: Count
    results: list[LineItemEntry]


class BulkLineItemClearingAnswer(Struct, gc=False):
    success: Literal[True]
    data: BulkLineItemClearing


class Settings(Struct, gc=False):
    status_specificity: Literal["order", "line_item", "combined"]
    workflows_enabled: bool
    enforce_workflow_order: bool
    enforce_product_chain: bool
    time_zone: str


class SettingsAnswer(Struct, gc=False):
    settings: Settings


def json_value(text: str | None) -> Any:
    """Stored JSON text, to be answered byte by byte."""
    return None if text is None else Raw(text.encode())
