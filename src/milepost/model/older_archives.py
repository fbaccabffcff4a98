"""Archived orders as older releases wrote them: what they could not tell, as far as it follows from the rest."""

from msgspec import json
from msgspec.structs import replace

from milepost.model.order_archive import ArchivedEvent, ArchivedOrder


def completed(order: ArchivedOrder) -> ArchivedOrder:
    """The order with what an older release did not tell of it though it follows from the rest: the moment of its
    newest issue, and which event told of the newest change of its status. Migration 0003 finds both the same way."""
    told = order.milepost
    issued_at, status_seq = told.last_issued_at, told.status_seq
    if issued_at is None and told.issued_on is not None:
        issued_at = told.created_at
    if status_seq is None:
        status_seq = max((event.sequence for event in told.events if _changes_status(event)), default=0)
    if (issued_at, status_seq) == (told.last_issued_at, told.status_seq):
        return order
    return replace(order, milepost=replace(told, last_issued_at=issued_at, status_seq=status_seq))


def _changes_status(event: ArchivedEvent) -> bool:
    """Whether it tells of the primary status, not of add-ons."""
    if event.type != "order.status.changed":
        return False
    changed = json.decode(event.new_data)
    return isinstance(changed, dict) and not changed.keys().isdisjoint(("custom_status", "custom_sub_status"))
