"""The endpoints that change the status of orders, singly and in bulk (sections 10 and 11)."""

from collections.abc import Iterable, Mapping

from milepost.core import statuses
from milepost.core.statuses import Denied, OrderKeys
from milepost.kit.errors import Invalid, NotFound
from milepost.kit.ids import parse_id
from milepost.model.order import shopify_gid
from milepost.model.transitions import Target, choose
from milepost.reads import orders as reads
from milepost.surfaces.status_api import documents as doc
from milepost.surfaces.status_api.call import Call, OrderKey, order_key
from milepost.surfaces.status_api.refusals import translate
from milepost.surfaces.status_api.shaping import sub_status_ref


def chosen(call: Call, *, for_line_item: bool = False) -> Target:
    """The status and sub-status that the body names. Raises Invalid."""
    option = call.body["sub_status_option_id"]
    return choose(
        call.workspace,
        parse_id(call.body["status_id"]),
        parse_id(option),
        sent_option=option is not None,
        for_line_item=for_line_item,
    )


def entered(target: Target) -> doc.StatusRef:
    return doc.StatusRef(target.status.id, target.status.name, target.status.color)


def notifications(told: Iterable[str]) -> doc.Notifications:
    """What was told, by channel. A message that is stored and under way counts as sent (section 22.8)."""
    by_channel: dict[str, doc.ChannelTotals] = {}
    for channel in told:
        totals = by_channel.setdefault(channel, doc.ChannelTotals(0, 0))
        totals.sent += 1
    return doc.Notifications(sum(totals.sent for totals in by_channel.values()), 0, by_channel)


async def change_order_status(call: Call) -> doc.StatusChange:
    """POST /orders/{order_id}/status."""
    key = order_key(call.path[0], call.body["use_shopify_order_id"])
    if key is None:
        raise NotFound("Order")
    try:
        target = chosen(call)
    except Invalid:
        await must_exist(call, key)  # an unknown order speaks before an unknown status (section 6)
        raise
    outcome = (await change(call, [key], target))[key]
    if isinstance(outcome, Denied):
        raise outcome.refused
    order = outcome.order
    changed = doc.ChangedOrder(
        order.id,
        shopify_gid(order.shopify_kind, order.shopify_id),
        order.order_number,
        entered(target),
        sub_status_ref(target.option),
    )
    return doc.StatusChange("Order status updated successfully", changed, notifications(outcome.told))


async def change_order_statuses(call: Call) -> doc.BulkStatusChange:
    """POST /orders/status-bulk."""
    target = chosen(call)
    keyed = keys_of(call)
    outcomes = await change(call, keyed.values(), target)
    results, failures, told = [], [], list[str]()
    for text, key in keyed.items():
        outcome = outcomes[key] if key is not None else UNKNOWN
        if isinstance(outcome, Denied):
            failures.append(failed(text, outcome))
            results.append(doc.BulkStatusEntry(failures[-1].order_id, False, error=failures[-1].error))
        else:
            told += outcome.told
            results.append(
                doc.BulkStatusEntry(
                    outcome.order.id, True, status_id=target.status.id, status_name=target.status.name
                )
            )
    updated = len(results) - len(failures)
    return doc.BulkStatusChange(
        "Statuses updated successfully",
        updated,
        len(failures),
        updated,
        not failures,
        results,
        failures,
        notifications(told),
    )


def keys_of(call: Call) -> dict[str, OrderKey | None]:
    """The orders that a bulk body names: key by the text first sent for it, in order of first mention. Two
    spellings of one order are one entry; texts that name none stay apart."""
    switch = call.body["use_shopify_order_id"]
    keyed: dict[str, OrderKey | None] = {}
    seen: set[OrderKey] = set()
    for text in call.body["order_ids"]:
        key = order_key(text, switch)
        if key is None:
            keyed.setdefault(text, None)
        elif key not in seen:
            seen.add(key)
            keyed[text] = key
    return keyed


UNKNOWN = Denied(NotFound("Order"))


def failed(text: str, denied: Denied) -> doc.FailedOrder:
    """A failed order, named by its id when it was found, else by the text sent."""
    refusal = translate(denied.refused)
    return doc.FailedOrder(denied.order_id or text, refusal.error, refusal.code)


async def change(
    call: Call, keys: Iterable[OrderKey | None], target: Target
) -> Mapping[OrderKey, statuses.Outcome]:
    outcomes = await statuses.change_statuses(
        call.db,
        call.actor,
        call.workspace,
        order_keys(call, keys),
        target,
        clock=call.clock,
        channels=call.channels,
    )
    call.confirmed = True  # the verb checked the workspace's version itself
    return outcomes


def order_keys(call: Call, keys: Iterable[OrderKey | None]) -> OrderKeys:
    return OrderKeys(
        [key for key in keys if key is not None],
        call.shopify_kinds if call.body["use_shopify_order_id"] else None,
    )


async def must_exist(call: Call, key: OrderKey) -> None:
    """Raises NotFound unless the key names an order of the team."""
    if isinstance(key, str):
        view, version = await reads.get_order(call.db, call.actor.team_id, key)
    else:
        view, version = await reads.get_order_by_shopify_id(
            call.db, call.actor.team_id, key, call.shopify_kinds
        )
    call.saw(version)
    if view is None:
        raise NotFound("Order")
