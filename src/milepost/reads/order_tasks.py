"""Tasks of one order, for showing (Milestones API, section 7.17): a page of them, or one."""

import msgspec
from msgspec import Struct

from milepost.model.plan import Task
from milepost.store.db import Database


class TaskFilter(Struct, frozen=True, kw_only=True):
    """All conditions of a list, joined by AND. None: not asked."""

    is_open: bool | None = None
    milestone_id: str | None = None
    """As the house spells ids; any other text names no milestone."""


class TaskPage(Struct, frozen=True):
    """A page of the tasks that match, oldest first, and how many match in all."""

    tasks: list[Task]
    total: int


class FoundTask(Struct, frozen=True):
    """Where a path leads that names an order and a task of it. `is_known`: the team has the order."""

    is_known: bool
    task: Task | None


_COLUMNS = ", ".join(f"k.{name}" for name in Task.__struct_fields__)
_MATCHING = """order_tasks k
     where k.team_id = o.team_id and k.order_id = o.id
       and ($3::boolean is null or (k.completed_at is null) = $3)
       and ($4::text is null or k.milestone_id::text = $4)"""

LIST_ORDER_TASKS = f"""
select t.version, o.id is not null as is_known,
  (select count(*) from {_MATCHING}) as total,
  (select coalesce(json_agg(x order by x.id), '[]')::text from (
     select {_COLUMNS} from {_MATCHING}
     order by k.id limit $5 offset $6) x) as tasks
from teams t left join orders o on o.team_id = t.team_id and o.id = $2
where t.team_id = $1
"""

GET_ORDER_TASK = f"""
select t.version, o.id is not null as is_known,
  (select row_to_json(x)::text from (
     select {_COLUMNS} from order_tasks k
     where k.team_id = o.team_id and k.order_id = o.id and k.id = $3::uuid) x) as task
from teams t left join orders o on o.team_id = t.team_id and o.id = $2
where t.team_id = $1
"""

_decode_one = msgspec.json.Decoder(Task).decode
_decode_many = msgspec.json.Decoder(list[Task]).decode


async def list_tasks(
    db: Database, team_id: str, order_id: str, wanted: TaskFilter, *, limit: int, offset: int
) -> tuple[TaskPage | None, int | None]:
    """The page of the order's tasks, None when the team has no such order; and the workspace version of that
    moment."""
    row = await db.fetchrow(
        LIST_ORDER_TASKS, team_id, order_id, wanted.is_open, wanted.milestone_id, limit, offset
    )
    if row is None:
        return None, None
    return TaskPage(_decode_many(row["tasks"]), row["total"]) if row["is_known"] else None, row["version"]


async def get_task(
    db: Database, team_id: str, order_id: str, task_id: str | None
) -> tuple[FoundTask, int | None]:
    """The task of the order, None when it has none of that id (which may be None: one that names nothing); and the
    workspace version of that moment."""
    row = await db.fetchrow(GET_ORDER_TASK, team_id, order_id, task_id)
    if row is None:
        return FoundTask(is_known=False, task=None), None
    task = None if row["task"] is None else _decode_one(row["task"])
    return FoundTask(row["is_known"], task), row["version"]
