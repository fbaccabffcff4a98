"""Webhooks over HTTP: made, read, changed, rotated, deleted (sections 16.1 to 16.5 and 18)."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from milepost.core import subscriptions
from milepost.kit.clock import system_clock
from milepost.kit.ids import parse_id, ulid
from milepost.kit.sealing import Sealer
from milepost.outbound.sender import Sender
from milepost.reads.webhooks import get_webhook
from milepost.settings import Settings
from milepost.settings.rules import reach_of
from tests.surfaces.orders_api.hooks import (
    URL,
    WISH,
    hook,
    hook_row,
    lease,
    receiver,
    settle,
    waiting,
    wish,
)
from tests.surfaces.orders_api.talk import create, refused
from tests.surfaces.world import NO_ID, SECRET_KEY, Team, World, served

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
KEYS = {
    *("id", "resource_type", "url", "enabled_events", "error_contact_email", "authentication", "status"),
    *("include_updated_object", "event_version", "custom_data", "disabled_at", "disabled_reason"),
    *("failing_since", "created_at", "updated_at"),
}
LOGIN = {"username": "milepost", "password": "quiet-otter-41"}
NAMES = [
    *("order.created", "order.item.created", "order.item.deleted", "order.item.status.changed"),
    *("order.item.updated", "order.milestone.confirmed", "order.milestone.rejected", "order.overdue"),
    *("order.status.changed", "order.task.completed", "order.task.created", "order.timeline.updated"),
    *("order.updated", "webhook.disabled"),
]
"""The body of 13.3."""


@pytest.fixture(scope="module")
async def open_world(pool):
    """A server whose webhooks may reach the loopback interface, by plain http."""
    reach: dict[str, Any] = {"webhook_allow_cidrs": "127.0.0.0/8", "webhook_allow_http": True}
    sender = Sender(reach_of(Settings(**reach)), system_clock())
    async with sender, served(pool, outside={"probe": sender.probe}, **reach) as made:
        yield made


async def get(team: Team, webhook_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await team.orders_api("GET", f"/webhooks/{webhook_id}")).ok()
    return found


async def patch(team: Team, webhook_id: str, **members: Any) -> dict[str, Any]:
    """A change that must be taken."""
    changed: dict[str, Any] = (await team.orders_api("PATCH", f"/webhooks/{webhook_id}", body=members)).ok()
    return changed


async def receiver_of(team: Team, webhook_id: str, *, later: timedelta = timedelta()) -> Any:
    """Where the webhook sends to, with its secrets as they sign then."""
    _, stored = await get_webhook(team.world.pool, team.id, parse_id(webhook_id) or "")
    assert stored is not None
    return stored.receiver.open(Sealer(SECRET_KEY.encode()), team.world.clock() + later)


# Creation ---------------------------------------------------------------------------------------------------


async def test_the_example_of_the_contract(team: Team) -> None:
    """16.2: the request and the answer."""
    body = {
        "url": URL,
        "enabled_events": ["order.created", "order.updated", "order.item.updated"],
        "error_contact_email": "edi@birchline.example",
        "authentication": LOGIN,
        "include_updated_object": True,
        "custom_data": {"bridge": {"tenant": "north"}},
    }
    reply = await team.orders_api("POST", "/webhooks", body=body)
    assert reply.status == 201
    made = reply.json
    assert reply.headers["Location"] == f"/webhooks/{made['id']}"
    assert SECRET.fullmatch(made.pop("secret"))
    assert made == {
        "id": ulid(parse_id(made["id"]) or ""),
        "resource_type": "webhook",
        **body,
        "authentication": {"username": "milepost"},
        "status": "ENABLED",
        "event_version": 1,
        "disabled_at": None,
        "disabled_reason": None,
        "failing_since": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", made["created_at"])
    assert await get(team, made["id"]) == made
    listed = (await team.orders_api("GET", "/webhooks")).ok()
    assert listed == {"data": [made], "has_more": False, "next": None}


async def test_defaults(team: Team) -> None:
    """16.1: the defaults; unknown and read-only members are ignored, null means left out."""
    made = await hook(
        team,
        id=NO_ID,
        created_at="x",
        secret="mine",
        custom_data=None,
        status=None,
        event_version=None,
        more=1,
    )
    assert set(made) == KEYS | {"secret"}
    assert SECRET.fullmatch(made["secret"])
    assert {name: made[name] for name in ("authentication", "custom_data", "status", "event_version")} == {
        "authentication": None,
        "custom_data": None,
        "status": "ENABLED",
        "event_version": 1,
    }
    assert made["include_updated_object"] is False
    assert made["id"] != ulid(NO_ID)


async def test_every_event_can_be_named(team: Team) -> None:
    """O-47: the names of 13.3 and `order.deleted`; repeats collapse, the sequence stays."""
    names = [*reversed(NAMES), "order.deleted"]
    assert (await hook(team, enabled_events=[*names, *NAMES]))["enabled_events"] == names


async def test_unknown_events(team: Team) -> None:
    """O-47: an entry outside them is `unknown_event`; an empty list is 400."""
    names = ["order.created", "order.archived", "ORDER.CREATED", "", "release.created"]
    reply = await team.orders_api("POST", "/webhooks", body=wish(enabled_events=names))
    refused(reply, *[(f"enabled_events.{place}", "unknown_event") for place in range(1, 5)])
    reply = await team.orders_api("POST", "/webhooks", body=wish(enabled_events=[]))
    refused(reply, ("enabled_events", "too_short"))
    assert (await team.orders_api("GET", "/webhooks")).ok()["data"] == []


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"url": None}, "url", "required"),
        ({"url": ""}, "url", "too_short"),
        ({"url": 7}, "url", "wrong_type"),
        ({"url": "https://h.example/" + "a" * 2031}, "url", "too_long"),
        ({"enabled_events": None}, "enabled_events", "required"),
        ({"enabled_events": "order.created"}, "enabled_events", "wrong_type"),
        ({"enabled_events": [1]}, "enabled_events.0", "wrong_type"),
        ({"enabled_events": ["order.created"] * 101}, "enabled_events", "too_many"),
        ({"error_contact_email": None}, "error_contact_email", "required"),
        ({"error_contact_email": "edi"}, "error_contact_email", "invalid_email"),
        ({"error_contact_email": "a@b\r\nBcc: c@d"}, "error_contact_email", "invalid_email"),
        ({"authentication": "x"}, "authentication", "wrong_type"),
        ({"authentication": {"username": "u"}}, "authentication.password", "required"),
        ({"authentication": {"password": "p"}}, "authentication.username", "required"),
        ({"authentication": {**LOGIN, "username": "a:b"}}, "authentication.username", "invalid_value"),
        ({"authentication": {**LOGIN, "username": "u" * 256}}, "authentication.username", "too_long"),
        ({"authentication": {**LOGIN, "password": "p" * 256}}, "authentication.password", "too_long"),
        ({"authentication": {**LOGIN, "password": ""}}, "authentication.password", "too_short"),
        ({"status": "enabled"}, "status", "invalid_value"),
        ({"include_updated_object": "true"}, "include_updated_object", "wrong_type"),
        ({"event_version": 2}, "event_version", "invalid_value"),
        ({"event_version": -1}, "event_version", "invalid_value"),
        ({"event_version": "1"}, "event_version", "wrong_type"),
        ({"event_version": True}, "event_version", "wrong_type"),
        ({"custom_data": [1]}, "custom_data", "invalid_custom_data"),
        ({"custom_data": {"k" * 41: 1}}, "custom_data", "invalid_custom_data"),
    ],
)
async def test_faults(team: Team, members: dict[str, Any], field: str, code: str) -> None:
    """16.1 and 25: the limits of the members; nothing is stored."""
    refused(await team.orders_api("POST", "/webhooks", body=wish(**members)), (field, code))
    assert (await team.orders_api("GET", "/webhooks")).ok()["data"] == []


async def test_all_faults_at_once(team: Team) -> None:
    """Section 6: all shape errors are reported together."""
    reply = await team.orders_api("POST", "/webhooks", body={"event_version": 3, "enabled_events": ["x"]})
    refused(
        reply,
        ("url", "required"),
        ("enabled_events.0", "unknown_event"),
        ("error_contact_email", "required"),
        ("event_version", "invalid_value"),
    )


async def test_limits_that_are_just_met(team: Team) -> None:
    url = "https://h.example/" + "a" * 2030
    login = {"username": "u" * 255, "password": "p:" * 127 + "p"}
    made = await hook(team, url=url, authentication=login, custom_data='{"a": 1.10}')
    assert made["url"] == url
    assert made["custom_data"] == {"a": 1.1}
    opened = await receiver_of(team, made["id"])
    assert (opened.username, opened.password) == (login["username"], login["password"])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.birchline.example/milepost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://3232235777",
        "https://user:pw@host",
        "https://localhost",
        "https://host:8080",
    ],
)
async def test_addresses_that_are_not_allowed(team: Team, url: str) -> None:
    """O-59: 400 `url_not_allowed`, at registration and at update; nothing changes."""
    refused(await team.orders_api("POST", "/webhooks", body=wish(url=url)), ("url", "url_not_allowed"))
    made = await hook(team)
    path = f"/webhooks/{made['id']}"
    refused(await team.orders_api("PUT", path, body=wish(url=url)), ("url", "url_not_allowed"))
    refused(await team.orders_api("PATCH", path, body={"url": url}), ("url", "url_not_allowed"))
    assert (await get(team, made["id"]))["url"] == URL


async def test_addresses_that_settings_allow(open_world: World) -> None:
    """O-59: with `webhook_allow_cidrs` = 127.0.0.0/8 and `webhook_allow_http`."""
    team = await open_world.team()
    for url in ("http://127.0.0.1:9000/x", "http://localhost:1/", "https://host:8080/"):
        assert (await hook(team, url=url))["url"] == url
    for url in ("http://10.0.0.1/", "http://169.254.169.254/"):
        refused(await team.orders_api("POST", "/webhooks", body=wish(url=url)), ("url", "url_not_allowed"))


async def test_as_many_as_a_team_may_have(pool) -> None:
    """16.1: the one after the last is 400 `too_many`, also of those that come at once."""
    async with served(pool, webhook_max_per_team=3) as world:
        team, other = await world.team(), await world.team()
        replies = await asyncio.gather(
            *(team.orders_api("POST", "/webhooks", body=WISH) for _ in range(4)), return_exceptions=True
        )
        made = [reply for reply in replies if not isinstance(reply, BaseException)]
        assert sorted(reply.status for reply in made) == [201, 201, 201, 400]
        refused(next(reply for reply in made if reply.status == 400), (None, "too_many"))
        assert len((await team.orders_api("GET", "/webhooks")).ok()["data"]) == 3
        await hook(other)
        first = next(reply for reply in made if reply.status == 201).json["id"]
        assert (await team.orders_api("DELETE", f"/webhooks/{first}")).status == 204
        await hook(team)


async def test_many_at_once(team: Team) -> None:
    """Those who change webhooks at the same moment do not send one another back until somebody gives up."""
    made = await asyncio.gather(*(hook(team) for _ in range(20)))
    changes = [patch(team, one["id"], custom_data={"n": number}) for number, one in enumerate(made)]
    changed = await asyncio.gather(*changes)
    assert [one["custom_data"] for one in changed] == [{"n": number} for number in range(20)]
    paths = [f"/webhooks/{one['id']}" for one in made]
    gone = await asyncio.gather(*(team.orders_api("DELETE", path) for path in paths))
    assert [reply.status for reply in gone] == [204] * 20


@pytest.mark.parametrize("becomes", ["revoked", "expired"])
async def test_a_key_that_ends_meanwhile(world: World, team: Team, becomes: str) -> None:
    """Exact memory: a key that was closed a moment ago, by another process, changes nothing any more."""
    made = await hook(team)
    expires_at = world.clock() + timedelta(hours=1) if becomes == "expired" else None
    key = await team.new_key("canManageWebhooks", expires_at=expires_at)
    path = f"/webhooks/{made['id']}"
    assert (await team.orders_api("GET", path, key=key)).status == 200
    later = timedelta(hours=2) if becomes == "expired" else timedelta()
    with world.clock.at(world.clock() + later):
        if becomes == "revoked":
            await world.pool.execute(
                """with closed as (update api_keys set revoked_at = now() where team_id = $1
                     and permissions = array['canManageWebhooks'])
                   update teams set version = version + 1 where team_id = $1""",
                team.id,
            )
        for method, below, body in [
            ("PATCH", "", {"status": "DISABLED"}),
            ("POST", "/rotate-secret", {}),
            ("POST", "/redeliver", {"failed_since": "2020-01-01"}),
            ("DELETE", "", None),
        ]:
            assert (await team.orders_api(method, path + below, body=body, key=key)).status == 401
    del made["secret"]
    assert await get(team, made["id"]) == made


async def test_secrets_are_stored_sealed(team: Team) -> None:
    """16.1: stored encrypted; nothing of them is in any column."""
    made = await hook(team, authentication=LOGIN)
    row = await hook_row(team, made["id"])
    for value in row.values():
        raw = value if isinstance(value, bytes) else str(value).encode()
        assert made["secret"].encode() not in raw
        assert b"quiet-otter" not in raw
    assert (await receiver_of(team, made["id"])).secrets == (made["secret"],)


async def test_a_repeated_creation_tells_the_secret_again(team: Team) -> None:
    """O-48 and section 19: the answer kept for the key is sealed, and given again as it was."""
    headers = {"Idempotency-Key": "hook-1"}
    first = await team.orders_api("POST", "/webhooks", body=WISH, headers=headers)
    again = await team.orders_api("POST", "/webhooks", body=WISH, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    (row,) = await team.world.pool.fetch(
        "select is_sealed, body from idempotency_keys where team_id = $1", team.id
    )
    assert row["is_sealed"]
    assert b"whsec" not in row["body"]
    assert len((await team.orders_api("GET", "/webhooks")).ok()["data"]) == 1


# Who may ----------------------------------------------------------------------------------------------------

ROUTES = [
    ("POST", "", WISH),
    ("GET", "", None),
    ("GET", "/{id}", None),
    ("PUT", "/{id}", WISH),
    ("PATCH", "/{id}", {}),
    ("DELETE", "/{id}", None),
    ("POST", "/{id}/test", {}),
    ("POST", "/{id}/rotate-secret", {}),
    ("POST", "/{id}/redeliver", {"event_id": NO_ID}),
    ("GET", "/{id}/deliveries", None),
    ("GET", "/{id}/deliveries/" + NO_ID, None),
    ("POST", "/{id}/deliveries/" + NO_ID + "/redeliver", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_the_permission(team: Team, method: str, path: str, body: Any) -> None:
    """Sections 1 and 2: `canManageWebhooks`, asked before anything is looked up."""
    key = await team.new_key("canViewOrders", "canUpdateOrders", "canManageTeam")
    reply = await team.orders_api(method, "/webhooks" + path.format(id=NO_ID), body=body, key=key)
    assert reply.status == 403
    assert reply.json["errors"][0]["code"] == "forbidden"
    assert "canManageWebhooks" in reply.json["error_description"]


@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if route[1]])
async def test_what_is_not_there(world: World, team: Team, method: str, path: str, body: Any) -> None:
    """Section 2: another team's webhook, an unknown id and a text that is no id are 404."""
    other = await hook(await world.team())
    for webhook_id in (other["id"], NO_ID, "x"):
        reply = await team.orders_api(method, "/webhooks" + path.format(id=webhook_id), body=body)
        refused(reply, (None, "not_found"))


async def test_faults_of_the_body_come_before_the_unknown_id(team: Team) -> None:
    """Section 2, order of checks: 400 for the shape of the body, then 404 for ids in the path."""
    for method, path, body in [
        ("PUT", "", {**WISH, "status": "x"}),
        ("PATCH", "", {"status": "x"}),
        ("POST", "/rotate-secret", {"overlap_seconds": -1}),
        ("POST", "/test", {"event_name": "x"}),
        ("POST", "/redeliver", {}),
    ]:
        reply = await team.orders_api(method, f"/webhooks/{NO_ID}{path}", body=body)
        assert reply.status == 400, reply


# Lists ------------------------------------------------------------------------------------------------------


async def test_lists_are_walked(team: Team) -> None:
    """Section 5: newest first; cursors in both directions, `next` goes on."""
    made = [await hook(team, url=f"https://h.example/{number}") for number in range(5)]
    ids = [one["id"] for one in reversed(made)]

    async def walk(path: str) -> tuple[list[str], bool, Any]:
        page = (await team.orders_api("GET", path)).ok()
        assert all(set(one) == KEYS for one in page["data"])
        return [one["id"] for one in page["data"]], page["has_more"], page["next"]

    assert await walk("/webhooks") == (ids, False, None)
    assert await walk("/webhooks?limit=5") == (ids, False, None)
    found, has_more, following = await walk("/webhooks?limit=2")
    assert (found, has_more) == (ids[:2], True)
    found, has_more, following = await walk(following)
    assert (found, has_more) == (ids[2:4], True)
    assert await walk(following) == (ids[4:], False, None)
    before = f"/webhooks?limit=2&ending_before={ids[4]}&starting_after={ids[0]}"
    found, has_more, following = await walk(before)
    assert (found, has_more) == (ids[2:4], True)
    assert await walk(following) == (ids[:2], False, None)
    assert await walk(f"/webhooks?starting_after={parse_id(ids[4])}") == ([], False, None)


async def test_cursors_that_name_nothing(world: World, team: Team) -> None:
    """Section 5: 400 `unknown_cursor`, for another team's webhook too."""
    await hook(team)
    other = await hook(await world.team())
    for cursor in (other["id"], NO_ID):
        for name in ("starting_after", "ending_before"):
            refused(await team.orders_api("GET", f"/webhooks?{name}={cursor}"), (name, "unknown_cursor"))
    refused(await team.orders_api("GET", "/webhooks?starting_after=x"), ("starting_after", "invalid_id"))
    refused(await team.orders_api("GET", "/webhooks?limit=101"), ("limit", "out_of_range"))


# Changes ----------------------------------------------------------------------------------------------------


async def test_put_replaces(team: Team) -> None:
    """16.3: left-out options take their defaults."""
    made = await hook(
        team, authentication=LOGIN, include_updated_object=True, custom_data={"a": 1}, status="DISABLED"
    )
    del made["secret"]
    body = {
        "url": "https://other.example/x",
        "enabled_events": ["order.overdue"],
        "error_contact_email": "ines@birchline.example",
    }
    changed = (await team.orders_api("PUT", f"/webhooks/{made['id']}", body=body)).ok()
    assert changed == {
        **made,
        **body,
        "authentication": None,
        "include_updated_object": False,
        "custom_data": None,
        "status": "ENABLED",
        "disabled_at": None,
        "disabled_reason": None,
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > made["updated_at"]
    assert await get(team, made["id"]) == changed


async def test_the_basic_header_ends_with_a_put_without_authentication(team: Team) -> None:
    """O-48: PUT without `authentication` stops the Basic header; the password is in no answer."""
    made = await hook(team, authentication=LOGIN)
    opened = await receiver_of(team, made["id"])
    assert (opened.username, opened.password) == ("milepost", "quiet-otter-41")
    path = f"/webhooks/{made['id']}"
    kept = await team.orders_api("PUT", path, body=wish(authentication={**LOGIN, "password": "new"}))
    assert kept.ok()["authentication"] == {"username": "milepost"}
    assert (await receiver_of(team, made["id"])).password == "new"
    replies = [kept, await team.orders_api("GET", path), await team.orders_api("PUT", path, body=WISH)]
    assert replies[-1].ok()["authentication"] is None
    for reply in replies:
        assert b"quiet-otter" not in reply.raw and b'"new"' not in reply.raw
        assert "secret" not in reply.json
    opened = await receiver_of(team, made["id"])
    assert (opened.username, opened.password) == (None, None)
    assert opened.secrets == (made["secret"],)


async def test_patch_merges(team: Team) -> None:
    """16.3 and RFC 7396: what is not spoken of stays; null resets; objects merge."""
    made = await hook(
        team,
        authentication=LOGIN,
        include_updated_object=True,
        custom_data={"a": {"b": 1, "c": 2}, "d": 3},
    )
    del made["secret"]
    changed = await patch(team, made["id"], custom_data={"a": {"b": None, "e": 4}, "d": None})
    assert changed == {**made, "custom_data": {"a": {"c": 2, "e": 4}}, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["updated_at"]
    changed = await patch(team, made["id"], authentication={"password": "other"})
    assert changed["authentication"] == {"username": "milepost"}
    opened = await receiver_of(team, made["id"])
    assert (opened.username, opened.password) == ("milepost", "other")
    changed = await patch(team, made["id"], authentication={"username": "ines"})
    opened = await receiver_of(team, made["id"])
    assert (opened.username, opened.password) == ("ines", "other")
    changed = await patch(
        team,
        made["id"],
        authentication=None,
        custom_data=None,
        include_updated_object=None,
        event_version=None,
    )
    assert changed == {
        **made,
        "authentication": None,
        "custom_data": None,
        "include_updated_object": False,
        "updated_at": changed["updated_at"],
    }
    changed = await patch(team, made["id"], enabled_events=["order.created"], url="https://a.example/")
    assert (changed["enabled_events"], changed["url"]) == (["order.created"], "https://a.example/")
    merge = {"Content-Type": "application/merge-patch+json"}
    reply = await team.orders_api("PATCH", f"/webhooks/{made['id']}", body={"url": URL}, headers=merge)
    assert reply.ok()["url"] == URL


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"url": None}, "url", "required"),
        ({"enabled_events": None}, "enabled_events", "required"),
        ({"enabled_events": []}, "enabled_events", "too_short"),
        ({"error_contact_email": "x"}, "error_contact_email", "invalid_email"),
        ({"authentication": {"username": None}}, "authentication.username", "required"),
        ({"authentication": {"password": "p"}}, "authentication.username", "required"),
        ({"custom_data": {f"k{number}": 1 for number in range(49)}}, "custom_data", "invalid_custom_data"),
    ],
)
async def test_patches_that_are_refused(team: Team, body: Any, field: str, code: str) -> None:
    """The merged webhook must pass every rule; nothing changes otherwise."""
    made = await hook(team, custom_data={"a": 1, "b": 2})
    refused(await team.orders_api("PATCH", f"/webhooks/{made['id']}", body=body), (field, code))
    del made["secret"]
    assert await get(team, made["id"]) == made


async def test_what_is_so_already_writes_nothing(team: Team) -> None:
    """The same webhook once more moves neither `updated_at` nor the team's version."""
    made = await hook(team, authentication=LOGIN, custom_data={"a": 1.10})
    del made["secret"]
    before = await hook_row(team, made["id"])
    version = await team.world.pool.fetchrow("select version from teams where team_id = $1", team.id)
    path = f"/webhooks/{made['id']}"
    for body in ({}, {"status": "ENABLED"}, {"authentication": LOGIN}, {"custom_data": {"a": 1.1}}):
        assert (await team.orders_api("PATCH", path, body=body)).ok() == made
    same = wish(authentication=LOGIN, custom_data={"a": 1.1})
    assert (await team.orders_api("PUT", path, body=same)).ok() == made
    assert await hook_row(team, made["id"]) == before
    assert await team.world.pool.fetchrow("select version from teams where team_id = $1", team.id) == version
    assert (await patch(team, made["id"], custom_data={"a": True}))["custom_data"] == {"a": True}
    assert (await patch(team, made["id"], custom_data={"a": 1}))["custom_data"] == {"a": 1}


async def test_disabled_by_hand(team: Team) -> None:
    """16.3: the example; pending deliveries are canceled, finished ones stay, none is made; enabling clears."""
    made, other = await hook(team), await hook(team)
    await create(team, "A-1")
    await create(team, "A-2")
    first, _ = await waiting(team, made["id"])
    await settle(team, first["id"], "SUCCEEDED")
    changed = await patch(team, made["id"], status="DISABLED")
    assert changed == {
        **{name: value for name, value in made.items() if name != "secret"},
        "status": "DISABLED",
        "disabled_reason": "manual",
        "disabled_at": changed["updated_at"],
        "updated_at": changed["updated_at"],
    }
    await create(team, "A-3")
    rows = await waiting(team, made["id"])
    assert [row["status"] for row in rows] == ["SUCCEEDED", "CANCELED"]
    assert (rows[1]["next_attempt_at"], rows[1]["finished_at"] is not None) == (None, True)
    assert [row["status"] for row in await waiting(team, other["id"])] == ["PENDING"] * 3
    assert await patch(team, made["id"], status="DISABLED") == changed
    enabled = await patch(team, made["id"], status="ENABLED")
    assert (enabled["status"], enabled["disabled_at"], enabled["disabled_reason"]) == ("ENABLED", None, None)
    await create(team, "A-4")
    statuses = [row["status"] for row in await waiting(team, made["id"])]
    assert statuses == ["SUCCEEDED", "CANCELED", "PENDING"]


async def test_what_was_queued_beside_disabling(team: Team) -> None:
    """A change that ran beside the disabling may have queued something: enabling cancels it, so that only 16.6
    brings back what was missed."""
    made = await hook(team)
    await create(team, "A-1")
    before = await waiting(team, made["id"])
    await patch(team, made["id"], status="DISABLED")
    await team.world.pool.execute(
        """update deliveries set status = 'PENDING', next_attempt_at = now(), finished_at = null
           where team_id = $1""",
        team.id,
    )
    await patch(team, made["id"], status="ENABLED")
    (row,) = await waiting(team, made["id"])
    assert (row["id"], row["status"], row["next_attempt_at"]) == (before[0]["id"], "CANCELED", None)


async def test_enabling_forgets_failures(team: Team) -> None:
    """16.3: setting ENABLED clears `failing_since`, with all that was counted; other changes leave it."""
    made = await hook(team)
    await team.world.pool.execute(
        """update webhooks set failing_since = created_at, failed_attempts = 4, last_error = 'timeout',
             paused_until = now() + interval '1 hour' where team_id = $1""",
        team.id,
    )
    assert (await get(team, made["id"]))["failing_since"] == made["created_at"]
    assert (await patch(team, made["id"], include_updated_object=True))["failing_since"] == made["created_at"]
    row = await hook_row(team, made["id"])
    assert (row["failed_attempts"], row["last_error"], row["paused_until"] is None) == (4, "timeout", False)
    assert (await patch(team, made["id"], status="DISABLED"))["failing_since"] == made["created_at"]
    changed = await patch(team, made["id"], status="ENABLED")
    assert changed["failing_since"] is None
    row = await hook_row(team, made["id"])
    assert (row["failed_attempts"], row["last_error"], row["paused_until"]) == (0, None, None)
    await team.world.pool.execute(
        "update webhooks set failing_since = created_at, failed_attempts = 2 where team_id = $1", team.id
    )
    assert (await patch(team, made["id"], status="ENABLED"))["failing_since"] is None
    assert (await hook_row(team, made["id"]))["failed_attempts"] == 0


async def test_another_url_keeps_what_waits(team: Team) -> None:
    """16.3: a changed `url` also applies to pending deliveries, whose bodies stay."""
    made = await hook(team)
    await create(team, "A-1")
    before = await waiting(team, made["id"])
    await patch(team, made["id"], url="https://new.example/", custom_data={"new": True})
    assert await waiting(team, made["id"]) == before
    assert (await receiver_of(team, made["id"])).url == "https://new.example/"


async def test_only_events_after_creation(world: World, team: Team) -> None:
    """16.1, and exact memory: a webhook counts from its answer on, its end from the answer on."""
    await create(team, "A-1")
    made = await hook(team, enabled_events=["order.created"])
    await create(team, "A-2")
    reply = await team.orders_api("DELETE", f"/webhooks/{made['id']}")
    assert (reply.status, reply.raw) == (204, b"")
    later = await hook(team, enabled_events=["order.updated"])
    await create(team, "A-3")
    again = await patch(team, later["id"], enabled_events=["order.created"])
    order = await create(team, "A-4")
    assert [row["event_name"] for row in await waiting(team, again["id"])] == ["order.created"]
    assert [ulid(row["order_id"]) for row in await waiting(team, again["id"])] == [order["id"]]


async def test_deletion_takes_everything_along(
    world: World, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16.3: 204; deliveries, attempts and lease go with it, other webhooks keep theirs."""
    monkeypatch.setattr(subscriptions, "DELETED_AT_ONCE", 3)
    made, other = await hook(team), await hook(team)
    for number in range(7):
        await create(team, f"A-{number}")
    for row in [*await waiting(team, made["id"]), *(await waiting(team, other["id"]))[:2]]:
        await settle(team, row["id"], "FAILED", attempts=2)
    await lease(team, made["id"])
    await lease(team, other["id"])
    assert (await team.orders_api("DELETE", f"/webhooks/{made['id']}")).status == 204
    refused(await team.orders_api("GET", f"/webhooks/{made['id']}"), (None, "not_found"))
    refused(await team.orders_api("DELETE", f"/webhooks/{made['id']}"), (None, "not_found"))
    counted = await world.pool.fetchrow(
        """select (select count(*) from deliveries where team_id = $1) as deliveries,
             (select count(*) from attempts where team_id = $1) as attempts,
             (select array_agg(webhook_id) from webhook_leases where team_id = $1) as leases""",
        team.id,
    )
    assert counted is not None
    assert (counted["deliveries"], counted["attempts"]) == (7, 4)
    assert counted["leases"] == [parse_id(other["id"])]


# Rotation ---------------------------------------------------------------------------------------------------


async def rotate(team: Team, webhook_id: str, body: Any = None) -> dict[str, Any]:
    made: dict[str, Any] = (
        await team.orders_api("POST", f"/webhooks/{webhook_id}/rotate-secret", body=body)
    ).ok()
    assert set(made) == {"secret", "previous_secret_expires_at"}
    assert SECRET.fullmatch(made["secret"])
    return made


async def test_rotation(world: World, team: Team) -> None:
    """O-52: both secrets sign until the overlap ends, then only the new one; 16.5: by default 24 h."""
    made = await hook(team)
    with world.clock.at(world.clock()):
        now = world.clock()
        rotated = await rotate(team, made["id"])
        assert rotated["previous_secret_expires_at"] == (now + timedelta(hours=24)).isoformat().replace(
            "+00:00", "Z"
        )
        both = (rotated["secret"], made["secret"])
        assert (await receiver_of(team, made["id"])).secrets == both
        just_before = timedelta(hours=24) - timedelta(microseconds=1)
        assert (await receiver_of(team, made["id"], later=just_before)).secrets == both
        assert (await receiver_of(team, made["id"], later=timedelta(hours=24))).secrets == both[:1]
    assert "secret" not in await get(team, made["id"])


async def test_a_second_rotation_drops_the_oldest_secret(team: Team) -> None:
    """16.5."""
    made = await hook(team)
    second = await rotate(team, made["id"], {})
    third = await rotate(team, made["id"], {"overlap_seconds": 3600})
    assert (await receiver_of(team, made["id"])).secrets == (third["secret"], second["secret"])


async def test_a_rotation_without_overlap(team: Team) -> None:
    """16.5: `overlap_seconds` 0 ends the secret before at once; 604800 is the most."""
    made = await hook(team)
    rotated = await rotate(team, made["id"], {"overlap_seconds": 0})
    assert (await receiver_of(team, made["id"])).secrets == (rotated["secret"],)
    await rotate(team, made["id"], {"overlap_seconds": 604_800})
    assert len((await receiver_of(team, made["id"], later=timedelta(days=6, hours=23))).secrets) == 2


@pytest.mark.parametrize(
    ("overlap", "code"),
    [(604_801, "out_of_range"), (-1, "out_of_range"), (True, "wrong_type"), ([], "wrong_type")],
)
async def test_overlaps_out_of_bounds(team: Team, overlap: Any, code: str) -> None:
    made = await hook(team)
    reply = await team.orders_api(
        "POST", f"/webhooks/{made['id']}/rotate-secret", body={"overlap_seconds": overlap}
    )
    refused(reply, ("overlap_seconds", code))
    assert (await receiver_of(team, made["id"])).secrets == (made["secret"],)


async def test_the_setting_of_the_overlap(pool) -> None:
    """Section 23: `webhook_secret_overlap_seconds`."""
    async with served(pool, webhook_secret_overlap_seconds=60) as world:
        team = await world.team()
        made = await hook(team)
        await rotate(team, made["id"])
        assert len((await receiver_of(team, made["id"], later=timedelta(seconds=58))).secrets) == 2
        assert len((await receiver_of(team, made["id"], later=timedelta(seconds=60))).secrets) == 1


async def test_a_repeated_rotation_rotates_once(team: Team) -> None:
    """Section 19: with one Idempotency-Key there is one new secret."""
    made = await hook(team)
    path, headers = f"/webhooks/{made['id']}/rotate-secret", {"Idempotency-Key": '"turn"'}
    first = await team.orders_api("POST", path, headers=headers)
    again = await team.orders_api("POST", path, headers=headers)
    assert first.ok() == again.ok()
    assert (await receiver_of(team, made["id"])).secrets == (first.json["secret"], made["secret"])


# Test sends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["ENABLED", "DISABLED"])
async def test_a_test_send(open_world: World, status: str) -> None:
    """O-61: 200 with one attempt, also on a DISABLED webhook; nothing in /events, nothing in the deliveries."""
    team = await open_world.team()
    async with receiver() as received:
        received.answer, received.status = "thank you", 201
        made = await hook(
            team, url=received.url, status=status, authentication=LOGIN, custom_data={"tenant": "north"}
        )
        path = f"/webhooks/{made['id']}/test"
        reply = (await team.orders_api("POST", path, body={"event_name": "order.updated"})).ok()
        (attempt,) = reply["attempts"]
        assert reply == {
            "id": reply["id"],
            "resource_type": "webhook_delivery",
            "webhook_id": made["id"],
            "event_id": None,
            "event_name": "order.updated",
            "order_id": None,
            "sequence": None,
            "test": True,
            "status": "SUCCEEDED",
            "created_at": reply["created_at"],
            "next_attempt_at": None,
            "finished_at": reply["finished_at"],
            "attempt_count": 1,
            "attempts": [
                {
                    "number": 1,
                    "started_at": attempt["started_at"],
                    "duration_ms": attempt["duration_ms"],
                    "response_status": 201,
                    "error": None,
                    "response_excerpt": "thank you",
                }
            ],
        }
        assert reply["created_at"] <= attempt["started_at"] <= reply["finished_at"]
        document = received.verified(0, made["secret"])
        headers, _ = received.requests[0]
        assert len(received.requests) == 1
        assert document["id"] == headers["webhook-id"]
        assert document["source"]["environment"] == "test"
        assert (document["sequence"], document["custom_data"]) == (None, {"tenant": "north"})
        assert headers["Authorization"] == "Basic bWlsZXBvc3Q6cXVpZXQtb3R0ZXItNDE="
        again = (await team.orders_api("POST", path)).ok()
        assert again["event_name"] == "order.created"
        assert received.requests[1][0]["webhook-id"] != headers["webhook-id"]
    assert (await team.orders_api("GET", "/events")).ok()["data"] == []
    assert (await team.orders_api("GET", f"/webhooks/{made['id']}/deliveries")).ok()["data"] == []
    del made["secret"]
    assert await get(team, made["id"]) == made


async def test_a_test_send_that_fails(open_world: World) -> None:
    """16.4: 200 whatever the receiver answered; no effect on 17.7, not even of a 410."""
    team = await open_world.team()
    async with receiver() as received:
        received.status = 410
        made = await hook(team, url=received.url)
        reply = (await team.orders_api("POST", f"/webhooks/{made['id']}/test", body={})).ok()
        assert (reply["status"], reply["attempt_count"]) == ("FAILED", 1)
        assert (reply["attempts"][0]["response_status"], reply["attempts"][0]["error"]) == (410, "status")
    reply = (await team.orders_api("POST", f"/webhooks/{made['id']}/test", body={})).ok()
    assert (reply["attempts"][0]["response_status"], reply["attempts"][0]["error"]) == (None, "connection")
    assert reply["attempts"][0]["response_excerpt"] is None
    del made["secret"]
    assert await get(team, made["id"]) == made
    assert (await hook_row(team, made["id"]))["failed_attempts"] == 0


@pytest.mark.parametrize("name", NAMES)
async def test_made_up_payloads(open_world: World, name: str) -> None:
    """16.4: the payload has the exact key set of that event, `new_object` where it is asked for."""
    team = await open_world.team()
    async with receiver() as received:
        made = await hook(team, url=received.url, include_updated_object=True)
        reply = (
            await team.orders_api("POST", f"/webhooks/{made['id']}/test", body={"event_name": name})
        ).ok()
        document = received.verified(0, made["secret"])
    assert (reply["event_name"], document["event_name"]) == (name, name)
    assert set(document) == {
        *("id", "event_name", "event_version", "occurred_at", "sequence", "source", "details", "custom_data")
    }
    with_object = name in ("order.updated", "order.item.updated")
    assert set(document["details"]) == DETAILS[name] | ({"new_object"} if with_object else set())


async def test_names_that_cannot_be_tried(open_world: World) -> None:
    """16.4: an unknown name, and one that never happens, is 400 `unknown_event`; nothing is sent."""
    team = await open_world.team()
    async with receiver() as received:
        made = await hook(team, url=received.url, enabled_events=["order.deleted"])
        path = f"/webhooks/{made['id']}/test"
        for body in ({"event_name": "order.archived"}, {"event_name": "order.deleted"}, {}):
            refused(await team.orders_api("POST", path, body=body), ("event_name", "unknown_event"))
        await patch(team, made["id"], enabled_events=["order.deleted", "order.overdue"])
        assert (await team.orders_api("POST", path)).ok()["event_name"] == "order.overdue"
        assert len(received.requests) == 1


async def test_a_repeated_test_send_is_sent_once(open_world: World) -> None:
    """Section 19: with one Idempotency-Key one attempt is made; its answer is given again."""
    team = await open_world.team()
    headers = {"Idempotency-Key": "try-1"}
    async with receiver() as received:
        made = await hook(team, url=received.url)
        path = f"/webhooks/{made['id']}/test"
        first, same = await asyncio.gather(
            *(team.orders_api("POST", path, body={}, headers=headers) for _ in range(2))
        )
        again = await team.orders_api("POST", path, body={}, headers=headers)
        assert first.ok() == same.ok() == again.ok()
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(received.requests) == 1
        reused = await team.orders_api("POST", path, body={"event_name": "order.updated"}, headers=headers)
        assert reused.status == 422
        open_world.clock.offset += timedelta(hours=25)
        try:
            assert (await team.orders_api("POST", path, body={}, headers=headers)).status == 200
        finally:
            open_world.clock.offset -= timedelta(hours=25)
        assert len(received.requests) == 2


async def test_no_connection_is_held_while_a_test_is_sent(open_world: World, pool) -> None:
    """Nothing leaves the process inside a transaction, also not with an Idempotency-Key."""
    team = await open_world.team()
    seen: list[list[Any]] = []

    async def look() -> None:
        seen.append(
            await pool.fetch(
                """select pid, query from pg_stat_activity
                   where datname = current_database() and state like 'idle in transaction%'"""
            )
        )

    async with receiver() as received:
        made = await hook(team, url=received.url)
        received.before = look
        headers = {"Idempotency-Key": "x"}
        await team.orders_api("POST", f"/webhooks/{made['id']}/test", body={}, headers=headers)
    assert seen == [[]]


_DIFF = {"old_data", "new_data"}
_OF_ORDER = {"id", "order_type", "resource_type", "self_link"}
_OF_PART = _OF_ORDER | {"order_id"}
_ITEM = _OF_PART | {
    *("custom_data", "description", "references", "amount", "available_amount", "shipping_requirements")
}
_MILESTONE = _OF_PART | _DIFF | {"type", "name", "position", "workflow_milestone_id"}
_TASK = (
    _OF_PART | _DIFF | {"milestone_id", "title", "assignee", "due_date", "required", "status", "completed_at"}
)
DETAILS = {
    "order.created": _OF_ORDER
    | {
        *("custom_data", "order_number", "ship_to", "name", "ship_from", "description", "source"),
        *("source_system_id", "start_date", "expiration_date", "status", "items", "archived", "references"),
        *("supplier", "supplier_created_releases_allowed", "created_from_order_id"),
        *("released_from_release_id", "releases", "cancelled_at", "tags", "shipping_requirements"),
        *("created_at", "updated_at"),
    },
    "order.updated": _OF_ORDER | _DIFF,
    "order.item.updated": _OF_PART | _DIFF,
    "order.item.deleted": _ITEM,
    "order.item.created": _ITEM,
    "order.status.changed": _OF_ORDER | _DIFF,
    "order.item.status.changed": _OF_PART | _DIFF,
    "order.milestone.confirmed": _MILESTONE,
    "order.milestone.rejected": _MILESTONE,
    "order.timeline.updated": _OF_ORDER | {"reason", "milestones"},
    "order.task.created": _TASK,
    "order.task.completed": _TASK,
    "order.overdue": _OF_ORDER | {"cause", "subject", "due_at"},
    "webhook.disabled": {
        *("id", "resource_type", "self_link", "url", "reason", "disabled_at", "failing_since", "last_error")
    },
}
"""The exact keys of `details` by event (section 14)."""
