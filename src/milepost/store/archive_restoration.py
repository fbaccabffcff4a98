"""How the document of an archive becomes the rows of an order with everything."""

from decimal import Decimal, DecimalException
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from milepost.kit.errors import Invalid
from milepost.model import metafield, shapes
from milepost.model.archive_names import Names, Register
from milepost.model.metafield import MetafieldItem
from milepost.model.order import NewItem, NewOrder, Stop, StoredItem, StoredOrder
from milepost.model.order_archive import (
    ArchivedItem,
    ArchivedLeft,
    ArchivedMilestone,
    ArchivedOrder,
    Coordinates,
    Holding,
    ItemRemainder,
    Named,
)
from milepost.model.plan import LeftStatus
from milepost.model.standing import HeldStatus
from milepost.model.urgency import next_attention
from milepost.store.archive_rows import (
    AddonRow,
    PastEventRow,
    Restorations,
    StandingItemRow,
    shared,
)
from milepost.store.order_rows import DelayRow, MilestoneRow, TaskRow
from milepost.store.order_translation import document_rows, item_row, order_row, release_row
from milepost.store.plan_translation import plan_of_rows

_NOWHERE = Stop()


def restored(order: ArchivedOrder, names: Names) -> Restorations:
    """The rows of the order, but for its tags. Raises Invalid, `not_found` where the workspace lacks what the order
    names."""
    told = order.milepost
    stored = _stored(order, names)
    milestones = [_milestone_row(told.id, milestone, names) for milestone in told.milestones]
    tasks = [shared(TaskRow, task, order_id=told.id) for task in told.tasks]
    delays = [shared(DelayRow, delay, order_id=told.id) for delay in told.delays]
    planned = replace(stored, plan=plan_of_rows(milestones, tasks, delays))
    row = order_row(stored)
    # Not part of the file: when something of it presses depends on the time zone of the team it comes to.
    row.attention_at = next_attention(planned, names.workspace.calendar.zone)
    items = [
        shared(
            StandingItemRow,
            item_row(told.id, item, remainder.updated_at),
            **_held(remainder.holding, names),
        )
        for item, remainder in zip(stored.items, told.items, strict=True)
    ]
    if told.has_metafield:
        row.metafield = _metafield(names, told.id, items)
    return Restorations(
        orders=[row],
        items=items,
        addons=[
            AddonRow(
                order_id=told.id,
                status_id=names.statuses.id(addon.status),
                sub_status_id=_id(names.options, addon.sub_status),
                entered_at=addon.entered_at,
            )
            for addon in told.addons
        ],
        milestones=milestones,
        delays=delays,
        tasks=tasks,
        releases=[release_row(told.id, release) for release in told.releases],
        documents=[row for release in told.releases for row in document_rows(release)],
        events=[shared(PastEventRow, event, order_id=told.id) for event in told.events],
        contents=dict(told.documents),
    )


def _stored(order: ArchivedOrder, names: Names) -> StoredOrder:
    told = order.milepost
    return StoredOrder(
        id=told.id,
        version=told.version,
        event_seq=told.event_seq,
        content=_content(order),
        items=tuple(
            StoredItem(
                id=remainder.id,
                position=remainder.position,
                content=_item_content(f"items.{place}", item, remainder),
                created_at=remainder.created_at,
            )
            for place, (item, remainder) in enumerate(zip(order.items, told.items, strict=True))
        ),
        lifecycle=told.lifecycle,
        held=_held_status(told.holding, names),
        status_seq=told.status_seq or 0,
        milestone_workflow_id=_id(names.workflows, told.milestone_workflow),
        issued_on=told.issued_on,
        last_issued_on=told.last_issued_on,
        last_issued_at=told.last_issued_at,
        releases=told.releases,
        created_from_order_id=told.created_from_order_id,
        released_from_release_id=told.released_from_release_id,
        created_at=told.created_at,
        updated_at=told.updated_at,
    )


def _content(order: ArchivedOrder) -> NewOrder:
    told = order.milepost
    return NewOrder(
        order_number=order.order_number,
        order_type=order.order_type,
        is_draft=told.is_draft,
        source=told.source,
        source_system_id=order.source_system_id,
        shopify_kind=told.shopify_kind,
        shopify_id=told.shopify_id,
        name=order.name,
        description=order.description,
        note=told.note,
        currency=told.currency,
        incoterms=told.incoterms,
        payment_terms=told.payment_terms,
        shipping_method=told.shipping_method,
        total_price=told.total_price,
        customer=told.customer,
        ship_to=_stop("ship_to", order.ship_to, told.ship_to),
        ship_from=None if order.ship_from is None else _stop("ship_from", order.ship_from, told.ship_from),
        references=order.references,
        shipping_requirements=order.shipping_requirements,
        custom_data=order.custom_data,
        supplier=order.supplier,
        supplier_created_releases_allowed=order.supplier_created_releases_allowed,
        start_date=order.start_date,
        expiration_date=order.expiration_date,
        ships_on=told.ships_on,
        delivered_on=told.delivered_on,
        archived=order.archived,
        placed_at=told.placed_at,
        cancelled_at=told.cancelled_at,
    )


def _stop(field: str, document: shapes.Document, origin: Coordinates | None) -> Stop | None:
    """The stop of a read; one of nulls only is none (Orders API 7.1). Raises Invalid."""
    try:
        stop = msgspec.convert(document, Stop)
    except msgspec.ValidationError as error:
        raise Invalid("invalid_value", field, f"{field}: {error}") from None
    window = stop.shipping_requirements.plan_window
    if window is not None and any(at is not None and at.tzinfo is None for at in (window.start, window.end)):
        raise Invalid("invalid_datetime", field, f"{field} has a plan window without an offset")
    stop = msgspec.structs.replace(
        stop,
        latitude_text=origin.latitude if origin else None,
        longitude_text=origin.longitude if origin else None,
    )
    return None if stop == _NOWHERE else stop


def _item_content(field: str, item: ArchivedItem, remainder: ItemRemainder) -> NewItem:
    try:
        quantity = Decimal(item.amount.value)
    except DecimalException:
        quantity = Decimal("NaN")
    if not quantity.is_finite():
        raise Invalid("invalid_value", f"{field}.amount.value", f"{field}.amount.value is no number")
    return NewItem(
        quantity=quantity,
        unit=item.amount.unit if remainder.has_unit else None,
        description=item.description,
        shopify_line_item_id=remainder.shopify_line_item_id,
        sku=remainder.sku,
        product_id=remainder.product_id,
        unit_price=remainder.unit_price,
        references=item.references,
        shipping_requirements=item.shipping_requirements,
        custom_data=item.custom_data,
    )


def _held(holding: Holding | None, names: Names) -> dict[str, Any]:
    holding = holding or Holding()
    return {
        "status_id": _id(names.statuses, holding.status),
        "sub_status_id": _id(names.options, holding.sub_status),
        "workflow_id": _id(names.workflows, holding.workflow),
        "anchor_status_id": _id(names.statuses, holding.anchor),
        "status_entered_at": holding.entered_at,
        "deadline_at": holding.deadline_at,
    }


def _milestone_row(order_id: str, milestone: ArchivedMilestone, names: Names) -> MilestoneRow:
    return shared(
        MilestoneRow,
        milestone,
        order_id=order_id,
        workflow_milestone_id=names.milestones.id(milestone.workflow_milestone),
        linked_status_id=_id(names.statuses, milestone.linked_status),
        linked_sub_status_id=_id(names.options, milestone.linked_sub_status),
        left_status=None if milestone.left_status is None else _left_status(milestone.left_status, names),
    )


def _left_status(left: ArchivedLeft, names: Names) -> LeftStatus:
    held = HeldStatus(
        status_id=_id(names.statuses, left.status),
        sub_status_id=_id(names.options, left.sub_status),
        workflow_id=_id(names.workflows, left.workflow),
        anchor_status_id=_id(names.statuses, left.anchor),
        entered_at=left.entered_at,
        deadline_at=left.deadline_at,
    )
    return LeftStatus(held, left.status_seq, left.former_seq)


def _held_status(holding: Holding | None, names: Names) -> HeldStatus:
    return HeldStatus(*_held(holding, names).values())


def _metafield(names: Names, order_id: str, items: list[StandingItemRow]) -> Raw:
    lines = [
        MetafieldItem(
            item.id,
            item.shopify_line_item_id,
            item.description,
            item.quantity,
            item.status_id,
            item.sub_status_id,
        )
        for item in items
    ]
    return Raw(metafield.build(names.workspace, order_id, lines).encode())


def _id(register: Register, named: Named | None) -> str | None:
    return None if named is None else register.id(named)
