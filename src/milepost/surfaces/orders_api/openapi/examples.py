"""Sample requests and answers by operation."""

from collections.abc import Mapping
from typing import Any

from milepost.surfaces.orders_api.events import NAMES_BY_VERSION
from milepost.surfaces.orders_api.openapi import order_samples as order
from milepost.surfaces.orders_api.openapi import webhook_samples as hooks
from milepost.surfaces.orders_api.refusals import Place

PATHS = {
    "order_id": order.ORDER,
    "order_item_id": order.ITEM,
    "release_id": order.LEG,
    "document_id": order.FILE,
    "event_id": hooks.EVENT,
    "webhook_id": hooks.WEBHOOK,
    "delivery_id": hooks.DELIVERY,
}
"""A value by path parameter."""

BODIES: Mapping[str, Mapping[str, Any]] = {
    "createOrder": {"order": order.SAMPLE_NEW_ORDER, "least": {"order_number": "MP-24018", "ship_to": {}}},
    "replaceOrder": {"order": order.SAMPLE_REPLACEMENT},
    "updateOrder": {"patch": order.SAMPLE_PATCH},
    "cancelOrder": {"nothing": {}},
    "createOrderItem": {"item": order.SAMPLE_NEW_ITEM},
    "replaceOrderItem": {"item": order.SAMPLE_NEW_ITEM},
    "updateOrderItem": {"patch": order.SAMPLE_ITEM_PATCH},
    "createRelease": {"leg": order.SAMPLE_NEW_LEG, "order": order.SAMPLE_NEW_CHILD},
    "updateRelease": {"moved": {"transit_status": "IN_TRANSIT"}},
    "createTag": {"tag": {"name": "Summer shelf"}},
    "createWebhook": {"webhook": hooks.SAMPLE_NEW_WEBHOOK},
    "replaceWebhook": {"webhook": hooks.SAMPLE_NEW_WEBHOOK},
    "updateWebhook": {"disabled": {"status": "DISABLED"}},
    "testWebhook": {"named": {"event_name": "order.updated"}},
    "rotateWebhookSecret": {"hour": {"overlap_seconds": 3600}},
    "redeliverEvents": {
        "one": {"event_id": hooks.EVENT},
        "span": {"from": "2026-06-15T00:00:00Z", "to": "2026-06-16T00:00:00Z"},
        "failed": {"failed_since": "2026-06-15T00:00:00Z"},
    },
}
"""Bodies by operation and name of the sample."""


def _listed(*data: Any) -> dict[str, Any]:
    return {"data": list(data), "has_more": False, "next": None}


_MORE = (
    "/orders?status.in=READY,ASSIGNED&tag=summer-shelf&order_by=-updated_at&limit=1&starting_after="
    + order.ORDER
)

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "createOrder": {"order": order.SAMPLE_ORDER},
    "listOrders": {
        "more": {"data": [order.SAMPLE_ORDER], "has_more": True, "next": _MORE},
        "none": _listed(),
    },
    "getOrder": {"order": order.SAMPLE_ORDER},
    "replaceOrder": {"order": order.SAMPLE_REPLACED},
    "updateOrder": {"order": order.SAMPLE_PATCHED},
    "cancelOrder": {"order": order.SAMPLE_CANCELED},
    "createOrderItem": {"item": order.SAMPLE_HANGER},
    "listOrderItems": {"items": _listed(order.SAMPLE_HANGER)},
    "getOrderItem": {"item": order.SAMPLE_HANGER},
    "replaceOrderItem": {"item": order.SAMPLE_HANGER},
    "updateOrderItem": {"item": order.SAMPLE_PATCHED_HANGER},
    "createRelease": {"leg": order.SAMPLE_LEG, "order": order.SAMPLE_CHILD_RELEASE},
    "listReleases": {"releases": _listed(order.SAMPLE_LEG, order.SAMPLE_CHILD_RELEASE)},
    "getRelease": {"leg": order.SAMPLE_LEG, "order": order.SAMPLE_CHILD_RELEASE},
    "updateRelease": {"moved": {**order.SAMPLE_LEG, "transit_status": "IN_TRANSIT"}},
    "createTag": {"tag": order.SAMPLE_TAG},
    "listTags": {"tags": _listed(order.SAMPLE_TAG)},
    "listEvents": {"events": _listed(hooks.SAMPLE_EVENT)},
    "listEventNames": {"names": NAMES_BY_VERSION},
    "getEvent": {"event": hooks.SAMPLE_EVENT},
    "createWebhook": {
        "webhook": {**hooks.SAMPLE_WEBHOOK, "secret": "whsec_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="}
    },
    "listWebhooks": {"webhooks": _listed(hooks.SAMPLE_WEBHOOK)},
    "getWebhook": {"webhook": hooks.SAMPLE_WEBHOOK},
    "replaceWebhook": {"webhook": hooks.SAMPLE_WEBHOOK},
    "updateWebhook": {"disabled": hooks.SAMPLE_DISABLED},
    "testWebhook": {"test": hooks.SAMPLE_TEST},
    "rotateWebhookSecret": {
        "secret": {
            "secret": "whsec_BRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1o=",
            "previous_secret_expires_at": "2026-06-16T10:05:30.551900Z",
        }
    },
    "listDeliveries": {"deliveries": _listed(hooks.SAMPLE_DELIVERY)},
    "getDelivery": {"delivery": hooks.SAMPLE_WITH_REQUEST},
    "redeliver": {"delivery": hooks.SAMPLE_AGAIN},
    "redeliverEvents": {"queued": {"queued": 37, "has_more": False}},
}
"""Answers by operation and name of the sample."""

FAULTS: Mapping[str, tuple[Place, str | None, str | None]] = {
    "required": ("body", "ship_to", None),
    "invalid_id": ("query", "ending_before", None),
    "unknown_cursor": ("query", "starting_after", None),
    "not_unique": ("body", "order_number", None),
    "not_found": ("body", "items.0.id", None),
    "immutable": ("body", "order_type", None),
    "end_before_start": ("body", "expiration_date", None),
    "order_canceled": ("request", None, None),
    "exceeds_available": ("body", "items.0.amount.value", None),
    "url_not_allowed": ("body", "url", None),
    "unauthorized": ("header", None, "authorization"),
    "idempotency_in_progress": ("header", None, "idempotency-key"),
    "idempotency_key_reused": ("header", None, "idempotency-key"),
    "precondition_failed": ("header", None, "if-match"),
    "precondition_required": ("header", None, "if-match"),
    "unsupported_media_type": ("header", None, "content-type"),
    "method_not_allowed": ("request", None, "method"),
}
"""What samples of refusals blame: place, field, and what stands in that place."""
