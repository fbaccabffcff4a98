"""The rules of statuses, written down a second time (Status API, sections 22.4 to 22.6; Milestones API, section 8.9): a
status that an order entered was legal where it came from, and an order that went back stands where it stood."""

from collections.abc import Iterable

from milepost.kit.ids import ulid
from tests.one_truth.desk import Desk, Seen, Standing
from tests.one_truth.oracle import Shown
from tests.one_truth.stage import INDEPENDENT, STATUSES

_WITH_STATUSES = ("Build", "Repair")
"""The workflows that have a status to enter, in their sequence."""


def is_legal(desk: Desk, seen: Seen, events: Iterable[Shown], before: Shown, after: Shown) -> None:
    """Checks each move of the primary status that the events tell of, and keeps account of where the order stands."""
    undone = [ulid(one) for one in _confirmed(before) - _confirmed(after)]
    leaving = None
    for event in events:
        told = event["details"]
        if event["event_name"] == "order.milestone.confirmed":
            leaving = told["id"]
        if event["event_name"] != "order.status.changed" or not told["new_data"].keys() & _PRIMARY:
            continue
        if undone:
            assert seen.left, "a status that the confirmation did not enter stays"
            assert undone == [seen.left[-1][0]]
            seen.standing = seen.left.pop()[1]
            continue
        seen.left = [] if leaving is None else [*seen.left, (leaving, seen.standing)]
        if "custom_status" in told["new_data"]:
            entered = told["new_data"]["custom_status"]
            assert entered is not None, "a primary status is never cleared"
            _check(desk, seen.standing, entered["name"])
            seen.standing = _stands(seen.standing, entered["name"])
    assert all(one not in undone for one, _ in seen.left), "undone, the status is left again"


_PRIMARY = {"custom_status", "custom_sub_status"}


def _confirmed(purchase: Shown) -> set[str]:
    milestones = purchase["milestones"] if purchase else []
    return {one["id"] for one in milestones if one["status"] == "confirmed"}


def _check(desk: Desk, standing: Standing, name: str) -> None:
    """22.5, then 22.6."""
    anchor, current = standing
    team, (workflow, _) = desk.workspace.team, STATUSES[name]
    if team.enforce_workflow_order and workflow is not None and workflow != current:
        place = -1 if current is None else _WITH_STATUSES.index(current)
        assert _WITH_STATUSES.index(workflow) == place + 1, (standing, name)
    if team.enforce_product_chain and name != INDEPENDENT:
        chain = [one for one, (own, _) in STATUSES.items() if own == workflow]
        place = chain.index(anchor) if anchor in chain else -1
        assert chain.index(name) in ((place, place + 1) if place >= 0 else (0,)), (standing, name)


def _stands(standing: Standing, name: str) -> Standing:
    anchor, workflow = standing
    own, _ = STATUSES[name]
    return (anchor if name == INDEPENDENT else name), (workflow if own is None else own)


def has_entered(desk: Desk, seen: Seen, milestone_id: str) -> None:
    """8.9: right after its confirmation the order is in the status that the milestone names."""
    milestone = next(one for one in seen.milestones if one["id"] == milestone_id)
    linked, status = milestone["linked_status"], seen.status
    if linked is None or desk.workspace.team.status_specificity == "line_item":
        return
    assert status["custom_status"]["id"] == linked["id"]
    if linked["sub_status"] is not None:
        assert status["custom_sub_status"]["id"] == linked["sub_status"]["id"]


def has_confirmed(desk: Desk, purchase: Shown, status: Shown, seen: Seen) -> None:
    """8.9: entering a status confirmed the current milestone exactly when that names it and no required task of it is
    open, and nothing else. `purchase` and `status`: the order before, as two surfaces showed it."""
    held = [(_id(one["custom_status"]), _id(one["custom_sub_status"])) for one in (status, seen.status)]
    current = next((one for one in purchase["milestones"] if one["current"]), None)
    expected = _confirmed(purchase)
    if current is not None and not current["blocking_task_ids"] and current["linked_status"] is not None:
        linked, option = current["linked_status"]["id"], _id(current["linked_status"]["sub_status"])
        is_entered = held[0] != held[1] if option is not None else held[0][0] != held[1][0]
        names = held[1][0] == linked and option in (None, held[1][1])
        if is_entered and names and desk.workspace.team.status_specificity != "line_item":
            expected.add(current["id"])
    assert _confirmed(seen.purchase) == expected


def _id(thing: Shown | None) -> str | None:
    return None if thing is None else str(thing["id"])
