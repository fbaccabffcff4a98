"""Tags over HTTP (section 12)."""

import asyncio
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.orders_api.talk import create, refused
from tests.surfaces.orders_api.test_orders import ULID
from tests.surfaces.world import NO_ID, Team, World


async def add(team: Team, **body: Any) -> dict[str, Any]:
    reply = await team.orders_api("POST", "/tags", body=body)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def test_a_tag(team: Team) -> None:
    made = await add(team, name="Summer shelf", id=NO_ID, unknown=1)
    assert ULID.fullmatch(made["id"])
    assert made == {"id": made["id"], "slug": "summer-shelf", "name": "Summer shelf"}
    assert made["id"] != ulid(NO_ID)
    listed = (await team.orders_api("GET", "/tags")).ok()
    assert listed == {"data": [made], "has_more": False, "next": None}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        (" Été & Co. ", "t-co"),
        ("A--b__C", "a-b-c"),
        ("x" * 64, "x" * 64),
        ("7", "7"),
        ("-a-", "a"),
    ],
)
async def test_slugs_are_made_of_names(team: Team, name: str, slug: str) -> None:
    assert (await add(team, name=name))["slug"] == slug


async def test_taken_slugs_are_numbered(team: Team) -> None:
    slugs = [(await add(team, name=name))["slug"] for name in ("A b", "a-b", "A  B!", "x" * 64, "x" * 64)]
    assert slugs == ["a-b", "a-b-2", "a-b-3", "x" * 64, "x" * 62 + "-2"]


async def test_many_tags_of_one_name_at_once(team: Team) -> None:
    made = await asyncio.gather(*(add(team, name="Same") for _ in range(8)))
    assert sorted(tag["slug"] for tag in made) == ["same", *(f"same-{n}" for n in range(2, 9))]


async def test_a_name_of_which_nothing_is_left(team: Team) -> None:
    made = await add(team, name="日本")
    assert made["slug"] == made["id"].lower()


async def test_given_slugs(world: World, team: Team) -> None:
    assert (await add(team, name="Winter", slug="w-1"))["slug"] == "w-1"
    async with team.unchanged():
        refused(
            await team.orders_api("POST", "/tags", body={"name": "x", "slug": "w-1"}), ("slug", "not_unique")
        )
        refused(
            await team.orders_api("POST", "/tags", body={"name": " ", "slug": "W"}),
            ("name", "too_short"),
            ("slug", "invalid_value"),
        )
        refused(await team.orders_api("POST", "/tags", body={}), ("name", "required"))
    assert (await add(await world.team(), name="x", slug="w-1"))["slug"] == "w-1"


async def test_tags_make_no_events_and_leave_orders_alone(team: Team) -> None:
    order = await create(team, "MP-1")
    await add(team, name="a")
    (count,) = await team.world.pool.fetch("select count(*) as n from events where team_id = $1", team.id)
    assert count["n"] == 1
    assert (await team.orders_api("GET", f"/orders/{order['id']}")).headers["ETag"] == '"1"'


async def test_the_list_of_tags_is_newest_first(world: World, team: Team) -> None:
    made = [await add(team, name=name) for name in "abcde"][::-1]
    foreign = await add(await world.team(), name="foreign")
    page = (await team.orders_api("GET", "/tags?limit=2")).ok()
    assert page == {
        "data": made[:2],
        "has_more": True,
        "next": f"/tags?limit=2&starting_after={made[1]['id']}",
    }
    second = (await team.orders_api("GET", page["next"])).ok()
    assert (second["data"], second["has_more"]) == (made[2:4], True)
    last = (await team.orders_api("GET", second["next"])).ok()
    assert last == {"data": made[4:], "has_more": False, "next": None}
    back = (await team.orders_api("GET", f"/tags?limit=2&ending_before={made[4]['id']}")).ok()
    assert back == {
        "data": made[2:4],
        "has_more": True,
        "next": f"/tags?limit=2&ending_before={made[2]['id']}",
    }
    both = f"/tags?starting_after={made[0]['id']}&ending_before={made[2]['id']}"
    assert (await team.orders_api("GET", both)).ok()["data"] == made[:2]
    for name in ("starting_after", "ending_before"):
        for cursor in (NO_ID, foreign["id"]):
            refused(await team.orders_api("GET", f"/tags?{name}={cursor}"), (name, "unknown_cursor"))
        refused(await team.orders_api("GET", f"/tags?{name}=x"), (name, "invalid_id"))
