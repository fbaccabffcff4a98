"""An order and its lines as they enter the house, whichever door they come by."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from milepost.model.lifecycle import Lifecycle
from milepost.model.plan import Plan
from milepost.model.releases import Release
from milepost.model.standing import HeldStatus

OrderType = Literal["PURCHASE_ORDER", "SALES_ORDER", "TRANSFER_ORDER"]
Source = Literal["SHIPWELL_WEB", "IMPORT", "TENDER", "SHIPWELL_WEB_UNAUTH", "OTHER"]
ShopifyKind = Literal["Order", "DraftOrder"]


class Customer(Struct, frozen=True):
    """Whom the order is for; every part may be unknown."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)


class Geolocation(Struct, frozen=True):
    latitude: float
    longitude: float


class PlanWindow(Struct, frozen=True, omit_defaults=True):
    start: datetime | None = None
    end: datetime | None = None


class StopRequirements(Struct, frozen=True, omit_defaults=True):
    plan_window: PlanWindow | None = None


class Reference(Struct, frozen=True):
    qualifier: str
    value: str


class Stop(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where goods leave or arrive (Orders API, section 7.2: OrderStop, 16 members).

    Stored as this document, without the members that are at their default; the two `*_text` members keep
    coordinates as the origin wrote them, which the Status API shows (section 7), and are no part of the
    Orders API's document.
    """

    country: str | None = None
    line_1: str | None = None
    line_2: str | None = None
    line_3: str | None = None
    locality: str | None = None
    postal_code: str | None = None
    region: str | None = None
    urbanization: str | None = None
    residential: bool = False
    geolocation: Geolocation | None = None
    custom_data: dict[str, Any] | None = None
    timezone: str | None = None
    location_number: str | None = None
    company_name: str | None = None
    references: tuple[Reference, ...] = ()
    shipping_requirements: StopRequirements = StopRequirements()
    latitude_text: str | None = None
    longitude_text: str | None = None


PIECES = "EA"
"""The unit of a line that has none, where one must be shown (Orders API, section 7.4)."""


class NewItem(Struct, frozen=True, kw_only=True):
    """A line of an order as a door hands it in."""

    quantity: Decimal
    unit: str | None = None
    """None: the door named none."""
    description: str | None = None
    shopify_line_item_id: int | None = None
    sku: str | None = None
    product_id: str | None = None
    unit_price: Decimal | None = None
    references: tuple[Reference, ...] = ()
    shipping_requirements: dict[str, Any] | None = None
    custom_data: dict[str, Any] | None = None

    @property
    def counted_in(self) -> str:
        """Its unit; pieces when it has none."""
        return self.unit or PIECES


class NewOrder(Struct, frozen=True, kw_only=True):
    """An order as a door hands it in. `placed_at` is the origin's word; None means now."""

    order_number: str
    order_type: OrderType = "PURCHASE_ORDER"
    is_draft: bool = False
    source: Source = "OTHER"
    source_system_id: str | None = None
    shopify_kind: ShopifyKind | None = None
    shopify_id: int | None = None
    name: str | None = None
    description: str | None = None
    note: str | None = None
    currency: str | None = None
    incoterms: str | None = None
    payment_terms: str | None = None
    shipping_method: str | None = None
    total_price: Decimal | None = None
    customer: Customer | None = None
    ship_to: Stop | None = None
    ship_from: Stop | None = None
    references: tuple[Reference, ...] = ()
    shipping_requirements: dict[str, Any] | None = None
    custom_data: dict[str, Any] | None = None
    supplier: dict[str, Any] | None = None
    supplier_created_releases_allowed: bool = False
    start_date: date | None = None
    expiration_date: date | None = None
    ships_on: date | None = None
    delivered_on: date | None = None
    archived: bool = False
    placed_at: datetime | None = None
    cancelled_at: datetime | None = None
    items: tuple[NewItem, ...] = ()
    milestone_workflow_id: str | None = None
    """Whose milestones a new order takes over; None: those of the team's default workflow."""
    unsaid: frozenset[str] = frozenset()
    """Members of which the door said nothing at all: a known order keeps what it has of them."""


class Tag(Struct, frozen=True):
    """A label of the team. `slug` is unique in it and sorts."""

    id: str
    slug: str
    name: str


class ItemWish(Struct, frozen=True):
    """A line as a whole order is wished to have it: a stored one by its id, or a new one."""

    content: NewItem
    id: str | None = None


class OrderWish(Struct, frozen=True, kw_only=True):
    """An order as the Orders API wishes it to be, whole. `content.items` is empty; the lines are `items`. A tag
    is named by id or by slug. `content.unsaid` names the members that stay as they are when the order exists."""

    content: NewOrder
    items: tuple[ItemWish, ...] = ()
    tags: tuple[str, ...] = ()


class StoredItem(Struct, frozen=True, kw_only=True):
    """A line of a stored order. Lines read in the sequence of `position`, which never changes."""

    id: str
    position: int
    content: NewItem
    status_id: str | None = None
    sub_status_id: str | None = None
    created_at: datetime


class StoredOrder(Struct, frozen=True, kw_only=True):
    """An order as the house holds it: what doors handed in (its lines apart), and what followed from that.

    `version` counts its changes, `event_seq` is the last event sequence given out, `lifecycle` the derived
    status, `has_metafield` tells of the summary of Status API 22.9.
    """

    id: str
    version: int
    event_seq: int
    content: NewOrder
    items: tuple[StoredItem, ...]
    lifecycle: Lifecycle
    has_metafield: bool = False
    held: HeldStatus = HeldStatus()
    """Its primary status."""
    status_seq: int = 0
    """The sequence of the event that brought its primary status; undoing a confirmation brings back that of before."""
    milestone_workflow_id: str | None = None
    issued_on: date | None = None
    last_issued_on: date | None = None
    last_issued_at: datetime | None = None
    """The moment of the newest issue."""
    attention_at: datetime | None = None
    """Not later than the next moment at which something of it turns late or overdue; None: nothing can."""
    plan: Plan | None = None
    """Its milestones and tasks, where they were read too."""
    tags: tuple[Tag, ...] = ()
    """By slug."""
    releases: tuple[Release, ...] = ()
    """Oldest first, inactive ones too."""
    confirmed_types: frozenset[str] = frozenset()
    """The types of its confirmed milestones."""
    created_from_order_id: str | None = None
    released_from_release_id: str | None = None
    created_at: datetime
    updated_at: datetime


EXTERNAL_ID = "EXTERNAL_ID"
"""The qualifier of the reference that other surfaces use as external id (Orders API, section 7.3)."""


def external_id(references: Iterable[Reference]) -> str | None:
    """The value of the order's EXTERNAL_ID reference, of which it has at most one."""
    return next((reference.value for reference in references if reference.qualifier == EXTERNAL_ID), None)


_SEPARATOR = "\x1f"


def search_text(order_number: str, customer: Customer | None, company: str | None) -> str:
    """What the Status API's `search` looks into (section 8), folded, with a separator that keeps a match
    inside one of the four fields."""
    name = customer.full_name if customer else ""
    email = (customer.email if customer else None) or ""
    return _SEPARATOR.join((order_number, name, email, company or "")).casefold()


def search_pattern(text: str) -> str | None:
    """The LIKE pattern that finds `text` literally in a `search_text`; None when nothing can match."""
    if _SEPARATOR in text or "\x00" in text:
        return None
    escaped = text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def shopify_gid(kind: str | None, number: int | None) -> str | None:
    """`gid://shopify/Order/7730412`; None for a thing that is not Shopify's."""
    return None if kind is None or number is None else f"gid://shopify/{kind}/{number}"
