"""Answers of this surface on their way out: encoded, kept for a repetition, refused, sent."""

from collections.abc import Sequence

import msgspec

from milepost.http.answer import JSON, Headers
from milepost.http.idempotency import Kept
from milepost.http.limits import Budget, limit_headers
from milepost.http.request import Request, Send
from milepost.surfaces.orders_api import refusals
from milepost.surfaces.orders_api.call import Reply
from milepost.surfaces.orders_api.refusals import STATUSES, Fault, Refusal

_encode = msgspec.json.Encoder(decimal_format="number").encode
_BODILESS = frozenset((204, 304))


class MethodNotAllowed(Refusal):
    """405 with the methods that the path knows."""

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        fault = Fault("method_not_allowed", None, message, "request", "method")
        super().__init__([fault], STATUSES["method_not_allowed"])
        self.allowed = ", ".join(allowed)


def encoded(reply: Reply) -> Reply:
    """The reply with its body as bytes."""
    if reply.body is None or isinstance(reply.body, bytes):
        return reply
    return msgspec.structs.replace(reply, body=_encode(reply.body), headers=[JSON, *reply.headers])


def to_keep(reply: Reply) -> Kept:
    """An encoded reply, as it is stored for a repetition of its request."""
    headers = {name.decode(): value.decode("latin-1") for name, value in reply.headers}
    return Kept(status=reply.status, headers=headers, body=reply.body or b"", is_secret=reply.is_secret)


def from_kept(kept: Kept) -> Reply:
    """The encoded reply, marked when it is given once more."""
    headers: Headers = [(name.encode(), value.encode("latin-1")) for name, value in kept.headers.items()]
    if kept.is_replay:
        headers.append((b"idempotency-replayed", b"true"))
    return Reply(status=kept.status, body=kept.body, headers=headers)


def refused(refusal: Refusal) -> Reply:
    """The encoded reply of a refusal (section 6)."""
    headers: Headers = [JSON]
    if isinstance(refusal, MethodNotAllowed):
        headers.append((b"allow", refusal.allowed.encode()))
    if refusal.status == STATUSES["unauthorized"]:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    return Reply(status=refusal.status, body=_encode(refusals.body(refusal)), headers=headers)


async def send(reply: Reply, request: Request, budget: Budget | None, send: Send) -> None:
    """Sends an encoded reply with what every answer carries."""
    headers: Headers = [*reply.headers, (b"x-request-id", request.id)]
    if budget is not None:
        headers += limit_headers(budget)
    body: bytes = reply.body or b""
    if reply.stream is None and reply.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.stream is not None and request.method != "HEAD":
        async for part in reply.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": body})
