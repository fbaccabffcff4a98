"""What the settings say, as values that the rules know."""

from milepost.model.receiver_address import Reach
from milepost.model.workflow import House
from milepost.settings import Settings


def house_of(settings: Settings) -> House:
    """What holds for all teams of this installation."""
    return House(
        environment=settings.environment,
        supplier_blocks_ready=settings.supplier_blocks_ready,
        strict_event_payloads=settings.strict_event_payloads,
    )


def reach_of(settings: Settings) -> Reach:
    """Where webhooks may send to."""
    return Reach(cidrs=settings.webhook_allow_cidrs, allow_http=settings.webhook_allow_http)
