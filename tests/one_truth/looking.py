"""What must hold of an order after every step, whatever was done and by whom (Milestones API, section 8; design,
section 9). All of it raises AssertionError."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from milepost.kit.ids import parse_id, ulid
from tests.one_truth import oracle, statuses
from tests.one_truth.desk import Desk, Seen, ok
from tests.one_truth.oracle import Shown
from tests.surfaces.test_one_truth import same_order

URGENT = ("current", "late", "prompted_at", "overdue", "blocking_task_ids")
SHIPS_TO = (
    *("company_name", "location_number", "line_1", "line_2", "line_3"),
    *("locality", "region", "postal_code", "country", "timezone"),
)
SELLER = {
    "seller_address_line1": "line_1",
    "seller_address_line2": "line_2",
    "seller_city": "locality",
    "seller_state": "region",
    "seller_postal_code": "postal_code",
    "seller_country": "country",
}


async def look(desk: Desk, seen: Seen, *, refused: bool = False, closely: bool = False) -> None:
    """Reads the order on all three surfaces and checks it against what was seen of it before. `refused`: the step must
    have left no trace. Of an order that is unchanged by its ETag more is read only `closely`, as at the end of a run.
    """
    answer = await desk.there("GET", f"/orders/{seen.ulid}")
    order, etag = ok(answer), answer.headers["ETag"]
    if etag == seen.etag and not closely:
        assert order == seen.order
        return
    purchase = ok(await desk.of(seen, "GET"))["purchase_order"]
    if etag == seen.etag:
        assert order == seen.order
        assert _timeless(purchase) == _timeless(seen.purchase)
    else:
        assert not refused, f"{seen.order.get('order_number')} was changed by what was refused"
        await _take_in(desk, seen, order, purchase, etag)
    _is_urgent(desk, seen, purchase)
    seen.purchase = purchase


async def _take_in(desk: Desk, seen: Seen, order: Shown, purchase: Shown, etag: str) -> None:
    """The order changed: what is told of that gives what is shown."""
    before = seen.purchase
    if before:
        assert order["updated_at"] > seen.order["updated_at"], "ETag and updated_at move together"
    query = "include=line_item_statuses"
    status = ok(await desk.status("GET", f"/orders/{seen.id}?{query}"))["order"]
    events = await _events(desk, seen)
    is_new = not seen.sequence
    for event in events:
        seen.folded.apply(event)
    if is_new:
        seen.folded.begin_elsewhere(purchase)
    if not seen.folded.milestones:
        seen.folded.begin_milestones(purchase)
        seen.offsets = desk.offsets
    if _tasks_may_differ(events, before, purchase, is_new):
        seen.tasks = ok(await desk.of(seen, "GET", "/tasks?per_page=100"))["tasks"]
    _notice(desk, seen, before, purchase)
    statuses.is_legal(desk, seen, events, before, purchase)
    assert status["workflow_name"] == seen.standing[1], (seen.standing, status)
    seen.sequence += len(events)
    seen.etag, seen.order, seen.purchase, seen.status = etag, order, purchase, status
    same(desk, order, purchase, status)
    is_in_sequence(desk, purchase, before)
    seen.folded.is_of(order, purchase, status, seen.tasks)
    if is_new or any(event["event_name"].startswith("order.item.") for event in events):
        await same_lines(desk, seen)


async def _events(desk: Desk, seen: Seen) -> list[Shown]:
    """What was told since the last look, oldest first, without a gap."""
    path = f"/events?limit=50&order_id={seen.ulid}&sequence.gt={seen.sequence}"
    events = list(reversed(await desk.pages(path)))
    told = [event["sequence"] for event in events]
    assert told == list(range(seen.sequence + 1, seen.sequence + len(events) + 1)), told
    return events


def _tasks_may_differ(events: Iterable[Shown], before: Shown, after: Shown, is_new: bool) -> bool:
    """Tasks come with an issue; their edits tell nobody, so that a change without an event is one of them; due dates
    follow key dates."""
    names = {event["event_name"] for event in events}
    told = names & {"order.task.created", "order.task.completed", "order.timeline.updated"}
    rejected = "order.milestone.rejected" in names
    return (
        is_new
        or not names
        or bool(told)
        or rejected
        or (not before["milestones"] and bool(after["milestones"]))
    )


def _notice(desk: Desk, seen: Seen, before: Shown, after: Shown) -> None:
    """Moments that no surface shows."""
    was = (before["last_issued_at"], before["status"]) if before else (None, None)
    is_asked_anew = was[1] == "rejected" and after["milestones"][0]["status"] == "pending"
    if was[0] != after["last_issued_at"] or is_asked_anew:
        seen.moments.issued_at = desk.now
    known = {one["id"]: one["status"] for one in before["milestones"]} if before else {}
    for one in after["milestones"]:
        if known.get(one["id"]) == "confirmed" and one["status"] != "confirmed":
            seen.moments.undone_at[one["id"]] = desk.now


def _timeless(purchase: Shown) -> Shown:
    """Without what changes by itself as time passes."""
    milestones = [{key: one[key] for key in one if key not in URGENT} for one in purchase["milestones"]]
    kept = {key: value for key, value in purchase.items() if key not in ("late", "overdue")}
    return {**kept, "milestones": milestones}


# Urgency


def _is_urgent(desk: Desk, seen: Seen, purchase: Shown) -> None:
    """Sections 8.7 and 6.6."""
    expected = oracle.urgency(purchase, seen.tasks, seen.moments, seen.offsets, desk.zone, desk.now)
    for one in purchase["milestones"]:
        found = tuple(one[name] for name in URGENT)
        assert (*found[:4], sorted(found[4])) == expected[one["id"]], one
    assert purchase["late"] == any(late for _, late, *_ in expected.values())
    assert purchase["overdue"] == any(overdue for *_, overdue, _ in expected.values())
    current = next((key for key, (is_current, *_) in expected.items() if is_current), None)
    assert purchase["current_milestone_id"] == current


def was_told(desk: Desk, seen: Seen) -> None:
    """Section 8.8, after the worker looked: all that is late or overdue has been told."""
    for one in seen.milestones:
        moments = {
            cause: [at for other, key, at in seen.folded.overdue if (other, key) == (cause, ulid(one["id"]))]
            for cause in ("milestone_late", "milestone_overdue")
        }
        if one["late"]:
            assert one["key_date"] in [_day_before(desk, at) for at in moments["milestone_late"]], one
        if one["overdue"]:
            due_at = datetime.fromisoformat(one["prompted_at"]) + timedelta(hours=48)
            assert due_at in [datetime.fromisoformat(at) for at in moments["milestone_overdue"]], one


def _day_before(desk: Desk, at: str) -> str:
    """The key date that was over at this midnight."""
    midnight = datetime.fromisoformat(at).astimezone(desk.zone)
    return (midnight.date() - timedelta(days=1)).isoformat()


# One order on three surfaces


def same(desk: Desk, order: Shown, purchase: Shown, status: Shown) -> None:
    """Milestones API 8.9, Orders API 22."""
    same_order(order, status)
    assert purchase["id"] == status["id"] == parse_id(order["id"])
    assert purchase["order_number"] == order["order_number"]
    assert purchase["name"] == order["name"]
    assert purchase["status"] == oracle.purchase_status(order, purchase)
    assert order["status"] == oracle.order_status(order, purchase)
    assert (purchase["canceled_at"] is not None) == (purchase["status"] == "canceled") == status["cancelled"]
    assert purchase["tags"] == [tag["name"] for tag in order["tags"]]
    assert purchase["note"] == status["note"]
    assert (purchase["currency"] or "EUR") == status["currency"]
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(purchase[name]) == datetime.fromisoformat(order[name]).replace(
            microsecond=0
        )
    _same_partners(order, purchase)


def _same_partners(order: Shown, purchase: Shown) -> None:
    supplier = order["supplier"] or {}
    known = supplier.get("supplier_id")
    expected = None if known is None else {"id": known, "name": supplier["name"]}
    assert purchase["supplier"] == expected
    address = supplier.get("address") or {}
    assert {name: purchase[name] for name in SELLER} == {
        name: address.get(member) for name, member in SELLER.items()
    }
    stop = {name: order["ship_to"][name] for name in SHIPS_TO}
    assert purchase["ships_to"] == (stop if any(value is not None for value in stop.values()) else None)


async def same_lines(desk: Desk, seen: Seen) -> None:
    """Sections 6.3 and 8.9: the lines that the Milestones API shows."""
    shown = ok(await desk.of(seen, "GET", "/order_items?per_page=100"))["order_items"]
    assert [line["id"] for line in shown] == [parse_id(one["id"]) for one in seen.order["items"]]
    for line, one in zip(shown, seen.order["items"], strict=True):
        parts = [each["value"] for each in one["references"] if each["qualifier"] == "PRODUCT_REF"]
        assert (line["name"], line["part_id"]) == (one["description"], parts[0] if parts else None)
        assert Decimal(str(line["quantity"])) == Decimal(one["amount"]["value"])
        assert (line["unit_of_measure"] or "EA") == one["amount"]["unit"]


# Milestones


def is_in_sequence(desk: Desk, purchase: Shown, before: Shown) -> None:
    """Sections 8.2, 8.3 and 8.5: the confirmed ones are the first ones, and happened one after another."""
    milestones: list[Shown] = purchase["milestones"]
    assert [one["position"] for one in milestones] == list(range(1, len(milestones) + 1))
    confirmed = [one["status"] == "confirmed" for one in milestones]
    assert confirmed == sorted(confirmed, reverse=True), [one["status"] for one in milestones]
    days = [one["confirmed_on"] for one in milestones if one["status"] == "confirmed"]
    assert None not in days
    assert days == sorted(days)
    assert all(day <= desk.today.isoformat() for day in days)
    known = {one["id"]: one for one in before["milestones"]} if before else {}
    for one in milestones:
        _is_sound(one, known.get(one["id"]))


def _is_sound(one: Shown, old: Shown | None) -> None:
    is_confirmed = one["status"] == "confirmed"
    members: tuple[Any, ...] = (one["confirmed_on"], one["confirmed_at"], one["confirmed_by"])
    assert [member is not None for member in members] == [is_confirmed] * 3
    rejection = (one["rejected_at"], one["rejected_by"], one["rejection_reason"])
    assert len({member is None for member in rejection}) == 1
    assert (one["status"] == "rejected") <= (one["rejected_at"] is not None)
    if old is not None:
        assert one["delays"][: len(old["delays"])] == old["delays"], (
            "delay records are never changed or removed"
        )
    for delay in one["delays"]:
        assert delay["source"] == "reject" or delay["new_date"] > delay["old_date"]


# All of the team


async def look_at_all(desk: Desk) -> None:
    """At the end of a run: every order is as it was last seen, lists have each of them, and nobody else sees one."""
    for seen in desk.orders:
        await look(desk, seen, refused=True, closely=True)
        path = f"/events?limit=50&order_id={seen.ulid}"
        told = [event["sequence"] for event in await desk.pages(path)]
        assert told == list(range(seen.sequence, 0, -1))
        await same_lines(desk, seen)
        assert ok(await desk.of(seen, "GET", "/tasks?per_page=100"))["tasks"] == _with_lateness(
            desk, seen.tasks
        )
        assert ok(await desk.of(seen, "GET", "/milestones?per_page=100"))["milestones"] == seen.milestones
    await _listed(desk)
    await _hidden(desk)


def _with_lateness(desk: Desk, tasks: list[Shown]) -> list[Shown]:
    today = desk.today.isoformat()
    return [
        {
            **task,
            "late": task["status"] == "open" and task["due_date"] is not None and task["due_date"] < today,
        }
        for task in tasks
    ]


async def _listed(desk: Desk) -> None:
    by_age = sorted(desk.orders, key=lambda seen: seen.id)
    rows = {seen.id: {k: v for k, v in seen.purchase.items() if k != "milestones"} for seen in by_age}
    listed = ok(await desk.here("GET", "/purchase_orders?per_page=100"))["purchase_orders"]
    assert listed == list(rows.values())
    for status in {row["status"] for row in rows.values()}:
        path = f"/purchase_orders?per_page=100&filter[status]={status}"
        found = ok(await desk.here("GET", path))["purchase_orders"]
        assert [row["id"] for row in found] == [key for key, row in rows.items() if row["status"] == status]
    assert await desk.pages("/orders?limit=100") == [seen.order for seen in reversed(by_age)]
    for kind, is_draft in (("REGULAR", False), ("DRAFT", True)):
        path = f"/orders?limit=250&include=line_item_statuses&order_type={kind}"
        found = {one["id"]: one for one in ok(await desk.status("GET", path))["orders"]}
        assert found == {seen.id: seen.status for seen in by_age if seen.is_draft is is_draft}


async def _hidden(desk: Desk) -> None:
    """Another team sees nothing."""
    key, other = desk.stage.other.key, desk.stage.other.id
    for path in ("/orders", "/events", "/tags"):
        assert ok(await desk.there("GET", path, key=key))["data"] == []
    assert ok(await desk.status("GET", "/orders", key=key))["orders"] == []
    whole = await desk.stage.wires[0].ask("GET", f"/v1/teams/{other}/purchase_orders", key)
    assert ok(whole)["purchase_orders"] == []
    for seen in desk.orders[:2]:
        own = await desk.stage.wires[0].ask("GET", f"/v1/teams/{other}/purchase_orders/{seen.id}", key)
        answers = [
            own,
            await desk.of(seen, "GET", key=key),
            await desk.there("GET", f"/orders/{seen.ulid}", key=key),
            await desk.status("GET", f"/orders/{seen.id}", key=key),
        ]
        assert [answer.status for answer in answers] == [404] * 4
