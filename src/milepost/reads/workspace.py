"""What a team has defined, read as one snapshot; and the version that tells whether a remembered one is
old."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from milepost.kit.errors import NotFound
from milepost.model.calendar import Calendar
from milepost.model.subscriptions import Subscription
from milepost.model.workflow import (
    House,
    KeyDateRule,
    MaxDuration,
    Status,
    SubStatusGroup,
    SubStatusOption,
    Switches,
    TaskTemplate,
    Team,
    Workflow,
    WorkflowMilestone,
    Workspace,
)
from milepost.model.workspace_plan import Setup, Supplier
from milepost.store.db import Database

WORKSPACE_VERSION = "select version from teams where team_id = $1"

# One statement, so that all of it is of one moment whatever the caller's transaction is.
LOAD_WORKSPACE = """
select to_jsonb(t) as team,
  (select coalesce(jsonb_agg(to_jsonb(s) order by s.position, s.id), '[]')
     from statuses s where s.team_id = $1) as statuses,
  (select coalesce(jsonb_agg(to_jsonb(w) order by w.position, w.id), '[]')
     from workflows w where w.team_id = $1) as workflows,
  (select coalesce(jsonb_agg(to_jsonb(m) order by m.position, m.id), '[]')
     from workflow_milestones m where m.team_id = $1) as milestones,
  (select coalesce(jsonb_agg(to_jsonb(g) order by g.id), '[]')
     from sub_status_groups g where g.team_id = $1) as groups,
  (select coalesce(jsonb_agg(to_jsonb(o) order by o.position, o.id), '[]')
     from sub_status_options o where o.team_id = $1) as options,
  (select coalesce(jsonb_agg(to_jsonb(c) order by c.product collate "C"), '[]')
     from product_chains c where c.team_id = $1) as chains,
  (select coalesce(jsonb_agg(to_jsonb(h) order by h.id), '[]')
     from (select id, status = 'ENABLED' as is_enabled, enabled_events as events, include_updated_object, custom_data
           from webhooks where team_id = $1) h) as webhooks
from teams t where t.team_id = $1
"""

LOAD_CONTACTS = """
select
  (select coalesce(jsonb_agg(to_jsonb(s) order by s.id), '[]')
     from suppliers s where s.team_id = $1) as suppliers,
  (select coalesce(jsonb_object_agg(c.channel, c.url), '{}') from channels c where c.team_id = $1) as channels
"""


async def version(db: Database, team_id: str) -> int | None:
    """The team's version: it rises with every change of workspace, settings or keys. None: no such team."""
    row = await db.fetchrow(WORKSPACE_VERSION, team_id)
    return None if row is None else int(row["version"])


_NO_SETTINGS = House()


async def load(db: Database, team_id: str, house: House = _NO_SETTINGS) -> Workspace:
    """All that the team has defined, at one moment, in this installation. Raises NotFound when there is no such
    team."""
    row = await db.fetchrow(LOAD_WORKSPACE, team_id)
    if row is None:
        raise NotFound("Team")
    team = row["team"]
    groups = _groups(row["groups"], row["options"])
    by_id = {group.id: group for group in groups}
    return Workspace(
        team=msgspec.convert({"id": team["team_id"], **team}, Team),
        version=team["version"],
        calendar=_calendar(team),
        statuses=tuple(_status(status, by_id) for status in row["statuses"]),
        workflows=_workflows(row["workflows"], row["milestones"]),
        groups=groups,
        product_chains={chain["product"]: tuple(chain["status_ids"]) for chain in row["chains"]},
        webhooks=tuple(msgspec.convert(row["webhooks"], list[Subscription])),
        house=house,
    )


async def load_setup(db: Database, team_id: str, house: House = _NO_SETTINGS) -> Setup:
    """The workspace with suppliers and channels: two statements, made one moment by the caller's snapshot.

    Raises NotFound when there is no such team.
    """
    workspace = await load(db, team_id, house)
    row = await db.fetchrow(LOAD_CONTACTS, team_id)
    if row is None:
        raise NotFound("Team")
    return Setup(
        workspace=workspace,
        suppliers=tuple(msgspec.convert(row["suppliers"], list[Supplier])),
        channels=dict(sorted(row["channels"].items())),
    )


def _calendar(team: Mapping[str, Any]) -> Calendar:
    return Calendar(
        time_zone=team["time_zone"],
        country=team["holiday_country"],
        subdivision=team["holiday_subdivision"],
        extra_holidays=frozenset(date.fromisoformat(day) for day in team["extra_holidays"]),
    )


def _groups(groups: list[dict[str, Any]], options: list[dict[str, Any]]) -> tuple[SubStatusGroup, ...]:
    of_group: dict[str, list[SubStatusOption]] = {}
    for option in options:
        one = SubStatusOption(id=option["id"], name=option["name"], order=option["position"])
        of_group.setdefault(option["group_id"], []).append(one)
    return tuple(
        SubStatusGroup(id=group["id"], name=group["name"], options=tuple(of_group.get(group["id"], ())))
        for group in groups
    )


def _status(row: dict[str, Any], groups: Mapping[str, SubStatusGroup]) -> Status:
    return Status(
        id=row["id"],
        name=row["name"],
        color=row["color"],
        order=row["position"],
        public_name=row["public_name"],
        use_public_name=row["use_public_name"],
        is_independent=row["is_independent"],
        is_addon=row["is_addon"],
        notifications=Switches(row["notify_email"], row["notify_sms"], row["notify_whatsapp"]),
        shopify_order_effect=row["shopify_order_effect"],
        max_duration=MaxDuration(
            enabled=row["duration_enabled"],
            seconds=row["duration_seconds"],
            skip_weekends=row["skip_weekends"],
            skip_holidays=row["skip_holidays"],
            show_public_overdue_date=row["show_public_overdue_date"],
        ),
        group=groups.get(row["sub_status_group_id"]),
        workflow_id=row["workflow_id"],
    )


def _workflows(workflows: list[dict[str, Any]], milestones: list[dict[str, Any]]) -> tuple[Workflow, ...]:
    of_workflow: dict[str, list[WorkflowMilestone]] = {}
    for row in milestones:
        of_workflow.setdefault(row["workflow_id"], []).append(_milestone(row))
    return tuple(
        Workflow(
            id=row["id"],
            name=row["name"],
            color=row["color"],
            order=row["position"],
            description=row["description"],
            is_default=row["is_default"],
            milestones=tuple(of_workflow.get(row["id"], ())),
        )
        for row in workflows
    )


def _milestone(row: dict[str, Any]) -> WorkflowMilestone:
    relative_to = row["relative_to"]
    return WorkflowMilestone(
        id=row["id"],
        name=row["name"],
        position=row["position"],
        type=row["type"],
        owner=row["owner"],
        status_id=row["status_id"],
        sub_status_id=row["sub_status_id"],
        key_date_rule=None if relative_to is None else KeyDateRule(relative_to, row["offset_days"]),
        prompt_offset_days=row["prompt_offset_days"],
        task_templates=tuple(msgspec.convert(row["task_templates"], list[TaskTemplate])),
    )
