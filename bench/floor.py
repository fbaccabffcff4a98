"""The floor: what remains when everything that is Milepost is taken away.

A bare Starlette handler for each endpoint that is compared, on the same uvicorn, uvloop and httptools, sends the
very SQL and parameters that Milepost sends, through a plain asyncpg pool, and answers the same body, built as
dicts from the records and encoded by msgspec. It knows one team: no key, no limits, no versions, no rules.
"""

import asyncio
import gc
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import milestone_floor, order_floor
from bench.statements import statements
from milepost.http.server import listen
from milepost.kit.ids import new_id, parse_id, ulid
from milepost.model.workflow import Workspace
from milepost.reads import workspace
from milepost.store import db

_JSON = "application/json"
_ORDER_COLUMNS = (
    *("team_version", "id", "version", "event_seq", "order_number", "order_type", "is_draft", "shopify_kind"),
    *(
        "shopify_id",
        "lifecycle",
        "cancelled",
        "status_id",
        "sub_status_id",
        "workflow_id",
        "anchor_status_id",
    ),
)
"""The first columns of what a status change loads; later ones repeat their names."""


class Floor:
    def __init__(self, pool: asyncpg.Pool, known: Workspace) -> None:
        self.pool = pool
        self.team = known.team.id
        self.shown_team = {"id": known.team.id, "name": known.team.name}
        self.actor_id = new_id()
        self.sql = statements()
        statuses = {UUID(one.id): one for one in known.statuses}
        self.statuses = {
            at: {"id": one.id, "name": one.name, "color": one.color} for at, one in statuses.items()
        }
        self.in_events = {at: {**self.statuses[at], "id": ulid(one.id)} for at, one in statuses.items()}
        self.workflow_of = {at: one.workflow_id for at, one in statuses.items()}
        self.duration = {
            at: timedelta(seconds=one.max_duration.seconds)
            for at, one in statuses.items()
            if one.max_duration.enabled
        }
        self.workflows = {UUID(one.id): one.name for one in known.workflows}

    async def list_orders(self, request: Request) -> Response:
        query = request.query_params
        page, limit = int(query.get("page", 1)), int(query.get("limit", 25))
        rows = await self.pool.fetch(self.sql.list_orders, self.team, limit, (page - 1) * limit)
        total = rows[0]["total"]
        pagination = {"page": page, "limit": limit, "total": total, "total_pages": -(-total // limit)}
        body = {"orders": [self.order(row) for row in rows], "pagination": pagination}
        return Response(msgspec.json.encode(body), media_type=_JSON)

    async def get_order(self, request: Request) -> Response:
        row = await self.pool.fetchrow(self.sql.get_order, self.team, request.path_params["order_id"])
        assert row is not None
        return Response(msgspec.json.encode({"order": self.order(row)}), media_type=_JSON)

    async def get_purchase_order(self, request: Request) -> Response:
        order_id = parse_id(request.path_params["order_id"])
        row = await self.pool.fetchrow(self.sql.load_orders, self.team, [order_id])
        assert row is not None
        return Response(msgspec.json.encode(order_floor.document(row["whole"])), media_type=_JSON)

    async def list_purchase_orders(self, request: Request) -> Response:
        query = request.query_params
        page, limit = int(query.get("page", 1)), int(query.get("per_page", 25))
        rows = await self.pool.fetch(self.sql.list_purchase_orders, self.team, limit, (page - 1) * limit)
        shown = [milestone_floor.row(self.shown_team, row["shown"]) for row in rows]
        return Response(msgspec.json.encode({"purchase_orders": shown}), media_type=_JSON)

    async def change_status(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body())
        status_id = UUID(body["status_id"])
        rows = await self.pool.fetch(
            self.sql.load, self.team, [request.path_params["order_id"]], status_id, False
        )
        order = dict(zip(_ORDER_COLUMNS, rows[0].values(), strict=False))
        won = await self.pool.fetch(self.sql.move, *self.move(order, status_id))
        assert len(won) == 1
        changed = {
            "id": order["id"],
            "shopify_order_id": f"gid://shopify/{order['shopify_kind']}/{order['shopify_id']}",
            "name": order["order_number"],
            "status": self.statuses[status_id],
            "sub_status": None,
        }
        told = {"total_sent": 0, "total_failed": 0, "by_channel": {}}
        answer = {"message": "Order status updated successfully", "order": changed, "notifications": told}
        return Response(msgspec.json.encode(answer), media_type=_JSON)

    def move(self, order: dict[str, Any], status_id: UUID) -> list[Any]:
        """The parameters of the move: the order's new state and its event, as arrays of one."""
        now = datetime.now(UTC)
        duration = self.duration.get(status_id)
        due = now.replace(microsecond=0) + duration if duration else None
        chain = status_id if self.workflow_of[status_id] else order["anchor_status_id"]
        sequence = order["event_seq"] + 1
        old = {"custom_status": self.in_events.get(order["status_id"])}
        new = {"custom_status": self.in_events[status_id]}
        facts = {"order_number": order["order_number"], "order_type": order["order_type"]}
        state = [order["id"], order["version"], sequence, status_id, None]
        state += [self.workflow_of[status_id] or order["workflow_id"], chain, now, due, order["lifecycle"]]
        state += [order["status_id"], order["workflow_id"]]
        event = [new_id(), order["id"], sequence, "order.status.changed", None, now]
        event += [msgspec.json.encode(document).decode() for document in (old, new, facts)]
        return [
            self.team,
            *([value] for value in state),
            *(now, "api_key", self.actor_id, "bench"),
            *([value] for value in event),
        ]

    def order(self, row: asyncpg.Record) -> dict[str, Any]:
        cancelled_at = row["cancelled_at"]
        workflow_id = row["workflow_id"]
        return {
            "id": row["id"],
            "shopify_order_id": f"gid://shopify/{row['shopify_kind']}/{row['shopify_id']}",
            "name": row["order_number"],
            "workflow_id": workflow_id,
            "workflow_name": self.workflows.get(workflow_id),
            "created_at": row["placed_at"].replace(microsecond=0),
            "custom_status": self.statuses.get(row["status_id"]),
            "custom_sub_status": None,
            "addon_statuses": [],
            "customer": {
                "first_name": row["customer_first_name"],
                "last_name": row["customer_last_name"],
                "email": row["customer_email"],
                "phone": row["customer_phone"],
            },
            "shipping_address": _address(row["ship_to"]),
            "total_price": row["total_price"],
            "currency": row["currency"],
            "line_items": _lines(row),
            "note": row["note"],
            "cancelled": cancelled_at is not None,
            "cancelled_at": cancelled_at and cancelled_at.replace(microsecond=0),
        }


def _lines(row: asyncpg.Record) -> list[dict[str, Any]]:
    return [
        {
            "id": line_id,
            "shopify_line_item_id": f"gid://shopify/LineItem/{shopify_id}",
            "name": description,
            "quantity": int(quantity) if quantity.is_integer() else quantity,
        }
        for line_id, shopify_id, description, quantity in zip(
            row["line_ids"], row["shopify_ids"], row["descriptions"], row["quantities"], strict=True
        )
    ]


def _address(text: str) -> dict[str, Any]:
    stop = msgspec.json.decode(text)
    return {
        "company": stop.get("company_name"),
        "address1": stop.get("line_1"),
        "address2": stop.get("line_2"),
        "city": stop.get("locality"),
        "province": stop.get("region"),
        "zip": stop.get("postal_code"),
        "country": stop.get("country"),
        "latitude": stop.get("latitude_text"),
        "longitude": stop.get("longitude_text"),
    }


async def _keep_as_is(connection: Any) -> None:
    """No reset query, as Milepost has none."""


async def _serve(url: str, team_id: str) -> None:
    first = await db.open_pool(url, size=1)
    known = await workspace.load(first, team_id)
    await first.close()
    pool = await asyncpg.create_pool(
        url, min_size=1, max_size=db.POOL_SIZE, reset=_keep_as_is, max_cached_statement_lifetime=0
    )
    floor = Floor(pool, known)
    routes = [
        Route("/api/v1/orders", floor.list_orders),
        Route("/api/v1/orders/{order_id}", floor.get_order),
        Route("/orders/{order_id}", floor.get_purchase_order),
        Route("/v1/teams/{team_id}/purchase_orders", floor.list_purchase_orders),
        Route("/api/v1/orders/{order_id}/status", floor.change_status, methods=["POST"]),
    ]
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        Starlette(routes=routes),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    gc.collect()
    gc.freeze()
    print(f"floor is ready on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await pool.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_TEAM"]))
