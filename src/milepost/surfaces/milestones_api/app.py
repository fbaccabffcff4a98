"""The surface as an ASGI application: the checks of every call, in the contract's order (section 2)."""

from collections.abc import Callable
from typing import Any

import structlog
from msgspec import Struct

from milepost.http.answer import Headers
from milepost.http.gate import Gate, Memory, Unauthorized
from milepost.http.limits import Budget, Exhausted
from milepost.http.request import Disconnected, Receive, Request, Scope, Send
from milepost.http.routing import Misrouted, Router, below_v1
from milepost.kit.clock import Clock
from milepost.kit.errors import NotFound, Refused, Stale
from milepost.kit.ids import parse_id
from milepost.model.actor import Actor
from milepost.model.urgency import plan_of
from milepost.model.workflow import Channel
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Pool, is_unreachable
from milepost.surfaces.milestones_api import answers, deprecation, removed
from milepost.surfaces.milestones_api.bodies import read_object, receive
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.endpoints import ENDPOINTS
from milepost.surfaces.milestones_api.naming import named_order
from milepost.surfaces.milestones_api.refusals import Refusal, method_not_allowed, translate
from milepost.surfaces.milestones_api.values import read_wish

ROOT = "teams"
"""The first path segment, below `/v1` or `/api/v1`, of what this surface owns."""

STALE_TRIES = 5
"""How often a call is answered anew because keys, settings or workspace changed under it."""

_log = structlog.get_logger("milepost.milestones_api")


class MilestonesApi:
    """`channels`: the message channels that this server can send by; none until messages are sent. `wake` is
    called after a change that may have left something to deliver."""

    def __init__(
        self,
        db: Pool,
        memory: Memory,
        gate: Gate,
        clock: Clock,
        *,
        wake: Callable[[], None],
        channels: frozenset[Channel] = frozenset(),
    ) -> None:
        self._db = db
        self._memory = memory
        self._gate = gate
        self._clock = clock
        self._wake = wake
        self._channels = channels
        self._router: Router[Endpoint] = Router(ENDPOINTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = _Visit(Request(scope, receive))
        try:
            reply = await self._answer(visit)
        except Disconnected:
            return
        await answers.send(reply, visit.request, visit.budget, visit.deprecation, send)

    async def _answer(self, visit: "_Visit") -> Reply:
        """The answer to a request, whatever happens. The budget is charged once, also when the call is decided
        anew because the workspace changed under it."""
        try:
            for _ in range(STALE_TRIES):
                key, actor = await self._gate.identify(visit.request.headers)
                try:
                    visit.budget = visit.budget or await self._gate.count(key)
                    return answers.encoded(await self._run(visit, key, actor))
                except Stale:
                    self._memory.forget(key.team_id)
            raise RuntimeError("the workspace kept changing")
        except Unauthorized:
            visit.budget = visit.endpoint = None  # the key was known a moment ago, if revoked meanwhile
            return answers.refused(Refusal("unauthorized"))
        except Exhausted as exhausted:
            visit.budget = exhausted.budget
            return answers.refused(Refusal("rate_limited", retry_after=exhausted.retry_after))
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
                endpoint = self._endpoint(visit, call)
                reply = await _perform(visit, endpoint, call)
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
            memory=self._memory,
            clock=self._clock,
            channels=self._channels,
            key=key,
            actor=actor,
            workspace=await self._memory.workspace(key.team_id),
            path=[],
            query=request.parameters(),
            query_string=request.query_string,
        )

    def _endpoint(self, visit: "_Visit", call: Call) -> Endpoint:
        """Checks 3 to 6: removed path, path and method, team, permission. Raises Refusal, Refused."""
        request = visit.request
        segments = below_v1(request.segments())
        removed.judge(segments, request)
        try:
            found = self._router.find(request.method, segments)
        except Misrouted as misrouted:
            if not misrouted.allowed:
                raise Refusal("not_found") from None
            visit.endpoint = self._router.find(misrouted.allowed[0], segments).endpoint
            raise method_not_allowed(misrouted.allowed) from None
        endpoint, parameters = found.endpoint, found.parameters
        visit.endpoint = endpoint
        if parameters and parse_id(parameters[0]) != call.team_id:
            raise NotFound("Team")
        call.actor.require(endpoint.permission)
        call.path = parameters[1:]
        if endpoint.method == "GET":
            call.target = visit.target(endpoint, parameters)
        return endpoint


class _Visit(Struct):
    """One request on its way; what is read or charged once stays here when the call is decided anew."""

    request: Request
    budget: Budget | None = None
    body: bytes | None = None
    endpoint: Endpoint | None = None
    """What the path leads to, if only by another method."""
    resolved_ids: list[str] | None = None
    """Those of the path of its successor, once they are known."""

    def sent_ids(self, endpoint: Endpoint) -> list[str]:
        """The values of the path parameters of the endpoint that the path leads to, as they were sent."""
        parts = endpoint.path.split("/")
        sent = self.request.sent_segments()[-len(parts) :]
        return [value for part, value in zip(parts, sent, strict=True) if part.startswith("{")]

    def target(self, endpoint: Endpoint, parameters: list[str]) -> str:
        """The path as links write it."""
        ids = zip(parameters, self.sent_ids(endpoint), strict=True)
        return deprecation.address(endpoint.path, [parse_id(one) or as_sent for one, as_sent in ids])

    def resolve(self, call: Call) -> None:
        """The call found what its path names, and perhaps the milestone that it acts on."""
        if self.endpoint is None or self.endpoint.acts_on is None:
            self.resolved_ids = [call.team_id]
        elif call.milestone_id is not None:
            self.resolved_ids = [call.team_id, call.order_id, call.milestone_id]

    @property
    def deprecation(self) -> Headers:
        """The headers that tell of a successor; none when there is none, or before the endpoint is known."""
        if self.endpoint is None or not self.endpoint.deprecated:
            return []
        return deprecation.headers(self.endpoint, self.sent_ids(self.endpoint), self.resolved_ids)


async def _perform(visit: _Visit, endpoint: Endpoint, call: Call) -> Reply:
    """Checks 7 to 10, and the act. Raises Refusal."""
    if visit.body is None:
        visit.body = await receive(visit.request)
    body = {} if endpoint.method == "GET" else read_object(visit.body, endpoint.wrapper)
    try:
        reply = await _act(endpoint, call, body)
    except Refusal as refusal:
        if refusal.status == 422:  # faults are told of things that exist
            order = await named_order(call, endpoint)
            if order is not None and endpoint.acts_on is not None:
                milestone = plan_of(order).of_type(endpoint.acts_on)
                call.milestone_id = None if milestone is None else milestone.id
            visit.resolve(call)
        raise
    visit.resolve(call)
    return reply


async def _act(endpoint: Endpoint, call: Call, body: dict[str, Any]) -> Reply:
    """Raises Refusal."""
    if endpoint.body is not None:
        call.body = read_wish(endpoint.body.patch if endpoint.method == "PATCH" else endpoint.body.read, body)
    try:
        return await endpoint.handler(call)
    except Refused as refused:
        raise translate(refused) from refused


def _accident(error: Exception, request: Request) -> Refusal:
    """What an unexpected failure is answered with; it is logged here."""
    request_id = request.id.decode()
    if is_unreachable(error):
        _log.error("database unreachable", request_id=request_id, error=str(error) or type(error).__name__)
    else:
        _log.exception("internal error", request_id=request_id, method=request.method, path=request.path)
    return Refusal("internal_error", request_id=request_id)
