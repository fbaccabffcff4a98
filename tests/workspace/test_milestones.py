"""Workflows with milestones: what may be said of them, and what editing or removing them means to orders."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from milepost.core.milestones import confirm_milestone, issue_order, undo_confirmation
from milepost.core.order_tasks import complete_task
from milepost.core.purchase_order_entry import Entry, enter_order
from milepost.intake import workspace_export
from milepost.kit.errors import Conflict, Faulty
from milepost.kit.ids import ulid
from milepost.model.actor import system_actor
from milepost.model.milestone_moves import Confirmation, Named
from milepost.model.order import NewItem, NewOrder, StoredOrder
from milepost.model.urgency import plan_of
from milepost.model.workflow import KeyDateRule, TaskTemplate, WorkflowMilestone
from milepost.reads import workspace as read
from milepost.store.db import Pool
from milepost.store.order_loads import load_planned_orders

from .test_apply import LATER, NOW, a_name, apply, rows, team_id_of

WORKFLOWS = """
sub_status_groups: [{name: Coats, options: [First, Second]}]
statuses:
- {name: Laid, workflow: Build}
- {name: Varnish, workflow: Build, sub_status_group: Coats}
- {name: Gone out, workflow: Build}
- {name: Gift, addon: true}
workflows:
- name: Build
  default: true
  milestones:
  - {name: Accepted, type: acceptance, status: Laid, key_date: {relative_to: issued_at, offset_days: 3}}
  - name: Samples
    type: custom
    owner: brand
    status: Varnish
    sub_status: Second
    key_date: {relative_to: ships_on, offset_days: -56}
    prompt_offset_days: -2
    tasks:
    - {title: Send swatches, required: true, days_before: 1}
    - {title: Look at them}
  - {name: Begun, type: production_start}
  - {name: Out, type: shipment, status: Gone out, prompt_offset_days: 0}
  - {name: In, type: delivery, owner: supplier}
- {name: Refit, milestones: [{name: Agreed, type: acceptance}, {name: Afloat, type: custom}]}
"""


class Desk:
    """A team with these workflows, and the verbs of the Milestones API on its orders."""

    def __init__(self, pool: Pool, name: str, team_id: str) -> None:
        self.pool = pool
        self.name = name
        self.team_id = team_id
        self.now = NOW

    def clock(self):
        self.now += timedelta(seconds=1)
        return self.now

    async def workspace(self):
        return await read.load(self.pool, self.team_id)

    async def apply(self, text: str, **options):
        return await apply(self.pool, text, to=self.name, at=LATER, **options)

    async def do(self, verb, *given, **more):
        actor = system_actor(self.team_id)
        return await verb(self.pool, actor, await self.workspace(), *given, clock=self.clock, **more)

    async def order(self, workflow: str, **members) -> StoredOrder:
        chosen = next(one.id for one in (await self.workspace()).workflows if one.name == workflow)
        content = NewOrder(
            order_number="",
            milestone_workflow_id=chosen,
            ships_on=date(2026, 8, 7),
            delivered_on=date(2026, 8, 28),
            **members,
        )
        entry = Entry(content=content, items=(NewItem(quantity=Decimal(1), description="Sail"),))
        made: StoredOrder = await self.do(enter_order, entry)
        return made

    async def again(self, order: StoredOrder) -> StoredOrder:
        _, (found,) = await load_planned_orders(self.pool, self.team_id, [order.id])
        return found

    async def events(self, order: StoredOrder) -> list[tuple]:
        found = await self.pool.fetch(
            """select type, old_data, new_data from events where team_id = $1 and order_id = $2
               order by sequence""",
            self.team_id,
            order.id,
        )
        return [tuple(row) for row in found]

    async def everything(self):
        """All rows of the team's orders."""
        tables = ("orders", "order_milestones", "order_tasks", "milestone_delays", "events")
        return {
            table: [
                dict(row)
                for row in await self.pool.fetch(
                    f"select xmin::text, t.* from {table} t where team_id = $1 order by id", self.team_id
                )
            ]
            for table in tables
        }


@pytest.fixture
async def desk(pool) -> Desk:
    name = a_name()
    await apply(pool, WORKFLOWS, to=name)
    return Desk(pool, name, await team_id_of(pool, name))


def names_of(order: StoredOrder) -> list[str]:
    return [milestone.name for milestone in plan_of(order).milestones]


# What a file says of milestones ----------------------------------------------------------------------------------


async def test_every_member_of_a_milestone_is_kept(desk):
    ours = await desk.workspace()
    status = {one.name: one for one in ours.statuses}
    second = next(one.id for one in ours.groups[0].options if one.name == "Second")
    [build] = [one for one in ours.workflows if one.name == "Build"]
    ids = [milestone.id for milestone in build.milestones]
    assert len(set(ids)) == 5
    assert build.milestones == (
        WorkflowMilestone(
            ids[0],
            "Accepted",
            1,
            "acceptance",
            "supplier",
            status_id=status["Laid"].id,
            key_date_rule=KeyDateRule("issued_at", 3),
        ),
        WorkflowMilestone(
            ids[1],
            "Samples",
            2,
            "custom",
            "brand",
            status_id=status["Varnish"].id,
            sub_status_id=second,
            key_date_rule=KeyDateRule("ships_on", -56),
            prompt_offset_days=-2,
            task_templates=(
                TaskTemplate("Send swatches", required=True, days_before=1),
                TaskTemplate("Look at them", required=False, days_before=None),
            ),
        ),
        WorkflowMilestone(ids[2], "Begun", 3, "production_start", "supplier"),
        WorkflowMilestone(
            ids[3], "Out", 4, "shipment", "supplier", status_id=status["Gone out"].id, prompt_offset_days=0
        ),
        WorkflowMilestone(ids[4], "In", 5, "delivery", "supplier", prompt_offset_days=1),
    )


async def test_applying_the_export_changes_nothing(desk):
    before = await rows(desk.pool, desk.team_id)
    setup = await read.load_setup(desk.pool, desk.team_id)
    applied = await desk.apply(workspace_export.as_yaml(setup), prune=True)
    assert not applied.is_change
    assert await rows(desk.pool, desk.team_id) == before


MANY = ", ".join(f"{{name: M{number}, type: custom}}" for number in range(50))


@pytest.mark.parametrize(
    ("milestones", "where", "fault"),
    [
        ("{name: A, type: custom}", "", "has no acceptance; the first milestone must be one"),
        (
            "{name: A, type: custom}, {name: B, type: acceptance}",
            "",
            "the acceptance 'B' must be the first milestone",
        ),
        (
            "{name: A, type: acceptance}, {name: B, type: acceptance}",
            "",
            "has 2 milestones of type acceptance ('A', 'B'); keep one (pruning removes others)",
        ),
        (
            "{name: A, type: acceptance}, {name: B, type: shipment}, {name: C, type: shipment}",
            "",
            "has 2 milestones of type shipment ('B', 'C'); keep one (pruning removes others)",
        ),
        (
            "{name: A, type: acceptance}, {name: B, type: shipment}, {name: C, type: production_start}",
            "",
            "production_start, shipment and delivery must stand in this order",
        ),
        (f"{{name: A, type: acceptance}}, {MANY}", "", "has 51 milestones; the most is 50"),
        (
            "{name: A, type: acceptance}, {name: A, type: custom}",
            "[1].name",
            "'A' is in this workflow twice; rename one",
        ),
        (
            "{name: A, type: accept}",
            "[0].type",
            "is accept; write one of acceptance, production_start, shipment, delivery, custom",
        ),
        (
            "{name: A, type: acceptance, owner: shop}",
            "[0].owner",
            "is shop; write one of brand, supplier",
        ),
        (
            "{name: A, type: acceptance, tasks: [{title: T}]}",
            "[0].tasks",
            "an acceptance has no tasks; move them to a later milestone",
        ),
        (
            "{name: A, type: acceptance}, "
            "{name: B, type: delivery, key_date: {relative_to: issued_at, offset_days: 1}}",
            "[1].key_date",
            "a delivery takes its date from the order; remove key_date",
        ),
        (
            "{name: A, type: acceptance, key_date: {relative_to: delivery, offset_days: 1}}",
            "[0].key_date.relative_to",
            "is delivery; write one of issued_at, ships_on, delivered_on",
        ),
        (
            "{name: A, type: acceptance, prompt_offset_days: 4000}",
            "[0].prompt_offset_days",
            "is 4000; write days from -3660 to 3660",
        ),
        (
            "{name: A, type: acceptance}, {name: B, type: custom, tasks: [{title: T, days_before: -1}]}",
            "[1].tasks[0].days_before",
            "is -1; write days from 0 to 3660",
        ),
        (
            "{name: A, type: acceptance, status: Gift}",
            "[0].status",
            "'Gift' is an addon; a milestone cannot enter it",
        ),
        (
            "{name: A, type: acceptance, status: Varnish}",
            "[0].sub_status",
            "'Varnish' needs one of First, Second; add it",
        ),
        (
            "{name: A, type: acceptance, status: Laid, sub_status: First}",
            "[0].sub_status",
            "'Laid' has no sub-statuses; remove it",
        ),
        (
            "{name: A, type: acceptance, sub_status: First}",
            "[0].sub_status",
            "needs the status it belongs to; add status",
        ),
    ],
)
async def test_a_workflow_that_cannot_be_is_told_and_nothing_is_written(desk, milestones, where, fault):
    """Milestones API, sections 6.5 and 8.2."""
    before = await rows(desk.pool, desk.team_id)
    with pytest.raises(Faulty) as refusal:
        await desk.apply(f"workflows: [{{name: New, milestones: [{milestones}]}}]")
    assert refusal.value.faults[0] == (f"workflows[0].milestones{where}", fault)
    assert await rows(desk.pool, desk.team_id) == before


# What editing means to orders ---------------------------------------------------------------------------------------


EDITED = """
workflows:
- name: Build
  default: true
  milestones:
  - {name: Accepted, type: acceptance, owner: brand}
  - {name: Measured, type: custom}
  - {name: Samples, type: custom, prompt_offset_days: 9, tasks: [{title: Other}]}
  - {name: Out, type: shipment}
"""


async def test_m41_editing_a_workflow_changes_no_issued_order(desk):
    """M-41: issued orders keep the milestones that they copied; a milestone that was added is none of theirs."""
    order = await desk.order("Build")
    before = await desk.everything()
    text = EDITED + "- {name: Refit, milestones: [{name: Agreed, type: acceptance}]}\n" + STATUSES
    await desk.apply(text, prune=True)
    assert await desk.everything() == before
    assert names_of(await desk.again(order)) == ["Accepted", "Samples", "Begun", "Out", "In"]
    [build] = [one for one in (await desk.workspace()).workflows if one.name == "Build"]
    assert [one.name for one in build.milestones] == ["Accepted", "Measured", "Samples", "Out"]
    kept = {one.workflow_milestone_id for one in plan_of(order).milestones}
    assert [one.id in kept for one in build.milestones] == [True, False, True, True]
    assert names_of(await desk.order("Build")) == ["Accepted", "Measured", "Samples", "Out"]


STATUSES = """
sub_status_groups: [{name: Coats, options: [First, Second]}]
statuses:
- {name: Laid, workflow: Build}
- {name: Varnish, workflow: Build, sub_status_group: Coats}
- {name: Gone out, workflow: Build}
- {name: Gift, addon: true}
"""


async def test_a_milestone_that_is_gone_from_the_workflow_is_still_the_orders(desk):
    """M-41: it is confirmed by its workflow milestone id as well, and a new one of the workflow is not found."""
    order = await desk.order("Refit")
    agreed, afloat = plan_of(order).milestones
    await desk.apply(
        STATUSES + EDITED + "- {name: Refit, milestones: [{name: A, type: acceptance}]}", prune=True
    )
    named = Named("workflow_milestone", agreed.workflow_milestone_id)
    after, confirmed = await desk.do(confirm_milestone, order.id, named, Confirmation())
    assert confirmed == agreed.id
    assert plan_of(after).first_unconfirmed == afloat


# What removing means to orders --------------------------------------------------------------------------------------


WITHOUT_REFIT = WORKFLOWS[: WORKFLOWS.index("- {name: Refit")]


async def test_a_draft_takes_the_default_when_its_workflow_goes(desk):
    """Section 8.4: the draft shows it at once, and issuing copies the milestones of the default workflow."""
    draft = await desk.order("Refit", is_draft=True)
    refit = draft.milestone_workflow_id
    assert refit is not None
    await desk.apply(WITHOUT_REFIT, prune=True)
    [build] = (await desk.workspace()).workflows
    stands = await desk.again(draft)
    assert (stands.milestone_workflow_id, stands.version, stands.event_seq) == (build.id, 2, 2)
    assert (await desk.events(draft))[-1] == (
        "order.updated",
        {"workflow_id": ulid(refit)},
        {"workflow_id": ulid(build.id)},
    )
    issued = await desk.do(issue_order, draft.id)
    assert names_of(issued) == ["Accepted", "Samples", "Begun", "Out", "In"]
    assert issued.milestone_workflow_id == build.id


async def test_a_draft_without_any_workflow_left(desk):
    draft = await desk.order("Refit", is_draft=True)
    await desk.apply("statuses: [{name: Laid}]", prune=True)
    assert (await desk.again(draft)).milestone_workflow_id is None
    assert (await desk.events(draft))[-1][2] == {"workflow_id": None}
    issued = await desk.do(issue_order, draft.id)
    assert (issued.milestone_workflow_id, names_of(issued)) == (None, [])


async def test_a_workflow_of_issued_orders_stays_until_it_has_a_successor(desk):
    """Their milestones are not touched by that either."""
    order, draft = await desk.order("Refit"), await desk.order("Refit", is_draft=True)
    before = await desk.everything()
    with pytest.raises(Conflict) as refusal:
        await desk.apply(WITHOUT_REFIT, prune=True)
    assert refusal.value.facts["things"] == ["workflow 'Refit' is used by 1 order"]
    assert await desk.everything() == before
    await desk.apply(WITHOUT_REFIT + "replace_with: {workflows: {Refit: Build}}", prune=True)
    after = await desk.everything()
    for table in ("order_milestones", "order_tasks"):
        assert after[table] == before[table]
    [build] = (await desk.workspace()).workflows
    assert (await desk.again(order)).milestone_workflow_id == build.id
    assert (await desk.again(draft)).milestone_workflow_id == build.id


REPLACED = (
    WORKFLOWS.replace("- {name: Laid, workflow: Build}\n", "- {name: Keel, workflow: Build}\n").replace(
        "status: Laid", "status: Keel"
    )
    + "replace_with: {statuses: {Laid: Keel}}"
)


async def test_undo_returns_to_the_successor_of_a_status_that_went(desk):
    """The status that a confirmation left has another name now, and is where undoing it leads."""
    order = await desk.order("Build")
    accepted, samples, *_ = plan_of(order).milestones
    await desk.do(confirm_milestone, order.id, Named("milestone", accepted.id), Confirmation())
    for task in plan_of(order).tasks:
        await desk.do(complete_task, order.id, task.id)
    stood, _ = await desk.do(confirm_milestone, order.id, Named("milestone", samples.id), Confirmation())
    await desk.apply(REPLACED, prune=True)
    assert (await desk.again(order)).version > stood.version, "who decided on the old status decides again"
    keel = next(one.id for one in (await desk.workspace()).statuses if one.name == "Keel")
    after, _ = await desk.do(undo_confirmation, order.id, Named("milestone", samples.id))
    assert (after.held.status_id, after.held.sub_status_id) == (keel, None)
    assert after.held.anchor_status_id == keel
