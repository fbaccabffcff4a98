"""The rows of orders and of what comes into being with them; and how orders become rows and back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from milepost.kit.natural import natural_key
from milepost.model.document import Described
from milepost.model.lifecycle import Lifecycle
from milepost.model.order import (
    Customer,
    NewItem,
    NewOrder,
    OrderType,
    Reference,
    ShopifyKind,
    Source,
    Stop,
    StoredItem,
    StoredOrder,
    search_text,
)

NULL = Raw(b"null")


class OrderRow(Struct, kw_only=True):
    """A row of `orders`, without what status changes write."""

    id: str
    version: int = 1
    event_seq: int = 1
    order_type: OrderType
    order_number: str
    order_number_key: str
    is_draft: bool
    source: Source
    shopify_kind: ShopifyKind | None
    shopify_id: int | None
    name: str | None
    description: str | None
    note: str | None
    currency: str | None
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
    lifecycle: Lifecycle
    milestone_workflow_id: str | None
    issued_on: date | None
    last_issued_on: date | None
    ships_on: date | None
    delivered_on: date | None
    metafield: Raw = NULL
    placed_at: datetime
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime


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
    unit: str
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


class MilestoneRow(Struct, kw_only=True):
    """A row of `order_milestones` as issuing makes it: pending."""

    id: str
    order_id: str
    workflow_milestone_id: str
    position: int
    type: str
    name: str
    owner: str
    linked_status_id: str | None
    linked_sub_status_id: str | None
    prompt_offset_days: int
    key_date: date | None
    created_at: datetime
    updated_at: datetime


class TaskRow(Struct, kw_only=True):
    """A row of `order_tasks` as a template makes it: open."""

    id: str
    order_id: str
    milestone_id: str
    title: str
    due_date: date | None
    required: bool
    created_at: datetime
    updated_at: datetime


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


def order_row(order: Described, milestone_workflow_id: str | None, issued_on: date | None) -> OrderRow:
    """The row of an order, at version 1 with one event unless the caller says otherwise."""
    content = order.content
    customer = content.customer or Customer()
    return OrderRow(
        id=order.id,
        order_type=content.order_type,
        order_number=content.order_number,
        order_number_key=natural_key(content.order_number),
        is_draft=content.is_draft,
        source=content.source,
        shopify_kind=content.shopify_kind,
        shopify_id=content.shopify_id,
        name=content.name,
        description=content.description,
        note=content.note,
        currency=content.currency,
        total_price=content.total_price,
        customer_first_name=customer.first_name,
        customer_last_name=customer.last_name,
        customer_email=customer.email,
        customer_phone=customer.phone,
        ship_to=content.ship_to,
        ship_from=content.ship_from,
        doc_references=content.references,
        shipping_requirements=content.shipping_requirements,
        custom_data=content.custom_data,
        supplier=content.supplier,
        supplier_created_releases_allowed=content.supplier_created_releases_allowed,
        start_date=content.start_date,
        expiration_date=content.expiration_date,
        archived=content.archived,
        search_text=search_text(
            content.order_number, content.customer, content.ship_to.company_name if content.ship_to else None
        ),
        lifecycle=order.status,
        milestone_workflow_id=milestone_workflow_id,
        issued_on=issued_on,
        last_issued_on=issued_on,
        ships_on=content.ships_on,
        delivered_on=content.delivered_on,
        # Lists sort by it and show whole seconds: what looks equal must be equal (Status API, section 8).
        placed_at=(content.placed_at or order.created_at).replace(microsecond=0),
        cancelled_at=content.cancelled_at,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def item_row(order_id: str, item_id: str, position: int, item: NewItem, now: datetime) -> ItemRow:
    return ItemRow(
        id=item_id,
        order_id=order_id,
        position=position,
        shopify_line_item_id=item.shopify_line_item_id,
        sku=item.sku,
        product_id=item.product_id,
        description=item.description,
        quantity=item.quantity,
        unit=item.unit,
        unit_price=item.unit_price,
        doc_references=item.references,
        shipping_requirements=item.shipping_requirements,
        custom_data=item.custom_data,
        created_at=now,
        updated_at=now,
    )


def stored_orders(orders: Iterable[OrderRow], items: Iterable[HeldItemRow]) -> list[StoredOrder]:
    """The orders with their lines, which come by position."""
    lines: dict[str, list[StoredItem]] = {}
    for item in items:
        lines.setdefault(item.order_id, []).append(_stored_item(item))
    return [_stored_order(row, lines.get(row.id, ())) for row in orders]


def _stored_order(row: OrderRow, items: Sequence[StoredItem]) -> StoredOrder:
    return StoredOrder(
        id=row.id,
        version=row.version,
        event_seq=row.event_seq,
        content=_content(row),
        items=tuple(items),
        lifecycle=row.lifecycle,
        has_metafield=bytes(row.metafield) != bytes(NULL),
        milestone_workflow_id=row.milestone_workflow_id,
        issued_on=row.issued_on,
        last_issued_on=row.last_issued_on,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _content(row: OrderRow) -> NewOrder:
    customer = Customer(
        row.customer_first_name, row.customer_last_name, row.customer_email, row.customer_phone
    )
    return NewOrder(
        order_number=row.order_number,
        order_type=row.order_type,
        is_draft=row.is_draft,
        source=row.source,
        shopify_kind=row.shopify_kind,
        shopify_id=row.shopify_id,
        name=row.name,
        description=row.description,
        note=row.note,
        currency=row.currency,
        total_price=row.total_price,
        customer=None if customer == Customer() else customer,
        ship_to=_stop(row.ship_to),
        ship_from=_stop(row.ship_from),
        references=row.doc_references,
        shipping_requirements=row.shipping_requirements,
        custom_data=row.custom_data,
        supplier=row.supplier,
        supplier_created_releases_allowed=row.supplier_created_releases_allowed,
        start_date=row.start_date,
        expiration_date=row.expiration_date,
        ships_on=row.ships_on,
        delivered_on=row.delivered_on,
        archived=row.archived,
        placed_at=row.placed_at,
        cancelled_at=row.cancelled_at,
    )


def _stop(stop: Stop | None) -> Stop | None:
    return None if stop == Stop() else stop


def _stored_item(row: HeldItemRow) -> StoredItem:
    return StoredItem(
        id=row.id,
        position=row.position,
        content=NewItem(
            quantity=row.quantity,
            unit=row.unit,
            description=row.description,
            shopify_line_item_id=row.shopify_line_item_id,
            sku=row.sku,
            product_id=row.product_id,
            unit_price=row.unit_price,
            references=row.doc_references,
            shipping_requirements=row.shipping_requirements,
            custom_data=row.custom_data,
        ),
        status_id=row.status_id,
        sub_status_id=row.sub_status_id,
        created_at=row.created_at,
    )
