"""What the one responsible for a webhook is written when a delivery failed for good (Orders API, section 17.6)."""

from datetime import datetime

from msgspec import Struct

from milepost.kit.clock import whole_seconds
from milepost.kit.ids import ulid


class Failure(Struct, frozen=True, kw_only=True):
    """A delivery that is not tried any more."""

    webhook_id: str
    url: str
    event_id: str
    event_name: str
    attempts: int
    last_error: str
    others: int
    """Deliveries of the webhook that failed as well, and were in no mail yet."""


def failure_mail(failure: Failure, at: datetime) -> tuple[str, str]:
    """Subject and body."""
    webhook = ulid(failure.webhook_id)
    tries = "1 attempt" if failure.attempts == 1 else f"{failure.attempts} attempts"
    lines = [
        f"Milepost could not deliver an event to the webhook {webhook}: it gave up at {whole_seconds(at)}, "
        f"after {tries}.",
        "",
        f"URL: {failure.url}",
        f"Event: {ulid(failure.event_id)}",
        f"Event name: {failure.event_name}",
        f"Last error: {failure.last_error}",
    ]
    if failure.others:
        more = "1 more delivery" if failure.others == 1 else f"{failure.others} more deliveries"
        lines += ["", f"Since the last mail {more} of this webhook failed as well."]
    lines += [
        "",
        "There is at most one such mail an hour for a webhook. Its failed deliveries are listed by "
        f"GET /webhooks/{webhook}/deliveries?status=FAILED and sent again by "
        f"POST /webhooks/{webhook}/redeliver.",
        "",
    ]
    return f"Webhook {webhook}: a delivery failed", "\n".join(lines)
