"""Values that are kept verbatim: open objects and arrays, and custom_data (section 4)."""

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from milepost.http.values import Kind, Wrong, kind, wrong
from milepost.surfaces.orders_api.bodies import MOST_DIGITS
from milepost.surfaces.orders_api.merging import merged

MOST_OPEN_BYTES = 16 * 1024
MOST_CUSTOM_BYTES = 64 * 1024
MOST_LEVELS = 10
MOST_KEYS = 50
LONGEST_KEY = 40

_ENDLESS = 10**MOST_DIGITS
_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def open_object() -> Kind:
    """Any JSON object of at most 16 KiB and 10 levels."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong("wrong_type", "must be an object")
        _bound(value, MOST_OPEN_BYTES)
        return value

    return _merging(read, {"type": "object"})


def open_array() -> Kind:
    """Any JSON array of at most 16 KiB and 10 levels."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise wrong("wrong_type", "must be an array")
        _bound(value, MOST_OPEN_BYTES)
        return value

    return kind(read, {"type": "array"})


def custom_data() -> Kind:
    """The callers' own JSON object, or a string that holds one; every fault is `invalid_custom_data`."""

    def read(value: Any) -> dict[str, Any]:
        found = _decoded(value) if isinstance(value, str) else value
        if not isinstance(found, dict):
            raise wrong("invalid_custom_data", "must be a JSON object")
        if len(found) > MOST_KEYS:
            raise wrong("invalid_custom_data", f"has at most {MOST_KEYS} keys")
        if any(len(key) > LONGEST_KEY for key in found):
            raise wrong("invalid_custom_data", f"has keys of at most {LONGEST_KEY} characters")
        try:
            _bound(found, MOST_CUSTOM_BYTES)
        except Wrong as bounds:
            raise Wrong([((), "invalid_custom_data", message) for _, _, message in bounds.faults]) from None
        if isinstance(value, str) and "\\u0000" in value and _holds_nul(found):
            raise wrong("invalid_characters", "must not contain U+0000")
        return found

    schema = {
        "type": ["object", "string"],
        "maxProperties": MOST_KEYS,
        "propertyNames": {"maxLength": LONGEST_KEY},
        "contentMediaType": "application/json",
    }
    return _merging(read, schema)


def _merging(read: Callable[[Any], Any], schema: dict[str, Any]) -> Kind:
    """An object that a merge patch merges into: of a patch, what it surely adds is judged."""

    def patch(value: Any) -> Any:
        return read(merged(None, value))

    return Kind(read, patch, schema, schema)


def _decoded(text: str) -> Any:
    """The JSON that a string holds. Raises Wrong."""
    try:
        return _decode(text)
    except (msgspec.MsgspecError, RecursionError, DecimalException):
        raise wrong("invalid_custom_data", "must hold a JSON object") from None


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(part) for key, part in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


def _bound(value: Any, most_bytes: int) -> None:
    """Raises Wrong when the value is too deep or, with its numbers written out, too large."""
    hidden = _hidden(value, MOST_LEVELS)
    if len(_encode(value)) + hidden > most_bytes:
        raise wrong("too_long", f"takes at most {most_bytes} bytes")


def _hidden(value: Any, levels: int) -> int:
    """How many bytes the numbers in it grow by when their exponents are written out."""
    if isinstance(value, dict | list):
        if levels == 0:
            raise wrong("invalid_value", f"has at most {MOST_LEVELS} levels")
        return sum(
            _hidden(part, levels - 1) for part in (value.values() if isinstance(value, dict) else value)
        )
    if isinstance(value, Decimal):
        return _hidden_digits(value)
    if isinstance(value, int) and not -_ENDLESS < value < _ENDLESS:
        raise _too_many_digits()
    return 0


def _hidden_digits(number: Decimal) -> int:
    highest, lowest = number.adjusted(), int(number.as_tuple().exponent)
    if highest >= MOST_DIGITS or lowest < -MOST_DIGITS:  # the database writes them out, within its bounds
        raise _too_many_digits()
    if lowest > 0:
        return lowest
    return -highest if highest < -6 else 0  # as 1E-7: only such small ones are spelled with an exponent


def _too_many_digits() -> Wrong:
    return wrong("invalid_value", f"has numbers of at most {MOST_DIGITS} digits")
