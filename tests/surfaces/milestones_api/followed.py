"""Orders that follow a workflow, for tests of milestones: the workspace, and short ways to move one of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.surfaces.world import Reply, Team

ISSUED = datetime(2027, 2, 1, 9, 30, 12, tzinfo=UTC)
"""When tests place their orders, unless they say otherwise."""
TODAY, TOMORROW, YESTERDAY = "2027-02-01", "2027-02-02", "2027-01-31"
SHIPS_ON, DELIVERED_ON = "2027-04-09", "2027-05-14"

ACCEPTANCE, SAMPLE, SEWING, SHIPMENT, DELIVERY = 1, 2, 3, 4, 5
"""The positions of the milestones of `Plain`."""
KEY_DATES = ("2027-02-04", "2027-02-12", "2027-03-12", SHIPS_ON, DELIVERED_ON)

MILESTONES: tuple[dict[str, Any], ...] = (
    {
        "name": "Order accepted",
        "type": "acceptance",
        "key_date": {"relative_to": "issued_at", "offset_days": 3},
    },
    {
        "name": "Sample approved",
        "type": "custom",
        "owner": "brand",
        "key_date": {"relative_to": "ships_on", "offset_days": -56},
    },
    {
        "name": "Sewing started",
        "type": "production_start",
        "key_date": {"relative_to": "ships_on", "offset_days": -28},
    },
    {"name": "Goods shipped", "type": "shipment"},
    {"name": "Goods delivered", "type": "delivery"},
)
SWATCHES = {"title": "Send swatches", "required": True, "days_before": 1}
LABELS = {"title": "Order labels", "required": False}


def workflow(name: str, *places: int, default: bool = False, **more: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow of the milestones at these positions of `Plain` (none: all). `more`: what else holds for the
    milestone at a position, as `at2={"tasks": [...]}`."""
    chosen = places or range(1, len(MILESTONES) + 1)
    milestones = [{**MILESTONES[place - 1], **more.get(f"at{place}", {})} for place in chosen]
    return {"name": name, "default": default, "milestones": milestones}


WORKSPACE: dict[str, Any] = {
    "workflows": [
        workflow("Plain", default=True),
        workflow("Swatches", at2={"tasks": [SWATCHES, LABELS]}),
        workflow("Short", ACCEPTANCE, SAMPLE),
        workflow("Undated", at1={"key_date": None}, at2={"key_date": None}, at3={"key_date": None}),
    ],
}


class Followed:
    """An order and its milestones, which are spoken of by position, from 1."""

    def __init__(self, team: Team, shown: dict[str, Any]) -> None:
        self.team = team
        self.id: str = shown["id"]
        self.path = f"/purchase_orders/{self.id}"
        self.ids: list[str] = [one["id"] for one in shown["milestones"]]
        self.templates: list[str] = [one["workflow_milestone_id"] for one in shown["milestones"]]

    def id_of(self, position: int) -> str:
        return self.ids[position - 1]

    def template_of(self, position: int) -> str:
        """The id of the workflow milestone that the one at this position was copied from."""
        return self.templates[position - 1]

    async def call(self, method: str, tail: str = "", body: Any = None, **options: Any) -> Reply:
        return await self.team.milestones_api(method, self.path + tail, body=body, **options)

    async def act(self, position: int, verb: str, **body: Any) -> Reply:
        """POST `confirm`, `reject` or `undo` of the milestone there; without members there is no body."""
        return await self.call("POST", f"/milestones/{self.id_of(position)}/{verb}", body or None)

    async def confirm(self, position: int, **body: Any) -> Reply:
        return await self.act(position, "confirm", **body)

    async def reject(self, position: int, **body: Any) -> Reply:
        return await self.act(position, "reject", **body)

    async def undo(self, position: int, **body: Any) -> Reply:
        return await self.act(position, "undo", **body)

    async def edit(self, **body: Any) -> Reply:
        """PATCH `edit_timeline`."""
        return await self.call("PATCH", "/edit_timeline", body)

    async def confirmed(self, *positions: int, **body: Any) -> "Followed":
        """Confirms these in turn, which must succeed."""
        for position in positions:
            (await self.confirm(position, **body)).ok()
        return self

    async def shown(self) -> dict[str, Any]:
        """The purchase order as GET shows it."""
        order: dict[str, Any] = (await self.call("GET")).ok()["purchase_order"]
        return order

    async def status(self) -> str:
        return str((await self.shown())["status"])

    async def milestones(self) -> list[dict[str, Any]]:
        """All milestones as their list shows them."""
        listed: list[dict[str, Any]] = (await self.call("GET", "/milestones")).ok()["milestones"]
        return listed

    async def milestone(self, position: int) -> dict[str, Any]:
        """One milestone as GET shows it."""
        one: dict[str, Any] = (await self.call("GET", f"/milestones/{self.id_of(position)}")).ok()[
            "milestone"
        ]
        return one

    async def states(self) -> list[str]:
        return [one["status"] for one in await self.milestones()]

    async def key_dates(self) -> list[str | None]:
        return [one["key_date"] for one in await self.milestones()]

    async def tasks(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.call("GET", "/tasks")).ok()["tasks"]
        return listed

    async def add_task(self, **body: Any) -> dict[str, Any]:
        """A task that must be taken; as it is answered."""
        reply = await self.call("POST", "/tasks", body)
        assert reply.status == 201, reply
        made: dict[str, Any] = reply.json["task"]
        return made

    async def told(self, after: int = 1) -> list[str]:
        """The types of the order's events behind that sequence; by default all but its `order.created`."""
        events = await self.team.events(self.id)
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        return [event["type"] for event in events if event["sequence"] > after]

    async def event(self, place: int = -1) -> dict[str, Any]:
        """One event as it is stored; by default the newest."""
        return (await self.team.events(self.id))[place]

    async def cancel(self) -> None:
        """Cancels the order, on the Orders API."""
        (await self.team.orders_api("POST", f"/orders/{self.id}/cancel", body={})).ok()


async def place(team: Team, workflow: str | None = None, **content: Any) -> Followed:
    """A new order that follows the workflow (None: the default one)."""
    body = {
        "supplier": {"id": "sup-118", "name": "Tessel Mills"},
        "ships_on": SHIPS_ON,
        "delivered_on": DELIVERED_ON,
        "order_items": [{"part_id": "APR-LIN-3", "quantity": 1200}],
        **({} if workflow is None else {"workflow_id": team.known[f"workflow:{workflow}"]}),
        **content,
    }
    reply = await team.milestones_api("POST", "/purchase_orders", body={"purchase_order": body})
    assert reply.status == 201, reply
    return Followed(team, reply.json["purchase_order"])


def refused(reply: Reply, code: str, **members: Any) -> None:
    """Asserts a 422 with this code and exactly these extra members (section 5); the sentence is only for people."""
    body = reply.json
    assert reply.status == 422, reply
    assert isinstance(body.pop("error", None), str), reply
    assert body == {"code": code, **members}, reply
    assert reply.headers["Content-Type"] == "application/json"


def faulty(reply: Reply, *paths: str) -> None:
    """Asserts `validation_failed` with faults at exactly these paths of the body."""
    body = reply.json
    assert (reply.status, body["code"]) == (422, "validation_failed"), reply
    assert sorted(body["errors"]) == sorted(paths), reply
    assert all(texts and all(isinstance(text, str) for text in texts) for texts in body["errors"].values())
    assert set(body) == {"error", "code", "errors"}


def missing(reply: Reply, kind: str) -> None:
    """Asserts the 404 that names this kind of thing."""
    assert (reply.status, reply.json) == (404, {"error": f"{kind} not found", "code": "not_found"}), reply


def days(count: float) -> timedelta:
    return timedelta(days=count)
