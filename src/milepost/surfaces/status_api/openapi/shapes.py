"""What is answered without a document of its own: refusals, and the stored metafield."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.surfaces.status_api.documents import SubStatusRef
from milepost.surfaces.status_api.scalars import Color, Count, Id, LineItemGid, Quantity


class MetafieldStatus(Struct, gc=False):
    id: Id
    name: str
    display_name: str
    color: Color


class MetafieldCount(Struct, gc=False):
    """How many line items, and the sum of their quantities."""

    item_count: Count
    quantity: Quantity


class MetafieldSubStatusCount(Struct, gc=False):
    id: Id
    name: str
    item_count: Count
    quantity: Quantity


class MetafieldStatusCount(Struct, gc=False):
    """A status in use, by `order`, and its sub-statuses."""

    id: Id
    name: str
    display_name: str
    color: Color
    item_count: Count
    quantity: Quantity
    sub_statuses: list[MetafieldSubStatusCount]


class MetafieldLineItem(Struct, gc=False):
    id: Id
    shopify_line_item_id: LineItemGid | None
    name: str | None
    quantity: Quantity
    status: MetafieldStatus | None
    sub_status: SubStatusRef | None


class MetafieldValue(Struct, gc=False):
    version: Literal[1]
    order_id: Id
    item_count: Count
    quantity: Quantity
    statuses: list[MetafieldStatusCount]
    unassigned: MetafieldCount
    line_items: list[MetafieldLineItem]


class Metafield(Struct, gc=False):
    """The line item statuses of an order as a shop stores them; the same state gives the same bytes."""

    namespace: Literal["milepost"]
    key: Literal["line_item_statuses"]
    type: Literal["json"]
    value: MetafieldValue


class FaultyField(Struct, gc=False):
    field: str
    message: str


class RefusalDetails(Struct, gc=False):
    """Why: `code` is stable; which other members there are depends on it."""

    code: str
    message: Annotated[str, Meta(pattern="^Unexpected error[.] Request id: .+$")] | UnsetType = UNSET
    fields: list[FaultyField] | UnsetType = UNSET
    supported: Annotated[list[str], Meta(description="The versions that are served.")] | UnsetType = UNSET
    permission: Annotated[str, Meta(description="The permission that the key lacks.")] | UnsetType = UNSET
    minimum_version: Annotated[str, Meta(description="The first version that has it.")] | UnsetType = UNSET
    current_workflow_id: Id | UnsetType | None = UNSET
    allowed_workflow_ids: Annotated[list[Id], Meta(description="Legal at that moment.")] | UnsetType = UNSET
    current_status_id: Id | UnsetType | None = UNSET
    allowed_status_ids: Annotated[list[Id], Meta(description="Legal at that moment.")] | UnsetType = UNSET
    mode: Literal["order", "line_item"] | UnsetType = UNSET
    window: Literal["minute", "day"] | UnsetType = UNSET
    retry_after: Annotated[int, Meta(ge=1, description="Seconds.")] | UnsetType = UNSET
