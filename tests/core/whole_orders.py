"""Orders with all that an order can have, made by the verbs that make it, and a second team to bring them to."""

import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from milepost.cli.importing import read_plain
from milepost.core.line_items import change_line_items, clear_line_items
from milepost.core.milestones import (
    confirm_milestone,
    edit_timeline,
    issue_order,
    reject_milestone,
    undo_confirmation,
)
from milepost.core.order_tasks import add_task, complete_task
from milepost.core.overdue import tell_overdue
from milepost.core.purchase_order_entry import Entry, enter_order
from milepost.core.purchase_orders import add_item, cancel_order, create_order, replace_order
from milepost.core.releases import NewDocument, move_leg, release
from milepost.core.statuses import OrderKeys, change_statuses
from milepost.core.tags import create_tag
from milepost.core.workspace import apply
from milepost.intake import workspace_export, workspace_file
from milepost.intake.order_transfer import Format, export_orders, import_orders
from milepost.kit.ids import new_id
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Named, Rejection
from milepost.model.order import (
    Customer,
    Geolocation,
    ItemWish,
    NewItem,
    NewOrder,
    OrderWish,
    PlanWindow,
    Reference,
    Stop,
    StopRequirements,
    StoredOrder,
)
from milepost.model.order_tasks import TaskWish
from milepost.model.releasing import ChildWish, LegWish, ReleaseWish, TakenWish
from milepost.model.transitions import Target
from milepost.reads import workspace as workspaces
from milepost.store.db import Pool
from tests.core.orders_in import NOW, Shop, kayak, shop_order

SETUP: dict[str, Any] = {
    "team": {"time_zone": "Europe/Lisbon", "currency": "EUR"},
    "sub_status_groups": [{"name": "Varnish coats", "options": ["First coat", "Second coat"]}],
    "statuses": [
        {"name": "Hull laid", "color": "#5B8DB8", "workflow": "Build", "max_duration": {"seconds": 86400}},
        {"name": "Varnish", "color": "#B5651D", "workflow": "Build", "sub_status_group": "Varnish coats"},
        {"name": "Gone out", "color": "#222222", "workflow": "Build"},
        {"name": "Waiting", "color": "#999999", "independent": True},
        {"name": "Gift wrapped", "color": "#2E8B57", "addon": True},
        {"name": "Zinc plated", "color": "#2E8B58", "addon": True, "sub_status_group": "Varnish coats"},
    ],
    "workflows": [
        {
            "name": "Build",
            "default": True,
            "color": "#24527A",
            "milestones": [
                {
                    "name": "Order accepted",
                    "type": "acceptance",
                    "status": "Hull laid",
                    "key_date": {"relative_to": "issued_at", "offset_days": 2},
                },
                {
                    "name": "Shipped",
                    "type": "shipment",
                    "status": "Gone out",
                    "tasks": [{"title": "On track to ship", "days_before": 7}],
                },
            ],
        },
        {"name": "Repair", "color": "#24527B"},
        {
            "name": "Purchase",
            "color": "#24527C",
            "milestones": [
                {"name": "Order accepted", "type": "acceptance", "status": "Hull laid"},
                {
                    "name": "Begun",
                    "type": "production_start",
                    "status": "Varnish",
                    "sub_status": "First coat",
                    "key_date": {"relative_to": "issued_at", "offset_days": 1},
                },
                {
                    "name": "Packed",
                    "type": "custom",
                    "owner": "brand",
                    "key_date": {"relative_to": "ships_on", "offset_days": -3},
                    "tasks": [{"title": "Packing list", "required": True, "days_before": 2}],
                },
                {"name": "Shipped", "type": "shipment", "prompt_offset_days": 2},
                {"name": "Arrived", "type": "delivery", "status": "Waiting"},
            ],
        },
    ],
}

ORDERS = 9
"""How many a yard has that was filled."""

FILE = bytes(range(256)) * 2100
"""Larger than a stored part, and no multiple of three."""


def clock() -> Any:
    """A clock that goes on by a second and a microsecond each time."""
    moments = (NOW + step * timedelta(seconds=1, microseconds=1) for step in range(10_000))
    return lambda: next(moments)


class Yard(Shop):
    """A team whose orders have everything."""

    @classmethod
    async def begin(cls, pool: Pool) -> "Yard":
        """The team with its workspace and a webhook that wants everything, with objects."""
        yard = await Yard.open(pool, SETUP)
        assert isinstance(yard, Yard)
        yard.clock = clock()
        await yard.subscribe()
        return yard

    async def subscribe(self) -> None:
        events = ["order.created", "order.updated", "order.item.updated", "order.status.changed"]
        await self.pool.execute(
            """insert into webhooks (team_id, id, url, enabled_events, error_contact_email, include_updated_object,
                 sealed_secret, created_at, updated_at)
               values ($1, $2, 'https://receiver.example/', $3, 'a@b.example', true, '', now(), now())""",
            self.team_id,
            new_id(),
            events,
        )
        await self.pool.execute("update teams set version = version + 1 where team_id = $1", self.team_id)

    clock: Any

    async def do(self, verb: Any, *given: Any) -> Any:
        return await verb(self.pool, self.actor, await self.workspace(), *given, clock=self.clock)

    async def fill(self) -> None:
        """Puts in orders of every kind."""
        await self._from_the_shop()
        order = await self._document()
        await self._released(order)
        gone = await self.do(create_order, wish("MP-cancelled", items=()))
        await self.do(cancel_order, gone.id)
        await self._on_its_way()
        await self._refused_and_taken_back()
        await self.do(enter_order, await self.purchase("PO-draft", is_draft=True))

    async def _from_the_shop(self) -> None:
        customer = Customer("Inês", "Falcão", "ines@mail.example", "+351 21")
        stop = Stop(
            line_1="Rua do Cais 7\r\nao lado; do porto",
            geolocation=Geolocation(37.026, -7.0),
            latitude_text="37.0260",
            longitude_text="-7.00",
        )
        number = shop_order(
            7, customer=customer, ship_to=stop, note='"Gate", 4410', total_price=Decimal("398.10")
        )
        order_id = await self.put_one(number)
        await self.put_one(shop_order(8, shopify_kind="DraftOrder", is_draft=True, order_number="#D8"))
        await self.move(order_id, "Hull laid")
        await self.move(order_id, "Varnish", "First coat")
        await self.move(order_id, "Gift wrapped")
        await self.move(order_id, "Zinc plated", "Second coat")
        lines = [item["id"] for item in await self.items(order_id)]
        known = await self.workspace()
        varnish = next(status for status in known.statuses if status.name == "Varnish")
        target = Target(varnish, next(iter(varnish.options.values())))
        await change_line_items(self.pool, self.actor, known, lines, target, clock=self.clock)
        await clear_line_items(self.pool, self.actor, known, lines[1:], clock=self.clock)
        await self.put_one(shop_order(9, [kayak(1, quantity=Decimal("2"))]))

    async def move(self, order_id: str, name: str, option: str | None = None) -> None:
        known = await self.workspace()
        status = next(one for one in known.statuses if one.name == name)
        chosen = next((one for one in status.options.values() if one.name == option), None)
        await change_statuses(
            self.pool, self.actor, known, OrderKeys([order_id]), Target(status, chosen), clock=self.clock
        )

    async def _document(self) -> StoredOrder:
        for name in ("Summer shelf", "Árvore"):
            await create_tag(self.pool, self.actor, name, None, clock=self.clock)
        number = wish("MP-24017")
        stored: StoredOrder = await self.do(create_order, number)
        await self.do(replace_order, stored.id, lambda order: renamed(order, "Deck screws, July"))
        added, _ = await self.do(add_item, stored.id, NewItem(quantity=Decimal("0.0000001"), unit="LB"))
        assert isinstance(added, StoredOrder)
        await self.move(stored.id, "Hull laid")
        return added

    async def _released(self, order: StoredOrder) -> None:
        item = order.items[0]
        files = [
            NewDocument(file_name="packing.pdf", content_type="application/pdf", content=FILE),
            NewDocument(file_name="nothing.txt", content_type="text/plain", content=b"", description="empty"),
        ]
        to_order = ReleaseWish(
            items=(TakenWish(item.id, Decimal("1.10")),),
            release_type="PURCHASE_ORDER",
            child=ChildWish(name="Its child", start_date=date(2026, 7, 1)),
        )
        await self.do(release, order.id, to_order, files)
        leg = ReleaseWish(items=(TakenWish(item.id),), shipment_id="shp-7c21")
        text = NewDocument(file_name="a.txt", content_type="text/plain", content=b"leg", document_type="BOL")
        _, made = await self.do(release, order.id, leg, [text])
        away = LegWish(said=frozenset(["unassigned_at"]), unassigned_at=NOW)
        await self.do(move_leg, order.id, made.id, away)
        again = ReleaseWish(items=(TakenWish(item.id, Decimal("2.5")),), transit_status="DISPATCHED")
        await self.do(release, order.id, again)

    async def purchase(self, number: str = "", **members: Any) -> Entry:
        """An order of the Milestones API, with all that only this surface tells."""
        workflow = next(one for one in (await self.workspace()).workflows if one.name == "Purchase")
        content = NewOrder(
            order_number=number,
            name="Spring aprons",
            supplier={"supplier_id": "sup-118", "name": "Tessel Mills"},
            incoterms="FCA Setúbal",
            payment_terms="net 45, 2 % in 10 days",
            shipping_method="sea",
            ships_on=date(2026, 6, 9),
            delivered_on=date(2026, 7, 14),
            milestone_workflow_id=workflow.id,
        )
        lines = (NewItem(quantity=Decimal(1200), sku="APR-LIN-3", unit_price=Decimal("6.15")),)
        return Entry(content=replace(content, **members), items=lines, tags=("Árvore",))

    async def _on_its_way(self) -> None:
        """In production, late, with delays, told of, and tasks open and done."""
        made: StoredOrder = await self.do(enter_order, await self.purchase())
        await self.confirm(made, "acceptance", note="swatch 4 it is")
        wish = Rejection(reason="dye house closed", date=date(2026, 6, 16), note="again")
        await self.do(reject_milestone, made.id, Named("type", "shipment"), wish)
        dates = KeyDates(named={"delivery": date(2026, 7, 20)}, reason="looms busy")
        await self.do(edit_timeline, made.id, dates)
        order = await self.confirm(made, "production_start")
        assert order.plan is not None
        packed, list_of_boxes = order.plan.milestones[2], order.plan.tasks[0]
        await self.do(complete_task, made.id, list_of_boxes.id)
        wish_of_task = TaskWish(
            title="Send photographs",
            assignee="studio@loom.example",
            due_date=date(2026, 6, 1),
            required=True,
            milestone_id=packed.id,
        )
        await self.do(add_task, made.id, wish_of_task)
        await self.do(add_task, made.id, TaskWish(title="Ask for a price list"))
        await tell_overdue(self.pool, await self.workspace(), [made.id], NOW + timedelta(days=40))

    async def _refused_and_taken_back(self) -> None:
        """Refused, issued again, accepted, and that undone; overdue, and told of."""
        made: StoredOrder = await self.do(enter_order, await self.purchase())
        acceptance = Named("type", "acceptance")
        await self.do(reject_milestone, made.id, acceptance, Rejection(reason="prices of last year"))
        await self.do(issue_order, made.id)
        await self.confirm(made, "acceptance")
        await self.do(undo_confirmation, made.id, acceptance)
        await tell_overdue(self.pool, await self.workspace(), [made.id], NOW + timedelta(days=3))

    async def confirm(self, order: StoredOrder, kind: str, **wish: Any) -> StoredOrder:
        """Confirms the milestone of that type."""
        after, _ = await self.do(confirm_milestone, order.id, Named("type", kind), Confirmation(**wish))
        assert isinstance(after, StoredOrder)
        return after

    # Going elsewhere

    async def twin(self) -> "Yard":
        """An empty team with the same workspace, applied from this one's export."""
        setup = await workspaces.load_setup(self.pool, self.team_id)
        twin = await Yard.open(self.pool, {})
        assert isinstance(twin, Yard)
        file = workspace_file.parse(workspace_export.as_yaml(setup).encode())
        await apply(self.pool, NOW, file.wish, team_name=twin.name)
        twin.clock = self.clock
        return twin

    async def export(self, form: Format = "ndjson") -> bytes:
        text = io.BytesIO()
        await export_orders(self.pool, self.team_id, form, text.write)
        return text.getvalue()

    async def bring(self, path: Path, content: bytes, form: Format = "ndjson", **options: Any) -> Any:
        path.write_bytes(content)
        return await import_orders(self.pool, self.actor, path, form, read_plain, self.clock, **options)


def wish(number: str, items: tuple[NewItem, ...] | None = None) -> OrderWish:
    """An order with every member of a create document, in values that are easily spoilt."""
    line = NewItem(
        quantity=Decimal("640.50"),
        unit="KG",
        description="Deck screw 5x80, box of 200",
        references=(Reference("PRODUCT_REF", "DS-580"), Reference("a=b;c", "d\\;e=f")),
        shipping_requirements={"quantity": 2, "gross_weight": {"unit": "KG", "value": "662"}},
        custom_data={"n": [Decimal("1.10"), Decimal("1E+2"), Decimal("0.10E-7"), True, None]},
    )
    stop = Stop(
        company_name="Harbor Row, Warehouse",
        geolocation=Geolocation(43.6568, 0.0),
        custom_data={"n": Decimal("1.10")},
        references=(Reference("ADDRESS_BOOK_ENTRY_ID", "ab;4410"),),
        shipping_requirements=StopRequirements(PlanWindow(NOW, None)),
    )
    content = NewOrder(
        order_number=number,
        order_type="PURCHASE_ORDER",
        name="Deck screws",
        description='Two "pallets",\nfor the shelf',
        source_system_id="sys-1",
        ship_to=stop,
        ship_from=Stop(country="CA"),
        references=(Reference("EXTERNAL_ID", f"ext-{number}"), Reference("B", "c")),
        shipping_requirements={"bill_to": {"account_number": "7"}},
        custom_data={"n": Decimal("1.10"), "big": 123456789012345678901234567890, "e": Decimal("1E+2")},
        supplier={"name": "Birchline", "identification_codes": [{"duns": 1}], "address": {"country": "PT"}},
        supplier_created_releases_allowed=True,
        start_date=date(2026, 6, 20),
        expiration_date=date(2026, 8, 15),
        archived=True,
    )
    lines = (line, NewItem(quantity=Decimal("88"), unit="EA")) if items is None else items
    tags = ("summer-shelf", "rvore") if items is None else ()
    return OrderWish(content=content, items=tuple(ItemWish(one) for one in lines), tags=tags)


def renamed(order: StoredOrder, name: str) -> OrderWish:
    return OrderWish(
        content=replace(order.content, name=name),
        items=tuple(ItemWish(item.content, item.id) for item in order.items),
        tags=tuple(tag.id for tag in order.tags),
    )
