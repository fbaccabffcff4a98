"""When a worker looks again."""

import asyncio
from typing import Any

from milepost.outbound import pace as code
from milepost.outbound.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def paused(pace: Pace, clock: Clock, monkeypatch: Any, *, found: bool, took: float = 0.0) -> float:
    """How long a pause lasts when nobody rings, or after somebody rang."""
    lasted = 0.0

    class Timeout:
        def __init__(self, seconds: float) -> None:
            self._seconds = seconds

        async def __aenter__(self) -> None:
            nonlocal lasted
            if not pace._bell.is_set():
                lasted += self._seconds
                raise TimeoutError

        async def __aexit__(self, *_: object) -> None:
            pass

    async def sleep(seconds: float) -> None:
        nonlocal lasted
        lasted += seconds

    monkeypatch.setattr(asyncio, "timeout", Timeout)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace.begin()
    clock.now += took
    await pace.pause(found=found)
    monkeypatch.undo()
    return round(lasted, 6)


async def test_often_while_there_is_something_and_ever_more_seldom_then(monkeypatch):
    clock = Clock()
    pace = Pace(clock)
    assert await paused(pace, clock, monkeypatch, found=True) == code.CALM_GAP
    idle = [await paused(pace, clock, monkeypatch, found=False) for _ in range(7)]
    assert idle == [0.02, 0.04, 0.08, 0.16, code.IDLE_MOST, code.IDLE_MOST, code.IDLE_MOST]
    assert await paused(pace, clock, monkeypatch, found=True) == code.CALM_GAP


async def test_a_long_look_is_followed_by_a_long_pause(monkeypatch):
    clock = Clock()
    pace = Pace(clock)
    assert await paused(pace, clock, monkeypatch, found=True, took=0.5) == 0.5


async def test_ringing_ends_a_pause():
    pace = Pace()
    loop = asyncio.get_running_loop()
    for _ in range(20):
        pace.begin()
        await pace.pause(found=False)
        if pace._idle == code.IDLE_MOST:
            break
    pace.begin()
    began = loop.time()
    loop.call_later(0.03, pace.ring)
    await pace.pause(found=False)
    assert 0.02 < loop.time() - began < 0.2


async def test_what_is_told_meanwhile_is_one_look():
    """Rings come as often as they like; looks keep their distance."""
    pace = Pace()
    loop = asyncio.get_running_loop()
    began, looks = loop.time(), 0
    while loop.time() - began < 0.2:
        pace.begin()
        looks += 1
        pace.ring()
        await pace.pause(found=True)
    assert looks <= 0.2 / code.CALM_GAP + 2


async def test_for_whom_a_look_is():
    """Hungry: just for what is known to be there; told, or after a while: for all."""
    clock = Clock()
    pace = Pace(clock)
    assert pace.begin() is False
    pace.ring(hungry=True)
    assert pace.begin() is True
    pace.ring(hungry=True)
    pace.ring()
    assert pace.begin() is False
    pace.ring(hungry=True)
    clock.now += 1.01 * code.HUNGRY_MOST
    assert pace.begin() is False
    assert pace.begin() is False
