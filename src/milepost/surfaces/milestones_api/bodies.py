"""Request bodies: how large, and JSON read so that nothing of it surprises (section 3)."""

from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from milepost.http.request import BodyTooLarge, Request
from milepost.surfaces.milestones_api.refusals import Refusal

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


async def receive(request: Request) -> bytes:
    """The body as it was sent. Raises Refusal 413 when it is above 1 MiB."""
    try:
        return await request.body()
    except BodyTooLarge:
        raise Refusal("body_too_large", "The body is larger than 1 MiB") from None


def read_object(raw: bytes, wrapper: str) -> dict[str, Any]:
    """The JSON object of the body, or the one that it holds under the key `wrapper`; an empty body counts as `{}`.
    Numbers with a fraction or an exponent are Decimals. Raises Refusal 400 `invalid_json`."""
    if not raw:
        return {}
    try:
        document = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, DecimalException):
        raise Refusal("invalid_json", "The body is not valid JSON") from None
    if not isinstance(document, dict):
        raise Refusal("invalid_json", "The body must be a JSON object")
    wrapped = document.get(wrapper)
    return wrapped if isinstance(wrapped, dict) else document
