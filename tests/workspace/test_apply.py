"""Applying a wish: what is written, left and refused; and that refusals and repeats write nothing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from milepost.core import accounts, workspace
from milepost.intake.workspace_file import parse
from milepost.kit.errors import Conflict, Faulty, Forbidden, NotFound
from milepost.kit.ids import new_id
from milepost.model.actor import ALL_PERMISSIONS, Actor, system_actor
from milepost.model.workspace_difference import facts
from milepost.reads import accounts as teams
from milepost.reads import workspace as read
from milepost.store.tallies import tally_piece

from .test_file import HARBOUR, HARBOUR_WISH

NOW = datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

TABLES = (
    "sub_status_groups",
    "sub_status_options",
    "workflows",
    "workflow_milestones",
    "statuses",
    "product_chains",
    "suppliers",
    "channels",
)


def a_name() -> str:
    return f"Team {uuid4().hex}"


async def apply(pool, text, *, to, at=NOW, **options):
    """Applies a file to the team of that name."""
    file = parse(text if isinstance(text, bytes) else text.encode())
    return await workspace.apply(pool, at, file.wish, team_name=to, faults=file.faults, **options)


async def team_id_of(pool, name) -> str:
    team = await teams.find_team(pool, name)
    assert team is not None
    return team.id


async def rows(pool, team_id):
    """Everything the team has in the tables of the workspace, and its version."""
    return {
        table: [
            dict(row)
            for row in await pool.fetch(f"select * from {table} where team_id = $1 order by 1, 2, 3", team_id)
        ]
        for table in (*TABLES, "teams")
    }


COUNTED = tally_piece(
    "select $2::uuid as id, false as is_draft, $3::uuid as status_id, $4::uuid as workflow_id, 1 as step"
)


async def order_in(pool, team_id, **columns) -> str:
    """A bare order that holds the given columns."""
    order_id = new_id()
    values = {
        "team_id": team_id,
        "id": order_id,
        "order_number": order_id,
        "order_number_key": order_id,
        "search_text": "",
        "lifecycle": "READY",
        "placed_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
        **columns,
    }
    if values.get("status_id"):
        values.setdefault("status_entered_at", NOW)
    names = ", ".join(values)
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await pool.execute(f"insert into orders ({names}) values ({marks})", *values.values())
    place = (team_id, order_id, values.get("status_id"), values.get("workflow_id"))
    await pool.execute(COUNTED, *place)
    return order_id


@pytest.fixture
async def harbour(pool) -> str:
    """The name of a team with the contract's example."""
    name = a_name()
    await apply(pool, HARBOUR, to=name)
    return name


async def test_the_contract_example_becomes_a_workspace(pool):
    name = a_name()
    applied = await apply(pool, HARBOUR, to=name)
    assert (applied.count("create"), applied.count("change"), applied.count("same")) == (16, 1, 0)
    team_id = await team_id_of(pool, name)
    setup = await read.load_setup(pool, team_id)
    assert setup == msgspec.structs.replace(
        applied.setup, workspace=msgspec.structs.replace(applied.setup.workspace, version=2)
    )
    found = facts(setup)
    assert found["team", (name,)] == {
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "status_specificity": "combined",
        "workflows_enabled": True,
        "enforce_workflow_order": False,
        "enforce_product_chain": False,
        "holiday country": "PT",
        "holiday subdivision": None,
        "extra_holidays": ["2026-06-24"],
    }
    assert [(status.name, status.order) for status in setup.workspace.statuses] == [
        ("Hull laid", 10),
        ("Varnish", 20),
        ("Waiting for customer", 30),
        ("Gift wrapped", 40),
    ]
    assert found["status", ("Varnish",)] == {
        "color": "#B5651D",
        "order": 20,
        "public_name": "Finishing",
        "use_public_name": True,
        "independent": False,
        "addon": False,
        "workflow": "Build",
        "sub_status_group": "Varnish coats",
        "notifications": {"email": True, "sms": False, "whatsapp": False},
        "max_duration": {
            "enabled": True,
            "seconds": 259200,
            "skip_weekends": True,
            "skip_holidays": True,
            "show_public_overdue_date": True,
        },
        "shopify_order_effect": "NONE",
    }
    assert found["workflow", ("Build",)] == {
        "description": "From bare hull to launch",
        "color": "#24527A",
        "order": 10,
        "default": True,
    }
    assert found["milestone", ("Build", "Production start")] == {
        "position": 2,
        "type": "production_start",
        "owner": "supplier",
        "status": "Hull laid",
        "sub_status": None,
        "key_date": None,
        "prompt_offset_days": 0,
        "tasks": [{"title": "On track to ship", "required": False, "days_before": 7}],
    }
    assert found["milestone", ("Build", "Delivered")]["prompt_offset_days"] == 1
    assert found["product chain", ("KAYAK-52",)] == {"statuses": ["Hull laid", "Varnish"]}
    assert found["supplier", ("Estaleiro Norte",)] == {"email": "yard@norte.example"}
    assert found["channel", ("sms",)] == {"url": "json://127.0.0.1:9000/sms"}
    assert [one.name for one in setup.workspace.workflows if one.is_default] == ["Build"]
    assert setup.workspace.calendar.is_holiday(date(2026, 6, 24))
    assert setup.workspace.calendar.is_holiday(date(2026, 4, 25))
    assert [one.name for one in setup.workspace.workflows] == ["Standard", "Build"]


async def test_applying_again_writes_nothing(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    before = await rows(pool, team_id)
    applied = await apply(pool, HARBOUR, to=harbour, at=LATER)
    assert (applied.count("create"), applied.count("change"), applied.count("same")) == (0, 0, 16)
    assert applied.count("left") == 5  # Standard and its milestones
    assert await rows(pool, team_id) == before


async def test_a_dry_run_tells_the_same_and_writes_nothing(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    before = await rows(pool, team_id)
    text = HARBOUR.replace(b"#B5651D", b"#000000").replace(b"seconds: 259200", b"seconds: 60")
    planned = await apply(pool, text, to=harbour, dry_run=True)
    assert await rows(pool, team_id) == before
    [change] = [one for one in planned.changes if one.action == "change"]
    assert (change.kind, change.name) == ("status", "Varnish")
    assert [(one.field, one.old, one.new) for one in change.fields if one.field == "color"] == [
        ("color", "#B5651D", "#000000")
    ]
    applied = await apply(pool, text, to=harbour, at=LATER)
    assert applied.changes == planned.changes
    after = await rows(pool, team_id)
    changed = [status["name"] for status in after["statuses"] if status not in before["statuses"]]
    assert changed == ["Varnish"]
    assert after["teams"][0]["version"] == before["teams"][0]["version"] + 1
    assert all(after[table] == before[table] for table in TABLES if table != "statuses")


async def test_a_dry_run_makes_no_team(pool):
    name = a_name()
    planned = await apply(pool, HARBOUR, to=name, dry_run=True)
    assert await teams.find_team(pool, name) is None
    applied = await apply(pool, HARBOUR, to=name)
    assert applied.changes == planned.changes


async def test_names_are_keys_and_keep_their_ids(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    before = await read.load(pool, team_id)
    text = """
sub_status_groups: [{name: Varnish coats, options: [Second coat, Primer, First coat]}]
statuses: [{name: Varnish, sub_status_group: Varnish coats}]
workflows: [{name: Build, color: "#000000", milestones: [{name: Order accepted, type: acceptance}]}]
"""
    await apply(pool, text, to=harbour)
    after = await read.load(pool, team_id)
    old_options = {option.name: option.id for option in before.groups[0].options}
    new_options = [(option.name, option.order) for option in after.groups[0].options]
    assert new_options == [("Second coat", 1), ("Primer", 2), ("First coat", 3)]
    assert {o.name: o.id for o in after.groups[0].options if o.name != "Primer"} == old_options
    assert {s.name: s.id for s in after.statuses} == {s.name: s.id for s in before.statuses}
    [varnish] = [status for status in after.statuses if status.name == "Varnish"]
    assert (varnish.color, varnish.order, varnish.public_name, varnish.workflow_id) == (
        "#8A94A6",
        10,
        None,
        None,
    )
    assert varnish.max_duration.enabled is False
    [build] = [one for one in after.workflows if one.name == "Build"]
    assert (build.color, build.description, build.is_default) == ("#000000", None, True)
    assert [m.name for m in build.milestones] == [
        "Order accepted",
        "Production start",
        "Shipped",
        "Delivered",
    ]


async def test_what_stays_keeps_its_place_behind_what_stood_before_it(pool):
    name = a_name()
    await apply(pool, "sub_status_groups: [{name: G, options: [a, b, c, d]}]", to=name)
    team_id = await team_id_of(pool, name)

    async def options() -> list[str]:
        return [option.name for option in (await read.load(pool, team_id)).groups[0].options]

    text = "sub_status_groups: [{name: G, options: [d, x, b]}]"
    await apply(pool, text, to=name)
    assert await options() == ["a", "d", "x", "b", "c"]
    applied = await apply(pool, text, to=name)
    assert not applied.is_change
    await apply(pool, text, to=name, prune=True)
    assert await options() == ["d", "x", "b"]


async def test_settings_that_the_file_is_silent_about_stay(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    await apply(pool, f"team: {{name: {harbour}}}\nsettings: {{enforce_product_chain: true}}", to=harbour)
    ours = await read.load(pool, team_id)
    assert (ours.team.time_zone, ours.team.currency, ours.team.workflows_enabled) == (
        "Europe/Lisbon",
        "EUR",
        True,
    )
    assert ours.team.enforce_product_chain is True
    assert (ours.calendar.country, ours.calendar.extra_holidays) == ("PT", frozenset({date(2026, 6, 24)}))
    await apply(pool, "calendar: {holidays: ~}", to=harbour)
    ours = await read.load(pool, team_id)
    assert (ours.calendar.country, ours.calendar.extra_holidays) == (None, frozenset({date(2026, 6, 24)}))


async def test_the_default_flag_moves_and_can_be_taken_away(pool, harbour):
    team_id = await team_id_of(pool, harbour)

    async def default() -> str | None:
        workflow = (await read.load(pool, team_id)).default_workflow
        return workflow.name if workflow else None

    assert await default() == "Build"
    await apply(pool, "workflows: [{name: Standard, default: true}]", to=harbour)
    assert await default() == "Standard"
    await apply(pool, "workflows: [{name: New one}]", to=harbour)
    assert await default() == "Standard"
    await apply(pool, "workflows: [{name: Standard}]", to=harbour)
    assert await default() == "Standard"
    await apply(pool, "workflows: [{name: Standard, default: false}]", to=harbour)
    assert await default() is None


async def test_pruning_removes_all_that_the_file_does_not_name(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    text = "statuses: [{name: Only}]\nworkflows: [{name: Plain, milestones: [{name: OK, type: acceptance}]}]"
    applied = await apply(pool, text, to=harbour, prune=True)
    assert applied.count("remove") == 20
    found = await rows(pool, team_id)
    assert {table: len(found[table]) for table in TABLES} == {
        "sub_status_groups": 0,
        "sub_status_options": 0,
        "workflows": 1,
        "workflow_milestones": 1,
        "statuses": 1,
        "product_chains": 0,
        "suppliers": 0,
        "channels": 0,
    }
    assert (await read.load(pool, team_id)).calendar.country == "PT"
    assert not (await apply(pool, text, to=harbour, prune=True)).is_change


async def test_two_teams_do_not_see_each_other(pool, harbour):
    other = a_name()
    await apply(pool, HARBOUR, to=other)
    ours, theirs = await team_id_of(pool, harbour), await team_id_of(pool, other)
    before = await rows(pool, theirs)
    await apply(pool, "statuses: [{name: Only}]", to=harbour, prune=True)
    assert await rows(pool, theirs) == before
    ids = {status.id for status in (await read.load(pool, ours)).statuses}
    assert not ids & {status.id for status in (await read.load(pool, theirs)).statuses}


async def test_many_who_apply_the_same_file_make_it_once(pool):
    name = a_name()
    results = await asyncio.gather(*(apply(pool, HARBOUR, to=name) for _ in range(6)))
    assert sorted(applied.count("create") for applied in results) == [0, 0, 0, 0, 0, 16]
    team_id = await team_id_of(pool, name)
    assert [team.name for team in await teams.list_teams(pool)].count(name) == 1
    assert len((await read.load(pool, team_id)).statuses) == 4
    assert await read.version(pool, team_id) == 2


async def test_many_who_change_one_team_go_one_after_the_other(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    texts = [f"statuses: [{{name: S{n}}}]\nsuppliers: [{{name: T{n}}}]" for n in range(8)]
    await asyncio.gather(*(apply(pool, text, to=harbour) for text in texts))
    assert await read.version(pool, team_id) == 10
    assert {status.name for status in (await read.load(pool, team_id)).statuses} >= {
        f"S{n}" for n in range(8)
    }


REFERENCES = """
statuses:
- {name: A, workflow: Ghost}
- {name: B, sub_status_group: Ghost}
- {name: C, addon: true}
product_chains:
- {product: K, statuses: [A, Ghost, C]}
- {product: L, statuses: [Waiting for customer]}
workflows:
- name: Order rules
  milestones:
  - {name: M1, type: acceptance, status: C}
  - {name: M2, type: custom, status: Ghost}
  - {name: M3, type: custom, status: Varnish}
  - {name: M4, type: custom, status: Varnish, sub_status: Ghost}
  - {name: M5, type: custom, status: A, sub_status: Ghost}
- name: Build
  milestones: [{name: Accepted anew, type: acceptance}]
- name: No start
  milestones: [{name: M, type: custom}]
- name: Late start
  milestones: [{name: M, type: custom}, {name: N, type: acceptance}]
- name: Wrong way
  milestones: [{name: M, type: acceptance}, {name: D, type: delivery}, {name: S, type: shipment}]
replace_with: {statuses: {A: Ghost}, workflows: {Standard: Ghost}}
"""


async def test_every_broken_reference_is_told_and_nothing_is_written(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    before = await rows(pool, team_id)
    with pytest.raises(Faulty) as refusal:
        await apply(pool, REFERENCES, to=harbour)
    known = "there are Hull laid, A, Varnish, B, Waiting for customer, C, Gift wrapped"
    workflows = "there are Build, Late start, No start, Order rules, Standard, Wrong way"
    coats = "First coat, Second coat"
    neither = "a product chain has only statuses that are neither"
    assert refusal.value.faults == [
        ("statuses[0].workflow", f"there is no workflow 'Ghost'; {workflows}"),
        ("statuses[1].sub_status_group", "there is no sub-status group 'Ghost'; there are Varnish coats"),
        ("product_chains[0].statuses[1]", f"there is no status 'Ghost'; {known}"),
        (
            "product_chains[0].statuses[2]",
            f"'C' is an addon; {neither}",
        ),
        (
            "product_chains[1].statuses[0]",
            f"'Waiting for customer' is independent; {neither}",
        ),
        ("workflows[0].milestones[0].status", "'C' is an addon; a milestone cannot enter it"),
        ("workflows[0].milestones[1].status", f"there is no status 'Ghost'; {known}"),
        ("workflows[0].milestones[2].sub_status", f"'Varnish' needs one of {coats}; add it"),
        ("workflows[0].milestones[3].sub_status", f"'Varnish' has no sub-status 'Ghost'; it has {coats}"),
        ("workflows[0].milestones[4].sub_status", "'A' has no sub-statuses; remove it"),
        (
            "workflows[1].milestones",
            "has 2 milestones of type acceptance ('Order accepted', 'Accepted anew'); "
            "keep one (pruning removes others)",
        ),
        ("workflows[2].milestones", "has no acceptance; the first milestone must be one"),
        ("workflows[3].milestones", "the acceptance 'N' must be the first milestone"),
        ("workflows[4].milestones", "production_start, shipment and delivery must stand in this order"),
        ("replace_with.statuses.A", "'A' is also defined in this file; remove it from one of the two"),
        ("replace_with.statuses.A", f"there is no status 'Ghost'; {known}"),
        ("replace_with.workflows.Standard", f"there is no workflow 'Ghost'; {workflows}"),
    ]
    assert await rows(pool, team_id) == before


async def test_a_faulty_file_makes_no_team(pool):
    name = a_name()
    with pytest.raises(Faulty) as refusal:
        await apply(pool, "statuses: [{name: A, workflow: Ghost, color: red, colour: x}]", to=name)
    assert [where for where, _ in refusal.value.faults] == [
        "statuses[0].colour",
        "statuses[0].color",
        "statuses[0].workflow",
    ]
    assert await teams.find_team(pool, name) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "statuses: [{name: Hull laid, independent: true}]",
            "the chain of 'KAYAK-52', which stays, holds 'Hull laid', now no chain status; "
            "name that chain too",
        ),
        (
            "statuses: [{name: Hull laid, addon: true}]",
            "milestone Build/Production start, which stays, enters 'Hull laid', now an addon; "
            "name that milestone too",
        ),
        (
            "statuses: [{name: Hull laid, sub_status_group: Varnish coats}]",
            "milestone Build/Production start, which stays, enters 'Hull laid', whose sub-statuses change; "
            "name that milestone too",
        ),
    ],
)
async def test_what_stays_must_stay_whole(pool, harbour, text, what):
    team_id = await team_id_of(pool, harbour)
    before = await rows(pool, team_id)
    with pytest.raises(Faulty) as refusal:
        await apply(pool, text, to=harbour)
    assert ("statuses", what) in refusal.value.faults
    assert await rows(pool, team_id) == before


async def test_what_orders_hold_is_not_taken_away(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    ours = await read.load(pool, team_id)
    status = {one.name: one for one in ours.statuses}
    workflow = {one.name: one.id for one in ours.workflows}
    option = {one.name: one.id for one in ours.groups[0].options}
    for _ in range(2):
        await order_in(
            pool,
            team_id,
            status_id=status["Varnish"].id,
            sub_status_id=option["First coat"],
            workflow_id=workflow["Build"],
            milestone_workflow_id=workflow["Standard"],
        )
    order_id = await order_in(pool, team_id)
    addon = "insert into order_addons (team_id, order_id, status_id, entered_at) values ($1, $2, $3, $4)"
    await pool.execute(addon, team_id, order_id, status["Gift wrapped"].id, NOW)
    before = await rows(pool, team_id)
    for dry_run in (True, False):
        with pytest.raises(Conflict) as refusal:
            await apply(pool, "statuses: [{name: Only}]", to=harbour, prune=True, dry_run=dry_run)
        assert refusal.value.code == "in_use"
        assert refusal.value.facts["things"] == [
            "status 'Varnish' is held by 2 orders",
            "status 'Gift wrapped' is held by 1 addon",
            "workflow 'Standard' is used by 2 orders",
            "workflow 'Build' is used by 2 orders",
            "sub-status 'Varnish coats/First coat' is held by 2 orders",
        ]
    with pytest.raises(Conflict) as refusal:
        await apply(pool, "statuses: [{name: Gift wrapped}]", to=harbour)
    assert refusal.value.facts["things"] == [
        "status 'Gift wrapped' is held by 1 addon and must stay an addon"
    ]
    assert await rows(pool, team_id) == before


async def test_the_verb_for_one_team_asks_for_permissions(pool, harbour):
    team_id = await team_id_of(pool, harbour)
    before = await rows(pool, team_id)
    statuses = parse(b"statuses: [{name: Only}]").wish
    settings = parse(b"settings: {workflows_enabled: false}").wish

    def someone(*permissions: str) -> Actor:
        return Actor(team_id, "user", new_id(), "Ana", frozenset(permissions))

    with pytest.raises(Forbidden):
        await workspace.reshape(
            pool, Actor(team_id, "user", None, "Ana", ALL_PERMISSIONS - {"canManageStatuses"}), NOW, statuses
        )
    with pytest.raises(Forbidden):
        await workspace.reshape(pool, someone("canManageStatuses"), NOW, settings)
    with pytest.raises(Forbidden):
        await workspace.reshape(pool, someone("canManageStatuses"), NOW, statuses, prune=True)
    with pytest.raises(NotFound):
        await workspace.reshape(pool, system_actor(new_id()), NOW, statuses)
    assert await rows(pool, team_id) == before
    applied = await workspace.reshape(pool, someone("canManageStatuses"), NOW, statuses)
    assert [change.name for change in applied.changes if change.action == "create"] == ["Only"]


async def test_a_new_team_made_by_the_verb_and_by_the_file_are_alike(pool):
    name, other = a_name(), a_name()
    await accounts.create_team(pool, NOW, name=name)
    await apply(pool, "{}", to=other)
    one = facts(await read.load_setup(pool, await team_id_of(pool, name)))
    two = facts(await read.load_setup(pool, await team_id_of(pool, other)))
    assert one.pop(("team", (name,))) == two.pop(("team", (other,)))
    assert one == two


def test_the_example_is_the_one_that_the_file_tests_read():
    assert parse(HARBOUR).wish == HARBOUR_WISH
