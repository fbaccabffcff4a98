"""One thing of each kind that the Milestones API shows, and for every route a call of it that is granted."""

import re
from collections.abc import Callable
from typing import Any

from milepost.surfaces.milestones_api.call import Endpoint
from milepost.surfaces.milestones_api.endpoints import ENDPOINTS
from tests.surfaces.milestones_api.followed import ACCEPTANCE, WORKSPACE, Followed, place
from tests.surfaces.world import NO_ID, Team

ROUTES: dict[str, Endpoint] = {f"{each.method} /{each.path}": each for each in ENDPOINTS}
"""The endpoints by method and path template."""

PARAMETER = re.compile(r"\{(\w+)\}")

LISTS = [route for route, each in ROUTES.items() if each.operation.startswith("list")]
PAGED = [route for route in LISTS if not route.endswith("/order_milestone_configs")]
"""All lists but one (section 4)."""

Things = dict[str, str]
"""Ids by the names that paths have for them."""

_O = "/teams/{team_id}/purchase_orders/{order_id}"
CONFIRMED: dict[str, int] = {
    f"POST {_O}/milestones/{{milestone_id}}/undo": 1,
    f"POST {_O}/confirm_production_start": 2,
    f"POST {_O}/confirm_shipment": 3,
    f"POST {_O}/confirm_delivery": 4,
}
"""How many milestones must be confirmed before the route's act is granted."""

_LATER = {"reason": "looms busy", "date": "2027-12-01"}
BODIES: dict[str, Callable[[Things], dict[str, Any]]] = {
    "POST /teams/{team_id}/purchase_orders": lambda of: {
        "supplier": {"id": "sup-118"},
        "ships_on": "2027-04-09",
        "workflow_id": of["workflow_id"],
        "order_items": [{"name": "Screen set-up", "quantity": 1}],
    },
    f"PATCH {_O}": lambda of: {
        "name": "Changed",
        "order_items": [{"id": of["item_id"], "quantity": 7}],
    },
    f"PATCH {_O}/edit_timeline": lambda of: {
        "order_milestone_key_dates": {of["milestone_id"]: "2027-02-03"},
        "workflow_order_milestone_key_dates": {of["workflow_milestone_id"]: "2027-02-03"},
    },
    f"POST {_O}/milestones/{{milestone_id}}/confirm": lambda of: {
        "order_milestone_key_dates": {of["later_id"]: "2027-05-20"}
    },
    f"POST {_O}/milestones/{{milestone_id}}/reject": lambda of: _LATER,
    f"POST {_O}/workflow_milestones/{{workflow_milestone_id}}/confirm": lambda of: {
        "workflow_order_milestone_key_dates": {of["later_template_id"]: "2027-05-20"}
    },
    f"POST {_O}/workflow_milestones/{{workflow_milestone_id}}/reject": lambda of: _LATER,
    f"POST {_O}/delay_delivery": lambda of: _LATER,
    f"POST {_O}/delay_shipment": lambda of: {**_LATER, "date": "2027-05-01"},
    f"POST {_O}/delay_production_start": lambda of: {**_LATER, "date": "2027-04-01"},
    f"POST {_O}/reject_purchase_order": lambda of: {"reason": "no capacity"},
    f"POST {_O}/tasks": lambda of: {"title": "Send swatches", "milestone_id": of["later_id"]},
    f"PATCH {_O}/tasks/{{task_id}}": lambda of: {"title": "Changed", "milestone_id": of["later_id"]},
}
"""For every route that needs one, a body that is granted; those that name things name them here."""


async def workspace(team: Team) -> None:
    """The team gets the workflows that the things follow."""
    await team.apply(WORKSPACE)


async def things(team: Team, route: str = "", **content: Any) -> Things:
    """New ones, of an order that is where the route's act is granted; the team must have the workspace."""
    done = CONFIRMED.get(route, 0)
    order = await place(team, **content)
    task = await order.add_task(title="Order labels")
    await order.confirmed(*range(ACCEPTANCE, ACCEPTANCE + done))
    position = done if route.endswith("/undo") else min(done + 1, len(order.ids))
    return {"team_id": team.id, "task_id": task["id"], **await _ids(order, position)}


async def _ids(order: Followed, position: int) -> Things:
    (item, *_) = (await order.call("GET", "/order_items")).ok()["order_items"]
    shown = await order.shown()
    return {
        "order_id": order.id,
        "milestone_id": order.id_of(position),
        "workflow_milestone_id": order.template_of(position),
        "later_id": order.ids[-1],
        "later_template_id": order.templates[-1],
        "workflow_id": shown["workflow_id"],
        "item_id": item["id"],
    }


def nobodys(team: Team) -> Things:
    """Ids that name nothing, but for the team's."""
    names = {name for route in ROUTES for name in PARAMETER.findall(route)}
    others = ("later_id", "later_template_id", "workflow_id", "item_id")
    return {**dict.fromkeys((*names, *others), NO_ID), "team_id": team.id}


def address(route: str, of: Things) -> str:
    """The route's path to these things, from `/v1`."""
    return "/v1" + PARAMETER.sub(lambda name: of[name[1]], route.partition(" ")[2])


def method_of(route: str) -> str:
    return route.partition(" ")[0]


def body_for(route: str, of: Things) -> dict[str, Any] | None:
    """A body that is granted; None where none is needed."""
    return BODIES[route](of) if route in BODIES else None
