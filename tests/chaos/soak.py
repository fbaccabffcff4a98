"""`python -m tests.chaos.soak` (`make soak`): a long chaos run, and its figures as a table. Ends with 1 when anything
was lost, doubled, out of order or left half-done."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.report import Line

from bench import report
from milepost.outbound.tenure import LEASE_SECONDS
from tests.chaos.arrivals import MARGIN_SECONDS
from tests.chaos.run import Outcome, Plan, run

_SHOWN, _SHOWN_CHARACTERS = 30, 500


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="how long things are killed, by default 15")
    parser.add_argument("--workers", type=int, default=2, help="how many `milepost work` run, by default 2")
    parser.add_argument("--clients", type=int, default=8, help="how many clients make changes, by default 8")
    parser.add_argument("--seed", type=int, help="what chance begins with; by default another one each time")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if asked.seed is None else asked.seed
    plan = Plan(
        storm_seconds=60 * asked.minutes,
        seed=seed,
        clients=asked.clients,
        workers=asked.workers,
        is_varied=True,
    )
    folder = Path(tempfile.mkdtemp(prefix="milepost-soak-"))
    folder.chmod(0o755)
    began = time.monotonic()
    outcome = asyncio.run(run(folder, plan, tell))
    facts = {
        "seed": str(seed),
        "minutes": f"{asked.minutes:g}, and {time.monotonic() - began - plan.storm_seconds:.0f} s around them",
        "ended": _listed(outcome.blows),
        "changes": _listed(outcome.ledger.changes),
        "clients met": _listed(outcome.ledger.met),
        "logs": _listed(outcome.said, 8),
    }
    report.show("Soak", lines(outcome), facts, as_json=asked.json)
    for finding in outcome.ledger.findings[:_SHOWN]:
        tell(f"FOUND: {finding[:_SHOWN_CHARACTERS]}")
    if outcome.ledger.findings:
        tell(f"{len(outcome.ledger.findings)} findings; everything is left in {folder}")
        sys.exit(1)
    shutil.rmtree(folder)


def lines(outcome: Outcome) -> list[Line]:
    """The figures, those that must hold with their bounds."""
    counts, ledger, silence = outcome.counts, outcome.ledger, outcome.silence
    lost = sum(finding.startswith("LOST") for finding in ledger.findings) - counts.lost
    return [
        _count("processes ended", outcome.blows.total()),
        _count("changes answered", ledger.changes.total(), f"of {outcome.orders:,} orders"),
        _count("events stored", outcome.events),
        _count("deliveries", counts.deliveries, f"{counts.failed} given up"),
        _count("arrivals", counts.arrivals, f"{counts.repeated:,} of them repeated"),
        _count("duplicates", counts.again, "arrived again though taken before, under the same webhook-id"),
        _none("changes lost", lost),
        _none("deliveries lost", counts.lost),
        _none("arrivals out of order", counts.out_of_order),
        _none("signatures that do not fit", counts.forged),
        _none(
            "other findings", len(ledger.findings) - lost - counts.lost - counts.out_of_order - counts.forged
        ),
        Line(
            name="all that deliver killed: deliveries go on after",
            value=outcome.takeover_seconds,
            unit="s",
            at_most=LEASE_SECONDS + MARGIN_SECONDS,
            note=f"a lease lasts {LEASE_SECONDS:.0f} s",
        ),
        Line(
            name="longest time without deliveries of a webhook",
            value=silence.seconds,
            unit="s",
            note=f"of processes that deliver {silence.deaths} died meanwhile; each may cost a lease",
        ),
        Line(name="until the last delivery, in the end", value=outcome.drain_seconds, unit="s"),
    ]


def tell(text: str) -> None:
    print(f"soak: {text}", file=sys.stderr, flush=True)


def _count(name: str, value: int, note: str = "") -> Line:
    return Line(name=name, value=value, unit="", note=note)


def _none(name: str, value: int) -> Line:
    return Line(name=name, value=value, unit="", at_most=0)


def _listed(counter: Counter[str], most: int | None = None) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counter.most_common(most))


if __name__ == "__main__":
    main()
