"""Receives Milepost's webhooks: verifies each request, takes each event once, prints it.

pip install standardwebhooks
WEBHOOK_SECRET=whsec_... python3 receiver.py 9000
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 16 * 1024 * 1024

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
taken: set[str] = set()
"""The ids of all events taken so far. Yours is a table: the id is stored in the transaction that stores the event."""
one_at_a_time = threading.Lock()


def take(event: dict[str, Any]) -> None:
    """Where your work begins: store the event, do the rest later. When this raises, Milepost sends it again."""
    details = event["details"]
    order_id = details.get("order_id", details["id"])
    print(f"{event['event_name']}  order {order_id}  sequence {event['sequence']}", flush=True)


class Receiver(BaseHTTPRequestHandler):
    timeout = 30  # seconds that a request may take to arrive

    def do_POST(self) -> None:
        self.send_response(self.receive())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def receive(self) -> int:
        """The status to answer."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return 413
        body = self.rfile.read(int(length))
        try:
            event = webhook.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return 400  # forged, damaged, or signed more than five minutes ago
        with one_at_a_time:
            if event["id"] not in taken:
                take(event)
                taken.add(event["id"])
        return 200


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"Receiving on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
