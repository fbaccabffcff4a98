"""The endpoints of webhooks (sections 16.2 to 16.5)."""

from datetime import timedelta
from typing import Any

from milepost.core import subscriptions
from milepost.core.probing import probe_webhook
from milepost.kit.errors import NotFound
from milepost.kit.ids import ulid
from milepost.model.document import REST
from milepost.reads import webhooks as read
from milepost.surfaces.orders_api import webhook_bodies as bodies
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.deliveries import delivery_document
from milepost.surfaces.orders_api.parameters import Query, listed, unknown_cursor
from milepost.surfaces.orders_api.values import read_body

WEBHOOK = "Webhook"
PERMISSION = subscriptions.PERMISSION


async def _create(call: Call) -> Reply:
    wish = bodies.wished(call.body)
    made, secret = await subscriptions.create_webhook(
        call.db,
        call.actor,
        wish,
        seen=call.key.team_version,
        sealer=call.sealer,
        reach=call.options.webhook_reach,
        most=call.options.webhook_max_per_team,
        clock=call.clock,
    )
    document = {**bodies.shown(made), "secret": secret}
    location = f"/webhooks/{ulid(made.id)}".encode()
    return Reply(status=201, body=document, headers=[(b"location", location)], is_secret=True)


async def _list(call: Call) -> Reply:
    query = Query(call.query)
    page = query.page()
    query.finish()
    version, found = await read.list_webhooks(
        call.db,
        call.actor.team_id,
        limit=page.limit + 1,
        after=page.starting_after,
        before=page.ending_before,
    )
    call.saw(version)
    if found is None:
        raise unknown_cursor(page)
    has_more = len(found) > page.limit
    kept = found[-page.limit :] if page.ending_before else found[: page.limit]
    return Reply(body=listed(call, page, [bodies.shown(webhook) for webhook in kept], has_more))


async def _get(call: Call) -> Reply:
    webhook_id = call.id(0, WEBHOOK)
    version, found = await read.get_webhook(call.db, call.actor.team_id, webhook_id)
    call.saw(version)
    if found is None:
        raise NotFound(WEBHOOK)
    return Reply(body=bodies.shown(found))


async def _replace(call: Call) -> Reply:
    wish = bodies.wished(call.body)
    return await _change(call, lambda _stored, _held: wish)


async def _patch(call: Call) -> Reply:
    patch = bodies.judged_patch(call.body)
    return await _change(call, lambda stored, held: bodies.patched(stored, held, patch))


async def _change(call: Call, wish: subscriptions.Wish) -> Reply:
    changed = await subscriptions.replace_webhook(
        call.db,
        call.actor,
        call.id(0, WEBHOOK),
        wish,
        seen=call.key.team_version,
        sealer=call.sealer,
        reach=call.options.webhook_reach,
        clock=call.clock,
    )
    return Reply(body=bodies.shown(changed))


async def _delete(call: Call) -> Reply:
    webhook_id = call.id(0, WEBHOOK)
    await subscriptions.delete_webhook(
        call.db, call.actor, webhook_id, seen=call.key.team_version, clock=call.clock
    )
    return Reply(status=204)


async def _rotate(call: Call) -> Reply:
    said: dict[str, Any] = read_body(bodies.ROTATION, call.body or {})
    overlap = said.get("overlap_seconds", timedelta(seconds=call.options.webhook_secret_overlap_seconds))
    secret, expires_at = await subscriptions.rotate_secret(
        call.db,
        call.actor,
        call.id(0, WEBHOOK),
        overlap,
        seen=call.key.team_version,
        sealer=call.sealer,
        clock=call.clock,
    )
    document = {"secret": secret, "previous_secret_expires_at": REST.instant(expires_at)}
    return Reply(body=document, is_secret=True)


async def _test(call: Call) -> Reply:
    """Runs outside any transaction (`leaves_house`); everything is confirmed before something is sent."""
    said: dict[str, Any] = read_body(bodies.TEST, call.body or {})
    delivery = await probe_webhook(
        call.pool,
        call.actor,
        call.id(0, WEBHOOK),
        said.get("event_name"),
        seen=call.key.team_version,
        house=call.workspace.house,
        sealer=call.sealer,
        probe=call.probe,
        clock=call.clock,
    )
    return Reply(body=delivery_document(delivery))


ENDPOINTS = (
    Endpoint(
        operation="createWebhook",
        method="POST",
        path="webhooks",
        permission=PERMISSION,
        summary="Create a webhook; the answer alone tells its secret",
        handler=_create,
        body="json",
        success=201,
        refusals=("unknown_event", "url_not_allowed", "too_many"),
    ),
    Endpoint(
        operation="listWebhooks",
        method="GET",
        path="webhooks",
        permission=PERMISSION,
        summary="List webhooks, newest first",
        handler=_list,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="getWebhook",
        method="GET",
        path="webhooks/{webhook_id}",
        permission=PERMISSION,
        summary="Get a webhook",
        handler=_get,
    ),
    Endpoint(
        operation="replaceWebhook",
        method="PUT",
        path="webhooks/{webhook_id}",
        permission=PERMISSION,
        summary="Replace a webhook; options left out take their defaults",
        handler=_replace,
        body="json",
        refusals=("unknown_event", "url_not_allowed"),
    ),
    Endpoint(
        operation="updateWebhook",
        method="PATCH",
        path="webhooks/{webhook_id}",
        permission=PERMISSION,
        summary="Change parts of a webhook by a merge patch",
        handler=_patch,
        body="merge",
        refusals=("required", "unknown_event", "url_not_allowed"),
    ),
    Endpoint(
        operation="deleteWebhook",
        method="DELETE",
        path="webhooks/{webhook_id}",
        permission=PERMISSION,
        summary="Delete a webhook with its deliveries",
        handler=_delete,
        success=204,
    ),
    Endpoint(
        operation="testWebhook",
        method="POST",
        path="webhooks/{webhook_id}/test",
        permission=PERMISSION,
        summary="Send a made-up event to the receiver, once and at once",
        handler=_test,
        body="optional",
        leaves_house=True,
        refusals=("unknown_event",),
    ),
    Endpoint(
        operation="rotateWebhookSecret",
        method="POST",
        path="webhooks/{webhook_id}/rotate-secret",
        permission=PERMISSION,
        summary="Make a new secret; the one before signs too for a while",
        handler=_rotate,
        body="optional",
    ),
)
