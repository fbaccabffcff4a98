"""Values of request bodies (sections 3 and 6) besides those of every surface: ids of the caller's own, dates, money
and quantities.

A body's fault is named by where it is in the unwrapped body: `order_items[0].quantity`. Numbers arrive as int or
Decimal, since bodies are decoded with their literal digits.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from milepost.http.moments import read_date
from milepost.http.scalars import text
from milepost.http.values import Flaw, Kind, Place, Wrong, below, kind, wrong
from milepost.surfaces.milestones_api.refusals import Refusal, invalid

LONGEST_OWN_ID = 64
"""Of an id that is the caller's own."""
LARGEST_MICROS = 2**53 - 1
"""Millionths of the currency unit: the largest integer that every JSON reader holds exactly."""
MOST_QUANTITY = 10**20
"""A quantity is smaller."""
_FINEST = Decimal("0.000001")
LONGEST_NOTE = 2_000
"""Of the notes and reasons of acts."""


def read_wish(read: Callable[[Any], Any], body: dict[str, Any]) -> dict[str, Any]:
    """What the body says by name. Raises Refusal (422 `validation_failed`) with all its faults."""
    try:
        said: dict[str, Any] = read(body)
    except Wrong as found:
        raise refusal(found) from None
    return said


def as_sent(wanted: Kind) -> Kind:
    """What is described as the wanted kind, and handed on as it was sent: what such a body may say depends on stored
    things, so that its handler reads it."""
    return Kind(lambda sent: sent, lambda sent: sent, wanted.schema, wanted.patch_schema)


def refusal(found: Wrong) -> Refusal:
    """The faults of a body as an answer."""
    return invalid((spelled(where), message) for where, _, message in found.faults)


def spelled(where: Place) -> str:
    """A place as errors name it: `order_items[0].quantity`."""
    name = ""
    for part in where:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    return name


def own_id() -> Kind:
    """An id of the caller's own: a string of 1 to 64 characters, kept verbatim; a JSON integer is turned into its
    digits."""
    filled = text(LONGEST_OWN_ID, at_least=1)

    def read(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) >= 10**LONGEST_OWN_ID:  # its digits are not even spelled
                raise wrong("too_long", f"has at most {LONGEST_OWN_ID} characters")
            value = str(value)
        sent: str = filled.read(value)
        return sent

    return kind(read, {**filled.schema, "type": ["string", "integer"]})


def day() -> Kind:
    """A date, `YYYY-MM-DD` and nothing else."""

    def read(value: Any) -> date:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a date (YYYY-MM-DD)")
        found = read_date(value)
        if found is None:
            raise wrong("invalid_date", "must be a date (YYYY-MM-DD)")
        return found

    return kind(read, {"type": "string", "format": "date"})


def days_by_id() -> Kind:
    """An object of dates and nulls by the id of what they are for. The ids are kept as they were sent: whether they
    name anything is judged later."""
    one = day()

    def read(value: Any) -> dict[str, date | None]:
        if not isinstance(value, dict):
            raise wrong("wrong_type", "must be an object")
        said: dict[str, date | None] = {}
        faults: list[Flaw] = []
        for identifier, given in value.items():
            try:
                said[identifier] = None if given is None else one.read(given)
            except Wrong as found:
                faults += below(identifier, found)
        if faults:
            raise Wrong(faults)
        return said

    dates = {**one.schema, "type": ["string", "null"]}
    return kind(read, {"type": "object", "additionalProperties": dates})


def micros() -> Kind:
    """Money in millionths of the currency unit: a JSON integer from 0 to 9007199254740991."""

    def read(value: Any) -> int:
        number = _number(value, "must be an integer")
        if not 0 <= number <= LARGEST_MICROS:
            raise wrong("out_of_range", f"must be from 0 to {LARGEST_MICROS}")
        if number != int(number):
            raise wrong("wrong_type", "must be an integer")
        return int(number)

    return kind(read, {"type": "integer", "minimum": 0, "maximum": LARGEST_MICROS})


def quantity() -> Kind:
    """A JSON number greater than 0 and below 10^20, with up to six decimals; zeros that say nothing are dropped."""

    def read(value: Any) -> Decimal:
        number = _number(value, "must be a number")
        if number <= 0:
            raise wrong("out_of_range", "must be greater than 0")
        if number >= MOST_QUANTITY:
            raise wrong("out_of_range", f"must be less than {MOST_QUANTITY}")
        rounded = Decimal(number).quantize(_FINEST)
        if rounded != number:
            raise wrong("invalid_value", "has at most 6 decimals")
        return Decimal(f"{rounded:f}".rstrip("0").rstrip("."))

    return kind(read, {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": MOST_QUANTITY})


def _number(value: Any, message: str) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong("wrong_type", message)
    return value
