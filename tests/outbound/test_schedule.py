"""When a delivery is tried again (17.3, 17.4), as a pure function."""

from datetime import UTC, datetime, timedelta

import pytest

from milepost.outbound.schedule import Outcome, Schedule, judge, wait

NOW = datetime(2026, 6, 15, 10, 2, 12, tzinfo=UTC)
DEFAULT = Schedule()


def middle() -> float:
    return 0.5


def failed(status: int | None = 500, **members: object) -> Outcome:
    return Outcome(response_status=status, error="status" if status else "timeout", **members)  # type: ignore[arg-type]


def after(outcome: Outcome, tries: int = 1, schedule: Schedule = DEFAULT) -> float | None:
    """Seconds until the next attempt."""
    verdict = judge(outcome, tries, NOW, schedule, middle)
    return None if verdict.next_attempt_at is None else (verdict.next_attempt_at - NOW).total_seconds()


def test_five_attempts_with_their_waits():
    """O-53: 10 s, 1 min, 5 min, 30 min after the attempts before, then FAILED."""
    assert [after(failed(), tries) for tries in range(1, 6)] == [10, 60, 300, 1800, None]
    assert judge(failed(), 5, NOW, DEFAULT, middle).status == "FAILED"
    assert judge(failed(), 4, NOW, DEFAULT, middle).status == "PENDING"


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.8), (0.25, 0.9), (0.5, 1.0), (1.0, 1.2)])
def test_waits_vary_by_a_fifth(chance, factor):
    """17.4: each wait times a random factor 0.8-1.2."""
    assert wait(DEFAULT, 1, lambda: chance) == pytest.approx(10 * factor)
    assert wait(Schedule(jitter=0), 4, lambda: chance) == 1800


def test_success():
    verdict = judge(Outcome(response_status=204, error=None), 1, NOW, DEFAULT, middle)
    assert (verdict.status, verdict.next_attempt_at, verdict.webhook_paused_until) == (
        "SUCCEEDED",
        None,
        None,
    )


def test_gone_fails_at_once():
    """17.3: 410."""
    verdict = judge(failed(410), 1, NOW, DEFAULT, middle)
    assert (verdict.status, verdict.is_gone, verdict.next_attempt_at) == ("FAILED", True, None)


def test_an_aborted_message_fails_at_once():
    """17.3: `webhook-delivery: abort-message` on any failure; on a success it says nothing."""
    verdict = judge(failed(500, aborted=True), 1, NOW, DEFAULT, middle)
    assert (verdict.status, verdict.is_gone) == ("FAILED", False)
    taken = Outcome(response_status=200, error=None, aborted=True)
    assert judge(taken, 1, NOW, DEFAULT, middle).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("Mon, 15 Jun 2026 10:04:12 GMT", 120),
        ("Mon, 15 Jun 2026 12:04:12 +0200", 120),
        ("86401", 86_400),  # capped at 24 h
        ("9" * 400, 86_400),
        ("Tue, 15 Jun 2027 10:04:12 GMT", 86_400),
        ("5", 10),  # not sooner than planned
        ("0", 10),
        ("Mon, 15 Jun 2026 10:00:00 GMT", 10),  # past
        ("-120", 10),
        ("1.5", 10),
        ("soon", 10),
        ("", 10),
        ("Mon, 99 Jun 2026 10:04:12 GMT", 10),
        ("١٢٠", 10),
    ],
)
def test_retry_after(text, seconds):
    """17.4: seconds or an HTTP date, on any failure; what it is not counts as nothing."""
    assert after(failed(500, retry_after=text)) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_may_pause_the_webhook(status):
    """17.4 and O-55: on 429 and 503 it speaks for every attempt of the webhook."""
    verdict = judge(failed(status, retry_after="120"), 1, NOW, DEFAULT, middle)
    assert verdict.webhook_paused_until == verdict.next_attempt_at == NOW + timedelta(seconds=120)
    last = judge(failed(status, retry_after="120"), 5, NOW, DEFAULT, middle)
    assert (last.status, last.webhook_paused_until) == ("FAILED", NOW + timedelta(seconds=120))


@pytest.mark.parametrize("status", [None, 301, 400, 404, 500, 502])
def test_otherwise_it_speaks_for_the_delivery(status):
    verdict = judge(failed(status, retry_after="120"), 1, NOW, DEFAULT, middle)
    assert verdict.webhook_paused_until is None
    assert verdict.next_attempt_at == NOW + timedelta(seconds=120)
