"""What is done on the Orders API and the Status API, by the shop's importer and by time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from milepost.core.orders import put_orders
from milepost.model.actor import system_actor
from milepost.model.order import Customer, NewItem, NewOrder, Stop
from tests.one_truth.desk import Desk, Seen
from tests.one_truth.oracle import Shown
from tests.one_truth.stage import ADDONS, COATS, STATUSES
from tests.one_truth.wire import Answer


def kg(value: str) -> dict[str, str]:
    return {"unit": "KG", "value": value}


# The Orders API


async def create(desk: Desk, variety: int) -> Answer:
    supplier = {"supplier_id": "SUP-31", "name": "Birchline", "address": {"locality": "Faro"}}
    body = {
        "order_number": desk.number(),
        "ship_to": {"line_1": "77 Commercial St", "region": "ME"} if variety % 2 else {},
        "supplier": supplier if variety % 3 == 0 else None,
        "tags": ["rush"] if variety > 2 else [],
        "items": [{"description": name, "amount": kg("40.5")} for name in "AB"],
    }
    return await desk.there("POST", "/orders", body)


Edit = Callable[[Desk, int], dict[str, Any]]
EDITS: tuple[Edit, ...] = (
    lambda desk, n: {"name": ("June", "July", None)[n % 3]},
    lambda desk, n: {"order_number": desk.number()},
    lambda desk, n: {"ship_to": {"line_2": f"Dock {n % 2}", "timezone": None}},
    lambda desk, n: {"tags": ["summer-shelf", "rush"][: n % 3]},
    lambda desk, n: {"custom_data": {"n": n % 2, "share": 1.5}, "archived": bool(n % 2)},
    lambda desk, n: {"supplier": None if n % 2 else {"supplier_id": f"sup-{n % 3}"}},
    lambda desk, n: {"references": [{"qualifier": "A", "value": str(n % 2)}], "start_date": desk.day(n)},
    lambda desk, n: {},
)


async def edit(desk: Desk, seen: Seen, first: int, second: int, n: int) -> Answer:
    """A merge patch; at times on a version that is gone."""
    body = EDITS[first](desk, n) | EDITS[second](desk, n + 1)
    stale = {"if_match": '"0"'} if n % 7 == 0 else {}
    return await desk.there("PATCH", f"/orders/{seen.ulid}", body, **stale)


async def put(desk: Desk, seen: Seen, n: int) -> Answer:
    """What is there, as it is or with other lines."""
    body = dict(seen.order)
    if n % 3:
        kept = [{**line, "description": f"Line {n % 2}"} for line in body["items"][n % 2 :]]
        body |= {"name": "Put", "items": [*kept, {"amount": kg("3.50")}]}
    return await desk.there("PUT", f"/orders/{seen.ulid}", body)


async def change_items(desk: Desk, seen: Seen, verb: str, which: int, n: int) -> Answer:
    path = f"/orders/{seen.ulid}/items"
    items = seen.order["items"]
    if verb == "add" or not items:
        return await desk.there("POST", path, {"description": "Joist hanger", "amount": kg(str(n % 4))})
    path = f"{path}/{items[which % len(items)]['id']}"
    if verb == "delete":
        return await desk.there("DELETE", path)
    needs = (None, {}, {"quantity": n % 4}, {"gross_weight": kg("1.0")})[n % 4]
    body = {"amount": {"value": f"{n % 50 + 1}.{n % 3}"}, "shipping_requirements": needs}
    return await desk.there("PATCH", path, body)


async def release(desk: Desk, seen: Seen, to_order: bool, which: int, whole: bool) -> Answer:
    items = seen.order["items"]
    taken: list[Shown] = []
    if items:
        item = items[which % len(items)]
        amount = {} if whole else {"amount": {**item["amount"], "value": "0.5"}}
        taken = [{"order_item_id": item["id"], **amount}]
    kind = "PURCHASE_ORDER" if to_order else "TRANSPORTATION"
    return await desk.there("POST", f"/orders/{seen.ulid}/releases", {"release_type": kind, "items": taken})


LEGS = ("DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")


async def move_leg(desk: Desk, seen: Seen, which: int, move: int) -> Answer:
    """`move`: how far; beyond the last the leg is taken off."""
    releases = seen.legs or seen.order["releases"]
    if not releases:
        return await release(desk, seen, False, which, False)
    body: dict[str, Any] = {"unassigned_at": "2026-01-05T00:00:00Z"}
    if move < len(LEGS):
        body = {"transit_status": LEGS[move]}
    path = f"/orders/{seen.ulid}/releases/{releases[which % len(releases)]['id']}"
    return await desk.there("PATCH", path, body)


async def cancel(desk: Desk, seen: Seen) -> Answer:
    return await desk.there("POST", f"/orders/{seen.ulid}/cancel")


# The Status API


def wanted(desk: Desk, status: int, coat: int) -> dict[str, str]:
    """A status to enter, with a sub-status where it has some."""
    names = [*STATUSES, *ADDONS]
    name = names[status % len(names)]
    has_coats = ADDONS[name] if name in ADDONS else STATUSES[name][1]
    body = {"status_id": desk.team.known[name]}
    return (
        {**body, "sub_status_option_id": desk.team.known[f"Coats/{COATS[coat % 2]}"]} if has_coats else body
    )


async def enter(desk: Desk, seen: Seen, status: int, coat: int) -> Answer:
    return await desk.status("POST", f"/orders/{seen.id}/status", wanted(desk, status, coat))


async def enter_linked(desk: Desk, seen: Seen) -> Answer:
    """The status that the current milestone names."""
    current = next((one for one in seen.milestones if one["current"]), None)
    linked = None if current is None else current["linked_status"]
    if linked is None:
        return await enter(desk, seen, 0, 0)
    body = {"status_id": linked["id"]}
    if linked["sub_status"] is not None:
        body["sub_status_option_id"] = linked["sub_status"]["id"]
    return await desk.status("POST", f"/orders/{seen.id}/status", body)


async def enter_many(desk: Desk, several: list[Seen], status: int, coat: int) -> Answer:
    body = {"order_ids": [seen.id for seen in several], **wanted(desk, status, coat)}
    return await desk.status("POST", "/orders/status-bulk", body)


async def move_lines(desk: Desk, seen: Seen, verb: str, which: int, status: int, coat: int) -> Answer:
    lines = [line["id"] for line in seen.status["line_items"]]
    if not lines:
        return await change_items(desk, seen, "add", which, status)
    chosen = lines[which % len(lines) :][:2]
    if verb == "clear":
        return await desk.status("POST", "/line-items/clear-status", {"line_item_ids": chosen})
    body = wanted(desk, status, coat)
    if verb == "many":
        return await desk.status("POST", "/line-items/status-bulk", {"line_item_ids": chosen, **body})
    return await desk.status("POST", f"/line-items/{chosen[0]}/status", body)


# The shop's importer


async def from_the_shop(desk: Desk, number: int, n: int, is_draft: bool) -> str:
    """What the shop says of one of its orders: a new one, or one that is known; its id."""
    order = NewOrder(
        order_number=f"#{'D' if is_draft else ''}{number}",
        source="IMPORT",
        shopify_kind="DraftOrder" if is_draft else "Order",
        shopify_id=number,
        is_draft=is_draft,
        currency="EUR",
        note=("Gate 4", None)[n % 2],
        customer=Customer("Inês", "Falcão", f"ines{n % 2}@mail.example", None),
        ship_to=Stop(company_name="Yard", line_1=f"Rua do Cais {n % 3}", country="PT"),
        cancelled_at=desk.now if n % 11 == 10 else None,
        items=tuple(
            NewItem(quantity=Decimal(n % 4 + 1), description=f"Kayak {line}", shopify_line_item_id=line)
            for line in range(1, 2 + n % 2)
        ),
    )
    actor = system_actor(desk.team.id, "Importer")
    (put,) = await put_orders(desk.stage.world.pool, actor, desk.workspace, [order], desk.now)
    assert put.refusal is None, put
    assert put.order_id is not None
    return put.order_id
