"""A receiver that is no bottleneck: it takes every POST, answers 204, and remembers when which message came.

Run as `python -m bench.receiver`; `GET /` tells how many messages came, `GET /arrivals` when
each came, `DELETE /` forgets all.
"""

import asyncio
import gc
import time
from typing import Any

import msgspec
import uvloop

_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection. What it knows of HTTP is what its callers here send."""

    arrivals: dict[bytes, float] = {}  # noqa: RUF012 - of all connections together
    """When each message came first, in Unix seconds."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            length = int(_header(head, b"content-length:") or 0)
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        kind = type(self)
        if head.startswith(b"post "):
            kind.arrivals.setdefault(_header(head, b"webhook-id:"), time.time())
            return _TAKEN
        if head.startswith(b"delete "):
            kind.arrivals.clear()
            return _TAKEN
        told: object = len(kind.arrivals)
        if head.startswith(b"get /arrivals"):
            told = {key.decode().upper(): at for key, at in kind.arrivals.items()}
        body = msgspec.json.encode(told)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _header(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name)
    return b"" if at < 0 else head[at + 2 + len(name) :].split(b"\r\n", 1)[0].strip()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    gc.freeze()
    print(f"receiver is ready on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
