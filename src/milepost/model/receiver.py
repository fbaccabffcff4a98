"""Who receives what a webhook sends, and what came of one attempt to send it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from milepost.kit.sealing import Sealer

AttemptError = Literal["timeout", "connection", "tls", "blocked_address", "redirect", "status"]
"""Why an attempt failed (Orders API, section 16.6)."""


class Receiver(Struct, frozen=True, kw_only=True):
    """Where a webhook sends to, and with what it signs and authenticates."""

    webhook_id: str
    url: str
    secrets: tuple[str, ...]
    """Newest first; two while the overlap of a rotation lasts."""
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Receiver(webhook_id={self.webhook_id!r})"  # nothing secret, wherever it is printed


class SealedReceiver(Struct, frozen=True, kw_only=True):
    """A receiver as it is stored."""

    webhook_id: str
    url: str
    username: str | None
    sealed_password: bytes | None
    sealed_secret: bytes
    sealed_previous_secret: bytes | None
    previous_secret_expires_at: datetime | None

    def open(self, sealer: Sealer, now: datetime) -> Receiver:
        """What it takes to send at `now`: the previous secret signs too until it expires. Raises Unsealable."""
        sealed, expires_at = [self.sealed_secret], self.previous_secret_expires_at
        if self.sealed_previous_secret is not None and expires_at is not None and now < expires_at:
            sealed.append(self.sealed_previous_secret)
        password = None
        if self.sealed_password is not None:
            password = sealer.unseal(self.sealed_password, password_purpose(self.webhook_id)).decode()
        return Receiver(
            webhook_id=self.webhook_id,
            url=self.url,
            secrets=tuple(sealer.unseal(one, secret_purpose(self.webhook_id)).decode() for one in sealed),
            username=self.username,
            password=password,
        )


class AttemptResult(Struct, frozen=True, kw_only=True):
    """What came of one attempt."""

    started_at: datetime
    duration_ms: int
    response_status: int | None
    """None when no answer came."""
    error: AttemptError | None
    """None: the receiver took it."""
    response_excerpt: str | None
    """The first 4,096 bytes of the answer's body as text; None when no answer came."""
    request_headers: Mapping[str, str]
    """As sent, the values of signature and Authorization replaced by `redacted`."""


Probe = Callable[[Receiver, bytes, str], Awaitable[AttemptResult]]
"""Sends a body once, at once, under a message id (`webhook-id`); never raises for what a receiver or the net
does. It is the sender of the outbound workers, given to whoever makes a test send (section 16.4)."""


def secret_purpose(webhook_id: str) -> bytes:
    """What a webhook's secrets are sealed for."""
    return b"webhook secret " + webhook_id.encode()


def password_purpose(webhook_id: str) -> bytes:
    """What a webhook's password is sealed for."""
    return b"webhook password " + webhook_id.encode()
