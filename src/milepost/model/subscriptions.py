"""Who wants to be told of what: webhooks as the change sees them."""

from typing import Any

from msgspec import Struct


class Subscription(Struct, frozen=True, kw_only=True):
    """A webhook: which events it wants, and what its payloads carry (Orders API, section 16.1)."""

    id: str
    is_enabled: bool
    events: frozenset[str]
    include_updated_object: bool = False
    custom_data: dict[str, Any] | None = None
