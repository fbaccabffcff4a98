"""The rows of orders and of what comes into being with them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from milepost.model.lifecycle import Lifecycle
from milepost.model.order import (
    OrderType,
    Reference,
    ShopifyKind,
    Source,
    Stop,
    Tag,
)
from milepost.model.plan import DelaySource, LeftStatus, MilestoneState, Who
from milepost.model.releases import ReleasedItem, ReleaseType, TransitStatus
from milepost.model.workflow import MilestoneType, Owner

NULL = Raw(b"null")


class OrderProgressRow(Struct, kw_only=True):
    """Of a row of `orders`: how far it is. All that milestones, statuses and issuing change of an order."""

    id: str
    version: int = 1
    event_seq: int = 1
    lifecycle: Lifecycle
    status_id: str | None
    sub_status_id: str | None
    workflow_id: str | None
    anchor_status_id: str | None
    status_entered_at: datetime | None
    deadline_at: datetime | None
    status_seq: int
    milestone_workflow_id: str | None
    issued_on: date | None
    last_issued_on: date | None
    last_issued_at: datetime | None
    attention_at: datetime | None
    metafield: Raw = NULL
    updated_at: datetime


class OrderRow(OrderProgressRow, kw_only=True):
    """A row of `orders`."""

    order_type: OrderType
    order_number: str
    order_number_key: str
    is_draft: bool
    source: Source
    source_system_id: str | None
    external_id: str | None
    shopify_kind: ShopifyKind | None
    shopify_id: int | None
    name: str | None
    description: str | None
    note: str | None
    currency: str | None
    incoterms: str | None
    payment_terms: str | None
    shipping_method: str | None
    total_price: Decimal | None
    customer_first_name: str | None
    customer_last_name: str | None
    customer_email: str | None
    customer_phone: str | None
    ship_to: Stop | None
    ship_from: Stop | None
    doc_references: tuple[Reference, ...]
    shipping_requirements: dict[str, Any] | None
    custom_data: dict[str, Any] | None
    supplier: dict[str, Any] | None
    supplier_created_releases_allowed: bool
    start_date: date | None
    expiration_date: date | None
    archived: bool
    search_text: str
    ships_on: date | None
    delivered_on: date | None
    created_from_order_id: str | None
    released_from_release_id: str | None
    placed_at: datetime
    cancelled_at: datetime | None
    created_at: datetime


class ItemRow(Struct, kw_only=True):
    """A row of `order_items`, without what status changes write."""

    id: str
    order_id: str
    position: int
    shopify_line_item_id: int | None
    sku: str | None
    product_id: str | None
    description: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal | None
    doc_references: tuple[Reference, ...]
    shipping_requirements: dict[str, Any] | None
    custom_data: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class HeldItemRow(ItemRow, kw_only=True):
    """A stored line with the status it holds."""

    status_id: str | None
    sub_status_id: str | None


class ReleaseRow(Struct, kw_only=True):
    """A row of `releases`."""

    id: str
    order_id: str
    release_type: ReleaseType
    items: tuple[ReleasedItem, ...]
    unassigned_at: datetime | None
    transit_status: TransitStatus | None
    shipping_plan_id: str | None
    shipment_id: str | None
    shipment_reference_id: str | None
    origin_stop_id: str | None
    destination_stop_id: str | None
    released_to_order_id: str | None
    created_at: datetime


class OrderTagRow(Struct):
    """A row of `order_tags`."""

    order_id: str
    tag_id: str


class DocumentRow(Struct, kw_only=True):
    """A row of `release_documents`."""

    id: str
    release_id: str
    position: int
    file_name: str
    content_type: str
    size: int
    sha256: str
    document_type: str | None
    description: str | None


class WholeOrder(Struct, kw_only=True):
    """An order with all that a decision on it needs, as one statement reads it."""

    order: OrderRow
    items: list[HeldItemRow]
    releases: list[ReleaseRow] | None
    documents: list[DocumentRow] | None
    tags: list[Tag] | None
    confirmed: list[str] | None = None
    """The types of its confirmed milestones, where the plan was not asked for."""
    milestones: list["MilestoneRow"] | None = None
    """These, tasks and delays only where it was."""
    tasks: list["TaskRow"] | None = None
    delays: list["DelayRow"] | None = None
    has_plan: bool = False


class MilestoneRow(Struct, kw_only=True):
    """A row of `order_milestones`."""

    id: str
    order_id: str
    workflow_milestone_id: str
    position: int
    type: MilestoneType
    name: str
    owner: Owner
    linked_status_id: str | None
    linked_sub_status_id: str | None
    prompt_offset_days: int
    key_date: date | None
    status: MilestoneState
    confirmed_on: date | None
    confirmed_at: datetime | None
    confirmed_by: Who | None
    rejected_at: datetime | None
    rejected_by: Who | None
    rejection_reason: str | None
    note: str | None
    undone_at: datetime | None
    left_status: LeftStatus | None
    late_told_for: date | None
    overdue_told_at: datetime | None
    created_at: datetime
    updated_at: datetime


class TaskRow(Struct, kw_only=True):
    """A row of `order_tasks`."""

    id: str
    order_id: str
    milestone_id: str | None
    title: str
    assignee: str | None
    due_date: date | None
    required: bool
    completed_at: datetime | None
    completed_by: Who | None
    created_at: datetime
    updated_at: datetime


class DelayRow(Struct, kw_only=True):
    """A row of `milestone_delays`."""

    id: str
    order_id: str
    milestone_id: str
    old_date: date | None
    new_date: date
    reason: str | None
    note: str | None
    source: DelaySource
    recorded_by: Who
    recorded_at: datetime


class EventRow(Struct, kw_only=True):
    """A row of `events`."""

    id: str
    order_id: str | None
    sequence: int | None
    type: str
    subject_id: str | None
    actor_kind: str
    actor_id: str | None
    actor_name: str
    effective_at: datetime
    recorded_at: datetime
    old_data: Any
    new_data: Any
    facts: Any
    new_object: Any = None
