"""Requests as OpenAPI describes them: bodies by the kinds that read them, and headers."""

from collections.abc import Mapping
from typing import Any

from milepost.http.openapi import Schema, Schemas, component
from milepost.http.openapi_inputs import Inputs
from milepost.surfaces.orders_api import bodies, documents, webhook_bodies
from milepost.surfaces.orders_api.call import Endpoint
from milepost.surfaces.orders_api.openapi import examples
from milepost.surfaces.orders_api.openapi.words import FORM_PARTS

ANY_OBJECT: Schema = {"type": "object"}

BODIES: Mapping[str, Schema] = {
    "createOrder": documents.NEW_ORDER.schema,
    "replaceOrder": documents.ORDER.schema,
    "updateOrder": documents.ORDER.patch_schema,
    "cancelOrder": ANY_OBJECT,
    "createOrderItem": documents.ITEM.schema,
    "replaceOrderItem": documents.ITEM.schema,
    "updateOrderItem": documents.ITEM.patch_schema,
    "createRelease": documents.NEW_RELEASE.schema,
    "updateRelease": documents.LEG_CHANGE.patch_schema,
    "createTag": documents.NEW_TAG.schema,
    "createWebhook": webhook_bodies.WEBHOOK.schema,
    "replaceWebhook": webhook_bodies.WEBHOOK.schema,
    "updateWebhook": webhook_bodies.WEBHOOK.patch_schema,
    "testWebhook": webhook_bodies.TEST.schema,
    "rotateWebhookSecret": webhook_bodies.ROTATION.schema,
    "redeliverEvents": webhook_bodies.REDELIVERY.schema,
}
"""The JSON that is read, by operation."""


def request_body(endpoint: Endpoint, inputs: Inputs) -> Schema | None:
    """What the endpoint takes; None when it ignores any body."""
    schema = BODIES.get(endpoint.operation)
    if schema is None:
        return None
    samples = {name: {"value": sample} for name, sample in examples.BODIES[endpoint.operation].items()}
    content: dict[str, Any] = {}
    for media in bodies.MEDIA_TYPES[endpoint.body]:
        if media == bodies.FORM:
            content[media] = _form(inputs.of(schema), inputs)
        else:
            content[media] = {"schema": inputs.of(schema), "examples": samples}
    return {"required": endpoint.body != "optional", "content": content}


def _form(data: Schema, inputs: Inputs) -> Schema:
    told = {name: inputs.of(each) for name, each in documents.RELEASE_FORM.schema["properties"].items()}
    told = {name: {**each, "type": "object"} for name, each in told.items()}  # a part is there or not
    parts = {"data": data, **told, "documents": {"type": "array", "items": {}}}
    return {
        "schema": {
            "type": "object",
            "properties": {name: {**each, "description": FORM_PARTS[name]} for name, each in parts.items()},
            "required": ["data"],
            "propertyNames": {"maxLength": 1000, "pattern": r"^[^\x00-\x1f\x7f]*$"},
        },
        "encoding": {
            "data": {"contentType": bodies.JSON},
            **{name: {"contentType": bodies.JSON} for name in told},
            "documents": {"contentType": "*/*"},
        },
    }


# Headers

_HEADERS: Schemas = {
    "X-Request-Id": {
        "description": "An id for this request (`[A-Za-z0-9._-]{1,128}`), repeated in the answer and in the "
        "server's log; anything else is replaced by a new one.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "Makes it safe to send the request again: within 24 hours the same key with the same "
        "request is answered as the first time, and nothing is done twice. 1 to 255 visible ASCII "
        "characters, bare or in double quotes, of your team.",
        "schema": {"type": "string", "pattern": r"""^([!#-~][!-~]{0,254}|"[!-~]{1,255}")$"""},
        "example": "8f4c1d0e-order-MP-24017",
    },
    "If-Match": {
        "description": "Tags of which one must be the order's current `ETag`, else 412 and nothing is done; `*` "
        "stands for any.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
    "If-None-Match": {
        "description": "Tags that you have already; when one is the order's current `ETag` the answer is 304 "
        "without a body.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
}


def header_parameters() -> Schemas:
    """The request headers that are read, as components."""
    return {name: {"name": name, "in": "header", **header} for name, header in _HEADERS.items()}


def headers_of(endpoint: Endpoint, *, has_tag: bool) -> list[Schema]:
    """The headers that the endpoint reads. `has_tag`: its answer has an ETag."""
    names = ["X-Request-Id"]
    if endpoint.method in ("POST", "PUT", "PATCH"):
        names.append("Idempotency-Key")
    if "precondition_failed" in endpoint.refusals:
        names.append("If-Match")
    if endpoint.method == "GET" and has_tag:
        names.append("If-None-Match")
    return [component("parameters", name) for name in names]
