"""Signatures of what webhooks receive, by the Standard Webhooks convention (Orders API, section 17.2)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA256 over `{message_id}.{timestamp}.{body}`. `timestamp` is that of the
    attempt, in Unix seconds; `body` is exactly what is sent."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signature_header(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret, which come newest first."""
    return " ".join(sign(secret, message_id, timestamp, body) for secret in secrets)
