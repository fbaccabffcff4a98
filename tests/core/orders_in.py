"""A team that takes orders in, and ways to look at what was written."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from milepost.core import accounts, workspace
from milepost.core.orders import Put, put_orders
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.intake import workspace_file
from milepost.kit.ids import new_id
from milepost.model.actor import Actor, system_actor
from milepost.model.order import NewItem, NewOrder
from milepost.model.transitions import Target
from milepost.model.workflow import Workspace
from milepost.reads import workspace as workspaces
from milepost.store.db import Pool

NOW = datetime(2026, 5, 4, 23, 30, 9, 250000, UTC)
"""In Lisbon the next day has begun."""

SETUP = {
    "team": {"time_zone": "Europe/Lisbon", "currency": "EUR"},
    "statuses": [
        {"name": "Hull laid", "color": "#5B8DB8"},
        {"name": "Varnish", "color": "#B5651D"},
        {"name": "Gift wrapped", "color": "#2E8B57", "addon": True},
    ],
    "workflows": [
        {
            "name": "Build",
            "default": True,
            "color": "#24527A",
            "milestones": [
                {
                    "name": "Order accepted",
                    "type": "acceptance",
                    "owner": "supplier",
                    "key_date": {"relative_to": "issued_at", "offset_days": 2},
                },
                {
                    "name": "Shipped",
                    "type": "shipment",
                    "owner": "supplier",
                    "tasks": [{"title": "On track to ship", "required": True, "days_before": 7}],
                },
            ],
        }
    ],
}

TABLES = ("orders", "order_items", "order_addons", "order_milestones", "order_tasks", "events", "messages")


class Shop:
    """A team and its database, with short ways to put orders in and to look."""

    def __init__(self, pool: Pool, team_id: str, name: str) -> None:
        self.pool = pool
        self.team_id = team_id
        self.name = name
        self.actor: Actor = system_actor(team_id, "Importer")

    @classmethod
    async def open(cls, pool: Pool, setup: dict[str, Any] | None = None) -> "Shop":
        name = f"Shop {new_id()}"
        team_id = await accounts.create_team(pool, NOW, name=name, currency="EUR")
        shop = cls(pool, team_id, name)
        await shop.apply(SETUP if setup is None else setup)
        return shop

    async def apply(self, setup: dict[str, Any]) -> None:
        file = workspace_file.parse(json.dumps(setup).encode())
        await workspace.apply(self.pool, NOW, file.wish, team_name=self.name, faults=file.faults)

    async def workspace(self) -> Workspace:
        return await workspaces.load(self.pool, self.team_id)

    async def put(self, *orders: NewOrder, now: datetime = NOW, db: Any = None) -> list[Put]:
        return await put_orders(db or self.pool, self.actor, await self.workspace(), orders, now)

    async def put_one(self, order: NewOrder, now: datetime = NOW) -> str:
        """Its id; the order must not be refused."""
        (put,) = await self.put(order, now=now)
        assert put.refusal is None, put
        return str(put.order_id)

    async def enter(self, order_id: str, status_name: str, at: datetime = NOW) -> None:
        """Moves the order by the Status API's own verb."""
        known = await self.workspace()
        target = Target(next(one for one in known.statuses if one.name == status_name), None)
        outcomes = await change_statuses(
            self.pool, self.actor, known, OrderKeys([order_id]), target, clock=lambda: at
        )
        assert not isinstance(outcomes[order_id], Exception), outcomes

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of the team, with the transaction that wrote each, so that a rewrite shows."""
        order = {"order_items": "order_id, position", "order_milestones": "order_id, position"}.get(table)
        order = order or {"events": "order_id, sequence", "order_addons": "order_id"}.get(table, "id")
        rows = await self.pool.fetch(
            f"select xmin::text, t.* from {table} t where team_id = $1 order by {order}", self.team_id
        )
        return [dict(row) for row in rows]

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        return {table: await self.rows(table) for table in TABLES}

    async def order(self, order_id: str) -> dict[str, Any]:
        return next(row for row in await self.rows("orders") if row["id"] == order_id)

    async def items(self, order_id: str) -> list[dict[str, Any]]:
        return [row for row in await self.rows("order_items") if row["order_id"] == order_id]

    async def events(self, order_id: str) -> list[dict[str, Any]]:
        return [row for row in await self.rows("events") if row["order_id"] == order_id]

    async def told(self, order_id: str, after: int = 0) -> list[tuple[Any, ...]]:
        """(sequence, type, subject, old_data, new_data) of the events after a sequence."""
        return [
            tuple(event[name] for name in ("sequence", "type", "subject_id", "old_data", "new_data"))
            for event in await self.events(order_id)
            if event["sequence"] > after
        ]


def kayak(line: int = 1, **members: Any) -> NewItem:
    return NewItem(
        **{
            "quantity": Decimal(1),
            "description": f"Sea kayak {line}",
            "shopify_line_item_id": 9000 + line,
            "sku": f"KAY-{line}",
            "product_id": "632",
            "unit_price": Decimal("199.00"),
            **members,
        }
    )


def shop_order(number: int = 1, items: Sequence[NewItem] | None = None, **members: Any) -> NewOrder:
    """An order of the shop with two lines, unless told otherwise."""
    return NewOrder(
        **{
            "order_number": f"#{number}",
            "source": "IMPORT",
            "shopify_kind": "Order",
            "shopify_id": 1000 + number,
            "currency": "EUR",
            "total_price": Decimal("398.00"),
            "items": (kayak(1), kayak(2)) if items is None else tuple(items),
            **members,
        }
    )
