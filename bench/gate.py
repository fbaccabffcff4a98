"""What stands before a handler: key, version, rate limits, routing, query, headers. In this process, on a
scope made by hand, with a handler that does nothing; everything else counts, also sending the answer."""

import time
from typing import Any

from msgspec import Struct

from bench.ground import Team
from milepost.http.gate import Gate, Memory
from milepost.http.limits import Limits
from milepost.kit.clock import system_clock
from milepost.model.workflow import House
from milepost.store import db
from milepost.surfaces.status_api.app import StatusApi

_CALLS = 5_000


class _Nothing(Struct):
    pass


_NOTHING = _Nothing()


async def _no_handler(call: Any) -> _Nothing:
    return _NOTHING


async def microseconds(url: str, team: Team, repeats: int) -> float:
    """CPU of one call without its handler: the best of the repeats, which is the one least disturbed."""
    pool = await db.open_pool(url, size=1)
    try:
        clock = system_clock(0)
        memory = Memory(pool, House())
        api = StatusApi(
            pool,
            memory,
            Gate(memory, Limits(), clock),
            clock,
            default_version="1.4",
            bulk_max_orders=1000,
            wake=lambda: None,
        )
        _take_handlers(api)
        await _calls(api, team, 100)  # remembers key and workspace
        return min([await _timed(api, team) for _ in range(repeats)])
    finally:
        await pool.close()


def _take_handlers(api: StatusApi) -> None:
    for templates in api._router._shapes.values():
        for template in templates:
            for method, endpoint in template.endpoints.items():
                template.endpoints[method] = _without_handler(endpoint)


def _without_handler(endpoint: Any) -> Any:
    named = {name: getattr(endpoint, name) for name in endpoint.__struct_fields__}
    return type(endpoint)(**{**named, "handler": _no_handler})


async def _timed(api: StatusApi, team: Team) -> float:
    before = time.process_time()
    await _calls(api, team, _CALLS)
    return (time.process_time() - before) / _CALLS * 1e6


async def _calls(api: StatusApi, team: Team, count: int) -> None:
    path = f"/api/v1/orders/{team.order_ids[0]}"
    headers = [(b"host", b"127.0.0.1"), (b"x-api-key", team.key.encode())]
    for _ in range(count):
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
        }
        await api(scope, _nothing_to_receive, _forget)


async def _nothing_to_receive() -> Any:
    raise AssertionError("a GET has no body")


async def _forget(message: Any) -> None:
    assert message.get("status", 200) == 200
