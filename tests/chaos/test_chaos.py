"""The short form of `make soak`: kill -9 of server, worker and database under load (O-44, O-45, O-58, O-63)."""

from pathlib import Path

import pytest

from milepost.outbound.tenure import LEASE_SECONDS
from tests.chaos.arrivals import MARGIN_SECONDS
from tests.chaos.run import Plan, run


@pytest.mark.slow
async def test_kill_9_of_everything_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Every change answered 2xx is there with its event, once; every event arrives at least once, signed, each
    order's in order; nothing is half-done; a killed worker's deliveries go on within its lease."""
    outcome = await run(tmp_path, Plan(storm_seconds=35, seed=3, clients=4))
    assert outcome.ledger.findings == []
    assert {"kill server", "kill worker 1", "kill database"} <= outcome.blows.keys()
    assert outcome.ledger.changes.total() > 200
    assert outcome.events >= outcome.ledger.changes.total()
    assert outcome.counts.arrivals > outcome.counts.deliveries > outcome.events
    assert (outcome.counts.lost, outcome.counts.failed, outcome.counts.out_of_order) == (0, 0, 0)
    assert outcome.takeover_seconds < LEASE_SECONDS + MARGIN_SECONDS
