"""Who delivers is told at once that there may be something to deliver (section 8.8)."""

from typing import Any

import pytest

from tests.surfaces.milestones_api.followed import ACCEPTANCE, WORKSPACE, place
from tests.surfaces.orders_api.hooks import wish
from tests.surfaces.world import Team, served


@pytest.fixture
async def told(pool: Any) -> Any:
    """A team of a server that counts how often it wakes those who deliver."""
    count: list[None] = []
    async with served(pool, outside={"wake": lambda: count.append(None)}) as world:
        team = await world.team()
        await team.apply(WORKSPACE)
        yield team, count


async def test_writes_wake_those_who_deliver(told: tuple[Team, list[None]]) -> None:
    """Section 8.8: after a write that was granted, if the team has webhooks; not after a read or a refusal."""
    team, count = told
    await place(team)
    assert count == []
    reply = await team.orders_api("POST", "/webhooks", body=wish(enabled_events=["order.created"]))
    assert reply.status == 201, reply
    count.clear()
    order = await place(team)
    assert len(count) == 1
    await order.confirmed(ACCEPTANCE)
    assert len(count) == 2
    assert (await order.reject(ACCEPTANCE, reason="late")).status == 422
    await order.shown()
    assert len(count) == 2
