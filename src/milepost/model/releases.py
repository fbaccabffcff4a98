"""What an order handed on: legs of transport and orders made from it (Orders API, sections 7.5 and 11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal
from typing import Literal, Protocol

from msgspec import Struct

ReleaseType = Literal["TRANSPORTATION", "PURCHASE_ORDER"]
TransitStatus = Literal["DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"]


class ReleasedItem(Struct, frozen=True):
    """How much of a line a release takes, in the line's unit."""

    item_id: str
    quantity: Decimal
    unit: str


class ReleaseDocument(Struct, frozen=True, kw_only=True):
    """A file that came with a release; its bytes are read apart. `sha256` is in lower-case hex."""

    id: str
    file_name: str
    content_type: str
    size: int
    sha256: str
    document_type: str | None = None
    description: str | None = None


class Release(Struct, frozen=True, kw_only=True):
    """A release of an order. Active while `unassigned_at` is None; an inactive one takes nothing and counts for
    no status. The members from `transit_status` to `destination_stop_id` belong to TRANSPORTATION,
    `released_to_order_id` (the child order) to PURCHASE_ORDER."""

    id: str
    release_type: ReleaseType
    items: tuple[ReleasedItem, ...]
    unassigned_at: datetime | None = None
    transit_status: TransitStatus | None = None
    shipping_plan_id: str | None = None
    shipment_id: str | None = None
    shipment_reference_id: str | None = None
    origin_stop_id: str | None = None
    destination_stop_id: str | None = None
    released_to_order_id: str | None = None
    documents: tuple[ReleaseDocument, ...] = ()
    created_at: datetime

    @property
    def is_active(self) -> bool:
        return self.unassigned_at is None


class _Line(Protocol):
    @property
    def quantity(self) -> Decimal: ...


class _Item(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def content(self) -> _Line: ...


class Releasing(Protocol):
    """An order, as far as its amounts go."""

    @property
    def items(self) -> Sequence[_Item]: ...

    @property
    def releases(self) -> Sequence[Release]: ...


_EXACT = Context(prec=80)
"""Digits enough to add a thousand amounts of 20 + 10 digits without rounding (section 25)."""
_NOTHING = Decimal(0)


def taken(releases: Sequence[Release]) -> dict[str, Decimal]:
    """What the active releases took, by line; a line that they name appears even when they took 0 of it."""
    sums: dict[str, Decimal] = {}
    for release in releases:
        if release.is_active:
            for item in release.items:
                sums[item.item_id] = _EXACT.add(sums.get(item.item_id, _NOTHING), item.quantity)
    return sums


def available(order: Releasing) -> Mapping[str, Decimal]:
    """What is left of those lines that active releases name: the amount minus what they took, with the scale of
    the more precise of both; never below 0, also where a shop cut a line afterwards. All of every other line is
    left."""
    sums = taken(order.releases) if order.releases else {}
    return {
        item.id: max(_EXACT.subtract(item.content.quantity, sums[item.id]), _NOTHING)
        for item in order.items
        if item.id in sums
    }
