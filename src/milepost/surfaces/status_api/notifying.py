"""The endpoints that tell customers, singly and in bulk (sections 12 and 13)."""

from collections.abc import Iterable, Mapping

from milepost.core import notices
from milepost.core.notices import Told
from milepost.core.statuses import Denied
from milepost.kit.errors import NotFound
from milepost.model.workflow import CHANNELS
from milepost.surfaces.status_api import documents as doc
from milepost.surfaces.status_api.call import Call, OrderKey, order_key
from milepost.surfaces.status_api.changing import UNKNOWN, failed, keys_of, order_keys


async def notify_order(call: Call) -> doc.NotificationAnswer:
    """POST /orders/{order_id}/notify."""
    key = order_key(call.path[0], call.body["use_shopify_order_id"])
    if key is None:
        raise NotFound("Order")
    result = (await _notify(call, [key]))[key]
    if isinstance(result, Denied):
        raise result.refused
    return doc.NotificationAnswer("Notification request processed", result.order_id, _results(result))


async def notify_orders(call: Call) -> doc.BulkNotification:
    """POST /orders/notify-bulk."""
    keyed = keys_of(call)
    outcomes = await _notify(call, keyed.values())
    results, failures = [], []
    for text, key in keyed.items():
        outcome = outcomes[key] if key is not None else UNKNOWN
        if isinstance(outcome, Denied):
            failures.append(failed(text, outcome))
            results.append(doc.BulkNotificationEntry(failures[-1].order_id, False, error=failures[-1].error))
        else:
            results.append(
                doc.BulkNotificationEntry(outcome.order_id, True, notifications_sent=_results(outcome))
            )
    return doc.BulkNotification(
        "Bulk notification request processed",
        len(results) - len(failures),
        len(failures),
        len(results),
        not failures,
        results,
        failures,
    )


async def _notify(call: Call, keys: Iterable[OrderKey | None]) -> Mapping[OrderKey, Told | Denied]:
    results = await notices.notify(
        call.db,
        call.actor,
        call.workspace,
        order_keys(call, keys),
        call.body["channels"],
        clock=call.clock,
        channels=call.channels,
    )
    call.confirmed = True  # the verb checked the workspace's version itself
    return results


def _results(told: Told) -> doc.ChannelResults:
    """A message that is stored and under way counts as sent (section 22.8)."""
    return doc.ChannelResults(*("sent" if channel in told.channels else "skipped" for channel in CHANNELS))
