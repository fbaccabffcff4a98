"""The receiver of `milepost demo`: it believes nobody whose signature does not fit, and tells a line an event."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import pytest
from standardwebhooks import Webhook

from milepost.cli.demo_receiver import DemoReceiver, is_genuine, line
from milepost.kit.tokens import new_webhook_secret

SECRET = new_webhook_secret()
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ORDER_ID = "01KV2G3X0PFPH9FMHV6P6ZP42C"
EVENT_ID = "01KV5BPHJAF6Y8R5CH0DSZ0FVT"


def event(event_name: str = "order.status.changed", /, **details: Any) -> dict[str, Any]:
    own = {"id": ORDER_ID, "resource_type": "order", **details}
    return {"id": EVENT_ID, "event_name": event_name, "sequence": 4, "details": own}


MOVED = event(
    old_data={"custom_status": {"id": "1", "name": "Hull laid", "color": "#5B8DB8"}},
    new_data={"custom_status": {"id": "2", "name": "Varnish", "color": "#B5651D"}},
)


def signed(body: bytes, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """Headers as the independent library signs them."""
    return {
        "webhook-id": EVENT_ID,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(EVENT_ID, at, body.decode()),
    }


Post = Callable[[bytes, dict[str, str]], int]


@pytest.fixture
def post() -> Iterator[Post]:
    """Sends a body with headers to a running receiver; the status it answers."""
    with DemoReceiver(lambda: NOW) as receiver, receiver.receiving(SECRET, {ORDER_ID: "#1042"}.get):

        def send(body: bytes, headers: dict[str, str]) -> int:
            connection = HTTPConnection("127.0.0.1", receiver.server_port, timeout=10)
            connection.request("POST", "/", body, headers)
            status = connection.getresponse().status
            connection.close()
            return status

        yield send


def test_a_genuine_event_is_told_once(post, capsys):
    body = json.dumps(MOVED).encode()
    assert [post(body, signed(body)) for _ in range(3)] == [200, 200, 200]
    assert capsys.readouterr().out == "Event  order.status.changed  #1042  Hull laid -> Varnish  (verified)\n"


def test_headers_in_any_letter_case_and_two_signatures(post, capsys):
    body = json.dumps(MOVED).encode()
    other = signed(body, secret=new_webhook_secret())["webhook-signature"]
    headers = signed(body)
    headers["webhook-signature"] = f"{other} {headers['webhook-signature']}"
    assert post(body, {name.title(): value for name, value in headers.items()}) == 200
    assert capsys.readouterr().out.count("(verified)") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,forged"},
        {"webhook-signature": ""},
        {"webhook-id": EVENT_ID[:-1] + "V"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1" * 5_000},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-signature": "v1,\xe9\xff" + base64.b64encode(b"x" * 32).decode()},
    ],
)
def test_forged_requests_are_refused_and_not_told_of(post, capsys, change):
    body = json.dumps(MOVED).encode()
    assert post(body, {**signed(body), **change}) == 400
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("seconds", "genuine"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_what_is_signed_long_ago_or_far_ahead_is_refused(seconds, genuine):
    """17.2: 5 minutes of clock difference."""
    body = json.dumps(MOVED).encode()
    headers = signed(body, NOW + timedelta(seconds=seconds))
    assert is_genuine(SECRET, headers, body, NOW.timestamp()) is genuine


def test_bodies_without_a_length_or_too_long_are_refused(post, capsys):
    assert post(b"", {"Content-Length": "17000000"}) == 413
    assert post(b"", {"Content-Length": "-1"}) == 413
    assert post(b"", {"Content-Length": "1" * 5_000}) == 413
    assert capsys.readouterr().out == ""


LINES: list[tuple[dict[str, Any], str]] = [
    (MOVED, "Event  order.status.changed  #1042  Hull laid -> Varnish  (verified)"),
    (
        event("order.created", order_number="#1043", name=None, description=None),
        "Event  order.created  #1043  (verified)",
    ),
    (
        event(
            "order.updated",
            old_data={"name": None, "tags": []},
            new_data={"name": "June", "tags": [{"name": "Shelf"}]},
        ),
        "Event  order.updated  #1042  name: none -> June, tags: none -> Shelf  (verified)",
    ),
    (
        event(
            "order.item.updated",
            id="01KV5BPHJ8E9DAYTWRY2FXCDGF",
            resource_type="order_item",
            order_id=ORDER_ID,
            old_data={"amount": {"unit": "KG", "value": "88"}, "description": "x" * 41},
            new_data={"amount": {"unit": "KG", "value": "92.5"}, "description": "y" * 40},
        ),
        f"Event  order.item.updated  #1042  amount: ... -> ..., description: {'x' * 37}... -> {'y' * 40}  (verified)",
    ),
    (
        event(
            "order.milestone.confirmed",
            resource_type="order_milestone",
            order_id="01KV2G3X0PFPH9FMHV6P6ZP42D",
            name="Keel laid",
            old_data={"status": "pending", "confirmed_on": None},
            new_data={"status": "confirmed", "confirmed_on": "2026-11-24"},
        ),
        "Event  order.milestone.confirmed  01KV2G3X0PFPH9FMHV6P6ZP42D  Keel laid  pending -> confirmed  (verified)",
    ),
    (
        event("webhook.disabled", resource_type="webhook", url="https://hooks.example/x"),
        "Event  webhook.disabled  https://hooks.example/x  (verified)",
    ),
    (
        event("order.created", order_number="\x1b[31m1\n2"),
        "Event  order.created   [31m1 2  (verified)",
    ),
]


@pytest.mark.parametrize(("told", "expected"), LINES, ids=[expected[7:30] for _, expected in LINES])
def test_the_line_of_an_event(told, expected):
    assert line(told, {ORDER_ID: "#1042"}.get) == expected
