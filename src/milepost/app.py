"""The whole application, built once: settings -> pool -> gate -> surfaces -> one ASGI app."""

from collections.abc import Callable
from functools import partial

from milepost.http.gate import Gate, Memory
from milepost.http.limits import Limits
from milepost.http.request import ASGIApp, Receive, Scope, Send
from milepost.kit.clock import Clock
from milepost.kit.sealing import Sealer
from milepost.model.receiver import Probe
from milepost.settings import Settings, secret_key
from milepost.settings.rules import house_of, reach_of
from milepost.store import limits as leases
from milepost.store.db import Pool
from milepost.surfaces.milestones_api import app as milestones_api
from milepost.surfaces.milestones_api import openapi as milestones_documents
from milepost.surfaces.orders_api import app as orders_api
from milepost.surfaces.orders_api import openapi as orders_documents
from milepost.surfaces.orders_api.call import Options
from milepost.surfaces.status_api import app as status_api
from milepost.surfaces.status_api import openapi as status_documents
from milepost.surfaces.system import Reference, system_app


def build(
    settings: Settings,
    pool: Pool,
    clock: Clock,
    *,
    processes: int = 1,
    probe: Probe,
    wake: Callable[[], None],
) -> ASGIApp:
    """The application on one pool. `processes`: how many processes serve beside each other; with more than one,
    rate windows are shared through the database. `probe` makes test sends; `wake` is called after a change that
    may have left something to deliver."""
    memory = Memory(pool, house_of(settings))
    limits = Limits(partial(leases.lease_units, pool) if processes > 1 else None)
    gate = Gate(memory, limits, clock)
    status = status_api.StatusApi(
        pool,
        memory,
        gate,
        clock,
        default_version=settings.default_api_version,
        bulk_max_orders=settings.bulk_max_orders,
        wake=wake,
    )
    orders = orders_api.OrdersApi(
        pool,
        memory,
        gate,
        clock,
        sealer=Sealer(secret_key(settings)),
        options=_orders_options(settings),
        probe=probe,
        wake=wake,
    )
    milestones = milestones_api.MilestonesApi(pool, memory, gate, clock, wake=wake)
    system = system_app(pool, _references(settings), f"status-{settings.default_api_version}")
    return _Front(
        dict.fromkeys(orders_api.ROOTS, orders),
        {**dict.fromkeys(status_api.ROOTS, status), milestones_api.ROOT: milestones},
        elsewhere=system,
    )


def _orders_options(settings: Settings) -> Options:
    return Options(
        require_if_match=settings.require_if_match,
        idempotency_ttl_hours=settings.idempotency_ttl_hours,
        max_body_bytes=settings.max_body_bytes,
        release_documents_max=settings.release_documents_max,
        release_document_max_bytes=settings.release_document_max_bytes,
        webhook_secret_overlap_seconds=settings.webhook_secret_overlap_seconds,
        webhook_max_per_team=settings.webhook_max_per_team,
        webhook_reach=reach_of(settings),
    )


def _references(settings: Settings) -> dict[str, Reference]:
    """The OpenAPI files by name."""
    status = {
        f"status-{version}": Reference(
            f"Status API {version}", partial(status_documents.text, version, settings.bulk_max_orders)
        )
        for version in status_documents.VERSIONS
    }
    return {
        **status,
        "orders": Reference("Orders API", orders_documents.text),
        "milestones": Reference("Milestones API", milestones_documents.text),
    }


class _Front:
    """Sends a request to the surface that owns its path; the rest belongs to the system's own pages."""

    def __init__(
        self, at_root: dict[str, ASGIApp], below_v1: dict[str, ASGIApp], *, elsewhere: ASGIApp
    ) -> None:
        self._at_root = at_root
        self._below_v1 = below_v1
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        surface = None
        if scope["type"] == "http":
            parts = scope["path"].split("/", 4)
            at = 2 if parts[1] == "api" else 1
            if len(parts) > at + 1 and parts[at] == "v1":
                surface = self._below_v1.get(parts[at + 1])
            else:
                surface = self._at_root.get(parts[1])
        await (surface or self._elsewhere)(scope, receive, send)
