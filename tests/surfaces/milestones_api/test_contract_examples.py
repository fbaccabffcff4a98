"""The examples of the contract (sections 7.1 to 7.8), letter by letter: a team is set up, and the clock turned, so that
its answers must be the examples, but for the ids and the team's name. And what no example may leave out: each shape has
exactly the members of its table (sections 6.2, 6.3 and 6.6)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.surfaces.world import Team, World

TEAM, KEY = "01a303c2-e000-7b1d-8a3f-5e6d7c8b9a01", "01a303c2-e200-7aaa-8bbb-0c0d0e0f1011"
WORKFLOW, SEWING = "01a303c2-e100-7e20-9c44-1a2b3c4d5e60", "01a303c2-e300-7f01-8d2e-9a8b7c6d5e41"
TEMPLATES = [f"01a303c2-e100-7e20-9c44-1a2b3c4d5e6{number}" for number in (1, 2, 3)]
ORDER = "01a3703b-00a0-7c42-a6d5-3b1e9f704c10"
MILESTONES = [f"01a3703b-00a0-7c42-a6d5-3b1e9f704c2{number}" for number in (1, 2, 3)]
ITEMS = [f"01a3703b-00a0-7c42-a6d5-3b1e9f704c3{number}" for number in (1, 2)]
TASK = "01a3703b-00a0-7c42-a6d5-3b1e9f704c41"

FOUNDED = datetime(2027, 1, 11, 8, 0, tzinfo=UTC)
ORDERED = datetime(2027, 2, 1, 9, 30, 12, 650_000, tzinfo=UTC)
ACCEPTED = datetime(2027, 2, 3, 14, 5, 40, 999_999, tzinfo=UTC)
LOOKED = datetime(2027, 2, 10, 10, 0, tzinfo=UTC)

LOOM_AND_LARCH: dict[str, Any] = {
    "statuses": [{"name": "Sewing", "color": "#335577"}],
    "workflows": [
        {"name": "Standard", "order": 1},
        {
            "name": "Made to order",
            "order": 2,
            "default": True,
            "milestones": [
                {
                    "name": "Order accepted",
                    "type": "acceptance",
                    "key_date": {"relative_to": "issued_at", "offset_days": 3},
                },
                {
                    "name": "Sample approved",
                    "type": "custom",
                    "owner": "brand",
                    "status": "Sewing",
                    "key_date": {"relative_to": "ships_on", "offset_days": -56},
                    "tasks": [{"title": "Send swatches", "required": True, "days_before": 1}],
                },
                {"name": "Goods shipped", "type": "shipment"},
            ],
        },
    ],
}

BODY = """{"purchase_order": {"order_number": "HX-4410", "name": "Spring aprons", "supplier": {"id": "sup-118", "name": "Tessel Mills"},
  "ships_on": "2027-04-09", "delivered_on": "2027-05-14", "currency": "EUR", "payment_terms": "net 45", "tags": ["spring"],
  "order_items": [{"part_id": "APR-LIN-3", "quantity": 1200, "unit_of_measure": "pcs", "unit_price_micros": 6150000},
                  {"name": "Screen set-up", "quantity": 1, "unit_of_measure": "lot", "unit_price_micros": 180000000}]}}"""  # noqa: E501

SECTION_7_1 = """{"teams": [{"id": "01a303c2-e000-7b1d-8a3f-5e6d7c8b9a01", "name": "Loom & Larch", "time_zone": "UTC",
  "created_at": "2027-01-11T08:00:00Z", "updated_at": "2027-01-11T08:00:00Z"}]}"""

SECTION_7_4 = """{"purchase_order": {"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c10", "status": "accepted", "order_number": "HX-4410", "name": "Spring aprons",
  "currency": "EUR", "incoterms": null, "payment_terms": "net 45", "shipping_method": null, "note": null,
  "team": {"id": "01a303c2-e000-7b1d-8a3f-5e6d7c8b9a01", "name": "Loom & Larch"}, "supplier": {"id": "sup-118", "name": "Tessel Mills"},
  "ships_to": null, "issued_at": "2027-02-01", "last_issued_at": "2027-02-01", "ships_on": "2027-04-09", "delivered_on": "2027-05-14",
  "seller_address_line1": null, "seller_address_line2": null, "seller_city": null, "seller_state": null, "seller_postal_code": null,
  "seller_country": null, "tags": ["spring"], "workflow_id": "01a303c2-e100-7e20-9c44-1a2b3c4d5e60",
  "current_milestone_id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c22", "late": false, "overdue": false, "canceled_at": null,
  "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-03T14:05:40Z"}}"""  # noqa: E501

SECTION_7_6 = """{"order_items": [{"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c31", "part_id": "APR-LIN-3", "name": null, "quantity": 1200, "unit_of_measure": "pcs",
  "unit_price_micros": 6150000, "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-01T09:30:12Z"},
 {"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c32", "part_id": null, "name": "Screen set-up", "quantity": 1, "unit_of_measure": "lot",
  "unit_price_micros": 180000000, "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-01T09:30:12Z"}]}"""  # noqa: E501

SECTION_7_7 = """{"milestones": [
 {"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c21", "type": "acceptance", "status": "confirmed", "name": "Order accepted", "position": 1,
  "workflow_milestone_id": "01a303c2-e100-7e20-9c44-1a2b3c4d5e61", "owner": "supplier", "linked_status": null, "key_date": "2027-02-04",
  "confirmed_on": "2027-02-03", "confirmed_at": "2027-02-03T14:05:40Z", "confirmed_by": {"type": "api_key", "id": "01a303c2-e200-7aaa-8bbb-0c0d0e0f1011", "name": "ERP bridge"},
  "rejected_at": null, "rejected_by": null, "rejection_reason": null, "note": null, "current": false, "late": false, "prompted_at": null, "overdue": false,
  "blocking_task_ids": [], "delays": [], "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-03T14:05:40Z"},
 {"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c22", "type": "custom", "status": "pending", "name": "Sample approved", "position": 2,
  "workflow_milestone_id": "01a303c2-e100-7e20-9c44-1a2b3c4d5e62", "owner": "brand", "linked_status": {"id": "01a303c2-e300-7f01-8d2e-9a8b7c6d5e41", "name": "Sewing", "sub_status": null},
  "key_date": "2027-02-12", "confirmed_on": null, "confirmed_at": null, "confirmed_by": null, "rejected_at": null, "rejected_by": null, "rejection_reason": null,
  "note": null, "current": true, "late": false, "prompted_at": null, "overdue": false, "blocking_task_ids": ["01a3703b-00a0-7c42-a6d5-3b1e9f704c41"], "delays": [],
  "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-01T09:30:12Z"},
 {"id": "01a3703b-00a0-7c42-a6d5-3b1e9f704c23", "type": "shipment", "status": "pending", "name": "Goods shipped", "position": 3,
  "workflow_milestone_id": "01a303c2-e100-7e20-9c44-1a2b3c4d5e63", "owner": "supplier", "linked_status": null, "key_date": "2027-04-09",
  "confirmed_on": null, "confirmed_at": null, "confirmed_by": null, "rejected_at": null, "rejected_by": null, "rejection_reason": null, "note": null, "current": false,
  "late": false, "prompted_at": null, "overdue": false, "blocking_task_ids": [], "delays": [], "created_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-01T09:30:12Z"}]}"""  # noqa: E501


class Loom:
    """The team of the examples; `ids` has the real id (and name) for each of an example."""

    def __init__(self, team: Team, key: str) -> None:
        self.team = team
        self.key = key
        self.ids = {TEAM: team.id, "Loom & Larch": team.name}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        return await self.team.milestones_api(method, path, body=body, key=self.key)

    async def shown(self, path: str) -> Any:
        with self.team.world.clock.at(LOOKED):
            return (await self.call("GET", path)).ok()

    def real(self, example: str) -> Any:
        """The example with this team's ids."""
        for old, new in self.ids.items():
            example = example.replace(old, new)
        return json.loads(example)

    @property
    def path(self) -> str:
        return f"/purchase_orders/{self.ids[ORDER]}"


async def founded(world: World) -> Loom:
    with world.clock.at(FOUNDED):
        team = await world.team()
        loom = Loom(team, await team.new_key(name="ERP bridge"))
        await team.apply(LOOM_AND_LARCH, prune=True)
    (key,) = await world.pool.fetch(
        "select id from api_keys where team_id = $1 and name = 'ERP bridge'", team.id
    )
    loom.ids |= {KEY: key["id"], WORKFLOW: team.known["workflow:Made to order"], SEWING: team.known["Sewing"]}
    return loom


async def ordered(loom: Loom) -> Any:
    """The order of the examples, right after section 7.3; its answer."""
    with loom.team.world.clock.at(ORDERED):
        reply = await loom.call("POST", "/purchase_orders", BODY.encode())
        order = reply.json["purchase_order"]
        loom.ids[ORDER] = order["id"]
        items = (await loom.call("GET", f"{loom.path}/order_items")).ok()["order_items"]
        (task,) = (await loom.call("GET", f"{loom.path}/tasks")).ok()["tasks"]
    milestones = order["milestones"]
    loom.ids |= {old: one["id"] for old, one in zip(MILESTONES, milestones, strict=True)}
    loom.ids |= {old: one["workflow_milestone_id"] for old, one in zip(TEMPLATES, milestones, strict=True)}
    loom.ids |= {old: one["id"] for old, one in zip(ITEMS, items, strict=True)}
    loom.ids[TASK] = task["id"]
    return reply


@pytest.fixture(scope="module")
async def loom(world: World) -> Loom:
    made = await founded(world)
    await ordered(made)
    with world.clock.at(ACCEPTED):
        (await made.call("POST", f"{made.path}/milestones/{made.ids[MILESTONES[0]]}/confirm")).ok()
    return made


async def test_section_7_1(world: World):
    loom = await founded(world)
    reply = await world.call("GET", "/v1/teams", headers={"Authorization": loom.key})
    assert reply.ok() == loom.real(SECTION_7_1)


async def test_section_7_2(loom: Loom):
    """The object of 7.4 without `milestones`."""
    (order,) = (await loom.shown("/purchase_orders"))["purchase_orders"]
    assert order == loom.real(SECTION_7_4)["purchase_order"]


async def test_section_7_3(world: World):
    """Right after the POST the order reads as in 7.4, but for its status, its current milestone and its states."""
    loom = await founded(world)
    reply = await ordered(loom)
    assert reply.status == 201
    assert reply.headers["Location"] == f"/v1/teams/{loom.team.id}{loom.path}"
    expected = loom.real(SECTION_7_4)["purchase_order"]
    expected |= {
        "status": "issued",
        "current_milestone_id": loom.ids[MILESTONES[0]],
        "updated_at": "2027-02-01T09:30:12Z",
        "milestones": loom.real(SECTION_7_7)["milestones"],
    }
    first, second, _ = expected["milestones"]
    first |= {"status": "pending", "confirmed_on": None, "confirmed_at": None, "confirmed_by": None}
    first |= {"current": True, "prompted_at": "2027-02-01T09:30:12Z", "updated_at": "2027-02-01T09:30:12Z"}
    second |= {"current": False}
    assert reply.json == {"purchase_order": expected}
    assert [one["blocking_task_ids"] for one in expected["milestones"]] == [[], [loom.ids[TASK]], []]


async def test_section_7_4(loom: Loom):
    expected = loom.real(SECTION_7_4)
    expected["purchase_order"]["milestones"] = loom.real(SECTION_7_7)["milestones"]
    assert await loom.shown(loom.path) == expected


async def test_section_7_6(loom: Loom):
    assert await loom.shown(f"{loom.path}/order_items") == loom.real(SECTION_7_6)


async def test_section_7_6_to_the_letter(loom: Loom):
    """Whole quantities are written without a fraction or an exponent."""
    raw = (await loom.call("GET", f"{loom.path}/order_items")).raw.decode()
    assert '"quantity":1200,' in raw
    assert '"unit_price_micros":6150000,' in raw


async def test_section_7_7(loom: Loom):
    assert await loom.shown(f"{loom.path}/milestones") == loom.real(SECTION_7_7)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_section_7_8(loom: Loom, place: int):
    expected = loom.real(SECTION_7_7)["milestones"][place]
    shown = await loom.shown(f"{loom.path}/milestones/{loom.ids[MILESTONES[place]]}")
    assert shown == {"milestone": expected}
