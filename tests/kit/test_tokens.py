"""kit.tokens: API keys as text (Status API, section 2)."""

import hashlib
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.kit.tokens import is_key, key_hash, new_key

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62_value(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 62 + BASE62.index(digit)
    return value


@pytest.mark.parametrize(("test", "prefix"), [(False, "mp_live_"), (True, "mp_test_")])
def test_a_new_key_has_the_published_form(test: bool, prefix: str) -> None:
    for _ in range(200):
        key = new_key(test=test)
        assert re.fullmatch(rf"{prefix}[0-9A-Za-z]{{36}}", key)
        assert base62_value(key[-6:]) == zlib.crc32(key[:-6].encode())
        assert is_key(key)


def test_a_known_key() -> None:
    """Keys in use must stay keys: the checksum's alphabet and padding are fixed for good."""
    body = "mp_live_" + "0" * 30
    assert zlib.crc32(body.encode()) == 373_150_705
    assert is_key(body + "0PFhXl")
    assert not is_key(body + "0PFhXm")


def test_keys_differ_and_use_the_whole_alphabet() -> None:
    keys = {new_key() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert {letter for key in keys for letter in key[8:38]} == set(BASE62)


@given(st.integers(0, 43), st.sampled_from(BASE62 + "_- \n\x00é"))
def test_one_wrong_character_is_found(place: int, letter: str) -> None:
    key = new_key()
    wrong = key[:place] + letter + key[place + 1 :]
    assert is_key(wrong) == (wrong == key)


@pytest.mark.parametrize(
    "change", [lambda key: key + "0", lambda key: key[:-1], lambda key: " " + key, str.swapcase]
)
def test_another_length_or_case_is_no_key(change) -> None:
    assert not is_key(change(new_key()))


@pytest.mark.parametrize("text", ["", "mp_live_", "Bearer", "mp_prod_" + "0" * 36, "mp_live_" + "٠" * 36])
def test_what_is_no_key(text: str) -> None:
    assert not is_key(text)


def test_a_live_key_is_no_test_key() -> None:
    key = new_key()
    assert not is_key(key.replace("mp_live_", "mp_test_"))


def test_the_hash_is_sha_256_of_the_text() -> None:
    key = new_key()
    assert key_hash(key) == hashlib.sha256(key.encode()).digest()
    assert len(key_hash("")) == 32
