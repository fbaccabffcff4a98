"""1.0: orders and their custom statuses."""

from milepost.http.releases import Release

RELEASE = Release(
    version="1.0",
    note="List and read orders with their custom status and sub-status, change statuses singly and in bulk, "
    "notify customers, list the statuses of the team.",
)
