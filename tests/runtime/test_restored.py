"""A dump that was restored into another database server: what the doctor says, and what serving does about it."""

import asyncio
import json
import signal
from datetime import UTC, datetime

from milepost.model.order import NewOrder
from milepost.reads.events import Filter, list_events
from milepost.store import db
from tests.core.orders_in import Shop
from tests.runtime.processes import program, run


def in_shop(url: str, work) -> tuple[str, list[int]]:
    """Does `work` with a pool and a team; then the team's name, and the sequences that its feed shows."""

    async def all_of_it() -> tuple[str, list[int]]:
        pool = await db.open_pool(url)
        try:
            name, team_id = await work(pool)
            page = await list_events(pool, team_id, Filter(), limit=50, pauses=())
            return name, [event.told.event.sequence or 0 for event in page.events]
        finally:
            await pool.close()

    return asyncio.run(all_of_it())


def doctor(url: str) -> dict[str, str]:
    found = json.loads(run("doctor", "--json", "--database-url", url).stdout)["findings"]
    finding: dict[str, str] = next(each for each in found if each["check"] == "events")
    return finding


def test_serving_puts_the_feed_of_a_restored_dump_in_order(databases, tmp_path):
    url = databases.make()

    async def restore(pool: db.Pool) -> tuple[str, str]:
        shop = await Shop.open(pool)
        for number in range(3):
            await shop.put_one(NewOrder(order_number=f"A-{number}"), datetime.now(UTC))
        await pool.execute("update events set transaction_id = '9000000000000'")
        return shop.name, shop.team_id

    name, shown = in_shop(url, restore)
    assert shown == []
    finding = doctor(url)
    assert finding["state"] == "warn"
    assert finding["text"] == (
        f"the events of {name} came from another database server, and /events does not show them"
    )
    assert finding["cure"] == "start milepost serve once; it puts them in order"

    with program("-m", "milepost", "serve", "--port", "0", "--database-url", url, cwd=tmp_path) as serving:
        assert serving.line().startswith("Milepost is ready on ")
        serving.send(signal.SIGTERM)
        assert serving.wait() == 0
    assert f"The events of team {name} came from another database server" in serving.stderr

    async def look(pool: db.Pool) -> tuple[str, str]:
        row = await pool.fetchrow("select team_id from teams where name = $1", name)
        return name, str(row and row["team_id"])

    assert in_shop(url, look) == (name, [1, 1, 1])
    assert doctor(url)["state"] == "ok"
