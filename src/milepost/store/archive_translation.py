"""How the rows of an order with everything become the document of an archive."""

from milepost.kit.ids import ulid
from milepost.model import shapes
from milepost.model.archive_names import Names, Register
from milepost.model.document import REST, decimal, stop_document
from milepost.model.order import NewItem, Stop, StoredOrder, Tag
from milepost.model.order_archive import (
    Amount,
    ArchivedAddon,
    ArchivedDelay,
    ArchivedEvent,
    ArchivedItem,
    ArchivedLeft,
    ArchivedMilestone,
    ArchivedOrder,
    ArchivedTask,
    Coordinates,
    Holding,
    ItemRemainder,
    Named,
    Remainder,
)
from milepost.model.plan import LeftStatus
from milepost.model.standing import HeldStatus
from milepost.store.archive_rows import (
    AddonRow,
    ArchiveRows,
    PastEventRow,
    StandingItemRow,
    shared,
)
from milepost.store.order_rows import MilestoneRow, OrderRow, TaskRow, WholeOrder
from milepost.store.order_translation import stored_order

_NOWHERE = Stop()


def archived(rows: ArchiveRows, names: Names) -> ArchivedOrder:
    """The order of the rows, without the bytes of its documents. Raises Stale when it holds something that the
    workspace, as it was read, does not have."""
    order = stored_order(_whole(rows))
    content = order.content
    return ArchivedOrder(
        order_number=content.order_number,
        order_type=content.order_type,
        name=content.name,
        description=content.description,
        ship_to=stop_document(content.ship_to or _NOWHERE, REST),
        ship_from=None if content.ship_from is None else stop_document(content.ship_from, REST),
        source_system_id=content.source_system_id,
        start_date=content.start_date,
        expiration_date=content.expiration_date,
        references=content.references,
        shipping_requirements=shapes.complete(content.shipping_requirements, shapes.ORDER_REQUIREMENTS),
        items=tuple(_item(item.content) for item in order.items),
        tags=tuple(Tag(ulid(tag.id), tag.slug, tag.name) for tag in order.tags),
        archived=content.archived,
        supplier_created_releases_allowed=content.supplier_created_releases_allowed,
        supplier=shapes.complete(content.supplier, shapes.SUPPLIER),
        custom_data=content.custom_data,
        milepost=_remainder(rows, order, names),
    )


def _whole(rows: ArchiveRows) -> WholeOrder:
    return WholeOrder(
        order=rows.order,
        items=list(rows.items),
        releases=rows.releases,
        documents=rows.documents,
        tags=rows.tags,
        confirmed=None,
    )


def _item(content: NewItem) -> ArchivedItem:
    return ArchivedItem(
        description=content.description,
        references=content.references,
        amount=Amount(content.counted_in, decimal(content.quantity)),
        # Always in the sequence of the shape: doors store it in several.
        shipping_requirements=shapes.complete(content.shipping_requirements, shapes.ITEM_REQUIREMENTS),
        custom_data=content.custom_data,
    )


def _remainder(rows: ArchiveRows, order: StoredOrder, names: Names) -> Remainder:
    content, row = order.content, rows.order
    return Remainder(
        id=order.id,
        version=order.version,
        event_seq=order.event_seq,
        lifecycle=order.lifecycle,
        source=content.source,
        is_draft=content.is_draft,
        shopify_kind=content.shopify_kind,
        shopify_id=content.shopify_id,
        note=content.note,
        currency=content.currency,
        incoterms=content.incoterms,
        payment_terms=content.payment_terms,
        shipping_method=content.shipping_method,
        total_price=content.total_price,
        customer=content.customer,
        ship_to=_coordinates(content.ship_to),
        ship_from=_coordinates(content.ship_from),
        ships_on=content.ships_on,
        delivered_on=content.delivered_on,
        issued_on=order.issued_on,
        last_issued_on=order.last_issued_on,
        last_issued_at=order.last_issued_at,
        status_seq=order.status_seq,
        milestone_workflow=_name(names.workflows, order.milestone_workflow_id),
        created_from_order_id=order.created_from_order_id,
        released_from_release_id=order.released_from_release_id,
        placed_at=row.placed_at,
        cancelled_at=content.cancelled_at,
        created_at=order.created_at,
        updated_at=order.updated_at,
        holding=_holding(_held(row), names),
        has_metafield=order.has_metafield,
        addons=tuple(sorted((_addon(addon, names) for addon in rows.addons or ()), key=_status_of)),
        items=tuple(_item_remainder(item, names) for item in rows.items),
        milestones=tuple(_milestone(milestone, names) for milestone in rows.milestones or ()),
        delays=tuple(shared(ArchivedDelay, row) for row in rows.delays or ()),
        tasks=tuple(_task(task) for task in rows.tasks or ()),
        releases=order.releases,
        events=tuple(_event(event) for event in rows.events or ()),
    )


def _coordinates(stop: Stop | None) -> Coordinates | None:
    if stop is None or (stop.latitude_text is None and stop.longitude_text is None):
        return None
    return Coordinates(stop.latitude_text, stop.longitude_text)


def _held(row: OrderRow | StandingItemRow) -> HeldStatus:
    return HeldStatus(
        row.status_id,
        row.sub_status_id,
        row.workflow_id,
        row.anchor_status_id,
        row.status_entered_at,
        row.deadline_at,
    )


def _holding(held: HeldStatus, names: Names) -> Holding | None:
    holding = Holding(
        status=_name(names.statuses, held.status_id),
        sub_status=_name(names.options, held.sub_status_id),
        workflow=_named(names.workflows, held.workflow_id),
        anchor=_named(names.statuses, held.anchor_status_id),
        entered_at=held.entered_at,
        deadline_at=held.deadline_at,
    )
    return None if holding == Holding() else holding


def _addon(row: AddonRow, names: Names) -> ArchivedAddon:
    return ArchivedAddon(
        status=names.statuses.name(row.status_id),
        sub_status=_name(names.options, row.sub_status_id),
        entered_at=row.entered_at,
    )


def _status_of(addon: ArchivedAddon) -> str:
    return addon.status


def _item_remainder(row: StandingItemRow, names: Names) -> ItemRemainder:
    return ItemRemainder(
        id=row.id,
        position=row.position,
        shopify_line_item_id=row.shopify_line_item_id,
        sku=row.sku,
        product_id=row.product_id,
        unit_price=row.unit_price,
        has_unit=row.unit is not None,
        holding=_holding(_held(row), names),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _milestone(row: MilestoneRow, names: Names) -> ArchivedMilestone:
    return shared(
        ArchivedMilestone,
        row,
        workflow_milestone=names.milestones.named(row.workflow_milestone_id),
        linked_status=_named(names.statuses, row.linked_status_id),
        linked_sub_status=_named(names.options, row.linked_sub_status_id),
        left_status=None if row.left_status is None else _left(row.left_status, names),
    )


def _left(left: LeftStatus, names: Names) -> ArchivedLeft:
    return ArchivedLeft(
        status=_named(names.statuses, left.held.status_id),
        sub_status=_named(names.options, left.held.sub_status_id),
        workflow=_named(names.workflows, left.held.workflow_id),
        anchor=_named(names.statuses, left.held.anchor_status_id),
        entered_at=left.held.entered_at,
        deadline_at=left.held.deadline_at,
        status_seq=left.status_seq,
        former_seq=left.former_seq,
    )


def _task(row: TaskRow) -> ArchivedTask:
    return shared(ArchivedTask, row)


def _event(row: PastEventRow) -> ArchivedEvent:
    return shared(ArchivedEvent, row)


def _name(register: Register, identifier: str | None) -> str | None:
    return None if identifier is None else register.name(identifier)


def _named(register: Register, identifier: str | None) -> Named | None:
    return None if identifier is None else register.named(identifier)
