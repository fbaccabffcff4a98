"""How webhooks become rows and back."""

from collections.abc import Sequence
from typing import Any

from milepost.model.webhook import Webhook

COLUMN_NAMES = (
    "id",
    "url",
    "enabled_events",
    "error_contact_email",
    "username",
    "sealed_password",
    "status",
    "include_updated_object",
    "event_version",
    "custom_data",
    "sealed_secret",
    "sealed_previous_secret",
    "previous_secret_expires_at",
    "disabled_at",
    "disabled_reason",
    "failing_since",
    "last_error",
    "created_at",
    "updated_at",
)

SELECTED = ", ".join(f"w.{name}" for name in COLUMN_NAMES)
"""What to select of `webhooks w`."""


def webhook(row: Any) -> Webhook:
    """The webhook of a row that has at least the columns."""
    values = {name: row[name] for name in COLUMN_NAMES}
    return Webhook(**{**values, "enabled_events": tuple(values["enabled_events"])})


def webhook_values(one: Webhook) -> Sequence[Any]:
    """The values of the columns, in their order."""
    values = {name: getattr(one, name) for name in COLUMN_NAMES}
    return list({**values, "enabled_events": list(one.enabled_events)}.values())
