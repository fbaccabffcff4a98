"""model.signature: Standard Webhooks signatures (Orders API, section 17.2)."""

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from milepost.kit.tokens import new_webhook_secret
from milepost.model.signature import sign, signature_header

SECRET = "whsec_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="
ROTATED = "whsec_BRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1o="
MESSAGE_ID = "01KV5BPHJAF6Y8R5CH0DSZ0FVT"
BODY = b'{"id":"01KV5BPHJAF6Y8R5CH0DSZ0FVT","event_name":"order.updated","sequence":4}'


def judged(body: bytes, message_id: str, timestamp: int, signatures: str, secret: str = SECRET) -> None:
    """Raises WebhookVerificationError unless the independent library accepts it."""
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures,
    }
    Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("secret", "signature"),
    [
        (SECRET, "v1,YzN2vmD7Fdwj1qGiav/1xkfK34tVYzGJUDG0b4P5+bk="),
        (ROTATED, "v1,KHj0H95FkTB4gN6bqJQeQGdrKgMNVKZebedZdDURHAs="),
    ],
)
def test_the_vectors_of_the_contract(secret: str, signature: str) -> None:
    """O-51: the vectors of 17.2 reproduce."""
    assert len(BODY) == 77
    assert sign(secret, MESSAGE_ID, 1781517732, BODY) == signature


def test_an_independent_library_verifies() -> None:
    """O-51."""
    now = int(time.time())
    judged(BODY, MESSAGE_ID, now, sign(SECRET, MESSAGE_ID, now, BODY))


@pytest.mark.parametrize(
    ("body", "message_id", "later", "secret"),
    [
        (BODY.replace(b"4}", b"5}"), MESSAGE_ID, 0, SECRET),
        (BODY, "01KV5BPHJAF6Y8R5CH0DSZ0FVV", 0, SECRET),
        (BODY, MESSAGE_ID, 1, SECRET),
        (BODY, MESSAGE_ID, 0, ROTATED),
    ],
    ids=["body", "id", "timestamp", "secret"],
)
def test_one_change_makes_it_fail(body: bytes, message_id: str, later: int, secret: str) -> None:
    """O-51: one changed byte, id or timestamp fails."""
    now = int(time.time())
    signature = sign(SECRET, MESSAGE_ID, now, BODY)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        judged(body, message_id, now + later, signature, secret)


def test_two_secrets_sign_newest_first() -> None:
    """O-52: while both secrets sign, each verifies."""
    now = int(time.time())
    header = signature_header([ROTATED, SECRET], MESSAGE_ID, now, BODY)
    assert header == f"{sign(ROTATED, MESSAGE_ID, now, BODY)} {sign(SECRET, MESSAGE_ID, now, BODY)}"
    judged(BODY, MESSAGE_ID, now, header, ROTATED)
    judged(BODY, MESSAGE_ID, now, header, SECRET)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(), max_size=5))
def test_any_body_verifies(document: dict[str, object]) -> None:
    """O-51, for bodies of any text."""
    body, now = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"), int(time.time())
    judged(body, MESSAGE_ID, now, sign(SECRET, MESSAGE_ID, now, body))


def test_new_secrets() -> None:
    """16.1: `whsec_` and the base64 of 32 random bytes; the library takes them."""
    made = {new_webhook_secret() for _ in range(100)}
    assert len(made) == 100
    now = int(time.time())
    for secret in made:
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
        judged(BODY, MESSAGE_ID, now, sign(secret, MESSAGE_ID, now, BODY), secret)
