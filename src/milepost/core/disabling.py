"""The verb by which the workers give up a webhook that is gone, or fails for too long (Orders API, section 17.7)."""

from datetime import datetime

import msgspec

from milepost.core.record import recorded
from milepost.kit.clock import Clock
from milepost.kit.ids import new_id
from milepost.model.actor import system_actor
from milepost.model.events import Event, event_instant
from milepost.model.webhook import DisabledReason, Webhook
from milepost.model.webhook_mail import disabled_mail
from milepost.model.workflow import House
from milepost.reads import workspace as definitions
from milepost.reads.webhooks import get_webhook
from milepost.store import accounts, mails
from milepost.store import webhooks as store
from milepost.store.db import Database
from milepost.store.deliveries import store_events


async def disable_automatically(
    db: Database,
    team_id: str,
    webhook_id: str,
    reason: DisabledReason,
    last_error: str,
    *,
    house: House,
    clock: Clock,
) -> bool:
    """What the workers do with a webhook that is `gone` or `failing` (section 17.7): it is disabled, what waits is
    canceled, `webhook.disabled` goes to the other webhooks that want it, mail is due. All or nothing.

    Like all who write webhooks it locks team, webhook and deliveries in this sequence: it runs in a transaction of its
    own, not inside one that holds rows of webhooks or deliveries. False when nothing was to be done: it is deleted,
    disabled already, or (`failing`) no longer failing.
    """
    _, seen = await get_webhook(db, team_id, webhook_id)
    if not _is_to_be_disabled(seen, reason):
        return False  # the version must not rise for nothing
    now = clock()
    async with db.transaction() as tx:
        await accounts.bump_team(tx, team_id, now)
        known = await store.lock_webhook(tx, team_id, webhook_id)
        if known is None or not _is_to_be_disabled(known, reason):
            return False
        after = msgspec.structs.replace(
            known,
            status="DISABLED",
            disabled_at=now,
            disabled_reason=reason,
            last_error=last_error,
            updated_at=now,
        )
        await store.update_webhook(tx, team_id, after)
        await store.cancel_pending(tx, team_id, webhook_id, now)
        await _tell_of_disabling(tx, team_id, after, house, now)
    return True


def _is_to_be_disabled(known: Webhook | None, reason: DisabledReason) -> bool:
    if known is None or not known.is_enabled:
        return False
    return reason != "failing" or known.failing_since is not None


async def _tell_of_disabling(
    tx: Database, team_id: str, webhook: Webhook, house: House, now: datetime
) -> None:
    """The event with its deliveries, and the mail."""
    workspace = await definitions.load(tx, team_id, house)
    event = _disabled_event(webhook, now)
    await store_events(tx, team_id, *recorded(workspace, system_actor(team_id), [event], now))
    subject, body = disabled_mail(webhook)
    mail = mails.NewMail(id=new_id(), recipient=webhook.error_contact_email, subject=subject, body=body)
    await mails.store_mail(tx, team_id, mail, now)


def _disabled_event(webhook: Webhook, now: datetime) -> Event:
    since = webhook.failing_since
    return Event(
        id=new_id(),
        order_id=None,
        sequence=None,
        type="webhook.disabled",
        subject_id=webhook.id,
        effective_at=now,
        old_data={},
        new_data={},
        facts={
            "url": webhook.url,
            "reason": webhook.disabled_reason,
            "disabled_at": event_instant(now),
            "failing_since": None if since is None else event_instant(since),
            "last_error": webhook.last_error,
        },
    )
