"""kit.sealing: secrets at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.kit.sealing import Sealer, Unsealable

KEY = b"k" * 32
SEALER = Sealer(KEY)


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_was_sealed_opens_again(plain: bytes, purpose: bytes) -> None:
    sealed = SEALER.seal(plain, purpose)
    assert len(sealed) == len(plain) + 29
    assert Sealer(KEY).unseal(sealed, purpose) == plain


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({SEALER.seal(b"secret", b"p") for _ in range(100)}) == 100


def test_nothing_of_the_secret_shows() -> None:
    secret = b"whsec_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="
    sealed = SEALER.seal(secret, b"p")
    assert not any(secret[start : start + 6] in sealed for start in range(len(secret) - 6))


def test_another_secret_key_says_so() -> None:
    sealed = SEALER.seal(b"secret", b"p")
    with pytest.raises(Unsealable, match="the secret key changed"):
        Sealer(b"j" * 32).unseal(sealed, b"p")


def test_another_purpose_does_not_open_it() -> None:
    sealed = SEALER.seal(b"secret", b"webhook secret 1")
    with pytest.raises(Unsealable, match="the secret key changed"):
        SEALER.unseal(sealed, b"webhook secret 2")


def test_any_changed_byte_is_found() -> None:
    sealed = SEALER.seal(b"secret", b"p")
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        with pytest.raises(Unsealable):
            SEALER.unseal(bytes(damaged), b"p")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + b"x" * 27, b"\x02" + b"x" * 60])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(Unsealable, match="damaged or was sealed by a newer"):
        SEALER.unseal(sealed, b"p")


def test_what_is_stored_today_opens_tomorrow() -> None:
    """Key derivation, version byte and layout are fixed for good: databases hold what they made."""
    sealed = bytes.fromhex(STORED)
    assert SEALER.unseal(sealed, b"webhook secret 1") == b"whsec_stored"


STORED = "01699f1c4ce29570f13e7a69e1b7c5ddd72d658bb5bb3a0d7a80d82ca6db57766a9fe31617625db4ca"
