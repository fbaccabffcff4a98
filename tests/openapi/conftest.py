"""A served Milepost for the whole run of a worker; tests keep apart by making a team each."""

import pytest

from tests.surfaces.world import Team, World, served


@pytest.fixture(scope="session")
async def world(pool):
    async with served(pool) as made:
        yield made


@pytest.fixture
async def team(world: World) -> Team:
    return await world.team()
