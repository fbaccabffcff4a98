"""One connection: uvicorn's HTTP/1.1 protocol, with a bound on time and on size at every step.

What cannot be read as HTTP is answered here, without the application; everything else is the application's.
"""

import asyncio
from typing import Any, Final, Literal

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from milepost.http.server_limits import Limits
from milepost.http.server_refusals import (
    HEADERS_TOO_LARGE,
    MALFORMED,
    OVERLOADED,
    TIMED_OUT,
    Refusal,
    overloaded,
)

_Phase = Literal["idle", "headers", "body"]
_LONGEST_PARSED_URL: Final = 65_535
_log: Final = structlog.get_logger("milepost.http")


class Guarded(HttpToolsProtocol):
    """HttpToolsProtocol with the bounds of `limits`. Make a class with `guarded`."""

    limits = Limits()

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._phase: _Phase = (
            "headers"  # the first request is awaited, with a time limit, from the connection on
        )
        self._requests = 0
        self._over_limit = False
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_is_for: tuple[_Phase, int] | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._chunk_bytes = 0
        self._header_bytes = 0
        self._body_bytes = 0
        self._body_bytes_seen = 0
        self._framing_bytes = 0
        self._body_deadline = 0.0
        self._upgrading = False
        self._raw_left = 0
        self._refusal = MALFORMED

    # The transport's calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._over_limit = len(self.connections) > self.limits.connections
        if len(self.connections) > self.limits.connections + self.limits.connections // 10:
            self._refuse(OVERLOADED)
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._disarm()
        if self._stalled is not None:
            self._stalled.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._unset_keepalive_if_required()
        phase, body_bytes = self._phase, self._body_bytes
        self._chunk_bytes = len(data)
        try:
            if self._upgrading:
                self._take_raw(data)
            else:
                self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as pause:
            self._upgrading = True
            self._take_raw(data[pause.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._refusal)
        if not self._ended:
            if phase == self._phase == "body":
                self._framing_bytes += len(data) - (self._body_bytes - body_bytes)
            elif self._phase == "headers":
                self._header_bytes += len(data)
            self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    # The parser's calls. An exception from one makes `feed_data` raise HttpParserError.

    def on_message_begin(self) -> None:
        if self._phase == "idle":
            self._phase = "headers"
            self._requests += 1
            self._header_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase == "body":
            return  # a trailer: nothing here has a use for it
        if len(self.headers) >= self.limits.headers:
            self._refusal = HEADERS_TOO_LARGE
            raise ValueError("too many headers")
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._header_bytes + self._chunk_bytes > self.limits.header_bytes:  # else it need not be counted
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.limits.header_bytes:
                self._refusal = HEADERS_TOO_LARGE
                raise ValueError("too large headers")
        upgrade = self.parser.should_upgrade()
        if upgrade:
            self._raw_left = self._declared_length()
        self._begin_request()
        self._phase = "body"
        self._framing_bytes = 0
        if upgrade:
            self.cycle.keep_alive = False

    def _begin_request(self) -> None:
        if len(self.url) <= _LONGEST_PARSED_URL:
            super().on_headers_complete()
            return
        # The address parser counts in 16 bits. The query needs none of it: its characters are judged already.
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._raw_left:
            self._phase = "idle"
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(MALFORMED)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, overloaded if self._over_limit else app)

    # An upgrade is offered (`curl --http2` does so) and not taken. The parser then stops before the body and
    # would take it for the next request: the body is read here, and the connection ends with the answer.

    def _declared_length(self) -> int:
        length = 0
        for name, value in self.headers:
            if name == b"transfer-encoding":
                raise ValueError("an upgrade with a chunked body")
            if name == b"content-length":
                length = int(value)
        return length

    def _take_raw(self, data: bytes) -> None:
        if self._raw_left:
            piece = data[: self._raw_left]
            self._raw_left -= len(piece)
            self.on_body(piece)
            self.on_message_complete()

    # Time and size

    def _watch(self) -> None:
        """After data: judge the sizes, and arm the timer of what is awaited now."""
        if self._phase == "idle":
            if self._timer is not None:
                self._disarm()
            self._keep_alive()
        elif self._phase == "headers" and self._header_bytes > self.limits.header_bytes:
            self._refuse(HEADERS_TOO_LARGE)
        elif self._phase == "body" and self._framing_bytes > self.limits.framing_bytes:
            self._refuse(MALFORMED)
        elif self._timer_is_for != (self._phase, self._requests):
            self._disarm()
            self._timer_is_for = (self._phase, self._requests)
            if self._phase == "headers":
                self._timer = self.loop.call_later(self.limits.header_seconds, self._headers_are_late)
            else:
                self._body_bytes_seen = self._body_bytes
                self._body_deadline = self.loop.time() + self.limits.body_seconds
                self._timer = self.loop.call_later(self.limits.body_tick_seconds, self._look_at_body)

    def _keep_alive(self) -> None:
        # Data takes uvicorn's keep-alive timer off. When it brought no request (line breaks, the rest of a
        # body that was answered early), nothing but this puts it on again.
        if self.cycle is not None and self.cycle.response_complete and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _disarm(self) -> None:
        self._timer_is_for = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _headers_are_late(self) -> None:
        if self.flow.read_paused:  # ours is the delay: an earlier request of the connection is still running
            self._timer = self.loop.call_later(self.limits.header_seconds, self._headers_are_late)
        elif self._header_bytes:
            self._refuse(TIMED_OUT)
        else:
            self._end()

    def _look_at_body(self) -> None:
        progress = self._body_bytes - self._body_bytes_seen
        self._body_bytes_seen = self._body_bytes
        if self.flow.read_paused:  # ours is the delay
            self._body_deadline += self.limits.body_tick_seconds
        elif progress < self.limits.body_tick_bytes or self.loop.time() >= self._body_deadline:
            self._refuse(TIMED_OUT)
            return
        wait = min(self.limits.body_tick_seconds, max(0, self._body_deadline - self.loop.time()))
        self._timer = self.loop.call_later(wait, self._look_at_body)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what cannot be served and end the connection."""
        _log.info("request refused", status=refusal.status, code=refusal.code)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            # The fault is in what follows a whole request, which is answered before the connection ends.
            cycle.keep_alive = False
            self._ended = True
            self._disarm()
            return
        under_way = cycle is not None and (cycle.response_started or self.pipeline)
        if not (self._phase == "body" and under_way):
            self.transport.write(refusal.answer(self.server_state.default_headers))
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._disarm()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not self.transport.is_closing():
            self.transport.close()


def guarded(limits: Limits) -> type[Guarded]:
    """The protocol class with these bounds."""
    return type("Guarded", (Guarded,), {"limits": limits})
