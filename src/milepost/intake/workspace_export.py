"""A team's set-up as a workspace file that, applied back, changes nothing."""

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from milepost.model.calendar import Calendar
from milepost.model.workflow import MaxDuration, Status, Switches, Workflow, WorkflowMilestone, Workspace
from milepost.model.workspace_plan import Setup, usual_owner, usual_prompt_offset

_ENDLESS = 1 << 30
"""A line width at which nothing is folded."""

_SEPARATORS = frozenset("\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    """Writes text with rare line separators in double quotes: elsewhere they would be read as line ends."""

    def represent_text(self, text: str) -> yaml.Node:
        style = '"' if _SEPARATORS & set(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def as_yaml(setup: Setup) -> str:
    """The workspace file. Channel URLs are in it, with the passwords they hold."""
    text: str = yaml.dump(
        document(setup),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_ENDLESS,
        default_flow_style=False,
    )
    return text


def document(setup: Setup) -> dict[str, Any]:
    """The workspace file as plain values. What has its default is left out of single things."""
    workspace = setup.workspace
    team = workspace.team
    return {
        "team": {"name": team.name, "time_zone": team.time_zone, "currency": team.currency},
        "settings": {
            "status_specificity": team.status_specificity,
            "workflows_enabled": team.workflows_enabled,
            "enforce_workflow_order": team.enforce_workflow_order,
            "enforce_product_chain": team.enforce_product_chain,
        },
        "calendar": _calendar(workspace.calendar),
        "sub_status_groups": [
            {"name": group.name, "options": [option.name for option in group.options]}
            for group in workspace.groups
        ],
        "statuses": _placed(workspace.statuses, [_status(one, workspace) for one in workspace.statuses]),
        "product_chains": [
            {"product": product, "statuses": [workspace.status[one].name for one in ids]}
            for product, ids in workspace.product_chains.items()
        ],
        "workflows": _placed(workspace.workflows, [_workflow(one, workspace) for one in workspace.workflows]),
        "channels": dict(setup.channels),
        "suppliers": [_given(name=one.name, email=one.email) for one in setup.suppliers],
    }


def _given(**fields: Any) -> dict[str, Any]:
    """The fields that say something: not null, false or an empty list."""
    return {
        key: value
        for key, value in fields.items()
        if value is not None and value is not False and value != []
    }


def _calendar(calendar: Calendar) -> dict[str, Any]:
    holidays = _given(country=calendar.country, subdivision=calendar.subdivision)
    # Said even when there are none: a calendar that a file does not mention stays as it is.
    return {"holidays": holidays or None, "extra_holidays": sorted(calendar.extra_holidays)}


def _placed(things: Sequence[Status | Workflow], entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries, with `order` where it is not the usual ten times the position."""
    return [
        entry if thing.order == position * 10 else {"name": entry["name"], "order": thing.order, **entry}
        for position, (thing, entry) in enumerate(zip(things, entries, strict=True), start=1)
    ]


def _status(status: Status, workspace: Workspace) -> dict[str, Any]:
    workflow = workspace.workflow.get(status.workflow_id or "")
    effect = status.shopify_order_effect
    return _given(
        name=status.name,
        color=status.color,
        public_name=status.public_name,
        use_public_name=status.use_public_name,
        independent=status.is_independent,
        addon=status.is_addon,
        workflow=workflow.name if workflow else None,
        sub_status_group=status.group.name if status.group else None,
        notifications=_switches(status.notifications),
        max_duration=_duration(status.max_duration),
        shopify_order_effect=None if effect == "NONE" else effect,
    )


def _switches(switches: Switches) -> dict[str, bool] | None:
    return None if switches == Switches() else msgspec.structs.asdict(switches)


def _duration(duration: MaxDuration) -> dict[str, Any] | None:
    if duration == MaxDuration():
        return None
    fields = msgspec.structs.asdict(duration)
    if fields.pop("enabled"):
        return _given(**fields)
    return {"enabled": False, **_given(**fields)}


def _workflow(workflow: Workflow, workspace: Workspace) -> dict[str, Any]:
    entry = _given(name=workflow.name, description=workflow.description, color=workflow.color)
    if workflow.is_default:
        entry["default"] = True
    elif workspace.default_workflow is None:
        # No other one takes the flag, so a team that has a default would keep it.
        entry["default"] = False
    if workflow.milestones:
        entry["milestones"] = [_milestone(one, workspace) for one in workflow.milestones]
    return entry


def _milestone(milestone: WorkflowMilestone, workspace: Workspace) -> dict[str, Any]:
    status = workspace.status.get(milestone.status_id or "")
    option = workspace.option.get(milestone.sub_status_id or "")
    rule = milestone.key_date_rule
    offset = milestone.prompt_offset_days
    return _given(
        name=milestone.name,
        type=milestone.type,
        owner=None if milestone.owner == usual_owner(milestone.type) else milestone.owner,
        status=status.name if status else None,
        sub_status=option.name if option else None,
        key_date=msgspec.structs.asdict(rule) if rule else None,
        prompt_offset_days=None if offset == usual_prompt_offset(milestone.type) else offset,
        tasks=[
            _given(title=task.title, required=task.required, days_before=task.days_before)
            for task in milestone.task_templates
        ],
    )
