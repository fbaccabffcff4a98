"""Who is told nonsense, and what every answer to it must be."""

from typing import Any

from msgspec import Struct

from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.things import Things, things
from tests.surfaces.world import Reply, Team, World


class Ground(Struct):
    """A team with its things, on a server whose webhooks reach a receiver."""

    team: Team
    things: Things
    received: Received

    @classmethod
    async def make(cls, reached: tuple[World, Received]) -> "Ground":
        world, received = reached
        team = await world.team()
        return cls(team, await things(team, url=received.url), received)

    async def pulse(self) -> tuple[Any, ...]:
        """Moves with every change of the team; cheaper than `unchanged`."""
        (row,) = await self.team.world.pool.fetch(_PULSE, self.team.id)
        return tuple(row)


_PULSE = """
select (select count(*) from events where team_id = $1), (select sum(version) from orders where team_id = $1),
       (select count(*) from releases where team_id = $1), (select count(*) from tags where team_id = $1),
       (select count(*) from deliveries where team_id = $1), (select count(*) from webhooks where team_id = $1),
       (select max(updated_at) from webhooks where team_id = $1)"""


def decent(reply: Reply) -> None:
    """Asserts that the server did not fail, and says nothing of itself; and O-5."""
    assert reply.status < 500, reply
    assert b"Traceback" not in reply.raw
    assert b"asyncpg" not in reply.raw
    codes = {409: "idempotency_in_progress", 422: "idempotency_key_reused"}
    if reply.status in codes:
        assert [each["code"] for each in reply.json["errors"]] == [codes[reply.status]]
