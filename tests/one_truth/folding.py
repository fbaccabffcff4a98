"""The event log, folded: what was created and every change that was told since, which must give what is shown."""

import copy
from datetime import datetime
from typing import Any

from milepost.kit.ids import ulid
from tests.one_truth.oracle import Shown
from tests.surfaces.orders_api.test_event_payloads import ITEM_KEYS, comparable, in_event_form

ELSEWHERE = (
    "currency",
    "incoterms",
    "payment_terms",
    "shipping_method",
    "note",
    "issued_at",
    "last_issued_at",
)
"""Members of an order that only the Milestones API shows and `order.updated` tells of (Orders API, D2)."""
TARGETS = {"ships_on": "shipment", "delivered_on": "delivery"}
MILESTONE = (
    *("status", "key_date", "confirmed_on", "confirmed_at", "confirmed_by", "rejected_at", "rejected_by"),
    *("rejection_reason", "note"),
)
NO_STATUS: Shown = {"custom_status": None, "custom_sub_status": None}


class Folded:
    """An order as its events tell it."""

    def __init__(self) -> None:
        self.document: Shown = {}
        self.elsewhere: Shown = {}
        self.milestones: dict[str, Shown] = {}
        self.status: Shown = {**NO_STATUS, "addon_statuses": []}
        self.lines: dict[str, Shown] = {}
        self.created_tasks: set[str] = set()
        self.completed: dict[str, datetime] = {}
        self.overdue: set[tuple[str, str, str]] = set()
        """(cause, milestone, moment) of what was told."""

    def begin_elsewhere(self, purchase: Shown) -> None:
        """What `order.created` does not tell, as it was then."""
        self.elsewhere = {
            **{name: purchase[name] for name in (*ELSEWHERE, *TARGETS)},
            "workflow_id": _ulid(purchase["workflow_id"]),
        }

    def begin_milestones(self, purchase: Shown) -> None:
        """Milestones come with the issue of the order, without an event of their own: all pending."""
        for one in purchase["milestones"]:
            assert [one[name] for name in MILESTONE if name not in ("status", "key_date")] == [None] * 7, one
            assert (one["status"], one["delays"]) == ("pending", []), one
            self.milestones[one["id"]] = {name: one[name] for name in MILESTONE}

    # Forward

    def apply(self, event: Shown) -> None:
        """Takes one event in, which must go on from where the fold is. Raises AssertionError."""
        name, told = event["event_name"], event["details"]
        if name == "order.created":
            self.document = copy.deepcopy(told)
            del self.document["resource_type"], self.document["self_link"]
        elif name == "order.updated":
            self._change(_Ordered(self.document, self.elsewhere), told)
        elif name.startswith("order.item.") and name != "order.item.status.changed":
            self._item(name, told)
        elif name == "order.item.status.changed":
            self._change(self.lines.setdefault(told["id"], dict(NO_STATUS)), told)
        elif name == "order.status.changed":
            self._change(self.status, told)
        elif name in ("order.milestone.confirmed", "order.milestone.rejected"):
            self._milestone(told)
        elif name == "order.timeline.updated":
            assert told["milestones"], "no event without a change"
            for one in told["milestones"]:
                self._milestone(one)
        elif name == "order.overdue":
            key = (told["cause"], told["subject"]["id"], told["due_at"])
            assert key not in self.overdue, f"told twice: {key}"
            self.overdue.add(key)
        elif name == "order.task.created":
            assert told["id"] not in self.created_tasks
            self.created_tasks.add(told["id"])
        else:
            assert name == "order.task.completed", name
            self.completed[told["id"]] = datetime.fromisoformat(told["completed_at"])

    def _change(self, held: Any, told: Shown) -> None:
        old, new = told["old_data"], told["new_data"]
        assert old.keys() == new.keys(), told
        assert all(old[key] != new[key] for key in old), told
        assert old, "no event without a change"
        assert {key: held[key] for key in old if key in held} == {key: old[key] for key in old if key in held}
        held.update(copy.deepcopy(new))

    def _milestone(self, told: Shown) -> None:
        held = self.milestones[_uuid(self.milestones, told["id"])]
        in_events = {key: _told(key, value) for key, value in held.items()}
        plain = {side: {k: _told(k, v) for k, v in told[side].items()} for side in ("old_data", "new_data")}
        self._change(in_events, plain)
        held.update(in_events)

    def _item(self, name: str, told: Shown) -> None:
        items = {one["id"]: one for one in self.document["items"]}
        if name == "order.item.created":
            self.document["items"].append({key: told[key] for key in ITEM_KEYS} | {"id": told["id"]})
        elif name == "order.item.deleted":
            self.document["items"].remove(items[told["id"]])
            self.lines.pop(told["id"], None)
        else:
            self._item_change(items[told["id"]], told)

    def _item_change(self, item: Shown, told: Shown) -> None:
        """D6: inside the requirements of an item the difference goes one level deeper."""
        key = "shipping_requirements"
        old, new = told["old_data"].get(key), told["new_data"].get(key)
        if old is not None and new is not None:
            self._change(item[key], {"old_data": old, "new_data": new})
            told = {
                side: {k: v for k, v in told[side].items() if k != key} for side in ("old_data", "new_data")
            }
            if not told["old_data"]:
                return
        self._change(item, told)

    # Compared with what is shown

    def is_of(self, order: Shown, purchase: Shown, status: Shown, tasks: list[Shown]) -> None:
        """Raises AssertionError where the fold and the surfaces differ."""
        assert comparable(self.document) == comparable(in_event_form(order))
        assert [self.elsewhere[name] for name in ELSEWHERE] == [purchase[name] for name in ELSEWHERE]
        assert self.elsewhere["workflow_id"] == _ulid(purchase["workflow_id"])
        shown = {one["id"]: one for one in purchase["milestones"]}
        assert list(self.milestones) == list(shown)
        for key, held in self.milestones.items():
            told = {name: _told(name, value) for name, value in held.items()}
            assert told == {name: _told(name, shown[key][name]) for name in MILESTONE}, shown[key]["name"]
        carried = {one["type"]: one["key_date"] for one in purchase["milestones"]}
        for name, kind in TARGETS.items():
            assert purchase[name] == carried.get(kind, self.elsewhere[name]), name
        self._is_status(status)
        self._are_tasks(tasks)

    def _is_status(self, status: Shown) -> None:
        assert self.status == {key: _with_ulids(status[key]) for key in self.status}
        for line in status["line_items"]:
            held = self.lines.get(ulid(line["id"]), NO_STATUS)
            assert held["custom_status"] == _with_ulids(line["status"]), line
            assert held["custom_sub_status"] == _with_ulids(line["sub_status"]), line

    def _are_tasks(self, tasks: list[Shown]) -> None:
        shown = {ulid(task["id"]): task for task in tasks}
        assert self.created_tasks <= shown.keys()
        for key, task in shown.items():
            if task["status"] == "completed":
                assert self.completed[key].replace(microsecond=0) == datetime.fromisoformat(
                    task["completed_at"]
                )


class _Ordered:
    """`order.updated` tells of what the Orders API shows and of what it does not."""

    def __init__(self, document: Shown, elsewhere: Shown) -> None:
        self._document = document
        self._elsewhere = elsewhere

    def __contains__(self, key: str) -> bool:
        return key in self._document or key in self._elsewhere

    def __getitem__(self, key: str) -> Any:
        return self._document[key] if key in self._document else self._elsewhere[key]

    def update(self, new: Shown) -> None:
        for key, value in new.items():
            (self._document if key in self._document else self._elsewhere)[key] = value


def _uuid(known: dict[str, Shown], short: str) -> str:
    return next(one for one in known if ulid(one) == short)


def _ulid(identifier: str | None) -> str | None:
    return None if identifier is None else ulid(identifier)


def _told(name: str, value: Any) -> Any:
    """A member of a milestone, the same whichever surface writes it: moments in whole seconds, ids as ULIDs."""
    if value is None:
        return None
    if name in ("confirmed_at", "rejected_at"):
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.replace(microsecond=0)
    if name in ("confirmed_by", "rejected_by") and value["id"] is not None and len(value["id"]) == 36:
        return {**value, "id": ulid(value["id"])}
    return value


def _with_ulids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_ulids(one) for one in value]
    if isinstance(value, dict):
        return {key: ulid(one) if key == "id" else _with_ulids(one) for key, one in value.items()}
    return value
