"""The events that status changes cause, in their order (Orders API, section 14; Milestones API, section 8.8)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from milepost.kit.ids import new_id, ulid
from milepost.model.actor import Actor
from milepost.model.events import Event, EventType, event_instant
from milepost.model.standing import HeldStatus
from milepost.model.workflow import Workspace

Diff = tuple[dict[str, Any], dict[str, Any]]
"""(old_data, new_data): the same keys in both."""


def status_diff(workspace: Workspace, old: HeldStatus, new: HeldStatus) -> Diff:
    """What changed of `custom_status` and `custom_sub_status`."""
    before, after = {}, {}
    if old.status_id != new.status_id:
        before["custom_status"] = _status(workspace, old.status_id)
        after["custom_status"] = _status(workspace, new.status_id)
    if old.sub_status_id != new.sub_status_id:
        before["custom_sub_status"] = _option(workspace, old.sub_status_id)
        after["custom_sub_status"] = _option(workspace, new.sub_status_id)
    return before, after


def addon_diff(workspace: Workspace, old: Mapping[str, str | None], new: Mapping[str, str | None]) -> Diff:
    """`addon_statuses` before and after, whole arrays; given as sub-status by addon status."""
    return {"addon_statuses": _addons(workspace, old)}, {"addon_statuses": _addons(workspace, new)}


def confirmation_diff(was: str, day: date, now: datetime, actor: Actor) -> Diff:
    """A milestone that becomes confirmed on a day; it had no confirmation before."""
    who = {"type": actor.kind, "id": ulid(actor.id) if actor.id else None, "name": actor.name}
    new = {
        "status": "confirmed",
        "confirmed_on": day.isoformat(),
        "confirmed_at": event_instant(now),
        "confirmed_by": who,
    }
    return {"status": was, "confirmed_on": None, "confirmed_at": None, "confirmed_by": None}, new


def numbered(
    order_id: str,
    last_sequence: int,
    facts: dict[str, Any],
    now: datetime,
    changes: Iterable[tuple[EventType, str | None, Diff, dict[str, Any]]],
) -> tuple[Event, ...]:
    """Events of one order with their sequence numbers, from (type, subject, diff, own facts)."""
    return tuple(
        Event(
            id=new_id(),
            order_id=order_id,
            sequence=last_sequence + number,
            type=kind,
            subject_id=subject,
            effective_at=now,
            old_data=diff[0],
            new_data=diff[1],
            facts={**facts, **own},
        )
        for number, (kind, subject, diff, own) in enumerate(changes, 1)
    )


def _status(workspace: Workspace, status_id: str | None) -> dict[str, Any] | None:
    status = workspace.status.get(status_id) if status_id else None
    return None if status is None else {"id": ulid(status.id), "name": status.name, "color": status.color}


def _option(workspace: Workspace, option_id: str | None) -> dict[str, Any] | None:
    option = workspace.option.get(option_id) if option_id else None
    return None if option is None else {"id": ulid(option.id), "name": option.name}


def _addons(workspace: Workspace, held: Mapping[str, str | None]) -> list[dict[str, Any]]:
    known = sorted(
        (workspace.status[status_id] for status_id in held if status_id in workspace.status),
        key=lambda status: (status.order, status.id),
    )
    return [
        {**(_status(workspace, status.id) or {}), "sub_status": _option(workspace, held[status.id])}
        for status in known
    ]
