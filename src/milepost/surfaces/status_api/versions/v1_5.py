"""1.5: opt-in additions; so far the same as 1.4."""

from milepost.http.releases import Release

RELEASE = Release(
    version="1.5",
    note="Additive and opt-in: everything of 1.4 with the same names and meanings. Nothing added yet.",
)
