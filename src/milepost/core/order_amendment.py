"""A known order follows the shop's word: what changes, and the events that tell of it."""

from datetime import datetime
from itertools import count

import msgspec
from msgspec import Raw

from milepost.core.record import event_rows
from milepost.kit.ids import new_id
from milepost.model import metafield, shop
from milepost.model.actor import Actor
from milepost.model.document import (
    Described,
    Diff,
    diff_item,
    diff_order,
    elsewhere,
    item_document,
    order_document,
)
from milepost.model.events import Event, EventType
from milepost.model.metafield import MetafieldItem
from milepost.model.order import NewItem, NewOrder, StoredOrder
from milepost.model.shapes import Document
from milepost.model.status_events import numbered
from milepost.model.workflow import Workspace
from milepost.store.order_rows import NULL, item_row, order_row
from milepost.store.orders import Amendments

Change = tuple[EventType, str | None, Diff, Document]


def amend(
    rows: Amendments,
    actor: Actor,
    workspace: Workspace,
    stored: StoredOrder,
    told: NewOrder,
    now: datetime,
) -> bool:
    """Adds the rows that make the stored order what the shop tells of it at `now`; False when it is so.

    Events come by what happened to lines (left, changed, new; each by line id), then `order.updated`. The
    derived status changes only by cancelling: nothing else that it follows from is the shop's to say.
    """
    content, lines = shop.retold(stored, told)
    if content == stored.content and not lines.changed:
        return False
    added = [(new_id(), item) for item in lines.added]
    last = max((item.position for item in stored.items), default=0)
    placed = list(zip(count(last + 1), added, strict=False))
    after = _described(stored, content, [*((item.id, new) for item, new in lines.kept), *added], now)
    changes = [*_line_changes(content, lines, added), *_order_changes(stored, after)]
    events = _numbered(stored, content, changes, now)
    row = order_row(after, stored.milestone_workflow_id, stored.issued_on)
    row.version, row.event_seq = stored.version, stored.event_seq + len(events)
    row.metafield = _metafield(workspace, stored, lines, added)
    rows.orders.append(row)
    rows.gone_items += [item.id for item in lines.gone]
    rows.kept_items += [
        item_row(stored.id, item.id, item.position, new, now)
        for item, new in lines.kept
        if new != item.content
    ]
    rows.new_items += [item_row(stored.id, item_id, place, new, now) for place, (item_id, new) in placed]
    rows.events += event_rows(actor, events, now)
    return True


def _described(
    stored: StoredOrder, content: NewOrder, items: list[tuple[str, NewItem]], now: datetime
) -> Described:
    cancelled = content.cancelled_at is not None
    return Described(
        id=stored.id,
        content=content,
        items=items,
        status="CANCELED" if cancelled else stored.lifecycle,
        created_at=stored.created_at,
        updated_at=now,
    )


def _line_changes(content: NewOrder, lines: shop.Lines, added: list[tuple[str, NewItem]]) -> list[Change]:
    """A line that leaves an order of another type than PURCHASE_ORDER tells nobody (Orders API, O-43)."""
    changes: list[Change] = []
    if content.order_type == "PURCHASE_ORDER":
        for item in sorted(lines.gone, key=lambda item: item.id):
            gone = item_document(item.id, item.content)
            changes.append(("order.item.deleted", item.id, (gone, {}), {}))
    for item, new in sorted(lines.kept, key=lambda pair: pair[0].id):
        diff = diff_item(item_document(item.id, item.content), item_document(item.id, new))
        if diff != ({}, {}):
            changes.append(("order.item.updated", item.id, diff, {}))
    for item_id, new in added:
        changes.append(("order.item.created", item_id, ({}, item_document(item_id, new)), {}))
    return changes


def _order_changes(stored: StoredOrder, after: Described) -> list[Change]:
    before = Described(
        id=stored.id,
        content=stored.content,
        items=(),
        status=stored.lifecycle,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )
    diff = diff_order(
        order_document(before) | elsewhere(before.content), order_document(after) | elsewhere(after.content)
    )
    return [] if diff == ({}, {}) else [("order.updated", None, diff, {})]


def _numbered(stored: StoredOrder, content: NewOrder, changes: list[Change], now: datetime) -> list[Event]:
    """The order is cancelled when the shop cancelled it, if that lies in the past."""
    facts = {"order_number": content.order_number, "order_type": content.order_type}
    events = list(numbered(stored.id, stored.event_seq, facts, now, changes))
    if content.cancelled_at is not None and stored.content.cancelled_at is None:
        events[-1] = msgspec.structs.replace(events[-1], effective_at=min(content.cancelled_at, now))
    return events


def _metafield(
    workspace: Workspace, stored: StoredOrder, lines: shop.Lines, added: list[tuple[str, NewItem]]
) -> Raw:
    """The summary of line item statuses, made anew when the order has one and its lines change."""
    if not (stored.has_metafield and lines.changed):
        return NULL
    items = [_summed_up(item.id, new, item.status_id, item.sub_status_id) for item, new in lines.kept]
    items += [_summed_up(item_id, new) for item_id, new in added]
    return Raw(metafield.build(workspace, stored.id, items).encode())


def _summed_up(
    item_id: str, item: NewItem, status_id: str | None = None, sub_status_id: str | None = None
) -> MetafieldItem:
    return MetafieldItem(
        item_id, item.shopify_line_item_id, item.description, item.quantity, status_id, sub_status_id
    )
