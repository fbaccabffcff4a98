"""One truth: whatever is done through three APIs, by the shop's importer, by the workers and by time, in whatever
order, all surfaces tell the same order, and its events tell how it came to be (Milestones API, section 8; design,
section 9).

A run is one team, up to six orders and `MILEPOST_TEST_STEPS` (60) acts, which Hypothesis chooses; what must hold is
checked after each. `MILEPOST_TEST_RUNS` (200) is how many runs there are in all, `MILEPOST_TEST_SEED` repeats those of
a failure, which names its seed.
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.one_truth.machine import Machine
from tests.one_truth.stage import KINDS, Stage

RUNS = int(os.environ.get("MILEPOST_TEST_RUNS", "200"))
STEPS = int(os.environ.get("MILEPOST_TEST_STEPS", "60"))
SEED = os.environ.get("MILEPOST_TEST_SEED")


@pytest.fixture(scope="module")
def stage(databases: Any) -> Iterator[Stage]:
    """A server on a database of its own."""
    made = Stage(databases.make())
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
def test_one_truth(stage: Stage, kind: str) -> None:
    """M-17, M-20, M-29, M-44 to M-48: each kind of team gets its part of the runs."""
    machine = type(f"Machine_{kind.replace(' ', '_')}", (Machine,), {"stage": stage, "kind": kind})
    seed = int(SEED) if SEED else random.SystemRandom().randrange(2**32)
    settings = hypothesis.settings(
        max_examples=max(1, RUNS // len(KINDS)),
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=settings)
    except BaseException as failure:
        failure.add_note(f"MILEPOST_TEST_SEED={seed} repeats it")
        raise
