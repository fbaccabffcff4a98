"""What was asked for and what was answered, in marks: short texts that are found again in the events.

Each change that a client asks for bears a mark of its own, a name that nothing else has. In the end every mark that
was answered with 2xx must be in exactly one event, and no event may bear a mark that nobody asked for.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from milepost.kit.ids import ulid


class Ledger:
    """The marks of one run, and what it met with."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.answered: set[str] = set()
        self.changes: Counter[str] = Counter()
        """Answered changes by their kind."""
        self.keys: set[str] = set()
        """Idempotency keys of requests that were answered with 2xx."""
        self.met: Counter[str] = Counter()
        """Connections that broke, answers that asked to come again, and the like."""
        self.findings: list[str] = []
        """What must not be."""
        self._names = 0

    def name(self, what: str) -> str:
        """A new text that nothing else is called."""
        self._names += 1
        return f"{what}-{self._names}"

    def find(self, finding: str) -> None:
        self.findings.append(finding)


def created(number: str) -> str:
    return f"created {number}"


def renamed(name: str) -> str:
    return f"name {name}"


def described(text: str) -> str:
    return f"description {text}"


def item_added(text: str) -> str:
    return f"item added {text}"


def item_changed(text: str) -> str:
    return f"item changed {text}"


def item_gone(item_id: str) -> str:
    return f"item gone {item_id}"


def leg(shipment: str, transit_status: str | None = None) -> str:
    return f"leg {shipment} {transit_status or 'made'}"


def released(number: str) -> str:
    return f"released {number}"


def returned(number: str) -> str:
    return f"returned {number}"


def canceled(number: str) -> str:
    return f"canceled {number}"


def moved(number: str, count: int, status_id: str) -> str:
    return f"moved {number} {count} {status_id}"


def marks(events: Iterable[dict[str, Any]], numbers: dict[str, str]) -> list[tuple[str, list[str]]]:
    """For each event of one order, in sequence, its name and the marks it bears. `numbers`: order numbers by id
    (ULID)."""
    moves = 0
    found = []
    for event in events:
        number = numbers[ulid(event["order_id"])]
        if event["type"] == "order.status.changed":
            moves += 1
            borne = [moved(number, moves, event["new_data"]["custom_status"]["id"])]
        else:
            borne = _marks_of(event, number, numbers)
        found.append((event["type"], borne))
    return found


def _marks_of(event: dict[str, Any], number: str, numbers: dict[str, str]) -> list[str]:
    new_data = event["new_data"]
    match event["type"]:
        case "order.created":
            return [created(number)]
        case "order.item.created":
            return [item_added(new_data["description"])]
        case "order.item.updated":
            return [item_changed(new_data["description"])]
        case "order.item.deleted":
            return [item_gone(ulid(event["subject_id"]))]
        case "order.updated":
            return _marks_of_order(event["old_data"], new_data, number, numbers)
    return []


def _marks_of_order(
    old_data: dict[str, Any], new_data: dict[str, Any], number: str, numbers: dict[str, str]
) -> list[str]:
    found = []
    if "name" in new_data:
        found.append(renamed(new_data["name"]))
    if "description" in new_data:
        found.append(described(new_data["description"]))
    if "cancelled_at" in new_data:
        found.append(canceled(number))
    before = {one["id"]: one for one in old_data.get("releases", ())}
    for one in new_data.get("releases", ()):
        was = before.get(one["id"])
        if was == one:
            continue
        if one["release_type"] == "PURCHASE_ORDER":
            child = numbers[one["released_to_order_id"]]
            found.append(released(child) if was is None else returned(child))
        else:
            found.append(leg(one["released_to_shipment_id"], None if was is None else one["transit_status"]))
    return found
