"""What becomes of a webhook whose receiver is gone or fails for too long (section 17.7): the verb of the workers, as
it shows over HTTP."""

import asyncio
from typing import Any

import pytest

from milepost.core.disabling import disable_automatically
from milepost.kit.ids import parse_id
from milepost.model.events import event_instant
from milepost.model.webhook import DisabledReason
from milepost.model.workflow import House
from tests.surfaces.orders_api.hooks import body_of, hook, settle, waiting
from tests.surfaces.orders_api.talk import create
from tests.surfaces.world import NO_ID, Team, World

BOTH = ["order.created", "webhook.disabled"]


async def disabled(
    team: Team, webhook_id: str, reason: DisabledReason = "gone", last_error: str = "status 410"
) -> bool:
    return await disable_automatically(
        team.world.pool,
        team.id,
        parse_id(webhook_id) or "",
        reason,
        last_error,
        house=House(environment="workshop"),
        clock=team.world.clock,
    )


async def mails(team: Team) -> list[dict[str, Any]]:
    rows = await team.world.pool.fetch("select * from mails where team_id = $1 order by id", team.id)
    return [dict(row) for row in rows]


async def failing(team: Team, webhook_id: str) -> None:
    """As if the workers had failed five times, from its creation on."""
    await team.world.pool.execute(
        """update webhooks set failing_since = created_at, failed_attempts = 5, last_error = 'timeout'
           where team_id = $1 and id = $2""",
        team.id,
        parse_id(webhook_id),
    )


async def version(team: Team) -> int:
    (row,) = await team.world.pool.fetch("select version from teams where team_id = $1", team.id)
    return int(row["version"])


async def test_gone(world: World, team: Team) -> None:
    """O-56: DISABLED with reason `gone`, what waits is canceled, and `webhook.disabled` goes to other webhooks that
    enabled it, and into /events."""
    gone = await hook(team, enabled_events=BOTH)
    told = await hook(team, enabled_events=BOTH, custom_data={"n": 1}, include_updated_object=True)
    deaf = await hook(team, enabled_events=["order.created"])
    off = await hook(team, enabled_events=BOTH, status="DISABLED")
    for number in range(3):
        await create(team, f"A-{number}")
    first, *_ = await waiting(team, gone["id"])
    await settle(team, first["id"], "SUCCEEDED")
    with world.clock.at(world.clock()):
        assert await disabled(team, gone["id"])
        now = world.clock()
    shown = (await team.orders_api("GET", f"/webhooks/{gone['id']}")).ok()
    moment = event_instant(now)
    assert (shown["status"], shown["disabled_reason"], shown["failing_since"]) == ("DISABLED", "gone", None)
    assert shown["disabled_at"] == shown["updated_at"] == moment.replace("+00:00", "Z")
    rows = await waiting(team, gone["id"])
    assert [row["status"] for row in rows] == ["SUCCEEDED", "CANCELED", "CANCELED"]
    assert [(row["next_attempt_at"], row["finished_at"]) for row in rows[1:]] == [(None, now)] * 2

    (event,) = (await team.orders_api("GET", "/events?event_name=webhook.disabled")).ok()["data"]
    assert event["details"] == {
        "id": gone["id"],
        "resource_type": "webhook",
        "self_link": f"/webhooks/{gone['id']}",
        "url": gone["url"],
        "reason": "gone",
        "disabled_at": moment,
        "failing_since": None,
        "last_error": "status 410",
    }
    assert (event["sequence"], event["source"]["user_id"], event["occurred_at"]) == (None, None, moment)
    *_, delivery = await waiting(team, told["id"])
    assert body_of(delivery) == {
        "id": event["id"],
        "event_name": "webhook.disabled",
        "event_version": 1,
        "occurred_at": moment,
        "sequence": None,
        "source": {"environment": "workshop", "user_id": None},
        "details": event["details"],
        "custom_data": {"n": 1},
    }
    assert (delivery["status"], delivery["order_id"]) == ("PENDING", None)
    assert len(await waiting(team, told["id"])) == 4
    assert len(await waiting(team, deaf["id"])) == 3
    assert await waiting(team, off["id"]) == []
    await create(team, "A-4")
    assert len(await waiting(team, gone["id"])) == 3


async def test_the_mail(team: Team) -> None:
    """17.6: disabling always mails `error_contact_email`, naming webhook, reason and last error."""
    made = await hook(team, error_contact_email="ines@birchline.example")
    await failing(team, made["id"])
    assert await disabled(team, made["id"], "failing", "timeout")
    (mail,) = await mails(team)
    assert (mail["recipient"], mail["state"]) == ("ines@birchline.example", "PENDING")
    assert mail["subject"] == f"Webhook {made['id']} was disabled"
    for part in (
        f"URL: {made['url']}\n",
        "Reason: None of its deliveries succeeded for too long.\n",
        f"Failing since: {made['created_at'][:19]}Z\n",
        "Last error: timeout\n",
        f"POST /webhooks/{made['id']}/redeliver",
    ):
        assert part in mail["body"]
    assert mail["next_attempt_at"] == mail["created_at"]


async def test_failing(team: Team) -> None:
    """17.7: reason `failing`; `failing_since` tells since when, until somebody enables it."""
    made = await hook(team)
    await failing(team, made["id"])
    assert await disabled(team, made["id"], "failing", "timeout")
    shown = (await team.orders_api("GET", f"/webhooks/{made['id']}")).ok()
    assert (shown["disabled_reason"], shown["failing_since"]) == ("failing", made["created_at"])
    (event,) = (await team.orders_api("GET", "/events?event_name=webhook.disabled")).ok()["data"]
    assert event["details"]["failing_since"] == made["created_at"].replace("Z", "+00:00")
    path = f"/webhooks/{made['id']}"
    enabled = (await team.orders_api("PATCH", path, body={"status": "ENABLED"})).ok()
    for name in ("disabled_at", "disabled_reason", "failing_since"):
        assert enabled[name] is None


@pytest.mark.parametrize("case", ["unknown", "disabled", "succeeded meanwhile", "another team's"])
async def test_nothing_to_be_done(world: World, team: Team, case: str) -> None:
    """What is disabled, deleted or well again is left alone: no event, no mail, no new version."""
    made = await hook(team, enabled_events=BOTH)
    if case == "disabled":
        await team.orders_api("PATCH", f"/webhooks/{made['id']}", body={"status": "DISABLED"})
    before = await version(team)
    if case == "another team's":
        assert not await disabled(await world.team(), made["id"])
    elif case == "unknown":
        assert not await disabled(team, NO_ID)
    else:
        assert not await disabled(team, made["id"], "failing")
    assert await version(team) == before
    assert await mails(team) == []
    assert (await team.orders_api("GET", "/events")).ok()["data"] == []


async def test_many_who_see_it_at_once(team: Team) -> None:
    """Several attempts may be answered 410 at once: one of them disables, mails and tells."""
    made = await hook(team)
    outcomes = await asyncio.gather(*(disabled(team, made["id"]) for _ in range(8)))
    assert sorted(outcomes) == [False] * 7 + [True]
    assert len(await mails(team)) == 1
    assert len((await team.orders_api("GET", "/events")).ok()["data"]) == 1


async def test_while_orders_are_made(team: Team) -> None:
    """Changes that run beside it stay whole; afterwards the webhook gets nothing new."""
    made = await hook(team, enabled_events=BOTH)
    results = await asyncio.gather(
        *(create(team, f"A-{number}") for number in range(12)), disabled(team, made["id"])
    )
    assert results[-1] is True
    count = len(await waiting(team, made["id"]))
    await create(team, "B-1")
    assert len(await waiting(team, made["id"])) == count
    assert len((await team.orders_api("GET", "/events?event_name=order.created")).ok()["data"]) == 13
