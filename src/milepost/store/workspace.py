"""The rows of what a team defines. Rows go in and out by kind, many in one statement.

Every put is an upsert by id: new rows get both dates, known ones keep `created_at`. Nothing here judges;
`core.workspace` and `core.accounts` do, and they raise the team's version in the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg

from milepost.kit.errors import Conflict
from milepost.model.calendar import Calendar
from milepost.model.workflow import Status, SubStatusGroup, Team, Workflow, WorkflowMilestone
from milepost.store.db import Database

LOCK_TEAM = "select version from teams where team_id = $1 for update"

UPDATE_TEAM = """
update teams set time_zone = $2, currency = $3, status_specificity = $4, workflows_enabled = $5,
  enforce_workflow_order = $6, enforce_product_chain = $7, holiday_country = $8, holiday_subdivision = $9,
  extra_holidays = $10, updated_at = $11
where team_id = $1
"""

PUT_GROUPS = """
insert into sub_status_groups (team_id, id, name, created_at, updated_at)
select $1, r.id, r.name, $3, $3 from jsonb_to_recordset($2) as r(id uuid, name text)
on conflict (team_id, id) do update set name = excluded.name, updated_at = excluded.updated_at
"""

PUT_OPTIONS = """
insert into sub_status_options (team_id, id, group_id, name, position)
select $1, r.id, r.group_id, r.name, r.position
from jsonb_to_recordset($2) as r(id uuid, group_id uuid, name text, position integer)
on conflict (team_id, id) do update set name = excluded.name, position = excluded.position
"""

# The index that allows one default is checked row by row, so the old default steps down first.
CLEAR_DEFAULT = "update workflows set is_default = false, updated_at = $2 where team_id = $1 and is_default"

PUT_WORKFLOWS = """
insert into workflows (team_id, id, name, description, color, position, is_default, created_at, updated_at)
select $1, r.id, r.name, r.description, r.color, r.position, r.is_default, $3, $3
from jsonb_to_recordset($2)
  as r(id uuid, name text, description text, color text, position integer, is_default boolean)
on conflict (team_id, id) do update set name = excluded.name, description = excluded.description,
  color = excluded.color, position = excluded.position, is_default = excluded.is_default,
  updated_at = excluded.updated_at
"""

PUT_STATUSES = """
insert into statuses (team_id, id, name, public_name, use_public_name, color, position, is_independent,
  is_addon, notify_email, notify_sms, notify_whatsapp, shopify_order_effect, duration_enabled,
  duration_seconds, skip_weekends, skip_holidays, show_public_overdue_date, sub_status_group_id, workflow_id,
  created_at, updated_at)
select $1, r.id, r.name, r.public_name, r.use_public_name, r.color, r.position, r.is_independent,
  r.is_addon, r.notify_email, r.notify_sms, r.notify_whatsapp, r.shopify_order_effect, r.duration_enabled,
  r.duration_seconds, r.skip_weekends, r.skip_holidays, r.show_public_overdue_date, r.group_id, r.workflow_id,
  $3, $3
from jsonb_to_recordset($2) as r(id uuid, name text, public_name text, use_public_name boolean, color text,
  position integer, is_independent boolean, is_addon boolean, notify_email boolean, notify_sms boolean,
  notify_whatsapp boolean, shopify_order_effect text, duration_enabled boolean, duration_seconds bigint,
  skip_weekends boolean, skip_holidays boolean, show_public_overdue_date boolean, group_id uuid,
  workflow_id uuid)
on conflict (team_id, id) do update set name = excluded.name, public_name = excluded.public_name,
  use_public_name = excluded.use_public_name, color = excluded.color, position = excluded.position,
  is_independent = excluded.is_independent, is_addon = excluded.is_addon,
  notify_email = excluded.notify_email, notify_sms = excluded.notify_sms,
  notify_whatsapp = excluded.notify_whatsapp, shopify_order_effect = excluded.shopify_order_effect,
  duration_enabled = excluded.duration_enabled, duration_seconds = excluded.duration_seconds,
  skip_weekends = excluded.skip_weekends, skip_holidays = excluded.skip_holidays,
  show_public_overdue_date = excluded.show_public_overdue_date,
  sub_status_group_id = excluded.sub_status_group_id, workflow_id = excluded.workflow_id,
  updated_at = excluded.updated_at
"""

PUT_MILESTONES = """
insert into workflow_milestones (team_id, id, workflow_id, name, position, type, owner, status_id,
  sub_status_id, relative_to, offset_days, prompt_offset_days, task_templates, created_at, updated_at)
select $1, r.id, r.workflow_id, r.name, r.position, r.type, r.owner, r.status_id, r.sub_status_id,
  r.relative_to, r.offset_days, r.prompt_offset_days, r.task_templates, $3, $3
from jsonb_to_recordset($2) as r(id uuid, workflow_id uuid, name text, position integer, type text,
  owner text, status_id uuid, sub_status_id uuid, relative_to text, offset_days integer,
  prompt_offset_days integer, task_templates jsonb)
on conflict (team_id, id) do update set name = excluded.name, position = excluded.position,
  type = excluded.type, owner = excluded.owner, status_id = excluded.status_id,
  sub_status_id = excluded.sub_status_id, relative_to = excluded.relative_to,
  offset_days = excluded.offset_days, prompt_offset_days = excluded.prompt_offset_days,
  task_templates = excluded.task_templates, updated_at = excluded.updated_at
"""

PUT_CHAINS = """
insert into product_chains (team_id, product, status_ids, created_at, updated_at)
select $1, r.product, r.status_ids, $3, $3
from jsonb_to_recordset($2) as r(product text, status_ids uuid[])
on conflict (team_id, product) do update set status_ids = excluded.status_ids,
  updated_at = excluded.updated_at
"""

PUT_SUPPLIERS = """
insert into suppliers (team_id, id, name, email, created_at, updated_at)
select $1, r.id, r.name, r.email, $3, $3
from jsonb_to_recordset($2) as r(id uuid, name text, email text)
on conflict (team_id, id) do update set name = excluded.name, email = excluded.email,
  updated_at = excluded.updated_at
"""

PUT_CHANNELS = """
insert into channels (team_id, channel, url, updated_at)
select $1, r.channel, r.url, $3 from jsonb_to_recordset($2) as r(channel text, url text)
on conflict (team_id, channel) do update set url = excluded.url, updated_at = excluded.updated_at
"""

DELETE_MILESTONES = "delete from workflow_milestones where team_id = $1 and id = any($2::uuid[])"
DELETE_STATUSES = "delete from statuses where team_id = $1 and id = any($2::uuid[])"
DELETE_WORKFLOWS = "delete from workflows where team_id = $1 and id = any($2::uuid[])"
DELETE_OPTIONS = "delete from sub_status_options where team_id = $1 and id = any($2::uuid[])"
DELETE_GROUPS = "delete from sub_status_groups where team_id = $1 and id = any($2::uuid[])"
DELETE_CHAINS = "delete from product_chains where team_id = $1 and product = any($2::text[])"
DELETE_SUPPLIERS = "delete from suppliers where team_id = $1 and id = any($2::uuid[])"
DELETE_CHANNELS = "delete from channels where team_id = $1 and channel = any($2::text[])"

Kind = Literal[
    "milestones", "statuses", "workflows", "options", "groups", "product_chains", "suppliers", "channels"
]

_DELETES: Mapping[Kind, str] = {
    "milestones": DELETE_MILESTONES,
    "statuses": DELETE_STATUSES,
    "workflows": DELETE_WORKFLOWS,
    "options": DELETE_OPTIONS,
    "groups": DELETE_GROUPS,
    "product_chains": DELETE_CHAINS,
    "suppliers": DELETE_SUPPLIERS,
    "channels": DELETE_CHANNELS,
}


async def lock_team(db: Database, team_id: str) -> int | None:
    """Holds the team's row until the transaction ends, so that workspaces change one after the other."""
    row = await db.fetchrow(LOCK_TEAM, team_id)
    return None if row is None else int(row["version"])


async def update_team(db: Database, team: Team, calendar: Calendar, at: datetime) -> None:
    await db.execute(
        UPDATE_TEAM,
        team.id,
        team.time_zone,
        team.currency,
        team.status_specificity,
        team.workflows_enabled,
        team.enforce_workflow_order,
        team.enforce_product_chain,
        calendar.country,
        calendar.subdivision,
        sorted(calendar.extra_holidays),
        at,
    )


async def put_groups(db: Database, team_id: str, groups: Iterable[SubStatusGroup], at: datetime) -> None:
    await _put(db, PUT_GROUPS, team_id, [{"id": group.id, "name": group.name} for group in groups], at)


async def put_options(db: Database, team_id: str, group: SubStatusGroup) -> None:
    rows = [
        {"id": option.id, "group_id": group.id, "name": option.name, "position": option.order}
        for option in group.options
    ]
    if rows:
        await db.execute(PUT_OPTIONS, team_id, rows)


async def clear_default(db: Database, team_id: str, at: datetime) -> None:
    await db.execute(CLEAR_DEFAULT, team_id, at)


async def put_workflows(db: Database, team_id: str, workflows: Iterable[Workflow], at: datetime) -> None:
    """The workflows without their milestones."""
    rows = [
        {
            "id": workflow.id,
            "name": workflow.name,
            "description": workflow.description,
            "color": workflow.color,
            "position": workflow.order,
            "is_default": workflow.is_default,
        }
        for workflow in workflows
    ]
    await _put(db, PUT_WORKFLOWS, team_id, rows, at)


async def put_statuses(db: Database, team_id: str, statuses: Iterable[Status], at: datetime) -> None:
    await _put(db, PUT_STATUSES, team_id, [_status_row(status) for status in statuses], at)


async def put_milestones(
    db: Database, team_id: str, workflow_id: str, milestones: Iterable[WorkflowMilestone], at: datetime
) -> None:
    rows = [{**_milestone_row(milestone), "workflow_id": workflow_id} for milestone in milestones]
    await _put(db, PUT_MILESTONES, team_id, rows, at)


async def put_chains(db: Database, team_id: str, chains: Mapping[str, Sequence[str]], at: datetime) -> None:
    """`chains`: status ids by product."""
    rows = [{"product": product, "status_ids": list(ids)} for product, ids in chains.items()]
    await _put(db, PUT_CHAINS, team_id, rows, at)


async def put_suppliers(
    db: Database, team_id: str, suppliers: Iterable[tuple[str, str, str | None]], at: datetime
) -> None:
    """`suppliers`: id, name, e-mail."""
    rows = [{"id": id_, "name": name, "email": email} for id_, name, email in suppliers]
    await _put(db, PUT_SUPPLIERS, team_id, rows, at)


async def put_channels(db: Database, team_id: str, urls: Mapping[str, str], at: datetime) -> None:
    """`urls`: where messages go, by channel."""
    rows = [{"channel": channel, "url": url} for channel, url in urls.items()]
    await _put(db, PUT_CHANNELS, team_id, rows, at)


async def delete(db: Database, team_id: str, kind: Kind, keys: Sequence[str]) -> None:
    """Removes rows of one kind by id (product chains by product, channels by channel).

    Raises Conflict `in_use` when something still points at one of them.
    """
    if not keys:
        return
    try:
        await db.execute(_DELETES[kind], team_id, list(keys))
    except asyncpg.ForeignKeyViolationError as error:
        sentence = f"{kind.replace('_', ' ')} that should go came into use meanwhile; try again"
        raise Conflict("in_use", sentence.capitalize()) from error


async def _put(db: Database, statement: str, team_id: str, rows: list[dict[str, Any]], at: datetime) -> None:
    if rows:
        await db.execute(statement, team_id, rows, at)


def _status_row(status: Status) -> dict[str, Any]:
    return {
        "id": status.id,
        "name": status.name,
        "public_name": status.public_name,
        "use_public_name": status.use_public_name,
        "color": status.color,
        "position": status.order,
        "is_independent": status.is_independent,
        "is_addon": status.is_addon,
        "notify_email": status.notifications.email,
        "notify_sms": status.notifications.sms,
        "notify_whatsapp": status.notifications.whatsapp,
        "shopify_order_effect": status.shopify_order_effect,
        "duration_enabled": status.max_duration.enabled,
        "duration_seconds": status.max_duration.seconds,
        "skip_weekends": status.max_duration.skip_weekends,
        "skip_holidays": status.max_duration.skip_holidays,
        "show_public_overdue_date": status.max_duration.show_public_overdue_date,
        "group_id": status.group.id if status.group else None,
        "workflow_id": status.workflow_id,
    }


def _milestone_row(milestone: WorkflowMilestone) -> dict[str, Any]:
    rule = milestone.key_date_rule
    return {
        "id": milestone.id,
        "name": milestone.name,
        "position": milestone.position,
        "type": milestone.type,
        "owner": milestone.owner,
        "status_id": milestone.status_id,
        "sub_status_id": milestone.sub_status_id,
        "relative_to": rule.relative_to if rule else None,
        "offset_days": rule.offset_days if rule else None,
        "prompt_offset_days": milestone.prompt_offset_days,
        "task_templates": list(milestone.task_templates),
    }
