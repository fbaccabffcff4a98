"""GET T/order_milestone_configs (section 7.15)."""

import json
from typing import Any

from tests.surfaces.milestones_api.followed import WORKSPACE
from tests.surfaces.milestones_api.talk import answered
from tests.surfaces.world import NO_ID, Reply, Team

STANDARD: list[dict[str, Any]] = [
    {"type": "acceptance", "enabled": True, "offset_days": 0, "relative_to": "issued_at"},
    {"type": "production_start", "enabled": True, "offset_days": 0, "relative_to": "production_start_date"},
    {"type": "on_track_to_ship", "enabled": True, "offset_days": -7, "relative_to": "ships_on"},
    {"type": "shipment", "enabled": True, "offset_days": 1, "relative_to": "ships_on"},
    {"type": "delivery", "enabled": True, "offset_days": 1, "relative_to": "delivered_on"},
]


def superseded(reply: Reply, team: str) -> None:
    """Asserts the two headers, and that there are no others of their kind. `team`: the id in the link."""
    assert reply.headers.getall("Deprecation") == ["@1701129600"]
    assert reply.headers.getall("Link") == [f'</v1/teams/{team}/workflows>; rel="successor-version"']
    assert "Sunset" not in reply.headers


async def test_m37_the_one_entry_of_every_team(team: Team) -> None:
    """M-37: with both headers, whichever workflows there are; not paged."""
    reply = await team.milestones_api("GET", "/order_milestone_configs")
    (config,) = reply.ok()["order_milestone_configs"]
    assert config == {
        "id": config["id"],
        "name": "Standard",
        "default": True,
        "enabled": True,
        "milestones": STANDARD,
    }
    superseded(reply, team.id)
    await team.apply(WORKSPACE, prune=True)
    again = await team.milestones_api("GET", "/order_milestone_configs?page=0&per_page=x")
    assert again.ok() == reply.json
    assert not any(name in again.headers for name in ("X-Page", "X-Total"))


async def test_m37_other_methods(team: Team) -> None:
    """M-37: 405, and the headers all the same."""
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        reply = await team.milestones_api(method, "/order_milestone_configs", body={})
        answered(reply, "method_not_allowed")
        assert reply.headers["Allow"] == "GET, HEAD"
        superseded(reply, team.id)


async def test_refusals_name_the_successor(team: Team) -> None:
    """Section 7.15: with the id as it was sent."""
    for sent in (NO_ID.upper(), "x%22y"):
        path = f"/v1/teams/{sent}/order_milestone_configs"
        reply = await team.world.call("GET", path, headers={"X-API-Key": team.key})
        assert reply.status == 404
        superseded(reply, sent)
    weak = await team.new_key("canUpdateOrders")
    reply = await team.milestones_api("GET", "/order_milestone_configs", key=weak)
    answered(reply, "forbidden", permission="canViewOrders")
    superseded(reply, team.id)
    reply = await team.milestones_api("GET", "/order_milestone_configs", key="wrong")
    assert not {"Deprecation", "Link"} & set(reply.headers)


async def test_imported_entries(team: Team) -> None:
    """Section 7.15: more come only with imported data; by id."""
    await team.world.pool.execute(
        "insert into order_milestone_configs (team_id, id, name, is_default, enabled, milestones) "
        "values ($1, $2, 'Rush', false, false, $3)",
        team.id,
        NO_ID,
        json.loads(json.dumps(STANDARD[:1])),
    )
    shown = (await team.milestones_api("GET", "/order_milestone_configs")).ok()["order_milestone_configs"]
    assert {config["name"] for config in shown} == {"Standard", "Rush"}
    assert [config["id"] for config in shown] == sorted(config["id"] for config in shown)
    (rush,) = [config for config in shown if config["id"] == NO_ID]
    assert rush == {
        "id": NO_ID,
        "name": "Rush",
        "default": False,
        "enabled": False,
        "milestones": STANDARD[:1],
    }
