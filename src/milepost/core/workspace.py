"""Verbs on what a team defines: make its workspace equal to a wish."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from milepost.core import accounts
from milepost.core.workspace_succession import Successors, succeed, successors
from milepost.kit.errors import Conflict, Faulty, NotFound
from milepost.kit.ids import new_id
from milepost.model.actor import Actor, system_actor
from milepost.model.calendar import Calendar
from milepost.model.workflow import House, Status, SubStatusOption, Team, Workspace
from milepost.model.workspace_difference import Change, difference
from milepost.model.workspace_plan import Setup, plan
from milepost.model.workspace_wish import Fault, WorkspaceWish
from milepost.reads import accounts as teams
from milepost.reads import workspace as read
from milepost.reads import workspace_use as use
from milepost.store import accounts as team_rows
from milepost.store import attention
from milepost.store import workspace as store
from milepost.store.db import Database

_NO_SETTINGS = House()


class Applied(Struct, frozen=True):
    """What a wish came to: the set-up after it, and what became of each thing."""

    setup: Setup
    changes: tuple[Change, ...]

    def count(self, *actions: str) -> int:
        return sum(change.action in actions for change in self.changes)

    @property
    def is_change(self) -> bool:
        return self.count("create", "change", "remove") > 0


async def apply(
    db: Database,
    now: datetime,
    wish: WorkspaceWish,
    *,
    team_name: str,
    prune: bool = False,
    dry_run: bool = False,
    faults: Sequence[Fault] = (),
    house: House = _NO_SETTINGS,
) -> Applied:
    """Makes the workspace of the team of that name equal to the wish, and the team too when there is none.

    For the operator, who stands above teams. All of it is one transaction; a wish that is fulfilled already
    writes nothing. `faults` are those the door has found, told together with those found here. Raises Faulty
    with all of them, Conflict `in_use` when something would go that orders still hold.
    """
    async with db.transaction() as tx:
        team = await teams.find_team(tx, team_name)
        if team is None and not dry_run:
            # Someone else may be making it this moment: wait, and find it made.
            await team_rows.lock_team_name(tx, team_name)
            team = await teams.find_team(tx, team_name)
        if team is not None:
            return await _reshape(tx, system_actor(team.id), now, wish, prune, dry_run, faults, house)
        future = _future_team(team_name)
        planned = _planned(future, wish, prune, faults)
        if dry_run:
            return Applied(planned, difference(future, planned, wish, team_is_new=True))
        team_id = await accounts.create_team(tx, now, name=team_name)
        applied = await _reshape(tx, system_actor(team_id), now, wish, prune, dry_run, faults, house)
        changes = difference(future, applied.setup, wish, team_is_new=True)
        return msgspec.structs.replace(applied, changes=changes)


async def reshape(
    db: Database,
    actor: Actor,
    now: datetime,
    wish: WorkspaceWish,
    *,
    prune: bool = False,
    dry_run: bool = False,
    faults: Sequence[Fault] = (),
    house: House = _NO_SETTINGS,
) -> Applied:
    """`apply` on the actor's own team.

    Raises Forbidden without `canManageStatuses`, and without `canManageTeam` when the wish prunes or is also
    about settings, calendar, channels or suppliers; Faulty and Conflict as `apply` does.
    """
    actor.require("canManageStatuses")
    if wish.team or wish.calendar or wish.channels or wish.suppliers or prune:
        actor.require("canManageTeam")
    async with db.transaction() as tx:
        return await _reshape(tx, actor, now, wish, prune, dry_run, faults, house)


async def _reshape(
    tx: Database,
    actor: Actor,
    now: datetime,
    wish: WorkspaceWish,
    prune: bool,
    dry_run: bool,
    faults: Sequence[Fault],
    house: House,
) -> Applied:
    team_id = actor.team_id
    if not dry_run and await store.lock_team(tx, team_id) is None:
        raise NotFound("Team")
    before = await read.load_setup(tx, team_id, house)
    after = _planned(before, wish, prune, faults)
    pairs = successors(before.workspace, after.workspace, wish)
    await _refuse_what_orders_hold(tx, before.workspace, after.workspace, pairs)
    applied = Applied(after, difference(before, after, wish))
    if applied.is_change and not dry_run:
        # What stays and comes is written first, so that nothing needs any more what goes.
        await _put(tx, before, after, now)
        await succeed(tx, actor, before.workspace, after.workspace, pairs, now)
        await _delete(tx, before, after)
        await team_rows.bump_team(tx, team_id, now)
    return applied


def _planned(before: Setup, wish: WorkspaceWish, prune: bool, faults: Sequence[Fault]) -> Setup:
    planned = plan(before, wish, new_id, prune=prune)
    if found := [*faults, *planned.faults]:
        raise Faulty("The workspace cannot be made so", found)
    return planned.target


def _future_team(name: str) -> Setup:
    """A team as `create_team` will make it."""
    return Setup(
        Workspace(
            team=Team(id=new_id(), name=name),
            version=1,
            calendar=Calendar(),
            workflows=(accounts.standard_workflow(),),
        )
    )


async def _refuse_what_orders_hold(
    tx: Database, before: Workspace, after: Workspace, pairs: Successors
) -> None:
    """Raises Conflict `in_use`, naming everything that would be taken away from under an order without a
    successor."""
    team_id, leaving = before.team.id, pairs.leaving
    gone = [one for one in before.statuses if one.id not in after.status and one.id not in leaving]
    turned = [status for status in before.statuses if _turns(status, after.status.get(status.id))]
    workflows = [one for one in before.workflows if one.id not in after.workflow and one.id not in leaving]
    options = [option for option in before.option.values() if option.id not in after.option]
    held = await use.statuses_in_use(tx, team_id, [status.id for status in gone + turned])
    entered = await use.workflows_in_use(tx, team_id, [workflow.id for workflow in workflows])
    refined = await use.options_in_use(tx, team_id, [option.id for option in options], sorted(leaving))
    found = [
        *(f"status {one.name!r} is held by {held[one.id]}" for one in gone if one.id in held),
        *(
            f"status {one.name!r} is held by {held[one.id]} and must stay {_kind(one)}"
            for one in turned
            if one.id in held
        ),
        *(f"workflow {one.name!r} is used by {entered[one.id]}" for one in workflows if one.id in entered),
        *(
            f"sub-status {_path(before, one)!r} is held by {refined[one.id]}"
            for one in options
            if one.id in refined
        ),
    ]
    if found:
        cure = "move the orders first, or name successors under replace_with"
        raise Conflict("in_use", f"Orders are in the way: {'; '.join(found)}; {cure}", things=found)


def _turns(old: Status, new: Status | None) -> bool:
    """Whether a status stops or starts being an addon: held as one, it cannot be the other."""
    return new is not None and old.is_addon != new.is_addon


def _kind(status: Status) -> str:
    return "an addon" if status.is_addon else "a primary status"


def _path(workspace: Workspace, option: SubStatusOption) -> str:
    group = next(group for group in workspace.groups if group.option(option.id) is not None)
    return f"{group.name}/{option.name}"


async def _put(tx: Database, before: Setup, after: Setup, now: datetime) -> None:
    """Writes what is new or differs."""
    old, new = before.workspace, after.workspace
    team_id = old.team.id
    if (old.team, old.calendar) != (new.team, new.calendar):
        await store.update_team(tx, new.team, new.calendar, now)
    if old.calendar.time_zone != new.calendar.time_zone:
        await attention.look_again(tx, team_id, now)
    old_groups = {group.id: group for group in old.groups}
    for group in new.groups:
        known = old_groups.get(group.id)
        if known is None:
            await store.put_groups(tx, team_id, [group], now)
        if known != group:
            await store.put_options(tx, team_id, group)
    await _put_workflows(tx, old, new, now)
    old_chains = old.product_chains
    chains = {product: ids for product, ids in new.product_chains.items() if old_chains.get(product) != ids}
    await store.put_chains(tx, team_id, chains, now)
    suppliers = set(after.suppliers) - set(before.suppliers)
    await store.put_suppliers(tx, team_id, [(one.id, one.name, one.email) for one in suppliers], now)
    urls = {channel: url for channel, url in after.channels.items() if before.channels.get(channel) != url}
    await store.put_channels(tx, team_id, urls, now)


async def _put_workflows(tx: Database, old: Workspace, new: Workspace, now: datetime) -> None:
    """Workflows, then the statuses in them, then the milestones that enter these statuses."""
    team_id = old.team.id
    old_default, new_default = old.default_workflow, new.default_workflow
    if old_default is not None and (new_default is None or new_default.id != old_default.id):
        await store.clear_default(tx, team_id, now)
    workflows = [one for one in new.workflows if old.workflow.get(one.id) != one]
    await store.put_workflows(tx, team_id, workflows, now)
    await store.put_statuses(tx, team_id, [one for one in new.statuses if old.status.get(one.id) != one], now)
    for workflow in workflows:
        known = old.workflow.get(workflow.id)
        kept = set(known.milestones) if known is not None else set()
        milestones = [one for one in workflow.milestones if one not in kept]
        await store.put_milestones(tx, team_id, workflow.id, milestones, now)


async def _delete(tx: Database, before: Setup, after: Setup) -> None:
    old, new = before.workspace, after.workspace
    kept = {
        *(milestone.id for workflow in new.workflows for milestone in workflow.milestones),
        *(group.id for group in new.groups),
        *(supplier.id for supplier in after.suppliers),
    }
    gone: dict[store.Kind, list[str]] = {
        "product_chains": [one for one in old.product_chains if one not in new.product_chains],
        "milestones": [one.id for workflow in old.workflows for one in workflow.milestones],
        "statuses": [one for one in old.status if one not in new.status],
        "workflows": [one for one in old.workflow if one not in new.workflow],
        "options": [one for one in old.option if one not in new.option],
        "groups": [group.id for group in old.groups],
        "suppliers": [supplier.id for supplier in before.suppliers],
        "channels": [one for one in before.channels if one not in after.channels],
    }
    for kind, keys in gone.items():
        await store.delete(tx, old.team.id, kind, [one for one in keys if one not in kept])
