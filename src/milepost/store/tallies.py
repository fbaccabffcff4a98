"""How many orders are where, kept in step by the statements that add and move orders.

A piece of SQL, not a statement: it joins the compare-and-set of its caller, so a count never differs from the
rows it counts (docs/decisions/0009-reading-lists.md).
"""

NOWHERE = "00000000-0000-0000-0000-000000000000"
"""Stands for "no status" and "no workflow" in a tally."""

SHARDS = 8
"""Writers of one place seldom meet: each order counts in the shard that its id falls into."""


def tally_piece(steps: str) -> str:
    """A data-modifying CTE body that applies `steps`: a query of (id, is_draft, status_id, workflow_id, step)
    with step +1 where an order arrives and -1 where it leaves. Rows are written in the order of their key by
    every writer, so that they cannot deadlock over them."""
    return f"""
  insert into order_tallies as t (team_id, status_id, workflow_id, is_draft, shard, orders)
  select $1, coalesce(s.status_id, '{NOWHERE}'), coalesce(s.workflow_id, '{NOWHERE}'), s.is_draft,
         get_byte(uuid_send(s.id), 15) % {SHARDS}, sum(s.step)
  from ({steps}) s
  group by 2, 3, 4, 5
  having sum(s.step) <> 0
  order by 2, 3, 4, 5
  on conflict (team_id, status_id, workflow_id, is_draft, shard)
  do update set orders = t.orders + excluded.orders"""
