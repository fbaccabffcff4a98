"""What no schema can say of an answer of the Milestones API: how its members, headers and other members go together.

    faults_of_headers(answer, body, is_superseded=...)   pages, and what deprecated actions carry
    faults_of_body(body)                                 orders and milestones

`tests/openapi_check.py` asks both of every answer that any test gets.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

INACTIVE = ("draft", "rejected", "canceled")
_RELATION = re.compile(r'<(/v1/teams[^>]*)>; rel="([a-z-]+)"')


class Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


def faults_of_headers(answer: Answer, body: Any, *, is_superseded: bool) -> Iterator[str]:
    """`is_superseded`: the path is that of a deprecated action that still works, or of the milestone configs."""
    headers = answer.headers
    if "Sunset" in headers:
        yield "Sunset"
    if is_superseded and answer.status not in (401, 429, 500):
        if headers.get("Deprecation") != "@1701129600":
            yield f"Deprecation is {headers.get('Deprecation')}"
        relations = [relation for _, relation in _RELATION.findall(headers.get("Link", ""))]
        if relations != ["successor-version"]:
            yield f"Link is {headers.get('Link')}"
    elif not is_superseded and "Deprecation" in headers:
        yield "Deprecation"
    if "X-Total" in headers:
        yield from _faults_of_pages(headers, body)
    if answer.status == 500 and body is not None and body["request_id"] != headers["X-Request-Id"]:
        yield "request_id is not that of the header"


def _faults_of_pages(headers: Mapping[str, str], body: Any) -> Iterator[str]:
    """Section 4."""
    page, size, total, pages = (
        int(headers[name]) for name in ("X-Page", "X-Per-Page", "X-Total", "X-Total-Pages")
    )
    if pages != -(-total // size):
        yield f"{pages} pages of {size} for {total}"
    wanted = ["first"]
    wanted += ["prev"] if page > 1 else []
    wanted += ["next"] if page < pages else []
    wanted += ["last"] if pages else []
    if (relations := [relation for _, relation in _RELATION.findall(headers["Link"])]) != wanted:
        yield f"links {relations}, not {wanted}"
    if body is not None:
        (rows,) = body.values()
        if len(rows) != min(size, max(0, total - (page - 1) * size)):
            yield f"{len(rows)} rows on page {page} of {size} for {total}"


def faults_of_body(body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    for member, value in body.items():
        if member == "purchase_order":
            yield from _faults_of_order(value)
        elif member == "purchase_orders":
            for order in value:
                yield from _faults_of_listed(order)
        elif member in ("milestone", "milestones"):
            for milestone in value if isinstance(value, list) else [value]:
                yield from _faults_of_milestone(milestone)
        elif member in ("task", "tasks"):
            for task in value if isinstance(value, list) else [value]:
                yield from _faults_of_task(task)


def _faults_of_listed(order: dict[str, Any]) -> Iterator[str]:
    """Sections 6.2 and 8.1, of an order without its milestones."""
    if (order["status"] == "canceled") != (order["canceled_at"] is not None):
        yield "canceled_at"
    is_issued = order["issued_at"] is not None
    if (order["status"] == "draft" and is_issued) or is_issued != (order["last_issued_at"] is not None):
        yield "issued_at"
    if is_issued and order["last_issued_at"] < order["issued_at"]:
        yield "last_issued_at"
    if order["status"] in INACTIVE and (order["late"] or order["overdue"] or order["current_milestone_id"]):
        yield "an inactive order is urgent"
    if len(set(order["tags"])) != len(order["tags"]):
        yield "tags"


def _faults_of_order(order: dict[str, Any]) -> Iterator[str]:
    """Sections 6.2, 8.1, 8.5 and 8.7."""
    yield from _faults_of_listed(order)
    milestones: list[dict[str, Any]] = order["milestones"]
    for milestone in milestones:
        yield from _faults_of_milestone(milestone)
        for kind, target in (("shipment", "ships_on"), ("delivery", "delivered_on")):
            if milestone["type"] == kind and milestone["key_date"] != order[target]:
                yield f"{target} is not the key date"
    if order["status"] == "draft" and milestones:
        yield "a draft has milestones"
    positions = [milestone["position"] for milestone in milestones]
    if positions != list(range(1, len(positions) + 1)):
        yield "positions"
    states = [milestone["status"] == "confirmed" for milestone in milestones]
    if states != sorted(states, reverse=True):
        yield "confirmed out of sequence"
    is_active = order["status"] not in INACTIVE
    unconfirmed = [milestone["id"] for milestone in milestones if milestone["status"] != "confirmed"]
    wanted = unconfirmed[:1] if is_active else []
    if [each["id"] for each in milestones if each["current"]] != wanted:
        yield "current"
    if order["current_milestone_id"] != (wanted[0] if wanted else None):
        yield "current_milestone_id"
    for flag in ("late", "overdue"):
        if order[flag] != any(milestone[flag] for milestone in milestones):
            yield flag


def _faults_of_milestone(milestone: dict[str, Any]) -> Iterator[str]:
    """Section 6.6."""
    is_confirmed = milestone["status"] == "confirmed"
    for member in ("confirmed_on", "confirmed_at", "confirmed_by"):
        if (milestone[member] is not None) != is_confirmed:
            yield f"{member} of {milestone['name']}"
    was_rejected = milestone["rejected_at"] is not None
    if milestone["status"] == "rejected" and not was_rejected:
        yield f"rejected_at of {milestone['name']}"
    if {milestone[member] is not None for member in ("rejected_by", "rejection_reason")} != {was_rejected}:
        yield f"rejection of {milestone['name']}"
    if is_confirmed and (milestone["current"] or milestone["late"] or milestone["blocking_task_ids"]):
        yield f"{milestone['name']} is confirmed and pressing"
    if milestone["prompted_at"] is None and milestone["overdue"]:
        yield f"{milestone['name']} is overdue and was never prompted"
    if milestone["prompted_at"] is not None and (not milestone["current"] or milestone["blocking_task_ids"]):
        yield f"{milestone['name']} is prompted out of turn"
    if (milestone["type"] == "acceptance") != (milestone["position"] == 1):
        yield f"{milestone['name']} is not where its type is"
    if (moments := [delay["recorded_at"] for delay in milestone["delays"]]) != sorted(moments):
        yield f"delays of {milestone['name']}"


def _faults_of_task(task: dict[str, Any]) -> Iterator[str]:
    """Section 6.8."""
    is_completed = task["status"] == "completed"
    if {task[member] is not None for member in ("completed_at", "completed_by")} != {is_completed}:
        yield "completed_at"
    if task["late"] and (is_completed or task["due_date"] is None):
        yield "late"
    if task["required"] and task["milestone_id"] is None:
        yield "required without a milestone"
