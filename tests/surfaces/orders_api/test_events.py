"""GET /events, one event, and the names of events (sections 5 and 13)."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from milepost.kit.ids import new_id, parse_id, ulid
from tests.surfaces.orders_api.talk import create, patch, refused
from tests.surfaces.world import NO_ID, Reply, Team, World

NOON = datetime(2026, 6, 15, 12, 0, 0, 250_000, tzinfo=UTC)
ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


async def feed(team: Team, query: str = "", **options: Any) -> dict[str, Any]:
    """The page that must be answered."""
    page: dict[str, Any] = (await team.orders_api("GET", f"/events{query}", **options)).ok()
    assert set(page) == {"data", "has_more", "next"}
    assert (page["next"] is None) == (not page["has_more"])
    return page


async def ids(team: Team, query: str = "") -> list[str]:
    return [event["id"] for event in (await feed(team, query))["data"]]


async def fault(team: Team, query: str) -> Reply:
    return await team.orders_api("GET", f"/events{query}")


@pytest.fixture
async def busy(team: Team) -> Team:
    """A team with two orders, an hour between their events: A created, B created, A named, A renamed."""
    with team.world.clock.at(NOON):
        one = await create(team, "A")
    with team.world.clock.at(NOON + timedelta(hours=1)):
        other = await create(team, "B")
    for hour, name in ((2, "First"), (3, "Second")):
        with team.world.clock.at(NOON + timedelta(hours=hour)):
            (await patch(team, one["id"], {"name": name})).ok()
    team.by = {"A": one["id"], "B": other["id"]}
    return team


async def test_an_event_of_the_feed(busy: Team) -> None:
    """Section 13.1: exactly these 9 keys."""
    [key] = await busy.world.pool.fetch("select id from api_keys where team_id = $1", busy.id)
    newest = (await feed(busy, "?limit=1"))["data"][0]
    assert ID.fullmatch(newest["id"])
    assert newest == {
        "id": newest["id"],
        "resource_type": "event",
        "event_name": "order.updated",
        "event_version": 1,
        "occurred_at": "2026-06-15T15:00:00.250000+00:00",
        "source": {"environment": "selfhosted", "user_id": ulid(key["id"])},
        "sequence": 3,
        "delivery_success": None,
        "details": {
            "id": busy.by["A"],
            "order_type": "PURCHASE_ORDER",
            "resource_type": "order",
            "self_link": f"/orders/{busy.by['A']}",
            "old_data": {"name": "First"},
            "new_data": {"name": "Second"},
        },
    }
    for spelling in (newest["id"], newest["id"].lower(), parse_id(newest["id"])):
        assert (await busy.orders_api("GET", f"/events/{spelling}")).ok() == newest
    assert (await busy.orders_api("GET", f"/events/{newest['id']}/")).ok() == newest
    head = await busy.orders_api("HEAD", f"/events/{newest['id']}")
    assert (head.status, head.raw) == (200, b"")


async def test_the_system_has_no_user_id(team: Team) -> None:
    """Section 17.1: null for the system."""
    await team.order("A")
    [event] = (await feed(team))["data"]
    assert event["source"] == {"environment": "selfhosted", "user_id": None}


async def test_unknown_events(world: World, busy: Team) -> None:
    """O-8: another team's events are 404 and in no list; so are their cursors."""
    other = await world.team()
    await create(other, "A")
    [theirs] = await ids(other)
    assert theirs not in await ids(busy)
    for event_id in (theirs, NO_ID, ulid(NO_ID), busy.by["A"], "nonsense"):
        refused(await busy.orders_api("GET", f"/events/{event_id}"), (None, "not_found"))
    refused(await fault(busy, f"?starting_after={theirs}"), ("starting_after", "unknown_cursor"))
    assert await ids(busy, f"?order_id={ulid(NO_ID)}") == []


async def test_who_may_read_events(team: Team) -> None:
    """O-7."""
    key = await team.new_key("canUpdateOrders", "canManageWebhooks")
    for path in ("/events", f"/events/{NO_ID}", "/events/event-names-by-version"):
        reply = await team.orders_api("GET", path, key=key)
        assert reply.status == 403, reply
        assert reply.json["errors"][0]["code"] == "forbidden"
        assert len([name for name in reply.headers if name.lower().startswith("x-ratelimit-")]) == 6
    reply = await team.orders_api("POST", "/events", body={})
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


async def test_names_by_version(team: Team) -> None:
    """O-47, 13.3: a path of its own, although it looks like an event's."""
    expected = {
        "1": [
            "order.created",
            "order.item.created",
            "order.item.deleted",
            "order.item.status.changed",
            "order.item.updated",
            "order.milestone.confirmed",
            "order.milestone.rejected",
            "order.overdue",
            "order.status.changed",
            "order.task.completed",
            "order.task.created",
            "order.timeline.updated",
            "order.updated",
            "webhook.disabled",
        ]
    }
    for path in ("/events/event-names-by-version", "/events/event-names-by-version/"):
        assert (await team.orders_api("GET", path)).ok() == expected


# Paging


async def test_limits_of_the_feed(team: Team) -> None:
    """O-35: 1 to 50, 20 without."""
    made = [await create(team, f"A-{number}") for number in range(52)]
    assert len(await ids(team)) == 20
    assert len(await ids(team, "?limit=50")) == 50
    page = await feed(team, "?limit=1")
    assert page["data"][0]["details"]["id"] == made[-1]["id"]
    for limit, code in (
        ("0", "out_of_range"),
        ("51", "out_of_range"),
        ("x", "wrong_type"),
        ("1.5", "wrong_type"),
    ):
        refused(await fault(team, f"?limit={limit}"), ("limit", code))


async def test_walking_back_visits_every_event_once_while_others_come(team: Team) -> None:
    """`next` keeps what was asked and goes on behind the last event seen."""
    for number in range(11):
        await create(team, f"A-{number}")
    expected = await ids(team)
    assert len(expected) == 11
    seen: list[str] = []
    path: str | None = "/events?limit=4&event_name.in=order.created,order.updated"
    while path is not None:
        page = (await team.orders_api("GET", path)).ok()
        seen += [event["id"] for event in page["data"]]
        if page["next"]:
            assert page["next"] == (
                "/events?limit=4&event_name.in=order.created,order.updated&starting_after=" + seen[-1]
            )
        path = page["next"]
        await create(team, f"B-{len(seen)}")
    assert seen == expected


async def test_walking_forward_visits_every_event_once(team: Team) -> None:
    """`ending_before`: the nearest ones, still newest first; `next` goes on in that direction."""
    for number in range(10):
        await create(team, f"A-{number}")
    every = await ids(team)
    path: str | None = f"/events?limit=4&ending_before={every[-1]}"
    pages = []
    while path is not None:
        page = (await team.orders_api("GET", path)).ok()
        pages.append([event["id"] for event in page["data"]])
        path = page["next"]
    assert pages == [every[5:9], every[1:5], every[:1]]
    assert await feed(team, f"?ending_before={every[0]}") == {"data": [], "has_more": False, "next": None}


@pytest.mark.parametrize("of_order", [False, True], ids=["all", "one order"])
async def test_of_two_cursors_one_counts(busy: Team, of_order: bool) -> None:
    """O-37."""
    only = f"order_id={busy.by['A']}&" if of_order else ""
    newest, *_, oldest = await ids(busy, f"?{only}")
    both = await feed(busy, f"?{only}ending_before={oldest}&starting_after={newest}")
    assert both == await feed(busy, f"?{only}ending_before={oldest}")
    assert len(both["data"]) == (2 if of_order else 3)
    refused(await fault(busy, f"?{only}ending_before={ulid(NO_ID)}"), ("ending_before", "unknown_cursor"))
    refused(await fault(busy, f"?{only}starting_after={busy.by['A']}"), ("starting_after", "unknown_cursor"))
    refused(await fault(busy, f"?{only}starting_after=x"), ("starting_after", "invalid_id"))


async def test_the_events_of_an_order_page_by_sequence(busy: Team) -> None:
    order_id = busy.by["A"]
    numbers = [event["sequence"] for event in (await feed(busy, f"?order_id={order_id}"))["data"]]
    assert numbers == [3, 2, 1]
    assert await ids(busy, f"?order_id={parse_id(order_id)}") == await ids(busy, f"?order_id={order_id}")
    path: str | None = f"/events?order_id={order_id}&limit=1"
    walked = []
    while path is not None:
        page = (await busy.orders_api("GET", path)).ok()
        walked += [event["sequence"] for event in page["data"]]
        path = page["next"]
    assert walked == [3, 2, 1]
    [first] = await ids(busy, f"?order_id={order_id}&sequence=1")
    forward = await feed(busy, f"?order_id={order_id}&limit=1&ending_before={first}")
    assert ([event["sequence"] for event in forward["data"]], forward["has_more"]) == ([2], True)


async def test_an_event_of_another_order_is_a_cursor_too(busy: Team) -> None:
    [other] = await ids(busy, f"?order_id={busy.by['B']}")
    of_a = await ids(busy, f"?order_id={busy.by['A']}")
    assert await ids(busy, f"?order_id={busy.by['A']}&ending_before={other}") == of_a[:2]
    assert await ids(busy, f"?order_id={busy.by['A']}&starting_after={other}") == of_a[2:]


# Filters


async def test_filters(busy: Team) -> None:
    """Sections 5 and 13.1: conditions are joined by AND; what matches nothing is an empty page."""
    renamed, named, other, first = await ids(busy)
    at = {hour: quote((NOON + timedelta(hours=hour)).isoformat()) for hour in range(4)}
    for query, expected in (
        ("event_name=order.updated", [renamed, named]),
        ("event_name.in=order.created", [other, first]),
        ("event_name.in=order.created,order.updated,order.created", [renamed, named, other, first]),
        ("event_name=order.exploded", []),
        ("event_name=order.deleted", []),
        (f"occurred_at={at[2]}", [named]),
        (f"occurred_at.gt={at[2]}", [renamed]),
        (f"occurred_at.gte={at[2]}", [renamed, named]),
        (f"occurred_at.lt={at[1]}", [first]),
        (f"occurred_at.lte={at[1]}", [other, first]),
        (f"occurred_at.gt={at[0]}&occurred_at.lt={at[3]}", [named, other]),
        (f"occurred_at.gt={at[0]}&occurred_at.gte={at[2]}&occurred_at.lte={at[2]}", [named]),
        ("occurred_at.gte=2026-06-16", []),
        ("occurred_at.lt=2026-06-16", [renamed, named, other, first]),
        ("occurred_at.gt=9999-12-31T23:59:59.999999Z", []),
        ("occurred_at.lt=0001-01-01", []),
        (
            "occurred_at.gte=0001-01-01&occurred_at.lte=9999-12-31T23:59:59.999999Z",
            [renamed, named, other, first],
        ),
        (f"order_id={busy.by['B']}", [other]),
        ("sequence=1", [other, first]),
        ("sequence.gt=1", [renamed, named]),
        ("sequence.gte=1&sequence.lt=3", [named, other, first]),
        ("sequence.gt=1&sequence.gte=1&sequence.lte=2", [named]),
        ("sequence.gt=3&sequence.lt=2", []),
        ("sequence.lt=0", []),
        ("sequence.gt=9223372036854775807", []),
        (f"order_id={busy.by['A']}&sequence.gt=1", [renamed, named]),
        (f"order_id={busy.by['A']}&event_name=order.created", [first]),
        ("delivery_success=true", []),
        ("colour=red&event_name.like=x&occurred_at.in=x", [renamed, named, other, first]),
    ):
        assert await ids(busy, f"?{query}") == expected, query


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("event_name=a&event_name.in=b", "event_name.in", "conflicting_parameters"),
        ("event_name.in=" + ",".join(f"e{number}" for number in range(21)), "event_name.in", "too_many"),
        ("event_name=a&event_name=b", "event_name", "conflicting_parameters"),
        ("event_name=", "event_name", "too_short"),
        ("event_name=%00", "event_name", "invalid_characters"),
        ("occurred_at=yesterday", "occurred_at", "invalid_datetime"),
        ("occurred_at.gte=", "occurred_at.gte", "invalid_datetime"),
        ("order_id=MP-24017", "order_id", "invalid_id"),
        ("sequence=first", "sequence", "wrong_type"),
        ("sequence.lt=-1", "sequence.lt", "out_of_range"),
        ("sequence.gt=9223372036854775808", "sequence.gt", "out_of_range"),
        ("delivery_success=yes", "delivery_success", "invalid_value"),
        ("limit=5&limit=5", "limit", "conflicting_parameters"),
    ],
)
async def test_parameters_that_cannot_be_used(team: Team, query: str, field: str, code: str) -> None:
    """O-38."""
    refused(await fault(team, f"?{query}"), (field, code))


async def test_whether_deliveries_succeeded(team: Team) -> None:
    """Section 13.1: true when there are any and all succeeded, false when one has not, null without."""
    hooks = [await hook(team), await hook(team)]
    orders = [await create(team, f"A-{number}") for number in range(4)]
    await patch(team, orders[0]["id"], {"name": "X"})  # no webhook wants it
    updated, waiting, failed, half, done = await ids(team)
    for event, states in (
        (done, ("SUCCEEDED",) * 2),
        (half, ("SUCCEEDED", "CANCELED")),
        (failed, ("FAILED",) * 2),
    ):
        for webhook_id, status in zip(hooks, states, strict=True):
            await team.world.pool.execute(
                "update deliveries set status = $4, next_attempt_at = null, finished_at = now() "
                "where team_id = $1 and event_id = $2 and webhook_id = $3",
                team.id,
                parse_id(event),
                webhook_id,
                status,
            )
    shown = {event["id"]: event["delivery_success"] for event in (await feed(team))["data"]}
    assert shown == {updated: None, waiting: False, failed: False, half: False, done: True}
    assert await ids(team, "?delivery_success=true") == [done]
    assert await ids(team, "?delivery_success=false") == [waiting, failed, half]
    assert await ids(team, f"?delivery_success=false&order_id={orders[1]['id']}") == [half]
    assert (await team.orders_api("GET", f"/events/{half}")).ok()["delivery_success"] is False


async def hook(team: Team) -> str:
    """A webhook for `order.created`; its id as the house spells it."""
    body = {
        "url": "https://hooks.birchline.example/milepost",
        "enabled_events": ["order.created"],
        "error_contact_email": "edi@birchline.example",
    }
    reply = await team.orders_api("POST", "/webhooks", body=body)
    assert reply.status == 201, reply
    return parse_id(reply.json["id"]) or ""


# Order and safety


async def test_sequences_have_no_gap_after_50_concurrent_writers(team: Team) -> None:
    """O-44: for every order 1..n; and who wrote something finds it at once."""
    orders = [await create(team, f"A-{number}") for number in range(3)]

    async def write(number: int) -> None:
        order_id = orders[number % 3]["id"]
        if number % 2:
            body = {"amount": {"unit": "KG", "value": str(number)}}
            reply = await team.orders_api("POST", f"/orders/{order_id}/items", body=body)
            assert reply.status == 201, reply
            wanted = reply.json["id"]
        else:
            (await patch(team, order_id, {"name": f"Name {number}", "custom_data": {"n": number}})).ok()
            wanted = order_id
        newest = (await feed(team, "?limit=50"))["data"]
        assert wanted in [event["details"]["id"] for event in newest], number

    await asyncio.gather(*(write(number) for number in range(50)))
    total = 0
    for order in orders:
        numbers = [
            event["sequence"] for event in (await feed(team, f"?limit=50&order_id={order['id']}"))["data"]
        ]
        assert numbers == list(range(len(numbers), 0, -1))
        total += len(numbers)
    assert total == 3 + 50


async def test_a_poller_sees_every_event_once_while_orders_are_written(team: Team) -> None:
    """Section 5: polling with `ending_before=<newest id seen>` misses nothing."""
    await create(team, "A-0")
    [cursor] = await ids(team)
    seen = [cursor]

    async def write(writer: int) -> None:
        for number in range(8):
            await create(team, f"B-{writer}-{number}")

    writing = asyncio.gather(*(write(writer) for writer in range(6)))
    looks_left = 2
    while looks_left:
        looks_left -= writing.done()
        page = await feed(team, f"?limit=7&ending_before={seen[-1]}")
        seen += [event["id"] for event in reversed(page["data"])]
        if page["has_more"]:
            looks_left = 2
    await writing
    assert len(seen) == len(set(seen)) == 49
    stored = await team.world.pool.fetch("select id from events where team_id = $1", team.id)
    assert set(seen) == {ulid(row["id"]) for row in stored}


async def test_a_refused_write_adds_no_event(busy: Team) -> None:
    """O-46."""
    before = await feed(busy)
    order_id = busy.by["A"]
    for method, path, body in (
        ("POST", "/orders", {"order_number": "A", "ship_to": {}}),
        ("PATCH", f"/orders/{order_id}", {"order_number": None}),
        ("POST", f"/orders/{order_id}/items", {}),
        ("PATCH", f"/orders/{ulid(new_id())}", {"name": "X"}),
        ("POST", f"/orders/{order_id}/releases", {"release_type": "PURCHASE_ORDER", "items": []}),
        ("DELETE", f"/orders/{order_id}", None),
    ):
        assert 400 <= (await busy.orders_api(method, path, body=body)).status < 500
    assert await feed(busy) == before
