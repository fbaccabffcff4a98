"""Who acts: an API key, a dashboard user or the system, with what it may do."""

from typing import Literal

from msgspec import Struct

from milepost.kit.errors import Forbidden

PERMISSIONS = (
    "canViewOrders",
    "canUpdateOrders",
    "canChangeOrderStatus",
    "canSendNotifications",
    "canViewStatuses",
    "canManageStatuses",
    "canOverrideProductChainEnforcement",
    "canManageWebhooks",
    "canManageTeam",
)
OVERRIDE_CHAIN = "canOverrideProductChainEnforcement"

ALL_PERMISSIONS = frozenset(PERMISSIONS)


class Actor(Struct, frozen=True):
    """The one in whose name a verb runs. Team data is always looked up under `team_id`."""

    team_id: str
    kind: Literal["api_key", "user", "system"]
    id: str | None
    name: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raises Forbidden, naming the permission, unless the actor has it."""
        if permission not in self.permissions:
            raise Forbidden(permission)


def system_actor(team_id: str, name: str = "Milepost") -> Actor:
    """The operator's own hand: command line, importer, workers."""
    return Actor(team_id, "system", None, name, ALL_PERMISSIONS)
