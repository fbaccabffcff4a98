"""What answers hold of orders (sections 7.1 to 7.5): each document with exactly its members."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from milepost.model.lifecycle import Lifecycle
from milepost.model.order import OrderType, Source
from milepost.model.releases import TransitStatus
from milepost.surfaces.orders_api.openapi.scalars import (
    Count,
    CustomData,
    Day,
    Decimal,
    Id,
    Instant,
    OpenObject,
    Slug,
)


class Geolocation(Struct):
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Address(Struct):
    """A place. Nothing of it is looked up or corrected."""

    country: str | None
    line_1: str | None
    line_2: str | None
    line_3: str | None
    locality: Annotated[str | None, Meta(description="City or town.")]
    postal_code: str | None
    region: Annotated[str | None, Meta(description="State, province or the like.")]
    urbanization: str | None
    residential: bool
    geolocation: Geolocation | None


class PlanWindow(Struct):
    """When goods are expected to be handed over. Either end may be open."""

    start: Instant | None
    end: Instant | None


class StopRequirements(Struct):
    plan_window: PlanWindow | None


class Reference(Struct):
    """A label: nothing is looked up by it or filled in from it."""

    qualifier: Annotated[
        str,
        Meta(
            description="Any word. `EXTERNAL_ID` on an order is special: there is at most one, unique in the team."
        ),
    ]
    value: str


class Stop(Address):
    """Where goods leave or arrive: an address at the same level, and what belongs to the stop."""

    custom_data: CustomData
    timezone: Annotated[
        str | None, Meta(description="For information, such as `America/New_York`: no time is shifted to it.")
    ]
    location_number: str | None
    company_name: str | None
    references: list[Reference]
    shipping_requirements: StopRequirements


class Contact(Struct):
    email: str | None
    phone_number: str | None


class BillTo(Struct):
    """Who pays for the transport."""

    account_number: str | None
    billing_id: str | None
    payment_term: Annotated[
        str | None, Meta(description="`PREPAID`, `COLLECT`, `THIRD_PARTY` or any other word.")
    ]
    billing_company_name: str | None
    billing_address: Address | None
    contact: Contact | None


class OrderShippingRequirements(Struct):
    bill_to: BillTo | None


class Supplier(Struct):
    """Whom the goods come from. An order with one is not ready until its items are released to new orders."""

    name: str | None
    address: Address | None
    identification_codes: Annotated[list[Any], Meta(description="Kept and shown verbatim.")]
    phone_number: str | None
    email: str | None
    supplier_id: Annotated[str | None, Meta(description="Your own id of the supplier; lists filter by it.")]


class Tag(Struct):
    """A label of the team for orders."""

    id: Id
    slug: Slug
    name: str


class Amount(Struct):
    unit: Annotated[str, Meta(description="Any word, such as `KG`, `LB` or `EA`.")]
    value: Decimal


class Dimensions(Struct):
    unit: Annotated[str, Meta(description="Any word, such as `CM`.")]
    length: Decimal
    width: Decimal
    height: Decimal


class HazmatContact(Struct):
    system_id: str | None
    contact_type: str | None
    company_name: str | None
    person_name: str | None
    email: str | None
    phone: str | None
    fax: str | None


class Hazmat(Struct):
    """What makes goods dangerous, and whom to call."""

    identification_number: str | None
    hazard_class: str | None
    packing_group: str | None
    proper_shipping_name: str | None
    packing_instructions: str | None
    technical_name: str | None
    hazard_subsidiary_class: str | None
    emergency_contact: HazmatContact | None
    signatory: HazmatContact | None


class ItemShippingRequirements(Struct):
    """How a line travels. Its vocabularies are yours: no word is checked."""

    description: str | None
    identifying_marks: Annotated[list[Any], Meta(description="Kept and shown verbatim.")]
    references: list[Reference]
    tare_weight: Annotated[Amount | None, Meta(description="Of the whole line.")]
    gross_weight: Annotated[Amount | None, Meta(description="Of the whole line.")]
    dimensions: Dimensions | None
    volume: Annotated[Amount | None, Meta(description="Of the whole line.")]
    customer_reference_number: str | None
    hazmat: Hazmat | None
    temperature: OpenObject
    product_id: str | None
    freight_class: str | None
    nmfc_item_code: str | None
    nmfc_sub_code: str | None
    country_of_manufacture: str | None
    stackable: bool
    piece_type: str | None
    total_pieces: Count | None
    value_per_piece: OpenObject
    quantity: Annotated[Count | None, Meta(description="How many packages.")]
    packaging_type: Annotated[str | None, Meta(description="Any word, such as `PALLET` or `BIN`.")]
    handling_unit_id: Annotated[
        str | None,
        Meta(description="Lines with the same id share one handling unit, across orders too."),
    ]
    combined_handling_unit_info: OpenObject


class OrderItem(Struct):
    """A line of an order."""

    id: Id
    description: str | None
    references: list[Reference]
    amount: Annotated[Amount, Meta(description="How much was ordered.")]
    available_amount: Annotated[
        Amount, Meta(description="What active releases left of `amount`, in the same unit.")
    ]
    shipping_requirements: Annotated[
        ItemShippingRequirements | None, Meta(description="Null until some are given.")
    ]
    custom_data: CustomData


class ReleasedItem(Struct):
    """How much of a line a release took."""

    order_item_id: Id
    amount: Amount


class ReleaseDocument(Struct):
    """A file that came with a release; it can be downloaded."""

    id: Id
    file_name: str
    content_type: str
    size: Annotated[int, Meta(ge=0, description="Bytes.")]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    document_type: str | None
    description: str | None


class TransportationRelease(Struct, tag_field="release_type", tag="TRANSPORTATION"):
    """A leg of transport. It takes its amounts from the items until it is taken off its shipment."""

    id: Id
    created_from_product_order_id: Annotated[Id, Meta(description="The order that it belongs to.")]
    released_to_shipping_plan_id: str | None
    released_to_shipment_id: str | None
    released_to_shipment_reference_id: str | None
    released_to_shipment_origin_stop_id: str | None
    released_to_shipment_destination_stop_id: str | None
    transit_status: Annotated[
        TransitStatus | None, Meta(description="Moves forward only; steps may be skipped.")
    ]
    unassigned_at: Annotated[
        Instant | None, Meta(description="When the leg was taken off its shipment; null while it is active.")
    ]
    items: Annotated[list[ReleasedItem], Meta(min_length=1)]
    documents: list[ReleaseDocument]
    created_at: Instant


class PurchaseOrderRelease(Struct, tag_field="release_type", tag="PURCHASE_ORDER"):
    """Amounts that went to a new order."""

    id: Id
    created_from_product_order_id: Annotated[Id, Meta(description="The order that it belongs to.")]
    released_to_order_id: Annotated[Id, Meta(description="The order that was made.")]
    unassigned_at: Annotated[
        Instant | None, Meta(description="When that order was canceled; null while the release is active.")
    ]
    items: Annotated[list[ReleasedItem], Meta(min_length=1)]
    documents: list[ReleaseDocument]
    created_at: Instant


class Order(Struct):
    """An order with everything that belongs to it."""

    id: Id
    order_type: Annotated[OrderType, Meta(description="Fixed when the order is created.")]
    order_number: Annotated[
        str,
        Meta(
            min_length=1,
            description="Unique in the team over all orders, canceled and archived ones too; letter case counts.",
        ),
    ]
    status: Annotated[
        Lifecycle,
        Meta(description="Follows from releases, milestones, supplier and cancellation; never written."),
    ]
    name: str | None
    description: str | None
    ship_to: Annotated[Stop, Meta(description="Where the goods go.")]
    ship_from: Annotated[Stop | None, Meta(description="Where the goods come from.")]
    source: Annotated[Source, Meta(description="By which door the order came; `OTHER` is an API.")]
    source_system_id: Annotated[
        str | None,
        Meta(description="Fixed when the order is created.", extra_json_schema={"deprecated": True}),
    ]
    start_date: Day | None
    expiration_date: Annotated[Day | None, Meta(description="Not before `start_date`.")]
    references: list[Reference]
    shipping_requirements: OrderShippingRequirements | None
    items: Annotated[list[OrderItem], Meta(description="In the sequence of their creation.")]
    tags: Annotated[list[Tag], Meta(description="By slug.")]
    archived: bool
    supplier_created_releases_allowed: Annotated[
        bool, Meta(description="Kept for you; it does not bind your own keys.")
    ]
    supplier: Supplier | None
    custom_data: CustomData
    releases: Annotated[
        list[TransportationRelease | PurchaseOrderRelease],
        Meta(description="Oldest first, inactive ones included."),
    ]
    released_from_release_id: Annotated[
        Id | None, Meta(description="The release of the parent order that made this order.")
    ]
    created_from_order_id: Annotated[Id | None, Meta(description="The parent order.")]
    cancelled_at: Instant | None
    created_at: Instant
    updated_at: Annotated[
        Instant,
        Meta(
            description="Moves with every recorded change of the order, its items, releases, statuses, "
            "milestones and tasks; the `ETag` changes exactly when this does."
        ),
    ]
