"""HTTP over one kept connection, with as little in between as can be: thousands of steps are made in a minute."""

import asyncio
import json
from typing import Any, cast

from msgspec import Struct
from multidict import CIMultiDict

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Answer(Struct, frozen=True):
    """An answer as it came."""

    status: int
    head: bytes
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def headers(self) -> CIMultiDict[str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return CIMultiDict(tuple(line.split(": ", 1)) for line in lines if line)  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<{self.status} {self.raw[:600]!r}>"


class Wire(asyncio.Protocol):
    """A client that asks one thing at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def to(cls, base: str) -> "Wire":
        """A connection to that address, such as http://127.0.0.1:8000."""
        host, _, port = base.removeprefix("http://").partition(":")
        _, wire = await asyncio.get_running_loop().create_connection(cls, host, int(port))
        return wire

    async def ask(self, method: str, path: str, key: str, body: Any = None, **headers: str) -> Answer:
        """The answer to a request; `body` is sent as JSON. Header names are given with `_` for `-`."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"x-api-key: {key}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body is not None:
            lines += ["content-type: application/json", f"content-length: {len(content)}"]
        if self._transport is None:
            raise ConnectionError("the server closed the connection")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write("\r\n".join(lines).encode() + _END + content)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            asyncio.WriteTransport, transport
        )  # uvloop's is one without being derived from it

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END)
        if end < 0:
            return
        head = bytes(self._received[:end])
        lower = head.lower()
        at = lower.find(_LENGTH)
        length = 0 if at < 0 else int(lower[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
        start = end + len(_END)
        if len(self._received) < start + length or self._waiting is None:
            return
        answer = Answer(int(head[9:12]), head, bytes(self._received[start : start + length]))
        del self._received[: start + length]
        self._waiting.set_result(answer)
