"""The whole application, built once: settings -> pool -> gate -> surfaces -> one ASGI app."""

from functools import partial

from milepost.http.gate import Gate, Memory
from milepost.http.limits import Limits
from milepost.http.request import ASGIApp, Receive, Scope, Send
from milepost.kit.clock import Clock
from milepost.settings import Settings
from milepost.store import limits as leases
from milepost.store.db import Pool
from milepost.surfaces.status_api import app as status_api
from milepost.surfaces.status_api import openapi
from milepost.surfaces.system import Reference, system_app


def build(settings: Settings, pool: Pool, clock: Clock, *, processes: int = 1) -> ASGIApp:
    """The application on one pool. `processes`: how many processes serve beside each other; with more than one,
    rate windows are shared through the database."""
    memory = Memory(pool)
    limits = Limits(partial(leases.lease_units, pool) if processes > 1 else None)
    gate = Gate(memory, limits, clock)
    status = status_api.StatusApi(
        pool,
        memory,
        gate,
        clock,
        default_version=settings.default_api_version,
        bulk_max_orders=settings.bulk_max_orders,
    )
    system = system_app(pool, _references(settings), f"status-{settings.default_api_version}")
    return _Front(dict.fromkeys(status_api.ROOTS, status), system)


def _references(settings: Settings) -> dict[str, Reference]:
    """The OpenAPI files by name."""
    return {
        f"status-{version}": Reference(
            f"Status API {version}", partial(openapi.text, version, settings.bulk_max_orders)
        )
        for version in openapi.VERSIONS
    }


class _Front:
    """Sends a request to the surface that owns its path; the rest belongs to the system's own pages."""

    def __init__(self, below_v1: dict[str, ASGIApp], elsewhere: ASGIApp) -> None:
        self._below_v1 = below_v1
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        surface = None
        if scope["type"] == "http":
            parts = scope["path"].split("/", 4)
            at = 2 if parts[1] == "api" else 1
            if len(parts) > at + 1 and parts[at] == "v1":
                surface = self._below_v1.get(parts[at + 1])
        await (surface or self._elsewhere)(scope, receive, send)
