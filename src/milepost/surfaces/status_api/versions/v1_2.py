"""1.2: draft orders, failures inside bulk answers, holidays."""

from milepost.http.releases import Document, Release

DRAFTS = "drafts"
"""Draft orders are listed, filtered by `order_type` and found by their Shopify digits."""


def _successes_only(bulk: Document) -> None:
    """Before, bulk answers told only of what went well."""
    bulk["results"] = [entry for entry in bulk["results"] if entry["success"]]


RELEASE = Release(
    version="1.2",
    note="Draft orders are listed (filter `order_type`) and found by their Shopify id. Bulk answers count and "
    "list what failed. Statuses say whether their time limit skips holidays.",
    fields={
        "MaxDuration": ("skip_holidays",),
        "BulkStatusChange": ("updated", "failed", "success", "failed_entries"),
        "BulkStatusEntry": ("success", "error"),
        "BulkNotification": ("sent", "failed", "success", "failed_entries"),
        "BulkNotificationEntry": ("success", "error"),
    },
    parameters={"listOrders": ("order_type",)},
    behaviours=(DRAFTS,),
    steps={"BulkStatusChange": _successes_only, "BulkNotification": _successes_only},
)
