"""The two removed actions (section 7.16)."""

import pytest

from tests.surfaces.milestones_api.talk import LIMITS, answered, bearing, nowhere
from tests.surfaces.milestones_api.things import Things
from tests.surfaces.world import NO_ID, Team

TAILS = ("delay_ship_date", "confirm_ship_date")


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"])
async def test_m38_gone(settled: tuple[Team, Things], method: str, tail: str) -> None:
    """M-38: 410 by any method, for any ids, whatever the body; the successor repeats the ids as they were sent."""
    team, of = settled
    weak = await team.new_key("canManageTeam")
    async with team.unchanged():
        for team_id, order_id in (
            (team.id, of["order_id"]),
            (team.id.upper(), NO_ID),
            (NO_ID, "x"),
            ("01MDR3P050FH1ADN9V3TFQ0K0G", "%E2%82%AC%20%22%0d%0a"),
        ):
            path = f"teams/{team_id}/purchase_orders/{order_id}"
            for prefix, key, body in (("/v1/", team.key, None), ("/api/v1/", weak, b"{")):
                reply = await team.world.call(
                    method, f"{prefix}{path}/{tail}", headers=bearing(key), body=body
                )
                answered(reply, "removed", successor=f"/v1/{path}/tasks")
                assert all(name in reply.headers for name in LIMITS)
                assert not {"Deprecation", "Link", "Sunset"} & set(reply.headers)


async def test_m38_head(settled: tuple[Team, Things]) -> None:
    """M-38: HEAD has the status of GET."""
    team, of = settled
    assert (await team.milestones_api("HEAD", f"/purchase_orders/{of['order_id']}/{TAILS[0]}")).status == 410


@pytest.mark.parametrize("tail", TAILS)
async def test_m38_without_a_key(settled: tuple[Team, Things], tail: str) -> None:
    """M-38: 401, as everywhere."""
    team, of = settled
    path = f"/v1/teams/{team.id}/purchase_orders/{of['order_id']}/{tail}"
    for method in ("GET", "POST", "DELETE"):
        answered(await team.world.call(method, path), "unauthorized")
        answered(await team.world.call(method, path, headers=bearing("wrong")), "unauthorized")


async def test_what_is_near_them_is_not_removed(settled: tuple[Team, Things]) -> None:
    """Section 5: what has another shape is a path that leads nowhere."""
    team, of = settled
    for tail in ("delay_ship_date/x", "Delay_Ship_Date", "delay_ship_dates"):
        nowhere(await team.milestones_api("POST", f"/purchase_orders/{of['order_id']}/{tail}"))
    nowhere(await team.milestones_api("POST", "/orders/x/delay_ship_date"))
