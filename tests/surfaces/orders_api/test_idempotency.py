"""Idempotency-Key over HTTP: every row of the table (contract, section 19; O-63, O-64). How processes meet at a
key is tested in tests/http/test_idempotency.py."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from milepost.core import accounts
from milepost.kit.ids import parse_id
from milepost.model.actor import system_actor
from milepost.reads import accounts as keys
from milepost.store import db
from tests.surfaces.orders_api.shell import answered
from tests.surfaces.orders_api.talk import create, etag, put, read
from tests.surfaces.world import Reply, Team, World, served

ITEM = {"description": "x", "amount": {"unit": "KG", "value": "10"}}
LEFT = "X-RateLimit-Remaining-Minute"
HEADER = ["header", "idempotency-key"]


def order(number: str, **content: Any) -> dict[str, Any]:
    return {"order_number": number, "ship_to": {}, **content}


async def post(team: Team, path: str, body: Any, key: str = "K", **options: Any) -> Reply:
    headers = {"Idempotency-Key": key, **options.pop("headers", {})}
    return await team.orders_api("POST", path, body=body, headers=headers, **options)


def replayed(reply: Reply, first: Reply) -> None:
    """Asserts that it is the first answer once more."""
    assert (reply.status, reply.raw) == (first.status, first.raw)
    for name in ("Content-Type", "Location", "ETag"):
        assert reply.headers.get(name) == first.headers.get(name)
    assert reply.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


async def count(team: Team, table: str) -> int:
    (row,) = await team.world.pool.fetch(f"select count(*) as n from {table} where team_id = $1", team.id)
    return int(row["n"])


# The rows of the table ------------------------------------------------------------------------------------


async def test_without_the_header_everything_is_done_every_time(team):
    tags = [await team.orders_api("POST", "/tags", body={"name": "x"}) for _ in range(2)]
    assert tags[0].json["id"] != tags[1].json["id"]
    assert await count(team, "idempotency_keys") == 0


@pytest.mark.parametrize("key", ["", '""', "a" * 256, "a b", "ä", '"a', '"', "a\tb"])
async def test_keys_that_are_none(team, key):
    async with team.unchanged():
        answered(await post(team, "/orders", order("1"), key), "invalid_idempotency_key", HEADER)


async def test_a_repetition_is_answered_alike_and_does_nothing(world, team):
    """The stored status, body, Content-Type, Location and ETag; current limits and request id."""
    headers = {"X-API-Key": await team.new_key(rate_minute=10)}
    first = await post(team, "/orders", order("1", items=[ITEM]), headers=headers)
    assert (first.status, await count(team, "events")) == (201, 1)
    headers["X-Request-Id"] = "again"
    async with team.unchanged():
        again = await post(team, "/orders", order("1", items=[ITEM]), headers=headers)
    replayed(again, first)
    assert again.headers["Location"] == f"/orders/{first.json['id']}"
    assert again.headers["X-Request-Id"] == "again"
    assert (first.headers[LEFT], again.headers[LEFT]) == ("9", "8")


async def test_a_repetition_shows_the_order_as_it_was(team):
    first = await post(team, "/orders", order("1"))
    await put(team, first.json["id"], order("2"))
    replayed(await post(team, "/orders", order("1")), first)
    assert (await read(team, first.json["id"]))["order_number"] == "2"


async def test_while_the_first_still_runs(world, team):
    """Waits two seconds, then 409 with Retry-After: 1; another request with the key is 422 at once."""
    made = await create(team, "1")
    async with world.pool.transaction() as other:
        await other.execute("select 1 from orders where team_id = $1 for update", team.id)
        path, wish = f"/orders/{made['id']}/items", ITEM
        first = asyncio.create_task(post(team, path, wish))
        await asyncio.sleep(0.3)
        began = asyncio.get_running_loop().time()
        answered(await post(team, path, {**wish, "description": "y"}), "idempotency_key_reused", HEADER)
        assert asyncio.get_running_loop().time() - began < 1
        second = await post(team, path, wish)
        assert 1.9 < asyncio.get_running_loop().time() - began < 3
        answered(second, "idempotency_in_progress", HEADER)
        assert second.headers["Retry-After"] == "1"
        assert not first.done()
    done = await first
    assert done.status == 201
    replayed(await post(team, path, wish), done)


async def test_o64_the_key_belongs_to_its_request(team):
    """O-64: a changed body is 422, and so is anything else that tells the request from the first."""
    made = await create(team, "0")
    first = await post(team, "/orders", order("1"))
    others = [
        await post(team, "/orders", order("2")),
        await post(team, "/orders", b'{"order_number": "1","ship_to": {}}'),
        await post(team, "/orders?x=1", order("1")),
        await post(team, "/tags", {"name": "x"}),
        await team.orders_api(
            "PUT", f"/orders/{made['id']}", body=order("1"), headers={"Idempotency-Key": "K"}
        ),
        await post(team, "/orders", b"{"),
    ]
    async with team.unchanged():
        for other in others:
            answered(other, "idempotency_key_reused", HEADER)
    replayed(await post(team, "/orders", order("1")), first)
    replayed(await post(team, "/orders", order("1"), '"K"'), first)


async def test_o64_after_a_refusal_the_key_is_free(team):
    """O-64: nothing is stored of an answer that was not 2xx, and nothing was half done."""
    await create(team, "taken")
    async with team.unchanged():
        for body, status in ((order("taken"), 400), (b"{", 400), (order("1", items=[{}]), 400)):
            assert (await post(team, "/orders", body)).status == status
    assert await count(team, "idempotency_keys") == 0
    assert (await post(team, "/orders", order("1"))).status == 201


async def test_o64_the_alias_is_the_same_path(team):
    """O-64: a key first used on /purchase-orders replays on /orders; so do the spellings of ids and slashes."""
    first = await post(team, "/purchase-orders", order("1"))
    for path in ("/orders", "/orders/", "/purchase-orders/"):
        replayed(await post(team, path, order("1")), first)
    made, uuid = first.json["id"], parse_id(first.json["id"])
    item = await post(team, f"/orders/{made}/items", ITEM, "item")
    assert item.status == 201
    for path in (f"/purchase-orders/{uuid}/items", f"/orders/{made.lower()}/items/"):
        replayed(await post(team, path, ITEM, "item"), item)


async def test_o64_keys_of_two_teams_do_not_meet(world, team):
    other = await world.team()
    first = await post(team, "/orders", order("1"))
    second = await post(other, "/orders", order("2"))
    assert (first.status, second.status) == (201, 201)
    assert "Idempotency-Replayed" not in second.headers


# Who may ask ----------------------------------------------------------------------------------------------


async def test_a_replay_needs_a_valid_key_with_the_permission(world, team):
    first = await post(team, "/orders", order("1"))
    answered(await post(team, "/orders", order("1"), headers={"X-API-Key": "wrong"}), "unauthorized")
    weak = await team.new_key("canViewOrders")
    answered(await post(team, "/orders", order("1"), headers={"X-API-Key": weak}), "forbidden")
    strong = await team.new_key("canUpdateOrders")
    replayed(await post(team, "/orders", order("1"), headers={"X-API-Key": strong}), first)
    listed = await keys.list_keys(world.pool, team.id)
    await accounts.revoke_key(world.pool, system_actor(team.id), world.clock(), listed[-1].id)
    for body in (order("1"), order("2")):
        answered(await post(team, "/orders", body, headers={"X-API-Key": strong}), "unauthorized")


async def test_a_replay_counts_against_the_limit(team):
    key = await team.new_key(rate_day=2)
    headers = {"X-API-Key": key}
    first = await post(team, "/orders", order("1"), headers=headers)
    replayed(await post(team, "/orders", order("1"), headers=headers), first)
    answered(await post(team, "/orders", order("1"), headers=headers), "rate_limited")


# Methods and bodies ---------------------------------------------------------------------------------------


async def test_put_and_patch_take_it_too(team):
    made = await create(team, "1")
    path = f"/orders/{made['id']}"
    for method, body in (("PUT", order("2")), ("PATCH", {"name": "x"})):
        headers = {"Idempotency-Key": method, "If-Match": await etag(team, made["id"])}
        first = await team.orders_api(method, path, body=body, headers=headers)
        assert first.status == 200
        async with team.unchanged():  # although the order is another one by now
            replayed(await team.orders_api(method, path, body=body, headers=headers), first)


async def test_get_head_and_delete_ignore_it(team):
    made = await create(team, "1", items=[ITEM])
    path = f"/orders/{made['id']}/items/{made['items'][0]['id']}"
    for method, key, status in (
        ("GET", "K", 200),
        ("GET", "", 200),
        ("HEAD", "K", 200),
        ("DELETE", "K", 204),
        ("DELETE", "K", 404),
        ("DELETE", "", 404),
    ):
        assert (await team.orders_api(method, path, headers={"Idempotency-Key": key})).status == status
    assert await count(team, "idempotency_keys") == 0


def form(
    boundary: str, data: str, content: str = "bytes", name: str = "a.txt", kind: str = "text/plain"
) -> bytes:
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="data"',
        "",
        data,
        f"--{boundary}",
        f'Content-Disposition: form-data; name="documents"; filename="{name}"',
        f"Content-Type: {kind}",
        "",
        content,
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_of_a_form_the_parts_count(team):
    """Names, file names, types and contents; not the boundary."""
    made = await create(team, "1", items=[ITEM])
    data = json.dumps(
        {"release_type": "TRANSPORTATION", "items": [{"order_item_id": made["items"][0]["id"]}]}
    )
    path = f"/orders/{made['id']}/releases"

    async def send(boundary: str, *parts: str) -> Reply:
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return await post(team, path, form(boundary, *parts), headers=headers)

    first = await send("b7", data)
    assert (first.status, len(first.json["documents"])) == (201, 1)
    replayed(await send("another", data), first)
    for parts in (
        (data + " ",),
        (data, "other bytes"),
        (data, "bytes", "b.txt"),
        (data, "bytes", "a.txt", "text/html"),
    ):
        answered(await send("b7", *parts), "idempotency_key_reused", HEADER)
    answered(await post(team, path, data.encode()), "idempotency_key_reused", HEADER)
    answered(
        await post(team, path, b"nonsense", headers={"Content-Type": "multipart/form-data; boundary=b7"}),
        "idempotency_key_reused",
        HEADER,
    )


async def test_a_cancel_without_a_body(team):
    made = await create(team, "1")
    first = await post(team, f"/orders/{made['id']}/cancel", None)
    assert (first.status, first.json["status"]) == (200, "CANCELED")
    replayed(await post(team, f"/orders/{made['id']}/cancel", None), first)


async def test_a_secret_is_stored_sealed(team):
    """The answers that hold one: registering a webhook and rotating its secret."""
    webhook = {
        "url": "https://hooks.example.com/x",
        "enabled_events": ["order.created"],
        "error_contact_email": "ops@example.com",
    }
    first = await post(team, "/webhooks", webhook)
    assert first.status == 201
    rotated = await post(team, f"/webhooks/{first.json['id']}/rotate-secret", {}, "rotate")
    assert rotated.status == 200
    plain = await post(team, "/orders", order("1"), "order")
    rows = await team.world.pool.fetch(
        "select key, body, is_sealed from idempotency_keys where team_id = $1 order by key", team.id
    )
    assert [(row["key"], row["is_sealed"]) for row in rows] == [
        ("K", True),
        ("order", False),
        ("rotate", True),
    ]
    assert all(b"whsec" not in row["body"] for row in rows)
    assert rows[1]["body"] == plain.raw
    replayed(await post(team, "/webhooks", webhook), first)
    replayed(await post(team, f"/webhooks/{first.json['id']}/rotate-secret", {}, "rotate"), rotated)


async def test_after_a_day_the_key_is_free(pool):
    """The setting idempotency_ttl_hours."""
    async with served(pool, idempotency_ttl_hours=2) as world:
        team = await world.team()
        first = await post(team, "/orders", order("1"))
        world.clock.offset = timedelta(hours=1, minutes=59)
        replayed(await post(team, "/orders", order("1")), first)
        world.clock.offset = timedelta(hours=2, seconds=1)
        second = await post(team, "/orders", order("2"))
        assert (second.status, second.json["order_number"]) == (201, "2")


# Many at once ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def beside(database_url: str) -> AsyncIterator[World]:
    """Another process that serves the same database."""
    pool = await db.open_pool(database_url, size=5)
    async with served(pool) as world:
        yield world
    await pool.close()


async def test_o63_fifty_at_once(world, beside, team):
    """O-63: one order, one event, one 201 that is no replay; over two processes."""
    calls = [
        beside.call(
            "POST",
            "/orders",
            body=order("1", items=[ITEM]),
            headers={"X-API-Key": team.key, "Idempotency-Key": "K", "Content-Type": "application/json"},
        )
        if number % 2
        else post(team, "/orders", order("1", items=[ITEM]))
        for number in range(50)
    ]
    replies = await asyncio.gather(*calls)
    done = [reply for reply in replies if reply.status == 201]
    (first,) = [reply for reply in done if "Idempotency-Replayed" not in reply.headers]
    for reply in replies:
        if reply.status == 409:
            answered(reply, "idempotency_in_progress", HEADER)
        elif reply is not first:
            replayed(reply, first)
    assert (await count(team, "orders"), await count(team, "events")) == (1, 1)


async def test_fifty_that_are_refused(world, beside, team):
    """Each is refused by itself, and none of them leaves anything."""
    async with team.unchanged():
        replies = await asyncio.gather(*(post(team, "/orders", {"order_number": "1"}) for _ in range(50)))
    assert {reply.status for reply in replies} == {400}


async def test_many_keys_at_once_do_not_exhaust_the_connections(beside):
    """Each request holds one connection at most, refusals included, so that they never wait for one another."""
    team = await beside.team()
    bodies = [order(str(number)) if number % 2 else {"order_number": 5} for number in range(60)]
    calls = [post(team, "/orders", body, f"key-{number}") for number, body in enumerate(bodies)]
    replies = await asyncio.wait_for(asyncio.gather(*calls), 20)
    assert [reply.status for reply in replies] == [400, 201] * 30
