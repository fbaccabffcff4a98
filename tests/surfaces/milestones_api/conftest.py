"""A team with workflows, and an order of it, for what changes neither."""

from typing import Any

import pytest

from tests.surfaces.milestones_api.things import Things, things, workspace
from tests.surfaces.world import Team, World


@pytest.fixture(scope="module")
async def settled(world: World) -> tuple[Team, Things]:
    """A team with workflows, and what it has."""
    team: Any = await world.team()
    await workspace(team)
    return team, await things(team)
