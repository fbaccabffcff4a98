"""How far the import of a file got; `core.orders.put_orders` moves the mark on with each batch."""

from milepost.model.actor import Actor
from milepost.store import imports
from milepost.store.db import Database

PERMISSION = "canUpdateOrders"


async def done_so_far(db: Database, actor: Actor, source: str, fingerprint: str) -> int:
    """How many records of the file are in already; 0 when it is new or its last import was finished."""
    actor.require(PERMISSION)
    return await imports.load_mark(db, actor.team_id, source, fingerprint)


async def finish(db: Database, actor: Actor, source: str, fingerprint: str) -> None:
    """Forgets the mark, so that the next import of the same file begins anew."""
    actor.require(PERMISSION)
    await imports.drop_mark(db, actor.team_id, source, fingerprint)
