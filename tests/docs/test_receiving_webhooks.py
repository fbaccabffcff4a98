"""The guide to receiving webhooks: its commands run, and its receivers believe nobody but Milepost."""

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from milepost.kit.tokens import new_webhook_secret
from milepost.model.signature import sign, signature_header
from tests.docs.walking import GUIDE, walk
from tests.node import NODE, install_packages
from tests.runtime.processes import Program

PAGE = "receiving-webhooks.md"
PROGRAMS = {"receiver.py": sys.executable, "receiver.mjs": str(NODE)}
SECRET = new_webhook_secret()
EVENT_ID = "01KV5BPHJAF6Y8R5CH0DSZ0FVT"
ORDER_ID = "01KV2G3X0PFPH9FMHV6P6ZP42C"
BODY = json.dumps(
    {
        "id": EVENT_ID,
        "event_name": "order.updated",
        "sequence": 4,
        "details": {"id": ORDER_ID, "new_data": {"name": "Tågvirke 🚂"}},
    },
    ensure_ascii=False,
).encode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_guide(tmp_path: Path) -> None:
    """A real Milepost sends to both receivers, which print what they verified."""
    walk(PAGE, tmp_path, install_packages)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_page_shows_the_receivers_as_they_are(name: str) -> None:
    shown = re.findall(r"```(?:python|js)\n(.*?)```", (GUIDE / PAGE).read_text(), re.DOTALL)
    assert (GUIDE / "samples" / name).read_text() in shown


class Receiver:
    """One of the guide's receivers, running."""

    def __init__(self, running: Program) -> None:
        self.running = running
        ready = re.fullmatch(r"Receiving on http://127\.0\.0\.1:(\d+)", running.line())
        assert ready
        self.port = int(ready[1])

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status it answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def lines(self) -> list[str]:
        """Ends it; all that it printed."""
        self.running.send(signal.SIGTERM)
        self.running.wait()
        return self.running.rest()


@pytest.fixture(params=PROGRAMS)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    name = request.param
    shutil.copy(GUIDE / "samples" / name, tmp_path)
    install_packages(tmp_path)
    running = Program([PROGRAMS[name], name, "0"], {"WEBHOOK_SECRET": SECRET}, tmp_path)
    try:
        yield Receiver(running)
    finally:
        running.end()


def headers(signatures: str, timestamp: int, message_id: str = EVENT_ID) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures,
    }


def test_it_prints_an_event_once(receiver: Receiver) -> None:
    """O-51, O-52: what one of two secrets signed is taken; sent again, with a new timestamp, it is taken no more."""
    now = int(time.time())
    assert receiver.post(BODY, headers(sign(SECRET, EVENT_ID, now, BODY), now)) == 200
    both = signature_header([new_webhook_secret(), SECRET], EVENT_ID, now + 1, BODY)
    assert receiver.post(BODY, headers(both, now + 1)) == 200
    assert receiver.lines() == [f"order.updated  order {ORDER_ID}  sequence 4"]


def test_it_refuses_what_is_forged_or_old(receiver: Receiver) -> None:
    """O-51: one changed byte, id or timestamp fails."""
    now = int(time.time())
    good = sign(SECRET, EVENT_ID, now, BODY)
    old = now - 360
    refused = [
        receiver.post(BODY.replace(b"4,", b"5,"), headers(good, now)),
        receiver.post(BODY, headers(good, now, EVENT_ID[:-1] + "V")),
        receiver.post(BODY, headers(good, now - 1)),
        receiver.post(BODY, headers(sign(new_webhook_secret(), EVENT_ID, now, BODY), now)),
        receiver.post(BODY, headers(sign(SECRET, EVENT_ID, old, BODY), old)),
        receiver.post(BODY, headers("v1", now)),
        receiver.post(BODY, headers("v1,%", now)),
        receiver.post(b"\xff", headers(good, now)),
        receiver.post(b"", {}),
    ]
    assert refused == [400] * len(refused)
    assert receiver.post(BODY, headers(good, now)) == 200  # it still works
    assert len(receiver.lines()) == 1
