"""One authenticated call of this surface, and how an endpoint of it is declared."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from milepost.http.answer import Headers
from milepost.http.gate import Memory, compare
from milepost.http.multipart import Part as Part
from milepost.kit.clock import Clock
from milepost.kit.errors import NotFound
from milepost.kit.ids import parse_id
from milepost.kit.sealing import Sealer
from milepost.model.actor import Actor
from milepost.model.receiver import Probe
from milepost.model.receiver_address import Reach
from milepost.model.workflow import Workspace
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Database, Pool


class Options(Struct, frozen=True, kw_only=True):
    """The settings of this surface, as values (section 23)."""

    require_if_match: bool = False
    idempotency_ttl_hours: int = 24
    max_body_bytes: int = 1_048_576
    release_documents_max: int = 10
    release_document_max_bytes: int = 10_485_760
    webhook_secret_overlap_seconds: int = 86_400
    webhook_max_per_team: int = 100
    webhook_reach: Reach = Reach()


class Call(Struct, kw_only=True):
    """What a handler is given."""

    db: Database
    """The pool, or the transaction that an Idempotency-Key opened: whatever the call reads or writes goes
    through it."""
    pool: Pool
    """For what must not run inside that transaction (nothing leaves the process inside one)."""
    memory: Memory
    clock: Clock
    key: KeyRecord
    actor: Actor
    workspace: Workspace
    options: Options
    sealer: Sealer
    """Seals the secrets of webhooks."""
    probe: Probe
    """Sends a body to a webhook's receiver once, for the test send (section 16.4)."""
    path: list[str]
    """The values of the path's parameters, in their order."""
    query: Mapping[str, list[str]]
    """All values sent for each parameter, in their order."""
    target: str = ""
    """The path in the spelling of `/orders`, without a trailing slash, ids as ULIDs."""
    query_string: str = ""
    """The query as it was sent, percent-encoded."""
    body: Any = None
    """The JSON object of the body, of a form that of its part `data`; None when there was none. Numbers with a
    fraction or exponent are Decimals."""
    parts: list[Part] | None = None
    """The parts, when the body was a multipart form."""
    if_match: frozenset[str] | None = None
    """The listed tags without quotes; None when the header was not sent. `conditions` reads them."""
    must_match: bool = False
    """Without If-Match an order that exists is refused with 428."""
    if_none_match: frozenset[str] | None = None
    confirmed: bool = False

    def id(self, place: int, kind: str) -> str:
        """The id at that place of the path. Raises NotFound when the text is none in either spelling."""
        identifier = parse_id(self.path[place])
        if identifier is None:
            raise NotFound(kind)
        return identifier

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
    """What a handler answers. `body` is encoded as JSON unless it is bytes or a stream; None sends nothing."""

    status: int = 200
    body: Any = None
    stream: AsyncIterator[bytes] | None = None
    """A body that is too large to hold; `headers` must carry its content-length."""
    headers: Headers = []
    """Besides those that every answer has: Location, ETag, Content-Type of bytes."""
    is_secret: bool = False
    """The body holds a secret: a stored copy is encrypted."""


Handler = Callable[[Call], Awaitable[Reply]]
BodyKind = Literal["none", "json", "merge", "optional", "release"]
"""What an endpoint takes: nothing (any body is ignored), `application/json`, that or a merge patch, JSON or
nothing at all, JSON or a multipart form."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """One row of the contract's table: what is asked, by whom, what comes back."""

    operation: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """From the first segment, without a leading slash: `orders/{order_id}`."""
    permission: str | None
    """None: any valid key."""
    summary: str
    handler: Handler
    body: BodyKind = "none"
    success: int = 200
    leaves_house: bool = False
    """It sends something out: it runs outside any transaction, so that nothing waits for the net while rows are
    locked. With an Idempotency-Key its answer is stored afterwards."""
    conditional: bool = False
    """PUT or PATCH of an order: needs If-Match where the setting `require_if_match` says so."""
    refusals: tuple[str, ...] = ()
    """Codes besides those that every endpoint can answer, for the OpenAPI document. `not_found` here is about what
    a body names; ids of the path can always name nothing."""
