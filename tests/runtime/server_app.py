"""A tiny application behind the real server; its one argument is the limits as JSON."""

import asyncio
import json
import signal
import sys
from typing import Any

import structlog
import uvloop

from milepost.http import server
from milepost.http.stop_signals import StopSignals


async def _body(receive: Any) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"]:
            return body


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    path = scope["path"]
    if path == "/early":
        body = b""
    else:
        whole = await _body(receive)
        if whole is None:
            print("gone", flush=True)
            return
        body = whole
    if path == "/slow":
        await asyncio.sleep(1)
    answer = json.dumps(
        {"method": scope["method"], "path": path, "query": len(scope["query_string"]), "body": body.decode()}
    ).encode()
    if path == "/big":
        answer = b"x" * 30_000_000
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send(
        {"type": "http.response.start", "status": 413 if path == "/early" else 200, "headers": headers}
    )
    await send({"type": "http.response.body", "body": answer})


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    limits = server.Limits(**json.loads(sys.argv[1]))
    listener = server.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]

    async def serve() -> signal.Signals:
        with StopSignals().heard() as signals:
            return await server.run(
                app,
                listener,
                limits=limits,
                signals=signals,
                on_ready=lambda: print(f"ready {port}", flush=True),
            )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        number = runner.run(serve())
    print(f"stopped by {number.name}", flush=True)


if __name__ == "__main__":
    main()
