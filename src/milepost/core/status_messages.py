"""What a customer is sent when an order or a line enters a status."""

from milepost.kit.ids import new_id
from milepost.model.transitions import Target, due_messages
from milepost.model.workflow import Channel
from milepost.store.outbox import NewMessage


def status_messages(
    target: Target,
    order_id: str,
    event_id: str,
    *,
    email: str | None,
    phone: str | None,
    channels: frozenset[Channel],
) -> tuple[NewMessage, ...]:
    """One message for each channel that the status asks for, the server has (`channels`) and the customer can be
    reached by (Status API, section 22.8). `event_id`: the event that tells of the status entered."""
    return tuple(
        NewMessage(new_id(), order_id, event_id, target.status.id, target.option_id, channel, recipient)
        for channel, recipient in due_messages(target, email, phone, channels)
    )
