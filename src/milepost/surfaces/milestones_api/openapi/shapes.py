"""What answers hold of orders, their milestones and tasks (section 6): each document with exactly its members."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from milepost.model.plan import DelaySource, MilestoneState
from milepost.model.urgency import PurchaseOrderStatus
from milepost.model.workflow import MilestoneType, Owner
from milepost.surfaces.milestones_api.openapi.scalars import (
    Address,
    Day,
    Id,
    Micros,
    Moment,
    Number,
    Quantity,
)
from milepost.surfaces.milestones_api.openapi.workflow_shapes import LinkedStatus, TeamName

TaskStatus = Literal["open", "completed"]


class Actor(Struct):
    """Who did something. The name is the one of that time."""

    type: Literal["api_key", "user", "system"]
    id: Id | None
    name: str


# Milestones of orders


class Delay(Struct):
    """A planned date that moved to a later one, and why. Never changed or removed."""

    id: Id
    old_date: Day | None
    new_date: Day
    reason: Annotated[str | None, Meta(description="Null when an edit gave none.")]
    note: str | None
    source: Annotated[DelaySource, Meta(description="A rejection, or an edit of the date.")]
    recorded_by: Actor
    recorded_at: Moment


class Milestone(Struct):
    """A milestone of one order: a copy of a workflow's, made at issue, and what became of it."""

    id: Annotated[Id, Meta(description="Belongs to this order only.")]
    type: MilestoneType
    status: Annotated[
        MilestoneState,
        Meta(
            description="A rejected acceptance refuses the order; any other rejected milestone is rescheduled."
        ),
    ]
    name: str
    position: Number
    workflow_milestone_id: Annotated[Id, Meta(description="What it was copied from, even if that is gone.")]
    owner: Annotated[Owner, Meta(description="Who is prompted for an answer.")]
    linked_status: LinkedStatus | None
    key_date: Annotated[Day | None, Meta(description="The planned date. Confirming does not change it.")]
    confirmed_on: Annotated[
        Day | None, Meta(description="The day it happened; set exactly when `status` is `confirmed`.")
    ]
    confirmed_at: Annotated[Moment | None, Meta(description="When that was said.")]
    confirmed_by: Annotated[Actor | None, Meta(description="Who said so.")]
    rejected_at: Annotated[
        Moment | None,
        Meta(description="Of the newest rejection; kept after a confirmation, cleared by a new issue."),
    ]
    rejected_by: Actor | None
    rejection_reason: str | None
    note: Annotated[str | None, Meta(description="Of the newest confirmation or rejection that had one.")]
    current: Annotated[bool, Meta(description="It is the first unconfirmed one of an active order.")]
    late: Annotated[bool, Meta(description="It is unconfirmed and its key date is before today.")]
    prompted_at: Annotated[
        Moment | None,
        Meta(
            description="When its owner was asked for an answer; of the current milestone only, unless tasks block it."
        ),
    ]
    overdue: Annotated[bool, Meta(description="It was prompted more than 48 hours ago.")]
    blocking_task_ids: Annotated[
        list[Id], Meta(description="Its open required tasks; empty once it is confirmed.")
    ]
    delays: Annotated[list[Delay], Meta(description="Oldest first.")]
    created_at: Moment
    updated_at: Moment


# Orders


class Supplier(Struct):
    id: Annotated[str, Meta(description="Your own id, as it was sent.")]
    name: str | None


class ShipsTo(Struct):
    """Where the goods go: the Orders API's `ship_to`."""

    company_name: str | None
    location_number: str | None
    line_1: str | None
    line_2: str | None
    line_3: str | None
    locality: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    timezone: str | None


class ListedPurchaseOrder(Struct):
    """A purchase order without its milestones."""

    id: Id
    created_at: Moment
    updated_at: Annotated[
        Moment, Meta(description="Moves with every change of the order, its items, milestones and tasks.")
    ]
    status: Annotated[
        PurchaseOrderStatus,
        Meta(description="Follows from milestones, transport and cancellation; never written."),
    ]
    order_number: Annotated[
        str,
        Meta(min_length=1, description="Unique in the team over all orders; letter case counts."),
    ]
    name: str | None
    currency: Annotated[str | None, Meta(description="Three capital letters.")]
    incoterms: str | None
    payment_terms: str | None
    shipping_method: str | None
    note: str | None
    team: TeamName
    supplier: Annotated[
        Supplier | None, Meta(description="Null only on orders that were made elsewhere without one.")
    ]
    ships_to: ShipsTo | None
    issued_at: Annotated[Day | None, Meta(description="The first issue; null while it is a draft.")]
    last_issued_at: Annotated[Day | None, Meta(description="The newest issue.")]
    ships_on: Annotated[
        Day | None, Meta(description="The key date of the shipment milestone, if there is one.")
    ]
    delivered_on: Annotated[
        Day | None,
        Meta(description="The target: the key date of the delivery milestone, if there is one."),
    ]
    seller_address_line1: Address
    seller_address_line2: Address
    seller_city: Address
    seller_state: Address
    seller_postal_code: Address
    seller_country: Address
    tags: Annotated[list[str], Meta(description="Names, without repeats.")]
    workflow_id: Annotated[
        Id | None,
        Meta(
            description="The chosen one of a draft, else the one copied at issue; null if the team had none."
        ),
    ]
    current_milestone_id: Annotated[
        Id | None, Meta(description="The first unconfirmed milestone of an active order.")
    ]
    late: Annotated[bool, Meta(description="Some milestone is late.")]
    overdue: Annotated[bool, Meta(description="Some milestone is overdue.")]
    canceled_at: Moment | None


class PurchaseOrder(ListedPurchaseOrder):
    """A purchase order with its milestones."""

    milestones: Annotated[list[Milestone], Meta(description="By position; empty while it is a draft.")]


class OrderItem(Struct):
    """A line of an order, whichever surface made it."""

    id: Id
    part_id: Annotated[str | None, Meta(description="Your own id; the Orders API's reference `PRODUCT_REF`.")]
    name: Annotated[str | None, Meta(description="The Orders API's `description`.")]
    quantity: Quantity
    unit_of_measure: str | None
    unit_price_micros: Micros | None
    created_at: Moment
    updated_at: Moment


class Task(Struct):
    """Something to do for an order."""

    id: Id
    title: str
    assignee: Annotated[str | None, Meta(description="Any text, such as an address.")]
    due_date: Annotated[
        Day | None, Meta(description="Follows the key date of its milestone when that moves before it.")
    ]
    required: Annotated[
        bool, Meta(description="While it is open its milestone can be neither confirmed nor prompted.")
    ]
    status: TaskStatus
    milestone_id: Annotated[Id | None, Meta(description="A milestone of the same order.")]
    late: Annotated[bool, Meta(description="It is open and was due before today.")]
    completed_at: Moment | None
    completed_by: Actor | None
    created_at: Moment
    updated_at: Moment
