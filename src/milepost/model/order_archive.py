"""An order with all that is known of it and all that happened to it, as one document: what `milepost export orders`
writes a line of, and `milepost import orders` takes in again, here or on another server.

The members beside `milepost` are a create document of the Orders API (section 9.1); `milepost` holds everything
else. Ids are the order's own and stay. What the workspace defines is told by name, because another server has other
ids for it; where it is gone for good, only its old id is left to tell. What events hold is history and stays word
for word, ids of that time included. What an older release did not yet know has a default.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from milepost.kit.errors import Invalid
from milepost.model.events import EventType
from milepost.model.lifecycle import Lifecycle
from milepost.model.order import Customer, OrderType, OrderWish, Reference, ShopifyKind, Source, Tag
from milepost.model.plan import DelaySource, Who
from milepost.model.releases import Release
from milepost.model.shapes import Document
from milepost.model.workflow import MilestoneType, Owner

Id = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
ShopifyId = Annotated[int, Meta(ge=1, le=2**63 - 1)]

LONGEST_NUMBER = 64


class Gone(Struct, frozen=True, forbid_unknown_fields=True):
    """A definition that the workspace has no more: the id it had."""

    gone: Id


Named = str | Gone
"""A status or workflow by its name; a sub-status as GROUP/OPTION, a milestone of a workflow as WORKFLOW/NAME."""


class Holding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an order or a line stands (model.standing.HeldStatus), by names."""

    status: str | None = None
    sub_status: str | None = None
    workflow: Named | None = None
    anchor: Named | None = None
    entered_at: Instant | None = None
    deadline_at: Instant | None = None


class Amount(Struct, frozen=True):
    unit: str
    value: str


class ArchivedItem(Struct, frozen=True, kw_only=True):
    """A line, as a create document has it."""

    description: str | None = None
    references: tuple[Reference, ...] = ()
    amount: Amount
    shipping_requirements: Document | None = None
    custom_data: Document | None = None


class ItemRemainder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a create document does not say of a line."""

    id: Id
    position: int
    shopify_line_item_id: int | None
    sku: str | None
    product_id: str | None
    unit_price: Decimal | None
    has_unit: bool = True
    """False: the unit that the create document shows only stands for none."""
    holding: Holding | None
    created_at: Instant
    updated_at: Instant


class ArchivedAddon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: str
    sub_status: str | None
    entered_at: Instant


class ArchivedLeft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a confirmation moved an order out of (model.plan.LeftStatus), by names. No order need be in it any more,
    so all of it may be gone."""

    status: Named | None
    sub_status: Named | None
    workflow: Named | None
    anchor: Named | None
    entered_at: Instant | None
    deadline_at: Instant | None
    status_seq: Count
    former_seq: Count


class ArchivedDelay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id
    milestone_id: Id
    old_date: date | None
    new_date: date
    reason: str | None
    note: str | None
    source: DelaySource
    recorded_by: Who
    recorded_at: Instant


class ArchivedMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id
    workflow_milestone: Named
    position: int
    type: MilestoneType
    name: str
    owner: Owner
    linked_status: Named | None
    linked_sub_status: Named | None
    prompt_offset_days: int
    key_date: date | None
    status: Literal["pending", "confirmed", "rejected"]
    confirmed_on: date | None
    confirmed_at: Instant | None
    confirmed_by: Who | None
    rejected_at: Instant | None
    rejected_by: Who | None
    rejection_reason: str | None
    note: str | None
    undone_at: Instant | None = None
    left_status: ArchivedLeft | None = None
    late_told_for: date | None = None
    overdue_told_at: Instant | None = None
    created_at: Instant
    updated_at: Instant


class ArchivedTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id
    milestone_id: Id | None
    title: str
    assignee: str | None
    due_date: date | None
    required: bool
    completed_at: Instant | None
    completed_by: Who | None
    created_at: Instant
    updated_at: Instant


class ArchivedEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event with its documents word for word, as the JSON text that is stored."""

    id: Id
    sequence: int
    type: EventType
    event_version: int
    subject_id: Id | None
    actor_kind: Literal["api_key", "user", "system"]
    actor_id: Id | None
    actor_name: str
    effective_at: Instant
    recorded_at: Instant
    old_data: Raw
    new_data: Raw
    facts: Raw
    new_object: Raw


class Coordinates(Struct, frozen=True, forbid_unknown_fields=True):
    """Coordinates of a stop as its origin wrote them."""

    latitude: str | None
    longitude: str | None


class Remainder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a create document does not say of an order. `items` stand in the sequence of the document's items;
    `documents` are the bytes of the files that came with releases, by id."""

    id: Id
    version: Count
    event_seq: Count
    lifecycle: Lifecycle
    source: Source
    is_draft: bool
    shopify_kind: ShopifyKind | None
    shopify_id: ShopifyId | None
    note: str | None
    currency: str | None
    incoterms: str | None = None
    payment_terms: str | None = None
    shipping_method: str | None = None
    total_price: Decimal | None
    customer: Customer | None
    ship_to: Coordinates | None
    ship_from: Coordinates | None
    ships_on: date | None
    delivered_on: date | None
    issued_on: date | None
    last_issued_on: date | None
    last_issued_at: Instant | None = None
    status_seq: Count | None = None
    milestone_workflow: str | None
    created_from_order_id: Id | None
    released_from_release_id: Id | None
    placed_at: Instant
    cancelled_at: Instant | None
    created_at: Instant
    updated_at: Instant
    holding: Holding | None
    has_metafield: bool
    """Whether it has the summary of Status API 22.9, which follows from the lines and is made anew."""
    addons: tuple[ArchivedAddon, ...]
    items: tuple[ItemRemainder, ...]
    milestones: tuple[ArchivedMilestone, ...]
    delays: tuple[ArchivedDelay, ...] = ()
    tasks: tuple[ArchivedTask, ...]
    releases: tuple[Release, ...]
    events: tuple[ArchivedEvent, ...]
    documents: Mapping[Id, bytes] = {}


class ArchivedOrder(Struct, frozen=True, kw_only=True):
    """An order with everything. Nested documents have the form of a read (section 7), tags the ids of one."""

    order_number: str
    order_type: OrderType = "PURCHASE_ORDER"
    name: str | None = None
    description: str | None = None
    ship_to: Document
    ship_from: Document | None = None
    source_system_id: str | None = None
    start_date: date | None = None
    expiration_date: date | None = None
    references: tuple[Reference, ...] = ()
    shipping_requirements: Document | None = None
    items: tuple[ArchivedItem, ...] = ()
    tags: tuple[Tag, ...] = ()
    archived: bool = False
    supplier_created_releases_allowed: bool = False
    supplier: Document | None = None
    custom_data: Document | None = None
    milepost: Remainder


class WantedTag(Struct, frozen=True):
    """A tag by id, else by slug. One that is not there yet is made: of this name, or named like its slug."""

    id: str | None = None
    slug: str | None = None
    name: str | None = None


class PlainOrder(Struct, frozen=True):
    """An order of which only a create document is told. `tags` are those of the wish, with all that was said of
    them."""

    wish: OrderWish
    tags: tuple[WantedTag, ...] = ()


def check(order: ArchivedOrder) -> None:
    """What the parts of an archived order must be to one another. Raises Invalid."""
    _check_number(order.order_number)
    told = order.milepost
    if len(order.items) != len(told.items):
        raise _mismatch("milepost.items", f"tells of {len(told.items)} items, items of {len(order.items)}")
    sequences = [event.sequence for event in told.events]
    bounds = [0, *sequences, told.event_seq + 1]
    if any(after <= before for before, after in pairwise(bounds)):
        raise _mismatch("milepost.events", "has sequences that do not rise from 1 to event_seq")
    milestones = {milestone.id for milestone in told.milestones}
    if any(task.milestone_id not in milestones for task in told.tasks if task.milestone_id is not None):
        raise _mismatch("milepost.tasks", "names a milestone that the order does not have")
    if any(delay.milestone_id not in milestones for delay in told.delays):
        raise _mismatch("milepost.delays", "names a milestone that the order does not have")
    if any(at.tzinfo is None for release in told.releases for at in _moments(release)):
        raise _mismatch("milepost.releases", "has a time without an offset")
    _check_documents(told)


def _check_number(number: str) -> None:
    if not number.strip():
        raise Invalid("too_short", "order_number", "order_number must not be blank")
    if len(number) > LONGEST_NUMBER:
        raise Invalid("too_long", "order_number", f"order_number has at most {LONGEST_NUMBER} characters")


def _check_documents(told: Remainder) -> None:
    described = {document.id: document for release in told.releases for document in release.documents}
    if described.keys() != told.documents.keys():
        raise _mismatch("milepost.documents", "holds other files than the releases name")
    for document in described.values():
        content = told.documents[document.id]
        if len(content) != document.size or sha256(content).hexdigest() != document.sha256:
            raise _mismatch("milepost.documents", f"holds other bytes of {document.file_name} than it says")


def _moments(release: Release) -> Iterator[datetime]:
    yield release.created_at
    if release.unassigned_at is not None:
        yield release.unassigned_at


def _mismatch(field: str, text: str) -> Invalid:
    return Invalid("invalid_value", field, f"{field} {text}")
