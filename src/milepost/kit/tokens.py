"""API keys as text: `mp_live_` or `mp_test_`, 30 random base62 characters, 6 of CRC32 (Status API, section 2).

The checksum lets a server refuse a mistyped key without a look-up and a scanner recognise a leaked one. And the
secrets that webhooks are signed with.
"""

import base64
import hashlib
import re
import secrets
import zlib

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"(mp_(?:live|test)_[0-9A-Za-z]{30})([0-9A-Za-z]{6})", re.ASCII)


def new_key(*, test: bool = False) -> str:
    """A fresh key. The caller shows it once and stores only `key_hash` of it."""
    body = ("mp_test_" if test else "mp_live_") + "".join(secrets.choice(_BASE62) for _ in range(30))
    return body + _checksum(body)


def is_key(text: str) -> bool:
    """Whether `text` has the form and the checksum of a key; says nothing of whether it exists."""
    match = _KEY.fullmatch(text)
    return match is not None and _checksum(match[1]) == match[2]


def key_hash(key: str) -> bytes:
    """SHA-256 of the key: 178 random bits need no slow hash, and the look-up stays one index probe."""
    return hashlib.sha256(key.encode()).digest()


def new_webhook_secret() -> str:
    """`whsec_` and the base64 of 32 random bytes (Orders API, section 16.1)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    while value:
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(6, "0")
