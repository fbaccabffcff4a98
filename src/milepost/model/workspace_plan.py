"""From what a team has and what someone wants to what it will have: one pure step, ids kept by name.

What the wish does not name stays as it is, or goes when the plan prunes. Things that stay inside a list
(options of a group, milestones of a workflow) keep their place behind the one that stood before them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from milepost.model.calendar import Calendar
from milepost.model.workflow import (
    MilestoneType,
    Owner,
    Status,
    SubStatusGroup,
    SubStatusOption,
    Team,
    Workflow,
    WorkflowMilestone,
    Workspace,
)
from milepost.model.workspace_references import reference_faults
from milepost.model.workspace_rules import value_faults
from milepost.model.workspace_wish import (
    Fault,
    GroupWish,
    MilestoneWish,
    StatusWish,
    SupplierWish,
    WorkflowWish,
    WorkspaceWish,
)

NewId = Callable[[], str]


class Supplier(Struct, frozen=True):
    id: str
    name: str
    email: str | None = None


class Setup(Struct, frozen=True):
    """A workspace with what belongs to its team besides: suppliers, and where messages go, by channel."""

    workspace: Workspace
    suppliers: tuple[Supplier, ...] = ()
    channels: Mapping[str, str] = {}


class Planned(Struct, frozen=True):
    """What the team will have, and every fault: with one of them it must not."""

    target: Setup
    faults: tuple[Fault, ...]


def plan(setup: Setup, wish: WorkspaceWish, new_id: NewId, *, prune: bool = False) -> Planned:
    """The team's set-up as the wish wants it, with the faults of the wish.

    Never raises: a target with faults is only good for finding more of them.
    """
    now = setup.workspace
    team = msgspec.structs.replace(now.team, **_fields(wish.team))
    groups = _groups(now.groups, wish.groups, new_id, prune)
    workflow_ids = _ids(now.workflows, wish.workflows, new_id)
    statuses = _statuses(now, wish, groups, workflow_ids, new_id, prune)
    workflows = _workflows(now, wish, statuses, workflow_ids, new_id, prune)
    target = Workspace(
        team=team,
        version=now.version,
        calendar=_calendar(now.calendar, team, wish.calendar),
        statuses=tuple(sorted(statuses.values(), key=_place)),
        workflows=tuple(sorted(workflows.values(), key=_place)),
        groups=tuple(sorted(groups.values(), key=lambda group: group.id)),
        product_chains=_chains(now, wish, statuses, prune),
        webhooks=now.webhooks,
        house=now.house,
    )
    faults = (*value_faults(wish), *reference_faults(wish, now, target))
    return Planned(
        Setup(
            workspace=target,
            suppliers=_suppliers(setup.suppliers, wish.suppliers, new_id, prune),
            channels=dict(sorted({**({} if prune else setup.channels), **wish.channels}.items())),
        ),
        faults,
    )


def _fields(given: Mapping[str, object]) -> Any:
    return given


def _calendar(now: Calendar, team: Team, given: Mapping[str, object]) -> Calendar:
    return msgspec.structs.replace(now, time_zone=team.time_zone, **_fields(given))


def _place(thing: Status | Workflow) -> tuple[int, str]:
    return thing.order, thing.id


Named = TypeVar("Named", Status, Workflow, SubStatusGroup, SubStatusOption, WorkflowMilestone, Supplier)


def _by_name(things: Sequence[Named]) -> dict[str, Named]:
    return {thing.name: thing for thing in things}


def _ids(
    now: Sequence[Named],
    wished: Sequence[GroupWish | StatusWish | WorkflowWish | SupplierWish],
    new_id: NewId,
) -> dict[str, str]:
    """Ids by name, of what is there and of what will be."""
    known = {thing.name: thing.id for thing in now}
    made = {wish.name: new_id() for wish in wished if wish.name not in known}
    return known | made


def _sequence(now: Sequence[str], wished: Sequence[str], prune: bool) -> list[str]:
    """The wished names in their order; one that only `now` has stands behind the one before it there."""
    merged = list(dict.fromkeys(wished))
    if prune:
        return merged
    before: str | None = None
    for name in now:
        if name not in merged:
            merged.insert(0 if before is None else merged.index(before) + 1, name)
        before = name
    return merged


def _groups(
    now: Sequence[SubStatusGroup], wished: Sequence[GroupWish], new_id: NewId, prune: bool
) -> dict[str, SubStatusGroup]:
    groups = {} if prune else _by_name(now)
    known = _by_name(now)
    ids = _ids(now, wished, new_id)
    for wish in wished:
        options = _by_name(known[wish.name].options) if wish.name in known else {}
        names = _sequence(list(options), wish.options, prune)
        groups[wish.name] = SubStatusGroup(
            id=ids[wish.name],
            name=wish.name,
            options=tuple(
                SubStatusOption(options[name].id if name in options else new_id(), name, position)
                for position, name in enumerate(names, start=1)
            ),
        )
    return groups


def _statuses(
    now: Workspace,
    wish: WorkspaceWish,
    groups: Mapping[str, SubStatusGroup],
    workflow_ids: Mapping[str, str],
    new_id: NewId,
    prune: bool,
) -> dict[str, Status]:
    ids = _ids(now.statuses, wish.statuses, new_id)
    statuses = {} if prune else {status.name: _with_group(status, groups) for status in now.statuses}
    for position, wished in enumerate(wish.statuses, start=1):
        statuses[wished.name] = Status(
            id=ids[wished.name],
            name=wished.name,
            color=wished.color,
            order=position * 10 if wished.order is None else wished.order,
            public_name=wished.public_name,
            use_public_name=wished.use_public_name,
            is_independent=wished.independent,
            is_addon=wished.addon,
            notifications=wished.notifications,
            shopify_order_effect=wished.shopify_order_effect,
            max_duration=wished.max_duration,
            group=groups.get(wished.sub_status_group or ""),
            workflow_id=workflow_ids.get(wished.workflow or ""),
        )
    return statuses


def _with_group(status: Status, groups: Mapping[str, SubStatusGroup]) -> Status:
    """A status that stays, with its group as the group will be."""
    if status.group is None:
        return status
    return msgspec.structs.replace(status, group=groups.get(status.group.name))


def _workflows(
    now: Workspace,
    wish: WorkspaceWish,
    statuses: Mapping[str, Status],
    ids: Mapping[str, str],
    new_id: NewId,
    prune: bool,
) -> dict[str, Workflow]:
    known = _by_name(now.workflows)
    workflows = {} if prune else dict(known)
    new_default = next((wished.name for wished in wish.workflows if wished.default), None)
    if new_default is not None:
        workflows = {name: msgspec.structs.replace(one, is_default=False) for name, one in workflows.items()}
    for position, wished in enumerate(wish.workflows, start=1):
        old = known.get(wished.name)
        kept = new_default is None and wished.default is None and old is not None and old.is_default
        workflows[wished.name] = Workflow(
            id=ids[wished.name],
            name=wished.name,
            color=wished.color,
            order=position * 10 if wished.order is None else wished.order,
            description=wished.description,
            is_default=kept or wished.name == new_default,
            milestones=_milestones(old.milestones if old else (), wished, statuses, new_id, prune),
        )
    return workflows


def _milestones(
    now: Sequence[WorkflowMilestone],
    workflow: WorkflowWish,
    statuses: Mapping[str, Status],
    new_id: NewId,
    prune: bool,
) -> tuple[WorkflowMilestone, ...]:
    known = _by_name(now)
    wished = {wish.name: wish for wish in workflow.milestones}
    placed = []
    for position, name in enumerate(_sequence(list(known), list(wished), prune), start=1):
        if name in wished:
            milestone_id = known[name].id if name in known else new_id()
            placed.append(_milestone(milestone_id, position, wished[name], statuses))
        else:
            placed.append(msgspec.structs.replace(known[name], position=position))
    return tuple(placed)


def _milestone(
    milestone_id: str, position: int, wish: MilestoneWish, statuses: Mapping[str, Status]
) -> WorkflowMilestone:
    status = statuses.get(wish.status or "")
    options = status.group.options if status is not None and status.group is not None else ()
    offset = usual_prompt_offset(wish.type) if wish.prompt_offset_days is None else wish.prompt_offset_days
    return WorkflowMilestone(
        id=milestone_id,
        name=wish.name,
        position=position,
        type=wish.type,
        owner=wish.owner or usual_owner(wish.type),
        status_id=status.id if status else None,
        sub_status_id=next((option.id for option in options if option.name == wish.sub_status), None),
        key_date_rule=wish.key_date,
        prompt_offset_days=offset,
        task_templates=wish.tasks,
    )


def usual_owner(kind: MilestoneType) -> Owner:
    """Who is prompted unless the workflow says otherwise (Milestones API, section 6.5)."""
    return "brand" if kind == "delivery" else "supplier"


def usual_prompt_offset(kind: MilestoneType) -> int:
    """Days between key date and prompt unless the workflow says otherwise (Milestones API, section 6.5)."""
    return 1 if kind in ("shipment", "delivery") else 0


def _chains(
    now: Workspace, wish: WorkspaceWish, statuses: Mapping[str, Status], prune: bool
) -> dict[str, tuple[str, ...]]:
    chains = {} if prune else dict(now.product_chains)
    for chain in wish.product_chains:
        chains[chain.product] = tuple(statuses[name].id for name in chain.statuses if name in statuses)
    return dict(sorted(chains.items()))


def _suppliers(
    now: Sequence[Supplier], wished: Sequence[SupplierWish], new_id: NewId, prune: bool
) -> tuple[Supplier, ...]:
    ids = _ids(now, wished, new_id)
    suppliers = {} if prune else _by_name(now)
    for wish in wished:
        suppliers[wish.name] = Supplier(ids[wish.name], wish.name, wish.email)
    return tuple(sorted(suppliers.values(), key=lambda supplier: supplier.id))
