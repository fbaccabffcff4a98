"""Plays the stories of what a boatyard buys, by the verbs of the Milestones API."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from milepost.core.purchase_order_entry import Entry, enter_order
from milepost.intake.demo_acts import Act, Done, Scene
from milepost.intake.demo_purchases import PURCHASES, SUPPLIERS, Purchase
from milepost.kit.ids import new_id
from milepost.model.actor import ALL_PERMISSIONS, Actor
from milepost.model.order import NewItem, NewOrder
from milepost.model.purchase_order_lines import with_part
from milepost.model.workflow import Workspace
from milepost.store.db import Database
from milepost.store.order_loads import load_planned_orders

FIRST_HOUR = 8
"""In UTC: when orders are made; what is said of one that day follows an hour later each."""


class Buying:
    """The first so many purchases, whose stories happen in the sequence of time."""

    def __init__(self, db: Database, workspace: Workspace, now: datetime, count: int) -> None:
        self._db = db
        self._workspace = workspace
        self._today = now.astimezone(workspace.calendar.zone).date()
        team_id = workspace.team.id
        self._yard = Actor(team_id, "user", new_id(), "Marta Lopes", ALL_PERMISSIONS)
        self._suppliers = {
            supplier: Actor(team_id, "user", new_id(), name, ALL_PERMISSIONS)
            for supplier, name, _ in SUPPLIERS
        }
        self._waiting = sorted(
            (moment, number, step)
            for number, purchase in enumerate(PURCHASES[:count])
            for step, moment in enumerate(_moments(purchase, now))
        )
        self._ids: dict[int, str] = {}

    async def until(self, moment: datetime) -> None:
        """Has happen what happened by then."""
        while self._waiting and self._waiting[0][0] <= moment:
            at, number, step = self._waiting.pop(0)
            purchase = PURCHASES[number]
            if step == 0:
                self._ids[number] = await self._made(purchase, at)
            else:
                await self._said(purchase, purchase.acts[step - 1], self._ids[number], at)

    async def _made(self, purchase: Purchase, at: datetime) -> str:
        workflows = {workflow.name: workflow.id for workflow in self._workspace.workflows}
        entry = _entry(purchase, workflows[purchase.workflow], self._today)
        order = await enter_order(self._db, self._yard, self._workspace, entry, clock=lambda: at)
        return order.id

    async def _said(self, purchase: Purchase, act: Act, order_id: str, at: datetime) -> None:
        actor = self._suppliers[purchase.supplier[0]] if act.by_supplier else self._yard
        _, (order,) = await load_planned_orders(self._db, actor.team_id, [order_id])

        def run(verb: Callable[..., Done], *given: Any, **more: Any) -> Done:
            return verb(self._db, actor, self._workspace, order_id, *given, clock=lambda: at, **more)

        await act.say(Scene(order, self._today, run))


def _moments(purchase: Purchase, now: datetime) -> list[datetime]:
    """When it was made, and when each act of it was."""
    days = [purchase.ago, *(act.ago for act in purchase.acts)]
    return [
        (now - timedelta(days=ago)).replace(
            hour=FIRST_HOUR + days[:step].count(ago), minute=7 * step, second=0, microsecond=0
        )
        for step, ago in enumerate(days)
    ]


def _entry(purchase: Purchase, workflow_id: str, today: date) -> Entry:
    supplier_id, name, town = purchase.supplier
    incoterms, payment_terms, shipping_method = purchase.terms
    return Entry(
        content=NewOrder(
            order_number="",
            is_draft=purchase.is_draft,
            name=purchase.name,
            currency="EUR",
            incoterms=incoterms,
            payment_terms=payment_terms,
            shipping_method=shipping_method,
            supplier={
                "supplier_id": supplier_id,
                "name": name,
                "address": {"locality": town, "country": "PT"},
            },
            ships_on=today + timedelta(days=purchase.ships),
            delivered_on=today + timedelta(days=purchase.arrives),
            milestone_workflow_id=workflow_id,
        ),
        items=tuple(
            NewItem(
                quantity=Decimal(quantity),
                unit=unit,
                references=with_part((), part or None),
                description=description,
                unit_price=Decimal(price),
            )
            for part, description, quantity, unit, price in purchase.lines
        ),
        tags=("purchase",),
    )
