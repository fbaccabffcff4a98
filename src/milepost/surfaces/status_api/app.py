"""The surface as an ASGI application: the checks of every call, in the contract's order (section 6)."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from milepost.http.answer import JSON, Answer, Headers, send_answer
from milepost.http.fields import Fault, read_fields
from milepost.http.gate import Gate, Memory, Unauthorized
from milepost.http.limits import Budget, Exhausted, limit_headers
from milepost.http.releases import View
from milepost.http.request import BodyTooLarge, Disconnected, Receive, Request, Scope, Send
from milepost.http.routing import Misrouted, Router, below_v1
from milepost.kit.clock import Clock
from milepost.kit.errors import Refused, Stale
from milepost.model.actor import Actor
from milepost.model.transitions import check_specificity
from milepost.model.workflow import Channel
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Pool
from milepost.surfaces.status_api.call import Call, Endpoint
from milepost.surfaces.status_api.endpoints import endpoints
from milepost.surfaces.status_api.refusals import Refusal, invalid, translate, unsupported_version
from milepost.surfaces.status_api.versions import RELEASES

ROOTS = frozenset(("orders", "statuses", "workflows", "line-items", "settings"))
"""The first path segment, below `/v1` or `/api/v1`, of what this surface owns."""

STALE_TRIES = 5
"""How often a call is answered anew because keys, settings or workspace changed under it."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder().decode
_log = structlog.get_logger("milepost.status_api")


class StatusApi:
    """`channels`: the message channels that this server can send by; none until messages are sent. `wake` is
    called after a change that may have left something to deliver."""

    def __init__(
        self,
        db: Pool,
        memory: Memory,
        gate: Gate,
        clock: Clock,
        *,
        default_version: str,
        bulk_max_orders: int,
        wake: Callable[[], None],
        channels: frozenset[Channel] = frozenset(),
    ) -> None:
        self._db = db
        self._memory = memory
        self._gate = gate
        self._clock = clock
        self._channels = channels
        self._wake = wake
        self._default = RELEASES[default_version]
        self._router: Router[Endpoint] = Router(endpoints(bulk_max_orders))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request, below_v1(request.segments()))
        except Disconnected:
            return
        await send_answer(answer, send)

    async def _answer(self, request: Request, segments: list[str]) -> Answer:
        """The answer to a request, whatever happens. The budget is charged once, also when the call is decided
        anew because the workspace changed under it."""
        budget: Budget | None = None
        key: KeyRecord | None = None
        try:
            for _ in range(STALE_TRIES):
                key, actor = await self._gate.identify(request.headers)
                try:
                    budget = budget or await self._gate.count(key)
                    view = await self._view(request, key)
                    body = await self._run(request, segments, view, key, actor)
                    return Answer(200, body, self._headers(request, view, budget))
                except Stale:
                    self._memory.forget(key.team_id)
            raise RuntimeError("the workspace kept changing")
        except Unauthorized:
            key, budget = None, None  # it was known a moment ago, if it was revoked meanwhile
            refusal, extra = Refusal("invalid_api_key"), [(b"www-authenticate", b"Bearer")]
        except Exhausted as exhausted:
            budget = exhausted.budget
            facts = {"window": exhausted.window, "retry_after": exhausted.retry_after}
            refusal = Refusal("rate_limited", **facts)
            extra = [(b"retry-after", b"%d" % exhausted.retry_after)]
        except Refusal as refused:
            refusal, extra = refused, _allow(refused)
        except Disconnected:
            raise
        except Exception:
            request_id = request.id.decode()
            _log.exception("internal error", request_id=request_id, method=request.method, path=request.path)
            message = f"Unexpected error. Request id: {request_id}"
            refusal, extra = Refusal("internal_error", message=message), []
        headers = self._headers(request, self._shown_view(request, key), budget) + extra
        return Answer(refusal.status, _refusal_body(refusal, segments), headers)

    async def _run(
        self, request: Request, segments: list[str], view: View, key: KeyRecord, actor: Actor
    ) -> bytes:
        """Everything behind key and limits. Raises Refusal, or Stale when it was decided on old memories."""
        call = Call(
            db=self._db,
            memory=self._memory,
            clock=self._clock,
            channels=self._channels,
            key=key,
            actor=actor,
            view=view,
            workspace=await self._memory.workspace(key.team_id),
            path=[],
            query={},
            body={},
        )
        try:
            try:
                endpoint = self._endpoint(request, segments, call)
                await _read_input(request, endpoint, call)
                answer = await endpoint.handler(call)
                if request.method == "POST" and call.workspace.webhooks:
                    self._wake()
                return _encode(view.carry(answer))
            except Refused as refused:
                raise translate(refused) from refused
        except Refusal:
            await call.confirm()  # never refuse on what no longer holds
            raise

    def _endpoint(self, request: Request, segments: list[str], call: Call) -> Endpoint:
        """Path, method, version, permission, specificity. Raises Refusal, Refused."""
        try:
            found = self._router.find(request.method, segments)
        except Misrouted as misrouted:
            if misrouted.allowed:
                raise _MethodNotAllowed(misrouted.allowed) from None
            raise Refusal("not_found") from None
        endpoint = found.endpoint
        if (minimum := call.view.introduced_later(endpoint.operation)) is not None:
            raise Refusal("requires_version", minimum_version=minimum)
        call.actor.require(endpoint.permission)
        if endpoint.specificity is not None:
            check_specificity(call.workspace.team, endpoint.specificity)
        call.path = found.parameters
        return endpoint

    async def _view(self, request: Request, key: KeyRecord) -> View:
        """The version asked for, else the key's pin, else the default. Raises Refusal, Stale."""
        asked = request.headers.get(b"x-api-version")
        if asked is None:
            return RELEASES[key.pin_version] if key.pin_version else self._default
        view = RELEASES.find(asked.decode("latin-1").strip(" "))
        if view is None:
            await self._memory.confirm(key)  # a key revoked meanwhile is refused as a key
            raise unsupported_version()
        return view

    def _shown_view(self, request: Request, key: KeyRecord | None) -> View:
        """The version that a refusal names: the header's if known, else the key's pin, else the default."""
        asked = request.headers.get(b"x-api-version", b"").decode("latin-1").strip(" ")
        pinned = RELEASES.find(key.pin_version) if key is not None and key.pin_version else None
        return RELEASES.find(asked) or pinned or self._default

    def _headers(self, request: Request, view: View, budget: Budget | None) -> Headers:
        headers: Headers = [
            JSON,
            (b"x-api-version", view.header),
            (b"vary", b"X-API-Version"),
            (b"x-request-id", request.id),
        ]
        return headers if budget is None else headers + limit_headers(budget)


class _MethodNotAllowed(Refusal):
    def __init__(self, allowed: Any) -> None:
        super().__init__("method_not_allowed")
        self.allowed = ", ".join(allowed).encode()


def _allow(refusal: Refusal) -> Headers:
    return [(b"allow", refusal.allowed)] if isinstance(refusal, _MethodNotAllowed) else []


async def _read_input(request: Request, endpoint: Endpoint, call: Call) -> None:
    """Query and body into the call, all faults at once. Raises Refusal."""
    faults: list[Fault] = []
    if endpoint.query:
        hidden = call.view.hidden_parameters(endpoint.operation)
        sent = {name: text for name, text in request.query().items() if name not in hidden}
        call.query, faults = read_fields(endpoint.query, sent)
    if endpoint.body is not None:
        call.body, body_faults = read_fields(endpoint.body, await _document(request))
        faults += body_faults
    if faults:
        raise invalid(faults)


async def _document(request: Request) -> dict[str, Any]:
    """The body as an object; an empty one counts as `{}`. Raises Refusal."""
    try:
        raw = await request.body()
    except BodyTooLarge:
        raise Refusal("body_too_large") from None
    if not raw:
        return {}
    try:
        document = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal("invalid_json") from None
    if not isinstance(document, dict):
        raise invalid([("body", "must be a JSON object")])
    return document


def _refusal_body(refusal: Refusal, segments: list[str]) -> bytes:
    body: dict[str, Any] = {"error": refusal.error, "details": refusal.details}
    return _encode({"success": False, **body} if segments[:1] == ["line-items"] else body)
