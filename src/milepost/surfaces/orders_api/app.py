"""The surface as an ASGI application: the checks of every call, in the contract's order (section 2)."""

from collections.abc import Callable, Sequence

import structlog
from msgspec import Struct

from milepost.http.gate import Gate, Memory, Unauthorized
from milepost.http.idempotency import Idempotency, InProgress, Kept, Reused, fingerprint, read_key
from milepost.http.limits import Budget, Exhausted
from milepost.http.request import Disconnected, Receive, Request, Scope, Send
from milepost.http.routing import Misrouted, Router
from milepost.kit.clock import Clock
from milepost.kit.errors import Refused, Stale
from milepost.kit.ids import parse_id, ulid
from milepost.kit.sealing import Sealer
from milepost.model.actor import Actor
from milepost.model.receiver import Probe
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Database, Pool, is_unreachable
from milepost.surfaces.orders_api import answers
from milepost.surfaces.orders_api.bodies import Sent, read_document, receive
from milepost.surfaces.orders_api.call import Call, Endpoint, Options, Reply
from milepost.surfaces.orders_api.conditions import read_tags
from milepost.surfaces.orders_api.endpoints import ENDPOINTS
from milepost.surfaces.orders_api.refusals import Refusal, refuse, translate

ALIAS = "purchase-orders"
ROOTS = frozenset(("orders", ALIAS, "events", "webhooks", "tags"))
"""The first path segment of what this surface owns."""

STALE_TRIES = 5
"""How often a call is answered anew because keys, settings or workspace changed under it."""

_WRITES = frozenset(("POST", "PUT", "PATCH"))
"""Methods that Idempotency-Key counts for."""
_UNREACHABLE_SECONDS = 1
"""Shown in Retry-After when the database cannot be reached."""

_log = structlog.get_logger("milepost.orders_api")


class OrdersApi:
    """`probe` sends a body to a webhook's receiver once; `wake` is told when deliveries may have come up."""

    def __init__(
        self,
        db: Pool,
        memory: Memory,
        gate: Gate,
        clock: Clock,
        *,
        sealer: Sealer,
        options: Options,
        probe: Probe,
        wake: Callable[[], None],
    ) -> None:
        self._db = db
        self._memory = memory
        self._gate = gate
        self._clock = clock
        self._sealer = sealer
        self._options = options
        self._probe = probe
        self._wake = wake
        self._router: Router[Endpoint] = Router(ENDPOINTS)
        self._idempotency = Idempotency(db, sealer, clock, ttl_hours=options.idempotency_ttl_hours)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = _Visit(Request(scope, receive))
        try:
            reply = await self._answer(visit)
        except Disconnected:
            return
        await answers.send(reply, visit.request, visit.budget, send)

    async def _answer(self, visit: "_Visit") -> Reply:
        """The answer to a request, whatever happens. The budget is charged once, also when the call is decided
        anew because the workspace changed under it."""
        try:
            for _ in range(STALE_TRIES):
                key, actor = await self._gate.identify(visit.request.headers)
                try:
                    visit.budget = visit.budget or await self._gate.count(key)
                    return await self._run(visit, key, actor)
                except Stale:
                    self._memory.forget(key.team_id)
            raise RuntimeError("the workspace kept changing")
        except Unauthorized:
            visit.budget = None  # the key was known a moment ago, if it was revoked meanwhile
            return answers.refused(_UNAUTHORIZED)
        except Exhausted as exhausted:
            visit.budget = exhausted.budget
            message = f"Rate limit of the {exhausted.window} exceeded"
            return answers.refused(refuse("rate_limited", message, retry_after=exhausted.retry_after))
        except Refusal as refusal:
            return answers.refused(refusal)
        except Disconnected:
            raise
        except Exception as error:
            return answers.refused(_accident(error, visit.request))

    async def _run(self, visit: "_Visit", key: KeyRecord, actor: Actor) -> Reply:
        """Everything behind key and limits. Raises Refusal, or Stale when it was decided on old memories."""
        call = await self._call(visit.request, key, actor)
        try:
            try:
                endpoint = self._endpoint(visit.request, call)
                if visit.sent is None:
                    visit.sent = await receive(visit.request, endpoint.body, self._options)
                reply = await self._perform(endpoint, call, visit.request, visit.sent)
            except Refused as refused:
                raise translate(refused) from refused
        except Refusal:
            await call.confirm()  # never refuse on what no longer holds
            raise
        if endpoint.method == "GET":
            await call.confirm()
        elif call.workspace.webhooks:
            self._wake()
        return reply

    async def _call(self, request: Request, key: KeyRecord, actor: Actor) -> Call:
        return Call(
            db=self._db,
            pool=self._db,
            memory=self._memory,
            clock=self._clock,
            key=key,
            actor=actor,
            workspace=await self._memory.workspace(key.team_id),
            options=self._options,
            sealer=self._sealer,
            probe=self._probe,
            path=[],
            query=request.parameters(),
            query_string=request.query_string,
            if_match=read_tags(request.every(b"if-match"), weak=False),
            if_none_match=read_tags(request.every(b"if-none-match"), weak=True),
        )

    def _endpoint(self, request: Request, call: Call) -> Endpoint:
        """Path, method, permission. Raises Refusal, Refused."""
        segments = request.segments()
        if segments[0] == ALIAS:
            segments[0] = "orders"
        try:
            found = self._router.find(request.method, segments)
        except Misrouted as misrouted:
            raise _misrouted(request.method, segments, misrouted.allowed) from None
        endpoint = found.endpoint
        if endpoint.permission is not None:
            call.actor.require(endpoint.permission)
        call.path = found.parameters
        call.target = "/" + "/".join(_canonical(segment) for segment in segments)
        call.must_match = endpoint.conditional and self._options.require_if_match
        return endpoint

    async def _perform(self, endpoint: Endpoint, call: Call, request: Request, sent: Sent) -> Reply:
        """The handler's answer, or the one kept of an earlier request with the same Idempotency-Key."""

        async def act(db: Database) -> Reply:
            call.db = db
            call.body = read_document(sent, endpoint.body)
            call.parts = sent.parts
            return answers.encoded(await endpoint.handler(call))

        async def act_once(db: Database) -> Kept:
            return answers.to_keep(await act(db))

        keys = request.every(b"idempotency-key") if endpoint.method in _WRITES else []
        if not keys:
            return await act(self._db)
        key = read_key(keys)
        if key is None:
            raise _about_key(
                "invalid_idempotency_key", "Idempotency-Key must be 1 to 255 visible ASCII characters"
            )
        print_ = fingerprint(
            endpoint.method.encode(), call.target.encode(), call.query_string.encode(), *sent.fields()
        )
        once = self._idempotency.once_apart if endpoint.leaves_house else self._idempotency.once
        try:
            return answers.from_kept(await once(call.key.team_id, key, print_, act_once, call.saw))
        except InProgress:
            message = "A request with this Idempotency-Key is still running"
            raise _about_key("idempotency_in_progress", message, retry_after=1) from None
        except Reused:
            message = "This Idempotency-Key belongs to another request"
            raise _about_key("idempotency_key_reused", message) from None


_UNAUTHORIZED = refuse("unauthorized", "A valid API key is required", place="header", at="authorization")


class _Visit(Struct):
    """One request on its way; what is read or charged once stays here when the call is decided anew."""

    request: Request
    budget: Budget | None = None
    sent: Sent | None = None


def _about_key(code: str, message: str, retry_after: int | None = None) -> Refusal:
    return refuse(code, message, place="header", at="idempotency-key", retry_after=retry_after)


def _canonical(segment: str) -> str:
    identifier = parse_id(segment)
    return segment if identifier is None else ulid(identifier)


def _misrouted(method: str, segments: Sequence[str], allowed: Sequence[str]) -> Refusal:
    if not allowed:
        return refuse("not_found", "There is nothing at this path", place="path")
    is_order = segments[0] == "orders" and len(segments) == 2
    message = (
        "Orders are canceled, not deleted"
        if method == "DELETE" and is_order
        else f"This path knows only {', '.join(allowed)}"
    )
    return answers.MethodNotAllowed(message, allowed)


def _accident(error: Exception, request: Request) -> Refusal:
    """What an unexpected failure is answered with; it is logged here."""
    request_id = request.id.decode()
    if is_unreachable(error):
        _log.error("database unreachable", request_id=request_id, error=str(error) or type(error).__name__)
        return refuse(
            "unavailable", "The database cannot be reached at the moment", retry_after=_UNREACHABLE_SECONDS
        )
    _log.exception("internal error", request_id=request_id, method=request.method, path=request.path)
    return refuse("internal_error", f"Unexpected error. Request id: {request_id}")
