"""The plain values that documents are made of, as OpenAPI describes them."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, UnsetType

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_INSTANT = {"format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}

Id = Annotated[str, Meta(pattern=_UUID, description="UUID in lower case.")]
Instant = Annotated[datetime, Meta(description="UTC, whole seconds.", extra_json_schema=_INSTANT)]
Money = Annotated[str, Meta(pattern="^-?[0-9]+[.][0-9]{2}$", description="Two decimals.")]
Color = Annotated[str, Meta(pattern="^#[0-9A-Fa-f]{6}$", description="`#` and six hex digits.")]
Count = Annotated[int, Meta(ge=0)]
Quantity = Annotated[int | float, Meta(description="A whole number is written without a fraction.")]
OrderGid = Annotated[
    str,
    Meta(
        pattern="^gid://shopify/(Order|DraftOrder)/[0-9]+$",
        description="Shopify's global id; null when the order has none.",
    ),
]
LineItemGid = Annotated[
    str,
    Meta(
        pattern="^gid://shopify/LineItem/[0-9]+$",
        description="Shopify's global id; null when the line item has none.",
    ),
]
NamedOrder = Annotated[
    str, Meta(description="The order's UUID; for an order that was not found the text as sent.")
]
NamedLineItem = Annotated[
    str, Meta(description="The line item's UUID; for one that was not found the text as sent.")
]
ErrorText = Annotated[str, Meta(description="A sentence for people; `details.code` is for programs.")]
DisplayName = Annotated[
    str, Meta(description="`public_name` when `use_public_name` is true and there is one, else `name`.")
]
WITH_STATUSES = Meta(description="Only with `include=line_item_statuses`.")
WITH_DEADLINE = Meta(description="Only with `include=deadline`; null without status.")
StoredMetafield = Annotated[
    Raw | UnsetType | None,
    Meta(
        description="Only with `include=metafield`; null before the first change of a line item's status.",
        extra_json_schema={"x-struct": "Metafield"},
    ),
]
"""JSON text, answered byte by byte; OpenAPI describes it by the Struct of that name (openapi/shapes.py)."""
