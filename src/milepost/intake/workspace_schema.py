"""The workspace file as a schema (operator contract, section 3): which keys stand where, what they become."""

from typing import Any, get_args

from milepost.intake.workspace_fields import BAD, Notes
from milepost.intake.workspace_text import Node, Scalar
from milepost.model.workflow import (
    CHANNELS,
    DateAnchor,
    KeyDateRule,
    MaxDuration,
    MilestoneType,
    Owner,
    Specificity,
    Switches,
    TaskTemplate,
)
from milepost.model.workspace_rules import SHOPIFY_EFFECTS
from milepost.model.workspace_wish import (
    ChainWish,
    GroupWish,
    MilestoneWish,
    StatusWish,
    SupplierWish,
    WorkflowWish,
    WorkspaceWish,
)


def read_workspace(tree: Node, notes: Notes) -> WorkspaceWish:
    """The wish that the file spells. What is wrong goes to `notes`, and is left out of the wish."""
    if isinstance(tree, Scalar) and tree.is_null:
        notes.bad("", "the file is empty; begin with team: {name: ...}")
        return WorkspaceWish()
    schema = _Schema(notes)
    parts = notes.mapping(
        tree,
        "",
        {
            "team": schema.team,
            "settings": schema.settings,
            "calendar": schema.calendar,
            "sub_status_groups": notes.sequence(schema.group),
            "statuses": notes.sequence(schema.status),
            "product_chains": notes.sequence(schema.chain),
            "workflows": notes.sequence(schema.workflow),
            "channels": schema.channels,
            "suppliers": notes.sequence(schema.supplier),
            "replace_with": schema.replacements,
        },
    )
    return _wish(parts or {})


def _wish(parts: dict[str, Any]) -> WorkspaceWish:
    team = dict(parts.get("team", {}))
    replacements = parts.get("replace_with", {})
    return WorkspaceWish(
        team_name=team.pop("name", None),
        team=team | parts.get("settings", {}),
        calendar=parts.get("calendar", {}),
        groups=parts.get("sub_status_groups", ()),
        statuses=parts.get("statuses", ()),
        product_chains=parts.get("product_chains", ()),
        workflows=parts.get("workflows", ()),
        channels=parts.get("channels", {}),
        suppliers=parts.get("suppliers", ()),
        replace_statuses=replacements.get("statuses", {}),
        replace_workflows=replacements.get("workflows", {}),
    )


class _Schema:
    """One reader a kind of mapping in the file."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def team(self, node: Node, where: str) -> Any:
        text = self._notes.text
        fields = {"name": text, "time_zone": text, "currency": text}
        return _or_bad(self._notes.mapping(node, where, fields))

    def settings(self, node: Node, where: str) -> Any:
        fields = {
            "status_specificity": self._notes.one_of(*get_args(Specificity)),
            "workflows_enabled": self._notes.boolean,
            "enforce_workflow_order": self._notes.boolean,
            "enforce_product_chain": self._notes.boolean,
        }
        return _or_bad(self._notes.mapping(node, where, fields))

    def calendar(self, node: Node, where: str) -> Any:
        fields = {"holidays": self._holidays, "extra_holidays": self._notes.sequence(self._notes.day)}
        given = self._notes.mapping(node, where, fields, nullable=("holidays",))
        if given is None:
            return BAD
        found: dict[str, object] = {}
        if "holidays" in given:
            country = given["holidays"] or {}
            found |= {"country": country.get("country"), "subdivision": country.get("subdivision")}
        if "extra_holidays" in given:
            found["extra_holidays"] = frozenset(given["extra_holidays"])
        return found

    def _holidays(self, node: Node, where: str) -> Any:
        fields = {"country": self._notes.text, "subdivision": self._notes.text}
        return _or_bad(self._notes.mapping(node, where, fields, required=("country",)))

    def group(self, node: Node, where: str) -> Any:
        fields = {"name": self._notes.text, "options": self._notes.sequence(self._notes.text)}
        given = self._notes.mapping(node, where, fields, required=("name",))
        return BAD if given is None else GroupWish(**given, where=where)

    def status(self, node: Node, where: str) -> Any:
        notes = self._notes
        fields = {
            "name": notes.text,
            "color": notes.text,
            "order": notes.integer,
            "public_name": notes.text,
            "use_public_name": notes.boolean,
            "independent": notes.boolean,
            "addon": notes.boolean,
            "workflow": notes.text,
            "sub_status_group": notes.text,
            "notifications": self._notifications,
            "max_duration": self._max_duration,
            "shopify_order_effect": notes.one_of(*SHOPIFY_EFFECTS),
        }
        given = notes.mapping(node, where, fields, required=("name",))
        return BAD if given is None else StatusWish(**given, where=where)

    def _notifications(self, node: Node, where: str) -> Any:
        given = self._notes.mapping(node, where, dict.fromkeys(CHANNELS, self._notes.boolean))
        return BAD if given is None else Switches(**given)

    def _max_duration(self, node: Node, where: str) -> Any:
        boolean = self._notes.boolean
        fields = {
            "enabled": boolean,
            "seconds": self._notes.integer,
            "skip_weekends": boolean,
            "skip_holidays": boolean,
            "show_public_overdue_date": boolean,
        }
        given = self._notes.mapping(node, where, fields)
        return BAD if given is None else MaxDuration(**{"enabled": True, **given})

    def chain(self, node: Node, where: str) -> Any:
        fields = {"product": self._notes.text, "statuses": self._notes.sequence(self._notes.text)}
        given = self._notes.mapping(node, where, fields, required=("product", "statuses"))
        return BAD if given is None else ChainWish(**given, where=where)

    def workflow(self, node: Node, where: str) -> Any:
        notes = self._notes
        fields = {
            "name": notes.text,
            "description": notes.text,
            "color": notes.text,
            "order": notes.integer,
            "default": notes.boolean,
            "milestones": notes.sequence(self._milestone),
        }
        given = notes.mapping(node, where, fields, required=("name",))
        return BAD if given is None else WorkflowWish(**given, where=where)

    def _milestone(self, node: Node, where: str) -> Any:
        notes = self._notes
        fields = {
            "name": notes.text,
            "type": notes.one_of(*get_args(MilestoneType)),
            "owner": notes.one_of(*get_args(Owner)),
            "status": notes.text,
            "sub_status": notes.text,
            "key_date": self._key_date,
            "prompt_offset_days": notes.integer,
            "tasks": notes.sequence(self._task),
        }
        given = notes.mapping(node, where, fields, required=("name", "type"))
        return BAD if given is None else MilestoneWish(**given, where=where)

    def _key_date(self, node: Node, where: str) -> Any:
        fields = {
            "relative_to": self._notes.one_of(*get_args(DateAnchor)),
            "offset_days": self._notes.integer,
        }
        given = self._notes.mapping(node, where, fields, required=("relative_to", "offset_days"))
        return BAD if given is None else KeyDateRule(**given)

    def _task(self, node: Node, where: str) -> Any:
        fields = {
            "title": self._notes.text,
            "required": self._notes.boolean,
            "days_before": self._notes.integer,
        }
        given = self._notes.mapping(node, where, fields, required=("title",))
        return BAD if given is None else TaskTemplate(**given)

    def channels(self, node: Node, where: str) -> Any:
        return _or_bad(self._notes.mapping(node, where, dict.fromkeys(CHANNELS, self._notes.text)))

    def supplier(self, node: Node, where: str) -> Any:
        fields = {"name": self._notes.text, "email": self._notes.text}
        given = self._notes.mapping(node, where, fields, required=("name",))
        return BAD if given is None else SupplierWish(**given, where=where)

    def replacements(self, node: Node, where: str) -> Any:
        fields = {"statuses": self._notes.names, "workflows": self._notes.names}
        return _or_bad(self._notes.mapping(node, where, fields))


def _or_bad(given: dict[str, Any] | None) -> Any:
    return BAD if given is None else given
