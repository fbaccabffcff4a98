"""What `milepost demo` shows of webhooks: a small receiver on loopback that verifies what comes and prints a line for
each event. It is a receiver like any other: what it tells of came signed over a socket, and it has the secret of a
webhook and an API key to go by, nothing else.
"""

import contextlib
import hmac
import json
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from milepost.cli import session
from milepost.cli.orders import plain
from milepost.core import subscriptions
from milepost.kit.clock import Clock, system_clock
from milepost.kit.errors import Refused
from milepost.kit.sealing import Sealer
from milepost.model.actor import system_actor
from milepost.model.events import EventType
from milepost.model.signature import sign
from milepost.model.webhook import WebhookWish
from milepost.reads import webhooks
from milepost.settings import Settings, secret_key
from milepost.settings.rules import reach_of
from milepost.store.db import Pool

HOST: Final = "127.0.0.1"
TOLERANCE_SECONDS: Final = 300
"""How far the clocks of sender and receiver may be apart (Orders API, section 17.2)."""
MARK: Final = {"made_by": "milepost demo"}
"""The `custom_data` of a demo's webhook: by it the next demo in the same database knows that of the last one."""
_LARGEST_BODY: Final = 16 * 1024 * 1024
_REMEMBERED: Final = 1_000
"""Ids of events by which a repetition is known."""
_PATIENCE_SECONDS: Final = 5
_LONGEST_VALUE: Final = 40
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


async def subscribe(settings: Settings, db: Pool, team_id: str, url: str) -> str | None:
    """The secret of a new webhook that sends every event there; that of an earlier demo goes. None, after a word
    about it, when the settings allow no such webhook."""
    actor = system_actor(team_id, "Command line")
    clock = system_clock(settings.clock_offset_seconds)
    _, known = await webhooks.list_webhooks(db, team_id, limit=settings.webhook_max_per_team)
    for one in known or ():
        if one.custom_data == MARK:
            await subscriptions.delete_webhook(db, actor, one.id, seen=None, clock=clock)
    wish = WebhookWish(
        url=url,
        enabled_events=get_args(EventType),
        error_contact_email="demo@milepost.example",
        custom_data=dict(MARK),
    )
    try:
        _, secret = await subscriptions.create_webhook(
            db,
            actor,
            wish,
            seen=None,
            sealer=Sealer(secret_key(settings)),
            reach=reach_of(settings),
            most=settings.webhook_max_per_team,
            clock=clock,
        )
    except Refused as refusal:
        session.say(f"Events will not be shown here: {refusal}")
        return None
    return secret


class DemoReceiver(ThreadingHTTPServer):
    """A receiver on a free port. It answers while `receiving` runs."""

    def __init__(self, clock: Clock) -> None:
        super().__init__((HOST, 0), _Handler)
        self._clock = clock
        self._secret = ""
        self._order_number: Callable[[str], str | None] = lambda _: None
        self._told: deque[str] = deque(maxlen=_REMEMBERED)
        self._one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    @contextlib.contextmanager
    def receiving(self, secret: str, order_number: Callable[[str], str | None]) -> Iterator[None]:
        """Takes what that secret signed, in a thread of its own. `order_number` names an order by its id."""
        self._secret, self._order_number = secret, order_number
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Tells of the event, once; returns the status to answer. The headers' names are in small letters."""
        if not is_genuine(self._secret, headers, body, self._clock().timestamp()):
            return 400
        with self._one_at_a_time:
            event_id = headers["webhook-id"]
            if event_id not in self._told:
                session.show(line(json.loads(body), self._order_number))
                self._told.append(event_id)
        return 200

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that leaves while it is answered is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: DemoReceiver
    timeout = _PATIENCE_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if _NUMBER.fullmatch(length) and int(length) <= _LARGEST_BODY:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = self.server.take(headers, self.rfile.read(int(length)))
        else:
            status = 413
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """What comes is told as events; requests are not logged."""


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether the secret signed that body lately, by the rules of Standard Webhooks. `now` in Unix seconds."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _NUMBER.fullmatch(timestamp) or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = sign(secret, message_id, int(timestamp), body).encode()
    signatures = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, one.encode(errors="replace")) for one in signatures)


def order_numbers(address: str, key: str) -> Callable[[str], str | None]:
    """Asks the Orders API at that address for the number of an order; None when no answer comes."""

    def ask(order_id: str) -> str | None:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=_PATIENCE_SECONDS)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, HTTPException, ValueError, KeyError),
        ):
            connection.request("GET", f"/orders/{order_id}", headers={"X-API-Key": key})
            return str(json.loads(connection.getresponse().read())["order_number"])
        return None

    return ask


def line(event: Mapping[str, Any], order_number: Callable[[str], str | None]) -> str:
    """What a person reads of an event: `Event  order.status.changed  #1042  Hull laid -> Varnish  (verified)`."""
    details = event["details"]
    order_id = details.get("order_id", details["id"] if details["resource_type"] == "order" else None)
    number = details.get("order_number") or (order_id and (order_number(order_id) or order_id))
    subject = next((details[name] for name in ("title", "name", "url") if details.get(name)), None)
    parts = ("Event", event["event_name"], number, subject, _change(details), "(verified)")
    return plain("  ".join(str(part) for part in parts if part))


def _change(details: Mapping[str, Any]) -> str:
    """What became of what: the status alone where it is among it."""
    old, new = details.get("old_data", {}), details.get("new_data", {})
    for name in ("custom_status", "status"):
        if name in new:
            return f"{_shown(old[name])} -> {_shown(new[name])}"
    return ", ".join(f"{name}: {_shown(old[name])} -> {_shown(new[name])}" for name in new)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(_shown(one) for one in value) or "none"
    elif isinstance(value, dict):
        text = str(value.get("name") or "...")
    else:
        text = "none" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
