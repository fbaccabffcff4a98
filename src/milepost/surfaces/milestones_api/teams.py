"""GET /v1/teams (section 7.1): the key's own team."""

from milepost.reads.definition_times import team_times
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.paging import paged, part_of, read_page
from milepost.surfaces.milestones_api.shaping import shown_instant


async def list_teams(call: Call) -> Reply:
    """GET /v1/teams."""
    page = read_page(call)
    times, version = await team_times(call.db, call.team_id)
    call.saw(version)
    team = call.workspace.team
    shown = {
        "id": team.id,
        "name": team.name,
        "time_zone": team.time_zone,
        "created_at": shown_instant(times.created_at),
        "updated_at": shown_instant(times.updated_at),
    }
    return paged(call, page, 1, "teams", part_of(page, [shown]))


ENDPOINTS = (
    Endpoint(
        operation="listTeams",
        method="GET",
        path="teams",
        permission="canViewOrders",
        summary="Show the key's team",
        handler=list_teams,
    ),
)
