"""A known order becomes what it shall be: which rows change, and the events that tell of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Raw

from milepost.core.plan_amendment import add_plan_rows, dated, plan_as_written, plan_changes
from milepost.core.record import recorded, wants_object
from milepost.kit.ids import ulid
from milepost.model import metafield
from milepost.model.actor import Actor
from milepost.model.document import (
    diff_item,
    diff_order,
    elsewhere,
    item_document,
    order_document,
    shown_order,
)
from milepost.model.events import Event, EventType
from milepost.model.key_dates import TARGET_DATES
from milepost.model.metafield import MetafieldItem
from milepost.model.order import StoredItem, StoredOrder
from milepost.model.plan_changes import Change
from milepost.model.releases import available
from milepost.model.shapes import Document
from milepost.model.status_events import numbered
from milepost.model.urgency import next_attention
from milepost.model.workflow import Workspace
from milepost.store.amendments import AmendedOrder, Amendments
from milepost.store.order_rows import NULL, OrderTagRow
from milepost.store.order_translation import document_rows, item_row, release_row
from milepost.store.outbox import NewMessage

Messages = Callable[[str], Sequence[NewMessage]]
"""What goes to the customer, by the id of the event that tells of the status entered."""


def nobody(event_id: str) -> Sequence[NewMessage]:
    return ()


def amend(
    rows: Amendments,
    actor: Actor,
    workspace: Workspace,
    before: StoredOrder,
    after: StoredOrder,
    now: datetime,
    *,
    reason: str | None = None,
    order_first: bool = False,
    messages: Messages = nobody,
) -> StoredOrder:
    """Adds the rows that make the order `before` what `after` says, and returns it as it will be; `before` itself
    when nothing differs.

    Events come by what happened to milestones, status, timeline and tasks (Milestones API, section 8.8), then to
    lines (left, changed, new; each by line id), then `order.updated` (Orders API, section 14). `order_first`:
    `order.updated` comes first, unless it tells of nothing but the derived status. `reason` is that of the timeline's
    change. `messages` gives what goes to the customer, by the id of the event that a status was entered.
    """
    changes = _changes(workspace, before, after, reason, order_first=order_first)
    if not changes and after == before:
        return before
    stored = _as_written(workspace, before, after, changes, now)
    events = _events(workspace, before, stored, changes, now)
    entered = next((event.id for event in events if event.type == "order.status.changed"), None)
    rows.messages += messages(entered) if entered is not None else ()
    event_rows, deliveries = recorded(workspace, actor, events, now)
    rows.events += event_rows
    rows.deliveries += deliveries
    rows.orders.append(
        AmendedOrder(
            stored,
            read_version=before.version,
            has_new_content=stored.content is not before.content,
            metafield=_metafield(workspace, before, stored),
        )
    )
    _amend_parts(rows, before, stored, now)
    return stored


def _changes(
    workspace: Workspace, before: StoredOrder, after: StoredOrder, reason: str | None, *, order_first: bool
) -> list[Change]:
    planned, lines = plan_changes(workspace, before, after, reason), _line_changes(before, after)
    own = _order_changes(before, after)
    if order_first and own and own[0][2][1].keys() != {"status"}:
        return [*own, *planned, *lines]
    return [*planned, *lines, *own]


def _as_written(
    workspace: Workspace, before: StoredOrder, after: StoredOrder, changes: list[Change], now: datetime
) -> StoredOrder:
    """The order with what every change of it brings: version, sequence, moments."""
    numbers = {kind: before.event_seq + number for number, (kind, _, _, _) in enumerate(changes, 1)}
    stored = msgspec.structs.replace(
        after,
        version=before.version + 1,
        event_seq=before.event_seq + len(changes),
        status_seq=_status_seq(before, after, numbers),
        attention_at=None if after.content.cancelled_at is not None else after.attention_at,
        updated_at=now,
    )
    if stored.plan is None or before.plan is None:
        return stored
    plan = plan_as_written(before.plan, stored.plan, stored.status_seq, now)
    stored = msgspec.structs.replace(stored, plan=plan)
    return msgspec.structs.replace(stored, attention_at=next_attention(stored, workspace.calendar.zone))


def _status_seq(before: StoredOrder, after: StoredOrder, numbers: Mapping[EventType, int]) -> int:
    """The sequence of the event that brought the status: that of this change, unless an undo brings back an earlier
    one (model/linked_status.py)."""
    if after.status_seq != before.status_seq:
        return after.status_seq
    return numbers.get("order.status.changed", before.status_seq)


def _amend_parts(rows: Amendments, before: StoredOrder, after: StoredOrder, now: datetime) -> None:
    """The rows of lines, releases, tags and the plan that change."""
    add_plan_rows(rows, before, after)
    if before.items is not after.items:
        _amend_lines(rows, before, after, now)
    releases = {release.id: release for release in before.releases}
    for release in after.releases:
        if releases.get(release.id) != release:
            rows.releases.append(release_row(after.id, release))
        if release.id not in releases:
            rows.documents += document_rows(release)
    if before.tags != after.tags:
        rows.retagged.append(after.id)
        rows.tags += [OrderTagRow(after.id, tag.id) for tag in after.tags]


def _amend_lines(rows: Amendments, before: StoredOrder, after: StoredOrder, now: datetime) -> None:
    old_items, new_ids = _by_id(before), {item.id for item in after.items}
    rows.gone_items += [item.id for item in before.items if item.id not in new_ids]
    for item in after.items:
        old = old_items.get(item.id)
        if old is None:
            rows.new_items.append(item_row(after.id, item, now))
        elif old is not item and (old != item or _differs(old, item)):
            rows.kept_items.append(item_row(after.id, item, now))


def _line_changes(before: StoredOrder, after: StoredOrder) -> list[Change]:
    """A line that leaves an order of another type than PURCHASE_ORDER tells nobody (Orders API, O-43)."""
    if before.items is after.items:
        return []
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
    old, new = _how_far(before), _how_far(after)
    carried = _carried(after)
    if not _has_same_content(before, after, carried):
        old, new = old | _told(before, carried), new | _told(after, carried)
    diff = diff_order(old, new)
    return [] if diff == ({}, {}) else [("order.updated", None, diff, {})]


def _carried(order: StoredOrder) -> frozenset[str]:
    """The target dates that milestones carry: they are told with the timeline."""
    if order.plan is None:
        return frozenset()
    return frozenset(member for kind, member in TARGET_DATES.items() if order.plan.of_type(kind) is not None)


def _has_same_content(before: StoredOrder, after: StoredOrder, carried: Collection[str]) -> bool:
    """Whether nothing else was touched that `order.updated` compares: spares making two documents of one order."""
    if before.releases is not after.releases or before.tags is not after.tags:
        return False
    old, new = before.content, after.content
    return old is new or all(
        getattr(old, name) is getattr(new, name) for name in old.__struct_fields__ if name not in carried
    )


def _how_far(order: StoredOrder) -> Document:
    """What `order.updated` compares of how far an order is."""
    return {
        "status": order.lifecycle,
        "issued_at": _day(order.issued_on),
        "last_issued_at": _day(order.last_issued_on),
        "workflow_id": None if order.milestone_workflow_id is None else ulid(order.milestone_workflow_id),
    }


def _told(order: StoredOrder, carried: Collection[str]) -> Document:
    """All else that it compares: of the order's document, and what only other surfaces show, without the target dates
    that are `carried`."""
    told = order_document(msgspec.structs.replace(order, items=())) | elsewhere(order.content)
    return told | dict.fromkeys(carried)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


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
    events = dated(after, events, workspace.calendar.zone, now)
    return [_with_object(workspace, after, event) for event in events]


def _with_object(workspace: Workspace, after: StoredOrder, event: Event) -> Event:
    if not wants_object(workspace, event.type):
        return event
    if event.type != "order.item.updated":
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
    if before.items is after.items:
        return False
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
