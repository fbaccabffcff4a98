"""Secrets at rest: encrypted with a key that follows from the setting `secret_key`, so that a copy of the
database alone tells none of them."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION: Final = b"\x01"
"""The first byte of what is sealed; another way of sealing would get another one."""
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class Unsealable(Exception):
    """What was sealed cannot be read: the secret key is another one now, or the bytes are damaged."""


class Sealer:
    """Seals and unseals with AES-256-GCM; its key follows from `secret_key` by HKDF-SHA256.

    A purpose (`b"webhook secret " + id`) belongs to what is sealed: sealed bytes that were moved to another place
    do not open there. Nonces are random, which is safe for some four thousand million seals by one key.
    """

    def __init__(self, secret_key: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"milepost sealing").derive(secret_key))

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        """Version, nonce and ciphertext with its tag: 29 bytes longer than `plain`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, _VERSION + purpose)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """What `seal` was given. Raises Unsealable unless key and purpose are those it was sealed with."""
        rest = sealed[len(_VERSION) :]
        if not sealed.startswith(_VERSION) or len(rest) < _NONCE_BYTES + _TAG_BYTES:
            raise Unsealable("A stored secret is damaged or was sealed by a newer Milepost")
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _VERSION + purpose)
        except InvalidTag:
            raise Unsealable(
                "A stored secret cannot be read: the secret key changed since it was stored. Start with the "
                "secret key of then (MILEPOST_SECRET_KEY, or the file secret.key of the data folder), or make "
                "the secret anew"
            ) from None
