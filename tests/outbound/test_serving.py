"""The programs: `serve` carries out what it stored, alone or by several processes, or leaves it to `work`."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from milepost.core import accounts
from milepost.kit.ids import new_id
from milepost.model.actor import PERMISSIONS, system_actor
from milepost.store.mails import NewMail, store_mail
from tests.outbound.receivers import Receiver
from tests.outbound.yard import SECRET_KEY, Yard
from tests.runtime.processes import Program, program, run


def environment(yard: Yard) -> dict[str, str]:
    return {
        "MILEPOST_DATABASE_URL": yard.url,
        "MILEPOST_SECRET_KEY": SECRET_KEY,
        "MILEPOST_WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8",
        "MILEPOST_WEBHOOK_ALLOW_HTTP": "true",
    }


@asynccontextmanager
async def serving(yard: Yard, *options: str) -> AsyncIterator[tuple[Program, aiohttp.ClientSession]]:
    """`milepost serve`, and a client with a key."""
    issued = await accounts.create_key(
        yard.pool,
        system_actor(yard.team_id),
        yard.clock(),
        name="test",
        permissions=PERMISSIONS,
        rate_minute=0,
        rate_day=0,
    )
    with program("-m", "milepost", "serve", "--port", "0", *options, env=environment(yard)) as process:
        base = (await asyncio.to_thread(process.line)).rpartition(" ")[2]
        async with aiohttp.ClientSession(base, headers={"X-API-Key": issued.key}) as http:
            yield process, http


async def post(http: aiohttp.ClientSession, path: str, body: Any) -> dict[str, Any]:
    async with http.post(path, json=body) as answer:
        assert answer.status in (200, 201), await answer.text()
        made: dict[str, Any] = await answer.json()
        return made


async def workers(yard: Yard) -> int:
    return len(await yard.pool.fetch("select id from outbound_workers"))


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
async def test_serving_delivers(yard: Yard, receiver: Receiver, options: tuple[str, ...]):
    """One process of all runs the workers; they stop with it."""
    async with serving(yard, *options) as (process, http):
        wish = {
            "url": receiver.url,
            "enabled_events": ["order.created"],
            "error_contact_email": "edi@birchline.example",
        }
        made = await post(http, "/webhooks", wish)
        await post(http, "/orders", {"order_number": "A-1", "ship_to": {}})
        (got,) = await receiver.count(1, 15)
        got.verify(made["secret"])
        assert await workers(yard) == 1
        process.send(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait) == 0
    assert await workers(yard) == 0
    assert "error" not in process.stderr


async def test_serving_without_workers(yard: Yard, receiver: Receiver):
    """`--no-outbound`: nothing goes out by itself; a test send does."""
    async with serving(yard, "--no-outbound") as (_, http):
        wish = {
            "url": receiver.url,
            "enabled_events": ["order.created"],
            "error_contact_email": "edi@birchline.example",
        }
        made = await post(http, "/webhooks", wish)
        await post(http, "/orders", {"order_number": "A-1", "ship_to": {}})
        await asyncio.sleep(2)
        assert receiver.received == []
        assert await workers(yard) == 0
        sent = await post(http, f"/webhooks/{made['id']}/test", {})
        assert sent["status"] == "SUCCEEDED"
        assert len(receiver.received) == 1


async def test_the_doctor_tells_of_mail_that_waits(yard: Yard):
    mail = NewMail(id=new_id(), recipient="a@example.com", subject="s", body="b")
    await store_mail(yard.pool, yard.team_id, mail, yard.clock())
    done = await asyncio.to_thread(run, "doctor", "--json", env=environment(yard))
    findings = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
    assert (findings["waiting mail"]["state"], findings["mail"]["state"]) == ("warn", "ok")
    assert "to be sent: 1" in findings["waiting mail"]["text"]
    assert "MILEPOST_SMTP_URL" in findings["waiting mail"]["cure"]
