"""The scheme of milestones that preceded workflows: a frozen record, on which nothing acts (Milestones API, section
6.9)."""

from typing import Final, Literal

from msgspec import Struct

ConfigType = Literal["acceptance", "production_start", "on_track_to_ship", "shipment", "delivery"]
ConfigAnchor = Literal["issued_at", "production_start_date", "ships_on", "delivered_on"]


class ConfigMilestone(Struct, frozen=True):
    """A milestone of the old scheme: so many days after (before, when negative) a date of the order."""

    type: ConfigType
    enabled: bool
    offset_days: int
    relative_to: ConfigAnchor


class MilestoneConfig(Struct, frozen=True, kw_only=True):
    name: str
    is_default: bool
    enabled: bool
    milestones: tuple[ConfigMilestone, ...]


STANDARD: Final = MilestoneConfig(
    name="Standard",
    is_default=True,
    enabled=True,
    milestones=(
        ConfigMilestone("acceptance", True, 0, "issued_at"),
        ConfigMilestone("production_start", True, 0, "production_start_date"),
        ConfigMilestone("on_track_to_ship", True, -7, "ships_on"),
        ConfigMilestone("shipment", True, 1, "ships_on"),
        ConfigMilestone("delivery", True, 1, "delivered_on"),
    ),
)
"""The one entry that every team has (section 7.15). Migration 0003 spells the same for the teams of its time."""
