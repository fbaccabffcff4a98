"""What answers hold of webhooks, deliveries and events apart from their details (sections 13 and 16)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from milepost.model.delivery import DeliveryStatus
from milepost.model.receiver import AttemptError
from milepost.model.webhook import DisabledReason, WebhookStatus
from milepost.surfaces.orders_api.openapi.scalars import Count, CustomData, Id, Instant, Number, Secret

_Link = Annotated[str, Meta(description="Where a GET shows it.")]


class WebhookUser(Struct):
    """Who Milepost says it is, by HTTP Basic. The password is never shown."""

    username: str


class Webhook(Struct):
    """Where events are sent, and which."""

    id: Id
    resource_type: Literal["webhook"]
    url: Annotated[str, Meta(description="As it was sent.")]
    enabled_events: Annotated[
        list[str], Meta(min_length=1, description="Names of events; only those are sent.")
    ]
    error_contact_email: Annotated[str, Meta(description="Told of deliveries given up and of disabling.")]
    authentication: WebhookUser | None
    status: Annotated[WebhookStatus, Meta(description="While it is `DISABLED` no deliveries are made.")]
    include_updated_object: Annotated[
        bool, Meta(description="Whether `*.updated` events carry the whole order or item as `new_object`.")
    ]
    event_version: Literal[1]
    custom_data: Annotated[CustomData, Meta(description="Your own object, repeated in every body sent.")]
    disabled_at: Instant | None
    disabled_reason: Annotated[
        DisabledReason | None,
        Meta(
            description="`gone`: the receiver answered 410. `failing`: no success for days. `manual`: a call did it."
        ),
    ]
    failing_since: Annotated[
        Instant | None, Meta(description="The first failed attempt since the last success.")
    ]
    created_at: Instant
    updated_at: Instant


class CreatedWebhook(Webhook):
    """The webhook with its secret."""

    secret: Secret


class RotatedSecret(Struct):
    secret: Secret
    previous_secret_expires_at: Annotated[
        Instant, Meta(description="Until then the secret before signs as well.")
    ]


class Attempt(Struct):
    """One try to hand an event over."""

    number: Number
    started_at: Instant
    duration_ms: Count
    response_status: Annotated[int | None, Meta(description="Null when no answer came.")]
    error: Annotated[AttemptError | None, Meta(description="Null when the receiver took it.")]
    response_excerpt: Annotated[
        str | None,
        Meta(description="The beginning of the answer's body; null when there is none (any more)."),
    ]


class Delivery(Struct):
    """An event on its way to a webhook."""

    id: Id
    resource_type: Literal["webhook_delivery"]
    webhook_id: Id
    event_id: Annotated[Id | None, Meta(description="Null for a test, which is no event.")]
    event_name: str
    order_id: Annotated[Id | None, Meta(description="Null for events without an order.")]
    sequence: Annotated[Number | None, Meta(description="The event's number in its order.")]
    test: bool
    status: DeliveryStatus
    created_at: Instant
    next_attempt_at: Annotated[Instant | None, Meta(description="Null once it has ended.")]
    finished_at: Instant | None
    attempt_count: Count
    attempts: list[Attempt]


class DeliveryWithRequest(Delivery):
    """The delivery with what was sent."""

    request_headers: Annotated[
        dict[str, str] | None,
        Meta(
            description="Those of the newest attempt, null before the first. Signature and credentials read "
            "`redacted`."
        ),
    ]
    request_body: Annotated[str, Meta(description="The exact text of every attempt.")]


class Queued(Struct):
    """What a redelivery has put on its way."""

    queued: Annotated[int, Meta(ge=0, le=10_000, description="Deliveries that will be sent.")]
    has_more: Annotated[
        bool, Meta(description="True when the call reached its bound; the next call goes on.")
    ]


class EventSource(Struct):
    """Where and by whom the change was made."""

    environment: Annotated[str, Meta(description="A setting of the server; `test` in test sends.")]
    user_id: Annotated[
        Id | None, Meta(description="The API key or the user of the dashboard; null for the system.")
    ]


class Event(Struct):
    """What every event tells, besides its name and details."""

    id: Id
    resource_type: Literal["event"]
    event_version: Literal[1]
    occurred_at: Annotated[Instant, Meta(description="When Milepost was told.")]
    source: EventSource
    sequence: Annotated[
        Number | None,
        Meta(
            description="1, 2, 3, ... over all events of the order, without gaps; null for events without an order.",
        ),
    ]
    delivery_success: Annotated[
        bool | None,
        Meta(
            description="Whether all deliveries succeeded; false while one is pending, after one failed or was "
            "canceled; null without deliveries."
        ),
    ]


class EventBody(Struct):
    """What every body sent to a webhook holds, besides its name and details."""

    id: Annotated[Id, Meta(description="The event's; the header `webhook-id` repeats it.")]
    event_version: Literal[1]
    occurred_at: Instant
    sequence: Annotated[
        Number | None,
        Meta(
            description="1, 2, 3, ... over all events of the order, without gaps; null for events without an order "
            "and in test sends.",
        ),
    ]
    source: EventSource
    custom_data: Annotated[CustomData, Meta(description="The webhook's own.")]
