"""Deep pages walk the index from the nearer end; that must not be seen."""

import pytest

from milepost.reads import order_lists as reads
from tests.surfaces.world import Team

ORDERS = 60


@pytest.fixture(scope="module")
async def crowd(world) -> Team:
    team = await world.team()
    await team.apply({"statuses": [{"name": "A", "color": "#111111"}]})
    orders = await team.orders(
        [
            team.new_order(f"#{number * 37 % 100}-{number}", is_draft=number % 3 == 0)
            for number in range(ORDERS)
        ]
    )
    ids = await team.ids()
    body = {"order_ids": orders[::2], "status_id": ids["A"]}
    assert (await team.post("/orders/status-bulk", body)).json["failed"] == 0
    return team


@pytest.mark.parametrize("sort", ["created_at", "name"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("kind", ["ALL", "DRAFT", "REGULAR"])
@pytest.mark.parametrize("with_status", [False, True])
async def test_every_page_is_the_same_by_both_ways(
    crowd: Team, monkeypatch, sort, direction, kind, with_status
):
    ids = await crowd.ids()
    wanted = reads.Filter(kind=kind, status_id=ids["A"] if with_status else None)

    async def pages(deep_from: int) -> list[tuple[list[str], int]]:
        monkeypatch.setattr(reads, "DEEP", deep_from)
        found = []
        for offset in [*range(0, ORDERS + 14, 7), 2**62]:
            page = await reads.list_orders(
                crowd.world.pool, crowd.id, wanted, sort=sort, direction=direction, limit=7, offset=offset
            )
            found.append(([order.id for order in page.orders], page.total))
        return found

    shallow, deep = await pages(2**63), await pages(0)
    assert deep == shallow
    assert sum(len(page) for page, _ in deep[:-1]) == deep[0][1] > 0
