"""What distinguishes two set-ups of a team, told in names: the report of a change, made or only planned."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from milepost.model.workflow import Status, WorkflowMilestone, Workspace
from milepost.model.workspace_plan import Setup
from milepost.model.workspace_wish import WorkspaceWish

Kind = Literal[
    "team",
    "sub-status group",
    "sub-status",
    "workflow",
    "status",
    "milestone",
    "product chain",
    "supplier",
    "channel",
]
Key = tuple[str, ...]
"""The name of a thing, led by the name of what it is in: (group, option), (workflow, milestone)."""

Action = Literal["create", "change", "remove", "same", "left"]


class FieldChange(Struct, frozen=True):
    field: str
    old: Any
    new: Any


class Change(Struct, frozen=True):
    """What becomes of one thing. `same`: wished and so already; `left`: the wish does not name it."""

    action: Action
    kind: Kind
    key: Key
    fields: tuple[FieldChange, ...] = ()

    @property
    def name(self) -> str:
        return "/".join(self.key)


Facts = dict[tuple[Kind, Key], dict[str, Any]]


def facts(setup: Setup) -> Facts:
    """Everything of the set-up by kind and name, other things referred to by name. Two set-ups are alike
    exactly when their facts are equal."""
    workspace = setup.workspace
    found: Facts = {("team", (workspace.team.name,)): _team(workspace)}
    for group in workspace.groups:
        found["sub-status group", (group.name,)] = {}
        for option in group.options:
            found["sub-status", (group.name, option.name)] = {"position": option.order}
    for workflow in workspace.workflows:
        found["workflow", (workflow.name,)] = {
            "description": workflow.description,
            "color": workflow.color,
            "order": workflow.order,
            "default": workflow.is_default,
        }
        for milestone in workflow.milestones:
            found["milestone", (workflow.name, milestone.name)] = _milestone(milestone, workspace)
    for status in workspace.statuses:
        found["status", (status.name,)] = _status(status, workspace)
    for product, ids in workspace.product_chains.items():
        found["product chain", (product,)] = {"statuses": _names(ids, workspace)}
    for supplier in setup.suppliers:
        found["supplier", (supplier.name,)] = {"email": supplier.email}
    for channel, url in setup.channels.items():
        found["channel", (channel,)] = {"url": url}
    return found


def _names(ids: tuple[str, ...], workspace: Workspace) -> list[str]:
    return [workspace.status[one].name if one in workspace.status else one for one in ids]


def _team(workspace: Workspace) -> dict[str, Any]:
    team = msgspec.structs.asdict(workspace.team)
    calendar = workspace.calendar
    del team["id"], team["name"]
    return {
        **team,
        "holiday country": calendar.country,
        "holiday subdivision": calendar.subdivision,
        "extra_holidays": [day.isoformat() for day in sorted(calendar.extra_holidays)],
    }


def _status(status: Status, workspace: Workspace) -> dict[str, Any]:
    workflow = workspace.workflow.get(status.workflow_id or "")
    return {
        "color": status.color,
        "order": status.order,
        "public_name": status.public_name,
        "use_public_name": status.use_public_name,
        "independent": status.is_independent,
        "addon": status.is_addon,
        "workflow": workflow.name if workflow else None,
        "sub_status_group": status.group.name if status.group else None,
        "notifications": msgspec.structs.asdict(status.notifications),
        "max_duration": msgspec.structs.asdict(status.max_duration),
        "shopify_order_effect": status.shopify_order_effect,
    }


def _milestone(milestone: WorkflowMilestone, workspace: Workspace) -> dict[str, Any]:
    status = workspace.status.get(milestone.status_id or "")
    option = workspace.option.get(milestone.sub_status_id or "")
    rule = milestone.key_date_rule
    return {
        "position": milestone.position,
        "type": milestone.type,
        "owner": milestone.owner,
        "status": status.name if status else None,
        "sub_status": option.name if option else None,
        "key_date": msgspec.structs.asdict(rule) if rule else None,
        "prompt_offset_days": milestone.prompt_offset_days,
        "tasks": [msgspec.structs.asdict(task) for task in milestone.task_templates],
    }


def difference(
    old: Setup, new: Setup, wish: WorkspaceWish, *, team_is_new: bool = False
) -> tuple[Change, ...]:
    """What becomes of each thing of either set-up, in the order of the new one; what goes comes last."""
    before, after, named = facts(old), facts(new), _named(wish, new)
    changes = []
    for (kind, key), now in after.items():
        was = before.get((kind, key))
        if was is None or (kind == "team" and team_is_new):
            changes.append(Change("create", kind, key))
        elif was != now:
            changes.append(Change("change", kind, key, _field_changes(kind, was, now)))
        else:
            changes.append(Change("same" if (kind, key) in named else "left", kind, key))
    changes += [Change("remove", kind, key) for kind, key in before if (kind, key) not in after]
    return tuple(changes)


def _named(wish: WorkspaceWish, new: Setup) -> set[tuple[Kind, Key]]:
    named: set[tuple[Kind, Key]] = {("team", (new.workspace.team.name,))}
    for group in wish.groups:
        named.add(("sub-status group", (group.name,)))
        named |= {("sub-status", (group.name, option)) for option in group.options}
    for workflow in wish.workflows:
        named.add(("workflow", (workflow.name,)))
        named |= {("milestone", (workflow.name, one.name)) for one in workflow.milestones}
    named |= {("status", (status.name,)) for status in wish.statuses}
    named |= {("product chain", (chain.product,)) for chain in wish.product_chains}
    named |= {("supplier", (supplier.name,)) for supplier in wish.suppliers}
    named |= {("channel", (channel,)) for channel in wish.channels}
    return named


def _field_changes(kind: Kind, was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    changed = (FieldChange(field, was[field], now[field]) for field in now if was[field] != now[field])
    if kind != "channel":
        return tuple(changed)
    # The URL of a channel holds passwords; a report must not.
    return tuple(FieldChange(one.field, _scheme(one.old), _scheme(one.new)) for one in changed)


def _scheme(url: str) -> str:
    return url.split("://", 1)[0] + "://..."
