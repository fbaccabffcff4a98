"""What is answered, by operation: documents and their headers (sections 2, 6, 19 and 20)."""

from collections.abc import Iterable, Mapping

from milepost.http.openapi import LIMITS, Schema, Schemas, component, document_schemas, ref
from milepost.surfaces.orders_api.call import Endpoint
from milepost.surfaces.orders_api.events import NAMES_BY_VERSION
from milepost.surfaces.orders_api.openapi import examples, refusing, shapes, webhook_shapes
from milepost.surfaces.orders_api.openapi.events import event_schemas
from milepost.surfaces.orders_api.openapi.forms import in_answers
from milepost.surfaces.orders_api.openapi.headers import named_headers
from milepost.surfaces.orders_api.openapi.refusing import closed

DOCUMENTS: Mapping[str, str] = {
    "createOrder": "Order",
    "listOrders": "OrderList",
    "getOrder": "Order",
    "replaceOrder": "Order",
    "updateOrder": "Order",
    "cancelOrder": "Order",
    "createOrderItem": "OrderItem",
    "listOrderItems": "OrderItemList",
    "getOrderItem": "OrderItem",
    "replaceOrderItem": "OrderItem",
    "updateOrderItem": "OrderItem",
    "createRelease": "Release",
    "listReleases": "ReleaseList",
    "getRelease": "Release",
    "updateRelease": "Release",
    "createTag": "Tag",
    "listTags": "TagList",
    "listEvents": "EventList",
    "listEventNames": "EventNames",
    "getEvent": "Event",
    "createWebhook": "CreatedWebhook",
    "listWebhooks": "WebhookList",
    "getWebhook": "Webhook",
    "replaceWebhook": "Webhook",
    "updateWebhook": "Webhook",
    "testWebhook": "Delivery",
    "rotateWebhookSecret": "RotatedSecret",
    "listDeliveries": "DeliveryList",
    "getDelivery": "DeliveryWithRequest",
    "redeliver": "Delivery",
    "redeliverEvents": "Queued",
}
"""The schema of the answer, by operation. Those that are not here answer no JSON."""

TAGGED = frozenset(("Order", "OrderItem", "Release"))
"""Documents that come with an ETag."""
_LISTED = ("Order", "OrderItem", "Release", "Tag", "Event", "Webhook", "Delivery")


def answer_schemas() -> Schemas:
    """The schemas of all that is answered or sent."""
    documents = (
        shapes.Order,
        shapes.OrderItem,
        shapes.TransportationRelease,
        shapes.PurchaseOrderRelease,
        shapes.Tag,
        webhook_shapes.CreatedWebhook,
        webhook_shapes.Webhook,
        webhook_shapes.RotatedSecret,
        webhook_shapes.DeliveryWithRequest,
        webhook_shapes.Delivery,
        webhook_shapes.Queued,
    )
    found = in_answers(document_schemas(documents)) | event_schemas()
    found["Release"] = found["Order"]["properties"]["releases"]["items"]
    found["EventNames"] = _event_names()
    return (
        found | {f"{name}List": _list_of(name) for name in _LISTED} | {"Refusal": refusing.refusal_schema()}
    )


def _list_of(name: str) -> Schema:
    members: Schemas = {
        "data": {"type": "array", "items": ref(name), "maxItems": 100},
        "has_more": {"type": "boolean", "description": "Whether more follow in this direction."},
        "next": {
            "type": ["string", "null"],
            "pattern": "^/",
            "description": "The relative address of what follows.",
        },
    }
    return closed(members)


def _event_names() -> Schema:
    return closed(
        {
            version: {"type": "array", "items": {"type": "string", "enum": names}}
            for version, names in NAMES_BY_VERSION.items()
        }
    )


# Operations


def responses(endpoint: Endpoint, shape_codes: Iterable[str]) -> dict[str, Schema]:
    """All answers of the endpoint, by status."""
    document = DOCUMENTS.get(endpoint.operation)
    found = {str(endpoint.success): _success(endpoint, document)}
    if endpoint.method == "GET" and document in TAGGED:
        found["304"] = component("responses", "NotModified")
    for status, codes in sorted(refusing.codes_by_status(endpoint, shape_codes).items()):
        found[str(status)] = refusing.response(status, codes)
    return found


def _success(endpoint: Endpoint, document: str | None) -> Schema:
    answer: Schema = {"description": _DONE[endpoint.success], "headers": _success_headers(endpoint, document)}
    if document is not None:
        samples = {name: {"value": sample} for name, sample in examples.ANSWERS[endpoint.operation].items()}
        answer["content"] = {"application/json": {"schema": ref(document), "examples": samples}}
    elif endpoint.success == 200:
        answer["content"] = {"*/*": {}}
    return answer


_DONE = {200: "Done.", 201: "Created.", 202: "Queued.", 204: "Done. There is no body."}


def _success_headers(endpoint: Endpoint, document: str | None) -> Schemas:
    names = ["X-Request-Id", *LIMITS]
    if document in TAGGED or endpoint.operation == "deleteOrderItem":
        names.append("ETag")
    if endpoint.success == 201 and document != "Tag":
        names.append("Location")
    if endpoint.method in ("POST", "PUT", "PATCH"):
        names.append("Idempotency-Replayed")
    if document is None and endpoint.success == 200:
        names += ["Content-Disposition", "X-Content-Type-Options"]
    return named_headers(*names)


def not_modified() -> Schema:
    """304, as a component."""
    return {
        "description": "You have the current state already. There is no body.",
        "headers": named_headers("X-Request-Id", *LIMITS, "ETag"),
    }
