"""Webhooks as bodies: what a POST, PUT or PATCH wishes, and what a read shows (section 16)."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import msgspec

from milepost.http.scalars import BLANKS, choice, flag, text
from milepost.http.values import (
    Kind,
    Schema,
    Wrong,
    kind,
    list_of,
    members,
    optional,
    read_members,
    required,
    wrong,
)
from milepost.kit.ids import ulid
from milepost.model.document import REST
from milepost.model.events import EventType
from milepost.model.webhook import EVENT_VERSION, WEBHOOK_STATUSES, Authentication, Webhook, WebhookWish
from milepost.surfaces.orders_api.merging import merged
from milepost.surfaces.orders_api.open_values import custom_data
from milepost.surfaces.orders_api.scalars import (
    email,
    identifier,
    instant,
    integer,
)
from milepost.surfaces.orders_api.values import (
    read_body,
    read_patch,
    refusal,
)

EMITTED: tuple[str, ...] = get_args(EventType)
"""The names of events that happen."""
NAMEABLE = frozenset((*EMITTED, "order.deleted"))
"""What `enabled_events` may name; the last one never happens."""

MOST_EVENTS = 100
"""Entries of `enabled_events`, repeats counted."""
LONGEST_URL = 2_048
LONGEST_NAME = 255
"""Of user name and password."""
LONGEST_OVERLAP = 604_800
"""Seconds that two secrets may sign beside each other: seven days."""


def _event_name(names: frozenset[str]) -> Kind:
    plain = text()

    def read(value: Any) -> str:
        sent: str = plain.read(value)
        if sent not in names:
            raise wrong("unknown_event", "names no event")
        return sent

    return kind(read, {"type": "string", "enum": sorted(names)})


def _user_name() -> Kind:
    plain = text(LONGEST_NAME, filled=True)

    def read(value: Any) -> str:
        sent: str = plain.read(value)
        if ":" in sent:
            raise wrong("invalid_value", "must not hold a colon")
        return sent

    return kind(read, {**plain.schema, "pattern": rf"^[^:]*[^:{BLANKS}][^:]*$"})


def _event_version() -> Kind:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise wrong("wrong_type", "must be a whole number")
        if value != EVENT_VERSION:
            raise wrong("invalid_value", f"must be {EVENT_VERSION}")
        return EVENT_VERSION

    return kind(read, {"type": "integer", "enum": [EVENT_VERSION]})


def _overlap() -> Kind:
    whole = integer()

    def read(value: Any) -> timedelta:
        seconds: int = whole.read(value)
        if seconds > LONGEST_OVERLAP:
            raise wrong("out_of_range", f"must be from 0 to {LONGEST_OVERLAP}")
        return timedelta(seconds=seconds)

    return kind(read, {**whole.schema, "maximum": LONGEST_OVERLAP})


_AUTHENTICATION = members(
    *required(_user_name(), "username"), *required(text(LONGEST_NAME, filled=True), "password")
)
MEMBERS = (
    *required(text(LONGEST_URL, filled=True), "url"),
    *required(list_of(_event_name(NAMEABLE), at_least=1, at_most=MOST_EVENTS), "enabled_events"),
    *required(email(), "error_contact_email"),
    *optional(_AUTHENTICATION, "authentication"),
    *optional(choice(*WEBHOOK_STATUSES), "status"),
    *optional(flag(), "include_updated_object"),
    *optional(_event_version(), "event_version"),
    *optional(custom_data(), "custom_data"),
)
WEBHOOK = members(*MEMBERS)

TEST = members(*optional(_event_name(frozenset(EMITTED)), "event_name"))
ROTATION = members(*optional(_overlap(), "overlap_seconds"))


_REDELIVERY = (
    *optional(identifier(), "event_id"),
    *optional(instant(), "from", "to", "failed_since"),
)
WAYS = (("event_id",), ("from", "to"), ("failed_since",))
"""What a redelivery may say, one of them (section 16.6)."""


def _only(*names: str) -> Schema:
    """These members of a redelivery and none of the others."""
    schemas = {
        member.name: member.kind.schema if member.name in names else {"type": "null"}
        for member in _REDELIVERY
    }
    return {"type": "object", "properties": schemas, "required": list(names)}


REDELIVERY = kind(members(*_REDELIVERY).read, {"oneOf": [_only(*way) for way in WAYS]})


def wished(body: Any) -> WebhookWish:
    """The webhook of a POST or PUT. Raises Refusal."""
    return _wish(read_body(WEBHOOK, body))


def judged_patch(body: Any) -> Mapping[str, Any]:
    """A merge patch whose own shape is good, as it was sent. Raises Refusal."""
    read_patch(WEBHOOK, body)
    return {name: body[name] for name in body if name in _NAMES}


def patched(stored: Webhook, held: Authentication | None, patch: Mapping[str, Any]) -> WebhookWish:
    """What a merge patch of good shape makes of the stored webhook; members that it does not speak of stay as
    they are. Raises Refusal."""
    touched = [member for member in MEMBERS if member.name in patch]
    try:
        said = read_members(touched, merged(_mergeable(stored, held), patch))
    except Wrong as found:
        raise refusal(found) from None
    kept = WebhookWish(
        url=stored.url,
        enabled_events=stored.enabled_events,
        error_contact_email=stored.error_contact_email,
        authentication=held,
        status=stored.status,
        include_updated_object=stored.include_updated_object,
        event_version=stored.event_version,
        custom_data=stored.custom_data,
    )
    reset = {member.name: getattr(_BARE, member.name) for member in touched if not member.required}
    return msgspec.structs.replace(kept, **{**reset, **_values(said)})


def shown(webhook: Webhook) -> dict[str, Any]:
    """A webhook as reads show it: without secret and password."""
    return {
        "id": ulid(webhook.id),
        "resource_type": "webhook",
        "url": webhook.url,
        "enabled_events": list(webhook.enabled_events),
        "error_contact_email": webhook.error_contact_email,
        "authentication": None if webhook.username is None else {"username": webhook.username},
        "status": webhook.status,
        "include_updated_object": webhook.include_updated_object,
        "event_version": webhook.event_version,
        "custom_data": webhook.custom_data,
        "disabled_at": REST.instant(webhook.disabled_at),
        "disabled_reason": webhook.disabled_reason,
        "failing_since": REST.instant(webhook.failing_since),
        "created_at": REST.instant(webhook.created_at),
        "updated_at": REST.instant(webhook.updated_at),
    }


_NAMES = frozenset(member.name for member in MEMBERS)
_BARE = WebhookWish(url="", enabled_events=(), error_contact_email="")
"""Where the options are at their defaults."""


def _wish(said: Mapping[str, Any]) -> WebhookWish:
    return WebhookWish(**_values(said))


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, as the members of a wish."""
    values = dict(said)
    if "enabled_events" in values:
        values["enabled_events"] = tuple(dict.fromkeys(values["enabled_events"]))
    if "authentication" in values:
        values["authentication"] = Authentication(**values["authentication"])
    values["clears_failing"] = values.get("status") == "ENABLED"
    return values


def _mergeable(stored: Webhook, held: Authentication | None) -> dict[str, Any]:
    """The parts of a webhook that a merge patch merges into."""
    return {
        "authentication": None if held is None else {"username": held.username, "password": held.password},
        "custom_data": stored.custom_data,
    }
