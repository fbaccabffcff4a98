"""The load: clients that each own some orders, change them by every verb of the Orders API and by the Status API, and
know after each answer what their orders must look like."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

from milepost.kit.ids import parse_id, ulid
from tests.chaos import ledger as mark
from tests.chaos.caller import STATUS_API, Answer, Caller, Unanswered
from tests.chaos.ledger import Ledger
from tests.chaos.orders import Order
from tests.surfaces.orders_api.talk import kg
from tests.surfaces.orders_api.test_releases import BOUNDARY, data, form

AT_A_TIME: Final = 12
"""Orders that a client works on."""
_CHANGES_OF_AN_ORDER: Final = 60
_MOST_ITEMS, _MOST_LEGS, _MOST_CHILDREN = 6, 4, 2
_FILE_BYTES: Final = (10_000, 300_000)
"""The second is kept in more than one part."""
_TWICE: Final = 0.03
"""Of answered requests with a key are sent again at once, and as many at the end."""
_TRANSIT: Final = (None, "DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")

_Request = tuple[Answer, str, str, Any, dict[str, Any]]


class Client:
    """One client. `statuses`: ids of the team's workflow statuses."""

    def __init__(self, caller: Caller, ledger: Ledger, dice: random.Random, statuses: Sequence[str]) -> None:
        self._caller = caller
        self._ledger = ledger
        self._dice = dice
        self._statuses = statuses
        self._active: list[Order] = []
        self._known: list[Order] = []
        self._later: list[_Request] = []
        self._is_stopped = False

    def stop(self) -> None:
        """Begin no more changes."""
        self._is_stopped = True

    async def run(self, pause: float, may_go_on: asyncio.Event) -> None:
        """Changes things until `stop`, and until the last change is answered; `pause`: seconds between two changes,
        about. While `may_go_on` is not set it waits."""
        try:
            while not self._is_stopped:
                await may_go_on.wait()
                await self._step()
                await asyncio.sleep(self._dice.uniform(0, 2 * pause))
        except Unanswered as never:
            self._ledger.find(f"never answered: {never}")

    async def verify(self) -> None:
        """In the end: every order is as it was answered, and answers are kept for those who ask again."""
        for order in self._known:
            answer = await self._caller.ask("GET", f"/orders/{order.id}")
            assert answer is not None
            for difference in order.differences(answer):
                self._ledger.find(f"order {order.number} is not as answered: {difference}")
        for first, method, path, body, options in self._later:
            await self._caller.ask_twice(first, method, path, body, **options)

    async def _step(self) -> None:
        if len(self._active) < AT_A_TIME:
            await self.create()
            return
        order = self._dice.choice(self._active)
        await self._dice.choices(*_ACTS)[0](self, order)
        if order.changes >= _CHANGES_OF_AN_ORDER or order.is_canceled:
            self._active.remove(order)

    async def create(self) -> None:
        number = self._ledger.name("MP")
        body = {
            "order_number": number,
            "name": self._ledger.name("name"),
            "description": self._ledger.name("text"),
            "ship_to": {"company_name": "Harbor Row Warehouse", "locality": "Portland"},
            "items": [self._new_item() for _ in range(self._dice.randint(1, 3))],
            "custom_data": {"cost_center": "114"},
        }
        if self._dice.random() < 0.3:
            body["supplier"] = {"name": "Birchline Mill", "supplier_id": "SUP-31"}
        answer = await self._change("create", [mark.created(number)], "POST", "/orders", body)
        if answer is not None:
            self._own(Order(answer))

    async def rename(self, order: Order) -> None:
        """One request in four is careless: without a key, and not repeated when its answer is lost."""
        name = self._ledger.name("name")
        once = self._dice.random() < 0.25
        answer = await self._change(
            "patch", [mark.renamed(name)], "PATCH", f"/orders/{order.id}", {"name": name}, of=order, once=once
        )
        if answer is not None:
            order.was_answered(answer)
        elif once:
            order.may_be_named(name)

    async def replace(self, order: Order) -> None:
        """A PUT that renames, drops an item, changes another and adds a third: all at once or nothing."""
        name, text = self._ledger.name("name"), self._ledger.name("text")
        marks = [mark.renamed(name), mark.described(text)]
        items = []
        for item in order.items.values():
            if item["id"] not in order.taken and self._dice.random() < 0.2:
                marks.append(mark.item_gone(item["id"]))
                continue
            kept = {name: item[name] for name in ("id", "description", "amount", "shipping_requirements")}
            if self._dice.random() < 0.3:
                kept["description"] = self._ledger.name("item")
                marks.append(mark.item_changed(kept["description"]))
            items.append(kept)
        if len(items) < _MOST_ITEMS:
            items.append(self._new_item())
            marks.append(mark.item_added(items[-1]["description"]))
        body = {**order.document_to_put, "name": name, "description": text, "items": items}
        answer = await self._change("put", marks, "PUT", f"/orders/{order.id}", body, of=order)
        if answer is not None:
            order.was_answered(answer)

    async def add_item(self, order: Order) -> None:
        if len(order.items) < _MOST_ITEMS:
            body = self._new_item()
            marks = [mark.item_added(body["description"])]
            path = f"/orders/{order.id}/items"
            answer = await self._change("add item", marks, "POST", path, body, of=order)
            if answer is not None:
                order.item_was_answered(answer)

    async def change_item(self, order: Order) -> None:
        if order.items:
            text = self._ledger.name("item")
            path = f"/orders/{order.id}/items/{self._dice.choice(list(order.items))}"
            body = {"description": text, "shipping_requirements": {"quantity": self._dice.randint(1, 9)}}
            marks = [mark.item_changed(text)]
            answer = await self._change("change item", marks, "PATCH", path, body, of=order)
            if answer is not None:
                order.item_was_answered(answer)

    async def remove_item(self, order: Order) -> None:
        """A DELETE takes no key: gone already is as good an answer."""
        free = [item_id for item_id in order.items if item_id not in order.taken]
        if free:
            item_id = self._dice.choice(free)
            path = f"/orders/{order.id}/items/{item_id}"
            marks = [mark.item_gone(item_id)]
            answer = await self._change("remove item", marks, "DELETE", path, keyed=False, fine=(204, 404))
            if answer is not None:
                order.item_is_gone(item_id)

    async def release(self, order: Order) -> None:
        """A leg; one in four with a document."""
        if not order.available or len(order.legs) >= _MOST_LEGS:
            return
        shipment, item_id = self._ledger.name("shp"), self._dice.choice(order.available)
        body = {"released_to_shipment_id": shipment, "items": [_one_of(item_id)]}
        form_of: dict[str, Any] = {}
        sent: Any = body
        if self._dice.random() < 0.25:
            paper = self._dice.randbytes(self._dice.choice(_FILE_BYTES))
            sent = form(data(body), ("documents", "packing.pdf", "application/pdf", paper))
            form_of["content_type"] = f"multipart/form-data; boundary={BOUNDARY}"
        path = f"/orders/{order.id}/releases"
        answer = await self._change("release", [mark.leg(shipment)], "POST", path, sent, of=order, **form_of)
        if answer is not None:
            order.leg_was_answered(answer, item_id)

    async def release_to_order(self, order: Order) -> None:
        """A release that makes another order."""
        if not order.available or not order.may_have_children or order.children >= _MOST_CHILDREN:
            return
        number, item_id = self._ledger.name("MP"), self._dice.choice(order.available)
        body = {
            "release_type": "PURCHASE_ORDER",
            "order_number": number,
            "name": self._ledger.name("name"),
            "items": [_one_of(item_id)],
        }
        marks = [mark.released(number), mark.created(number)]
        path = f"/orders/{order.id}/releases"
        answer = await self._change("release to an order", marks, "POST", path, body, of=order)
        if answer is not None:
            order.child_was_answered(answer, item_id)
            made = await self._caller.ask("GET", f"/orders/{answer.json['released_to_order_id']}")
            assert made is not None
            if made.status != 200:
                self._ledger.find(f"order {number}, just released, is answered {made.status}")
                return
            self._own(Order(made, parent=order, parent_item_id=item_id))

    async def move_leg(self, order: Order) -> None:
        movable = [leg for leg in order.legs.values() if leg["transit_status"] != _TRANSIT[-1]]
        if movable:
            leg = self._dice.choice(movable)
            to = _TRANSIT[_TRANSIT.index(leg["transit_status"]) + 1]
            path = f"/orders/{order.id}/releases/{leg['id']}"
            marks = [mark.leg(leg["released_to_shipment_id"], to)]
            answer = await self._change("move leg", marks, "PATCH", path, {"transit_status": to}, of=order)
            if answer is not None:
                order.leg_was_answered(answer)

    async def cancel(self, order: Order) -> None:
        if order.is_on_its_way or self._dice.random() < 0.5:
            return
        marks = [mark.canceled(order.number)]
        marks += [] if order.parent is None else [mark.returned(order.number)]
        answer = await self._change("cancel", marks, "POST", f"/orders/{order.id}/cancel", {}, of=order)
        if answer is not None:
            order.was_canceled(answer)

    async def move(self, order: Order) -> None:
        """Another workflow status, by the Status API: repeated, it finds the order there and says so."""
        to = self._dice.choice([status for status in self._statuses if status != order.status_id])
        marks = [mark.moved(order.number, order.moves + 1, ulid(to))]
        path = f"{STATUS_API}/orders/{parse_id(order.id)}/status"
        answer = await self._change("move", marks, "POST", path, {"status_id": to}, keyed=False)
        if answer is not None:
            order.was_moved(to)

    async def _change(
        self,
        kind: str,
        marks: list[str],
        method: str,
        path: str,
        body: Any = None,
        *,
        of: Order | None = None,
        keyed: bool = True,
        once: bool = False,
        fine: tuple[int, ...] = (200, 201),
        **options: Any,
    ) -> Answer | None:
        """Asks for a change; its answer, when that is a good one. `of`: with what is known of the order as condition,
        one time in two."""
        if keyed and not once:
            options["key"] = self._ledger.name("key")
        if of is not None and of.etag is not None and self._dice.random() < 0.5:
            options["if_match"] = of.etag
        self._ledger.asked.update(marks)
        answer = await self._caller.ask(method, path, body, once=once, **options)
        if answer is None:
            self._ledger.met["requests whose outcome nobody knows"] += 1
            return None
        if answer.status not in fine:
            self._ledger.find(f"{kind}: {method} {path} {options}: {answer.status} {answer.body!r}")
            return None
        self._ledger.answered.update(marks)
        self._ledger.changes[kind] += 1
        if "key" in options:
            await self._maybe_twice((answer, method, path, body, options))
        return answer

    async def _maybe_twice(self, request: _Request) -> None:
        if self._dice.random() < _TWICE:
            first, method, path, body, options = request
            await self._caller.ask_twice(first, method, path, body, **options)
        elif self._dice.random() < _TWICE:
            self._later.append(request)

    def _own(self, order: Order) -> None:
        self._active.append(order)
        self._known.append(order)

    def _new_item(self) -> dict[str, Any]:
        return {"description": self._ledger.name("item"), "amount": kg("100")}


_ACTS: Final = (
    (
        Client.rename,
        Client.replace,
        Client.add_item,
        Client.change_item,
        Client.remove_item,
        Client.release,
        Client.release_to_order,
        Client.move_leg,
        Client.cancel,
        Client.move,
    ),
    (20, 12, 8, 12, 5, 6, 3, 10, 2, 22),
)
"""What clients do, and how often."""


def _one_of(item_id: str) -> dict[str, Any]:
    return {"order_item_id": item_id, "amount": kg("1")}
