"""The verb that tells customers of the status their order is in, now and whatever its own switches say."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from msgspec import Struct

from milepost.core.statuses import Denied, OrderKeys
from milepost.kit.errors import NotFound, Stale
from milepost.kit.ids import new_id
from milepost.model.actor import Actor
from milepost.model.transitions import reachable
from milepost.model.workflow import Channel, Workspace
from milepost.store import outbox
from milepost.store.db import Pool
from milepost.store.outbox import Addressee, NewMessage

PERMISSION = "canSendNotifications"


class Told(Struct, frozen=True):
    """An order whose customer was told by these channels; by every other one it was skipped."""

    order_id: str
    channels: tuple[Channel, ...]


async def notify(
    db: Pool,
    actor: Actor,
    workspace: Workspace,
    wanted: OrderKeys,
    asked: Collection[Channel],
    *,
    clock: Callable[[], datetime],
    channels: frozenset[Channel] = frozenset(),
) -> dict[str | int, Told | Denied]:
    """Stores a message for each order and each channel that is asked for, that the server has (`channels`) and
    for which the customer has an address; an order without a primary status has nothing to tell
    (Status API, section 22.8). Raises Forbidden, Stale.
    """
    actor.require(PERMISSION)
    addressees = await _load(db, actor, workspace, wanted)
    messages: list[NewMessage] = []
    results: dict[str | int, Told | Denied] = {}
    for key in dict.fromkeys(wanted.keys):
        addressee = addressees.get(key)
        if addressee is None:
            results[key] = Denied(NotFound("Order"))
            continue
        due = _messages(addressee, asked, channels)
        messages += due
        told: list[Channel] = [message.channel for message in due]
        results[key] = Told(addressee.order_id, tuple(told))
    if messages:
        await outbox.store_messages(db, actor.team_id, messages, clock())
    return results


async def _load(
    db: Pool, actor: Actor, workspace: Workspace, wanted: OrderKeys
) -> dict[str | int, Addressee]:
    version, found = await outbox.load_addressees(db, actor.team_id, wanted.keys, wanted.shopify_kinds)
    if version != workspace.version:
        raise Stale
    if wanted.shopify_kinds is None:
        return {addressee.order_id: addressee for addressee in found}
    found.sort(key=lambda addressee: addressee.shopify_kind or "")  # "Order" comes last and wins
    return {addressee.shopify_id: addressee for addressee in found if addressee.shopify_id is not None}


def _messages(
    addressee: Addressee, asked: Collection[Channel], channels: frozenset[Channel]
) -> Sequence[NewMessage]:
    if addressee.status_id is None:
        return ()
    return [
        NewMessage(
            new_id(),
            addressee.order_id,
            None,
            addressee.status_id,
            addressee.sub_status_id,
            channel,
            recipient,
        )
        for channel, recipient in reachable(asked, addressee.email, addressee.phone, channels)
    ]
