"""A served Milepost that is stepped by tests which are no coroutines, and the kinds of teams that live in it."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import uvloop

from milepost.store import db
from tests.one_truth.wire import Wire
from tests.surfaces.world import Team, World, served

T = TypeVar("T")

WIRES = 3
"""Connections: so many acts can be made at once."""


class Stage:
    """One server on one database, in a loop of its own that runs only while a test waits for something."""

    world: World
    wires: list[Wire]
    other: Team
    """A team that must see nothing of what the others do."""

    def __init__(self, url: str) -> None:
        self._loop = uvloop.new_event_loop()
        self._open = AsyncExitStack()
        self.run(self._begin(url))

    def run(self, wanted: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(wanted)

    def close(self) -> None:
        self.run(self._open.aclose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _begin(self, url: str) -> None:
        asyncio.get_running_loop().set_debug(False)
        pool = await db.open_pool(url, size=WIRES + 1)
        self._open.push_async_callback(pool.close)
        self.world = await self._open.enter_async_context(served(pool))
        self.other = await self.world.team()
        self.wires = [await Wire.to(self.world.base) for _ in range(WIRES)]
        for wire in self.wires:
            self._open.callback(wire.close)
            await wire.ask("GET", "/tags", self.other.key)  # one that says nothing at first is closed


STATUSES: dict[str, tuple[str | None, bool]] = {
    "Taken up": ("Build", False),
    "Varnish": ("Build", True),
    "Sent": ("Build", False),
    "There": ("Build", False),
    "Looked at": ("Repair", False),
    "Mended": ("Repair", False),
    "Waiting": (None, False),
}
"""The primary statuses in their sequence: workflow, and whether they have sub-statuses (`COATS`)."""

INDEPENDENT = "Waiting"
COATS = ("First", "Second")
ADDONS = {"Gift": False, "Lacquer": True}
TAGS = ("Summer shelf", "Rush", "Árvore")

_MILESTONES: dict[str, list[dict[str, Any]]] = {
    "Build": [
        {
            "name": "Order accepted",
            "type": "acceptance",
            "status": "Taken up",
            "key_date": {"relative_to": "issued_at", "offset_days": 3},
        },
        {
            "name": "Sample approved",
            "type": "custom",
            "owner": "brand",
            "status": "Varnish",
            "sub_status": "First",
            "prompt_offset_days": -1,
            "key_date": {"relative_to": "ships_on", "offset_days": -9},
            "tasks": [
                {"title": "Send swatches", "required": True, "days_before": 1},
                {"title": "Order labels"},
            ],
        },
        {"name": "Sewing started", "type": "production_start"},
        {"name": "Goods shipped", "type": "shipment", "status": "Sent"},
        {"name": "Goods delivered", "type": "delivery", "status": "There"},
    ],
    "Repair": [
        {"name": "Taken in", "type": "acceptance"},
        {"name": "Looked over", "type": "custom", "status": "Looked at"},
    ],
    "By the way": [
        {"name": "Accepted", "type": "acceptance", "status": "Waiting"},
        {"name": "Arrived", "type": "delivery"},
    ],
}
"""Workflows by name: one with everything, one that can be completed, one whose statuses belong elsewhere."""


def workspace(zone: str, **settings: Any) -> dict[str, Any]:
    """What a workspace file says of a team in that zone, with these settings."""
    return {
        "team": {"time_zone": zone, "currency": "EUR"},
        "settings": settings,
        "sub_status_groups": [{"name": "Coats", "options": list(COATS)}],
        "statuses": [
            *(
                {
                    "name": name,
                    **({"independent": True} if name == INDEPENDENT else {}),
                    **({} if workflow is None else {"workflow": workflow}),
                    **({"sub_status_group": "Coats"} if has_coats else {}),
                }
                for name, (workflow, has_coats) in STATUSES.items()
            ),
            *(
                {"name": name, "addon": True, **({"sub_status_group": "Coats"} if has_coats else {})}
                for name, has_coats in ADDONS.items()
            ),
        ],
        "workflows": [
            {"name": name, "default": name == "Build", "milestones": milestones}
            for name, milestones in _MILESTONES.items()
        ],
    }


KINDS: dict[str, dict[str, Any]] = {
    "free": workspace("UTC", workflows_enabled=True),
    "chained": workspace("America/New_York", workflows_enabled=True, enforce_product_chain=True),
    "ordered": workspace(
        "Pacific/Kiritimati",
        workflows_enabled=True,
        enforce_workflow_order=True,
        enforce_product_chain=True,
    ),
    "by line": workspace("Asia/Kathmandu", workflows_enabled=True, status_specificity="line_item"),
    "by order": workspace("Europe/Lisbon", status_specificity="order"),
}
"""Teams by what their settings enforce."""

RESHAPED: dict[str, Any] = {
    "workflows": [
        {
            "name": "Build",
            "default": True,
            "milestones": [
                {**one, "prompt_offset_days": 3} if one["type"] == "shipment" else one
                for one in _MILESTONES["Build"]
            ],
        },
        {
            "name": "Repair",
            "milestones": [*_MILESTONES["Repair"], {"name": "Washed", "type": "custom", "owner": "brand"}],
        },
    ]
}
"""What an operator makes of any of them: other prompts in one workflow, one more milestone in another."""
