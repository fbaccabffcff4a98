"""What orders use of a workspace: what stands in the way of taking a definition away, and who would move."""

from collections.abc import Sequence

from msgspec import Struct

from milepost.store.db import Database

STATUSES_IN_USE = """
select s.id,
  (select count(*) from orders o where o.team_id = $1 and o.status_id = s.id) as orders,
  (select count(*) from order_items i where i.team_id = $1 and i.status_id = s.id) as items,
  (select count(*) from order_addons a where a.team_id = $1 and a.status_id = s.id) as addons,
  (select count(*) from order_milestones m where m.team_id = $1 and m.linked_status_id = s.id) as milestones
from statuses s where s.team_id = $1 and s.id = any($2::uuid[])
"""

# A draft only chose its workflow: when that goes, it takes the default one (Milestones API, section 8.4).
WORKFLOWS_IN_USE = """
select w.id,
  (select count(*) from orders o where o.team_id = $1
    and (o.workflow_id = w.id or (o.milestone_workflow_id = w.id and not o.is_draft))) as orders,
  (select count(*) from order_items i where i.team_id = $1 and i.workflow_id = w.id) as items,
  0 as addons, 0 as milestones
from workflows w where w.team_id = $1 and w.id = any($2::uuid[])
"""

# Those in a status of $3 do not count: they are about to move out of it, and out of its options with it.
OPTIONS_IN_USE = """
select p.id,
  (select count(*) from orders o
    where o.team_id = $1 and o.sub_status_id = p.id and o.status_id <> all($3::uuid[])) as orders,
  (select count(*) from order_items i
    where i.team_id = $1 and i.sub_status_id = p.id and i.status_id <> all($3::uuid[])) as items,
  (select count(*) from order_addons a
    where a.team_id = $1 and a.sub_status_id = p.id and a.status_id <> all($3::uuid[])) as addons,
  (select count(*) from order_milestones m
    where m.team_id = $1 and m.linked_sub_status_id = p.id
      and m.linked_status_id <> all($3::uuid[])) as milestones
from sub_status_options p where p.team_id = $1 and p.id = any($2::uuid[])
"""

ORDERS_IN_STATUS = "select id from orders where team_id = $1 and status_id = $2 order by id limit $3"

LINE_ITEMS_IN_STATUS = """
select id from order_items where team_id = $1 and status_id = $2 order by order_id, id limit $3
"""

ORDERS_WITH_ADDON = """
select order_id as id from order_addons where team_id = $1 and status_id = $2 order by order_id limit $3
"""


class Use(Struct, frozen=True):
    """How many things of orders hold one definition."""

    orders: int
    items: int
    addons: int
    milestones: int
    """Milestones of orders that enter it when they are confirmed."""

    def __bool__(self) -> bool:
        return any((self.orders, self.items, self.addons, self.milestones))

    def __str__(self) -> str:
        """`12 orders and 1 line item`."""
        counts = (
            (self.orders, "order"),
            (self.items, "line item"),
            (self.addons, "addon"),
            (self.milestones, "milestone"),
        )
        return " and ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count)


async def statuses_in_use(db: Database, team_id: str, ids: Sequence[str]) -> dict[str, Use]:
    """Those of the statuses that orders hold or will enter, by id."""
    return await _in_use(db, STATUSES_IN_USE, team_id, ids) if ids else {}


async def workflows_in_use(db: Database, team_id: str, ids: Sequence[str]) -> dict[str, Use]:
    """Those of the workflows that orders stand in or carry the milestones of, by id."""
    return await _in_use(db, WORKFLOWS_IN_USE, team_id, ids) if ids else {}


async def options_in_use(
    db: Database, team_id: str, ids: Sequence[str], leaving: Sequence[str]
) -> dict[str, Use]:
    """Those of the sub-status options that orders hold, by id; those in a status being left do not count."""
    return await _in_use(db, OPTIONS_IN_USE, team_id, ids, list(leaving)) if ids else {}


async def holders(db: Database, statement: str, team_id: str, status_id: str, limit: int) -> list[str]:
    """Ids by ORDERS_IN_STATUS, LINE_ITEMS_IN_STATUS or ORDERS_WITH_ADDON, at most `limit`."""
    return [row["id"] for row in await db.fetch(statement, team_id, status_id, limit)]


async def _in_use(
    db: Database, statement: str, team_id: str, ids: Sequence[str], *more: object
) -> dict[str, Use]:
    rows = await db.fetch(statement, team_id, list(ids), *more)
    uses = {row["id"]: Use(row["orders"], row["items"], row["addons"], row["milestones"]) for row in rows}
    return {one: use for one, use in uses.items() if use}
