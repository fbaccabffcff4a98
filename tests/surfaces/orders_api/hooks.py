"""Webhooks of a team, what waits for them, and a receiver on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from milepost.kit.ids import new_id, parse_id
from tests.openapi_check import check_webhook_body
from tests.surfaces.world import Team

URL = "https://hooks.birchline.example/milepost"
WISH: dict[str, Any] = {
    "url": URL,
    "enabled_events": ["order.created", "order.updated"],
    "error_contact_email": "edi@birchline.example",
}
"""The least that a webhook needs."""


def wish(**members: Any) -> dict[str, Any]:
    return {**WISH, **members}


async def hook(team: Team, **members: Any) -> dict[str, Any]:
    """A new webhook that must be taken; as it is answered."""
    reply = await team.orders_api("POST", "/webhooks", body=wish(**members))
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def hook_row(team: Team, webhook_id: str) -> dict[str, Any]:
    """The webhook as it is stored."""
    (row,) = await team.world.pool.fetch(
        "select * from webhooks where team_id = $1 and id = $2", team.id, parse_id(webhook_id)
    )
    return dict(row)


async def waiting(team: Team, webhook_id: str) -> list[dict[str, Any]]:
    """The deliveries of the webhook as they are stored, oldest event first."""
    rows = await team.world.pool.fetch(
        """select d.*, e.recorded_at from deliveries d join events e on e.team_id = d.team_id and e.id = d.event_id
           where d.team_id = $1 and d.webhook_id = $2 order by e.recorded_at, e.id""",
        team.id,
        parse_id(webhook_id),
    )
    return [dict(row) for row in rows]


async def settle(team: Team, delivery_id: str, status: str, *, attempts: int = 1, excerpt: str = "") -> None:
    """As if the workers had tried it so often, and at last so."""
    identifier = parse_id(delivery_id)
    for number in range(1, attempts + 1):
        failed = status != "SUCCEEDED" or number < attempts
        await team.world.pool.execute(
            "insert into attempts values ($1, $2, $3, now(), 86, $4, $5, $6, $7)",
            team.id,
            identifier,
            number,
            500 if failed else 204,
            "status" if failed else None,
            excerpt,
            {"webhook-id": "x", "webhook-signature": "redacted", "milepost-attempt": str(number)},
        )
    await team.world.pool.execute(
        """update deliveries set status = $3, attempt_count = $4, tries = $4,
             next_attempt_at = case when $3 = 'PENDING' then now() + interval '1 hour' end,
             finished_at = case when $3 <> 'PENDING' then now() end
           where team_id = $1 and id = $2""",
        team.id,
        identifier,
        status,
        attempts,
    )


async def lease(team: Team, webhook_id: str) -> None:
    """As if a worker held the webhook."""
    await team.world.pool.execute(
        "insert into webhook_leases (team_id, webhook_id, owner) values ($1, $2, $3)",
        team.id,
        parse_id(webhook_id),
        new_id(),
    )


class Received:
    """What came to a receiver, which answers with `status` and `answer`."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.answer = ""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.before: Callable[[], Awaitable[None]] | None = None
        """What happens before it answers."""

    def verified(self, place: int, secret: str) -> Any:
        """The document of a request that an independent library accepts as signed with the secret; it is as the
        OpenAPI document has it."""
        headers, body = self.requests[place]
        document = Webhook(secret).verify(body, headers)
        check_webhook_body(document["event_name"], document)
        return document

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        if self.before is not None:
            await self.before()
        return web.Response(status=self.status, text=self.answer or None)


@asynccontextmanager
async def receiver() -> AsyncIterator[Received]:
    """A receiver on the loopback interface."""
    received = Received()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", received.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    received.url = f"http://{host}:{port}/hook"
    try:
        yield received
    finally:
        await asyncio.shield(runner.cleanup())


def body_of(row: dict[str, Any]) -> Any:
    """The document that a stored delivery sends."""
    return json.loads(row["body"])
