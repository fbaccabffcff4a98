"""A server whose webhooks may reach a receiver beside it, for the whole run of a worker."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.surfaces.orders_api.hooks import Received
from tests.surfaces.orders_api.things import reaching
from tests.surfaces.world import World


@pytest.fixture(scope="session")
async def reached(pool: Any) -> AsyncIterator[tuple[World, Received]]:
    async with reaching(pool) as both:
        yield both
