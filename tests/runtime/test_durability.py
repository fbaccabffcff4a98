"""What was answered is there: `kill -9` of the server and of its database while callers change statuses."""

import asyncio
import json
import os
import signal
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from milepost.kit.ids import parse_id
from milepost.store import embedded
from tests.runtime.processes import program, run

ORDERS = 12
STATUSES = ("One", "Two", "Three")
WORKSPACE = {
    "team": {"name": "Yard"},
    "statuses": [{"name": name, "color": "#123456"} for name in STATUSES],
}


class Caller:
    """Moves one order on and on, and remembers what it was told."""

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        self.answered: list[str] = []
        """Statuses of changes that were answered 200, in their order."""
        self.unanswered: str | None = None
        """The change under way when the server died: it may have happened or not."""

    async def run(self, http: aiohttp.ClientSession, base: str, statuses: list[str], until: float) -> None:
        turn = len(self.answered)
        while time.monotonic() < until:
            status = statuses[turn % len(statuses)]
            turn += 1
            self.unanswered = status
            try:
                async with http.post(
                    f"{base}/v1/orders/{self.order_id}/status", json={"status_id": status}
                ) as reply:
                    if reply.status == 200 and await reply.read():
                        self.answered.append(status)
                        self.unanswered = None
            except (aiohttp.ClientError, OSError):
                return


async def _load(base: str, key: str, callers: list[Caller], statuses: list[str], seconds: float) -> None:
    async with aiohttp.ClientSession(headers={"X-API-Key": key}) as http:
        until = time.monotonic() + seconds
        await asyncio.gather(*(caller.run(http, base, statuses, until) for caller in callers))


def _shop_file(folder: Path) -> Path:
    line = {"title": "Kayak", "quantity": 1, "price": "1.00"}
    orders = [
        {"id": number, "name": f"#{number}", "line_items": [{"id": number, **line}]}
        for number in range(1, ORDERS + 1)
    ]
    path = folder / "orders.json"
    path.write_text(json.dumps({"orders": orders}))
    return path


def test_what_was_answered_survives_kill_9_of_server_and_database(tmp_path: Path) -> None:
    environment = {"MILEPOST_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "workspace.json").write_text(json.dumps(WORKSPACE))
    applied = run("apply", str(tmp_path / "workspace.json"), "--json", env=environment)
    statuses = list(json.loads(applied.stdout)["statuses"].values())
    options = ("--all-permissions", "--rate-minute", "0", "--rate-day", "0", "--json")
    key = json.loads(run("keys", "create", "--name", "k", *options, env=environment).stdout)["key"]
    assert run("import", "shopify", str(_shop_file(tmp_path)), env=environment).returncode == 0
    listed = json.loads(run("orders", "list", "--json", env=environment).stdout)
    callers = [Caller(order["id"]) for order in listed["orders"]]
    assert len(callers) == ORDERS

    for killed in ("server", "database", "both"):
        with program("-m", "milepost", "serve", "--port", "0", env=environment) as running:
            base = running.line().rpartition(" ")[2]
            _kill_under_load(tmp_path, running, killed, base, key, callers, statuses)
    answered = sum(len(caller.answered) for caller in callers)
    assert answered > 3 * ORDERS
    asyncio.run(_check(tmp_path / "data", callers))


def _kill_under_load(
    tmp_path: Path, running: Any, killed: str, base: str, key: str, callers: list[Caller], statuses: list[str]
) -> None:
    async def load_and_kill() -> None:
        load = asyncio.create_task(_load(base, key, callers, statuses, 4))
        await asyncio.sleep(1)
        if killed in ("database", "both"):
            pid_file = tmp_path / "data" / "postgresql" / "postmaster.pid"
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        if killed in ("server", "both"):
            running.send(signal.SIGKILL)
        await load

    for caller in callers:
        caller.unanswered = None
    asyncio.run(load_and_kill())
    if killed != "database":
        running.wait()
        asyncio.run(_check(tmp_path / "data", callers))


async def _check(data_dir: Path, callers: list[Caller]) -> None:
    """Every answered change is an event of its order, in its order; the order is where its last event left it."""
    server = embedded.start(data_dir)
    try:
        connection = await asyncpg.connect(server.url)
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads, format="text"
        )
        for caller in callers:
            events = await connection.fetch(
                "select sequence, type, new_data from events where order_id = $1 order by sequence",
                caller.order_id,
            )
            row = await connection.fetchrow(
                "select event_seq, version, status_id::text as status from orders where id = $1",
                caller.order_id,
            )
            assert row is not None
            assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
            assert (row["event_seq"], row["version"]) == (len(events), len(events))
            entered = iter(
                [parse_id(event["new_data"]["custom_status"]["id"]) for event in events[1:]]
            )  # without order.created
            # To be in a status already is an answer without an event; changes that failed may lie between.
            told = [status for status, _ in groupby(caller.answered)]
            assert all(status in entered for status in told), "an answered change is lost"
            if caller.answered and caller.unanswered is None:
                assert row["status"] == caller.answered[-1]
        await connection.close()
    finally:
        server.release()
