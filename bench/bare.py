"""The HTTP client alone, in a loop: what deliveries are measured against. Run as `python -m bench.bare` with
`PORT CONCURRENCY REQUESTS` on stdin; prints requests a second."""

import asyncio
import sys
import time

import aiohttp
import uvloop

_BODY = b"{" + b" " * 1_100 + b"}"
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Milepost",
    "webhook-id": "01KV5BPHJAF6Y8R5CH0DSZ0FVT",
    "webhook-timestamp": "1781517732",
    "webhook-signature": "v1,YzN2vmD7Fdwj1qGiav/1xkfK34tVYzGJUDG0b4P5+bk=",
    "milepost-attempt": "1",
}


async def _rate(port: int, concurrency: int, requests: int) -> float:
    left = iter(range(requests))
    async with aiohttp.ClientSession() as http:

        async def loop() -> None:
            for _ in left:
                async with http.post(f"http://127.0.0.1:{port}/", data=_BODY, headers=_HEADERS) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(loop() for _ in range(concurrency)))
        return requests / (time.perf_counter() - began)


if __name__ == "__main__":
    print(uvloop.run(_rate(*map(int, sys.stdin.read().split()))))
