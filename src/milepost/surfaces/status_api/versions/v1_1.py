"""1.1: add-on statuses."""

from milepost.http.releases import Release

RELEASE = Release(
    version="1.1",
    note="Orders show the add-on statuses that they hold beside the primary one; statuses say whether they are "
    "add-ons.",
    fields={"Order": ("addon_statuses",), "Status": ("is_addon",)},
)
