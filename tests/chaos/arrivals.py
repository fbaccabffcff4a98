"""What arrived at the receivers, against the deliveries that were stored: at least once, in order, the same bytes, and
never long after somebody died."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from milepost.kit.ids import ulid
from milepost.outbound.tenure import LEASE_SECONDS
from milepost.store.db import Pool
from tests.chaos.fleet import Blow
from tests.chaos.receiver import Arrival

MARGIN_SECONDS: Final = 6.0
"""Beyond the lease: a round of the survivors, a start of a process, a recovery of the database, a busy machine."""

_DELIVERIES = """
select w.custom_data ->> 'name' as hook, d.event_id, d.order_id, d.sequence, d.status,
       encode(sha256(convert_to(d.body, 'UTF8')), 'hex') as digest
from deliveries d join webhooks w on w.team_id = d.team_id and w.id = d.webhook_id
"""


class Delivery(Struct, frozen=True):
    """A stored delivery; `id` is its event's, as the header `webhook-id` spells it."""

    hook: str
    id: str
    order: str
    sequence: int
    status: str
    digest: str


class Counts(Struct):
    """Of one run."""

    deliveries: int = 0
    arrivals: int = 0
    repeated: int = 0
    """Arrivals after the first of a delivery: after a failure, or nobody could write down that it was taken."""
    again: int = 0
    """Those of them that came although one was taken before."""
    lost: int = 0
    failed: int = 0
    out_of_order: int = 0
    forged: int = 0


class Silence(Struct, frozen=True):
    """A time in which nothing came for a webhook."""

    hook: str
    seconds: float
    deaths: int
    """Of processes that deliver, meanwhile."""

    allowed: float

    @property
    def is_too_long(self) -> bool:
        return self.seconds > self.allowed


async def deliveries(pool: Pool) -> list[Delivery]:
    rows = await pool.fetch(_DELIVERIES)
    return [
        Delivery(
            row["hook"],
            ulid(row["event_id"]),
            ulid(row["order_id"]),
            row["sequence"],
            row["status"],
            row["digest"],
        )
        for row in rows
    ]


def compare(stored: Sequence[Delivery], arrived: Sequence[Arrival], counts: Counts) -> Iterator[str]:
    """What is wrong with the arrivals; fills in the counts."""
    known = {(one.hook, one.id): one for one in stored}
    came: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in arrived:
        came[arrival.hook, arrival.id].append(arrival)
        if not arrival.verified:
            counts.forged += 1
            yield f"a signature that does not fit: {arrival}"
    counts.deliveries, counts.arrivals = len(stored), len(arrived)
    counts.repeated = len(arrived) - len(came)
    for key, arrivals in came.items():
        counts.again += _again(arrivals)
        if key not in known:
            yield f"arrived, though no such event was stored: {arrivals[0]}"
        elif any(not _is_of(arrival, known[key]) for arrival in arrivals):
            yield f"other bytes than stored: {arrivals} instead of {known[key]}"
    for key, one in known.items():
        taken = any(arrival.is_taken for arrival in came.get(key, ()))
        counts.failed += one.status == "FAILED"
        if key not in came or (one.status == "SUCCEEDED" and not taken):
            counts.lost += 1
            yield f"LOST: {one} arrived {len(came.get(key, ()))} times, and was not taken"
    yield from _disorder(came, counts)


def _again(arrivals: Sequence[Arrival]) -> int:
    first = next((at for at, arrival in enumerate(arrivals) if arrival.is_taken), len(arrivals))
    return max(0, len(arrivals) - first - 1)


def _is_of(arrival: Arrival, stored: Delivery) -> bool:
    told = (arrival.digest, arrival.order, arrival.sequence)
    return told == (stored.digest, stored.order, stored.sequence)


def _disorder(came: Mapping[tuple[str, str], Sequence[Arrival]], counts: Counts) -> Iterator[str]:
    """For each webhook and order the first arrivals come in rising sequence. A repeat may come later."""
    lanes: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for (hook, _), arrivals in came.items():
        lanes[hook, arrivals[0].order].append(arrivals[0])
    for firsts in lanes.values():
        for before, after in pairwise(firsts):
            if after.sequence <= before.sequence:
                counts.out_of_order += 1
                yield f"out of order: {after} came after {before}"


def silences(
    arrived: Sequence[Arrival], blows: Sequence[Blow], begin: float, end: float
) -> Sequence[Silence]:
    """All times between these moments in which nothing came for a webhook. At all times something waited.

    Each death of a process that delivers may cost the rest of its lease, and the database its recovery.
    """
    found: list[Silence] = []
    last: dict[str, float] = {}
    for arrival in arrived:
        if begin <= arrival.at <= end:
            found.append(_silence(arrival.hook, last.get(arrival.hook, begin), arrival.at, blows))
            last[arrival.hook] = arrival.at
    return found + [_silence(hook, since, end, blows) for hook, since in last.items()]


def _silence(hook: str, since: float, until: float, blows: Sequence[Blow]) -> Silence:
    if until - since <= MARGIN_SECONDS:
        return Silence(hook, until - since, 0, MARGIN_SECONDS)
    deaths = sum(blow.ends_deliveries for blow in blows if since - 1 <= blow.at <= until)
    recoveries = sum(since - MARGIN_SECONDS <= blow.at <= until for blow in blows)
    allowed = MARGIN_SECONDS * (1 + recoveries) + LEASE_SECONDS * deaths
    return Silence(hook, until - since, deaths, allowed)
