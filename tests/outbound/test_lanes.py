"""What a worker keeps in memory, and what it asks for."""

from datetime import UTC, datetime, timedelta

from milepost.kit.ids import new_id
from milepost.model.receiver import SealedReceiver
from milepost.outbound import lanes as code
from milepost.outbound import webhook_queue as queue
from milepost.outbound.lanes import Lanes, Taken
from milepost.store.dispatch import Ask, Due, Found

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
A, B = ("team", "a"), ("team", "b")
NO_ID = "00000000-0000-0000-0000-000000000000"


def found(
    key=A, order: str | None = None, at: datetime = NOW, body: str = "{}", identifier: str = ""
) -> Found:
    due = Due(
        team_id=key[0],
        webhook_id=key[1],
        id=identifier or new_id(),
        event_id=new_id(),
        event_name="order.updated",
        order_id=order,
        sequence=1 if order else None,
        body=body,
        attempt_count=0,
        tries=0,
        next_attempt_at=at,
    )
    sealed = SealedReceiver(
        webhook_id=key[1],
        url="https://hooks.example.com/",
        username=None,
        sealed_password=None,
        sealed_secret=b"",
        sealed_previous_secret=None,
        previous_secret_expires_at=None,
    )
    return Found(due, sealed)


def opened(concurrency: int = 2, keys=(A,)) -> Lanes:
    lanes = Lanes(concurrency)
    for key in keys:
        lanes.open(key, paused_until=None)
    return lanes


def look(lanes: Lanes, *rows: Found, now: datetime = NOW, at: float = 0.0) -> int:
    return lanes.end_look(lanes.begin_look(now, at), rows, now, at)


def ask_of(lanes: Lanes, at: float = 0.0) -> Ask:
    """The one ask of a look that is abandoned."""
    look = lanes.begin_look(NOW, at)
    lanes.abandon_look(look)
    (ask,) = look.asks
    return ask


def asked(lanes: Lanes, now: datetime = NOW, at: float = 0.0) -> int:
    """For how many webhooks a look would ask."""
    look = lanes.begin_look(now, at)
    lanes.abandon_look(look)
    return len(look.asks)


def took(lanes: Lanes, key=A, now: datetime = NOW, at: float = 0.0) -> Taken:
    taken = lanes.take(key, now, at)
    assert taken is not None
    return taken


def sent(lanes: Lanes, key=A, at: float = 0.0) -> None:
    """The next one is sent, and settled."""
    taken = took(lanes, key, at=at)
    lanes.ended(taken, at)
    lanes.settled(taken)


def test_at_most_so_many_in_flight():
    """17.5: the limit is a webhook's own."""
    lanes = opened(concurrency=2, keys=(A, B))
    look(lanes, *(found(A) for _ in range(5)), found(B))
    first = took(lanes)
    took(lanes)
    assert lanes.take(A, NOW, 0.0) is None
    took(lanes, B)
    assert lanes.in_flight == 3
    lanes.ended(first, 0.0)
    took(lanes)
    assert lanes.take(A, NOW, 0.0) is None


def test_one_of_an_order_until_it_is_settled():
    """17.5: the next one of an order begins only when the outcome of the one before is written down."""
    lanes = opened()
    assert look(lanes, found(order="1"), found(order="1"), found(order="2")) == 2
    first, second = took(lanes), took(lanes)
    assert {first.due.order_id, second.due.order_id} == {"1", "2"}
    lanes.ended(first, 0.0)
    assert look(lanes, found(order="1")) == 0
    lanes.settled(first)
    assert look(lanes, found(order="1")) == 1


def test_what_is_in_memory_is_not_taken_twice():
    lanes = opened()
    one = found()
    assert look(lanes, one) == 1
    assert lanes.begin_look(NOW, 0.0).held == [one.due.id]
    assert look(lanes, one) == 0
    taken = took(lanes)
    assert look(lanes, one) == 0
    lanes.ended(taken, 0.0)
    assert look(lanes, one) == 0
    lanes.settled(taken)
    assert look(lanes, one) == 1  # it is due again


def test_a_look_that_saw_what_was_settled_meanwhile():
    """Its snapshot is older than the settlement: what it says of that delivery is not true any more."""
    lanes = opened()
    one = found()
    look(lanes, one)
    taken = took(lanes)
    under_way = [lanes.begin_look(NOW, 0.0, is_back=is_back) for is_back in (False, True)]
    lanes.ended(taken, 0.0)
    lanes.settled(taken)
    assert [lanes.end_look(one_look, [one], NOW, 0.0) for one_look in under_way] == [0, 0]
    assert look(lanes, one) == 1


def test_where_the_next_look_begins():
    """At the last delivery found while there are more; else a little before now, for late commits."""
    lanes = opened(concurrency=8)
    first = lanes.begin_look(NOW, 0.0)
    (ask,) = first.asks
    assert (ask.from_at.year, ask.from_id, ask.places) == (1970, NO_ID, 8)
    rows = [found(at=NOW - timedelta(minutes=10 - number)) for number in range(8)]
    lanes.end_look(first, rows, NOW, 0.0)
    for _ in rows:
        sent(lanes)
    second = lanes.begin_look(NOW, 0.0)
    (ask,) = second.asks
    assert (ask.from_at, ask.from_id) == (NOW - timedelta(minutes=3), rows[-1].due.id)
    lanes.end_look(second, [], NOW, 0.0)
    ask = ask_of(lanes)
    assert (ask.from_at, ask.from_id) == (NOW - queue.LOOK_BACK, NO_ID)
    lanes.look_at_all(A)
    assert ask_of(lanes).from_at.year == 1970


def test_reading_ahead_goes_by_the_pace():
    """A webhook that takes much has much read ahead for it, and one that is slow has not: it would grow old."""
    lanes = opened(concurrency=8)
    assert ask_of(lanes).places == 8
    at = 1.0
    for rate, places in ((1_000, 40), (10_000, 8 * queue.AHEAD), (0, 8)):
        at = busy(lanes, rate, at)
        assert abs(ask_of(lanes, at).places - places) <= 2


def busy(lanes: Lanes, rate: int, at: float) -> float:
    """A while in which so many attempts end in a second; its end."""
    for _ in range(15):
        at += 0.02
        for _ in range(rate // 50):
            lanes.put([found()], at)
            sent(lanes, at=at)
        ask_of(lanes, at)
    return at


def test_a_look_that_failed_is_made_again():
    lanes = opened()
    look(lanes)
    lanes.look_at_all(A)
    lanes.abandon_look(lanes.begin_look(NOW, 0.0))
    assert ask_of(lanes).from_at.year == 1970


def test_looking_back():
    """At everything, without moving where other looks begin; when much is found there, they walk all of it."""
    lanes = opened(concurrency=2)
    look(lanes)
    back = lanes.begin_look(NOW, 0.0, is_back=True)
    assert back.asks[0].from_at.year == 1970
    assert lanes.end_look(back, [found(at=NOW - timedelta(hours=1))], NOW, 0.0) == 1
    assert ask_of(lanes).from_at == NOW - queue.LOOK_BACK
    sent(lanes)
    back = lanes.begin_look(NOW, 0.0, is_back=True)
    rows = [found(at=NOW - timedelta(hours=1)) for _ in range(2)]
    assert lanes.end_look(back, rows, NOW, 0.0) == 2
    sent(lanes)
    assert not lanes.wants_look(A)
    sent(lanes)
    assert lanes.wants_look(A)
    assert ask_of(lanes).from_at.year == 1970


def test_what_is_old_is_read_again():
    """What a webhook's owner changed counts at once: nothing is sent as it was read a while ago."""
    lanes = opened(concurrency=1)
    old = found(at=NOW - timedelta(minutes=5))
    look(lanes, old)
    assert lanes.take(A, NOW, queue.FRESH_SECONDS + 0.1) is None
    assert lanes.wants_look(A)
    again = lanes.begin_look(NOW, 1.0)
    (ask,) = again.asks
    assert (ask.from_at, ask.from_id, again.held) == (old.due.next_attempt_at, old.due.id, [])
    assert lanes.end_look(again, [old], NOW, 1.0) == 1
    assert took(lanes, at=1.1).due == old.due


def test_what_cannot_be_sent_takes_no_room_from_others():
    """What was read for a webhook that is paused, or hangs, is let go in time."""
    keys = [("team", str(number)) for number in range(100)]
    lanes = opened(concurrency=4, keys=keys)
    until = NOW + timedelta(hours=1)
    for key in keys[1:]:
        lanes.pause(key, until)
        lanes.put([found(key), found(key)], 0.0)  # of an order whose delivery was settled just then
    assert asked(lanes) == 0  # there is enough in memory
    assert asked(lanes, at=1.0) == 1
    assert lanes.begin_look(NOW, 1.0).held == []


def test_more_than_a_look_can_have():
    """Whose turn did not come is looked for again, from the same place."""
    keys = [("team", str(number)) for number in range(40)]
    lanes = opened(concurrency=8, keys=keys)
    first = lanes.begin_look(NOW, 0.0)
    assert (len(first.asks), first.most) == (40, code.LEAST_AHEAD)
    came = [ask for ask in first.asks if ask.webhook_id in {str(number) for number in range(13)}]
    rows = [found((ask.team_id, ask.webhook_id)) for ask in came for _ in range(8)][: first.most]
    assert lanes.end_look(first, rows, NOW, 0.0) == first.most
    assert asked(lanes) == 0
    for key in keys[:13]:
        while (taken := lanes.take(key, NOW, 0.0)) is not None:
            lanes.ended(taken, 0.0)
            lanes.settled(taken)
    hungry = lanes.begin_look(NOW, 0.0, is_hungry=True)
    assert 0 < len(hungry.asks) <= 2 * hungry.most // 8 + 1
    lanes.abandon_look(hungry)
    second = lanes.begin_look(NOW, 0.0)
    begun = {ask.webhook_id: ask.from_at.year for ask in second.asks}
    assert {year for webhook, year in begun.items() if int(webhook) >= 13} == {1970}
    assert {year for webhook, year in begun.items() if int(webhook) < 13} == {2026}


def test_what_is_dropped_during_a_look_is_looked_for_again():
    lanes = opened(concurrency=1)
    old = found(at=NOW - timedelta(minutes=5))
    look(lanes, old)
    under_way = lanes.begin_look(NOW, 0.2)
    assert lanes.take(A, NOW, 1.0) is None  # too old: dropped
    lanes.end_look(under_way, [], NOW, 1.0)
    assert ask_of(lanes, 1.0).from_at == old.due.next_attempt_at


def test_a_pause_holds_everything_back():
    """O-55: nothing is asked for or begun before its end, and a shorter one does not end it."""
    lanes = opened()
    look(lanes, found(), found())
    until = NOW + timedelta(seconds=120)
    lanes.pause(A, until)
    lanes.pause(A, NOW + timedelta(seconds=5))
    lanes.pause(A, None)
    later = until - timedelta(microseconds=1)
    assert lanes.take(A, NOW, 0.0) is None
    assert asked(lanes, later) == 0
    assert asked(lanes, until) == 1


def test_a_receiver_that_hangs_is_not_read_ahead_for():
    lanes = opened(concurrency=1)
    look(lanes, found())
    taken = took(lanes)
    assert asked(lanes, at=10.0) == 0
    lanes.ended(taken, 10.0)
    assert asked(lanes, at=10.0) == 1


def test_hanging_receivers_leave_room_for_others(monkeypatch):
    """Fairness: with very many in flight each webhook may still have one."""
    monkeypatch.setattr(code, "MANY_IN_FLIGHT", 4)
    monkeypatch.setattr(code, "MOST_IN_FLIGHT", 6)
    keys = [("team", str(number)) for number in range(8)]
    lanes = opened(concurrency=4, keys=keys)
    look(lanes, *(found(key) for key in keys for _ in range(4)))
    assert [took(lanes, keys[0]).due.webhook_id for _ in range(4)] == ["0"] * 4
    assert lanes.take(keys[0], NOW, 0.0) is None
    took(lanes, keys[1])
    assert lanes.take(keys[1], NOW, 0.0) is None
    took(lanes, keys[2])
    assert lanes.take(keys[3], NOW, 0.0) is None
    assert lanes.in_flight == 6


def test_memory_is_bounded_by_the_size_of_bodies():
    lanes = opened(concurrency=8)
    at = busy(lanes, 10_000, 1.0)
    assert ask_of(lanes, at).places == 8 * queue.AHEAD
    lanes.put([found(body="x" * 1_000_000)], at)
    sent(lanes, at=at)
    assert ask_of(lanes, at).places == 2
    at = busy(lanes, 10_000, at)
    assert ask_of(lanes, at).places == 8 * queue.AHEAD


def test_draining():
    """A webhook that is given back begins nothing more, and is idle once all is settled."""
    lanes = opened()
    look(lanes, found(), found())
    taken = took(lanes)
    lanes.drain(A)
    assert lanes.take(A, NOW, 0.0) is None
    assert asked(lanes) == 0
    lanes.put([found()], 0.0)
    assert not lanes.is_idle(A)
    lanes.ended(taken, 0.0)
    assert not lanes.is_idle(A)
    lanes.settled(taken)
    assert lanes.is_idle(A)


def test_a_webhook_lost_and_held_again():
    """Attempts of before end without confusing the counts; what they sent is not taken until it is settled."""
    lanes = opened(concurrency=1)
    one = found(order="1")
    look(lanes, one)
    taken = took(lanes)
    lanes.close(A)
    assert (list(lanes.keys), lanes.in_flight) == ([], 1)
    lanes.open(A, paused_until=None)
    assert look(lanes, one) == 0
    lanes.ended(taken, 0.0)
    assert lanes.in_flight == 0
    look(lanes, found())
    took(lanes)
    assert lanes.take(A, NOW, 0.0) is None  # one place, not two
    lanes.settled(taken)
    assert look(lanes, one) == 1


def test_what_comes_for_a_webhook_that_is_not_held():
    lanes = opened()
    lanes.put([found(B)], 0.0)
    assert look(lanes, found(B)) == 0
    assert lanes.take(B, NOW, 0.0) is None
    assert lanes.is_idle(B)
    assert not lanes.wants_look(B)
