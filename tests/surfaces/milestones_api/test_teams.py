"""GET /v1/teams (section 7.1), and whose ids a path may have (section 2)."""

from datetime import UTC, datetime

import pytest

from milepost.core import accounts
from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import missing
from tests.surfaces.milestones_api.talk import bearing
from tests.surfaces.milestones_api.things import ROUTES, Things, address, body_for, method_of
from tests.surfaces.world import NO_ID, Team, World


async def test_m3_the_keys_own_team(world: World) -> None:
    """M-3: exactly one, all of it."""
    with world.clock.at(datetime(2027, 1, 11, 8, 0, 0, 900_000, tzinfo=UTC)):
        team_id = await accounts.create_team(
            world.pool, world.clock(), name="Loom & Larch", currency="EUR", time_zone="Asia/Tokyo"
        )
        team = Team(world, team_id, "Loom & Larch")
        team.key = await team.new_key()
        body = (await world.call("GET", "/v1/teams", headers=bearing(team.key))).ok()
    assert body == {
        "teams": [
            {
                "id": team.id,
                "name": "Loom & Larch",
                "time_zone": "Asia/Tokyo",
                "created_at": "2027-01-11T08:00:00Z",
                "updated_at": "2027-01-11T08:00:00Z",
            }
        ]
    }


async def test_a_team_as_it_was_changed(team: Team) -> None:
    """Sections 3 and 7.1: a changed setting shows at once."""
    await team.milestones_api("GET", "/workflows")  # what the server remembers is of before
    await team.apply({"team": {"time_zone": "Europe/Berlin"}})
    (shown,) = (await team.world.call("GET", "/v1/teams", headers=bearing(team.key))).ok()["teams"]
    assert shown["time_zone"] == "Europe/Berlin"
    assert shown["updated_at"] >= shown["created_at"]


async def test_m6_the_list_of_teams_is_paged(team: Team) -> None:
    """M-6, section 4: also where there is always one."""
    reply = await team.world.call("GET", "/v1/teams?page=3&per_page=500", headers=bearing(team.key))
    assert reply.ok() == {"teams": []}
    assert [reply.headers[f"X-{name}"] for name in ("Page", "Per-Page", "Total", "Total-Pages")] == [
        *("3", "100", "1", "1")
    ]
    assert reply.headers["Link"] == (
        '</v1/teams?page=1&per_page=100>; rel="first", </v1/teams?page=1&per_page=100>; rel="prev", '
        '</v1/teams?page=1&per_page=100>; rel="last"'
    )


@pytest.mark.parametrize("route", [route for route in ROUTES if "{team_id}" in route])
async def test_m3_another_teams_id(settled: tuple[Team, Things], world: World, route: str) -> None:
    """M-3: 404 for every path, whether the team exists or not; before the permission."""
    team, of = settled
    other = await world.team()
    powerless = await team.new_key("canManageTeam")
    async with team.unchanged(), other.unchanged():
        for team_id in (other.id, ulid(other.id), NO_ID, "x", team.id[:-1], f"{team.id}x", "%20"):
            path, body = address(route, {**of, "team_id": team_id}), body_for(route, of)
            for key in (team.key, powerless):
                reply = await world.call(method_of(route), path, headers=bearing(key), body=body)
                missing(reply, "Team")


@pytest.mark.parametrize("spell", [str.upper, str.lower, ulid, lambda text: ulid(text).lower()])
async def test_m7_spellings_of_the_teams_id(team: Team, spell: type[str]) -> None:
    """M-7: UUID and ULID in any letter case; links show the lower-case UUID."""
    path = f"/v1/teams/{spell(team.id)}/workflows"
    reply = await team.world.call("GET", path, headers=bearing(team.key))
    assert reply.ok()["workflows"] != []
    assert reply.headers["Link"].startswith(f"</v1/teams/{team.id}/workflows?page=1")
