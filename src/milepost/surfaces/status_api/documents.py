"""The documents of the Status API in their newest shape (contract sections 7 to 20).

Handlers build these; the OpenAPI documents are made from them; releases (versions/) say which of their fields
are newer than which version. A field that is `UNSET` is left out of the answer.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_INSTANT = {"format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}

Id = Annotated[str, Meta(pattern=_UUID, description="UUID in lower case.")]
Instant = Annotated[datetime, Meta(description="UTC, whole seconds.", extra_json_schema=_INSTANT)]
Money = Annotated[str, Meta(pattern="^-?[0-9]+[.][0-9]{2}$", description="Two decimals.")]
Color = Annotated[str, Meta(pattern="^#[0-9A-Fa-f]{6}$", description="`#` and six hex digits.")]
Count = Annotated[int, Meta(ge=0)]
Quantity = Annotated[int | float, Meta(description="A whole number is written without a fraction.")]
OrderGid = Annotated[
    str,
    Meta(
        pattern="^gid://shopify/(Order|DraftOrder)/[0-9]+$",
        description="Shopify's global id; null when the order has none.",
    ),
]
LineItemGid = Annotated[
    str,
    Meta(
        pattern="^gid://shopify/LineItem/[0-9]+$",
        description="Shopify's global id; null when the line item has none.",
    ),
]
NamedOrder = Annotated[
    str, Meta(description="The order's UUID; for an order that was not found the text as sent.")
]
NamedLineItem = Annotated[
    str, Meta(description="The line item's UUID; for one that was not found the text as sent.")
]
ErrorText = Annotated[str, Meta(description="A sentence for people; `details.code` is for programs.")]


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
    """When the status was entered and until when it may last (section 22.10)."""

    entered_at: Instant
    deadline_at: Instant | None
    overdue: bool


class LineItem(Struct, gc=False):
    """One line of an order. `status`, `sub_status` and `deadline` are there only when `include` asks for them."""

    id: Id
    shopify_line_item_id: LineItemGid | None
    name: Annotated[str | None, Meta(description="The item's description.")]
    quantity: Quantity
    status: StatusRef | None | UnsetType = UNSET
    sub_status: SubStatusRef | None | UnsetType = UNSET
    deadline: Deadline | None | UnsetType = UNSET


class MetafieldStatus(Struct, gc=False):
    id: Id
    name: str
    display_name: str
    color: Color


class MetafieldCount(Struct, gc=False):
    """How many line items, and the sum of their quantities."""

    item_count: Count
    quantity: Quantity


class MetafieldSubStatusCount(Struct, gc=False):
    id: Id
    name: str
    item_count: Count
    quantity: Quantity


class MetafieldStatusCount(Struct, gc=False):
    """A status in use, by `order`, and its sub-statuses."""

    id: Id
    name: str
    display_name: str
    color: Color
    item_count: Count
    quantity: Quantity
    sub_statuses: list[MetafieldSubStatusCount]


class MetafieldLineItem(Struct, gc=False):
    id: Id
    shopify_line_item_id: LineItemGid | None
    name: str | None
    quantity: Quantity
    status: MetafieldStatus | None
    sub_status: SubStatusRef | None


class MetafieldValue(Struct, gc=False):
    version: Literal[1]
    order_id: Id
    item_count: Count
    quantity: Quantity
    statuses: list[MetafieldStatusCount]
    unassigned: MetafieldCount
    line_items: list[MetafieldLineItem]


class Metafield(Struct, gc=False):
    """The line item statuses of an order as a shop stores them. Same state, same bytes: it is answered as it was
    stored (section 22.9)."""

    namespace: Literal["milepost"]
    key: Literal["line_item_statuses"]
    type: Literal["json"]
    value: MetafieldValue


StoredMetafield = Annotated[Raw | None | UnsetType, Meta(extra_json_schema={"x-stored": "Metafield"})]
"""JSON text, answered byte by byte; in the OpenAPI document it is the Struct named here."""


class Order(Struct):
    """An order. `deadline` and `metafield` are there only when `include` asks for them."""

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
    deadline: Deadline | None | UnsetType = UNSET
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


_CHANNELS = ["email", "sms", "whatsapp"]


class ChannelTotals(Struct, gc=False):
    sent: Count
    failed: Count


class Notifications(Struct, gc=False):
    """What the change told the customer; only channels with at least one try."""

    total_sent: Count
    total_failed: Count
    by_channel: Annotated[dict[str, ChannelTotals], Meta(extra_json_schema={"propertyNames": {"enum": _CHANNELS}})]


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


DisplayName = Annotated[
    str, Meta(description="`public_name` when `use_public_name` is true and there is one, else `name`.")
]


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


class FaultyField(Struct, gc=False):
    field: str
    message: str


class RefusalDetails(Struct, gc=False):
    """Why: `code` is stable; which other members there are depends on it."""

    code: str
    message: Annotated[str, Meta(pattern="^Unexpected error[.] Request id: .+$")] | UnsetType = UNSET
    fields: list[FaultyField] | UnsetType = UNSET
    supported: Annotated[list[str], Meta(description="The versions that are served.")] | UnsetType = UNSET
    permission: Annotated[str, Meta(description="The permission that the key lacks.")] | UnsetType = UNSET
    minimum_version: Annotated[str, Meta(description="The first version that has it.")] | UnsetType = UNSET
    current_workflow_id: Id | None | UnsetType = UNSET
    allowed_workflow_ids: Annotated[list[Id], Meta(description="Legal at that moment.")] | UnsetType = UNSET
    current_status_id: Id | None | UnsetType = UNSET
    allowed_status_ids: Annotated[list[Id], Meta(description="Legal at that moment.")] | UnsetType = UNSET
    mode: Literal["order", "line_item"] | UnsetType = UNSET
    window: Literal["minute", "day"] | UnsetType = UNSET
    retry_after: Annotated[int, Meta(ge=1, description="Seconds.")] | UnsetType = UNSET


def json_value(text: str | None) -> Any:
    """Stored JSON text, to be answered byte by byte."""
    return None if text is None else Raw(text.encode())
