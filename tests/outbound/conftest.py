"""A database for what leaves the house: a worker works for all webhooks of its database."""

import pytest

from milepost.store import db
from tests.outbound.receivers import receiving
from tests.outbound.yard import yard_in


@pytest.fixture(scope="session")
def outbound_url(databases) -> str:
    url: str = databases.make()
    return url


@pytest.fixture(scope="session")
async def outbound_pool(outbound_url):
    opened = await db.open_pool(outbound_url)
    yield opened
    await opened.close()


@pytest.fixture
async def yard(outbound_pool, outbound_url):
    async with yard_in(outbound_pool, outbound_url) as made:
        yield made


@pytest.fixture
async def receiver():
    async with receiving() as made:
        yield made
