"""The query parameters and body fields of this surface."""

from collections.abc import Mapping
from typing import Any

from milepost.http import fields
from milepost.http.fields import Faulted, Field, Kind
from milepost.model.workflow import CHANNELS

MAX_LISTED = 1000
"""Most ids in a list's `order_ids`."""
MAX_LINE_ITEMS = 100
INCLUDES = ("line_item_statuses", "deadline", "metafield")

QUERY_SHOPIFY = Field(
    name="use_shopify_order_id",
    kind=fields.query_flag(),
    default=False,
    about="Ids of orders are the digits of Shopify ids.",
)
INCLUDE = Field(
    name="include",
    kind=fields.choices(*INCLUDES),
    default=frozenset(),
    about="Extras of the order, comma-separated.",
)
LIST_QUERY = (
    Field(name="page", kind=fields.whole_number(), default=1, about="Page, from 1."),
    Field(
        name="limit",
        kind=fields.whole_number(at_most=250),
        default=25,
        about="Orders a page; above 250 it becomes 250.",
    ),
    Field(
        name="status",
        kind=fields.text(),
        about="Id of the primary status; an unknown one matches nothing.",
    ),
    Field(
        name="order_ids",
        kind=fields.listed(at_most=MAX_LISTED),
        about=f"Comma-separated ids, at most {MAX_LISTED}; unknown ones are just absent.",
    ),
    QUERY_SHOPIFY,
    Field(
        name="search",
        kind=fields.text(),
        about="Part of the order name, the customer's full name or email, or the shipping company.",
    ),
    Field(
        name="sort_by",
        kind=fields.choice("created_at", "name"),
        default="created_at",
        about="What the list is sorted by; in `name` runs of digits count as numbers. In any letter case.",
    ),
    Field(
        name="sort_order",
        kind=fields.choice("asc", "desc"),
        default="desc",
        about="Direction of the sort, in any letter case.",
    ),
    Field(
        name="order_type",
        kind=fields.choice("REGULAR", "DRAFT", "ALL", upper=True),
        default="ALL",
        about="Regular orders, drafts, or all; in any letter case.",
    ),
    Field(
        name="workflow_id",
        kind=fields.text(),
        about="Id of the workflow that orders are in; an unknown one matches nothing.",
    ),
    INCLUDE,
)

BODY_SHOPIFY = Field(
    name="use_shopify_order_id",
    kind=fields.flag(),
    default=False,
    about="Ids of orders are the digits of Shopify ids.",
)
STATUS_ID = Field(name="status_id", kind=fields.text(), required=True, about="The status to enter.")
OPTION_ID = Field(
    name="sub_status_option_id",
    kind=fields.text(),
    about="An option of the status's group; required when the status has options.",
)
CHANNEL_LIST = Field(
    name="channels",
    kind=fields.strings(at_most=100, words=CHANNELS),
    required=True,
    about="Where to send: email, sms, whatsapp.",
)
LINE_ITEM_IDS = Field(
    name="line_item_ids",
    also="lineItemIds",
    kind=fields.strings(at_most=MAX_LINE_ITEMS),
    required=True,
    about=f"1 to {MAX_LINE_ITEMS} line items, of one or several orders.",
)


def order_ids(at_most: int) -> Field:
    """The orders of a bulk call: strings, or with the Shopify switch also integers."""

    def read(value: Any, body: Mapping[str, Any]) -> list[str]:
        integers = body.get("use_shopify_order_id") in (True, "true")
        entries = []
        for index, entry in enumerate(fields.bounded_list(value, at_most)):
            if isinstance(entry, int) and not isinstance(entry, bool) and integers:
                entry = str(entry)
            if not isinstance(entry, str):
                raise Faulted("must be a string", f"[{index}]")
            entries.append(entry)
        return entries

    entry = {"type": ["string", "integer"]}
    about = f"1 to {at_most} orders. Digits of Shopify ids may also be sent as integers."
    only_strings = {"properties": {"order_ids": {"items": {"type": "string"}}}}
    switched = {
        "properties": {"use_shopify_order_id": {"enum": [True, "true"]}},
        "required": ["use_shopify_order_id"],
    }
    kind = Kind(
        read,
        {"type": "array", "items": entry, "minItems": 1, "maxItems": at_most},
        rule={"anyOf": [only_strings, switched]},
    )
    return Field(name="order_ids", kind=kind, required=True, about=about)
