"""1.4: statuses of line items, settings, extras."""

from milepost.http.releases import Release

RELEASE = Release(
    version="1.4",
    note="Line items have statuses of their own: change them singly and in bulk, clear them. Read the team's "
    "settings. Ask for extras of an order with `include`.",
    fields={
        "LineItem": ("status", "sub_status", "deadline"),
        "Order": ("deadline", "metafield"),
    },
    operations=(
        "changeLineItemStatus",
        "changeLineItemStatuses",
        "clearLineItemStatuses",
        "getSettings",
    ),
    parameters={"listOrders": ("include",), "getOrder": ("include",)},
)
