"""Deliveries over HTTP: lists, single ones, and what is sent again (section 16.6). What the workers do is made here
by hand (`settle`); tests/outbound has them at work."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from milepost.core import redelivery
from milepost.kit.ids import new_id, parse_id, ulid
from tests.surfaces.orders_api.hooks import body_of, hook, settle, waiting
from tests.surfaces.orders_api.talk import create, patch, refused
from tests.surfaces.world import NO_ID, Reply, Team, World

KEYS = [
    *(
        "id",
        "resource_type",
        "webhook_id",
        "event_id",
        "event_name",
        "order_id",
        "sequence",
        "test",
        "status",
    ),
    *("created_at", "next_attempt_at", "finished_at", "attempt_count", "attempts"),
]


async def listed(team: Team, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
    reply = await team.orders_api("GET", f"/webhooks/{webhook_id}/deliveries{query}")
    found: list[dict[str, Any]] = reply.ok()["data"]
    return found


async def again(team: Team, webhook_id: str, body: Any, **options: Any) -> Reply:
    return await team.orders_api("POST", f"/webhooks/{webhook_id}/redeliver", body=body, **options)


async def queued(team: Team, webhook_id: str, body: Any) -> int:
    """How many were queued; no more remain."""
    reply = await again(team, webhook_id, body)
    assert reply.status == 202, reply
    assert reply.json == {"queued": reply.json["queued"], "has_more": False}
    return int(reply.json["queued"])


async def disable(team: Team, webhook_id: str) -> None:
    body = {"status": "DISABLED"}
    assert (await team.orders_api("PATCH", f"/webhooks/{webhook_id}", body=body)).status == 200


async def enable(team: Team, webhook_id: str) -> None:
    body = {"status": "ENABLED"}
    assert (await team.orders_api("PATCH", f"/webhooks/{webhook_id}", body=body)).status == 200


def instant(moment: datetime) -> str:
    return moment.isoformat()


async def statuses(team: Team, webhook_id: str) -> list[str]:
    """Of all deliveries, oldest event first."""
    return [row["status"] for row in await waiting(team, webhook_id)]


# Reading ----------------------------------------------------------------------------------------------------


async def test_a_delivery(team: Team) -> None:
    """16.6: objects of 16.4 with `test` false; a single one adds what was sent."""
    made = await hook(team)
    order = await create(team, "A-1")
    (row,) = await waiting(team, made["id"])
    (pending,) = await listed(team, made["id"])
    assert list(pending) == KEYS
    assert pending == {
        "id": ulid(row["id"]),
        "resource_type": "webhook_delivery",
        "webhook_id": made["id"],
        "event_id": ulid(row["event_id"]),
        "event_name": "order.created",
        "order_id": order["id"],
        "sequence": 1,
        "test": False,
        "status": "PENDING",
        "created_at": order["created_at"],
        "next_attempt_at": order["created_at"],
        "finished_at": None,
        "attempt_count": 0,
        "attempts": [],
    }
    path = f"/webhooks/{made['id']}/deliveries/{pending['id']}"
    whole = (await team.orders_api("GET", path)).ok()
    assert whole == {**pending, "request_headers": None, "request_body": row["body"]}
    assert json.loads(whole["request_body"])["id"] == pending["event_id"]

    await settle(team, row["id"], "SUCCEEDED", attempts=2, excerpt="ok")
    (done,) = await listed(team, made["id"])
    assert (done["status"], done["attempt_count"], done["next_attempt_at"]) == ("SUCCEEDED", 2, None)
    assert done["finished_at"].endswith("Z")
    first, second = done["attempts"]
    assert first == {
        "number": 1,
        "started_at": first["started_at"],
        "duration_ms": 86,
        "response_status": 500,
        "error": "status",
        "response_excerpt": "ok",
    }
    assert first["started_at"].endswith("Z")
    assert (second["number"], second["response_status"], second["error"]) == (2, 204, None)
    whole = (await team.orders_api("GET", path)).ok()
    assert whole["request_headers"] == {
        "webhook-id": "x",
        "webhook-signature": "redacted",
        "milepost-attempt": "2",
    }


async def test_many_attempts(team: Team) -> None:
    """The newest hundred attempts are shown, by number; the count tells of all."""
    made = await hook(team)
    await create(team, "A-1")
    (row,) = await waiting(team, made["id"])
    await settle(team, row["id"], "FAILED", attempts=103)
    (found,) = await listed(team, made["id"])
    assert found["attempt_count"] == 103
    assert [attempt["number"] for attempt in found["attempts"]] == list(range(4, 104))


async def test_filters(team: Team) -> None:
    """16.6: `status`, `event_name`, `order_id`, `event_id`, `created_at`; joined by AND; newest first."""
    made, other = await hook(team), await hook(team)
    ids = [(await create(team, f"A-{number}"))["id"] for number in range(4)]
    await patch(team, ids[0], {"name": "x"})
    rows = await waiting(team, made["id"])
    for row, status in zip(rows, ("SUCCEEDED", "FAILED", "CANCELED", "PENDING", "FAILED"), strict=True):
        await settle(team, row["id"], status)
    events = [ulid(row["event_id"]) for row in rows]

    async def numbers(query: str) -> list[int]:
        return [events.index(one["event_id"]) for one in await listed(team, made["id"], "?" + query)]

    assert await numbers("") == [4, 3, 2, 1, 0]
    assert await numbers("status=FAILED") == [4, 1]
    assert await numbers("status.in=FAILED,CANCELED") == [4, 2, 1]
    assert await numbers("event_name=order.updated") == [4]
    assert await numbers("event_name.in=order.updated,order.created,x") == [4, 3, 2, 1, 0]
    assert await numbers("event_name=order.archived") == []
    assert await numbers(f"order_id={ids[0]}") == [4, 0]
    assert await numbers(f"order_id={parse_id(ids[0])}&status=SUCCEEDED") == [0]
    assert await numbers(f"event_id={events[2]}") == [2]
    assert await numbers(f"event_id={NO_ID}") == []
    middle = (await listed(team, made["id"], f"?event_id={events[2]}"))[0]["created_at"]
    assert await numbers(f"created_at={middle}") == [2]
    assert await numbers(f"created_at.gt={middle}") == [4, 3]
    assert await numbers(f"created_at.gte={middle}") == [4, 3, 2]
    assert await numbers(f"created_at.lt={middle}") == [1, 0]
    assert await numbers(f"created_at.lte={middle}&status.in=SUCCEEDED,CANCELED") == [2, 0]
    assert await numbers(f"created_at.gte={middle}&created_at.lt={middle}") == []
    assert await numbers(f"created_at.gt={middle}&created_at={middle}") == []
    assert len(await listed(team, other["id"], "?status=PENDING")) == 5


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("status=pending", "status", "invalid_value"),
        ("status.in=PENDING,x", "status.in", "invalid_value"),
        ("status=PENDING&status.in=FAILED", "status.in", "conflicting_parameters"),
        ("event_name.in=" + ",".join("abcdefghijklmnopqrstu"), "event_name.in", "too_many"),
        ("order_id=x", "order_id", "invalid_id"),
        ("event_id=x", "event_id", "invalid_id"),
        ("created_at.gt=yesterday", "created_at.gt", "invalid_datetime"),
        ("limit=0", "limit", "out_of_range"),
        (f"starting_after={NO_ID}", "starting_after", "unknown_cursor"),
    ],
)
async def test_bad_filters(team: Team, query: str, name: str, code: str) -> None:
    made = await hook(team)
    refused(await team.orders_api("GET", f"/webhooks/{made['id']}/deliveries?{query}"), (name, code))


async def test_lists_are_walked(team: Team) -> None:
    """Section 5: cursors of this webhook, in both directions, together with filters."""
    made, other = await hook(team), await hook(team)
    for number in range(5):
        await create(team, f"A-{number}")
    rows = await waiting(team, made["id"])
    await settle(team, rows[2]["id"], "FAILED")
    ids = [ulid(row["id"]) for row in reversed(rows)]
    path = f"/webhooks/{made['id']}/deliveries"

    async def page(path: str) -> tuple[list[str], bool, Any]:
        found = (await team.orders_api("GET", path)).ok()
        return [one["id"] for one in found["data"]], found["has_more"], found["next"]

    found, has_more, following = await page(f"{path}?status=PENDING&limit=2")
    assert (found, has_more) == (ids[:2], True)
    assert await page(following) == (ids[3:], False, None)
    found, has_more, following = await page(f"{path}?limit=3&ending_before={ids[4]}")
    assert (found, has_more) == (ids[1:4], True)
    assert await page(following) == ([ids[0]], False, None)
    assert await page(f"{path}?starting_after={ids[2]}&status=PENDING") == (ids[3:], False, None)
    (foreign, *_) = await listed(team, other["id"])
    refused(
        await team.orders_api("GET", f"{path}?starting_after={foreign['id']}"),
        ("starting_after", "unknown_cursor"),
    )
    refused(
        await team.orders_api("GET", f"{path}/{foreign['id']}"),
        (None, "not_found"),
    )


# One delivery once more -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELED", "PENDING"])
async def test_one_delivery_once_more(world: World, team: Team, status: str) -> None:
    """O-62: 202 with the delivery, PENDING and due at once with a fresh schedule; body and event id stay, and so do
    the attempts made."""
    made = await hook(team)
    await create(team, "A-1")
    (row,) = await waiting(team, made["id"])
    await settle(team, row["id"], status, attempts=3)
    path = f"/webhooks/{made['id']}/deliveries/{ulid(row['id'])}"
    with world.clock.at(world.clock() + timedelta(minutes=1)):
        reply = await team.orders_api("POST", f"{path}/redeliver")
        assert reply.status == 202
        now = world.clock()
    (after,) = await listed(team, made["id"])
    assert reply.json == after
    assert (after["status"], after["attempt_count"], after["finished_at"]) == ("PENDING", 3, None)
    assert after["next_attempt_at"] == instant(now).replace("+00:00", "Z")
    assert [attempt["number"] for attempt in after["attempts"]] == [1, 2, 3]
    (stored,) = await waiting(team, made["id"])
    assert (stored["body"], stored["event_id"], stored["tries"]) == (row["body"], row["event_id"], 0)


async def test_one_delivery_of_a_disabled_webhook(team: Team) -> None:
    """16.6: 400 `webhook_disabled`, in all four ways; nothing is queued. An unknown delivery is 404 first."""
    made = await hook(team)
    await create(team, "A-1")
    await disable(team, made["id"])
    (row,) = await waiting(team, made["id"])
    path = f"/webhooks/{made['id']}/deliveries"
    refused(await team.orders_api("POST", f"{path}/{NO_ID}/redeliver"), (None, "not_found"))
    refused(await team.orders_api("POST", f"{path}/x/redeliver"), (None, "not_found"))
    refused(await team.orders_api("POST", f"{path}/{row['id']}/redeliver"), (None, "webhook_disabled"))
    for body in (
        {"event_id": row["event_id"]},
        {"from": "2020-01-01", "to": "2040-01-01"},
        {"failed_since": "2020-01-01"},
    ):
        refused(await again(team, made["id"], body), (None, "webhook_disabled"))
    assert await waiting(team, made["id"]) == [row]


# Events, spans and what failed ------------------------------------------------------------------------------


async def test_an_event_once_more(team: Team) -> None:
    """16.6: that event, whatever its name and however old the webhook: a new delivery, or the known one."""
    order = await create(team, "A-1")
    made = await hook(team, enabled_events=["order.updated"], custom_data={"n": 1})
    await patch(team, order["id"], {"name": "x"})
    created, updated = await team.events(parse_id(order["id"]) or "")
    assert await queued(team, made["id"], {"event_id": ulid(created["id"])}) == 1
    late, first = await waiting(team, made["id"])
    assert (late["event_id"], late["sequence"], late["status"]) == (created["id"], 1, "PENDING")
    document = body_of(late)
    assert (document["id"], document["event_name"]) == (ulid(created["id"]), "order.created")
    assert document["custom_data"] == {"n": 1}
    feed = (await team.orders_api("GET", f"/events/{created['id']}")).ok()
    assert document["details"] == feed["details"]
    assert document["occurred_at"] == feed["occurred_at"]
    assert document["source"] == feed["source"]
    await settle(team, first["id"], "SUCCEEDED", attempts=2)
    assert await queued(team, made["id"], {"event_id": updated["id"]}) == 1
    _, second = await waiting(team, made["id"])
    assert (second["id"], second["body"]) == (first["id"], first["body"])
    assert (second["status"], second["tries"], second["attempt_count"]) == ("PENDING", 0, 2)


async def test_events_that_are_not_kept(world: World, team: Team) -> None:
    """16.6: 400 `payload_expired` for a single event or delivery; left out of a span and of what failed."""
    made = await hook(team)
    other = await world.team()
    foreign = await create(other, "A-1")
    (theirs,) = await other.events(parse_id(foreign["id"]) or "")
    for event_id in (NO_ID, theirs["id"]):
        refused(await again(team, made["id"], {"event_id": event_id}), ("event_id", "payload_expired"))
    order = await create(team, "A-1")
    (row,) = await waiting(team, made["id"])
    await settle(team, row["id"], "FAILED")
    await world.pool.execute(
        "update deliveries set event_id = $2 where team_id = $1", team.id, new_id()
    )  # as if retention had taken the event
    path = f"/webhooks/{made['id']}/deliveries/{row['id']}/redeliver"
    refused(await team.orders_api("POST", path), (None, "payload_expired"))
    assert await queued(team, made["id"], {"failed_since": order["created_at"]}) == 0


async def test_a_span(world: World, team: Team) -> None:
    """O-62: a span also queues events recorded while the webhook was DISABLED; of enabled names only, oldest
    first; `from` is inclusive, `to` exclusive (section 25)."""
    made = await hook(team, enabled_events=["order.created"])
    times = [world.clock() + timedelta(minutes=number) for number in range(6)]
    ids = []
    for number, at in enumerate(times):
        if number == 2:
            await disable(team, made["id"])
        with world.clock.at(at):
            ids.append(parse_id((await create(team, f"A-{number}"))["id"]))
            await patch(team, str(ids[-1]), {"name": "x"})
    await enable(team, made["id"])
    first, second = await waiting(team, made["id"])
    assert (first["status"], second["status"]) == ("CANCELED", "CANCELED")
    assert await queued(team, made["id"], {"from": instant(times[1]), "to": instant(times[4])}) == 3
    rows = await waiting(team, made["id"])
    assert [(row["order_id"], row["status"]) for row in rows] == [
        (ids[0], "CANCELED"),
        (ids[1], "PENDING"),
        (ids[2], "PENDING"),
        (ids[3], "PENDING"),
    ]
    assert (rows[1]["id"], rows[1]["body"]) == (second["id"], second["body"])
    assert {row["event_name"] for row in rows} == {"order.created"}
    assert await queued(team, made["id"], {"from": instant(times[5]), "to": instant(times[5])}) == 0
    for row in rows[1:]:
        await settle(team, row["id"], "SUCCEEDED")
    assert await queued(team, made["id"], {"from": instant(times[0]), "to": "2999-01-01T00:00:00Z"}) == 6
    assert await statuses(team, made["id"]) == ["PENDING"] * 6


async def test_a_span_leaves_what_is_queued_already(world: World, team: Team) -> None:
    """What is due and pending is not counted again; what waits for a later attempt is tried at once."""
    made = await hook(team)
    start = world.clock()
    for number in range(3):
        await create(team, f"A-{number}")
    rows = await waiting(team, made["id"])
    await settle(team, rows[0]["id"], "PENDING", attempts=2)
    body = {"from": instant(start), "to": "2999-01-01"}
    assert await queued(team, made["id"], body) == 1
    after = await waiting(team, made["id"])
    assert (after[0]["tries"], after[0]["next_attempt_at"] <= world.clock()) == (0, True)
    assert after[1:] == rows[1:]
    assert await queued(team, made["id"], body) == 0


async def test_a_span_does_not_tell_a_webhook_of_itself(team: Team) -> None:
    """17.7: `webhook.disabled` goes to other webhooks; in a span too."""
    names = ["webhook.disabled"]
    one, two = await hook(team, enabled_events=names), await hook(team, enabled_events=names)
    event_id = new_id()
    await team.world.pool.execute(
        """insert into events (team_id, id, type, subject_id, actor_kind, actor_name, effective_at, recorded_at,
             old_data, new_data, facts)
           values ($1, $2, 'webhook.disabled', $3, 'system', 'Milepost', now(), now(), '{}', '{}', $4)""",
        team.id,
        event_id,
        parse_id(one["id"]),
        {
            "url": one["url"],
            "reason": "gone",
            "disabled_at": "2026-05-04T09:00:00+00:00",
            "failing_since": None,
            "last_error": "410",
        },
    )
    body = {"from": "2020-01-01", "to": "2999-01-01"}
    assert await queued(team, one["id"], body) == 0
    assert await queued(team, two["id"], body) == 1
    (row,) = await waiting(team, two["id"])
    assert body_of(row)["details"]["id"] == one["id"]
    assert (body_of(row)["sequence"], body_of(row)["source"]["user_id"]) == (None, None)


async def test_what_failed(world: World, team: Team) -> None:
    """O-62: `failed_since` queues exactly the FAILED and CANCELED ones whose event is not older."""
    made, other = await hook(team), await hook(team)
    start = world.clock() - timedelta(hours=1)
    times = [start + timedelta(minutes=number) for number in range(6)]
    for number, at in enumerate(times):
        with world.clock.at(at):
            await create(team, f"A-{number}")
    outcomes = ("FAILED", "CANCELED", "SUCCEEDED", "FAILED", "PENDING", "CANCELED")
    rows = await waiting(team, made["id"])
    for row, status in zip(rows, outcomes, strict=True):
        await settle(team, row["id"], status, attempts=5)
    for row in await waiting(team, other["id"]):
        await settle(team, row["id"], "FAILED")
    before = await waiting(team, made["id"])
    assert await queued(team, made["id"], {"failed_since": instant(times[1])}) == 3
    after = await waiting(team, made["id"])
    assert [row["status"] for row in after] == [
        *("FAILED", "PENDING", "SUCCEEDED", "PENDING", "PENDING", "PENDING")
    ]
    for place in (0, 2, 4):
        assert after[place] == before[place]
    for place in (1, 3, 5):
        assert (after[place]["tries"], after[place]["attempt_count"]) == (0, 5)
        assert after[place]["next_attempt_at"] <= world.clock()
    assert await queued(team, made["id"], {"failed_since": instant(times[1])}) == 0
    assert await statuses(team, other["id"]) == ["FAILED"] * 6


async def test_at_most_so_many_at_once(world: World, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """16.6: oldest first, at most 10,000 a call; `has_more` says that more remain."""
    assert redelivery.MOST_AT_ONCE == 10_000
    monkeypatch.setattr(redelivery, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(redelivery, "MADE_AT_ONCE", 2)
    start = world.clock()
    for number in range(7):
        await create(team, f"A-{number}")
    made = await hook(team)
    body = {"from": instant(start), "to": "2999-01-01"}
    assert (await again(team, made["id"], body)).json == {"queued": 5, "has_more": True}
    assert [row["order_id"] for row in await waiting(team, made["id"])] == [
        row["id"]
        for row in await world.pool.fetch(
            "select id from orders where team_id = $1 order by id limit 5", team.id
        )
    ]
    assert (await again(team, made["id"], body)).json == {"queued": 2, "has_more": False}
    assert (await again(team, made["id"], body)).json == {"queued": 0, "has_more": False}
    for row in await waiting(team, made["id"]):
        await settle(team, row["id"], "FAILED")
    assert (await again(team, made["id"], {"failed_since": instant(start)})).json == {
        "queued": 5,
        "has_more": True,
    }
    assert await statuses(team, made["id"]) == ["PENDING"] * 5 + ["FAILED"] * 2


async def test_the_stored_object_is_sent_late(team: Team) -> None:
    """17.1: a webhook that was DISABLED and wants the object gets the one committed with the event."""
    made = await hook(team, include_updated_object=True)
    order = await create(team, "A-1")
    await disable(team, made["id"])
    await patch(team, order["id"], {"name": "then"})
    then = (await team.orders_api("GET", f"/orders/{order['id']}")).ok()
    await patch(team, order["id"], {"name": "now"})
    await enable(team, made["id"])
    assert await queued(team, made["id"], {"from": "2020-01-01", "to": "2999-01-01"}) == 3
    names = [body_of(row)["details"].get("new_object") for row in await waiting(team, made["id"])]
    assert names[0] is None
    assert names[1] == then
    assert names[2]["name"] == "now"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, None, "required"),
        ({"event_id": None}, None, "required"),
        ({"event_id": NO_ID, "failed_since": "2026-01-01"}, None, "conflicting_parameters"),
        ({"from": "2026-01-01", "failed_since": "2026-01-01"}, None, "conflicting_parameters"),
        ({"from": "2026-01-01"}, "to", "required"),
        ({"to": "2026-01-01"}, "from", "required"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to", "end_before_start"),
        ({"from": "x", "to": "2026-01-01"}, "from", "invalid_datetime"),
        ({"failed_since": 7}, "failed_since", "wrong_type"),
        ({"event_id": "x"}, "event_id", "invalid_id"),
    ],
)
async def test_wishes_that_are_refused(team: Team, body: Any, field: str | None, code: str) -> None:
    """16.6: exactly one of the three forms."""
    made = await hook(team)
    refused(await again(team, made["id"], body), (field, code))


async def test_a_repeated_redelivery_queues_once(team: Team) -> None:
    """Section 19."""
    made = await hook(team)
    await create(team, "A-1")
    (row,) = await waiting(team, made["id"])
    await settle(team, row["id"], "FAILED")
    headers = {"Idempotency-Key": "r-1"}
    body = {"failed_since": "2020-01-01"}
    first = await again(team, made["id"], body, headers=headers)
    await settle_again(team, row["id"])
    second = await again(team, made["id"], body, headers=headers)
    assert (
        (first.status, first.json) == (second.status, second.json) == (202, {"queued": 1, "has_more": False})
    )
    assert await statuses(team, made["id"]) == ["FAILED"]


async def settle_again(team: Team, delivery_id: str) -> None:
    """As if its second schedule had failed."""
    await team.world.pool.execute(
        """update deliveries set status = 'FAILED', next_attempt_at = null, finished_at = now()
           where team_id = $1 and id = $2""",
        team.id,
        delivery_id,
    )


async def test_redelivery_and_disabling_at_once(team: Team) -> None:
    """Whoever comes first: a DISABLED webhook has nothing pending."""
    made = await hook(team)
    for number in range(10):
        await create(team, f"A-{number}")
    for _ in range(5):
        await enable(team, made["id"])
        body = {"from": "2020-01-01", "to": "2999-01-01"}
        await asyncio.gather(again(team, made["id"], body), disable(team, made["id"]))
        assert await statuses(team, made["id"]) == ["CANCELED"] * 10
