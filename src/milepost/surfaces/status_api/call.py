"""One authenticated call of this surface, and how an endpoint of it is declared."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from msgspec import Struct

from milepost.http.fields import Field
from milepost.http.gate import Memory, compare
from milepost.http.releases import View
from milepost.kit.clock import Clock
from milepost.kit.ids import parse_id
from milepost.model.actor import Actor
from milepost.model.workflow import Channel, Workspace
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Pool
from milepost.surfaces.status_api.versions import v1_2


class Call(Struct, kw_only=True):
    """What a handler is given. `query` and `body` hold the read fields by name."""

    db: Pool
    memory: Memory
    clock: Clock
    channels: frozenset[Channel]
    """The message channels that this server can send by."""
    key: KeyRecord
    actor: Actor
    view: View
    workspace: Workspace
    path: list[str]
    query: dict[str, Any]
    body: dict[str, Any]
    confirmed: bool = False

    def saw(self, version: int | None) -> None:
        """A statement of this call told the team's version: what was remembered must be of it, else Stale."""
        compare(self.key, self.workspace, version)
        self.confirmed = True

    async def confirm(self) -> None:
        """Asks for the team's version when no statement of this call has told it. Raises Stale."""
        if not self.confirmed:
            await self.memory.confirm(self.key, self.workspace)
            self.confirmed = True

    @property
    def shopify_kinds(self) -> tuple[str, ...]:
        """The forms that the digits of a Shopify id are tried in (section 5)."""
        return ("Order", "DraftOrder") if self.view.has(v1_2.DRAFTS) else ("Order",)


Handler = Callable[[Call], Awaitable[Struct]]


class Endpoint(Struct, frozen=True, kw_only=True):
    """One row of the contract's table: what is asked, by whom, what comes back."""

    operation: str
    method: Literal["GET", "POST"]
    path: str
    """Below `/v1/`."""
    permission: str
    summary: str
    handler: Handler
    answer: type[Struct]
    refusals: tuple[str, ...] = ()
    """Codes besides those that every endpoint can answer."""
    specificity: Literal["order", "line_item"] | None = None
    """The status specificity that the endpoint needs (section 22.7)."""
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] | None = None


_DIGITS = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LARGEST = 2**63 - 1

OrderKey = str | int
"""An id in canonical spelling, or the digits of a Shopify id as a number."""


def order_key(text: str, use_shopify: bool) -> OrderKey | None:
    """The order that a text may name; None when it can name none (section 5)."""
    if not use_shopify:
        return parse_id(text)
    if _DIGITS.fullmatch(text) and int(text) <= _LARGEST:
        return int(text)
    return None
