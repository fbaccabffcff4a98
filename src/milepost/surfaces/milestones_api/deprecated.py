"""The seven deprecated actions (section 7.14): each is confirm or reject of the order's milestone of one type."""

from functools import partial
from typing import Final, Literal

from milepost.model.milestone_moves import Named
from milepost.model.workflow import MilestoneType
from milepost.surfaces.milestones_api.call import Call, Endpoint, Handler, Reply
from milepost.surfaces.milestones_api.milestone_bodies import SPELLINGS, Acts
from milepost.surfaces.milestones_api.milestones import CONFIRM_REFUSALS, REJECT_REFUSALS, confirm, reject

Verb = Literal["confirm", "reject"]


async def _act(verb: Verb, acts: Acts, kind: MilestoneType, call: Call) -> Reply:
    """What the verb does to the milestone of that type, with its answer."""
    do = confirm if verb == "confirm" else reject
    return await do(call, Named("type", kind), acts)


def _deprecated(operation: str, verb: Verb, kind: MilestoneType, summary: str) -> Endpoint:
    tail = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
    acts = Acts(dates=("date", *SPELLINGS.get(kind, ())[:1]), type=kind)
    handler: Handler = partial(_act, verb, acts, kind)
    return Endpoint(
        operation=operation,
        method="POST",
        path=f"teams/{{team_id}}/purchase_orders/{{order_id}}/{tail}",
        permission="canUpdateOrders",
        summary=summary,
        handler=handler,
        body=acts.confirm if verb == "confirm" else acts.reject,
        refusals=CONFIRM_REFUSALS if verb == "confirm" else REJECT_REFUSALS,
        successor=f"teams/{{team_id}}/purchase_orders/{{order_id}}/milestones/{{milestone_id}}/{verb}",
        acts_on=kind,
    )


ENDPOINTS: Final = (
    _deprecated("delayDelivery", "reject", "delivery", "Reject the delivery milestone"),
    _deprecated("confirmDelivery", "confirm", "delivery", "Confirm the delivery milestone"),
    _deprecated("delayShipment", "reject", "shipment", "Reject the shipment milestone"),
    _deprecated("confirmShipment", "confirm", "shipment", "Confirm the shipment milestone"),
    _deprecated("delayProductionStart", "reject", "production_start", "Reject the start of production"),
    _deprecated("confirmProductionStart", "confirm", "production_start", "Confirm the start of production"),
    _deprecated("rejectPurchaseOrder", "reject", "acceptance", "Refuse the order"),
)
