"""What the one responsible for a webhook is written when it was disabled (Orders API, section 17.7)."""

from typing import Final

from milepost.kit.clock import whole_seconds
from milepost.kit.ids import ulid
from milepost.model.webhook import Webhook

_CAUSES: Final = {
    "gone": "Its receiver answered 410 Gone.",
    "failing": "None of its deliveries succeeded for too long.",
    "manual": "Somebody disabled it.",
}


def disabled_mail(webhook: Webhook) -> tuple[str, str]:
    """Subject and body of the mail that tells that the webhook, a disabled one, was disabled."""
    identifier = ulid(webhook.id)
    lines = [f"Milepost disabled the webhook {identifier}.", "", f"URL: {webhook.url}"]
    if webhook.disabled_at is not None and webhook.disabled_reason is not None:
        lines += [
            f"Disabled at: {whole_seconds(webhook.disabled_at)}",
            f"Reason: {_CAUSES[webhook.disabled_reason]}",
        ]
    if webhook.failing_since is not None:
        lines.append(f"Failing since: {whole_seconds(webhook.failing_since)}")
    if webhook.last_error is not None:
        lines.append(f"Last error: {webhook.last_error}")
    lines += [
        "",
        "What still waited to be sent to it was canceled, and nothing is sent to it any more. Once its receiver "
        "works, set its status to ENABLED; what it missed can then be sent again with "
        f"POST /webhooks/{identifier}/redeliver.",
        "",
    ]
    return f"Webhook {identifier} was disabled", "\n".join(lines)
