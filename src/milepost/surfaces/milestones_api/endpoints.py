"""All endpoints of this surface (section 7)."""

from milepost.surfaces.milestones_api import (
    configs,
    deprecated,
    milestones,
    order_items,
    orders,
    tasks,
    teams,
    timeline,
    workflows,
)
from milepost.surfaces.milestones_api.call import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *teams.ENDPOINTS,
    *workflows.ENDPOINTS,
    *configs.ENDPOINTS,
    *orders.ENDPOINTS,
    *order_items.ENDPOINTS,
    *milestones.ENDPOINTS,
    *timeline.ENDPOINTS,
    *tasks.ENDPOINTS,
    *deprecated.ENDPOINTS,
)
