"""How events speak of what the verbs of tests/core/works.py do."""

from datetime import date
from typing import Any

from milepost.core.statuses import Changed, OrderKeys, change_statuses
from milepost.kit.ids import ulid
from milepost.model.events import event_instant
from milepost.model.key_dates import KeyDates
from milepost.model.transitions import Target
from milepost.model.workflow import Status
from tests.core.works import Works


def by(works: Works) -> dict[str, Any]:
    return {"type": "api_key", "id": ulid(works.actor.id or ""), "name": "ERP bridge"}


def confirmation(works: Works, day: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The old and new data of a pending milestone that is confirmed now, for today unless told otherwise."""
    day = day or works.now.date().isoformat()
    new = {
        "status": "confirmed",
        "confirmed_on": day,
        "confirmed_at": event_instant(works.now),
        "confirmed_by": by(works),
    }
    return {"status": "pending", "confirmed_on": None, "confirmed_at": None, "confirmed_by": None}, new


async def statuses(works: Works) -> dict[str, Status]:
    """The team's statuses by name."""
    return {one.name: one for one in (await works.workspace()).statuses}


def shown(status: Status) -> dict[str, Any]:
    return {"id": ulid(status.id), "name": status.name, "color": status.color}


def first_option(status: Status) -> dict[str, Any]:
    option = next(iter(status.options.values()))
    return {"id": ulid(option.id), "name": option.name}


def moving(by_milestone: dict[str, date | None], reason: str | None = None) -> KeyDates:
    return KeyDates(by_milestone=by_milestone, reason=reason)


async def enter_first(works: Works, order_id: str, name: str) -> None:
    """Enters the status with its first sub-status, on the Status API."""
    status = (await statuses(works))[name]
    target = Target(status, next(iter(status.options.values()), None))
    outcomes = await change_statuses(
        works.pool, works.actor, await works.workspace(), OrderKeys([order_id]), target, clock=works.clock
    )
    assert isinstance(outcomes[order_id], Changed), outcomes
