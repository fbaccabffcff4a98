"""What is sent to webhooks and what receivers should answer (section 17): the `webhooks` of the document."""

from milepost.http.openapi import Schema, Schemas, component
from milepost.model.events import EventType
from milepost.surfaces.orders_api.openapi import webhook_samples
from milepost.surfaces.orders_api.openapi.events import NAMES, body_name
from milepost.surfaces.orders_api.openapi.scalars import ID_PATTERN
from milepost.surfaces.orders_api.openapi.texts import WEBHOOK
from milepost.surfaces.orders_api.openapi.words import EVENTS

TAG = "Sent events"
BASIC = "receiver"
"""The security scheme of receivers."""


def webhooks() -> Schemas:
    """One for each event that happens."""
    return {name: {"post": _sent(name)} for name in NAMES}


def _sent(name: EventType) -> Schema:
    words = name.replace(".", " ").split()
    return {
        "operationId": "receive" + "".join(word.capitalize() for word in words),
        "tags": [TAG],
        "summary": EVENTS[name],
        "description": WEBHOOK,
        "security": [{}, {BASIC: []}],
        "parameters": [component("parameters", each) for each in _HEADERS],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": component("schemas", body_name(name)),
                    "example": webhook_samples.sent(name),
                }
            },
        },
        "responses": {status: component("responses", shared) for status, shared in _ANSWERS.items()},
    }


_ANSWERS = {
    "2XX": "Taken",
    "3XX": "NotFollowed",
    "410": "Gone",
    "429": "LaterAll",
    "503": "LaterAll",
    "default": "Later",
}

_HEADERS: Schemas = {
    "webhook-id": {
        "description": "The event's id, the same on every attempt: what came once need not be done again.",
        "schema": {"type": "string", "pattern": ID_PATTERN},
        "example": "01KV5BPHJAFDW8MVBFVJES32ST",
    },
    "webhook-timestamp": {
        "description": "Unix seconds of this attempt. Refuse what is more than 5 minutes off.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1781517732",
    },
    "webhook-signature": {
        "description": "One `v1,` and a signature in base64 for each secret that holds, the newest first, parted by "
        "blanks. A signature is the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`, the body byte by byte; "
        "the key are the bytes that the part of the secret after `whsec_` spells in base64. One that fits is enough. "
        "This is the scheme of Standard Webhooks.",
        "schema": {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"},
        "example": "v1,YzN2vmD7Fdwj1qGiav/1xkfK34tVYzGJUDG0b4P5+bk=",
    },
    "milepost-attempt": {
        "description": "1 for the first attempt, 2 for the second, and so on.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "example": "1",
    },
    "user-agent": {
        "description": "`Milepost/` and its version.",
        "schema": {"type": "string", "pattern": "^Milepost/"},
        "example": "Milepost/1.0",
    },
}


def sent_headers() -> Schemas:
    """The headers of what is sent, as components."""
    return {name: {"name": name, "in": "header", "required": True, **each} for name, each in _HEADERS.items()}


def receiver_responses() -> Schemas:
    """What a receiver may answer, as components."""
    wait = {"Retry-After": component("headers", "Receiver-Retry-After")}
    give_up = {"webhook-delivery": component("headers", "webhook-delivery")}
    return {
        "Taken": {"description": "The event was taken. The body of the answer is ignored."},
        "NotFollowed": {
            "description": "A failure: nothing is followed. The attempt is repeated as after any failure.",
            "headers": give_up,
        },
        "Gone": {"description": "Nothing is sent any more: the delivery fails and the webhook is disabled."},
        "LaterAll": {
            "description": "A failure. With `Retry-After` nothing is sent to this webhook until then.",
            "headers": {**wait, **give_up},
        },
        "Later": {
            "description": "A failure, as is no answer within 10 seconds. It is tried again after 10 seconds, 1, 5 "
            "and 30 minutes, unless the server is set otherwise, and given up after 5 attempts.",
            "headers": {**wait, **give_up},
        },
    }


def receiver_headers() -> Schemas:
    """The headers that a receiver may answer, as components."""
    return {
        "Receiver-Retry-After": {
            "description": "The next attempt waits at least as long: seconds, or an HTTP date, 24 hours at most.",
            "schema": {"type": "string"},
        },
        "webhook-delivery": {
            "description": "`abort-message`: this delivery is given up at once.",
            "schema": {"type": "string", "const": "abort-message"},
        },
    }


def receiver_security() -> Schema:
    return {
        "type": "http",
        "scheme": "basic",
        "description": "What the webhook's `authentication` holds, sent to your receiver. It is no way into this API.",
    }
