"""Request bodies (section 4): read by kinds of values, and refused with the dotted path of every fault."""

from collections.abc import Callable
from typing import Any

from milepost.http.values import Kind, Wrong
from milepost.surfaces.orders_api.refusals import Fault, Refusal, invalid


def read_body(wanted: Kind, body: Any) -> Any:
    """The wish that a body spells. Raises Refusal (400) with all its faults."""
    return _judged(wanted.read, body)


def read_patch(wanted: Kind, body: Any) -> Any:
    """The members that a merge patch speaks of, null ones as None. Raises Refusal (400) with all faults that
    can be told before the patch is merged."""
    return _judged(wanted.patch, body)


def _judged(read: Callable[[Any], Any], body: Any) -> Any:
    try:
        return read(body)
    except Wrong as found:
        raise refusal(found) from None


def refusal(found: Wrong) -> Refusal:
    """The faults of a body as an answer."""
    faults = [(".".join(map(str, where)), code, message) for where, code, message in found.faults]
    return invalid(
        [Fault(code, where or None, f"{where or 'The body'} {message}") for where, code, message in faults]
    )
