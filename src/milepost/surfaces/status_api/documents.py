"""The documents of the Status API in their newest shape (contract sections 7 to 20).

Handlers build these; the OpenAPI documents are made from them; releases (versions/) say which of their fields
are newer than which version. A field that is `UNSET` is left out of the answer.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

Id = Annotated[str, Meta(description="UUID in lower case", examples=["019df1ae-f7c8-7a41-9c2e-5b70d3f81e64"])]
Instant = Annotated[datetime, Meta(description="UTC, whole seconds", examples=["2026-05-04T06:31:09Z"])]
Money = Annotated[str, Meta(pattern=r"^-?\d+\.\d{2}$", examples=["2140.00"])]
Count = Annotated[int, Meta(ge=0)]


class StatusRef(Struct, gc=False):
    """A status, as things that hold it name it."""

    id: Id
    name: str
    color: str


class SubStatusRef(Struct, gc=False):
    """A sub-status, as things that hold it name it."""

    id: Id
    name: str


class AddonStatus(Struct, gc=False):
    """A status held beside the primary one."""

    id: Id
    name: str
    color: str
    sub_status: SubStatusRef | None


class Customer(Struct, gc=False):
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
    """When the status was entered and until when it may last (section 22.10)."""

    entered_at: Instant
    deadline_at: Instant | None
    overdue: bool


class LineItem(Struct, gc=False):
    id: Id
    shopify_line_item_id: str | None
    name: str | None
    quantity: int | float
    status: StatusRef | None | UnsetType = UNSET
    sub_status: SubStatusRef | None | UnsetType = UNSET
    deadline: Deadline | None | UnsetType = UNSET


class Order(Struct):
    id: Id
    shopify_order_id: str | None
    name: str
    workflow_id: Id | None
    workflow_name: str | None
    created_at: Instant
    custom_status: StatusRef | None
    custom_sub_status: SubStatusRef | None
    addon_statuses: list[AddonStatus]
    customer: Customer | None
    shipping_address: ShippingAddress | None
    total_price: Money
    currency: str
    line_items: list[LineItem]
    note: str | None
    cancelled: bool
    cancelled_at: Instant | None
    deadline: Deadline | None | UnsetType = UNSET
    metafield: Annotated[Raw | None | UnsetType, Meta(extra_json_schema={"type": ["object", "null"]})] = UNSET


class Pagination(Struct, gc=False):
    page: Annotated[int | Raw, Meta(extra_json_schema={"type": "integer"})]
    limit: Count
    total: Count
    total_pages: Count


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
    by_channel: dict[str, ChannelTotals]


class ChangedOrder(Struct, gc=False):
    id: Id
    shopify_order_id: str | None
    name: str
    status: StatusRef
    sub_status: SubStatusRef | None


class StatusChange(Struct, gc=False):
    message: Literal["Order status updated successfully"]
    order: ChangedOrder
    notifications: Notifications


class FailedOrder(Struct, gc=False):
    order_id: str
    error: str
    code: str


class BulkStatusEntry(Struct, gc=False):
    order_id: str
    success: bool
    status_id: Id | UnsetType = UNSET
    status_name: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class BulkStatusChange(Struct, gc=False):
    message: Literal["Statuses updated successfully"]
    updated: Count
    failed: Count
    updated_count: Count
    success: bool
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
    order_id: str
    success: bool
    notifications_sent: ChannelResults | UnsetType = UNSET
    error: str | UnsetType = UNSET


class BulkNotification(Struct, gc=False):
    message: Literal["Bulk notification request processed"]
    sent: Count
    failed: Count
    total_orders: Count
    success: bool
    results: list[BulkNotificationEntry]
    failed_entries: list[FailedOrder]


class ChannelSwitches(Struct, gc=False):
    email: bool
    sms: bool
    whatsapp: bool


class MaxDuration(Struct, gc=False):
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
    id: Id
    name: str
    options: list[SubStatusOption]


class Status(Struct, gc=False):
    id: Id
    name: str
    public_name: str | None
    use_public_name: bool
    display_name: str
    color: str
    order: int
    is_independent: bool
    is_addon: bool
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
    display_name: str
    color: str
    order: int
    is_independent: bool
    is_addon: bool


class Workflow(Struct, gc=False):
    id: Id
    name: str
    description: str | None
    color: str
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
    line_item_id: str
    success: bool
    status_id: Id | UnsetType = UNSET
    status_name: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


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


class FaultyField(Struct, gc=False):
    field: str
    message: str


class RefusalDetails(Struct, gc=False):
    """Why: `code` is stable; the other members depend on it (see the error table)."""

    code: str
    message: str | UnsetType = UNSET
    fields: list[FaultyField] | UnsetType = UNSET
    supported: list[str] | UnsetType = UNSET
    permission: str | UnsetType = UNSET
    minimum_version: str | UnsetType = UNSET
    current_workflow_id: Id | None | UnsetType = UNSET
    allowed_workflow_ids: list[Id] | UnsetType = UNSET
    current_status_id: Id | None | UnsetType = UNSET
    allowed_status_ids: list[Id] | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    window: Literal["minute", "day"] | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET


class Refusal(Struct, gc=False):
    """Nothing was changed."""

    error: str
    details: RefusalDetails
    success: Annotated[Literal[False] | UnsetType, Meta(description="On /v1/line-items/* only")] = UNSET


def json_value(text: str | None) -> Any:
    """Stored JSON text, to be answered byte by byte."""
    return None if text is None else Raw(text.encode())
