"""Where an order or a line item stands among the statuses of its team."""

from datetime import datetime

from msgspec import Struct


class HeldStatus(Struct, frozen=True):
    """Where an order or a line item stands, as the rules of transitions see it."""

    status_id: str | None = None
    sub_status_id: str | None = None
    workflow_id: str | None = None
    anchor_status_id: str | None = None
    """The latest chain status held (Status API, section 22.6)."""
    entered_at: datetime | None = None
    deadline_at: datetime | None = None
