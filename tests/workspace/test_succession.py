"""What is taken away hands over its orders: each moves once, with its event, and nothing is left behind."""

import json
from datetime import timedelta

import pytest

from milepost.core import workspace_succession
from milepost.kit.errors import Conflict, Faulty
from milepost.kit.ids import new_id, ulid
from milepost.reads import workspace as read

from .test_apply import LATER, NOW, a_name, apply, order_in, rows, team_id_of

BEFORE = """
sub_status_groups: [{name: Coats, options: [First, Second]}]
statuses:
- {name: Laid, workflow: Build}
- {name: Varnish, workflow: Build, sub_status_group: Coats}
- {name: Paint, color: "#111111", workflow: Refit, max_duration: {seconds: 60}}
- {name: Waiting, independent: true}
- {name: Gift, addon: true}
- {name: Rush, addon: true}
workflows: [{name: Build}, {name: Refit}, {name: Standard}]
"""

AFTER = """
statuses:
- {name: Laid}
- {name: Paint, color: "#111111", workflow: Refit, max_duration: {seconds: 60}}
- {name: Waiting, independent: true}
- {name: Rush, addon: true}
workflows: [{name: Refit}, {name: Standard}]
replace_with: {statuses: {Varnish: Paint, Gift: Rush}, workflows: {Build: Refit}}
"""


class Yard:
    """A team with the statuses of BEFORE, and its ids by name."""

    def __init__(self, name, ours):
        self.name = name
        self.team_id = ours.team.id
        self.status = {one.name: one.id for one in ours.statuses}
        self.workflow = {one.name: one.id for one in ours.workflows}
        self.option = {one.name: one.id for one in ours.groups[0].options}


@pytest.fixture
async def yard(pool) -> Yard:
    name = a_name()
    await apply(pool, BEFORE, to=name)
    return Yard(name, await read.load(pool, await team_id_of(pool, name)))


async def order(pool, yard, order_id):
    row = await pool.fetchrow("select * from orders where team_id = $1 and id = $2", yard.team_id, order_id)
    return dict(row)


async def events(pool, yard, order_id):
    found = await pool.fetch(
        "select * from events where team_id = $1 and order_id = $2 order by sequence", yard.team_id, order_id
    )
    return [dict(row) for row in found]


async def line_in(pool, yard, order_id, position, **columns) -> str:
    line_id = new_id()
    values = {
        "team_id": yard.team_id,
        "id": line_id,
        "order_id": order_id,
        "position": position,
        "quantity": 2,
        "created_at": NOW,
        "updated_at": NOW,
        **columns,
    }
    names, marks = ", ".join(values), ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await pool.execute(f"insert into order_items ({names}) values ({marks})", *values.values())
    return line_id


async def test_orders_enter_the_successor_with_their_event(pool, yard):
    held = await order_in(
        pool,
        yard.team_id,
        status_id=yard.status["Varnish"],
        sub_status_id=yard.option["First"],
        workflow_id=yard.workflow["Build"],
        anchor_status_id=yard.status["Varnish"],
    )
    other = await order_in(
        pool, yard.team_id, status_id=yard.status["Laid"], workflow_id=yard.workflow["Refit"]
    )
    untouched = await order(pool, yard, other)
    await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)

    moved = await order(pool, yard, held)
    assert {key: moved[key] for key in ("status_id", "sub_status_id", "workflow_id", "anchor_status_id")} == {
        "status_id": yard.status["Paint"],
        "sub_status_id": None,
        "workflow_id": yard.workflow["Refit"],
        "anchor_status_id": yard.status["Paint"],
    }
    assert (moved["status_entered_at"], moved["deadline_at"]) == (LATER, LATER + timedelta(seconds=60))
    assert moved["event_seq"] == 1 and moved["updated_at"] == LATER
    [event] = await events(pool, yard, held)
    assert (event["type"], event["sequence"], event["actor_kind"], event["subject_id"]) == (
        "order.status.changed",
        1,
        "system",
        None,
    )
    assert event["old_data"] == {
        "custom_status": {"id": ulid(yard.status["Varnish"]), "name": "Varnish", "color": "#8A94A6"},
        "custom_sub_status": {"id": ulid(yard.option["First"]), "name": "First"},
    }
    assert event["new_data"] == {
        "custom_status": {"id": ulid(yard.status["Paint"]), "name": "Paint", "color": "#111111"},
        "custom_sub_status": None,
    }
    assert await order(pool, yard, other) == untouched
    assert await events(pool, yard, other) == []
    ours = await read.load(pool, yard.team_id)
    assert [status.name for status in ours.statuses] == ["Laid", "Paint", "Waiting", "Rush"]
    assert [workflow.name for workflow in ours.workflows] == ["Refit", "Standard"]
    assert ours.groups == ()
    assert not (await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)).is_change


async def test_line_items_and_their_metafield_move(pool, yard):
    order_id = await order_in(pool, yard.team_id)
    line = await line_in(
        pool,
        yard,
        order_id,
        1,
        status_id=yard.status["Varnish"],
        sub_status_id=yard.option["Second"],
        status_entered_at=NOW,
        workflow_id=yard.workflow["Build"],
    )
    other = await line_in(pool, yard, order_id, 2)
    await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)
    found = {
        row["id"]: (row["status_id"], row["sub_status_id"], row["workflow_id"])
        for row in await pool.fetch("select * from order_items where team_id = $1", yard.team_id)
    }
    assert found == {
        line: (yard.status["Paint"], None, yard.workflow["Refit"]),
        other: (None, None, None),
    }
    [event] = await events(pool, yard, order_id)
    assert (event["type"], event["subject_id"]) == ("order.item.status.changed", line)
    value = json.loads((await order(pool, yard, order_id))["metafield"])["value"]
    assert [(one["name"], one["quantity"]) for one in value["statuses"]] == [("Paint", 2)]
    assert value["unassigned"] == {"item_count": 1, "quantity": 2}


@pytest.mark.parametrize("has_successor", [False, True])
async def test_an_addon_becomes_its_successor_once(pool, yard, has_successor):
    order_id = await order_in(pool, yard.team_id)
    statement = "insert into order_addons (team_id, order_id, status_id, entered_at) values ($1, $2, $3, $4)"
    await pool.execute(statement, yard.team_id, order_id, yard.status["Gift"], NOW)
    rushed = NOW + timedelta(hours=1)
    if has_successor:
        await pool.execute(statement, yard.team_id, order_id, yard.status["Rush"], rushed)
    await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)
    held = await pool.fetch("select status_id, entered_at from order_addons where team_id = $1", yard.team_id)
    assert [tuple(row) for row in held] == [(yard.status["Rush"], rushed if has_successor else NOW)]
    [event] = await events(pool, yard, order_id)
    names = [[one["name"] for one in event[side]["addon_statuses"]] for side in ("old_data", "new_data")]
    assert names == [["Gift", "Rush"] if has_successor else ["Gift"], ["Rush"]]


async def test_milestones_anchors_and_carriers_follow(pool, yard):
    carrier = await order_in(pool, yard.team_id, milestone_workflow_id=yard.workflow["Build"])
    milestone = (
        "insert into order_milestones (team_id, id, order_id, workflow_milestone_id, position, type, name, "
        "owner, linked_status_id, linked_sub_status_id, prompt_offset_days, created_at, updated_at) "
        "values ($1, $2, $3, $4, 1, 'acceptance', 'Go', 'supplier', $5, $6, 0, $7, $7)"
    )
    ids = (new_id(), carrier, new_id(), yard.status["Varnish"], yard.option["First"])
    await pool.execute(milestone, yard.team_id, *ids, NOW)
    waiting = await order_in(
        pool, yard.team_id, status_id=yard.status["Waiting"], anchor_status_id=yard.status["Varnish"]
    )
    await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)
    link = await pool.fetchrow(
        "select linked_status_id, linked_sub_status_id, updated_at from order_milestones where team_id = $1",
        yard.team_id,
    )
    assert tuple(link) == (yard.status["Paint"], None, LATER)
    assert (await order(pool, yard, waiting))["anchor_status_id"] == yard.status["Paint"]
    assert await events(pool, yard, waiting) == []
    moved = await order(pool, yard, carrier)
    assert (moved["milestone_workflow_id"], moved["workflow_id"]) == (yard.workflow["Refit"], None)
    assert moved["event_seq"] == 1
    [event] = await events(pool, yard, carrier)
    assert (event["type"], event["old_data"], event["new_data"]) == (
        "order.updated",
        {"workflow_id": ulid(yard.workflow["Build"])},
        {"workflow_id": ulid(yard.workflow["Refit"])},
    )


async def test_more_than_a_batch_moves_each_order_once(pool, yard, monkeypatch):
    monkeypatch.setattr(workspace_succession, "BATCH", 7)
    ids = [
        await order_in(
            pool,
            yard.team_id,
            status_id=yard.status["Varnish"],
            workflow_id=yard.workflow["Build"],
            milestone_workflow_id=yard.workflow["Build"],
        )
        for _ in range(23)
    ]
    await apply(pool, AFTER, to=yard.name, at=LATER, prune=True)
    for order_id in ids:
        assert [event["type"] for event in await events(pool, yard, order_id)] == [
            "order.status.changed",
            "order.updated",
        ]
        assert (await order(pool, yard, order_id))["event_seq"] == 2


async def test_a_dry_run_foresees_it_and_moves_nobody(pool, yard):
    order_id = await order_in(
        pool, yard.team_id, status_id=yard.status["Varnish"], sub_status_id=yard.option["First"]
    )
    before, stood = await rows(pool, yard.team_id), await order(pool, yard, order_id)
    planned = await apply(pool, AFTER, to=yard.name, prune=True, dry_run=True)
    assert {change.name for change in planned.changes if change.action == "remove"} == {
        "Coats",
        "Coats/First",
        "Coats/Second",
        "Build",
        "Varnish",
        "Gift",
        *(f"Standard/{name}" for name in ("Order accepted", "Production started", "Shipped", "Delivered")),
    }
    assert await rows(pool, yard.team_id) == before
    assert await order(pool, yard, order_id) == stood
    assert await events(pool, yard, order_id) == []


async def test_what_has_no_successor_still_stops_everything(pool, yard):
    held = await order_in(pool, yard.team_id, status_id=yard.status["Varnish"])
    laid = await order_in(pool, yard.team_id, status_id=yard.status["Laid"])
    before = await rows(pool, yard.team_id)
    text = AFTER.replace("- {name: Laid}\n", "")
    with pytest.raises(Conflict) as refusal:
        await apply(pool, text, to=yard.name, prune=True)
    assert refusal.value.facts["things"] == ["status 'Laid' is held by 1 order"]
    assert await rows(pool, yard.team_id) == before
    for order_id in (held, laid):
        assert await events(pool, yard, order_id) == []


@pytest.mark.parametrize(
    ("replacement", "what"),
    [
        ("{Gift: Paint}", "'Gift' is an addon, so 'Paint' must be an addon, too; choose another"),
        ("{Paint: Rush}", "'Paint' is no addon, so 'Rush' must be no addon, too; choose another"),
        (
            "{Laid: Varnish}",
            "'Varnish' has sub-statuses, so it cannot stand in for another; choose one without",
        ),
    ],
)
async def test_a_successor_must_be_of_the_same_kind(pool, yard, replacement, what):
    with pytest.raises(Faulty) as refusal:
        await apply(pool, f"replace_with: {{statuses: {replacement}}}", to=yard.name)
    assert [fault for _, fault in refusal.value.faults] == [what]
