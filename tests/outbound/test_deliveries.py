"""Deliveries from their rows to a real receiver and back: outcomes, retries, order, limits (17.3-17.7)."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

import pytest

from milepost.kit.ids import new_id, ulid
from milepost.outbound.settling import MAIL_EVERY
from tests.outbound.receivers import Receiver, hang, in_turn, listening, receiving, status
from tests.outbound.yard import CONTACT, Yard, until

QUICK = {"webhook_retry_schedule": "0,0.02,0.02,0.02,0.02", "webhook_retry_jitter": 0}


async def test_a_delivery(yard: Yard, receiver: Receiver):
    """It is sent as it is stored, signed; the attempt is written down, and nothing else."""
    webhook_id = await yard.webhook(receiver.url, authentication=("mile", "quiet-otter"))
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working():
        (got,) = await receiver.count(1)
        await yard.finished(webhook_id)
    row = await yard.delivery(event_id)
    assert got.body.decode() == row["body"]
    assert got.id == ulid(event_id)
    got.verify(yard.secrets[webhook_id])
    assert (row["status"], row["attempt_count"], row["next_attempt_at"]) == ("SUCCEEDED", 1, None)
    (attempt,) = await yard.attempts(event_id)
    assert (attempt["number"], attempt["response_status"], attempt["error"]) == (1, 204, None)
    assert attempt["response_excerpt"] == ""
    assert attempt["request_headers"]["Authorization"] == "redacted"
    assert attempt["request_headers"]["webhook-id"] == ulid(event_id)
    assert attempt["started_at"] <= row["finished_at"]
    hook = await yard.hook(webhook_id)
    assert (hook["failing_since"], hook["failed_attempts"], hook["last_error"]) == (None, 0, None)
    assert await yard.mails() == []


@pytest.mark.parametrize("number", [200, 201, 204])
async def test_2xx_succeeds(yard: Yard, receiver: Receiver, number: int):
    """O-54."""
    receiver.behaviour = status(number, body=b"thank you" if number != 204 else b"")
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(**QUICK):
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    assert len(receiver.received) == 1
    (attempt,) = await yard.attempts(event_id)
    assert attempt["response_excerpt"] == ("" if number == 204 else "thank you")


async def test_a_redirect_is_retried(yard: Yard, receiver: Receiver):
    """O-54: 301 with `Location` makes no second request and is retried as `redirect`."""
    receiver.behaviour = in_turn(status(301, Location=receiver.url + "/elsewhere"), status(204))
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(**QUICK):
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    assert [one.path for one in receiver.received] == ["/hook", "/hook"]
    found = [(one["response_status"], one["error"]) for one in await yard.attempts(event_id)]
    assert found == [(301, "redirect"), (204, None)]


async def test_a_late_answer_is_a_timeout(yard: Yard, receiver: Receiver):
    """O-54, with the time limit set to a quarter of a second."""
    receiver.behaviour = in_turn(hang(), status(204))
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(webhook_timeout_seconds=0.25, **QUICK):
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 1}
    first, second = await yard.attempts(event_id)
    assert (first["response_status"], first["error"], second["error"]) == (None, "timeout", None)
    assert 250 <= first["duration_ms"] < 1_000
    assert first["response_excerpt"] is None


async def test_a_receiver_that_always_fails(yard: Yard, receiver: Receiver):
    """O-53: exactly five requests of equal body and id, at the waits that are set, then FAILED and one mail."""
    waits = (0.0, 0.3, 0.5, 0.8, 1.0)
    receiver.behaviour = status(500, body=b"out of paper")
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(webhook_retry_schedule=",".join(map(str, waits))):
        assert await yard.finished(webhook_id) == {"FAILED": 1}
        await asyncio.sleep(0.3)
    got = receiver.received
    assert len(got) == 5
    assert len({one.body for one in got}) == 1
    assert {one.id for one in got} == {ulid(event_id)}
    assert [one.headers["milepost-attempt"] for one in got] == ["1", "2", "3", "4", "5"]
    assert len({one.headers["webhook-signature"] for one in got}) > 1
    for wait, (before, after) in zip(waits[1:], pairwise(got), strict=True):
        assert (
            0.8 * wait <= after.at - before.at <= 1.2 * wait + 0.35
        )  # the worker looks every quarter of a second
    row = await yard.delivery(event_id)
    assert (row["status"], row["attempt_count"], row["tries"]) == ("FAILED", 5, 5)
    attempts = await yard.attempts(event_id)
    assert [one["number"] for one in attempts] == [1, 2, 3, 4, 5]
    assert {(one["response_status"], one["error"], one["response_excerpt"]) for one in attempts} == {
        (500, "status", "out of paper")
    }
    (mail,) = await yard.mails()
    assert mail["recipient"] == CONTACT
    for part in (ulid(webhook_id), ulid(event_id), "order.updated", "status 500", "5 attempts"):
        assert part in mail["body"]
    hook = await yard.hook(webhook_id)
    assert (hook["failed_attempts"], hook["last_error"]) == (5, "status 500")
    assert hook["failing_since"] == attempts[0]["started_at"]


async def test_the_waits_of_the_default_schedule(yard: Yard, receiver: Receiver):
    """O-53: 10 s, 1 min, 5 min and 30 min, each within a fifth, from the end of the attempt before."""
    receiver.behaviour = status(503)
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working():
        for number, wait in enumerate((10, 60, 300, 1800), 1):
            await until(lambda number=number: _attempted(yard, event_id, number))
            row, attempt = await yard.delivery(event_id), (await yard.attempts(event_id))[-1]
            ended = attempt["started_at"] + timedelta(milliseconds=attempt["duration_ms"])
            waits = (row["next_attempt_at"] - ended).total_seconds()
            assert 0.8 * wait - 0.01 <= waits <= 1.2 * wait + 0.01
            assert len(receiver.received) == number
            yard.clock.offset += timedelta(seconds=1.2 * wait + 1)
        assert await yard.finished(webhook_id) == {"FAILED": 1}
    assert len(receiver.received) == 5


async def _attempted(yard: Yard, event_id: str, number: int) -> bool:
    return (await yard.delivery(event_id))["attempt_count"] == number


async def test_nothing_is_sent_before_its_time(yard: Yard, receiver: Receiver):
    webhook_id = await yard.webhook(receiver.url)
    yard.clock.offset = timedelta(seconds=30)
    await yard.queue(webhook_id)
    yard.clock.offset = timedelta()
    async with yard.working():
        await asyncio.sleep(0.6)
        assert receiver.received == []
        yard.clock.offset = timedelta(seconds=31)
        await receiver.count(1)


async def test_retry_after_keeps_the_webhook_away(yard: Yard, receiver: Receiver):
    """O-55: `Retry-After: 120` on a 503: nothing more for 120 s, also of other orders; another webhook goes on."""
    receiver.behaviour = in_turn(status(503, Retry_After="120"), status(204))
    async with receiving() as other:
        webhook_id, other_id = await yard.webhook(receiver.url), await yard.webhook(other.url)
        (event_id,) = await yard.queue(webhook_id)
        async with yard.working(**QUICK):
            await until(lambda: _attempted(yard, event_id, 1))
            later = await yard.queue(webhook_id, 20)
            await yard.queue(other_id, 3)
            await other.count(3)
            yard.clock.offset = timedelta(seconds=90)
            await asyncio.sleep(0.5)
            assert len(receiver.received) == 1
        async with yard.working(**QUICK):  # another worker knows of it too
            await asyncio.sleep(0.5)
            assert len(receiver.received) == 1
            yard.clock.offset = timedelta(seconds=121)
            assert await yard.finished(webhook_id) == {"SUCCEEDED": 21}
    assert sorted(one.id for one in receiver.received[1:]) == sorted(map(ulid, [event_id, *later]))


async def test_retry_after_on_other_answers_is_for_the_delivery(yard: Yard, receiver: Receiver):
    receiver.behaviour = in_turn(status(500, Retry_After="120"), status(204))
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(**QUICK):
        await until(lambda: _attempted(yard, event_id, 1))
        await yard.queue(webhook_id, 3)
        await receiver.count(4)
        row = await yard.delivery(event_id)
        assert row["status"] == "PENDING"
        assert (row["next_attempt_at"] - yard.clock()).total_seconds() > 100


async def test_an_aborted_message_is_not_tried_again(yard: Yard, receiver: Receiver):
    """17.3: `webhook-delivery: abort-message`."""
    receiver.behaviour = status(400, webhook_delivery="abort-message")
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(**QUICK):
        assert await yard.finished(webhook_id) == {"FAILED": 1}
        await asyncio.sleep(0.2)
    assert len(receiver.received) == 1
    assert len(await yard.mails()) == 1
    assert (await yard.hook(webhook_id))["status"] == "ENABLED"
    assert (await yard.delivery(event_id))["tries"] == 1


# Order and limits -------------------------------------------------------------------------------------------


async def test_an_order_goes_in_its_sequence(yard: Yard, receiver: Receiver):
    """17.5: one at a time, though the second became due before the first; other orders do not wait."""
    webhook_id, slow, quick = await yard.webhook(receiver.url), new_id(), new_id()
    receiver.behaviour = lambda got: status(
        500 if got.json["order"] == slow and len(receiver.of_order(slow)) < 3 else 204
    )(got)
    await yard.queue_all([(webhook_id, slow, 2), (webhook_id, slow, 1), (webhook_id, slow, 3)])
    await yard.queue_all([(webhook_id, quick, number) for number in (1, 2, 3)])
    async with yard.working(webhook_retry_schedule="0,0.3,0.3,0.3"):
        assert await yard.finished(webhook_id) == {"SUCCEEDED": 6}
    assert [one.sequence for one in receiver.of_order(slow)] == [1, 1, 1, 2, 3]
    assert [one.sequence for one in receiver.of_order(quick)] == [1, 2, 3]
    ends = [max(one.at for one in receiver.of_order(order)) for order in (quick, slow)]
    assert ends[0] < ends[1]


async def test_the_next_one_goes_on_when_one_is_given_up(yard: Yard, receiver: Receiver):
    webhook_id, order_id = await yard.webhook(receiver.url), new_id()
    receiver.behaviour = lambda got: status(500 if got.sequence == 1 else 204)(got)
    await yard.queue(webhook_id, 3, order_id=order_id)
    async with yard.working(**QUICK):
        assert await yard.finished(webhook_id) == {"FAILED": 1, "SUCCEEDED": 2}
    assert [one.sequence for one in receiver.received] == [1, 1, 1, 1, 1, 2, 3]


async def test_at_most_so_many_at_once(yard: Yard, receiver: Receiver):
    """17.5: eight, or what is set, for each webhook; several webhooks do not share them."""

    async def slow(_: object):
        await asyncio.sleep(0.1)
        return await _answer()

    receiver.behaviour = slow
    async with receiving() as other:
        other.behaviour = slow
        for concurrency in (8, 3):
            receiver.most_at_once = other.most_at_once = 0
            ids = [await yard.webhook(one.url) for one in (receiver, other)]
            for webhook_id in ids:
                await yard.queue(webhook_id, 40)
            async with yard.working(webhook_concurrency=concurrency):
                for webhook_id in ids:
                    await yard.finished(webhook_id)
            assert (receiver.most_at_once, other.most_at_once) == (concurrency, concurrency)


async def _answer():
    return status(204)(None)  # type: ignore[arg-type]


@pytest.mark.slow
async def test_random_failures_keep_each_order_in_sequence(yard: Yard, receiver: Receiver):
    """O-57: 200 orders with 50 events each, a fifth of all answers a failure."""
    import random

    chance = random.Random(57)
    receiver.behaviour = lambda got: status(503 if chance.random() < 0.2 else 204)(got)
    webhook_id, orders = await yard.webhook(receiver.url), [new_id() for _ in range(200)]
    await yard.queue_all([(webhook_id, order, number) for number in range(1, 51) for order in orders])
    schedule = ",".join(["0"] + ["0.01"] * 29)
    async with yard.working(webhook_retry_schedule=schedule, webhook_concurrency=32):
        assert await yard.finished(webhook_id, 100) == {"SUCCEEDED": 10_000}
    assert len(receiver.received) > 11_000
    for order in orders:
        sequences = [one.sequence for one in receiver.of_order(order)]
        assert sequences == sorted(sequences)
        assert set(sequences) == set(range(1, 51))


@pytest.mark.slow
async def test_a_receiver_that_hangs_holds_up_nobody_else(yard: Yard, receiver: Receiver):
    """O-57: with 10,000 deliveries waiting for one that hangs 10 s, p95 of another's stays under a second."""
    async with receiving() as hanging:
        hanging.behaviour = hang(10)
        stuck, quick = await yard.webhook(hanging.url), await yard.webhook(receiver.url)
        await yard.queue_all([(stuck, new_id(), 1) for _ in range(10_000)])
        committed = {}
        async with yard.working():
            await hanging.count(8)
            for _ in range(200):
                (event_id,) = await yard.queue(quick, order_id=new_id())
                committed[ulid(event_id)] = time.monotonic()
                await asyncio.sleep(0.01)
            await receiver.count(200)
            waits = sorted(one.at - committed[one.id] for one in receiver.received)
            assert waits[189] < 1.0
            assert hanging.most_at_once == 8


# The webhook ------------------------------------------------------------------------------------------------


async def test_a_success_ends_the_run_of_failures(yard: Yard, receiver: Receiver):
    """17.7: any success clears `failing_since`."""
    receiver.behaviour = in_turn(status(500), status(500), status(204))
    webhook_id = await yard.webhook(receiver.url)
    await yard.queue(webhook_id)
    async with yard.working(webhook_retry_schedule="0,0.01,0.5"):
        await until(lambda: _failed(yard, webhook_id, 2))
        hook = await yard.hook(webhook_id)
        assert hook["failing_since"] is not None
        assert hook["last_error"] == "status 500"
        await yard.finished(webhook_id)
    hook = await yard.hook(webhook_id)
    assert (hook["failing_since"], hook["failed_attempts"], hook["last_error"]) == (None, 0, None)


async def _failed(yard: Yard, webhook_id: str, attempts: int) -> bool:
    return (await yard.hook(webhook_id))["failed_attempts"] == attempts


async def test_gone(yard: Yard, receiver: Receiver):
    """O-56: after one request DISABLED as `gone`, what waits canceled, `webhook.disabled` to another that wants it."""
    async with receiving() as other:
        receiver.behaviour = status(410)
        webhook_id = await yard.webhook(receiver.url, enabled_events=("order.updated", "webhook.disabled"))
        await yard.webhook(other.url, enabled_events=("webhook.disabled",))
        order_id = new_id()
        events = await yard.queue(webhook_id, 30, order_id=order_id)
        async with yard.working():
            (told,) = await other.count(1)
            assert await yard.finished(webhook_id) == {"FAILED": 1, "CANCELED": 29}
            await asyncio.sleep(0.5)
    assert len(receiver.received) == 1
    hook = await yard.hook(webhook_id)
    assert (hook["status"], hook["disabled_reason"]) == ("DISABLED", "gone")
    assert told.json["event_name"] == "webhook.disabled"
    details = told.json["details"]
    assert (details["id"], details["reason"]) == (ulid(webhook_id), "gone")
    assert details["last_error"] == "status 410"
    assert details["failing_since"] is not None
    first = await yard.delivery(events[0])
    assert (first["status"], first["attempt_count"]) == ("FAILED", 1)
    assert sorted(mail["subject"] for mail in await yard.mails()) == [
        f"Webhook {ulid(webhook_id)} was disabled",
        f"Webhook {ulid(webhook_id)}: a delivery failed",
    ]


async def test_gone_is_finished_by_the_next_worker(yard: Yard, receiver: Receiver):
    """A worker may die between the outcome and its consequence."""
    receiver.behaviour = status(410)
    webhook_id = await yard.webhook(receiver.url)
    await yard.pool.execute(
        "update webhooks set last_error = 'status 410', failing_since = now(), failed_attempts = 1 "
        "where team_id = $1 and id = $2",
        yard.team_id,
        webhook_id,
    )
    async with yard.working():
        await until(lambda: _is(yard, webhook_id, "DISABLED"))
    assert receiver.received == []
    assert (await yard.hook(webhook_id))["disabled_reason"] == "gone"


async def _is(yard: Yard, webhook_id: str, wanted: str) -> bool:
    return bool((await yard.hook(webhook_id))["status"] == wanted)


async def test_failing_for_too_long(yard: Yard, receiver: Receiver):
    """17.7: five days without a success and at least five failed attempts; not one less of either."""
    receiver.behaviour = status(500)
    webhook_id = await yard.webhook(receiver.url)
    schedule = {"webhook_retry_schedule": "0", "webhook_retry_jitter": 0}
    async with yard.working(**schedule):
        for number in range(1, 5):
            yard.clock.offset = timedelta(days=2 * (number - 1))
            await yard.queue(webhook_id)
            await until(lambda number=number: _failed(yard, webhook_id, number))
        assert await _is(yard, webhook_id, "ENABLED")  # six days, four attempts
        waiting = await yard.queue(webhook_id, 1, order_id=new_id(), first=1)
        await until(lambda: _is(yard, webhook_id, "DISABLED"))
    hook = await yard.hook(webhook_id)
    assert (hook["disabled_reason"], hook["failed_attempts"]) == ("failing", 5)
    assert (await yard.delivery(waiting[0]))["status"] == "FAILED"
    assert len(receiver.received) == 5
    assert f"Webhook {ulid(webhook_id)} was disabled" in [mail["subject"] for mail in await yard.mails()]


async def test_failing_often_is_not_failing_long(yard: Yard, receiver: Receiver):
    receiver.behaviour = status(500)
    webhook_id = await yard.webhook(receiver.url)
    async with yard.working(webhook_retry_schedule="0", webhook_retry_jitter=0):
        await yard.queue(webhook_id, 20)
        await yard.finished(webhook_id)
    assert await _is(yard, webhook_id, "ENABLED")
    receiver.behaviour = status(500)
    yard.clock.offset = timedelta(days=400)
    async with yard.working(webhook_retry_schedule="0", webhook_disable_after_seconds=0):
        await yard.queue(webhook_id)
        await yard.finished(webhook_id)
        await asyncio.sleep(0.3)
    assert await _is(yard, webhook_id, "ENABLED")  # 0: never


async def test_one_mail_an_hour(yard: Yard, receiver: Receiver):
    """17.6: later ones count what was held back."""
    receiver.behaviour = status(500)
    webhook_id = await yard.webhook(receiver.url)
    options = {"webhook_retry_schedule": "0", "webhook_retry_jitter": 0, "webhook_disable_after_seconds": 0}
    async with yard.working(**options):
        await yard.queue(webhook_id, 1, order_id=new_id())
        await yard.finished(webhook_id)
        await yard.queue(webhook_id, 6)
        await yard.finished(webhook_id)
        assert len(await yard.mails()) == 1
        yard.clock.offset = MAIL_EVERY - timedelta(seconds=5)
        await yard.queue(webhook_id, 1)
        await yard.finished(webhook_id)
        assert len(await yard.mails()) == 1
        yard.clock.offset = MAIL_EVERY + timedelta(seconds=5)
        await yard.queue(webhook_id, 1)
        await yard.finished(webhook_id)
        first, second = await yard.mails()
        assert "more deliver" not in first["body"]
        assert "7 more deliveries" in second["body"]
        assert (await yard.hook(webhook_id))["mails_held_back"] == 0


async def test_a_secret_that_cannot_be_read_holds_up_nobody(yard: Yard, receiver: Receiver):
    """The secret key changed: nothing is sent, nothing is lost, others go on."""
    broken, sound = await yard.webhook(receiver.url), await yard.webhook(receiver.url)
    await yard.pool.execute(
        "update webhooks set sealed_secret = '\\x00' where team_id = $1 and id = $2", yard.team_id, broken
    )
    await yard.queue(broken, 5)
    await yard.queue(sound, 5)
    async with yard.working():
        assert await yard.finished(sound) == {"SUCCEEDED": 5}
        await asyncio.sleep(0.3)
    assert await yard.statuses(broken) == {"PENDING": 5}
    assert {row["attempt_count"] for row in await yard.deliveries(broken)} == {0}


async def test_blocked_addresses_are_an_outcome(yard: Yard):
    """O-60 in the log of deliveries: `blocked_address`, retried like any failure."""
    async with listening() as listener:
        webhook_id = await yard.webhook(f"http://127.0.0.1:{listener.port}/")
        (event_id,) = await yard.queue(webhook_id)
        async with yard.working(webhook_allow_cidrs="10.0.0.0/8", **QUICK):
            assert await yard.finished(webhook_id) == {"FAILED": 1}
        assert listener.connections == 0
    attempts = await yard.attempts(event_id)
    assert [one["error"] for one in attempts] == ["blocked_address"] * 5
    assert [one["response_status"] for one in attempts] == [None] * 5
