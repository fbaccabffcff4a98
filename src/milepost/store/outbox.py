"""Messages to customers, stored with the change that asks for them and sent by the outbound workers later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from milepost.model.workflow import Channel
from milepost.store.db import Database


class NewMessage(Struct, frozen=True):
    """A message to a customer, to be sent after the commit."""

    id: str
    order_id: str
    event_id: str | None
    """The event that caused it; None when somebody asked for it."""
    status_id: str
    sub_status_id: str | None
    channel: Channel
    recipient: str


class Addressee(Struct, frozen=True):
    """An order as the one who tells its customer sees it."""

    order_id: str
    shopify_kind: str | None
    shopify_id: int | None
    status_id: str | None
    sub_status_id: str | None
    email: str | None
    phone: str | None


_ADDRESSEE = """
select t.version, o.id, o.shopify_kind, o.shopify_id, o.status_id, o.sub_status_id, o.customer_email,
       o.customer_phone
from teams t left join orders o on o.team_id = t.team_id"""

LOAD_ADDRESSEES = f"""{_ADDRESSEE}
  and o.id = any($2::uuid[])
where t.team_id = $1
"""

LOAD_ADDRESSEES_BY_SHOPIFY_IDS = f"""{_ADDRESSEE}
  and o.shopify_id = any($2::bigint[]) and o.shopify_kind = any($3::text[])
where t.team_id = $1
"""

MESSAGE_ARRAYS = 7
"""How many arrays `message_columns` gives, one parameter each."""


def message_piece(*, at: int, messages: int, of: str = "") -> str:
    """The SQL that stores messages. `at` is the number of the parameter with the moment, `messages` of the first
    of the arrays of `message_columns`; `of` joins what the statement is about."""
    arrays = ("uuid", "uuid", "uuid", "uuid", "uuid", "text", "text")
    unnested = ", ".join(f"${messages + index}::{kind}[]" for index, kind in enumerate(arrays))
    return f"""
  insert into messages (team_id, id, order_id, event_id, status_id, sub_status_id, channel, recipient, created_at)
  select $1, n.id, n.order_id, n.event_id, n.status_id, n.sub_status_id, n.channel, n.recipient, ${at}
  from unnest({unnested})
    as n (id, order_id, event_id, status_id, sub_status_id, channel, recipient)
  {of}"""


MESSAGES_OF_CHANGED = "join changed c on c.id = n.order_id"
"""Only messages of orders in the CTE `changed`."""

INSERT_MESSAGES = message_piece(at=2, messages=3)


async def load_addressees(
    db: Database, team_id: str, keys: Sequence[str | int], shopify_kinds: Sequence[str] | None
) -> tuple[int | None, list[Addressee]]:
    """The workspace version, and the orders that exist; of Shopify digits both forms may come."""
    if shopify_kinds is None:
        rows = await db.fetch(LOAD_ADDRESSEES, team_id, keys)
    else:
        rows = await db.fetch(LOAD_ADDRESSEES_BY_SHOPIFY_IDS, team_id, keys, shopify_kinds)
    version = rows[0][0] if rows else None
    return version, [Addressee(*tuple(row)[1:]) for row in rows if row[1] is not None]


async def store_messages(db: Database, team_id: str, messages: Sequence[NewMessage], at: datetime) -> None:
    await db.execute(INSERT_MESSAGES, team_id, at, *message_columns(messages))


def message_columns(messages: Sequence[NewMessage]) -> list[Sequence[Any]]:
    """Messages as the arrays that `message_piece` unnests."""
    rows = [
        (
            message.id,
            message.order_id,
            message.event_id,
            message.status_id,
            message.sub_status_id,
            message.channel,
            message.recipient,
        )
        for message in messages
    ]
    return list(zip(*rows, strict=True)) if rows else [()] * MESSAGE_ARRAYS
