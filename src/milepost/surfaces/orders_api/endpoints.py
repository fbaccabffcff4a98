"""All endpoints of this surface (section 1)."""

from milepost.surfaces.orders_api import deliveries, events, items, orders, releases, tags, webhooks
from milepost.surfaces.orders_api.call import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *orders.ENDPOINTS,
    *items.ENDPOINTS,
    *releases.ENDPOINTS,
    *tags.ENDPOINTS,
    *events.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *deliveries.ENDPOINTS,
)
