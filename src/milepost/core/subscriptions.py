"""The verbs on webhooks: make, change, rotate, delete (Orders API, section 16).

Each raises the team's version in its transaction, and first: whatever is remembered of the team's webhooks is exact,
and all who write webhooks take locks in one sequence: team, webhook, deliveries. Nothing of the workspace decides
here, so those who come at the same moment do not send one another back: `seen` is the team's version of which the
actor's key is known, and when it is another by now just the key is looked at again (None: no key acts).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec

from milepost.core.accounts import check_actor
from milepost.kit.clock import Clock
from milepost.kit.errors import Conflict, NotFound, Stale
from milepost.kit.ids import new_id
from milepost.kit.sealing import Sealer
from milepost.kit.tokens import new_webhook_secret
from milepost.model.actor import Actor
from milepost.model.document import same_json
from milepost.model.receiver import password_purpose, secret_purpose
from milepost.model.receiver_address import Reach, check_url
from milepost.model.webhook import Authentication, Webhook, WebhookWish
from milepost.reads import webhooks as read
from milepost.store import accounts
from milepost.store import webhooks as store
from milepost.store.db import Database, Deadlock

PERMISSION = "canManageWebhooks"

DELETED_AT_ONCE = 2_000
"""Deliveries that one statement deletes with their attempts."""

Wish = Callable[[Webhook, Authentication | None], WebhookWish]
"""From what a webhook is, with its opened password, to what it is to be."""


async def create_webhook(
    db: Database,
    actor: Actor,
    wish: WebhookWish,
    *,
    seen: int | None,
    sealer: Sealer,
    reach: Reach,
    most: int,
    clock: Clock,
) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which is told only now (section 16.2).

    Raises Forbidden, Stale, Invalid `url_not_allowed`, Conflict `too_many` when the team has `most` already.
    """
    actor.require(PERMISSION)
    check_url(wish.url, reach)
    now, webhook_id, secret = clock(), new_id(), new_webhook_secret()
    made = Webhook(
        id=webhook_id,
        url=wish.url,
        enabled_events=wish.enabled_events,
        error_contact_email=wish.error_contact_email,
        username=None,
        sealed_password=None,
        status="ENABLED",
        include_updated_object=wish.include_updated_object,
        event_version=wish.event_version,
        custom_data=wish.custom_data,
        sealed_secret=sealer.seal(secret.encode(), secret_purpose(webhook_id)),
        sealed_previous_secret=None,
        previous_secret_expires_at=None,
        disabled_at=None,
        disabled_reason=None,
        failing_since=None,
        last_error=None,
        created_at=now,
        updated_at=now,
    )
    made = _with_status(_with_authentication(made, wish.authentication, None, sealer), wish, now)
    async with _writing(db) as tx:
        await _raise_version(tx, actor, seen, now)
        if await store.count_webhooks(tx, actor.team_id) >= most:
            raise Conflict("too_many", f"A team has at most {most} webhooks")
        await store.insert_webhook(tx, actor.team_id, made)
    return made, secret


async def replace_webhook(
    db: Database,
    actor: Actor,
    webhook_id: str,
    wish: Wish,
    *,
    seen: int | None,
    sealer: Sealer,
    reach: Reach,
    clock: Clock,
) -> Webhook:
    """Makes the webhook what is wished of it (section 16.3); what it is already writes nothing.

    A disabled one that is enabled starts anew: nothing that waited before is sent by itself. Raises Forbidden, Stale,
    NotFound, Invalid `url_not_allowed` for another URL, and what `wish` raises.
    """
    actor.require(PERMISSION)
    now = clock()
    version, known = await read.get_webhook(db, actor.team_id, webhook_id)
    await check_actor(db, actor, seen, version, PERMISSION, now)
    if known is None:
        raise NotFound("Webhook")
    if _wished(known, wish, sealer, reach, now) is known:
        return known
    async with _writing(db) as tx:
        await _raise_version(tx, actor, seen, now)
        known = await _locked(tx, actor, webhook_id)
        after = _wished(known, wish, sealer, reach, now)
        await store.update_webhook(tx, actor.team_id, after)
        if after.status != known.status:
            await store.cancel_pending(tx, actor.team_id, webhook_id, now)
    return after


async def rotate_secret(
    db: Database,
    actor: Actor,
    webhook_id: str,
    overlap: timedelta,
    *,
    seen: int | None,
    sealer: Sealer,
    clock: Clock,
) -> tuple[str, datetime]:
    """A new secret, which signs at once and is told only now; and until when the one before signs as well. The
    one before that is dropped (section 16.5). Raises Forbidden, Stale, NotFound."""
    actor.require(PERMISSION)
    now, secret = clock(), new_webhook_secret()
    expires_at = now + overlap
    async with _writing(db) as tx:
        await _raise_version(tx, actor, seen, now)
        known = await _locked(tx, actor, webhook_id)
        rotated = msgspec.structs.replace(
            known,
            sealed_secret=sealer.seal(secret.encode(), secret_purpose(webhook_id)),
            sealed_previous_secret=known.sealed_secret,
            previous_secret_expires_at=expires_at,
            updated_at=now,
        )
        await store.update_webhook(tx, actor.team_id, rotated)
    return secret, expires_at


async def delete_webhook(
    db: Database, actor: Actor, webhook_id: str, *, seen: int | None, clock: Clock
) -> None:
    """Deletes it, so that at once nobody finds it and nothing more is queued; then its lease and its deliveries with
    their attempts, in parts so that nobody waits long for their rows. Raises Forbidden, Stale, NotFound."""
    actor.require(PERMISSION)
    async with _writing(db) as tx:
        await _raise_version(tx, actor, seen, clock())
        if not await store.delete_webhook(tx, actor.team_id, webhook_id):
            raise NotFound("Webhook")
    await store.delete_lease(db, actor.team_id, webhook_id)
    while await store.delete_deliveries(db, actor.team_id, webhook_id, DELETED_AT_ONCE):
        pass


@asynccontextmanager
async def _writing(db: Database) -> AsyncIterator[Database]:
    """A transaction that counts as decided on old memories when it met a deadlock: then the call runs anew."""
    try:
        async with db.transaction() as tx:
            yield tx
    except Deadlock:
        raise Stale from None


async def _raise_version(tx: Database, actor: Actor, seen: int | None, now: datetime) -> None:
    """Raises Stale when the actor may not any more."""
    version = await accounts.bump_team(tx, actor.team_id, now)
    await check_actor(tx, actor, seen, version - 1, PERMISSION, now)


async def _locked(tx: Database, actor: Actor, webhook_id: str) -> Webhook:
    known = await store.lock_webhook(tx, actor.team_id, webhook_id)
    if known is None:
        raise NotFound("Webhook")
    return known


def _wished(known: Webhook, wish: Wish, sealer: Sealer, reach: Reach, now: datetime) -> Webhook:
    """The webhook as it is wished; `known` itself when it is so already."""
    authentication = _opened(known, sealer)
    wanted = wish(known, authentication)
    if wanted.url != known.url:
        check_url(wanted.url, reach)
    custom_data = known.custom_data
    if not same_json(custom_data, wanted.custom_data):
        custom_data = wanted.custom_data
    after = msgspec.structs.replace(
        known,
        url=wanted.url,
        enabled_events=wanted.enabled_events,
        error_contact_email=wanted.error_contact_email,
        include_updated_object=wanted.include_updated_object,
        event_version=wanted.event_version,
        custom_data=custom_data,
    )
    after = _with_status(
        _with_authentication(after, wanted.authentication, authentication, sealer), wanted, now
    )
    return known if after == known else msgspec.structs.replace(after, updated_at=now)


def _opened(known: Webhook, sealer: Sealer) -> Authentication | None:
    """User name and password. Raises Unsealable."""
    if known.username is None or known.sealed_password is None:
        return None
    password = sealer.unseal(known.sealed_password, password_purpose(known.id)).decode()
    return Authentication(known.username, password)


def _with_authentication(
    webhook: Webhook, wanted: Authentication | None, held: Authentication | None, sealer: Sealer
) -> Webhook:
    """A password that stays is not sealed anew: what is the same is written as the same."""
    if wanted == held:
        return webhook
    if wanted is None:
        return msgspec.structs.replace(webhook, username=None, sealed_password=None)
    sealed = sealer.seal(wanted.password.encode(), password_purpose(webhook.id))
    return msgspec.structs.replace(webhook, username=wanted.username, sealed_password=sealed)


def _with_status(webhook: Webhook, wanted: WebhookWish, now: datetime) -> Webhook:
    if wanted.status == "DISABLED":
        if not webhook.is_enabled:
            return webhook
        return msgspec.structs.replace(webhook, status="DISABLED", disabled_at=now, disabled_reason="manual")
    if webhook.is_enabled and not wanted.clears_failing:
        return webhook
    return msgspec.structs.replace(
        webhook,
        status="ENABLED",
        disabled_at=None,
        disabled_reason=None,
        failing_since=None,
        last_error=None,
    )
