"""A served Milepost and its teams, for tests that speak HTTP over real sockets."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import aiohttp
import uvicorn
from yarl import URL

from milepost.app import build
from milepost.cli import background
from milepost.core import accounts, workspace
from milepost.core.orders import put_orders
from milepost.http.gate import Gate, Memory
from milepost.http.limits import Limits as RateLimits
from milepost.http.server_limits import Limits
from milepost.http.server_protocol import guarded
from milepost.intake import workspace_file
from milepost.kit.errors import Faulty
from milepost.model.actor import PERMISSIONS, system_actor
from milepost.model.order import Customer, NewItem, NewOrder, Stop
from milepost.model.workflow import Channel, House
from milepost.reads import workspace as reads
from milepost.settings import Settings
from milepost.store.db import Pool
from milepost.surfaces.status_api.app import StatusApi
from tests.openapi_check import check_answer

OVERRIDE = "canOverrideProductChainEnforcement"
ALL_BUT_OVERRIDE = tuple(name for name in PERMISSIONS if name != OVERRIDE)


ERRORS = {
    "unsupported_version": (400, "Unsupported API version"),
    "invalid_json": (400, "Invalid request"),
    "invalid_request": (400, "Invalid request"),
    "unknown_status": (400, "Invalid request"),
    "sub_status_required": (400, "Invalid request"),
    "unknown_sub_status": (400, "Invalid request"),
    "addon_not_supported": (400, "Invalid request"),
    "invalid_api_key": (401, "Invalid API key"),
    "insufficient_permissions": (403, "Insufficient permissions"),
    "not_found": (404, "Not found"),
    "requires_version": (404, "Not found"),
    "order_not_found": (404, "Order not found"),
    "status_not_found": (404, "Status not found"),
    "line_item_not_found": (404, "Line item not found"),
    "method_not_allowed": (405, "Method not allowed"),
    "workflow_order": (409, "Status change not allowed by the workflow order"),
    "status_chain": (409, "Status change not allowed by the status chain"),
    "status_specificity": (409, "Not available in this status specificity mode"),
    "body_too_large": (413, "Request body too large"),
    "rate_limited": (429, "Rate limit exceeded"),
    "internal_error": (500, "Internal server error"),
}
"""The error table of the contract's section 6, written down a second time on purpose."""

NO_ID = "019df1ae-0000-7000-8000-000000000000"
"""An id that names nothing."""

SECRET_KEY = "the secret key of all served test worlds"

NOTHING_SENT = {"total_sent": 0, "total_failed": 0, "by_channel": {}}


BASICS: dict[str, Any] = {
    "sub_status_groups": [
        {"name": "Coats", "options": ["First", "Second"]},
        {"name": "Boxes", "options": ["Small"]},
        {"name": "Bare"},
    ],
    "statuses": [
        {"name": "A", "color": "#AA0001"},
        {"name": "B", "color": "#BB0002", "sub_status_group": "Bare"},
        {"name": "C", "color": "#CC0003"},
        {"name": "Coated", "color": "#0000D4", "sub_status_group": "Coats"},
        {"name": "Boxed", "color": "#0000E5", "sub_status_group": "Boxes"},
        {"name": "Wait", "color": "#999906", "independent": True},
        {"name": "Gift", "color": "#00F007", "addon": True},
        {"name": "Lacquer", "color": "#00F008", "addon": True, "sub_status_group": "Coats"},
        {
            "name": "Loud",
            "color": "#FF0009",
            "notifications": {"email": True, "sms": True, "whatsapp": True},
            "sub_status_group": "Bare",
        },
        {
            "name": "Loud gift",
            "color": "#FF0010",
            "addon": True,
            "notifications": {"email": False, "sms": True, "whatsapp": False},
        },
    ],
}
"""A workspace with one of everything a status can be; nothing is enforced."""


class TurnableClock:
    """The machine's clock, which a test may turn forward."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.frozen: datetime | None = None

    def __call__(self) -> datetime:
        return (self.frozen or datetime.now(UTC)) + self.offset

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Stands still at that instant; nests."""
        before, self.frozen = self.frozen, instant
        try:
            yield
        finally:
            self.frozen = before


class Reply:
    """An answer: status, headers, JSON body."""

    def __init__(self, status: int, headers: Any, raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.raw = raw

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        return str(self.json["details"]["code"])

    def __repr__(self) -> str:
        return f"<{self.status} {self.raw[:300]!r}>"

    def ok(self) -> Any:
        """The JSON of an answer that must be 200."""
        assert self.status == 200, self
        return self.json

    def refused(
        self, code: str, *, fields: Sequence[str] | None = None, line_item: bool = False, **details: Any
    ) -> None:
        """Asserts a refusal: status and whole body as the error table has them. `fields`: the names of the
        faulty fields, in any order; their messages must only be there."""
        status, error = ERRORS[code]
        body = self.json
        assert self.status == status, self
        if fields is not None:
            found = body["details"].pop("fields")
            assert sorted(fault["field"] for fault in found) == sorted(fields), self
            assert all(set(fault) == {"field", "message"} and fault["message"] for fault in found), self
        expected = {"error": error, "details": {"code": code, **details}}
        assert body == ({"success": False, **expected} if line_item else expected), self
        if line_item:
            assert self.raw.startswith(b'{"success":false,')
        assert self.headers["Content-Type"] == "application/json"


class World:
    """One served application on one pool."""

    def __init__(self, pool: Pool, clock: TurnableClock, base: str, http: aiohttp.ClientSession) -> None:
        self.pool = pool
        self.clock = clock
        self.base = base
        self._http = http
        self._teams = 0

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: Any = None,
        **options: Any,
    ) -> Reply:
        """A request as it is; `body` is sent as JSON unless it is bytes or an iterator of them, which is sent
        in chunks. A path with `%` is sent as written."""
        data: Any = (
            body if body is None or isinstance(body, bytes | AsyncIterator) else json.dumps(body).encode()
        )
        if isinstance(data, bytes) and len(data) > 65_536:
            data = io.BytesIO(data)  # aiohttp warns of large bytes
        url = URL(self.base + path, encoded="%" in path)
        async with self._http.request(
            method, url, headers=headers, data=data, allow_redirects=False, **options
        ) as answer:
            reply = Reply(answer.status, answer.headers, await answer.read())
        check_answer(method, path, reply)
        return reply

    async def team(self, **settings: Any) -> "Team":
        """A new team with a key that may do all but override, without limits."""
        self._teams += 1
        name = f"Team {self._teams} {id(self)}"
        team_id = await accounts.create_team(self.pool, self.clock(), name=name, currency="EUR")
        team = Team(self, team_id, name)
        team.key = await team.new_key()
        if settings:
            await team.apply({"settings": settings})
        return team


class Team:
    """A team of the world, its default key, and short ways to set it up and to call the Status API."""

    key: str
    known: dict[str, str]
    """Ids of the workspace by name, as `ids` told them when it was last applied."""
    by: dict[str, str]
    """Ids of orders by name, where the set-up of a test keeps them."""

    def __init__(self, world: World, team_id: str, name: str) -> None:
        self.world = world
        self.id = team_id
        self.name = name
        self._orders = 0

    async def new_key(self, *permissions: str, **options: Any) -> str:
        options = {"rate_minute": 0, "rate_day": 0, "name": "test", **options}
        issued = await accounts.create_key(
            self.world.pool,
            system_actor(self.id),
            self.world.clock(),
            permissions=permissions or ALL_BUT_OVERRIDE,
            **options,
        )
        return issued.key

    async def apply(self, wish: dict[str, Any], *, prune: bool = False) -> None:
        """Makes the workspace as the workspace file says (operator contract, section 3)."""
        file = workspace_file.parse(json.dumps(wish).encode())
        try:
            await workspace.apply(
                self.world.pool,
                self.world.clock(),
                file.wish,
                team_name=self.name,
                faults=file.faults,
                prune=prune,
            )
        except Faulty as faulty:
            raise AssertionError(faulty.faults) from faulty
        self.known = await self.ids()

    async def ids(self) -> dict[str, str]:
        """Ids by name: statuses, workflows (`workflow:NAME`), options (`GROUP/OPTION`)."""
        known = await reads.load(self.world.pool, self.id)
        return {
            **{status.name: status.id for status in known.statuses},
            **{f"workflow:{workflow.name}": workflow.id for workflow in known.workflows},
            **{
                f"{group.name}/{option.name}": option.id for group in known.groups for option in group.options
            },
        }

    async def order(self, number: str | None = None, **content: Any) -> str:
        """A new order; returns its id."""
        return (await self.orders([self.new_order(number, **content)]))[0]

    def new_order(self, number: str | None = None, **content: Any) -> NewOrder:
        self._orders += 1
        return NewOrder(order_number=number or f"#T{self._orders}", **content)

    async def orders(self, orders: Sequence[NewOrder]) -> list[str]:
        known = await reads.load(self.world.pool, self.id)
        results = await put_orders(self.world.pool, system_actor(self.id), known, orders, self.world.clock())
        assert all(result.order_id for result in results), results
        return [str(result.order_id) for result in results]

    async def line_items(self, order_id: str) -> list[str]:
        """The ids of the order's line items, in its sequence."""
        return [line["id"] for line in (await self.get(f"/orders/{order_id}")).json["order"]["line_items"]]

    async def events(self, order_id: str) -> list[dict[str, Any]]:
        """All events of the order, in sequence."""
        rows = await self.world.pool.fetch(
            "select * from events where team_id = $1 and order_id = $2 order by sequence", self.id, order_id
        )
        return [dict(row) for row in rows]

    async def messages(self, order_id: str) -> list[dict[str, Any]]:
        """All messages stored for the order's customer, oldest first."""
        rows = await self.world.pool.fetch(
            "select * from messages where team_id = $1 and order_id = $2 order by id", self.id, order_id
        )
        return [dict(row) for row in rows]

    async def row(self, order_id: str) -> dict[str, Any]:
        """The order's row as it is stored."""
        (row,) = await self.world.pool.fetch(
            "select * from orders where team_id = $1 and id = $2", self.id, order_id
        )
        return dict(row)

    async def milestones(self, order_id: str) -> list[dict[str, Any]]:
        """The order's milestones as they are stored, in their sequence."""
        rows = await self.world.pool.fetch(
            "select * from order_milestones where team_id = $1 and order_id = $2 order by position",
            self.id,
            order_id,
        )
        return [dict(row) for row in rows]

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Asserts that what happens inside changes no order and no webhook of the team, and that no event, message,
        delivery or kept answer appears."""
        before = await self._fingerprint()
        yield
        assert await self._fingerprint() == before

    async def _fingerprint(self) -> list[tuple[Any, ...]]:
        tables = (
            "orders",
            "order_items",
            "order_addons",
            "order_milestones",
            "order_tasks",
            "milestone_delays",
            "order_milestone_configs",
            "order_numbers",
            "order_tags",
            "tags",
            "releases",
            "release_documents",
            "document_parts",
            "events",
            "messages",
            "webhooks",
            "deliveries",
            "idempotency_keys",
        )
        rows = await self.world.pool.fetch(
            " union all ".join(
                f"select '{table}', count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t "
                "where t.team_id = $1"
                for table in tables
            ),
            self.id,
        )
        return [tuple(row) for row in rows]

    async def read(self, order_id: str, version: str | None = None, **params: Any) -> dict[str, Any]:
        """The order as GET shows it."""
        order: dict[str, Any] = (await self.get(f"/orders/{order_id}", version, **params)).ok()["order"]
        return order

    async def moved(
        self, order_id: str, status_id: str, option_id: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """A move that must succeed; its answer."""
        answer: dict[str, Any] = (await self.move(order_id, status_id, option_id, **options)).ok()
        return answer

    async def get(
        self, path: str, version: str | None = None, key: str | None = None, **params: Any
    ) -> Reply:
        return await self.call("GET", path, version, key, params=params or None)

    async def post(
        self, path: str, body: Any = None, version: str | None = None, key: str | None = None
    ) -> Reply:
        return await self.call("POST", path, version, key, body=body)

    async def call(
        self,
        method: str,
        path: str,
        version: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """A call of the Status API with the team's key, path below `/api/v1`."""
        sent = {"X-API-Key": key or self.key, **(headers or {})}
        if version is not None:
            sent["X-API-Version"] = version
        return await self.world.call(method, "/api/v1" + path, headers=sent, **options)

    async def orders_api(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """A call of the Orders API with the team's key; a body is `application/json` unless the headers say
        otherwise."""
        sent = {"Authorization": f"Token {key or self.key}", **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        return await self.world.call(method, path, headers=sent, body=body, **options)

    async def milestones_api(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """A call of the Milestones API with the team's key, path below `/v1/teams/{id}`."""
        sent = {"Authorization": f"Bearer {key or self.key}", **(headers or {})}
        path = f"/v1/teams/{self.id}{path}"
        return await self.world.call(method, path, headers=sent, body=body, **options)

    async def move(
        self, order_id: str, status_id: str, option_id: str | None = None, **options: Any
    ) -> Reply:
        body = {"status_id": status_id, **({"sub_status_option_id": option_id} if option_id else {})}
        return await self.post(f"/orders/{order_id}/status", body, **options)


def item(description: str = "Thing", quantity: str = "1", **content: Any) -> NewItem:
    price = content.pop("price", None)
    return NewItem(
        description=description,
        quantity=Decimal(quantity),
        unit_price=None if price is None else Decimal(price),
        **content,
    )


__all__ = [
    "BASICS",
    "ERRORS",
    "NOTHING_SENT",
    "NO_ID",
    "Customer",
    "NewItem",
    "NewOrder",
    "Reply",
    "Stop",
    "Team",
    "TurnableClock",
    "World",
    "item",
    "served",
]


class _Server(uvicorn.Server):
    """Leaves the signals of the test runner alone."""

    def capture_signals(self) -> Any:
        return nullcontext()


def _with_channels(pool: Pool, clock: TurnableClock, channels: frozenset[Channel]) -> StatusApi:
    memory = Memory(pool, House())
    return StatusApi(
        pool,
        memory,
        Gate(memory, RateLimits(), clock),
        clock,
        default_version="1.4",
        bulk_max_orders=1000,
        wake=lambda: None,
        channels=channels,
    )


@asynccontextmanager
async def served(
    pool: Pool,
    *,
    channels: frozenset[Channel] = frozenset(),
    outside: Mapping[str, Any] = MappingProxyType({}),
    **settings: Any,
) -> AsyncIterator[World]:
    """The application on a real socket of the loopback interface; with `channels` the Status API alone, on a
    server that has these message channels. `outside`: what else `build` is given (`probe`, `wake`)."""
    clock = TurnableClock()
    configured = Settings(**{"secret_key": SECRET_KEY, **settings})
    async with background.sender(configured, clock) as sender:
        given = {"probe": sender.probe, "wake": lambda: None, **outside}
        app = _with_channels(pool, clock, channels) if channels else build(configured, pool, clock, **given)
        async with (
            listening(app) as base,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=100), skip_auto_headers=("Content-Type",)
            ) as http,
        ):
            yield World(pool, clock, base, http)


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The address of a server of that application."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else no TCP_NODELAY
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=guarded(Limits()),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=600,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            await task
            raise AssertionError("the server ended before it began")
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
