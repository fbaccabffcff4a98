"""A known order becomes what it shall be: which rows change, and the events that tell of it."""

from datetime import datetime

import msgspec
from msgspec import Raw

from milepost.core.record import recorded, wants_object
from milepost.model import metafield
from milepost.model.actor import Actor
from milepost.model.document import (
    Diff,
    diff_item,
    diff_order,
    elsewhere,
    item_document,
    order_document,
    shown_order,
)
from milepost.model.events import Event, EventType
from milepost.model.metafield import MetafieldItem
from milepost.model.order import StoredItem, StoredOrder
from milepost.model.releases import available
from milepost.model.shapes import Document
from milepost.model.status_events import numbered
from milepost.model.workflow import Workspace
from milepost.store.order_rows import NULL, OrderTagRow
from milepost.store.order_translation import document_rows, item_row, order_row, release_row
from milepost.store.orders import Amendments

Change = tuple[EventType, str | None, Diff, Document]


def amend(
    rows: Amendments,
    actor: Actor,
    workspace: Workspace,
    before: StoredOrder,
    after: StoredOrder,
    now: datetime,
) -> StoredOrder:
    """Adds the rows that make the order `before` what `after` says, and returns it as it will be; `before` itself
    when nothing differs.

    Events come by what happened to lines (left, changed, new; each by line id), then `order.updated` (Orders
    API, section 14).
    """
    changes = [*_line_changes(before, after), *_order_changes(before, after)]
    if not changes and after == before:
        return before
    stored = msgspec.structs.replace(
        after, version=before.version + 1, event_seq=before.event_seq + len(changes), updated_at=now
    )
    events = _events(workspace, before, stored, changes, now)
    event_rows, deliveries = recorded(workspace, actor, events, now)
    rows.events += event_rows
    rows.deliveries += deliveries
    row = order_row(stored)
    row.version = before.version
    row.metafield = _metafield(workspace, before, stored)
    rows.orders.append(row)
    _amend_parts(rows, before, stored, now)
    return stored


def _amend_parts(rows: Amendments, before: StoredOrder, after: StoredOrder, now: datetime) -> None:
    """The rows of lines, releases and tags that change."""
    old_items, new_ids = _by_id(before), {item.id for item in after.items}
    rows.gone_items += [item.id for item in before.items if item.id not in new_ids]
    for item in after.items:
        old = old_items.get(item.id)
        if old is None:
            rows.new_items.append(item_row(after.id, item, now))
        elif old is not item and (old != item or _differs(old, item)):
            rows.kept_items.append(item_row(after.id, item, now))
    releases = {release.id: release for release in before.releases}
    for release in after.releases:
        if releases.get(release.id) != release:
            rows.releases.append(release_row(after.id, release))
        if release.id not in releases:
            rows.documents += document_rows(release)
    if before.tags != after.tags:
        rows.retagged.append(after.id)
        rows.tags += [OrderTagRow(after.id, tag.id) for tag in after.tags]


def _line_changes(before: StoredOrder, after: StoredOrder) -> list[Change]:
    """A line that leaves an order of another type than PURCHASE_ORDER tells nobody (Orders API, O-43)."""
    old_items, new_items = _by_id(before), _by_id(after)
    left, left_before = available(after), available(before)
    gone, changed, added = list[Change](), list[Change](), list[Change]()
    if after.content.order_type == "PURCHASE_ORDER":
        for item_id in sorted(old_items.keys() - new_items.keys()):
            document = item_document(item_id, old_items[item_id].content, left_before.get(item_id))
            gone.append(("order.item.deleted", item_id, (document, {}), {}))
    for item_id, item in sorted(new_items.items()):
        old = old_items.get(item_id)
        if old is None:
            document = item_document(item_id, item.content, left.get(item_id))
            added.append(("order.item.created", item_id, ({}, document), {}))
        elif old is not item:
            diff = diff_item(item_document(item_id, old.content), item_document(item_id, item.content))
            if diff != ({}, {}):
                changed.append(("order.item.updated", item_id, diff, {}))
    return [*gone, *changed, *added]


def _order_changes(before: StoredOrder, after: StoredOrder) -> list[Change]:
    old = order_document(msgspec.structs.replace(before, items=())) | elsewhere(before.content)
    new = order_document(msgspec.structs.replace(after, items=())) | elsewhere(after.content)
    diff = diff_order(old, new)
    return [] if diff == ({}, {}) else [("order.updated", None, diff, {})]


def _events(
    workspace: Workspace, before: StoredOrder, after: StoredOrder, changes: list[Change], now: datetime
) -> list[Event]:
    """A cancellation is as old as its word says, if that lies in the past."""
    content = after.content
    facts = {"order_number": content.order_number, "order_type": content.order_type}
    events = list(numbered(after.id, before.event_seq, facts, now, changes))
    cancelled_at = content.cancelled_at
    if cancelled_at is not None and before.content.cancelled_at is None:
        events[-1] = msgspec.structs.replace(events[-1], effective_at=min(cancelled_at, now))
    return [_with_object(workspace, after, event) for event in events]


def _with_object(workspace: Workspace, after: StoredOrder, event: Event) -> Event:
    if not wants_object(workspace, event.type):
        return event
    if event.type == "order.updated":
        shown = shown_order(after)
    else:
        item = _by_id(after)[event.subject_id or ""]
        shown = item_document(item.id, item.content, available(after).get(item.id))
    return msgspec.structs.replace(event, new_object=shown)


def _metafield(workspace: Workspace, before: StoredOrder, after: StoredOrder) -> Raw:
    """The summary of line item statuses, made anew when the order has one and its lines change."""
    if not before.has_metafield or not _items_differ(before, after):
        return NULL
    items = [
        MetafieldItem(
            item.id,
            item.content.shopify_line_item_id,
            item.content.description,
            item.content.quantity,
            item.status_id,
            item.sub_status_id,
        )
        for item in after.items
    ]
    return Raw(metafield.build(workspace, after.id, items).encode())


def _items_differ(before: StoredOrder, after: StoredOrder) -> bool:
    if len(before.items) != len(after.items):
        return True
    return any(
        old is not new and (old != new or _differs(old, new))
        for old, new in zip(before.items, after.items, strict=True)
    )


def _differs(old: StoredItem, new: StoredItem) -> bool:
    """Whether the documents differ where Python sees no difference: 88 and 88.0 are two amounts (D4)."""
    return diff_item(item_document(old.id, old.content), item_document(new.id, new.content)) != ({}, {})


def _by_id(order: StoredOrder) -> dict[str, StoredItem]:
    return {item.id: item for item in order.items}
