"""A webhook as the house holds it, and as somebody wishes it to be (Orders API, section 16)."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from milepost.model.receiver import SealedReceiver

WebhookStatus = Literal["ENABLED", "DISABLED"]
WEBHOOK_STATUSES: tuple[WebhookStatus, ...] = ("ENABLED", "DISABLED")
DisabledReason = Literal["gone", "failing", "manual"]
"""The receiver said 410; it failed for too long; somebody disabled it."""

EVENT_VERSION = 1


class Webhook(Struct, frozen=True, kw_only=True):
    """A stored webhook; its secrets stay sealed."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    """As its owner gave them, without repeats."""
    error_contact_email: str
    username: str | None
    sealed_password: bytes | None
    status: WebhookStatus
    include_updated_object: bool
    event_version: int
    custom_data: dict[str, Any] | None
    sealed_secret: bytes
    sealed_previous_secret: bytes | None
    previous_secret_expires_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    """The first failed attempt since the last success."""
    last_error: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_enabled(self) -> bool:
        return self.status == "ENABLED"

    @property
    def receiver(self) -> SealedReceiver:
        """Where it sends to, sealed."""
        return SealedReceiver(
            webhook_id=self.id,
            url=self.url,
            username=self.username,
            sealed_password=self.sealed_password,
            sealed_secret=self.sealed_secret,
            sealed_previous_secret=self.sealed_previous_secret,
            previous_secret_expires_at=self.previous_secret_expires_at,
        )


class Authentication(Struct, frozen=True):
    """What a receiver asks for by HTTP Basic."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Authentication(username={self.username!r})"  # nothing secret, wherever it is printed


class WebhookWish(Struct, frozen=True, kw_only=True):
    """A webhook as somebody wishes it to be, whole."""

    url: str
    enabled_events: tuple[str, ...]
    error_contact_email: str
    authentication: Authentication | None = None
    status: WebhookStatus = "ENABLED"
    include_updated_object: bool = False
    event_version: int = EVENT_VERSION
    custom_data: dict[str, Any] | None = None
    clears_failing: bool = False
    """ENABLED was said in so many words: the unbroken run of failures is forgotten also where it was enabled."""
