"""A signal that asks to stop is obeyed whenever it comes, also in the middle of starting."""

import asyncio
import signal
import time

import pytest

from milepost.http.stop_signals import Stopped, StopSignals
from tests.runtime.processes import program


async def test_the_first_signal_is_kept_and_every_one_is_told():
    heard: list[signal.Signals] = []
    with StopSignals().heard() as signals:
        signals.tell(heard.append)
        signal.raise_signal(signal.SIGTERM)
        assert await signals.wait() is signal.SIGTERM
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.05)
        late: list[signal.Signals] = []
        signals.tell(late.append)
    assert heard == [signal.SIGTERM, signal.SIGINT]
    assert (signals.first, late) == (signal.SIGTERM, [signal.SIGTERM])


async def test_what_starts_is_cancelled():
    ends: list[str] = []

    async def start() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ends.append("cancelled")

    with StopSignals().heard() as signals:
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGTERM)
        with pytest.raises(Stopped):
            await signals.unless_stopped(start())
    assert ends == ["cancelled"]


async def test_what_has_started_is_given_although_a_signal_came():
    """Somebody must close it."""
    with StopSignals().heard() as signals:

        async def start() -> str:
            signal.raise_signal(signal.SIGTERM)
            return "opened"

        assert await signals.unless_stopped(start()) == "opened"
        with pytest.raises(ZeroDivisionError):
            await signals.unless_stopped(_failing())


async def _failing() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_is_starting_stops(databases, workers):
    """It was once lost when it came while the application started, and the server ran on."""
    env = {"MILEPOST_DATABASE_URL": databases.make(), "MILEPOST_LOG_LEVEL": "warning"}
    serve = ("-m", "milepost", "serve", "--port", "0", "--workers", workers)
    with program(*serve, env=env) as whole:
        began = time.monotonic()
        assert whole.line().startswith("Milepost is ready")
        takes = time.monotonic() - began
    for part in (0.6, 0.8, 0.95):
        with program(*serve, env=env) as running:
            time.sleep(takes * part)
            running.send(signal.SIGTERM)
            assert running.wait(20) in (0, 130), running.stderr
            assert "Traceback" not in running.stderr
