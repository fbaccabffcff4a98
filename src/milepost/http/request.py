"""A request as surfaces see it: read once from the ASGI scope, bounded, without a framework's weight."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1024 * 1024

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_ASCII = bytes(range(128))
_SEGMENT = "%:@!$&'()*+,;=~"
"""What may stand in a part of a path as it is, besides letters, digits and `-._`."""
_READ_HEADERS = frozenset(
    (
        b"x-api-key",
        b"authorization",
        b"x-api-version",
        b"x-request-id",
        b"content-length",
        b"content-type",
        b"if-none-match",
    )
)


class BodyTooLarge(Exception):
    """The body is over the bound; nothing past the bound was read."""


class Disconnected(Exception):
    """The client went away before its body was complete."""


def request_id(given: bytes) -> bytes:
    """The request's own id if it is a good one, else a new one (Status API, section 6)."""
    return given if _REQUEST_ID.fullmatch(given) else os.urandom(16).hex().encode()


class Request:
    """One HTTP request. Header values are bytes, the last of a repeated header."""

    __slots__ = ("_body", "_receive", "_scope", "headers", "id", "method")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = {
            name: value for name, value in scope["headers"] if name in _READ_HEADERS
        }
        self.id: bytes = request_id(self.headers.get(b"x-request-id", b""))

    @property
    def path(self) -> str:
        return str(self._scope["path"])

    @property
    def query_string(self) -> str:
        """The query as sent; bytes that should have been percent-encoded are."""
        raw: bytes = self._scope["query_string"]
        return raw.decode() if raw.isascii() else quote(raw, safe=_ASCII)

    def every(self, name: bytes) -> list[str]:
        """All values sent for a header, in their order."""
        return [value.decode("latin-1") for header, value in self._scope["headers"] if header == name]

    def segments(self) -> list[str]:
        """The path's parts, each percent-decoded by itself, one trailing slash ignored."""
        raw: bytes = self._scope.get("raw_path") or self._scope["path"].encode()
        if b"%" in raw:
            parts = [unquote(part) for part in raw.decode("latin-1").split("/")]
        else:
            parts = self._scope["path"].split("/")
        return _behind_root(parts)

    def sent_segments(self) -> list[str]:
        """The same parts as they were sent; what an address must percent-encode is."""
        raw: bytes = self._scope.get("raw_path") or self._scope["path"].encode()
        return _behind_root([quote(part, safe=_SEGMENT) for part in raw.split(b"/")])

    def query(self) -> dict[str, str]:
        """Query parameters, values trimmed; of a repeated one the last counts, an empty one was not sent."""
        raw: bytes = self._scope["query_string"]
        if not raw:
            return {}
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace")
        return {name: text for name, value in dict(pairs).items() if (text := value.strip())}

    def parameters(self) -> dict[str, list[str]]:
        """Query parameters with all their values, as sent and in their order."""
        values: dict[str, list[str]] = {}
        if query := self.query_string:
            for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
                values.setdefault(name, []).append(value)
        return values

    async def body(self, limit: int = MAX_BODY_BYTES) -> bytes:
        """The whole body, read once. Raises BodyTooLarge as soon as it is known to be over `limit`, Disconnected
        when the client goes away before its end."""
        if self._body is None:
            self._judge_announced(limit)
            whole, more = bytearray(), True
            while more:
                piece, more = await self._piece(limit - len(whole))
                whole += piece
            self._body = bytes(whole)
        return self._body

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it arrives, to be read once and instead of `body`. Raises as that does."""
        self._judge_announced(limit)
        more = True
        while more:
            piece, more = await self._piece(limit)
            limit -= len(piece)
            yield piece

    def _judge_announced(self, limit: int) -> None:
        announced = self.headers.get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > 18 or int(announced) > limit:
            raise BodyTooLarge

    async def _piece(self, room: int) -> tuple[bytes, bool]:
        """What came next of the body, and whether there is more."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        piece: bytes = message.get("body", b"")
        if len(piece) > room:
            raise BodyTooLarge
        return piece, bool(message.get("more_body"))


def _behind_root(parts: list[str]) -> list[str]:
    """Parts of a path between slashes, without the empty ones before the first slash and behind a trailing one."""
    if len(parts) > 2 and not parts[-1]:
        parts.pop()
    return parts[1:]
