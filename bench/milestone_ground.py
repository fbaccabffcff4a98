"""What the Milestones API is measured on: orders that are ready to be shipped, and orders of ten milestones."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from bench import ground
from bench.ground import Team
from milepost.core import milestones as verbs
from milepost.core.purchase_order_entry import Entry, enter_order
from milepost.kit.clock import system_clock
from milepost.model.actor import Actor, system_actor
from milepost.model.milestone_moves import Confirmation, Named
from milepost.model.order import NewItem, NewOrder, Stop, StoredOrder
from milepost.model.urgency import plan_of
from milepost.model.workflow import Workflow, Workspace
from milepost.reads import workspace
from milepost.store import db

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")

LINKED = "Waiting for packing"
"""The status that shipping enters. Plain status changes leave it and its neighbour out."""
_UNLINKED = [name for name in ground.STATUSES if name not in (LINKED, "In packing")]

_SHORT, _LONG = ground.WORKFLOWS[:2]
_ITEMS = 3
_SHIPS_AFTER, _DELIVERED_AFTER = timedelta(weeks=9), timedelta(weeks=11)


def _milestone(name: str, kind: str, days: int | None = None, **more: Any) -> dict[str, object]:
    """As a workspace file has it; `days`: from the issue to its key date."""
    rule = {} if days is None else {"key_date": {"relative_to": "issued_at", "offset_days": days}}
    return {"name": name, "type": kind, **rule, **more}


_BEGINNING = (
    _milestone("Order accepted", "acceptance", 3),
    _milestone("Production started", "production_start", 14),
)
_MILESTONES: dict[str, list[dict[str, object]]] = {
    _SHORT: [
        *_BEGINNING,
        _milestone(
            "Shipped",
            "shipment",
            status=LINKED,
            tasks=[{"title": "On track to ship", "days_before": 7}],
        ),
        _milestone("Delivered", "delivery"),
    ],
    _LONG: [
        *_BEGINNING,
        *(_milestone(f"Stage {week}", "custom", 7 * week) for week in range(3, 9)),
        _milestone("Shipped", "shipment"),
        _milestone("Delivered", "delivery"),
    ],
}


class Purchases(Struct, frozen=True):
    """A team whose orders only have to be shipped and delivered; and more of its orders, with ten milestones."""

    team: Team
    shipments: list[str]
    """The shipment milestone of each of the team's orders."""
    long_ids: list[str]
    stages: list[str]
    """The milestones of the workflow that `long_ids` follow."""


async def seed(url: str, orders: int, long_orders: int) -> Purchases:
    """So many orders of three lines and four milestones in all statuses but the linked one, and so many of ten
    milestones."""
    pool = await db.open_pool(url)
    try:
        team_id, key, known = await ground.make_team(pool, _MILESTONES)
        actor = system_actor(team_id)
        made = await _entered(pool, actor, known, _SHORT, orders)
        for place in range(len(_BEGINNING)):
            made = await _each(made, partial(_confirmed, pool, actor, known, place))
        long = await _entered(pool, actor, known, _LONG, long_orders)
        ids = [order.id for order in made]
        statuses = [status for status in known.statuses if status.name in _UNLINKED]
        await ground.spread(pool, known, ids, statuses)
    finally:
        await pool.close()
    await ground.settle(url)
    return Purchases(
        team=Team(team_id, key, ids, [status.id for status in statuses], []),
        shipments=[plan_of(order).milestones[len(_BEGINNING)].id for order in made],
        long_ids=[order.id for order in long],
        stages=[one.id for one in _workflow(known, _LONG).milestones],
    )


async def undo_shipments(url: str, team_id: str) -> int:
    """Takes back all confirmations of shipments; how many there were."""
    pool = await db.open_pool(url)
    try:
        known = await workspace.load(pool, team_id)
        undo = partial(_unconfirmed, pool, system_actor(team_id), known)
        return len(await _each(await pool.fetch(_SHIPPED, team_id), undo))
    finally:
        await pool.close()


_SHIPPED = """
select order_id, id from order_milestones where team_id = $1 and type = 'shipment' and status = 'confirmed'
"""


async def forget_delays(url: str, team_id: str) -> None:
    """Else an order that is asked for often would be larger than others."""
    pool = await db.open_pool(url, size=1)
    try:
        await pool.execute("delete from milestone_delays where team_id = $1", team_id)
    finally:
        await pool.close()


async def _entered(
    pool: db.Pool, actor: Actor, known: Workspace, workflow: str, orders: int
) -> list[StoredOrder]:
    chosen = _workflow(known, workflow)
    entries = (_entry(number, chosen) for number in range(orders))
    return await _each(entries, lambda entry: enter_order(pool, actor, known, entry, clock=_clock))


def _entry(number: int, workflow: Workflow) -> Entry:
    today = datetime.now(UTC).date()
    return Entry(
        content=NewOrder(
            order_number=f"{workflow.name}-{number}",
            name="Screen printing, spring",
            currency="EUR",
            incoterms="FOB Porto",
            note="Two cartons for the fair",
            supplier={"supplier_id": "sup-118", "name": "Estamparia Norte", "address": _ADDRESS},
            ship_to=Stop(company_name="Harbor Row Warehouse", line_1="77 Commercial St", country="US"),
            ships_on=today + _SHIPS_AFTER,
            delivered_on=today + _DELIVERED_AFTER,
            milestone_workflow_id=workflow.id,
        ),
        items=tuple(
            NewItem(description=f"T-shirt, size {place}", quantity=Decimal(40), unit_price=Decimal("4.15"))
            for place in range(_ITEMS)
        ),
    )


_ADDRESS = {"line_1": "Rua da Alegria 12", "locality": "Porto", "postal_code": "4000-041", "country": "PT"}


async def _confirmed(
    pool: db.Pool, actor: Actor, known: Workspace, place: int, order: StoredOrder
) -> StoredOrder:
    named = Named("milestone", plan_of(order).milestones[place].id)
    after, _ = await verbs.confirm_milestone(
        pool, actor, known, order.id, named, Confirmation(), clock=_clock
    )
    return after


async def _unconfirmed(pool: db.Pool, actor: Actor, known: Workspace, shipped: Any) -> StoredOrder:
    named = Named("milestone", shipped["id"])
    after, _ = await verbs.undo_confirmation(pool, actor, known, shipped["order_id"], named, clock=_clock)
    return after


async def _each(things: Iterable[_Thing], make: Callable[[_Thing], Awaitable[_Made]]) -> list[_Made]:
    """What is made of each, in their order."""
    return await asyncio.gather(*map(make, things))


_clock = system_clock()


def _workflow(known: Workspace, name: str) -> Workflow:
    return next(workflow for workflow in known.workflows if workflow.name == name)
