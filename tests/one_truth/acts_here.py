"""What is done on the Milestones API. Each act takes the numbers that were drawn, and answers with the answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from milepost.kit.ids import ulid
from tests.one_truth.desk import Desk, Seen
from tests.one_truth.oracle import Shown
from tests.one_truth.stage import TAGS
from tests.one_truth.wire import Answer

DEPRECATED = {
    ("confirm", "production_start"): "confirm_production_start",
    ("confirm", "shipment"): "confirm_shipment",
    ("confirm", "delivery"): "confirm_delivery",
    ("reject", "acceptance"): "reject_purchase_order",
    ("reject", "production_start"): "delay_production_start",
    ("reject", "shipment"): "delay_shipment",
    ("reject", "delivery"): "delay_delivery",
}
NAMED_DATES = {
    "production_start": "production_start_date",
    "shipment": "ship_date",
    "delivery": "delivery_date",
}


async def create(
    desk: Desk, *, workflow: str | None, draft: bool, ships_in: int, takes: int | None, variety: int
) -> Answer:
    """`takes`: days from shipment to delivery."""
    body: dict[str, Any] = {
        "supplier": {"id": f"sup-{variety}", "name": "Tessel Mills"},
        "order_items": [{"part_id": "APR-LIN-3", "quantity": 12.5}, {"name": "Screen set-up", "quantity": 1}],
        "ships_on": desk.day(ships_in),
        "draft": draft,
        **({} if takes is None else {"delivered_on": desk.day(ships_in + takes)}),
        **({} if workflow is None else {"workflow_id": desk.workflows[workflow]}),
        **({"order_number": desk.number(), "tags": list(TAGS[:variety])} if variety else {}),
    }
    return await desk.here("POST", "/purchase_orders", {"purchase_order": body})


Edit = Callable[[Desk, Seen, int], dict[str, Any]]

EDITS: tuple[Edit, ...] = (
    lambda desk, seen, n: {"name": f"Aprons {n % 2}", "note": None if n % 3 else "Ring twice"},
    lambda desk, seen, n: {"payment_terms": ("net 45", "net 60", None)[n % 3]},
    lambda desk, seen, n: {"tags": list(TAGS[n % 3 :])},
    lambda desk, seen, n: {"ships_on": desk.day(n)},
    lambda desk, seen, n: {"delivered_on": desk.day(n) if n % 5 else None},
    lambda desk, seen, n: {"ships_on": desk.day(n), "delivered_on": desk.day(n + 9), "incoterms": "FOB"},
    lambda desk, seen, n: {"order_number": desk.number() if n % 2 else seen.purchase["order_number"]},
    lambda desk, seen, n: {"workflow_id": list(desk.workflows.values())[n % 3]},
    lambda desk, seen, n: {"supplier": {"id": f"sup-{n % 2}"}, "seller_city": "Porto" if n % 2 else None},
    lambda desk, seen, n: {"ships_to": {"line_1": f"Rua {n % 2}", "country": "PT"} if n % 3 else None},
    lambda desk, seen, n: {"order_items": [{"name": "Label", "quantity": 3}, *_kept_lines(seen, n)]},
    lambda desk, seen, n: {"currency": "usd" if n % 2 else "eur", "shipping_method": None},
)


def _kept_lines(seen: Seen, n: int) -> list[Shown]:
    return [{"id": line["id"], "quantity": abs(n) + 2} for line in seen.order["items"][: n % 2]]


async def edit(desk: Desk, seen: Seen, first: int, second: int, n: int) -> Answer:
    body = EDITS[first](desk, seen, n) | EDITS[second](desk, seen, n + 1)
    return await desk.of(seen, "PATCH", body={"purchase_order": body} if n % 2 else body)


# Milestones


def path_to(seen: Seen, milestone: Shown, verb: str, way: int) -> str:
    """One of the ways to name a milestone."""
    older = DEPRECATED.get((verb, milestone["type"]))
    if way == 2 and older is not None:
        return f"/{older}"
    if way == 1:
        return f"/workflow_milestones/{milestone['workflow_milestone_id']}/{verb}"
    return f"/milestones/{ulid(milestone['id']).lower()}/{verb}"


async def confirm(desk: Desk, seen: Seen, place: int, way: int, day: int | None, moved: int | None) -> Answer:
    """`moved`: the milestone behind gets this date with it."""
    milestone = _meant(seen, place)
    if milestone is None:
        return await desk.of(seen, "POST", f"/{('confirm_shipment', 'confirm_delivery')[way % 2]}", {})
    body: dict[str, Any] = {} if day is None else {"date": desk.day(day), "note": f"said {day}"}
    if moved is not None:
        body |= _hashes(desk, seen, seen.milestones.index(milestone) + 1, moved)
    return await desk.of(seen, "POST", path_to(seen, milestone, "confirm", way), body or None)


def _meant(seen: Seen, place: int) -> Shown | None:
    """The milestone that is next, mostly; else any."""
    if place < 0:
        return next((one for one in seen.milestones if one["status"] != "confirmed"), seen.milestone(place))
    return seen.milestone(place)


def _hashes(desk: Desk, seen: Seen, place: int, day: int) -> dict[str, Any]:
    if place >= len(seen.milestones):
        return {}
    other = seen.milestones[place]
    if day % 2:
        return {"order_milestone_key_dates": {other["id"]: desk.day_from(other, day)}}
    template = ulid(other["workflow_milestone_id"])
    return {"workflow_order_milestone_key_dates": {template: desk.day_from(other, day)}}


async def confirm_at_once(desk: Desk, seen: Seen) -> list[Answer]:
    """The next milestone, by all its names, by several callers at once."""
    milestone = _meant(seen, -1)
    if milestone is None:
        return []
    asked = (
        desk.of(seen, "POST", path_to(seen, milestone, "confirm", way), wire=way)
        for way in range(len(desk.stage.wires))
    )
    return list(await asyncio.gather(*asked))


async def reject(desk: Desk, seen: Seen, place: int, way: int, day: int | None, moved: int | None) -> Answer:
    milestone = _meant(seen, place)
    if milestone is None:
        return await desk.of(seen, "POST", "/delay_delivery", {"reason": "no"})
    body: dict[str, Any] = {"reason": f"looms busy {way % 2}", "date": desk.day_from(milestone, day)}
    if moved is not None:
        body |= _hashes(desk, seen, seen.milestones.index(milestone) + 1, moved)
    return await desk.of(seen, "POST", path_to(seen, milestone, "reject", way), body)


async def undo(desk: Desk, seen: Seen, place: int) -> Answer:
    """The newest confirmation, mostly."""
    confirmed = [one for one in seen.milestones if one["status"] == "confirmed"]
    milestone = confirmed[-1] if confirmed and place < 0 else seen.milestone(place)
    identifier = seen.id if milestone is None else milestone["id"]
    return await desk.of(seen, "POST", f"/milestones/{identifier}/undo", {"reason": "too early"})


async def move_dates(desk: Desk, seen: Seen, families: int, place: int, days: Sequence[int | None]) -> Answer:
    """`families`: which of the three, as bits. They name milestones one after another from `place` on; days count from
    the date that each has."""
    body: dict[str, Any] = {"reason": "looms busy"}
    for step, (bit, day) in enumerate(zip((1, 2, 4), days, strict=True)):
        milestone = seen.milestone(place + step)
        if not families & bit:
            continue
        if milestone is None or bit == 1:
            kind = "shipment" if milestone is None else milestone["type"]
            body[NAMED_DATES.get(kind, "ship_date")] = desk.day_from(milestone, day)
        elif bit == 2:
            body["order_milestone_key_dates"] = {milestone["id"]: desk.day_from(milestone, day)}
        else:
            template = milestone["workflow_milestone_id"]
            body["workflow_order_milestone_key_dates"] = {template: desk.day_from(milestone, day)}
    return await desk.of(seen, "PATCH", "/edit_timeline", body)


async def issue(desk: Desk, seen: Seen) -> Answer:
    return await desk.of(seen, "POST", "/issue")


# Tasks


async def add_task(desk: Desk, seen: Seen, place: int | None, required: bool, day: int | None) -> Answer:
    milestone = None if place is None else seen.milestone(place)
    body = {
        "title": f"Task {len(seen.tasks)}",
        "required": required,
        "due_date": desk.day(day),
        "milestone_id": None if milestone is None else milestone["id"],
    }
    return await desk.of(seen, "POST", "/tasks", {"task": body})


async def act_on_task(desk: Desk, seen: Seen, which: int, verb: str, day: int | None) -> Answer:
    if not seen.tasks:
        return await add_task(desk, seen, None, False, day)
    blocking = [] if seen.next is None else seen.next["blocking_task_ids"]
    able = [one for one in seen.tasks if one["id"] in blocking] if which % 2 else seen.tasks
    task = (able or seen.tasks)[which % len(able or seen.tasks)]
    path = f"/tasks/{task['id']}"
    if verb != "edit":
        return await desk.of(seen, "POST", f"{path}/{verb}")
    body = {"due_date": desk.day(day), "required": bool(which % 2), "assignee": "studio@loom.example"}
    return await desk.of(seen, "PATCH", path, body)
