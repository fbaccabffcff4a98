"""How orders become rows and back."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from milepost.kit.natural import natural_key
from milepost.model.order import (
    Customer,
    NewItem,
    NewOrder,
    Stop,
    StoredItem,
    StoredOrder,
    external_id,
    search_text,
)
from milepost.model.releases import Release, ReleaseDocument
from milepost.model.standing import HeldStatus
from milepost.store.order_rows import (
    NULL,
    DocumentRow,
    HeldItemRow,
    ItemRow,
    OrderProgressRow,
    OrderRow,
    ReleaseRow,
    WholeOrder,
)
from milepost.store.plan_translation import plan_of


def progress_row(order: StoredOrder) -> OrderProgressRow:
    """How far an order is, as columns of its row."""
    held = order.held
    return OrderProgressRow(
        id=order.id,
        version=order.version,
        event_seq=order.event_seq,
        lifecycle=order.lifecycle,
        status_id=held.status_id,
        sub_status_id=held.sub_status_id,
        workflow_id=held.workflow_id,
        anchor_status_id=held.anchor_status_id,
        status_entered_at=held.entered_at,
        deadline_at=held.deadline_at,
        status_seq=order.status_seq,
        milestone_workflow_id=order.milestone_workflow_id,
        issued_on=order.issued_on,
        last_issued_on=order.last_issued_on,
        last_issued_at=order.last_issued_at,
        attention_at=order.attention_at,
        updated_at=order.updated_at,
    )


def order_row(order: StoredOrder) -> OrderRow:
    """The row of an order."""
    content = order.content
    customer = content.customer or Customer()
    return OrderRow(
        **msgspec.structs.asdict(progress_row(order)),
        order_type=content.order_type,
        order_number=content.order_number,
        order_number_key=natural_key(content.order_number),
        is_draft=content.is_draft,
        source=content.source,
        source_system_id=content.source_system_id,
        external_id=external_id(content.references),
        shopify_kind=content.shopify_kind,
        shopify_id=content.shopify_id,
        name=content.name,
        description=content.description,
        note=content.note,
        currency=content.currency,
        incoterms=content.incoterms,
        payment_terms=content.payment_terms,
        shipping_method=content.shipping_method,
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
        ships_on=content.ships_on,
        delivered_on=content.delivered_on,
        created_from_order_id=order.created_from_order_id,
        released_from_release_id=order.released_from_release_id,
        # Lists sort by it and show whole seconds: what looks equal must be equal (Status API, section 8).
        placed_at=(content.placed_at or order.created_at).replace(microsecond=0),
        cancelled_at=content.cancelled_at,
        created_at=order.created_at,
    )


def item_row(order_id: str, item: StoredItem, now: datetime) -> ItemRow:
    """The row of a line that was added or changed at `now`."""
    content = item.content
    return ItemRow(
        id=item.id,
        order_id=order_id,
        position=item.position,
        shopify_line_item_id=content.shopify_line_item_id,
        sku=content.sku,
        product_id=content.product_id,
        description=content.description,
        quantity=content.quantity,
        unit=content.unit,
        unit_price=content.unit_price,
        doc_references=content.references,
        shipping_requirements=content.shipping_requirements,
        custom_data=content.custom_data,
        created_at=item.created_at,
        updated_at=now,
    )


def release_row(order_id: str, release: Release) -> ReleaseRow:
    return ReleaseRow(
        id=release.id,
        order_id=order_id,
        release_type=release.release_type,
        items=release.items,
        unassigned_at=release.unassigned_at,
        transit_status=release.transit_status,
        shipping_plan_id=release.shipping_plan_id,
        shipment_id=release.shipment_id,
        shipment_reference_id=release.shipment_reference_id,
        origin_stop_id=release.origin_stop_id,
        destination_stop_id=release.destination_stop_id,
        released_to_order_id=release.released_to_order_id,
        created_at=release.created_at,
    )


def document_rows(release: Release) -> list[DocumentRow]:
    return [
        DocumentRow(
            id=file.id,
            release_id=release.id,
            position=position,
            file_name=file.file_name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
            document_type=file.document_type,
            description=file.description,
        )
        for position, file in enumerate(release.documents, 1)
    ]


def stored_order(whole: WholeOrder) -> StoredOrder:
    """The order of its rows."""
    row = whole.order
    plan = plan_of(whole) if whole.has_plan else None
    return StoredOrder(
        id=row.id,
        version=row.version,
        event_seq=row.event_seq,
        content=_content(row),
        items=tuple(_stored_item(item) for item in whole.items),
        lifecycle=row.lifecycle,
        has_metafield=bytes(row.metafield) != bytes(NULL),
        held=HeldStatus(
            row.status_id,
            row.sub_status_id,
            row.workflow_id,
            row.anchor_status_id,
            row.status_entered_at,
            row.deadline_at,
        ),
        status_seq=row.status_seq,
        milestone_workflow_id=row.milestone_workflow_id,
        issued_on=row.issued_on,
        last_issued_on=row.last_issued_on,
        last_issued_at=row.last_issued_at,
        attention_at=row.attention_at,
        plan=plan,
        tags=tuple(whole.tags or ()),
        releases=_releases(whole.releases or (), whole.documents or ()),
        confirmed_types=frozenset(whole.confirmed or ()) if plan is None else plan.confirmed_types,
        created_from_order_id=row.created_from_order_id,
        released_from_release_id=row.released_from_release_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _releases(rows: Sequence[ReleaseRow], files: Sequence[DocumentRow]) -> tuple[Release, ...]:
    documents: dict[str, list[ReleaseDocument]] = {}
    for file in files:
        documents.setdefault(file.release_id, []).append(
            ReleaseDocument(
                id=file.id,
                file_name=file.file_name,
                content_type=file.content_type,
                size=file.size,
                sha256=file.sha256,
                document_type=file.document_type,
                description=file.description,
            )
        )
    return tuple(_release(row, tuple(documents.get(row.id, ()))) for row in rows)


def _release(row: ReleaseRow, documents: tuple[ReleaseDocument, ...]) -> Release:
    return Release(
        id=row.id,
        release_type=row.release_type,
        items=row.items,
        unassigned_at=row.unassigned_at,
        transit_status=row.transit_status,
        shipping_plan_id=row.shipping_plan_id,
        shipment_id=row.shipment_id,
        shipment_reference_id=row.shipment_reference_id,
        origin_stop_id=row.origin_stop_id,
        destination_stop_id=row.destination_stop_id,
        released_to_order_id=row.released_to_order_id,
        documents=documents,
        created_at=row.created_at,
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
        source_system_id=row.source_system_id,
        shopify_kind=row.shopify_kind,
        shopify_id=row.shopify_id,
        name=row.name,
        description=row.description,
        note=row.note,
        currency=row.currency,
        incoterms=row.incoterms,
        payment_terms=row.payment_terms,
        shipping_method=row.shipping_method,
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
