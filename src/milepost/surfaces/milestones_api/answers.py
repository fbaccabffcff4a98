"""Answers of this surface on their way out: encoded, refused, sent."""

import msgspec

from milepost.http.answer import JSON, Answer, Headers, send_answer
from milepost.http.limits import Budget, limit_headers
from milepost.http.request import Request, Send
from milepost.surfaces.milestones_api.call import Reply
from milepost.surfaces.milestones_api.refusals import Refusal

_encode = msgspec.json.Encoder(decimal_format="number").encode


def encoded(reply: Reply) -> Reply:
    """The reply with its body as bytes."""
    return msgspec.structs.replace(reply, body=_encode(reply.body))


def refused(refusal: Refusal) -> Reply:
    """The encoded reply of a refusal (section 5)."""
    headers: Headers = []
    if refusal.allowed:
        headers.append((b"allow", ", ".join(refusal.allowed).encode()))
    if refusal.code == "unauthorized":
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    return Reply(status=refusal.status, body=_encode(refusal.body), headers=headers)


async def send(reply: Reply, request: Request, budget: Budget | None, more: Headers, send: Send) -> None:
    """Sends an encoded reply with what every answer carries. `budget`: of a valid key; `more`: other headers."""
    headers: Headers = [JSON, *reply.headers, *more, (b"x-request-id", request.id)]
    if budget is not None:
        headers += limit_headers(budget)
    await send_answer(Answer(reply.status, reply.body, headers), send)
