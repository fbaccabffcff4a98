"""`milepost webhooks list|test|replay`: looking after webhooks from the command line."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.moment import moment
from milepost.cli.orders import plain
from milepost.cli.team import TeamName, choose, house

if TYPE_CHECKING:
    from milepost.core.redelivery import Queued, RedeliveryWish
    from milepost.model.actor import Actor
    from milepost.model.delivery import Delivery
    from milepost.model.webhook import Webhook
    from milepost.store.db import Pool

MOST_LISTED = 1_000

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.")]

app = typer.Typer(name="webhooks", help="Look after webhooks.", no_args_is_help=True)


@app.command("list")
def list_webhooks(
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """List the team's webhooks, newest first."""

    async def work(pool: "Pool") -> "list[Webhook]":
        from milepost.reads.webhooks import list_webhooks

        _, found = await list_webhooks(pool, (await choose(pool, team)).id, limit=MOST_LISTED)
        return found or []

    found = session.run(work, database_url, data_dir)
    if as_json:
        from milepost.surfaces.orders_api.webhook_bodies import shown

        session.show_json({"webhooks": [shown(webhook) for webhook in found]})
        return
    for webhook in found:
        session.show(_webhook_text(webhook))
    if not found:
        session.say("There are no webhooks; they are made with POST /webhooks.")


@app.command("test")
def test(
    webhook_id: WebhookId,
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="NAME", help="The kind of event; by default its first one."),
    ] = None,
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Send a made-up event to a webhook, once and at once. Exit code 1 when the receiver does not take it."""

    async def work(pool: "Pool") -> "Delivery":
        from milepost.cli.background import sender
        from milepost.core.probing import probe_webhook
        from milepost.kit.clock import system_clock
        from milepost.kit.sealing import Sealer
        from milepost.settings import secret_key

        settings = session.load_settings(database_url=database_url, data_dir=data_dir)
        clock, sealer = system_clock(settings.clock_offset_seconds), Sealer(secret_key(settings))
        found = _id(webhook_id)
        async with sender(settings, clock) as by:
            return await probe_webhook(
                pool,
                await _actor(pool, team),
                found,
                event,
                seen=None,
                house=house(),
                sealer=sealer,
                probe=by.probe,
                clock=clock,
            )

    delivery = session.run(work, database_url, data_dir)
    if as_json:
        from milepost.surfaces.orders_api.deliveries import delivery_document

        session.show_json(delivery_document(delivery))
    else:
        session.show(_attempt_text(delivery))
    if delivery.status != "SUCCEEDED":
        raise typer.Exit(session.FAILURE)


@app.command("replay")
def replay(
    webhook_id: WebhookId,
    delivery: Annotated[
        str | None, typer.Option("--delivery", metavar="ID", help="This delivery once more.")
    ] = None,
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="ID", help="This event, whether it was sent before or not."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="All events that it wants from then on; with --to."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Up to then, exclusive; with --from.")
    ] = None,
    failed_since: Annotated[
        str | None,
        typer.Option(
            "--failed-since", metavar="TIME", help="What failed or was canceled, of events from then on."
        ),
    ] = None,
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Send again what was sent, or late what was not. The running server (or `milepost work`) does the sending.

    At most 10,000 deliveries at a time, oldest first. Times are like 2027-01-31T09:30Z, or 15m, 2h, 7d ago.
    """
    with session.exit_codes():
        found, wish = _id(webhook_id), _wish(delivery, event, since, until, failed_since)

    async def work(pool: "Pool") -> "Queued":
        return await _queue(pool, await _actor(pool, team), found, wish)

    queued = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json({"queued": queued.count, "has_more": queued.has_more})
        return
    session.show(f"{queued.count} deliveries are queued.")
    if queued.has_more:
        onwards = f" with --from {queued.last.isoformat()}" if since and queued.last else ""
        session.say(f"More remain; run this again{onwards}.")


async def _queue(pool: "Pool", actor: "Actor", webhook_id: str, wish: "str | RedeliveryWish") -> "Queued":
    from milepost.cli.team import now
    from milepost.core import redelivery

    if not isinstance(wish, str):
        return await redelivery.redeliver(pool, actor, webhook_id, wish, seen=None, house=house(), clock=now)
    await redelivery.redeliver_one(pool, actor, webhook_id, wish, seen=None, clock=now)
    return redelivery.Queued(1, False, None)


async def _actor(pool: "Pool", team: str | None) -> "Actor":
    from milepost.model.actor import system_actor

    return system_actor((await choose(pool, team)).id, "Command line")


def _wish(
    delivery: str | None, event: str | None, since: str | None, until: str | None, failed_since: str | None
) -> "str | RedeliveryWish":
    """What exactly one of the four ways says: the id of a delivery, or the wish. Raises UsageError."""
    from milepost.core.redelivery import OfEvent, OfFailed, OfSpan

    if sum(way is not None for way in (delivery, event, since or until, failed_since)) != 1:
        raise UsageError("Say one of --delivery, --event, --from with --to, and --failed-since")
    if delivery is not None:
        return _id(delivery)
    if event is not None:
        return OfEvent(_id(event))
    if failed_since is not None:
        return OfFailed(moment("--failed-since", failed_since))
    if since is None or until is None:
        raise UsageError("--from and --to belong together")
    span = OfSpan(moment("--from", since), moment("--to", until))
    if span.until < span.since:
        raise UsageError("--to is before --from")
    return span


def _id(text: str) -> str:
    from milepost.kit.ids import parse_id

    found = parse_id(text)
    if found is None:
        raise UsageError(f"{text!r} is no id")
    return found


def _webhook_text(webhook: "Webhook") -> str:
    from milepost.kit.ids import ulid

    state: Any = webhook.status
    if webhook.disabled_reason is not None:
        state = f"{webhook.status} ({webhook.disabled_reason}, {_when(webhook.disabled_at)})"
    elif webhook.failing_since is not None:
        state = f"failing since {_when(webhook.failing_since)}"
    events = ", ".join(webhook.enabled_events)
    return plain(f"{ulid(webhook.id)}  {state}  {webhook.url}  {events}")


def _attempt_text(delivery: "Delivery") -> str:
    (attempt,) = delivery.attempts
    answer = "no answer" if attempt.response_status is None else f"HTTP {attempt.response_status}"
    outcome = "taken" if attempt.error is None else f"failed ({attempt.error})"
    return plain(f"{delivery.event_name}: {outcome}, {answer} after {attempt.duration_ms} ms")


def _when(at: datetime | None) -> str:
    from milepost.kit.clock import whole_seconds

    return "" if at is None else whole_seconds(at)
