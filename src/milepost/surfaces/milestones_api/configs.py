"""GET T/order_milestone_configs (section 7.15): the frozen record of the scheme before workflows."""

from typing import Any

from milepost.reads.milestone_configs import StoredConfig, list_configs
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply


async def list_order_milestone_configs(call: Call) -> Reply:
    """GET T/order_milestone_configs. Not paged."""
    configs, version = await list_configs(call.db, call.team_id)
    call.saw(version)
    return Reply(body={"order_milestone_configs": [_config(config) for config in configs]})


def _config(stored: StoredConfig) -> dict[str, Any]:
    config = stored.config
    return {
        "id": stored.id,
        "name": config.name,
        "default": config.is_default,
        "enabled": config.enabled,
        "milestones": [
            {
                "type": milestone.type,
                "enabled": milestone.enabled,
                "offset_days": milestone.offset_days,
                "relative_to": milestone.relative_to,
            }
            for milestone in config.milestones
        ],
    }


ENDPOINTS = (
    Endpoint(
        operation="listOrderMilestoneConfigs",
        method="GET",
        path="teams/{team_id}/order_milestone_configs",
        permission="canViewOrders",
        summary="List the milestone configs of before there were workflows",
        handler=list_order_milestone_configs,
        successor="teams/{team_id}/workflows",
    ),
)
