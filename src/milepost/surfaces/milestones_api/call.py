"""One authenticated call of this surface, and how an endpoint of it is declared."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from milepost.http.answer import Headers
from milepost.http.gate import Memory, compare
from milepost.http.values import Kind
from milepost.kit.clock import Clock
from milepost.kit.errors import NotFound
from milepost.kit.ids import parse_id
from milepost.model.actor import Actor
from milepost.model.workflow import Channel, MilestoneType, Workspace
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Pool

ROOT = "/v1/"
"""Links start with it, whichever prefix was called."""


class Call(Struct, kw_only=True):
    """What a handler is given. Key, team, permission and the shape of the body have been judged."""

    db: Pool
    memory: Memory
    clock: Clock
    channels: frozenset[Channel]
    """The message channels that this server can send by."""
    key: KeyRecord
    actor: Actor
    workspace: Workspace
    path: list[str]
    """The values of the path's parameters behind the team's id, in their order, as sent."""
    query: Mapping[str, list[str]]
    """All values sent for each parameter, in their order."""
    query_string: str = ""
    """The query as it was sent, percent-encoded."""
    target: str = ""
    """Of a GET: the path as links write it, below `/v1`, ids as UUIDs, no trailing slash."""
    body: dict[str, Any] = {}
    """What the endpoint's `body` kind read, by name: of the wrapper's object where there is one. In a POST null is
    left out; in a PATCH it is None, and what was left out is not there."""
    milestone_id: str | None = None
    """The order milestone that a deprecated action acted on: its handler tells it here, for the `Link`."""
    confirmed: bool = False

    @property
    def team_id(self) -> str:
        return self.actor.team_id

    def id(self, place: int, kind: str) -> str:
        """The id at that place of `path`. Raises NotFound of that kind (`Order`, `Milestone`, `Workflow milestone`,
        `Task`) when the text is none in either spelling."""
        identifier = parse_id(self.path[place])
        if identifier is None:
            raise NotFound(kind)
        return identifier

    @property
    def order_id(self) -> str:
        """The order that the path names. Raises NotFound."""
        return self.id(0, "Order")

    def saw(self, version: int | None) -> None:
        """A statement of this call told the team's version: what was remembered must be of it, else Stale."""
        compare(self.key, self.workspace, version)
        self.confirmed = True

    def agree(self) -> None:
        """Raises Stale unless key and workspace are remembered of one version: for verbs that compare the
        workspace's version themselves when they write."""
        compare(self.key, self.workspace, self.workspace.version)

    async def confirm(self) -> None:
        """Asks for the team's version when no statement of this call has told it. Raises Stale."""
        if not self.confirmed:
            await self.memory.confirm(self.key, self.workspace)
            self.confirmed = True


class Reply(Struct, kw_only=True):
    """What a handler answers. `body` is encoded as JSON."""

    status: int = 200
    body: Any = None
    headers: Headers = []
    """Besides those that every answer has: Location, Link, the counts of a list."""


Handler = Callable[[Call], Awaitable[Reply]]


class Endpoint(Struct, frozen=True, kw_only=True):
    """One row of the contract's section 7: what is asked, by whom, what comes back."""

    operation: str
    method: Literal["GET", "POST", "PATCH"]
    path: str
    """Below `/v1/`: `teams/{team_id}/purchase_orders/{order_id}`."""
    permission: str
    summary: str
    handler: Handler
    body: Kind | None = None
    """What is read of the body: its `read` for a POST, its `patch` for a PATCH. None: nothing, though what is sent
    with a POST must be a JSON object all the same."""
    wrapper: str = "purchase_order"
    """If this key of the body holds an object, that object is the body (section 3)."""
    success: int = 200
    refusals: tuple[str, ...] = ()
    """Codes of 422 that it answers, for the OpenAPI document."""
    successor: str | None = None
    """It is deprecated, and the endpoint of this path does its work (section 7.14)."""
    acts_on: MilestoneType | None = None
    """Of a deprecated action: the milestone that `{milestone_id}` of the successor's path is."""

    @property
    def deprecated(self) -> bool:
        return self.successor is not None
